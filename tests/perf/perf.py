#!/usr/bin/env python3
"""Our servers beside reference servers, as ratios of requests per server CPU-second.

    perf.py BIN_DIR [--rounds 7] [--seconds 1] [--connections 64] [--only TEXT]

A and B of a comparison run in turns, each freshly started: the server on one CPU, the generator (the
bare client of this folder, so that it is never the limit) on another. Printed are medians over the
rounds, the ratio of each round's pair with its quartiles, and the ratio to reach. Then the system
calls that one raw echo takes, counted by strace. What is not installed is skipped, with the reason.
"""

import argparse
import os
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

RAW = ("raw", "64")
HTTP = ("http", "/echo/hi")

NGINX = """daemon off; worker_processes 1; pid {folder}/pid; error_log stderr crit;
events {{ worker_connections 1024; }}
http {{ access_log off; keepalive_requests 1000000000; keepalive_timeout 60s;
  client_body_temp_path {folder}/a; proxy_temp_path {folder}/b; fastcgi_temp_path {folder}/c;
  uwsgi_temp_path {folder}/d; scgi_temp_path {folder}/e;
  server {{ listen 127.0.0.1:{port} backlog=4096; location / {{ return 200 "hi"; }} }} }}
"""


def ours(model, *flags):
    return [f"echo-{model}", "--port", "0", *flags]


def comparisons(connections):
    """(name, load, A, B, least ratio of A to B)."""
    n = str(connections)
    pool = ("--start-workers", n, "--min-spare", "1", "--max-spare", n, "--max-workers", str(connections + 8))
    return [
        ("coroutine, raw: against the epoll floor", RAW, ours("coroutine"), ["epoll_echo"], 0.92),
        ("coroutine, raw: against Asio as documented", RAW, ours("coroutine"), ["asio_echo"], 1.0),
        ("coroutine, HTTP: against nginx return 200", HTTP, ours("coroutine"), ["nginx"], 1.1),
        ("threads --gil off, raw: against bare threads", RAW, ours("threads", "--gil", "off"),
         ["bare_thread_echo"], 0.92),
        ("prefork, raw: against bare processes", RAW, ours("prefork", *pool),
         ["bare_prefork_echo", n], 0.92),
    ]


# (name, server, most calls per echo beside waits that several connections share)
CALLS = [
    ("prefork", ours("prefork"), 2),
    ("threads --gil off", ours("threads", "--gil", "off"), 2),
    ("coroutine", ours("coroutine"), 3),
    ("epoll floor", ["epoll_echo"], 2),
]
SHARED_WAITS = ("epoll_wait", "epoll_pwait", "epoll_pwait2")


class Server:
    """A running server; ends with the block."""

    def __init__(self, options, argv):
        self.folder = None
        if argv[0] == "nginx":
            argv = self.nginx()
        else:
            argv = [f"{options.bin_dir}/{argv[0]}", *argv[1:]]
            self.port = None
        self.process = subprocess.Popen(argv, stdout=subprocess.PIPE, text=True,
                                        preexec_fn=lambda: os.sched_setaffinity(0, options.cpus[:1]))
        if self.port is None:
            ready = self.process.stdout.readline()
            if "port=" not in ready:
                sys.exit(f"error: {argv[0]} said {ready!r} instead of its ready line")
            self.port = ready.split("port=")[1].split()[0]
        else:
            self.wait_for_port()

    def nginx(self):
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = str(free.getsockname()[1])
        self.folder = tempfile.mkdtemp()
        config = Path(self.folder, "nginx.conf")
        config.write_text(NGINX.format(folder=self.folder, port=self.port))
        return ["nginx", "-c", str(config), "-p", self.folder]

    def wait_for_port(self):
        for _ in range(200):
            try:
                socket.create_connection(("127.0.0.1", int(self.port))).close()
                return
            except OSError:
                time.sleep(0.02)
        sys.exit("error: nginx does not listen")

    def group(self):
        """Its pid and those of all its descendants."""
        pids = [self.process.pid]
        for pid in pids:
            for children in Path(f"/proc/{pid}/task").glob("*/children"):
                pids += [int(child) for child in children.read_text().split()]
        return pids

    def cpu_s(self):
        """CPU time of the group so far; of a process that means all its threads, ended ones too."""
        return sum(time.clock_gettime(~pid << 3 | 2) for pid in self.group())  # as in clock_getres(2)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for pid in self.group():  # the supervisor first: it would report and replace the others
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass  # it went with its parent
        self.process.wait()
        if self.folder:
            shutil.rmtree(self.folder)


