"""What the reviewer is told: executor/runtime/analysis.py and the checks that it runs."""

import json
import unittest

from support import LIMITS, checked
from runtime.findings import RULES

_MAIN = "\nasync def main(): return 1\n"


def analysis(source):
    """The analysis of a source that parses; an empty main is added when it has none."""
    if "main(" not in source:
        source += _MAIN
    report = checked(source)
    if not report.analysis:
        raise AssertionError(report.problem.decode())
    return json.loads(report.analysis)


def rules(source):
    """Pairs of (rule, line), without what every short example would have."""
    noise = ("unused-import", "unused-name", "undescribed-parameter", "untyped-parameter")
    return [(f["rule"], f["line"]) for f in analysis(source)["findings"] if f["rule"] not in noise]


# rule: (sources that break it in line 1 or 2, sources that do not)
_CASES = {
    "bidirectional-text": (["x = 'a\u202eb'", "# \u2066"], ["x = 'a\\u202eb'"]),
    "invisible-character": (
        ["x = 'a\u200bb'", "x = 'a\ufeffb'", "x = '\u3164'", "x = '\U000e0041'", "x='a\u200db'"],
        ["x = '\U0001f468\u200d\U0001f469'", "x = '\u2764\ufe0f'", "x = 'naïve €'"],
    ),
    "control-character": (["x = '\x1b[2K'", "x = 1\ry = 2", "x = 1\x0c", "x = '\u2028'"], ["x = 1\r\ny = 2"]),
    "disguised-identifier": (["ｅｖａｌ = 1", "x.𝐬𝐲𝐬𝐭𝐞𝐦()"], ["größe = 1", "x = 'ｅｖａｌ'"]),
    "look-alike-identifier": (
        ["sсore = 1", "сору = 1", "def ехес(): pass"],
        ["счёт = 1", "имя = 2", "名前 = 3"],
    ),
    "mixed-scripts": (["x = 'pаypal.com'", "x = 'a\u00a0b'"], ["x = 'привет world'"]),
    "hidden-by-spaces": (["x = 1" + " " * 80 + "; y = 2"], ["x = 1" + " " * 80 + "# aligned", " " * 80]),
    "long-line": (["x = '" + "a b " * 100 + "'"], ["x = 1  # " + "a" * 100]),
    "encoded-blob": (
        ["x = '" + "aGVs" * 60 + "'", "x = b'" + "\\x90\\x00" * 150 + "'"],
        ["x = '''" + "some words\n" * 30 + "'''", "x = 'abcd'"],
    ),
    "dynamic-code": (
        ["eval('1')", "exec(x)", "compile('1', '', 'exec')", "import builtins as b; b.eval('1')"],
        ["import re; re.compile('x')", "def evaluate(): pass"],
    ),
    "computed-import": (
        ["import importlib; importlib.import_module(x)", "__import__('a' + 'b')"],
        ["import importlib; importlib.import_module('json')"],
    ),
    "introspection": (
        ["x = ().__class__.__bases__", "x = getattr(f, '__globals__')", "x = g.gi_frame", "import gc"],
        ["x = type(a).__name__", "x = a.__class__.__name__", "x = getattr(a, 'name')"],
    ),
    "native-code": (["import ctypes", "from cffi import FFI"], ["import struct"]),
    "unsafe-load": (
        ["import pickle", "import yaml; yaml.load(x)"],
        ["import yaml; yaml.load(x, Loader=yaml.SafeLoader)", "import yaml; yaml.safe_load(x)"],
    ),
    "monkeypatch": (
        [
            "import math; math.sin = 1",
            "json.dumps = 1",
            "import sys; sys.modules['x'] = 1",
            "setattr(json, 'a', 1)",
        ],
        ["class A: pass\nA.x = 1", "x = {}\nx['json'] = 1"],
    ),
    "credentials": (
        [
            "x = 'sk-abcdefghijklmnopqrstuvwx'",
            "x = 'https://me:pw@host.example.com/'",
            "x = 'AKIA" + "A" * 16 + "'",
        ],
        ["x = 'sk-short'", "x = 'https://host.example.com/a:b@c'"],
    ),
    "computed-secret": (["x = secrets[name]", "x = secrets.get('A' + b)"], ["x = secrets['A']"]),
    "all-secrets": (
        ["x = dict(secrets)", "for k in secrets.values(): pass", "f(secrets)", "s = secrets"],
        ["x = secrets['A']", "x = 'A' in secrets", "x = len(secrets)", "x = secrets.keys()"],
    ),
    "secret-in-output": (
        ["print(secrets['A'])", "def f():\n return {'a': f'{secrets[\"A\"]}'}"],
        ["async def f():\n return await g(token=secrets['A'])", "x = secrets['A']"],
    ),
    "computed-host": (
        ["x = f'https://{h}/x'", "x = 'https://' + h", "x = f'https://{h}.example.com/'"],
        ["x = f'https://example.com/{h}'", "x = 'https://example.com/' + h"],
    ),
    "private-address": (
        ["x = 'http://192.168.1.2/'", "x = 'nas.local'", "x = 'https://localhost:8080'", "x = '::1'"],
        ["x = 'https://example.com'", "x = '1.2.3.4'", "x = 'a:b'", "x = '1.2'"],
    ),
    "unencrypted": (["x = 'http://example.com'"], ["x = 'https://example.com'"]),
    "module-not-approved": (
        ["import os", "from urllib import request", "def f():\n from PIL import Image"],
        ["import json, urllib.parse", "from urllib import parse", "from xml.etree import ElementTree"],
    ),
    "no-files": (["open('x')", "import pathlib"], ["x.open()"]),
    "no-processes": (
        ["import subprocess", "import os; os.system('id')", "import os; os.execv('a', [])"],
        ["f()"],
    ),
    "no-threads": (
        ["import threading", "from concurrent.futures import ThreadPoolExecutor"],
        ["import asyncio"],
    ),
    "no-sockets": (
        ["import requests", "import urllib.request", "import asyncio; asyncio.open_connection()"],
        ["import urllib.parse"],
    ),
    "no-input": (["x = input()", "breakpoint()"], ["x.input()"]),
    "nested-loop": (
        ["import asyncio\nasync def main(): asyncio.run(f())"],
        ["import asyncio\ndef main(): asyncio.run(f())"],
    ),
    "not-awaited": (
        [
            "import asyncio\nasync def main(): asyncio.sleep(1)",
            "async def f(): pass\nasync def main(): f().x",
        ],
        [
            "import asyncio\nasync def main(): await asyncio.sleep(1)",
            "import asyncio\nasync def f(): pass\nasync def main(): await asyncio.gather(f(), f())",
        ],
    ),
    "undefined-name": (
        ["x = nothing_here", "import secrets; x = secrets['A']"],
        [
            "x = json, datetime, secrets, arguments, __name__",
            "from re import *\nx = sub",
            "def f(a, *b, **c): a; b; c",
            "[y for y in ()]",
            "try: pass\nexcept E as e: e\nclass E: pass",
            "match 1:\n case x: x",
            "x = locals(), y",
        ],
    ),
    "endless-loop": (
        ["while True: x = 1", "while 1:\n  def f(): return 1"],
        ["while True:\n  break", "async def f():\n while True: await g()", "while x: pass", "while 0: pass"],
    ),
    "swallowed-cancellation": (
        ["try: f()\nexcept: pass", "try: f()\nexcept BaseException: x = 1"],
        ["try: f()\nexcept: raise", "try: f()\nexcept ValueError: pass"],
    ),
    "silent-except": (["try: f()\nexcept Exception: pass"], ["try: f()\nexcept Exception as e: print(e)"]),
    "blocking-sleep": (
        ["import time\nasync def f(): time.sleep(1)"],
        ["import time\ndef f(): time.sleep(1)"],
    ),
    "lost-state": (
        ["C = {}\ndef f(): C['a'] = 1", "C = []\ndef f(): C.append(1)", "def f():\n global n; n = 1"],
        ["C = {}\nC['a'] = 1", "def f():\n C = {}; C['a'] = 1", "C = (1,)\ndef f(): C.count(1)"],
    ),
    "early-exit": (["import sys; sys.exit()", "quit()"], ["def leave(): return 1"]),
    "ignored-parameter": (["async def main(*rest): return rest"], ["async def main(**rest): return rest"]),
    "untyped-parameter": (["async def main(a): return a"], ["async def main(a: int): return a"]),
    "undescribed-parameter": (
        ["async def main(a: int): return a"],
        ['async def main(a: int):\n """X.\n\n Args:\n   a: a number\n """\n return a'],
    ),
    "unused-import": (
        ["import csv", "from re import sub as s"],
        ["import csv; csv.x", "import _x", "import csv\n__all__ = ['csv']"],
    ),
    "unused-name": (
        ["def f():\n x = 1", "def f(): pass", "class C: pass"],
        ["def f():\n _x = 1\nf()", "def f():\n x = 1\n return lambda: x\nf()", "x = 1"],
    ),
    "unused-parameter": (
        ["async def main(a: int): return 1"],
        ["async def main(a: int): return a", "async def main(a: int): return arguments"],
    ),
    "python-warning": (["x = 1 is 2", "x = '\\d'"], ["x = r'\\d'"]),
}
_ELSEWHERE = {"incomplete", "schema-mismatch"}


