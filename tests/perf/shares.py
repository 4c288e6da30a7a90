#!/usr/bin/env python3
"""How evenly the kernel deals connections out to the processes of `echo-coroutine --processes N`.

    shares.py BIN_DIR [--times 300]

Opens so many connections at once, asks the server how many the fullest process has, closes them, and
does it again. Beside the mean stands what it is if each connection goes anywhere with equal chance.
"""

import argparse
import socket
import statistics
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "support"))

import servers

CASES = [(2, 8), (4, 8), (2, 64), (4, 64), (8, 64)]  # processes, connections


def chance_of_at_most(most, connections, processes):
    """That no process has more. Process by process: how many are dealt so far, with which chance."""
    dealt = {0: 1.0}
    for others in range(processes - 1, 0, -1):
        share = 1 / (others + 1)  # of those that are left
        after = {}
        for so_far, chance in dealt.items():
            left = connections - so_far
            here = (1 - share) ** left
            for count in range(min(most, left) + 1):
                after[so_far + count] = after.get(so_far + count, 0) + chance * here
                here *= (left - count) / (count + 1) * share / (1 - share)
        dealt = after
    return sum(chance for so_far, chance in dealt.items() if connections - so_far <= most)


def expected_most(connections, processes):
    least = -(-connections // processes)
    return least + sum(1 - chance_of_at_most(most, connections, processes) for most in range(least, connections))


def when(server, connections):
    """/stats, once so many are open, the one that asks among them."""
    while (stats := server.stats())["connections"]["now"] != connections:
        pass
    return stats


def fullest(server, connections):
    when(server, 1)
    clients = [socket.create_connection((server.host, server.port)) for _ in range(connections - 1)]
    try:
        return when(server, connections)["processes"]["most_connections"]
    finally:
        for client in clients:
            client.close()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("bin_dir")
    parser.add_argument("--times", type=int, default=300)
    options = parser.parse_args()
    print("processes  connections  fullest has, with its 95 % interval  by chance")
    for processes, connections in CASES:
        with servers.Server([f"{options.bin_dir}/echo-coroutine", "--port", "0", "--processes",
                             str(processes)]) as server:
            seen = [fullest(server, connections) for _ in range(options.times)]
        error = 1.96 * statistics.stdev(seen) / len(seen) ** 0.5
        has = f"{statistics.mean(seen):.2f} +- {error:.2f}"
        print(f"{processes:9}  {connections:11}  {has:35}  {expected_most(connections, processes):.2f}", flush=True)


if __name__ == "__main__":
    main()
