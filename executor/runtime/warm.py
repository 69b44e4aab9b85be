"""Everything that happens once in the zygote, before the jail: import, rehearse, freeze.

What is imported and run here is shared by all children; what is not costs each of them again.
"""

import gc
import importlib
import opcode
import random
import sys
import types

# Before asyncio and jsonschema, which would take them: libssl and the tables of international names are
# large, and a call has no socket to use either on.
_UNWANTED = "ssl", "idna"
sys.modules.update(dict.fromkeys(_UNWANTED))

from . import fetching, imports, library, link, loop, network  # noqa: E402
from .limits import Limits  # noqa: E402
from .packages import load as load_packages  # noqa: E402

# The default modules with their submodules, and what C extensions honest tools reach from them: a jailed
# child cannot map a shared object.
_MODULES = """
    json base64 binascii html html.parser csv xml.etree.ElementTree re string textwrap difflib datetime time
    calendar zoneinfo math cmath decimal fractions random statistics collections collections.abc itertools
    functools operator hashlib hmac secrets urllib.parse dataclasses typing enum copy asyncio uuid contextlib
    array bisect heapq struct zlib bz2 lzma unicodedata pyexpat _elementtree _hashlib _decimal _json _uuid
    _zoneinfo _asyncio _queue _contextvars _codecs_jp _codecs_cn _codecs_kr _codecs_tw _codecs_hk
    _codecs_iso2022 encodings.idna encodings.latin_1 encodings.ascii encodings.utf_16 encodings.cp1252
    mmap resource select _socket _posixsubprocess traceback linecache inspect abc
""".split()

_REHEARSAL = b"""
import json, decimal
from dataclasses import dataclass
@dataclass
class Row:
    a: int
async def main(name: str, n: int = 2):
    print("warm")
    if n == 0:
        raise ValueError("warm")
    return {"text": f"{name}", "rows": [Row(i) for i in range(n)], "d": decimal.Decimal("1.5")}
"""


# What most calls do, for the pages that it takes.
_USUAL = b"""
import asyncio
async def main(name: str, n: int = 2):
    await asyncio.sleep(0)
    return {"text": f"{name}"}
"""


_NOTHING = bytes([opcode.opmap["NOP"], 0])
_LARGE = 528  # bytes of an object that the C library keeps

_UNTIL_QUICK = 12  # runs after which the interpreter has replaced what it can by faster instructions


class Runtime:
    """What a forked child uses: the limits, the loop, and nothing that an author wrote."""

    def __init__(self, limits, poll_loop, waits, call_link, approved, ops):
        self._extras = {"http": network.connect(sys.modules["httpx"], ops)} if "httpx" in approved else {}
        self._call = importlib.import_module(f"{__package__}.call")  # these two need jsonschema
        self._check = importlib.import_module(f"{__package__}.check")
        self._streams = sys.stdin, sys.stdout, sys.stderr
        self.limits = limits
        self.loop = poll_loop
        self._waits = waits
        self._link = call_link
        self._builtins = imports.tool_builtins(imports.DEFAULT_MODULES | set(approved))
        self.last_words = self._call.last_words(limits)

    def check(self, source, input_schema=b"", output_schema=b""):
        """The compile job: a check.Checked.  The schemas are the author's, beside the source, or b""."""
        return self._check.check(source, self.limits, input_schema, output_schema)

    def prepare(
        self, name, code, source, schema, output_schema, deadline_ms, draft, kind=1, method=1, uri=""
    ):
        """The run job up to "go": a function from the request body to a call.Outcome."""
        loop.Poll.notice = self._waits
        job = self._call.Job(name, code, source, schema, deadline_ms, draft, output_schema, kind, method, uri)
        return self._prepared(job)

    def _prepared(self, job):
        call = self._call.Call(job, self.limits, self.loop, self._builtins, self._extras, self._link)

        def go(body, secrets=(), legacy=False, can=0, log_level=0, state=b""):
            try:
                return call.go(body, secrets, self._call.Session(bool(legacy), can, log_level, state))
            except (MemoryError, RecursionError):
                return self.last_words

        return go

    def usual(self):
        """What most calls are like, for rehearsal.cc: name, code, source, schema and request body."""
        checked = self._checked[_USUAL]
        return b"warm", checked.code, _USUAL, checked.schema, _request(1)

    def forget(self):
        """After a call that was none: nothing of it is left."""
        sys.stdin, sys.stdout, sys.stderr = self._streams
        sys.modules.pop("tool", None)
        self._call.linecache.cache.clear()

    def reseed(self):
        """Every child would otherwise draw the same `random` numbers."""
        random.seed()

    def _rehearse(self, source, n):
        checked = self._checked[source]
        job = self._call.Job("warm", checked.code, source, checked.schema, 1000, False)
        self._prepared(job)(_request(n))
        self.forget()

    def warm(self, fill_holes):
        """Rehearses success, failure and compilation; then nothing is collected again."""
        self._checked = {source: self.check(source) for source in (_REHEARSAL, _USUAL)}
        self.check(b"async def main(:\n")
        for n in (1, 2, 0, 3, 0, 1, '"no number"'):  # the last one makes jsonschema read its own files
            self._rehearse(_REHEARSAL, n)
            self._rehearse(_USUAL, n)
        self._warm_library()
        fill_holes()
        _side_by_side(lambda: self._rehearse(_USUAL, 1))
        for _ in range(_UNTIL_QUICK):
            self._rehearse(_REHEARSAL, 1)
            self._rehearse(_USUAL, 1)
        gc.collect()
        fill_holes()
        gc.freeze()

    def _warm_library(self):
        import zoneinfo

        zoneinfo.ZoneInfo("UTC")


