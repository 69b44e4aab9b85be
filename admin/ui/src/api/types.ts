// What the API answers, as admin/ sends it (OpenAPI: /api/openapi.json).  Times are ISO 8601 in UTC.
export type * from "./review_types.ts";

export type Page<T> = {
  items: T[];
  total: number;
  page: number;
  page_size: number;
  pages: number;
  /** true when `total` stopped counting at its limit */
  total_capped?: boolean;
};

export type ApprovalStatus = "draft" | "pending_review" | "approved" | "rejected";
export type ServerStatus = "imported" | "ready" | "running" | "stopped" | "error";
export type Period = "1h" | "6h" | "24h" | "7d";

export type Config = {
  app_version: string;
  setup_required: boolean;
  /** false where decisions are made with mcpboxctl only */
  may_decide: boolean;
};
export type Session = {
  id: string;
  username: string;
  client: string;
  address: string;
  created_at: string;
  used_at: string;
  expires_at: string;
  current: boolean;
};
export type Admin = { username: string; created_at: string; updated_at: string };

export type ServerRow = {
  id: string;
  name: string;
  description: string;
  status: ServerStatus;
  tool_count: number;
  pending_count?: number;
  created_by?: string | null;
  created_at: string;
};
export type Server = ServerRow & {
  /** of its tools that name none */
  default_timeout_ms: number;
  updated_at: string;
};

export type ToolRow = {
  id: string;
  name: string;
  description: string;
  enabled: boolean;
  approval_status: ApprovalStatus;
  current_version: number;
  created_by: string | null;
  updated_at: string;
};
export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };
export type JsonObject = { [key: string]: Json };

export type Tool = ToolRow & {
  server_id: string;
  server_name: string;
  python_code: string;
  /** JSON, kept as the text that the approval binds */
  input_schema: string;
  timeout_ms: number;
  digest: string;
  approval_requested_at: string | null;
  approved_at: string | null;
  approved_by: string | null;
  rejection_reason: string | null;
  publish_notes: string | null;
  created_at: string;
};

export type VersionApproval = "approved" | "rejected" | "revoked";
export type VersionRow = {
  version_number: number;
  /** of its digest; null when nobody has decided on it */
  approval: VersionApproval | null;
  change_summary: string;
  change_source: "llm" | "manual" | "import" | "rollback";
  author: string | null;
  digest: string;
  created_at: string;
};
export type Version = Omit<VersionRow, "approval"> & {
  name: string;
  description: string;
  python_code: string;
  input_schema: string;
  timeout_ms: number;
  enabled: boolean;
};

export type Secret = {
  id: string;
  key_name: string;
  description: string;
  has_value: boolean;
  mode: "sealed" | "exposed";
  host: string | null;
  port: number;
  place: string;
  name: string | null;
  template: string | null;
  created_by: string | null;
  set_by: string | null;
  set_at: string | null;
};
export type SecretBinding = {
  mode?: Secret["mode"];
  host?: string;
  port?: number;
  place?: string;
  name?: string;
  template?: string;
};

export type GrantStatus = "pending" | "approved" | "rejected" | "revoked";
/** A host or a module that somebody asked for or has. */
export type Grant = {
  id: string;
  kind: "host" | "module";
  status: GrantStatus;
  name: string;
  server_id: string | null;
  server_name: string | null;
  tool_id: string | null;
  tool_name: string | null;
  /** null: any */
  port: number | null;
  /** empty: any */
  methods: string[];
  path: string | null;
  /** also where the name has an address of a private network */
  private_too: boolean;
  may_be_private: boolean;
  installed: boolean;
  in_standard_library: boolean;
  justification: string;
  source: "llm" | "admin";
  requested_by: string | null;
  created_at: string;
  reviewed_by: string | null;
  reviewed_at: string | null;
  rejection_reason: string | null;
  /** what a decision must name: it changes with every change of the grant */
  sequence: number;
};
export type GrantDetail = Grant & {
  /** approved tools that the grant reaches */
  reaches: string[];
  reaches_total: number;
};

export type HostRequest = { host: string; port?: number; private_too: boolean; justification: string };
/** What a tool tried and nobody approved; `request` would allow it. */
export type Denied = {
  tool: string;
  tool_id: string;
  server_id: string;
  server_name: string;
  host: string;
  port: number;
  times: number;
  first_at: string;
  last_at: string;
  request: HostRequest;
};

