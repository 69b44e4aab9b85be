import { Link } from "@tanstack/react-router";

import type { ExecutionRow, Page } from "../api/types.ts";
import { duration } from "../lib/format.ts";
import { Badge, Empty, Paging, Time } from "./ui.tsx";

export function ExecutionsTable({ page, go }: { page: Page<ExecutionRow>; go: (page: number) => void }) {
  if (page.items.length === 0)
    return (
      <div className="card">
        <Empty title="No call here">Calls appear as soon as a client makes one, or a draft is run.</Empty>
      </div>
    );
  return (
    <>
      <div className="card tight table-scroll" tabIndex={0} role="region" aria-label="Calls">
        <table>
          <thead>
            <tr>
              <th>When</th>
              <th>Tool</th>
              <th>Outcome</th>
              <th className="num">Took</th>
              <th>By</th>
            </tr>
          </thead>
          <tbody>
            {page.items.map((one) => (
              <tr key={one.id}>
                <td>
                  <Link to="/executions/$callId" params={{ callId: one.id }}>
                    <Time at={one.created_at} />
                  </Link>
                </td>
                <td className="mono">
                  {one.server_name}__{one.tool_name}
                </td>
                <td>
                  <span className="row">
                    <Badge tone={one.success ? "good" : "bad"}>{one.success ? "Succeeded" : "Failed"}</Badge>
                    {one.is_test && <Badge tone="info">Test run</Badge>}
                  </span>
                </td>
                <td className="num">{duration(one.duration_ms)}</td>
                <td className="wrap">{one.executed_by}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      <Paging of={page} go={go} />
    </>
  );
}
