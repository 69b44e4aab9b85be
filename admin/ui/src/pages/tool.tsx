import { useMutation, useQuery } from "@tanstack/react-query";
import { Link, useParams } from "@tanstack/react-router";
import { useState } from "react";

import { tools } from "../api/endpoints.ts";
import type { Tool } from "../api/types.ts";
import { CodeEditor, CodeView } from "../components/code.tsx";
import { Ask } from "../components/dialog.tsx";
import { DraftRun } from "../components/draft_run.tsx";
import { ExecutionsTable } from "../components/executions_table.tsx";
import { Tabs } from "../components/tabs.tsx";
import { useToast } from "../components/toasts.tsx";
import {
  Badge,
  Button,
  Facts,
  Loaded,
  Note,
  PageHead,
  Problem,
  problemText,
  Time,
} from "../components/ui.tsx";
import { ToolSettings } from "../components/tool_settings.tsx";
import { Revoke, Versions } from "../components/versions.tsx";
import { VisibleText } from "../components/visible_text.tsx";
import { useHash } from "../hooks/use_hash.ts";
import { useTitle } from "../hooks/use_title.ts";
import { APPROVAL } from "../lib/constants.ts";
import { groupedDigest, pretty, timeLimit } from "../lib/format.ts";
import { parsed } from "../lib/schema.ts";

const TABS = ["code", "run", "versions", "logs", "settings"] as const;
const LABELS: Record<(typeof TABS)[number], string> = {
  code: "Code",
  run: "Draft run",
  versions: "Versions",
  logs: "Calls",
  settings: "Settings",
};

function Code({ tool }: { tool: Tool }) {
  const [editing, setEditing] = useState(false);
  return (
    <>
      <section className="card">
        <div className="row between">
          <h2>Code</h2>
          {!editing && <Button onClick={() => setEditing(true)}>Edit</Button>}
        </div>
        {editing ? (
          <Edit tool={tool} done={() => setEditing(false)} />
        ) : (
          <CodeView code={tool.python_code} label="Python code" />
        )}
      </section>
      <section className="card">
        <h2>What an approval binds</h2>
        <Facts
          of={[
            ["Description", <VisibleText key="d">{tool.description}</VisibleText>],
            ["Time limit", timeLimit(tool.timeout_ms)],
            ["Version", String(tool.current_version)],
            [
              "Digest",
              <span key="h" className="mono">
                {groupedDigest(tool.digest)}
              </span>,
            ],
            ["Author", tool.created_by ?? "–"],
            [
              "Approved",
              tool.approved_at ? (
                <span key="a">
                  by {tool.approved_by} <Time at={tool.approved_at} />
                </span>
              ) : (
                "no"
              ),
            ],
          ]}
        />
        <h3>Arguments, as clients see them</h3>
        <pre className="plain" tabIndex={0}>
          <VisibleText>{pretty(parsed(tool.input_schema) ?? tool.input_schema)}</VisibleText>
        </pre>
      </section>
    </>
  );
}

function Edit({ tool, done }: { tool: Tool; done: () => void }) {
  const toast = useToast();
  const [code, setCode] = useState(tool.python_code);
  const save = useMutation({
    mutationFn: () => tools.update(tool.id, { python_code: code }),
    onSuccess: () => {
      toast("Saved as a new version.");
      done();
    },
  });
  const changed = code !== tool.python_code;
  return (
    <>
      {(tool.approval_status === "approved" || tool.approval_status === "pending_review") && (
        <Note tone="warn">
          A changed tool is another tool: nobody can call it until it is approved again.
        </Note>
      )}
      <CodeEditor code={code} label="Python code" changed={setCode} />
      <Problem of={save.error} />
      <div className="row">
        <Button look="primary" busy={save.isPending} disabled={!changed} onClick={() => save.mutate()}>
          Save
        </Button>
        <Button onClick={done}>{changed ? "Discard" : "Close"}</Button>
      </div>
    </>
  );
}

function Logs({ tool }: { tool: Tool }) {
  const [page, setPage] = useState(1);
  const list = useQuery({
    queryKey: ["tools", tool.id, "logs", page],
    queryFn: () => tools.executions(tool.id, { page }),
  });
  return <Loaded query={list}>{(data) => <ExecutionsTable page={data} go={setPage} />}</Loaded>;
}

function Actions({ tool }: { tool: Tool }) {
  const toast = useToast();
  const [asking, setAsking] = useState(false);
  const [revoking, setRevoking] = useState(false);
  const enable = useMutation({
    mutationFn: (enabled: boolean) => tools.update(tool.id, { enabled }),
    onSuccess: (_, enabled) => (enabled ? toast("Enabled.") : toast("Disabled.", () => enable.mutate(true))),
    onError: (problem) => toast(problemText(problem)),
  });
  return (
    <>
      {(tool.approval_status === "draft" || tool.approval_status === "rejected") && (
        <Button onClick={() => setAsking(true)}>Ask for review</Button>
      )}
      {tool.approval_status === "pending_review" && (
        <Link className="button primary" to="/approvals" hash={tool.id}>
          Review
        </Link>
      )}
      <Button busy={enable.isPending} onClick={() => enable.mutate(!tool.enabled)}>
        {tool.enabled ? "Disable" : "Enable"}
      </Button>
      {tool.approval_status === "approved" && (
        <Button look="bad" onClick={() => setRevoking(true)}>
          Revoke
        </Button>
      )}
      <Revoke tool={tool} of={revoking ? tool.digest : null} close={() => setRevoking(false)} />
      <Ask
        open={asking}
        close={() => setAsking(false)}
        title={`Ask for the review of ${tool.name}?`}
        verb="Ask"
        reason="Notes for the reviewer"
        act={(notes) => tools.submit(tool.id, notes)}
      />
    </>
  );
}

function Inside({ tool }: { tool: Tool }) {
  useTitle(tool.name);
  const [tab, setTab] = useHash(TABS, "code");
  const look = APPROVAL[tool.approval_status];
  return (
    <>
      <PageHead
        title={<span className="mono">{tool.name}</span>}
        crumbs={
          <>
            <Link to="/servers">Servers</Link> /{" "}
            <Link to="/servers/$serverId" params={{ serverId: tool.server_id }} hash="tools">
              {tool.server_name}
            </Link>
          </>
        }
      >
        <Badge tone={look.tone} title={look.meaning}>
          {look.label}
        </Badge>
        {!tool.enabled && <Badge>Disabled</Badge>}
        <Actions tool={tool} />
      </PageHead>
      {tool.approval_status === "rejected" && tool.rejection_reason && (
        <Note tone="bad">
          Rejected: <VisibleText>{tool.rejection_reason}</VisibleText>
        </Note>
      )}
      <Tabs about="About this tool" names={TABS} labels={LABELS} open={tab} onOpen={setTab} />
      {tab === "code" && <Code tool={tool} />}
      {tab === "run" && <DraftRun toolId={tool.id} schema={parsed(tool.input_schema)} />}
      {tab === "versions" && <Versions tool={tool} />}
      {tab === "logs" && <Logs tool={tool} />}
      {tab === "settings" && <ToolSettings tool={tool} />}
    </>
  );
}

export function ToolPage() {
  const { toolId } = useParams({ strict: false }) as { toolId: string };
  const tool = useQuery({ queryKey: ["tools", toolId], queryFn: () => tools.get(toolId) });
  return (
    <Loaded query={tool} height={500}>
      {(data) => <Inside tool={data} />}
    </Loaded>
  );
}
