// All that a reviewer needs to decide on one tool, and the digest that the decision binds.
import { queryOptions, useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";

import { tools } from "../api/endpoints.ts";
import { UNTIL_ASKED } from "../api/queries.ts";
import type { Review, ReviewRequest } from "../api/types.ts";
import { sinceThen } from "../lib/capabilities.ts";
import { KIND } from "../lib/constants.ts";
import { duration, groupedDigest } from "../lib/format.ts";
import { parsed } from "../lib/schema.ts";
import { DraftRun } from "./draft_run.tsx";
import { CodeUses, Findings, Reach } from "./findings.tsx";
import { ToolCode, ToolFields } from "./tool_content.tsx";
import { Badge, Facts, Loaded, Note, Time } from "./ui.tsx";
import { Untrusted, VisibleText } from "./visible_text.tsx";

/** Whether the question that was asked last is still without an answer. */
const isOpen = ({ requested, approved }: Review): boolean =>
  requested !== null && requested.digest !== approved?.digest;

function Head({ of }: { of: Review }) {
  return (
    <section className="card">
      <div className="row between">
        <h2 className="mono wrap">
          <Link to="/tools/$toolId" params={{ toolId: of.id }}>
            {of.published_name}
          </Link>
        </h2>
        <Badge tone={of.approved ? "warn" : "info"}>
          {of.approved ? `Changed since version ${of.approved.version_number}` : "Never approved before"}
        </Badge>
      </div>
      <p className="wrap">
        <VisibleText>{of.description}</VisibleText>
      </p>
      <Facts
        of={[
          ["Kind", KIND[of.kind]],
          ["Author", <VisibleText>{of.created_by || "–"}</VisibleText>],
          ["Time limit", duration(of.effective_timeout_ms)],
          ...(isOpen(of) && of.requested
            ? [["Asked for", <Time at={of.requested.requested_at} />] satisfies [string, React.ReactNode]]
            : []),
          ...(of.approved
            ? [
                [
                  "Approved before",
                  <>
                    <Time at={of.approved.approved_at} />, by{" "}
                    <VisibleText>{of.approved.approved_by}</VisibleText>
                  </>,
                ] satisfies [string, React.ReactNode],
              ]
            : []),
        ]}
      />
      {of.rejection_reason !== "" && (
        <Note tone="warn">
          Rejected before, because: <VisibleText>{of.rejection_reason}</VisibleText>
        </Note>
      )}
      {of.publish_notes !== "" && <Untrusted>{of.publish_notes}</Untrusted>}
    </section>
  );
}

/** What changed between the question and now is easily overlooked: whoever asked did not see it. */
function SinceAsked({ request, of }: { request: ReviewRequest; of: Review }) {
  const { added, removed } = sinceThen(request.capabilities, of.capabilities);
  const lines = [...added.map((line) => `+ ${line}`), ...removed.map((line) => `− ${line}`)];
  return (
    <>
      {request.digest !== of.digest && (
        <Note tone="warn">Its author has changed it since the review was asked for.</Note>
      )}
      {lines.length > 0 && (
        <Note tone="warn">
          Since the review was asked for:
          {lines.map((line) => (
            <div key={line} className="mono">
              <VisibleText>{line}</VisibleText>
            </div>
          ))}
        </Note>
      )}
    </>
  );
}

function Authority({ of }: { of: Review }) {
  return (
    <section className="card">
      <h2>
        {of.approved ? "What it may reach, against the last approval" : "What an approval lets it reach"}
      </h2>
      <Reach now={of.capabilities} changes={of.capability_changes} />
      {isOpen(of) && of.requested && <SinceAsked request={of.requested} of={of} />}
      <h3>{of.approved ? "What its code names, against what was approved" : "What its code names"}</h3>
      <CodeUses analysis={of.analysis} changes={of.code_changes} />
    </section>
  );
}

function Tried({ of }: { of: Review }) {
  return (
    <section className="card">
      <h2>Draft runs</h2>
      {of.last_draft_run ? (
        <p>
          The last one of exactly this: <VisibleText>{of.last_draft_run}</VisibleText>
        </p>
      ) : (
        <p className="soft">Nobody has tried exactly this yet.</p>
      )}
      <details>
        <summary>Try it here, in the jail</summary>
        <DraftRun toolId={of.id} schema={parsed(of.input_schema)} />
      </details>
    </section>
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
          <Head of={data} />
          <Authority of={data} />
          <section className="card">
            <h2>What the check found</h2>
            <Findings analysis={data.analysis} />
          </section>
          <section className="card">
            <h2>{data.approved ? "What changed" : "Code"}</h2>
            <ToolCode now={data} approved={data.approved} />
            <ToolFields of={data} />
            <p className="soft small">
              Digest of all that an approval binds: <span className="mono">{groupedDigest(data.digest)}</span>
            </p>
          </section>
          <Tried of={data} />
        </>
      )}
    </Loaded>
  );
}
