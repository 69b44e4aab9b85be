// Cloudflare Access: the organization, reusable policies, and the application that people sign in through.
import { randomUUID } from "node:crypto";

import { type Call, mustFind, Refusal, type Route } from "./call.ts";
import { type Application, hex, now, type Policy } from "./state.ts";

const APPS = "Access: Apps and Policies Write";
const READ = "Access: Organizations, Identity Providers, and Groups Read";
const NO_POLICY = "access.api.error.policy_not_found";
const NO_APP = "access.api.error.unknown_application";

interface ApplicationBody {
  policies?: (string | { id?: string; precedence?: number })[];
  saas_app?: Record<string, unknown>;
  [more: string]: unknown;
}

function linked({ account }: Call, given: ApplicationBody["policies"] = []): Application["policies"] {
  return given.map((link, index) => {
    const id = typeof link === "string" ? link : link.id!;
    mustFind(account.policies, id, 11015, NO_POLICY);
    return { id, precedence: typeof link === "string" ? index + 1 : (link.precedence ?? index + 1) };
  });
}

function kept(call: Call, before: Application | undefined): Application {
  const body = call.body as ApplicationBody;
  return {
    ...body,
    id: before?.id ?? randomUUID(),
    aud: before?.aud ?? hex() + hex(),
    name: String(body.name ?? ""),
    type: "saas",
    policies: linked(call, body.policies),
    saas_app: {
      ...body.saas_app,
      client_id: before?.saas_app.client_id ?? hex() + hex(),
      client_secret: before?.saas_app.client_secret ?? hex() + hex(),
      public_key: "-----BEGIN PUBLIC KEY-----",
    },
  };
}

/** As it is answered: with its policies in full, and with the secret only when it has just been made. */
function shown({ account }: Call, application: Application, secret: boolean): unknown {
  const { client_secret, ...rest } = application.saas_app;
  return {
    ...application,
    policies: application.policies.map(({ id, precedence }) => ({ ...account.policies.get(id), precedence })),
    saas_app: secret ? { ...rest, client_secret } : rest,
  };
}

const savedPolicy = (call: Call, id: string): Policy => {
  const policy = { ...(call.body as Policy), id, reusable: true, created_at: now(), updated_at: now() };
  call.account.policies.set(id, policy);
  return policy;
};

function savedApplication(call: Call, before?: Application): unknown {
  const application = kept(call, before);
  call.account.applications.set(application.id, application);
  return shown(call, application, before === undefined);
}

const applicationOf = (call: Call): Application =>
  mustFind(call.account.applications, call.at[0]!, 11021, NO_APP);

export const accessRoutes: Route[] = [
  {
    method: "GET",
    path: "access/organizations",
    needs: READ,
    result: "OrganizationResult",
    answer: ({ account }) => {
      // What an account answers whose owner has never opened Zero Trust.
      if (account.authDomain === undefined) throw new Refusal(404, 9999, "access.api.error.not_enabled");
      return { name: account.name, auth_domain: account.authDomain, created_at: now(), updated_at: now() };
    },
  },
  {
    method: "GET",
    path: "access/identity_providers",
    needs: READ,
    result: "IdentityProvidersResult",
    paged: true,
    answer: ({ account }) => account.identityProviders,
  },
  {
    method: "GET",
    path: "access/policies",
    needs: APPS,
    result: "PoliciesResult",
    paged: true,
    answer: ({ account }) => [...account.policies.values()],
  },
  {
    method: "POST",
    path: "access/policies",
    needs: APPS,
    body: "PolicyBody",
    result: "PolicyResult",
    answer: (call) => savedPolicy(call, randomUUID()),
  },
  {
    method: "PUT",
    path: "access/policies/*",
    needs: APPS,
    body: "PolicyBody",
    result: "PolicyResult",
    answer: (call) => savedPolicy(call, mustFind(call.account.policies, call.at[0]!, 11015, NO_POLICY).id),
  },
  {
    method: "DELETE",
    path: "access/policies/*",
    needs: APPS,
    result: "DeletedResult",
    answer: ({ account, at: [id] }) => {
      mustFind(account.policies, id!, 11015, NO_POLICY);
      const used = [...account.applications.values()].some(({ policies }) =>
        policies.some((link) => link.id === id),
      );
      if (used) throw new Refusal(400, 12130, "access.api.error.policy_in_use");
      account.policies.delete(id!);
      return { id };
    },
  },
  {
    method: "GET",
    path: "access/apps",
    needs: APPS,
    result: "ApplicationsResult",
    paged: true,
    answer: (call) =>
      [...call.account.applications.values()].map((application) => shown(call, application, false)),
  },
  {
    method: "POST",
    path: "access/apps",
    needs: APPS,
    body: "ApplicationBody",
    result: "ApplicationResult",
    answer: (call) => savedApplication(call),
  },
  {
    method: "GET",
    path: "access/apps/*",
    needs: APPS,
    result: "ApplicationResult",
    answer: (call) => shown(call, applicationOf(call), false),
  },
  {
    method: "PUT",
    path: "access/apps/*",
    needs: APPS,
    body: "ApplicationBody",
    result: "ApplicationResult",
    answer: (call) => savedApplication(call, applicationOf(call)),
  },
  {
    method: "DELETE",
    path: "access/apps/*",
    needs: APPS,
    result: "DeletedResult",
    answer: (call) => {
      const { id } = applicationOf(call);
      call.account.applications.delete(id);
      return { id };
    },
  },
];
