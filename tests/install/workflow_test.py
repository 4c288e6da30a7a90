#!/usr/bin/python3
"""The hosted CI's file: YAML that means what it should."""

import sys
import unittest
from pathlib import Path

try:
    import yaml
except ImportError:
    print("skipped: python3-yaml is missing")
    sys.exit(77)

ROOT = Path(__file__).resolve().parents[2]


class Workflow(unittest.TestCase):
    def setUp(self):
        self.file = yaml.safe_load((ROOT / ".github/workflows/ci.yml").read_text())

    def test_runs_on_what_is_pushed(self):
        on = self.file[True]  # YAML 1.1 reads the key "on" so
        self.assertLessEqual({"push", "pull_request"}, set(on))

    def test_calls_the_one_command(self):
        for job in self.file["jobs"].values():
            runs = [step["run"] for step in job["steps"] if "run" in step]
            self.assertEqual(runs[-1], "bash .ci/run")
            self.assertLessEqual(job["timeout-minutes"], 90)
            checkout = next(step for step in job["steps"] if step.get("uses", "").startswith("actions/checkout@"))
            self.assertEqual(checkout["with"]["fetch-depth"], 0, "make lint asks for the history")

    def test_each_release_is_one_that_is_tried(self):
        tried = (ROOT / "tools/try-release").read_text()
        for job in self.file["jobs"].values():
            for release in job["strategy"]["matrix"]["release"]:
                self.assertIn(release, tried)


if __name__ == "__main__":
    unittest.main(verbosity=2)
