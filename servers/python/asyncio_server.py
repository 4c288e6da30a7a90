#!/usr/bin/env python3
"""py-asyncio: one thread, asyncio's event loop, a coroutine for each connection, over asyncio's streams.

Streams are what a program in asyncio is written with, so their cost (a buffer and two objects a connection, a task that
wakes for each read) is part of what is measured. loop.sock_recv() would be nearer to echo-coroutine's read, but adds
and removes the descriptor at every wait, and hardly anybody writes servers with it.
"""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import sys
import time
from collections import deque
from typing import Any, Deque, Dict, Iterator, List, Optional, Set, Union

from counters import RESETS, Field, Stats, new_counters
from deadline import UNSENT, Deadline, Limits, bounds
from protocol import CLOSE, COMPUTE, READ, READ_SIZE, SHUT_DOWN, WAIT, WRITE, Context, Failure, Session
from server import (EXIT_FAILED, MOMENT, Options, command_line, duration, listen, log_line, prepare_process,
                    print_ready)
from work import Burner

_BURST = 64  # accepts between two looks at others
_PAUSE = 1.0  # seconds, asyncio's own: out of descriptors or memory
_TICK = 0.1  # seconds between two looks at how late the loop is
_TICKS = 1000  # the looks that /stats tells of


# The model: one thread for all connections, a coroutine each. Where another model's call blocks, this one waits with
# await, and the thread runs somebody else.
async def serve(session: Session, peer: Peer, loop: Loop) -> None:
    while True:
        step = session.next()
        if step.kind == READ:
            session.took(await peer.receive())
        elif step.kind == WRITE:
            session.sent(await peer.send(step.data))
        elif step.kind == COMPUTE:
            for _ in loop.burn(step.seconds, step.work):
                await asyncio.sleep(0)
        elif step.kind == WAIT:
            await asyncio.sleep(step.seconds)
        elif step.kind == SHUT_DOWN:
            peer.shut_down()
        elif step.kind == CLOSE:
            return


