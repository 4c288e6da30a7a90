#!/usr/bin/env python3
"""What one more connection costs its client, by how many the client's address already has to that server.

    python3 tests/perf/ports.py [--connections 19000] [--sources 1,2]

On loopback, to a listener in a process of its own. The kernel looks for a port within the call of connect(): half
of the range (net.ipv4.ip_local_port_range) is found at once, in the other half it looks through the first for
every connection. CPU time of this process, a row for every 2,000 connections.
"""

import argparse
import contextlib
import os
import resource
import signal
import socket
import struct
import sys
import time

STEP = 2000
BIND_ADDRESS_NO_PORT = 24  # linux/in.h: the port is chosen by connect(), for its destination
SPARE_DESCRIPTORS = 20


@contextlib.contextmanager
def listener():
    """The port of a process that accepts and keeps."""
    with socket.create_server(("127.0.0.1", 0), backlog=4096) as listening:
        pid = os.fork()
        if pid == 0:
            kept = []
            while True:
                kept.append(listening.accept())
        try:
            yield listening.getsockname()[1]
        finally:
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)


def connected(port, source):
    one = socket.socket()
    one.setsockopt(socket.IPPROTO_IP, BIND_ADDRESS_NO_PORT, 1)
    one.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))  # reset: none in TIME_WAIT
    one.bind((source, 0))
    one.connect(("127.0.0.1", port))
    return one


def measure(connections, sources):
    held, since = [], time.process_time()
    with listener() as port:
        while len(held) < connections:
            held.append(connected(port, f"127.0.0.{1 + len(held) % sources}"))
            if len(held) % STEP == 0:
                now = time.process_time()
                print(f"{sources:7}  {len(held):11,}  {(now - since) / STEP * 1e6:10.0f}", flush=True)
                since = time.process_time()
        for one in held:
            one.close()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--connections", type=int, default=19000)
    parser.add_argument("--sources", default="1,2", help="numbers of source addresses to try")
    options = parser.parse_args()
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    if options.connections + SPARE_DESCRIPTORS > hard:
        sys.exit(f"error: --connections: {hard} descriptors are the limit here (ulimit -Hn)")
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    print("sources  connections  us a connect")
    for sources in options.sources.split(","):
        measure(options.connections, int(sources))


main()
