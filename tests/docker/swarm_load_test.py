#!/usr/bin/env python3
"""tools/swarm-load where the engine's reading of the logs stalls: beside a `docker` that does so."""
import os
import stat
import subprocess
import tempfile
import unittest
from pathlib import Path

PROGRAM = Path(__file__).resolve().parents[2] / "tools/swarm-load"
# Three generators that have ended. As many readings as FOLDER/stalls has lines stall half-way.
DOCKER = r"""#!/bin/sh
case "$1 $2" in
    "service ps") for i in 1 2 3; do echo "Complete 1 second ago "; done ;;
    "service logs")
        echo "one"
        if [ -s "$FOLDER/stalls" ]; then sed -i 1d "$FOLDER/stalls"; exec sleep 60; fi
        echo "two" ;;
esac
"""


class SwarmLoad(unittest.TestCase):
    def load(self, stalls):
        with tempfile.TemporaryDirectory() as folder:
            docker = Path(folder) / "docker"
            docker.write_text(DOCKER)
            docker.chmod(docker.stat().st_mode | stat.S_IXUSR)
            (Path(folder) / "stalls").write_text("x\n" * stalls)
            environment = os.environ | {"PATH": f"{folder}:{os.environ['PATH']}", "FOLDER": folder, "GENERATORS": "3"}
            done = subprocess.run([PROGRAM, "made-up"], env=environment, stdin=subprocess.DEVNULL, capture_output=True,
                                  text=True, timeout=100)
            self.assertEqual(done.returncode, 0, done.stderr)
            return done

    def test_half_a_reading_is_not_shown(self):
        done = self.load(stalls=1)
        self.assertEqual((done.stdout, done.stderr), ("one\ntwo\n", ""))

    def test_what_can_be_read_is_shown_and_said_to_be_a_part(self):
        done = self.load(stalls=9)
        self.assertEqual(done.stdout, "one\n")
        self.assertIn("not read to their end", done.stderr)


if __name__ == "__main__":
    unittest.main(verbosity=2)
