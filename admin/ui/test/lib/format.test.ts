import { describe, expect, it } from "vitest";

import { ago, bytes, duration, groupedDigest, percent, wordsOf } from "../../src/lib/format.ts";

describe("figures", () => {
  it("are as exact as a person needs", () => {
    expect(duration(0.2)).toBe("<1 ms");
    expect(duration(12.4)).toBe("12 ms");
    expect(duration(2_340)).toBe("2.3 s");
    expect(duration(61_000)).toBe("1 min 1 s");
    expect(duration(null)).toBe("–");
    expect(bytes(256 * 1024 * 1024)).toBe("256.0 MiB");
    expect(percent(0.004)).toBe("0.4 %");
    expect(percent(0.316)).toBe("32 %");
    expect(groupedDigest("0123456789abcdef")).toBe("01234567 89abcdef");
  });
  it("count back from now", () => {
    const now = Date.parse("2026-01-02T00:00:00Z");
    expect(ago("2026-01-01T23:59:58Z", now)).toBe("just now");
    expect(ago("2026-01-01T23:30:00Z", now)).toBe("30 minutes ago");
    expect(ago("2026-01-01T00:00:00Z", now)).toBe("yesterday");
    expect(ago(null)).toBe("never");
  });
});

it("reads names of settings as people do", () => {
  expect(["mcp_rate_limit_rpm", "log_retention_mb", "remote_tool_editing", "disabled"].map(wordsOf)).toEqual([
    "MCP rate limit (requests a minute)",
    "Log retention (MB)",
    "Remote tool editing",
    "Disabled",
  ]);
});
