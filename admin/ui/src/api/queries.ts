// When what a page shows is asked for again.
import type { QueryClient, QueryKey } from "@tanstack/react-query";

/** What a person reads before deciding must not change under the eyes: it stays until it is asked for again by name. */
export const isRead = (key: QueryKey): boolean => key[0] === "review" || key[0] === "grant";

/** For queries of that kind. */
export const UNTIL_ASKED = {
  staleTime: Infinity,
  refetchOnWindowFocus: false,
  refetchOnReconnect: false,
} as const;

export const refresh = (queries: QueryClient): Promise<void> =>
  queries.invalidateQueries({ predicate: ({ queryKey }) => !isRead(queryKey) });
