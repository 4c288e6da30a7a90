"""A server compared with itself, again and again: how often `loadgen compare` says "no difference".

    python3 tests/perf/perf.py BIN_DIR --only aa

Two variants of the same server, small trials in balanced random order, another seed each time. What
the machine spoils is INVALID and left out by compare itself; a comparison without enough is not counted.
"""

import json
import subprocess
import sys
import tempfile
from pathlib import Path

COMPARISONS = 20
LEAST = 0.95
METRICS = ("throughput_rps", "p50_us", "p99_us", "requests_per_cpu_s")


def findings(options, seed):
    """What one comparison says, by metric."""
    with tempfile.TemporaryDirectory() as folder:
        argv = [f"{options.bin_dir}/loadgen", "compare", "--variant", "a=coroutine", "--variant", "b=coroutine",
                "--workloads", "echo", "-c", "16", "-r", "5", "-d", "300ms", "--warmup", "100ms", "--no-wrk", "-q",
                "--seed", str(seed), "-o", folder + "/results"]
        done = subprocess.run(argv, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        results = Path(folder, "results", "results.json")
        if not results.exists():
            sys.exit(f"error: {' '.join(argv)} ended with status {done.returncode}: {done.stderr}")
        return {one["metric"]: one["finding"] for one in json.loads(results.read_text())["comparisons"]}


def rows(options):
    said = [findings(options, seed) for seed in range(1, COMPARISONS + 1)]
    print("a server compared with itself")
    for metric in METRICS:
        told = [one[metric] for one in said if one.get(metric, "not known") != "not known"]
        if not told:
            print(f"{metric:20} skipped: the machine was too busy for a valid trial")
            continue
        same = told.count("no difference")
        verdict = "reached" if same >= LEAST * len(told) else "NOT reached"
        print(f"{metric:20} no difference in {same} of {len(told)}   {LEAST:.2f} {verdict}"
              f"   ({COMPARISONS - len(told)} not known)", flush=True)
