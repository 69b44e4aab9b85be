"""Which modules a tool may import: for the reviewer's sake and for a clear error, not as a wall.

Only imports written in the tool are looked at; what a module imports for itself is its own business.
"""

import builtins

DEFAULT_MODULES = frozenset(
    """
    __future__ json base64 binascii html csv xml.etree.ElementTree re string textwrap difflib datetime
    time calendar zoneinfo math cmath decimal fractions random statistics collections itertools functools
    operator hashlib hmac secrets urllib.parse dataclasses typing enum copy asyncio uuid contextlib
    """.split()
)


def is_allowed(name, allowed=DEFAULT_MODULES):
    """True for an allowed module and for anything inside one."""
    parts = name.split(".")
    return any(".".join(parts[:end]) in allowed for end in range(1, len(parts) + 1))


def _refusal(name, allowed):
    known = ", ".join(sorted(allowed - {"__future__"}))
    return ImportError(
        f"Module '{name}' is not approved for tools. Use mcpbox_request_module to ask for it, "
        f"or use one of: {known}",
        name=name,
    )


def importer(allowed=DEFAULT_MODULES):
    """The `__import__` of tool code: checks the name, then imports for real."""
    real = builtins.__import__

    def checked(name, globals=None, locals=None, fromlist=(), level=0):
        if level:
            raise ImportError("A tool is one file: it has no relative imports")
        if not is_allowed(name, allowed):
            inside = [f"{name}.{item}" for item in fromlist or ()]
            wrong = [item for item in inside if not is_allowed(item, allowed)]
            if wrong or not inside:
                raise _refusal(wrong[0] if wrong and wrong[0] != f"{name}.*" else name, allowed)
        return real(name, globals, locals, fromlist, level)

    return checked


def tool_builtins(allowed=DEFAULT_MODULES):
    """The full builtins, with the checked import."""
    return {**vars(builtins), "__import__": importer(allowed)}
