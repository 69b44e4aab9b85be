"""The `ctx` global of a tool: what it tells and asks its client, and the helpers for results."""

import hashlib
import json
import time

from . import client as clients
from . import content, kinds, link, questions
from .result import encode_json
from .secret_values import Redaction

CannotAsk = link.CannotAsk


class InputRequired(BaseException):
    """Ends a call of 2026-07-28 with questions.  No Exception: a tool's `except` must not take it."""


class MissingCapability(CannotAsk):
    """The client did not declare what the tool needs to ask."""

    def __init__(self, capability):
        name = next(iter(capability))
        super().__init__(f"The client did not declare that it can be asked this (capability: {name})")
        self.capability = capability


class StateRefused(Exception):
    """The state belongs to a call with other arguments."""


class _Done:
    """So that `await ctx.log(...)` is right as well as `ctx.log(...)`."""

    def __await__(self):
        return iter(())


_DONE = _Done()


class _Pace:
    """So many lines at once and then so many a second."""

    def __init__(self, limits):
        self._cost = 1.0 / limits.lines_per_second
        self._most = self._credit = limits.lines_at_once * self._cost
        self._last = time.monotonic()

    def take(self):
        now = time.monotonic()
        self._credit = min(self._most, self._credit + now - self._last)
        self._last = now
        if self._credit < self._cost:
            return False
        self._credit -= self._cost
        return True


def digest_of(arguments):
    """What binds a state to its call's arguments."""
    text = json.dumps(arguments, sort_keys=True, separators=(",", ":"))
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=32).hexdigest()


