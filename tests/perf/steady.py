"""How much CPU per request at equal low rates differs from run to run of `loadgen compare`.

    python3 tests/perf/perf.py BIN_DIR --only steady

Ten runs of the workload `steady`, all at the rates that the first one found. A row for every model and
rate: the median over the runs, and the largest and smallest run's distance from it. Then the same of
what models are compared by, the ratio to the first of them within a run: what the machine does to all
alike is not in it.
"""

import json
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

RUNS = 10
MOST = 0.03


def compared(options, seed, rates):
    """The trials that count of one run, as (model, rate, CPU us per request)."""
    with tempfile.TemporaryDirectory() as folder:
        argv = [f"{options.bin_dir}/loadgen", "compare", "--workloads", "steady", "-q", "--seed", str(seed),
                "-o", folder + "/results"]
        if rates:
            argv += ["-R", ",".join(str(rate) for rate in rates)]
        done = subprocess.run(argv, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        results = Path(folder, "results", "results.json")
        if not results.exists():
            sys.exit(f"error: {' '.join(argv)} ended with status {done.returncode}: {done.stderr}")
        trials = json.loads(results.read_text())["trials"]
    return [(one["model"], one["rate"], one["server"]["cpu_us_per_request"]) for one in trials
            if one["verdict"]["valid"] and not one["superseded"] and one["server"]
            and one["server"]["cpu_us_per_request"] is not None]


def spread(name, rate, values):
    middle = statistics.median(values)
    least, most = min(values) / middle - 1, max(values) / middle - 1
    verdict = "reached" if most - least <= MOST else "NOT reached"
    print(f"{name:24} {rate:10.0f} {middle:10.2f}  {least:+6.1%} {most:+6.1%}   {MOST:.0%} {verdict}"
          f"   ({len(values)} of {RUNS} runs)", flush=True)


def rows(options):
    print(f"steady: CPU per request, {RUNS} runs\n{'model':24} {'rate/s':>10} {'median us':>10}   least   most")
    runs, rates = [], []
    for seed in range(1, RUNS + 1):
        trials = compared(options, seed, rates)
        rates = rates or sorted({rate for _, rate, _ in trials})
        of_run = {}
        for model, rate, cpu in trials:
            of_run.setdefault((model, rate), []).append(cpu)
        runs.append({key: statistics.median(values) for key, values in of_run.items()})
    cells = sorted(set().union(*runs))
    for model, rate in cells:
        spread(model, rate, [one[model, rate] for one in runs if (model, rate) in one])
    first = cells[0][0]
    for model, rate in cells:
        ratios = [one[model, rate] / one[first, rate] for one in runs if {(model, rate), (first, rate)} <= set(one)]
        if model != first and ratios:
            spread(f"{model} / {first}", rate, ratios)
