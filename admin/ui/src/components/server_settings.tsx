// What a server is called, what it says of itself, what its tools inherit; and its end.
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { type FormEvent, useState } from "react";

import { servers } from "../api/endpoints.ts";
import type { Server } from "../api/types.ts";
import { NAME_HINT, NAME_RULE } from "../lib/constants.ts";
import { DangerZone } from "./danger_zone.tsx";
import { useToast } from "./toasts.tsx";
import { Button, Field, Note, Problem } from "./ui.tsx";

const LEAST_SECONDS = 1;
const MOST_SECONDS = 300;

function Change({ server }: { server: Server }) {
  const toast = useToast();
  const [form, setForm] = useState({
    name: server.name,
    description: server.description,
    seconds: String(server.default_timeout_ms / 1000),
  });
  const milliseconds = Math.round(Number(form.seconds) * 1000);
  const changes = {
    ...(form.name !== server.name && { name: form.name }),
    ...(form.description !== server.description && { description: form.description }),
    ...(milliseconds !== server.default_timeout_ms && { default_timeout_ms: milliseconds }),
  };
  const save = useMutation({
    mutationFn: () => servers.change(server.id, changes),
    onSuccess: () => toast("Saved."),
  });
  const wrongName = !NAME_RULE.test(form.name);
  const wrongTime = !(milliseconds >= LEAST_SECONDS * 1000 && milliseconds <= MOST_SECONDS * 1000);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    save.mutate();
  };
  return (
    <form className="card" onSubmit={submit}>
      <Field
        label="Name"
        hint={NAME_HINT}
        problem={wrongName ? "This name does not follow the rule" : undefined}
      >
        {(a) => (
          <input
            {...a}
            className="mono"
            autoComplete="off"
            value={form.name}
            onChange={(e) => setForm({ ...form, name: e.target.value })}
          />
        )}
      </Field>
      {form.name !== server.name && (
        <Note tone="warn">Clients see its tools under another name from then on. Approvals stay.</Note>
      )}
      <Field label="Description" hint="Language models read it to choose where a tool belongs.">
        {(a) => (
          <textarea
            {...a}
            maxLength={2000}
            value={form.description}
            onChange={(e) => setForm({ ...form, description: e.target.value })}
          />
        )}
      </Field>
      <Field
        label="Time limit in seconds, for tools that name none"
        problem={wrongTime ? `${LEAST_SECONDS} to ${MOST_SECONDS} seconds` : undefined}
      >
        {(a) => (
          <input
            {...a}
            inputMode="decimal"
            value={form.seconds}
            onChange={(e) => setForm({ ...form, seconds: e.target.value })}
          />
        )}
      </Field>
      <Problem of={save.error} />
      <div>
        <Button
          type="submit"
          look="primary"
          busy={save.isPending}
          disabled={wrongName || wrongTime || Object.keys(changes).length === 0}
        >
          Save
        </Button>
      </div>
    </form>
  );
}

export function ServerSettings({ server }: { server: Server }) {
  const navigate = useNavigate();
  const queries = useQueryClient();
  const remove = () =>
    servers.remove(server.id).then(async () => {
      await navigate({ to: "/servers" });
      queries.removeQueries({ queryKey: ["servers", server.id] });
    });
  return (
    <>
      <Change server={server} key={server.updated_at} />
      <DangerZone name={server.name} kind="server" act={remove}>
        Its tools, their versions and approvals, its hosts and secrets go with it, and running calls end. Only
        the audit keeps what happened.
      </DangerZone>
    </>
  );
}
