"""Until when a connection may wait for its peer: the policy of common/protocol/deadline.hpp, without a clock.

    while                                 it may take                               then
    quiet      nothing of a request came  --idle-timeout since the last byte        close
    request    a request has begun        --request-timeout since it began; where   408, linger
                                          that is 0, --idle-timeout since the last byte
    unsent     a reply is not taken       --idle-timeout since the last byte taken  close
    lingering  the last reply is out      2 s since the last byte, and in all       close
                                          --request-timeout, 30 s where that is 0
    refused    it is turned away and has  1 s                                       close
               said nothing yet

A limit of 0 never ends anything. What happens then is Session.timed_out().
"""

from __future__ import annotations

from typing import NamedTuple, Optional, Tuple

QUIET, REQUEST, UNSENT, LINGERING, REFUSED = range(5)

_LINGER_SILENCE = 2.0
_LINGER_IN_ALL = 30.0
_REFUSAL_TIME = 1.0


class Limits(NamedTuple):
    """Seconds; 0 = none."""

    idle: float = 60.0
    request: float = 10.0


def bounds(waiting: int, limits: Limits) -> Tuple[float, float]:
    """How long a wait may be, in seconds: since the last byte, and since it began. 0 = for ever."""
    if waiting == REQUEST:
        return (0.0, limits.request) if limits.request else (limits.idle, 0.0)
    if waiting == LINGERING:
        return _LINGER_SILENCE, limits.request or _LINGER_IN_ALL
    if waiting == REFUSED:
        return 0.0, _REFUSAL_TIME
    return limits.idle, 0.0


class Deadline:
    """One connection's."""

    __slots__ = ("_limits", "_what", "_began")

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._what = (QUIET, 0)
        self._began = 0.0

    def left(self, waiting: int, request: int, now: float) -> Optional[float]:
        """Before each wait, as soon as bytes have moved: how long from now on the peer may be silent, in seconds.
        None where nothing limits it, 0 or less where it is late already. `request` tells a request from the next
        one in a pipeline."""
        silence, in_all = bounds(waiting, self._limits)
        if self._what != (waiting, request):
            self._what, self._began = (waiting, request), now
        left = [silence] if silence else []
        if in_all:
            left.append(self._began + in_all - now)
        return min(left) if left else None
