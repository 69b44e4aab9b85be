"""docs/tool-code.md: its examples run, and its lists are those of the code."""

import json
import os
import re
import unittest

from support import LIMITS, _ROOT, run, schema_of
from runtime import findings, imports

with open(os.path.join(_ROOT, "docs", "tool-code.md"), encoding="utf-8") as _file:
    TEXT = _file.read()


class Examples(unittest.TestCase):
    def test_each_gives_what_the_line_below_it_says(self):
        count = 0
        for block in TEXT.split("```python\n")[1:]:
            code, _, after = block.partition("```\n")
            line = after.partition("\n")[0]
            arguments, is_error, expected = re.fullmatch(r"`(.*)` → (error )?`(.*)`", line).groups()
            ran = run(code, json.loads(arguments))
            with self.subTest(line):
                self.assertEqual(ran.is_error, bool(is_error), ran.text)
                self.assertEqual(ran.text.partition("\n")[0], expected)
            count += 1
        self.assertGreaterEqual(count, 6)

    def test_each_row_of_the_table_of_annotations_is_understood(self):
        table = TEXT.partition("| annotation |")[2].partition("\n\n")[0]
        before = "from typing import *\nfrom collections.abc import Sequence\nX = int\nY = str\n"
        seen = 0
        for row in table.splitlines()[2:]:
            for annotation in re.findall(r"`([^`]*)`", row.replace("\\|", "|").split(" | ")[0].lstrip("| ")):
                if annotation not in (
                    "TypedDict",
                    "total",
                    "NotRequired",
                    "dataclass",
                    "NamedTuple",
                    "Enum",
                    "Any",
                ):
                    found = schema_of(f"{before}async def main(p: {annotation}): return p")["properties"]["p"]
                    self.assertTrue({"type", "anyOf", "enum"} & set(found), annotation)
                    seen += 1
        self.assertGreater(seen, 15)


class Lists(unittest.TestCase):
    def test_the_default_modules_are_those_of_the_runtime(self):
        named = set(" ".join(line[2:] for line in TEXT.splitlines() if line.startswith("> ")).split())
        self.assertEqual(named, imports.DEFAULT_MODULES - {"__future__"})

    def test_the_rules_and_their_severity_are_those_of_the_analysis(self):
        for severity in (findings.HIGH, findings.MEDIUM, findings.LOW):
            row = re.search(rf"^\| {severity} \| (.*) \|$", TEXT, re.M)[1]
            listed = [rule for rule, (found, _) in findings.RULES.items() if found == severity]
            self.assertEqual(sorted(re.findall("`(.*?)`", row)), sorted(listed))

    def test_the_limits_are_those_of_the_table(self):
        self.assertIn(f"{LIMITS.schema_bytes // 1024} KiB and {LIMITS.schema_depth} levels", TEXT)
        self.assertIn(f"{LIMITS.result_bytes >> 20} MiB as JSON and {LIMITS.json_depth - 3} levels", TEXT)
        self.assertIn(f"{LIMITS.memory_bytes >> 20} MiB of memory", TEXT)
        self.assertIn(f"up to {LIMITS.output_bytes >> 20} MiB", TEXT)


if __name__ == "__main__":
    unittest.main()
