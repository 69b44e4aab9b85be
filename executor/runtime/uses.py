"""What a source text uses, read from its tree: so far, the modules that it imports anywhere in it."""

import ast

from .names import Names

_IMPORTERS = {"__import__", "import_module"}


def _called_import(names, node):
    """The literal module name of `importlib.import_module("x")` or `__import__("x")`, else None."""
    if names.last(node.func) not in _IMPORTERS:
        return None
    given = node.args[:1] or [k.value for k in node.keywords if k.arg == "name"]
    if given and isinstance(given[0], ast.Constant) and isinstance(given[0].value, str):
        return given[0].value
    return None


def imported(tree):
    """Yields (dotted name, line) of each import statement and each import call with a literal name."""
    names = Names(tree)
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for item in node.names:
                yield item.name, node.lineno
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module, node.lineno
        elif isinstance(node, ast.Call) and (name := _called_import(names, node)):
            yield name, node.lineno


def top_level_modules(tree):
    """The first parts of all imported names, sorted, each once.  What no module can be called is left out."""
    tops = {name.partition(".")[0] for name, _ in imported(tree)}
    return sorted(top for top in tops if top.isidentifier())
