// Words and colours of states, once.
import type { ApprovalStatus, Kind, Period, ServerStatus, VersionApproval } from "../api/types.ts";

export type Tone = "neutral" | "good" | "warn" | "bad" | "info";
type Look = { label: string; tone: Tone };

export const APPROVAL: Record<ApprovalStatus, Look & { meaning: string }> = {
  draft: { label: "Draft", tone: "neutral", meaning: "Being written. Nobody can call it." },
  pending_review: {
    label: "Waits for review",
    tone: "warn",
    meaning: "Its author asks you to approve it. Nobody can call it.",
  },
  approved: { label: "Approved", tone: "good", meaning: "Callable while it is enabled and its server runs." },
  rejected: {
    label: "Rejected",
    tone: "bad",
    meaning: "You said no. Its author can change it and ask again.",
  },
};

export const VERSION_APPROVAL: Record<VersionApproval, Look> = {
  approved: { label: "Approved", tone: "good" },
  rejected: { label: "Rejected", tone: "bad" },
  revoked: { label: "Revoked", tone: "neutral" },
};

export const SERVER: Record<ServerStatus, Look> = {
  imported: { label: "New", tone: "neutral" },
  ready: { label: "Ready", tone: "info" },
  running: { label: "Running", tone: "good" },
  stopped: { label: "Stopped", tone: "neutral" },
  error: { label: "Error", tone: "bad" },
};

export const PERIODS: { value: Period; label: string }[] = [
  { value: "1h", label: "1 hour" },
  { value: "6h", label: "6 hours" },
  { value: "24h", label: "24 hours" },
  { value: "7d", label: "7 days" },
];

export const KIND: Record<Kind, string> = {
  tool: "Tool",
  prompt: "Prompt",
  resource: "Resource",
  resource_template: "Resource template",
};

export const SEVERITY: Record<string, Tone> = { low: "info", medium: "warn", high: "bad" };

export const NAME_RULE = /^[a-z][a-z0-9_]*$/;
export const NAME_HINT = "Lower-case letters, digits and single underscores; begins with a letter.";
export const PASSWORD_LEAST = 12;
export const CODE_MOST = 100_000;
