"""Names: imported and not used, assigned and not read, used and nowhere defined."""

import ast
import builtins

from .findings import shown
from .signature import find_main, ignored

PLATFORM = ("json", "datetime", "secrets", "arguments", "ctx")  # what call.py gives every tool
_KNOWN = frozenset(vars(builtins)) | set(PLATFORM) | {"__file__", "__annotations__"}
_LOOKS_AT_ALL = {"locals", "vars", "eval", "exec", "globals", "dir"}
_DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
_DECLARATIONS = {"main", "INPUT_SCHEMA", "OUTPUT_SCHEMA"}


class _Uses:
    """loaded: names read anywhere; by_function: names read in a function or in one inside it; bound: names
    that anything binds."""

    def __init__(self, source):
        self.loaded, self.by_function, self.bound = {}, {}, set()
        self._shared = {}
        self.open = False  # a star import or the like: any name may exist, any may be used
        for node in source.nodes:
            self._note(source, node)

    def _note(self, source, node):
        if isinstance(node, ast.Name):
            if isinstance(node.ctx, ast.Store):
                self.bound.add(node.id)
            if not isinstance(node.ctx, ast.Store) or isinstance(source.parent(node), ast.AugAssign):
                self._read(source, node.id, node)
        elif isinstance(node, ast.arg):
            self.bound.add(node.arg)
        elif isinstance(node, (*_DEFINITIONS, ast.ExceptHandler, ast.MatchAs, ast.MatchStar)):
            self.bound.add(node.name)
        elif isinstance(node, ast.MatchMapping):
            self.bound.add(node.rest)
        elif isinstance(node, ast.alias):
            self.bound.add(node.asname or node.name.partition(".")[0])
            self.open |= node.name == "*"
        elif isinstance(node, (ast.Global, ast.Nonlocal)):
            self._shared.setdefault(source.function(node), set()).update(node.names)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value.isidentifier():
            self.loaded.setdefault(node.value, None)  # __all__, quoted annotations, getattr by name

    def shared(self, function):
        """Names that the function declares global or nonlocal."""
        return self._shared.get(function, ())

    def _read(self, source, name, node):
        if self.loaded.get(name) is None:
            self.loaded[name] = node
        self.open |= name in _LOOKS_AT_ALL
        for function in source.functions(node):
            self.by_function.setdefault(function, set()).add(name)


def check(source, findings):
    """Nothing is said when the code may look names up in ways that cannot be seen here."""
    uses = _Uses(source)
    if uses.open:
        return
    for name, node in uses.loaded.items():
        if node is not None and name not in uses.bound and name not in _KNOWN:
            findings.add("undefined-name", node, f"{shown(name)} is defined nowhere")
    for node in source.nodes:
        if isinstance(node, (ast.Import, ast.ImportFrom)):
            _imports(node, uses, findings)
        elif isinstance(node, (ast.Assign, ast.AnnAssign)):
            _variables(source, node, uses, findings)
        elif isinstance(node, _DEFINITIONS) and source.at_top(node):
            if node.name not in uses.loaded and node.name not in _DECLARATIONS and not node.decorator_list:
                findings.add("unused-name", node, f"{shown(node.name)} is never used")
    _parameters(source, uses, findings)


def _imports(node, uses, findings):
    if getattr(node, "module", None) == "__future__":
        return
    for item in node.names:
        name = item.asname or item.name.partition(".")[0]
        if name not in uses.loaded and not name.startswith("_"):
            findings.add("unused-import", node, f"{shown(item.asname or item.name)} is never used")


def _variables(source, node, uses, findings):
    function = source.function(node)
    if function is None or isinstance(source.parent(node), ast.ClassDef) or node.value is None:
        return
    read = uses.by_function.get(function, ())
    for target in node.targets if isinstance(node, ast.Assign) else [node.target]:
        if isinstance(target, ast.Name) and target.id not in read and not target.id.startswith("_"):
            if target.id not in uses.shared(function):
                findings.add("unused-name", node, f"{shown(target.id)} is assigned and never read")


def _parameters(source, uses, findings):
    main = find_main(source.tree)
    if main is None or "arguments" in uses.loaded:
        return
    read = uses.by_function.get(main, ())
    for argument in (*main.args.posonlyargs, *main.args.args, *main.args.kwonlyargs):
        if argument.arg not in read and not ignored(argument.arg):
            findings.add("unused-parameter", argument, f"{shown(argument.arg)} is never used")
