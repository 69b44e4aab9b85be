#!/usr/bin/python3
"""Writes the tables of the documents named in PARTS from the tables of the code.

usage: documents.py [--check]   with --check nothing is written: it fails when a document is not current

The generated parts of a document stand between `<!-- generated: NAME -->` and `<!-- end -->`; in manual
pages and in scripts the same words stand in comments of theirs.
"""

import re
import sys
from pathlib import Path

import manual
import reference

ROOT = Path(__file__).resolve().parent.parent


def text_of(path):
    return (ROOT / path).read_text(encoding="utf-8")


def plain(text):
    """The text of adjacent C++ string literals."""
    return "".join(re.findall(r'"([^"]*)"', text))


def table(head, rows):
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    return "\n".join(
        lines + ["| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |" for row in rows]
    )


def layer_names():
    rows = re.findall(r'\{ Layer::(k\w+), +("[^"]+"), +("[^"]+") \}', text_of("policy/layers.h"))
    return {key: (plain(name), plain(stops)) for key, name, stops in rows}


def required_layers():
    """kGatewayLayers and its like, as sets of layer names."""
    sets = {}
    for name, value in re.findall(
        r"inline constexpr Layers (k\w+Layers|kEveryProcess) *=\s*([^;]+);", text_of("policy/layers.h")
    ):
        members = set()
        for word in re.findall(r"Layer::(k\w+)|\b(k\w+Layers|kEveryProcess)\b", value):
            members |= {word[0]} if word[0] else sets[word[1]]
        sets[name] = members
    return sets


def layers_in_order():
    names = layer_names()
    order = re.findall(r"\{ Layer::(k\w+), +\w+[^}]*\}", text_of("privsep/jail/jail.cc"))
    if sorted(order) != sorted(names):
        raise SystemExit("jail.cc takes other steps than policy/layers.h has layers")
    kinds = required_layers()
    columns = [
        ("monitor", "kMonitorLayers"),
        ("gateway", "kGatewayLayers"),
        ("admin", "kAdminLayers"),
        ("password", "kPasswordLayers"),
        ("egress", "kEgressLayers"),
        ("dialer", "kDialerLayers"),
        ("zygote", "kZygoteLayers"),
    ]
    rows = []
    for number, key in enumerate(order, 1):
        name, stops = names[key]
        has = ["yes" if key in kinds[column] else "" for _, column in columns]
        rows.append([str(number), f"`{name}`", stops, *has])
    return table(
        ["", "layer", "without it a stolen process could go on to", *[kind for kind, _ in columns]], rows
    )


def better_forms():
    names = layer_names()
    rows = re.findall(
        r'\{ Better::k\w+, +Layer::(k\w+), +("[^"]+"), +("[^"]+"), +("[^"]+") \}', text_of("policy/layers.h")
    )
    cells = [
        [f"`{plain(name)}`", f"`{names[of][0]}`", plain(needs), plain(adds)] for of, name, needs, adds in rows
    ]
    return table(["better form", "of", "needs", "also stops"], cells)


def call_steps():
    rows = re.findall(r"  k(\w+) = (\d+),\s*// (.+)", text_of("privsep/jail/call.h"))
    return table(
        ["exit status", "step", "refused because"],
        [[code, name, why] for name, code, why in rows if code != "0"],
    )


def resource_limits():
    rows = []
    source = text_of("policy/rlimits.h")
    for kind, body in re.findall(
        r"inline constexpr ResourceLimit k(\w+)Limits\[\] = \{(.*?)\n\};", source, re.S
    ):
        for resource, value, reason in re.findall(r'\{ RLIMIT_(\w+), +(.+?), +("[^"]+") \}', body):
            number = value_of(value.replace("limits::", ""))
            rows.append(
                [kind.lower(), resource, human(number, "Bytes" if number >= 65536 else ""), plain(reason)]
            )
    return table(["process", "limit", "at most", "why"], rows)


def limit_rows():
    section, rows = "", []
    for line in (text_of("policy/limits.h") + text_of("policy/audit_limits.h")).splitlines():
        if heading := re.match(r"// --- (.+?) -*$", line):
            section = heading.group(1)
        elif row := re.match(r"inline constexpr [\w:]+ (k\w+) = ([^;]+);(?:\s*// (.+))?", line):
            rows.append((section, *row.groups()))
    return rows


