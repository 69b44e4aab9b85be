// One account at Cloudflare, as much of it as remote access touches.
import { randomUUID } from "node:crypto";

export interface Tunnel {
  id: string;
  account_tag: string;
  name: string;
  config_src: string;
  status: "inactive" | "degraded" | "healthy" | "down";
  tun_type: "cfd_tunnel";
  remote_config: boolean;
  connections: unknown[];
  created_at: string;
  deleted_at: string | null;
}
export interface Service {
  service_id: string;
  name: string;
  type: "http" | "tcp";
  host: { network?: { tunnel_id: string }; resolver_network?: { tunnel_id: string } };
  created_at: string;
  updated_at: string;
  [more: string]: unknown;
}
export interface Namespace {
  id: string;
  title: string;
  supports_url_encoding: boolean;
  values: Map<string, string>;
}
export interface Binding {
  type: string;
  name: string;
  text?: string;
  [more: string]: unknown;
}
export interface Worker {
  metadata: Record<string, unknown>;
  modules: Map<string, { type: string; content: Buffer }>;
  bindings: Binding[];
  enabled: boolean;
  uploads: number;
}
export interface Policy {
  id: string;
  name: string;
  decision: string;
  include: unknown[];
  [more: string]: unknown;
}
export interface Application {
  id: string;
  aud: string;
  name: string;
  type: "saas";
  policies: { id: string; precedence: number }[];
  saas_app: Record<string, unknown> & { client_id: string; client_secret: string };
  [more: string]: unknown;
}

export const hex = (): string => randomUUID().replaceAll("-", "");
export const now = (): string => new Date().toISOString();

export class Account {
  readonly id: string = hex();
  name = "Ada's account";
  authDomain: string | undefined = "home.cloudflareaccess.com";
  identityProviders = [{ id: randomUUID(), name: "One-time PIN", type: "onetimepin", config: {} }];
  subdomain: string | undefined = "home";
  readonly tunnels = new Map<string, Tunnel>();
  readonly services = new Map<string, Service>();
  readonly namespaces = new Map<string, Namespace>();
  readonly workers = new Map<string, Worker>();
  readonly policies = new Map<string, Policy>();
  readonly applications = new Map<string, Application>();

  /** cloudflared connects, or hangs up: a tunnel with connections cannot be deleted. */
  connect(tunnel: string, connected: boolean): void {
    const found = this.tunnels.get(tunnel);
    if (found === undefined) throw new Error(`no tunnel ${tunnel}`);
    found.status = connected ? "healthy" : "down";
    found.connections = connected ? [{ id: randomUUID(), is_pending_reconnect: false }] : [];
  }

  /** What there is, one line each and sorted: what a teardown leaves must be what was there before. */
  remains(): string[] {
    return [
      ...[...this.tunnels.values()]
        .filter((t) => t.deleted_at === null)
        .map((t) => `tunnel ${t.name} ${t.id}`),
      ...[...this.services.values()].map((s) => `service ${s.name} ${s.service_id}`),
      ...[...this.namespaces.values()].map((n) => `namespace ${n.title} ${n.id}`),
      ...[...this.workers.keys()].map((name) => `worker ${name}`),
      ...[...this.policies.values()].map((p) => `policy ${p.name} ${p.id}`),
      ...[...this.applications.values()].map((a) => `application ${a.name} ${a.id}`),
    ].sort();
  }
}
