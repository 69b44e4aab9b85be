// What is around every page: where one can go, what waits, and who is signed in.
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Link, Outlet, useLocation } from "@tanstack/react-router";
import { useEffect, useState } from "react";

import { ApiError } from "../api/client.ts";
import { approvals, auth, system } from "../api/endpoints.ts";
import { useNews } from "../hooks/use_news.ts";
import icon from "../icon.svg";
import { chooseTheme, chosenTheme, type Theme } from "../lib/theme.ts";
import { Ask } from "./dialog.tsx";
import { useToast } from "./toasts.tsx";
import { Button, Loading, Note, problemText } from "./ui.tsx";

const PLACES = [
  { to: "/", label: "Dashboard" },
  { to: "/approvals", label: "Approvals" },
  { to: "/servers", label: "Servers" },
  { to: "/activity", label: "Activity" },
  { to: "/executions", label: "Executions" },
  { to: "/audit", label: "Audit" },
  { to: "/connect", label: "Connect a client" },
  { to: "/remote", label: "Remote access" },
  { to: "/settings", label: "Settings" },
] as const;

const REFRESH_MS = 30_000; // besides what the stream of events says at once

function ThemeChoice() {
  const [theme, setTheme] = useState<Theme>(chosenTheme);
  return (
    <label className="row">
      <span>Theme</span>
      <select
        className="select"
        value={theme}
        onChange={(event) => {
          const next = event.target.value as Theme;
          setTheme(next);
          chooseTheme(next);
        }}
      >
        <option value="system">System</option>
        <option value="light">Light</option>
        <option value="dark">Dark</option>
      </select>
    </label>
  );
}

function Frozen({ reason }: { reason: string }) {
  const thaw = useMutation({ mutationFn: system.thaw });
  return (
    <Note tone="bad">
      <div className="row between">
        <span>
          <b>Everything is frozen.</b> No call runs until you lift it. {reason ? `Reason: ${reason}` : ""}
        </span>
        <Button look="bad" busy={thaw.isPending} onClick={() => thaw.mutate()}>
          Lift the freeze
        </Button>
      </div>
    </Note>
  );
}

/** Signs out.  Nothing may be asked in the session that ends: what is mounted leaves first. */
export function Shell() {
  const queries = useQueryClient();
  const toast = useToast();
  const [leaving, setLeaving] = useState(false);
  const leave = async () => {
    setLeaving(true);
    try {
      await auth.logout();
    } catch (problem) {
      if (!(problem instanceof ApiError && problem.status === 401)) {
        toast(problemText(problem));
        return setLeaving(false);
      }
    }
    queries.removeQueries({
      predicate: ({ queryKey }) => queryKey[0] !== "config" && queryKey[0] !== "me",
    });
    queries.setQueryData(["me"], null);
  };
  if (!leaving) return <Frame leave={() => void leave()} />;
  return (
    <div className="gate">
      <main>
        <h1>Signing out</h1>
        <Loading />
      </main>
    </div>
  );
}

function Frame({ leave }: { leave: () => void }) {
  useNews();
  const { pathname } = useLocation();
  const [open, setOpen] = useState(false);
  const [freezing, setFreezing] = useState(false);
  const status = useQuery({ queryKey: ["status"], queryFn: system.status, refetchInterval: REFRESH_MS });
  const stats = useQuery({
    queryKey: ["approvals", "stats"],
    queryFn: approvals.stats,
    refetchInterval: REFRESH_MS,
  });
  const me = useQuery({ queryKey: ["me"], queryFn: auth.me });
  useEffect(() => setOpen(false), [pathname]);
  const waiting =
    (stats.data?.pending_tools ?? 0) +
    (stats.data?.pending_network_requests ?? 0) +
    (stats.data?.pending_module_requests ?? 0);
  return (
    <div className="shell">
      <a className="skip" href="#content">
        Skip to the content
      </a>
      <header className="side" data-open={open}>
        <div className="side-top">
          <Link to="/" className="brand">
            <img src={icon} alt="" />
            MCPbox
          </Link>
          <Button look="menu-button" aria-expanded={open} onClick={() => setOpen(!open)}>
            Menu
          </Button>
        </div>
        <nav aria-label="Main">
          <ul>
            {PLACES.map((place) => (
              <li key={place.to}>
                <Link
                  to={place.to}
                  activeOptions={{ exact: place.to === "/" }}
                  activeProps={{ "aria-current": "page" }}
                >
                  {place.label}
                  {place.to === "/approvals" && waiting > 0 && (
                    <span className="count">
                      {waiting}
                      <span className="sr-only"> waiting</span>
                    </span>
                  )}
                </Link>
              </li>
            ))}
          </ul>
        </nav>
        <div className="side-foot">
          <Button look="bad" onClick={() => setFreezing(true)} disabled={status.data?.frozen ?? true}>
            Freeze everything
          </Button>
          <ThemeChoice />
          <div className="row between">
            <span className="wrap">{me.data?.username ?? ""}</span>
            <Button look="plain" onClick={leave}>
              Sign out
            </Button>
          </div>
          <span>{status.data ? `Version ${status.data.version}` : "\u00a0"}</span>
        </div>
      </header>
      <main className="main" id="content" tabIndex={-1}>
        <div className="page">
          {status.data?.frozen && <Frozen reason={status.data.freeze_reason} />}
          {status.data?.trial && (
            <Note tone="warn">
              This is a trial: some walls of the jail are missing on purpose. The dashboard names them.
            </Note>
          )}
          <Outlet />
        </div>
      </main>
      <Ask
        open={freezing}
        close={() => setFreezing(false)}
        title="Freeze everything?"
        verb="Freeze"
        danger
        reason="Reason"
        act={system.freeze}
      >
        <p>
          Ends every running call at once and refuses new ones, also after a restart, until somebody lifts it.
        </p>
      </Ask>
    </div>
  );
}
