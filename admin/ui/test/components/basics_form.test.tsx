import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { cleanup, fireEvent, render, screen, waitFor } from "@testing-library/react";
import { afterEach, expect, it, vi } from "vitest";

import { BasicsForm, changedOf, millisecondsOf } from "../../src/components/basics_form.tsx";

afterEach(cleanup);

const WEATHER = { name: "weather", description: "Forecasts", milliseconds: 30_000 };

it("reads seconds as people write them, and refuses what is out of bounds", () => {
  expect(["5", "1.5", "300", " 2 "].map((text) => millisecondsOf(text, false))).toEqual([
    5000, 1500, 300_000, 2000,
  ]);
  for (const wrong of ["0", "0.9", "301", "-5", "five", "NaN", "1e9"])
    expect(millisecondsOf(wrong, true), wrong).toBe(undefined);
  expect([millisecondsOf("", true), millisecondsOf("", false)]).toEqual([0, undefined]);
});

it("sends what was changed and nothing else", () => {
  expect(changedOf(WEATHER, { ...WEATHER, name: "sky" })).toEqual({ name: "sky" });
  expect(changedOf(WEATHER, { ...WEATHER, milliseconds: 0 })).toEqual({ milliseconds: 0 });
  expect(changedOf(WEATHER, WEATHER)).toEqual({});
});

it("saves only what follows the rules, and warns of a new name", async () => {
  const save = vi.fn(async () => undefined);
  render(
    <QueryClientProvider client={new QueryClient()}>
      <BasicsForm of={WEATHER} timeLabel="Time limit" renames="Another name" save={save} />
    </QueryClientProvider>,
  );
  const button = screen.getByRole("button", { name: "Save" });
  expect(button).toHaveProperty("disabled", true);
  fireEvent.change(screen.getByLabelText("Name"), { target: { value: "Not a name" } });
  expect(button).toHaveProperty("disabled", true);
  expect(screen.getByText("This name does not follow the rule")).toBeTruthy();
  fireEvent.change(screen.getByLabelText("Name"), { target: { value: "sky" } });
  expect(screen.getByText("Another name")).toBeTruthy();
  fireEvent.change(screen.getByLabelText("Time limit"), { target: { value: "0" } });
  expect(button).toHaveProperty("disabled", true);
  fireEvent.change(screen.getByLabelText("Time limit"), { target: { value: "5" } });
  fireEvent.click(button);
  await waitFor(() => expect(save).toHaveBeenCalledWith({ name: "sky", milliseconds: 5000 }));
});
