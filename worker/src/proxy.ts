// One authorised request on its way to the gateway at home, and its answer on the way back.  What goes on is chosen
// from a list, so that no header of a client's can pass for one of ours; what comes back is streamed as it arrives.
import { rpcProblem } from "./answers.ts";
import {
  ASSERTION_HEADER,
  newNonce,
  sha256,
  signed,
  signingKey,
  textOf,
  UnsignableError,
  type Assertion,
} from "./assertion.ts";
import type { Person } from "./authorization.ts";
import type { Env } from "./config.ts";
import { NOTHING_ASKED, whatIsAsked } from "./jsonrpc.ts";
import { BODY_BYTES } from "./limits.ts";
import type { Resource } from "./resources.ts";
import { readAtMost } from "./streams.ts";

/** The name that the tunnel's listener knows itself by; the VPC service decides where this goes. */
const GATEWAY = "http://mcp-gateway:8002";

const PASSED_ON = ["accept", "content-type", "last-event-id", "traceparent", "tracestate"];
const PASSED_BACK = [
  "allow",
  "cache-control",
  "content-type",
  "mcp-session-id",
  "retry-after",
  "x-accel-buffering",
];

export interface Caller {
  person: Person;
  clientId: string;
  scope: readonly string[];
}

export async function proxied(
  request: Request,
  env: Env,
  resource: Resource,
  caller: Caller,
): Promise<Response> {
  const body = await readAtMost(request, BODY_BYTES);
  if (body === undefined) return rpcProblem(413, `The body is larger than ${BODY_BYTES} bytes.`);
  const asked = request.method === "POST" ? whatIsAsked(body) : NOTHING_ASKED;
  if (asked === undefined)
    return rpcProblem(400, "The body must be one JSON-RPC message; batches are not accepted.");
  const query = new URL(request.url).search;
  let headers: Headers;
  try {
    const text = textOf({
      keyId: env.ASSERTION_KEY_ID,
      issuer: env.PUBLIC_URL,
      audience: env.INSTALLATION_ID,
      issuedAt: Math.floor(Date.now() / 1000),
      nonce: newNonce(),
      method: request.method,
      path: resource.path,
      query: query.slice(1),
      body: await sha256(body),
      asked,
      subject: caller.person.subject,
      email: caller.person.email,
      clientId: caller.clientId,
      scope: caller.scope.join(" "),
    } satisfies Assertion);
    headers = headersFor(request, env, caller, await signed(text, await signingKey(env.ASSERTION_KEY)));
  } catch (error) {
    if (!(error instanceof UnsignableError)) throw error;
    return rpcProblem(
      400,
      `This request cannot be signed: ${error.message} is too long, or has a control character.`,
    );
  }
  return await passedOn(env, `${GATEWAY}${resource.path}${query}`, {
    method: request.method,
    headers,
    body: request.method === "POST" ? body : null,
    redirect: "manual",
    signal: request.signal,
  });
}

function headersFor(request: Request, env: Env, caller: Caller, assertion: string): Headers {
  const headers = new Headers();
  for (const [name, value] of request.headers) {
    if (PASSED_ON.includes(name) || name.startsWith("mcp-")) headers.set(name, value);
  }
  headers.set(ASSERTION_HEADER, assertion);
  headers.set("X-MCPbox-Service-Token", env.MCPBOX_SERVICE_TOKEN);
  headers.set("X-MCPbox-Auth-Method", "oidc");
  if (caller.person.email !== "") headers.set("X-MCPbox-User-Email", caller.person.email);
  headers.set("X-Forwarded-Host", new URL(env.PUBLIC_URL).host);
  headers.set("X-Forwarded-Proto", "https");
  headers.set("X-Forwarded-For", addressOf(request));
  return headers;
}

/** Set by Cloudflare itself, whatever a client sends. */
export function addressOf(request: Request): string {
  return request.headers.get("CF-Connecting-IP") ?? "unknown";
}

async function passedOn(env: Env, url: string, init: RequestInit): Promise<Response> {
  let answer: Response;
  try {
    answer = await env.MCPBOX_TUNNEL.fetch(url, init);
  } catch {
    return rpcProblem(502, "MCPbox at home does not answer. Is it running, and its tunnel connected?");
  }
  const headers = new Headers();
  for (const name of PASSED_BACK) {
    const value = answer.headers.get(name);
    if (value !== null) headers.set(name, value);
  }
  return new Response(answer.body, { status: answer.status, headers });
}
