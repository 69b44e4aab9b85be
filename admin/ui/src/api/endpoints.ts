// Every address that the page uses, once: hooks and pages call these and build no path themselves.
import { request, withQuery } from "./client.ts";
import type * as T from "./types.ts";

type Paging = { page?: number | undefined; page_size?: number | undefined };
const post = <R>(path: string, body: unknown = {}) => request<R>(path, { method: "POST", body });
const patch = <R>(path: string, body: unknown) => request<R>(path, { method: "PATCH", body });
const put = <R>(path: string, body: unknown) => request<R>(path, { method: "PUT", body });
const remove = (path: string) => request<void>(path, { method: "DELETE" });
const at = encodeURIComponent;

export const auth = {
  config: () => request<T.Config>("api/config"),
  /** Makes the first admin and signs in. */
  setup: (body: { code: string; username: string; password: string }) =>
    post<unknown>("api/auth/setup", body),
  login: (body: { username: string; password: string }) => post<unknown>("api/auth/login", body),
  logout: () => post<unknown>("api/auth/logout"),
  /** Who is signed in here; null: nobody. */
  me: () => request<{ session: T.Session | null }>("api/auth/session").then(({ session }) => session),
  changePassword: (body: { current_password: string; new_password: string }) =>
    post<unknown>("api/auth/change-password", body),
};

export const accounts = {
  admins: () => request<{ items: T.Admin[] }>("api/admins?page_size=100"),
  addAdmin: (body: { username: string; password: string }) => post<unknown>("api/admins", body),
  removeAdmin: (username: string) => remove(`api/admins/${at(username)}`),
  sessions: () => request<{ items: T.Session[] }>("api/sessions?page_size=100"),
  endSession: (id: string) => remove(`api/sessions/${at(id)}`),
};

export const system = {
  status: () => request<T.Status>("api/status"),
  remote: () => request<T.RemoteAccess>("api/remote"),
  dashboard: (period: T.Period) => request<T.Dashboard>(withQuery("api/dashboard", { period })),
  freeze: (reason: string) => post<unknown>("api/freeze", { reason }),
  thaw: () => post<unknown>("api/thaw"),
};

export const servers = {
  list: (query: Paging & { search?: string }) =>
    request<T.Page<T.ServerRow>>(withQuery("api/servers", query)),
  get: (id: string) => request<T.Server>(`api/servers/${at(id)}`),
  create: (body: { name: string; description: string }) => post<T.Server>("api/servers", body),
  change: (id: string, body: { name?: string; description?: string; default_timeout_ms?: number }) =>
    patch<T.Server>(`api/servers/${at(id)}`, body),
  remove: (id: string) => remove(`api/servers/${at(id)}`),
  start: (id: string) => post<unknown>(`api/servers/${at(id)}/start`),
  stop: (id: string) => post<unknown>(`api/servers/${at(id)}/stop`),
  tools: (id: string, query: Paging) =>
    request<T.Page<T.ToolRow>>(withQuery(`api/servers/${at(id)}/tools`, query)),
  executions: (id: string, query: Paging) =>
    request<T.Page<T.ExecutionRow>>(withQuery(`api/servers/${at(id)}/execution-logs`, query)),
  secrets: (id: string) =>
    request<T.Page<T.Secret>>(withQuery(`api/servers/${at(id)}/secrets`, { page_size: 100 })),
  createSecret: (id: string, body: T.SecretBinding & { key_name: string; description: string }) =>
    post<T.Secret>(`api/servers/${at(id)}/secrets`, body),
  setSecret: (id: string, key: string, body: T.SecretBinding & { value: string }) =>
    put<T.Secret>(`api/servers/${at(id)}/secrets/${at(key)}`, body),
  removeSecret: (id: string, key: string) => remove(`api/servers/${at(id)}/secrets/${at(key)}`),
  hosts: (id: string) =>
    request<T.Page<T.Grant>>(
      withQuery("api/approvals/network", { server_id: id, grant_status: "approved", page_size: 100 }),
    ),
  addHost: (id: string, body: T.HostRequest) =>
    post<T.GrantDetail>(`api/servers/${at(id)}/allowed-hosts`, body),
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
  remove: (id: string) => remove(`api/tools/${at(id)}`),
  rollBack: (id: string, version: number) => post<T.Tool>(`api/tools/${at(id)}/versions/${version}/rollback`),
  revoke: (id: string, digest: string) => post<unknown>(`api/approvals/tools/${at(id)}/revoke`, { digest }),
  versions: (id: string, query: Paging) =>
    request<T.Page<T.VersionRow>>(withQuery(`api/tools/${at(id)}/versions`, query)),
  version: (id: string, version: number) => request<T.Version>(`api/tools/${at(id)}/versions/${version}`),
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
  review: (id: string) => request<T.Review>(`api/tools/${at(id)}/review`),
};

type Decision = { action: "approve" | "reject"; reason?: string };

export type GrantPath = "network" | "modules";
type GrantDecision = {
  action: "approve" | "reject" | "revoke";
  sequence: number;
  reason?: string;
  private_too?: boolean;
};

export const approvals = {
  stats: () => request<T.ApprovalStats>("api/approvals/stats"),
  tools: (query: Paging & { status?: string; search?: string }) =>
    request<T.Page<T.PendingTool>>(withQuery("api/approvals/tools", query)),
  decideTool: (id: string, body: Decision & { digest: string; capabilities_digest?: string }) =>
    post<unknown>(`api/approvals/tools/${at(id)}/action`, body),
  decideTools: (body: {
    tools: { id: string; digest: string }[];
    action: "approve" | "reject";
    reason?: string;
  }) => post<T.BulkResult>("api/approvals/tools/bulk-action", body),
  grants: (kind: GrantPath, query: Paging & { grant_status?: string; search?: string }) =>
    request<T.Page<T.Grant>>(withQuery(`api/approvals/${kind}`, query)),
  denied: (query: Paging & { server_id?: string }) =>
    request<T.Page<T.Denied>>(withQuery("api/approvals/denied", query)),
  grant: (kind: GrantPath, id: string) => request<T.GrantDetail>(`api/approvals/${kind}/${at(id)}`),
  decideGrant: (kind: GrantPath, id: string, body: GrantDecision) =>
    post<T.Grant>(`api/approvals/${kind}/${at(id)}/action`, body),
};

export const settings = {
  all: () => request<T.SettingValues>("api/settings/security-policy"),
  change: (body: Record<string, string | number>) =>
    patch<T.SettingValues>("api/settings/security-policy", body),
  applyProfile: (profile: string) => patch<T.SettingValues>("api/settings/security-profile", { profile }),
  modules: () => request<T.Page<T.ModuleInfo>>(withQuery("api/settings/modules", { page_size: 100 })),
  addModule: (module_name: string) =>
    post<T.GrantDetail>("api/settings/modules", { module_name, justification: "Added by an administrator" }),
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
  verify: () => post<T.AuditCheck>("api/audit/verify"),
  checkpoints: (query: Paging) =>
    request<T.Page<T.Checkpoint> & { public_key: string; end: T.Checkpoint }>(
      withQuery("api/audit/checkpoints", query),
    ),
};

export const activity = {
  /** The newest records, oldest first. */
  recent: () => request<{ items: T.Activity[]; last: number }>("api/activity"),
  stream: "api/activity/stream",
};
