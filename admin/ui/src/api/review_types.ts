// What the API tells a reviewer of a tool.
import type { ApprovalStatus } from "./types.ts";

export type Finding = {
  rule: string;
  severity: "low" | "medium" | "high";
  line: number;
  text: string;
  advice?: string;
};
/** What can be said about code without running it: executor/runtime/analysis.py. */
export type Analysis = {
  findings: Finding[];
  secrets: { key: string; line: number }[];
  hosts: { host: string; line: number }[];
  modules: { name: string; line: number; status: string }[];
  /** kinds of output beside text and values */
  outputs: { kind: string; line: number }[];
};
export type Kind = "tool" | "prompt" | "resource" | "resource_template";
/** What a tool's author sets.  The schemas and the like are JSON, kept as the text that the approval binds. */
export type Content = {
  kind: Kind;
  name: string;
  description: string;
  python_code: string;
  input_schema: string;
  output_schema: string;
  annotations: string;
  icons: string;
  headers: string;
  uri_template: string;
  timeout_ms: number;
};
export type Approved = Content & {
  version_number: number;
  digest: string;
  approved_by: string;
  approved_at: string;
};
export type Changes<T> = { added: T[]; removed: T[] };
/** Something that code names. */
export type Use = { use: "secret" | "host" | "module" | "output"; name: string };
/** What was known when the review was asked for. */
export type ReviewRequest = {
  digest: string;
  requested_by: string;
  requested_at: string;
  capabilities: string[];
};
/** Everything that an approval of a tool binds, as it is now, and what a reviewer is told beside it. */
export type Review = Content & {
  id: string;
  server_name: string;
  published_name: string;
  effective_timeout_ms: number;
  current_version: number;
  approval_status: ApprovalStatus;
  digest: string;
  created_by: string;
  publish_notes: string;
  rejection_reason: string;
  /** how the last draft run of exactly this ended; null: nobody has tried it */
  last_draft_run: string | null;
  /** what the tool may reach once it is approved, a line each */
  capabilities: string[];
  capabilities_digest: string;
  /** since the last approval; null when there has been none */
  capability_changes: Changes<string> | null;
  /** in what the code names; null when there is nothing to compare with */
  code_changes: Changes<Use> | null;
  analysis: Analysis | null;
  /** what was approved last; null when there has been nothing */
  approved: Approved | null;
  requested: ReviewRequest | null;
};
