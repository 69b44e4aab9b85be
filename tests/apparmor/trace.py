"""What strace saw, as accesses that AppArmor decides about: program to a dict of access to the line of it.

Only what the kernel's hooks look at counts: files that were really opened (not O_PATH, not stat), made,
removed, renamed, locked or mapped as code; programs started; sockets made or accepted; mounts; and what needs
a capability.
"""

import os
import re

# system call, and what must be in its arguments: the capability that success of it shows
NEEDS = (
    ("mount", "", "sys_admin"),
    ("umount2", "", "sys_admin"),
    ("pivot_root", "", "sys_admin"),
    ("setresuid", "", "setuid"),
    ("setresgid", "", "setgid"),
    ("setgroups", "", "setgid"),
    ("prctl", "PR_CAPBSET_DROP", "setpcap"),
)
TYPES = {"SOCK_STREAM": "stream", "SOCK_DGRAM": "dgram", "SOCK_RAW": "raw", "SOCK_SEQPACKET": "seqpacket"}


class Trace:
    def __init__(self, first_program, places):
        """first_program: what the first process runs; places: (path of the instance, path as installed)."""
        self.first, self.places = first_program, places
        self.found = {}
        self.program, self.folder, self.files = {}, {}, {}

    def read(self, file):
        lines = list(whole_lines(file))
        parents = parents_in(lines)
        for pid, name, arguments, result, line in lines:
            if pid not in self.program:
                parent = parents.get(pid)
                self.program[pid] = self.program.get(parent, self.first)
                self.folder[pid] = self.folder.get(parent, "/")
            if not result.startswith("-"):
                self.take(pid, name, arguments, result, line)
        return self.found

    def installed(self, path):
        for real, place in self.places:
            if path == real or path.startswith(real + "/"):
                return place + path[len(real) :]
        return path

    def add(self, pid, access, line):
        self.found.setdefault(self.program[pid], {}).setdefault(access, line)

    def add_file(self, pid, path, modes, line):
        if not path.startswith("/") or path.startswith(("/memfd:", "/ ")) or path.endswith(" (deleted)"):
            return  # a pipe, a namespace, memory: no path for AppArmor
        slash = "/" if os.path.isdir(path) and not path.endswith("/") else ""
        self.add(pid, ("file", self.installed(path) + slash, modes), line)

    def full(self, pid, name, folder=None):
        link = re.match(r"/proc/self/fd/(\d+)/(.*)", name)
        if link:
            return self.files.get((pid, link[1]), "") + "/" + link[2]
        return os.path.normpath(os.path.join(folder or self.folder[pid], name))

    def take(self, pid, name, arguments, result, line):
        for call, word, capability in NEEDS:
            if name == call and word in arguments and self.needs_power(pid, name):
                self.add(pid, ("capability", capability), line)
        handler = getattr(self, "on_" + name, None)
        if handler:
            handler(pid, arguments, result, line)

    def needs_power(self, pid, name):
        # In its own name anybody may set the uid that it has.
        return not name.startswith("setres") or self.program[pid] == self.first

    def on_openat(self, pid, arguments, result, line):
        opened = re.match(r"(\d+)<(.*)>$", result)
        if not opened or "O_PATH" in arguments:
            return
        self.files[pid, opened[1]] = opened[2]
        modes = "r" if re.search("O_RDONLY|O_RDWR", arguments) else ""
        if re.search("O_WRONLY|O_RDWR", arguments):
            # Making a file takes the right to write it, also where it is only added to.
            modes += "a" if "O_APPEND" in arguments and "O_CREAT" not in arguments else "w"
        self.add_file(pid, opened[2], modes, line)

    def on_execve(self, pid, arguments, _, line):
        for path in quoted(arguments)[:1]:
            self.on_program(pid, path, line)

    def on_execveat(self, pid, arguments, _, line):
        if program := re.match(r"\d+<([^>]*)>", arguments):
            self.on_program(pid, program[1], line)

    def on_program(self, pid, path, line):
        if pid in self.program and self.program[pid] != os.path.basename(path):
            self.add_file(pid, path, "x", line)
        self.program[pid] = os.path.basename(path)
        self.add_file(pid, path, "mr", line)

    def on_mmap(self, pid, arguments, _, line):
        mapped = re.search(r"PROT_EXEC.*, \d+<([^>]*)>", arguments)
        if mapped:
            self.add_file(pid, mapped[1], "mr", line)

    def on_chdir(self, pid, arguments, _, __):
        for name in quoted(arguments)[:1]:
            self.folder[pid] = self.full(pid, name)

    def changed(self, pid, arguments, line, modes="w", which=0):
        folders = re.findall(r"(?:AT_FDCWD|\d+)<([^>]*)>, \"", arguments)
        folder = folders[which] if which < len(folders) else None
        if len(names := quoted(arguments)) > which:  # the attack passes addresses that lead nowhere
            self.add_file(pid, self.full(pid, names[which], folder), modes, line)

    def on_unlink(self, pid, arguments, _, line):
        self.changed(pid, arguments, line)

    on_unlinkat = on_chmod = on_fchmodat = on_rmdir = on_unlink

    def on_mkdir(self, pid, arguments, _, line):
        for name in quoted(arguments)[:1]:
            self.add_file(pid, self.full(pid, name) + "/", "w", line)

    def on_rename(self, pid, arguments, _, line):
        self.changed(pid, arguments, line, "rw", 0)
        self.changed(pid, arguments, line, "w", 1)

    def on_flock(self, pid, arguments, _, line):
        if locked := re.match(r"\d+<(.*?)>", arguments):
            self.add_file(pid, locked[1], "k", line)

    def on_bind(self, pid, arguments, _, line):
        self.at_socket(pid, arguments, "w", line)

    def on_connect(self, pid, arguments, _, line):
        self.at_socket(pid, arguments, "rw", line)

    def at_socket(self, pid, arguments, modes, line):
        name = re.search(r'sun_path="([^"]+)"', arguments)
        if name:
            self.add_file(pid, self.full(pid, name[1]), modes, line)

    def on_socket(self, pid, arguments, _, line):
        made = re.match(r"AF_(\w+), (\w+)", arguments)
        if made and made[1] == "UNIX":
            self.add(pid, ("unix",), line)
        elif made:
            self.add(pid, ("network", made[1].lower(), TYPES[made[2]]), line)

    def on_accept4(self, pid, arguments, _, line):
        family = re.search(r"sa_family=AF_(INET6?)", arguments)
        if family:
            self.add(pid, ("network", family[1].lower(), "stream"), line)

    def on_mount(self, pid, arguments, _, line):
        named = re.match(r'(?:"[^"]*"|NULL), "([^"]*)"', arguments)
        if not named:
            return
        place = named[1]
        kind = "remount" if "MS_REMOUNT" in arguments else "mount"
        place = self.installed(place)
        slash = "/" if place != "/" and os.path.isdir(place) or place.startswith("/run/mcpbox/") else ""
        self.add(pid, (kind, place + slash), line)

    def on_umount2(self, pid, _, __, line):
        self.add(pid, ("umount", "/"), line)

    def on_pivot_root(self, pid, _, __, line):
        self.add(pid, ("pivot_root",), line)

    def on_kill(self, pid, _, __, line):
        self.add(pid, ("signal", "send"), line)

    on_pidfd_send_signal = on_kill


