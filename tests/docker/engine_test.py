#!/usr/bin/env python3
"""The image, the Compose file and the Swarm stack on a real Docker engine.

Works on a copy of the checkout that belongs to another user, under a project name and ports of its own,
and leaves nothing behind. Exit status 77 (CTest: skipped) where no engine answers. ECHOTRIO_IMAGE names
an image that is there already, instead of building one; ECHOTRIO_BIN, where the host's own programs are.
"""

import contextlib
import json
import math
import os
import re
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import unittest
import urllib.request
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "support"))

import servers

ROOT = Path(__file__).resolve().parents[2]
MODELS = {"prefork": 7001, "threads": 7002, "coroutine": 7003}
PYTHON = ["py-prefork", "py-threads", "py-asyncio"]
QUICKLY = "--quick -r 1 -d 300ms --retries 0 --no-wrk"
# A foreign image: root starts the server as somebody else. It answers in HTTP/1.0.
SUBJECT = """FROM {image}
USER root
CMD ["sh", "-c", "setpriv --reuid 33 --regid 33 --clear-groups python3 -m http.server 8000 & wait"]
"""
OWNER = 12345 if os.getuid() == 0 else os.getuid()
PROJECT = f"echotrio-test-{os.getpid()}"
STACK = PROJECT + "-stack"  # networks of both are there at once


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def memory_of(results):
    """By model: connections and bytes, in the parts that a container tells too."""
    points = {}
    for trial in json.loads((results / "results.json").read_text())["trials"]:
        parts = trial["server"]["memory"]
        held = sum(parts[part] for part in ("pss", "page_tables", "kernel_stacks"))
        points.setdefault(trial["model"], []).append((trial["connections"], held))
    return points


def interval_of_slope(points):
    """Of 95 %, through four points."""
    x, y = zip(*points)
    line = statistics.linear_regression(x, y)
    rest = sum((b - line.slope * a - line.intercept) ** 2 for a, b in points)
    error = math.sqrt(rest / 2 / sum((a - statistics.mean(x)) ** 2 for a in x))
    return line.slope - 4.303 * error, line.slope + 4.303 * error  # Student's t, 2 degrees of freedom


class EngineTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = Path(tempfile.mkdtemp(prefix="echotrio-docker-"))
        wanted = ["CMakeLists.txt", "CMakePresets.json", "Makefile", "packages.txt", "cmake", "common", "docker",
                  "loadgen", "servers", "tools", ".env", ".dockerignore"]
        for name in wanted:
            copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copy
            copy(ROOT / name, cls.folder / name)
        for path in [cls.folder, *cls.folder.rglob("*")]:
            os.chown(path, OWNER, OWNER)
        cls.ports = {model: free_port() for model in MODELS}
        cls.environment = dict(os.environ, COMPOSE_PROJECT_NAME=PROJECT, COLUMNS="120")
        cls.environment.setdefault("ECHOTRIO_IMAGE", PROJECT)
        cls.environment["ECHOTRIO_PYTHON_IMAGE"] = PROJECT + "-python"
        for model, port in cls.ports.items():
            cls.environment[f"{model.upper()}_PORT"] = str(port)
        if cls.environment["ECHOTRIO_IMAGE"] == PROJECT:
            cls.compose("build", timeout=3000)
        cls.compose("build", "py-prefork", timeout=600)

    @classmethod
    def tearDownClass(cls):
        cls.compose("--profile", "*", "down", "--volumes", "--timeout", "5")
        left = [cls.docker(*kind, "--filter", f"label=com.docker.compose.project={PROJECT}")
                for kind in (["ps", "-aq"], ["network", "ls", "-q"], ["volume", "ls", "-q"])]
        if cls.environment["ECHOTRIO_IMAGE"] == PROJECT:
            cls.docker("image", "rm", PROJECT)
        cls.docker("image", "rm", "--force", PROJECT + "-python", PROJECT + "-subject")
        shutil.rmtree(cls.folder)
        assert left == ["", "", ""], f"down left something: {left}"

    @classmethod
    def run_in_folder(cls, *command, status=(0,), timeout=240, **environment):
        done = subprocess.run(command, cwd=cls.folder, env=cls.environment | environment, timeout=timeout,
                              stdin=subprocess.DEVNULL, capture_output=True, text=True)
        if done.returncode not in status:
            raise AssertionError(f"{' '.join(command)}: {done.returncode}\n{done.stdout}\n{done.stderr}")
        return done

    @classmethod
    def docker(cls, *words, **options):
        return cls.run_in_folder("docker", *words, **options).stdout.strip()

    @classmethod
    def compose(cls, *words, **options):
        return cls.run_in_folder("docker", "compose", *words, **options)

    def container(self, service):
        return self.compose("ps", "-aq", service).stdout.strip()

    def compare(self, *words, **environment):
        """Trials of the comparison that this runs; a busy machine makes them INVALID."""
        before = set(self.folder.glob("results/*"))
        self.compose("run", "--rm", "-T", *words, status=(0, 3), **environment)
        results, = set(self.folder.glob("results/*")) - before
        return results, json.loads((results / "results.json").read_text())["trials"]

    def start_servers(self):
        self.compose("up", "-d", "--wait", *MODELS, *(f"{model}-observer" for model in MODELS))

    # The tests stand in the order in which a person would meet these things.

    def test_1_config_is_clean(self):
        done = self.compose("--profile", "*", "config", "--quiet")
        self.assertEqual(done.stdout + done.stderr, "")

    def test_2_up_ends_with_the_table_and_the_results(self):
        # A busy machine makes trials INVALID: status 3 of the generator, said by compose as its own 1.
        done = self.compose("up", "--no-build", status=(0, 1), COMPARE="--quick --workloads echo -c 4 -r 1 --no-wrk")
        if done.returncode == 1:
            self.assertIn('service "generator" didn\'t complete successfully: exit 3', done.stderr)
        for model in MODELS:
            self.assertRegex(done.stdout, rf"generator-1 +\|.*\b{model} +[\d,]+ ")
        results, = (self.folder / "results").iterdir()
        for name in ("results.json", "trials.csv", "report.md"):
            self.assertEqual((results / name).stat().st_uid, OWNER, name)
        self.assertEqual(results.stat().st_uid, OWNER)
        for trial in json.loads((results / "results.json").read_text())["trials"]:
            self.assertGreater(trial["server"]["memory"]["pss"], 0)
            self.assertIn(trial["server"]["cgroup"]["version"], (1, 2))
            self.check_counters(trial, trial["server"]["cgroup"]["throttled_periods"])
        running = self.compose("ps", "--services", "--status", "running").stdout.split()
        self.assertLessEqual(set(MODELS), set(running))

    def test_3_servers_answer_through_published_ports(self):
        self.start_servers()
        for model, port in self.ports.items():
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/echo/hi", timeout=10) as reply:
                self.assertEqual(reply.read(), b"hi")
            with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
                connection.sendall(b"\x00raw\n")
                connection.shutdown(socket.SHUT_WR)
                self.assertEqual(connection.makefile("rb").read(), b"\x00raw\n", model)

    def test_4_confined_and_limited(self):
        self.start_servers()
        limits = set()
        for model in MODELS:
            limits.add(self.limits_of(model))
            status = self.compose("exec", "-T", model, "cat", "/proc/1/status").stdout
            self.assertRegex(status, r"Uid:\t10001\t10001")
            self.assertRegex(status, r"CapEff:\t0{16}")
            self.assertRegex(status, r"NoNewPrivs:\t1")
            self.compose("exec", "-T", model, "touch", "/usr/local/bin/x", status=(1,))
            nofile = self.compose("exec", "-T", model, "sh", "-c", "ulimit -Hn").stdout.strip()
            self.assertEqual(nofile, "16384")
        self.assertEqual(len(limits), 1, "the servers' limits differ")

    def limits_of(self, service):
        config = json.loads(self.docker("inspect", self.container(service)))[0]["HostConfig"]
        self.assertGreaterEqual(config["CpuQuota"], 2 * config["CpuPeriod"])
        self.assertGreater(config["CpuPeriod"] * config["Memory"] * config["PidsLimit"], 0)
        return tuple(str(config[key]) for key in ("CpuPeriod", "CpuQuota", "Memory", "PidsLimit", "Ulimits"))

    def test_5_memory_as_on_the_host(self):
        """The same servers, flags, order and load, once in containers and once here."""
        programs = os.environ.get("ECHOTRIO_BIN")
        if not programs:
            self.skipTest("ECHOTRIO_BIN does not say where the host's programs are")
        experiment = "--quick --workloads idle -c 100,400,700,1000 -r 1 --retries 0 --seed 5 --no-wrk --quiet"
        self.compose("up", "-d", "--wait", "--force-recreate", *MODELS, *(f"{model}-observer" for model in MODELS))
        contained, _ = self.compare("generator", COMPARE=experiment)
        here = self.folder / "host"
        with contextlib.ExitStack() as stack:
            targets, observers = [], []
            for model in MODELS:
                flags = ["--start-workers", "256", "--max-spare", "256"] if model == "prefork" else []
                server = stack.enter_context(servers.Server([f"{programs}/echo-{model}", "--port", "0", *flags]))
                observer = stack.enter_context(servers.Server(
                    [f"{programs}/loadgen", "observe", "--pid", str(server.pid), "--port", "0"]))
                targets.append(f"{model}={server.where}")
                observers.append(f"{model}={observer.where}")
            self.run_in_folder(f"{programs}/loadgen", "compare", *experiment.split(), "--out", str(here), "--targets",
                               ",".join(targets), "--observers", ",".join(observers), status=(0, 3))
        inside, outside = memory_of(contained), memory_of(here)
        self.assertEqual(sorted(inside), sorted(MODELS))
        for model in ("threads", "coroutine"):
            a, b = (interval_of_slope(points[model]) for points in (inside, outside))
            print(f"{model}, bytes a connection: {a[0]:.0f} to {a[1]:.0f} in a container, {b[0]:.0f} to {b[1]:.0f} here")
            slack = 0.02 * b[1]  # four points on a line by chance have no interval at all
            self.assertLessEqual(max(a[0], b[0]), min(a[1], b[1]) + slack, model)
        pools = [statistics.median(bytes for _, bytes in points["prefork"]) for points in (inside, outside)]
        print(f"prefork, its pool: {pools[0] / 2**20:.1f} MiB in a container, {pools[1] / 2**20:.1f} MiB here")
        self.assertAlmostEqual(pools[0] / pools[1], 1, delta=0.2)

    def test_5_own_experiments(self):
        self.start_servers()
        done = self.compose("run", "--rm", "-T", "loadgen", "run", "http://threads:7002/echo/hi", "-c", "4", "-n", "200",
                            "--observer", "threads-observer:7100", "--json", "-", status=(0, 3))
        result = json.loads(done.stdout)
        self.assertEqual(result["accounting"]["completed"], 200)
        self.assertAlmostEqual(result["server"]["cgroup"]["cpu_limit"], 2.0)
        self.assertEqual(result["server"]["cgroup"]["memory"]["limit"], 2**30)
        self.compose("run", "--rm", "-T", "loadgen", "run", "http://threads:1/", "-n", "1", status=(1,))

    def test_5_python_beside_the_models(self):
        results, trials = self.compare("compare-python", COMPARE=QUICKLY + " --workloads http")
        self.assertEqual(sorted(trial["model"] for trial in trials), sorted([*MODELS, *PYTHON]))
        self.assertEqual((results / "results.json").stat().st_uid, OWNER)
        for trial in trials:
            self.check_measured(trial)
        self.assertEqual(len({self.limits_of(service) for service in [*MODELS, *PYTHON]}), 1, "the limits differ")
        self.compose("--profile", "python", "stop", *PYTHON, *(f"{name}-observer" for name in PYTHON))

    def test_5_processes_beside_one_loop(self):
        _, trials = self.compare("compare-processes", COMPARE=QUICKLY + " --workloads cpu")
        processes = {trial["model"]: trial["server"]["processes"] for trial in trials}
        self.assertEqual(processes["coroutine"], 1)
        self.assertEqual(processes["coroutine-processes"], 3, "two, and their supervisor")
        for trial in trials:
            self.check_measured(trial)
        self.assertEqual(len({self.limits_of(name) for name in ["coroutine", "coroutine-processes"]}), 1)
        self.compose("--profile", "processes", "stop", "coroutine-processes", "coroutine-processes-observer")

    def check_counters(self, trial, *counters):
        """They are known, unless they were read too late, which a busy machine does and which is flagged."""
        late = any(flag["what"].startswith("its counters were read ") for flag in trial["verdict"]["flags"])
        for counter in (trial["server"]["cpu_s"], *counters):
            self.assertEqual(counter is None, late, trial["model"])
        if not late:
            self.assertGreater(trial["server"]["cpu_s"], 0, trial["model"])

    def check_measured(self, trial):
        self.assertGreater(trial["requests"], 0, trial["model"])
        self.check_counters(trial)
        self.assertGreater(trial["server"]["memory"]["pss"], 0, trial["model"])
        self.assertAlmostEqual(trial["server"]["cgroup"]["cpu_limit"], 2.0)

    def test_5_subject(self):
        (self.folder / "subject").mkdir()
        (self.folder / "subject/Dockerfile").write_text(SUBJECT.format(image=PROJECT + "-python"))
        self.docker("build", "-q", "-t", PROJECT + "-subject", "subject")
        own = {"SUBJECT_IMAGE": PROJECT + "-subject", "SUBJECT_PORT": "8000"}
        _, trials = self.compare("compare-subject", COMPARE=QUICKLY + " -c 2", **own)
        trial, = trials
        self.check_measured(trial)
        self.assertEqual(trial["errors"]["status"], 0)
        self.assertEqual(trial["server"]["processes"], 2, "what a subject starts as another user is its own, too")
        other = own | {"SUBJECT_COMMAND": "python3 -m http.server 8001", "SUBJECT_PORT": "8001", "SUBJECT_PATH": "/none"}
        _, trials = self.compare("compare-subject", COMPARE=QUICKLY + " -c 2", **other)
        self.assertEqual(trials[0]["server"]["processes"], 1)
        self.assertGreater(trials[0]["errors"]["status"], 0, "there is no such page")
        self.compose("--profile", "subject", "rm", "--stop", "--force", "subject", "subject-observer", **own)

    def test_6_three_generators_are_one(self):
        load = "http://coroutine:7003/echo/hi -c 10 -R 300 -d 2s"
        done = self.compose("up", "--no-build", "--scale", "generator=3", status=(0, 1), COMPARE="", LOAD=load)
        [written] = (self.folder / "results").glob("generators-*.json")
        self.check_merged(json.loads(written.read_text()))
        self.assertEqual(len(re.findall(r"generator-\d +\| +Verdict", done.stdout)), 1, "one of them tells the result")

    def check_merged(self, merged):
        self.assertEqual([part["connections"] for part in merged["merged"]["commands"]], [4, 3, 3])
        self.assertEqual([part["lost"] for part in merged["generators"]], [None] * 3)
        self.assertEqual(sum(part["requests"] for part in merged["generators"]), merged["accounting"]["completed"])
        self.assertEqual(merged["latency_us"]["count"], merged["accounting"]["scheduled"])

    def test_7_a_server_that_stops_in_the_middle(self):
        self.start_servers()
        run = subprocess.Popen(["docker", "compose", "run", "--rm", "-T", "loadgen", "run", "tcp://threads:7002", "-c", "4",
                                "-R", "100", "-d", "10s", "--json", "-", "--timeout", "1s"], cwd=self.folder, env=self.environment,
                               stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        base, asked = self.requests_at("threads"), 0
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline and self.requests_at("threads") < base + asked + 250:  # beyond the warm-up
            asked += 1
            time.sleep(0.2)
        before = time.monotonic()
        self.compose("stop", "threads")
        self.assertLess(time.monotonic() - before, 14, "the server did not drain, it was killed")
        output, errors = run.communicate(timeout=90)
        self.assertEqual(run.returncode, 3, errors)
        result = json.loads(output)
        self.assertFalse(result["verdict"]["valid"])
        accounting = result["accounting"]
        self.assertGreater(accounting["completed"], 0)
        self.assertEqual(accounting["scheduled"], accounting["sent"] + accounting["unsent"])
        state = json.loads(self.docker("inspect", self.container("threads")))[0]["State"]
        self.assertEqual(state["ExitCode"], 0)

    def requests_at(self, model):
        with urllib.request.urlopen(f"http://127.0.0.1:{self.ports[model]}/stats", timeout=10) as reply:
            return json.load(reply)["requests"]

    def test_8_metrics_pass_promtool(self):
        if not shutil.which("promtool"):
            self.skipTest("no promtool: install Debian's prometheus")
        self.run_in_folder("promtool", "check", "config", "docker/prometheus.yaml")
        self.start_servers()
        for model, port in self.ports.items():
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=10) as reply:
                self.check_metrics(reply.read())
            text = self.compose("exec", "-T", f"{model}-observer", "bash", "-c",
                                r"exec 3<>/dev/tcp/127.0.0.1/7100; printf 'GET /metrics HTTP/1.0\r\n\r\n' >&3; cat <&3").stdout
            head, _, body = text.partition("\n\n")
            self.assertIn("200 OK", head)
            self.check_metrics(body.encode())

    def check_metrics(self, text):
        done = subprocess.run(["promtool", "check", "metrics"], input=text, capture_output=True, timeout=30)
        self.assertEqual((done.returncode, done.stderr), (0, b""))

    def test_9_swarm(self):
        if self.docker("info", "--format", "{{.Swarm.LocalNodeState}}") != "inactive":
            self.skipTest("this engine is a member of a swarm already")
        self.docker("swarm", "init", "--advertise-addr", "127.0.0.1", "--listen-addr", "127.0.0.1:0")
        try:  # a busy machine makes the whole INVALID
            done = self.run_in_folder("tools/swarm-load", STACK, status=(0, 3), GENERATORS="3",
                                      ECHOTRIO_IMAGE=self.docker("image", "inspect", "-f", "{{.Id}}", self.environment["ECHOTRIO_IMAGE"]),
                                      LOAD="http://coroutine:7003/echo/hi -c 10 -R 300 -d 2s --json -")
            self.check_merged(json.loads(done.stdout[done.stdout.index("{"):done.stdout.rindex("}") + 1]))
        finally:
            self.docker("swarm", "leave", "--force")


if __name__ == "__main__":
    if not shutil.which("docker") or \
       subprocess.run(["docker", "compose", "version"], capture_output=True).returncode != 0 or \
       subprocess.run(["docker", "version"], capture_output=True).returncode != 0:
        print("skipped: no Docker engine with Compose answers here")
        sys.exit(77)
    unittest.main(verbosity=2)
