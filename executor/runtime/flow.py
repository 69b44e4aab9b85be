"""How the code runs: endless loops, errors that vanish, state that does not survive, forgotten awaits."""

import ast

from .findings import shown

_MUTABLE = (ast.Dict, ast.List, ast.Set, ast.DictComp, ast.ListComp, ast.SetComp)
_MUTABLE_CALLS = frozenset(
    """dict list set bytearray collections.defaultdict collections.Counter collections.deque
    collections.OrderedDict""".split()
)
_MUTATORS = frozenset(
    """append extend insert remove pop clear update add discard setdefault popitem appendleft extendleft
    popleft sort reverse""".split()
)
_ENDS = (ast.Return, ast.Break, ast.Raise, ast.Await, ast.AsyncFor, ast.AsyncWith, ast.Yield, ast.YieldFrom)
_EVERYTHING = {"BaseException", "asyncio.CancelledError", "asyncio.exceptions.CancelledError"}
_COROUTINES = {"asyncio.sleep", "asyncio.wait_for", "asyncio.wait"}
_USES = (ast.Expr, ast.Attribute, ast.Subscript, ast.BinOp, ast.For)


def check(source, findings):
    """One look at each node that any of these can be about."""
    state = _module_state(source)
    coroutines = {n.name for n in source.nodes if isinstance(n, ast.AsyncFunctionDef) and source.at_top(n)}
    coroutines |= _COROUTINES
    for node in source.nodes:
        if isinstance(node, ast.While):
            _loop(source, node, findings)
        elif isinstance(node, ast.ExceptHandler):
            _handler(source, node, findings)
        elif isinstance(node, ast.Call):
            _call(source, node, state, coroutines, findings)
        elif isinstance(node, ast.Global):
            names = ", ".join(shown(name) for name in node.names[:5])
            findings.add("lost-state", node, f"{names}: what is assigned is gone when the call ends")
        elif isinstance(node, ast.Subscript) and isinstance(node.ctx, (ast.Store, ast.Del)):
            _change(source, node, node.value, state, findings)


def _loop(source, node, findings):
    is_endless = isinstance(node.test, ast.Constant) and bool(node.test.value)
    if is_endless and not any(isinstance(child, _ENDS) for child in source.inside(node)):
        findings.add("endless-loop", node, "a loop without await, break, return or raise")


def _handler(source, node, findings):
    types = node.type.elts if isinstance(node.type, ast.Tuple) else [node.type]
    names = {source.dotted(item) for item in types}
    raises = any(isinstance(child, ast.Raise) for child in source.inside(node))
    if (node.type is None or names & _EVERYTHING) and not raises:
        findings.add("swallowed-cancellation", node, "goes on after every kind of error")
    elif "Exception" in names and all(isinstance(child, (ast.Pass, ast.Continue)) for child in node.body):
        findings.add("silent-except", node, "the error vanishes without a word")


def _module_state(source):
    """Names of module-level variables that hold something mutable."""
    found = set()
    for node in source.nodes:
        if isinstance(node, (ast.Assign, ast.AnnAssign)) and source.at_top(node):
            value = node.value
            is_made = isinstance(value, ast.Call) and source.dotted(value.func) in _MUTABLE_CALLS
            if is_made or isinstance(value, _MUTABLE):
                targets = node.targets if isinstance(node, ast.Assign) else [node.target]
                found.update(target.id for target in targets if isinstance(target, ast.Name))
    return found


def _call(source, node, state, coroutines, findings):
    name = source.dotted(node.func)
    if name == "time.sleep" and isinstance(source.function(node), ast.AsyncFunctionDef):
        findings.add("blocking-sleep", node, "time.sleep() stops all tasks of the call")
    if name in coroutines and isinstance(source.parent(node), _USES):
        findings.add("not-awaited", node, f"{shown(name)} is a coroutine, and is not awaited")
    if isinstance(node.func, ast.Attribute) and node.func.attr in _MUTATORS:
        _change(source, node, node.func.value, state, findings)


def _change(source, node, owner, state, findings):
    if isinstance(owner, ast.Name) and owner.id in state and source.function(node) is not None:
        findings.add("lost-state", node, f"what is changed in {shown(owner.id)} is gone when the call ends")
