"""The linker's word on powers: which libraries each program needs, and how it is hardened.

Argument: the folder with the programs.
"""

import json
import os
import re
import subprocess
import sys
import unittest
from pathlib import Path

PROGRAMS = Path(sys.argv.pop())

C_RUNTIME = {"libc", "libm", "libstdc++", "libgcc_s", "ld-linux-x86-64"}

# program: the libraries that it links besides the C and C++ runtime, all of them and no other
NEEDS = {
    "mcpbox-launcher": set(),
    "mcpbox-monitor": {"libevent_core", "libpq", "libsodium", "libseccomp"},
    "mcpbox-gateway": {"libevent_core", "libevent_extra", "libjansson", "libseccomp"},
    "mcpbox-admin": {"libevent_core", "libevent_extra", "libjansson", "libseccomp", "libsodium"},
    "mcpbox-executor": {"libpython3", "libseccomp"},
    "mcpbox-password": {"libsodium", "libseccomp"},
    # libcurl in this one alone, and TLS with it
    "mcpbox-egress": {"libevent_core", "libcurl", "libssl", "libcrypto", "libseccomp"},
    "mcpbox-dialer": {"libevent_core", "libseccomp"},
    "mcpbox-migrate": {"libpq"},
    "mcpboxctl": {"libjansson", "libsodium"},
    "mcpbox-audit-verify": {"libsodium"},
    "mcpbox-backup": {"libsodium"},
}

# What a library may bring without being asked for: named so that the list above stays about powers.
OPTIONAL = {
    "mcpbox-monitor": {"libevent_extra"},
    "mcpbox-egress": {"libevent_extra"},
    "mcpbox-dialer": {"libevent_extra"},
}


def readelf(option, program):
    return subprocess.run(
        ["readelf", "--wide", option, PROGRAMS / program], check=True, capture_output=True, text=True
    ).stdout


def needed(program):
    names = re.findall(r"\(NEEDED\).*\[([^\]]+)\]", readelf("--dynamic", program))
    return {re.split(r"\.so|-2\.1|\.\d", name)[0] for name in names}


class Programs(unittest.TestCase):
    def test_each_links_exactly_what_its_power_needs(self):
        for program, libraries in NEEDS.items():
            with self.subTest(program=program):
                found = needed(program) - C_RUNTIME
                self.assertEqual(found - OPTIONAL.get(program, set()), libraries)

    def test_each_is_position_independent(self):
        for program in NEEDS:
            with self.subTest(program=program):
                self.assertIn("DYN (Position-Independent Executable file)", readelf("--file-header", program))

    def test_each_has_its_relocations_read_only_from_the_start(self):
        for program in NEEDS:
            with self.subTest(program=program):
                self.assertIn("GNU_RELRO", readelf("--program-headers", program))
                self.assertRegex(readelf("--dynamic", program), r"BIND_NOW|FLAGS.*NOW")

    def test_no_stack_is_executable(self):
        for program in NEEDS:
            with self.subTest(program=program):
                stack = re.search(r"GNU_STACK.* (R\S*) +0", readelf("--program-headers", program))
                self.assertIsNotNone(stack)
                self.assertNotIn("E", stack.group(1))

    def test_no_segment_is_writable_and_executable(self):
        for program in NEEDS:
            with self.subTest(program=program):
                self.assertNotRegex(readelf("--program-headers", program), r"LOAD .*RWE")

    def test_no_library_is_looked_for_in_a_folder_of_ours(self):
        for program in NEEDS:
            with self.subTest(program=program):
                self.assertNotRegex(readelf("--dynamic", program), r"R(UN)?PATH")

    def test_each_checks_its_stack(self):
        for program in NEEDS:
            with self.subTest(program=program):
                self.assertIn("__stack_chk_fail", readelf("--dyn-syms", program))

    def test_library_calls_that_know_their_bounds_check_them(self):
        # Not each program calls one with a bound that the compiler knows; those that read the most do.
        for program in ("mcpbox-launcher", "mcpbox-monitor", "mcpbox-gateway", "mcpbox-executor"):
            with self.subTest(program=program):
                self.assertRegex(readelf("--dyn-syms", program), r"__\w+_chk@")

    def test_each_part_of_each_program_is_compiled_with_every_guard(self):
        guards = ["-fstack-protector-strong", "-fstack-clash-protection", "-fcf-protection=full"]
        fortified = re.compile(r"-D_FORTIFY_SOURCE=[23]\b")
        commands = json.loads((PROGRAMS.parent / "compile_commands.json").read_text(encoding="utf-8"))
        parts = [one for one in commands if not re.search(r"/(tests|bench)/", one["file"])]
        self.assertGreater(len(parts), 150)
        for part in parts:
            words = part["command"]
            self.assertEqual([guard for guard in guards if guard not in words], [], part["file"])
            self.assertRegex(words, fortified, part["file"])

    @unittest.skipUnless(os.uname().machine == "x86_64", "the shadow stack's marks are x86's")
    def test_each_program_of_ours_is_ready_for_shadow_stacks_and_branch_tracking(self):
        # The C runtime's own start files are without it in Debian 12, so the linked program does not say it.
        objects = [path for path in PROGRAMS.parent.glob("*/**/main.cc.o") if "tests" not in path.parts]
        self.assertGreaterEqual(len(objects), len(NEEDS) - 2)
        for path in objects:
            notes = subprocess.run(["readelf", "--notes", path], check=True, capture_output=True, text=True)
            self.assertRegex(notes.stdout, r"x86 feature: IBT, SHSTK", path)


if __name__ == "__main__":
    unittest.main()
