// The OAuth 2.1 server of MCP clients: discovery, registration, tokens and revocation, by the provider library.  It
// fixes its list of resources when it is made, and ours has one for every server at home, so one is made for the
// resource that a request is about; they share the clients and grants in KV.
import { OAuthAuthorizationServer } from "@cloudflare/workers-oauth-provider";

import { mayReceiveCodes, type AllowList } from "./allow_list.ts";
import { oauthProblem } from "./answers.ts";
import type { Env } from "./config.ts";
import { ACCESS_TOKEN_SECONDS, FORM_BYTES, REFRESH_TOKEN_SECONDS } from "./limits.ts";
import { defaultResource, resourceNamed, type Resource } from "./resources.ts";
import { readAtMost } from "./streams.ts";

export const SCOPE = "mcp";

/** What is kept, encrypted, with a grant.  KV's own keys hold neither. */
export interface Person {
  subject: string;
  email: string; // "" when the identity provider vouches for none
}

export function authorizationServer(
  env: Env,
  resource: Resource,
  added: AllowList,
): OAuthAuthorizationServer<Env> {
  return new OAuthAuthorizationServer<Env>({
    issuer: env.PUBLIC_URL,
    resources: [resource.url],
    authorizeEndpoint: `${env.PUBLIC_URL}/authorize`,
    tokenEndpoint: `${env.PUBLIC_URL}/token`,
    clientRegistrationEndpoint: `${env.PUBLIC_URL}/register`,
    scopesSupported: [SCOPE, "offline_access"],
    clientIdMetadataDocumentEnabled: true,
    accessTokenTTL: ACCESS_TOKEN_SECONDS,
    refreshTokenTTL: REFRESH_TOKEN_SECONDS,
    clientRegistrationCallback: ({ clientMetadata }) => registrationProblem(clientMetadata, added),
    // The stable names of the check, never what was sent.
    onError: ({ status, internal }) =>
      console.warn(`refused ${status}: ${internal.category} ${internal.reason}`),
  });
}

function registrationProblem(metadata: Record<string, unknown>, added: AllowList) {
  const uris = metadata["redirect_uris"];
  const allowed =
    Array.isArray(uris) && uris.every((uri) => typeof uri === "string" && mayReceiveCodes(uri, added));
  if (allowed) return undefined;
  return {
    code: "invalid_redirect_uri",
    description:
      "A redirect URI of this client is not on the list of this MCPbox. Its administrator can add it, exactly as it is.",
  };
}

/** /token: exchange, refresh and revocation, under the resource that the grant was given for. */
export async function token(
  request: Request,
  env: Env,
  ctx: ExecutionContext,
  added: AllowList,
): Promise<Response> {
  const form = await readAtMost(request, FORM_BYTES);
  if (form === undefined) return oauthProblem(413, "invalid_request", "The form is too large.");
  const resource = await resourceOfGrant(env, new URLSearchParams(new TextDecoder().decode(form)));
  const again = new Request(request.url, { method: request.method, headers: request.headers, body: form });
  return authorizationServer(env, resource, added).fetch(again, env, ctx);
}

// A code and a refresh token name their grant, `userId:grantId:secret`, and the grant's record in KV names its
// resource.  This only chooses which server is asked: that one checks everything, and holds the grant to its resource.
async function resourceOfGrant(env: Env, form: URLSearchParams): Promise<Resource> {
  const named = (form.get("code") ?? form.get("refresh_token") ?? "").split(":");
  if (named.length !== 3) return defaultResource(env.PUBLIC_URL);
  const grant: unknown = await env.OAUTH_KV.get(`grant:${named[0]}:${named[1]}`, { type: "json" });
  const resource =
    typeof grant === "object" && grant !== null && "resource" in grant ? grant.resource : undefined;
  if (typeof resource !== "string") return defaultResource(env.PUBLIC_URL);
  return resourceNamed(env.PUBLIC_URL, resource) ?? defaultResource(env.PUBLIC_URL);
}
