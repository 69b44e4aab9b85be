"""AppArmor's rules, read from what its own parser makes of a profile file, and what they say to an access.

Only what our profiles use is understood; anything else is an error, so that no rule goes unread.
"""

import re
import subprocess
from dataclasses import dataclass, field

PARSER = "/usr/sbin/apparmor_parser"
FEATURES = "/etc/apparmor.d/abi/3.0"
MODIFIERS = {"audit", "deny", "owner"}
KINDS = (
    "capability",
    "network",
    "mount",
    "remount",
    "umount",
    "pivot_root",
    "signal",
    "ptrace",
    "unix",
    "userns",
)
# What belongs to root: a rule for owners gives it to no person, but to a test that runs as root.
NOBODYS = ("/boot/", "/dev/", "/etc/", "/lib", "/proc/", "/run/", "/sys/", "/usr/", "/var/")


@dataclass(frozen=True)
class Rule:
    text: str  # as it is written, without blanks at its ends
    kind: str  # "file", or one of KINDS
    words: tuple = ()  # of the others: what follows the kind
    path: str = ""
    modes: str = ""  # of "rwaklmx"
    target: str = ""  # of an exec: "&mcpbox-monitor"
    deny: bool = False
    owner: bool = False
    pattern: re.Pattern = field(default=None, compare=False)

    def covers(self, path):
        if self.owner and path.startswith(NOBODYS):
            return False
        return self.pattern is not None and self.pattern.fullmatch(path) is not None


def expression(glob, variables):
    """The regular expression of an AppArmor glob: * stops at a slash, ** does not."""
    for name, value in variables.items():
        glob = glob.replace("@{%s}" % name, value)
    out, depth, at = [], 0, 0
    while at < len(glob):
        if glob.startswith("**", at):
            out.append(".*")
            at += 1
        elif glob[at] == "*":
            out.append("[^/]*")
        elif glob[at] == "{":
            out.append("(?:")
            depth += 1
        elif glob[at] == "}":
            out.append(")")
            depth -= 1
        elif glob[at] == "," and depth:
            out.append("|")
        elif glob[at] in "[]":
            out.append(glob[at])
        elif glob[at] == "-" and "[" in glob[:at]:
            out.append("-")
        else:
            out.append(re.escape(glob[at]))
        at += 1
    if depth:
        raise ValueError(f"braces of {glob}")
    return re.compile("".join(out))


# What our profiles use of tunables/, shortened: @{pid} is there a list of every number that there can be.
VARIABLES = {"PROC/": "/proc/", "PROC": "/proc", "pid": "[0-9]*", "multiarch": "*-linux-gnu*"}


def parse_rule(text):
    words = text.split()
    modifiers = set()
    while words[0] in MODIFIERS:
        modifiers.add(words.pop(0))
    deny, owner = "deny" in modifiers, "owner" in modifiers
    if words[0] in KINDS:
        return Rule(text, words[0], tuple(words[1:]), deny=deny)
    found = re.fullmatch(r"([/@]\S*) ([a-zA-Z]+)(?: -> (\S+))?", " ".join(words))
    if not found:
        raise ValueError(f"a rule that is not understood: {text}")
    path, modes, target = found[1], found[2], found[3] or ""
    plain = "".join(sorted(set(re.sub("[pPcCuU]i?x|ix", "x", modes))))
    if set(plain) - set("rwaklmx"):
        raise ValueError(f"modes that are not understood: {text}")
    pattern = expression(path, VARIABLES)
    return Rule(text, "file", (), path, plain, target, deny, owner, pattern)


def statements(text):
    """Rules and blocks of text that apparmor_parser --preprocess made: one list of rules for each profile."""
    profiles, name = {}, None
    lines = [line.split("#")[0].strip() for line in text.splitlines()]
    for line in filter(None, lines):
        begins = re.match(r"profile (\S+)(?: (/\S+))?(?: flags=\(\S+\))? \{$", line)
        if begins:
            name = begins[1]
            profiles[name] = []
        elif line == "}":
            name = None
        elif name and line != ",":
            # `include if exists` of what is not there is left in the text.
            if not line.startswith("include if exists"):
                profiles[name].append(" ".join(line.rstrip(",").split()))
    return profiles


def preprocessed(folder, file):
    words = [PARSER, "--preprocess", "--quiet", "-I", str(folder), str(file)]
    return subprocess.run(words, check=True, capture_output=True, text=True).stdout


def read(folder, file="mcpbox"):
    """Profile to its rules."""
    found = statements(preprocessed(folder, folder / file))
    return {name: [parse_rule(text) for text in rules] for name, rules in found.items()}


def is_network(rule, family, kind):
    return rule.kind == "network" and rule.words in ((), (family,), (family, kind))


def allowing(rules, access):
    """The rules that allow this access together; none when they do not.  An access is a tuple:
    ("file", PATH, MODES), ("network", FAMILY, TYPE), or (KIND, WORD...) where every word is in the rule."""
    kind, *rest = access
    if kind == "file":
        path, modes = rest
        matching = [rule for rule in rules if rule.covers(path)]
        if any(rule.deny and set(rule.modes) & set(modes) for rule in matching):
            return []
        given = [rule for rule in matching if not rule.deny]
        have = set().union(*(rule.modes for rule in given)) if given else set()
        if "w" in have:
            have.add("a")
        return given if set(modes) <= have else []
    if kind == "network":
        matching = [rule for rule in rules if is_network(rule, *rest)]
    else:
        matching = [rule for rule in rules if rule.kind == kind and fits(rule, rest)]
    return [] if any(rule.deny for rule in matching) else matching


def fits(rule, words):
    """A mount names where; a capability its name; a signal its direction."""
    if rule.kind in ("mount", "remount", "umount"):
        return expression(rule.words[-1], VARIABLES).fullmatch(words[0]) is not None
    return all(any(word in given for given in rule.words) for word in words)
