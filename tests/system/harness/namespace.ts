// A network of the test's own: an "internet" and a "LAN" that differ in nothing but the class of their addresses, a
// resolver that the test answers, and a certificate authority that only this namespace knows.  There is no route out.
// The instance's machine is one network namespace; everybody else is another one, at the other end of a cable.
import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { createSocket, type Socket } from "node:dgram";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

export const INTERNET = "93.184.216.34";
export const INTERNET_6 = "2606:2800:220:1::34";
export const LAN = "192.168.50.10";
/** Of the machine itself. */
export const OWN = "93.184.216.35";
export const OWN_6 = "2606:2800:220:1::35";
export const OWN_LAN = "192.168.50.11";

/** What listens outside, by its address and port. */
const SITES = [
  ["::", 80],
  [INTERNET, 443],
  [INTERNET, 8443],
  [INTERNET, 81],
  [LAN, 8080],
] as const;

const INSIDE = process.env["MCPBOX_TEST_NAMESPACE"];
const world: { outside: number; sites: Record<string, number> } = JSON.parse(
  INSIDE ?? '{"outside":0,"sites":{}}',
);

/** The socket of one of them, which was made outside. */
export function outsideSocket(address: string, port: number): number | undefined {
  return world.sites[`${address} ${port}`];
}

/**
 * Runs this test file again inside a network and a mount namespace of its own.  Returns there; outside, it ends the
 * process with the result.
 */
export function insideNamespace(): void {
  if (INSIDE !== undefined) return;
  const itself = [process.execPath, ...process.execArgv, ...process.argv.slice(1)];
  const outside = join(import.meta.dirname, "outside.py");
  const words = ["--net", "--", "/usr/bin/python3", outside, JSON.stringify(SITES), ...itself];
  const ran = spawnSync("unshare", words, { stdio: "inherit" });
  process.exit(ran.status ?? 1);
}

function run(program: string, ...words: string[]): void {
  execFileSync(program, words, { stdio: ["ignore", "ignore", "inherit"] });
}
const ip = (...words: string[]) => run("ip", ...words);
const ipOutside = (...words: string[]) =>
  run("nsenter", `--net=/proc/${world.outside}/ns/net`, "ip", ...words);

/** The machine, the cable, and who is at its other end. */
function buildNetworks(): void {
  ip("link", "set", "lo", "up");
  ip("link", "add", "wire", "type", "veth", "peer", "name", "wire", "netns", `${world.outside}`);
  const sides = [
    [ip, [OWN, OWN_LAN, OWN_6], [INTERNET, LAN, INTERNET_6]],
    [ipOutside, [INTERNET, LAN, INTERNET_6], [OWN, OWN_LAN, OWN_6]],
  ] as const;
  for (const [at] of sides) at("link", "set", "wire", "up");
  for (const [at, own] of sides)
    for (const one of own)
      if (one.includes(":")) at("-6", "addr", "add", `${one}/128`, "dev", "wire", "nodad");
      else at("addr", "add", `${one}/32`, "dev", "wire");
  for (const [at, own, others] of sides)
    others.forEach((one, number) => at("route", "add", one, "dev", "wire", "src", own[number]!));
}

export interface Authority {
  folder: string;
  /** A certificate of the namespace's authority, or of one that nobody believes. */
  certificate(name: string, names: string[], trusted?: boolean): { key: Buffer; cert: Buffer };
  remove(): void;
}

