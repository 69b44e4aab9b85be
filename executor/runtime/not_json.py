"""Where in a value something stands that JSON cannot carry: looked for only when encoding has failed."""

import math

from .failure import type_of

_MOST_STEPS = 100_000
_KEYS = (str, int, float, bool, type(None))


def first_problem(value, other):
    """`at ["rows"][3]: NaN has no JSON form`, or None when nothing was found.

    other: gives what stands for a value that JSON has no form for, or raises TypeError.
    """
    stack, steps = [("", value, ())], 0
    while stack and steps < _MOST_STEPS:
        steps += 1
        path, item, around = stack.pop()
        if id(item) in around:
            return f"at {path}: it contains itself"
        found = _problem(item)
        if found:
            return f"at {path}: {found}" if path else found
        if not isinstance(item, (str, int, float, dict, list, tuple, type(None))):
            try:
                stack.append((path, other(item), (*around, id(item))))
            except TypeError as error:
                return f"at {path}: {error}" if path else str(error)
        around = (*around, id(item))
        stack += [(path + step, part, around) for step, part in _parts(item)]
    return None


def _parts(item):
    """(step, part) of what a container holds, the last first."""
    if not isinstance(item, (dict, list, tuple)):
        return []
    pairs = item.items() if isinstance(item, dict) else enumerate(item)
    made = [(f"[{key!r}]"[:80], part) for key, part in pairs]
    made.reverse()
    return made


def _problem(item):
    if isinstance(item, float) and not math.isfinite(item):
        return f"{item} has no JSON form: use None or a str"
    if isinstance(item, int) and item.bit_length() > 14_000:  # what str() refuses
        return f"an integer of {item.bit_length()} bits is too long for JSON: use a str"
    if isinstance(item, dict):
        for key in item:
            if not isinstance(key, _KEYS):
                return f"its keys must be str, not {type_of(key)}"
    return None
