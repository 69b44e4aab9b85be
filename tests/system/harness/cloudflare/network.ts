// Tokens, accounts, tunnels, VPC services and KV.
import { randomUUID } from "node:crypto";

import { type Call, mustFind, Refusal, type Route } from "./call.ts";
import { hex, type Namespace, now, type Service, type Tunnel } from "./state.ts";

const TUNNEL = "Cloudflare Tunnel Write";
const DIRECTORY = "Connectivity Directory Admin";
const KV = "Workers KV Storage Write";
const NO_TUNNEL = "Tunnel not found";
const NO_NAMESPACE = "get namespace: 'namespace not found'";

function tunnelOf({ account, at: [id] }: Call): Tunnel {
  const tunnel = mustFind(account.tunnels, id!, 1003, NO_TUNNEL);
  if (tunnel.deleted_at !== null) throw new Refusal(404, 1003, NO_TUNNEL);
  return tunnel;
}

/** As it is answered: the vendor's type has no null. */
const shownTunnel = ({ deleted_at, ...tunnel }: Tunnel): unknown =>
  deleted_at === null ? tunnel : { ...tunnel, deleted_at };

function createTunnel({ account, body }: Call): unknown {
  const { name, config_src = "local" } = body as { name: string; config_src?: string };
  if ([...account.tunnels.values()].some((t) => t.name === name && t.deleted_at === null)) {
    throw new Refusal(
      409,
      1013,
      "You already have a tunnel with this name. Choose a different name for this tunnel.",
    );
  }
  const tunnel: Tunnel = {
    id: randomUUID(),
    account_tag: account.id,
    name,
    config_src,
    status: "inactive",
    tun_type: "cfd_tunnel",
    remote_config: config_src === "cloudflare",
    connections: [],
    created_at: now(),
    deleted_at: null,
  };
  account.tunnels.set(tunnel.id, tunnel);
  return shownTunnel(tunnel);
}

function deleteTunnel(call: Call): unknown {
  const tunnel = tunnelOf(call);
  if (tunnel.connections.length > 0) {
    throw new Refusal(400, 1022, "Cannot delete tunnel because it has active connections");
  }
  // Stricter than anything the vendor promises: whoever tears down in the right order never sees it.
  const leads = ({ host }: Service): boolean =>
    (host.network ?? host.resolver_network)?.tunnel_id === tunnel.id;
  if ([...call.account.services.values()].some(leads)) {
    throw new Refusal(400, 1022, "Cannot delete tunnel because a service leads through it");
  }
  tunnel.deleted_at = now();
  return shownTunnel(tunnel);
}

function createService({ account, body }: Call): Service {
  const given = body as Pick<Service, "name" | "type" | "host">;
  const tunnel = (given.host.network ?? given.host.resolver_network)?.tunnel_id;
  if (tunnel === undefined || account.tunnels.get(tunnel)?.deleted_at !== null) {
    throw new Refusal(400, 5102, "The tunnel of this service does not exist.");
  }
  if ([...account.services.values()].some(({ name }) => name === given.name)) {
    throw new Refusal(409, 5101, "A service with this name already exists.");
  }
  const service = { ...given, service_id: randomUUID(), created_at: now(), updated_at: now() };
  account.services.set(service.service_id, service);
  return service;
}

const shownNamespace = ({ id, title, supports_url_encoding }: Namespace): unknown => ({
  id,
  title,
  supports_url_encoding,
});

function createNamespace({ account, body }: Call): unknown {
  const { title } = body as { title: string };
  if ([...account.namespaces.values()].some((namespace) => namespace.title === title)) {
    throw new Refusal(400, 10014, "a namespace with this account ID and title already exists");
  }
  const namespace = { id: hex(), title, supports_url_encoding: true, values: new Map<string, string>() };
  account.namespaces.set(namespace.id, namespace);
  return shownNamespace(namespace);
}

function writeMany({ account, at: [id], body }: Call): unknown {
  const namespace = mustFind(account.namespaces, id!, 10013, NO_NAMESPACE);
  const pairs = body as { key: string; value: string }[];
  for (const { key, value } of pairs) namespace.values.set(key, value);
  return { successful_key_count: pairs.length, unsuccessful_keys: [] };
}

function tunnelsAsked({ account, query }: Call): unknown[] {
  const [name, deleted] = [query.get("name"), query.get("is_deleted")];
  const asked = (tunnel: Tunnel): boolean =>
    (name === null || tunnel.name === name) &&
    (deleted === null || String(tunnel.deleted_at !== null) === deleted);
  return [...account.tunnels.values()].filter(asked).map(shownTunnel);
}

export const networkRoutes: Route[] = [
  {
    method: "GET",
    path: "cfd_tunnel",
    needs: TUNNEL,
    result: "TunnelsResult",
    paged: true,
    answer: tunnelsAsked,
  },
  {
    method: "POST",
    path: "cfd_tunnel",
    needs: TUNNEL,
    body: "TunnelBody",
    result: "TunnelResult",
    answer: createTunnel,
  },
  {
    method: "GET",
    path: "cfd_tunnel/*",
    needs: TUNNEL,
    result: "TunnelResult",
    answer: (call) => shownTunnel(tunnelOf(call)),
  },
  {
    method: "GET",
    path: "cfd_tunnel/*/token",
    needs: TUNNEL,
    result: "TunnelTokenResult",
    answer: (call) => {
      const token = { a: call.account.id, t: tunnelOf(call).id, s: hex() };
      return Buffer.from(JSON.stringify(token)).toString("base64");
    },
  },
  {
    method: "DELETE",
    path: "cfd_tunnel/*/connections",
    needs: TUNNEL,
    answer: (call) => {
      call.account.connect(tunnelOf(call).id, false);
      return null;
    },
  },
  { method: "DELETE", path: "cfd_tunnel/*", needs: TUNNEL, result: "TunnelResult", answer: deleteTunnel },
  {
    method: "GET",
    path: "connectivity/directory/services",
    needs: DIRECTORY,
    result: "ServicesResult",
    paged: true,
    answer: ({ account }) => [...account.services.values()],
  },
  {
    method: "POST",
    path: "connectivity/directory/services",
    needs: DIRECTORY,
    body: "ServiceBody",
    result: "ServiceResult",
    answer: createService,
  },
  {
    method: "DELETE",
    path: "connectivity/directory/services/*",
    needs: DIRECTORY,
    empty: true,
    answer: ({ account, at: [id] }) => {
      if (!account.services.delete(id!)) throw new Refusal(404, 5104, "Service not found.");
    },
  },
  {
    method: "GET",
    path: "storage/kv/namespaces",
    needs: KV,
    result: "NamespacesResult",
    paged: true,
    answer: ({ account }) => [...account.namespaces.values()].map(shownNamespace),
  },
  {
    method: "POST",
    path: "storage/kv/namespaces",
    needs: KV,
    body: "NamespaceBody",
    result: "NamespaceResult",
    answer: createNamespace,
  },
  {
    method: "DELETE",
    path: "storage/kv/namespaces/*",
    needs: KV,
    answer: ({ account, at: [id] }) => {
      if (!account.namespaces.delete(id!)) throw new Refusal(404, 10013, NO_NAMESPACE);
      return null;
    },
  },
  {
    method: "PUT",
    path: "storage/kv/namespaces/*/bulk",
    needs: KV,
    body: "BulkBody",
    result: "BulkResult",
    answer: writeMany,
  },
];
