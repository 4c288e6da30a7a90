#!/usr/bin/env python3
"""Our servers beside reference servers, as ratios of requests per server CPU-second; then our generator
beside others (generators.py).

    perf.py BIN_DIR [--rounds 7] [--seconds 1] [--connections 64] [--only TEXT]

A and B of a comparison run in turns, each freshly started: the server on one CPU, the generator (the
bare client of this folder, so that it is never the limit) on another. Printed are medians over the
rounds, the ratio of each round's pair with its quartiles, and the ratio to reach. A server's CPU time
is taken while all connections are open: neither their opening nor their closing is in it. Then the
system calls that one raw echo takes, counted by strace. What is not installed is skipped, with the
reason. --only takes the rows whose name contains the text: --only generator, --only prefork, --only HTTP,
--only ", raw, 10,000".
--only aa compares a server with itself instead (aa.py); --only steady tells by how much the CPU per
request of `compare --workloads steady` differs from run to run (steady.py); --only uring whether the
generator would cost less on io_uring (uring.py).
"""

import argparse
import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import aa
import generators
import steady
import uring
from peers import HTTP, RAW, Server, ours


# Of the coroutine server, beside --connections.
MANY = (1000, 10000)


def comparisons(connections):
    """(name, connections, load, A, B, least ratio of A to B)."""
    n = str(connections)
    pool = ("--start-workers", n, "--min-spare", "1", "--max-spare", n, "--max-workers", str(connections + 8))
    rows = []
    for count in (connections, *MANY):
        rows += [
            (f"coroutine, raw, {count:,}: against the epoll floor", count, RAW, ours("coroutine"), ["epoll_echo"], 0.97),
            (f"coroutine, raw, {count:,}: against Asio as documented", count, RAW, ours("coroutine"), ["asio_echo"], 1.03),
            (f"coroutine, HTTP, {count:,}: against nginx return 200", count, HTTP, ours("coroutine"), ["nginx"], 1.2),
        ]
    return [
        *rows,
        ("threads --gil off, raw: against bare threads", connections, RAW, ours("threads", "--gil", "off"),
         ["bare_thread_echo"], 0.92),
        ("prefork, raw: against bare processes", connections, RAW, ours("prefork", *pool),
         ["bare_prefork_echo", n], 0.92),
    ]


# (name, server, most calls per echo beside waits that several connections share)
CALLS = [
    ("prefork", ours("prefork"), 2),
    ("threads --gil off", ours("threads", "--gil", "off"), 2),
    ("coroutine", ours("coroutine"), 2),
    ("epoll floor", ["epoll_echo"], 2),
]
SHARED_WAITS = ("epoll_wait", "epoll_pwait", "epoll_pwait2")


def client(options, port, load, seconds, connections):
    return subprocess.Popen(
        [f"{options.bin_dir}/epoll_client", str(port), str(connections), str(seconds), *load],
        stdout=subprocess.PIPE, text=True,
        preexec_fn=lambda: os.sched_setaffinity(0, options.cpus[-1:]))


def per_cpu_second(options, argv, load, connections):
    with Server(options, argv) as server:
        run = client(options, server.port, load, options.seconds, connections)
        run.stdout.readline()  # "connected"
        run.stdout.readline()  # "warm"
        before = server.cpu_s()
        line = run.stdout.readline()
        used = server.cpu_s() - before
        run.stdout.close()
        if run.wait(timeout=60) != 0:
            sys.exit(f"error: the client failed against {argv[0]}")
    return int(line.split("requests=")[1].split()[0]) / used


