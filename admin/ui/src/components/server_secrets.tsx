// Secrets of a server.  A value is typed here once, and nothing shows it again.
import { useMutation, useQuery } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";

import { servers } from "../api/endpoints.ts";
import type { Secret, SecretBinding, Server } from "../api/types.ts";
import { Ask, Dialog } from "./dialog.tsx";
import { Badge, Button, Empty, Field, Loaded, Note, Problem, Time } from "./ui.tsx";
import { VisibleText } from "./visible_text.tsx";

/** Where egress fills a value in; `careful`: whoever sees the answer may then see it, too. */
const PLACES = [
  { value: "header", label: "A request header", named: "Header", template: "Bearer {}", careful: false },
  { value: "basic", label: "Basic credentials", named: null, template: "USER:{}", careful: false },
  { value: "query", label: "A query parameter", named: "Parameter", template: null, careful: true },
  { value: "path", label: "The path", named: null, template: null, careful: true },
  { value: "json", label: "A field of a JSON body", named: "Field", template: null, careful: true },
  { value: "form", label: "A field of a form", named: "Field", template: null, careful: true },
] as const;
const placeOf = (value: string) => PLACES.find((place) => place.value === value) ?? PLACES[0];

function binding(secret: Secret): string {
  if (secret.mode === "exposed") return "The code sees the value.";
  if (!secret.host) return "Goes nowhere yet.";
  const place = placeOf(secret.place).label.toLowerCase();
  const name = secret.name ? ` “${secret.name}”` : "";
  const form = secret.template ? ` as “${secret.template}”` : "";
  return `Goes only to ${secret.host}:${secret.port}, in ${place}${name}${form}. The code never sees it.`;
}

type Form = {
  mode: Secret["mode"];
  host: string;
  port: string;
  place: string;
  name: string;
  template: string;
};
const formOf = (secret: Secret | null): Form => ({
  mode: secret?.mode ?? "sealed",
  host: secret?.host ?? "",
  port: String(secret?.port ?? 443),
  place: secret?.place ?? "header",
  name: secret?.name ?? "Authorization",
  template: secret?.template ?? "Bearer {}",
});

function bindingOf(form: Form): SecretBinding {
  if (form.mode === "exposed") return { mode: "exposed" };
  const place = placeOf(form.place);
  return {
    mode: "sealed",
    host: form.host.trim(),
    port: Number(form.port) || 443,
    place: form.place,
    ...(place.named && { name: form.name.trim() }),
    ...(place.template && { template: form.template }),
  };
}

function BindingFields({ form, set }: { form: Form; set: (change: Partial<Form>) => void }) {
  const place = placeOf(form.place);
  return (
    <>
      <Field label="How it is used">
        {(a) => (
          <select {...a} value={form.mode} onChange={(e) => set({ mode: e.target.value as Secret["mode"] })}>
            <option value="sealed">Sealed: filled in on its way out, the code never sees it</option>
            <option value="exposed">Exposed: the code computes with it (signatures)</option>
          </select>
        )}
      </Field>
      {form.mode === "exposed" && (
        <Note tone="warn">
          The tool’s code reads an exposed value and can send it wherever the tool may send anything.
        </Note>
      )}
      {form.mode === "sealed" && (
        <>
          <div className="halves">
            <Field label="Host that gets it">
              {(a) => (
                <input
                  {...a}
                  autoCapitalize="none"
                  value={form.host}
                  onChange={(e) => set({ host: e.target.value })}
                />
              )}
            </Field>
            <Field label="Port">
              {(a) => (
                <input
                  {...a}
                  inputMode="numeric"
                  value={form.port}
                  onChange={(e) => set({ port: e.target.value.replace(/\D/g, "") })}
                />
              )}
            </Field>
          </div>
          <Field label="Where it stands in the request">
            {(a) => (
              <select
                {...a}
                value={form.place}
                onChange={(e) => {
                  const next = placeOf(e.target.value);
                  set({
                    place: next.value,
                    template: next.template ?? "",
                    name: next.value === "header" ? "Authorization" : "",
                  });
                }}
              >
                {PLACES.map((one) => (
                  <option key={one.value} value={one.value}>
                    {one.label}
                  </option>
                ))}
              </select>
            )}
          </Field>
          {place.named && (
            <Field label={place.named}>
              {(a) => (
                <input
                  {...a}
                  className="mono"
                  value={form.name}
                  onChange={(e) => set({ name: e.target.value })}
                />
              )}
            </Field>
          )}
          {place.template && (
            <Field label="Template" hint="{} is where the value goes.">
              {(a) => (
                <input
                  {...a}
                  className="mono"
                  value={form.template}
                  onChange={(e) => set({ template: e.target.value })}
                />
              )}
            </Field>
          )}
          {place.careful && (
            <Note tone="warn">
              In this place the host may echo or log the value, and the tool can then publish it.
            </Note>
          )}
        </>
      )}
    </>
  );
}

