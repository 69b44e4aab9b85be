import { useMutation, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";

import { auth } from "../api/endpoints.ts";
import { Button, Field, Problem } from "../components/ui.tsx";
import { useTitle } from "../hooks/use_title.ts";

export default function SignIn() {
  useTitle("Sign in");
  const queries = useQueryClient();
  const [username, setUsername] = useState("");
  const [password, setPassword] = useState("");
  const signIn = useMutation({
    mutationFn: () => auth.login({ username, password }),
    onSuccess: () => queries.invalidateQueries(),
    onError: () => setPassword(""),
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    signIn.mutate();
  };
  return (
    <div className="gate">
      <main>
        <form className="card" onSubmit={submit}>
          <h1>Sign in to MCPbox</h1>
          <Field label="Name">
            {(a) => (
              <input
                {...a}
                autoFocus
                autoComplete="username"
                autoCapitalize="none"
                value={username}
                onChange={(e) => setUsername(e.target.value)}
              />
            )}
          </Field>
          <Field
            label="Password"
            hint="Forgotten? On the machine itself: sudo mcpboxctl admin set-password NAME"
          >
            {(a) => (
              <input
                {...a}
                type="password"
                autoComplete="current-password"
                value={password}
                onChange={(e) => setPassword(e.target.value)}
              />
            )}
          </Field>
          <Problem of={signIn.error} />
          <Button type="submit" look="primary" busy={signIn.isPending} disabled={!username || !password}>
            Sign in
          </Button>
        </form>
      </main>
    </div>
  );
}
