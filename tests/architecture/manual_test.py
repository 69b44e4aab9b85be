"""The manual pages: correct for mandoc, one for each program, and complete.

Argument: the source tree.
"""

import re
import shutil
import subprocess
import sys
import unittest
from pathlib import Path

ROOT = Path(sys.argv.pop())
PAGES = ROOT / "docs" / "man"


def page(name):
    return (PAGES / name).read_text(encoding="utf-8")


def said(text):
    """What of an mdoc text a reader sees, near enough to look for words in it."""
    return text.replace("\\-", "-").replace("Fl -", "--").replace("---", "--")


class Manual(unittest.TestCase):
    @unittest.skipUnless(shutil.which("mandoc"), "mandoc is not installed")
    def test_mandoc_finds_nothing_to_complain_about(self):
        pages = sorted(str(path) for path in PAGES.iterdir())
        self.assertGreaterEqual(len(pages), 12)
        checked = subprocess.run(["mandoc", "-Tlint", *pages], capture_output=True, text=True, check=False)
        # It looks for other pages among the machine's; ours are looked for where they are.
        own = {path.name for path in PAGES.iterdir()}
        left = []
        for line in (checked.stdout + checked.stderr).splitlines():
            other = re.search(r"STYLE: referenced manual not found: Xr (\S+) (\d)", line)
            if not (other and f"{other[1]}.{other[2]}" in own):
                left.append(line)
        self.assertEqual(left, [])

    @unittest.skipUnless(shutil.which("mandoc"), "mandoc is not installed")
    def test_a_mistake_is_seen(self):
        wrong = page("mcpbox.7") + ".Xq nothing\n"
        checked = subprocess.run(
            ["mandoc", "-Tlint"], input=wrong, capture_output=True, text=True, check=False
        )
        self.assertIn("Xq", checked.stdout + checked.stderr)

    def test_every_program_has_one(self):
        target = (ROOT / "CMakeLists.txt").read_text(encoding="utf-8").partition("foreach(program ")[2]
        programs = set(re.findall(r"mcpbox[a-z-]*", target.partition(")")[0]))
        self.assertGreaterEqual(len(programs), 11)
        pages = {path.stem for path in PAGES.iterdir()}
        self.assertEqual(pages, programs | {"mcpbox", "mcpbox.conf"})

    def test_every_option_of_mcpboxctl_is_in_its_page(self):
        code = (ROOT / "admin" / "ctl" / "options.cc").read_text(encoding="utf-8")
        options = set(re.findall(r'"(--[a-z-]+)"', code)) - {"--help", "--version"}
        self.assertGreaterEqual(len(options), 25)
        text = said(page("mcpboxctl.1"))
        self.assertEqual([name for name in sorted(options) if name not in text], [])

    def test_every_command_of_mcpboxctl_is_in_its_page(self):
        code = (ROOT / "admin" / "ctl" / "commands.cc").read_text(encoding="utf-8")
        commands = set(re.findall(r'^    \{ "([a-z-]+)", ', code, flags=re.M))
        self.assertGreaterEqual(len(commands), 20)
        text = page("mcpboxctl.1")
        missing = [name for name in commands if f".It Cm {name}" not in text]
        self.assertEqual(missing, [])

    def test_every_key_and_every_variable_is_in_the_page_of_the_configuration(self):
        text = page("mcpbox.conf.5")
        launcher = ROOT / "privsep" / "launcher"
        keys = re.findall(r'\{ "([a-z-]+)", +Times::', (launcher / "config.cc").read_text(encoding="utf-8"))
        self.assertGreaterEqual(len(keys), 18)
        for key in keys:
            self.assertIn(f".It Ic {key} No =", text)
        variables = re.findall(
            r'\{ "([A-Z_]+)", +Means::', (launcher / "config_environment.cc").read_text(encoding="utf-8")
        )
        self.assertEqual(len(variables), 5)
        for variable in [*variables, "MCPBOX_ENCRYPTION_KEY"]:
            self.assertIn(f".It Ev {variable}\n", text)

    def test_every_word_of_a_programs_usage_is_in_its_page(self):
        for source in ROOT.glob("*/**/main.cc"):
            usage = re.search(r'"usage: (mcpbox-[a-z-]+) ((?:[^;])*);', source.read_text(encoding="utf-8"))
            if usage is None or "tests" in source.parts:
                continue
            pages = list(PAGES.glob(f"{usage[1]}.*"))
            self.assertEqual(len(pages), 1, usage[1])
            for option in re.findall(r"--[a-z][a-z-]+", usage[2]):
                self.assertIn(option, said(pages[0].read_text(encoding="utf-8")), usage[1])


