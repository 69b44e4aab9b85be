// The protected side: a request with a token for exactly this resource is passed on, everything else is told where to
// get one (RFC 9728, RFC 6750).
import { insufficientScope, OAuthResourceServer } from "@cloudflare/workers-oauth-provider";

import { mayRead, type AllowList } from "./allow_list.ts";
import { notAllowed, rpcProblem, tooMany } from "./answers.ts";
import { authorizationServer, SCOPE, type Person } from "./authorization.ts";
import type { Env } from "./config.ts";
import { proxied } from "./proxy.ts";
import type { Resource } from "./resources.ts";

export const MCP_METHODS = ["GET", "POST", "DELETE", "OPTIONS"];

export function resourceServer(
  env: Env,
  resource: Resource,
  added: AllowList,
): OAuthResourceServer<Env, Person> {
  return new OAuthResourceServer<Env, Person>({
    resourceMetadata: {
      resource: resource.url,
      authorization_servers: [env.PUBLIC_URL],
      resource_name: "MCPbox",
    },
    requiredScopes: [SCOPE],
    validateToken: () => (audience, token) =>
      authorizationServer(env, resource, added).validateToken<Person>(audience, token, env),
    handler: {
      async fetch(request, _env, ctx) {
        const { auth, props } = ctx;
        if (!auth.scope.includes(SCOPE)) return insufficientScope(auth, [SCOPE]);
        const { success } = await env.LIMIT_MCP.limit({ key: auth.userId ?? "" });
        if (!success) return rpcProblem(429, "Too many requests of this user: wait a minute.", tooMany());
        const caller = { person: props, clientId: auth.clientId ?? "", scope: auth.scope };
        return await proxied(request, env, resource, caller);
      },
    },
  });
}

/** What an MCP endpoint answers. */
export async function mcp(
  request: Request,
  env: Env,
  ctx: ExecutionContext,
  resource: Resource,
  added: AllowList,
): Promise<Response> {
  if (!MCP_METHODS.includes(request.method)) return notAllowed(MCP_METHODS);
  // A page that may not read the answer may not cause the request either (MCP's transport page, security warning).
  const origin = request.headers.get("Origin");
  if (origin !== null && !mayRead(origin, added))
    return rpcProblem(403, "Requests from pages of this origin are refused.");
  return await resourceServer(env, resource, added).fetch(request, env, ctx);
}
