"""Everything that can be said about a source text without running it, as JSON for the reviewer.

    {"findings": [{severity, rule, line, text, advice}], "secrets": [{key, line}],
     "hosts": [{host, line}], "modules": [{name, line, status}],
     "outputs": [{kind, line}]}
"""

import json

from . import flow, hosts, risks, suspicious_text, unused, uses

_MOST = 64  # secrets, hosts, modules that are listed
_CHECKS = (suspicious_text.check, risks.check, flow.check, unused.check)


def analyse(source, findings, limit):
    """The JSON bytes, at most `limit` of them.  findings: what others have noted already."""
    found_hosts = {}
    for host, line in hosts.check(source, findings):
        found_hosts.setdefault(host, line)
    lists = {
        "secrets": uses.secrets(source, findings),
        "hosts": [{"host": host, "line": line} for host, line in found_hosts.items()],
        "modules": uses.modules(source, findings),
        "outputs": uses.outputs(source),
    }
    for check in _CHECKS:
        check(source, findings)
    for name, listed in lists.items():
        if len(listed) > _MOST:
            findings.add(
                "incomplete", 0, f"the code names {len(listed)} {name}; the first {_MOST} are listed"
            )
            del listed[_MOST:]
    return _within(limit, findings.as_list(), lists)


def _within(limit, found, lists):
    while True:
        data = json.dumps({"findings": found, **lists}, ensure_ascii=True).encode("ascii")
        if len(data) <= limit or not found:
            return data if len(data) <= limit else b""
        found = found[: len(found) // 2]  # the least severe go first
