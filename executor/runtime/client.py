"""What the client of a call can be told and asked: from the request itself, or from its session."""

from typing import NamedTuple

# protocol::ClientCan
ELICIT_FORM, ELICIT_URL, SAMPLE, SAMPLE_WITH_TOOLS, ROOTS = 1, 2, 4, 8, 16

LEVELS = ("debug", "info", "notice", "warning", "error", "critical", "alert", "emergency")

_META = "io.modelcontextprotocol/"


class Client(NamedTuple):
    """legacy: it can be asked while the call runs.  log_level: of LEVELS counted from 1, 0 for nothing."""

    legacy: bool = True
    can: int = 0
    log_level: int = 0
    wants_progress: bool = False
    responses: dict = {}
    draft: bool = False


def _capabilities(declared):
    if not isinstance(declared, dict):
        return 0
    can = 0
    elicitation, sampling = declared.get("elicitation"), declared.get("sampling")
    if isinstance(elicitation, dict):
        if "url" in elicitation:
            can |= ELICIT_URL
        if "form" in elicitation or "url" not in elicitation:
            can |= ELICIT_FORM
    if isinstance(sampling, dict):
        can |= SAMPLE | (SAMPLE_WITH_TOOLS if "tools" in sampling else 0)
    if isinstance(declared.get("roots"), dict):
        can |= ROOTS
    return can


def client_of(params, legacy, can, log_level):
    """params: of the request; the rest as the monitor knows it of a legacy session."""
    meta = params.get("_meta")
    meta = meta if isinstance(meta, dict) else {}
    token = meta.get("progressToken")
    wants_progress = isinstance(token, (str, int)) and not isinstance(token, bool)
    if legacy:
        return Client(True, can, log_level, wants_progress)
    level = meta.get(_META + "logLevel")
    log_level = LEVELS.index(level) + 1 if level in LEVELS else 0
    responses = params.get("inputResponses")
    return Client(
        False,
        _capabilities(meta.get(_META + "clientCapabilities")),
        log_level,
        wants_progress,
        responses if isinstance(responses, dict) else {},
    )
