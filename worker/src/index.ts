// mcpbox-proxy: the public end of an MCPbox.  Claude Web and other remote clients sign in here and send MCP requests,
// which go on through a Workers VPC service and a tunnel to the gateway at home, each with a signed statement of who
// asks for what.  It keeps no data of MCPbox, and cannot approve anything there.
//
// Trusts: Cloudflare, and the identity provider behind Access.  Does not trust: clients, browsers, or pages.
// A path that is not in `routeOf` is 404 before anything else runs.
import { Additions, mayRead, type AllowList } from "./allow_list.ts";
import { healthy, notAllowed, notFound, oauthProblem, rpcProblem, tooMany } from "./answers.ts";
import { authorizationServer, token } from "./authorization.ts";
import { missingToProxy, missingToSignIn, type Env } from "./config.ts";
import { preflight, withCors } from "./cors.ts";
import { problemPage } from "./pages.ts";
import { addressOf } from "./proxy.ts";
import { mcp, MCP_METHODS, resourceServer } from "./resource_server.ts";
import { defaultResource, resourceAt, type Resource } from "./resources.ts";
import { authorize, callback } from "./sign_in.ts";

const PRM = "/.well-known/oauth-protected-resource";
const METADATA = "/.well-known/oauth-authorization-server";

interface Asked {
  request: Request;
  env: Env;
  ctx: ExecutionContext;
  added: AllowList;
}

interface Route {
  methods: readonly string[];
  limit?: "LIMIT_REGISTER" | "LIMIT_SIGN_IN"; // per address of the client
  answer: (asked: Asked) => Promise<Response>;
}

const ROUTES: Record<string, Route> = {
  "/authorize": { methods: ["GET", "POST"], limit: "LIMIT_SIGN_IN", answer: signInPage(authorize) },
  "/callback": { methods: ["GET"], limit: "LIMIT_SIGN_IN", answer: signInPage(callback) },
  "/token": {
    methods: ["POST", "OPTIONS"],
    limit: "LIMIT_SIGN_IN",
    answer: (a) => token(a.request, a.env, a.ctx, a.added),
  },
  "/register": { methods: ["POST", "OPTIONS"], limit: "LIMIT_REGISTER", answer: library },
  [METADATA]: { methods: ["GET", "HEAD", "OPTIONS"], answer: library },
  "/health": { methods: ["GET", "HEAD"], answer: () => Promise.resolve(healthy()) },
};

function library({ request, env, ctx, added }: Asked): Promise<Response> {
  return authorizationServer(env, defaultResource(env.PUBLIC_URL), added).fetch(request, env, ctx);
}

function signInPage(answer: (request: Request, env: Env, added: AllowList) => Promise<Response>) {
  return async ({ request, env, added }: Asked): Promise<Response> => {
    const missing = missingToSignIn(env);
    if (missing.length === 0) return await answer(request, env, added);
    return problemPage(
      503,
      `Nobody can sign in yet: ${missing.join(", ")} is not set. Finish MCPbox's remote access page.`,
    );
  };
}

function metadataOf(resource: Resource): Route {
  return {
    methods: ["GET", "HEAD", "OPTIONS"],
    answer: ({ request, env, ctx, added }) => resourceServer(env, resource, added).fetch(request, env, ctx),
  };
}

function mcpAt(resource: Resource): Route {
  return {
    methods: MCP_METHODS,
    answer: ({ request, env, ctx, added }) => mcp(request, env, ctx, resource, added),
  };
}

function routeOf(env: Env, url: URL): Route | undefined {
  if (url.origin !== env.PUBLIC_URL) return undefined;
  const path = url.pathname;
  if (Object.hasOwn(ROUTES, path)) return ROUTES[path];
  const resource = resourceAt(env.PUBLIC_URL, path);
  if (resource !== undefined) return mcpAt(resource);
  if (path !== PRM && !path.startsWith(`${PRM}/`)) return undefined;
  const described = resourceAt(env.PUBLIC_URL, path.slice(PRM.length) || "/");
  // The document of "/" is at the bare path only.
  return described === undefined || path === `${PRM}/` ? undefined : metadataOf(described);
}

const additions = new Additions();

async function answered(request: Request, env: Env, ctx: ExecutionContext): Promise<Response> {
  const route = routeOf(env, new URL(request.url));
  if (route === undefined) return notFound();
  const missing = missingToProxy(env);
  if (missing.length > 0)
    return rpcProblem(503, `This Worker is not set up: ${missing.join(", ")} is missing.`);
  const added = await additions.of(env.OAUTH_KV);
  const origin = request.headers.get("Origin") ?? undefined;
  const reader = origin !== undefined && mayRead(origin, added) ? origin : undefined;
  if (!route.methods.includes(request.method)) return withCors(notAllowed(route.methods), reader);
  if (request.method === "OPTIONS") return preflight(reader, route.methods);
  if (route.limit !== undefined) {
    const { success } = await env[route.limit].limit({ key: addressOf(request) });
    if (!success)
      return withCors(
        oauthProblem(429, "temporarily_unavailable", "Too many attempts: wait a minute.", tooMany()),
        reader,
      );
  }
  return withCors(await route.answer({ request, env, ctx, added }), reader);
}

export default {
  async fetch(request, env, ctx) {
    try {
      return await answered(request, env, ctx);
    } catch (error) {
      // The name of the failure only: its text may hold what somebody sent.
      console.error(`failed: ${error instanceof Error ? error.name : "unknown"}`);
      return rpcProblem(500, "The Worker failed. Nothing is known to have been done.");
    }
  },
} satisfies ExportedHandler<Env>;
