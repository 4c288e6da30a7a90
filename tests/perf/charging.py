#!/usr/bin/env python3
"""How far off is the CPU time that a server is charged? On loopback the sender's system call does most of
the receiver's work in the kernel: the server pays for its clients' receiving, and they for its own.

    charging.py BIN_DIR [--rounds 9] [--seconds 1] [--connections 64] [--rate R] [--models M,...] [--json FILE]

The server on one CPU, the generator on another, in turns over loopback and between two network namespaces
joined by a veth pair. There each end's packets are steered to its own CPU (rps_cpus), so that the busy
time of the server's CPU (/proc/stat: user, system, interrupts) is all that the server costs and nothing that
its clients do. The factor is that, per request, over what the server's processes were charged per request
on loopback: multiply a charged figure with it. Medians over the rounds with their 95 % intervals.

Needs root, two CPUs, iproute2; else it says "not testable here" and why. Makes two namespaces without
names and leaves nothing behind, also when a signal ends it.
"""

import argparse
import json
import math
import os
import signal
import statistics
import subprocess
import sys
import time
from pathlib import Path

import namespaces
from namespaces import NotTestable
from peers import ours, servers

MODELS = ("prefork", "threads", "coroutine")
PROTOCOLS = {"raw": "tcp://{}", "HTTP": "http://{}/echo/hi"}
# What decides who is charged for an interrupt: without IRQ_TIME_ACCOUNTING the process that it interrupts.
OPTIONS = ("IRQ_TIME_ACCOUNTING", "VIRT_CPU_ACCOUNTING", "VIRT_CPU_ACCOUNTING_GEN", "TICK_CPU_ACCOUNTING", "RPS")
QUIET = 0.02  # the share of the machine that others may use


# --- Figures ---

