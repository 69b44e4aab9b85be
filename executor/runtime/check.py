"""The compile job: source in; code, schema and parameters out.  Nothing of the source is run."""

import ast
import json
import marshal
import warnings
from typing import NamedTuple

from . import interface
from .analysis import analyse
from .annotations import TooLarge
from .declared import BadSchema, declared, given
from .findings import Findings
from .limits import cut
from .signature import infer, with_schema
from .source import Source
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
    analysis: bytes = b""
    code: bytes = b""
    output_schema: bytes = b""


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


def check(source, limits, input_schema=b"", output_schema=b""):
    """Compiles `source` (UTF-8 bytes) and infers the input schema of its `main`.  Never raises.

    input_schema, output_schema: JSON that the author gave beside the source, and that then counts; else b"".
    """
    try:
        text = source.decode("utf-8")
    except UnicodeDecodeError as error:
        return _failed(f"The code is not UTF-8 text (byte {error.start})")
    if len(text) > limits.code_chars:
        return _failed(
            f"The code has {len(text)} characters; the limit is {limits.code_chars}. Split the tool."
        )
    try:
        with warnings.catch_warnings(record=True) as said:
            warnings.simplefilter("always")
            return _compiled(text, limits, said, _Beside(input_schema, output_schema))
    except SyntaxError as error:
        return _syntax(error)
    except (RecursionError, MemoryError):
        return _failed("The code is nested too deeply, or too large, to be compiled")
    except ValueError as error:  # null bytes
        return _failed(f"The code cannot be compiled: {error}")


class _Beside(NamedTuple):
    """Schemas that came beside the source, as JSON; b"" for none."""

    input: bytes
    output: bytes


def _compiled(text, limits, said, beside):
    tree = ast.parse(text, FILENAME)
    code = marshal.dumps(compile(tree, FILENAME, "exec", dont_inherit=True, optimize=0))
    if len(code) > limits.compiled_bytes:
        return _failed(f"The compiled code has {len(code)} bytes; the limit is {limits.compiled_bytes}")
    source = Source(text, tree)
    try:
        signature = _signature(tree, limits, beside)
        promise = beside.output or _promise(tree, limits)
        if beside.output:
            given(beside.output, "output_schema", limits)
    except BadSchema as error:
        return _failed(str(error), error.line, True)
    except TooLarge:
        return _failed(
            "The types of the parameters of main() are too large for a schema: simplify them", 0, True
        )
    analysis = _analysed(source, signature, said, limits)
    if signature is None:
        return _failed("Code must define an async main() function")._replace(analysis=analysis)
    schema, parameters = beside.input or _dump(signature.schema), _dump(signature.parameters)
    modules = tuple(name.encode("utf-8") for name in top_level_modules(source))
    if problem := _too_large(schema, parameters, modules, limits):
        return _failed(problem, signature.line, True)._replace(analysis=analysis)
    return Checked(True, True, 0, b"", schema, parameters, modules, analysis, code, promise)


def _promise(tree, limits):
    """OUTPUT_SCHEMA as JSON, or b""."""
    schema = declared(tree, "OUTPUT_SCHEMA", limits)
    return b"" if schema is None else _dump(schema)


def _signature(tree, limits, beside):
    """What main accepts, as its author declared it or else as its parameters say; None without a main."""
    signature = infer(tree)
    if beside.input:
        schema = given(beside.input, "input_schema", limits)
    else:
        schema = declared(tree, "INPUT_SCHEMA", limits)
    return signature if signature is None or schema is None else with_schema(signature, schema)


def _too_large(schema, parameters, modules, limits):
    """What is over its limit, in words; None when nothing is."""
    if (largest := max(len(schema), len(parameters))) > limits.schema_bytes:
        return f"The input schema of main() has {largest} bytes; the limit is {limits.schema_bytes}"
    if len(modules) > limits.imported_modules:
        return f"The code imports {len(modules)} modules; the limit is {limits.imported_modules}"
    if any(len(name) > limits.module_name_bytes for name in modules):
        return f"The code imports a module whose name has more than {limits.module_name_bytes} bytes"
    return None


def _analysed(source, signature, said, limits):
    """The analysis, whatever happens to it: it is an aid, and never in the way of saving."""
    findings = Findings()
    for warning in said:
        findings.add("python-warning", warning.lineno, str(warning.message))
    try:
        if signature is not None:
            interface.check(source, signature, findings)
        return analyse(source, findings, limits.analysis_bytes)
    except Exception as error:
        findings.add("incomplete", 0, f"the analysis ended early ({type(error).__name__})")
        return _dump({"findings": findings.as_list(), "secrets": [], "hosts": [], "modules": []})
