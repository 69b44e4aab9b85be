// The OIDC client of Cloudflare Access for SaaS: who the person in the browser is.  OpenID Connect Core 1.0, section
// 3.1.3.7; the signing keys are fetched from the issuer that the administrator set, never from what a token names.
import { createRemoteJWKSet, jwtVerify, type JWTPayload } from "jose";

import { base64url, sha256 } from "./assertion.ts";
import type { Person } from "./authorization.ts";
import type { Env } from "./config.ts";

const SECRET_BYTES = 32;
const EXCHANGE_MS = 10_000;
const CLOCK_TOLERANCE_SECONDS = 60;

/** Kept between the redirect to Access and the way back, bound to the browser. */
export interface SignIn {
  nonce: string;
  verifier: string;
}

/** Says in a person's words what went wrong; carries nothing of what Access answered. */
export class SignInError extends Error {}

export function newSignIn(): SignIn {
  return { nonce: secret(), verifier: secret() };
}

function secret(): string {
  return base64url(crypto.getRandomValues(new Uint8Array(SECRET_BYTES)));
}

export function callbackUrl(env: Env): string {
  return `${env.PUBLIC_URL}/callback`;
}

export async function signInUrl(env: Env, state: string, signIn: SignIn): Promise<string> {
  const url = new URL(`${env.ACCESS_ISSUER}/authorization`);
  const challenge = base64url(await sha256(new TextEncoder().encode(signIn.verifier)));
  for (const [name, value] of Object.entries({
    response_type: "code",
    client_id: env.ACCESS_CLIENT_ID,
    redirect_uri: callbackUrl(env),
    scope: "openid email profile",
    state,
    nonce: signIn.nonce,
    code_challenge: challenge,
    code_challenge_method: "S256",
  }))
    url.searchParams.set(name, value);
  return url.href;
}

/** Who signed in, from the parameters that Access sent the browser back with. */
export async function personBehind(env: Env, returned: URLSearchParams, signIn: SignIn): Promise<Person> {
  // RFC 9207: an answer of another issuer, mixed up with ours.
  const issuer = returned.get("iss");
  if (issuer !== null && issuer !== env.ACCESS_ISSUER)
    throw new SignInError("The answer came from another sign-in.");
  const code = returned.get("code");
  if (code === null) throw new SignInError("The sign-in came back without a code.");
  const claims = await verified(env, await exchanged(env, code, signIn.verifier));
  if (claims["nonce"] !== signIn.nonce) throw new SignInError("The answer belongs to another sign-in.");
  if (Array.isArray(claims.aud) && claims.aud.length > 1 && claims["azp"] !== env.ACCESS_CLIENT_ID)
    throw new SignInError("The sign-in was meant for another application.");
  const email = claims["email_verified"] === false ? undefined : claims["email"];
  return { subject: claims.sub ?? "", email: typeof email === "string" ? email : "" };
}

async function exchanged(env: Env, code: string, verifier: string): Promise<string> {
  let answer: unknown;
  try {
    const response = await fetch(`${env.ACCESS_ISSUER}/token`, {
      method: "POST",
      redirect: "manual",
      signal: AbortSignal.timeout(EXCHANGE_MS),
      body: new URLSearchParams({
        grant_type: "authorization_code",
        code,
        redirect_uri: callbackUrl(env),
        client_id: env.ACCESS_CLIENT_ID,
        client_secret: env.ACCESS_CLIENT_SECRET,
        code_verifier: verifier,
      }),
    });
    answer = response.ok ? await response.json() : undefined;
  } catch {
    answer = undefined;
  }
  const token =
    typeof answer === "object" && answer !== null && "id_token" in answer ? answer.id_token : undefined;
  if (typeof token !== "string") throw new SignInError("Cloudflare Access did not confirm the sign-in.");
  return token;
}

type Keys = ReturnType<typeof createRemoteJWKSet>;
let keys: { issuer: string; of: Keys } | undefined;

function keysOf(issuer: string): Keys {
  // Fetched again for an unknown key at most twice a minute, so that forged tokens make no traffic.
  if (keys?.issuer !== issuer)
    keys = {
      issuer,
      of: createRemoteJWKSet(new URL(`${issuer}/jwks`), {
        cooldownDuration: 30_000,
        cacheMaxAge: 600_000,
        timeoutDuration: 5_000,
      }),
    };
  return keys.of;
}

async function verified(env: Env, token: string): Promise<JWTPayload> {
  try {
    const { payload } = await jwtVerify(token, keysOf(env.ACCESS_ISSUER), {
      issuer: env.ACCESS_ISSUER,
      audience: env.ACCESS_CLIENT_ID,
      algorithms: ["RS256", "ES256"],
      clockTolerance: CLOCK_TOLERANCE_SECONDS,
      requiredClaims: ["exp", "iat", "sub"],
    });
    return payload;
  } catch {
    throw new SignInError("Cloudflare Access's answer could not be verified.");
  }
}
