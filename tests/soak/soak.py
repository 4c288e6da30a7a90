#!/usr/bin/env python3
"""Integrity soak: mixed load, churn, hostile clients and (prefork) killed workers, for a set time.

For each model a server is started once and lives through many short phases. After each phase:
every reply was byte-exact, the generator's books balance, the server's own counters moved by what
the generator counted. Over all phases: memory, descriptors and processes show no upward trend.

    soak.py --bin build/bin --seconds 600 [--model prefork] [--seed 1]

Ends with "N passed, N failed"; exit status 1 when a check failed. Load goes to loopback only.
"""
import argparse
import json
import os
import random
import re
import signal
import socket
import statistics
import struct
import subprocess
import sys
import threading
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "support"))

import servers

MODELS = ("prefork", "threads", "coroutine", "coroutine-x2")
SUPERVISED = ("prefork", "coroutine-x2")  # whose workers are replaced
# Enough workers for every connection of a phase, and recycling, so that it is part of the test.
FLAGS = {
    "prefork": ["--start-workers", "40", "--min-spare", "10", "--max-spare", "40",
                "--max-workers", "48", "--max-connections-per-worker", "500"],
    "threads": [],
    "coroutine": ["--yield-every", "100us"],
    "coroutine-x2": ["--yield-every", "100us", "--processes", "2"],
}
PHASES = {
    "raw": ["tcp://{}", "-c", "16", "--size", "700"],
    "raw_large": ["tcp://{}", "-c", "8", "--size", "100KiB"],
    "http": ["http://{}/echo/hello%20soak", "-c", "16"],
    "post": ["http://{}/echo", "-c", "8", "-X", "POST", "--size", "20KiB"],
    "wait": ["http://{}/echo/x?wait=2ms", "-c", "16"],
    "cpu": ["http://{}/echo/x?cpu=300us", "-c", "8"],
    "churn": ["http://{}/echo/x", "-c", "8", "--requests-per-connection", "3"],
    "open": ["http://{}/echo/x", "-c", "16", "-R", "2000", "--arrival", "poisson"],
}
PHASE_SECONDS = 2
TREND_PHASES = 40  # fewer say nothing of a trend


class Server(servers.Server):
    """A server that stays up during the whole soak of its model."""

    def __init__(self, bin_dir, model):
        program = f"{bin_dir}/echo-{model.removesuffix('-x2')}"
        super().__init__([program, "--port", "0", *FLAGS[model]], stderr=subprocess.PIPE)
        self.model = model
        self.log = []
        threading.Thread(target=self._read_log, daemon=True).start()
        self.asked = 0  # our own requests, which the server counts too

    def _read_log(self):
        for line in self.process.stderr:
            self.log = self.log[-50:] + [line.rstrip()]

    def stats(self):
        self.asked += 1
        return super().stats()

    def footprint(self):
        """(private bytes, descriptors) of all its processes, per process."""
        memory, descriptors, processes = 0, 0, 0
        for pid in self.group():
            try:
                with open(f"/proc/{pid}/smaps_rollup") as text:
                    memory += 1024 * sum(map(int, re.findall(r"Private_\w+: +(\d+)", text.read())))
                descriptors += len(os.listdir(f"/proc/{pid}/fd"))
                processes += 1
            except (FileNotFoundError, ProcessLookupError):
                pass  # it ended meanwhile
        return memory / processes, descriptors / processes


class Killer(threading.Thread):
    """Kills a random worker every now and then while it runs. Young ones are spared: workers that
    die at once are replaced only after growing pauses, which is right and not what is tested."""

    SPARED_SECONDS = 2

    def __init__(self, server, rng):
        super().__init__()
        self.server, self.rng, self.done, self.kills = server, rng, threading.Event(), 0
        self.first_seen = {pid: 0 for pid in server.group()}

    def run(self):
        while not self.done.wait(0.2):
            workers, now = self.server.group()[1:], time.monotonic()
            grown = [pid for pid in workers
                     if now - self.first_seen.setdefault(pid, now) > self.SPARED_SECONDS]
            if grown:
                try:
                    os.kill(self.rng.choice(grown), signal.SIGKILL)
                    self.kills += 1
                except ProcessLookupError:
                    pass

    def finish(self):
        self.done.set()
        self.join()
        return self.kills


def vandalise(where, rng, rounds=150):
    """Clients that leave in the middle, send garbage, or never read."""
    host, port = where.rsplit(":", 1)
    for _ in range(rounds):
        peer = socket.create_connection((host, int(port)), timeout=10)
        try:
            peer.sendall(rng.choice([
                b"", b"GET / HT", b"POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 9999\r\n\r\nxx",
                b"GET / HTTP/1.1\r\nHost: a\r\nbad header\r\n\r\n", rng.randbytes(3000),
                b"POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"]))
            if rng.random() < 0.7:  # leave with a reset
                peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        except OSError:
            pass
        peer.close()


