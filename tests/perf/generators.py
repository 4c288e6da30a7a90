"""What loadgen itself costs: requests per generator CPU-second beside other generators, system calls
a request, memory a connection.

CPU time is what the kernel accounts to the whole generator process at its end (wait4), its start and
its result included. All generators of a row load the same server, in turns, from the same one CPU.
"""

import json
import os
import re
import shutil
import statistics
import subprocess
import sys
import time
from pathlib import Path

from peers import Server, ours

RAW_SERVER, HTTP_SERVER = ["epoll_echo"], ours("coroutine")
LEAST_SECONDS = 2  # shorter runs would measure the start of a process
CONNECTION_COUNTS = (1000, 5000, 15000)
MOST_BYTES = 1024  # a connection
# The open loop's rates, of what the closed loop reached just before: below its limit, and above it.
OPEN_SHARES = (0.9, 1.5)


# (name, scheme, flags, most calls a request beside waits that several connections share)
CALLS = [
    ("generator, raw", "raw", (), 2),
    ("generator, HTTP", "HTTP", (), 2),
    ("generator, HTTP, open", "HTTP", ("-R", "2000"), 2),
]


def server_for(scheme):
    return RAW_SERVER if scheme == "raw" else HTTP_SERVER


def url(server, scheme):
    return f"tcp://127.0.0.1:{server.port}" if scheme == "raw" else f"http://127.0.0.1:{server.port}/echo/hi"


def loadgen(options, server, scheme, *flags, seconds=None):
    return [f"{options.bin_dir}/loadgen", "run", url(server, scheme), "-c", str(options.connections),
            "--warmup", "0s", "-d", f"{seconds or options.seconds}s", "--json", "-", "--quiet", *flags]


def bare(options, server, scheme):
    load = ("raw", "64") if scheme == "raw" else ("http", "/echo/hi")
    return [f"{options.bin_dir}/epoll_client", str(server.port), str(options.connections), str(options.seconds), *load]


def wrk(options, server, scheme):
    return ["wrk", "-t1", f"-c{options.connections}", f"-d{options.seconds:g}s", url(server, scheme)]


def h2load(options, server, scheme):
    return ["h2load", "--h1", "-t1", f"-c{options.connections}", f"-D{options.seconds:g}", url(server, scheme)]


def requests_of(argv, out):
    """The requests that a generator says it made."""
    name = Path(argv[0]).name
    if name == "loadgen":
        return json.loads(out)["accounting"]["sent"]
    pattern = {"epoll_client": r"total=(\d+)", "wrk": r"(\d+) requests in", "h2load": r"requests: (\d+) total"}
    return int(re.search(pattern[name], out).group(1))


def start(options, argv):
    return subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                            preexec_fn=lambda: os.sched_setaffinity(0, options.cpus[-1:]))


def measure(options, argv):
    """Requests, and CPU seconds of the process."""
    process = start(options, argv)
    out = process.stdout.read()
    said = process.stderr.read()
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    try:
        # loadgen says 3 where it doubts the numbers (a busy machine): the requests were made all the same
        if process.returncode not in (0, 3):
            raise ValueError
        return requests_of(argv, out), used.ru_utime + used.ru_stime
    except (ValueError, KeyError, AttributeError):
        sys.exit(f"error: {' '.join(argv)} ended with status {process.returncode} and without a result: {said or out}")


def per_cpu_second(options, argv):
    requests, cpu_s = measure(options, argv)
    return requests / cpu_s


def verdict(reached):
    return "reached" if reached else "NOT reached"


def compare(options, scheme, others):
    """loadgen beside each (name, tool, least ratio), in rounds."""
    others = [row for row in others if options.only in f"generator, {scheme}: {row[0]}"]
    installed = [row for row in others if row[1] is bare or shutil.which(row[1].__name__)]
    for name, *_ in (row for row in others if row not in installed):
        print(f"{f'generator, {scheme}: {name}':46} skipped: not installed")
    if not installed:
        return
    ours_rates, rates = [], {name: [] for name, *_ in installed}
    with Server(options, server_for(scheme)) as server:
        for turn in range(options.rounds):
            runs = [(ours_rates, loadgen(options, server, scheme))]
            runs += [(rates[name], tool(options, server, scheme)) for name, tool, _ in installed]
            for to, argv in runs[:: 1 if turn % 2 == 0 else -1]:
                to.append(per_cpu_second(options, argv))
    for name, _, least in installed:
        show(f"generator, {scheme}: {name}", ours_rates, rates[name], least)


def useful(result):
    """Requests per CPU-second of the generator, without the polls that found nothing."""
    return result["throughput_rps"] * result["duration_s"] / result["generator"]["cpu_s"]


