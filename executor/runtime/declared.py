"""Schemas that the author wrote: beside the source, or INPUT_SCHEMA and OUTPUT_SCHEMA in it, as literals.

A dict, or JSON text in a str.  JSON Schema 2020-12 that stands on its own: what it refers to is in itself.
"""

import ast
import json
import re

from jsonschema import Draft202012Validator

from . import param_headers
from .names import literal, statements

_DIALECT = "https://json-schema.org/draft/2020-12/schema"
_VALUES = {"const", "enum", "default", "examples"}  # what is below these is data, not schema
_META = Draft202012Validator(Draft202012Validator.META_SCHEMA)
_META.is_valid({})  # reads the vocabularies, which it would else do in a jailed child that can open no file
_REFERENCES = ("$ref", "$dynamicRef", "$recursiveRef")


class BadSchema(Exception):
    """A declared schema that cannot be used: the text, and the line."""

    def __init__(self, text, line):
        super().__init__(text)
        self.line = line


def declared(tree, name, limits):
    """The schema that `name` is assigned, parsed and checked; None when there is none."""
    node = _assigned(tree, name)
    if node is None:
        return None
    try:
        schema = _value(node)
        _check(schema, limits)
    except RecursionError:
        raise BadSchema(f"{name} cannot be used: a reference in it leads to itself", node.lineno) from None
    except (ValueError, TypeError) as error:
        raise BadSchema(f"{name} cannot be used: {error}", node.lineno) from None
    return schema


def given(text, name, limits):
    """The schema that came beside the source as JSON, parsed and checked.  name: what its author calls it."""
    try:
        schema = json.loads(text, object_pairs_hook=_unique)
        _check(schema, limits)
    except RecursionError:
        raise BadSchema(f"{name} cannot be used: a reference in it leads to itself", 0) from None
    except (ValueError, TypeError) as error:
        raise BadSchema(f"{name} cannot be used: {error}", 0) from None
    return schema


def _assigned(tree, name):
    found = None
    for node in statements(tree.body):
        if isinstance(node, ast.Assign) and any(getattr(t, "id", None) == name for t in node.targets):
            found = node.value
        elif isinstance(node, ast.AnnAssign) and getattr(node.target, "id", None) == name:
            found = node.value
    return found


def _unique(pairs):
    if len(made := dict(pairs)) != len(pairs):
        raise ValueError("a key occurs twice in one object")
    return made


def _value(node):
    try:
        value = literal(node)
    except ValueError:
        raise ValueError("it must be a literal: a dict, or JSON text in a str") from None
    if isinstance(value, str):
        value = json.loads(value, object_pairs_hook=_unique)
    return value


def _check(schema, limits):
    if not isinstance(schema, dict) or schema.get("type") != "object":
        raise ValueError('its "type" must be "object"')
    if str(schema.get("$schema", _DIALECT)).rstrip("#") != _DIALECT:
        raise ValueError(f"its $schema must be {_DIALECT}")
    size = len(json.dumps(schema, ensure_ascii=False).encode("utf-8", "replace"))
    if size > limits.schema_bytes:
        raise ValueError(f"it has {size} bytes; the limit is {limits.schema_bytes}")
    parts = list(_parts(schema, limits.schema_depth))
    for path, part in parts:
        _check_part(schema, path, part)
    param_headers.check(parts)
    error = next(_META.iter_errors(schema), None)
    if error is not None:
        raise ValueError(f"at {_pointer(error.absolute_path)}: {error.message[:200]}")
    list(Draft202012Validator(schema).iter_errors({}))  # a reference that only leads to itself recurses


def _pointer(path):
    return "/" + "/".join(str(step)[:60] for step in path)


def _parts(schema, depth):
    """(path, dict) of every object in the schema that is not data."""
    stack = [((), schema)]
    while stack:
        path, part = stack.pop()
        if len(path) > depth:
            raise ValueError(f"it is nested more than {depth} levels deep")
        if isinstance(part, dict):
            yield path, part
            stack += [((*path, key), value) for key, value in part.items() if key not in _VALUES]
        elif isinstance(part, list):
            stack += [((*path, index), value) for index, value in enumerate(part)]


def _check_part(schema, path, part):
    for keyword in _REFERENCES:
        target = part.get(keyword)
        if isinstance(target, str) and not _leads_somewhere(schema, target):
            text = f"at {_pointer(path)}: {keyword} {target[:80]!r} leads nowhere"
            raise ValueError(f"{text}; only references into the schema itself are possible")
    if path and isinstance(part.get("$id"), str):
        raise ValueError(f"at {_pointer(path)}: $id is only possible at the top")
    patterns = [part["pattern"]] if isinstance(part.get("pattern"), str) else []
    if isinstance(part.get("patternProperties"), dict):
        patterns += part["patternProperties"]
    for pattern in patterns:
        try:
            re.compile(pattern)
        except (re.error, OverflowError) as error:
            raise ValueError(f"at {_pointer(path)}: the pattern {pattern[:80]!r} is wrong: {error}") from None


def _leads_somewhere(schema, target):
    """True for `#` and for a JSON pointer to something that is there."""
    if target != "#" and not target.startswith("#/"):
        return False
    for step in target[2:].split("/") if len(target) > 1 else ():
        step = step.replace("~1", "/").replace("~0", "~")
        if isinstance(schema, list) and step.isdecimal() and int(step[:6]) < len(schema):
            schema = schema[int(step)]
        elif isinstance(schema, dict) and step in schema:
            schema = schema[step]
        else:
            return False
    return True
