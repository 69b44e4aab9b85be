// Live activity as the page keeps it; `live` says whether news arrives now.
import { useEffect, useState } from "react";

import type { Activity } from "../api/types.ts";
import { watch } from "../lib/stream.ts";

const KEPT = 200;

export function addEvent(all: Activity[], event: Activity): Activity[] {
  if (all.some((one) => one.sequence === event.sequence)) return all;
  return [event, ...all].sort((a, b) => b.sequence - a.sequence).slice(0, KEPT);
}

/** Newest first. */
export function useLive(): { events: Activity[]; live: boolean } {
  const [events, setEvents] = useState<Activity[]>([]);
  const [live, setLive] = useState(false);
  useEffect(() => watch({ live: setLive, event: (event) => setEvents((all) => addEvent(all, event)) }), []);
  return { events, live };
}
