"""The comparison of traces with profiles: what it must not let pass.

Argument: the source tree.
"""

import sys
import tempfile
import unittest
from pathlib import Path

import compare
import policy
import trace

PROFILES = Path(sys.argv.pop()) / "apparmor"


class Comparison(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)
        self.rules = policy.read(PROFILES)

    def refused(self, program, *lines):
        (self.folder / program).write_text("".join(f"7 {line}\n" for line in lines), encoding="utf-8")
        return compare.refused(self.rules, compare.accesses(self.folder, []), set())

    def test_globs_mean_what_apparmor_means(self):
        for glob, yes, no in (
            ("/a/*", ["/a/b"], ["/a/b/c", "/a"]),
            ("/a/**", ["/a/b", "/a/b/c"], ["/ab"]),
            ("/a/{,b/}c", ["/a/c", "/a/b/c"], ["/a/bc", "/a/d/c"]),
            (
                "@{PROC}/@{pid}/stat",
                ["/proc/7/stat", "/proc/4711/stat"],
                ["/proc/self/stat", "/proc/1/2/stat"],
            ),
            ("/x.so", ["/x.so"], ["/xaso"]),
        ):
            pattern = policy.expression(glob, policy.VARIABLES)
            self.assertEqual([path for path in yes if not pattern.fullmatch(path)], [], glob)
            self.assertEqual([path for path in no if pattern.fullmatch(path)], [], glob)

    def test_an_access_without_a_rule_is_named(self):
        for program, line, access in (
            (
                "mcpbox-gateway",
                'openat(AT_FDCWD</>, "/etc/shadow", O_RDONLY) = 3</etc/shadow>',
                "'/etc/shadow', 'r'",
            ),
            (
                "mcpbox-monitor",
                'openat(AT_FDCWD</>, "x", O_WRONLY|O_CREAT, 0600) = 3</etc/x>',
                "'/etc/x', 'w'",
            ),
            (
                "mcpbox-egress",
                "socket(AF_INET, SOCK_DGRAM|SOCK_CLOEXEC, 0) = 3<socket:[1]>",
                "'inet', 'dgram'",
            ),
            ("mcpbox-admin", 'execve("/bin/sh", ["sh"], 0x7 /* 0 vars */) = 0', "sh has no profile"),
            ("mcpbox-dialer", 'mount("/", "/home", NULL, MS_BIND, NULL) = 0', "'mount', '/home/'"),
            ("mcpbox-password", 'unlinkat(4</etc>, "passwd", 0) = 0', "'/etc/passwd', 'w'"),
        ):
            self.assertIn(access, "\n".join(self.refused(program, line)), line)
            (self.folder / program).unlink()

    def test_a_log_is_made_by_who_may_write_and_added_to_by_who_may_append(self):
        added = 'openat(AT_FDCWD</>, "x", O_WRONLY|O_APPEND) = 3</var/lib/mcpbox/log/mcpbox.log>'
        made = added.replace("O_APPEND", "O_CREAT|O_APPEND")
        self.assertEqual(self.refused("mcpbox-monitor", added), [])
        self.assertEqual(len(self.refused("mcpbox-monitor", made)), 1)
        (self.folder / "mcpbox-monitor").unlink()
        self.assertEqual(self.refused("mcpbox-launcher", made), [])

    def test_what_failed_or_was_only_looked_at_is_no_access(self):
        lines = (
            'openat(AT_FDCWD</>, "/etc/shadow", O_RDONLY) = -1 EACCES (Permission denied)',
            'openat(AT_FDCWD</>, "/etc/shadow", O_RDONLY|O_PATH) = 3</etc/shadow>',
        )
        self.assertEqual(self.refused("mcpbox-gateway", *lines), [])

    def test_a_call_that_another_process_interrupts_is_put_together(self):
        file = self.folder / "mcpbox-gateway"
        file.write_text(
            '7 openat(AT_FDCWD</>, "/etc/shadow", O_RDONLY <unfinished ...>\n'
            "8 getpid() = 8\n"
            "7 <... openat resumed>) = 3</etc/shadow>\n",
            encoding="utf-8",
        )
        self.assertEqual(len(compare.refused(self.rules, compare.accesses(self.folder, []), set())), 2)

    def test_a_child_has_what_its_parent_ran_also_in_a_namespace(self):
        file = self.folder / "mcpbox-executor"
        file.write_text(
            "7 clone(child_stack=NULL, flags=SIGCHLD) = 2\n"
            '4711 openat(AT_FDCWD</>, "x", O_RDONLY) = 3</etc/shadow>\n',
            encoding="utf-8",
        )
        done = trace.Trace("mcpbox-executor", []).read(file)
        self.assertEqual(list(done), ["mcpbox-executor"])

    def test_a_rule_that_nothing_uses_is_named_and_so_is_a_stale_excuse(self):
        complaints = compare.unused(self.rules, set(), {"/no/such/rule r": "because"})
        self.assertTrue([one for one in complaints if one.endswith("/etc/group r")])
        self.assertIn("unused.txt excuses what is no rule: /no/such/rule r", complaints)


if __name__ == "__main__":
    unittest.main()
