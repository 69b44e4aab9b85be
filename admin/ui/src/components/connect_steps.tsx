// How a client is connected, ready to copy, and what to say to it first.
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";

import { system } from "../api/endpoints.ts";
import { CLIENTS, mcpUrl, type Step, stepsInContainer, stepsOf, stepsOfAnother } from "../lib/clients.ts";
import { CopyButton } from "./ui.tsx";

const FIRST_WORDS =
  "Make an MCPbox server called weather with a tool that converts Celsius to Fahrenheit, try it, and ask for its approval.";

const OTHERS = [
  { name: "another", title: "Another client" },
  { name: "container", title: "In a container" },
];

/** Something to copy. */
export function Snippet({ says, text }: Step) {
  return (
    <div className="stack">
      <p className="soft small">{says}:</p>
      <pre className="plain" tabIndex={0}>
        {text}
      </pre>
      <div>
        <CopyButton text={text} />
      </div>
    </div>
  );
}

function stepsFor(name: string, url: string): Step[] {
  if (name === "another") return stepsOfAnother(url);
  if (name === "container") return stepsInContainer(url);
  return stepsOf(name);
}

export function ConnectSteps() {
  const status = useQuery({ queryKey: ["status"], queryFn: system.status });
  const [chosen, setChosen] = useState("claude-code");
  return (
    <ol className="stack">
      <li className="stack">
        <h2>1. Connect your client</h2>
        <div className="chips" role="group" aria-label="Clients">
          {[...CLIENTS, ...OTHERS].map((one) => (
            <button
              key={one.name}
              type="button"
              className="chip"
              aria-pressed={one.name === chosen}
              onClick={() => setChosen(one.name)}
            >
              {one.title}
            </button>
          ))}
        </div>
        {stepsFor(chosen, mcpUrl(status.data?.listeners)).map((step) => (
          <Snippet key={step.says} {...step} />
        ))}
      </li>
      <li className="stack">
        <h2>2. Ask it for a tool</h2>
        <Snippet says="Say to it, for example" text={FIRST_WORDS} />
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
