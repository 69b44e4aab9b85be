"""Constructs that a reviewer should look at, and those that cannot work in a call."""

import ast
import re

from .findings import shown
from .uses import imported, is_computed_import

# module: (rule, what it does)
_MODULES = {
    "no-processes": ("starts processes", "subprocess pty pexpect sh"),
    "no-threads": ("starts threads or processes", "threading _thread multiprocessing concurrent joblib"),
    "no-sockets": (
        "opens connections of its own",
        "socket ssl http urllib.request ftplib smtplib telnetlib imaplib poplib nntplib xmlrpc socketserver "
        "requests aiohttp urllib3 websockets paramiko psycopg2 pymysql",
    ),
    "no-files": (
        "works on files",
        "shutil pathlib tempfile glob fileinput sqlite3 dbm mmap zipfile tarfile",
    ),
    "native-code": ("calls native code", "ctypes _ctypes cffi"),
    "unsafe-load": ("can run code from data", "pickle _pickle shelve marshal dill cloudpickle"),
    "introspection": ("reaches into the interpreter", "gc inspect sys builtins code codeop dis"),
}
_BY_MODULE = {m: (rule, does) for rule, (does, names) in _MODULES.items() for m in names.split()}

_CALLS = {
    "dynamic-code": "eval exec compile builtins.eval builtins.exec builtins.compile",
    "no-input": "input builtins.input breakpoint",
    "no-files": "open io.open os.open builtins.open os.listdir os.remove os.mkdir os.makedirs os.walk "
    "os.scandir",
    "no-processes": "os.system os.popen os.fork os.posix_spawn asyncio.create_subprocess_exec "
    "asyncio.create_subprocess_shell",
    "no-sockets": "asyncio.open_connection asyncio.start_server asyncio.open_unix_connection",
    "early-exit": "exit quit sys.exit os._exit os.abort os.kill",
    "unsafe-load": "yaml.load yaml.unsafe_load yaml.full_load",
    "introspection": "sys._getframe sys.settrace sys.setprofile gc.get_objects gc.get_referrers "
    "inspect.stack inspect.currentframe globals",
}
_BY_CALL = {name: rule for rule, names in _CALLS.items() for name in names.split()}
_WORDS = {
    "dynamic-code": "runs code that is made at run time",
    "no-input": "waits for somebody to type",
    "no-files": "uses files",
    "no-processes": "starts a process",
    "no-sockets": "opens a connection of its own",
    "early-exit": "ends the process",
    "unsafe-load": "can run code from data",
    "introspection": "reaches into the interpreter",
}
_PREFIXES = (("os.exec", "no-processes"), ("os.spawn", "no-processes"))
_INSIDES = re.compile(
    r"__(?:class|bases|base|mro|subclasses|globals|builtins|code|closure|import|loader|spec|reduce|reduce_ex"
    r"|getattribute|self|func|wrapped|traceback|dict)__|(?:gi|cr|ag)_(?:frame|code)|f_(?:back|globals|locals"
    r"|builtins|code)|tb_(?:frame|next)"
)
_HARMLESS = {"__name__", "__qualname__", "__module__", "__doc__"}


def check(source, findings):
    """The table above, and what a table cannot say."""
    for name, _, node in imported(source):
        rule, does = _by_module(name)
        if rule:
            findings.add(rule, node, f"module {shown(name)} {does}")
    for node in source.nodes:
        if isinstance(node, ast.Call):
            _call(source, node, findings)
        elif isinstance(node, ast.Attribute):
            _attribute(source, node, findings)
        elif isinstance(node, (ast.Assign, ast.AugAssign, ast.Delete, ast.AnnAssign)):
            _assignment(source, node, findings)


def _by_module(name):
    parts = name.split(".")
    for end in range(min(len(parts), 3), 0, -1):
        if found := _BY_MODULE.get(".".join(parts[:end])):
            return found
    return None, ""


def _call(source, node, findings):
    name = source.dotted(node.func)
    rule = _BY_CALL.get(name) or next((r for prefix, r in _PREFIXES if name.startswith(prefix)), None)
    if name == "yaml.load" and any("SafeLoader" in source.dotted(k.value) for k in node.keywords):
        rule = None
    if rule:
        findings.add(rule, node, f"{shown(name)} {_WORDS[rule]}")
    if is_computed_import(source, node):
        findings.add("computed-import", node, "a module whose name is only known when the code runs")
    if name in ("getattr", "setattr", "delattr", "hasattr", "vars") and node.args:
        _by_name(source, node, name, findings)
    if name == "asyncio.run" or name.endswith(".run_until_complete"):
        if any(isinstance(f, ast.AsyncFunctionDef) for f in source.functions(node)):
            findings.add("nested-loop", node, f"{shown(name)} inside async code: a loop runs already")


def _by_name(source, node, name, findings):
    if name in ("setattr", "delattr") and _is_module(source, node.args[0]):
        findings.add("monkeypatch", node, f"changes {shown(source.dotted(node.args[0]))} for everything else")
    given = node.args[1] if len(node.args) > 1 else None
    if isinstance(given, ast.Constant) and isinstance(given.value, str):
        if _INSIDES.fullmatch(given.value) or (given.value[:2] == "__" and given.value not in _HARMLESS):
            findings.add("introspection", node, f"{name}() of {shown(given.value)}")


def _attribute(source, node, findings):
    if not _INSIDES.fullmatch(node.attr):
        return
    parent = source.parent(node)
    if node.attr == "__class__" and isinstance(parent, ast.Attribute) and parent.attr in _HARMLESS:
        return
    if node.attr == "__dict__" and isinstance(node.ctx, ast.Load) and not isinstance(parent, ast.Attribute):
        return
    findings.add("introspection", node, f"{shown(node.attr)} reaches into the interpreter")


def _is_module(source, node):
    """True for a name that an import bound, or a module that every tool has."""
    name = node.id if isinstance(node, ast.Name) else None
    if name in ("json", "datetime", "__builtins__"):
        return True
    bound = source.imports.get(name, "")
    return bool(bound) and bound.rpartition(".")[2][:1].islower()


def _assignment(source, node, findings):
    targets = node.targets if isinstance(node, (ast.Assign, ast.Delete)) else [node.target]
    for target in targets:
        root = target
        while isinstance(root, (ast.Attribute, ast.Subscript)):
            root = root.value
        if root is not target and _is_module(source, root):
            is_own_item = isinstance(target, ast.Subscript) and source.dotted(target.value) == root.id
            if not is_own_item:
                findings.add("monkeypatch", node, f"changes {shown(root.id)} for everything else")
