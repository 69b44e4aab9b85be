"""The AppArmor profiles: they compile without a warning, there is one for each program, and what must never
be is not.

Argument: the source tree.  What the programs really do: tests/system/apparmor.test.ts.
"""

import re
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

import compare
import policy

ROOT = Path(sys.argv.pop())
PROFILES = ROOT / "apparmor"

TO_STRANGERS = {"gateway", "admin", "egress", "dialer", "executor", "password"}


def compiled(folder, file="mcpbox"):
    words = [
        "--skip-kernel-load",
        "--skip-read-cache",
        "--skip-cache",
        "--warn=all",
        f"--kernel-features={policy.FEATURES}",
    ]
    return subprocess.run(
        [policy.PARSER, *words, "-I", str(folder), str(folder / file)],
        capture_output=True,
        text=True,
        check=False,
    )


class AsTheParserReadsThem(unittest.TestCase):
    def test_they_compile_without_a_warning(self):
        made = compiled(PROFILES)
        self.assertEqual((made.returncode, made.stdout, made.stderr), (0, "", ""))

    def test_a_mistake_is_seen(self):
        with tempfile.TemporaryDirectory() as folder:
            text = (PROFILES / "mcpbox").read_text(encoding="utf-8")
            for wrong in ("/etc/passwd q,", "network inet strem,", "include <abstractions/mcpbox/nothing>"):
                Path(folder, "mcpbox").write_text(
                    f"{text}\nprofile wrong {{\n  {wrong}\n}}\n", encoding="utf-8"
                )
                made = subprocess.run(
                    [policy.PARSER, "-QTK", "-I", str(PROFILES), f"{folder}/mcpbox"],
                    capture_output=True,
                    check=False,
                )
                self.assertNotEqual(made.returncode, 0, wrong)

    def test_the_profiles_for_abi_4_differ_in_user_namespaces_alone(self):
        plain, newer = PROFILES / "mcpbox", PROFILES / "abi-4.0" / "mcpbox"
        rules = [re.sub("#.*", "", file.read_text(encoding="utf-8")).split() for file in (plain, newer)]
        self.assertEqual([word.replace("abi/4.0", "abi/3.0") for word in rules[1]], rules[0])
        more = {
            str(path.relative_to(PROFILES / "abi-4.0"))
            for path in (PROFILES / "abi-4.0").rglob("*")
            if path.is_file()
        }
        self.assertEqual(more, {"mcpbox", "abstractions/mcpbox/userns"})
        text = (PROFILES / "abstractions/mcpbox/profiles").read_text(encoding="utf-8")
        users = [block.split()[0] for block in text.split("\nprofile ")[1:] if "mcpbox/userns>" in block]
        self.assertEqual(users, ["mcpbox-launcher"])


