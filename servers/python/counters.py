"""What a server has done, counted where it happens, and how /stats and /metrics show it.

Counters are a row of whole numbers with one writer (a worker, a thread, a loop); anyone may read while it
writes. A list serves one process; prefork gives rows of memory that its processes share.
"""

from __future__ import annotations

import json
import platform
from dataclasses import dataclass, field
from typing import Iterable, List, MutableSequence

Counters = MutableSequence[int]

# Where each figure stands in a row. A request is counted when its reply is made, before it is sent, so who holds
# a reply finds it counted; now = OPENED - CLOSED.
OPENED, CLOSED, REFUSED, REQUESTS, BYTES_IN, BYTES_OUT, BAD_REQUESTS, TIMEOUTS, RESETS = range(9)
COUNTERS = 9

INTERPRETER = f"{platform.python_implementation()} {platform.python_version()}"


def new_counters() -> List[int]:
    return [0] * COUNTERS


def add(sums: Counters, row: Counters) -> None:
    for i in range(COUNTERS):
        sums[i] += row[i]


@dataclass
class Field:
    """A figure of the model's own; `name` is in snake_case and ends in its unit."""

    name: str
    help: str
    value: float
    counter: bool = False


@dataclass
class Stats:
    model: str
    pids: List[int]  # the first is the process to measure
    uptime: float  # seconds
    totals: Counters
    section: str  # the name of the model's own figures
    own: List[Field] = field(default_factory=list)


def to_json(stats: Stats) -> str:
    t = stats.totals
    return json.dumps({
        "model": stats.model,
        "interpreter": INTERPRETER,
        "pid": stats.pids[0],
        "pids": stats.pids,
        "uptime_s": stats.uptime,
        "connections": {"now": max(t[OPENED] - t[CLOSED], 0), "total": t[OPENED], "refused": t[REFUSED]},
        "requests": t[REQUESTS],
        "bytes": {"in": t[BYTES_IN], "out": t[BYTES_OUT]},
        "errors": {"bad_requests": t[BAD_REQUESTS], "timeouts": t[TIMEOUTS], "resets": t[RESETS]},
        stats.section: {f.name: f.value for f in stats.own},
    }, indent=2) + "\n"


def to_prometheus(stats: Stats) -> str:
    """Text format 0.0.4, which wants base units: microseconds become seconds."""
    t = stats.totals
    common = [
        Field("uptime_seconds", "Time since the server started", stats.uptime),
        Field("connections", "Connections served now", max(t[OPENED] - t[CLOSED], 0)),
        Field("connections_total", "Connections served so far", t[OPENED], True),
        Field("connections_refused_total", "Connections turned away", t[REFUSED], True),
        Field("requests_total", "Replies made, errors included", t[REQUESTS], True),
        Field("received_bytes_total", "Bytes received", t[BYTES_IN], True),
        Field("sent_bytes_total", "Bytes handed over for sending", t[BYTES_OUT], True),
        Field("bad_requests_total", "Requests that broke the protocol or asked for what is not there",
              t[BAD_REQUESTS], True),
        Field("timeouts_total", "Idle, request or send times that ran out", t[TIMEOUTS], True),
        Field("resets_total", "Connections that broke", t[RESETS], True),
    ]
    own = (Field(f"{stats.section}_{f.name}", f.help, f.value, f.counter) for f in stats.own)
    return "".join(_metric(stats.model, f) for f in _all(common, own))


def _all(*groups: Iterable[Field]) -> Iterable[Field]:
    for group in groups:
        yield from group


def _metric(model: str, figure: Field) -> str:
    name, value = figure.name, figure.value
    if figure.counter and name.endswith("_total"):
        name = name[:-len("_total")]
    if name.endswith("_us"):
        name, value = name[:-len("us")] + "seconds", value * 1e-6
    if figure.counter:
        name += "_total"
    return (f"# HELP echotrio_{name} {figure.help}\n"
            f"# TYPE echotrio_{name} {'counter' if figure.counter else 'gauge'}\n"
            f'echotrio_{name}{{model="{model}"}} {value}\n')
