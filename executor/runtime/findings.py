"""What the analysis tells the reviewer: one table of rules, and a list that stays within its bounds.

A finding blocks nothing.  It is a line number, what stands there, and what to do about it.
"""

from typing import NamedTuple

HIGH, MEDIUM, LOW = "high", "medium", "low"
_ORDER = {HIGH: 0, MEDIUM: 1, LOW: 2}
_PER_RULE = 8  # of one rule; the last one counts the rest
_NAME_CHARS = 80

# rule: (severity, what to do).  docs/tool-code.md lists them; a test compares.
RULES = {
    # text that reads differently from what it is
    "bidirectional-text": (HIGH, "Remove it: it makes the line show in another order than it runs in."),
    "invisible-character": (HIGH, "Remove it: it cannot be seen, and makes equal-looking texts differ."),
    "control-character": (HIGH, "Remove it, or write it as an escape such as \\x1b."),
    "disguised-identifier": (HIGH, "Write the name in plain letters."),
    "look-alike-identifier": (HIGH, "Write the name in letters of one script."),
    "mixed-scripts": (MEDIUM, "Write the word in letters of one script, or as escapes if it must be so."),
    "hidden-by-spaces": (HIGH, "Put the code on a line of its own."),
    "long-line": (LOW, "Break the line, so that a reviewer sees all of it."),
    "encoded-blob": (MEDIUM, "Write the data so that it can be read, or say in a comment what it is."),
    # what may do more than it shows
    "dynamic-code": (HIGH, "Write the code itself: what is made at run time cannot be reviewed."),
    "computed-import": (HIGH, "Import by a literal name."),
    "introspection": (MEDIUM, "Use the public interface instead of the interpreter's insides."),
    "native-code": (HIGH, "Use Python: native code cannot be reviewed, and the jail ends most of it."),
    "unsafe-load": (MEDIUM, "Use json: loading this format can run code that the data brings."),
    "monkeypatch": (MEDIUM, "Leave modules as they are, and write a function of your own."),
    "credentials": (HIGH, "Keep it as a server secret, and read it with secrets[...]."),
    "computed-secret": (MEDIUM, "Name the secret literally, so that the reviewer sees which one is used."),
    "all-secrets": (MEDIUM, "Read only the secrets that are needed, each by its name."),
    "secret-in-output": (HIGH, "Do not return or print secrets."),
    "computed-host": (MEDIUM, "Write the host literally, so that the reviewer sees where data goes."),
    "private-address": (MEDIUM, "Make sure that the tool is meant to reach the local network."),
    "unencrypted": (LOW, "Use https where the host offers it."),
    # what cannot work in a call
    "module-not-approved": (MEDIUM, "Ask for it with mcpbox_request_module, or use a default module."),
    "no-files": (MEDIUM, "A call sees no files: keep data in variables, and return it."),
    "no-processes": (MEDIUM, "A call can start no process: do it in Python."),
    "no-threads": (MEDIUM, "A call has one thread: use asyncio."),
    "no-sockets": (MEDIUM, "A call can open no connection of its own."),
    "no-input": (MEDIUM, "Nobody can answer: make it a parameter of main."),
    "nested-loop": (MEDIUM, "Inside async code, await the coroutine itself."),
    "not-awaited": (MEDIUM, "Write `await` before it: without, it does not run."),
    "undefined-name": (MEDIUM, "Define or import it: using it raises NameError."),
    "schema-mismatch": (MEDIUM, "Make INPUT_SCHEMA and the parameters of main agree."),
    # what will surprise
    "endless-loop": (MEDIUM, "Give the loop an end: it runs until the call is killed at its deadline."),
    "swallowed-cancellation": (MEDIUM, "Catch Exception, or raise again: this also catches cancellation."),
    "silent-except": (LOW, "Say what went wrong, in the result or with print()."),
    "blocking-sleep": (LOW, "Use `await asyncio.sleep(...)`, so that other tasks go on meanwhile."),
    "lost-state": (MEDIUM, "Return the value: each call starts anew, and nothing in memory survives it."),
    "early-exit": (LOW, "Return from main, or raise an error that says what is wrong."),
    "ignored-parameter": (LOW, "Name the parameters: a call has no positional arguments."),
    "untyped-parameter": (LOW, "Annotate it: callers are told that it is a string."),
    "undescribed-parameter": (LOW, "Describe it in the docstring or with Annotated[...]."),
    "unused-import": (LOW, "Remove the import."),
    "unused-name": (LOW, "Remove it, or use it."),
    "unused-parameter": (LOW, "Remove the parameter, or use it."),
    "python-warning": (LOW, "Correct it: Python itself doubts it."),
    "incomplete": (MEDIUM, "Read the code with more care: not all of it could be looked at."),
}


class Finding(NamedTuple):
    """line is 0 when none is to blame."""

    rule: str
    line: int
    text: str


def shown(name):
    """A piece of the author's text that can be shown: one line, printable, short."""
    text = "".join(c if c.isprintable() else f"\\u{{{ord(c):x}}}" for c in name[: _NAME_CHARS + 1])
    return f"`{text[:_NAME_CHARS]}...`" if len(text) > _NAME_CHARS else f"`{text}`"


class Findings:
    """Collects findings: each once, and a bounded number of a rule."""

    def __init__(self):
        self._kept = {}  # rule -> findings
        self._known = set()
        self._more = {}  # rule -> how many were left out

    def add(self, rule, line, text):
        """line: a number, or the AST node that stands there."""
        line = getattr(line, "lineno", line)
        if (rule, line, text) in self._known:
            return
        self._known.add((rule, line, text))
        kept = self._kept.setdefault(rule, [])
        if len(kept) < _PER_RULE:
            kept.append(Finding(rule, line, text))
        else:
            self._more[rule] = self._more.get(rule, 0) + 1

    def as_list(self):
        """Dicts for JSON: the most severe first, then by line."""
        found = []
        for rule, kept in self._kept.items():
            severity, advice = RULES[rule]
            for item in kept:
                text = item.text
                if item is kept[-1] and rule in self._more:
                    text += f" (and {self._more[rule]} more)"
                found.append(
                    {"severity": severity, "rule": rule, "line": item.line, "text": text, "advice": advice}
                )
        return sorted(found, key=lambda f: (_ORDER[f["severity"]], f["line"], f["rule"]))
