"""What a call prints: kept up to a limit, never written to a descriptor."""

import io

MARKER = "\n[output cut: more than {} bytes were printed]"


class Output(io.TextIOBase):
    """Stands in for sys.stdout and sys.stderr.  Keeps `limit` bytes of UTF-8 and drops what comes after."""

    encoding = "utf-8"
    errors = "replace"

    def __init__(self, limit):
        super().__init__()
        self._limit = limit
        self._left = limit
        self._parts = []
        self._is_cut = False

    def writable(self):
        return True

    def write(self, text):
        if not isinstance(text, str):
            raise TypeError(f"write() argument must be str, not {type(text).__name__}")
        if self._left > 0 or text == "":
            self._keep(text)
        else:
            self._is_cut = True
        return len(text)

    def _keep(self, text):
        # The slice first: a gigabyte in one print must not be copied to be measured.
        data = text[: self._left + 1].encode("utf-8", "replace")
        if len(data) > self._left:
            self._is_cut = True
            data = data[: self._left].decode("utf-8", "ignore").encode("utf-8")
            self._left = len(data)
        self._left -= len(data)
        self._parts.append(data)
        if len(self._parts) > 4096:
            self._parts = [b"".join(self._parts)]

    def text(self):
        """Everything kept, with a marker at the end when something was dropped."""
        kept = b"".join(self._parts).decode("utf-8")
        return kept + MARKER.format(self._limit) if self._is_cut else kept
