// Everything that waits for a decision, of all kinds.
import { useQuery } from "@tanstack/react-query";
import { useMemo } from "react";

import { approvals } from "../api/endpoints.ts";
import { queueOf, type Waiting } from "../lib/queue.ts";

const MOST = 100;
const REFRESH_MS = 30_000; // besides what the stream of events says at once

export function useQueue(): { queue: Waiting[]; ready: boolean; problem: Error | null } {
  const refetchInterval = REFRESH_MS;
  const tools = useQuery({
    queryKey: ["queue", "tools"],
    queryFn: () => approvals.tools({ status: "pending_review", page_size: MOST }),
    refetchInterval,
  });
  const hosts = useQuery({
    queryKey: ["queue", "network"],
    queryFn: () => approvals.grants("network", { page_size: MOST }),
    refetchInterval,
  });
  const modules = useQuery({
    queryKey: ["queue", "modules"],
    queryFn: () => approvals.grants("modules", { page_size: MOST }),
    refetchInterval,
  });
  const queue = useMemo(
    () => queueOf(tools.data?.items ?? [], hosts.data?.items, modules.data?.items),
    [tools.data, hosts.data, modules.data],
  );
  return {
    queue,
    ready: tools.data !== undefined && hosts.data !== undefined && modules.data !== undefined,
    problem: tools.error ?? hosts.error ?? modules.error,
  };
}