export type PendingTool = {
  id: string;
  server_id: string;
  server_name: string;
  name: string;
  published_name: string;
  description: string;
  created_by: string | null;
  publish_notes: string | null;
  approval_status: ApprovalStatus;
  approval_requested_at: string | null;
  current_version: number;
  digest: string;
};
export type ApprovalStats = {
  pending_tools: number;
  pending_network_requests: number;
  pending_module_requests: number;
  approved_tools: number;
  recently_approved: number;
  recently_rejected: number;
};
export type BulkResult = { processed_count: number; failed: { id: string; error: string }[] };

export type ExecutionRow = {
  id: string;
  tool_id: string;
  server_id: string;
  server_name: string;
  tool_name: string;
  success: boolean;
  end: string;
  duration_ms: number;
  queue_ms: number;
  peak_memory_bytes: number | null;
  error: string | null;
  is_test: boolean;
  executed_by: string;
  client: string;
  version: number;
  created_at: string;
};
export type Execution = ExecutionRow & {
  digest: string;
  /** HTTP requests that egress made for it, and those that it refused */
  egress_requests: number;
  egress_denied: number;
  input_args: string | null;
  result: string | null;
  stdout: string | null;
  audit: { sequence: number; at: string; kind: number; actor: string; action: string; hash: string }[];
};
export type ExecutionStats = {
  total_executions: number;
  successful: number;
  failed: number;
  avg_duration_ms: number | null;
  period_hours: number;
  unique_tools: number;
  unique_users: number;
};
export type Point = { timestamp: string; value: number };
export type Dashboard = {
  stats: {
    total_servers: number;
    active_servers: number;
    total_tools: number;
    enabled_tools: number;
    pending_tools: number;
    total_requests: number;
    total_errors: number;
    error_rate: number;
    avg_response_time_ms: number;
    p95_response_time_ms: number;
  };
  requests_over_time: Point[];
  errors_over_time: Point[];
  top_tools: {
    tool_id: string;
    tool_name: string;
    server_name: string;
    invocations: number;
    avg_duration_ms: number;
    errors: number;
  }[];
  recent_errors: {
    timestamp: string;
    server_name: string;
    tool_name: string;
    tool_id: string;
    message: string | null;
  }[];
};
export type ProcessStatus = {
  role: string;
  pid: number;
  layers: string[];
  missing: string[];
  restarts: number;
  serving: boolean;
};
export type Status = {
  version: string;
  trial: boolean;
  frozen: boolean;
  freeze_reason: string;
  database_up: boolean;
  database: string;
  audit_records: number;
  calls_in_flight: number;
  calls_queued: number;
  spares_ready: number;
  servers_running: number;
  tools_published: number;
  tools_pending: number;
  listeners: string[];
  admin_listeners: string[];
  layers: { name: string; stops: string }[];
  processes: ProcessStatus[];
  warnings: string[];
  self_attack: string;
};

export type RemoteAccess = {
  on: boolean;
  worker_url: string | null;
  installation: string | null;
  keys: { id: string; public_key: string }[];
  policy: "everyone" | "emails" | "domain";
  allowed: string[];
};

export type SettingField = {
  key: string;
  value: string;
  weaker: boolean;
  description: string;
  default: string;
  weaker_words: string | null;
  /** empty: a number */
  values: { value: string; weaker: boolean }[];
  minimum: number;
  maximum: number;
};
export type Profile = { name: string; description: string; values: Record<string, string> };
export type SettingValues = { profile: string | null; fields: SettingField[]; profiles: Profile[] };
export type ModuleInfo = {
  module_name: string;
  default: boolean;
  is_installed: boolean;
  is_stdlib: boolean;
};

/** One record of the audit chain, as it happens. */
export type Activity = {
  sequence: number;
  at: string;
  kind: string;
  actor: string;
  action: string;
  call: string | null;
  number: number;
  tool: string | null;
  says?: string;
};
export type AuditCheck = {
  intact: boolean;
  records: number;
  checkpoints: number;
  first: number;
  last: number;
  hash: string;
  damage: string | null;
  record: number | null;
  report: string;
};
export type Checkpoint = {
  valid: boolean;
  sequence: number | null;
  hash: string | null;
  at: string | null;
  purpose: string | null;
};
export type AuditRecord = {
  sequence: number;
  at: string;
  kind: string;
  actor: string;
  action: string;
  subject: string | null;
  call: string | null;
  number: number;
  digest: string | null;
  hash: string;
};
