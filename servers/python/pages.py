"""What a request asks for: the page, its work, and what is wrong with asking."""

from __future__ import annotations

import re
from typing import NamedTuple, Tuple
from urllib.parse import unquote_to_bytes

from http_head import Problem
from units import parse_duration

LONGEST_WORK = 10.0  # seconds of CPU work or waiting that a request may ask for; more is a 400

ABOUT, ECHO_BODY, ECHO_TEXT, STATS, METRICS, HEALTHZ, OPTIONS = range(7)
_PAGES = {b"/": ABOUT, b"/echo": ECHO_BODY, b"/stats": STATS, b"/metrics": METRICS, b"/healthz": HEALTHZ}
_ECHO = b"/echo/"
# What Allow says of a page.
_BODY_METHODS = "POST, PUT, OPTIONS"
_PAGE_METHODS = "GET, HEAD, OPTIONS"
_BAD_PERCENT = re.compile(rb"%(?![0-9A-Fa-f]{2})")


class Page(NamedTuple):
    kind: int
    text: bytes = b""  # of ECHO_TEXT, decoded
    cpu: float = 0.0  # seconds
    wait: float = 0.0
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
    if question:
        cpu, wait = _work(query, cpu, wait)
    return Page(kind, text, cpu, wait)


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


def _work(query: bytes, cpu: float, wait: float) -> Tuple[float, float]:
    """What is not ours is left alone: clients add parameters of their own."""
    given = {}
    for parameter in re.finditer(rb"[^&]+", query):
        name, _, value = parameter[0].partition(b"=")
        if name in (b"cpu", b"wait"):
            if name in given:
                raise Problem(400, f"{name.decode()}: is given twice")
            given[name] = _duration(name.decode(), value.decode("ascii"))
    return given.get(b"cpu", cpu), given.get(b"wait", wait)


def _duration(name: str, text: str) -> float:
    try:
        seconds = parse_duration(text)
    except ValueError as wrong:
        raise Problem(400, f"{name}: {wrong}") from None
    if seconds > LONGEST_WORK:
        raise Problem(400, f"{name}: must be at most 10s")
    return seconds
