"""From what `main` returned, or raised, to a CallToolResult as JSON bytes.

    str                        one text block with it
    None                       the text `null`
    another JSON value         its JSON text, and _meta.execution.is_json; an object is structuredContent
                               as well (before 2026-07-28 nothing else may be: the gateway adds it for
                               later clients, from the text)
    dataclass, Enum, date and  their usual JSON form, wherever they stand in the value: object, value, ISO
    time, set, bytes, ...      text, list, base64, ...; what has a text of its own is that text
    content blocks             as they are: one, a list with others between, or ctx.result(...)
    anything else              an error that says where it stands and what it is
"""

import base64
import collections.abc
import dataclasses
import datetime
import enum
import json

from . import arguments, content
from .failure import message_of, type_of
from .limits import cut
from .not_json import first_problem

_OUTPUT_CUT = "\n[output cut here; the log has no more either]"


_JSON = (str, dict, list, tuple, int, float, type(None))


class Unusable(Exception):
    """The returned value cannot be a result; the text says what to return instead."""


def _other(value):
    """What stands for a value that JSON has no form for."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: getattr(value, field.name) for field in dataclasses.fields(value)}
    if isinstance(value, enum.Enum):
        return value.value
    if isinstance(value, (datetime.date, datetime.time)):
        return value.isoformat()
    if isinstance(value, (bytes, bytearray, memoryview)):
        return base64.b64encode(value).decode("ascii")
    if isinstance(value, collections.abc.Mapping):
        return dict(value)
    if isinstance(value, collections.abc.Set):
        return _in_order(value)
    if isinstance(value, collections.abc.Collection):
        return list(value)
    if isinstance(value, BaseException):
        return message_of(value)
    if type(value).__str__ is not object.__str__:  # Decimal, UUID, Fraction, and what the tool gave a text
        return str(value)
    raise TypeError(f"an object of type {type_of(value)} has no JSON form")


# Made before the fork, once for all; and a tool that patches `json` does not patch this.
_to_json = json.JSONEncoder(ensure_ascii=False, allow_nan=False, default=_other).encode


def _in_order(values):
    """A set as a list that is the same in every call, where its members can be sorted."""
    try:
        return sorted(values)
    except TypeError:
        return list(values)


def _encode(value):
    # A lone surrogate has no UTF-8 form: it becomes "?".
    return _to_json(value).encode("utf-8", "replace")


def _deep(data, limit):
    """True when the JSON text nests deeper than `limit`; what embeds it refuses more."""
    if data.count(b"[") + data.count(b"{") <= limit:
        return False
    depth, in_string, escaped = 0, False, False
    for byte in data:
        if in_string:
            if escaped:
                escaped = False
            elif byte == 0x5C:
                escaped = True
            elif byte == 0x22:
                in_string = False
        elif byte == 0x22:
            in_string = True
        elif byte in b"[{":
            depth += 1
            if depth > limit:
                return True
        elif byte in b"]}":
            depth -= 1
    return False


def encode_json(value, depth):
    """JSON bytes of at most this depth; ValueError with the reason otherwise."""
    try:
        data = _encode(value)
    except (TypeError, ValueError) as error:
        raise ValueError(first_problem(value, _other) or str(error)) from None
    except RecursionError:
        raise ValueError(f"nested more than {depth} levels deep") from None
    if _deep(data, depth):
        raise ValueError(f"nested more than {depth} levels deep")
    return data


def value_json(value, limits):
    """The returned value as JSON bytes, within the limits; Unusable with the reason otherwise."""
    try:
        data = _encode(value)
    except (TypeError, ValueError) as error:
        why = first_problem(value, _other) or str(error)
        raise Unusable(
            f"main() returned a {type_of(value)} that is not JSON: {why}. "
            "Return a str, or numbers, lists and dicts."
        ) from None
    except RecursionError:
        raise Unusable(
            "main() returned a value that is nested too deeply for JSON; the limit is "
            f"{limits.json_depth - 3} levels. Return a flatter value, or json.dumps() of it as a str."
        ) from None
    if len(data) > limits.result_bytes:
        raise Unusable(
            f"The result has {len(data)} bytes as JSON; the limit is {limits.result_bytes}. "
            "Return less: filter, page, or summarise."
        )
    # Three levels are the result's own: result, structuredContent, and the response around it.
    if _deep(data, limits.json_depth - 3):
        raise Unusable(
            f"The result is nested more than {limits.json_depth - 3} levels deep, which is the limit. "
            "Return a flatter value, or json.dumps() of it as a str."
        )
    return data


def _once(value):
    """A whole result that is no JSON value: what stands for it, so that a date or a Decimal is plain text."""
    try:
        return _other(value)
    except Exception:  # the encoder meets it again, and says what is wrong
        return value


def plain(value, limits):
    """The value as the caller will see it: of JSON's own types, or the text that stands for it."""
    if not isinstance(value, _JSON):
        value = _once(value)
    return value if isinstance(value, str) else json.loads(value_json(value, limits))


