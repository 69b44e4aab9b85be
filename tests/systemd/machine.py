"""A machine of its own for a test: this one's files, which stay as they are, with own processes and network.

Its units are run step by step as systemd would, from what their files say: there is no systemd in it.
"""

import ctypes
import os
import re
import signal
import socket
import subprocess
import time
from pathlib import Path

CAPABILITIES = "CapabilityBoundingSet"


def own_namespaces():
    """This process again, in namespaces of its own; returns only there."""
    if os.environ.get("MCPBOX_OWN_MACHINE") == "1":
        return
    words = ["unshare", "--mount", "--net", "--pid", "--fork", "--kill-child", "--mount-proc"]
    os.environ["MCPBOX_OWN_MACHINE"] = "1"
    os.execvp("unshare", [*words, "/usr/bin/python3", *os.sys.argv])


def has_layers():
    """Whether a file system may lie over the machine's own here, as in a container it often may not."""
    command = (
        "mount -t tmpfs tmpfs /mnt && mkdir /mnt/upper /mnt/work /mnt/root && "
        "mount -t overlay overlay -o lowerdir=/,upperdir=/mnt/upper,workdir=/mnt/work /mnt/root"
    )
    words = ["unshare", "--mount", "sh", "-c", command]
    return subprocess.run(words, capture_output=True, check=False).returncode == 0


def loopback_up():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        import fcntl
        import struct

        flags = struct.pack("16sh14x", b"lo", 0x1 | 0x40)  # IFF_UP | IFF_RUNNING
        fcntl.ioctl(any_socket, 0x8914, flags)  # SIOCSIFFLAGS


class Machine:
    def __init__(self, folder):
        self.root = Path(folder, "root")
        subprocess.run(["mount", "-t", "tmpfs", "tmpfs", folder], check=True)
        for name in ("upper", "work", "root"):
            Path(folder, name).mkdir()
        layers = f"lowerdir=/,upperdir={folder}/upper,workdir={folder}/work"
        subprocess.run(["mount", "-t", "overlay", "overlay", "-o", layers, str(self.root)], check=True)
        for name in ("proc", "sys", "dev"):
            subprocess.run(["mount", "--rbind", f"/{name}", str(self.root / name)], check=True)
        for name in ("run", "tmp"):
            subprocess.run(
                ["mount", "-t", "tmpfs", "-o", "mode=1777" if name == "tmp" else "mode=0755", "tmpfs"]
                + [str(self.root / name)],
                check=True,
            )
        loopback_up()
        self.running = {}

    def inside(self):
        """What runs the words after it in there.  No chroot: in one the kernel makes no user namespace."""
        enter = 'cd "$0"; pivot_root . mnt; cd /; umount --lazy /mnt; exec "$@"'
        return ["unshare", "--mount", "sh", "-ec", enter, str(self.root)]

    def run(self, *words, environment=None, given=None):
        return subprocess.run(
            [*self.inside(), *words],
            capture_output=True,
            text=True,
            check=False,
            input=given,
            env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LANG": "C.UTF-8"} | (environment or {}),
        )

    def path(self, path):
        return self.root / path.lstrip("/")

    def unit(self, name):
        """Key to values; an empty one is there as well."""
        found = {}
        for line in self.path(f"/lib/systemd/system/{name}").read_text(encoding="utf-8").splitlines():
            if match := re.match(r"(\w+)=(.*)", line):
                found.setdefault(match[1], []).append(match[2])
        return found

    def as_the_unit_says(self, unit):
        """What changes the identity and the rights of a command to those of the unit."""
        kept = unit[CAPABILITIES][0].lower().replace("cap_", "").split()
        words = ["setpriv", "--no-new-privs", "--inh-caps=-all"]
        words.append("--bounding-set=" + ",".join(["-all", *("+" + name for name in kept)]))
        if "User" in unit:
            return [*words, "--reuid=" + unit["User"][0], "--regid=" + unit["Group"][0], "--init-groups"]
        groups = unit.get("SupplementaryGroups", [])
        return [*words, "--groups=" + groups[0]] if groups else [*words, "--clear-groups"]

    def folders_of(self, unit):
        owner = unit["User"][0] if "User" in unit else "root"
        for key, where in (("StateDirectory", "/var/lib"), ("RuntimeDirectory", "/run")):
            for name in unit.get(key, []):
                self.run("install", "-d", "-m", unit[key + "Mode"][0], "-o", owner, f"{where}/{name}")

    def start(self, name, sockets=()):
        """Runs a service until it says that it is ready.  Returns what it printed if it ended instead."""
        unit = self.unit(name)
        self.folders_of(unit)
        rights = self.as_the_unit_says(unit)
        variables = dict(word.split("=", 1) for line in unit.get("Environment", []) for word in line.split())
        for line in unit.get("ExecStartPre", []):
            done = self.run(*rights, *line.split(), environment=variables)
            if done.returncode != 0:
                return done.stdout + done.stderr
        told = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        told.bind(str(self.path("/run/notify")))
        os.chmod(self.path("/run/notify"), 0o777)
        variables |= {
            "NOTIFY_SOCKET": "/run/notify",
            "PATH": "/usr/sbin:/usr/bin:/sbin:/bin",
            "LANG": "C.UTF-8",
        }
        handed = [listener.fileno() for listener in sockets]
        if handed:
            variables["LISTEN_FDS"] = str(len(handed))
        log = self.path(f"/tmp/{name}.log")
        command = 'export LISTEN_PID=$$; exec "$@"'

        def hand_over():
            for at, number in enumerate(handed):
                os.dup2(number, 100 + at)
            for at in range(len(handed)):
                os.dup2(100 + at, 3 + at)
                os.close(100 + at)

        with open(log, "ab") as out:
            process = subprocess.Popen(
                [*self.inside(), *rights, "sh", "-c", command, "sh", *unit["ExecStart"][0].split()],
                stdout=out,
                stderr=out,
                stdin=subprocess.DEVNULL,
                env=variables,
                close_fds=not handed,
                preexec_fn=hand_over,
            )
        told.settimeout(1)
        deadline = time.monotonic() + 120
        while time.monotonic() < deadline and process.poll() is None:
            try:
                if b"READY=1" in told.recv(4096):
                    self.running[name] = process
                    break
            except TimeoutError:
                continue
        told.close()
        self.path("/run/notify").unlink()
        if name in self.running:
            return None
        process.kill()
        return log.read_text(encoding="utf-8", errors="replace")

    def stop(self, name):
        """Returns the exit status, as the unit's own signal brings it about."""
        process = self.running.pop(name)
        wanted = self.unit(name).get("KillSignal", ["SIGTERM"])[0]
        process.send_signal(getattr(signal, wanted))
        return process.wait(timeout=60)


def end_all():
    """Everything else in these namespaces: what a failed test left running."""
    ctypes.CDLL(None).kill(-1, signal.SIGKILL)
