"""The generated parts of the reference documents (configuration, admin API, tools): see documents.py."""

import re

import manual
from manual import text_of


def table(head, rows):
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    cells = [[cell.replace("|", "\\|").replace("\n", " ") for cell in row] for row in rows]
    return "\n".join(lines + ["| " + " | ".join(row) + " |" for row in cells])


def configuration():
    parts, heading, rows = [], None, []

    def finish():
        if rows:
            parts.append(
                f"### {heading}\n\n" + table(["key", "default, or an example", "what it says"], rows)
            )

    for where, words, keys in manual.configuration():
        if where != heading:
            finish()
            heading, rows = where, []
        names = "<br>".join(dict.fromkeys(f"`{key}`" for key, _ in keys))
        rows.append([names, "<br>".join(f"`{value}`" for _, value in keys), words])
    finish()
    return "\n\n".join(parts)


def environment():
    return table(["variable", "what it means"], [[f"`{name}`", says] for name, says in manual.environment()])


def routes():
    parts, rows, group = [], [], None
    pattern = (
        r'\{ k(\w+), +"(/api[^"]*)", +k(\w+), +k\w+, +[^,]+, +\w+, +(\d+), +"([^"]*)", +'
        r'"([^"]*)", +"([^"]*)", +"([^"]*)", +"([^"]*)" \}'
    )
    found = re.findall(pattern, text_of("admin/routes.cc"))
    for method, path, needs, status, section, takes, gives, query, does in found:
        if section != group and rows:
            parts.append(f"### {group}\n\n{table(ROUTE_HEAD, rows)}")
            rows = []
        group = section
        anybody = "" if needs == "In" else "yes"
        asked = " ".join(f"`{word}`" for word in query.split())
        names = [f"`{name}`" if name else "" for name in (takes, gives)]
        rows.append([f"`{method.upper()} {path}`", does, anybody, asked, *names, status])
    parts.append(f"### {group}\n\n{table(ROUTE_HEAD, rows)}")
    return "\n\n".join(parts)


ROUTE_HEAD = ["route", "what it does", "without a session", "query", "takes", "gives", "answers"]
STRING = r'"((?:[^"\\]|\\.)*)"'
TOOL_FILES = ("gateway/manage_tools.cc", "gateway/manage_authority_tools.cc")


def arguments_in(code, shared):
    """The names of the argument lists of a file, each with its rows: name, type, presence, description."""
    texts = dict(re.findall(r"constexpr const char\* (k\w+) +=\s*" + STRING, code))
    row = r"\{ " + STRING + r", k(\w+), k(\w+), [^,\"]+, [^,\"]+, (?:" + STRING + r"|(k\w+)), "

    def rows_of(body):
        return [(a, b, c, d or texts.get(e, "")) for a, b, c, d, e in re.findall(row, body)]

    singles = dict(shared)
    for name, body in re.findall(r"constexpr Argument (k\w+) +=\s*(\{ .*?\});\n", code, flags=re.S):
        singles[name] = rows_of(body)
    lists = {}
    for name, body in re.findall(r"constexpr Argument (k\w+)\[\] +=\s*\{(.*?)\};\n", code, flags=re.S):
        rows = []
        for line in body.split("\n"):
            if "{ " + '"' in line:
                rows += rows_of(line)
            else:
                for word in re.findall(r"\bk\w+", line):
                    rows += singles[word]
        lists[name] = rows
    return lists


def management_tools():
    parts = []
    for file in TOOL_FILES:
        code = text_of(file)
        lists = arguments_in(code, {})
        pattern = r"\{ " + STRING + r", " + STRING + r",\s*" + STRING + r",\s*(k\w+|\{\}),"
        for name, title, description, arguments in re.findall(pattern, code):
            text = description.replace('\\"', '"')
            parts.append(f"### {name}\n\n*{title}.*  {text}")
            rows = [
                [f"`{argument}`", kind.lower(), presence.lower(), says.replace('\\"', '"')]
                for argument, kind, presence, says in lists.get(arguments, [])
            ]
            if rows:
                parts.append(table(["argument", "type", "presence", "what it is"], rows))
    return "\n\n".join(parts)


DOCUMENTS = {
    "docs/configuration.md": {"configuration": configuration, "environment": environment},
    "docs/api.md": {"routes": routes},
    "docs/management-tools.md": {"tools": management_tools},
}
