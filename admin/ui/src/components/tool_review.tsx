// All that a reviewer needs to decide on one tool, and the digest that the decision binds.
import { queryOptions, useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";

import { tools } from "../api/endpoints.ts";
import { UNTIL_ASKED } from "../api/queries.ts";
import type { Review } from "../api/types.ts";
import { groupedDigest, timeLimit } from "../lib/format.ts";
import { CodeDiff, CodeView } from "./code.tsx";
import { CapabilityDiff, Findings } from "./findings.tsx";
import { Badge, Facts, Loaded } from "./ui.tsx";
import { VisibleText } from "./visible_text.tsx";

function Change({ label, before, after }: { label: string; before: string; after: string }) {
  if (before === after) return null;
  return (
    <div>
      <h3>{label}</h3>
      <p className="minus wrap">
        <VisibleText>{before}</VisibleText>
      </p>
      <p className="wrap">
        <VisibleText>{after}</VisibleText>
      </p>
    </div>
  );
}

function Code({ review: { tool, approved } }: { review: Review }) {
  if (!approved) return <CodeView code={tool.python_code} label="Python code" />;
  return (
    <>
      <Change label="Name" before={approved.name} after={tool.name} />
      <Change label="Description" before={approved.description} after={tool.description} />
      <Change label="Time limit" before={timeLimit(approved.timeout_ms)} after={timeLimit(tool.timeout_ms)} />
      <Change label="Arguments" before={approved.input_schema} after={tool.input_schema} />
      {approved.python_code === tool.python_code ? (
        <>
          <p className="soft">The code is the approved one, byte for byte.</p>
          <CodeView code={tool.python_code} label="Python code" />
        </>
      ) : (
        <CodeDiff before={approved.python_code} after={tool.python_code} label="Python code" />
      )}
    </>
  );
}

export const reviewQuery = (id: string) =>
  queryOptions({ queryKey: ["review", id], queryFn: () => tools.review(id), ...UNTIL_ASKED });

export function ToolReview({ id }: { id: string }) {
  const review = useQuery(reviewQuery(id));
  return (
    <Loaded query={review} height={1200}>
      {(data) => (
        <>
          <section className="card">
            <div className="row between">
              <h2 className="mono wrap">
                <Link to="/tools/$toolId" params={{ toolId: id }}>
                  {data.tool.published_name}
                </Link>
              </h2>
              <Badge tone={data.approved ? "warn" : "info"}>
                {data.approved
                  ? `Changed since version ${data.approved.version_number}`
                  : "Never approved before"}
              </Badge>
            </div>
            <p className="wrap">
              <VisibleText>{data.tool.description}</VisibleText>
            </p>
            <Facts
              of={[
                ["Author", data.tool.created_by || "–"],
                ["Time limit", timeLimit(data.tool.timeout_ms)],
              ]}
            />
            {data.tool.publish_notes !== "" && (
              <div className="untrusted">
                <b>What the author says. Nobody has checked it.</b>
                <p>
                  <VisibleText>{data.tool.publish_notes}</VisibleText>
                </p>
              </div>
            )}
          </section>
          <section className="card">
            <h2>
              {data.approved
                ? "What its code reaches for, against what was approved"
                : "What its code reaches for"}
            </h2>
            <CapabilityDiff now={data.capabilities.now} before={data.capabilities.before} />
          </section>
          <section className="card">
            <h2>What the check found</h2>
            <Findings analysis={data.tool.analysis} />
          </section>
          <section className="card">
            <h2>{data.approved ? "What changed" : "Code"}</h2>
            <Code review={data} />
            <p className="soft small">
              Digest of all that an approval binds:{" "}
              <span className="mono">{groupedDigest(data.tool.digest)}</span>
            </p>
          </section>
        </>
      )}
    </Loaded>
  );
}
