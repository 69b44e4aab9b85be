// The queue of what waits for a decision.
import type { PendingTool } from "../api/types.ts";

/** Oldest first: who has waited longest is looked at first. */
export function queueOf(tools: PendingTool[]): PendingTool[] {
  return [...tools].sort(
    (a, b) =>
      (a.approval_requested_at ?? "").localeCompare(b.approval_requested_at ?? "") ||
      a.published_name.localeCompare(b.published_name),
  );
}

/** Which one is looked at after `id` has left the queue. */
export function nextAfter(queue: PendingTool[], id: string): string | null {
  const at = queue.findIndex((one) => one.id === id);
  return (queue[at + 1] ?? queue[at - 1])?.id ?? null;
}
