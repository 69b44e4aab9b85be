import { afterEach, describe, expect, it, vi } from "vitest";

import {
  ApiError,
  detailText,
  onSignedOut,
  request,
  withQuery,
  worthRetrying,
} from "../../src/api/client.ts";

const answers = (status: number, body: unknown, headers: Record<string, string> = {}) =>
  vi.stubGlobal(
    "fetch",
    vi.fn(async () => new Response(status === 204 ? null : JSON.stringify(body), { status, headers })),
  );
afterEach(() => vi.unstubAllGlobals());

describe("withQuery", () => {
  it("leaves out what is not set and escapes the rest", () => {
    expect(withQuery("api/servers", { page: 2, search: "a&b", none: undefined, empty: "" })).toBe(
      "api/servers?page=2&search=a%26b",
    );
    expect(withQuery("api/servers")).toBe("api/servers");
  });
});

describe("detailText", () => {
  it("reads both shapes of an error body, and falls back", () => {
    expect(detailText({ detail: "no" }, "x")).toBe("no");
    expect(detailText({ detail: [{ loc: ["body", "name"], msg: "too long" }] }, "x")).toBe("name: too long");
    expect(detailText("<html>", "x")).toBe("x");
  });
});

describe("request", () => {
  it("gives the body of a success", async () => {
    answers(200, { a: 1 });
    expect(await request("api/x")).toEqual({ a: 1 });
  });
  it("needs no body", async () => {
    answers(204, null);
    expect(await request("api/x", { method: "DELETE" })).toBeUndefined();
  });
  it("says what the server said, and how long to wait", async () => {
    answers(429, { detail: "too many attempts" }, { "Retry-After": "7" });
    await expect(request("api/auth/login", { method: "POST", body: {} })).rejects.toMatchObject({
      status: 429,
      message: "too many attempts",
      retryAfter: 7,
    });
  });
  it("asks again when the server said when, also for what changes something", async () => {
    vi.useFakeTimers();
    const early = new Response("{}", { status: 429, headers: { "Retry-After": "1" } });
    const fetched = vi.fn().mockResolvedValueOnce(early).mockResolvedValueOnce(new Response("[1]"));
    vi.stubGlobal("fetch", fetched);
    const answer = request("api/x", { method: "POST", body: {} });
    await vi.advanceTimersByTimeAsync(999);
    expect(fetched).toHaveBeenCalledOnce();
    await vi.advanceTimersByTimeAsync(600);
    expect(await answer).toEqual([1]);
    vi.useRealTimers();
  });
  it("tells the page when the session has ended, but not for a wrong password", async () => {
    const listener = vi.fn();
    const stop = onSignedOut(listener);
    answers(401, { detail: "sign in" });
    await expect(request("api/auth/login")).rejects.toBeInstanceOf(ApiError);
    expect(listener).not.toHaveBeenCalled();
    await expect(request("api/servers")).rejects.toBeInstanceOf(ApiError);
    expect(listener).toHaveBeenCalledOnce();
    stop();
  });
  it("is tried again only when the server could not be reached", () => {
    expect(worthRetrying(0, new ApiError(503, ""))).toBe(true);
    expect(worthRetrying(0, new ApiError(0, ""))).toBe(true);
    expect(worthRetrying(0, new ApiError(404, ""))).toBe(false);
    expect(worthRetrying(2, new ApiError(503, ""))).toBe(false);
  });
});
