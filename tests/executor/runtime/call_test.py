"""A whole call: results, errors, output, limits.  runtime/{call,result,failure,output,imports}.py."""

import json
import unittest

from support import LIMITS, body, call, run


class Results(unittest.TestCase):
    def test_a_string_is_text_and_nothing_else(self):
        ran = run(body("return 'hällo'"))
        self.assertEqual((ran.end, ran.text, ran.is_error), (call.OK, "hällo", False))
        self.assertIsNone(ran.structured)
        self.assertNotIn("is_json", ran.meta)

    def test_an_object_is_structured_and_text(self):
        ran = run(body("return {'a': [1, 2.5, None, True]}"))
        self.assertEqual(ran.structured, {"a": [1, 2.5, None, True]})
        self.assertEqual(json.loads(ran.text), ran.structured)
        self.assertIs(ran.meta["is_json"], True)

    def test_other_json_values_are_their_text(self):
        for value in ("[1, 2]", "5", "1.5", "True", "(1, 2)", "None"):
            with self.subTest(value):
                ran = run(body(f"return {value}"))
                self.assertEqual(ran.end, call.OK)
                self.assertIsNone(ran.structured)
                self.assertEqual(ran.text, json.dumps(eval(value)))
                self.assertIs(ran.meta["is_json"], True)

    def test_usual_python_values_have_their_usual_form(self):
        source = """
import dataclasses, decimal, enum, uuid
class E(enum.Enum):
    A = "a"
@dataclasses.dataclass
class D:
    x: int
async def main():
    return {"d": D(1), "e": E.A, "n": decimal.Decimal("1.10"), "t": datetime.date(2026, 1, 2)}
"""
        self.assertEqual(run(source).structured, {"d": {"x": 1}, "e": "a", "n": "1.10", "t": "2026-01-02"})

    def test_what_is_not_json_is_an_error_that_names_the_type(self):
        values = {
            "object()": "object",
            "lambda: 1": "function",
            "{(1, 2): 3}": "keys must be str, not tuple",
            "float('nan')": "nan has no JSON form",
            "{'a': [1, float('-inf')]}": "at ['a'][1]: -inf",
            "[{'a': object()}]": "at [0]['a']: an object of type object",
            "1 << 20000": "20001 bits",
        }
        for value, word in values.items():
            with self.subTest(value):
                ran = run(body(f"return {value}"))
                self.assertEqual((ran.end, ran.is_error), (call.TOOL_ERROR, True))
                self.assertIn("not JSON", ran.text)
                self.assertIn(word, ran.text)

    def test_generators_are_refused_in_words(self):
        self.assertIn("generator", run("async def main():\n    yield 1").text)
        self.assertIn("generator", run("def main():\n    yield 1").text)

    def test_a_plain_main_is_accepted(self):
        self.assertEqual(run("def main(): return 'x'").text, "x")

    def test_a_plain_main_may_use_asyncio_run(self):
        source = "import asyncio\ndef main():\n    async def f(): return 'x'\n    return asyncio.run(f())"
        self.assertEqual(run(source).text, "x")

    def test_a_result_at_its_limit_passes_and_one_byte_more_does_not(self):
        for offset, end in ((-1, call.OK), (0, call.OK), (1, call.TOOL_ERROR)):
            with self.subTest(offset):
                ran = run(body(f"return ['x' * ({LIMITS.result_bytes} - 4 + {offset})]"))
                self.assertEqual(ran.end, end)
        self.assertIn(str(LIMITS.result_bytes), ran.text)
        ran = run(body(f"return 'x' * {LIMITS.result_bytes}"))
        self.assertEqual(ran.end, call.OK)
        ran = run(body(f"return 'x' * ({LIMITS.result_bytes} + 1)"))
        self.assertEqual(ran.end, call.TOOL_ERROR)

    def test_no_outcome_is_over_its_limit(self):
        worst = (
            "return chr(1) * 2**20",
            "return {'a': ['\"' * 2**19]}",
            "print(chr(1) * 2**21)\nreturn ['']*2**17",
        )
        for lines in (*worst, "print(chr(1) * 2**21)\nraise ValueError(chr(1) * 2**20)"):
            with self.subTest(lines):
                ran = run(body(lines))
                self.assertLessEqual(len(ran.outcome.result), LIMITS.outcome_bytes)
                self.assertLessEqual(len(ran.outcome.log_error), LIMITS.error_bytes)
                self.assertLessEqual(len(ran.outcome.log_output), LIMITS.log_text_bytes)
                self.assertLessEqual(len(ran.outcome.log_result), LIMITS.log_text_bytes)

    def test_deep_results_are_refused(self):
        source = body("v = []\nfor _ in range({}): v = [v]\nreturn v")
        self.assertEqual(run(source.replace("{}", "60")).end, call.OK)
        self.assertEqual(run(source.replace("{}", "61")).end, call.TOOL_ERROR)
        self.assertIn("nested", run(source.replace("{}", "100000")).text)
        self.assertEqual(run(body("return '[' * 100")).end, call.OK)
        self.assertEqual(run(body(r"return ['\\\"[' * 100]")).end, call.OK)

    def test_lone_surrogates_do_not_break_the_answer(self):
        ran = run(body(r"print('\ud800')" + "\n" + r"return {'a': '\udfff'}"))
        self.assertEqual(ran.structured, {"a": "?"})


