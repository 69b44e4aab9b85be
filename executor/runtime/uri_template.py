"""URI templates of RFC 6570, level 1: {name} stands for a value whose reserved characters are encoded."""

import re
from urllib.parse import unquote

_PART = re.compile(r"\{([A-Za-z_][A-Za-z0-9_]*)\}")


def names_in(template):
    """The names of its parts, in order."""
    return _PART.findall(template)


def match(template, uri):
    """The parts' decoded values by name, or None when the URI is none of the template's."""
    pattern, at = "", 0
    seen = set()
    for part in _PART.finditer(template):
        pattern += re.escape(template[at : part.start()])
        name = part[1]
        pattern += f"(?P={name})" if name in seen else f"(?P<{name}>(?:[A-Za-z0-9._~-]|%[0-9A-Fa-f]{{2}})+)"
        seen.add(name)
        at = part.end()
    found = re.fullmatch(pattern + re.escape(template[at:]), uri)
    if found is None:
        return None
    return {name: unquote(value, errors="replace") for name, value in found.groupdict().items()}