def quoted(arguments):
    return re.findall(r'"((?:[^"\\]|\\.)*)"', arguments)


def parents_in(lines):
    """Process to the one that made it.  In a namespace with numbers of its own the call's result is no number
    that strace uses: then the child is the one that appears next."""
    first = {}
    for at, line in enumerate(lines):
        first.setdefault(line[0], at)
    parents, elsewhere = {}, []
    for at, (pid, name, _, result, _) in enumerate(lines):
        if pid not in parents and at == first[pid] and elsewhere:
            parents[pid] = elsewhere[-1]
        if name in ("clone", "clone3", "fork", "vfork") and result.isdigit():
            if result in first:
                parents[result] = pid
            else:
                elsewhere.append(pid)
    return parents


def whole_lines(file):
    """(pid, call, arguments, result, line), with calls put together that another process cut in two."""
    begun = {}
    with open(file, encoding="utf-8", errors="replace") as text:
        for line in text:
            pid, _, rest = line.rstrip("\n").partition(" ")
            rest = rest.strip()
            if rest.endswith("<unfinished ...>"):
                begun[pid] = rest.removesuffix("<unfinished ...>")
                continue
            if resumed := re.match(r"<\.\.\. \w+ resumed>(.*)", rest):
                rest = begun.pop(pid, "") + resumed[1]
            if call := re.match(r"(\w+)\((.*)\)\s+= (.+)$", rest):
                yield pid, call[1], call[2], call[3].strip(), line.strip()
