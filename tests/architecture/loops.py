#!/usr/bin/env python3
"""Holds the tables of servers/README.md against the loops of the three servers and of their twins in Python: what each
does at a step. `loops.py --write` makes the tables anew."""

import html
import re
import sys
import textwrap
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "servers" / "README.md"
MOST_LINES = 30


def steps_of(source):
    """The code of each step, by its name; and how many lines the loop has."""
    loop = re.search(r"^    while \(.*?^    }$", source, re.S | re.M)[0]
    cases = re.split(r"^ *case Step::Kind::(\w+):\n", loop, flags=re.M)
    steps = {}
    for name, code in zip(cases[1::2], cases[2::2]):
        code = re.sub(r"^ {8}}\n {4}}$", "", code, flags=re.M)  # the switch's and the loop's end
        steps[name] = re.sub(r"\n?break;$", "", textwrap.dedent(code).strip())
    return steps, len(loop.splitlines())


def steps_of_python(source):
    loop = re.search(r"^    while True:\n        step = session.*?(?=\n\n\n)", source, re.S | re.M)[0]
    cases = re.split(r"^ *(?:el)?if step\.kind == (\w+):\n", loop, flags=re.M)
    steps = {name.lower(): textwrap.dedent(code).strip() for name, code in zip(cases[1::2], cases[2::2])}
    return steps, len(loop.splitlines())


# What stands over a table, how its loops are read, and where they are, by the name of their column.
TABLES = (
    ("the loops", steps_of,
     {"prefork": "prefork/loop.cpp", "threads": "threads/loop.hpp", "coroutine": "coroutine/loop.cpp"}),
    ("the loops in Python", steps_of_python,
     {"py-prefork": "python/prefork.py", "py-threads": "python/threads.py", "py-asyncio": "python/asyncio_server.py"}),
)


def table(loops):
    rows = ["<table>", "<tr><th></th>" + "".join(f"<th>{model}</th>" for model in loops) + "</tr>"]
    for step in next(iter(loops.values())):
        rows.append(f"<tr><td>{step}</td>")
        rows += [f"<td><pre>{html.escape(steps[step], quote=False)}</pre></td>" for steps in loops.values()]
        rows.append("</tr>")
    return "\n".join(rows + ["</table>", ""])


def main(arguments):
    page, failed = PAGE.read_text(), False
    new = page
    for title, read, places in TABLES:
        loops = {}
        for model, name in places.items():
            loops[model], lines = read((PAGE.parent / name).read_text())
            if lines > MOST_LINES:
                failed = True
                print(f"servers/{name}: a loop of {lines} lines; the model alone needs at most {MOST_LINES}")
        rows = table(loops)
        new = re.sub(rf"(?<=<!-- {title} -->\n).*?(?=<!-- end -->\n)", lambda _: rows, new, flags=re.S)
    if arguments == ["--write"]:
        PAGE.write_text(new)
    elif new != page:
        failed = True
        print("servers/README.md does not show the loops as they are: tests/architecture/loops.py --write")
    return failed


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
