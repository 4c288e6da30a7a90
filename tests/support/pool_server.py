#!/usr/bin/env python3
"""A pool of workers whose best number follows from arithmetic: each request waits, then costs CPU time, in a worker
that serves one at a time, as a synchronous worker of gunicorn does. Each worker holds memory of its own.

    pool_server.py PORT --workers 8 --wait 20 --cpu 1 --mib 4     (milliseconds, MiB)
"""

import argparse
import os
import signal
import socket
import time

REPLY = b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\nConnection: close\r\n\r\nok\n"


def burn(seconds):
    end = time.thread_time() + seconds
    while time.thread_time() < end:
        pass


def work(listener, wait, cpu, mib):
    held = bytearray(os.urandom(1 << 20) * mib)  # of its own, not shared with the parent
    while held is not None:
        connection, _ = listener.accept()
        with connection:
            request = b""
            while b"\r\n\r\n" not in request:
                piece = connection.recv(4096)
                if not piece:
                    break
                request += piece
            else:
                time.sleep(wait)
                burn(cpu)
                try:
                    connection.sendall(REPLY)
                except OSError:  # the client has given up
                    pass


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("port", type=int)
    parser.add_argument("--workers", type=int, required=True)
    parser.add_argument("--wait", type=float, default=0)
    parser.add_argument("--cpu", type=float, default=0)
    parser.add_argument("--mib", type=int, default=0)
    given = parser.parse_args()
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind(("127.0.0.1", given.port))
    listener.listen(1024)
    for _ in range(given.workers):
        if os.fork() == 0:
            try:
                work(listener, given.wait / 1000, given.cpu / 1000, given.mib)
            finally:
                os._exit(1)
    signal.pause()


if __name__ == "__main__":
    main()
