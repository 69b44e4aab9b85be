"""What a source text uses: executor/runtime/uses.py."""

import unittest

from support import LIMITS, checked

_MAIN = "\nasync def main(): pass\n"


def modules(source):
    report = checked(source + _MAIN)
    if not report.valid:
        raise AssertionError(report.problem.decode())
    return [name.decode() for name in report.modules]


class Modules(unittest.TestCase):
    def test_every_import_anywhere_is_named_by_its_first_part_once(self):
        source = """
import json, urllib.parse as up
import urllib.request
from xml.etree import ElementTree
def f():
    try:
        import yaml
    except ImportError:
        from PIL import Image as I
class C:
    import csv
"""
        self.assertEqual(modules(source), ["PIL", "csv", "json", "urllib", "xml", "yaml"])

    def test_import_calls_with_a_literal_name_count(self):
        source = """
import importlib as il
from importlib import import_module as load
a = il.import_module("numpy.linalg")
b = load(name="pandas")
c = __import__("regex")
import builtins
d = builtins.__import__("lxml.etree", fromlist=["x"])
"""
        wanted = ["builtins", "importlib", "lxml", "numpy", "pandas", "regex"]
        self.assertEqual(modules(source), wanted)

    def test_what_names_no_module_is_left_out(self):
        source = """
import importlib
importlib.import_module("not a module"); importlib.import_module(""); importlib.import_module(".x", "y")
importlib.import_module("a" + "b"); importlib.import_module(b"c"); __import__(); __import__("\\ud800")
"""
        self.assertEqual(modules(source), ["importlib"])
        self.assertEqual(modules("from . import x\nfrom .y import z"), [])

    def test_a_code_without_imports_has_none_and_an_invalid_one_neither(self):
        self.assertEqual(modules("x = 'import os'"), [])
        self.assertEqual(checked("import os\n").modules, ())

    def test_names_and_their_number_have_limits(self):
        most = LIMITS.imported_modules
        self.assertEqual(len(modules("".join(f"import m{n}\n" for n in range(most)))), most)
        report = checked("".join(f"import m{n}\n" for n in range(most + 1)) + _MAIN)
        self.assertFalse(report.valid)
        self.assertIn(f"imports {most + 1} modules; the limit is {most}", report.problem.decode())
        longest = "é" * (LIMITS.module_name_bytes // 2)
        self.assertEqual(modules(f"import {longest}"), [longest])
        self.assertFalse(checked(f"import {longest}x{_MAIN}").valid)


if __name__ == "__main__":
    unittest.main()