class AsTheyAreMeant(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.rules = policy.read(PROFILES)
        cls.text = (PROFILES / "abstractions/mcpbox/profiles").read_text(encoding="utf-8")

    def test_each_program_has_a_profile_and_each_profile_a_program(self):
        script = (ROOT / "scripts" / "install.sh").read_text(encoding="utf-8")
        listed = re.search(r"programs=\(([^)]*)\)", script)[1].split()
        installed = {name: f"/usr/libexec/mcpbox/{name}" for name in listed}
        line = re.search(r"^put 0755 (.*) bin$", script, flags=re.M)[1]
        installed |= {name: f"/usr/bin/{name}" for name in re.findall(r"/bin/([\w-]+)", line)}
        self.assertGreaterEqual(len(installed), 11)
        attached = dict(re.findall(r"^profile (\S+) (/\S+)", self.text, flags=re.M))
        self.assertEqual(attached, installed)
        self.assertEqual(set(self.rules) - set(installed), {"mcpbox-postgres"})
        for name, path in installed.items():
            self.assertTrue(policy.allowing(self.rules[name], ("file", path, "mr")), name)

    def test_none_only_complains(self):
        self.assertEqual(set(re.findall(r"flags=\((\S+)\)", self.text)), {"attach_disconnected"})

    def test_the_launcher_starts_what_its_table_says_and_stacks_it(self):
        table = (ROOT / "privsep" / "launcher" / "spawn_table.cc").read_text(encoding="utf-8")
        wanted = set(re.findall(r'\{ Role::k\w+, +"(mcpbox-\w+)"', table)) | {
            "mcpbox-migrate",
            "mcpbox-postgres",
        }
        started = {rule.target for rule in self.rules["mcpbox-launcher"] if rule.target}
        self.assertEqual(started, {f"&{name}" for name in wanted})
        for rule in self.rules["mcpbox-launcher"]:
            if "x" in rule.modes:
                self.assertTrue(rule.target, rule.text)

    def test_what_a_child_may_its_launcher_may_too(self):
        # Or the stack of both would be less than the child needs.
        own = {rule.text for rule in self.rules["mcpbox-launcher"]}
        self.assertFalse([rule for rule in self.rules["mcpbox-launcher"] if rule.deny])
        for name in self.children():
            for rule in self.rules[name]:
                self.assertTrue(rule.deny or rule.text in own, f"{name}: {rule.text}")

    def children(self):
        return {rule.target[1:] for rule in self.rules["mcpbox-launcher"] if rule.target}

    def test_no_child_starts_a_program(self):
        for name in self.children():
            self.assertEqual(
                [rule.text for rule in self.rules[name] if "x" in rule.modes and not rule.deny], []
            )

    def test_the_executor_has_no_network_and_writes_no_file(self):
        for name in ("mcpbox-executor", "mcpbox-password"):
            rules = self.rules[name]
            self.assertEqual([rule.text for rule in rules if rule.kind == "network" and not rule.deny], [])
            for family in ("inet", "inet6", "netlink"):
                self.assertTrue(compare.has_denial(rules, ("network", family, "stream")), family)
            written = {rule.path for rule in rules if set(rule.modes) & set("walk") and not rule.deny}
            # A sink, standard error (the journal's socket, or a log that grows), its own place among
            # victims and in a control group.
            harmless = {
                "/dev/null",
                "/{,var/}run/systemd/journal/stdout",
                "/var/lib/mcpbox/log/*",
                "@{PROC}/@{pid}/oom_score_adj",
                "/{sys/fs/cgroup/,}**/cgroup.procs",
            }
            self.assertLessEqual(written, harmless)

    def test_what_must_never_be_is_refused_to_each_that_meets_strangers(self):
        homes = [f"/{folder}/x" for folder in ("root", "home")]
        never = [
            ("file", path, modes)
            for path in ("/etc/cron.d/x", "/usr/bin/x", "/srv/x", "/sys/kernel/x", *homes)
            for modes in ("w", "k")
        ]
        never += [
            ("file", "/usr/bin/sh", "x"),
            ("file", "/var/lib/mcpbox/master.key", "r"),
            ("file", "/etc/shadow", "r"),
        ]
        never += [*(("file", home, "r") for home in homes), ("file", "/run/mcpbox/data/base/1", "r")]
        never += [
            ("capability", name) for name in ("sys_ptrace", "sys_module", "dac_override", "setuid", "kill")
        ]
        never += [("network", "packet", "raw"), ("network", "inet", "raw"), ("mount", "/etc/")]
        for name in TO_STRANGERS:
            for access in never:
                self.assertEqual(
                    policy.allowing(self.rules[f"mcpbox-{name}"], access), [], f"{name} {access}"
                )

    def test_a_person_sees_what_it_says_at_every_kind_of_terminal(self):
        for name in ("mcpboxctl", "mcpbox-audit-verify"):
            for terminal in ("tty", "pts/0", "console", "tty1", "ttyS0", "hvc0"):
                access = ("file", f"/dev/{terminal}", "rw")
                self.assertTrue(policy.allowing(self.rules[name], access), access)
        self.assertEqual(policy.allowing(self.rules["mcpboxctl"], ("file", "/dev/sda", "r")), [])

    def test_only_the_dialer_speaks_to_name_servers(self):
        for name in self.children() - {"mcpbox-dialer"}:
            self.assertEqual(policy.allowing(self.rules[name], ("network", "inet", "dgram")), [], name)

    def test_the_master_key_is_read_by_who_starts_keeps_or_replaces_it(self):
        key = ("file", "/var/lib/mcpbox/master.key", "r")
        readers = {name for name in self.rules if policy.allowing(self.rules[name], key)}
        # mcpboxctl opens it for the monitor when root replaces it: `key rotate`.
        self.assertEqual(readers, {"mcpbox-launcher", "mcpbox-backup", "mcpboxctl"})

    def test_its_powers_are_those_of_its_unit(self):
        unit = (ROOT / "systemd" / "mcpboxd.service").read_text(encoding="utf-8")
        bounding = {name[4:].lower() for name in re.search(r"CapabilityBoundingSet=(.*)", unit)[1].split()}
        given = {rule.words[0] for rule in self.rules["mcpbox-launcher"] if rule.kind == "capability"}
        # The unit's database is another unit; see the rule.
        self.assertEqual(given - {"dac_read_search"}, bounding)

    def test_every_rule_says_why(self):
        # A comment stands over each group of rules; a group ends with an empty line or the next comment.
        for file in (PROFILES / "abstractions" / "mcpbox").iterdir():
            lines = file.read_text(encoding="utf-8").splitlines()
            self.assertTrue(lines[0].startswith("# "), file.name)
            explained = True
            for line in lines[1:]:
                words = line.strip()
                explained = bool(words) and (explained or words.startswith("#"))
                opens = re.match(r"(profile|}|include|/usr/(libexec/mcpbox|bin)/mcpbox\S* mr,|$)", words)
                self.assertTrue(explained or opens, f"{file.name}: {line}")
                if words.startswith("include") or not words or words.startswith("profile"):
                    explained = False


if __name__ == "__main__":
    unittest.main()
