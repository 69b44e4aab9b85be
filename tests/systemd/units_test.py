"""The systemd units: correct, no weaker than promised, and of one mind with the code.

Arguments: the source tree, and the folder that it was built in.
"""

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import unittest
from ipaddress import ip_address, ip_network
from pathlib import Path

BUILD = Path(sys.argv.pop())
ROOT = Path(sys.argv.pop())
UNITS = ROOT / "systemd"

# What `systemd-analyze security` calls exposure, times ten.  What stands against the launcher is root, the
# network of the machine, and the namespaces that jails are made of: mcpboxd.service names each directive that
# it cannot have.
MOST_EXPOSURE = {
    "mcpboxd.service": 35,
    "mcpbox-db.service": 20,
    "mcpbox-tunnel.service": 15,
    "mcpbox-backup.service": 20,
}


def run(*words):
    return subprocess.run(words, capture_output=True, text=True, check=False)


def settings(name):
    """Key to the values that it is given, in order."""
    found = {}
    for line in (UNITS / name).read_text(encoding="utf-8").splitlines():
        if match := re.match(r"(\w+)=(.*)", line):
            found.setdefault(match[1], []).append(match[2])
    return found


@unittest.skipUnless(shutil.which("systemd-analyze"), "systemd-analyze is not installed")
class AsSystemdReadsThem(unittest.TestCase):
    def test_every_unit_is_correct(self):
        with tempfile.TemporaryDirectory() as folder:
            for unit in UNITS.iterdir():
                if unit.suffix not in (".service", ".socket", ".target", ".timer"):
                    continue
                text = unit.read_text(encoding="utf-8")
                # The program is not installed where this runs.
                Path(folder, unit.name).write_text(
                    re.sub(r"^(ExecStart\w*=)\S+", r"\1/bin/true", text, flags=re.M),
                    encoding="utf-8",
                )
            units = [str(path) for path in Path(folder).iterdir()]
            self.assertGreaterEqual(len(units), 5)
            checked = run("systemd-analyze", "verify", "--man=no", *units)
            self.assertEqual((checked.returncode, checked.stderr.strip()), (0, ""))

    def test_a_mistake_in_a_unit_is_seen(self):
        with tempfile.TemporaryDirectory() as folder:
            unit = Path(folder, "wrong.service")
            unit.write_text(
                "[Service]\nExecStart=/bin/true\nProtectSystme=strict\n",
                encoding="utf-8",
            )
            self.assertIn(
                "ProtectSystme",
                run("systemd-analyze", "verify", "--man=no", str(unit)).stderr,
            )

    def test_exposure_stays_below_what_is_promised(self):
        for unit in UNITS.glob("*.service"):
            words = (
                "security",
                "--offline=true",
                "--no-pager",
                f"--threshold={MOST_EXPOSURE[unit.name]}",
            )
            checked = run("systemd-analyze", *words, str(unit))
            self.assertEqual(checked.returncode, 0, checked.stdout[-400:])

    def test_one_directive_less_is_seen(self):
        with tempfile.TemporaryDirectory() as folder:
            unit = Path(folder, "mcpboxd.service")
            text = (UNITS / unit.name).read_text(encoding="utf-8")
            unit.write_text(text.replace("ProtectSystem=strict\n", ""), encoding="utf-8")
            threshold = f"--threshold={MOST_EXPOSURE[unit.name]}"
            checked = run("systemd-analyze", "security", "--offline=true", threshold, str(unit))
            self.assertNotEqual(checked.returncode, 0)

    def test_each_directive_that_a_service_does_without_is_named_with_its_reason(self):
        for unit in UNITS.glob("*.service"):
            text = unit.read_text(encoding="utf-8")
            reasons = set(
                re.findall(r"^#   (\w+)=?", text.partition("# What it cannot have:")[2], flags=re.M)
            )
            analysed = run("systemd-analyze", "security", "--offline=true", "--json=short", str(unit))
            for row in json.loads(analysed.stdout):
                directive = re.match(r"\w+", row["name"])[0]
                weak = float(row["exposure"] or 0) > 0 and not row["set"]
                # Those that are lists are given as short as they can be, with the reason above them.
                if weak and settings(unit.name).get(directive) is None:
                    self.assertIn(directive, reasons, f"{unit.name}: {row['description']}")


def milliseconds_of(*paths):
    """The constants kNAMEMs of these sources: numbers, and sums and products of earlier ones."""
    known = {}
    for path in paths:
        text = (ROOT / path).read_text(encoding="utf-8").replace("'", "")
        for name, value in re.findall(r"\bk(\w+)Ms =\s*([^;]+);", text):
            value = re.sub(r"[\w:]*\bk(\w+)Ms", lambda match: str(known.get(match[1], match[0])), value)
            if re.fullmatch(r"[\d\s+*]+", value):
                known[name] = eval(value)
    return known


