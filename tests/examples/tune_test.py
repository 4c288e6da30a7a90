#!/usr/bin/env python3
"""loadgen tune on gunicorn itself: a page that waits 20 ms and costs next to nothing is served by a synchronous worker at
most 50 times a second, so the rate rises with the workers, and of eight the last ones are best.

Exit status 77 (CTest: skipped) where gunicorn is not installed, or the machine has too much else to do.
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

EXAMPLES = Path(__file__).resolve().parents[2] / "docs/examples"
SERVER = "gunicorn --workers {workers} --bind {host}:{port} --worker-tmp-dir /dev/shm wsgi:app"


def mistakes_in(found, config):
    best = found["best"]
    if best is None:
        yield f"no best setting: {found['answer']}"
        return
    if not 4 <= best["workers"] <= 8:
        yield f"{best['workers']} workers are said to be best"
    if best["rate"] > 50 * best["workers"]:
        yield f"{best['rate']} requests/s from {best['workers']} workers that wait 20 ms for each"
    if not best["memory_bytes"]:
        yield "the memory is not known"
    if found["subject"] != "gunicorn":
        yield f"it is called {found['subject']}"
    if f"\nworkers = {best['workers']}\n" not in config:
        yield f"the configuration does not have the workers:\n{config}"


def main():
    if not shutil.which("gunicorn"):
        print("skipped: no gunicorn: tools/install-packages examples")
        return 77
    with tempfile.TemporaryDirectory(prefix="echotrio-tune-") as folder:
        file = Path(folder) / "tune.json"
        done = subprocess.run(
            [Path(os.environ["ECHOTRIO_BIN"]) / "loadgen", "tune", "--server", SERVER, "--vary", "workers=1..8",
             "--slo", "p90=200ms", "--duration", "1500ms", "--warmup", "200ms", "--precision", "0.1", "--rounds", "2",
             "--budget", "3m", "--emit", "gunicorn", "--json", file],
            cwd=EXAMPLES, env=dict(os.environ, PYTHONDONTWRITEBYTECODE="1"), capture_output=True, text=True)
        print(done.stdout, done.stderr, sep="\n")
        if done.returncode != 0:
            print(f"exit status {done.returncode}")
            return 1
        found = json.loads(file.read_text())
    not_judged = sum(trial["result"] == "not_judged" for trial in found["trials"])
    if not found["search"]["complete"] or not_judged * 4 > len(found["trials"]):
        print(f"skipped: the machine is busy, {not_judged} of {len(found['trials'])} trials could not be judged")
        return 77
    mistakes = list(mistakes_in(found, done.stdout))
    print("\n".join(mistakes))
    return bool(mistakes)


if __name__ == "__main__":
    sys.exit(main())
