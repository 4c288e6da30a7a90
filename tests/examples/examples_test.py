#!/usr/bin/env python3
"""An experiment of docs/examples, with tiny durations: every server in it gives figures and leaves nothing behind.

    examples_test.py gunicorn

Exit status 77 (CTest: skipped) where a server that it starts is not installed.
"""

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

EXAMPLES = Path(__file__).resolve().parents[2] / "docs/examples"
NEEDS = {"gunicorn": ["gunicorn"], "uvicorn": ["uvicorn"], "nginx": ["nginx"], "node-cluster": ["node"]}
BRIEF = ["--repetitions", "1", "--duration", "400ms", "--warmup", "100ms", "--retries", "0", "--quiet"]
SEARCHED = os.environ["PATH"] + ":/usr/sbin"  # where Debian keeps nginx, which not every user's PATH has


def missing(example):
    """What it needs and is not here, in words; empty: nothing."""
    for program in NEEDS[example]:
        if not shutil.which(program, path=SEARCHED):
            return f"no {program}: tools/install-packages examples"
    if example == "gunicorn":
        interpreter = Path(shutil.which("gunicorn")).read_text().splitlines()[0][2:].split()
        if subprocess.run([*interpreter, "-c", "import gevent"], capture_output=True).returncode != 0:
            return "no gevent beside gunicorn: tools/install-packages examples"
    return ""


def processes_with(mark):
    """What carries this in its environment, as everything does that the experiment started, or in its command
    line, as nginx does, which writes that over its environment."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            command, environment = ((process / name).read_bytes() for name in ("cmdline", "environ"))
        except OSError:  # ended, or another user's
            continue
        if mark.encode() in command + environment:
            found.append(command.replace(b"\0", b" ").decode())
    return found


def mistakes_in(results, names):
    trials = json.loads((results / "results.json").read_text())["trials"]
    if sorted({trial["model"] for trial in trials}) != sorted(names):
        yield f"servers {names}, but trials of {[trial['model'] for trial in trials]}"
    for trial in trials:
        if not trial["requests"] or trial["errors"]["status"]:
            yield f"{trial['model']}: {trial['requests']} requests, errors {trial['errors']}"
        server = trial["server"] or {"memory": {"pss": 0}, "cpu_s": 0}
        # A busy machine reads counters too late, and says so: then they are left out.
        late = any(flag["what"].startswith("its counters were read ") for flag in trial["verdict"]["flags"])
        if not server["memory"]["pss"] or not (server["cpu_s"] or late):
            yield f"{trial['model']}: neither memory nor CPU time is known: {server}"


def main():
    example, = sys.argv[1:]
    reason = missing(example)
    if reason:
        print(f"skipped: {reason}")
        return 77
    experiment = EXAMPLES / f"{example}.toml"
    names = re.findall(r"^\[server\.([^]]+)]", experiment.read_text(), re.MULTILINE)
    with tempfile.TemporaryDirectory(prefix="echotrio-example-") as folder:
        results, temporary = Path(folder) / "results", Path(folder) / "tmp"
        temporary.mkdir()
        done = subprocess.run(
            [Path(os.environ["ECHOTRIO_BIN"]) / "loadgen", "compare", "--experiment", experiment, *BRIEF, "--out", results],
            env=dict(os.environ, ECHOTRIO_EXAMPLE=folder, TMPDIR=str(temporary)), capture_output=True, text=True)
        print(done.stdout, done.stderr, sep="\n")
        if done.returncode not in (0, 3):  # a busy machine makes trials INVALID
            print(f"exit status {done.returncode}")
            return 1
        mistakes = list(mistakes_in(results, names))
        mistakes += [f"left running: {command}" for command in processes_with(folder)]
        mistakes += [f"left behind: {path}" for path in temporary.iterdir()]
    print("\n".join(mistakes))
    return bool(mistakes)


if __name__ == "__main__":
    sys.exit(main())
