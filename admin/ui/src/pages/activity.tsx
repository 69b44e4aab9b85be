import { Link } from "@tanstack/react-router";
import { useState } from "react";

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

const speaksOf = (event: Activity, words: string): boolean =>
  `${event.actor} ${event.action.replaceAll("_", " ")} ${event.tool ?? ""} ${event.says ?? ""}`
    .toLowerCase()
    .includes(words.trim().toLowerCase());

export function ActivityPage() {
  useTitle("Activity");
  const { events, live } = useLive();
  const [kind, setKind] = useState("");
  const [words, setWords] = useState("");
  const kinds = [...new Set(events.map((event) => event.kind))].sort();
  const shown = events.filter((event) => (kind === "" || event.kind === kind) && speaksOf(event, words));
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
        <>
          <div className="row">
            <input
              className="search"
              type="search"
              aria-label="Search activity"
              placeholder="Who, what, or which tool"
              value={words}
              onChange={(e) => setWords(e.target.value)}
            />
            <select
              className="select"
              aria-label="Kind"
              value={kind}
              onChange={(e) => setKind(e.target.value)}
            >
              <option value="">Everything</option>
              {kinds.map((one) => (
                <option key={one} value={one}>
                  {one.replaceAll("_", " ")}
                </option>
              ))}
            </select>
          </div>
          <div className="card tight">
            {shown.length === 0 ? (
              <Empty title="Nothing of this kind">
                Of the {events.length} latest records none matches. The audit page has all of them.
              </Empty>
            ) : (
              <ol className="list">
                {shown.map((event) => (
                  <Line key={event.sequence} event={event} />
                ))}
              </ol>
            )}
          </div>
        </>
      )}
    </>
  );
}