class Rules(unittest.TestCase):
    def test_every_rule_has_its_cases(self):
        self.assertEqual(set(_CASES) | _ELSEWHERE, set(RULES))

    def test_a_rule_finds_what_breaks_it_and_nothing_else(self):
        for rule, (bad, good) in _CASES.items():
            for source in bad:
                with self.subTest(rule, bad=source[:60]):
                    found = [f for f in analysis(source)["findings"] if f["rule"] == rule]
                    self.assertTrue(found, analysis(source)["findings"])
                    self.assertIn(found[0]["line"], (1, 2, 3))
                    self.assertEqual((found[0]["severity"], found[0]["advice"]), RULES[rule])
                    self.assertTrue(found[0]["text"].isprintable())
            for source in good:
                with self.subTest(rule, good=source[:60]):
                    self.assertNotIn(rule, [f["rule"] for f in analysis(source)["findings"]])

    def test_an_ordinary_tool_has_no_findings(self):
        source = '''
"""Tells how long a text is."""
import re
from dataclasses import dataclass

@dataclass
class Count:
    words: int
    letters: int

def count(text: str) -> Count:
    return Count(len(re.findall(r"\\w+", text)), len(text))

async def main(text: str, shout: bool = False) -> dict:
    """Counts.

    Args:
        text: what to count
        shout: answer in capitals
    """
    try:
        found = count(text)
    except ValueError as error:
        return {"error": str(error)}
    answer = f"{found.words} words, {found.letters} letters"
    return {"answer": answer.upper() if shout else answer}
'''
        self.assertEqual(analysis(source)["findings"], [])

    def test_the_most_severe_come_first_then_by_line(self):
        found = rules("import os\nopen('x')\neval('1')\nimport sys\n")
        self.assertEqual(found[0], ("dynamic-code", 3))
        self.assertEqual([line for _, line in found[1:]], sorted(line for _, line in found[1:]))


