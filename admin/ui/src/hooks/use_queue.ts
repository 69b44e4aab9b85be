// Everything that waits for a decision, of all kinds.
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useMemo } from "react";

import { approvals } from "../api/endpoints.ts";
import { queueOf, type Waiting } from "../lib/queue.ts";

const MOST = 100;
const REFRESH_MS = 30_000; // besides what the stream of events says at once

type Queue = {
  queue: Waiting[];
  /** How many wait that the queue does not show: it holds the oldest of each kind. */
  more: number;
  ready: boolean;
  problem: Error | null;
};

/** search: only what shows this text; empty: all. */
export function useQueue(search: string): Queue {
  const how = { refetchInterval: REFRESH_MS, placeholderData: keepPreviousData };
  const query = { page_size: MOST, ...(search && { search }) };
  const tools = useQuery({
    queryKey: ["queue", "tools", search],
    queryFn: () => approvals.tools({ status: "pending_review", ...query }),
    ...how,
  });
  const hosts = useQuery({
    queryKey: ["queue", "network", search],
    queryFn: () => approvals.grants("network", query),
    ...how,
  });
  const modules = useQuery({
    queryKey: ["queue", "modules", search],
    queryFn: () => approvals.grants("modules", query),
    ...how,
  });
  const queue = useMemo(
    () => queueOf(tools.data?.items ?? [], hosts.data?.items, modules.data?.items),
    [tools.data, hosts.data, modules.data],
  );
  const total = [tools, hosts, modules].reduce((sum, { data }) => sum + (data?.total ?? 0), 0);
  return {
    queue,
    more: Math.max(0, total - queue.length),
    ready: tools.data !== undefined && hosts.data !== undefined && modules.data !== undefined,
    problem: tools.error ?? hosts.error ?? modules.error,
  };
}