def _request(n):
    body = b'{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"warm","arguments":'
    return body + b'{"name":"w","n":%s}}}' % str(n).encode()


def _side_by_side(rehearse):
    """Puts the functions that a call runs into pages of their own.

    CPython counts references, also to functions and code, and keeps its notes on types inside each code
    object, so running it writes to it; lying among those of hundreds of modules, each would cost a forked
    child a page.
    """
    hot = _codes_that_run(rehearse)
    functions = [f for f in gc.get_objects() if isinstance(f, types.FunctionType) and id(f.__code__) in hot]
    for function in functions:
        function.__code__ = _copy_of_code(function.__code__, hot)
    _move({id(function): _copy_of_function(function) for function in functions})


def _codes_that_run(rehearse):
    """By id: code objects are equal when they only say the same."""
    hot = {}

    def note(frame, event, _argument):
        if event == "call":
            hot[id(frame.f_code)] = frame.f_code

    sys.setprofile(note)
    try:
        rehearse()
    finally:
        sys.setprofile(None)
    return hot


def _copy_of_code(code, hot):
    """With the comprehensions and inner functions in it that run, too.

    What has up to 512 bytes is kept apart by its size, each size in pages of its own; what has more lies
    side by side.  So short code gets an end that is never reached.
    """
    inner = [
        _copy_of_code(part, hot) if isinstance(part, types.CodeType) and id(part) in hot else part
        for part in code.co_consts
    ]
    missing = max(0, _LARGE - sys.getsizeof(code))
    return code.replace(co_consts=tuple(inner), co_code=code.co_code + _NOTHING * (missing // 2))


def _copy_of_function(function):
    copy = types.FunctionType(
        function.__code__,
        function.__globals__,
        function.__name__,
        function.__defaults__,
        function.__closure__,
    )
    for name in "__kwdefaults__", "__qualname__", "__annotations__", "__doc__", "__module__":
        setattr(copy, name, getattr(function, name))
    copy.__dict__.update(function.__dict__)
    return copy


def _move(copies):
    """Puts the copies, by the id of their originals, wherever a class or a dictionary has an original."""
    everything = gc.get_objects()
    for owner in everything:
        if isinstance(owner, type):
            for name, value in list(vars(owner).items()):
                if id(value) in copies:
                    setattr(owner, name, copies[id(value)])
    for owner in everything:
        if type(owner) is dict and owner is not copies:
            for key, value in list(owner.items()):
                if id(value) in copies:
                    owner[key] = copies[id(value)]


def _import_validator():
    """jsonschema wants urlopen for remote references, which a call cannot follow: http and ssl stay out."""

    def urlopen(*_args, **_kwargs):
        raise OSError("a schema cannot refer to another machine")

    stand_in = types.ModuleType("urllib.request")
    stand_in.urlopen = urlopen
    sys.modules["urllib.request"] = stand_in
    importlib.import_module("jsonschema")
    del sys.modules["urllib.request"]
    sys.modules.pop("urllib", None).__dict__.pop("request", None)
    importlib.import_module("urllib")
    sys.modules["urllib"].parse = importlib.import_module("urllib.parse")


def start(root, zone_root, share, fill_holes, limits, packages=(), waits=b"", ops=None, says=0, asks=0):
    """Called once by python.cc.  limits: the fields of limits.Limits by name.  Returns the Runtime."""
    for name in _MODULES:
        importlib.import_module(name)
    _import_validator()
    for name in _UNWANTED:
        del sys.modules[name]
    roots = load_packages(packages)
    call_link = link.Link(says, asks)
    network_ops = fetching.Ops(**ops) if ops else None  # only httpx asks for them
    fill_holes()  # so that what comes now, which every call uses, lies together
    runtime = Runtime(Limits(**limits), loop.install(), waits, call_link, packages, network_ops)
    library.install(root, zone_root, share, roots)
    runtime.warm(fill_holes)
    return runtime