def check_output(value, schema, limits):
    """Unusable unless the value, as the caller will see it, fits the schema (parsed, or as JSON text)."""
    if isinstance(value, content.Result):
        if value.is_error:
            return
        if not value.has_structured:
            raise Unusable("The result has content only: OUTPUT_SCHEMA promises `structured` as well.")
        value = value.structured
    seen = json.loads(value_json(value, limits))
    rules = json.loads(schema) if isinstance(schema, str) else schema
    problems = arguments.problems(seen, rules)
    if problems:
        lines = "\n".join(f"- {problem}" for problem in problems)
        raise Unusable(
            f"The result does not fit OUTPUT_SCHEMA.\n{lines}\nReturn what it promises, or change it."
        )


def success(value, execution, limits):
    """(CallToolResult JSON, its text for the log, whether the tool calls it an error)."""
    if content.is_content(value):
        return _with_content(value, execution, limits)
    if not isinstance(value, _JSON):
        value = _once(value)
    if isinstance(value, str):
        if len(value.encode("utf-8", "replace")) > limits.result_bytes:
            value_json(value, limits)
        return _assemble(_text_block(value), False, execution, b"", limits), value, False
    data = value_json(value, limits)
    inside = data if data.startswith(b"{") else b""
    text = data.decode("utf-8")
    return _assemble(_text_block(text), False, {**execution, "is_json": True}, inside, limits), text, False


def _with_content(value, execution, limits):
    structured, is_error = b"", False
    if isinstance(value, content.Result):
        is_error = value.is_error
        if value.has_structured:
            structured = value_json(value.structured, limits)
            if not structured.startswith(b"{"):
                raise Unusable("`structured` of ctx.result() must be an object: a dict, or a dataclass")
        value = value.content
    blocks = content.blocks_of(value, lambda item: value_json(item, limits).decode("utf-8"))
    made = [block.block for block in blocks]
    value_json(made, limits)  # within the limits, all of them together
    log = "\n".join(block.summary() for block in blocks)
    return _assemble(made, is_error, execution, structured, limits), log, is_error


def failure(text, execution, limits):
    """CallToolResult JSON with isError; `execution` may carry error_detail."""
    return _assemble(_text_block(text), True, execution, b"", limits)


def _text_block(text):
    return [{"type": "text", "text": text}]


def _assemble(blocks, is_error, execution, structured, limits):
    """Puts the JSON together; drops printed output first when it would be over its limit."""
    data = _join(blocks, is_error, execution, structured)
    if len(data) <= limits.outcome_bytes:
        return data
    short = cut(execution.get("stdout", ""), limits.log_text_bytes, _OUTPUT_CUT).decode("utf-8")
    data = _join(blocks, is_error, {**execution, "stdout": short}, structured)
    if len(data) <= limits.outcome_bytes:
        return data
    raise Unusable(
        f"The result has {len(data)} bytes once encoded; the limit is {limits.outcome_bytes}. "
        "Return less: filter, page, or summarise."
    )


def _join(blocks, is_error, execution, structured):
    head = {"content": blocks, "isError": is_error}
    tail = {"_meta": {"execution": execution}}
    parts = [_encode(head)[1:-1], _encode(tail)[1:-1]]
    if structured:
        parts.insert(1, b'"structuredContent": ' + structured)
    return b"{" + b", ".join(parts) + b"}"