def constants():
    known = {}
    for _, name, value, _ in limit_rows():
        known[name] = evaluate(value, known)
    return known


def evaluate(expression, known):
    cleaned = re.sub(r"(?<=\d)(?:U?LL|'(?=\d))", "", expression.replace("'", ""))
    if not re.fullmatch(r"[\w\s()+*/-]+", cleaned):
        raise SystemExit(f"policy/limits.h: not understood: {expression}")
    return int(
        eval(cleaned.replace("/", "//"), {"__builtins__": {}}, dict(known))
    )  # noqa: S307: our own header


def value_of(expression):
    return evaluate(expression, constants())


def human(number, name):
    if name.endswith("Bytes"):
        for unit, size in (("MiB", 1 << 20), ("KiB", 1 << 10)):
            if number >= size and number % size == 0:
                return f"{number // size} {unit}"
        return f"{number:,} bytes"
    if name.endswith("Ms"):
        return f"{number / 1000:g} s"
    if name.endswith("Seconds"):
        return f"{number} s"
    if name.endswith("Chars"):
        return f"{number:,} characters"
    return f"{number:,}"


def limits():
    known, parts, section = constants(), [], None
    rows = []
    for where, name, _, comment in limit_rows():
        if name in ("kKiB", "kMiB"):
            continue
        if where != section and rows:
            parts.append(
                f"## {section}\n\n"
                + table(["limit", "value", "what it bounds; what happens beyond it"], rows)
            )
            rows = []
        section = where
        rows.append([f"`{name}`", human(known[name], name), comment or ""])
    parts.append(
        f"## {section}\n\n" + table(["limit", "value", "what it bounds; what happens beyond it"], rows)
    )
    return "\n\n".join(parts)


def audit_actions():
    rows = re.findall(r'\{ "([a-z_]+)", +"([a-z ]+)", +"([^"]+)" \}', text_of("privsep/audit/actions.h"))
    return table(["action", "kind", "meaning"], [[f"`{name}`", kind, says] for name, kind, says in rows])


def audit_kinds():
    rows = re.findall(r'\{ (\d+), "([a-z ]+)" \}', text_of("privsep/audit/actions.h"))
    return table(["kind", "name"], [list(row) for row in rows])


def metrics():
    rows = re.findall(
        r'\{ Metric::\w+, +MetricType::k(\w+), +"(\w+)", +"(\w*)", +"([^"]+)" \}',
        text_of("privsep/protocol/metric_table.h"),
    )
    cells = [
        [f"`{name}`", kind.lower(), f"`{label}`" if label else "", says] for kind, name, label, says in rows
    ]
    return table(["metric", "type", "label", "what it counts"], cells)


def setting_rows():
    source = text_of("policy/settings.cc").partition("kSettings[] = {")[2].partition("};")[0]
    for key, numbers, words in re.findall(
        r'\{Setting::k\w+, ((?:"[^"]*", ){5}"?[^"]*?)(\d+, [\d\']+),\s*((?:"[^"]*"[,\s]*)+)\}', source
    ):
        key, standard, other, strictest, weaker = re.findall(r'"([^"]*)"', key)
        yield key, standard, other, strictest, weaker, numbers.replace("'", "").split(", "), words


def settings():
    rows = []
    for key, standard, other, _, weaker, (least, most), words in setting_rows():
        what, _, costs = words.partition(",\n") if ",\n" in words else words.rpartition(", ")
        values = f"`{standard}` (default), `{other}`" if other else f"{least} to {most}, default {standard}"
        rows.append([f"`{key}`", values, plain(what), f"`{weaker}`: {plain(costs)}" if weaker else "-"])
    return table(["setting", "values", "what it decides", "what the weaker value gives up"], rows)


def profiles():
    source = text_of("policy/settings.cc")
    rows = []
    for name, words, values in re.findall(r'\{"(\w+)",\s*((?:"[^"]*"\s*)+),\s*k(\w+)\}', source):
        block = re.search(r"k" + values + r"\{\{(.+?)\}\};", source, re.S).group(1)
        parts = re.findall(r'"(\w+)"', block)
        rows.append([f"`{name}`", plain(words), ", ".join(f"`{part}`" for part in parts)])
    return table(["profile", "in plain words", "tools, modules, hosts, remote editing, redaction"], rows)


