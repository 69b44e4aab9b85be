"""The call's arguments: taken from the request as received, checked, and fitted to `main`."""

import json

from jsonschema import Draft202012Validator

from .plain import surely_fits

_MOST_PROBLEMS = 10
_DISPATCHER = "mcpbox_call_tool"  # calls the tool that its own arguments name
_JOINT = "__"  # in the names of /mcp only, where the dispatcher is; no server's own tool has it
_PREVIEW_CHARS = 80
_TYPE_NAMES = {dict: "object", list: "array", str: "string", bool: "boolean", type(None): "null"}
_BOUNDS = {
    "minimum": "must be at least {0}",
    "maximum": "must be at most {0}",
    "exclusiveMinimum": "must be greater than {0}",
    "exclusiveMaximum": "must be less than {0}",
    "multipleOf": "must be a multiple of {0}",
    "minLength": "must have at least {0} characters",
    "maxLength": "must have at most {0} characters",
    "minItems": "must have at least {0} items",
    "maxItems": "must have at most {0} items",
    "minProperties": "must have at least {0} properties",
    "maxProperties": "must have at most {0} properties",
    "pattern": "must match the pattern {0}",
    "const": "must be {0}",
}


class Forged(Exception):
    """The request is not a call of the tool that was opened."""


class Invalid(Exception):
    """The arguments do not fit; the text says where and why."""


def _no_duplicates(pairs):
    found = dict(pairs)
    if len(found) != len(pairs):
        raise Forged("a key occurs twice in one object of the request")
    return found


def _no_constant(name):
    raise ValueError(f"{name} is not JSON")


_schema_from_json = json.JSONDecoder().decode
_from_json = json.JSONDecoder(object_pairs_hook=_no_duplicates, parse_constant=_no_constant).decode


def _parse(body):
    try:
        return _from_json(body.decode("utf-8"))
    except (ValueError, RecursionError) as error:
        raise Invalid(f"The request body is not JSON: {error}") from None


def params_of(body, method):
    """The params of a JSON-RPC request of this method.  Forged when it is any other.

    The gateway that passed the request on may be stolen: what it asked to be opened must be what the
    client wrote, so the method and the name are read again here, from the bytes as received.
    """
    request = _parse(body)
    params = request.get("params") if isinstance(request, dict) else None
    if not isinstance(params, dict) or request.get("method") != method:
        raise Forged(f"the request is not a {method}")
    return params


def named(params, name):
    """The arguments of a request for `name`; Forged when it is for another.

    Through the dispatcher both name and arguments are the inner ones.
    """
    called, arguments = params.get("name"), params.get("arguments")
    if called == _DISPATCHER and _JOINT in name:
        if not isinstance(arguments, dict):
            raise Forged("the request names no tool")
        called, arguments = arguments.get("name"), arguments.get("arguments")
    if called != name:
        raise Forged("the request names another tool than the one that was opened")
    return as_object(arguments)


def from_object(body):
    """The arguments of a draft run: the body is the JSON object itself."""
    return as_object(_parse(body) if body else None)


def as_object(arguments):
    """The arguments as a dict; none are an empty one."""
    if arguments is None:
        return {}
    if not isinstance(arguments, dict):
        raise Invalid(f"`arguments` must be a JSON object, not {_kind(arguments)}")
    return arguments


def rules_of(schema):
    """The rules of a schema (JSON bytes of Draft 2020-12); any object is accepted when there is none."""
    return _schema_from_json(schema.decode("utf-8")) if schema else {"type": "object"}


def check(arguments, rules, tool):
    """Raises Invalid, naming each field and the rule it breaks, unless the arguments fit the rules."""
    if surely_fits(arguments, rules):
        return
    if found := problems(arguments, rules):
        raise Invalid(refusal(found, tool))


def problems(value, rules):
    """Where a JSON value breaks the rules of a schema: one line each, at most _MOST_PROBLEMS."""
    found = []
    for error in Draft202012Validator(rules).iter_errors(value):
        found += _problems(error)
        if len(found) >= _MOST_PROBLEMS:
            break
    return found[:_MOST_PROBLEMS]


def refusal(problems, tool):
    """The text for the caller: each problem on a line."""
    lines = "\n".join(f"- {problem}" for problem in problems[:_MOST_PROBLEMS])
    return (
        f"Invalid arguments for {tool}; it was not run.\n{lines}\n"
        "Correct these and call it again; its input schema is in the tool list."
    )


def _kind(value):
    for kind, name in _TYPE_NAMES.items():
        if isinstance(value, kind):
            return name
    return "integer" if isinstance(value, int) else "number"


def _preview(value):
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= _PREVIEW_CHARS else text[:_PREVIEW_CHARS] + "..."


def _field(path):
    text = ""
    for step in path:
        text += f"[{step}]" if isinstance(step, int) else f".{step}" if text else step
    return f"`{text}`" if text else "arguments"


def _problems(error):
    """One line for each field at fault: field, rule in words, and the rule's keyword."""
    rule, wanted, got = error.validator, error.validator_value, error.instance
    path = list(error.absolute_path)
    if rule == "required":
        missing = [name for name in wanted if name not in got]
        wrong = [name for name in missing if error.message.startswith(repr(name))] or missing
        return [f"{_field([*path, name])} is missing (rule: required)" for name in wrong[:1]]
    if rule == "additionalProperties" and wanted is False:
        known = error.schema.get("properties", {})
        takes = ", ".join(known) or "nothing"
        return [
            f"{_field([*path, name])} is not a parameter; allowed here: {takes}"
            " (rule: additionalProperties)"
            for name in got
            if name not in known
        ]
    return [f"{_field(path)} {_words(rule, wanted, got, error)}, got {_preview(got)} (rule: {rule})"]


def _words(rule, wanted, got, error):
    if rule == "type":
        kinds = [wanted] if isinstance(wanted, str) else wanted
        return f"must be of type {' or '.join(kinds)}, not {_kind(got)}"
    if rule == "enum":
        return f"must be one of {_preview(wanted)[:400]}"
    if rule in _BOUNDS:
        return _BOUNDS[rule].format(_preview(wanted))
    if rule in ("anyOf", "oneOf"):
        forms = "; or ".join(dict.fromkeys(_form(part) for part in error.context))
        return f"fits none of the allowed forms ({forms[:400]})"
    return f"breaks a rule: {error.message[:200]}"


def _form(error):
    return _problems(error)[0].partition(", got ")[0]
