"""What `main` accepts: its input schema and its parameters, without running the tool."""

import ast
from typing import NamedTuple

from .annotations import Annotations, allows_null, nullable
from .docstrings import parameters_of
from .names import Names, literal, statements

_NOT_ARGUMENTS = {"self", "cls", "http"}  # names that the platform fills, not the caller
_DEFAULT_TYPES = (
    (bool, "boolean"),
    (int, "integer"),
    (float, "number"),
    (str, "string"),
    (list, "array"),
    (dict, "object"),
)


class Signature(NamedTuple):
    """schema: JSON Schema of the arguments; parameters: one dict each, for people; line: of `main`."""

    schema: dict
    parameters: list
    line: int


def ignored(name):
    """True for a parameter that is no argument of the tool."""
    return name in _NOT_ARGUMENTS


def find_main(tree):
    """The `main` that the module would end up with: the last one defined at its top level, or None."""
    found = None
    for node in statements(tree.body):
        if isinstance(node, (ast.AsyncFunctionDef, ast.FunctionDef)) and node.name == "main":
            found = node
    return found


def infer(tree):
    """Returns the Signature of the source's `main`, or None when there is no such function."""
    main = find_main(tree)
    if main is None:
        return None
    annotations = Annotations(Names(tree))
    said = parameters_of(ast.get_docstring(main))
    properties, required, parameters = {}, [], []
    for argument, default in _arguments(main.args):
        if ignored(argument.arg):
            continue
        schema, optional = _parameter(annotations, argument, default)
        words = schema.pop("description", None) or said.get(argument.arg)
        shown = {"description": words or f"Parameter: {argument.arg}"}
        if default is not None:
            try:
                shown["default"] = literal(default)
            except ValueError:
                pass  # a default that JSON cannot carry: optional all the same
        properties[argument.arg] = {**schema, **shown}
        if not optional:
            required.append(argument.arg)
        parameters.append(_for_people(argument, properties[argument.arg], optional))
    schema = {"type": "object", "properties": properties}
    if required:
        schema["required"] = required
    schema["additionalProperties"] = _rest(annotations, main.args.kwarg)
    return Signature(schema, parameters, main.lineno)


def _arguments(args):
    """(argument, default or None) in order: positional, then keyword-only."""
    positional = args.posonlyargs + args.args
    missing = len(positional) - len(args.defaults)
    yield from zip(positional, [None] * missing + args.defaults)
    yield from zip(args.kwonlyargs, args.kw_defaults)


def _parameter(annotations, argument, default):
    if argument.annotation is None:
        return _by_default(default), default is not None
    schema = dict(annotations.schema(argument.annotation))
    if isinstance(default, ast.Constant) and default.value is None:
        schema = nullable(schema)  # `x: str = None` means Optional[str]
    # Optional[X] without a default may be left out: the call then gets None.
    return schema, default is not None or (bool(schema) and allows_null(schema))


def _by_default(default):
    """No annotation: the default's type, and a string without one."""
    if default is None:
        return {"type": "string"}
    try:
        value = literal(default)
    except ValueError:
        return {}
    for kind, name in _DEFAULT_TYPES:
        if isinstance(value, kind):
            return {"type": name}
    return {}


def _rest(annotations, kwarg):
    """**kwargs takes further arguments; its annotation is their type."""
    if kwarg is None:
        return False
    if kwarg.annotation is None:
        return True
    return annotations.schema(kwarg.annotation) or True


def with_schema(signature, schema):
    """The signature of a `main` whose author wrote the input schema: that is what counts."""
    required = schema.get("required", [])
    parameters = []
    for name, part in schema.get("properties", {}).items():
        part = part if isinstance(part, dict) else {}
        shown = {"name": name, "type": _type_words(part), "required": name in required}
        parameters.append(shown | {k: part[k] for k in ("description", "default") if k in part})
    return Signature(schema, parameters, signature.line)


def _for_people(argument, schema, optional):
    shown = {"name": argument.arg, "type": _type_words(schema), "required": not optional}
    if argument.annotation is not None:
        shown["annotation"] = ast.unparse(argument.annotation)
    shown["description"] = schema["description"]
    if "default" in schema:
        shown["default"] = schema["default"]
    return shown


def _type_words(schema):
    if "anyOf" in schema:
        words = [_type_words(part) for part in schema["anyOf"]]
        return " | ".join(dict.fromkeys(words))
    known = schema.get("type", "any")
    return known if isinstance(known, str) else " | ".join(known)
