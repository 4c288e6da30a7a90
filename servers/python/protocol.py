"""One connection's protocol, without I/O: bytes in, steps out. The twin of common/protocol/session.hpp.

It decides by the first bytes between raw echo (RFC 862) and HTTP/1.x, and never reads a socket, a clock or a lock. The
server performs the steps; where the blocking call sits is its concurrency model.

    READ        session.took(what a read of READ_SIZE bytes at most came to)
    WRITE       session.sent(how many bytes of step.data a write took)
    COMPUTE     burn step.seconds of CPU work
    WAIT        let step.seconds pass
    SHUT_DOWN   nothing more will be sent; the reads that follow only discard
    CLOSE       close the connection, step.reason says why

What a session holds of its peer's bytes and of replies is bounded:

    held <= max_request + one read (READ_SIZE) + one reply (its request's body, or a page) + 8 KiB of earlier replies

and an idle session holds nothing.
"""

from __future__ import annotations

import sys
import time
from dataclasses import dataclass
from typing import Callable, Optional, Union

from counters import (BYTES_IN, BYTES_OUT, CLOSED, OPENED, REFUSED, REQUESTS, RESETS, TIMEOUTS, Counters, Stats)
from deadline import LINGERING, QUIET, REQUEST
from deadline import REFUSED as TURNED_AWAY
from http_head import METHODS, may_become_method
from http_session import Http
from steps import CLOSE, COMPUTE, READ, READ_STEP, SHUT_DOWN, WAIT, WRITE, Failure, Step

__all__ = ["CLOSE", "COMPUTE", "READ", "READ_SIZE", "SHUT_DOWN", "WAIT", "WRITE", "Context", "Failure", "Session",
           "Settings", "Step"]

READ_SIZE = 16 * 1024
_UNDECIDED, _RAW, _HTTP = range(3)


@dataclass
class Settings:
    """The same for every connection of a server."""

    model: str
    mode: str = "auto"  # "echo", "http"
    max_request: int = 1024 * 1024  # HTTP head + body, bytes
    cpu: float = 0.0  # seconds of CPU work of a request that does not say otherwise
    wait: float = 0.0
    requests_kept: int = sys.maxsize  # HTTP requests that a connection may bring


class Context:
    """What a server lends to its sessions. `stats` tells the Stats of the whole server, whichever worker is asked;
    `unix_time` the seconds since 1970."""

    def __init__(self, settings: Settings, stats: Callable[[], Stats], unix_time: Callable[[], float]) -> None:
        self.settings = settings
        self.stats = stats
        self.draining = False  # replies say "Connection: close", idle sessions close
        self._unix_time = unix_time
        self._date = (-1, "")

    def date_line(self) -> str:
        """Made once a second (RFC 9110 6.6.1), by whoever finds it old: threads may share it."""
        now = int(self._unix_time())
        date = self._date
        if date[0] != now:
            t = time.gmtime(now)
            day, month = "MonTueWedThuFriSatSun"[3 * t.tm_wday:][:3], "JanFebMarAprMayJunJulAugSepOctNovDec"[
                3 * t.tm_mon - 3:][:3]  # not strftime's, which speaks the user's language
            self._date = date = (now, f"Date: {day}, {t.tm_mday:02} {month} {t.tm_year} "
                                      f"{t.tm_hour:02}:{t.tm_min:02}:{t.tm_sec:02} GMT\r\n")
        return date[1]


