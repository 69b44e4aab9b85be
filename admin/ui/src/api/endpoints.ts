// Every address that the page uses, once: hooks and pages call these and build no path themselves.
import { capabilitiesOf } from "../lib/capabilities.ts";
import { ApiError, request, withQuery } from "./client.ts";
import type * as T from "./types.ts";

type Paging = { page?: number | undefined; page_size?: number | undefined };
const post = <R>(path: string, body: unknown = {}) => request<R>(path, { method: "POST", body });
const patch = <R>(path: string, body: unknown) => request<R>(path, { method: "PATCH", body });
const remove = (path: string) => request<void>(path, { method: "DELETE" });
const at = encodeURIComponent;

export const auth = {
  config: () => request<T.Config>("api/config"),
  /** Makes the first admin and signs in. */
  setup: (body: { code: string; username: string; password: string }) =>
    post<unknown>("api/auth/setup", body),
  login: (body: { username: string; password: string }) => post<unknown>("api/auth/login", body),
  logout: () => post<unknown>("api/auth/logout"),
  me: () => request<T.Session>("api/auth/me"),
  changePassword: (body: { current_password: string; new_password: string }) =>
    post<unknown>("api/auth/change-password", body),
};

export const accounts = {
  admins: () => request<{ items: T.Admin[] }>("api/admins"),
  addAdmin: (body: { username: string; password: string }) => post<unknown>("api/admins", body),
  removeAdmin: (username: string) => remove(`api/admins/${at(username)}`),
  sessions: () => request<{ items: T.Session[] }>("api/sessions"),
  endSession: (id: string) => remove(`api/sessions/${at(id)}`),
};

export const system = {
  status: () => request<T.Status>("api/status"),
  dashboard: (period: T.Period) => request<T.Dashboard>(withQuery("api/dashboard", { period })),
  freeze: (reason: string) => post<unknown>("api/freeze", { reason }),
  thaw: () => post<unknown>("api/thaw"),
};

export const servers = {
  list: (query: Paging & { search?: string }) =>
    request<T.Page<T.ServerRow>>(withQuery("api/servers", query)),
  get: (id: string) => request<T.Server>(`api/servers/${at(id)}`),
  create: (body: { name: string; description: string }) => post<T.Server>("api/servers", body),
  start: (id: string) => post<unknown>(`api/servers/${at(id)}/start`),
  stop: (id: string) => post<unknown>(`api/servers/${at(id)}/stop`),
  tools: (id: string, query: Paging) =>
    request<T.Page<T.ToolRow>>(withQuery(`api/servers/${at(id)}/tools`, query)),
  executions: (id: string, query: Paging) =>
    request<T.Page<T.ExecutionRow>>(withQuery(`api/servers/${at(id)}/execution-logs`, query)),
};

export type ToolFields = {
  name?: string;
  description?: string;
  python_code?: string;
  timeout_ms?: number;
  enabled?: boolean;
};

export const tools = {
  get: (id: string) => request<T.Tool>(`api/tools/${at(id)}`),
  create: (server: string, body: ToolFields) => post<T.Tool>(`api/servers/${at(server)}/tools`, body),
  update: (id: string, body: ToolFields) => patch<T.Tool>(`api/tools/${at(id)}`, body),
  versions: (id: string, query: Paging) =>
    request<T.Page<T.VersionRow>>(withQuery(`api/tools/${at(id)}/versions`, query)),
  version: (id: string, version: number) => request<T.Version>(`api/tools/${at(id)}/versions/${version}`),
  /** The version that was approved last; null when there has been none. */
  approved: (id: string) =>
    request<T.Version>(`api/tools/${at(id)}/approved`).catch((problem: unknown) => {
      if (problem instanceof ApiError && problem.status === 404) return null;
      throw problem;
    }),
  validate: (code: string) =>
    post<{ valid: boolean; error: string | null; line: number; analysis: T.Analysis | null }>(
      "api/tools/validate-code",
      { code },
    ),
  test: (id: string, args: T.JsonObject) =>
    post<{ success: boolean; call_id: string; result: T.Json; error: string | null }>("api/tools/test-code", {
      tool_id: id,
      arguments: args,
    }),
  executions: (id: string, query: Paging) =>
    request<T.Page<T.ExecutionRow>>(withQuery(`api/tools/${at(id)}/logs`, query)),
  submit: (id: string, notes: string) => post<unknown>(`api/tools/${at(id)}/submit`, { notes }),
  /** What waits, beside what was approved; the analysis of the latter is made anew, like that of the former. */
  review: async (id: string): Promise<T.Review> => {
    const [tool, approved] = await Promise.all([
      request<T.Shown>(`api/tools/${at(id)}/review`),
      tools.approved(id),
    ]);
    const before = approved ? (await tools.validate(approved.python_code)).analysis : null;
    return {
      tool,
      approved,
      capabilities: { now: capabilitiesOf(tool.analysis), before: before && capabilitiesOf(before) },
    };
  },
};

type Decision = { action: "approve" | "reject"; reason?: string };

export const approvals = {
  stats: () => request<T.ApprovalStats>("api/approvals/stats"),
  tools: (query: Paging & { status?: string; search?: string }) =>
    request<T.Page<T.PendingTool>>(withQuery("api/approvals/tools", query)),
  decideTool: (id: string, body: Decision & { digest: string }) =>
    post<unknown>(`api/approvals/tools/${at(id)}/action`, body),
  decideTools: (body: {
    tools: { id: string; digest: string }[];
    action: "approve" | "reject";
    reason?: string;
  }) => post<T.BulkResult>("api/approvals/tools/bulk-action", body),
};

export type ExecutionFilter = Paging & {
  search?: string | undefined;
  outcome?: string | undefined;
  executed_by?: string | undefined;
};

export const logs = {
  executions: (query: ExecutionFilter) =>
    request<T.Page<T.ExecutionRow>>(withQuery("api/execution-logs", query)),
  execution: (id: string) => request<T.Execution>(`api/logs/${at(id)}`),
  stats: (hours: number) =>
    request<T.ExecutionStats>(withQuery("api/execution-logs/stats", { period_hours: hours })),
};

export const audit = {
  records: (query: Paging & { action?: string }) =>
    request<T.Page<T.AuditRecord>>(withQuery("api/audit", query)),
};
