import { useQuery } from "@tanstack/react-query";
import { Link, useParams } from "@tanstack/react-router";
import { useState } from "react";

import { servers } from "../api/endpoints.ts";
import type { Server } from "../api/types.ts";
import { ExecutionsTable } from "../components/executions_table.tsx";
import { ServerHosts } from "../components/server_hosts.tsx";
import { ServerSecrets } from "../components/server_secrets.tsx";
import { ServerSettings } from "../components/server_settings.tsx";
import { ServerSwitch } from "../components/server_switch.tsx";
import { Tabs } from "../components/tabs.tsx";
import { Badge, CopyButton, Empty, Facts, Loaded, PageHead, Paging, Time } from "../components/ui.tsx";
import { VisibleText } from "../components/visible_text.tsx";
import { useHash } from "../hooks/use_hash.ts";
import { useTitle } from "../hooks/use_title.ts";
import { APPROVAL, SERVER } from "../lib/constants.ts";
import { duration } from "../lib/format.ts";

const TABS = ["overview", "tools", "secrets", "hosts", "logs", "settings"] as const;
const LABELS: Record<(typeof TABS)[number], string> = {
  overview: "Overview",
  tools: "Tools",
  secrets: "Secrets",
  hosts: "Hosts",
  logs: "Calls",
  settings: "Settings",
};

function Overview({ server }: { server: Server }) {
  return (
    <div className="card">
      <p className="wrap">
        {server.description ? (
          <VisibleText>{server.description}</VisibleText>
        ) : (
          <span className="soft">No description.</span>
        )}
      </p>
      <Facts
        of={[
          ["Address", <code key="a">/mcp/servers/{server.name}</code>],
          ["Tools", String(server.tool_count)],
          ["Time limit", `${duration(server.default_timeout_ms)}, for tools that name none`],
          ["Made", <Time key="c" at={server.created_at} />],
          ["Changed", <Time key="u" at={server.updated_at} />],
          [
            "Id",
            <span key="i" className="row">
              <code>{server.id}</code> <CopyButton text={server.id} />
            </span>,
          ],
        ]}
      />
    </div>
  );
}

function Tools({ server }: { server: Server }) {
  const [page, setPage] = useState(1);
  const list = useQuery({
    queryKey: ["servers", server.id, "tools", page],
    queryFn: () => servers.tools(server.id, { page }),
  });
  return (
    <Loaded query={list}>
      {(data) => (
        <>
          <div className="row">
            <Link className="button" to="/servers/$serverId/new" params={{ serverId: server.id }}>
              New tool
            </Link>
          </div>
          <div className="card tight">
            {data.items.length === 0 ? (
              <Empty title="No tool yet">Ask your client for one, or write it here.</Empty>
            ) : (
              <ul className="list">
                {data.items.map((tool) => (
                  <li key={tool.id}>
                    <div className="grow">
                      <Link className="mono" to="/tools/$toolId" params={{ toolId: tool.id }}>
                        {tool.name}
                      </Link>
                      <p className="soft small">
                        <VisibleText>{tool.description}</VisibleText>
                      </p>
                    </div>
                    {!tool.enabled && <Badge>Disabled</Badge>}
                    <Badge
                      tone={APPROVAL[tool.approval_status].tone}
                      title={APPROVAL[tool.approval_status].meaning}
                    >
                      {APPROVAL[tool.approval_status].label}
                    </Badge>
                  </li>
                ))}
              </ul>
            )}
          </div>
          <Paging of={data} go={setPage} />
        </>
      )}
    </Loaded>
  );
}

function Logs({ server }: { server: Server }) {
  const [page, setPage] = useState(1);
  const list = useQuery({
    queryKey: ["servers", server.id, "executions", page],
    queryFn: () => servers.executions(server.id, { page }),
  });
  return <Loaded query={list}>{(data) => <ExecutionsTable page={data} go={setPage} />}</Loaded>;
}

function Inside({ server }: { server: Server }) {
  useTitle(server.name);
  const [tab, setTab] = useHash(TABS, "overview");
  return (
    <>
      <PageHead title={server.name} crumbs={<Link to="/servers">Servers</Link>}>
        <Badge tone={SERVER[server.status].tone}>{SERVER[server.status].label}</Badge>
        <ServerSwitch id={server.id} status={server.status} />
      </PageHead>
      <Tabs about="About this server" names={TABS} labels={LABELS} open={tab} onOpen={setTab} />
      {tab === "overview" && <Overview server={server} />}
      {tab === "tools" && <Tools server={server} />}
      {tab === "secrets" && <ServerSecrets server={server} />}
      {tab === "hosts" && <ServerHosts server={server} />}
      {tab === "logs" && <Logs server={server} />}
      {tab === "settings" && <ServerSettings server={server} />}
    </>
  );
}

export function ServerPage() {
  const { serverId } = useParams({ strict: false }) as { serverId: string };
  const server = useQuery({ queryKey: ["servers", serverId], queryFn: () => servers.get(serverId) });
  return (
    <Loaded query={server} height={400}>
      {(data) => <Inside server={data} />}
    </Loaded>
  );
}
