// Cross-origin answers.  A page whose origin is not on the list gets an answer that its browser does not show it.

const REQUEST_HEADERS =
  "Authorization, Content-Type, Accept, Last-Event-ID, Mcp-Session-Id, Mcp-Protocol-Version, Mcp-Method, Mcp-Name";
const EXPOSED = "Mcp-Session-Id, WWW-Authenticate, Retry-After";

/** The same answer, with our Access-Control headers in place of whatever a library set. */
export function withCors(response: Response, origin: string | undefined): Response {
  const answer = new Response(response.body, response);
  for (const name of [...answer.headers.keys()]) {
    if (name.startsWith("access-control-")) answer.headers.delete(name);
  }
  answer.headers.append("Vary", "Origin");
  if (origin === undefined) return answer;
  answer.headers.set("Access-Control-Allow-Origin", origin);
  answer.headers.set("Access-Control-Expose-Headers", EXPOSED);
  return answer;
}

export function preflight(origin: string | undefined, methods: readonly string[]): Response {
  const answer = withCors(new Response(null, { status: 204 }), origin);
  if (origin === undefined) return answer;
  answer.headers.set("Access-Control-Allow-Methods", methods.join(", "));
  answer.headers.set("Access-Control-Allow-Headers", REQUEST_HEADERS);
  answer.headers.set("Access-Control-Max-Age", "86400");
  return answer;
}
