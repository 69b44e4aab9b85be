import { Link } from "@tanstack/react-router";

import type { Activity } from "../api/types.ts";
import { Badge, Empty, Loading, PageHead, Time } from "../components/ui.tsx";
import { VisibleText } from "../components/visible_text.tsx";
import { useLive } from "../hooks/use_live.ts";
import { useTitle } from "../hooks/use_title.ts";
import type { Tone } from "../lib/constants.ts";

const TONES: Record<string, Tone> = {
  call_intent: "info",
  call_outcome: "neutral",
  decision: "warn",
  authentication: "warn",
  child_ending: "bad",
};

function Line({ event }: { event: Activity }) {
  return (
    <li>
      <Badge tone={TONES[event.kind] ?? "neutral"}>{event.kind.replaceAll("_", " ")}</Badge>
      <span className="grow">
        {event.action.replaceAll("_", " ")} {event.tool && <span className="mono">{event.tool}</span>}{" "}
        {event.says && (
          <span className="soft">
            <VisibleText>{event.says}</VisibleText>
          </span>
        )}
      </span>
      {event.call && (
        <Link to="/executions/$callId" params={{ callId: event.call }}>
          The call
        </Link>
      )}
      <span className="soft small">
        <VisibleText>{event.actor}</VisibleText> <Time at={event.at} />
      </span>
    </li>
  );
}

export function ActivityPage() {
  useTitle("Activity");
  const { events, live } = useLive();
  return (
    <>
      <PageHead title="Activity" lead="What happens now: calls, decisions, sign-ins, and processes that end.">
        <Badge tone={live ? "good" : "warn"}>
          <span className={live ? "dot on" : "dot"} /> {live ? "Live" : "Connecting…"}
        </Badge>
      </PageHead>
      {events.length === 0 && !live && <Loading height={1200} />}
      {events.length === 0 && live && (
        <div className="card">
          <Empty title="Nothing has happened yet">Connect a client and call a tool.</Empty>
        </div>
      )}
      {events.length > 0 && (
        <div className="card tight">
          <ol className="list">
            {events.map((event) => (
              <Line key={event.sequence} event={event} />
            ))}
          </ol>
        </div>
      )}
    </>
  );
}
