"""Files and functions without a tail, and no trace of where they were written.

Argument: the source tree.
"""

import re
import sys
import unittest
from pathlib import Path

ROOT = Path(sys.argv.pop())

SKIPPED = {"node_modules", ".git", "build", "run", "dist", "__pycache__", ".cache"}
MOST_LINES = 400
MOST_LINES_OF_MAIN = 60
MOST_LINES_OF_FUNCTION = 60

CODE = {".h", ".cc", ".py", ".ts", ".tsx", ".mjs", ".sh", ".sql", ".cmake"}
TEXT = CODE | {".md", ".txt", ".json", ".yml", ".yaml", ".toml", ".conf", ".service"}
GENERATED = {"package-lock.json"}


def files(endings):
    for path in sorted(ROOT.rglob("*")):
        relative = path.relative_to(ROOT)
        if any(part in SKIPPED or part.startswith("build") for part in relative.parts):
            continue
        if path.is_file() and path.suffix in endings and path.name not in GENERATED:
            yield relative, path.read_text(encoding="utf-8")


def without_literals(line):
    line = re.sub(r"'(\\.|[^'\\])'", "' '", line)
    line = re.sub(r'"(\\.|[^"\\])*"', '""', line)
    return line.split("//")[0]


def long_functions(text):
    """Bodies at namespace or class level that are longer than they may be: (first line, lines)."""
    start = depth = 0
    opened = None
    raw = False
    for number, line in enumerate(text.splitlines(), 1):
        if raw:
            raw = ')sql"' not in line and ')"' not in line
            continue
        if 'R"' in line and not re.search(r'R"(\w*)\(.*\)\1"', line):
            raw = True
            continue
        code = without_literals(line)
        if (
            opened is None
            and re.search(r"\)[^;]*\{\s*$", code)
            and not re.match(r"\s*(namespace|struct|class)", code)
        ):
            opened, start = depth, number
        depth += code.count("{") - code.count("}")
        if opened is not None and depth <= opened:
            if number - start + 1 > MOST_LINES_OF_FUNCTION:
                yield start, number - start + 1
            opened = None


class Sources(unittest.TestCase):
    def test_no_file_has_a_tail(self):
        for path, text in files(CODE):
            limit = MOST_LINES_OF_MAIN if path.name == "main.cc" else MOST_LINES
            self.assertLessEqual(text.count("\n"), limit, f"{path} is too long")

    def test_no_function_has_a_tail(self):
        for path, text in files({".cc", ".h"}):
            if path.parts[0] == "tests":
                continue
            for line, length in long_functions(text):
                self.fail(f"{path}:{line}: a function of {length} lines")

    def test_every_source_file_says_who_runs_it(self):
        for path, text in files({".cc", ".h"}):
            if path.parts[0] == "tests":
                continue
            self.assertTrue(text.startswith("//"), f"{path} opens without a comment")

    def test_nothing_is_left_to_do_and_no_test_is_switched_off(self):
        left = re.compile(r"\b(TODO|FIXME|" + "X" * 3 + r")\b|\bDISABLED_")
        for path, text in files(TEXT):
            if path == Path("tests/architecture/sources_test.py"):  # it names them
                continue
            found = left.search(text)
            self.assertIsNone(found, f"{path}: {found and found.group()}")

    def test_no_path_of_the_machine_it_was_written_on(self):
        place = re.compile(r"(?<![\w.$}~-])/(?:work|home(?!/you\b)|root|Users)/[\w.]+")
        for path, text in files(TEXT):
            found = place.search(text)
            self.assertIsNone(found, f"{path}: {found and found.group()}")


class TheRuleItself(unittest.TestCase):
    def test_sees_the_tree(self):
        self.assertGreater(sum(1 for _ in files(CODE)), 200)

    def test_finds_a_long_function(self):
        body = "".join(f"  f({i});\n" for i in range(MOST_LINES_OF_FUNCTION))
        self.assertEqual(
            list(long_functions("int main() {\n" + body + "}\n")), [(1, MOST_LINES_OF_FUNCTION + 2)]
        )
        self.assertEqual(list(long_functions("int main() {\n  f(0);\n}\n" * 50)), [])


if __name__ == "__main__":
    unittest.main()