def secret_places():
    source = text_of("policy/secrets.h").partition("kSecretPlaces[] = {")[2].partition("};")[0]
    rows = re.findall(r'SecretPlace::k\w+,\s*"(\w+)",\s*\w+,\s*(\w+),\s*"([^"]*)"', source)
    return table(
        ["place", "what it is", "can publish the value"],
        [[f"`{name}`", what, "yes" if careful == "true" else "no"] for name, careful, what in rows],
    )


def transitions():
    """policy/approvals.cc, a row per state and a column per step."""
    source = text_of("policy/approvals.cc")
    words = dict(re.findall(r'case Approval::(k\w+):\s*return "(\w+)"', text_of("policy/approvals.h")))
    rows = re.findall(r"^    \{ (k\w+), +(k\w+), +(k\w+|\{\}), +[^}]*\},$", source, re.MULTILINE)
    steps = list(dict.fromkeys(step for _, step, _ in rows))
    cells = {(a, step): "refused" if to == "{}" else f"`{words[to]}`" for a, step, to in rows}
    return table(
        ["state"] + [step[1:].lower() for step in steps],
        [[f"`{word}`"] + [cells[state, step] for step in steps] for state, word in words.items()],
    )


def remote_methods():
    """privsep/protocol/remote.h: who may cause what through the tunnel, a row per method and tool."""
    source = text_of("privsep/protocol/remote.h")
    always = set(re.findall(r"Op::(k\w+)", source.partition("kRemoteAlways[] = {")[2].partition("};")[0]))
    anonymous = source.partition("anonymous_may(Op op, bool may_list) {")[2].partition("\n}")[0]
    listing = set(re.findall(r"op == Op::(k\w+) && may_list", anonymous))
    nobody = set(re.findall(r"Op::(k\w+)", anonymous)) - listing
    uses = {}
    for op, method, tool in re.findall(r'\{ Op::(k\w+), +"([^"]*)", +"([^"]*)" \}', source):
        uses.setdefault((method, tool), set()).add(op)
    rows = []
    for (method, tool), ops in sorted(uses.items()):
        if ops <= nobody:
            without = "yes"
        else:
            without = "with `anonymous_listing`" if ops <= nobody | listing else "no"
        rows.append(
            [
                f"`{method}`" if method else "a client's answer to a tool's question",
                f"`{tool}`" if tool else "",
                "yes" if ops <= always else "with `remote_tool_editing`",
                without,
            ]
        )
    return table(["method", "management tool", "who signed in", "who has no e-mail address"], rows)


PARTS = {
    "docs/grants.md": {"settings": settings, "profiles": profiles, "secret places": secret_places},
    "docs/observability.md": {"metrics": metrics},
    "docs/audit-format.md": {"kinds": audit_kinds, "actions": audit_actions},
    "docs/approvals.md": {"transitions": transitions},
    "docs/jail.md": {
        "layers": layers_in_order,
        "better forms": better_forms,
        "call steps": call_steps,
        "resource limits": resource_limits,
    },
    "docs/limits.md": {"limits": limits},
    "docs/remote-access.md": {"methods": remote_methods},
    **manual.MAN,
    **reference.DOCUMENTS,
}


def marks(path, name):
    if path.endswith(".md"):
        return f"<!-- generated: {name} -->", "<!-- end -->"
    comment = "  #" if path.startswith("scripts/") else '.\\"'
    return f"{comment} generated: {name}", f"{comment} end"


def current(path):
    document = text_of(path)
    for name, make in PARTS[path].items():
        begin, end = marks(path, name)
        if begin not in document:
            raise SystemExit(f"{path} has no place for `{name}`")
        before, rest = document.split(begin, 1)
        document = before + begin + "\n" + make() + "\n" + end + rest.split(end, 1)[1]
    return document


def main():
    stale = [path for path in PARTS if current(path) != text_of(path)]
    if "--check" in sys.argv[1:]:
        if stale:
            sys.exit(f"not current: {', '.join(stale)}: run scripts/documents.py")
        return
    for path in stale:
        (ROOT / path).write_text(current(path), encoding="utf-8")


if __name__ == "__main__":
    main()
