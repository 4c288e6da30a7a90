#!/usr/bin/env python3
"""The Swarm stack over three nodes: one result from one command, and a node that is cut off in the middle.

The nodes are engines in network namespaces of their own (swarm-nodes beside the checkout's shared tools, or
where ECHOTRIO_SWARM_NODES says). Exit status 77 (CTest: skipped) where there is no such thing. The image is
ECHOTRIO_IMAGE of the engine that answers here, or is built there.
"""

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
NODES = os.environ.get("ECHOTRIO_SWARM_NODES", str(ROOT.parent / "shared/swarm-nodes"))
IMAGE = os.environ.get("ECHOTRIO_IMAGE", f"echotrio-swarm-test-{os.getpid()}")
STACK = f"echotrio-test-{os.getpid()}"
COUNT = 3
LOAD = "http://coroutine:7003/echo/hi -c 6 -R 200 --timeout 2s"


def run(*command, timeout=120, check=True, **environment):
    done = subprocess.run(command, env=os.environ | environment, timeout=timeout, stdin=subprocess.DEVNULL,
                          capture_output=True, text=True)
    if check and done.returncode:
        raise AssertionError(f"{' '.join(command)}: {done.returncode}\n{done.stdout}\n{done.stderr}")
    return done.stdout.strip()


def on(node, *words, **options):
    return run("docker", "-H", run(NODES, "host", str(node)), *words, **options)


def eventually(question, patience=120):
    deadline = time.monotonic() + patience
    while not (answer := question()) and time.monotonic() < deadline:
        time.sleep(0.5)
    return answer


class SwarmTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = Path(tempfile.mkdtemp(prefix="echotrio-swarm-"))
        if "ECHOTRIO_IMAGE" not in os.environ:
            run("docker", "build", "-q", "-t", IMAGE, "-f", str(ROOT / "docker/Dockerfile"), str(ROOT), timeout=3000)
        run("docker", "save", "-o", str(cls.folder / "image.tar"), IMAGE)
        cls.addClassCleanup(cls.clean_up)
        run(NODES, "up", str(COUNT))
        run(NODES, "load", str(cls.folder / "image.tar"))
        (cls.folder / "image.tar").unlink()

    @classmethod
    def clean_up(cls):
        on(1, "stack", "rm", STACK, check=False)
        run(NODES, "down")
        if "ECHOTRIO_IMAGE" not in os.environ:
            run("docker", "image", "rm", IMAGE)
        shutil.rmtree(cls.folder)

    def start(self, load):
        environment = {"DOCKER_HOST": run(NODES, "host", "1"), "GENERATORS": str(COUNT), "LOAD": load, "SERVER_CPUS": "0.5",
                       "SERVER_MEMORY": "256m", "GENERATOR_CPUS": "0.5", "GENERATOR_MEMORY": "256m",
                       "PREFORK_OPTIONS": "--start-workers 5",
                       "ECHOTRIO_IMAGE": run("docker", "image", "inspect", "-f", "{{.Id}}", IMAGE)}
        return subprocess.Popen([str(ROOT / "tools/swarm-load"), STACK], env=os.environ | environment,
                                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    def generators(self):
        """By node: what its generators of this time have said."""
        said = {}
        for node in range(1, COUNT + 1):
            for one in on(node, "ps", "-q", "--filter", f"label=com.docker.swarm.service.name={STACK}_generator").split():
                said[node] = said.get(node, "") + run("sh", "-c", 'docker -H "$0" logs "$1" 2>&1',
                                                      run(NODES, "host", str(node)), one)
        return said

    def test_1_one_result_from_one_command(self):
        started = self.start(LOAD + " -d 3s --json -")
        output, errors = started.communicate(timeout=200)
        self.assertIn(started.returncode, (0, 3), errors)  # a busy machine makes it INVALID
        result = json.loads(output[output.index("{"):output.rindex("}") + 1])
        self.assertEqual(started.returncode == 0, result["verdict"]["valid"])
        self.assertEqual([part["lost"] for part in result["generators"]], [None] * COUNT)
        self.assertEqual(len({part["address"] for part in result["generators"]}), COUNT)
        self.assertEqual(sum(part["requests"] for part in result["generators"]), result["requests"])
        for part in result["generators"]:  # one machine has one clock
            self.assertLessEqual(abs(part["clock_ahead_s"]), part["clock_error_s"] + 1e-6)

    def test_2_a_node_that_is_cut_off_is_told(self):
        started = self.start(LOAD + " -d 10m")
        all_here = eventually(lambda: (said := self.generators()) and len(said) == COUNT and
                              all("all are here" in text for text in said.values()) and said)
        self.assertTrue(all_here, "the generators did not meet")
        leader, = (node for node, text in all_here.items() if "which leads" in text)
        cut = next(node for node in range(COUNT, 1, -1) if node != leader)  # not the manager
        name = re.search(r"generator \d of \d \([\d.]+\)", all_here[cut])[0]
        time.sleep(3)  # into the run; whenever it comes, it has to be told
        run(NODES, "cut", str(cut))
        try:
            output, errors = started.communicate(timeout=120)
            on(cut, "ps")  # the engine there lives, only the network is gone
        finally:
            run(NODES, "mend", str(cut))
        print(output)
        self.assertEqual(started.returncode, 3, errors)
        self.assertIn(f"lost {name}: no sign of it for 5s", output)
        self.assertIn("INVALID", output)


if __name__ == "__main__":
    usable = os.getuid() == 0 and os.access(NODES, os.X_OK) and shutil.which("dockerd") and \
        subprocess.run(["docker", "version"], capture_output=True).returncode == 0
    if not usable:
        print("skipped: no swarm-nodes here, or no engine to take the image from, or not root")
        sys.exit(77)
    unittest.main(verbosity=2)
