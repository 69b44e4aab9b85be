import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { cleanup, fireEvent, render, screen, waitFor } from "@testing-library/react";
import { afterEach, beforeEach, expect, it, vi } from "vitest";

import { approvals, servers } from "../../src/api/endpoints.ts";
import type { Denied } from "../../src/api/types.ts";
import { DeniedHosts, placeOf, timesInWords } from "../../src/components/denied.tsx";

const NAS: Denied = {
  tool: "weather__now",
  tool_id: "t",
  server_id: "s",
  server_name: "weather",
  host: "nas.lan",
  port: 443,
  times: 2,
  first_at: "2026-11-30T10:00:00Z",
  last_at: "2026-11-30T10:05:00Z",
  request: { host: "nas.lan", port: 443, private_too: true, justification: "weather__now tried it 2 times" },
};

const answer = (items: Denied[]) =>
  vi
    .spyOn(approvals, "denied")
    .mockResolvedValue({ items, total: items.length, page: 1, page_size: 20, pages: 1 });

const show = (server?: string) =>
  render(
    <QueryClientProvider client={new QueryClient({ defaultOptions: { queries: { retry: false } } })}>
      <DeniedHosts {...(server && { server })} />
    </QueryClientProvider>,
  );

beforeEach(() => {
  // jsdom has no modal dialogs
  HTMLDialogElement.prototype.showModal = function showModal() {
    this.open = true;
  };
  HTMLDialogElement.prototype.close = function close() {
    this.open = false;
  };
});
afterEach(() => {
  cleanup();
  vi.restoreAllMocks();
});

it("says who tried what and how often, and grants exactly the request that it shows, when asked to", async () => {
  const asked = answer([NAS]);
  const add = vi.spyOn(servers, "addHost").mockResolvedValue({} as never);
  show("s");
  const row = await screen.findByRole("listitem");
  expect(row.textContent).toContain("weather__now tried nas.lan:443 twice");
  expect(asked).toHaveBeenCalledWith({ page_size: 20, server_id: "s" });
  fireEvent.click(screen.getByRole("button", { name: "Allow…" }));
  expect(await screen.findByText("Let weather reach nas.lan:443?")).toBeTruthy();
  expect(add).not.toHaveBeenCalled();
  fireEvent.click(screen.getByRole("button", { name: "Allow it" }));
  await waitFor(() => expect(add).toHaveBeenCalledWith("s", NAS.request));
});

it("shows nothing where nothing was refused", async () => {
  const asked = answer([]);
  const { container } = show();
  await waitFor(() => expect(asked).toHaveBeenCalledWith({ page_size: 20 }));
  expect(container.textContent).toBe("");
});

it("makes what a tool wrote visible", async () => {
  answer([{ ...NAS, host: "nas\u202e.lan" }]);
  show();
  expect((await screen.findByRole("listitem")).textContent).not.toContain("\u202e");
});

it("writes places and counts as people do", () => {
  expect(placeOf({ ...NAS, host: "fd00::1" })).toBe("[fd00::1]:443");
  expect([1, 2, 3].map(timesInWords)).toEqual(["once", "twice", "3 times"]);
});
