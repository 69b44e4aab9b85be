"""Parameter descriptions in docstrings: Google's `Args:`, NumPy's `Parameters`, and `:param x:` lines."""

import inspect
import re

_LINE_CHARS = 2000  # longer lines are no descriptions; and no pattern below may meet one
_MOST_LINES = 2000
_GOOGLE = re.compile(r"(\s+)\*{0,2}(\w+)(?: ?\([^()]*\))? ?: ?(.+)")
_SPHINX = re.compile(r":param ([^:]+): ?(.+)")
_SECTIONS = {
    "args",
    "arguments",
    "parameters",
    "params",
    "keyword args",
    "keyword arguments",
    "other parameters",
}


def parameters_of(docstring):
    """name -> description, on one line each."""
    lines = inspect.cleandoc(docstring or "").split("\n")[:_MOST_LINES]
    lines = [line.rstrip() if len(line) <= _LINE_CHARS else "" for line in lines]
    return {**_numpy(lines), **_google(lines), **_sphinx(lines)}


def _is_section(line):
    return line.rstrip(":").lower() in _SECTIONS


def _sphinx(lines):
    found, name = {}, None
    for line in lines:
        if match := _SPHINX.fullmatch(line.strip()):
            name = match[1].split()[-1].lstrip("*")
            found[name] = match[2].strip()
        elif name and line.startswith((" ", "\t")) and not line.strip().startswith(":"):
            found[name] += " " + line.strip()
        else:
            name = None
    return found


def _google(lines):
    found, indent, name, inside = {}, None, None, False
    for line in lines:
        if line and not line[0].isspace():
            inside, indent, name = line.endswith(":") and _is_section(line), None, None
        elif inside and line:
            depth = len(line) - len(line.lstrip())
            indent = depth if indent is None else indent
            match = _GOOGLE.fullmatch(line)
            if depth == indent and match:
                name = match[2]
                found[name] = match[3].strip()
            elif name and depth > indent:
                found[name] += " " + line.strip()
    return found


def _numpy(lines):
    found, names, inside = {}, [], False
    for number, line in enumerate(lines):
        after = lines[number + 1] if number + 1 < len(lines) else ""
        if line and after and set(after) == {"-"}:
            inside, names = _is_section(line), []
        elif inside and line and not line[0].isspace() and set(line) != {"-"}:
            head = line.partition(":")[0]
            names = [part.strip().lstrip("*") for part in head.split(",")]
        elif inside and line.strip():
            for name in names:
                found[name] = f"{found[name]} {line.strip()}" if name in found else line.strip()
    return found
