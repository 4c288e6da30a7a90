"""Durations and sizes as text, with the units of the C++ programs. Wrong ones raise ValueError with one line."""

from __future__ import annotations

import re

_DURATIONS = {"h": 3600.0, "m": 60.0, "s": 1.0, "ms": 1e-3, "us": 1e-6, "ns": 1e-9}
_SIZES = {"GiB": 1 << 30, "MiB": 1 << 20, "KiB": 1 << 10, "": 1}
_LONGEST_DURATION = 10_000 * 3600.0
_NUMBER = re.compile(r"-?(?:[0-9]+\.?[0-9]*|\.[0-9]+)")


def parse_duration(text: str) -> float:
    """Seconds. '200us', '5ms', '10s', '1m'; a bare 0 needs no unit."""
    return _parse(text, _DURATIONS, "duration", "200us, 5ms, 10s or 1m", _LONGEST_DURATION)


def parse_size(text: str) -> int:
    """Bytes. '64', '64KiB', '1MiB'."""
    return round(_parse(text, _SIZES, "size", "64, 64KiB or 1MiB", float(1 << 62)))


def _parse(text: str, units: dict[str, float] | dict[str, int], what: str, examples: str, most: float) -> float:
    def wrong(why: str) -> ValueError:
        return ValueError(f"{what} {why}, write a {what} like {examples}, got '{text[:40]}'")

    number = _NUMBER.match(text)
    if number is None:
        raise wrong("is not a number")
    value, unit = float(number[0]), text[number.end():]
    if value < 0:
        raise wrong("must not be negative")
    if unit not in units:
        if not unit and value == 0:
            return 0.0
        raise wrong("has an unknown unit" if unit else "needs a unit")
    if value * units[unit] > most:
        raise wrong("is too large")
    return value * units[unit]
