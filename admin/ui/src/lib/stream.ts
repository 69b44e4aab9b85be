// The one stream of server-sent events of this page.  A browser keeps few connections to a server, for all its tabs
// together: a tab that nobody sees gives its own back.
import { basePath } from "../api/client.ts";
import { activity } from "../api/endpoints.ts";
import type { Activity } from "../api/types.ts";

export interface Watcher {
  event(event: Activity): void;
  live(is: boolean): void;
}

const KEPT = 200;

const watchers = new Set<Watcher>();
const recent: Activity[] = []; // for who begins to watch later than others
let source: EventSource | undefined;

function close(): void {
  source?.close();
  source = undefined;
  for (const one of watchers) one.live(false);
}

function connect(): void {
  if (document.hidden || watchers.size === 0) return close();
  if (source) return;
  source = new EventSource(basePath() + activity.stream);
  source.onopen = () => watchers.forEach((one) => one.live(true));
  source.onerror = () => watchers.forEach((one) => one.live(false)); // it connects again by itself
  source.addEventListener("activity", (message: MessageEvent<string>) => {
    const event = JSON.parse(message.data) as Activity;
    recent.push(event);
    if (recent.length > KEPT) recent.shift();
    for (const one of watchers) one.event(event);
  });
}

/** Tells `watcher` what happened lately and what happens from now on; returns how to stop. */
export function watch(watcher: Watcher): () => void {
  if (watchers.size === 0) document.addEventListener("visibilitychange", connect);
  watchers.add(watcher);
  connect();
  for (const event of recent) watcher.event(event);
  watcher.live(source?.readyState === EventSource.OPEN);
  return () => {
    watchers.delete(watcher);
    if (watchers.size > 0) return;
    document.removeEventListener("visibilitychange", connect);
    close();
    recent.length = 0; // whoever signs in next may be somebody else
  };
}
