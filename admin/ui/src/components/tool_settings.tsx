// What a tool is called, what it says of itself, how long it may take; and its end.
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { type FormEvent, useState } from "react";

import { tools } from "../api/endpoints.ts";
import type { Tool } from "../api/types.ts";
import { DangerZone } from "./danger_zone.tsx";
import { useToast } from "./toasts.tsx";
import { Button, Field, Note, Problem } from "./ui.tsx";

function Change({ tool }: { tool: Tool }) {
  const toast = useToast();
  const [form, setForm] = useState({
    name: tool.name,
    description: tool.description,
    seconds: tool.timeout_ms === 0 ? "" : String(tool.timeout_ms / 1000),
  });
  const save = useMutation({
    mutationFn: () =>
      tools.update(tool.id, {
        ...(form.name !== tool.name && { name: form.name }),
        ...(form.description !== tool.description && { description: form.description }),
        ...(Number(form.seconds) * 1000 !== tool.timeout_ms && {
          timeout_ms: Math.round(Number(form.seconds) * 1000),
        }),
      }),
    onSuccess: () => toast("Saved as a new version."),
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    save.mutate();
  };
  return (
    <form className="card" onSubmit={submit}>
      <Note>
        Name, description and time limit are part of what was approved: changing one asks for a new review.
      </Note>
      <Field label="Name">
        {(a) => (
          <input
            {...a}
            className="mono"
            value={form.name}
            onChange={(e) => setForm({ ...form, name: e.target.value })}
          />
        )}
      </Field>
      <Field label="Description">
        {(a) => (
          <textarea
            {...a}
            maxLength={2000}
            value={form.description}
            onChange={(e) => setForm({ ...form, description: e.target.value })}
          />
        )}
      </Field>
      <Field label="Time limit in seconds" hint="1 to 300; 30 when none was chosen">
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
        <Button type="submit" look="primary" busy={save.isPending}>
          Save
        </Button>
      </div>
    </form>
  );
}

export function ToolSettings({ tool }: { tool: Tool }) {
  const navigate = useNavigate();
  const queries = useQueryClient();
  const remove = () =>
    tools.remove(tool.id).then(async () => {
      await navigate({ to: "/servers/$serverId", params: { serverId: tool.server_id }, hash: "tools" });
      queries.removeQueries({ queryKey: ["tools", tool.id] });
    });
  return (
    <>
      <Change tool={tool} key={tool.digest} />
      <DangerZone name={tool.name} kind="tool" act={remove}>
        Its versions and approvals go with it, and running calls end. Only the audit keeps what happened.
      </DangerZone>
    </>
  );
}
