"""One call: prepare it while its intent is being recorded, then run it once.

Order matters: the request is read, its name compared and its arguments checked before any line of the
tool has run.
"""

import datetime
import inspect
import json
import linecache
import marshal
import sys
import time
import traceback
import types
from typing import NamedTuple

from . import arguments as args
from . import client, content, failure, imports, kinds, link, result
from .check import FILENAME
from .context import Context, InputRequired, MissingCapability, StateRefused
from .fitting import Unfit, fit
from .limits import cut
from .loop import DeadlinePassed, Poll
from .output import Output
from .secret_values import Redaction, Secrets

# protocol::CallEnd
OK, TOOL_ERROR, INVALID_ARGUMENTS, FORGED, TIMED_OUT, OUT_OF_MEMORY = range(1, 7)
INPUT_REQUIRED, STATE_REFUSED, MISSING_CAPABILITY = range(10, 13)

_CUT = "\n[cut]"
_EARLY_SECONDS = 0.05  # the report must be out before the monitor kills at the deadline itself
_MODULE = "tool"
_BUILTINS = imports.tool_builtins()


class Outcome(NamedTuple):
    """protocol::Outcome: the CallToolResult as JSON (empty when forged), texts for the log, a state."""

    end: int
    result: bytes
    log_result: bytes
    log_output: bytes
    log_error: bytes
    state: bytes = b""


class Session(NamedTuple):
    """protocol::Go besides the body: what the monitor knows of a legacy client, and of a repeated call."""

    legacy: bool = False
    can: int = 0
    log_level: int = 0
    state: bytes = b""


class Job(NamedTuple):
    """What the monitor opened.  name: what the request must carry; draft: a test run, which has no request.

    output_schema: what the approval binds as a promise about the result; b"" for none.
    """

    name: str
    code: bytes
    source: bytes
    schema: bytes
    deadline_ms: int
    draft: bool
    output_schema: bytes = b""
    kind: int = kinds.TOOL
    method: int = kinds.CALL
    uri: str = ""


def _too_late(job):
    """What a call that waited beyond its deadline is told, and what to change."""
    text = f"Execution timed out after {job.deadline_ms / 1000:g} seconds while the tool waited for something"
    if job.draft:
        return (
            f"{text}. Let it wait for less: a draft has no more time, and an approved tool its own "
            "timeout_ms"
        )
    return (
        f"{text}. Let it wait for less, with asyncio.timeout() around what may take long, or raise "
        "timeout_ms with mcpbox_update_tool and have it approved again"
    )