class Errors(unittest.TestCase):
    def test_an_exception_has_type_message_line_and_context(self):
        ran = run("import json\n\nasync def main():\n    x = 1\n    return x / 0\n    # after\n")
        self.assertEqual((ran.end, ran.is_error), (call.TOOL_ERROR, True))
        self.assertTrue(ran.text.startswith("ZeroDivisionError: division by zero"))
        self.assertIn("--- detail ---", ran.text)
        self.assertIn(">>> 5 |     return x / 0", ran.text)
        detail = ran.meta["error_detail"]
        self.assertEqual(detail["line_number"], 5)
        self.assertEqual(detail["error_type"], "ZeroDivisionError")
        self.assertEqual(detail["message"], "division by zero")
        self.assertEqual(len(detail["code_context"]), 5)
        self.assertEqual(detail["traceback"], ["line 5, in main: return x / 0"])

    def test_the_traceback_has_the_tools_frames_only(self):
        source = "import json\ndef f(): return json.loads('{')\nasync def main(): return f()\n"
        detail = run(source).meta["error_detail"]
        self.assertEqual(detail["line_number"], 2)
        self.assertEqual([line.split(",")[0] for line in detail["traceback"]], ["line 3", "line 2"])

    def test_an_error_while_loading_has_its_line(self):
        ran = run("x = 1\nx.nothing\nasync def main(): pass\n")
        self.assertEqual(ran.meta["error_detail"]["line_number"], 2)
        self.assertIn("AttributeError", ran.text)

    def test_causes_and_groups_are_told(self):
        source = "async def main():\n    try: 1/0\n    except Exception as e: raise ValueError('v') from e\n"
        self.assertIn("after ZeroDivisionError: division by zero at line 2", run(source).text)
        source = body("raise ExceptionGroup('g', [ValueError('one'), KeyError('two')])")
        self.assertIn("contains ValueError: one", run(source).text)

    def test_exceptions_that_fight_back_are_reported(self):
        source = """
class Bad(Exception):
    def __str__(self): raise Bad
async def main(): raise Bad
"""
        self.assertTrue(run(source).text.startswith("Bad: (its message cannot be shown)"))
        self.assertIn("SystemExit: 3", run(body("raise SystemExit(3)")).text)
        self.assertIn("KeyboardInterrupt", run(body("raise KeyboardInterrupt")).text)
        self.assertIn("CancelledError", run("import asyncio\n" + body("raise asyncio.CancelledError")).text)
        self.assertLess(len(run(body("raise ValueError('x' * 10**6)")).text), 20_000)
        self.assertLess(len(run(body("raise ImportError('x' * 10**6)")).text), 20_000)

    def test_names_and_texts_that_are_not_what_they_seem_are_reported(self):
        long_name = run(body("raise type('E' * 10**7, (Exception,), {})('odd')"))
        self.assertRegex(long_name.text, r"^E{200}\.\.\.: odd\n")
        self.assertLess(len(run(body("return type('T' * 10**7, (), {})()")).text), 20_000)
        long_function = "def f(): raise ValueError\nf.__code__ = f.__code__.replace(co_name='f' * 10**7)\n"
        self.assertLess(len(run(long_function + body("f()")).text), 20_000)
        source = """
class Meta(type):
    @property
    def __name__(cls): raise SystemExit
class Text(str):
    def __len__(self): return 0
    def __getitem__(self, which): raise SystemExit
    def __format__(self, how): raise SystemExit
class Odd(Exception, metaclass=Meta):
    def __str__(self): return Text("x" * 5000)
async def main(): raise Odd
"""
        self.assertRegex(run(source).text, r"^Odd: x{4000}\.\.\.\n")

    def test_an_error_that_does_not_let_itself_be_looked_at_is_reported(self):
        wall = "@property\n    def {}(self): raise SystemExit\n"
        for base, name in (
            ("Exception", "__cause__"),
            ("Exception", "__traceback__"),
            ("SyntaxError", "filename"),
            ("ExceptionGroup", "exceptions"),
        ):
            with self.subTest(name):
                given = "('odd', [ValueError()])" if base == "ExceptionGroup" else "('odd')"
                source = f"class Odd({base}):\n    " + wall.format(name)
                self.assertRegex(run(source + body(f"raise Odd{given}")).text, "^Odd: odd")
        for number in ("'one'", "-5", "10**9", "float('nan')"):
            source = body(f"e = SyntaxError('odd', ('<tool>', {number}, 1, ''))\nraise e")
            self.assertIn("odd", run(source).text, number)

    def test_a_group_of_groups_of_long_errors_is_cut(self):
        source = """
def group(depth):
    parts = [group(depth - 1)] * 9 if depth else [ValueError("x" * 9000)] * 9
    return ExceptionGroup("g" * 9000, parts)
async def main(): raise group(6)
"""
        ran = run(source)
        self.assertTrue(ran.text.startswith("ExceptionGroup: ggg"))
        self.assertLess(len(ran.text), 20_000)

    def test_a_lack_of_memory_for_calls_says_so(self):
        text = run(body("raise SystemError('error return without exception set')")).text
        self.assertIn("memory ran out; use a loop", text)
        self.assertTrue(run(body("raise SystemError('odd')")).text.startswith("SystemError: odd\n"))

    def test_recursion_and_memory_end_in_an_error(self):
        ran = run("def f(): return f()\nasync def main(): return f()")
        self.assertIn("RecursionError", ran.text)
        ran = run(body("return bytearray(2**60)"))
        self.assertEqual(ran.end, call.OUT_OF_MEMORY)
        self.assertIn("256 MB", ran.text)

    def test_syntax_errors_made_at_run_time_are_the_tools(self):
        ran = run(body("x = 1\nexec('a b')"))
        self.assertIn("SyntaxError", ran.text)
        self.assertEqual(ran.meta["error_detail"]["line_number"], 3)

    def test_what_was_printed_stands_in_the_error(self):
        ran = run(body("print('before')\nraise ValueError('v')"))
        self.assertIn("--- stdout ---\nbefore\n", ran.text)
        self.assertLess(ran.text.index("--- stdout ---"), ran.text.index("--- detail ---"))
        self.assertEqual(ran.outcome.log_output, b"before\n")

    def test_a_main_that_is_gone_at_run_time(self):
        self.assertIn("Code must define an async main() function", run("def main(): pass\ndel main").text)

    def test_the_deadline_ends_a_waiting_tool(self):
        source = "import asyncio\n" + body("print('p')\nawait asyncio.sleep(60)")
        ran = run(source, deadline_ms=200)
        self.assertEqual(ran.end, call.TIMED_OUT)
        self.assertIn("Execution timed out after 0.2 seconds", ran.text)
        self.assertIn("raise timeout_ms with mcpbox_update_tool", ran.text)
        self.assertIn("--- stdout ---\np", ran.text)
        self.assertEqual(run(source.replace("60", "0")).end, call.OK)

    def test_a_tool_cannot_swallow_its_deadline(self):
        source = "import asyncio\n" + body(
            "while True:\n    try: await asyncio.sleep(0.01)\n    except asyncio.CancelledError: pass"
        )
        self.assertEqual(run(source, deadline_ms=200).end, call.TIMED_OUT)

    def test_lines_are_counted_as_python_counts_them(self):
        ran = run("x = '\x0c\u2028'\r\nasync def main():\r    return 1 / 0\n")
        self.assertEqual(ran.meta["error_detail"]["line_number"], 3)
        self.assertIn(">>> 3 |     return 1 / 0", ran.text)

    def test_groups_notes_and_causes_are_told_with_their_lines(self):
        source = """
async def main():
    found = []
    for text in ("a", "b"):
        try:
            raise ValueError(text)
        except ValueError as error:
            found.append(error)
    found[0].add_note("first")
    outer = ExceptionGroup("all", [found[0], ExceptionGroup("inner", found[1:])])
    outer.add_note("look")
    raise outer
"""
        told = run(source).meta["error_detail"]["traceback"]
        for part in ("note: look", "contains ValueError: a at line 6", "  contains ValueError: b at line 6"):
            self.assertIn(part, told)
        many = run(body("raise ExceptionGroup('x', [ValueError(n) for n in range(9)])"))
        self.assertIn("and 4 more", many.meta["error_detail"]["traceback"])
        deep = body("e = ValueError(1)\nfor _ in range(99): e = ExceptionGroup('x', [e])\nraise e")
        self.assertEqual(run(deep).end, call.TOOL_ERROR)
        self.assertEqual(run(source).meta["error_detail"]["source_file"], "<tool>")

    def test_a_missing_secret_says_how_to_get_it(self):
        ran = run(body("return secrets['TOKEN']"))
        self.assertTrue(ran.text.startswith("SecretNotSet: secret 'TOKEN' is not set for this server."))
        self.assertIn("mcpbox_create_server_secret", ran.text)
        self.assertEqual(run(body("try: secrets['A']\nexcept KeyError: return 'is one'")).text, "is one")


