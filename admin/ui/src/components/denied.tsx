// What tools tried and nobody approved: each is a request that a person grants in one step, and grants nothing before.
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";

import { approvals, servers } from "../api/endpoints.ts";
import type { Denied as Row } from "../api/types.ts";
import { hostAndPort } from "../lib/queue.ts";
import { visible } from "../lib/visible.ts";
import { Ask } from "./dialog.tsx";
import { Badge, Button, Facts, Note, Problem, Time } from "./ui.tsx";
import { VisibleText } from "./visible_text.tsx";

const MOST = 20;
const REFRESH_MS = 10_000;

export const placeOf = (one: Row): string => hostAndPort({ name: one.host, port: one.port });

export function timesInWords(times: number): string {
  if (times === 1) return "once";
  return times === 2 ? "twice" : `${times} times`;
}

function Allow({ one, close }: { one: Row | null; close: () => void }) {
  return (
    <Ask
      open={one !== null}
      close={close}
      title={one ? `Let ${one.server_name} reach ${visible(placeOf(one))}?` : ""}
      verb="Allow it"
      act={() => (one ? servers.addHost(one.server_id, one.request) : Promise.resolve())}
    >
      {one && (
        <>
          <Facts
            of={[
              ["Host", <VisibleText key="h">{one.host}</VisibleText>],
              ["Port", String(one.port)],
              ["Your own network", one.request.private_too ? "also" : "no"],
              ["Because", <VisibleText key="w">{one.request.justification}</VisibleText>],
            ]}
          />
          <Note tone="warn">
            Every approved tool of this server may then send to it whatever it gets. A tool may have been told
            what to try: allow what you know, and nothing else.
          </Note>
        </>
      )}
    </Ask>
  );
}

/** Of one server, or of all.  Nothing is shown where nothing was refused. */
export function DeniedHosts({ server }: { server?: string }) {
  const list = useQuery({
    queryKey: ["denied", server ?? "all"],
    queryFn: () => approvals.denied({ page_size: MOST, ...(server && { server_id: server }) }),
    refetchInterval: REFRESH_MS,
  });
  const [allowing, setAllowing] = useState<Row | null>(null);
  const rows = list.data?.items ?? [];
  if (list.error) return <Problem of={list.error} />;
  if (rows.length === 0) return null;
  return (
    <section className="card tight" aria-label="Tried, and not approved">
      <h2>Tried, and not approved</h2>
      <ul className="list">
        {rows.map((one) => (
          <li key={`${one.tool_id} ${placeOf(one)}`}>
            <div className="grow">
              <p>
                <span className="mono">{one.tool}</span> tried{" "}
                <b className="mono">
                  <VisibleText>{placeOf(one)}</VisibleText>
                </b>{" "}
                {timesInWords(one.times)}
              </p>
              <p className="soft small">
                Last <Time at={one.last_at} />
              </p>
            </div>
            {one.request.private_too && <Badge tone="warn">Perhaps in your own network</Badge>}
            <Button onClick={() => setAllowing(one)}>Allow…</Button>
          </li>
        ))}
      </ul>
      {(list.data?.total ?? 0) > rows.length && (
        <p className="soft small">The latest {rows.length}; the others when these are settled.</p>
      )}
      <Allow one={allowing} close={() => setAllowing(null)} />
    </section>
  );
}