class Call:
    """A call that is ready to run: code and schema are loaded, nothing of the tool has run."""

    def __init__(self, job, limits, loop, builtins=_BUILTINS, extras=None, call_link=None):
        self._job = job
        self._extras = extras or {}
        self._builtins = builtins
        self._limits = limits
        self._loop = loop
        self._link = link.NoLink() if call_link is None or job.draft else call_link
        self._ctx = None
        self._lines = failure.lines_of(job.source)
        self._code = marshal.loads(job.code)
        self._rules = args.rules_of(job.schema)
        self._output = Output(limits.output_bytes)
        self._began = time.monotonic()

    def go(self, body, secrets=(), session=Session()):
        """Runs the call with the request body as received; always returns an Outcome.

        secrets: (key, value, redact) of each, key and value as bytes.
        """
        self._began = time.monotonic()
        self._secrets = Secrets({key.decode(): value.decode() for key, value, _ in secrets})
        self._redaction = Redaction(value.decode() for _, value, redact in secrets if redact)
        try:
            arguments = self._arguments(body, session)
        except StateRefused:
            return Outcome(STATE_REFUSED, b"", b"", b"", b"requestState belongs to other arguments")
        except args.Forged as error:
            return Outcome(FORGED, b"", b"", b"", f"Forged, nothing was run: {error}".encode())
        except args.Invalid as error:
            return self._invalid(str(error))
        except Exception as error:  # the schema itself is at fault
            text = f"The input schema cannot be applied: {failure.message_of(error)}"
            return self._invalid(text)
        sys.stdin, sys.stdout, sys.stderr = None, self._output, self._output
        Poll.of_call = self._began + self._job.deadline_ms / 1000 - _EARLY_SECONDS
        try:
            return self._success(self._run(arguments))
        except Unfit as error:
            return self._invalid(args.refusal([str(error)], self._job.name or "this draft"))
        except result.Unusable as error:
            return self._failed(TOOL_ERROR, str(error), None)
        except InputRequired as error:
            return self._input_required(error)
        except MissingCapability as error:
            return self._missing_capability(error, session)
        except DeadlinePassed:
            return self._failed(TIMED_OUT, _too_late(self._job), None)
        except MemoryError as error:
            traceback.clear_frames(error.__traceback__)  # gives the tool's memory back
            limit = self._limits.memory_bytes // (1024 * 1024)
            text = f"MemoryError: the tool needs more than the {limit} MB of memory that a call has"
            return self._failed(OUT_OF_MEMORY, text, error)
        except BaseException as error:  # SystemExit and the like end the call, not the report of it
            return self._failed(TOOL_ERROR, failure.message_of(error), error)

    def _arguments(self, body, session):
        if self._job.draft:
            arguments, asker, uri = args.from_object(body), client.Client(draft=True), self._job.uri
        else:
            arguments, params, uri = kinds.arguments_of(body, self._job)
            asker = client.client_of(params, session.legacy, session.can, session.log_level)
        self._ctx = Context(
            self._limits, self._loop, self._link, asker, arguments, session.state, self._redaction
        )
        self._ctx.uri = uri
        if self._job.method == kinds.COMPLETE:
            return arguments
        if self._job.kind != kinds.TOOL:
            arguments = kinds.as_declared(arguments, self._rules)
        args.check(arguments, self._rules, self._job.name or "this draft")
        return arguments

    def _run(self, arguments):
        """Loads the tool and runs its `main`; returns what that returned."""
        module = types.ModuleType(_MODULE)
        module.__dict__.update(
            __builtins__=self._builtins,
            json=json,
            datetime=datetime,
            secrets=self._secrets,
            arguments=arguments,
            **self._extras,
            ctx=self._ctx,
        )
        sys.modules[_MODULE] = module
        source = [line + "\n" for line in self._lines]
        linecache.cache[FILENAME] = (len(self._job.source), None, source, FILENAME)
        exec(self._code, module.__dict__)
        if self._job.method == kinds.COMPLETE:
            return self._complete(module.__dict__.get("complete"), arguments)
        main = module.__dict__.get("main")
        if not callable(main):
            raise result.Unusable("Code must define an async main() function")
        positional, keyword = fit(main, arguments)
        value = main(*positional, **keyword)
        if inspect.isawaitable(value):
            value = self._await(value)
        if inspect.isasyncgen(value) or inspect.isgenerator(value):
            raise result.Unusable("main() is a generator: it must return its value, not yield it")
        schema = self._job.output_schema.decode("utf-8") or module.__dict__.get("OUTPUT_SCHEMA")
        if schema is not None:
            result.check_output(value, schema, self._limits)
        return value

    def _complete(self, complete, arguments):
        """What the author's `complete(argument, value, context)` offers; nothing where there is none."""
        if not callable(complete):
            return []
        found = complete(arguments["argument"], arguments["value"], arguments["context"])
        return self._await(found) if inspect.isawaitable(found) else found

    def _await(self, value):
        """Runs the awaitable on the prepared loop until it ends or the deadline passes."""

        async def run():
            return await value

        return self._loop.run_call(run(), self._began + self._job.deadline_ms / 1000 - _EARLY_SECONDS)

    def _execution(self):
        milliseconds = round((time.monotonic() - self._began) * 1000)
        return {"stdout": self._redaction.text(self._output.text()), "duration_ms": milliseconds}

    def _success(self, value):
        execution = self._execution()
        if self._job.kind != kinds.TOOL:
            value = self._redaction.value(self._of_kind(value))
            if not self._job.draft:
                made = kinds.result_json(value, self._limits)
                return self._outcome(OK, made, made.decode("utf-8"), execution["stdout"], "")
        value = content.changed(value, self._redacted)
        made, text, is_error = result.success(value, execution, self._limits)
        if is_error:
            return self._outcome(TOOL_ERROR, made, "", execution["stdout"], text)
        return self._outcome(OK, made, text, execution["stdout"], "")

    def _redacted(self, value):
        return self._redaction.value(value, lambda value: result.plain(value, self._limits))

    def _of_kind(self, value):
        if self._job.method == kinds.COMPLETE:
            return kinds.completion(value)
        if self._job.kind == kinds.PROMPT:
            return kinds.messages(value, self._limits)
        return kinds.contents(value, self._ctx.uri, self._limits)

    def _input_required(self, error):
        """2026-07-28: the questions are the result, and the caller repeats the call with the answers."""
        questions = {key: question.as_input_request() for key, question in error.args[0].items()}
        asked = self._redaction.value(questions)
        try:
            made = result.encode_json({"inputRequests": asked}, self._limits.json_depth - 3)
            state = self._ctx.kept_state()
            if len(made) > self._limits.question_bytes:
                raise ValueError(
                    f"its questions have {len(made)} bytes, more than {self._limits.question_bytes}"
                )
        except ValueError as wrong:
            return self._failed(TOOL_ERROR, f"The tool cannot ask its caller: {wrong}", None)
        text = "asks for " + ", ".join(asked)
        printed = self._execution()["stdout"]
        return self._outcome(INPUT_REQUIRED, made, text, printed, "")._replace(state=state)

    def _missing_capability(self, error, session):
        if session.legacy or self._job.draft:
            return self._failed(TOOL_ERROR, failure.message_of(error), error)
        needed = result.encode_json(error.capability, 4)
        printed = self._execution()["stdout"]
        return self._outcome(MISSING_CAPABILITY, needed, "", printed, str(error))

    def _failed(self, end, message, error):
        """An isError result: the message, then what was printed, then the detail."""
        execution = self._execution()
        message = self._redaction.text(message)
        output = block = detail = ""
        if execution["stdout"]:
            shown = cut(execution["stdout"], self._limits.log_text_bytes, _CUT).decode("utf-8")
            output = f"\n\n--- stdout ---\n{shown.rstrip()}"
        if error is not None:
            detail = self._redaction.value(failure.describe(error, self._lines))
            execution["error_detail"] = detail
            block = f"\n\n--- detail ---\n{failure.detail_text(detail)}"
        made = result.failure(message + output + block, execution, self._limits)
        return self._outcome(end, made, "", execution["stdout"], message + block)

    def _invalid(self, text):
        text = self._redaction.text(text)
        made = result.failure(text, self._execution(), self._limits)
        return self._outcome(INVALID_ARGUMENTS, made, "", "", text)

    def _outcome(self, end, made, text, output, error):
        limit = self._limits.log_text_bytes
        log_error = cut(error, self._limits.error_bytes, _CUT)
        return Outcome(end, made, cut(text, limit, _CUT), cut(output, limit, _CUT), log_error)


def last_words(limits):
    """The Outcome for a call whose own report failed for lack of memory: made before it is needed."""
    text = "MemoryError: the call ran out of memory while its result was being made. Return less."
    made = result.failure(text, {"stdout": "", "duration_ms": 0}, limits)
    return Outcome(OUT_OF_MEMORY, made, b"", b"", text.encode())
