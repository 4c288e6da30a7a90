"""Would the generator cost less on io_uring? The bare client on multishot receive beside the one on epoll.

    python3 tests/perf/perf.py BIN_DIR --only uring [--rounds N] [--seconds S]

Both do the same closed loop (64 B raw echo, each byte checked) against the epoll floor, a fresh server for
each run, in turns. A ratio is that of requests per CPU-second of the client within a round, its interval
the order's (charging.py). Beside it stands the same ratio of the server's CPU: on loopback one end does
some of the other's work. loadgen, which has work of its own beside these calls, takes its turn in every round:
the last row is what it would gain if io_uring saved it as much CPU per request as it saves the bare client.
"""

import math
import re
import resource
import statistics
import subprocess
from pathlib import Path

import charging
import generators
from peers import Server

CONNECTIONS = (64, 1000, 10_000)
PAYS = 1.10  # less is not worth a second engine
WAYS = {"batch": "sends in batches", "direct": "send(2) each", "sqpoll": "sends by SQPOLL"}
GENERATOR = "loadgen, as spared"
NOT_HERE = 4  # status of uring_client where the kernel can't
SPARE_DESCRIPTORS = 100


class NotHere(Exception):
    """Why io_uring can't be tried."""


def run(options, connections, way):
    """Requests per CPU-second of the client, and of the server."""
    name = "epoll_client" if way is None else "uring_client"
    with Server(options, ["epoll_echo"]) as server:
        argv = [f"{options.bin_dir}/{name}", str(server.port), str(connections), str(options.seconds), "echo", "64"]
        process = generators.start(options, argv + ([way] if way else []))
        process.stdout.readline()  # "connected"
        process.stdout.readline()  # "warm"
        before = server.cpu_s()
        out = process.stdout.readline()
        used = server.cpu_s() - before
        _, said = process.communicate(timeout=60)
    if process.returncode == NOT_HERE:
        raise NotHere(said.strip())
    if process.returncode != 0:
        raise RuntimeError(f"{name} ended with status {process.returncode}: {said}")
    figures = {key: float(value) for key, value in re.findall(r"(\w+)=([\d.]+)", out)}
    return figures["requests"] / figures["cpu_s"], figures["requests"] / used


def run_loadgen(options, connections):
    """The same of loadgen as it is; of the server's CPU nothing is told."""
    with Server(options, ["epoll_echo"]) as server:
        argv = generators.loadgen(options, server, "raw", "--size", "64", "--idle-strategy", "sleep")
        argv[argv.index("-c") + 1] = str(connections)
        return generators.useful(generators.result_of(options, argv)), math.nan


def level(options, connections):
    """Prints a row for each way, and what the most promising of them could bring loadgen."""
    runs = {way: [] for way in (None, *WAYS, GENERATOR)}
    for turn in range(options.rounds):
        for way in list(runs)[:: 1 if turn % 2 == 0 else -1]:
            one = run_loadgen(options, connections) if way == GENERATOR else run(options, connections, way)
            runs[way].append(one)
    floor, generator = runs.pop(None), runs.pop(GENERATOR)
    for way, figures in runs.items():
        show(connections, WAYS[way], figures, floor)
    show(connections, GENERATOR, [spared(*one) for one in zip(generator, runs["batch"], floor)], generator)


def spared(generator, batch, floor):
    """The generator's figures, if each request took as much less CPU as it takes the bare client less."""
    return 1 / (1 / generator[0] - (1 / floor[0] - 1 / batch[0])), math.nan


def show(connections, name, figures, floor):
    ratios = [a[0] / b[0] for a, b in zip(figures, floor)]
    of_server = statistics.median(a[1] / b[1] for a, b in zip(figures, floor))
    interval = charging.median_interval(ratios)
    within, says = "", "too few rounds"
    if interval:
        within = "[{:.3f} {:.3f}]".format(*interval)
        says = "pays" if interval[0] >= PAYS else "does not pay" if interval[1] < PAYS else "open"
    print(f"{connections:11,}  {name:18} {statistics.median(a[0] for a in figures):9.0f} "
          f"{statistics.median(b[0] for b in floor):9.0f}   {statistics.median(ratios):5.3f} {within:14} "
          f"{PAYS:.2f} {says:14} {'' if math.isnan(of_server) else f'{of_server:5.3f}'}", flush=True)


def rows(options):
    if not Path(options.bin_dir, "uring_client").exists():
        print("uring: skipped: uring_client is not built, liburing is not installed")
        return
    options.seconds = max(options.seconds, generators.LEAST_SECONDS)
    print(f"io_uring (A) against epoll (B): bare clients, 64 B raw; requests per CPU-second of the client, "
          f"{options.rounds} rounds\n")
    print(f"{'connections':11}  {'multishot and':18} {'A':>9} {'B':>9}   ratio (95 %)         to pay"
          f"               of the server")
    for connections in CONNECTIONS:
        if resource.getrlimit(resource.RLIMIT_NOFILE)[1] < connections + SPARE_DESCRIPTORS:
            print(f"{connections:11,}  skipped: the limit of descriptors is lower (ulimit -Hn)")
            continue
        try:
            level(options, connections)
        except NotHere as why:
            print(f"uring: skipped: {why}")
            return
