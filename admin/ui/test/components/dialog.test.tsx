import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { cleanup, fireEvent, render as renderBare, screen, waitFor } from "@testing-library/react";
import type { ReactNode } from "react";
import { afterEach, expect, it, vi } from "vitest";

import { Ask } from "../../src/components/dialog.tsx";

afterEach(cleanup);

const render = (inside: ReactNode) =>
  renderBare(<QueryClientProvider client={new QueryClient()}>{inside}</QueryClientProvider>);

it("does what cannot be undone only when the name is typed", async () => {
  const act = vi.fn(async () => undefined);
  const close = vi.fn();
  render(<Ask open close={close} title="Delete weather?" verb="Delete" danger name="weather" act={act} />);
  const button = screen.getByRole("button", { name: "Delete" });
  expect(button).toHaveProperty("disabled", true);
  fireEvent.change(screen.getByLabelText("Type weather to confirm"), { target: { value: "weathe" } });
  expect(button).toHaveProperty("disabled", true);
  fireEvent.change(screen.getByLabelText("Type weather to confirm"), { target: { value: "weather" } });
  fireEvent.click(button);
  await waitFor(() => expect(close).toHaveBeenCalled());
  expect(act).toHaveBeenCalledOnce();
});

it("stays open and says why when the act fails", async () => {
  const close = vi.fn();
  render(
    <Ask
      open
      close={close}
      title="t"
      verb="Reject"
      reason="Reason"
      act={() => Promise.reject(new Error("it has changed"))}
    />,
  );
  fireEvent.change(screen.getByLabelText("Reason"), { target: { value: "because" } });
  fireEvent.click(screen.getByRole("button", { name: "Reject" }));
  expect(await screen.findByText("it has changed")).toBeTruthy();
  expect(close).not.toHaveBeenCalled();
});

it("asks for a reason that is more than blanks", () => {
  render(
    <Ask open close={() => undefined} title="t" verb="Reject" reason="Reason" act={async () => undefined} />,
  );
  fireEvent.change(screen.getByLabelText("Reason"), { target: { value: "   " } });
  expect(screen.getByRole("button", { name: "Reject" })).toHaveProperty("disabled", true);
});
