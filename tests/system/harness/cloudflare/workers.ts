// The Worker's routes: code, bindings, secrets, and its address.
import { randomUUID } from "node:crypto";

import { type Call, mustFind, Refusal, type Route } from "./call.ts";
import { type Binding, hex, now, type Worker } from "./state.ts";

const SCRIPTS = "Workers Scripts Write";
const SECRET = ["secret_text", "secret_key"];
const NO_WORKER = "This Worker does not exist on your account.";

const workerOf = (call: Call): Worker => mustFind(call.account.workers, call.at[0]!, 10007, NO_WORKER);

/** A binding that leads nowhere: refused when it is uploaded, not when somebody needs it. */
function mustLead({ account }: Call, binding: Binding): void {
  if (binding.type === "kv_namespace" && !account.namespaces.has(binding.namespace_id as string)) {
    throw new Refusal(400, 10041, `KV namespace '${String(binding.namespace_id)}' not found.`);
  }
  if (binding.type === "vpc_service" && !account.services.has(binding.service_id as string)) {
    throw new Refusal(400, 10021, `VPC service '${String(binding.service_id)}' not found.`);
  }
}

/** What the new version has: the bindings of this upload, those it inherits by name, those it keeps by type. */
function bindingsAfter(call: Call, before: Binding[]): Binding[] {
  const { bindings = [], keep_bindings = [] } = call.body as {
    bindings?: Binding[];
    keep_bindings?: string[];
  };
  const strict = call.query.get("bindings_inherit") === "strict";
  const named = new Map(before.map((binding) => [binding.name, binding]));
  const after = new Map<string, Binding>();
  for (const old of before) if (keep_bindings.includes(old.type)) after.set(old.name, old);
  for (const binding of bindings) {
    if (binding.type !== "inherit") {
      mustLead(call, binding);
      after.set(binding.name, binding);
      continue;
    }
    const old = named.get((binding.old_name as string | undefined) ?? binding.name);
    if (old !== undefined) after.set(binding.name, { ...old, name: binding.name });
    else if (strict) throw new Refusal(400, 10057, `Binding '${binding.name}' cannot be inherited.`);
  }
  return [...after.values()];
}

function upload(call: Call): unknown {
  const metadata = call.body as { main_module?: string };
  const main = call.modules.get(metadata.main_module ?? "");
  if (main === undefined) throw new Refusal(400, 10021, `No such module "${metadata.main_module}".`);
  if (main.type !== "application/javascript+module") {
    throw new Refusal(400, 10021, "The main module must be an ES module.");
  }
  const name = call.at[0]!;
  const before = call.account.workers.get(name);
  call.account.workers.set(name, {
    metadata: call.body as Record<string, unknown>,
    modules: call.modules,
    bindings: bindingsAfter(call, before?.bindings ?? []),
    enabled: before?.enabled ?? false,
    uploads: (before?.uploads ?? 0) + 1,
  });
  return {
    id: name,
    etag: hex(),
    startup_time_ms: 7,
    handlers: ["fetch"],
    entry_point: metadata.main_module,
    has_assets: false,
    has_modules: true,
    logpush: false,
    created_on: now(),
    modified_on: now(),
    deployment_id: randomUUID(),
  };
}

const shown = ({ name, type }: Binding): unknown => ({ name, type });

export const workerRoutes: Route[] = [
  {
    method: "GET",
    path: "workers/subdomain",
    needs: SCRIPTS,
    result: "SubdomainResult",
    answer: ({ account }) => {
      if (account.subdomain === undefined)
        throw new Refusal(404, 10007, "You do not have a workers.dev subdomain.");
      return { subdomain: account.subdomain };
    },
  },
  {
    method: "PUT",
    path: "workers/subdomain",
    needs: SCRIPTS,
    body: "SubdomainBody",
    result: "SubdomainResult",
    answer: ({ account, body }) => {
      if (account.subdomain !== undefined) {
        throw new Refusal(409, 10036, "Account already has an associated subdomain.");
      }
      account.subdomain = (body as { subdomain: string }).subdomain;
      return { subdomain: account.subdomain };
    },
  },
  {
    method: "GET",
    path: "workers/scripts",
    needs: SCRIPTS,
    result: "WorkersResult",
    answer: ({ account }) => [...account.workers.keys()].map((id) => ({ id })),
  },
  {
    method: "PUT",
    path: "workers/scripts/*",
    needs: SCRIPTS,
    form: true,
    body: "WorkerMetadataBody",
    result: "WorkerResult",
    answer: upload,
  },
  {
    method: "DELETE",
    path: "workers/scripts/*",
    needs: SCRIPTS,
    answer: (call) => {
      workerOf(call);
      call.account.workers.delete(call.at[0]!);
      return null;
    },
  },
  {
    method: "GET",
    path: "workers/scripts/*/secrets",
    needs: SCRIPTS,
    result: "SecretsResult",
    // Names and types: a value that was set is never shown again.
    answer: (call) =>
      workerOf(call)
        .bindings.filter(({ type }) => SECRET.includes(type))
        .map(shown),
  },
  {
    method: "PUT",
    path: "workers/scripts/*/secrets",
    needs: SCRIPTS,
    body: "SecretBody",
    result: "SecretResult",
    answer: (call) => {
      const worker = workerOf(call);
      const secret = call.body as Binding;
      worker.bindings = [...worker.bindings.filter(({ name }) => name !== secret.name), secret];
      return shown(secret);
    },
  },
  {
    method: "DELETE",
    path: "workers/scripts/*/secrets/*",
    needs: SCRIPTS,
    answer: (call) => {
      const worker = workerOf(call);
      const left = worker.bindings.filter(({ name, type }) => name !== call.at[1] || !SECRET.includes(type));
      if (left.length === worker.bindings.length) throw new Refusal(404, 10056, "Secret not found.");
      worker.bindings = left;
      return null;
    },
  },
  {
    method: "POST",
    path: "workers/scripts/*/subdomain",
    needs: SCRIPTS,
    body: "ScriptSubdomainBody",
    result: "ScriptSubdomainResult",
    answer: (call) => {
      if (call.account.subdomain === undefined) {
        throw new Refusal(404, 10007, "You do not have a workers.dev subdomain.");
      }
      const { enabled, previews_enabled = false } = call.body as {
        enabled: boolean;
        previews_enabled?: boolean;
      };
      workerOf(call).enabled = enabled;
      return { enabled, previews_enabled };
    },
  },
];