class Lists(unittest.TestCase):
    def test_hosts_are_listed_once_with_their_line(self):
        source = """
BASE = "https://API.example.com:8443/v1"
async def main(city: str):
    a = f"https://api.example.com:8443/{city}"
    b = f"wss://stream.example.org/{city}?x={city}"
    c = "weather.example.net"
    d = b"https://bytes.example.com"
    e = "see https://in-text.example.com, or not"
    f = "readme.md and main.py"
    return a, b, c, d, e, f, "json.dumps", "https://[2001:db8::1]:8443/x"
"""
        found = [(h["host"], h["line"]) for h in analysis(source)["hosts"]]
        wanted = [
            ("api.example.com:8443", 2),
            ("stream.example.org", 5),
            ("weather.example.net", 6),
            ("bytes.example.com", 7),
            ("in-text.example.com", 8),
            ("[2001:db8::1]:8443", 10),
        ]
        self.assertEqual(found, wanted)

    def test_secrets_are_listed_by_the_names_that_the_code_gives(self):
        source = (
            "async def main():\n a = secrets['A']\n b = secrets.get('B', 1)\n"
            " return a, b, secrets['A'], 'C' in secrets\n"
        )
        found = analysis(source)["secrets"]
        self.assertEqual(found, [{"key": "A", "line": 2}, {"key": "B", "line": 3}, {"key": "C", "line": 4}])

    def test_modules_say_what_it_takes_to_import_them(self):
        source = (
            "import json, os.path, yaml\nfrom urllib import parse, request\nimport xml.etree.ElementTree\n"
        )
        found = [(m["name"], m["status"]) for m in analysis(source)["modules"]]
        wanted = [
            ("json", "allowed"),
            ("os.path", "standard_library"),
            ("yaml", "not_installed"),
            ("urllib.parse", "allowed"),
            ("urllib.request", "standard_library"),
            ("xml.etree.ElementTree", "allowed"),
        ]
        self.assertEqual(found, wanted)

    def test_a_code_without_main_is_analysed_all_the_same(self):
        report = checked("eval('1')\n")
        self.assertFalse(report.valid)
        self.assertIn(b"dynamic-code", report.analysis)

    def test_what_does_not_parse_has_no_analysis(self):
        self.assertEqual(checked("async def main(:\n").analysis, b"")