class Output(unittest.TestCase):
    def test_print_is_captured_per_call(self):
        self.assertEqual(run(body("print('a', 1)\nprint('b')")).meta["stdout"], "a 1\nb\n")
        self.assertEqual(run(body("return 1")).meta["stdout"], "")

    def test_standard_error_is_captured_with_it(self):
        ran = run(body("import asyncio\nprint('a')\nprint('b', file=asyncio.sys.stderr)\nreturn 1"))
        self.assertEqual(ran.meta["stdout"], "a\nb\n")

    def test_output_at_its_limit_is_whole_and_one_more_is_cut(self):
        source = body("print('x' * k['n'], end='')\nprint('', end='')")
        limit = LIMITS.output_bytes
        for size, kept in ((limit - 1, limit - 1), (limit, limit)):
            self.assertEqual(len(run(source, {"n": size}).meta["stdout"]), kept)
        cut = run(source, {"n": limit + 1}).meta["stdout"]
        self.assertEqual(cut.count("x"), limit)
        self.assertIn("[output cut", cut)

    def test_a_flood_is_dropped_not_kept(self):
        ran = run(body("for _ in range(300): print('é' * 10_000)"))
        self.assertLessEqual(len(ran.meta["stdout"].encode()), LIMITS.output_bytes + 100)
        self.assertIn("[output cut", ran.meta["stdout"])

    def test_the_duration_is_told(self):
        self.assertIsInstance(run(body("return 1")).meta["duration_ms"], int)

    def test_there_is_no_standard_input(self):
        self.assertIn("RuntimeError", run(body("return input()")).text)


