"""Values as `main` expects them: dataclass and Enum parameters are made from their JSON form.

Everything else reaches the tool as JSON made it; there is no other conversion.
"""

import collections.abc
import dataclasses
import enum
import inspect
import types
import typing

_LISTS = (list, tuple, set, frozenset, collections.abc.Sequence, collections.abc.Iterable)


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
    """Returns (positional, keyword) for calling `main` with a dict of arguments."""
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
                keyword[name] = convert(keyword[name], hints[name])
        elif parameter.default is parameter.empty and _takes_none(hints.get(name)):
            keyword[name] = None
        if parameter.kind is parameter.POSITIONAL_ONLY and name in keyword:
            positional.append(keyword.pop(name))
    return positional, keyword


def _hints(main):
    if not getattr(main, "__annotations__", None):
        return {}
    try:
        return typing.get_type_hints(main)
    except Exception:  # an annotation that names something undefined: no conversion then
        return {}


def _takes_none(hint):
    return hint is not None and type(None) in typing.get_args(hint)


def convert(value, hint):
    """`value` as an instance of `hint` where that is a dataclass or an Enum, else as it is."""
    origin, inside = typing.get_origin(hint), typing.get_args(hint)
    if origin in (typing.Union, types.UnionType):
        return _first_fit(value, inside)
    if isinstance(value, list) and origin in _LISTS and inside:
        return [convert(item, inside[0]) for item in value]
    if isinstance(value, dict) and origin in (dict, collections.abc.Mapping) and len(inside) == 2:
        return {key: convert(item, inside[1]) for key, item in value.items()}
    if not isinstance(hint, type):
        return value
    if issubclass(hint, enum.Enum) and not isinstance(value, hint):
        return hint(value)
    if dataclasses.is_dataclass(hint) and isinstance(value, dict):
        known = _hints(hint)
        return hint(**{name: convert(item, known.get(name)) for name, item in value.items()})
    return value


def _first_fit(value, hints):
    for hint in hints:
        try:
            made = convert(value, hint)
        except (TypeError, ValueError):
            continue
        if made is not value:
            return made
    return value
