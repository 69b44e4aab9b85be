import { useMutation, useQuery } from "@tanstack/react-query";
import { Link, useNavigate } from "@tanstack/react-router";
import { type FormEvent, useState } from "react";

import { servers } from "../api/endpoints.ts";
import type { Page, ServerRow } from "../api/types.ts";
import { Dialog } from "../components/dialog.tsx";
import { ServerSwitch } from "../components/server_switch.tsx";
import { Badge, Button, Empty, Field, Loaded, PageHead, Paging, Problem } from "../components/ui.tsx";
import { VisibleText } from "../components/visible_text.tsx";
import { useDebounced } from "../hooks/use_debounced.ts";
import { useTitle } from "../hooks/use_title.ts";
import { NAME_HINT, NAME_RULE, SERVER } from "../lib/constants.ts";

function Create({ open, close }: { open: boolean; close: () => void }) {
  const navigate = useNavigate();
  const [name, setName] = useState("");
  const [description, setDescription] = useState("");
  const create = useMutation({
    mutationFn: () => servers.create({ name, description }),
    onSuccess: (server) => navigate({ to: "/servers/$serverId", params: { serverId: server.id } }),
  });
  const wrong = name !== "" && !NAME_RULE.test(name);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    create.mutate();
  };
  return (
    <Dialog open={open} close={close} title="New server">
      <form className="stack" onSubmit={submit}>
        <Field
          label="Name"
          hint={NAME_HINT}
          problem={wrong ? "This name does not follow the rule" : undefined}
        >
          {(a) => (
            <input
              {...a}
              autoFocus
              autoComplete="off"
              value={name}
              onChange={(e) => setName(e.target.value)}
            />
          )}
        </Field>
        <Field label="Description" hint="Language models read it to choose where a tool belongs.">
          {(a) => (
            <textarea
              {...a}
              maxLength={2000}
              value={description}
              onChange={(e) => setDescription(e.target.value)}
            />
          )}
        </Field>
        <Problem of={create.error} />
        <div className="row">
          <Button type="submit" look="primary" busy={create.isPending} disabled={!name || wrong}>
            Create
          </Button>
          <Button onClick={close}>Cancel</Button>
        </div>
      </form>
    </Dialog>
  );
}

function ServerCard({ server }: { server: ServerRow }) {
  const look = SERVER[server.status];
  return (
    <article className="card">
      <div className="row between">
        <h2 className="wrap">
          <Link to="/servers/$serverId" params={{ serverId: server.id }}>
            {server.name}
          </Link>
        </h2>
        <Badge tone={look.tone}>{look.label}</Badge>
      </div>
      <p className="soft wrap">
        {server.description ? <VisibleText>{server.description}</VisibleText> : "No description."}
      </p>
      <div className="row between">
        <span className="soft small">
          {server.tool_count} {server.tool_count === 1 ? "tool" : "tools"}
          {server.pending_count ? `, ${server.pending_count} waiting for review` : ""}
        </span>
        <ServerSwitch id={server.id} status={server.status} />
      </div>
    </article>
  );
}

export function Servers() {
  useTitle("Servers");
  const [page, setPage] = useState(1);
  const [search, setSearch] = useState("");
  const [creating, setCreating] = useState(false);
  const words = useDebounced(search);
  const list = useQuery({
    queryKey: ["servers", page, words],
    queryFn: () => servers.list({ page, page_size: 24, search: words }),
    placeholderData: (before: Page<ServerRow> | undefined) => before,
  });
  return (
    <>
      <PageHead
        title="Servers"
        lead="A server groups tools that belong together, and stand in clients under one name."
      >
        <input
          className="search"
          type="search"
          aria-label="Search servers"
          placeholder="Search"
          value={search}
          onChange={(e) => {
            setSearch(e.target.value);
            setPage(1);
          }}
        />
        <Button look="primary" onClick={() => setCreating(true)}>
          New server
        </Button>
      </PageHead>
      <Loaded query={list} height={300}>
        {(data) =>
          data.items.length === 0 ? (
            <div className="card">
              {words ? (
                <Empty title={`No server matches “${words}”`}>Try fewer letters.</Empty>
              ) : (
                <Empty title="No server yet" action={<Link to="/connect">Connect a client</Link>}>
                  Ask your client to make one, or make it here.
                </Empty>
              )}
            </div>
          ) : (
            <>
              <div className="grid">
                {data.items.map((server) => (
                  <ServerCard key={server.id} server={server} />
                ))}
              </div>
              <Paging of={data} go={setPage} />
            </>
          )
        }
      </Loaded>
      <Create open={creating} close={() => setCreating(false)} />
    </>
  );
}
