"""charging.py: its figures, that it says what it can't do, and one short run where it may make namespaces.

    charging_test.py BIN_DIR
"""

import os
import re
import signal
import subprocess
import sys
import tempfile
import time
import unittest
from pathlib import Path
from unittest import mock

import charging
import namespaces

BIN = sys.argv.pop(1) if len(sys.argv) > 1 else "build/bin"
SCRIPT = str(Path(__file__).with_name("charging.py"))
SHORT = ["--rounds", "1", "--seconds", "0.2", "--connections", "4"]


def script(*flags, **options):
    return subprocess.run([sys.executable, "-B", SCRIPT, BIN, *flags], stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=100, check=False,
                          **options)


def namespaces_of_machine():
    """The network namespaces in which processes are."""
    found = set()
    for link in Path("/proc").glob("[0-9]*/ns/net"):
        try:
            found.add(os.readlink(link))
        except OSError:
            continue
    return found


def children_of(pid):
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


class Figures(unittest.TestCase):
    def test_median_interval(self):
        self.assertIsNone(charging.median_interval([1, 2, 3, 4, 5]))
        self.assertEqual(charging.median_interval([6, 5, 4, 3, 2, 1]), (1, 6))
        self.assertEqual(charging.median_interval(range(1, 10)), (2, 8))  # 96.1 %

    def test_busy_is_what_was_not_idle(self):
        hz = os.sysconf("SC_CLK_TCK")
        before = [0] * 10
        after = [7, 0, 9, hz // 2, hz // 10, 3, 4, hz // 5, 0, 0]  # idle, waiting for a disk, stolen
        self.assertAlmostEqual(charging.busy_s(before, after, 2.0), 1.2)
        self.assertEqual(charging.busy_s(before, after, 0.1), 0)

    def test_factor_is_of_pairs(self):
        rounds = [{"charged_loopback_us": c, "charged_veth_us": c, "busy_loopback_us": c, "busy_veth_us": c * f,
                   "others": 0.01} for c, f in [(10, 1.1), (20, 1.2), (40, 1.3)]]
        found = charging.summary(rounds)
        self.assertAlmostEqual(found["factor"], 1.2)
        self.assertEqual(found["charged_loopback_us"], 20)
        self.assertIsNone(found["factor_ci95"])
        self.assertIn("1.20 (too few rounds for an interval)", charging.table({("threads", "raw"): found}))
        self.assertEqual(charging.doubts({("threads", "raw"): found}), "")
        found["others"] = 0.3
        self.assertIn("30 %", charging.doubts({("threads", "raw"): found}))

    def test_masks(self):
        self.assertEqual(namespaces.mask(0), "1")
        self.assertEqual(namespaces.mask(5), "20")
        self.assertEqual(namespaces.mask(32), "1,00000000")
        self.assertEqual(namespaces.mask(70), "40,00000000,00000000")

    def test_kernel_options(self):
        text = "# CONFIG_IRQ_TIME_ACCOUNTING is not set\nCONFIG_RPS=y\n"
        self.assertEqual(namespaces.options_in(text, ["IRQ_TIME_ACCOUNTING", "RPS"]),
                         {"IRQ_TIME_ACCOUNTING": "n", "RPS": "y"})
        self.assertEqual(namespaces.options_in(None, ["RPS"]), {"RPS": "unknown"})


class NotTestable(unittest.TestCase):
    def says(self, why, *flags, **options):
        self.is_said(why, script(*SHORT, *flags, **options))

    def is_said(self, why, ran):
        self.assertEqual(ran.returncode, 0, ran.stderr)
        self.assertEqual(ran.stderr, "")
        self.assertRegex(ran.stdout, f"^not testable here: .*{why}.*\n$")

    @unittest.skipIf(len(os.sched_getaffinity(0)) < 2, "one CPU only")
    def test_as_an_ordinary_user(self):
        # Nobody else may be able to start our interpreter or to see our programs: rights go once it runs.
        drop = ("import os, charging\nparsed = charging.parse(None)\ncharging.parse = lambda _: parsed\n"
                "if os.geteuid() == 0: os.setresuid(65534, 65534, 65534)\ncharging.main()")
        ran = subprocess.run([sys.executable, "-B", "-c", drop, BIN, *SHORT], stdin=subprocess.DEVNULL,
                             stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=100, check=False,
                             env={**os.environ, "PYTHONPATH": str(Path(SCRIPT).parent)})
        self.is_said("need root", ran)

    def test_on_one_cpu(self):
        one = min(os.sched_getaffinity(0))
        self.says("a CPU each", preexec_fn=lambda: os.sched_setaffinity(0, [one]))

    @unittest.skipIf(os.geteuid() != 0, "needs root to get so far")
    def test_without_iproute(self):
        with mock.patch.object(namespaces.shutil, "which", lambda tool: None if tool == "ip" else tool):
            with self.assertRaisesRegex(namespaces.NotTestable, "ip is missing .package iproute2"):
                namespaces.check()

    def test_a_mistake_is_one_line(self):
        for flags, what in ((["--models", "fibers"], "--models: no model 'fibers'"),
                            (["--rounds", "0"], "--rounds"), (["--json", "/nonexistent/x"], "--json")):
            ran = script(*flags)
            self.assertEqual(ran.returncode, 2)
            self.assertIn(what, ran.stderr)


class Real(unittest.TestCase):
    def setUp(self):
        self.before = namespaces_of_machine()
        try:
            if len(os.sched_getaffinity(0)) < 2:
                raise namespaces.NotTestable("one CPU only")
            with namespaces.Pair(min(os.sched_getaffinity(0)), max(os.sched_getaffinity(0))):
                self.assertEqual(len(namespaces_of_machine() - self.before), 2)
        except namespaces.NotTestable as missing:
            self.skipTest(str(missing))
        self.assertLessEqual(namespaces_of_machine(), self.before)

    def test_a_short_run_finds_figures_and_leaves_nothing(self):
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder, "charging.json")
            ran = script(*SHORT, "--json", str(path))
            self.assertEqual(ran.returncode, 0, ran.stderr)
            rows = charging.json.loads(path.read_text())["rows"]
        self.assertEqual(len(rows), 6)
        for row in rows:
            for figure in ("charged_loopback_us", "charged_veth_us", "busy_veth_us", "factor"):
                self.assertGreater(row[figure], 0, row)
            self.assertRegex(ran.stdout, re.escape(f"| {row['model']} | {row['load']} |"))
        self.assertLessEqual(namespaces_of_machine(), self.before)

    def test_ended_in_the_middle_it_leaves_nothing(self):
        for number in (signal.SIGTERM, signal.SIGINT):
            running = subprocess.Popen([sys.executable, "-B", SCRIPT, BIN, "--seconds", "30", "--models", "coroutine"],
                                       stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
            self.wait(lambda: len(namespaces_of_machine() - self.before) == 2)
            self.wait(lambda: len(children_of(running.pid)) == 4)  # two holders, a server, a generator
            started = children_of(running.pid)
            running.send_signal(number)
            running.communicate(timeout=60)
            self.assertNotEqual(running.returncode, 0)
            self.assertEqual([pid for pid in started if charging.servers.runs(pid)], [])
            self.assertLessEqual(namespaces_of_machine(), self.before)

    def wait(self, until):
        deadline = time.monotonic() + 60
        while not until():
            self.assertLess(time.monotonic(), deadline)
            time.sleep(0.02)


if __name__ == "__main__":
    unittest.main()
