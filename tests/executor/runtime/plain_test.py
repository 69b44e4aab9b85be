"""The quick yes never says yes where jsonschema says no.  runtime/plain.py."""

import itertools
import unittest

from jsonschema import Draft202012Validator
from support import schema_of

from runtime.plain import surely_fits

VALUES = [
    None, True, False, 0, 1, -1, 1.0, 1.5, 10**30, "", "a", "ab", "1", [], [1], ["a"], [None, 1], [[1]],
    {}, {"a": 1}, {"a": "x"}, {"a": None, "b": 2}, {"b": [1, "x"]}, {"c": {"a": 1}}, {"a": 1.0}, {"a": True},
    {"1": 1},
]  # fmt: skip
TYPES = [{"type": kind} for kind in ("string", "integer", "number", "boolean", "null", "array", "object")]
RULES = [
    {"type": ["string", "null"]},
    {"type": []},
    {"type": ["integer", "of no such type"]},
    {"required": ["a"]},
    {"required": []},
    {"properties": {"a": {"type": "integer"}}},
    {"properties": {"a": True, "b": False}},
    {"properties": {"a": {}}, "additionalProperties": False},
    {"additionalProperties": {"type": "integer"}},
    {"additionalProperties": False, "patternProperties": {"^a": {}}},
    {"patternProperties": {"^a": {"type": "string"}}},
    {"items": {"type": "integer"}},
    {"items": False},
    {"prefixItems": [{"type": "string"}], "items": {"type": "integer"}},
    {"prefixItems": [{"type": "integer"}]},
    {"enum": ["a", "ab"]},
    {"enum": [0, 1, None]},
    {"const": 1},
    {"anyOf": [{"type": "string"}, {"type": "null"}]},
    {"anyOf": []},
    {"oneOf": [{"type": "integer"}, {"type": "number"}]},
    {"not": {"type": "string"}},
    {"minimum": 1},
    {"maximum": 1},
    {"exclusiveMinimum": 1},
    {"exclusiveMaximum": 1},
    {"multipleOf": 2},
    {"minLength": 1},
    {"maxLength": 1},
    {"pattern": "^a$"},
    {"minItems": 1},
    {"maxItems": 1},
    {"uniqueItems": True},
    {"minProperties": 1},
    {"$ref": "#/$defs/x", "$defs": {"x": {"type": "string"}}},
    {"if": {"type": "string"}, "then": False},
    {"dependentRequired": {"a": ["b"]}},
    {"propertyNames": {"maxLength": 0}},
    {"unevaluatedProperties": False},
    {"contains": {"type": "string"}},
    {"title": "t", "description": "d", "default": 5},
]


def jsonschema_says(value, schema):
    try:
        return Draft202012Validator(schema).is_valid(value)
    except Exception:  # a rule that makes no sense: it may not be waved through
        return False


class Plain(unittest.TestCase):
    def test_it_never_says_yes_where_jsonschema_says_no(self):
        pairs = [{**first, **second} for first, second in itertools.product(TYPES + RULES, repeat=2)]
        nested = [{"properties": {"a": rule}, "items": rule} for rule in TYPES + RULES]
        for schema in TYPES + RULES + pairs + nested + [True, False]:
            for value in VALUES:
                if surely_fits(value, schema) and not jsonschema_says(value, schema):
                    self.fail(f"{value!r} under {schema!r}")

    def test_it_says_yes_to_what_most_tools_take(self):
        schema = schema_of(
            "async def main(name: str, n: int = 1, tags: list[str] = [], unit: str | None = None): return 1"
        )
        for arguments in ({"name": "x"}, {"name": "x", "n": 2, "tags": ["a"], "unit": None}):
            self.assertTrue(surely_fits(arguments, schema), schema)

    def test_it_knows_no_other_schema(self):
        for schema in (None, 1, "type", [], {"type": 5}, {"type": [5]}, {"required": "a"}, {"enum": "abc"}):
            for value in VALUES:
                self.assertFalse(surely_fits(value, schema), f"{value!r} under {schema!r}")


if __name__ == "__main__":
    unittest.main()
