import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useState } from "react";

import { system } from "../api/endpoints.ts";
import type { Dashboard as Data, Period, Status } from "../api/types.ts";
import { BarChart } from "../components/chart.tsx";
import { Badge, Empty, Facts, Loaded, Note, PageHead, Time } from "../components/ui.tsx";
import { VisibleText } from "../components/visible_text.tsx";
import { useTitle } from "../hooks/use_title.ts";
import { PERIODS } from "../lib/constants.ts";
import { duration, number, percent } from "../lib/format.ts";

function Figure({ label, value, more }: { label: string; value: string; more?: string }) {
  return (
    <div className="card figure">
      <div>
        <span className="soft small">{label}</span>
        <b>{value}</b>
        <span className="soft small">{more ?? "\u00a0"}</span>
      </div>
    </div>
  );
}

function Figures({ stats }: { stats: Data["stats"] }) {
  return (
    <div className="figures">
      <Figure label="Servers running" value={`${stats.active_servers} of ${stats.total_servers}`} />
      <Figure label="Tools enabled" value={`${stats.enabled_tools} of ${stats.total_tools}`} />
      <Figure
        label="Calls"
        value={number(stats.total_requests)}
        more={`${duration(stats.avg_response_time_ms)} on average, 95 in 100 within ${duration(stats.p95_response_time_ms)}`}
      />
      <Figure label="Failed calls" value={number(stats.total_errors)} more={percent(stats.error_rate)} />
    </div>
  );
}

function Lists({ data }: { data: Data }) {
  return (
    <div className="halves">
      <section className="card">
        <h2>Most used tools</h2>
        {data.top_tools.length === 0 ? (
          <p className="soft">No call in this time.</p>
        ) : (
          <ul className="stack">
            {data.top_tools.map((tool) => (
              <li key={`${tool.server_name}__${tool.tool_name}`} className="row between">
                <Link className="mono wrap" to="/tools/$toolId" params={{ toolId: tool.tool_id }}>
                  {tool.server_name}__{tool.tool_name}
                </Link>
                <span className="soft small">
                  {number(tool.invocations)} {tool.invocations === 1 ? "call" : "calls"},{" "}
                  {duration(tool.avg_duration_ms)}
                </span>
              </li>
            ))}
          </ul>
        )}
      </section>
      <section className="card">
        <h2>Latest failures</h2>
        {data.recent_errors.length === 0 ? (
          <p className="soft">None in this time.</p>
        ) : (
          <ul className="stack">
            {data.recent_errors.map((error, index) => (
              <li key={index} className="small">
                <span className="row between">
                  <Link className="mono wrap" to="/tools/$toolId" params={{ toolId: error.tool_id }}>
                    {error.server_name}__{error.tool_name}
                  </Link>
                  <Time at={error.timestamp} />
                </span>
                <span className="soft wrap">
                  <VisibleText>{error.message ?? ""}</VisibleText>
                </span>
              </li>
            ))}
          </ul>
        )}
      </section>
    </div>
  );
}

function Health({ status }: { status: Status }) {
  const missing = status.processes.flatMap((process) =>
    process.missing.map((layer) => `${process.role}: ${layer}`),
  );
  return (
    <div className="halves">
      <section className="card">
        <div className="row between">
          <h2>Health</h2>
          <Badge tone={status.database_up && !status.frozen ? "good" : "bad"}>
            {status.frozen ? "Frozen" : status.database_up ? "All is well" : "The database is down"}
          </Badge>
        </div>
        <Facts
          of={[
            ["Database", status.database],
            ["Audit records", number(status.audit_records)],
            [
              "Calls now",
              `${status.calls_in_flight}, of these ${status.calls_queued} waiting for their turn`,
            ],
            ["Listens on", [...status.listeners, ...status.admin_listeners].join(", ")],
            ["Own attack", status.self_attack],
          ]}
        />
        {status.warnings.map((warning) => (
          <Note key={warning} tone="warn">
            {warning}
          </Note>
        ))}
      </section>
      <section className="card">
        <div className="row between">
          <h2>Jail layers in force</h2>
          <Badge tone={missing.length ? "bad" : "good"}>
            {missing.length ? `${missing.length} missing` : "None missing"}
          </Badge>
        </div>
        <ul className="stack">
          {status.processes.map((process) => (
            <li key={process.role + process.pid} className="row between">
              <span>
                <span className={process.serving ? "dot on" : "dot"} />{" "}
                <span className="mono">[{process.role}]</span>
              </span>
              <span className="small soft" title={process.layers.join(", ")}>
                {process.layers.length} layers
                {process.restarts ? `, restarted ${process.restarts} times` : ""}
              </span>
            </li>
          ))}
        </ul>
        {missing.length > 0 && <Note tone="bad">{missing.join(", ")}</Note>}
      </section>
    </div>
  );
}

export function Dashboard() {
  useTitle("");
  const [period, setPeriod] = useState<Period>("24h");
  const data = useQuery({
    queryKey: ["dashboard", period],
    queryFn: () => system.dashboard(period),
    refetchInterval: 15_000,
    placeholderData: (before: Data | undefined) => before,
  });
  const status = useQuery({ queryKey: ["status"], queryFn: system.status });
  return (
    <>
      <PageHead title="Dashboard">
        <label className="row">
          <span className="soft">Over</span>
          <select className="select" value={period} onChange={(e) => setPeriod(e.target.value as Period)}>
            {PERIODS.map((one) => (
              <option key={one.value} value={one.value}>
                {one.label}
              </option>
            ))}
          </select>
        </label>
      </PageHead>
      <Loaded query={data} height={560}>
        {(d) => (
          <>
            {d.stats.total_servers === 0 && (
              <div className="card">
                <Empty
                  title="Nothing here yet"
                  action={
                    <Link className="button primary" to="/connect">
                      Connect a client
                    </Link>
                  }
                >
                  Connect a client and ask it for a tool. It appears under Approvals, and you decide.
                </Empty>
              </div>
            )}
            <Figures stats={d.stats} />
            <div className="halves">
              <section className="card">
                <h2>Calls</h2>
                <BarChart points={d.requests_over_time} title="Calls" />
              </section>
              <section className="card">
                <h2>Failed calls</h2>
                <BarChart points={d.errors_over_time} title="Failed calls" bad />
              </section>
            </div>
            <Lists data={d} />
          </>
        )}
      </Loaded>
      {!data.isPending && ( // below what has its final height
        <Loaded query={status} height={260}>
          {(s) => <Health status={s} />}
        </Loaded>
      )}
    </>
  );
}
