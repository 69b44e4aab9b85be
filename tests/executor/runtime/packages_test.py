"""Packages beside the default modules, loaded from a folder of this test's own."""

import os
import sys
import tempfile
import unittest

import support  # noqa: F401  (makes `runtime` importable)
from runtime import library, packages

_SOURCES = {
    "box/__init__.py": "from . import used\nimport boxed_dep\n",
    "box/used.py": "",
    "box/later.py": "value = 7\n",
    "boxed_dep.py": "",
}


class Packages(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.root = folder.name
        for name, text in _SOURCES.items():
            path = os.path.join(self.root, name)
            os.makedirs(os.path.dirname(path), exist_ok=True)
            with open(path, "w", encoding="utf-8") as file:
                file.write(text)
        before = set(sys.modules)
        sys.path.insert(0, self.root)
        self.addCleanup(sys.path.remove, self.root)
        self.addCleanup(lambda: [sys.modules.pop(name) for name in set(sys.modules) - before])

    def test_what_came_with_a_package_is_named_by_its_path(self):
        paths = packages.load(["box"])
        self.assertIn(os.path.join(self.root, "box"), paths)
        self.assertIn(os.path.join(self.root, "boxed_dep.py"), paths)

    def test_what_a_package_has_not_imported_yet_is_in_the_library(self):
        modules, _, block = library.read(self.root, self.root, packages.load(["box"]))
        self.assertIn("box.later", modules)
        start, end, is_package = modules["box"]
        self.assertTrue(is_package and end > start)
        self.assertLessEqual(end, len(block))

    def test_a_package_that_is_not_there_is_an_import_error(self):
        with self.assertRaises(ImportError):
            packages.load(["no_such_package_at_all"])

    def test_the_standard_library_is_not_named_again(self):
        self.assertFalse([path for path in packages.load(["wave"]) if os.path.basename(path) == "wave.py"])
        self.assertEqual(packages.load([]), [])


if __name__ == "__main__":
    unittest.main()
