"""The `secrets` global of a tool."""

import collections.abc


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
