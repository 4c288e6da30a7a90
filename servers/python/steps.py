"""What a session tells its server to do next."""

from __future__ import annotations

from enum import Enum
from typing import NamedTuple, Union

READ, WRITE, COMPUTE, WAIT, SHUT_DOWN, CLOSE = range(6)
BYTECODE, NATIVE, HOLD = range(3)  # kinds of CPU work: see work.py


class Step(NamedTuple):
    kind: int
    data: Union[bytes, memoryview] = b""  # WRITE: (a part of) the reply
    seconds: float = 0.0  # COMPUTE, WAIT
    reason: str = ""  # CLOSE
    work: int = BYTECODE  # COMPUTE


READ_STEP = Step(READ)
SHUT_DOWN_STEP = Step(SHUT_DOWN)


class Failure(Enum):
    """What a read or a write came to, where it did not come to bytes; an empty read is the end of the stream."""

    LATE = "the peer was too slow"
    BROKEN = "the connection was reset"
