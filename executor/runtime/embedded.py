"""Loads the runtime from the binary itself: run by python.cc before anything else of it.

sources: module name -> source text, "" for the package.
"""

import importlib
import importlib.abc
import importlib.machinery
import sys

PACKAGE = "mcpbox_runtime"


class Embedded(importlib.abc.MetaPathFinder, importlib.abc.InspectLoader):
    """Finds the modules of the package among texts that were compiled into the binary."""

    def __init__(self, sources):
        self._sources = sources

    def _text(self, fullname):
        package, _, name = fullname.partition(".")
        return self._sources.get(name) if package == PACKAGE else None

    def find_spec(self, fullname, path=None, target=None):
        if self._text(fullname) is None:
            return None
        return importlib.machinery.ModuleSpec(fullname, self, is_package=fullname == PACKAGE)

    def get_source(self, fullname):
        return self._text(fullname)

    def is_package(self, fullname):
        return fullname == PACKAGE

    def exec_module(self, module):
        text = self._text(module.__name__)
        code = compile(text, f"<{module.__name__}>", "exec", dont_inherit=True)
        exec(code, module.__dict__)


def start(sources, **settings):
    """Imports the runtime and returns its Runtime object; settings as for warm.start."""
    finder = Embedded(sources)
    sys.meta_path.insert(0, finder)
    return importlib.import_module(f"{PACKAGE}.warm").start(**settings)
