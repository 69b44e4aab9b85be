"""Questions of a tool to its client, and what their answers must look like."""

import json
import uuid
from typing import NamedTuple

from . import arguments, client, link
from .result import encode_json

_FORM_TYPES = ("string", "number", "integer", "boolean", "array")


class Elicited(NamedTuple):
    """What a person answered.  content: of an accepted form, else None."""

    action: str
    content: dict | None

    @property
    def accepted(self):
        return self.action == "accept"


class Question(NamedTuple):
    """kind: protocol::AskKind; needs: a bit of client.Client.can, called `capability` in MCP."""

    kind: int
    method: str
    needs: int
    capability: dict
    params: dict
    by_url: bool = False

    def as_input_request(self):
        """As it stands in a result of 2026-07-28."""
        params = {key: value for key, value in self.params.items() if key != "elicitationId"}
        return {"method": self.method, "params": params}

    def data(self, limits):
        """The params as JSON bytes."""
        made = encode_json(self.params, limits.json_depth - 4)
        if len(made) > limits.question_bytes:
            raise ValueError(
                f"the question has {len(made)} bytes as JSON; the limit is {limits.question_bytes}"
            )
        return made


def form(message, schema):
    """Asks a person to fill in a form: a flat object schema of strings, numbers, booleans and choices."""
    schema = json.loads(schema) if isinstance(schema, str) else dict(schema)
    if "properties" not in schema:
        schema = {"properties": schema}
    schema.setdefault("type", "object")
    for name, rules in schema["properties"].items():
        if not isinstance(rules, dict) or rules.get("type") not in _FORM_TYPES:
            raise ValueError(
                f"the field {name!r} of a form must have one of the types {', '.join(_FORM_TYPES)}"
            )
    params = {"message": _words(message), "requestedSchema": schema}
    return Question(link.ELICIT, "elicitation/create", client.ELICIT_FORM, {"elicitation": {}}, params)


def url(message, address):
    """Asks a person to visit a page; for what must not pass through the client, such as a password."""
    params = {"mode": "url", "message": _words(message), "url": _words(address)}
    params["elicitationId"] = uuid.uuid4().hex  # 2025-11-25 wants one
    needs = {"elicitation": {"url": {}}}
    return Question(link.ELICIT, "elicitation/create", client.ELICIT_URL, needs, params, True)


def sampling(messages, max_tokens=1000, **more):
    """Asks the client's language model.  messages: a str, or a list as in MCP; more: MCP's other members."""
    if isinstance(messages, str):
        messages = [{"role": "user", "content": {"type": "text", "text": messages}}]
    params = {"messages": messages, "maxTokens": max_tokens, **more}
    return Question(link.SAMPLE, "sampling/createMessage", client.SAMPLE, {"sampling": {}}, params)


def roots():
    """Asks which folders the client works in."""
    return Question(link.ROOTS, "roots/list", client.ROOTS, {"roots": {}}, {})


def _words(value):
    if not isinstance(value, str) or not value:
        raise TypeError(f"must be a str that is not empty, not {value!r:.80}")
    return value


def understood(question, answer):
    """(value for the tool, None), or (None, what is wrong with the answer).  answer: parsed JSON."""
    if not isinstance(answer, dict):
        return None, "the answer is not an object"
    if question.kind == link.SAMPLE:
        return (answer, None) if "content" in answer else (None, "the answer has no content")
    if question.kind == link.ROOTS:
        found = answer.get("roots")
        return (found, None) if isinstance(found, list) else (None, "the answer has no list of roots")
    action, content = answer.get("action"), answer.get("content")
    if action not in ("accept", "decline", "cancel"):
        return None, "the answer's action is none of accept, decline, cancel"
    if action != "accept" or question.by_url:
        return Elicited(action, None), None
    content = {} if content is None else content
    problems = arguments.problems(content, question.params["requestedSchema"])
    return (None, "; ".join(problems)) if problems else (Elicited(action, content), None)
