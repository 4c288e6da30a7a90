"""Objects that a worker only reads and yet writes to: in CPython a reference count lies in the object that it counts.
So a page that supervisor and workers share since the fork is copied by each worker that reads an object in it."""

from __future__ import annotations

_READS = 100  # that brought something: after so many a worker has gone through its share
# Bytes of memory that an object of _SIZE takes in CPython with glibc: several begin in each page.
_STRIDE = 1024
_SIZE = _STRIDE - 33 - 8


class Heap:
    """`share`: how much of it a worker reads, 0 to 1."""

    def __init__(self, size: int, share: float) -> None:
        self._objects = [bytes(_SIZE) for _ in range(-(-size // _STRIDE))]
        self._end = round(share * len(self._objects))
        self._part = -(-self._end // _READS)
        self._next = 0

    def read_on(self) -> None:
        """For a worker, with each read that brings something: reads the next part of its share, until that is done."""
        end = min(self._next + self._part, self._end)
        for i in range(self._next, end):
            self._objects[i]
        self._next = end
