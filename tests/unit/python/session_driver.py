"""Drives a session in memory: feeds it pieces, takes its writes in pieces, notes its steps."""

from __future__ import annotations

import re
from typing import Iterable, List, Optional

from counters import Stats, new_counters
from protocol import CLOSE, COMPUTE, READ, READ_SIZE, SHUT_DOWN, WAIT, WRITE, Context, Failure, Session, Settings

MAX_REQUEST = 16 * 1024


class Driver:
    def __init__(self, settings: Optional[Settings] = None, refused: bool = False) -> None:
        self.settings = settings or Settings("py-test", max_request=MAX_REQUEST)
        self.counters = new_counters()
        self.context = Context(self.settings, self._stats, lambda: 784111777)
        self.session = Session(self.context, self.counters, refused)
        self.out = b""
        self.work: List[tuple] = []
        self.shut = False
        self.closed = ""  # the reason

    def run(self, pieces: Iterable[bytes], end: bool, writes: int = 1 << 30) -> Driver:
        """Until the session closes, or wants more than there is and `end` is False."""
        feed = iter([*pieces, *([b""] if end else [])])
        while not self.closed:
            step = self.session.next()
            if step.kind == READ:
                piece = next(feed, None)
                if piece is None:
                    return self
                self.session.took(piece)
            elif step.kind == WRITE:
                assert step.data
                self.out += bytes(step.data[:writes])
                self.session.sent(len(step.data[:writes]))
            elif step.kind in (COMPUTE, WAIT):
                name = ("cpu", "native", "hold")[step.work] if step.kind == COMPUTE else "wait"
                self.work.append((name, step.seconds))
            elif step.kind == SHUT_DOWN:
                self.shut = True
            else:
                assert step.kind == CLOSE
                self.closed = step.reason
        return self

    def fail(self, failure: Failure) -> Driver:
        """What the READ that is due comes to; then on, to the end."""
        assert self.session.next().kind == READ
        self.session.took(failure)
        return self.run([], end=True)

    def statuses(self) -> List[int]:
        return [int(status) for status in re.findall(rb"HTTP/1\.1 (\d{3}) ", self.out)]

    def _stats(self) -> Stats:
        return Stats("py-test", [1], 0.0, self.counters, "own")


def in_reads(data: bytes, size: int = READ_SIZE) -> List[bytes]:
    return [data[i:i + size] for i in range(0, len(data), size)]
