"""From a type annotation to JSON Schema 2020-12, read from the AST without running anything.

An annotation that says nothing about JSON gives {} (any value): a schema must never refuse what the
tool would take.
"""

import ast

from .classes import class_schema
from .names import enumeration, literal

_PLAIN = {
    "str": {"type": "string"},
    "AnyStr": {"type": "string"},
    "LiteralString": {"type": "string"},
    "bytes": {"type": "string", "contentEncoding": "base64"},
    "int": {"type": "integer"},
    "float": {"type": "number"},
    "Number": {"type": "number"},
    "bool": {"type": "boolean"},
    "None": {"type": "null"},
    "NoneType": {"type": "null"},
    "datetime": {"type": "string", "format": "date-time"},
    "date": {"type": "string", "format": "date"},
    "time": {"type": "string", "format": "time"},
    "UUID": {"type": "string", "format": "uuid"},
    "Path": {"type": "string"},
    "Decimal": {"type": ["number", "string"]},
}
_LISTS = {"list", "List", "Sequence", "MutableSequence", "Iterable", "Collection", "deque", "Deque"}
_SETS = {"set", "Set", "frozenset", "FrozenSet", "AbstractSet", "MutableSet"}
_TUPLES = {"tuple", "Tuple"}
_DICTS = {"dict", "Dict", "Mapping", "MutableMapping", "OrderedDict", "defaultdict", "DefaultDict"}
_MOST_STEPS = 20_000
_WRAPPERS = {"Required", "NotRequired", "ReadOnly", "Final", "ClassVar", "Unpack"}


def nullable(schema):
    """The same schema, with null allowed as well."""
    if not schema:
        return schema
    schema = dict(schema)
    if "enum" in schema and None not in schema["enum"]:
        schema["enum"] = [*schema["enum"], None]
    if "anyOf" in schema:
        if {"type": "null"} not in schema["anyOf"]:
            schema["anyOf"] = [*schema["anyOf"], {"type": "null"}]
    elif "type" in schema:
        known = schema["type"] if isinstance(schema["type"], list) else [schema["type"]]
        schema["type"] = known if "null" in known else [*known, "null"]
    return schema


def allows_null(schema):
    """True when the schema (one of ours) takes null."""
    if "anyOf" in schema:
        return any(allows_null(part) for part in schema["anyOf"])
    if "enum" in schema:
        return None in schema["enum"]
    known = schema.get("type", "null")
    return known == "null" or "null" in known


class TooLarge(Exception):
    """The annotations make a schema beyond any use."""


class Annotations:
    """Turns annotations into schemas; knows the classes and aliases of one source text."""

    def __init__(self, names):
        self.names = names
        self._open = set()  # classes and aliases being expanded: a recursive type ends as "any"
        self._left = _MOST_STEPS

    def _spend(self, steps):
        """Types that name each other twice make schemas that grow exponentially."""
        self._left -= steps
        if self._left < 0:
            raise TooLarge

    def schema(self, node):
        self._spend(1)
        if node is None:
            return {}
        if isinstance(node, ast.Constant):
            return self._constant(node.value)
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.BitOr):
            return self._union([node.left, node.right])
        if isinstance(node, ast.Subscript):
            return self._subscript(node)
        if isinstance(node, (ast.Name, ast.Attribute)):
            return self._name(node)
        return {}

    def _constant(self, value):
        if value is None:
            return {"type": "null"}
        if isinstance(value, str):
            self._spend(len(value) // 50)
            try:
                return self.schema(ast.parse(value.strip(), mode="eval").body)
            except (SyntaxError, ValueError):
                return {}
        return {}

    def _name(self, node):
        name = self.names.last(node)
        if isinstance(node, ast.Name) and node.id not in self._open:
            if node.id in self.names.classes:
                return self._expand(node.id, lambda: class_schema(self, self.names.classes[node.id]))
            if node.id in self.names.aliases:
                return self._expand(node.id, lambda: self._alias(self.names.aliases[node.id]))
        if name in _PLAIN:
            return dict(_PLAIN[name])
        if name in _LISTS or name in _TUPLES:
            return {"type": "array"}
        if name in _SETS:
            return {"type": "array", "uniqueItems": True}
        if name in _DICTS or name == "TypedDict":
            return {"type": "object"}
        return {}

    def _expand(self, name, make):
        self._spend(1)
        self._open.add(name)
        try:
            return make()
        finally:
            self._open.discard(name)

    def _alias(self, node):
        if isinstance(node, ast.Call) and self.names.last(node) == "NewType" and len(node.args) == 2:
            return self.schema(node.args[1])
        return self.schema(node)

    def _subscript(self, node):
        name = self.names.last(node.value)
        inside = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
        if name == "Optional":
            return nullable(self.schema(node.slice))
        if name == "Union":
            return self._union(inside)
        if name == "Literal":
            return self._literal(inside)
        if name == "Annotated":
            return self._annotated(inside)
        if name in _WRAPPERS:
            return self.schema(inside[0])
        if name in _LISTS:
            return self._with({"type": "array"}, "items", inside[0])
        if name in _SETS:
            return self._with({"type": "array", "uniqueItems": True}, "items", inside[0])
        if name in _TUPLES:
            return self._tuple(inside)
        if name in _DICTS:
            return self._with({"type": "object"}, "additionalProperties", inside[-1])
        return {}

    def _with(self, schema, keyword, node):
        inner = self.schema(node)
        if inner:
            schema[keyword] = inner
        return schema

    def _tuple(self, inside):
        if len(inside) == 2 and isinstance(inside[1], ast.Constant) and inside[1].value is Ellipsis:
            return self._with({"type": "array"}, "items", inside[0])
        parts = [self.schema(node) for node in inside]
        schema = {"type": "array", "minItems": len(parts), "maxItems": len(parts)}
        if parts:
            schema["prefixItems"] = parts
        return schema

    def _flatten(self, nodes):
        for node in nodes:
            if isinstance(node, ast.BinOp) and isinstance(node.op, ast.BitOr):
                yield from self._flatten([node.left, node.right])
            elif isinstance(node, ast.Subscript) and self.names.last(node.value) == "Union":
                yield from self._flatten(getattr(node.slice, "elts", [node.slice]))
            else:
                yield node

    def _union(self, nodes):
        parts, with_null = [], False
        for node in self._flatten(nodes):
            part = self.schema(node)
            if part == {"type": "null"}:
                with_null = True
            elif part not in parts:
                parts.append(part)
        if not all(parts):
            return {}
        if not parts:
            return {"type": "null"}
        schema = parts[0] if len(parts) == 1 else {"anyOf": parts}
        return nullable(schema) if with_null else schema

    def _literal(self, nodes):
        values = {}
        for node in nodes:
            try:
                value = literal(node)
            except ValueError:
                return {}
            values.setdefault((type(value), repr(value)), value)
        return enumeration(list(values.values()))

    def _annotated(self, inside):
        schema = self.schema(inside[0])
        words = next(filter(None, map(self._words, inside[1:])), None)
        return {**schema, "description": words} if words else schema

    def _words(self, node):
        """A description in Annotated metadata: a string, Doc("..."), Field(description="...")."""
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            return node.value
        if isinstance(node, ast.Call):
            named = [k.value for k in node.keywords if k.arg in ("description", "documentation")]
            for part in named or node.args[:1]:
                if isinstance(part, ast.Constant) and isinstance(part.value, str):
                    return part.value
        return None