def compare(options, name, connections, load, a, b, least):
    if b[0] == "nginx" and shutil.which("nginx") is None:
        print(f"{name:50} skipped: nginx is not installed")
        return
    if resource.getrlimit(resource.RLIMIT_NOFILE)[0] < connections + 100:
        print(f"{name:50} skipped: it needs {connections + 100} descriptors (ulimit -Hn)")
        return
    rates = {"a": [], "b": []}
    for turn in range(options.rounds):
        for which in ("ab", "ba")[turn % 2]:
            rates[which].append(per_cpu_second(options, a if which == "a" else b, load, connections))
    ratios = sorted(x / y for x, y in zip(rates["a"], rates["b"]))
    ratio = statistics.median(ratios)
    low, high = ratios[len(ratios) // 4], ratios[(3 * len(ratios)) // 4]
    verdict = "reached" if ratio >= least else "NOT reached"
    print(f"{name:50} {statistics.median(rates['a']):9.0f} {statistics.median(rates['b']):9.0f}   "
          f"{ratio:5.3f} [{low:.3f} {high:.3f}]   {least:4.2f} {verdict}", flush=True)


def strace(pids, seconds):
    """System calls by name within that time; the sleeps of helper threads are not of a request."""
    report = Path(tempfile.mkdtemp(), "calls")
    attach = [word for pid in pids for word in ("-p", str(pid))]
    tracer = subprocess.Popen(["strace", "-f", "-c", "-e", "trace=!clock_nanosleep", "-o", str(report), *attach],
                              stderr=subprocess.PIPE, text=True)
    time.sleep(seconds)
    tracer.terminate()
    _, said = tracer.communicate(timeout=20)
    calls = {}
    for line in report.read_text().splitlines() if report.exists() else []:
        words = line.split()
        if len(words) >= 5 and words[3].isdigit() and words[-1] != "total":
            calls[words[-1]] = int(words[3])
    shutil.rmtree(report.parent)
    return calls, said


def calls_of_server(options, argv):
    """One second in the middle of a run, all connections busy."""
    with Server(options, argv) as server:
        run = client(options, server.port, RAW, 3, options.connections)
        time.sleep(0.7)
        seen = strace(server.group(), 1)
        run.kill()
        run.wait()
    return seen


def calls_of_generator(options, scheme, flags):
    with Server(options, generators.server_for(scheme)) as server:
        run = generators.start(options, generators.loadgen(options, server, scheme, *flags, seconds=4))
        time.sleep(0.7)
        seen = strace([run.pid], 1)
        run.kill()
        run.communicate()
    return seen


def count_calls(name, seen, most):
    calls, said = seen
    echoes = calls.get("sendto", 0)
    if echoes == 0:
        print(f"{name:24} skipped: strace saw nothing ({said.strip().splitlines()[-1:]})")
        return
    waits = sum(calls.get(wait, 0) for wait in SHARED_WAITS) / echoes
    own = sum(calls.values()) / echoes - waits
    parts = ", ".join(f"{call} {n / echoes:.2f}" for call, n in sorted(calls.items())
                      if n / echoes >= 0.005)
    # a call that was under way at either end of the second may be counted without its echo
    verdict = "reached" if own <= most * 1.02 + 0.02 else "NOT reached"
    print(f"{name:24} {own:5.2f} + {waits:.2f} shared waits   {most} {verdict:12} ({parts})", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("bin_dir")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--seconds", type=float, default=1)
    parser.add_argument("--connections", type=int, default=64)
    parser.add_argument("--only", default="", help="comparisons whose name contains this")
    options = parser.parse_args()
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    options.cpus = sorted(os.sched_getaffinity(0))
    if len(options.cpus) == 1:
        print("one CPU only: server and generator share it, ratios are blurred")

    if options.only == "aa":
        aa.rows(options)
        return
    if options.only == "steady":
        steady.rows(options)
        return
    if options.only == "uring":
        uring.rows(options)
        return
    print(f"{options.connections} connections where no number is said, 64 B raw or GET /echo/hi; "
          f"requests per server or generator CPU-second, {options.rounds} rounds\n")
    print(f"{'':50} {'A':>9} {'B':>9}   ratio [quartiles]      to reach")
    for row in comparisons(options.connections):
        if options.only in row[0]:
            compare(options, *row)
    generators.rows(options)
    generators.memory(options)
    if shutil.which("strace") is None:
        print("\nsystem calls per request: skipped, strace is not installed")
        return
    print("\nsystem calls per request")
    for name, argv, most in CALLS:
        if options.only in name:
            count_calls(name, calls_of_server(options, argv), most)
    for name, scheme, flags, most in generators.CALLS:
        if options.only in name:
            count_calls(name, calls_of_generator(options, scheme, flags), most)


main()
