"""The table of tests/contract/tools.txt, here in process; tests/system/contract.test.ts has it in jails."""

import json
import os
import re
import unittest

from support import _ROOT, run

_ROW = re.compile(r"^#### (\w+) (.*)\n((?:.*\n)*?)==([>!]) (.*)$", re.M)


def rows():
    """(name, arguments, code, is_error, expected) of each row."""
    with open(os.path.join(_ROOT, "tests", "contract", "tools.txt"), encoding="utf-8") as file:
        text = file.read()
    for name, arguments, code, kind, expected in _ROW.findall(text):
        yield name, json.loads(arguments), code, kind == "!", expected


class Contract(unittest.TestCase):
    def test_each_tool_gives_what_the_table_says(self):
        names = [row[0] for row in rows()]
        self.assertGreater(len(names), 80)
        self.assertEqual(len(set(names)), len(names))
        for name, arguments, code, is_error, expected in rows():
            with self.subTest(name):
                ran = run(code, arguments)
                self.assertEqual(ran.is_error, is_error, ran.text)
                for part in json.loads(expected) if is_error else ():
                    self.assertIn(part, ran.text)
                if not is_error:
                    self.assertEqual(ran.text, expected)


if __name__ == "__main__":
    unittest.main()
