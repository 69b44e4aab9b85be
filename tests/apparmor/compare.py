"""Holds traces of a running instance against the profiles: every access is allowed by a rule, of the
program's own profile and of the launcher's that it is stacked upon; and every rule is used, or listed in
unused.txt with its reason.

usage: compare.py SOURCE FOLDER BIN STATE UI
FOLDER has one trace for each program that was started by hand, named after it: mcpboxctl and so on.
"""

import re
import sys
from pathlib import Path

import policy
import trace

# Below this many accesses something went wrong with the tracing, not with the profiles.
LEAST = {"mcpbox-executor": 300, "mcpbox-monitor": 10, "mcpbox-launcher": 30, "mcpbox-gateway": 10}
# Whose profile a program runs in that has none of its own name: the pager inherits (`ix`).
PROFILES = {"postgres": "mcpbox-postgres", "less": "mcpboxctl"}
# Not in the story, which has one instance: it makes others, and what it does there is system.backup's.
UNSEEN = {"mcpbox-backup"}
BY_HAND = {"mcpboxctl", "mcpbox-audit-verify"}  # and not stacked upon the launcher's


def accesses(folder, places):
    """Program to what it did, over all traces."""
    found = {}
    for file in sorted(folder.iterdir()):
        first = file.name.split(".")[0]
        for program, done in trace.Trace(first, places).read(file).items():
            found.setdefault(program, {}).update(done)
    return found


def refused(profiles, found, used):
    """What no rule allows; fills the texts of rules that were used."""
    complaints = []
    for program, done in sorted(found.items()):
        name = PROFILES.get(program, program)
        if name not in profiles:
            complaints.append(f"{program} has no profile: {next(iter(done.values()))}")
            continue
        for profile in {name} if name in BY_HAND else {name, "mcpbox-launcher"}:
            for access, line in done.items():
                rules = policy.allowing(profiles[profile], access)
                # A denied socket is what a jail's own probe of it expects (privsep/jail/landlock.cc).
                probe = access == ("network", "inet", "stream") and has_denial(profiles[profile], access)
                if not rules and not probe:
                    complaints.append(f"{profile}: {access}: {line[:200]}")
                used |= {rule.text for rule in rules}
    return complaints


def has_denial(rules, access):
    return any(rule.deny and policy.is_network(rule, *access[1:]) for rule in rules)


def listed(file):
    """The rules that the story does not use: text to the reason above them."""
    reasons, reason = {}, ""
    for line in file.read_text(encoding="utf-8").splitlines():
        if line.startswith("# "):
            reason = line[2:]
        elif line:
            reasons[line] = reason
    return reasons


def unused(profiles, used, excused):
    every = {rule.text for rules in profiles.values() for rule in rules if not rule.deny}
    # Signals are not traced both ways: whoever may be stopped may be sent one.
    every = {text for text in every if not re.match(r"signal \(receive\)", text)}
    complaints = [
        f"nothing uses, and unused.txt does not excuse: {text}"
        for text in sorted(every - used - set(excused))
    ]
    complaints += [f"unused.txt excuses what is no rule: {text}" for text in sorted(set(excused) - every)]
    return complaints + [f"unused.txt gives no reason: {text}" for text, why in excused.items() if not why]


def main(source, folder, binaries, state, ui):
    places = [
        (f"{binaries}/mcpboxctl", "/usr/bin/mcpboxctl"),
        (f"{binaries}/mcpbox-audit-verify", "/usr/bin/mcpbox-audit-verify"),
        (binaries, "/usr/libexec/mcpbox"),
        (f"{state}/mcpbox.conf", "/etc/mcpbox/mcpbox.conf"),
        (f"{state}/control.sock", "/var/lib/mcpbox/control.sock"),
        (state, "/var/lib/mcpbox"),
        (ui, "/usr/share/mcpbox/ui"),
    ]
    profiles = policy.read(Path(source) / "apparmor")
    found = accesses(Path(folder), places)
    used = set()
    complaints = [
        f"only {len(found.get(program, {}))} accesses of {program} were seen"
        for program, least in LEAST.items()
        if len(found.get(program, {})) < least
    ]
    complaints += [
        f"{name} was not seen"
        for name in profiles
        if name not in UNSEEN and name.replace("mcpbox-postgres", "postgres") not in found
    ]
    complaints += refused(profiles, found, used)
    complaints += unused(profiles, used, listed(Path(__file__).with_name("unused.txt")))
    print("\n".join(complaints))
    print({program: len(done) for program, done in found.items()})
    return 1 if complaints else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
