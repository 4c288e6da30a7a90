#!/usr/bin/env python3
"""py-prefork: a fixed pool of worker processes, one connection each, as gunicorn's sync workers are. The supervisor
binds, listens, forks and replaces the dead; workers are not added and retired by load, as echo-prefork's are."""

from __future__ import annotations

import argparse
import errno
import fcntl
import mmap
import os
import signal
import socket
import sys
import time
from typing import Callable, Dict, List, NoReturn, Optional, Union, cast

from blocking_peer import BlockingPeer
from counters import CLOSED, COUNTERS, OPENED, RESETS, Counters, Field, Stats, add, new_counters
from heap import Heap
from protocol import CLOSE, COMPUTE, READ, SHUT_DOWN, WAIT, WRITE, Context, Failure, Session, Settings
from server import (EXIT_FAILED, Options, StopSignals, command_line, fail, is_shortage, listen, log_line, number,
                    prepare_process, print_ready, size)
from work import Burner

_TICK = 1.0  # seconds; a worker that dies sooner is replaced at the next one
_AGAIN = 0.05  # seconds between two orders to leave
_PAUSE = 0.1  # seconds; out of descriptors or memory
_MOST_WORKERS = 10_000


# The model: a process has one connection, so every call may block.
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


class PreforkOptions(Options):
    start_workers: int
    keep_alive: int  # HTTP requests that a connection may bring
    heap: int
    touch: float

    def settings(self) -> Settings:
        settings = super().settings()
        settings.requests_kept = self.keep_alive
        return settings


class HeapPeer(BlockingPeer):
    """Goes through some of the heap with each read that brings something, as a program answers from its objects."""

    heap: Heap

    def receive(self) -> Union[bytes, Failure]:
        read = super().receive()
        if read and not isinstance(read, Failure):
            self.heap.read_on()
        return read


class Scoreboard:
    """Memory that all processes share, two cache lines a worker: its counters, then the words below. Each has one
    writer, and a killed worker takes no count with it."""

    STATE, SEAT, PID, LEAVING = range(COUNTERS, COUNTERS + 4)
    DEAD, STARTING, IDLE, BUSY = range(4)
    _WORDS = 16

    def __init__(self, workers: int, seats: int) -> None:
        self._seats = seats
        self._file = os.memfd_create("scoreboard")
        os.ftruncate(self._file, workers * self._WORDS * 8)
        words = memoryview(mmap.mmap(self._file, workers * self._WORDS * 8)).cast("Q")
        self.rows = [cast(Counters, words[i * self._WORDS:(i + 1) * self._WORDS]) for i in range(workers)]
        self.spawned = self.died = 0  # the supervisor's; a worker sees them as they were when it was forked

    def take_seat(self, row: Counters) -> bool:
        """False: as many connections as --max-connections are being served."""
        if self._seats >= len(self.rows):
            return True
        fcntl.lockf(self._file, fcntl.LOCK_EX)  # given up by the kernel, too, when its holder is killed
        row[self.SEAT] = sum(other[self.SEAT] for other in self.rows) < self._seats
        fcntl.lockf(self._file, fcntl.LOCK_UN)
        return bool(row[self.SEAT])

    def vacate(self, row: Counters) -> None:
        """Its worker is dead, and so is the connection that it had."""
        row[CLOSED] = row[OPENED]
        row[self.SEAT] = row[self.PID] = row[self.LEAVING] = 0
        row[self.STATE] = self.DEAD

    def totals(self) -> Counters:
        totals = new_counters()
        for row in self.rows:
            add(totals, row)
        return totals

    def own(self) -> List[Field]:
        states = [row[self.STATE] for row in self.rows]
        return [
            Field("starting", "Workers not yet accepting", states.count(self.STARTING)),
            Field("idle", "Workers waiting for a connection", states.count(self.IDLE)),
            Field("busy", "Workers serving a connection", states.count(self.BUSY)),
        ]

    def pids(self) -> List[int]:
        return [row[self.PID] for row in self.rows if row[self.PID]]