class Documents(unittest.TestCase):
    """documents.py --check says that they are current; here: that the reading of the code missed nothing."""

    @staticmethod
    def document(name):
        return (ROOT / "docs" / name).read_text(encoding="utf-8")

    def test_every_route_is_in_the_document_of_the_api(self):
        code = (ROOT / "admin" / "routes.cc").read_text(encoding="utf-8")
        routes = re.findall(r'^ +\{ k(\w+), +"(/api[^"]*)"', code, flags=re.M)
        self.assertGreaterEqual(len(routes), 40)
        text = self.document("api.md")
        self.assertEqual([r for r in routes if f"`{r[0].upper()} {r[1]}`" not in text], [])

    def test_every_management_tool_is_described_with_every_argument(self):
        text = self.document("management-tools.md")
        names = set()
        for source in (ROOT / "gateway").glob("manage*.cc"):
            names |= set(
                re.findall(r'^    \{ "(mcpbox_\w+)", "', source.read_text(encoding="utf-8"), flags=re.M)
            )
        self.assertGreaterEqual(len(names), 22)
        self.assertEqual([name for name in sorted(names) if f"### {name}\n" not in text], [])
        self.assertNotRegex(text, r"\| +\|\n", "an argument without a description")

    def test_every_key_and_variable_is_in_the_document_of_the_configuration(self):
        text = self.document("configuration.md")
        launcher = ROOT / "privsep" / "launcher"
        keys = re.findall(r'\{ "([a-z-]+)", +Times::', (launcher / "config.cc").read_text(encoding="utf-8"))
        for word in [*keys, "DATABASE_URL", "SANDBOX_API_KEY", "LOG_RETENTION_DAYS", "MCPBOX_ENCRYPTION_KEY"]:
            self.assertIn(f"`{word}`", text)

    def test_every_link_between_documents_leads_somewhere(self):
        pages = [*ROOT.glob("*.md"), *ROOT.glob("docs/*.md"), ROOT / "privsep" / "README.md"]
        self.assertGreaterEqual(len(pages), 20)
        for page in pages:
            for target in re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", page.read_text(encoding="utf-8")):
                if not target.startswith("http"):
                    self.assertTrue((page.parent / target).exists(), f"{page}: {target}")


class Completion(unittest.TestCase):
    def complete(self, *words):
        script = """
          . scripts/mcpboxctl.bash-completion
          COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _mcpboxctl; printf '%s\\n' "${COMPREPLY[@]}"
        """
        done = subprocess.run(
            ["bash", "-c", script, "bash", "mcpboxctl", *words],
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=True,
        )
        self.assertEqual(done.stderr, "")
        return done.stdout.split()

    def test_commands(self):
        self.assertEqual(self.complete("appr"), ["approve"])
        self.assertIn("status", self.complete(""))
        self.assertEqual(self.complete("--json", "stat"), ["status", "stats"][:2])

    def test_words_of_a_command(self):
        self.assertEqual(self.complete("audit", ""), ["verify", "export", "head", "show", "prune"])
        self.assertEqual(self.complete("--socket", "/x", "profile", "st"), ["strict"])

    def test_options(self):
        self.assertEqual(self.complete("status", "--js"), ["--json"])
        self.assertEqual(self.complete("reject", "--reason", ""), [])


if __name__ == "__main__":
    unittest.main()
