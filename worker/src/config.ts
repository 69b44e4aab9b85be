// What the Worker is told when it is deployed.  A Worker that lacks a part of it answers 503 and names the part, never
// a guess: without the signing key or the limits it would be a weaker thing under the same name.

export interface Env {
  /** Where clients reach this Worker: an origin, without a path. */
  PUBLIC_URL: string;
  /** The name that the monitor at home goes by in assertions. */
  INSTALLATION_ID: string;
  ASSERTION_KEY_ID: string;
  /** The Ed25519 signing key: a `secret_key` binding, or its PKCS #8 form in base64url as a secret. */
  ASSERTION_KEY: CryptoKey | string;
  MCPBOX_SERVICE_TOKEN: string;
  /** Of the Access for SaaS application: https://TEAM.cloudflareaccess.com/cdn-cgi/access/sso/oidc/CLIENT_ID */
  ACCESS_ISSUER: string;
  ACCESS_CLIENT_ID: string;
  ACCESS_CLIENT_SECRET: string;
  OAUTH_KV: KVNamespace;
  /** The Workers VPC service: the gateway of the tunnel. */
  MCPBOX_TUNNEL: Fetcher;
  LIMIT_REGISTER: RateLimit;
  LIMIT_SIGN_IN: RateLimit;
  LIMIT_MCP: RateLimit;
}

const TO_PROXY = [
  "PUBLIC_URL",
  "INSTALLATION_ID",
  "ASSERTION_KEY_ID",
  "ASSERTION_KEY",
  "MCPBOX_SERVICE_TOKEN",
  "OAUTH_KV",
  "MCPBOX_TUNNEL",
  "LIMIT_REGISTER",
  "LIMIT_SIGN_IN",
  "LIMIT_MCP",
] as const;

const TO_SIGN_IN = ["ACCESS_ISSUER", "ACCESS_CLIENT_ID", "ACCESS_CLIENT_SECRET"] as const;

function without(env: Env, names: readonly (keyof Env)[]): string[] {
  return names.filter((name) => env[name] === undefined || env[name] === "");
}

/** Names of the bindings without which nothing works. */
export function missingToProxy(env: Env): string[] {
  return without(env, TO_PROXY);
}

/** Names of those without which nobody can sign in; the wizard sets them last. */
export function missingToSignIn(env: Env): string[] {
  return without(env, TO_SIGN_IN);
}