class AsTheCodeMeansThem(unittest.TestCase):
    def test_every_account_of_the_spawn_table_is_made(self):
        launcher = ROOT / "privsep" / "launcher"
        code = (launcher / "spawn_table.cc").read_text() + (launcher / "spawn_table.h").read_text()
        wanted = set(re.findall(r'"(mcpbox-[a-z-]+)"\s*,\s*\d{5},', code))
        wanted |= set(re.findall(r'kMigrateAccount = "([^"]+)"', code))
        self.assertGreaterEqual(len(wanted), 5)
        made = set(re.findall(r"^u\s+(\S+)", (UNITS / "mcpbox.sysusers.conf").read_text(), flags=re.M))
        self.assertEqual(made, wanted)

    def test_the_sockets_are_the_addresses_that_an_installation_listens_on(self):
        header = (ROOT / "privsep" / "launcher" / "config.h").read_text()
        default = re.search(r"listen +loopback address.*?(\S+) and (\S+)", header)
        self.assertEqual(settings("mcpboxd.socket")["ListenStream"], [default[1], default[2]])
        default = re.search(r"admin-listen .*?(\S+)\n", header)
        self.assertEqual(settings("mcpbox-admin.socket")["ListenStream"], [default[1]])

    def test_a_service_takes_every_socket_that_names_it(self):
        own = {unit.name for unit in UNITS.glob("*.socket")}
        self.assertEqual(set(settings("mcpboxd.service")["Sockets"][0].split()), own)
        for name in own - {"mcpboxd.socket"}:
            self.assertEqual(settings(name)["Service"], ["mcpboxd.service"])

    def test_the_target_wants_every_unit(self):
        wanted = set(settings("mcpbox.target")["Wants"][0].split())
        kinds = {path.name for kind in ("service", "socket", "timer") for path in UNITS.glob(f"*.{kind}")}
        started_by_a_timer = {path.stem + ".service" for path in UNITS.glob("*.timer")}
        self.assertEqual(wanted, kinds - started_by_a_timer)

    def test_the_tunnel_reaches_its_gateway_and_nothing_else_of_ours(self):
        tunnel = settings("mcpbox-tunnel.service")
        lines = (UNITS / "mcpbox.conf").read_text(encoding="utf-8")
        own = re.search(r"^#tunnel-listen = ([0-9.]+):", lines, flags=re.M)[1]
        allowed = [ip_network(word) for word in tunnel["IPAddressAllow"][0].split()]
        denied = tunnel["IPAddressDeny"][0].split()
        self.assertIn(ip_network(own), allowed)
        self.assertIn("localhost", denied)
        others = re.findall(r"^#(?:listen|admin-listen) = \[?([0-9a-f.:]+?)\]?:\d+$", lines, flags=re.M)
        self.assertGreaterEqual(len(others), 3)
        for address in (*others, "::1"):
            self.assertFalse(any(ip_address(address) in network for network in allowed), address)
        private = ("10.1.2.3", "172.16.0.1", "192.168.1.1", "100.64.0.1", "fd00::1")
        networks = [ip_network(word) for word in denied if "/" in word]
        for address in private:
            self.assertTrue(any(ip_address(address) in network for network in networks), address)

    def test_the_tunnels_token_is_a_credential_and_no_argument(self):
        tunnel = settings("mcpbox-tunnel.service")
        name, file = tunnel["LoadCredential"][0].split(":")
        self.assertEqual([file], tunnel["ConditionPathExists"])
        self.assertTrue(tunnel["ExecStart"][0].endswith(f"--token-file %d/{name}"))
        self.assertEqual(tunnel["DynamicUser"], ["yes"])
        self.assertNotIn("Environment", tunnel)

    def test_the_database_is_set_as_the_launcher_sets_its_own(self):
        code = (ROOT / "privsep" / "launcher" / "database.cc").read_text()
        wanted = dict(re.findall(r'\{ "([^"=]*)=([^"]*)", +"[^"]+" +\}', code))
        self.assertGreaterEqual(len(wanted), 20)
        given = dict(re.findall(r"^(\w+) = '([^']*)'$", self.database_file("postgresql.conf"), flags=re.M))
        places = {name: given.pop(name) for name in ("unix_socket_directories", "hba_file", "ident_file")}
        self.assertEqual(given, wanted)
        self.assertEqual(
            places["unix_socket_directories"], "/run/" + settings("mcpbox-db.service")["RuntimeDirectory"][0]
        )
        start = settings("mcpbox-db.service")["ExecStart"][0]
        self.assertIn(f"config_file={Path(places['hba_file']).parent}/postgresql.conf", start)
        order = (ROOT / "policy" / "oom_order.h").read_text()
        own = re.search(r"kOomDatabase = (-\d+)", order)[1]
        self.assertEqual(settings("mcpbox-db.service")["OOMScoreAdjust"], [own])

    def test_the_database_admits_whom_the_launchers_own_admits(self):
        view = (ROOT / "privsep" / "launcher" / "view.cc").read_text()
        wanted = re.findall(r'"(local .*?)\\n"', view)
        given = [line for line in self.database_file("pg_hba.conf").splitlines() if not line.startswith("#")]
        self.assertEqual([line.split() for line in given], [line.split() for line in wanted])
        table = (ROOT / "privsep" / "launcher" / "spawn_table.cc").read_text()
        monitor = re.search(r'Role::kMonitor, .*?"(mcpbox-monitor)", +\d', table)[1]
        lines = self.database_file("pg_ident.conf").splitlines()
        self.assertEqual(
            [line.split() for line in lines if not line.startswith("#")],
            [["mcpbox", "mcpbox-migrate", "mcpbox_owner"], ["mcpbox", monitor, "mcpbox_monitor"]],
        )

    @staticmethod
    def database_file(name):
        return (UNITS / "database" / name).read_text(encoding="utf-8")

    def test_every_key_of_the_configuration_is_in_the_file_that_is_installed(self):
        code = (ROOT / "privsep" / "launcher" / "config.cc").read_text()
        keys = set(re.findall(r'\{ "([a-z-]+)", +Times::', code))
        self.assertGreaterEqual(len(keys), 18)
        lines = (UNITS / "mcpbox.conf").read_text(encoding="utf-8").splitlines()
        self.assertEqual({match[1] for line in lines if (match := re.match(r"#([a-z-]+) = ", line))}, keys)
        self.assertEqual([line for line in lines if line and not line.startswith("#")], [])

    def test_the_launcher_has_the_time_that_it_may_take(self):
        allowed = milliseconds_of("policy/limits.h", "privsep/launcher/watch.cc")
        unit = settings("mcpboxd.service")
        self.assertGreater(int(unit["TimeoutStartSec"][0]) * 1000, allowed["DatabaseStart"])
        stops = ("MonitorStop", "Killed", "DatabaseStop")
        self.assertGreater(int(unit["TimeoutStopSec"][0]) * 1000, sum(allowed[stop] for stop in stops))

    def test_a_machine_that_is_busy_is_not_taken_for_a_hang(self):
        said = (ROOT / "privsep" / "wire" / "spawn.h").read_text()
        every = int(re.search(r"kAliveMs = ([\d']+)", said)[1].replace("'", ""))
        self.assertGreaterEqual(int(settings("mcpboxd.service")["WatchdogSec"][0]) * 1000, 4 * every)

    def test_the_order_of_victims_is_the_launchers_own(self):
        order = (ROOT / "policy" / "oom_order.h").read_text()
        own = re.search(r"kOomLauncher = (-\d+)", order)[1]
        self.assertEqual(settings("mcpboxd.service")["OOMScoreAdjust"], [own])

    def test_mcpboxctl_finds_the_service_without_being_told_where(self):
        options = (ROOT / "admin" / "ctl" / "options.cc").read_text()
        socket = re.search(r'kServiceSocket = "([^"]+)"', options)[1]
        links = re.findall(
            r"^L\+\s+(\S+) .*\s(\S+)$", (UNITS / "mcpbox.tmpfiles.conf").read_text(), flags=re.M
        )
        self.assertEqual(links, [(socket, "/var/lib/mcpbox/control.sock")])

    def test_each_call_can_have_its_group(self):
        self.assertEqual(settings("mcpboxd.service")["Delegate"], ["memory pids"])


