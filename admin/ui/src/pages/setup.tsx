import { useMutation, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";

import { auth } from "../api/endpoints.ts";
import { Button, Field, Problem } from "../components/ui.tsx";
import { useTitle } from "../hooks/use_title.ts";
import { PASSWORD_LEAST } from "../lib/constants.ts";
import { setNew } from "../lib/welcome.ts";

export default function Setup() {
  useTitle("Set up");
  const queries = useQueryClient();
  const [form, setForm] = useState({ code: "", username: "", password: "", again: "" });
  const set = (name: keyof typeof form) => (event: { target: { value: string } }) =>
    setForm((all) => ({ ...all, [name]: event.target.value }));
  const setUp = useMutation({
    mutationFn: async () => {
      const { again: _, ...body } = form;
      await auth.setup({ ...body, code: body.code.trim() });
      setNew(true);
    },
    onSuccess: () => queries.invalidateQueries(),
  });
  const short = form.password !== "" && form.password.length < PASSWORD_LEAST;
  const different = form.again !== "" && form.again !== form.password;
  const ready = form.code && form.username && form.password && form.again === form.password && !short;
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (ready) setUp.mutate();
  };
  return (
    <div className="gate">
      <main>
        <form className="card" onSubmit={submit}>
          <h1>Welcome to MCPbox</h1>
          <p className="soft">
            Nobody administers this installation yet. The code proves that you may: it is shown on the machine
            itself, so that nobody who merely reaches this page can take it over.
          </p>
          <Field
            label="Setup code"
            hint={
              <>
                Run <code>sudo mcpboxctl setup-code</code> on the machine.
              </>
            }
          >
            {(a) => (
              <input
                {...a}
                className="mono"
                autoFocus
                autoComplete="off"
                value={form.code}
                onChange={set("code")}
              />
            )}
          </Field>
          <Field label="Your name here" hint="Letters, digits and underscores; begins with a letter.">
            {(a) => (
              <input
                {...a}
                autoComplete="username"
                autoCapitalize="none"
                value={form.username}
                onChange={set("username")}
              />
            )}
          </Field>
          <Field
            label="Password"
            problem={
              short ? `At least ${PASSWORD_LEAST} characters: a sentence is easy to remember` : undefined
            }
          >
            {(a) => (
              <input
                {...a}
                type="password"
                autoComplete="new-password"
                value={form.password}
                onChange={set("password")}
              />
            )}
          </Field>
          <Field label="The same password again" problem={different ? "This is another one" : undefined}>
            {(a) => (
              <input
                {...a}
                type="password"
                autoComplete="new-password"
                value={form.again}
                onChange={set("again")}
              />
            )}
          </Field>
          <Problem of={setUp.error} />
          <Button type="submit" look="primary" busy={setUp.isPending} disabled={!ready}>
            Set up MCPbox
          </Button>
        </form>
      </main>
    </div>
  );
}
