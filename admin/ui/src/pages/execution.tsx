import { useQuery } from "@tanstack/react-query";
import { Link, useParams } from "@tanstack/react-router";

import { logs } from "../api/endpoints.ts";
import type { Execution } from "../api/types.ts";
import { Badge, Facts, Loaded, Note, PageHead } from "../components/ui.tsx";
import { VisibleText } from "../components/visible_text.tsx";
import { useTitle } from "../hooks/use_title.ts";
import { bytes, duration, exact, shortDigest } from "../lib/format.ts";

function Text({ title, text }: { title: string; text: string | null }) {
  if (!text) return null;
  return (
    <section className="card">
      <h2>{title}</h2>
      <pre className="plain" tabIndex={0}>
        <VisibleText>{text}</VisibleText>
      </pre>
    </section>
  );
}

function Records({ call }: { call: Execution }) {
  return (
    <section className="card">
      <h2>In the audit chain</h2>
      <ol className="stack">
        {call.audit.map((record) => (
          <li key={record.sequence} className="row between">
            <span>
              <span className="mono">#{record.sequence}</span> {record.action}
            </span>
            <span className="soft small">
              {record.actor}, {exact(record.at)}, <span className="mono">{shortDigest(record.hash)}</span>
            </span>
          </li>
        ))}
      </ol>
    </section>
  );
}

function Story({ call }: { call: Execution }) {
  useTitle(call.tool_name);
  return (
    <>
      <PageHead
        title={
          <span className="mono">
            {call.server_name}__{call.tool_name}
          </span>
        }
        crumbs={<Link to="/executions">Executions</Link>}
      >
        <Badge tone={call.success ? "good" : "bad"}>{call.success ? "Succeeded" : "Failed"}</Badge>
        {call.is_test && <Badge tone="info">Test run</Badge>}
      </PageHead>
      {call.error && (
        <Note tone="bad">
          <VisibleText>{call.error}</VisibleText>
        </Note>
      )}
      <section className="card">
        <Facts
          of={[
            ["Began", exact(call.created_at)],
            ["Took", `${duration(call.duration_ms)}, after ${duration(call.queue_ms)} in the queue`],
            ["Memory at most", bytes(call.peak_memory_bytes)],
            ["HTTP requests", `${call.egress_requests} made, ${call.egress_denied} refused`],
            ["Caller", call.executed_by],
            ["Client", <VisibleText key="c">{call.client}</VisibleText>],
            [
              "Tool",
              <Link key="t" to="/tools/$toolId" params={{ toolId: call.tool_id }}>
                version {call.version}, digest {shortDigest(call.digest)}
              </Link>,
            ],
            [
              "Call",
              <span key="i" className="mono">
                {call.id}
              </span>,
            ],
          ]}
        />
      </section>
      <Text title="Arguments" text={call.input_args} />
      <Text title="Result" text={call.result} />
      <Text title="Printed" text={call.stdout} />
      <Records call={call} />
    </>
  );
}

export function ExecutionPage() {
  const { callId } = useParams({ strict: false }) as { callId: string };
  const call = useQuery({ queryKey: ["executions", "one", callId], queryFn: () => logs.execution(callId) });
  return (
    <Loaded query={call} height={400}>
      {(data) => <Story call={data} />}
    </Loaded>
  );
}
