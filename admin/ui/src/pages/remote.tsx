// The way in from elsewhere: whether its door is there, what the settings let through it, and how root changes it.
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";

import { system } from "../api/endpoints.ts";
import type { RemoteAccess } from "../api/types.ts";
import { Snippet } from "../components/connect_steps.tsx";
import { settingsQuery } from "../components/policy_settings.tsx";
import { VisibleText } from "../components/visible_text.tsx";
import { Badge, Facts, Loaded, Note, PageHead } from "../components/ui.tsx";
import { useTitle } from "../hooks/use_title.ts";
import { wordsOf } from "../lib/format.ts";
import { type Door, doorOf, ofRemote, whoMay } from "../lib/remote.ts";

const DOOR: Record<Door, { label: string; tone: "good" | "warn" | "bad"; says: string }> = {
  none: {
    label: "No door",
    tone: "good",
    says: "Nobody reaches MCPbox from elsewhere. Only programs on this machine do, as users whom you let in.",
  },
  open: {
    label: "Door in place",
    tone: "warn",
    says: "The tunnel's gateway answers cloudflared, and admits only what your Worker has signed for somebody whom you let in.",
  },
  down: {
    label: "Door not answering",
    tone: "bad",
    says: "The tunnel's gateway is configured but does not serve now. The launcher starts it again; the log says why it ended.",
  },
};

const TURN_ON = [
  {
    says: "In mcpbox.conf, then restart MCPbox: the door for cloudflared",
    text: "tunnel-listen = 127.0.0.2:8002",
  },
  {
    says: "As root, with the tunnel and the Access application that docs/remote-access.md describes: makes the keys, tells MCPbox the public one, uploads the Worker",
    text: "worker/deploy.sh --set-secrets",
  },
  {
    says: "Let somebody in; until then nobody is",
    text: "sudo mcpboxctl remote allow emails you@example.com",
  },
];
const CHANGE = [
  {
    says: "Let these addresses in, and no others",
    text: "sudo mcpboxctl remote allow emails you@example.com",
  },
  { says: "Or everybody at one domain", text: "sudo mcpboxctl remote allow domain example.com" },
  { says: "Turn it off, at once and for everybody", text: "sudo mcpboxctl remote off" },
];

/** What the monitor believes: it holds as soon as there is a door, so it is shown without one too. */
function Believed({ remote }: { remote: RemoteAccess }) {
  const worker = remote.on && remote.worker_url;
  return (
    <Facts
      of={[
        ["Worker", worker ? <VisibleText key="worker">{worker}</VisibleText> : "None is believed"],
        ["Who may come", <VisibleText key="who">{whoMay(remote)}</VisibleText>],
        ...remote.keys.map((key): [string, ReactNode] => [
          `Key ${key.id}`,
          <code key={key.id} className="wrap">
            {key.public_key}
          </code>,
        ]),
      ]}
    />
  );
}

function Rules() {
  const policy = useQuery(settingsQuery);
  return (
    <Loaded query={policy} height={90}>
      {(data) => (
        <>
          <Facts
            of={ofRemote(data.fields).map((one) => [wordsOf(one.key), wordsOf(one.value).toLowerCase()])}
          />
          <p className="soft small">
            These are <Link to="/settings">settings</Link>. Nobody approves anything from elsewhere, whatever
            they say.
          </p>
        </>
      )}
    </Loaded>
  );
}

export function RemotePage() {
  useTitle("Remote access");
  const query = useQuery({
    queryKey: ["remote"],
    queryFn: async () => {
      const [status, remote] = await Promise.all([system.status(), system.remote()]);
      return { remote, door: doorOf(status.processes) };
    },
  });
  return (
    <>
      <PageHead
        title="Remote access"
        lead="A way for your clients elsewhere: through a Worker of your own at Cloudflare, after a sign-in, and checked again here."
      />
      <Loaded query={query} height={900}>
        {({ remote, door }) => {
          const { label, tone, says } = DOOR[door];
          return (
            <>
              <section className="card">
                <div className="row between">
                  <h2>As it is</h2>
                  <Badge tone={tone}>{label}</Badge>
                </div>
                <p>{says}</p>
                <Believed remote={remote} />
                <Rules />
              </section>
              <section className="card">
                <h2>{door === "none" ? "Turn it on" : "Change it"}</h2>
                <Note>
                  Only on the machine itself: whoever takes over this page must not be able to open a way in.
                </Note>
                {(door === "none" ? TURN_ON : CHANGE).map((step) => (
                  <Snippet key={step.says} {...step} />
                ))}
              </section>
            </>
          );
        }}
      </Loaded>
    </>
  );
}
