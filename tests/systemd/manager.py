"""What the maintainer scripts find as systemd on the package test's machine.

`systemctl` there is a few lines of shell that hand its words to this process and wait for the answer; the
units are started and stopped as they say themselves (machine.py).
"""

import os
import socket
import threading

DATABASE = "mcpbox-db.service"
DAEMON = "mcpboxd.service"
SOCKETS = ("mcpboxd.socket", "mcpbox-admin.socket")
SYSTEMCTL = """#!/bin/sh
# What is enabled are links in /etc, which the real one looks after without a systemd.
for word in "$@"; do
  case $word in
    preset) exec systemctl.real "$@" ;;
    is-enabled) shift $(($# - 1)) && exec systemctl.real --root=/ is-enabled "$1" ;;
  esac
done
exec 9>/run/systemctl.lock
flock 9
echo "$*" >/run/systemctl.asked
read -r code words </run/systemctl.answered
[ -z "$words" ] || echo "$words"
exit "$code"
"""


class Manager:
    def __init__(self, box):
        self.box = box
        self.troubles = []
        self.failing = {}
        self.thread = threading.Thread(target=self.serve, daemon=True)
        box.path("/run/systemd/system").mkdir(parents=True)
        systemctl = box.path("/usr/bin/systemctl")
        systemctl.rename(box.path("/usr/bin/systemctl.real"))
        systemctl.write_text(SYSTEMCTL, encoding="utf-8")
        systemctl.chmod(0o755)
        policy = box.path("/usr/sbin/policy-rc.d")  # a container's: it would say that nothing may start
        policy.unlink(missing_ok=True)
        for name in ("asked", "answered"):
            os.mkfifo(box.path(f"/run/systemctl.{name}"))
        self.thread.start()

    def end(self):
        with open(self.box.path("/run/systemctl.asked"), "w", encoding="utf-8") as asked:
            asked.write("end\n")
        self.thread.join(timeout=60)

    def serve(self):
        while True:
            with open(self.box.path("/run/systemctl.asked"), encoding="utf-8") as asked:
                words = [word for word in asked.readline().split() if not word.startswith("--")]
            if words == ["end"]:
                return
            try:
                answer = self.answer(*words)
            except Exception as problem:  # the maintainer script must hear of it, or it waits for ever
                self.troubles.append(repr(problem))
                answer = "1"
            with open(self.box.path("/run/systemctl.answered"), "w", encoding="utf-8") as answered:
                answered.write(answer + "\n")

    def answer(self, verb="", *units):
        """The exit status, and what is printed."""
        if verb == "is-active":
            return "0 active" if all(map(self.is_active, units)) else "3 inactive"
        if verb in ("stop", "restart"):
            for name in (DAEMON, DATABASE):
                if name in units:
                    self.stop(name)
        if verb in ("start", "restart"):
            return "0" if all([self.start(name) for name in (DATABASE, DAEMON) if name in units]) else "1"
        return "0"

    def is_active(self, name):
        process = self.box.running.get(name)
        return name in SOCKETS or (process is not None and process.poll() is None)

    def fail(self, name, first):
        """Until heal(), no start of this unit succeeds; the first one does something before."""
        self.failing[name] = first

    def heal(self, name):
        del self.failing[name]

    # --- as systemd would

    def start(self, name):
        if self.is_active(name):
            return True
        if name in self.failing:
            first, self.failing[name] = self.failing[name], lambda: None
            first()
            return False
        self.box.running.pop(name, None)
        listeners = self.listeners() if name == DAEMON else []
        said = self.box.start(name, listeners)
        for listener in listeners:
            listener.close()
        if said is not None:
            self.troubles.append(said)
        return said is None

    def stop(self, name):
        if not self.is_active(name):
            self.box.running.pop(name, None)
            return
        status = self.box.stop(name)
        if status != 0:
            self.troubles.append(f"{name} ended with {status}")

    def listeners(self):
        made = []
        for unit in SOCKETS:
            for address in self.box.unit(unit)["ListenStream"]:
                host, port = address.rsplit(":", 1)
                family = socket.AF_INET6 if host.startswith("[") else socket.AF_INET
                made.append(socket.create_server((host.strip("[]"), int(port)), family=family))
        return made
