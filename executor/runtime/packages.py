"""Packages beside the default modules: loaded once, in a zygote of their own, before its jail.

Whatever they import stays importable in the calls, from memory; what they import only for a command line is
left out, because every page of it would cost each call.
"""

import importlib
import os
import sys

_NOT_FOR_CALLS = {"httpx": ("click", "rich", "pygments")}


def load(names):
    """Imports the packages.  Returns the paths of all that is not standard library, for library.install."""
    for name in names:
        _import(name)
    tops = {module.partition(".")[0] for module in sys.modules} if names else set()
    return sorted(filter(None, map(_path_of, tops)))


def _import(name):
    left_out = [module for module in _NOT_FOR_CALLS.get(name, ()) if module not in sys.modules]
    sys.modules.update(dict.fromkeys(left_out))  # None: "import" raises ImportError
    importlib.import_module(name)
    for module in left_out:
        del sys.modules[module]


def _path_of(top):
    """The folder or file of a package that is not part of the standard library, else None."""
    spec = getattr(sys.modules.get(top), "__spec__", None)
    origin = getattr(spec, "origin", None) or ""
    if top in sys.stdlib_module_names or not origin.endswith(".py"):
        return None
    return os.path.dirname(origin) if spec.submodule_search_locations else origin