class AsTheyAreInstalled(unittest.TestCase):
    """`make install` into a folder: nothing is written outside it, and what a unit starts is there."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.tree = Path(folder.name)

    def install(self, **environment):
        words = [str(ROOT / "scripts" / "install.sh"), "--built"]
        settings_of_it = {"PATH": os.environ["PATH"], "BUILD": str(BUILD), "DESTDIR": str(self.tree)}
        return subprocess.run(
            words, env=settings_of_it | environment, capture_output=True, text=True, check=False
        )

    def test_what_a_unit_starts_is_where_it_says(self):
        for prefix in ("/usr", "/opt/mcpbox"):
            installed = self.install(PREFIX=prefix)
            self.assertEqual((installed.returncode, installed.stderr), (0, ""))
            units = list(Path(f"{self.tree}{prefix}/lib/systemd/system").iterdir())
            self.assertEqual(
                len(units),
                sum(len([*UNITS.glob(f"*.{kind}")]) for kind in ("socket", "service", "timer")) + 1,
            )
            started = []
            for unit in units:
                text = unit.read_text(encoding="utf-8")
                started += re.findall(r"^ExecStart(?:Pre)?=(\S+)", text, flags=re.M)
                for file in re.findall(r"config_file=(\S+)", text):
                    self.assertTrue(Path(f"{self.tree}{file}").exists(), file)
            self.assertGreaterEqual(len(started), 4)
            for program in started:
                if "/postgresql/" not in program and not program.endswith("/cloudflared"):
                    self.assertTrue(os.access(f"{self.tree}{program}", os.X_OK), program)

    def test_every_program_of_the_spawn_table_stands_beside_the_launcher(self):
        self.assertEqual(self.install().returncode, 0)
        table = (ROOT / "privsep" / "launcher" / "spawn_table.cc").read_text()
        for program in set(re.findall(r'\{ Role::k\w+, +"(mcpbox-\w+)"', table)) | {"mcpbox-migrate"}:
            self.assertTrue((self.tree / "usr/libexec/mcpbox" / program).exists(), program)

    @unittest.skipUnless(shutil.which("systemd-sysusers") and os.geteuid() == 0, "needs systemd and root")
    def test_accounts_and_folders_are_made_from_what_is_installed(self):
        self.assertEqual(self.install().returncode, 0)
        (self.tree / "etc").mkdir(exist_ok=True)
        for program in ("systemd-sysusers", "systemd-tmpfiles"):
            create = ["--create"] if program == "systemd-tmpfiles" else []
            made = run(program, *create, f"--root={self.tree}", "mcpbox.conf")
            self.assertEqual((made.returncode, made.stdout), (0, ""), made.stderr)
        accounts = (self.tree / "etc/passwd").read_text(encoding="utf-8")
        self.assertRegex(accounts, r"(?m)^mcpbox-monitor:.*:/nonexistent:/usr/sbin/nologin$")
        self.assertEqual((self.tree / "var/lib/mcpbox/log").stat().st_mode & 0o777, 0o750)
        self.assertTrue((self.tree / "run/mcpbox/control.sock").is_symlink())

    def test_the_profiles_are_where_apparmor_looks_for_them(self):
        for known, userns in (("3.0", False), ("4.0", True)):
            abi, prefix = self.tree / f"abi-{known}", "/opt/mcpbox"
            abi.mkdir()
            (abi / known).touch()
            self.assertEqual(self.install(PREFIX=prefix, APPARMOR_ABI=str(abi)).returncode, 0)
            folder = self.tree / "etc/apparmor.d"
            self.assertIn(f"\nabi <abi/{known}>,\n", (folder / "mcpbox").read_text(encoding="utf-8"))
            rules = folder / "abstractions/mcpbox"
            self.assertEqual((rules / "userns").exists(), userns)
            text = (rules / "profiles").read_text(encoding="utf-8")
            attached = re.findall(r"^profile \S+ (/\S+)", text, flags=re.M)
            self.assertGreaterEqual(len(attached), 11)
            for program in attached:
                self.assertTrue(os.access(f"{self.tree}{program}", os.X_OK), program)

    @unittest.skipUnless((ROOT / "admin/ui/dist").is_dir(), "the web page was not built")
    def test_the_web_page_is_where_the_admin_process_looks_for_it(self):
        self.assertEqual(self.install().returncode, 0)
        code = (ROOT / "privsep" / "launcher" / "members.cc").read_text(encoding="utf-8")
        place = re.search(r'view\.bin \+ "(/[^"]+)"', code)[1]
        self.assertTrue(Path(f"{self.tree}/usr/libexec/mcpbox{place}", "index.html").exists())

    def test_nobody_but_root_may_write_to_it(self):
        self.assertEqual(self.install().returncode, 0)
        for path in self.tree.rglob("*"):
            self.assertEqual(path.stat().st_mode & 0o022, 0, path)

    def test_a_prefix_that_is_no_path_is_refused(self):
        for prefix in ("usr", "/usr; true", "/a b", "/x#y"):
            installed = self.install(PREFIX=prefix)
            self.assertNotEqual(installed.returncode, 0)
            self.assertIn("PREFIX", installed.stderr)


if __name__ == "__main__":
    unittest.main()
