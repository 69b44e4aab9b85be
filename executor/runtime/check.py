"""The compile job: source in; code, schema and parameters out.  Nothing of the source is run."""

import ast
import json
import marshal
import warnings
from typing import NamedTuple

from .limits import cut
from .signature import infer
from .uses import top_level_modules

FILENAME = "<tool>"  # marks the tool's own frames in a traceback
_PROBLEM_BYTES = 2000


class Checked(NamedTuple):
    """protocol::CodeReport and the code.  problem is empty when valid; line is 0 when none is to blame."""

    valid: bool
    has_main: bool
    line: int
    problem: bytes
    schema: bytes = b""
    parameters: bytes = b""
    modules: tuple = ()
    code: bytes = b""


def _failed(text, line=0, has_main=False):
    return Checked(False, has_main, max(0, line or 0), cut(text.replace("\0", "?"), _PROBLEM_BYTES, "..."))


def _syntax(error):
    """`Syntax error at line N: message`, with the line itself and a caret under the place."""
    text = f"Syntax error at line {error.lineno}: {error.msg}"
    if error.text:
        shown = error.text.rstrip("\n")
        text += f"\n    {shown.strip()[:200]}"
        column = (error.offset or 0) - 1 - (len(shown) - len(shown.lstrip()))
        if 0 <= column <= 200:
            text += "\n    " + " " * column + "^"
    return _failed(text, error.lineno)


def _dump(value):
    return json.dumps(value, ensure_ascii=False, allow_nan=False).encode("utf-8", "replace")


def check(source, limits):
    """Compiles `source` (UTF-8 bytes) and infers the input schema of its `main`.  Never raises."""
    try:
        text = source.decode("utf-8")
    except UnicodeDecodeError as error:
        return _failed(f"The code is not UTF-8 text (byte {error.start})")
    if len(text) > limits.code_chars:
        return _failed(
            f"The code has {len(text)} characters; the limit is {limits.code_chars}. Split the tool."
        )
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return _compiled(text, limits)
    except SyntaxError as error:
        return _syntax(error)
    except (RecursionError, MemoryError):
        return _failed("The code is nested too deeply, or too large, to be compiled")
    except ValueError as error:  # null bytes
        return _failed(f"The code cannot be compiled: {error}")


def _compiled(text, limits):
    tree = ast.parse(text, FILENAME)
    code = marshal.dumps(compile(tree, FILENAME, "exec", dont_inherit=True, optimize=0))
    if len(code) > limits.compiled_bytes:
        return _failed(f"The compiled code has {len(code)} bytes; the limit is {limits.compiled_bytes}")
    signature = infer(tree)
    if signature is None:
        return _failed("Code must define an async main() function")
    schema, parameters = _dump(signature.schema), _dump(signature.parameters)
    largest = max(len(schema), len(parameters))
    if largest > limits.schema_bytes:
        text = f"The input schema of main() has {largest} bytes; the limit is {limits.schema_bytes}"
        return _failed(text, signature.line, True)
    modules = tuple(name.encode("utf-8") for name in top_level_modules(tree))
    if len(modules) > limits.imported_modules:
        text = f"The code imports {len(modules)} modules; the limit is {limits.imported_modules}"
        return _failed(text, 0, True)
    if any(len(name) > limits.module_name_bytes for name in modules):
        text = f"The code imports a module whose name has more than {limits.module_name_bytes} bytes"
        return _failed(text, 0, True)
    return Checked(True, True, 0, b"", schema, parameters, modules, code)
