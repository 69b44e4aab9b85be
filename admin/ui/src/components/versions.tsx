import { useQuery } from "@tanstack/react-query";
import { useState } from "react";

import { tools } from "../api/endpoints.ts";
import type { Tool, VersionRow } from "../api/types.ts";
import { shortDigest } from "../lib/format.ts";
import { CodeDiff } from "./code.tsx";
import { Badge, Button, Loaded, Paging, Time } from "./ui.tsx";
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

function Row({ tool, version, compare }: { tool: Tool; version: VersionRow; compare: () => void }) {
  return (
    <li>
      <div className="grow">
        <b>Version {version.version_number}</b>
        <p className="soft small">
          <VisibleText>{version.change_summary}</VisibleText>, {version.author ?? version.change_source},{" "}
          <Time at={version.created_at} />, <span className="mono">{shortDigest(version.digest)}</span>
        </p>
      </div>
      {version.version_number === tool.current_version ? (
        <Badge tone="info">Now</Badge>
      ) : (
        <Button onClick={compare}>Compare</Button>
      )}
    </li>
  );
}

export function Versions({ tool }: { tool: Tool }) {
  const [page, setPage] = useState(1);
  const [compared, setCompared] = useState<number | null>(null);
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
                    tool={tool}
                    version={version}
                    compare={() => setCompared(version.version_number)}
                  />
                ))}
              </ul>
            </div>
            <Paging of={data} go={setPage} />
          </>
        )}
      </Loaded>
      {compared !== null && <Compared tool={tool} number={compared} />}
    </>
  );
}