class Worker:
    def __init__(self, options: Options, listener: socket.socket, board: Scoreboard, row: Counters, burner: Burner,
                 heap: Optional[Heap], started: float) -> None:
        self._options = options
        self._limits = options.limits()
        self._listener = listener
        self._board = board
        self._row = row
        self._burner = burner
        self._heap = heap
        self._started = started
        self._context = Context(options.settings(), self._stats, time.time)
        self._peer: Optional[BlockingPeer] = None

    def run(self) -> int:
        self._row[Scoreboard.PID] = os.getpid()
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # of the terminal: the supervisor passes it on
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        signal.signal(signal.SIGTERM, self._leave)
        while not self._context.draining:
            self._row[Scoreboard.STATE] = Scoreboard.IDLE
            try:
                connection, _ = self._listener.accept()
            except OSError as error:
                if is_shortage(error):
                    time.sleep(_PAUSE)
                elif error.errno == errno.EINVAL:  # the supervisor has shut it down: nobody accepts any more
                    break
                elif error.errno != errno.ECONNABORTED:
                    log_line(self._options, f"cannot accept: {error.strerror}")
                    return EXIT_FAILED
                continue
            self._row[Scoreboard.STATE] = Scoreboard.BUSY
            self._serve(connection)
        return 0

    def _serve(self, connection: socket.socket) -> None:
        session = Session(self._context, self._row, refused=not self._board.take_seat(self._row))
        try:
            self._peer = self._new_peer(connection, session)
            serve(session, self._peer, self._burner)
        except (OSError, MemoryError):  # this connection goes, the worker stays
            self._row[RESETS] += 1
        self._peer = None
        self._row[Scoreboard.SEAT] = 0
        session.end()
        connection.close()

    def _new_peer(self, connection: socket.socket, session: Session) -> BlockingPeer:
        if self._heap is None:
            return BlockingPeer(connection, session, self._context, self._limits)
        peer = HeapPeer(connection, session, self._context, self._limits)
        peer.heap = self._heap
        return peer

    def _leave(self, *_: object) -> None:
        self._context.draining = True
        self._row[Scoreboard.LEAVING] = 1
        if self._peer is not None:
            self._peer.stop_if_idle()

    def _stats(self) -> Stats:
        return Stats(self._options.model, [os.getppid(), *self._board.pids()], time.monotonic() - self._started,
                     self._board.totals(), "workers", self._board.own())


class Supervisor:
    def __init__(self, options: PreforkOptions, listener: socket.socket, signals: StopSignals) -> None:
        self._options = options
        self._listener = listener
        self._signals = signals
        self._burner = Burner()  # measured once, before the workers inherit it
        self._heap = Heap(options.heap, options.touch) if options.heap else None
        self._board = Scoreboard(options.start_workers, options.max_connections)
        self._workers: Dict[int, int] = {}  # pid to slot
        self._started = time.monotonic()
        self._die_with_parent = _parent_death_signal()

    def run(self) -> bool:
        """False: connections were left behind."""
        next_tick = 0.0
        while not self._signals.stops:
            if time.monotonic() >= next_tick:
                self._fill_up()
                if next_tick == 0.0:
                    print_ready(self._options, self._listener)
                next_tick = time.monotonic() + _TICK
            self._signals.wait(next_tick - time.monotonic())
            self._reap()
        return self._drain()

    def _fill_up(self) -> None:
        for slot in sorted(set(range(len(self._board.rows))) - set(self._workers.values())):
            row = self._board.rows[slot]
            row[Scoreboard.STATE] = Scoreboard.STARTING
            try:
                pid = os.fork()
            except OSError as error:
                self._board.vacate(row)
                log_line(self._options, f"cannot fork: {error.strerror}")
                return
            if pid == 0:
                self._become_worker(row)
            row[Scoreboard.PID] = pid  # it does so itself, but may not have run yet when the ready line is out
            self._workers[pid] = slot

    def _become_worker(self, row: Counters) -> NoReturn:
        status = EXIT_FAILED
        try:
            self._signals.close()
            self._die_with_parent()
            status = Worker(self._options, self._listener, self._board, row, self._burner, self._heap,
                            self._started).run()
        except Exception as error:
            log_line(self._options, f"a worker failed: {error!r}")
        finally:
            os._exit(status)

    def _reap(self) -> None:
        while self._workers:
            pid, status = os.waitpid(-1, os.WNOHANG)
            if pid == 0:
                return
            slot = self._workers.pop(pid, None)  # unknown ones: it may be pid 1 in a container
            if slot is None:
                continue
            self._board.vacate(self._board.rows[slot])
            if os.WIFSIGNALED(status):
                log_line(self._options, f"worker {pid} was killed by signal {os.WTERMSIG(status)}")
            elif os.WEXITSTATUS(status):
                log_line(self._options, f"worker {pid} ended with status {os.WEXITSTATUS(status)}")

    def _drain(self) -> bool:
        # also for workers that are about to call accept; they share the socket, so closing it would change nothing
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        while self._workers:
            left = self._signals.deadline(self._options.drain_timeout) - time.monotonic()
            if left <= 0:
                self._tell_all(signal.SIGKILL)
                return False
            # Said until it is heard: a worker that is told just before it blocks in recv does not wake up. No longer,
            # since each time the time limit of its recv begins anew.
            self._tell_all(signal.SIGTERM, unless=Scoreboard.LEAVING)
            self._signals.wait(min(left, _AGAIN))
            self._reap()
        return True

    def _tell_all(self, order: signal.Signals, unless: Optional[int] = None) -> None:
        for pid, slot in self._workers.items():
            if unless is None or not self._board.rows[slot][unless]:
                os.kill(pid, order)


