#!/usr/bin/env python3
"""py-threads: a thread per connection, in a real CPython under its real lock."""

from __future__ import annotations

import os
import socket
import sys
import threading
import time
from typing import List, Optional, Set

from blocking_peer import BlockingPeer
from counters import CLOSED, OPENED, REFUSED, RESETS, Field, Stats, add, new_counters
from protocol import CLOSE, COMPUTE, READ, SHUT_DOWN, WAIT, WRITE, Context, Session
from server import (EXIT_FAILED, Options, StopSignals, command_line, duration, is_shortage, listen, log_line,
                    prepare_process, print_ready)
from work import Burner

_BURST = 64  # accepts between two looks at the signals
_MOST_REFUSALS = 64  # threads for connections that are turned away; more are closed without a word
_PAUSE = 0.05  # seconds; out of descriptors, memory or threads


# The model: a thread of its own for each connection, so its calls may block. The same code as prefork's: that the lock
# is given up for as long as recv, send or sleep block, and taken from a thread that computes, the interpreter sees to.
def serve(session: Session, peer: BlockingPeer, burner: Burner) -> None:
    while True:
        step = session.next()
        if step.kind == READ:
            session.took(peer.receive())
        elif step.kind == WRITE:
            session.sent(peer.send(step.data))
        elif step.kind == COMPUTE:
            burner.burn(step.seconds, step.work)
        elif step.kind == WAIT:
            time.sleep(step.seconds)
        elif step.kind == SHUT_DOWN:
            peer.shut_down()
        elif step.kind == CLOSE:
            return


class Connection:
    """What the others may see of a thread."""

    def __init__(self, connection: socket.socket, refused: bool) -> None:
        self.socket = connection
        self.refused = refused
        self.counters = new_counters()
        self.peer: Optional[BlockingPeer] = None


def _open_reserve() -> Optional[int]:
    """None: somebody else was faster in taking the last descriptor."""
    try:
        return os.open(os.devnull, os.O_RDONLY)
    except OSError:
        return None


class ThreadsOptions(Options):
    switch_interval: float


class Server:
    def __init__(self, options: Options, listener: socket.socket, signals: StopSignals) -> None:
        self._options = options
        self._limits = options.limits()
        self._listener = listener
        self._signals = signals
        self._burner = Burner()
        self._context = Context(options.settings(), self._stats, time.time)
        self._started = time.monotonic()
        self._lock = threading.Lock()  # of what follows; threads are added by the main thread only
        self._running: Set[Connection] = set()
        self._refusals = 0  # of them, those that are turned away
        self._ended = new_counters()  # sums of the connections that ended
        self._reserve = _open_reserve()

    def run(self) -> bool:
        """False: connections were left behind."""
        self._listener.setblocking(False)  # a connection may go before it is accepted
        pause = False
        while not self._signals.stops:
            if pause:
                self._signals.wait(_PAUSE)
            else:
                self._signals.wait(None, self._listener)
            pause = self._accept_waiting()
        return self._drain()

    def _accept_waiting(self) -> bool:
        """True: something is out, so it is better to wait a little."""
        for _ in range(_BURST):
            if self._signals.stops:
                return False
            try:
                connection, _ = self._listener.accept()
            except BlockingIOError:
                return False
            except OSError as error:
                if is_shortage(error):
                    self._shed_one()
                return True
            self._start(connection)
        return False

    def _shed_one(self) -> None:
        """Out of descriptors: the connection that waits is closed, so that its peer knows."""
        if self._reserve is not None:
            os.close(self._reserve)
        try:
            self._listener.accept()[0].close()
            self._count_refused()
        except OSError:
            pass
        self._reserve = _open_reserve()

    def _start(self, accepted: socket.socket) -> None:
        refused = len(self._running) - self._refusals >= self._options.max_connections
        connection = Connection(accepted, refused)
        if refused and self._refusals >= _MOST_REFUSALS:
            return self._drop(connection)
        with self._lock:
            self._running.add(connection)
            self._refusals += refused
        try:
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()
        except (RuntimeError, MemoryError):  # the system has no more threads, or no memory for the stack
            self._forget(connection)
            self._drop(connection)

    def _drop(self, connection: Connection) -> None:
        connection.socket.close()
        self._count_refused()

    def _count_refused(self) -> None:
        with self._lock:
            self._ended[REFUSED] += 1

    def _forget(self, connection: Connection) -> None:
        with self._lock:
            self._running.discard(connection)
            self._refusals -= connection.refused
            add(self._ended, connection.counters)

    def _serve(self, connection: Connection) -> None:
        session = Session(self._context, connection.counters, connection.refused)
        try:
            connection.peer = BlockingPeer(connection.socket, session, self._context, self._limits)
            serve(session, connection.peer, self._burner)
        except (OSError, MemoryError):  # this connection goes, the server stays
            connection.counters[RESETS] += 1
        finally:
            session.end()
            connection.socket.close()
            self._forget(connection)
            if self._context.draining:
                self._signals.wake()

    def _drain(self) -> bool:
        self._listener.close()
        self._context.draining = True
        with self._lock:
            running = list(self._running)
        for connection in running:
            if connection.peer is not None:  # one that is only beginning sees the drain itself
                connection.peer.stop_if_idle()
        while self._running:
            left = self._signals.deadline(self._options.drain_timeout) - time.monotonic()
            if left <= 0:
                return False
            self._signals.wait(left)
        return True

    def _stats(self) -> Stats:
        totals = new_counters()
        with self._lock:
            add(totals, self._ended)
            for connection in self._running:
                add(totals, connection.counters)
        gil = getattr(sys, "_is_gil_enabled", lambda: True)()
        own: List[Field] = [
            Field("running", "Threads that serve a connection", totals[OPENED] - totals[CLOSED]),
            Field("gil", "1: threads share the interpreter's lock; 0: free-threaded", int(gil)),
            Field("switch_interval_us", "How long a thread waits before it asks for the lock",
                  sys.getswitchinterval() * 1e6),
        ]
        return Stats(self._options.model, [os.getpid()], time.monotonic() - self._started, totals, "threads", own)


def parse_options() -> ThreadsOptions:
    parser = command_line("Echo server in Python, one thread per connection", "py-threads", 7012)
    parser.add_argument("--switch-interval", default=f"{sys.getswitchinterval() * 1e3:g}ms", metavar="DURATION",
                        type=duration(3600.0, 1e-6),
                        help="how long a thread waits before it asks for the interpreter's lock")
    return parser.parse_args(namespace=ThreadsOptions())


def main() -> int:
    options = parse_options()
    prepare_process(options)
    signals = StopSignals()
    sys.setswitchinterval(options.switch_interval)
    listener = listen(options)
    server = Server(options, listener, signals)
    print_ready(options, listener)
    if server.run():
        return 0
    log_line(options, "left before all connections had finished")
    os._exit(EXIT_FAILED)  # their threads still run


if __name__ == "__main__":
    sys.exit(main())
