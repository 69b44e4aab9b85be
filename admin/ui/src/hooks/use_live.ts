// Live activity as server-sent events.  The browser reconnects by itself and says what it has; `live` says whether it
// is connected now.
import { useEffect, useState } from "react";

import { basePath } from "../api/client.ts";
import { activity } from "../api/endpoints.ts";
import type { Activity } from "../api/types.ts";

const KEPT = 200;

export function addEvent(all: Activity[], event: Activity): Activity[] {
  if (all.some((one) => one.sequence === event.sequence)) return all;
  return [event, ...all].sort((a, b) => b.sequence - a.sequence).slice(0, KEPT);
}

/** Newest first.  A stream begins with the newest records that there are. */
export function useLive(): { events: Activity[]; live: boolean } {
  const [events, setEvents] = useState<Activity[]>([]);
  const [live, setLive] = useState(false);
  useEffect(() => {
    const source = new EventSource(basePath() + activity.stream);
    source.onopen = () => setLive(true);
    source.onerror = () => setLive(false);
    source.addEventListener("activity", (message: MessageEvent<string>) => {
      const event = JSON.parse(message.data) as Activity;
      setEvents((all) => addEvent(all, event));
    });
    return () => source.close();
  }, []);
  return { events, live };
}