class Bounds(unittest.TestCase):
    def test_many_of_a_kind_are_counted_not_listed(self):
        found = [
            f for f in analysis("\n".join(["eval('1')"] * 100))["findings"] if f["rule"] == "dynamic-code"
        ]
        self.assertEqual(len(found), 8)
        self.assertIn("(and 92 more)", found[-1]["text"])

    def test_long_lists_end_and_say_so(self):
        made = analysis("\n".join(f"x = 'https://h{n}.example.com'" for n in range(100)))
        self.assertEqual(len(made["hosts"]), 64)
        self.assertIn(("incomplete", 0), [(f["rule"], f["line"]) for f in made["findings"]])

    def test_the_authors_text_is_shown_short_and_printable(self):
        source = "import secrets as s\nx = getattr(a, '__\\x1b[2K\\u202e" + "y" * 500 + "')"
        for found in analysis(source)["findings"]:
            self.assertTrue(found["text"].isprintable())
            self.assertLess(len(found["text"]), 200)
        self.assertEqual(analysis("x = secrets['\\ud800']")["secrets"], [{"key": "?", "line": 1}])

    def test_it_stays_within_its_bytes(self):
        wide = "\U0001f600" * 90
        source = "\n".join(f"x = secrets['{n}{wide}']" for n in range(400))
        report = checked(source + _MAIN)
        self.assertTrue(report.valid)
        self.assertLessEqual(len(report.analysis), LIMITS.analysis_bytes)
        self.assertEqual(len(json.loads(report.analysis)["secrets"]), 64)


_FILL = LIMITS.code_chars - 100
_HOSTILE = {
    "operators": "x=1" + "+1" * 40000,
    "attributes": "x=a" + ".b" * 40000,
    "calls": "x=a" + "()" * 40000,
    "not": "x=" + "not " * 20000 + "1",
    "lambdas": "x=" + "lambda:" * 10000 + "1",
    "strings": "x=''" + "+'http://'" * 9000,
    "one f-string": "x=f'" + "{a}" * 30000 + "'",
    "f-string formats": "x=f'" + "{a:{b}}" * 13000 + "'",
    "names": "a;" * 45000,
    "decimal": "x=" + "9" * _FILL,
    "hexadecimal": "x=0x" + "f" * _FILL,
    "hexadecimal default": "async def main(a=0x" + "f" * (_FILL - 50) + "): pass",
    "spaces": "x=1 " + " " * (_FILL - 5),
    "spaces in a docstring": 'async def main(a):\n  """Args:\n   a' + " " * (_FILL - 100) + 'z"""',
    "words in a docstring": 'async def main(a):\n  """:param ' + "a " * 40000 + '"""',
    "variables": "def f():\n" + "\n".join(f" a{n}=1" for n in range(9000)),
    "globals": "def f():\n global " + ",".join(f"a{n}" for n in range(14000)),
    "literals": "async def main(x: Literal[" + ",".join(str(n) for n in range(15000)) + "]): pass",
    "aliases that double": "\n".join(f"A{n}=tuple[A{n+1},A{n+1}]" for n in range(60))
    + "\nasync def main(x:A0): pass",
    "quoted aliases": 'A="' + "x" * 80000 + '"\nasync def main(x:tuple[' + ",".join("A" * 4000) + "]): pass",
    "bases that double": "from dataclasses import dataclass\n"
    + "\n".join(f"@dataclass\nclass C{n}(C{n+1},C{n+2}):\n x:int" for n in range(60))
    + "\nasync def main(x:C0): pass",
    "directions": "x='" + "\u202e" * (_FILL - 10) + "'",
    "look-alikes": "\n".join(f"іd{n}=1" for n in range(9000)),
    "addresses": "x='" + "http://" * 13000 + "'",
    "tokens": "x='" + "eyJaaaaaaaaaa" * 7000 + "'",
    "elif": "if a: pass\n" + "elif a: pass\n" * 7000,
    "indentation": "".join(" " * n + "if a:\n" for n in range(99)) + " " * 99 + "pass",
    "loops": "async def f():\n" + " while True: x=1\n" * 5000,
    "handlers": "try:\n pass\nexcept:\n pass\n" * 3500,
}


class Hostile(unittest.TestCase):
    def test_no_source_keeps_it_or_breaks_it(self):
        for name, source in _HOSTILE.items():
            with self.subTest(name):
                report = checked(source if "main(" in source else source + _MAIN)
                if report.analysis:
                    found = [
                        f["text"]
                        for f in json.loads(report.analysis)["findings"]
                        if f["rule"] == "incomplete"
                    ]
                    self.assertFalse([text for text in found if "ended early" in text])
                else:
                    self.assertTrue(report.problem)


class Outputs(unittest.TestCase):
    def test_what_the_client_can_get_besides_text_is_listed_once(self):
        source = (
            "async def main(ctx):\n    await ctx.elicit('a', {})\n    await ctx.elicit_url('a', 'b')\n"
            "    return [ctx.image(b''), ctx.image(b''), ctx.text('')]\n"
        )
        self.assertEqual(
            analysis(source)["outputs"],
            [{"kind": "question to the user", "line": 2}, {"kind": "image", "line": 4}],
        )

    def test_an_attribute_of_something_else_is_none(self):
        self.assertEqual(analysis("x = other.image\n")["outputs"], [])


if __name__ == "__main__":
    unittest.main()
