"""Text that does not read as what it is: directions, invisible characters, look-alikes, hidden code."""

import ast
import re
import unicodedata

from .findings import shown

_ODD = re.compile(r"[^\t\n\x20-\x7e]")
_WORD = re.compile(r"\w+")
_DIRECTIONS = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
_BLANKS = frozenset("\u115f\u1160\u3164\uffa0\u2800\u034f\u17b4\u17b5")  # letters and marks that show nothing
_JOINERS = frozenset("\u200d\ufe0f\ufe0e")  # honest beside pictures
_LONG_LINE = 300
_BLOB_CHARS = 200
_BLOB = re.compile(r"[A-Za-z0-9+/=_\-\r\n]+")
_HIDDEN = re.compile(r"\S[ \t]{40,}\S")

# What looks like an ASCII letter and is none, by script.
_LOOK_ALIKES = str.maketrans(
    dict(
        zip(
            "аеорсухіјѕһԁԛԝѵԍӏАВЕКМНОРСТХЅІЈԌҮԚԜοανικρυχΑΒΕΖΗΙΚΜΝΟΡΤΥΧօոսհցքᴏᴄᴠᴡᴢɑɡıℓ",
            "aeopcyxijshdqwvglABEKMHOPCTXSIJGYQWoavikpuxABEZHIKMNOPTYXonuhgqocvwzagil",
        )
    )
)


def check(source, findings):
    """The whole text, comments and strings included."""
    _characters(source, findings)
    _words(source, findings)
    _lines(source, findings)
    _blobs(source, findings)


def _name(character):
    return f"U+{ord(character):04X} {unicodedata.name(character, 'without a name')}"


def _rule(character, before):
    """The rule that this character breaks, or None."""
    if character in _DIRECTIONS:
        return "bidirectional-text"
    kind = unicodedata.category(character)
    if character in _JOINERS:
        is_beside_picture = before in _JOINERS or unicodedata.category(before) in ("So", "Sk", "Po", "Nd")
        return None if is_beside_picture else "invisible-character"
    if (
        kind == "Cf"
        or character in _BLANKS
        or "\ufe00" <= character <= "\ufe0d"
        or ord(character) >> 16 == 14
    ):
        return "invisible-character"
    if kind in ("Cc", "Zl", "Zp", "Co", "Cn", "Cs"):
        return "control-character"
    return "mixed-scripts" if kind == "Zs" else None


def _characters(source, findings):
    text, line, counted = source.text, 1, 0
    for match in _ODD.finditer(text):
        at = match.start()
        if match[0] == "\r" and text[at + 1 : at + 2] == "\n":
            continue
        rule = _rule(match[0], text[at - 1] if at else " ")
        if rule:
            line += text.count("\n", counted, at)
            counted = at
            words = "a space that is not the usual one" if rule == "mixed-scripts" else "the line contains"
            findings.add(rule, line, f"{words}: {_name(match[0])}")


def _identifiers(source):
    """Every identifier of the tree, as Python understood it."""
    found = set()
    for node in source.nodes:
        for field in ("id", "name", "arg", "attr", "asname"):
            if isinstance(value := getattr(node, field, None), str):
                found.add(value)
        if isinstance(node, (ast.Global, ast.Nonlocal)):
            found.update(node.names)
    return found


def _scripts(word):
    """The first words of the characters' names: LATIN, CYRILLIC, GREEK ..."""
    return {unicodedata.name(c, "").partition(" ")[0] for c in word if c.isalpha()}


def _words(source, findings):
    if source.text.isascii():
        return
    identifiers = None
    for number, line in enumerate(source.text.split("\n"), 1):
        if line.isascii():
            continue
        identifiers = _identifiers(source) if identifiers is None else identifiers
        for word in dict.fromkeys(_WORD.findall(line)):
            if not word.isascii():
                _word(word, number, identifiers, findings)


def _word(word, number, identifiers, findings):
    plain = unicodedata.normalize("NFKC", word)
    alike = plain.translate(_LOOK_ALIKES)
    is_identifier = plain in identifiers
    if is_identifier and plain != word and plain.isascii():
        findings.add("disguised-identifier", number, f"{shown(word)} is the name {shown(plain)} to Python")
    elif is_identifier and alike != plain and alike.isascii():
        findings.add("look-alike-identifier", number, f"{shown(word)} only looks like {shown(alike)}")
    elif alike != plain and "LATIN" in (scripts := _scripts(plain)) and len(scripts) > 1:
        kinds = " and ".join(sorted(s.capitalize() for s in scripts if s))
        rule = "look-alike-identifier" if is_identifier else "mixed-scripts"
        findings.add(rule, number, f"{shown(word)} mixes {kinds} letters")


def _lines(source, findings):
    for number, line in enumerate(source.text.split("\n"), 1):
        if len(line) > _LONG_LINE:
            findings.add("long-line", number, f"the line has {len(line)} characters")
        if len(line) > 40 and (match := _HIDDEN.search(line)) and not match[0].endswith("#"):
            findings.add("hidden-by-spaces", number, f"text after many spaces, at column {match.end()}")


def _blobs(source, findings):
    for node in source.nodes:
        if not isinstance(node, ast.Constant) or not isinstance(node.value, (str, bytes)):
            continue
        if len(node.value) < _BLOB_CHARS:
            continue
        if isinstance(node.value, bytes):
            text = node.value.decode("latin-1")
            is_blob = sum(not c.isprintable() for c in text) > len(text) // 4
        else:
            text, is_blob = node.value, False
        if is_blob or _BLOB.fullmatch(text):
            findings.add("encoded-blob", node, f"a literal of {len(text)} characters that is no text")
