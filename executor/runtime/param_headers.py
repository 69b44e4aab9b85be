"""`x-mcp-header` in an input schema: arguments that a client repeats in a header Mcp-Param-NAME.

MCP 2026-07-28, basic/transports: a client drops a tool whose annotations break these rules from its list, so
such a tool is refused where it is written.
"""

import re

_ANNOTATION = "x-mcp-header"
_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]{1,64}")  # RFC 9110 5.6.2
_TYPES = ("string", "integer", "boolean")


def _is_argument(path):
    """True for what `properties` alone lead to."""
    return path and len(path) % 2 == 0 and all(step == "properties" for step in path[::2])


def check(parts):
    """parts: (path, object) of a schema.  ValueError that names the place and the rule."""
    seen = {}
    for path, part in parts:
        if _ANNOTATION not in part or (path[-1:] == ("properties",) and not _is_argument(path)):
            continue  # in the object of all arguments it is the name of one
        header, where = part[_ANNOTATION], "/" + "/".join(str(step)[:60] for step in path)
        if not isinstance(header, str) or not _TOKEN.fullmatch(header):
            raise ValueError(
                f"at {where}: {_ANNOTATION} must be a header name of letters, digits and hyphens"
            )
        if part.get("type") not in _TYPES:
            raise ValueError(f"at {where}: {_ANNOTATION} needs the type string, integer or boolean")
        if not _is_argument(path):
            raise ValueError(f"at {where}: {_ANNOTATION} is only possible on arguments and what is in them")
        if other := seen.get(header.lower()):
            raise ValueError(f"at {where}: {_ANNOTATION} {header!r} is at {other} as well")
        seen[header.lower()] = where
