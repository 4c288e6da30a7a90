#!/usr/bin/python3
"""cmake --install into a folder of its own: the programs, the servers in Python, the manual, completion, the licences."""

import os
import re
import shutil
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

BUILD = Path(os.environ["ECHOTRIO_BUILD"])
PROGRAMS = ("echo-prefork", "echo-threads", "echo-coroutine", "loadgen")


def output(*command, **options):
    return subprocess.run(command, check=True, capture_output=True, text=True, timeout=300, **options).stdout


class Install(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.root = Path(tempfile.mkdtemp(prefix="echotrio-install-"))
        # DESTDIR, as who makes a package of it would
        cls.said = output("cmake", "--install", BUILD, "--prefix", "/usr", env=dict(os.environ, DESTDIR=cls.root))
        cls.usr = cls.root / "usr"

    @classmethod
    def tearDownClass(cls):
        shutil.rmtree(cls.root)

    def test_programs_run_from_there(self):
        for program in PROGRAMS:
            self.assertRegex(output(self.usr / "bin" / program, "--version"), r"\d+\.\d+\.\d+")

    def test_the_servers_in_python_run_from_there(self):
        for script in ("prefork", "threads", "asyncio_server"):
            said = output(sys.executable, "-B", self.usr / f"share/echotrio/python/{script}.py", "--version")
            self.assertRegex(said, r"^py-\w+ \d+\.\d+\.\d+ ")

    def test_nothing_stands_outside_the_usual_folders(self):
        places = {str(path.relative_to(self.usr).parent) for path in self.usr.rglob("*") if path.is_file()}
        for place in places:
            self.assertRegex(place, r"^(bin|share/(man/man1|bash-completion/completions|doc/echotrio(/.*)?|"
                                    r"echotrio/python))$")

    def test_manual_has_every_option(self):
        if not shutil.which("help2man"):
            self.assertIn("help2man", self.said)
            self.skipTest("no help2man")
        commands = re.findall(r"^  ([a-z]+) ", output(BUILD / "bin/loadgen", "--help").split("Subcommands:")[1], re.M)
        self.assertGreater(len(commands), 5)
        pages = {program: [program] for program in PROGRAMS} | {f"loadgen-{c}": ["loadgen", c] for c in commands}
        for name, (program, *command) in pages.items():
            page = (self.usr / f"share/man/man1/{name}.1").read_text().replace("\\-", "-")
            for option in re.findall(r"^ +(?:-\w,)?(--[a-z-]+)", output(BUILD / "bin" / program, *command, "--help"), re.M):
                self.assertIn(option, page, name)

    def test_licences_of_what_is_compiled_in(self):
        names = {path.name for path in (self.usr / "share/doc/echotrio/licences").iterdir()}
        self.assertLessEqual({"libasio-dev", "libjs-chart.js", "libeigen3-dev"}, names)
        self.assertTrue(names & {"node-llhttp", "libllhttp-dev"})
        self.assertTrue((self.usr / "share/doc/echotrio/LICENSE").is_file())

    def completed(self, *words):
        """What bash offers for the last word."""
        script = self.usr / "share/bash-completion/completions/loadgen"
        line = " ".join(f"'{word}'" for word in words)
        return output("bash", "-c", f"source '{script}'; COMP_WORDS=({line}); COMP_CWORD={len(words) - 1}; "
                      "_echotrio; printf '%s\\n' \"${COMPREPLY[@]}\"").split()

    def test_completion(self):
        loadgen, threads = str(self.usr / "bin/loadgen"), str(self.usr / "bin/echo-threads")
        self.assertEqual(self.completed(loadgen, "cal"), ["calibrate"])
        self.assertIn("--connections", self.completed(loadgen, "run", "--c"))
        self.assertNotIn("--switch-interval", self.completed(loadgen, "run", "--"))
        self.assertEqual(self.completed(loadgen, "run", "--arrival", "p"), ["poisson"])
        self.assertEqual(self.completed(threads, "--sw"), ["--switch-interval"])
        self.assertEqual(self.completed(threads, "--gil", ""), ["switch", "ticks", "off"])


if __name__ == "__main__":
    sys.exit(unittest.main(verbosity=2))
