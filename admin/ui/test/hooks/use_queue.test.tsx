import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { cleanup, renderHook, waitFor } from "@testing-library/react";
import { afterEach, expect, it, vi } from "vitest";

import { approvals } from "../../src/api/endpoints.ts";
import type { Grant, Page, PendingTool } from "../../src/api/types.ts";
import { useQueue } from "../../src/hooks/use_queue.ts";

const page = <T,>(items: unknown[], total = items.length): Page<T> => ({
  items: items as T[],
  total,
  page: 1,
  page_size: 100,
  pages: 1,
});
const TOOL = {
  id: "t",
  published_name: "weather__now",
  created_by: null,
  approval_requested_at: "2026-01-02",
};
const HOST = { id: "h", name: "api.example", port: 443, requested_by: null, created_at: "2026-01-01" };

afterEach(() => {
  cleanup();
  vi.restoreAllMocks();
});

it("asks for what shows the text, of every kind, and counts what it does not hold", async () => {
  const tools = vi.spyOn(approvals, "tools").mockResolvedValue(page<PendingTool>([TOOL], 140));
  const grants = vi
    .spyOn(approvals, "grants")
    .mockImplementation((kind) => Promise.resolve(page<Grant>(kind === "network" ? [HOST] : [])));
  const client = new QueryClient({ defaultOptions: { queries: { retry: false } } });
  const { result, rerender } = renderHook(({ words }) => useQueue(words), {
    initialProps: { words: "" },
    wrapper: ({ children }) => <QueryClientProvider client={client}>{children}</QueryClientProvider>,
  });
  await waitFor(() => expect(result.current.ready).toBe(true));
  expect(result.current.queue.map(({ id }) => id)).toEqual(["h", "t"]);
  expect(result.current.more).toBe(139);
  expect(tools).toHaveBeenLastCalledWith({ status: "pending_review", page_size: 100 });

  tools.mockResolvedValue(page<PendingTool>([]));
  rerender({ words: "api" });
  await waitFor(() => expect(result.current.queue.map(({ id }) => id)).toEqual(["h"]));
  expect(tools).toHaveBeenLastCalledWith({ status: "pending_review", page_size: 100, search: "api" });
  for (const kind of ["network", "modules"] as const)
    expect(grants).toHaveBeenCalledWith(kind, { page_size: 100, search: "api" });
  expect(result.current.more).toBe(0);
});
