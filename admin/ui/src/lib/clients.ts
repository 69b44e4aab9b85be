// The clients that `mcpboxctl client add` knows, as admin/ctl/clients.cc has them, and how to connect others.

export const CLIENTS: { name: string; title: string }[] = [
  { name: "claude-code", title: "Claude Code" },
  { name: "claude-desktop", title: "Claude Desktop" },
  { name: "cursor", title: "Cursor" },
  { name: "vscode", title: "VS Code" },
  { name: "windsurf", title: "Windsurf" },
  { name: "gemini", title: "Gemini CLI" },
  { name: "lmstudio", title: "LM Studio" },
];

export type Step = { says: string; text: string };

/** For a client that is known by name: one command, as the person whose client it is. */
export const stepsOf = (name: string): Step[] => [
  { says: "In a terminal of yours, not as root", text: `mcpboxctl client add ${name}` },
];

/** For a client on this machine that MCPbox does not know: it starts a program, or speaks HTTP. */
export const stepsOfAnother = (url: string): Step[] => [
  {
    says: "A client that starts a program gets this entry",
    text: JSON.stringify({ mcpServers: { mcpbox: { command: "mcpboxctl", args: ["stdio"] } } }, null, 2),
  },
  { says: "A client that speaks Streamable HTTP connects from this machine to", text: url },
];

/** For a client in a container, whose user the kernel cannot name: a token of its own. */
export const stepsInContainer = (url: string): Step[] => [
  {
    says: "Make a token for it; it is shown once",
    text: "sudo mcpboxctl client token create my-container",
  },
  { says: "The client sends it with every request", text: `POST ${url}\nAuthorization: Bearer TOKEN` },
];

const STANDARD = "127.0.0.1:8000";

/** Where MCP is spoken, from the addresses that the status names. */
export const mcpUrl = (listeners: readonly string[] | undefined): string =>
  `http://${listeners?.find((one) => !one.startsWith("[")) ?? listeners?.[0] ?? STANDARD}/mcp`;
