// How a client is connected, ready to copy, and what to say to it first.
import { useState } from "react";

import { CopyButton } from "./ui.tsx";

const URL_HERE = "http://127.0.0.1:8000/mcp";

export const CLIENTS = [
  { name: "Claude Code", where: "In a terminal", text: `claude mcp add --transport http mcpbox ${URL_HERE}` },
  {
    name: "Claude Desktop",
    where: "In claude_desktop_config.json (Settings, Developer), then restart it",
    text: JSON.stringify({ mcpServers: { mcpbox: { command: "mcpboxctl", args: ["stdio"] } } }, null, 2),
  },
  {
    name: "Cursor",
    where: "In ~/.cursor/mcp.json",
    text: JSON.stringify({ mcpServers: { mcpbox: { url: URL_HERE } } }, null, 2),
  },
  {
    name: "VS Code",
    where: "In .vscode/mcp.json",
    text: JSON.stringify({ servers: { mcpbox: { type: "http", url: URL_HERE } } }, null, 2),
  },
  {
    name: "Another",
    where: "Streamable HTTP, from this machine, as a user whom MCPbox lets in",
    text: URL_HERE,
  },
];

const FIRST_WORDS =
  "Make an MCPbox server called weather with a tool that converts Celsius to Fahrenheit, try it, and ask for its approval.";

export function ConnectSteps() {
  const [chosen, setChosen] = useState(0);
  const client = CLIENTS[chosen] ?? CLIENTS[0]!;
  return (
    <ol className="stack">
      <li className="stack">
        <h2>1. Connect your client</h2>
        <div className="tabs" role="tablist" aria-label="Clients">
          {CLIENTS.map((one, index) => (
            <button
              key={one.name}
              type="button"
              role="tab"
              aria-selected={index === chosen}
              onClick={() => setChosen(index)}
            >
              {one.name}
            </button>
          ))}
        </div>
        <p className="soft small">{client.where}:</p>
        <pre className="plain" tabIndex={0}>
          {client.text}
        </pre>
        <div>
          <CopyButton text={client.text} />
        </div>
      </li>
      <li className="stack">
        <h2>2. Ask it for a tool</h2>
        <pre className="plain" tabIndex={0}>
          {FIRST_WORDS}
        </pre>
        <div>
          <CopyButton text={FIRST_WORDS} />
        </div>
      </li>
      <li className="stack">
        <h2>3. Read it and decide</h2>
        <p>
          The tool appears under Approvals with its code, what it may reach, and what the check found. Until
          you approve it, nobody can call it. Then ask your client to start the server and use the tool.
        </p>
      </li>
    </ol>
  );
}