class Imports(unittest.TestCase):
    def allowed(self, line, expression="1"):
        ran = run(f"{line}\nasync def main():\n    {line}\n    return str({expression})\n")
        self.assertEqual(ran.end, call.OK, ran.text)
        return ran.text

    def test_the_default_modules_import_for_real(self):
        self.assertEqual(self.allowed("import urllib.parse", "urllib.parse.quote(' ')"), "%20")
        self.assertEqual(self.allowed("from urllib.parse import quote", "quote(' ')"), "%20")
        self.assertEqual(self.allowed("from urllib import parse", "parse.quote(' ')"), "%20")
        self.allowed("import xml.etree.ElementTree as ET", "ET.fromstring('<a/>').tag")
        self.allowed("from xml.etree import ElementTree")
        self.allowed("from collections.abc import Mapping")
        self.allowed("import secrets", "secrets.token_hex(4)")

    def test_others_say_how_to_ask_for_them(self):
        lines = ("import os", "import subprocess", "from os import path", "import urllib.request")
        lines += (
            "from urllib import request",
            "from urllib import *",
            "import xml",
            "import numpy",
            "import urllib",
        )
        for line in lines:
            with self.subTest(line):
                ran = run(
                    f"async def main():\n    pass\n    {'pass' if '*' in line else line}\n" + line + "\n"
                )
                self.assertEqual(ran.end, call.TOOL_ERROR)
                self.assertIn("mcpbox_request_module", ran.text)
                self.assertTrue(ran.text.startswith("Module '"), ran.text)

    def test_relative_imports_are_explained(self):
        self.assertIn("one file", run("async def main():\n    from . import x\n").text)

    def test_modules_may_import_what_they_need(self):
        self.assertEqual(self.allowed("import asyncio", "asyncio.sys.maxsize > 0"), "True")

    def test_an_import_error_of_a_modules_content_is_pythons(self):
        ran = run("from json import nothing\nasync def main(): pass\n")
        self.assertIn("cannot import name 'nothing'", ran.text)


if __name__ == "__main__":
    unittest.main()
