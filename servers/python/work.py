"""CPU work as a fixed amount of it, not of time, calibrated once at start. So a thread that loses the interpreter's
lock in the middle still does all of it, and the interpreter, not this module, decides when it loses it. Three kinds:

    BYTECODE    a loop of the interpreter's own: it may lose the lock between any two turns
    NATIVE      compression, by zlib: it gives the lock up for as long as it works
    HOLD        a regular expression: one call, which keeps the lock to its end
"""

from __future__ import annotations

import re
import zlib
from time import process_time
from typing import Callable, Iterator

from steps import BYTECODE, HOLD, NATIVE

LONGEST = 10.0  # seconds of work that may be asked for
_ROUND = 20_000  # iterations; a millisecond or less
_ROUNDS = 20
# What is compressed: numbers as text, so that neither all nor nothing repeats within the 32 KiB that zlib looks back. A
# call takes all of it, some milliseconds. At level 1, since with others a byte costs more the more there are before it.
_TEXT = 4 * b"".join(b"%d " % (i * i % 65_521) for i in range(10_000))
_LEVEL = 1
# Fails at every place of a text of nulls after this many steps, without a step back.
_STEPS = 500
_PATTERN = re.compile(rb"[\x00\x01]{%d}\x02" % _STEPS)
_PLACES = 500


def spin(iterations: int) -> None:
    """Small whole numbers only: nothing is allocated, so nothing but the interpreter's loop is timed."""
    x = 1
    for _ in range(iterations):
        x = (x * 171 + 11213) % 53125


def compress(size: int) -> None:
    """So many bytes, in calls of at most _TEXT: between two of them the lock is asked for."""
    text = memoryview(_TEXT)
    for done in range(0, size, len(text)):
        zlib.compress(text[:size - done], _LEVEL)


class Burner:
    """Measures this interpreter on this CPU for some 30 ms: the fastest of several slices in CPU time, so that other
    programs do not count as slowness, after a first run in which the interpreter specialises the loop (3.11 and
    later)."""

    def __init__(self) -> None:
        spin(5 * _ROUND)
        self._rate = _fastest(spin, _ROUND, _ROUNDS)
        self._compress_rate = _fastest(compress, len(_TEXT), _ROUNDS // 5)
        self._nulls = bytes(_PLACES + _STEPS)
        self._search_rate = _fastest(self._search, _PLACES, _ROUNDS // 2)
        # For the longest call. Nulls that nobody has written to take no memory.
        self._nulls = bytes(int(LONGEST * self._search_rate) + _STEPS + 1)

    def burn(self, seconds: float, work: int = BYTECODE) -> None:
        """Does the work that takes so long when nothing interferes."""
        if work == BYTECODE:
            spin(int(seconds * self._rate))
        elif work == NATIVE:
            compress(int(seconds * self._compress_rate))
        else:
            assert work == HOLD
            self._search(int(seconds * self._search_rate))

    def pieces(self, seconds: float, every: float, work: int = BYTECODE) -> Iterator[None]:
        """The same, pausing after each piece of `every` seconds but the last; 0 = in one piece, as a call is always."""
        if work != BYTECODE:
            self.burn(seconds, work)
            return
        left = int(seconds * self._rate)
        piece = max(int(every * self._rate), 1) if every else left
        while left > piece:
            spin(piece)
            left -= piece
            yield
        spin(left)

    def _search(self, places: int) -> None:
        _PATTERN.search(self._nulls, 0, places + _STEPS)


def _fastest(work: Callable[[int], None], amount: int, rounds: int) -> float:
    """Of the amount so much a second."""
    rate = 0.0
    for _ in range(rounds):
        start = process_time()
        work(amount)
        rate = max(rate, amount / max(process_time() - start, 1e-6))
    return rate