class Context:
    """One per call."""

    CannotAsk = CannotAsk

    text = staticmethod(content.text)
    image = staticmethod(content.image)
    audio = staticmethod(content.audio)
    resource = staticmethod(content.resource)
    link = staticmethod(content.link)

    user = staticmethod(lambda said: kinds.Message("user", said))
    assistant = staticmethod(lambda said: kinds.Message("assistant", said))

    form = staticmethod(questions.form)
    url = staticmethod(questions.url)
    sampling = staticmethod(questions.sampling)
    root_list = staticmethod(questions.roots)

    def __init__(self, limits, call_loop, call_link, client, arguments, state=b"", redaction=None):
        self._limits = limits
        self._loop = call_loop
        self._link = call_link
        self._client = client
        self._redaction = redaction or Redaction()
        self._digest = "" if client.legacy else digest_of(arguments)
        self._pace = _Pace(limits)
        self._progress = None
        self._left_out = 0
        self._asked = 0
        self._answers = {}
        self._responses = client.responses
        self.state = None
        self.uri = ""  # of the resource that is being read
        if state:
            self._take_state(json.loads(state))

    # --- What the client can do ---

    def can(self, what):
        """Whether the client declared it: elicitation, elicitation_url, sampling, roots."""
        bits = {
            "elicitation": clients.ELICIT_FORM,
            "elicitation_url": clients.ELICIT_URL,
            "sampling": clients.SAMPLE,
            "sampling_with_tools": clients.SAMPLE_WITH_TOOLS,
            "roots": clients.ROOTS,
        }
        if what not in bits:
            raise ValueError(f"can() knows {', '.join(bits)}, not {what!r:.80}")
        return bool(self._client.can & bits[what])

    # --- Lines ---

    def progress(self, done, total=None, message=None):
        """How far the call is.  Only told when the client asked for it; `done` must grow."""
        if not self._client.wants_progress or (self._progress is not None and done <= self._progress):
            return _DONE
        self._progress = done
        if self._pace.take():
            told = {"progress": done, "total": total, "message": message}
            self._say(link.PROGRESS, {key: value for key, value in told.items() if value is not None})
        return _DONE

    def log(self, level, data, logger=None):
        """A message for the client's log, when it wants messages of this level: debug to emergency."""
        if level not in clients.LEVELS:
            raise ValueError(f"the level must be one of {', '.join(clients.LEVELS)}, not {level!r:.80}")
        if not self._client.log_level or clients.LEVELS.index(level) + 1 < self._client.log_level:
            return _DONE
        if not self._pace.take():
            self._left_out += 1
            return _DONE
        if self._left_out and self._pace.take():
            note = f"{self._left_out} messages were left out: there were too many at once"
            self._left_out = 0
            self._say(link.LOG, {"level": level, "data": note})
        told = (
            {"level": level, "data": data}
            if logger is None
            else {"level": level, "logger": logger, "data": data}
        )
        self._say(link.LOG, told)
        return _DONE

    def notify_resource_updated(self, uri):
        """Tells whoever subscribed to this resource of the tool's own server that it changed."""
        if not isinstance(uri, str) or not uri:
            raise TypeError(f"uri must be a str that is not empty, not {uri!r:.80}")
        if self._pace.take():
            self._say(link.RESOURCE_UPDATED, {"uri": uri})
        return _DONE

    def notify_tools_changed(self):
        """Tells whoever listens to read the list of the server's tools again."""
        return self._list_changed(link.TOOLS_CHANGED)

    def notify_prompts_changed(self):
        """The same of its prompts."""
        return self._list_changed(link.PROMPTS_CHANGED)

    def notify_resources_changed(self):
        """The same of its resources and resource templates."""
        return self._list_changed(link.RESOURCES_CHANGED)

    def _list_changed(self, kind):
        if self._pace.take():
            self._say(kind, {})
        return _DONE

    def _say(self, kind, told):
        data = encode_json(self._redaction.value(told), self._limits.json_depth - 4)
        if len(data) > self._limits.line_bytes:
            raise ValueError(f"it has {len(data)} bytes as JSON; the limit is {self._limits.line_bytes}")
        self._link.say(kind, data)

    # --- Results ---

    def result(self, content_blocks, structured=..., is_error=False):
        """Content together with structuredContent, or an error without an exception."""
        has = structured is not ...
        return content.Result(content_blocks, structured if has else None, has, bool(is_error))

    # --- Questions ---

    async def elicit(self, message, schema, key=None):
        """A person fills in a form; an Elicited.  Never an approval of anything by MCPbox."""
        return await self._one(questions.form(message, schema), key)

    async def elicit_url(self, message, address, key=None):
        """A person visits a page; an Elicited."""
        return await self._one(questions.url(message, address), key)

    async def sample(self, messages, max_tokens=1000, key=None, **more):
        """The client's language model answers; its message as a dict."""
        return await self._one(questions.sampling(messages, max_tokens, **more), key)

    async def roots(self, key=None):
        """The client's folders: a list of dicts with uri and name."""
        return await self._one(questions.roots(), key)

    async def _one(self, question, key):
        self._asked += 1
        key = key or f"question_{self._asked}"
        return (await self.ask(**{key: question}))[key]

    async def ask(self, **wanted):
        """Several questions at once: ctx.ask(name=ctx.form(...), model=ctx.sampling(...)); their answers."""
        for question in wanted.values():
            if not isinstance(question, questions.Question):
                raise TypeError("ask() takes what ctx.form, ctx.url, ctx.sampling and ctx.root_list make")
            if not self._client.draft and not self._client.can & question.needs:
                raise MissingCapability(question.capability)
        if self._client.legacy:
            return {key: await self._ask_now(question) for key, question in wanted.items()}
        return self._ask_by_result(wanted)

    async def _ask_now(self, question):
        data = self._redaction.text(question.data(self._limits).decode()).encode()
        self._loop.wait_for_client(True)
        try:
            answer = await self._link.ask(question.kind, question.by_url, data)
        finally:
            self._loop.wait_for_client(False)
        try:
            parsed = json.loads(answer)
        except (ValueError, RecursionError):
            raise CannotAsk("The client's answer is not JSON") from None
        value, wrong = questions.understood(question, parsed)
        if wrong:
            raise CannotAsk(f"The client's answer cannot be used: {wrong}")
        return value

    def _ask_by_result(self, wanted):
        found, missing = {}, {}
        for key, question in wanted.items():
            raw = self._answers.get(key, self._responses.get(key))
            value, wrong = questions.understood(question, raw)
            if wrong:
                missing[key] = question
            else:
                self._answers[key] = raw
                found[key] = value
        if missing:
            raise InputRequired(missing)
        return found

    # --- The state of a repeated call ---

    def _take_state(self, kept):
        if kept["arguments"] != self._digest:
            raise StateRefused
        self._answers = kept["answers"]
        self.state = kept["state"]

    def kept_state(self):
        """What the repeated call must know, as JSON bytes."""
        kept = {"arguments": self._digest, "answers": self._answers, "state": self.state}
        data = encode_json(kept, self._limits.json_depth)
        if len(data) > self._limits.state_bytes:
            raise ValueError(
                f"ctx.state and the answers so far have {len(data)} bytes as JSON; the limit is "
                f"{self._limits.state_bytes}"
            )
        return data
