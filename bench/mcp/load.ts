// Requests on a few kept-alive connections, one after another on each, and what they cost the server in CPU.
import { readFileSync } from "node:fs";
import { connect, type Socket } from "node:net";

const TICKS_PER_SECOND = 100; // USER_HZ, on every Linux
const CONNECTIONS = 8;

/** User and system time of these processes so far, in seconds. */
export function cpuSeconds(pids: number[]): number {
  return pids.reduce((sum, pid) => {
    const stat = readFileSync(`/proc/${pid}/stat`, "latin1");
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return sum + (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND;
  }, 0);
}

/** Where the first response in `bytes` ends, or undefined while it is incomplete. */
function endOf(bytes: Buffer): number | undefined {
  const head = bytes.indexOf("\r\n\r\n");
  if (head < 0) return undefined;
  const text = bytes.toString("latin1", 0, head);
  if (!text.startsWith("HTTP/1.1 200 ")) throw new Error(`not answered: ${bytes.toString().slice(0, 500)}`);
  const length = /^content-length: (\d+)/im.exec(text);
  if (length) {
    const end = head + 4 + Number(length[1]);
    return bytes.length >= end ? end : undefined;
  }
  const last = bytes.indexOf("0\r\n\r\n", head + 4);
  return last < 0 ? undefined : last + 5;
}

function opened(port: number): Promise<Socket> {
  const { promise, resolve, reject } = Promise.withResolvers<Socket>();
  const socket = connect({ port, host: "127.0.0.1", noDelay: true });
  socket.once("error", reject);
  socket.once("connect", () => resolve(socket));
  return promise;
}

/** Sends the request again and again until the time is over; how often it was answered. */
async function one(port: number, request: Buffer, until: number): Promise<number> {
  const socket = await opened(port);
  const { promise, resolve, reject } = Promise.withResolvers<number>();
  let answered = 0;
  let held = Buffer.alloc(0);
  socket.on("error", reject);
  socket.on("close", () => reject(new Error("the server closed the connection")));
  socket.on("data", (bytes) => {
    try {
      held = held.length === 0 ? bytes : Buffer.concat([held, bytes]);
      const end = endOf(held);
      if (end === undefined) return;
      held = held.subarray(end);
      answered++;
      if (performance.now() < until) socket.write(request);
      else resolve(answered);
    } catch (error) {
      reject(error);
    }
  });
  socket.write(request);
  try {
    return await promise;
  } finally {
    socket.removeAllListeners("close");
    socket.destroy();
  }
}

export interface Load {
  perSecond: number;
  perCpuSecond: number;
}

export async function load(
  port: number,
  request: Buffer | (() => Buffer), // a function: asked once for each connection
  seconds: number,
  pids: () => number[],
  connections = CONNECTIONS,
): Promise<Load> {
  const measured = pids();
  const before = cpuSeconds(measured);
  const began = performance.now();
  const bytes = () => (typeof request === "function" ? request() : request);
  const each = Array.from({ length: connections }, () => one(port, bytes(), began + seconds * 1000));
  const answered = (await Promise.all(each)).reduce((sum, count) => sum + count, 0);
  const took = (performance.now() - began) / 1000;
  const cpu = cpuSeconds(measured) - before;
  return { perSecond: answered / took, perCpuSecond: answered / Math.max(cpu, 1 / TICKS_PER_SECOND) };
}