def result_of(options, argv):
    """The JSON of a run on the generator's CPU."""
    argv = [*argv, "--cpus", str(options.cpus[-1])]
    argv[argv.index("--warmup") + 1] = "200ms"
    process = start(options, argv)
    out, said = process.communicate()
    if process.returncode not in (0, 3):
        sys.exit(f"error: {' '.join(argv)} ended with status {process.returncode}: {said}")
    return json.loads(out)


def spin_against_sleep(options):
    """The median latency of a low load: what a generator that sleeps adds by its waking."""
    name = "generator: p50 at 1,000/s, polls against sleeps"
    if options.only not in name:
        return
    if len(options.cpus) < 2:
        print(f"{name:46} skipped: it would poll on the server's CPU")
        return
    medians = {"spin": [], "sleep": []}
    with Server(options, RAW_SERVER) as server:
        for turn in range(options.rounds):
            for strategy in ("spin", "sleep")[:: 1 if turn % 2 == 0 else -1]:
                argv = loadgen(options, server, "raw", "-R", "1000", "--idle-strategy", strategy)
                argv[argv.index("-c") + 1] = "1"
                medians[strategy].append(result_of(options, argv)["latency_us"]["p50"])
    show(name, medians["spin"], medians["sleep"], 0.7, at_most=True)


def open_against_closed(options, scheme, share):
    """Both poll, and are compared by useful CPU time: who sleeps pays for it at every waking."""
    name = f"generator, {scheme}: open against closed, x {share}"
    if options.only not in name:
        return
    open_rates, closed_rates = [], []
    with Server(options, server_for(scheme)) as server:
        for _ in range(options.rounds):
            argv = loadgen(options, server, scheme, "--idle-strategy", "spin" if len(options.cpus) > 1 else "sleep")
            closed = result_of(options, argv)
            closed_rates.append(useful(closed))
            rate = share * closed["throughput_rps"]
            open_rates.append(useful(result_of(options, [*argv, "-R", f"{rate:.0f}"])))
    show(name, open_rates, closed_rates, 0.95)


def show(name, a, b, to_reach, at_most=False):
    ratios = sorted(x / y for x, y in zip(a, b))
    ratio = statistics.median(ratios)
    low, high = ratios[len(ratios) // 4], ratios[(3 * len(ratios)) // 4]
    print(f"{name:46} {statistics.median(a):9.0f} {statistics.median(b):9.0f}   "
          f"{ratio:5.3f} [{low:.3f} {high:.3f}]   {to_reach:4.2f} "
          f"{verdict(ratio <= to_reach if at_most else ratio >= to_reach)}", flush=True)


def pss_bytes(pid):
    text = Path(f"/proc/{pid}/smaps_rollup").read_text()
    return int(re.search(r"^Pss:\s+(\d+) kB", text, re.M).group(1)) * 1024


def largest_pss(options, connections):
    """Of a slow open loop over that many connections, most of them waiting for their turn."""
    with Server(options, HTTP_SERVER) as server:
        argv = loadgen(options, server, "raw", "-R", str(connections // 2))
        argv[argv.index("-c") + 1] = str(connections)
        process = start(options, argv)
        largest = 0
        while process.poll() is None:
            try:
                largest = max(largest, pss_bytes(process.pid))
            except (OSError, AttributeError):
                pass  # it has just ended
            time.sleep(0.1)
        out, said = process.communicate()
    if process.returncode not in (0, 3) or json.loads(out)["connections"]["opened"] < connections:
        return None, said or "not all connections could be opened"
    return largest, ""


def memory(options):
    """The slope of the proportional set size over the number of connections."""
    if options.only not in "generator: bytes a connection":
        return
    sizes = []
    for connections in CONNECTION_COUNTS:
        size, why = largest_pss(options, connections)
        if size is None:
            print(f"\ngenerator: bytes a connection: skipped, {connections} connections: {why.strip()}")
            return
        sizes.append(size)
    slope = statistics.linear_regression(CONNECTION_COUNTS, sizes).slope
    points = ", ".join(f"{n}: {size / 2**20:.1f} MiB" for n, size in zip(CONNECTION_COUNTS, sizes))
    print(f"\ngenerator: bytes a connection {slope:6.0f}   {MOST_BYTES} {verdict(slope <= MOST_BYTES)}   (PSS {points})",
          flush=True)


def rows(options):
    options.seconds = max(options.seconds, LEAST_SECONDS)
    compare(options, "raw", [("against the bare epoll client", bare, 0.94)])
    compare(options, "HTTP", [("against the bare epoll client", bare, 0.94), ("against wrk", wrk, 1.1),
                              ("against h2load", h2load, 1.13)])
    for scheme in ("raw", "HTTP"):
        for share in OPEN_SHARES:
            open_against_closed(options, scheme, share)
    spin_against_sleep(options)
