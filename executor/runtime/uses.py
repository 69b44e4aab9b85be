"""What a source text uses: the modules that it imports anywhere, and the secrets that it names."""

import ast
import sys

from .findings import shown
from .imports import DEFAULT_MODULES, is_allowed

_IMPORTERS = {"__import__", "builtins.__import__", "importlib.import_module", "importlib.__import__"}
_NAME_CHARS = 100
# What a tool can give besides text and values, by the method of ctx that makes it.
_OUTPUTS = {
    "image": "image",
    "audio": "audio",
    "resource": "resource",
    "link": "link",
    "elicit": "question to the user",
    "elicit_url": "question to the user",
    "sample": "question to the client's model",
    "roots": "question for the client's folders",
}


def imported(source):
    """Yields (dotted name, names taken from it, node) of each import statement, and of each import call
    with a literal name."""
    for node in source.nodes:
        if isinstance(node, ast.Import):
            for item in node.names:
                yield item.name, (), node
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module, [item.name for item in node.names], node
        elif isinstance(node, ast.Call) and source.dotted(node.func) in _IMPORTERS:
            if (name := _literal_argument(node, "name")) is not None:
                yield name, (), node


def _literal_argument(call, keyword):
    given = call.args[:1] or [k.value for k in call.keywords if k.arg == keyword]
    if given and isinstance(given[0], ast.Constant) and isinstance(given[0].value, str):
        return given[0].value
    return None


def is_computed_import(source, call):
    """True for an import call whose name is only known when it runs."""
    is_import = source.dotted(call.func) in _IMPORTERS
    return is_import and bool(call.args or call.keywords) and _literal_argument(call, "name") is None


def top_level_modules(source):
    """The first parts of all imported names, sorted, each once.  What no module can be called is left out."""
    tops = {name.partition(".")[0] for name, _, _ in imported(source)}
    if uses_http(source):
        tops.add("httpx")
    return sorted(top for top in tops if top.isidentifier())


def uses_http(source):
    """True when the text reads the global `http`, which is a client of httpx."""
    return "http" not in source.imports and any(
        isinstance(node, ast.Name) and node.id == "http" and isinstance(node.ctx, ast.Load)
        for node in source.nodes
    )


def outputs(source):
    """[{kind, line}] of what the source can give the client besides text and values."""
    found = {}
    for node in source.nodes:
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "ctx":
            if kind := _OUTPUTS.get(node.attr):
                found.setdefault(kind, node.lineno)
    return [{"kind": kind, "line": line} for kind, line in found.items()]


def modules(source, findings):
    """[{name, line, status}]: status is "allowed", or says what it takes to import the module."""
    found = {}
    for name, items, node in imported(source):
        wanted = [name]
        if items and not is_allowed(name):
            inside = [f"{name}.{item}" for item in items]
            wanted = inside if any(map(is_allowed, inside)) else [name]
        for item in wanted:
            if item not in found and all(part.isidentifier() for part in item.split(".")):
                found[item] = _module(item, node, findings)
    return list(found.values())


def _module(name, node, findings):
    if is_allowed(name, DEFAULT_MODULES):
        return {"name": name, "line": node.lineno, "status": "allowed"}
    of_python = name.partition(".")[0] in sys.stdlib_module_names
    where = "of Python's standard library" if of_python else "not part of Python, and must be installed"
    findings.add("module-not-approved", node, f"module {shown(name)} is not a default one ({where})")
    status = "standard_library" if of_python else "not_installed"
    return {"name": name[:_NAME_CHARS], "line": node.lineno, "status": status}


def secrets(source, findings):
    """[{key, line}] of the secrets that the source names; notes the uses that name none."""
    found = {}
    if "secrets" in source.imports:
        _hidden(source, findings)
        return []
    for node in source.nodes:
        if not (isinstance(node, ast.Name) and node.id == "secrets" and isinstance(node.ctx, ast.Load)):
            continue
        key, use = _key(source, node)
        if isinstance(key, str):
            found.setdefault(key[:_NAME_CHARS].encode("utf-8", "replace").decode("utf-8"), node.lineno)
            if use is not None and _goes_out(source, use):
                findings.add("secret-in-output", node, f"secret {shown(key)} goes into the result or output")
        elif key is None:
            findings.add("all-secrets", node, "the secrets are used as a whole")
        elif key is Ellipsis:
            findings.add("computed-secret", node, "a secret whose name is only known when the code runs")
    return [{"key": key, "line": line} for key, line in found.items()]


def _hidden(source, findings):
    for node in source.nodes:
        is_read = isinstance(node, ast.Subscript) and source.dotted(node.value) == "secrets"
        if is_read or (isinstance(node, ast.Attribute) and source.dotted(node) == "secrets.get"):
            text = (
                "`secrets` is the imported module here, not the server's secrets: import it `as` another name"
            )
            findings.add("undefined-name", node, text)


def _key(source, name):
    """(key, where its value stands) for a use of `secrets`: the key is `...` when it is computed, None when
    the mapping itself goes somewhere, False when only keys are looked at."""
    parent = source.parent(name)
    if isinstance(parent, ast.Subscript) and parent.value is name:
        return _constant(parent.slice), parent
    if isinstance(parent, ast.Attribute):
        call = source.parent(parent)
        if parent.attr == "get" and isinstance(call, ast.Call) and call.func is parent and call.args:
            return _constant(call.args[0]), call
        return (False if parent.attr == "keys" else None), None
    if isinstance(parent, ast.Compare) and isinstance(parent.ops[-1], (ast.In, ast.NotIn)):
        return _constant(parent.left), None
    if isinstance(parent, ast.Call) and source.dotted(parent.func) == "len":
        return False, None
    return None, None


def _constant(node):
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ...


def _goes_out(source, node):
    """True when the value stands directly in a return or a print(), through displays and f-strings."""
    plain = (ast.Dict, ast.List, ast.Tuple, ast.JoinedStr, ast.FormattedValue, ast.BinOp)
    while isinstance(parent := source.parent(node), plain):
        node = parent
    if isinstance(parent, ast.Call):
        return source.dotted(parent.func) == "print"
    return isinstance(parent, ast.Return)
