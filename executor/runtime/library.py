"""The standard library, its lines for tracebacks and the time zones, served from memory.

A jailed call can open no file.  Everything that it may import later is read before the jail, as
marshalled code in one block that is shared by all children and that none of them can write.
"""

import importlib.abc
import importlib.machinery
import importlib.util
import io
import itertools
import linecache
import marshal
import os
import sys
import zoneinfo

_LEFT_OUT = {  # too large or of no use to a tool
    "__pycache__", "config-3.11-x86_64-linux-gnu", "dist-packages", "distutils", "ensurepip", "idlelib",
    "lib2to3", "lib-dynload", "pydoc_data", "site-packages", "test", "tests", "tkinter", "turtledemo",
}  # fmt: skip
_PYC_HEADER = 16


class Library(importlib.abc.MetaPathFinder, importlib.abc.InspectLoader):
    """Finds and loads modules that are in memory.  index: name -> (start, end, is_package)."""

    def __init__(self, index, block):
        self._index = index
        self._block = block

    def find_spec(self, fullname, path=None, target=None):
        if fullname not in self._index:
            return None
        is_package = self._index[fullname][2]
        return importlib.machinery.ModuleSpec(fullname, self, origin="memory", is_package=is_package)

    def get_code(self, fullname):
        start, end, _ = self._index[fullname]
        return marshal.loads(self._block[start:end])

    def is_package(self, fullname):
        return self._index[fullname][2]

    def get_source(self, fullname):
        return None

    def exec_module(self, module):
        exec(self.get_code(module.__name__), module.__dict__)


def _modules(root):
    """Yields (name, path, is_package) of every module under the folder."""
    for folder, inside, files in os.walk(root):
        inside[:] = sorted(name for name in inside if name not in _LEFT_OUT)
        package = os.path.relpath(folder, root).replace(os.sep, ".").lstrip(".")
        for file in sorted(files):
            stem, extension = os.path.splitext(file)
            if extension != ".py" or stem == "__main__":
                continue
            if stem != "__init__":
                yield f"{package}.{stem}" if package else stem, os.path.join(folder, file), False
            elif package:
                yield package, os.path.join(folder, file), True


def _package(path):
    """The same for one package's folder, or for a module that is one file."""
    name = os.path.basename(path).removesuffix(".py")
    if not os.path.isdir(path):
        yield name, path, False
        return
    for inside, file, is_package in _modules(path):
        yield f"{name}.{inside}", file, is_package
    yield name, os.path.join(path, "__init__.py"), True


def _marshalled(path):
    """The module's code: from its .pyc when that is for this interpreter, else compiled now."""
    try:
        with open(importlib.util.cache_from_source(path), "rb") as file:
            data = file.read()
        if data[:4] == importlib.util.MAGIC_NUMBER:
            return data[_PYC_HEADER:]
    except OSError:
        pass
    with open(path, "rb") as file:
        return marshal.dumps(compile(file.read(), path, "exec", dont_inherit=True))


def _zones(root):
    """Yields (key, bytes) of every compiled time zone under the folder."""
    for folder, inside, files in os.walk(root):
        inside[:] = sorted(set(inside) - {"posix", "right"})
        for file in sorted(files):
            path = os.path.join(folder, file)
            with open(path, "rb") as opened:
                data = opened.read()
            if data[:4] == b"TZif":
                yield os.path.relpath(path, root), data


def read(root, zone_root, packages=()):
    """Reads the trees.  Returns (modules, zones, block): offsets by name, and the bytes."""
    modules, zones, block = {}, {}, bytearray()
    found = itertools.chain(_modules(root), *map(_package, packages))
    for name, path, is_package in found:
        start = len(block)
        block += _marshalled(path)
        modules[name] = (start, len(block), is_package)
    for key, data in _zones(zone_root):
        zones[key] = (len(block), len(block) + len(data))
        block += data
    return modules, zones, block


def read_sources(root, packages, block):
    """Appends every module's source text to the block.  Returns offsets by path, as code objects name it."""
    sources = {}
    for _, path, _ in itertools.chain(_modules(root), *map(_package, packages)):
        with open(path, "rb") as file:
            text = file.read()
        sources[path] = (len(block), len(block) + len(text))
        block += text
    return sources


def install(root, zone_root, share, packages=()):
    """From here on, imports and time zones come from memory and touch no file.

    packages: paths of the folders, or single files, of further packages
    share: turns the bytes into a read-only view that forked children share.
    """
    modules, zones, block = read(root, zone_root, packages)
    sources = read_sources(root, packages, block)
    view = share(block)
    sys.meta_path[:] = [
        importlib.machinery.BuiltinImporter,
        importlib.machinery.FrozenImporter,
        Library(modules, view),
    ]
    sys.path.clear()
    sys.path_hooks.clear()
    sys.path_importer_cache.clear()
    _install_zones(zones, view)
    _install_lines(sources, view)


def _install_zones(zones, view):
    def load_tzdata(key):
        if key not in zones:
            raise zoneinfo.ZoneInfoNotFoundError(f"No time zone found with key {key}")
        start, end = zones[key]
        return io.BytesIO(view[start:end])

    zoneinfo.reset_tzpath(to=())
    zoneinfo._common.load_tzdata = load_tzdata
    zoneinfo.available_timezones = lambda: set(zones)


def _install_lines(sources, view):
    """Tracebacks show the library's lines, which linecache would look for on disk."""

    def updatecache(filename, module_globals=None):
        if filename not in sources:
            return []
        start, end = sources[filename]
        lines = str(view[start:end], "utf-8", "replace").splitlines(keepends=True)
        linecache.cache[filename] = (end - start, None, lines, filename)
        return lines

    linecache.updatecache = updatecache
