"""The profiles for abi 4.0, as a parser reads them that knows it: Debian 13's, unpacked beside this system.

Argument: the source tree.  Downloads four packages with apt, which checks their signatures; without a network
it says so and is skipped (exit status 77).
"""

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(sys.argv.pop())
PACKAGES = ("apparmor", "libc6", "libstdc++6", "libgcc-s1")  # the parser, and what it links
SKIPPED = 77
KEYS = "/usr/share/keyrings/debian-archive-keyring.gpg"


def run(*words, **more):
    return subprocess.run(words, capture_output=True, text=True, check=False, **more)


def download(folder):
    """Debian 13's packages, through lists of their own: this system's are left alone."""
    for name in ("lists/partial", "cache/archives/partial", "packages"):
        (folder / name).mkdir(parents=True)
    source = f"deb [signed-by={KEYS}] http://deb.debian.org/debian trixie main\n"
    (folder / "sources.list").write_text(source, encoding="utf-8")
    options = {
        "Dir::Etc::sourcelist": folder / "sources.list",
        "Dir::Etc::sourceparts": "-",
        "Dir::State::lists": folder / "lists",
        "Dir::Cache": folder / "cache",
        "Acquire::Languages": "none",
        "APT::Sandbox::User": "root",
    }
    words = [word for name, value in options.items() for word in ("-o", f"{name}={value}")]
    for step in (("update", "--error-on=any"), ("download", *PACKAGES)):
        done = run("apt-get", "-q", *words, *step, cwd=folder / "packages", timeout=300)
        if done.returncode != 0:
            print(f"SKIPPED: Debian 13's packages cannot be had: {done.stderr.strip()}")
            sys.exit(SKIPPED)


def unpack(folder):
    """The tree of the packages, and the words that start its parser."""
    tree = folder / "tree"
    for package in (folder / "packages").iterdir():
        subprocess.run(["dpkg-deb", "-x", package, tree], check=True)
    linker = next((tree / "usr").glob("lib*/**/ld-linux-*"))
    return tree, [linker, "--library-path", linker.parent, tree / "usr/sbin/apparmor_parser"]


def with_additions(folder):
    """The profiles as scripts/install.sh installs them where abi 4.0 is known."""
    to = folder / "profiles"
    shutil.copytree(ROOT / "apparmor", to, ignore=shutil.ignore_patterns("abi-*"))
    shutil.copytree(ROOT / "apparmor" / "abi-4.0", to, dirs_exist_ok=True)
    return to


def main():
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        download(folder)
        tree, parser = unpack(folder)
        profiles = with_additions(folder)
        etc = tree / "etc/apparmor.d"
        how = ("--base", etc, "-QTK", "--warn=all", f"--kernel-features={etc}/abi/4.0", "-I", profiles)
        compiled = run(*parser, *how, profiles / "mcpbox")
        assert (compiled.returncode, compiled.stdout, compiled.stderr) == (0, "", ""), compiled
        # The right to make a user namespace is really read: spelt wrong, it is an error.
        (profiles / "abstractions/mcpbox/userns").write_text("userns creat,\n", encoding="utf-8")
        assert run(*parser, *how, profiles / "mcpbox").returncode != 0
    print("compiled")


if __name__ == "__main__":
    os.umask(0o022)
    main()