def client(options, port, load, seconds):
    return subprocess.Popen(
        [f"{options.bin_dir}/epoll_client", port, str(options.connections), str(seconds), *load],
        stdout=subprocess.PIPE, text=True,
        preexec_fn=lambda: os.sched_setaffinity(0, options.cpus[-1:]))


def per_cpu_second(options, argv, load):
    with Server(options, argv) as server:
        before = server.cpu_s()
        run = client(options, server.port, load, options.seconds)
        out, _ = run.communicate(timeout=60 + options.seconds)
        used = server.cpu_s() - before
    if run.returncode != 0:
        sys.exit(f"error: the client failed against {argv[0]}")
    return int(out.split("total=")[1].split()[0]) / used


def compare(options, name, load, a, b, least):
    if b[0] == "nginx" and shutil.which("nginx") is None:
        print(f"{name:46} skipped: nginx is not installed")
        return
    rates = {"a": [], "b": []}
    for turn in range(options.rounds):
        for which in ("ab", "ba")[turn % 2]:
            rates[which].append(per_cpu_second(options, a if which == "a" else b, load))
    ratios = sorted(x / y for x, y in zip(rates["a"], rates["b"]))
    ratio = statistics.median(ratios)
    low, high = ratios[len(ratios) // 4], ratios[(3 * len(ratios)) // 4]
    verdict = "reached" if ratio >= least else "NOT reached"
    print(f"{name:46} {statistics.median(rates['a']):9.0f} {statistics.median(rates['b']):9.0f}   "
          f"{ratio:5.3f} [{low:.3f} {high:.3f}]   {least:4.2f} {verdict}", flush=True)


def calls_of(options, argv):
    """System calls by name of one second in the middle of a run, all connections busy."""
    report = Path(tempfile.mkdtemp(), "calls")
    with Server(options, argv) as server:
        run = client(options, server.port, RAW, 3)
        time.sleep(0.7)
        attach = [word for pid in server.group() for word in ("-p", str(pid))]
        strace = subprocess.Popen(["strace", "-f", "-c", "-o", str(report), *attach],
                                  stderr=subprocess.PIPE, text=True)
        time.sleep(1)
        strace.terminate()
        _, said = strace.communicate(timeout=20)
        run.kill()
        run.wait()
    calls = {}
    for line in report.read_text().splitlines() if report.exists() else []:
        words = line.split()
        if len(words) >= 5 and words[3].isdigit() and words[-1] != "total":
            calls[words[-1]] = int(words[3])
    shutil.rmtree(report.parent)
    return calls, said


def count_calls(options, name, argv, most):
    calls, said = calls_of(options, argv)
    echoes = calls.get("sendto", 0)
    if echoes == 0:
        print(f"{name:20} skipped: strace saw nothing ({said.strip().splitlines()[-1:]})")
        return
    waits = sum(calls.get(wait, 0) for wait in SHARED_WAITS) / echoes
    own = sum(calls.values()) / echoes - waits
    parts = ", ".join(f"{call} {n / echoes:.2f}" for call, n in sorted(calls.items())
                      if n / echoes >= 0.005)
    # a call that was under way at either end of the second may be counted without its echo
    verdict = "reached" if own <= most * 1.02 + 0.02 else "NOT reached"
    print(f"{name:20} {own:5.2f} + {waits:.2f} shared waits   {most} {verdict:12} ({parts})", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("bin_dir")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--seconds", type=float, default=1)
    parser.add_argument("--connections", type=int, default=64)
    parser.add_argument("--only", default="", help="comparisons whose name contains this")
    options = parser.parse_args()
    options.cpus = sorted(os.sched_getaffinity(0))
    if len(options.cpus) == 1:
        print("one CPU only: server and generator share it, ratios are blurred")

    print(f"{options.connections} connections, 64 B raw or GET /echo/hi; "
          f"requests per server CPU-second, {options.rounds} rounds\n")
    print(f"{'':46} {'A':>9} {'B':>9}   ratio [quartiles]      to reach")
    for row in comparisons(options.connections):
        if options.only in row[0]:
            compare(options, *row)
    if shutil.which("strace") is None:
        print("\nsystem calls per raw echo: skipped, strace is not installed")
        return
    print("\nsystem calls per raw echo")
    for row in CALLS:
        if options.only in row[0]:
            count_calls(options, *row)


main()
