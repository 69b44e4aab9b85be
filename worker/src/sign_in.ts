// /authorize and /callback: consent to one client, then the sign-in at Access, then the client's code.  Consent is asked
// every time and before Access is: all clients share one application there, and a person who is signed in there would
// otherwise grant access to whoever sends a link (the confused deputy of MCP's security page).
import {
  AuthorizationError,
  authorizationErrorRedirect,
  CimdFetchError,
  type AuthRequest,
} from "@cloudflare/workers-oauth-provider";

import { callbackUrl, newSignIn, personBehind, SignInError, signInUrl, type SignIn } from "./access.ts";
import { mayReceiveCodes, type AllowList } from "./allow_list.ts";
import { base64url, sha256 } from "./assertion.ts";
import { authorizationServer, SCOPE } from "./authorization.ts";
import type { Env } from "./config.ts";
import { FORM_BYTES } from "./limits.ts";
import { consentPage, problemPage } from "./pages.ts";
import { defaultResource, resourceNamed, type Resource } from "./resources.ts";
import { readAtMost } from "./streams.ts";

/** GET shows the consent page, POST is its answer. */
export function authorize(request: Request, env: Env, added: AllowList): Promise<Response> {
  return told(request.method === "POST" ? decided(request, env, added) : asked(request, env, added));
}

export function callback(request: Request, env: Env, added: AllowList): Promise<Response> {
  return told(returned(request, env, added));
}

async function told(answer: Promise<Response>): Promise<Response> {
  try {
    return await answer;
  } catch (error) {
    // Only the library knows when a redirect is safe: the client and its exact redirect URI are then known good.
    if (error instanceof AuthorizationError && error.redirectTo) return redirect(error.redirectTo);
    if (error instanceof AuthorizationError) return problemPage(400, error.description);
    if (error instanceof CimdFetchError)
      return problemPage(400, "The page that describes this client could not be read.");
    if (error instanceof SignInError)
      return problemPage(502, `${error.message} Start again from your client.`);
    throw error;
  }
}

function redirect(to: string, headers = new Headers()): Response {
  headers.set("Location", to);
  headers.set("Cache-Control", "no-store");
  return new Response(null, { status: 302, headers });
}

async function asked(request: Request, env: Env, added: AllowList): Promise<Response> {
  const url = new URL(request.url);
  const oauth = authorizationServer(env, wanted(env, url.searchParams.get("resource")), added).getOAuthApi(
    env,
  );
  const wish = await oauth.parseAuthRequest(request);
  if (!mayReceiveCodes(wish.redirectUri, added)) {
    return problemPage(
      400,
      `This MCPbox sends nobody to ${new URL(wish.redirectUri).host}. Its administrator can add the client's redirect URI.`,
    );
  }
  const details = await oauth.describeConsent(wish);
  const consent = await oauth.beginConsent(wish);
  return consentPage(
    details,
    wish.resource ?? defaultResource(env.PUBLIC_URL).url,
    consent.handle,
    consent.headers,
  );
}

// An indicator that names none of ours goes to a server that does not know it either, and is refused there.
function wanted(env: Env, indicator: string | null): Resource {
  const named = indicator === null ? undefined : resourceNamed(env.PUBLIC_URL, indicator);
  return named ?? defaultResource(env.PUBLIC_URL);
}

async function decided(request: Request, env: Env, added: AllowList): Promise<Response> {
  const form = await readAtMost(request, FORM_BYTES);
  if (form === undefined) return problemPage(413, "The form is too large.");
  const fields = new URLSearchParams(new TextDecoder().decode(form));
  const handle = fields.get("handle") ?? "";
  const oauth = authorizationServer(env, defaultResource(env.PUBLIC_URL), added).getOAuthApi(env);
  if (fields.get("decision") !== "allow") {
    const denied = await oauth.denyConsent(request, handle);
    return redirect(denied.redirectTo, denied.headers);
  }
  const approved = await oauth.approveConsent(request, handle);
  const signIn = newSignIn();
  const { state, headers } = await oauth.beginUpstream(approved.request, {
    data: signIn,
    headers: approved.headers,
  });
  return redirect(await signInUrl(env, state, signIn), headers);
}

async function returned(request: Request, env: Env, added: AllowList): Promise<Response> {
  const base = authorizationServer(env, defaultResource(env.PUBLIC_URL), added).getOAuthApi(env);
  const { request: wish, data, headers } = await base.finishUpstream<SignIn>(request);
  const parameters = new URL(request.url).searchParams;
  if (parameters.has("error")) return redirect(authorizationErrorRedirect(wish, "access_denied"), headers);
  const person = await personBehind(env, parameters, data);
  const oauth = authorizationServer(env, wanted(env, wish.resource ?? null), added).getOAuthApi(env);
  const { redirectTo } = await oauth.completeAuthorization({
    request: wish,
    userId: await opaque(env, person.subject),
    metadata: null,
    scope: grantedScope(wish),
    props: person,
  });
  return redirect(redirectTo, headers);
}

function grantedScope(wish: AuthRequest): string[] {
  return wish.scope.includes(SCOPE) ? wish.scope : [SCOPE, ...wish.scope];
}

/** Names a person in tokens and in KV's keys, and tells neither who it is. */
async function opaque(env: Env, subject: string): Promise<string> {
  return base64url(
    await sha256(new TextEncoder().encode(`${callbackUrl(env)}\n${env.ACCESS_ISSUER}\n${subject}`)),
  );
}
