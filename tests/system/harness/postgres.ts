// Somebody else's PostgreSQL: in a folder of its own, on a Unix socket there and on loopback, with passwords.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { freePort } from "./instance.ts";
import { asUser, run, type User } from "./run.ts";

const BIN = "/usr/lib/postgresql/15/bin";

// TCP and the account `peer` have no way around a password and the kernel's word; the superuser is for the test.
const HBA = `
local   all  postgres  trust
local   all  +peers    peer
local   all  all       scram-sha-256
host    all  all       127.0.0.1/32  scram-sha-256
host    all  all       ::1/128       scram-sha-256
`;

/** An account of this machine by its name. */
export function account(name: string): User {
  const line = readFileSync("/etc/passwd", "utf8")
    .split("\n")
    .find((one) => one.startsWith(`${name}:`));
  assert.ok(line, `this machine has an account ${name}`);
  const fields = line.split(":");
  return { uid: Number(fields[2]), gid: Number(fields[3]) };
}

export class Postgres {
  readonly folder: string;
  readonly port: number;

  private constructor(folder: string, port: number) {
    this.folder = folder;
    this.port = port;
    running.add(this);
  }

  static async started(): Promise<Postgres> {
    const server = new Postgres(mkdtempSync(join(tmpdir(), "mcpbox-postgres-")), await freePort());
    await run(["chown", "postgres:", server.folder]);
    chmodSync(server.folder, 0o755);
    const options = ["-U", "postgres", "-A", "reject", "--encoding=UTF8", "--locale=C.UTF-8", "--no-sync"];
    await server.as([`${BIN}/initdb`, "-D", server.data, ...options]);
    writeFileSync(join(server.data, "pg_hba.conf"), HBA);
    await server.makeCertificate();
    const settings = [
      `port=${server.port}`,
      "listen_addresses=127.0.0.1,::1",
      `unix_socket_directories=${server.folder}`,
      "ssl=on",
      "fsync=off",
      "shared_buffers=16MB",
    ];
    const words = settings.map((setting) => `-c ${setting}`).join(" ");
    await server.as([`${BIN}/pg_ctl`, "-D", server.data, "-w", "-s", "-l", server.log, "-o", words, "start"]);
    await server.sql("CREATE ROLE peers");
    return server;
  }

  private get data(): string {
    return join(this.folder, "data");
  }

  private get log(): string {
    return join(this.folder, "postgres.log");
  }

  private async makeCertificate(): Promise<void> {
    const files = ["-keyout", join(this.data, "server.key"), "-out", join(this.data, "server.crt")];
    const kind = [
      "-x509",
      "-newkey",
      "ec",
      "-pkeyopt",
      "ec_paramgen_curve:prime256v1",
      "-nodes",
      "-days",
      "2",
    ];
    await this.as(["openssl", "req", ...kind, "-subj", "/CN=test", ...files]);
    await this.as(["chmod", "600", join(this.data, "server.key")]);
  }

  private async as(argv: string[]): Promise<string> {
    const ran = await run(argv, { as: account("postgres"), seconds: 120 });
    assert.equal(ran.code, 0, `${argv[0]}: ${ran.stdout}${ran.stderr}`);
    return ran.stdout;
  }

  /** One statement as the superuser; the values of its rows. */
  async sql(statement: string, database = "postgres"): Promise<string> {
    const where = ["-h", this.folder, "-p", `${this.port}`, "-U", "postgres", "-d", database];
    return (await this.as([`${BIN}/psql`, "-XAtq", ...where, "-c", statement])).trim();
  }

  async makeDatabase(name: string, owner: string): Promise<void> {
    await this.sql(`CREATE DATABASE ${name} OWNER ${owner}`);
  }

  /** Ends it at once, and removes the folder. */
  destroy(): void {
    running.delete(this);
    const stop = [`${BIN}/pg_ctl`, "-D", this.data, "-m", "immediate", "-w", "-s", "stop"];
    const [program, ...rest] = asUser(account("postgres"), stop);
    spawnSync(program!, rest, { cwd: "/", stdio: "ignore" });
    rmSync(this.folder, { recursive: true, force: true });
  }
}

const running = new Set<Postgres>();
process.on("exit", () => {
  for (const server of [...running]) server.destroy();
});
