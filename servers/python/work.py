"""CPU work as a fixed amount of bytecode, not of time: a loop of the interpreter's own, calibrated once at start.

So a thread that loses the interpreter's lock in the middle still does all of it, and the lock's switch interval,
not this module, decides when it loses it.
"""

from __future__ import annotations

from time import process_time
from typing import Iterator

_ROUND = 20_000  # iterations; a millisecond or less
_ROUNDS = 20


def spin(iterations: int) -> None:
    """Small whole numbers only: nothing is allocated, so nothing but the interpreter's loop is timed."""
    x = 1
    for _ in range(iterations):
        x = (x * 171 + 11213) % 53125


class Burner:
    """Measures this interpreter on this CPU for some 20 ms: the fastest of several slices in CPU time, so that other
    programs do not count as slowness, after a first run in which the interpreter specialises the loop (3.11 and
    later)."""

    def __init__(self) -> None:
        spin(5 * _ROUND)
        self._rate = 0.0  # iterations a second
        for _ in range(_ROUNDS):
            start = process_time()
            spin(_ROUND)
            self._rate = max(self._rate, _ROUND / max(process_time() - start, 1e-6))

    def burn(self, seconds: float) -> None:
        """Does the work that takes so long when nothing interferes."""
        spin(int(seconds * self._rate))

    def pieces(self, seconds: float, every: float) -> Iterator[None]:
        """The same, pausing after each piece of `every` seconds but the last; 0 = in one piece."""
        left = int(seconds * self._rate)
        piece = max(int(every * self._rate), 1) if every else left
        while left > piece:
            spin(piece)
            left -= piece
            yield
        spin(left)
