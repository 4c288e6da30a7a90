#!/usr/bin/env python3
"""The picture of the house in HACKING.md, made from the rules that check.py enforces, so that it can't lie:
`picture.py` holds the page against them, `picture.py --write` draws it anew."""

import re
import sys
from pathlib import Path

import rules

PAGE = Path(__file__).resolve().parents[2] / "HACKING.md"
PICTURE = re.compile(r"(?<=<!-- the house -->\n).*?(?=<!-- end -->\n)", re.S)


def below(room):
    """The rooms that this one may look into; a folder stands for all in it."""
    return {other for allowed in rules.EDGES[room] for other in rules.EDGES
            if other != room and "." not in other and (other == allowed or other.startswith(allowed + "/"))}


def level(room):
    return 1 + max((level(other) for other in below(room)), default=0)


def nearest(room):
    """Without those that can be reached through another one."""
    rooms = below(room)
    return sorted(rooms - {far for near in rooms for far in reach(near)}, key=lambda other: (-level(other), other))


def reach(room):
    return below(room) | {far for near in below(room) for far in reach(near)}


def draw():
    rooms = sorted(rules.EDGES, key=lambda room: (-level(room), room))
    width = max(map(len, rooms))
    lines = [f"{level(room):2}  {room:{width}}  {' '.join(nearest(room))}".rstrip() for room in rooms]
    return "```\n" + "\n".join(lines) + "\n```\n"


def main(arguments):
    page = PAGE.read_text()
    new = PICTURE.sub(lambda _: draw(), page)
    if arguments == ["--write"]:
        PAGE.write_text(new)
    elif new != page:
        print("HACKING.md does not show the house as the rules have it: tests/architecture/picture.py --write")
        return True
    return False


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
