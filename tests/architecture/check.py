#!/usr/bin/env python3
"""Holds the tree against rules.py: `check.py [ROOT]`; `check.py --fixtures` proves that each rule bites.

A fixture is a small tree in fixtures/NAME/ that mirrors the real one. A line in it that must be
reported carries `expect: RULE`, and nothing else may be reported.
"""

import re
import sys
from pathlib import Path

import rules

HERE = Path(__file__).resolve().parent
SKIPPED = re.compile(r"^(\.git|build[^/]*|results|tests/architecture/fixtures)(/|$)")
TEXT = {".cpp", ".hpp", ".c", ".h", ".py", ".sh", ".md", ".txt", ".cmake", ".json", ".yaml", ".yml",
        ".html", ".js", ".css", ".csv", ""}
INCLUDE = re.compile(r'^\s*#\s*include\s*"([^"]+)"')
TOKEN = re.compile(r'//[^\n]*|/\*.*?\*/|R"(\w*)\(.*?\)\1"|"(?:\\.|[^"\\\n])*"|'
                   r"(?<![0-9a-fA-F])'(?:\\.|[^'\\\n])+'", re.S)


def within(path, places):
    return any(place == "" or path == place or path.startswith(place + "/") for place in places)


def files(root):
    for path in sorted(root.rglob("*")):
        name = path.relative_to(root).as_posix()
        if not SKIPPED.match(name) and path.suffix in TEXT and path.is_file():
            yield name, path.read_text(errors="replace")


def code_only(text):
    """The text without comments and strings, its lines where they were. Includes keep their name."""

    def blank(match):
        line_start = text.rfind("\n", 0, match.start()) + 1
        if match[0].startswith('"') and INCLUDE.match(text[line_start:match.end()]):
            return match[0]
        return re.sub(r"[^\n]", " ", match[0])

    return TOKEN.sub(blank, text)


def folder_of(path):
    return max((place for place in rules.EDGES if within(path, (place,))), key=len, default=None)


def include_mistakes(path, lines):
    folder = folder_of(path)
    if folder is None:
        return
    allowed = rules.EDGES[folder] + (folder,)
    for number, line in enumerate(lines, 1):
        included = INCLUDE.match(line)
        if included and within(included[1], rules.PRODUCT + ("tests",)) and not within(
                included[1], allowed):
            yield (number, "include", f'#include "{included[1]}"',
                   "only " + " and ".join(sorted(allowed)))


def function_mistakes(code):
    """A block is a function's when what stands before its brace has a parameter list."""
    control = re.compile(r"\s*(if|for|while|switch|catch|else|do|return|namespace|class|struct|enum)\b")
    blocks, start = [], 0
    for match in re.finditer(r"[{};]", code):
        if match[0] == "{":
            head = re.sub(r"\[\[.*?\]\]", "", code[start:match.start()])
            is_function = (")" in head and head.count("(") == head.count(")")
                           and not control.match(head) and not re.search(r"[=\[]", head))
            blocks.append((code.count("\n", 0, match.start()) + 1, is_function))
        elif match[0] == "}" and blocks:
            first, is_function = blocks.pop()
            length = code.count("\n", 0, match.start()) + 2 - first
            if is_function and length > rules.FUNCTION_LINES:
                yield (first, "function-length", f"a function of {length} lines",
                       f"functions of up to {rules.FUNCTION_LINES}, each with one purpose")
        start = match.end()


def word_mistakes(path, text, code):
    for rule in rules.RULES:
        if not within(path, rule.scope) or within(path, rule.only):
            continue
        if rule.files and not path.endswith(rule.files):
            continue
        searched = text if rule.raw else code
        for match in re.finditer(rule.pattern, searched):
            number = searched.count("\n", 0, match.start()) + 1
            yield number, rule.name, match[0].strip(), rule.use


def mistakes(root):
    """(path, line, rule, what, use) of everything that is not allowed."""
    for path, text in files(root):
        found = []
        code = code_only(text) if path.endswith(rules.CODE) else text
        lines = code.splitlines()
        found += word_mistakes(path, text, code)
        if path.endswith(rules.CODE):
            found += include_mistakes(path, lines)
            found += function_mistakes(code)
            longest = rules.TEST_FILE_LINES if within(path, ("tests",)) else rules.FILE_LINES
            if len(lines) > longest:
                found.append((len(lines), "file-length", f"a file of {len(lines)} lines",
                              f"files of up to {longest}, each with one purpose"))
        for number, rule, what, use in sorted(found):
            yield path, number, rule, what, use


def check(root):
    failed = False
    for path, number, _, what, use in mistakes(root):
        failed = True
        print(f"{path}:{number}: {what} is not allowed here, use {use}")
    return failed


def check_fixtures():
    """Short limits, so that the length fixtures can be short too."""
    rules.FILE_LINES, rules.FUNCTION_LINES = 12, 5
    failed, bitten = False, set()
    for fixture in sorted(p for p in (HERE / "fixtures").iterdir() if p.is_dir()):
        expected = {(path, number, name) for path, text in files(fixture)
                    for number, line in enumerate(text.splitlines(), 1)
                    for name in re.findall(r"expect: ([\w-]+)", line)}
        got = {(path, number, rule) for path, number, rule, _, _ in mistakes(fixture)}
        bitten |= {rule for _, _, rule in got}
        for path, number, rule in sorted(expected ^ got):
            failed = True
            problem = "not reported" if (path, number, rule) in expected else "reported wrongly"
            print(f"fixtures/{fixture.name}/{path}:{number}: {rule} was {problem}")
    every = {rule.name for rule in rules.RULES} | {"include", "function-length", "file-length"}
    for rule in sorted(every - bitten):
        failed = True
        print(f"rule {rule} has no fixture that fails it")
    return failed


def main(arguments):
    if arguments == ["--fixtures"]:
        return check_fixtures()
    return check(Path(arguments[0]).resolve() if arguments else HERE.parent.parent)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
