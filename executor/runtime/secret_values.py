"""The `secrets` global of a tool, and what keeps exposed values out of what leaves the call."""

import base64
import collections.abc
import json
import urllib.parse


class SecretNotSet(KeyError):
    """A key that has no value; says what to do about it."""

    def __str__(self):
        return (
            f"secret {self.args[0]!r} is not set for this server. Ask for it with "
            "mcpbox_create_server_secret; a person then gives it its value. Set now: "
            f"{', '.join(sorted(self.args[1])) or 'none'}"
        )


class Secrets(collections.abc.Mapping):
    """Read-only.  A missing key says what is wrong; nothing here shows a value by accident."""

    def __init__(self, values):
        self._values = values

    def __getitem__(self, key):
        if key not in self._values:
            raise SecretNotSet(key, tuple(self._values))
        return self._values[key]

    def __iter__(self):
        return iter(self._values)

    def __len__(self):
        return len(self._values)

    def __repr__(self):
        return f"<secrets: {', '.join(self._values) or 'none'}>"


def _base64_forms(data):
    """How these bytes look inside the base64 of anything: at each of the three offsets, without the
    characters that other bytes have a part in."""
    for offset in range(3):
        coded = base64.b64encode(bytes(offset) + data).decode().rstrip("=")
        first = (0, 2, 3)[offset]
        last = len(coded) - (1 if (offset + len(data)) % 3 else 0)
        yield coded[first:last]


def forms_of(value):
    """The value as it is, and as common encodings write it: JSON, Python, URL, HTML, base64, hexadecimal."""
    data = value.encode("utf-8", "surrogatepass")
    plain = value.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    forms = {
        value,
        json.dumps(value)[1:-1],
        json.dumps(value, ensure_ascii=False)[1:-1],
        repr(value)[1:-1],
        urllib.parse.quote(value, safe="", errors="surrogatepass"),
        urllib.parse.quote(value, errors="surrogatepass"),
        urllib.parse.quote_plus(value, errors="surrogatepass"),
        plain,
        plain.replace('"', "&quot;").replace("'", "&#x27;"),
        data.hex(),
        data.hex().upper(),
    }
    for coded in _base64_forms(data):
        forms |= {coded, coded.replace("+", "-").replace("/", "_")}
    return forms


class Redaction:
    """Replaces values in texts: against accidents; a tool that wants to publish a value it has can."""

    MARK = "[REDACTED]"
    _SHORTEST = 4  # a shorter one would be found everywhere
    _SHORTEST_ENCODED = 7

    def __init__(self, values=()):
        values = {value for value in values if len(value) >= self._SHORTEST}
        encoded = {form for value in values for form in forms_of(value)}
        usable = values | {form for form in encoded if len(form) >= self._SHORTEST_ENCODED}
        self._values = sorted(usable, key=lambda form: (-len(form), form))  # a value may be part of another

    def text(self, text):
        for value in self._values:
            text = text.replace(value, self.MARK)
        return text

    def value(self, value, plain=None):
        """The same in every text of a JSON value.  plain: makes one of what has another form."""
        if not self._values:
            return value
        return self._inside(plain(value) if plain else value)

    def _inside(self, value):
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, dict):
            return {self._inside(key): self._inside(item) for key, item in value.items()}
        if isinstance(value, (list, tuple)):
            return [self._inside(item) for item in value]
        return value
