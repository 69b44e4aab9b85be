"""The quick yes to "do these arguments fit this schema", for schemas as signatures give them.

jsonschema decides what an argument may be; but it takes more than the rest of a call together, most of it for
rules that few schemas have.  Here only a value that fits beyond doubt gets an answer.  No answer, for a
keyword that is not known here as much as for a value that does not fit, means: ask jsonschema.
"""

import operator

_SAYS_NOTHING = {
    "title",
    "description",
    "default",
    "examples",
    "deprecated",
    "readOnly",
    "writeOnly",
    "$comment",
}
# By exact type: True is no integer in JSON, and what 1.0 is, jsonschema may say.
_TYPES = {
    "string": (str,),
    "integer": (int,),
    "number": (int, float),
    "boolean": (bool,),
    "null": (type(None),),
    "array": (list,),
    "object": (dict,),
}


def surely_fits(value, schema):
    """True only if jsonschema finds no error in this JSON value under this schema (parsed JSON)."""
    if schema is True:
        return True
    if type(schema) is not dict:
        return False
    for keyword, wanted in schema.items():
        if keyword in _SAYS_NOTHING:
            continue
        rule = _RULES.get(keyword)
        if rule is None or not rule(value, wanted, schema):
            return False
    return True


def _type(value, wanted, schema):
    kinds = wanted if type(wanted) is list else (wanted,)
    return any(type(kind) is str and type(value) in _TYPES.get(kind, ()) for kind in kinds)


def _required(value, wanted, schema):
    if type(wanted) is not list:
        return False
    return type(value) is dict and all(type(name) is str and name in value for name in wanted)


def _properties(value, wanted, schema):
    if type(value) is not dict or type(wanted) is not dict:
        return False
    return all(surely_fits(value[name], part) for name, part in wanted.items() if name in value)


def _additional(value, wanted, schema):
    if type(value) is not dict or "patternProperties" in schema:
        return False
    known = schema.get("properties", {})
    if wanted is False:
        return type(known) is dict and all(name in known for name in value)
    return all(surely_fits(part, wanted) for name, part in value.items() if name not in known)


def _items(value, wanted, schema):
    if type(value) is not list or "prefixItems" in schema:
        return False
    return all(surely_fits(item, wanted) for item in value)


def _enum(value, wanted, schema):
    return type(value) is str and type(wanted) is list and value in wanted


def _any_of(value, wanted, schema):
    return type(wanted) is list and any(surely_fits(value, part) for part in wanted)


def _bound(kinds, measure, keeps):
    def rule(value, wanted, schema):
        return type(value) in kinds and type(wanted) in (int, float) and keeps(measure(value), wanted)

    return rule


def _itself(value):
    return value


_NUMBER, _STRING, _LIST = (int, float), (str,), (list,)
_RULES = {
    "minimum": _bound(_NUMBER, _itself, operator.ge),
    "maximum": _bound(_NUMBER, _itself, operator.le),
    "exclusiveMinimum": _bound(_NUMBER, _itself, operator.gt),
    "exclusiveMaximum": _bound(_NUMBER, _itself, operator.lt),
    "minLength": _bound(_STRING, len, operator.ge),
    "maxLength": _bound(_STRING, len, operator.le),
    "minItems": _bound(_LIST, len, operator.ge),
    "maxItems": _bound(_LIST, len, operator.le),
    "type": _type,
    "required": _required,
    "properties": _properties,
    "additionalProperties": _additional,
    "items": _items,
    "enum": _enum,
    "anyOf": _any_of,
}
