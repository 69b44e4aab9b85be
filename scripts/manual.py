"""The generated parts of the manual pages (docs/man), as mdoc: see documents.py."""

import re
import textwrap
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def text_of(path):
    return (ROOT / path).read_text(encoding="utf-8")


def roff(text):
    """Text as roff takes it: nothing in it is a command, and each line begins with a word."""
    text = text.replace("\\", "\\e").replace("--", "\\-\\-").replace(" -", " \\-")
    return "\n".join(("\\&" + line if line[:1] in (".", "'") else line) for line in text.splitlines())


def sentences(text):
    """mdoc wants each sentence to begin a line, and no line to be long."""
    lines = re.sub(r"(?<=[A-Za-z0-9)`])([.]) +(?=[A-Z`])", r"\1\n", text).splitlines()
    return "\n".join(textwrap.fill(line, 78, break_on_hyphens=False) for line in lines)


def literal(code):
    """The text of adjacent C++ string literals, with their line ends."""
    joined = "".join(re.findall(r'"((?:[^"\\]|\\.)*)"', code))
    return joined.replace('\\"', '"').replace("\\n", "\n")


def item(term, text):
    return f".It {term}\n{sentences(roff(text))}"


def listed(items):
    return ".Bl -tag -width Ds\n" + "\n".join(items) + "\n.El"


def arguments_of(words):
    """`TOOL --reason TEXT [--page N]` in mdoc."""
    out = []
    for word in words.split():
        opening = len(word) - len(word.lstrip("[(")), word.count("]")
        bare = word.strip("[]")
        out += ["Oo"] * opening[0]
        if bare == "|":
            out.append("|")
        elif bare.startswith("--"):
            out += ["Fl", "\\-" + bare[2:]]
        elif bare == "...":
            out += ["Ar", "..."]
        elif re.fullmatch(r"[A-Z:]+,?", bare):
            out += ["Ar", bare.replace(",", " ,")]
        else:
            out += ["Cm", bare.replace("|", " | ").replace(",", " ,")]
        out += ["Oc"] * opening[1]
    return " ".join(out)


def ctl_commands():
    code = text_of("admin/ctl/commands.cc")
    rows = re.findall(r'\{ "([a-z-]+)", +"([^"]*)", +\d+, +\d+, +"([^"]+)", +\w+ +\}', code)
    return [(name, words, does) for name, words, does in rows]


def ctl_options():
    """What `mcpboxctl help` says below its commands: option, value, text."""
    code = text_of("admin/ctl/commands.cc").partition("kOptionsText =")[2].partition(";\n\n")[0]
    found = []
    for line in literal(code).partition("\nExit status")[0].splitlines():
        if match := re.match(r"  (--[a-z-]+)(?: ([A-Z:]+))? +(\S.*)", line):
            found.append([match[1], match[2] or "", match[3]])
    return found


def log_filters():
    code = text_of("admin/ctl/commands.cc").partition("kOptionsText =")[2].partition(";\n\n")[0]
    return " ".join(literal(code).partition("FILTERS of logs: ")[2].partition("\n\n")[0].split())


def exit_states():
    code = text_of("admin/ctl/commands.cc").partition("kOptionsText =")[2].partition(";\n\n")[0]
    rows = re.findall(r"\n  (\d)  ([^\n]+(?:\n     [^\n]+)*)", literal(code).partition("Exit status")[2])
    return [(number, " ".join(says.split())) for number, says in rows]


def full_stop(text):
    return text + ("" if text.endswith(".") else ".")


def capital(text):
    return full_stop(text[:1].upper() + text[1:])


def mdoc_commands():
    return listed(
        item(f"Cm {name} {arguments_of(words)}".rstrip(), capital(does))
        for name, words, does in ctl_commands()
    )


def mdoc_options():
    items = [
        item(f"Fl \\-{name[2:]}" + (f" Ar {value}" if value else ""), full_stop(says))
        for name, value, says in ctl_options()
    ]
    return listed(items) + "\n.Pp\nFilters of\n.Cm logs :\n" + sentences(roff(log_filters())) + "."


def mdoc_exit_states():
    return listed(item(number, capital(says)) for number, says in exit_states())


def configuration():
    """The blocks of systemd/mcpbox.conf: heading, text, and the lines with keys below it."""
    blocks, heading = [], ""
    for block in text_of("systemd/mcpbox.conf").split("\n\n")[1:]:
        lines = block.strip().splitlines()
        keys = [match.groups() for line in lines if (match := re.match(r"#([a-z-]+) = (.+)", line))]
        words = " ".join(line[2:] for line in lines if line.startswith("# "))
        if words.startswith("--- "):
            heading = words[4:]
        else:
            blocks.append((heading, words, keys))
    return blocks


def mdoc_configuration():
    parts, heading = [], None
    for where, words, keys in configuration():
        if where != heading:
            if heading is not None:
                parts.append(".El")
            parts.append(f".Ss {where}\n.Bl -tag -width Ds")
            heading = where
        first = "\n".join(f".It Ic {key} No = Ar {roff(value)}" for key, value in keys)
        parts.append(first + "\n" + sentences(roff(words)))
    return "\n".join([*parts, ".El"])


def environment():
    code = text_of("privsep/launcher/config_environment.h")
    return re.findall(r"^//   ([A-Z_]+) +(\S.*)$", code, flags=re.M)


def mdoc_environment():
    return listed(item(f"Ev {name}", capital(says)) for name, says in environment())


def bash_completion():
    names = [name for name, _, _ in ctl_commands()]
    options = [name for name, _, _ in ctl_options()]
    options += sorted(set(re.findall(r"--[a-z]+", log_filters() + " --page")) - set(options))
    words = {}
    for name, arguments, _ in ctl_commands():
        first = [part.split()[0] for part in re.split(r"[|,]", arguments.replace("[", " ")) if part.strip()]
        if several := [word.rstrip("]") for word in first if re.fullmatch(r"[a-z][a-z-]+\]?", word)]:
            words[name] = several
    valued = [name for name, value, _ in ctl_options() if value] + ["--page", "--reason"]
    lines = [f"commands='{' '.join(names)}'", f"options='{' '.join(options)}'", "case $command in"]
    lines += [f"  {name}) words='{' '.join(all_of_it)}' ;;" for name, all_of_it in words.items()]
    lines += ["esac", f"valued='{' '.join(sorted(set(valued)))}'"]
    return "\n".join("  " + line for line in lines)


MAN = {
    "docs/man/mcpboxctl.1": {
        "commands": mdoc_commands,
        "options": mdoc_options,
        "exit states": mdoc_exit_states,
    },
    "docs/man/mcpbox.conf.5": {"configuration": mdoc_configuration, "environment": mdoc_environment},
    "scripts/mcpboxctl.bash-completion": {"words": bash_completion},
}
