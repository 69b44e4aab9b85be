"""Folders equal powers: which folder may include what, and who may name a library's header.

Argument: the source tree.  A rule without a test is a wish.
"""

import re
import sys
import unittest
from pathlib import Path

ROOT = Path(sys.argv.pop())

BASE = {"privsep/base"}
WIRE = BASE | {"privsep/wire"}
PROTOCOL = WIRE | {"privsep/protocol", "policy"}

# folder: other folders whose headers it may include; single files are named whole
MAY_INCLUDE = {
    "policy": BASE,
    "privsep/base": set(),
    "privsep/audit": set(),
    "privsep/wire": BASE,
    # plain tables, which a message's bounds and enums come from
    "privsep/protocol": WIRE
    | {
        f"policy/{table}.h"
        for table in ("limits", "approvals", "assertion", "hosts", "modules", "secrets", "settings")
    },
    "privsep/loop": PROTOCOL - {"policy"} | {"policy/limits.h"},
    "privsep/jail": BASE | {"policy"},
    # plain structs and the roles: the launcher contains no decoder
    "privsep/launcher": BASE
    | {
        "privsep/jail",
        "policy",
        "privsep/wire/reserve.h",
        "privsep/wire/spawn.h",
        "privsep/protocol/roles.h",
    },
    "privsep/migrate": BASE | {"policy"},
    "privsep/monitor": PROTOCOL | {"privsep/loop", "privsep/jail", "privsep/audit"},
    "privsep/password": PROTOCOL | {"privsep/jail"},
    "privsep/http": PROTOCOL | {"privsep/loop"},
    "gateway": PROTOCOL | {"privsep/loop", "privsep/http", "privsep/jail"},
    "egress/egress": PROTOCOL | {"privsep/loop", "privsep/jail"},
    "egress/dialer": PROTOCOL | {"privsep/loop", "privsep/jail"},
    "executor": PROTOCOL | {"privsep/jail"},
    # it checks the chain and its checkpoints itself, as whoever has an export can
    "admin": PROTOCOL | {"privsep/loop", "privsep/http", "privsep/jail", "privsep/audit"},
    "admin/ctl": PROTOCOL | {"privsep/audit", "admin/metrics", "admin/review", "privsep/http/base64.h"},
    # keys to know whether one fits, the launcher's way to configuration, accounts and database
    "admin/backup": BASE
    | {"policy", "privsep/audit", "privsep/jail", "privsep/launcher", "privsep/migrate/schema_files.h"}
    | {"privsep/monitor/keys.h", "privsep/monitor/audit_head.h", "admin/ctl/terminal.h"},
    "admin/metrics": PROTOCOL,
    # differences of two answers of the monitor's, for the admin process and the terminal alike
    "admin/review": set(),
    "admin/audit-verify": {"privsep/audit"},
}

# header of a library: the folders, or files, that may include it
MAY_NAME = {
    r"Python\.h": {"executor/python.cc", "executor/python.h"},
    r"jansson\.h": {"gateway", "privsep/http", "admin"},
    r"libpq-fe\.h": {"privsep/monitor", "privsep/migrate"},
    r"sodium\.h": {
        "privsep/monitor",
        "privsep/password",
        "privsep/audit",
        "admin/ctl/audit.cc",
        "admin/main.cc",
        "admin/audit-verify",
        "admin/backup",
    },
    r"seccomp\.h": {"policy", "privsep/jail"},
    r"event2/http.*": {"privsep/http"},
    r"event2/.*": {"privsep/loop", "privsep/http"},
    r"curl/.*": {"egress/egress"},
    r"openssl/.*": {"egress/egress"},
    r"regex": {"gateway"},
}

# Inside its folder, what only some files may include.
SECRET_HOLDERS = {
    "privsep/base/secret.h": {"privsep/monitor", "privsep/base"},
    "privsep/base/secret_pages.h": {"privsep/monitor", "privsep/base"},
}


def ours(path):
    """Not a file of a fetched package, whose sources obey its own rules."""
    return "node_modules" not in path.relative_to(ROOT).parts


def sources():
    for folder in MAY_INCLUDE:
        for path in sorted((ROOT / folder).rglob("*")):
            if path.suffix in (".h", ".cc") and ours(path) and folder_of(path.relative_to(ROOT)) == folder:
                yield folder, path.relative_to(ROOT), path.read_text(encoding="utf-8")


def folder_of(path):
    """The longest known folder that holds this path."""
    known = [folder for folder in MAY_INCLUDE if str(path).startswith(folder + "/")]
    return max(known, key=len) if known else None


def allowed(path, places):
    return any(path == place or path.startswith(place + "/") for place in places)


class Includes(unittest.TestCase):
    def test_every_folder_with_sources_has_a_rule(self):
        for path in sorted(ROOT.rglob("*.cc")):
            relative = path.relative_to(ROOT)
            top = relative.parts[0]
            if top in ("tests", "bench", "run") or top.startswith("build") or not ours(path):
                continue
            self.assertIsNotNone(folder_of(relative), f"{relative} lies in a folder that no rule speaks of")

    def test_folders_include_only_what_their_power_allows(self):
        for folder, path, text in sources():
            for included in re.findall(r'^#include "([^"]+)"', text, re.M):
                self.assertTrue(
                    allowed(included, MAY_INCLUDE[folder] | {folder}), f"{path} includes {included}"
                )

    def test_our_headers_are_named_by_their_path_from_the_top(self):
        for _, path, text in sources():
            for included in re.findall(r'^#include "([^"]+)"', text, re.M):
                self.assertTrue(
                    (ROOT / included).is_file(), f"{path} includes {included}, which is not there"
                )

    def test_libraries_are_named_only_where_their_power_belongs(self):
        for _, path, text in sources():
            for included in re.findall(r"^#include <([^>]+)>", text, re.M):
                rule = next(
                    (places for header, places in MAY_NAME.items() if re.fullmatch(header, included)), None
                )
                if rule is not None:
                    self.assertTrue(allowed(str(path), rule), f"{path} includes <{included}>")

    def test_key_bytes_are_held_by_the_monitor_alone(self):
        for _, path, text in sources():
            for included in re.findall(r'^#include "([^"]+)"', text, re.M):
                holders = SECRET_HOLDERS.get(included)
                if holders is not None:
                    self.assertTrue(allowed(str(path), holders), f"{path} includes {included}")


class TheRuleItself(unittest.TestCase):
    """A wrong include must be found: the checks above would pass on an empty tree, too."""

    def test_sees_the_tree(self):
        self.assertGreater(sum(1 for _ in sources()), 100)

    def test_refuses_what_is_not_listed(self):
        self.assertFalse(allowed("privsep/monitor/keys.h", MAY_INCLUDE["gateway"] | {"gateway"}))
        self.assertFalse(allowed("privsep/wire/frame.h", MAY_INCLUDE["privsep/launcher"]))
        self.assertTrue(allowed("privsep/wire/spawn.h", MAY_INCLUDE["privsep/launcher"]))


if __name__ == "__main__":
    unittest.main()