class Session:
    """Counts its connection as opened, and by end() as closed. `refused`: it is turned away before it is served; HTTP
    gets a 503, raw echo is closed. To tell them apart that wants a READ first."""

    __slots__ = ("_context", "_counters", "_data", "_http", "_protocol", "_unsent", "_reason", "_ended", "_refused",
                 "_compute_due", "_wait_due")

    def __init__(self, context: Context, counters: Counters, refused: bool = False) -> None:
        self._context = context
        self._counters = counters
        self._data = bytearray()  # received, undecided or HTTP's
        self._http: Optional[Http] = None
        self._protocol = _UNDECIDED
        self._unsent: Union[bytes, memoryview] = b""  # raw: received, not yet echoed
        self._reason = ""  # of a close that is due
        self._ended = False
        self._refused = refused
        self._compute_due = self._wait_due = False  # raw: the work of the bytes just received
        counters[OPENED] += 1
        if refused:
            counters[REFUSED] += 1

    def end(self) -> None:
        self._counters[CLOSED] += 1

    def next(self) -> Step:
        """The next thing to do. Repeats WRITE until all of it is sent()."""
        if self._protocol == _UNDECIDED and not self._reason and not self._decide():
            return self._read()
        if self._reason:
            return Step(CLOSE, reason=self._reason)
        if self._http is None:
            return self._next_raw()
        step = self._http.next(self._ended)
        return self._read() if step is READ_STEP else step

    def took(self, read: Union[bytes, Failure]) -> None:
        """After READ. At the end of the stream what is due is still written."""
        if isinstance(read, Failure):
            self._failed(read)
        elif not read:
            self._ended = True
        else:
            self._counters[BYTES_IN] += len(read)
            if self._protocol == _RAW:
                self._begin_echo(read)
                return
            self._data += read
            assert len(self._data) <= self._context.settings.max_request + READ_SIZE

    def sent(self, write: Union[int, Failure]) -> None:
        """After WRITE."""
        if isinstance(write, Failure):
            self._failed(write)
            return
        self._counters[BYTES_OUT] += write
        if self._http is not None:
            self._http.written(write)
        else:
            self._unsent = memoryview(self._unsent)[write:] if write < len(self._unsent) else b""

    def timed_out(self) -> None:
        """The peer was too slow. An HTTP request that was on its way gets a 408 first; then the session closes."""
        if self._refused and self._protocol == _UNDECIDED:
            self._reason = "refused"
        elif self._http is not None and self._http.lingering:  # it has its reply, and why is counted
            self._ended = True
        else:
            self._counters[TIMEOUTS] += 1
            if self._protocol == _UNDECIDED and self._data:
                self._ended = True  # it did not become HTTP: raw echo gives back what came, and ends
            elif self._http is None or not self._http.answer_timeout():
                self._reason = "timeout"

    def waits(self) -> int:
        """What a READ waits for, and request() which request that is about: for the Deadline."""
        if self._protocol == _UNDECIDED:
            if self._refused:
                return TURNED_AWAY
            return REQUEST if self._data else QUIET
        if self._http is None or self._http.done:
            return QUIET
        return LINGERING if self._http.lingering else REQUEST

    def request(self) -> int:
        return self._http.replies if self._http is not None else 0

    def idle(self) -> bool:
        return not self._data and (self._http is None or self._http.done)

    def _failed(self, failure: Failure) -> None:
        if failure is Failure.LATE:
            self.timed_out()
        elif self._http is not None and self._http.lingering:  # nothing was left to be lost
            self._ended = True
        else:
            self._counters[RESETS] += 1
            self._reason = "reset"

    def _decide(self) -> bool:
        """False: the bytes so far may still become an HTTP method."""
        mode = self._context.settings.mode
        if not self._ended and (not self._data if mode == "http" else
                                mode != "echo" and may_become_method(bytes(self._data[:len("OPTIONS ")]))):
            return False
        if self._data and (mode == "http" or (mode == "auto" and self._data.startswith(METHODS))):
            self._protocol = _HTTP
            self._http = Http(self._context, self._counters, self._data, self._refused)
            return True
        self._protocol = _RAW
        if self._refused:
            self._reason = "refused"
        elif self._data:
            self._begin_echo(bytes(self._data))
            self._data.clear()
        return True

    def _begin_echo(self, data: bytes) -> None:
        """A stream has no messages: what one read brings is the request, with its work."""
        self._unsent = data
        self._counters[REQUESTS] += 1
        self._compute_due = self._context.settings.cpu > 0
        self._wait_due = self._context.settings.wait > 0

    def _next_raw(self) -> Step:
        if self._compute_due:
            self._compute_due = False
            return Step(COMPUTE, seconds=self._context.settings.cpu)
        if self._wait_due:
            self._wait_due = False
            return Step(WAIT, seconds=self._context.settings.wait)
        if self._unsent:
            return Step(WRITE, self._unsent)
        if self._ended:
            return Step(CLOSE, reason="finished")
        return self._read()

    def _read(self) -> Step:
        """Between requests a drain ends the session."""
        if self._context.draining and self.idle():
            return Step(CLOSE, reason="draining")
        return READ_STEP