class Peer:
    """One connection: its streams and time limits. One timer at most, which is moved only where a limit comes earlier
    than it; mostly a new limit is later than the last."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, session: Session,
                 limits: Limits) -> None:
        self._reader = reader
        self._writer = writer
        self._session = session
        self._deadline = Deadline(limits)
        self._unsent = bounds(UNSENT, limits)[0] or None  # seconds until a reply that nobody takes is given up
        self._loop = asyncio.get_running_loop()
        self._task = asyncio.current_task()
        self._timer: Optional[asyncio.TimerHandle] = None
        self._late_at: Optional[float] = None  # of what is waited for
        self._reading = False
        self._interrupted: Union[bytes, Failure, None] = None  # what the wait came to instead

    async def receive(self) -> Union[bytes, Failure]:
        left = self._deadline.left(self._session.waits(), self._session.request(), self._loop.time())
        if left is not None and left <= 0:
            return Failure.LATE
        self._limit(left)
        self._reading = True
        try:
            return await self._reader.read(READ_SIZE)
        except OSError:
            return Failure.BROKEN
        except asyncio.CancelledError:
            return self._why()
        finally:
            self._reading = False
            self._late_at = None

    async def send(self, data: Union[bytes, memoryview]) -> Union[int, Failure]:
        """All of it or nothing: what the socket does not take at once lies in the stream's buffer until it does."""
        self._limit(self._unsent)
        try:
            self._writer.write(data)
            await self._writer.drain()
            return len(data)
        except OSError:
            return Failure.BROKEN
        except asyncio.CancelledError:
            self._why()
            return Failure.LATE
        finally:
            self._late_at = None

    def shut_down(self) -> None:
        try:
            self._writer.write_eof()
        except OSError:
            pass  # the peer was faster

    def stop_if_idle(self) -> None:
        """At a drain: a read that waits for a request finds the end."""
        if self._reading and self._session.idle():
            self._interrupt(b"")

    def close(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._writer.transport.abort()  # nothing is left to be written, or nobody takes it

    def _limit(self, left: Optional[float]) -> None:
        if left is None:
            return
        self._late_at = self._loop.time() + left
        if self._timer is None or self._timer.when() > self._late_at:
            if self._timer is not None:
                self._timer.cancel()
            self._timer = self._loop.call_at(self._late_at, self._time_is_up)

    def _time_is_up(self) -> None:
        self._timer = None
        if self._late_at is None:
            return
        if self._loop.time() >= self._late_at:
            # What came in time counts, however late the loop gets to it: it looks once more, and wakes who reads.
            self._loop.call_later(0, self._loop.call_soon, self._give_up, self._late_at)
        else:
            self._timer = self._loop.call_at(self._late_at, self._time_is_up)

    def _give_up(self, late_at: float) -> None:
        if self._late_at == late_at:
            self._interrupt(Failure.LATE)

    def _interrupt(self, why: Union[bytes, Failure]) -> None:
        """As asyncio.timeout() of 3.11 does."""
        if self._interrupted is None and self._task is not None:
            self._interrupted = why
            self._task.cancel()

    def _why(self) -> Union[bytes, Failure]:
        why, self._interrupted = self._interrupted, None
        if why is None:
            raise  # somebody else cancelled us
        if hasattr(self._task, "uncancel"):
            self._task.uncancel()
        return why


class AsyncioOptions(Options):
    yield_every: float


class Loop:
    """What all connections share."""

    def __init__(self, options: AsyncioOptions) -> None:
        self._options = options
        self._limits = options.limits()
        self._burner = Burner()
        self._counters = new_counters()
        self._context = Context(options.settings(), self._stats, time.time)
        self._started = time.monotonic()
        self._peers: Set[Peer] = set()
        self._served = 0  # of them, without those that are turned away
        self._yields = self._accept_pauses = 0
        self._paused = -_PAUSE  # when it last was out of descriptors
        self._lags: Deque[float] = deque(maxlen=_TICKS)
        self._stops: List[float] = []
        self._changed = asyncio.Event()

    def burn(self, seconds: float, work: int) -> Iterator[None]:
        """Pauses where others may run."""
        for _ in self._burner.pieces(seconds, self._options.yield_every, work):
            self._yields += 1
            yield

    async def run(self, listener: socket.socket) -> None:
        """Until a drain is over."""
        loop = asyncio.get_running_loop()
        loop.set_exception_handler(self._note_exception)
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._changed.set)  # wakes the loop;
            signal.signal(number, self._stop)  # this one the interpreter calls, also amid a request's CPU work
        signal.signal(signal.SIGALRM, self._give_up)
        # asyncio's backlog is two things: the kernel's queue, and how many it accepts, or fails to, at a go
        server = await asyncio.start_server(self._connected, sock=listener, limit=READ_SIZE, backlog=_BURST)
        listener.listen(self._options.backlog)
        print_ready(self._options, listener)
        ticks = asyncio.ensure_future(self._tick())
        while not self._stops:
            await self._wait()
        server.close()
        ticks.cancel()
        await self._drain()

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.transport.set_write_buffer_limits(high=0)  # drain() waits for all of it; asyncio sets TCP_NODELAY
        refused = self._served >= self._options.max_connections
        session = Session(self._context, self._counters, refused)
        peer = Peer(reader, writer, session, self._limits)
        self._served += not refused
        self._peers.add(peer)
        try:
            await serve(session, peer, self)
        except MemoryError:  # this connection goes, the server stays
            self._counters[RESETS] += 1
        finally:
            self._served -= not refused
            self._peers.discard(peer)
            session.end()
            peer.close()
            if self._stops:
                self._changed.set()

    def _stop(self, *_: object) -> None:
        self._context.draining = True
        self._stops.append(time.monotonic())
        patience = max(self._options.drain_timeout, MOMENT) if len(self._stops) == 1 else MOMENT
        signal.setitimer(signal.ITIMER_REAL, max(self._stops[0] + patience - self._stops[-1], 1e-6))

    def _give_up(self, *_: object) -> None:
        """The time of the drain is up: whatever the loop is at, it ends."""
        log_line(self._options, "left before all connections had finished")
        os._exit(EXIT_FAILED)

    async def _wait(self) -> None:
        await self._changed.wait()
        self._changed.clear()

    async def _drain(self) -> None:
        for peer in list(self._peers):
            peer.stop_if_idle()
        while self._peers:
            await self._wait()
        signal.setitimer(signal.ITIMER_REAL, 0)

    async def _tick(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            due = loop.time() + _TICK
            await asyncio.sleep(_TICK)
            self._lags.append(max(loop.time() - due, 0.0))

    def _note_exception(self, _: asyncio.AbstractEventLoop, what: Dict[str, Any]) -> None:
        """asyncio prints a traceback; a line will do. Out of descriptors it stops accepting for a second, and says so
        at each of the accepts that it had planned."""
        now = time.monotonic()
        if what.get("socket") is not None:
            if now < self._paused + _PAUSE:
                return
            self._paused = now
            self._accept_pauses += 1
        log_line(self._options, f"{what.get('message')}: {what.get('exception')}")

    def _stats(self) -> Stats:
        lags = sorted(self._lags) or [0.0]
        us = [1e6 * lags[min(int(share * len(lags)), len(lags) - 1)] for share in (0.5, 0.99, 1.0)]
        own = [
            Field("lag_p50_us", f"How late a tick of the loop is, median of the last {_TICKS}", us[0]),
            Field("lag_p99_us", "How late a tick of the loop is, 99th percentile of these", us[1]),
            Field("lag_max_us", "How late a tick of the loop is at most, of these", us[2]),
            Field("frames", "Connections' coroutine frames alive", len(self._peers)),
            Field("yields", "Times that CPU work gave way to others (--yield-every)", self._yields, True),
            Field("accept_pauses", "Times that accepting paused: no descriptor or memory left", self._accept_pauses,
                  True),
        ]
        return Stats(self._options.model, [os.getpid()], time.monotonic() - self._started, self._counters, "loop", own)


def parse_options() -> AsyncioOptions:
    parser = command_line("Echo server in Python, asyncio: one thread, a coroutine for each connection", "py-asyncio",
                          7013)
    parser.add_argument("--yield-every", default="0s", type=duration(), metavar="DURATION",
                        help="let others run after this much CPU work of a request; 0 = never")
    return parser.parse_args(namespace=AsyncioOptions())


async def run(options: AsyncioOptions, listener: socket.socket) -> None:
    await Loop(options).run(listener)


def main() -> int:
    options = parse_options()
    prepare_process(options)
    asyncio.run(run(options, listen(options)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
