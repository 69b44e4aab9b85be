"""Reads a benchmark's figures, one JSON object a line, prints them and keeps them in one file.

usage: keep_figures.py build/bench.json PART < figures
"""

import json
import os
import sys

FIELDS = {"name": str, "value": (int, float), "unit": str, "runs": int, "spread": (int, float)}


def checked(line):
    """The figure of one line; a ValueError that says what is wrong with it."""
    figure = json.loads(line)
    for field, kind in FIELDS.items():
        if not isinstance(figure.get(field), kind):
            raise ValueError(f"{field!r} is missing or of the wrong type in {line!r}")
    return figure


def main(path, part):
    """Adds the figures of standard input to the file, replacing the part's older ones."""
    kept = {}
    if os.path.exists(path):
        with open(path, encoding="utf-8") as file:
            kept = {key: figure for key, figure in json.load(file).items() if not key.startswith(part + ".")}
    for line in filter(None, map(str.strip, sys.stdin)):
        figure = checked(line)
        kept[f"{part}.{figure['name']}"] = {field: figure[field] for field in FIELDS if field != "name"}
        print("  {name:32} {value:>14.6g} {unit:10} runs {runs}, spread {spread:.3g}".format(**figure))
    with open(path + ".new", "w", encoding="utf-8") as file:
        json.dump(dict(sorted(kept.items())), file, indent=2)
        file.write("\n")
    os.replace(path + ".new", path)


if __name__ == "__main__":
    main(*sys.argv[1:])
