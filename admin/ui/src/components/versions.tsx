// What a tool was: each version beside what it is now, the way back to it, and the way to take back its approval.
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";

import { tools } from "../api/endpoints.ts";
import type { Tool, VersionRow } from "../api/types.ts";
import { VERSION_APPROVAL } from "../lib/constants.ts";
import { shortDigest } from "../lib/format.ts";
import { CodeDiff } from "./code.tsx";
import { Ask } from "./dialog.tsx";
import { useToast } from "./toasts.tsx";
import { Badge, Button, Loaded, Note, Paging, Time } from "./ui.tsx";
import { VisibleText } from "./visible_text.tsx";

const FIELDS = [
  ["name", "Name"],
  ["description", "Description"],
  ["timeout_ms", "Time limit in ms"],
  ["enabled", "Enabled"],
  ["input_schema", "Arguments"],
] as const;

function Compared({ tool, number }: { tool: Tool; number: number }) {
  const version = useQuery({
    queryKey: ["tools", tool.id, "version", number],
    queryFn: () => tools.version(tool.id, number),
  });
  return (
    <section className="card">
      <h2>
        Version {number} against version {tool.current_version}, which is now
      </h2>
      <Loaded query={version}>
        {(old) => {
          const changed = FIELDS.filter(([field]) => old[field] !== tool[field]);
          const sameCode = old.python_code === tool.python_code;
          return (
            <div className="stack">
              {changed.length === 0 && sameCode && <p className="soft">They are the same.</p>}
              {changed.map(([field, label]) => (
                <div key={field}>
                  <h3>{label}</h3>
                  <p className="minus wrap">
                    <VisibleText>{String(old[field])}</VisibleText>
                  </p>
                  <p className="wrap">
                    <VisibleText>{String(tool[field])}</VisibleText>
                  </p>
                </div>
              ))}
              {!sameCode && (
                <CodeDiff label="Python code" before={old.python_code} after={tool.python_code} />
              )}
            </div>
          );
        }}
      </Loaded>
    </section>
  );
}

type RowProps = {
  version: VersionRow;
  isNow: boolean;
  compare: () => void;
  rollBack: () => void;
  revoke: () => void;
};

function Row({ version, isNow, compare, rollBack, revoke }: RowProps) {
  const look = version.approval && VERSION_APPROVAL[version.approval];
  return (
    <li>
      <div className="grow">
        <b>Version {version.version_number}</b>
        <p className="soft small">
          <VisibleText>{version.change_summary}</VisibleText>, {version.author ?? version.change_source},{" "}
          <Time at={version.created_at} />, <span className="mono">{shortDigest(version.digest)}</span>
        </p>
      </div>
      {look && <Badge tone={look.tone}>{look.label}</Badge>}
      {isNow && <Badge tone="info">Now</Badge>}
      {version.approval === "approved" && (
        <Button look="bad" onClick={revoke}>
          Revoke
        </Button>
      )}
      {!isNow && (
        <>
          <Button onClick={compare}>Compare</Button>
          <Button onClick={rollBack}>Roll back</Button>
        </>
      )}
    </li>
  );
}

function RollBack({ tool, to, close }: { tool: Tool; to: VersionRow | null; close: () => void }) {
  const toast = useToast();
  const number = to?.version_number ?? 0;
  return (
    <Ask
      open={to !== null}
      close={close}
      title={`Roll ${tool.name} back to version ${number}?`}
      verb="Roll back"
      act={() => tools.rollBack(tool.id, number).then(() => toast(`Version ${number} is what it is now.`))}
    >
      {to?.approval === "approved" ? (
        <p>This version is approved: it can be called as soon as it is back.</p>
      ) : (
        <Note tone="warn">
          This version is not approved: nobody can call the tool until somebody approves it.
        </Note>
      )}
    </Ask>
  );
}

export function Revoke({ tool, of, close }: { tool: Tool; of: string | null; close: () => void }) {
  const toast = useToast();
  return (
    <Ask
      open={of !== null}
      close={close}
      title={`Take back the approval of ${tool.name}?`}
      verb="Revoke"
      danger
      name={tool.name}
      act={() => tools.revoke(tool.id, of ?? "").then(() => toast(`${tool.name} is not approved any more.`))}
    >
      <p>
        It binds the digest <span className="mono">{shortDigest(of ?? "")}</span>. Running calls of the tool
        end, and what has this digest cannot be called until it is approved again.
      </p>
    </Ask>
  );
}

export function Versions({ tool }: { tool: Tool }) {
  const [page, setPage] = useState(1);
  const [compared, setCompared] = useState<number | null>(null);
  const [returning, setReturning] = useState<VersionRow | null>(null);
  const [revoking, setRevoking] = useState<VersionRow | null>(null);
  const list = useQuery({
    queryKey: ["tools", tool.id, "versions", page],
    queryFn: () => tools.versions(tool.id, { page }),
  });
  return (
    <>
      <Loaded query={list}>
        {(data) => (
          <>
            <div className="card tight">
              <ul className="list">
                {data.items.map((version) => (
                  <Row
                    key={version.version_number}
                    version={version}
                    isNow={version.version_number === tool.current_version}
                    compare={() => setCompared(version.version_number)}
                    rollBack={() => setReturning(version)}
                    revoke={() => setRevoking(version)}
                  />
                ))}
              </ul>
            </div>
            <Paging of={data} go={setPage} />
          </>
        )}
      </Loaded>
      {compared !== null && <Compared tool={tool} number={compared} />}
      <RollBack tool={tool} to={returning} close={() => setReturning(null)} />
      <Revoke tool={tool} of={revoking?.digest ?? null} close={() => setRevoking(null)} />
    </>
  );
}