/** Addresses, the resolver's address and the authority. */
export function buildNamespace(): Authority {
  buildNetworks();
  const folder = mkdtempSync(join(tmpdir(), "mcpbox-net-"));
  const at = (name: string) => join(folder, name);
  const openssl = (...words: string[]) => execFileSync("openssl", words, { cwd: folder, stdio: "ignore" });
  for (const authority of ["known", "unknown"]) {
    const subject = `/CN=${authority} test authority`;
    const days = ["-days", "2", "-subj", subject, "-keyout", `${authority}.key`, "-out", `${authority}.pem`];
    openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", ...days);
  }
  writeFileSync(at("resolv.conf"), "nameserver 127.0.0.1\noptions timeout:3 attempts:1\n");
  writeFileSync(at("hosts"), `127.0.0.1 localhost\n::1 localhost\n${LAN} printer.local router\n`);
  const mount = (from: string, to: string) => execFileSync("mount", ["--bind", at(from), to]);
  mount("resolv.conf", "/etc/resolv.conf");
  mount("hosts", "/etc/hosts");
  mount("known.pem", "/etc/ssl/certs/ca-certificates.crt");
  const certificate = (name: string, names: string[], trusted = true) => {
    const authority = trusted ? "known" : "unknown";
    writeFileSync(at(`${name}.ext`), `subjectAltName=${names.map((one) => `DNS:${one}`).join(",")}\n`);
    const request = ["-nodes", "-subj", `/CN=${names[0]}`, "-keyout", `${name}.key`, "-out", `${name}.csr`];
    openssl("req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", ...request);
    const by = ["-CA", `${authority}.pem`, "-CAkey", `${authority}.key`, "-CAcreateserial", "-days", "2"];
    openssl("x509", "-req", "-in", `${name}.csr`, ...by, "-extfile", `${name}.ext`, "-out", `${name}.crt`);
    return { key: readFileSync(at(`${name}.key`)), cert: readFileSync(at(`${name}.crt`)) };
  };
  const remove = () => {
    for (const path of ["/etc/resolv.conf", "/etc/hosts", "/etc/ssl/certs/ca-certificates.crt"])
      execFileSync("umount", [path]);
    rmSync(folder, { recursive: true });
  };
  return { folder, certificate, remove };
}

/** What the resolver says about a name: addresses, or "silent" for no answer at all.  No entry: no such name. */
export type Names = Record<string, (() => string[]) | string[] | "silent">;

const A = 1;
const AAAA = 28;
const NO_SUCH_NAME = 3;

function nameOf(query: Buffer): { name: string; end: number } {
  const labels: string[] = [];
  let at = 12;
  for (; query[at] !== 0; at += 1 + query[at]!)
    labels.push(query.toString("latin1", at + 1, at + 1 + query[at]!));
  return { name: labels.join(".").toLowerCase(), end: at + 5 };
}

function bytesOf(address: string): Buffer {
  if (!address.includes(":")) return Buffer.from(address.split(".").map(Number));
  const [head, tail] = address.split("::").map((part) => part.split(":").filter(Boolean));
  const groups = [
    ...head!,
    ...Array<string>(8 - head!.length - (tail?.length ?? 0)).fill("0"),
    ...(tail ?? []),
  ];
  return Buffer.from(groups.flatMap((group) => [parseInt(group, 16) >> 8, parseInt(group, 16) & 255]));
}

/** The namespace's name server.  Returns it, and how often each name was asked for. */
export async function nameServer(names: Names): Promise<{ socket: Socket; asked: Map<string, number> }> {
  const asked = new Map<string, number>();
  const socket = createSocket("udp4");
  socket.on("message", (query, from) => {
    const { name, end } = nameOf(query);
    const wanted = query.readUInt16BE(end - 4);
    asked.set(name, (asked.get(name) ?? 0) + 1);
    const entry = names[name];
    if (entry === "silent") return;
    const all = typeof entry === "function" ? entry() : (entry ?? []);
    const fitting = all.filter((one) => one.includes(":") === (wanted === AAAA));
    const answers = wanted === A || wanted === AAAA ? fitting : [];
    const head = Buffer.from(query.subarray(0, end));
    head.writeUInt16BE(0x8180 | (entry === undefined ? NO_SUCH_NAME : 0), 2);
    head.writeUInt16BE(answers.length, 6);
    head.writeUInt32BE(0, 8);
    const records = answers.map((one) => {
      const bytes = bytesOf(one);
      const record = Buffer.alloc(12);
      record.writeUInt16BE(0xc00c, 0);
      record.writeUInt16BE(wanted, 2);
      record.writeUInt16BE(1, 4);
      record.writeUInt32BE(0, 6);
      record.writeUInt16BE(bytes.length, 10);
      return Buffer.concat([record, bytes]);
    });
    socket.send(Buffer.concat([head, ...records]), from.port, from.address);
  });
  const { promise, resolve } = Promise.withResolvers<void>();
  socket.bind(53, "127.0.0.1", resolve);
  await promise;
  assert.equal(socket.address().port, 53);
  return { socket, asked };
}
