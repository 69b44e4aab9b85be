// Answers of the Worker's own.  None of them repeats what a client sent or what a secret is.

const JSON_TYPE = { "Content-Type": "application/json", "Cache-Control": "no-store" };

export function notFound(): Response {
  return new Response("There is nothing here.\n", {
    status: 404,
    headers: { "Content-Type": "text/plain; charset=utf-8", "Cache-Control": "no-store" },
  });
}

export function notAllowed(methods: readonly string[]): Response {
  return new Response(null, { status: 405, headers: { Allow: methods.join(", ") } });
}

/** For an MCP client: a JSON-RPC error that belongs to no request. */
export function rpcProblem(status: number, message: string, headers: Record<string, string> = {}): Response {
  const body = { jsonrpc: "2.0", id: null, error: { code: -32000, message } };
  return new Response(JSON.stringify(body), { status, headers: { ...JSON_TYPE, ...headers } });
}

/** For an OAuth client (RFC 6749, section 5.2). */
export function oauthProblem(
  status: number,
  error: string,
  description: string,
  headers: Record<string, string> = {},
): Response {
  return new Response(JSON.stringify({ error, error_description: description }), {
    status,
    headers: { ...JSON_TYPE, ...headers },
  });
}

export function tooMany(): Record<string, string> {
  return { "Retry-After": "60" };
}

export function healthy(): Response {
  return new Response(JSON.stringify({ status: "ok" }), { headers: JSON_TYPE });
}
