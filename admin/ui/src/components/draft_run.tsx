import { useMutation } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";

import { tools } from "../api/endpoints.ts";
import type { JsonObject } from "../api/types.ts";
import { pretty } from "../lib/format.ts";
import { ArgumentsForm } from "./arguments_form.tsx";
import { Badge, Note, Problem } from "./ui.tsx";
import { VisibleText } from "./visible_text.tsx";

/** Runs the tool as it is stored, in the jail, without secrets and network. */
export function DraftRun({ toolId, schema }: { toolId: string; schema: JsonObject | null }) {
  const run = useMutation({ mutationFn: (args: JsonObject) => tools.test(toolId, args) });
  return (
    <div className="halves">
      <section className="card">
        <h2>Arguments</h2>
        <ArgumentsForm schema={schema} busy={run.isPending} run={(args) => run.mutate(args)} />
      </section>
      <section className="card" aria-live="polite">
        <div className="row between">
          <h2>What it did</h2>
          {run.data && (
            <Badge tone={run.data.success ? "good" : "bad"}>
              {run.data.success ? "Succeeded" : "Failed"}
            </Badge>
          )}
        </div>
        <Problem of={run.error} />
        {!run.data && !run.error && (
          <p className="soft">In the same jail as a call, but without secrets and without network.</p>
        )}
        {run.data?.error && (
          <Note tone="bad">
            <VisibleText>{run.data.error}</VisibleText>
          </Note>
        )}
        {run.data && run.data.result !== null && (
          <pre className="plain" tabIndex={0}>
            <VisibleText>{pretty(run.data.result)}</VisibleText>
          </pre>
        )}
        {run.data && (
          <Link to="/executions/$callId" params={{ callId: run.data.call_id }}>
            What it printed, and its records
          </Link>
        )}
      </section>
    </div>
  );
}
