"""The package on a machine of its own: installed, used, upgraded, removed, purged, and installed again.

Arguments: the source tree, and the folder that it was built in.  Needs root, and runs as a whole: each step
stands on the one before.
"""

import http.client
import json
import os
import pwd
import re
import shutil
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
import machine as machines  # noqa: E402
import manager  # noqa: E402

BUILD = Path(sys.argv[-1])
ROOT = Path(sys.argv[-2])
TOOLS = ("unshare", "setpriv", "dpkg-deb", "dh", "lintian", "systemd-sysusers", "systemd-tmpfiles")
USER = "games"  # who installs it: any account of the machine will do
CODE = "async def main(celsius: float) -> float:\n    return celsius * 9 / 5 + 32\n"


def missing():
    if os.geteuid() != 0:
        return "needs root"
    if not machines.has_layers():
        return "this kernel does not put a file system over another here"
    absent = [tool for tool in TOOLS if shutil.which(tool) is None]
    return f"not installed: {', '.join(absent)}" if absent else None


class Package(unittest.TestCase):
    def setUp(self):
        folder = tempfile.mkdtemp(prefix="mcpbox-machine-")
        self.addCleanup(os.rmdir, folder)
        self.addCleanup(subprocess.run, ["umount", "--lazy", "--recursive", folder], check=True)
        self.box = machines.Machine(folder)
        self.manager = manager.Manager(self.box)
        self.addCleanup(self.stop_everything)

    def stop_everything(self):
        self.manager.end()
        for name in list(self.box.running)[::-1]:
            self.box.stop(name)

    # --- the steps

    def dpkg(self, *words, refused=False, **environment):
        """What dpkg says.  The maintainer scripts find a systemd, which is the manager of this test."""
        variables = {"DEBIAN_FRONTEND": "noninteractive"} | environment
        done = self.box.run("dpkg", "--force-unsafe-io", *words, environment=variables)
        self.assertEqual(done.returncode != 0, refused, done.stdout + done.stderr)
        return done.stdout + done.stderr

    def assert_running(self, expected=True):
        for name in ("mcpbox-db.service", "mcpboxd.service"):
            self.assertEqual(self.manager.is_active(name), expected, f"{name}: {self.manager.troubles}")

    def sql(self, statement):
        """As the owner of the tables."""
        words = ["setpriv", "--reuid=mcpbox-migrate", "--regid=mcpbox-migrate", "--clear-groups", "psql"]
        words += [
            "--host=/run/mcpbox-db",
            "--username=mcpbox_owner",
            "--dbname=mcpbox",
            "--no-psqlrc",
            "-tAc",
            statement,
        ]
        done = self.box.run(*words)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        return done.stdout.strip()

    def ctl(self, *words):
        done = self.box.run("mcpboxctl", *words)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        return done.stdout

    def call(self, tool, **arguments):
        meta = {
            "io.modelcontextprotocol/protocolVersion": "2026-07-28",
            "io.modelcontextprotocol/clientCapabilities": {},
            "io.modelcontextprotocol/clientInfo": {"name": "package-test", "version": "1"},
        }
        body = {"name": tool, "arguments": arguments, "_meta": meta}
        headers = {
            "Content-Type": "application/json",
            "Accept": "application/json, text/event-stream",
            "MCP-Protocol-Version": "2026-07-28",
            "Mcp-Method": "tools/call",
            "Mcp-Name": tool,
        }
        client = http.client.HTTPConnection("127.0.0.1", 8000, timeout=60)
        request = json.dumps({"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": body})
        os.seteuid(pwd.getpwnam(USER).pw_uid)  # the kernel names the one who connects
        try:
            client.connect()
        finally:
            os.seteuid(0)
        client.request("POST", "/mcp", request, headers)
        answer = client.getresponse()
        text = answer.read().decode()
        if "event-stream" in answer.getheader("Content-Type", ""):
            text = [line[5:] for line in text.splitlines() if line.startswith("data:")][-1]
        client.close()
        result = json.loads(text).get("result")
        self.assertIsNotNone(result, text)
        self.assertFalse(result.get("isError"), text)
        return result["content"][0]["text"]

    def publish(self):
        server = json.loads(self.call("mcpbox_create_server", name="weather"))["id"]
        tool = json.loads(
            self.call("mcpbox_create_tool", server_id=server, name="to_fahrenheit", python_code=CODE)
        )["id"]
        self.call("mcpbox_request_publish", tool_id=tool)
        digest = json.loads(self.ctl("--json", "show", "weather__to_fahrenheit"))["digest"]
        self.ctl("approve", "weather__to_fahrenheit", "--digest", digest)
        self.call("mcpbox_start_server", server_id=server)

    def made(self):
        """The package, as `make deb` makes it: lintian has looked at it."""
        done = subprocess.run(
            [str(ROOT / "scripts" / "deb.sh"), "--built"],
            env=os.environ | {"BUILD": str(BUILD)},
            capture_output=True,
            text=True,
            check=False,
        )
        self.assertEqual(done.returncode, 0, done.stdout[-2000:] + done.stderr[-2000:])
        return done.stdout.splitlines()[-1]

    def put_versions(self, package, *versions):
        """The package under each version, as /tmp/mcpbox_VERSION.deb."""
        unpacked = self.box.path("/tmp/unpacked")
        subprocess.run(["dpkg-deb", "-R", package, str(unpacked)], check=True)
        control = unpacked / "DEBIAN" / "control"
        text = control.read_text(encoding="utf-8")
        for version in versions:
            control.write_text(re.sub(r"(?m)^Version: .*$", f"Version: {version}", text), encoding="utf-8")
            file = self.box.path(f"/tmp/mcpbox_{version}.deb")
            built = ["dpkg-deb", "-Znone", "-b", str(unpacked), str(file)]
            subprocess.run(built, check=True, capture_output=True)
        shutil.rmtree(unpacked)

    def test_its_whole_life(self):
        self.put_versions(os.environ.get("MCPBOX_PACKAGE") or self.made(), "1", "2", "3")
        said = self.dpkg("-i", "/tmp/mcpbox_1.deb", SUDO_USER=USER)
        self.assertIn("mcpboxctl setup-code", said)
        self.assert_running()
        self.look_at_what_was_installed()
        self.assertRegex(self.ctl("status"), r"(?m)^priv +\d+ +serving")
        self.publish()
        self.assertEqual(self.call("weather__to_fahrenheit", celsius=100), "212.0")
        self.assertRegex(self.ctl("setup-code"), r"[0-9A-Za-z]{4}")

        key = self.box.path("/var/lib/mcpbox/master.key").read_bytes()
        self.upgrade()
        self.assertEqual(self.box.path("/var/lib/mcpbox/master.key").read_bytes(), key)
        self.upgrade_that_does_not_start()

        self.dpkg("-r", "mcpbox")
        self.assert_running(False)
        self.assertEqual(self.box.path("/var/lib/mcpbox/master.key").read_bytes(), key)
        self.assertTrue(self.box.path("/etc/mcpbox/mcpbox.conf").exists())
        self.assertFalse(self.box.path("/usr/bin/mcpboxctl").exists())
        self.dpkg("-i", "/tmp/mcpbox_2.deb")
        self.assert_running()
        self.assertEqual(self.call("weather__to_fahrenheit", celsius=10), "50.0")

        self.dpkg("-P", "mcpbox")
        self.assert_running(False)
        for path in ("/var/lib/mcpbox", "/etc/mcpbox", "/usr/libexec/mcpbox", "/usr/share/mcpbox"):
            self.assertFalse(self.box.path(path).exists(), path)
        self.dpkg("-i", "/tmp/mcpbox_2.deb")
        self.assert_running()
        self.assertNotEqual(self.box.path("/var/lib/mcpbox/master.key").read_bytes(), key)
        self.assertNotIn("weather", self.ctl("--json", "status"))

    def upgrade(self):
        """The data are kept before the new version touches them, and go on with it."""
        self.dpkg("-i", "/tmp/mcpbox_2.deb")
        self.assert_running()
        before = self.box.path("/var/lib/mcpbox/before-upgrade")
        self.assertEqual(before.stat().st_mode & 0o777, 0o700)
        self.assertTrue((before / "database.dump").read_bytes().startswith(b"PGDMP"))
        self.assertEqual(self.call("weather__to_fahrenheit", celsius=0), "32.0")
        self.ctl("audit", "verify")

    def upgrade_that_does_not_start(self):
        """It has migrated the tables when it fails; the one before it goes on as if nothing had been."""
        records = self.sql("SELECT count(*) FROM mcpbox.audit")

        def half_way():
            self.sql(
                "CREATE TABLE mcpbox.half_done (x int); INSERT INTO mcpbox.schema_migrations "
                "VALUES (9999, 'newer.sql', 'x', now()); DELETE FROM mcpbox.approvals"
            )

        self.manager.fail("mcpboxd.service", half_way)
        said = self.dpkg("-i", "/tmp/mcpbox_3.deb", refused=True)
        self.assertIn("install the version 2 again", said)
        self.assertFalse(self.manager.is_active("mcpboxd.service"))
        self.manager.heal("mcpboxd.service")
        self.assertEqual(self.sql("SELECT to_regclass('mcpbox.half_done') IS NULL"), "t")
        self.dpkg("-i", "--force-downgrade", "/tmp/mcpbox_2.deb")
        self.assert_running()
        self.assertEqual(self.call("weather__to_fahrenheit", celsius=20), "68.0")
        self.ctl("audit", "verify")
        self.assertGreaterEqual(int(self.sql("SELECT count(*) FROM mcpbox.audit")), int(records))

    def look_at_what_was_installed(self):
        conf = self.box.path("/etc/mcpbox/mcpbox.conf")
        self.assertEqual(conf.stat().st_mode & 0o777, 0o600)
        self.assertIn(f"\nallow-user = {USER}\n", conf.read_text(encoding="utf-8"))
        self.assertIn("\n#spares = 4\n", conf.read_text(encoding="utf-8"))
        self.assertEqual(self.box.path("/var/lib/mcpbox/master.key").stat().st_mode & 0o777, 0o600)
        accounts = self.box.path("/etc/passwd").read_text(encoding="utf-8")
        for name in ("mcpbox-monitor", "mcpbox-executor", "mcpbox-migrate"):
            self.assertRegex(accounts, rf"(?m)^{name}:")
        groups = self.box.path("/etc/group").read_text(encoding="utf-8")
        self.assertRegex(groups, rf"(?m)^mcpbox-admin:.*\b{USER}\b", "whoever installs may use mcpboxctl")
        wanted = self.box.path("/etc/systemd/system/multi-user.target.wants/mcpbox.target")
        self.assertTrue(wanted.is_symlink(), "the service comes with the machine")


if __name__ == "__main__":
    if missing() is not None:
        print(f"skipped: {missing()}")
        sys.exit(77)
    machines.own_namespaces()
    unittest.main(argv=sys.argv[:1])
