import { useQuery } from "@tanstack/react-query";
import { useMemo, useState } from "react";

import { logs } from "../api/endpoints.ts";
import type { ExecutionRow, Page } from "../api/types.ts";
import { ExecutionsTable } from "../components/executions_table.tsx";
import { Loaded, PageHead } from "../components/ui.tsx";
import { useDebounced } from "../hooks/use_debounced.ts";
import { useTitle } from "../hooks/use_title.ts";
import { duration, number } from "../lib/format.ts";

function Stats() {
  const stats = useQuery({ queryKey: ["executions", "stats"], queryFn: () => logs.stats(24) });
  return (
    <Loaded query={stats} height={90}>
      {(s) => (
        <div className="figures">
          {(
            [
              ["Calls in all", number(s.total_executions)],
              ["Succeeded", number(s.successful)],
              ["Failed", number(s.failed)],
              ["On average", duration(s.avg_duration_ms)],
            ] as const
          ).map(([label, value]) => (
            <div className="card figure" key={label}>
              <div>
                <span className="soft small">{label}</span>
                <b>{value}</b>
              </div>
            </div>
          ))}
        </div>
      )}
    </Loaded>
  );
}

export function Executions() {
  useTitle("Executions");
  const [page, setPage] = useState(1);
  const [text, setText] = useState("");
  const [outcome, setOutcome] = useState("");
  const [who, setWho] = useState("");
  const filter = useDebounced(useMemo(() => ({ text, outcome, who }), [text, outcome, who]));
  const list = useQuery({
    queryKey: ["executions", page, filter],
    queryFn: () =>
      logs.executions({
        page,
        search: filter.text,
        outcome: filter.outcome,
        executed_by: filter.who.trim(),
      }),
    placeholderData: (before: Page<ExecutionRow> | undefined) => before,
  });
  const changed = (set: (value: string) => void) => (event: { target: { value: string } }) => {
    set(event.target.value);
    setPage(1);
  };
  return (
    <>
      <PageHead title="Executions" lead="Every call: what it was given, what it did, how it ended." />
      <Stats />
      <div className="row">
        <input
          className="search"
          type="search"
          aria-label="Search calls"
          placeholder="Tool"
          value={text}
          onChange={changed(setText)}
        />
        <input
          className="search"
          type="search"
          aria-label="Caller"
          placeholder="Caller, such as unix:alice"
          value={who}
          onChange={changed(setWho)}
        />
        <select className="select" aria-label="Outcome" value={outcome} onChange={changed(setOutcome)}>
          <option value="">Any outcome</option>
          <option value="success">Succeeded</option>
          <option value="failed">Failed</option>
          <option value="test">Test runs</option>
        </select>
      </div>
      <Loaded query={list} height={400}>
        {(data) => <ExecutionsTable page={data} go={setPage} />}
      </Loaded>
    </>
  );
}
