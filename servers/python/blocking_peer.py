"""One connection with blocking calls, for prefork and threads: its time limits, and how a drain gets it out of a call.

The limits are the kernel's (SO_RCVTIMEO, SO_SNDTIMEO), so that a call is one system call; socket.settimeout() would
make it two, a poll before each. SO_SNDTIMEO is about a whole send, so a peer that stops in the middle of one has up to twice
the limit; in C++ a write waits by poll().
"""

from __future__ import annotations

import math
import socket
import struct
import time
from typing import Optional, Union

from deadline import QUIET, Deadline, Limits
from protocol import READ_SIZE, Context, Failure, Session


class BlockingPeer:
    def __init__(self, connection: socket.socket, session: Session, context: Context, limits: Limits) -> None:
        self._connection = connection
        self._session = session
        self._context = context
        self._deadline = Deadline(limits)
        self._timeout = 0  # of the socket's reads, ms; 0 = none
        self._idle = False
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if limits.idle:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, _timeval(math.ceil(limits.idle * 1000)))

    def receive(self) -> Union[bytes, Failure]:
        waits = self._session.waits()
        left = self._deadline.left(waits, self._session.request(), time.monotonic())
        if left is not None and left <= 0:
            return Failure.LATE
        self._arm(left)
        if waits != QUIET:
            return self._read()
        # Between the two a drain sees the mark, or we see the drain.
        self._idle = True
        read = b"" if self._context.draining else self._read()
        self._idle = False
        return read

    def send(self, data: Union[bytes, memoryview]) -> Union[int, Failure]:
        try:
            return self._connection.send(data)
        except BlockingIOError:
            return Failure.LATE
        except OSError:
            return Failure.BROKEN

    def shut_down(self) -> None:
        self._shut_down(socket.SHUT_WR)

    def stop_if_idle(self) -> None:
        """At a drain, from a signal handler or another thread: a read that waits for a request finds the end."""
        if self._idle:
            self._shut_down(socket.SHUT_RD)

    def _shut_down(self, how: int) -> None:
        try:
            self._connection.shutdown(how)
        except OSError:
            pass  # the peer was faster

    def _read(self) -> Union[bytes, Failure]:
        try:
            return self._connection.recv(READ_SIZE)
        except BlockingIOError:
            return Failure.LATE
        except OSError:
            return Failure.BROKEN

    def _arm(self, left: Optional[float]) -> None:
        timeout = 0 if left is None else math.ceil(left * 1000)
        if timeout != self._timeout:
            self._timeout = timeout
            self._connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, _timeval(timeout))


def _timeval(milliseconds: int) -> bytes:
    return struct.pack("@ll", milliseconds // 1000, milliseconds % 1000 * 1000)
