// The official MCP client, with the Worker in the place of the network and a person who signs in when it asks.
import {
  Client,
  StreamableHTTPClientTransport,
  UnauthorizedError,
  type OAuthClientProvider,
} from "@modelcontextprotocol/client";

import { Person } from "./person.ts";
import { CIMD_CLIENT, type Stack } from "./stack.ts";

export const REDIRECT = "http://127.0.0.1:4711/callback";

export class Grants implements OAuthClientProvider {
  readonly redirectUrl = REDIRECT;
  readonly clientMetadataUrl?: string;
  information: any;
  kept: any;
  wanted: URL | undefined;
  #verifier = "";
  #discovered: any;

  constructor(how: "registered" | "cimd") {
    if (how === "cimd") this.clientMetadataUrl = CIMD_CLIENT;
  }

  get clientMetadata() {
    return {
      client_name: "A test's client",
      redirect_uris: [REDIRECT],
      grant_types: ["authorization_code", "refresh_token"],
      response_types: ["code"],
      token_endpoint_auth_method: "none",
    };
  }
  clientInformation = () => this.information;
  saveClientInformation = (information: unknown) => void (this.information = information);
  tokens = () => this.kept;
  saveTokens = (tokens: unknown) => void (this.kept = tokens);
  redirectToAuthorization = (url: URL) => void (this.wanted = url);
  saveCodeVerifier = (verifier: string) => void (this.#verifier = verifier);
  codeVerifier = () => this.#verifier;
  saveDiscoveryState = (discovered: unknown) => void (this.#discovered = discovered);
  discoveryState = () => this.#discovered;
}

export interface SignedIn {
  client: Client;
  transport: StreamableHTTPClientTransport;
  grants: Grants;
  person: Person;
  token: string;
}

/** From nothing to a connected client: discovery, registration, sign-in, token. */
export async function signedIn(
  stack: Stack,
  path = "/mcp",
  how: "registered" | "cimd" = "registered",
): Promise<SignedIn> {
  const grants = new Grants(how);
  const person = new Person(stack.fetch as never);
  const url = new URL(path, stack.publicUrl);
  const transport = () =>
    new StreamableHTTPClientTransport(url, { authProvider: grants, fetch: stack.fetch as never });
  const first = transport();
  const refused = await newClient()
    .connect(first)
    .then(
      () => new Error("connected without a token"),
      (error: unknown) => error,
    );
  if (!(refused instanceof UnauthorizedError)) throw refused;
  const back = await person.signIn(grants.wanted!.href, REDIRECT);
  await first.finishAuth(back.searchParams);
  const connected = transport();
  const client = newClient();
  const before = stack.gateway.seen.length;
  await client.connect(connected);
  // A connected client asks for a stream by itself, once, and not at once.  After that only the test asks for anything;
  // a test that catches the next request must not catch this one.
  while (stack.leadsToStandIn && !stack.gateway.seen.slice(before).some((seen) => seen.method === "GET"))
    await new Promise((resolve) => setTimeout(resolve, 10));
  return { client, transport: connected, grants, person, token: grants.kept.access_token };
}

export function newClient(): Client {
  return new Client({ name: "worker-tests", version: "1" });
}
