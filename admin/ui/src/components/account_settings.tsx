import { useMutation, useQuery } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";

import { accounts, auth } from "../api/endpoints.ts";
import type { Admin } from "../api/types.ts";
import { PASSWORD_LEAST } from "../lib/constants.ts";
import { Ask } from "./dialog.tsx";
import { useToast } from "./toasts.tsx";
import { Badge, Button, Field, Loaded, Problem, Time } from "./ui.tsx";
import { VisibleText } from "./visible_text.tsx";

function ChangePassword() {
  const toast = useToast();
  const [form, setForm] = useState({ current_password: "", new_password: "" });
  const save = useMutation({
    mutationFn: () => auth.changePassword(form),
    onSuccess: () => toast("The password is changed. Every other session was ended."),
    onSettled: () => setForm({ current_password: "", new_password: "" }),
  });
  const short = form.new_password !== "" && form.new_password.length < PASSWORD_LEAST;
  const submit = (event: FormEvent) => {
    event.preventDefault();
    save.mutate();
  };
  return (
    <form className="card" onSubmit={submit}>
      <h2>Your password</h2>
      <Field label="Password now">
        {(a) => (
          <input
            {...a}
            type="password"
            autoComplete="current-password"
            value={form.current_password}
            onChange={(e) => setForm({ ...form, current_password: e.target.value })}
          />
        )}
      </Field>
      <Field label="New password" problem={short ? `At least ${PASSWORD_LEAST} characters` : undefined}>
        {(a) => (
          <input
            {...a}
            type="password"
            autoComplete="new-password"
            value={form.new_password}
            onChange={(e) => setForm({ ...form, new_password: e.target.value })}
          />
        )}
      </Field>
      <Problem of={save.error} />
      <div>
        <Button
          type="submit"
          busy={save.isPending}
          disabled={!form.current_password || !form.new_password || short}
        >
          Change it
        </Button>
      </div>
    </form>
  );
}

function AddAdmin() {
  const [form, setForm] = useState({ username: "", password: "" });
  const add = useMutation({
    mutationFn: () => accounts.addAdmin(form),
    onSuccess: () => setForm({ username: "", password: "" }),
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    add.mutate();
  };
  return (
    <form className="card" onSubmit={submit}>
      <h2>Another administrator</h2>
      <Field label="Name">
        {(a) => (
          <input
            {...a}
            autoComplete="off"
            value={form.username}
            onChange={(e) => setForm({ ...form, username: e.target.value })}
          />
        )}
      </Field>
      <Field label="First password" hint={`At least ${PASSWORD_LEAST} characters`}>
        {(a) => (
          <input
            {...a}
            type="password"
            autoComplete="new-password"
            value={form.password}
            onChange={(e) => setForm({ ...form, password: e.target.value })}
          />
        )}
      </Field>
      <Problem of={add.error} />
      <div>
        <Button
          type="submit"
          busy={add.isPending}
          disabled={!form.username || form.password.length < PASSWORD_LEAST}
        >
          Add
        </Button>
      </div>
    </form>
  );
}

export function Admins() {
  const list = useQuery({ queryKey: ["admins"], queryFn: accounts.admins });
  const me = useQuery({ queryKey: ["me"], queryFn: auth.me });
  const [removing, setRemoving] = useState<Admin | null>(null);
  return (
    <>
      <Loaded query={list}>
        {(data) => (
          <div className="card tight">
            <ul className="list">
              {data.items.map((one) => (
                <li key={one.username}>
                  <b className="grow">{one.username}</b>
                  <span className="soft small">
                    since <Time at={one.created_at} />
                  </span>
                  {one.username === me.data?.username ? (
                    <Badge tone="info">You</Badge>
                  ) : (
                    <Button look="bad" onClick={() => setRemoving(one)}>
                      Remove
                    </Button>
                  )}
                </li>
              ))}
            </ul>
          </div>
        )}
      </Loaded>
      <div className="halves">
        <ChangePassword />
        <AddAdmin />
      </div>
      <Ask
        open={removing !== null}
        close={() => setRemoving(null)}
        title={`Remove ${removing?.username ?? ""}?`}
        verb="Remove"
        danger
        name={removing?.username ?? ""}
        act={() => (removing ? accounts.removeAdmin(removing.username) : Promise.resolve())}
      >
        <p>Their sessions end at once. What they decided stays decided.</p>
      </Ask>
    </>
  );
}

export function Sessions() {
  const list = useQuery({ queryKey: ["sessions"], queryFn: accounts.sessions });
  const end = useMutation({ mutationFn: accounts.endSession });
  return (
    <Loaded query={list}>
      {(data) => (
        <div className="card tight">
          <ul className="list">
            {data.items.map((one) => (
              <li key={one.id}>
                <span className="grow">
                  <b>{one.username}</b>{" "}
                  <span className="soft small">
                    since <Time at={one.created_at} />, last used <Time at={one.used_at} />, from{" "}
                    {one.address} with <VisibleText>{one.client}</VisibleText>
                  </span>
                </span>
                {one.current ? (
                  <Badge tone="info">This one</Badge>
                ) : (
                  <Button
                    look="bad"
                    busy={end.isPending && end.variables === one.id}
                    onClick={() => end.mutate(one.id)}
                  >
                    End it
                  </Button>
                )}
              </li>
            ))}
          </ul>
        </div>
      )}
    </Loaded>
  );
}
