// A client that leaves is a client that cancels: what it asked for must end at home too.  Cloudflare's edge resets the
// Worker's side of a request whose client is gone; so does this test.  (workerd alone takes a plain close for the end of
// what the client had to say, and notices when it next has something to send.)
import { connect, type Socket } from "node:net";
import { afterAll, beforeAll, expect, test } from "vitest";

import { signedIn, type SignedIn } from "./support/client.ts";
import { Stack } from "./support/stack.ts";

let stack: Stack;
let ada: SignedIn;

beforeAll(async () => {
  stack = await Stack.start({ onLoopback: true });
  ada = await signedIn(stack);
});
afterAll(() => stack.stop());

function asking(): Socket {
  const { hostname, host, port } = new URL(stack.publicUrl);
  const socket = connect(Number(port), hostname);
  socket.on("error", () => {});
  socket.write(
    `GET /mcp HTTP/1.1\r\nHost: ${host}\r\nAuthorization: Bearer ${ada.token}\r\nAccept: text/event-stream\r\n\r\n`,
  );
  return socket;
}

test.each([
  ["before the answer begins", false],
  ["while the answer streams", true],
])("a hang-up %s reaches the gateway", async (_when, streams) => {
  let left = false;
  const gone = new Promise<void>((resolve) => {
    stack.gateway.instead = (_request, response) => {
      response.on("close", () => {
        expect(left).toBe(true); // not before
        resolve();
      });
      if (streams) response.writeHead(200, { "Content-Type": "text/event-stream" }).write(": here\n\n");
      else socket.emit("arrived");
    };
  });
  const socket = asking();
  await new Promise((resolve) => socket.once(streams ? "data" : "arrived", resolve));
  left = true;
  socket.resetAndDestroy();
  await gone; // or the test's own deadline
});
