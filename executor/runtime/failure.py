"""What went wrong in a tool, told with the tool's own lines and nothing of the runtime's."""

import re
import traceback

from .check import FILENAME

_CONTEXT_LINES = 3
_MOST_FRAMES = 20
_MOST_CAUSES = 5
_MESSAGE_CHARS = 4000
_LINE_CHARS = 300
_NAME_CHARS = 200
_MOST_LINES = 40
_TRACE_CHARS = 300  # a line of the traceback, causes and parts of groups included
_NO_ROOM_FOR_CALLS = "error return without exception set"  # what CPython says when a frame finds no memory
_real_name = type.__dict__["__name__"].__get__  # a metaclass may have another


def type_of(value):
    """The name of the value's type, of bounded length."""
    name = _real_name(type(value))
    return name if len(name) <= _NAME_CHARS else name[:_NAME_CHARS] + "..."


def message_of(error):
    """`Type: message`; survives exceptions whose own text cannot be made."""
    text = _text_of(error)
    if type(error) is ImportError and text:
        return text  # it says which modules there are: the type would add nothing
    return f"{type_of(error)}: {text}" if text else type_of(error)


def _text_of(error):
    try:
        text = "".join((str(error),))  # a plain str, whatever kind of str __str__ made
    except BaseException:  # __str__ is the tool's code and may raise anything
        return "(its message cannot be shown)"
    if type(error) is SystemError and text == _NO_ROOM_FOR_CALLS:
        return f"{text}: its calls were nested so deep that memory ran out; use a loop instead"
    return text if len(text) <= _MESSAGE_CHARS else text[:_MESSAGE_CHARS] + "..."


def lines_of(source):
    """The lines of a source text (bytes), split where Python splits them."""
    lines = re.split("\r\n|\r|\n", source.decode("utf-8", "replace"))
    return lines if lines[-1] else lines[:-1]


def describe(error, lines):
    """The error detail: error_type, message, line_number, code_context, traceback.

    lines: the tool's source, one string a line.  line_number is None when no line of it is involved, or
    when the error does not let itself be looked at: its attributes are the tool's code too.
    """
    try:
        number, trace = _where(error, lines)
    except BaseException:
        number, trace = None, []
    return {
        "error_type": type_of(error),
        "message": _text_of(error),
        "line_number": number,
        "code_context": context(lines, number),
        "traceback": trace,
        "source_file": FILENAME,
    }


def _where(error, lines):
    """The number of the line at fault, or None, and the traceback."""
    frames = _tool_frames(error)
    number = frames[-1][0] if frames else None
    if isinstance(error, SyntaxError) and error.filename == FILENAME and type(error.lineno) is int:
        number = error.lineno
    trace = [_frame(*frame, lines) for frame in frames[-_MOST_FRAMES:]]
    trace += _notes(error) + _causes(error) + _parts(error)
    return number, [line[:_TRACE_CHARS] for line in trace[:_MOST_LINES]]


def context(lines, number):
    """Numbered lines around `number`, with >>> before the one at fault."""
    if not number or not 0 < number <= len(lines):
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
    return f"line {number}, in {name[:_NAME_CHARS]}: {code}"


def _causes(error):
    found, seen = [], {id(error)}
    while len(found) < _MOST_CAUSES:
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
        if error is None or id(error) in seen:
            break
        seen.add(id(error))
        found.append(f"after {message_of(error)}{_place(error)}")
    return found


def _place(error):
    frames = _tool_frames(error)
    return f" at line {frames[-1][0]}" if frames else ""


def _notes(error):
    """What add_note() added."""
    notes = getattr(error, "__notes__", None)
    if not isinstance(notes, list):
        return []
    return [f"note: {note[:_LINE_CHARS]}" for note in notes[:_MOST_CAUSES] if isinstance(note, str)]


def _parts(error, depth=0):
    """The exceptions of a group, those of groups inside it below them."""
    if not isinstance(error, BaseExceptionGroup) or depth == _MOST_CAUSES:
        return []
    found = []
    for part in error.exceptions[:_MOST_CAUSES]:
        found.append(f"{'  ' * depth}contains {message_of(part)}{_place(part)}")
        found += _parts(part, depth + 1)
    left_out = len(error.exceptions) - _MOST_CAUSES
    return [*found, f"{'  ' * depth}and {left_out} more"] if left_out > 0 else found
