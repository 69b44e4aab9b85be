// A process of its own that opens many connections and says nothing on them: it needs more descriptors than the
// test runner may have.  usage: idle.ts PORT COUNT   prints a line of JSON when all were tried; ends with its input
import { connect, type Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";

const [port, count] = process.argv.slice(2).map(Number) as [number, number];
const AT_ONCE = 200;
const TRY_MS = 12_000; // beyond what the server takes, the kernel keeps trying: those count as waiting

const sockets: Socket[] = [];
const seen = { connected: 0, failed: 0, closed: 0, waiting: 0 };

for (let i = 0; i < count; ++i) {
  const socket = connect({ port, host: "127.0.0.1" });
  let open = false;
  socket.on("connect", () => {
    open = true;
    ++seen.connected;
  });
  socket.on("error", () => ++seen.failed);
  socket.on("close", () => (seen.closed += open ? 1 : 0));
  sockets.push(socket);
  if (i % AT_ONCE === 0) await sleep(10);
}
const deadline = performance.now() + TRY_MS;
while (seen.connected + seen.failed < count && performance.now() < deadline) await sleep(50);
seen.waiting = count - seen.connected - seen.failed;
console.log(JSON.stringify(seen));

process.stdin.resume();
process.stdin.on("end", () => {
  for (const socket of sockets) socket.destroy();
  process.exit(0);
});
