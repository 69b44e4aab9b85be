import { useMutation, useQuery } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";

import { approvals, servers } from "../api/endpoints.ts";
import type { Grant, Server } from "../api/types.ts";
import { hostAndPort } from "../lib/queue.ts";
import { DeniedHosts } from "./denied.tsx";
import { Ask } from "./dialog.tsx";
import { Badge, Button, Empty, Field, Loaded, Note, Problem, Time } from "./ui.tsx";
import { VisibleText } from "./visible_text.tsx";

function AddHost({ server }: { server: Server }) {
  const [host, setHost] = useState("");
  const [port, setPort] = useState("");
  const [inside, setInside] = useState(false);
  const add = useMutation({
    mutationFn: () =>
      servers.addHost(server.id, {
        host: host.trim(),
        ...(port && { port: Number(port) }),
        private_too: inside,
        justification: "Added by an administrator",
      }),
    onSuccess: () => {
      setHost("");
      setPort("");
      setInside(false);
    },
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    add.mutate();
  };
  return (
    <form className="card" onSubmit={submit}>
      <h2>Let its tools reach a host</h2>
      <p className="soft small">
        Every tool of this server that is approved, now or later, may send to it what it gets.
      </p>
      <div className="halves">
        <Field label="Host" hint="api.example.com, nas.lan, or *.example.com">
          {(a) => (
            <input
              {...a}
              autoCapitalize="none"
              autoComplete="off"
              value={host}
              onChange={(e) => setHost(e.target.value)}
            />
          )}
        </Field>
        <Field label="Port (any, if empty)">
          {(a) => (
            <input
              {...a}
              inputMode="numeric"
              value={port}
              onChange={(e) => setPort(e.target.value.replace(/\D/g, ""))}
            />
          )}
        </Field>
      </div>
      <label className="check">
        <input type="checkbox" checked={inside} onChange={(e) => setInside(e.target.checked)} />
        <span>Also where it has an address of my own network (needs the port)</span>
      </label>
      <Problem of={add.error} />
      <div>
        <Button type="submit" busy={add.isPending} disabled={!host.trim() || (inside && !port)}>
          Add the host
        </Button>
      </div>
    </form>
  );
}

export function ServerHosts({ server }: { server: Server }) {
  const list = useQuery({
    queryKey: ["servers", server.id, "hosts"],
    queryFn: () => servers.hosts(server.id),
  });
  const [revoking, setRevoking] = useState<Grant | null>(null);
  return (
    <>
      <Loaded query={list}>
        {(data) => (
          <div className="card tight">
            {data.items.length === 0 ? (
              <Empty title="No host is approved">Its tools compute, but reach nothing outside.</Empty>
            ) : (
              <ul className="list">
                {data.items.map((one) => (
                  <li key={one.id}>
                    <div className="grow">
                      <b className="mono">{hostAndPort(one)}</b>
                      <p className="soft small">
                        {one.methods.length > 0 && `${one.methods.join(", ")} `}
                        {one.path && <code>{one.path}</code>} <VisibleText>{one.justification}</VisibleText>
                      </p>
                    </div>
                    {one.private_too && <Badge tone="warn">Your network too</Badge>}
                    <Badge>{one.source === "admin" ? "By an admin" : "Asked by a model"}</Badge>
                    <span className="soft small">
                      {one.reviewed_by} <Time at={one.reviewed_at} />
                    </span>
                    <Button look="bad" onClick={() => setRevoking(one)}>
                      Revoke
                    </Button>
                  </li>
                ))}
              </ul>
            )}
          </div>
        )}
      </Loaded>
      <DeniedHosts server={server.id} />
      <AddHost server={server} />
      <Ask
        open={revoking !== null}
        close={() => setRevoking(null)}
        title={`Revoke ${revoking ? hostAndPort(revoking) : ""}?`}
        verb="Revoke"
        danger
        act={() =>
          revoking
            ? approvals.decideGrant("network", revoking.id, {
                action: "revoke",
                sequence: revoking.sequence,
              })
            : Promise.resolve()
        }
      >
        <Note tone="warn">Takes effect at once: running calls of this server’s tools end.</Note>
      </Ask>
    </>
  );
}
