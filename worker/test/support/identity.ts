/// <reference path="./oidc-provider.d.ts" />
// A certified OpenID provider on loopback in the place of Cloudflare Access, under Access's own names: the Worker reaches
// it by its https address, through the test's outbound door.  One person, whose form is a page of this file.
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

import Provider, { type Configuration } from "oidc-provider";

export const TEAM = "https://home.cloudflareaccess.com";
export const CLIENT_ID = "b1946ac92492d2347c6235b4d2611184";
export const CLIENT_SECRET = "the-secret-of-the-application-at-access";
export const ISSUER = `${TEAM}/cdn-cgi/access/sso/oidc/${CLIENT_ID}`;

export interface Claims {
  email?: string;
  email_verified?: boolean;
}

export class Identity {
  claims: Claims = { email: "ada@example.org" };
  /** Changes the answer of /token, to play a provider that is broken or hostile. */
  tampered: ((answer: Record<string, unknown>) => Record<string, unknown>) | undefined;
  readonly #provider: Provider;
  readonly #server: Server;
  readonly #issuer: string;
  readonly #base: string;

  /** Under Access's own name, behind a proxy; or, as a browser needs it, at a loopback address. */
  constructor(callback: string, issuer = ISSUER) {
    this.#issuer = issuer;
    this.#base = new URL(issuer).pathname;
    this.#provider = new Provider(issuer, this.#configuration(callback));
    this.#provider.proxy = issuer === ISSUER;
    this.#server = createServer((request, response) => void this.#answer(request, response));
  }

  get issuer(): string {
    return this.#issuer;
  }

  async start(port = 0): Promise<number> {
    await new Promise<void>((resolve) => this.#server.listen(port, "127.0.0.1", resolve));
    return (this.#server.address() as AddressInfo).port;
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #configuration(callback: string): Configuration {
    return {
      clients: [
        {
          client_id: CLIENT_ID,
          client_secret: CLIENT_SECRET,
          redirect_uris: [callback],
          grant_types: ["authorization_code"],
          token_endpoint_auth_method: "client_secret_post",
        },
      ],
      claims: { openid: ["sub"], email: ["email", "email_verified"] },
      conformIdTokenClaims: false,
      pkce: { required: () => true },
      routes: { authorization: "/authorization", token: "/token", jwks: "/jwks" },
      cookies: { keys: ["a key of the test"] },
      features: { devInteractions: { enabled: false } },
      interactions: { url: (_ctx, interaction) => `${this.#base}/sign-in/${interaction.uid}` },
      findAccount: (_ctx, sub) => ({ accountId: sub, claims: () => ({ sub, ...this.claims }) }),
      loadExistingGrant: async (ctx) => {
        const grant = new this.#provider.Grant({
          clientId: ctx.oidc.client!.clientId,
          accountId: ctx.oidc.session!.accountId!,
        });
        grant.addOIDCScope("openid email profile");
        await grant.save();
        return grant;
      },
    };
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = request.url!.slice(this.#base.length);
    if (!request.url!.startsWith(this.#base)) return void response.writeHead(404).end();
    if (path.startsWith("/sign-in/")) return await this.#signIn(request, response);
    const whole = request as IncomingMessage & { originalUrl?: string };
    whole.originalUrl = request.url!;
    request.url = path;
    if (path === "/token" && this.tampered) return await this.#tamper(request, response, this.tampered);
    this.#provider.callback()(request, response);
  }

  async #signIn(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (request.method === "POST") {
      await this.#provider.interactionFinished(request, response, { login: { accountId: "person-1" } });
      return;
    }
    response.writeHead(200, { "Content-Type": "text/html" });
    response.end(`<form method="post"><button name="go" value="1">Sign in as person 1</button></form>`);
  }

  async #tamper(
    request: IncomingMessage,
    response: ServerResponse,
    change: (answer: Record<string, unknown>) => Record<string, unknown>,
  ): Promise<void> {
    const end = response.end.bind(response);
    response.end = ((chunk: string | Buffer) => {
      const changed = JSON.stringify(change(JSON.parse(String(chunk)) as Record<string, unknown>));
      response.setHeader("Content-Length", Buffer.byteLength(changed));
      return end(changed);
    }) as typeof response.end;
    this.#provider.callback()(request, response);
  }
}
