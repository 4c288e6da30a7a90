"""What a request asks for: the page, its work, and what is wrong with asking."""

from __future__ import annotations

import re
from typing import Dict, NamedTuple, Tuple
from urllib.parse import unquote_to_bytes

from http_head import Problem
from steps import BYTECODE, COMPUTE, HOLD, NATIVE, WAIT, Step
from units import parse_duration
from work import LONGEST

ABOUT, ECHO_BODY, ECHO_TEXT, STATS, METRICS, HEALTHZ, OPTIONS = range(7)
_PAGES = {b"/": ABOUT, b"/echo": ECHO_BODY, b"/stats": STATS, b"/metrics": METRICS, b"/healthz": HEALTHZ}
_ECHO = b"/echo/"
# What Allow says of a page.
_BODY_METHODS = "POST, PUT, OPTIONS"
_PAGE_METHODS = "GET, HEAD, OPTIONS"
# What the query may ask a request to cost, in the order in which it does.
_COSTS = {b"cpu": (COMPUTE, BYTECODE), b"native": (COMPUTE, NATIVE), b"hold": (COMPUTE, HOLD),
          b"wait": (WAIT, BYTECODE)}
_BAD_PERCENT = re.compile(rb"%(?![0-9A-Fa-f]{2})")


class Page(NamedTuple):
    kind: int
    text: bytes = b""  # of ECHO_TEXT, decoded
    work: Tuple[Step, ...] = ()  # to be done before the reply
    allow: str = ""  # of OPTIONS


def find_page(method: bytes, target: bytes, cpu: float, wait: float) -> Page:
    """`target` in origin form (/path?query), absolute form (http://host/path?query), or * with OPTIONS.
    `cpu` and `wait`, in seconds, hold where the query does not say otherwise. Raises Problem."""
    path, question, query = _without_authority(method, target).partition(b"?")
    if method == b"OPTIONS" and path == b"*":
        return Page(OPTIONS, allow="GET, HEAD, POST, PUT, OPTIONS")
    kind = ECHO_TEXT if path.startswith(_ECHO) else _PAGES.get(path or b"/", -1)
    if kind < 0:
        raise Problem(404, "no such page; GET / says what there is")
    allow = _BODY_METHODS if kind == ECHO_BODY else _PAGE_METHODS
    if method == b"OPTIONS":
        return Page(OPTIONS, allow=allow)
    if method.decode() not in allow.split(", "):
        raise Problem(405, f"this path takes only {allow}", allow=allow)
    if kind not in (ECHO_BODY, ECHO_TEXT):
        return Page(kind)
    text = path[len(_ECHO):]
    if b"%" in text:
        if _BAD_PERCENT.search(text):
            raise Problem(400, "a % must be followed by two hexadecimal digits")
        text = unquote_to_bytes(text)
    return Page(kind, text, _work(query, {b"cpu": cpu, b"wait": wait}) if question or cpu or wait else ())


def _without_authority(method: bytes, target: bytes) -> bytes:
    """http://host/path -> /path; a query may follow the host at once. No path means "/" (RFC 9112 3.2.1), with OPTIONS
    the whole server (3.2.4)."""
    scheme, slashes, rest = target.partition(b"://")
    if target.startswith(b"/") or not slashes:
        return target
    start = re.search(rb"[/?]", rest)
    if start:
        return rest[start.start():]
    return b"*" if method == b"OPTIONS" else b"/"


def _work(query: bytes, seconds: Dict[bytes, float]) -> Tuple[Step, ...]:
    """`seconds` hold where the query does not say otherwise. What is not ours is left alone: clients add parameters of
    their own."""
    given: Dict[bytes, float] = {}
    for parameter in re.finditer(rb"[^&]+", query):
        name, _, value = parameter[0].partition(b"=")
        if name in _COSTS:
            if name in given:
                raise Problem(400, f"{name.decode()}: is given twice")
            given[name] = _duration(name.decode(), value.decode("ascii"))
    seconds.update(given)
    return tuple(Step(kind, seconds=seconds[name], work=work) for name, (kind, work) in _COSTS.items()
                 if seconds.get(name))


def _duration(name: str, text: str) -> float:
    try:
        seconds = parse_duration(text)
    except ValueError as wrong:
        raise Problem(400, f"{name}: {wrong}") from None
    if seconds > LONGEST:
        raise Problem(400, f"{name}: must be at most {LONGEST:g}s")
    return seconds
