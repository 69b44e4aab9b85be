// sdk_server.ts TOOLS: the other side of the comparison, the official TypeScript SDK's stateless server with so many
// tools.  Prints its port.
import { createServer } from "node:http";
import { createRequire } from "node:module";

// The packages belong to tests/e2e, where their versions are pinned.
const from = createRequire(new URL("../../tests/e2e/package.json", import.meta.url));
const { McpServer, createMcpHandler } = from("@modelcontextprotocol/server");
const { toNodeHandler } = from("@modelcontextprotocol/node");
const { z } = from("zod");

const TOOLS = Number(process.argv[2]);
const SERVERS = [
  { id: "6a4c1c9e-3b83-4e61-a3b5-2f0a5c8f1b70", name: "weather", status: "running", tool_count: 3 },
];

function build() {
  const server = new McpServer({ name: "sdk", version: "1" });
  for (let at = 0; at < TOOLS; at++)
    server.registerTool(
      at === 0 ? "list_servers" : `tool_${at}`,
      {
        title: "A tool",
        description:
          "Lists the servers with their ids, whether they run, and how many tools they have. Start here when " +
          "you do not know what exists. Next: get_server or list_tools with an id.",
        inputSchema: z.object({ page: z.number().int().optional(), page_size: z.number().int().optional() }),
        annotations: { readOnlyHint: true },
      },
      async () => {
        const structured = { servers: SERVERS, total: 1, page: 1, page_size: 50 };
        return {
          content: [{ type: "text", text: JSON.stringify(structured, null, 2) }],
          structuredContent: structured,
        };
      },
    );
  return server;
}

const server = createServer(toNodeHandler(createMcpHandler(build)));
server.listen(0, "127.0.0.1", () => console.log((server.address() as { port: number }).port));
