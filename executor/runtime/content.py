"""Content blocks: what a result, a prompt or a resource may hold besides text."""

import base64
import binascii

_ROLES = ("user", "assistant")


class Content:
    """One content block of MCP, ready to be encoded; made by ctx.text, ctx.image and the like."""

    __slots__ = ("block",)

    def __init__(self, block):
        self.block = block

    def __repr__(self):
        return f"<content: {self.summary()}>"

    def summary(self):
        """One line for the log: what it is, not what is in it."""
        block = self.block
        if block["type"] == "text":
            return block["text"]
        inner = block.get("resource", block)
        size = len(inner.get("data", inner.get("blob", inner.get("text", ""))))
        where = inner.get("uri", "")
        return " ".join(
            part for part in (f"[{block['type']}", inner.get("mimeType", ""), where, f"{size}]") if part
        )


class Result:
    """Content together with a structured value, or an error that is no exception; made by ctx.result."""

    __slots__ = ("content", "structured", "has_structured", "is_error")

    def __init__(self, content, structured, has_structured, is_error):
        self.content = content
        self.structured = structured
        self.has_structured = has_structured
        self.is_error = is_error


def _encoded(data, what):
    if isinstance(data, str):
        try:
            base64.b64decode(data, validate=True)
        except (binascii.Error, ValueError):
            raise ValueError(f"{what} as a str must be base64; give bytes instead") from None
        return data
    if isinstance(data, (bytes, bytearray, memoryview)):
        return base64.b64encode(data).decode("ascii")
    raise TypeError(f"{what} must be bytes, or str with base64, not {type(data).__name__}")


def _text(value, what):
    if not isinstance(value, str) or not value:
        raise TypeError(f"{what} must be a str that is not empty, not {value!r:.80}")
    return value


def _annotated(block, audience, priority, last_modified):
    notes = {}
    if audience is not None:
        notes["audience"] = [audience] if isinstance(audience, str) else list(audience)
        if any(one not in _ROLES for one in notes["audience"]):
            raise ValueError("audience must be of 'user' and 'assistant'")
    if priority is not None:
        if not 0 <= priority <= 1:
            raise ValueError("priority must be from 0 to 1")
        notes["priority"] = priority
    if last_modified is not None:
        notes["lastModified"] = last_modified if isinstance(last_modified, str) else last_modified.isoformat()
    if notes:
        block["annotations"] = notes
    return Content(block)


def text(text, *, audience=None, priority=None, last_modified=None):
    """A text block."""
    if not isinstance(text, str):
        raise TypeError(f"text must be a str, not {type(text).__name__}")
    return _annotated({"type": "text", "text": text}, audience, priority, last_modified)


def image(data, mime_type="image/png", *, audience=None, priority=None, last_modified=None):
    """An image: bytes, or str with base64."""
    block = {"type": "image", "data": _encoded(data, "data"), "mimeType": _text(mime_type, "mime_type")}
    return _annotated(block, audience, priority, last_modified)


def audio(data, mime_type="audio/wav", *, audience=None, priority=None, last_modified=None):
    """A sound: bytes, or str with base64."""
    block = {"type": "audio", "data": _encoded(data, "data"), "mimeType": _text(mime_type, "mime_type")}
    return _annotated(block, audience, priority, last_modified)


def resource_contents(uri, text=None, data=None, mime_type=None):
    """What stands in an embedded resource and in the answer to a read: text or data, one of them."""
    if (text is None) == (data is None):
        raise ValueError("a resource has either text or data")
    inner = {"uri": _text(uri, "uri")}
    if mime_type is not None:
        inner["mimeType"] = _text(mime_type, "mime_type")
    if data is not None:
        inner["blob"] = _encoded(data, "data")
    elif isinstance(text, str):
        inner["text"] = text
    else:
        raise TypeError(f"text must be a str, not {type(text).__name__}")
    return inner


def resource(uri, text=None, *, data=None, mime_type=None, audience=None, priority=None, last_modified=None):
    """An embedded resource, with text or with data (bytes, or str with base64)."""
    block = {"type": "resource", "resource": resource_contents(uri, text, data, mime_type)}
    return _annotated(block, audience, priority, last_modified)


def link(
    uri,
    name,
    *,
    title=None,
    description=None,
    mime_type=None,
    size=None,
    audience=None,
    priority=None,
    last_modified=None,
):
    """A link to a resource, which the client may read."""
    block = {"type": "resource_link", "uri": _text(uri, "uri"), "name": _text(name, "name")}
    more = {"title": title, "description": description, "mimeType": mime_type, "size": size}
    block.update((key, value) for key, value in more.items() if value is not None)
    return _annotated(block, audience, priority, last_modified)


def is_content(value):
    """True for a block, and for a list that holds one."""
    if isinstance(value, (Content, Result)):
        return True
    return isinstance(value, (list, tuple)) and any(isinstance(item, Content) for item in value)


def blocks_of(value, as_text):
    """The blocks of what is_content() accepted; as_text: from any other item to its text."""
    items = value if isinstance(value, (list, tuple)) else [value]
    made = []
    for item in items:
        if not isinstance(item, Content):
            item = text(item if isinstance(item, str) else as_text(item))
        made.append(item)
    return made


def changed(value, change):
    """The same value, with `change` made to each block and to all that is no block."""
    if isinstance(value, Content):
        return Content(change(value.block))
    if isinstance(value, Result):
        structured = change(value.structured) if value.has_structured else value.structured
        return Result(changed(value.content, change), structured, value.has_structured, value.is_error)
    if is_content(value):
        return [changed(item, change) for item in value]
    return change(value)
