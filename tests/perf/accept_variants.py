#!/usr/bin/env python3
"""Prefork's three ways to accept, side by side: what a connection costs and who gets it.

    accept_variants.py BIN_DIR [--workers 16] [--clients 8] [--seconds 3] [--rounds 5] [--seed 1]

Each round starts a fresh server for each variant, in a shuffled order, and loads it with connections
of one request each. Printed are medians over the rounds. `fairness` is Jain's index of the
connections over the workers: 1 when all get the same share, 1/workers when one gets all.
"""

import argparse
import json
import random
import statistics
import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "support"))

import servers

VARIANTS = ("shared", "lock", "reuseport")


def start(options, variant):
    """A server with a pool of fixed size."""
    workers = str(options.workers)
    return servers.Server(
        [f"{options.bin_dir}/echo-prefork", "--port", "0", "--accept", variant, "--cpus", "0",
         "--start-workers", workers, "--min-spare", "1", "--max-spare", workers,
         "--max-workers", workers])


def cpu_us(stats):
    """CPU time of all processes so far. Each has one thread, so schedstat is all of it, and unlike
    the 10 ms ticks of /proc/PID/stat it is fine enough for many processes that did little each."""
    return sum(int(Path(f"/proc/{pid}/schedstat").read_text().split()[0])
               for pid in stats["pids"]) / 1000


def measure(options, variant):
    with start(options, variant) as server:
        cpu_before = cpu_us(server.stats())
        run = subprocess.run(
            [f"{options.bin_dir}/loadgen", "run", f"tcp://{server.where}", "--quiet", "--json", "-",
             "--connections", str(options.clients), "--requests-per-connection", "1", "--cpus", "1",
             "--warmup", "200ms", "--duration", f"{options.seconds}s", "--pid", str(server.pid)],
            stdout=subprocess.PIPE, text=True, timeout=60 + options.seconds)
        if run.returncode not in (0, 3):  # 3: not a valid measurement on this machine, still shown
            sys.exit(f"error: loadgen ended with status {run.returncode}")
        result = json.loads(run.stdout)
        stats = server.stats()
        cpu = cpu_us(stats) - cpu_before
    use, own = result["server"], stats["workers"]
    switches = use["voluntary_switches"] + use["involuntary_switches"]
    connections = stats["connections"]["total"]
    return {"connections/s": result["throughput_rps"],
            "CPU us each": cpu / connections,
            "switches each": switches / max(result["requests"], 1),
            "p50 us": result["latency_us"]["p50"],
            "p99 us": result["latency_us"]["p99"],
            "lock wait us each": own["lock_wait_us_total"] / connections,
            "fairness": own["fairness"]}


def text(values):
    known = [value for value in values if value is not None]
    return f"{statistics.median(known):.4g}" if known else "-"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("bin_dir")
    parser.add_argument("--workers", type=int, default=16)
    parser.add_argument("--clients", type=int, default=8)
    parser.add_argument("--seconds", type=int, default=3)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()

    order = random.Random(options.seed)
    seen = {variant: [] for variant in VARIANTS}
    for _ in range(options.rounds):
        for variant in order.sample(VARIANTS, len(VARIANTS)):
            seen[variant].append(measure(options, variant))

    columns = list(seen["shared"][0])
    print(f"{options.workers} workers, {options.clients} clients, a connection for each request, "
          f"medians of {options.rounds} rounds")
    print("accept".ljust(11) + "".join(column.rjust(19) for column in columns))
    for variant, rounds in seen.items():
        print(variant.ljust(11) + "".join(text([each[column] for each in rounds]).rjust(19)
                                          for column in columns))


if __name__ == "__main__":
    main()
