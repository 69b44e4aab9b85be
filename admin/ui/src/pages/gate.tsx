// Before the pages: is there an administrator, is somebody signed in, has the first look around been taken?
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { lazy, type ReactNode, Suspense, useEffect, useState } from "react";

import { onSignedOut } from "../api/client.ts";
import { auth } from "../api/endpoints.ts";
import { Loading, Problem } from "../components/ui.tsx";
import { isNew } from "../lib/welcome.ts";

const Setup = lazy(() => import("./setup.tsx"));
const SignIn = lazy(() => import("./sign_in.tsx"));
const Onboarding = lazy(() => import("./onboarding.tsx"));

export function Gate({ children }: { children: ReactNode }) {
  const queries = useQueryClient();
  const status = useQuery({ queryKey: ["config"], queryFn: auth.config, staleTime: 60_000 });
  const me = useQuery({
    queryKey: ["me"],
    queryFn: auth.me,
    enabled: status.data !== undefined && !status.data.setup_required,
    staleTime: 60_000,
  });
  const [welcome, setWelcome] = useState(false);
  useEffect(() => setWelcome(isNew()), [me.data]);
  useEffect(() => onSignedOut(() => queries.setQueryData(["me"], null)), [queries]);

  const problem = status.error ?? me.error;
  if (problem && me.data === undefined)
    return (
      <div className="gate">
        <main>
          <h1>MCPbox</h1>
          <Problem of={problem} retry={() => void queries.invalidateQueries()} />
        </main>
      </div>
    );
  const inside = () => {
    if (!status.data) return null;
    if (status.data.setup_required) return <Setup />;
    if (me.data === undefined) return null;
    if (me.data === null) return <SignIn />;
    return welcome ? <Onboarding done={() => setWelcome(false)} /> : children;
  };
  return (
    <Suspense
      fallback={
        <div className="gate">
          <main>
            <Loading />
          </main>
        </div>
      }
    >
      {inside()}
    </Suspense>
  );
}
