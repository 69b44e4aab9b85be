"""What went wrong in a tool, told with the tool's own lines and nothing of the runtime's."""

import traceback

from .check import FILENAME

_CONTEXT_LINES = 3
_MOST_FRAMES = 20
_MOST_CAUSES = 5
_MESSAGE_CHARS = 4000
_LINE_CHARS = 300


def message_of(error):
    """`Type: message`; survives exceptions whose own text cannot be made."""
    try:
        text = str(error)
    except BaseException:  # __str__ is the tool's code and may raise anything
        text = "(its message cannot be shown)"
    if len(text) > _MESSAGE_CHARS:
        text = text[:_MESSAGE_CHARS] + "..."
    return f"{type(error).__name__}: {text}" if text else type(error).__name__


def describe(error, lines):
    """The error detail: error_type, message, line_number, code_context, traceback.

    lines: the tool's source, one string a line.  line_number is None when no line of it is involved.
    """
    frames = _tool_frames(error)
    number = frames[-1][0] if frames else None
    if isinstance(error, SyntaxError) and error.filename == FILENAME:
        number = error.lineno
    trace = [_frame(*frame, lines) for frame in frames[-_MOST_FRAMES:]]
    return {
        "error_type": type(error).__name__,
        "message": message_of(error).partition(": ")[2],
        "line_number": number,
        "code_context": context(lines, number),
        "traceback": trace + _causes(error) + _parts(error),
    }


def context(lines, number):
    """Numbered lines around `number`, with >>> before the one at fault."""
    if not number or number > len(lines):
        return []
    first = max(1, number - _CONTEXT_LINES)
    last = min(len(lines), number + _CONTEXT_LINES)
    width = len(str(last))
    return [
        f"{'>>>' if n == number else '   '} {n:{width}} | {lines[n - 1][:_LINE_CHARS]}".rstrip()
        for n in range(first, last + 1)
    ]


def detail_text(detail):
    """The `--- detail ---` block of a result."""
    where = f" at line {detail['line_number']}" if detail["line_number"] else ""
    parts = [f"{detail['error_type']}{where}", *detail["code_context"]]
    if detail["traceback"]:
        parts += ["Traceback (the tool's own frames, innermost last):"]
        parts += [f"  {line}" for line in detail["traceback"]]
    return "\n".join(parts)


def _tool_frames(error):
    return [
        (number, frame.f_code.co_name)
        for frame, number in traceback.walk_tb(error.__traceback__)
        if frame.f_code.co_filename == FILENAME and number
    ]


def _frame(number, name, lines):
    code = lines[number - 1].strip()[:_LINE_CHARS] if number <= len(lines) else ""
    return f"line {number}, in {name}: {code}"


def _causes(error):
    found, seen = [], {id(error)}
    while len(found) < _MOST_CAUSES:
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
        if error is None or id(error) in seen:
            break
        seen.add(id(error))
        frames = _tool_frames(error)
        where = f" at line {frames[-1][0]}" if frames else ""
        found.append(f"after {message_of(error)}{where}")
    return found


def _parts(error):
    if not isinstance(error, BaseExceptionGroup):
        return []
    return [f"contains {message_of(part)}" for part in error.exceptions[:_MOST_CAUSES]]
