"""The limits that the runtime keeps, handed over by the C++ side from policy/limits.h."""

from typing import NamedTuple


class Limits(NamedTuple):
    """Sizes in bytes unless the name says otherwise."""

    code_chars: int
    imported_modules: int
    module_name_bytes: int
    compiled_bytes: int
    schema_bytes: int
    schema_depth: int
    analysis_bytes: int
    output_bytes: int
    result_bytes: int
    outcome_bytes: int
    error_bytes: int
    log_text_bytes: int
    memory_bytes: int
    json_depth: int
    line_bytes: int
    lines_at_once: int
    lines_per_second: int
    question_bytes: int
    state_bytes: int


def cut(text, limit, marker):
    """Returns `text` as UTF-8 of at most `limit` bytes; what was longer ends with `marker`."""
    data = text.encode("utf-8", "replace")
    if len(data) <= limit:
        return data
    end = marker.encode("utf-8")
    return data[: max(0, limit - len(end))].decode("utf-8", "ignore").encode("utf-8") + end
