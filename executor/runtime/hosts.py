"""Which hosts a source text mentions, and credentials that stand in it."""

import ast
import ipaddress
import re

from .findings import shown

_HOLE = "\x00"  # stands for an expression inside an f-string
_URL = re.compile(r"\b(https?|wss?|ftp)://([^\s/?#\"'<>\\]{0,300})", re.I)
_NAME = re.compile(r"(?=.{4,253}$)[a-z0-9](?:[a-z0-9-]{0,62}\.)+([a-z]{2,24})(?::\d{1,5})?", re.I)
_ENDINGS = frozenset(
    """com net org edu gov mil int io dev app ai co me info biz cloud tech online site xyz eu uk de fr nl it
    es pl ch at be se no fi dk cz ie pt gr us ca au nz jp cn kr in br ru ua tr za local lan home
    internal""".split()
)
_CREDENTIALS = re.compile(
    r"-----BEGIN [A-Z ]*PRIVATE KEY|\b(?:sk-[A-Za-z0-9_-]{20}|gh[pousr]_[A-Za-z0-9]{30}"
    r"|github_pat_[A-Za-z0-9_]{30}|AKIA[A-Z0-9]{16}|xox[abprs]-[A-Za-z0-9-]{10}|AIza[A-Za-z0-9_-]{30}"
    r"|glpat-[A-Za-z0-9_-]{20}|eyJ[A-Za-z0-9_-]{10,200}\.eyJ[A-Za-z0-9_-]{10})"
)


def check(source, findings):
    """Yields (host or host:port, line), and notes what is wrong with the addresses."""
    for node in source.nodes:
        if isinstance(node, ast.JoinedStr):
            text = "".join(_HOLE if isinstance(v, ast.FormattedValue) else v.value for v in node.values)
            yield from _in_text(source, node, text, findings)
        elif isinstance(node, ast.Constant) and isinstance(node.value, (str, bytes)):
            if isinstance(source.parent(node), ast.JoinedStr) or _is_docstring(source, node):
                continue
            value = node.value if isinstance(node.value, str) else node.value.decode("latin-1")
            yield from _in_text(source, node, value, findings)


def _is_docstring(source, node):
    return isinstance(source.parent(node), ast.Expr)


def _in_text(source, node, text, findings):
    if _CREDENTIALS.search(text):
        findings.add("credentials", node, "a literal that looks like a key or token")
    found = False
    for match in _URL.finditer(text):
        found = True
        yield from _authority(source, node, match, text, findings)
    if not found and len(text) <= 260 and (host := _bare(text)):
        _look_at(node, host, findings)
        yield host, node.lineno


def _bare(text):
    """The text when it is a host name or an address and nothing else."""
    name = _NAME.fullmatch(text)
    if name and name[1].lower() in _ENDINGS:
        return text.lower()
    if text.lower() == "localhost" or (text.count(".") == 3 or ":" in text) and _address(text):
        return text.lower()
    return None


def _address(host):
    try:
        return ipaddress.ip_address(host.strip("[]"))
    except ValueError:
        return None


def _authority(source, node, match, text, findings):
    scheme, authority = match[1].lower(), match[2]
    user, at, host = authority.rpartition("@")
    if at and ":" in user and _HOLE not in user:
        findings.add("credentials", node, "an address with a user name and password in it")
    name = host.lower().rstrip(".,;:)]}") if "[" not in host else host.lower()
    ends = match.end() == len(text)
    if not name or _HOLE in name or (ends and isinstance(source.parent(node), ast.BinOp) and "." not in name):
        findings.add("computed-host", node, "an address whose host is only known when the code runs")
        return
    if scheme in ("http", "ws", "ftp"):
        findings.add("unencrypted", node, f"{scheme}:// to {shown(name)}")
    _look_at(node, name, findings)
    yield name, node.lineno


def _look_at(node, host, findings):
    bare = re.sub(r":\d+$", "", host) if host.count(":") == 1 or "]" in host else host
    address = _address(bare)
    is_private = address is not None and not address.is_global
    is_local = bare == "localhost" or bare.endswith((".local", ".lan", ".home", ".internal", ".localhost"))
    if is_private or is_local or ("." not in bare and address is None):
        findings.add("private-address", node, f"{shown(bare)} is on a private network")