def _parent_death_signal() -> Callable[[], None]:
    """A function for the child: no orphans when the supervisor is killed with -9. Where this interpreter has no ctypes
    it does nothing. Loaded before the fork, so that it is shared."""
    try:
        import ctypes
        prctl = ctypes.CDLL(None).prctl
    except (ImportError, OSError, AttributeError):
        return lambda: None
    supervisor, set_death_signal = os.getpid(), 1  # PR_SET_PDEATHSIG

    def die_with_parent() -> None:
        prctl(set_death_signal, int(signal.SIGKILL), 0, 0, 0)
        if os.getppid() != supervisor:  # it was killed before the call
            os._exit(EXIT_FAILED)

    return die_with_parent


def parse_options() -> PreforkOptions:
    parser = command_line("Echo server in Python, a fixed pool of worker processes with one connection each",
                          "py-prefork", 7011)
    parser.add_argument("--start-workers", default=5, type=number(1, _MOST_WORKERS), metavar="N",
                        help="workers, so connections served at a time, from the start to the end; further ones wait")
    parser.add_argument("--keep-alive", default="on", type=_requests_kept, metavar="on|off|N",
                        help="HTTP: whether a worker keeps its client, closes after each reply, or after N")
    parser.add_argument("--heap", default="0", type=size(0, 1 << 40), metavar="SIZE",
                        help="objects that the supervisor holds before it forks, shared until they are touched")
    parser.add_argument("--touch", default=0.0, type=_share, metavar="SHARE",
                        help="share of --heap, 0 to 1, that each worker goes through with its first 100 reads that bring "
                             "something, and so dirties: a reference count is written to")
    options = parser.parse_args(namespace=PreforkOptions())
    if options.touch and not options.heap:
        fail("--touch: there is nothing to touch: give --heap SIZE", status=2)
    return options


def _requests_kept(text: str) -> int:
    if text in ("on", "off"):
        return sys.maxsize if text == "on" else 1
    if not (text.isascii() and text.isdigit() and len(text) <= 18 and int(text)):
        raise argparse.ArgumentTypeError(f"must be on, off or a number of requests > 0, got '{text[:40]}'")
    return int(text)


def _share(text: str) -> float:
    try:
        share = float(text)
    except ValueError:
        share = -1.0
    if not 0 <= share <= 1:
        raise argparse.ArgumentTypeError(f"must be a number from 0 to 1, got '{text[:40]}'")
    return share


def main() -> int:
    options = parse_options()
    prepare_process(options)
    signals = StopSignals(signal.SIGCHLD)
    if Supervisor(options, listen(options), signals).run():
        return 0
    log_line(options, "left before all connections had finished")
    return EXIT_FAILED


if __name__ == "__main__":
    sys.exit(main())