def median_interval(values, confidence=0.95):
    """The order statistics between which the median lies that often at least, whatever the distribution
    (binomial); None where there are too few values for any."""
    ordered, n = sorted(values), len(values)
    outside = 0.0  # the chance that the median lies below ordered[k]
    best = None
    for k in range((n + 1) // 2):
        outside += math.comb(n, k) / 2**n
        if 1 - 2 * outside < confidence:
            break
        best = ordered[k], ordered[n - 1 - k]
    return best


def busy_s(before, after, elapsed):
    """Seconds for which a CPU was not idle, from its /proc/stat lines; what the host took is not ours."""
    hz = os.sysconf("SC_CLK_TCK")
    idle, iowait, steal = ((after[i] - before[i]) / hz for i in (3, 4, 7))
    return max(elapsed - idle - iowait - steal, 0.0)


def summary(rounds):
    """Of one model and protocol: each figure's median over the rounds, the factor with its interval."""
    names = ("charged_loopback_us", "charged_veth_us", "busy_loopback_us", "busy_veth_us")
    out = {name: statistics.median(one[name] for one in rounds) for name in names}
    factors = [one["busy_veth_us"] / one["charged_loopback_us"] for one in rounds]
    out["factor"] = statistics.median(factors)
    out["factor_ci95"] = median_interval(factors)
    out["others"] = max(one["others"] for one in rounds)
    out["rounds"] = len(rounds)
    return out


# --- Measuring ---

def cpu_lines():
    """The fields of each CPU's line in /proc/stat, in ticks."""
    lines = (line.split() for line in Path("/proc/stat").read_text().splitlines())
    return {int(words[0][3:]): [int(word) for word in words[1:]]
            for words in lines if words[0].startswith("cpu") and words[0] != "cpu"}


def cpu_s_of(pid):
    """CPU time of all threads of that process so far, ended ones too; as in clock_getres(2)."""
    return time.clock_gettime(~pid << 3 | 2)


def cpu_s_by_process():
    """Of every process but the kernel's own threads, which work for everybody."""
    found = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except OSError:  # it has just ended
            continue
        if fields[1] != "2" and stat.parent.name != "2":
            found[int(stat.parent.name)] = (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
    return found


def arguments(model, connections):
    if model != "prefork":
        return ours(model)
    n = str(connections + 1)
    return ours(model, "--start-workers", n, "--min-spare", "1", "--max-spare", n, "--max-workers", n)


class Side:
    """Where both run: on loopback, or in the namespaces of a pair."""

    def __init__(self, options, pair=None):
        self.options, self.pair = options, pair

    def server(self, model):
        program, *flags = arguments(model, self.options.connections)
        command = [f"{self.options.bin_dir}/{program}", *flags]
        if self.pair:
            command = self.pair.server.command(*command, "--host", self.pair.server.address)
        return servers.Server(command, cpus=[self.options.server_cpu])

    def load(self, server, protocol):
        """Requests that were answered."""
        o = self.options
        command = [f"{o.bin_dir}/loadgen", "run", PROTOCOLS[protocol].format(server.where), "-c", str(o.connections),
                   "-d", f"{round(o.seconds * 1000)}ms", "--warmup", "0s", "--json", "-", "--quiet"]
        if o.rate:
            command += ["-R", str(o.rate)]
        if self.pair:
            command = self.pair.client.command(*command)
        ran = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                             text=True, check=False,
                             preexec_fn=lambda: os.sched_setaffinity(0, [o.client_cpu]))
        if ran.returncode not in (0, 3):  # INVALID for the sake of a busy machine is said by ourselves
            sys.exit(f"error: {' '.join(command)}: {ran.stderr.strip()}")
        books = json.loads(ran.stdout)["total_accounting"]
        if books["completed"] == 0:
            sys.exit(f"error: {' '.join(command)}: nothing was answered")
        return books["completed"]

    def measure(self, model, protocol):
        """Of one server and one load, from before it to after it: charged and busy time per request."""
        cpu = self.options.server_cpu
        with self.server(model) as server:
            group = server.group()
            everybody, lines = cpu_s_by_process(), cpu_lines()[cpu]
            begin, charged = time.monotonic(), sum(map(cpu_s_of, group))
            requests = self.load(server, protocol)
            elapsed, charged = time.monotonic() - begin, sum(map(cpu_s_of, group)) - charged
            busy = busy_s(lines, cpu_lines()[cpu], elapsed)
            ours_too = {*group, os.getpid()}
            others = sum(used - everybody.get(pid, 0) for pid, used in cpu_s_by_process().items()
                         if pid not in ours_too)
        return {"charged_us": charged / requests * 1e6, "busy_us": busy / requests * 1e6,
                "others": others / elapsed / os.cpu_count()}


def measure_all(options, pair):
    """By model and protocol, what each round found; loopback and veth in turns, the first of them too."""
    sides = {"loopback": Side(options), "veth": Side(options, pair)}
    rounds = {(model, protocol): [] for model in options.models for protocol in PROTOCOLS}
    for turn in range(options.rounds):
        for (model, protocol), found in rounds.items():
            one = {"others": 0.0}
            for name in sorted(sides, reverse=turn % 2 == 1):
                seen = sides[name].measure(model, protocol)
                one[f"charged_{name}_us"], one[f"busy_{name}_us"] = seen["charged_us"], seen["busy_us"]
                one["others"] = max(one["others"], seen["others"])
            found.append(one)
        print(f"round {turn + 1} of {options.rounds}", file=sys.stderr, flush=True)
    return {key: summary(found) for key, found in rounds.items()}


# --- Words ---

def kernel_line():
    built = namespaces.kernel_options(OPTIONS)
    return f"Linux {os.uname().release}; " + ", ".join(f"{name}={value}" for name, value in built.items())


def table(found):
    lines = ["| server | load | charged, loopback | charged, veth | busy, loopback | busy, veth | factor (95 %) |",
             "|---|---|---|---|---|---|---|"]
    for (model, protocol), s in found.items():
        ci = s["factor_ci95"]
        interval = f"{ci[0]:.2f} to {ci[1]:.2f}" if ci else f"too few rounds for an interval"
        lines.append(f"| {model} | {protocol} | {s['charged_loopback_us']:.2f} us | {s['charged_veth_us']:.2f} us "
                     f"| {s['busy_loopback_us']:.2f} us | {s['busy_veth_us']:.2f} us "
                     f"| {s['factor']:.2f} ({interval}) |")
    return "\n".join(lines)


def doubts(found):
    most = max(s["others"] for s in found.values())
    if most <= QUIET:
        return ""
    return (f"! Others used up to {most * 100:.0f} % of the machine meanwhile, which counts as busy time: "
            "repeat it on a quiet machine.\n")


def parse(argv):
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("bin_dir", help="where our programs are: build/bin")
    parser.add_argument("--rounds", type=int, default=9, help="six or more give an interval")
    parser.add_argument("--seconds", type=float, default=1.0, help="length of each load")
    parser.add_argument("--connections", type=int, default=64)
    parser.add_argument("--rate", type=float, default=0, help="requests/s; 0: as fast as replies come")
    parser.add_argument("--models", default=",".join(MODELS))
    parser.add_argument("--json", help="write what was found to this file")
    options = parser.parse_args(argv)
    options.models = options.models.split(",")
    for model in options.models:
        if model not in MODELS:
            parser.error(f"--models: no model '{model}', write some of {','.join(MODELS)}")
    if not Path(options.bin_dir, "loadgen").exists():
        parser.error(f"BIN_DIR: there is no loadgen in {options.bin_dir}, `make build` puts it in build/bin")
    if options.json and not os.access(Path(options.json).resolve().parent, os.W_OK):
        parser.error(f"--json: cannot write {options.json}")
    for flag in ("rounds", "seconds", "connections"):
        if getattr(options, flag) <= 0:
            parser.error(f"--{flag}: must be above 0")
    if options.rate < 0:
        parser.error("--rate: must be 0 or above")
    return options


def run(options):
    cpus = sorted(os.sched_getaffinity(0))
    if len(cpus) < 2:
        raise NotTestable("server and client need a CPU each, and this process may use one")
    options.server_cpu, options.client_cpu = cpus[0], cpus[-1]
    os.sched_setaffinity(0, [options.client_cpu])  # we too leave the server's CPU alone
    with namespaces.Pair(options.server_cpu, options.client_cpu) as pair:
        found = measure_all(options, pair)
    load = f"{options.rate:g} requests/s" if options.rate else "closed loop"
    print(f"{time.strftime('%Y-%m-%d')}, {kernel_line()}\nserver on CPU {options.server_cpu}, generator on CPU "
          f"{options.client_cpu}; {options.connections} connections, {load}; {options.rounds} rounds of "
          f"{options.seconds:g} s; CPU time per request\n\n{table(found)}\n\n{doubts(found)}"
          "factor: busy time of the server's CPU over veth / what its processes were charged over loopback")
    if options.json:
        rows = [{"model": model, "load": protocol, **s} for (model, protocol), s in found.items()]
        Path(options.json).write_text(json.dumps({"kernel": os.uname().release,
                                                  "kernel_options": namespaces.kernel_options(OPTIONS),
                                                  "rows": rows}, indent=2) + "\n")


def main(argv=None):
    options = parse(argv)
    for number in (signal.SIGTERM, signal.SIGHUP):  # as Ctrl-C: what was started is ended
        signal.signal(number, lambda which, _: sys.exit(f"error: ended by signal {which}"))
    try:
        run(options)
    except NotTestable as missing:
        print(f"not testable here: {missing}")
    except KeyboardInterrupt:
        sys.exit("interrupted")
    finally:
        servers.end_children()


if __name__ == "__main__":
    main()
