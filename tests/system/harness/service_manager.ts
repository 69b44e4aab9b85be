// What an instance tells the service manager that started it (sd_notify(3)), message by message.
import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";

const LISTEN = `
import socket, sys
manager = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
manager.bind(sys.argv[1])
while True:
    print(manager.recv(4096).decode(), flush=True)
`;

export class ServiceManager {
  readonly said: string[] = [];
  readonly environment: Record<string, string>;
  private readonly listener: ChildProcess;

  constructor(folder: string) {
    const socket = join(folder, "notify");
    this.environment = { NOTIFY_SOCKET: socket };
    this.listener = spawn("/usr/bin/python3", ["-c", LISTEN, socket], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    let rest = "";
    this.listener.stdout!.setEncoding("utf8").on("data", (text: string) => {
      const lines = (rest + text).split("\n");
      rest = lines.pop()!;
      this.said.push(...lines);
    });
  }

  async end(): Promise<void> {
    assert.equal(this.listener.exitCode, null, "it listened to the end");
    this.listener.kill("SIGKILL");
    await once(this.listener, "exit");
  }
}
