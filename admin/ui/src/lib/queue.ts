// The queue of what waits for a decision.
import type { Grant, PendingTool } from "../api/types.ts";

type Common = { id: string; title: string; by: string | null; since: string | null };
export type Waiting =
  (Common & { type: "tool"; tool: PendingTool }) | (Common & { type: "network" | "modules"; grant: Grant });

export const TYPE_LABEL: Record<Waiting["type"], string> = {
  tool: "Tool",
  network: "Host",
  modules: "Module",
};

export const hostAndPort = (one: Pick<Grant, "name" | "port">): string => {
  if (one.port === null) return `${one.name}, any port`;
  return one.name.includes(":") ? `[${one.name}]:${one.port}` : `${one.name}:${one.port}`;
};

const ofGrant = (type: "network" | "modules", grant: Grant): Waiting => ({
  type,
  id: grant.id,
  title: type === "network" ? hostAndPort(grant) : grant.name,
  by: grant.requested_by,
  since: grant.created_at,
  grant,
});

/** Oldest first: who has waited longest is looked at first. */
export function queueOf(tools: PendingTool[], hosts: Grant[] = [], modules: Grant[] = []): Waiting[] {
  const all = [
    ...tools.map((tool): Waiting => ({
      type: "tool",
      id: tool.id,
      title: tool.published_name,
      by: tool.created_by,
      since: tool.approval_requested_at,
      tool,
    })),
    ...hosts.map((grant) => ofGrant("network", grant)),
    ...modules.map((grant) => ofGrant("modules", grant)),
  ];
  return all.sort((a, b) => (a.since ?? "").localeCompare(b.since ?? "") || a.title.localeCompare(b.title));
}

/** Which one is looked at after `id` has left the queue. */
export function nextAfter(queue: Waiting[], id: string): string | null {
  const at = queue.findIndex((one) => one.id === id);
  return (queue[at + 1] ?? queue[at - 1])?.id ?? null;
}

/** What a decision names: exactly what was looked at. */
export type Shown = { digest: string; capabilities_digest?: string } | { sequence: number };
export const listedOf = (one: Waiting): Shown =>
  one.type === "tool" ? { digest: one.tool.digest } : { sequence: one.grant.sequence };

/** Whether what was shown of it is not what it is now. */
export function isOutdated(one: Waiting, shown: Shown | undefined): boolean {
  if (!shown) return false;
  const listed = listedOf(one);
  return "digest" in shown
    ? !("digest" in listed) || shown.digest !== listed.digest
    : !("sequence" in listed) || shown.sequence !== listed.sequence;
}

/** Names one thing in one state: what is decided is gone from the queue, and comes back when it has changed. */
export const stateOf = (one: Waiting): string => `${one.id} ${JSON.stringify(listedOf(one))}`;