/** Opened anew for each secret, so that nothing that was typed for one is there for another. */
function SetValue({ server, secret, close }: { server: Server; secret: Secret; close: () => void }) {
  const [value, setValue] = useState("");
  const [form, setForm] = useState(formOf(secret));
  const save = useMutation({
    mutationFn: () => servers.setSecret(server.id, secret.key_name, { value, ...bindingOf(form) }),
    onSuccess: close,
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    save.mutate();
  };
  return (
    <Dialog open close={close} title={`Value of ${secret.key_name}`}>
      <form className="stack" onSubmit={submit}>
        <Field
          label="Value"
          hint="Stored encrypted. Nothing shows it again, not even to you. It counts from the next call on."
        >
          {(a) => (
            <input
              {...a}
              type="password"
              autoFocus
              autoComplete="off"
              maxLength={10_000}
              value={value}
              onChange={(e) => setValue(e.target.value)}
            />
          )}
        </Field>
        <BindingFields form={form} set={(change) => setForm({ ...form, ...change })} />
        <Problem of={save.error} />
        <div className="row">
          <Button
            type="submit"
            look="primary"
            busy={save.isPending}
            disabled={!value || (form.mode === "sealed" && !form.host.trim())}
          >
            Save
          </Button>
          <Button onClick={close}>Cancel</Button>
        </div>
      </form>
    </Dialog>
  );
}

function NewSecret({ server, close }: { server: Server; close: () => void }) {
  const [key, setKey] = useState("");
  const [description, setDescription] = useState("");
  const [form, setForm] = useState(formOf(null));
  const create = useMutation({
    mutationFn: () => servers.createSecret(server.id, { key_name: key, description, ...bindingOf(form) }),
    onSuccess: close,
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    create.mutate();
  };
  return (
    <Dialog open close={close} title="New secret">
      <form className="stack" onSubmit={submit}>
        <Field label="Key" hint="Capital letters, digits and underscores: the name that code uses.">
          {(a) => (
            <input
              {...a}
              className="mono"
              autoFocus
              autoComplete="off"
              value={key}
              onChange={(e) => setKey(e.target.value)}
            />
          )}
        </Field>
        <Field label="What it is for">
          {(a) => <input {...a} value={description} onChange={(e) => setDescription(e.target.value)} />}
        </Field>
        <BindingFields form={form} set={(change) => setForm({ ...form, ...change })} />
        <Problem of={create.error} />
        <div className="row">
          <Button
            type="submit"
            look="primary"
            busy={create.isPending}
            disabled={!key || (form.mode === "sealed" && !form.host.trim())}
          >
            Create
          </Button>
          <Button onClick={close}>Cancel</Button>
        </div>
      </form>
    </Dialog>
  );
}

type RowProps = { secret: Secret; set: () => void; remove: () => void };

function Row({ secret, set, remove }: RowProps) {
  return (
    <li>
      <div className="grow">
        <b className="mono">{secret.key_name}</b>
        <p className="soft small">
          <VisibleText>{secret.description}</VisibleText> {binding(secret)}
        </p>
      </div>
      <Badge tone={secret.mode === "exposed" ? "warn" : "good"}>
        {secret.mode === "exposed" ? "Exposed" : "Sealed"}
      </Badge>
      <Badge tone={secret.has_value ? "good" : "warn"}>{secret.has_value ? "Set" : "Needs a value"}</Badge>
      {secret.has_value && (
        <span className="soft small">
          <Time at={secret.set_at} />
        </span>
      )}
      <Button onClick={set}>{secret.has_value ? "Replace" : "Set"}</Button>
      <Button look="bad" onClick={remove}>
        Delete
      </Button>
    </li>
  );
}

export function ServerSecrets({ server }: { server: Server }) {
  const list = useQuery({
    queryKey: ["servers", server.id, "secrets"],
    queryFn: () => servers.secrets(server.id),
  });
  const [creating, setCreating] = useState(false);
  const [setting, setSetting] = useState<Secret | null>(null);
  const [deleting, setDeleting] = useState<Secret | null>(null);
  return (
    <>
      <div className="row">
        <Button onClick={() => setCreating(true)}>New secret</Button>
      </div>
      <Loaded query={list}>
        {(data) => (
          <div className="card tight">
            {data.items.length === 0 ? (
              <Empty title="No secret">A tool that needs one asks for its key; you set the value here.</Empty>
            ) : (
              <ul className="list">
                {data.items.map((secret) => (
                  <Row
                    key={secret.key_name}
                    secret={secret}
                    set={() => setSetting(secret)}
                    remove={() => setDeleting(secret)}
                  />
                ))}
              </ul>
            )}
          </div>
        )}
      </Loaded>
      {creating && <NewSecret server={server} close={() => setCreating(false)} />}
      {setting && (
        <SetValue key={setting.key_name} server={server} secret={setting} close={() => setSetting(null)} />
      )}
      <Ask
        open={deleting !== null}
        close={() => setDeleting(null)}
        title={`Delete ${deleting?.key_name ?? ""}?`}
        verb="Delete for good"
        danger
        name={deleting?.key_name ?? ""}
        act={() => (deleting ? servers.removeSecret(server.id, deleting.key_name) : Promise.resolve())}
      >
        <p>
          Running calls of this server’s tools end, and tools that use it fail from then on. The value cannot
          be had back from here.
        </p>
      </Ask>
    </>
  );
}