def trend(values):
    """Kendall's tau against time, and by how much the last third lies over the first."""
    n = len(values)
    pairs = [(values[j] > values[i]) - (values[j] < values[i])
             for i in range(n) for j in range(i + 1, n)]
    third = max(1, n // 3)
    first, last = statistics.median(values[:third]), statistics.median(values[-third:])
    return sum(pairs) / max(1, len(pairs)), last - first


class Soak:
    def __init__(self, bin_dir, seed):
        self.bin, self.rng, self.passed, self.failed = bin_dir, random.Random(seed), 0, 0

    def check(self, good, message):
        if good:
            self.passed += 1
        else:
            self.failed += 1
            print(f"FAILED: {message}", flush=True)

    def load(self, server, name):
        words = [word.format(server.where) for word in PHASES[name]]
        run = subprocess.run(
            [f"{self.bin}/loadgen", "run", *words, "-d", f"{PHASE_SECONDS}s", "--warmup", "0s",
             "--quiet", "--seed", str(self.rng.randrange(1 << 30)), "--json", "-"],
            capture_output=True, text=True, timeout=120, check=False)
        if run.returncode not in (0, 3):
            self.check(False, f"{server.model} {name}: {run.stderr.strip()}")
            return None
        return json.loads(run.stdout)

    def quiet_requests(self, server):
        """The server's count of requests that were not ours, once it rests: only our connection is
        left, and the count stays (a connection may still wait for its thread)."""
        deadline, last = time.monotonic() + 30, None
        while True:
            stats = server.stats()
            count = stats["requests"] - server.asked
            rests = stats["connections"]["now"] <= 1 and count == last
            if rests or time.monotonic() > deadline:
                self.check(rests, f"{server.model}: it does not come to rest: {stats}")
                return count
            last = count
            time.sleep(0.25)

    def phase(self, server, name, kill):
        label = f"{server.model} {name}{' with kills' if kill else ''}"
        before = self.quiet_requests(server)
        killer = Killer(server, self.rng) if kill else None
        if killer:
            killer.start()
        result = self.load(server, name)
        kills = killer.finish() if killer else 0
        if result is None:
            return
        books = result["total_accounting"]
        self.check(books["scheduled"] == books["sent"] + books["unsent"] and
                   books["sent"] == sum(books[key] for key in
                                        ("completed", "failed", "timed_out", "in_flight")),
                   f"{label}: the books do not balance: {books}")
        self.check(result["errors"]["mismatch"] == 0 and result["errors"]["protocol"] == 0,
                   f"{label}: wrong bytes: {result['errors']}")
        if kills == 0:
            self.check(books["failed"] + books["timed_out"] == 0, f"{label}: {result['errors']}")
            if PHASES[name][0].startswith("http"):  # in raw echo each read counts
                counted = self.quiet_requests(server) - before
                self.check(books["completed"] <= counted <= books["sent"],
                           f"{label}: the server counted {counted}, the client {books}")
        else:
            self.check(result["requests"] > 0, f"{label}: nothing was served")

    def model(self, model, seconds):
        server = Server(self.bin, model)
        try:
            self.phases(server, model, seconds)
        except (OSError, subprocess.TimeoutExpired) as failure:  # it does not answer
            self.check(False, f"{model}: {failure!r}; its log ends with\n  " +
                       "\n  ".join(server.log[-20:]))
        self.check(server.stop() == 0, f"{model}: it did not end in order: {server.log[-3:]}")

    def phases(self, server, model, seconds):
        memory, descriptors, phases = [], [], 0
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            name = self.rng.choice(list(PHASES))
            self.phase(server, name, kill=model in SUPERVISED and self.rng.random() < 0.4)
            vandalise(server.where, self.rng)
            self.quiet_requests(server)
            used, open_files = server.footprint()
            memory.append(used)
            descriptors.append(open_files)
            phases += 1
            print(f"{model}: phase {phases}, {max(0, end - time.monotonic()):.0f} s left, "
                  f"{used / 1024:.0f} KiB private and {open_files:.1f} descriptors a process, "
                  f"{self.failed} failed", flush=True)
            if server.process.poll() is not None:
                self.check(False, f"{model}: it ended with {server.process.returncode}")
                return
        if phases >= TREND_PHASES:
            settled = phases // 3  # before that, pools and caches fill
            for what, values, noise in (("memory", memory, 256 * 1024),
                                        ("descriptors", descriptors, 2)):
                tau, growth = trend(values[settled:])
                self.check(not (tau > 0.4 and growth > noise),
                           f"{model}: {what} grows: tau {tau:.2f}, {growth:+.0f} a process")


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--bin", required=True, help="folder of the programs")
    parser.add_argument("--seconds", type=int, default=int(os.environ.get("SECONDS", "600")),
                        help="for each model; default: the environment's SECONDS, or 600")
    parser.add_argument("--model", choices=MODELS, action="append", help="default: all")
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    soak = Soak(args.bin, args.seed)
    for model in args.model or MODELS:
        soak.model(model, args.seconds)
    print(f"{soak.passed} passed, {soak.failed} failed")
    return 1 if soak.failed else 0


if __name__ == "__main__":
    sys.exit(main())
