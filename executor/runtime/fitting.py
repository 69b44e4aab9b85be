"""Values as `main` expects them, where the annotation names what JSON has no form of its own for.

dataclass, NamedTuple, Enum, datetime, date, time, UUID, Decimal, bytes (from base64), set, frozenset and
tuple are made from their JSON form, inside lists, dicts, unions and other dataclasses too.  Everything else
reaches the tool as JSON made it: "5" stays a string, and the schema has refused it where a number is wanted.
"""

import base64
import collections.abc
import dataclasses
import datetime
import decimal
import enum
import inspect
import types
import typing
import uuid

_SETS = {set: set, frozenset: frozenset, collections.abc.Set: frozenset, collections.abc.MutableSet: set}
_DICTS = (dict, collections.abc.Mapping, collections.abc.MutableMapping)


# Types whose JSON form is the value itself.
_AS_JSON = frozenset({str, int, float, bool, list, dict, object})


def _takes_json_as_it_is(main):
    """True for a plain function whose every annotation is one of _AS_JSON: there is nothing to convert.

    Most tools are, and to ask `inspect` costs more than to call them.
    """
    return (
        isinstance(main, types.FunctionType)
        and not main.__dict__  # __wrapped__, __signature__
        and main.__code__.co_posonlyargcount == 0
        and all(type(hint) is type and hint in _AS_JSON for hint in main.__annotations__.values())
    )


def fit(main, arguments):
    """Returns (positional, keyword) for calling `main` with a dict of arguments; Unfit when a value has not
    the form that its annotation takes."""
    if _takes_json_as_it_is(main):
        return (), arguments
    try:
        signature = inspect.signature(main)
    except (TypeError, ValueError):
        return [], dict(arguments)
    hints = _hints(main)
    positional, keyword = [], dict(arguments)
    for name, parameter in signature.parameters.items():
        if parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD):
            continue
        if name in keyword:
            if name in hints:
                keyword[name] = _converted(name, keyword[name], hints[name])
        elif parameter.default is parameter.empty and _takes_none(hints.get(name)):
            keyword[name] = None
        if parameter.kind is parameter.POSITIONAL_ONLY and name in keyword:
            positional.append(keyword.pop(name))
    return positional, keyword


def _converted(name, value, hint):
    try:
        return convert(value, hint)
    except Unfit as error:
        raise Unfit(f"`{name}`: {error}") from None


def _hints(main):
    if not getattr(main, "__annotations__", None):
        return {}
    try:
        return typing.get_type_hints(main, include_extras=True)
    except Exception:  # an annotation that names something undefined: no conversion then
        return {}


def _takes_none(hint):
    while typing.get_origin(hint) is typing.Annotated:
        hint = typing.get_args(hint)[0]
    return hint is not None and type(None) in typing.get_args(hint)


class Unfit(ValueError):
    """A value that its annotation cannot take; says which and why."""


def convert(value, hint):
    """`value` as an instance of what `hint` names, where JSON has no form of its own for that."""
    origin, inside = typing.get_origin(hint), typing.get_args(hint)
    if origin in (typing.Union, types.UnionType):
        return _first_fit(value, inside)
    if origin in (typing.Annotated, typing.Required, typing.NotRequired):
        return convert(value, inside[0])
    if isinstance(value, list):
        return _from_list(value, origin or hint, inside)
    if isinstance(value, dict):
        return _from_object(value, hint, origin, inside)
    if isinstance(hint, type) and not isinstance(value, hint):
        return _from_scalar(value, hint)
    return value


def _from_list(value, kind, inside):
    if kind is tuple and inside and inside[-1] is not ...:
        return tuple(convert(item, hint) for item, hint in zip(value, inside))
    if isinstance(kind, type) and issubclass(kind, tuple) and hasattr(kind, "_fields"):
        hints = _hints(kind)
        return kind(*(convert(item, hints.get(name)) for item, name in zip(value, kind._fields)))
    items = [convert(item, inside[0]) for item in value] if inside else value
    if kind in _SETS:
        return _make(_SETS[kind], items, "unhashable")
    return tuple(items) if kind is tuple else items


def _from_object(value, hint, origin, inside):
    if origin in _DICTS and len(inside) == 2:
        return {key: convert(item, inside[1]) for key, item in value.items()}
    if not isinstance(hint, type) or not (dataclasses.is_dataclass(hint) or typing.is_typeddict(hint)):
        return value
    known = _hints(hint)
    fields = {name: convert(item, known.get(name)) for name, item in value.items()}
    return fields if typing.is_typeddict(hint) else hint(**fields)


def _from_scalar(value, hint):
    if issubclass(hint, enum.Enum):
        return _make(hint, value, "")
    if isinstance(value, str) and hint in _FROM_TEXT:
        make, wanted = _FROM_TEXT[hint]
        return _make(make, value, f"is not {wanted}")
    if hint is decimal.Decimal and isinstance(value, (int, float)) and not isinstance(value, bool):
        return decimal.Decimal(repr(value))
    return value


def _make(make, value, why):
    try:
        return make(value)
    except (ValueError, TypeError, decimal.InvalidOperation) as error:
        shown = repr(value) if len(repr(value)) <= 80 else repr(value)[:80] + "..."
        raise Unfit(f"{shown} {why or error}") from None


def _from_base64(text):
    return base64.b64decode(text, validate=True)


def _first_fit(value, hints):
    """The first alternative that takes the value; as it is when one of them is its own type."""
    if type(value) in hints:
        return value
    unfit = None
    for hint in hints:
        try:
            made = convert(value, hint)
        except Unfit as error:
            unfit = error
            continue
        except (TypeError, ValueError):
            continue
        if made is not value:
            return made
    if unfit is not None and typing.Any not in hints:
        raise unfit
    return value


_FROM_TEXT = {
    datetime.datetime: (datetime.datetime.fromisoformat, "a date and time such as 2026-01-31T08:00:00+01:00"),
    datetime.date: (datetime.date.fromisoformat, "a date such as 2026-01-31"),
    datetime.time: (datetime.time.fromisoformat, "a time such as 08:00:00"),
    uuid.UUID: (uuid.UUID, "a UUID"),
    decimal.Decimal: (decimal.Decimal, "a number"),
    bytes: (_from_base64, "base64 text"),
}
