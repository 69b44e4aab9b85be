"""Runs clang-tidy on every file of ours that the build compiles, except those known to be clean.

A file is known by a hash of itself, of every file of ours that it includes, directly or not, of its compiler
flags and of the .clang-tidy files that apply to it.  usage: tidy.py BUILD JOBS
"""

import concurrent.futures
import hashlib
import json
import pathlib
import re
import shlex
import subprocess
import sys

ROOT = pathlib.Path.cwd()
INCLUDE = re.compile(rb'^\s*#\s*include\s+"([^"]+)"', re.MULTILINE)
# The analyser follows our own code and takes the standard library's at its word: going through every template
# of std:: four times over tripled the time of the whole lint and found nothing more.
ANALYSER = [
    f"--extra-arg={word}" for word in "-Xclang -analyzer-config -Xclang c++-stdlib-inlining=false".split()
]
NOISE = re.compile(r"^(\d+ warnings? |Suppressed |Use -header-filter|\s*$)")


def included(path, seen):
    """Adds `path` and all of ours that it includes to `seen`."""
    if path in seen or not path.is_file():
        return
    seen.add(path)
    for name in INCLUDE.findall(path.read_bytes()):
        for folder in (ROOT, path.parent):
            included((folder / name.decode()).resolve(), seen)


def key_of(source, command):
    """The hash under which a clean verdict is kept."""
    files = set()
    included(source, files)
    digest = hashlib.sha256(command.encode())
    files.update(config for folder in source.parents if (config := folder / ".clang-tidy").is_file())
    for path in sorted(files):
        digest.update(str(path).encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()


def flags_of(entry):
    """The compiler command without its output file, which names the build folder only."""
    words = shlex.split(entry["command"])
    return shlex.join(w for w in words if w.startswith(("-D", "-I", "-f", "-std", "-W")))


def check(build, entry):
    """Findings of one file as text; empty when it is clean."""
    run = subprocess.run(
        ["clang-tidy-19", "--quiet", "--warnings-as-errors=*", "-p", build]
        # The build is g++'s, and g++ knows flags that clang does not.
        + [
            "--extra-arg=-Wno-unknown-warning-option",
            "--extra-arg=-Wno-missing-designated-field-initializers",
            *ANALYSER,
            entry["file"],
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    lines = [line for line in (run.stdout + run.stderr).splitlines() if not NOISE.match(line)]
    return "\n".join(lines) if run.returncode else ""


def main(build, jobs):
    """Exit status 0 when every file is clean."""
    clean = pathlib.Path(build) / "lint" / "tidy"
    clean.mkdir(parents=True, exist_ok=True)
    todo = {}
    for entry in json.loads((pathlib.Path(build) / "compile_commands.json").read_text()):
        source = pathlib.Path(entry["file"])
        if source.is_relative_to(ROOT) and not source.is_relative_to(build) and source.is_file():
            key = key_of(source, flags_of(entry))
            if not (clean / key).exists():
                todo[key] = entry
    found = 0
    with concurrent.futures.ThreadPoolExecutor(int(jobs)) as pool:
        for key, findings in zip(todo, pool.map(lambda e: check(build, e), todo.values())):
            if findings:
                print(findings)
                found += 1
            else:
                (clean / key).touch()
    print(f"clang-tidy: {len(todo)} files checked, {found} with findings")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
