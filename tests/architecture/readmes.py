#!/usr/bin/env python3
"""Both READMEs show the same commands: the code blocks without their comments, and the code in tables."""

import difflib
import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def commands(name):
    lines, fenced = [], False
    for line in (ROOT / name).read_text().splitlines():
        if line.startswith("```"):
            fenced = not fenced
            lines.append(line)
        elif fenced:
            lines.append(re.sub(r"(^|\s+)#\s.*$", "", line).rstrip())
        elif line.startswith("| `"):
            lines.append(line.split(" | ")[0])
    return lines


def main():
    different = list(difflib.unified_diff(commands("README.md"), commands("README.zh-CN.md"), "README.md",
                                          "README.zh-CN.md", lineterm="", n=0))
    if different:
        print("the two READMEs show different commands:", *different, sep="\n")
    return bool(different)


if __name__ == "__main__":
    sys.exit(main())
