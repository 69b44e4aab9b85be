"""Makes the runtime importable as the package `runtime`, and its limits and calls easy to make."""

import json
import os
import re
import sys

_ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))))
sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(_ROOT, "executor"))

from runtime import call, check, client, kinds, limits, link, loop, uri_template  # noqa: E402,F401


def _from_header(name):
    """The value of a size in policy/limits.h, so that tests and product cannot disagree."""
    with open(os.path.join(_ROOT, "policy", "limits.h"), encoding="utf-8") as file:
        found = re.search(rf"{name} = ([^;]+);", file.read())
    units = {"kKiB": 1024, "kMiB": 1024 * 1024}
    product = 1
    for factor in found[1].replace("'", "").split("*"):
        product *= units.get(factor.strip()) or int(factor)
    return product


LIMITS = limits.Limits(
    code_chars=_from_header("kCodeChars"),
    imported_modules=_from_header("kImportedModules"),
    module_name_bytes=_from_header("kModuleNameBytes"),
    compiled_bytes=_from_header("kCompiledBytes"),
    schema_bytes=_from_header("kSchemaBytes"),
    schema_depth=_from_header("kSchemaDepth"),
    analysis_bytes=_from_header("kAnalysisBytes"),
    output_bytes=_from_header("kOutputBytes"),
    result_bytes=_from_header("kResultBytes"),
    outcome_bytes=_from_header("kOutcomeJsonBytes"),
    error_bytes=_from_header("kErrorBytes"),
    log_text_bytes=_from_header("kLogTextBytes"),
    memory_bytes=_from_header("kMemoryBytes"),
    json_depth=_from_header("kJsonDepth"),
    line_bytes=_from_header("kLineBytes"),
    lines_at_once=_from_header("kLinesAtOnce"),
    lines_per_second=_from_header("kLinesPerSecond"),
    question_bytes=_from_header("kQuestionBytes"),
    state_bytes=_from_header("kStateBytes"),
)

_LOOP = loop.install()
_LOOP.set_exception_handler(lambda *_: None)  # tasks that a timed-out call leaves behind end with its process


def checked(source, input_schema=b"", output_schema=b""):
    """The report on a source text, with the schemas that its author gave beside it."""
    return check.check(source.encode(), LIMITS, input_schema, output_schema)


def schema_of(source):
    """The inferred input schema of a source that must be valid."""
    report = checked(source)
    if not report.valid:
        raise AssertionError(report.problem.decode())
    return json.loads(report.schema)


def request(arguments, name="srv__tool", **more):
    """A tools/call as a client sends it."""
    params = {"name": name, "arguments": arguments, **more}
    message = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params}
    return json.dumps(message).encode()


def prepared(
    source, deadline_ms=5000, draft=False, name="srv__tool", schema=None, output=b"", wire=None, **changed
):
    """The call of a tool, ready to go."""
    report = checked(source)
    if not report.valid:
        raise AssertionError(report.problem.decode())
    schema = report.schema if schema is None else schema
    job = call.Job(name, report.code, source.encode(), schema, deadline_ms, draft, output)
    return call.Call(job, LIMITS._replace(**changed), _LOOP, call_link=wire)


class Ran:
    """An outcome, taken apart: end, text, structured, meta, and the CallToolResult itself."""

    def __init__(self, outcome):
        self.outcome = outcome
        self.end = outcome.end
        self.result = json.loads(outcome.result) if outcome.result else None
        if self.result and "content" in self.result:
            self.text = self.result["content"][0].get("text")
            self.is_error = self.result["isError"]
            self.structured = self.result.get("structuredContent")
            self.meta = self.result["_meta"]["execution"]


def run(source, arguments=None, body=None, secrets=(), session=call.Session(legacy=True), **settings):
    """Runs a tool once and gives back what came of it; the test's own streams are put back."""
    streams = sys.stdin, sys.stdout, sys.stderr
    try:
        call_ready = prepared(source, **settings)
        return Ran(call_ready.go(request(arguments or {}) if body is None else body, secrets, session))
    finally:
        sys.stdin, sys.stdout, sys.stderr = streams
        sys.modules.pop("tool", None)


def body(lines):
    """Source of a tool whose main is these lines."""
    return "async def main(**k):\n" + "".join(f"    {line}\n" for line in lines.splitlines())
