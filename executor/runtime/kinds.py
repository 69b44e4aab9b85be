"""Prompts, resources and completion: what a request of each must be, and what `main` may return for it.

    prompt     str, content, a list of them, ctx.user(...) and ctx.assistant(...) among them
    resource   str, bytes, another JSON value, ctx.resource(...), a list of resources
    complete   a list of str, of which the first hundred are offered
"""

import base64
import json

from . import arguments as args
from . import content, uri_template
from .failure import type_of
from .result import Unusable, encode_json, value_json

TOOL, PROMPT, RESOURCE, TEMPLATE = 1, 2, 3, 4  # protocol::Kind
CALL, GET, READ, COMPLETE = 1, 2, 3, 4  # protocol::Method

_METHODS = {CALL: "tools/call", GET: "prompts/get", READ: "resources/read", COMPLETE: "completion/complete"}
_MOST_VALUES = 100


class Message:
    """One message of a prompt; made by ctx.user and ctx.assistant."""

    __slots__ = ("role", "content")

    def __init__(self, role, said):
        self.role = role
        self.content = said


def arguments_of(body, job):
    """(arguments, params, uri) of the request for what was opened.  Forged when it is for anything else."""
    params = args.params_of(body, _METHODS[job.method])
    if job.method == COMPLETE:
        return _completion(params, job), params, job.uri
    if job.method == READ:
        uri = params.get("uri")
        found = _parts(job, uri)
        if found is None:
            raise args.Forged("the request reads another resource than the one that was opened")
        return found, params, uri
    if job.method == CALL:
        return args.named(params, job.name), params, ""
    if params.get("name") != job.name:
        raise args.Forged("the request names another prompt than the one that was opened")
    return args.as_object(params.get("arguments")), params, ""


def _parts(job, uri):
    if not isinstance(uri, str):
        return None
    if job.kind == RESOURCE:
        return {} if uri == job.uri else None
    return uri_template.match(job.uri, uri)


def _completion(params, job):
    ref, wanted = params.get("ref"), params.get("argument")
    ref = ref if isinstance(ref, dict) else {}
    known = ref.get("name") == job.name if job.kind == PROMPT else ref.get("uri") == job.uri
    if not known:
        raise args.Forged("the request completes for something else than was opened")
    context = params.get("context")
    given = context.get("arguments") if isinstance(context, dict) else None
    if not isinstance(wanted, dict) or not isinstance(wanted.get("name"), str):
        raise args.Invalid("`argument` must be an object with name and value")
    value = wanted.get("value")
    if not isinstance(value, str):
        raise args.Invalid("`argument.value` must be a string")
    return {"argument": wanted["name"], "value": value, "context": given if isinstance(given, dict) else {}}


def as_declared(values, rules):
    """Prompts and templates get strings: what their schema wants as another type is read as JSON."""
    properties = rules.get("properties", {})
    made = {}
    for name, value in values.items():
        rule = properties.get(name)
        if isinstance(value, str) and isinstance(rule, dict) and rule.get("type", "string") != "string":
            try:
                value = json.loads(value)
            except (ValueError, RecursionError):
                pass  # the check says what is wrong with it
        made[name] = value
    return made


def _block(value, limits):
    return content.blocks_of(value, lambda item: value_json(item, limits).decode("utf-8"))[0].block


def messages(value, limits):
    """What `main` of a prompt returned, as the result of prompts/get."""
    items = value if isinstance(value, (list, tuple)) else [value]
    made = []
    for item in items:
        role, said = (item.role, item.content) if isinstance(item, Message) else ("user", item)
        made.append({"role": role, "content": _block(said, limits)})
    if not made:
        raise Unusable("main() of a prompt returned no message: return a str, or a list of messages")
    return {"messages": made}


def contents(value, uri, limits):
    """What `main` of a resource returned, as the result of resources/read."""
    items = value if isinstance(value, (list, tuple)) and content.is_content(value) else [value]
    made = []
    for item in items:
        if isinstance(item, content.Content):
            if item.block["type"] != "resource":
                raise Unusable("main() of a resource returns ctx.resource(...), a str, bytes or a JSON value")
            made.append(item.block["resource"])
        elif isinstance(item, str):
            made.append({"uri": uri, "mimeType": "text/plain", "text": item})
        elif isinstance(item, (bytes, bytearray)):
            blob = base64.b64encode(item).decode("ascii")
            made.append({"uri": uri, "mimeType": "application/octet-stream", "blob": blob})
        else:
            text = value_json(item, limits).decode("utf-8")
            made.append({"uri": uri, "mimeType": "application/json", "text": text})
    return {"contents": made}


def completion(value):
    """What `complete` returned, as the result of completion/complete."""
    if value is None:
        value = []
    if isinstance(value, (str, bytes)) or not hasattr(value, "__iter__"):
        raise Unusable(f"complete() must return a list of str, not a {type_of(value)}")
    found = list(value)
    if any(not isinstance(one, str) for one in found):
        raise Unusable("complete() must return a list of str")
    more = len(found) > _MOST_VALUES
    return {"completion": {"values": found[:_MOST_VALUES], "total": len(found), "hasMore": more}}


def result_json(made, limits):
    """The result as JSON bytes within the limits; Unusable with the reason otherwise."""
    value_json(made, limits)
    return encode_json(made, limits.json_depth)
