"""Every file of servers/python is Python 3.8, and imports nothing but the standard library and its neighbours."""

import ast
import sys
import unittest
from pathlib import Path

FOLDER = Path(__file__).resolve().parents[3] / "servers" / "python"


def imported(tree):
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (name.name.partition(".")[0] for name in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module.partition(".")[0]


class Syntax(unittest.TestCase):
    def test_files(self):
        files = sorted(FOLDER.glob("*.py"))
        self.assertGreater(len(files), 5)
        neighbours = {path.stem for path in files}
        standard = getattr(sys, "stdlib_module_names", None)  # since 3.10
        for path in files:
            with self.subTest(path.name):
                tree = ast.parse(path.read_text(encoding="utf-8"), path.name, feature_version=(3, 8))
                if standard is not None:
                    self.assertEqual(neighbours & set(standard), set(), "it would hide a module of the library's")
                    self.assertEqual(set(imported(tree)) - neighbours - set(standard), set())

    def test_functions_say_their_types(self):
        for path in FOLDER.glob("*.py"):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
                    self.assertIsNotNone(node.returns, f"{path.name}: {node.name}() does not say what it returns")


if __name__ == "__main__":
    unittest.main()
