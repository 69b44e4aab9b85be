// What others did is seen without asking: a record of a decision or a change makes the page ask again for what it shows.
import { useQueryClient } from "@tanstack/react-query";
import { useEffect } from "react";

import { refresh } from "../api/queries.ts";
import { throttled } from "../lib/throttle.ts";
import { watch } from "../lib/stream.ts";

/** A session may ask 100 times a minute; a busy model must not use that up. */
const REST_MS = 8_000;
/** Calls have pages of their own, which are looked at when somebody wants to know. */
const CALLS = new Set(["call_intent", "call_outcome"]);
/** A stream begins with records that are known. */
const FRESH_MS = 30_000;

export function useNews(): void {
  const queries = useQueryClient();
  useEffect(() => {
    const ask = throttled(() => void refresh(queries), REST_MS);
    const stop = watch({
      live: () => undefined,
      event: ({ kind, at }) => {
        if (!CALLS.has(kind) && Date.now() - new Date(at).getTime() < FRESH_MS) ask.call();
      },
    });
    return () => {
      stop();
      ask.cancel();
    };
  }, [queries]);
}
