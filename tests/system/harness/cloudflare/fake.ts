// A stand-in for Cloudflare's API that remembers: what was made is there, a name is taken once, what is deleted is
// gone.  Every request is checked against the types that the vendor publishes, and so is every answer, or a client
// could be right here and wrong there.  It listens on loopback, without TLS: a test that wants TLS puts it in front.
//   violations   what a client, or this stand-in, had wrong: a test ends with `violations` empty, or has not passed
//   remains()    what the account has (state.ts)
//   fail(...)    faults, by call
// From the vendor's documentation and from answers that are well known: the codes 1003, 1013, 1022, 6003, 7001, 7003,
// 9109, 10000, 10007, 10013, 10014, 11021.  The others have its shape only: a client must go by the status.
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

import { accessRoutes } from "./access.ts";
import { bytesOf, formOf, jsonOf } from "./body.ts";
import { type Call, type Permission, PERMISSIONS, Refusal, type Route } from "./call.ts";
import { networkRoutes } from "./network.ts";
import { faultsOfBody, faultsOfResult } from "./schema.ts";
import { Account } from "./state.ts";
import { workerRoutes } from "./workers.ts";

const PREFIX = "/client/v4/";
const ROUTES: Route[] = [...networkRoutes, ...workerRoutes, ...accessRoutes];

/** What goes wrong at a call: refused; cut before anything happens; done, and the answer lost; garbage; never answered. */
export type Fault =
  | { status: number; code: number; message: string; retryAfter?: number }
  | "cut"
  | "lost"
  | "garbage"
  | "silent";

export const RATE_LIMITED: Fault = {
  status: 429,
  code: 971,
  message: "Please wait and consider throttling your request speed",
  retryAfter: 1,
};

interface Planned {
  call: RegExp;
  fault: Fault;
  times: number;
}

interface Answer {
  status: number;
  headers?: Record<string, string>;
  text: string;
}

const envelope = (result: unknown, more: object = {}): string =>
  JSON.stringify({ success: true, errors: [], messages: [], result, ...more });

function refused({ status, code, message, headers }: Refusal): Answer {
  const text = JSON.stringify({ success: false, errors: [{ code, message }], messages: [], result: null });
  return { status, headers, text };
}

function matches(pattern: string, path: string): string[] | undefined {
  const [wanted, given] = [pattern.split("/"), path.split("/")];
  if (wanted.length !== given.length) return undefined;
  const at: string[] = [];
  for (const [index, part] of wanted.entries()) {
    if (part === "*" && given[index] !== "") at.push(decodeURIComponent(given[index]!));
    else if (part !== given[index]) return undefined;
  }
  return at;
}

/** One page of a list, with what the vendor tells beside it. */
function page(list: unknown[], query: URLSearchParams): string {
  const number = Number(query.get("page") ?? 1);
  const size = Number(query.get("per_page") ?? 20);
  const part = list.slice((number - 1) * size, number * size);
  const result_info = { page: number, per_page: size, count: part.length, total_count: list.length };
  return envelope(part, { result_info: { ...result_info, total_pages: Math.ceil(list.length / size) } });
}

export class FakeCloudflare {
  readonly account = new Account();
  /** "METHOD path" of each request, the account's prefix left out. */
  readonly asked: string[] = [];
  readonly violations: string[] = [];
  private readonly tokens = new Map<string, ReadonlySet<Permission>>();
  private readonly planned: Planned[] = [];
  private readonly server: Server;

  private constructor() {
    this.server = createServer((request, response) => void this.serve(request, response));
    // A connection that rests is closed by the client alone: else it could be closed under a request that begins.
    this.server.keepAliveTimeout = 0;
  }

  static async start(): Promise<FakeCloudflare> {
    const fake = new FakeCloudflare();
    const { promise, resolve } = Promise.withResolvers<void>();
    fake.server.listen(0, "127.0.0.1", resolve);
    await promise;
    return fake;
  }

  stop(): void {
    this.server.closeAllConnections();
    this.server.close();
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }
  get baseUrl(): string {
    return `http://127.0.0.1:${this.port}/client/v4`;
  }

  /** A token that may do all that the wizard asks for, but for what is named. */
  allow(token: string, ...without: Permission[]): void {
    this.tokens.set(token, new Set(PERMISSIONS.filter((permission) => !without.includes(permission))));
  }
  revoke(token: string): void {
    this.tokens.delete(token);
  }

  /** The next `times` requests whose "METHOD path" matches end so. */
  fail(call: RegExp, fault: Fault, times = 1): void {
    this.planned.push({ call, fault, times });
  }

  private fault(asked: string): Fault | undefined {
    const found = this.planned.find(({ call, times }) => times > 0 && call.test(asked));
    if (found !== undefined) found.times -= 1;
    return found?.fault;
  }

  private async serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url!, this.baseUrl);
    const path = url.pathname.replace(PREFIX, "").replace(`accounts/${this.account.id}/`, "");
    const asked = `${request.method} ${path}`;
    this.asked.push(asked);
    try {
      const bytes = await bytesOf(request);
      const fault = this.fault(asked);
      if (fault === "silent") return;
      if (fault === "cut") return void request.socket.destroy();
      const answer =
        typeof fault === "object"
          ? this.planFailed(fault)
          : fault === "garbage"
            ? { status: 502, text: "<html><title>502 Bad Gateway</title></html>" }
            : await this.answer(request, url, asked, bytes);
      // It happened, and whoever asked does not know.
      if (fault === "lost") return void request.socket.destroy();
      // Nothing at all has no type either: the SDK would read it as JSON.
      const type = answer.text.startsWith("<") ? "text/html" : "application/json";
      const headers = answer.text === "" ? {} : { "content-type": type };
      response.writeHead(answer.status, { ...headers, ...answer.headers }).end(answer.text);
    } catch (error) {
      this.violations.push(`${asked}: the stand-in itself: ${(error as Error).stack}`);
      request.socket.destroy();
    }
  }

  private planFailed({ status, code, message, retryAfter }: Exclude<Fault, string>): Answer {
    const headers: Record<string, string> =
      retryAfter === undefined ? {} : { "retry-after": String(retryAfter) };
    return refused(new Refusal(status, code, message, headers));
  }

  private async answer(request: IncomingMessage, url: URL, asked: string, bytes: Buffer): Promise<Answer> {
    try {
      const permissions = this.permissionsOf(request.headers.authorization);
      const path = url.pathname.slice(PREFIX.length);
      if (path === "user/tokens/verify" || path === "accounts")
        return this.ofTheToken(asked, url.searchParams);
      const { route, at } = this.routeOf(request.method!, path);
      if (route.needs !== undefined && !permissions.has(route.needs)) {
        throw new Refusal(403, 10000, "Authentication error");
      }
      const call: Call = {
        account: this.account,
        at,
        query: url.searchParams,
        body: undefined,
        modules: new Map(),
      };
      Object.assign(call, await this.read(route, asked, request.headers["content-type"] ?? "", bytes));
      return this.told(route, asked, call);
    } catch (error) {
      if (error instanceof Refusal) return refused(error);
      throw error;
    }
  }

  private permissionsOf(authorization: string | undefined): ReadonlySet<Permission> {
    const token = /^Bearer ([A-Za-z0-9._-]+)$/.exec(authorization ?? "")?.[1];
    if (token === undefined) throw new Refusal(400, 6003, "Invalid request headers");
    const permissions = this.tokens.get(token);
    if (permissions === undefined) throw new Refusal(401, 1000, "Invalid API Token");
    return permissions;
  }

  private ofTheToken(asked: string, query: URLSearchParams): Answer {
    const [verb] = asked.split(" ");
    if (verb !== "GET") throw new Refusal(405, 7001, `Method ${verb} not available for that URI.`);
    if (asked.endsWith("verify")) {
      const result = { id: "ed17574386854bf78a67040be0a770b0", status: "active" };
      this.check(asked, faultsOfResult("VerifyTokenResult", result));
      return { status: 200, text: envelope(result) };
    }
    const accounts = [{ id: this.account.id, name: this.account.name, type: "standard", settings: {} }];
    this.check(asked, faultsOfResult("AccountsResult", accounts));
    return { status: 200, text: page(accounts, query) };
  }

  private routeOf(method: string, path: string): { route: Route; at: string[] } {
    const [, account, ...rest] = path.split("/");
    if (!path.startsWith("accounts/")) {
      throw new Refusal(
        404,
        7003,
        `Could not route to /client/v4/${path}, perhaps your object identifier is invalid?`,
      );
    }
    if (account !== this.account.id)
      throw new Refusal(403, 9109, "Unauthorized to access requested resource");
    const found = ROUTES.map((route) => ({ route, at: matches(route.path, rest.join("/")) })).filter(
      (match): match is { route: Route; at: string[] } => match.at !== undefined,
    );
    if (found.length === 0) {
      throw new Refusal(
        404,
        7003,
        `Could not route to /client/v4/${path}, perhaps your object identifier is invalid?`,
      );
    }
    // "workers/subdomain" before "workers/*", had we one: fewest wildcards first.
    const right = found
      .filter(({ route }) => route.method === method)
      .sort((a, b) => a.at.length - b.at.length)[0];
    if (right === undefined) throw new Refusal(405, 7001, `Method ${method} not available for that URI.`);
    return right;
  }

  private async read(route: Route, asked: string, type: string, bytes: Buffer): Promise<Partial<Call>> {
    if (route.body === undefined) {
      // Some clients send {} with a DELETE: nothing in it can mean anything.
      if (bytes.length > 0 && bytes.toString() !== "{}")
        this.violations.push(`${asked}: has a body, and takes none`);
      return {};
    }
    const wanted = route.form === true ? "multipart/form-data" : "application/json";
    if (type.split(";")[0] !== wanted) {
      this.violations.push(`${asked}: is ${type || "without a type"}, must be ${wanted}`);
      throw new Refusal(415, 6004, `Content-Type must be ${wanted}`);
    }
    const read = route.form === true ? await formOf(bytes, type) : { body: jsonOf(bytes.toString()) };
    const faults = faultsOfBody(route.body, read.body);
    this.check(asked, faults);
    if (faults.length > 0) throw new Refusal(400, 10001, `Request validation failed: ${faults[0]}`);
    return read;
  }

  private told(route: Route, asked: string, call: Call): Answer {
    const result = route.answer(call);
    if (route.empty === true) return { status: 200, text: "" };
    if (route.result !== undefined) this.check(asked, faultsOfResult(route.result, result));
    return {
      status: 200,
      text: route.paged === true ? page(result as unknown[], call.query) : envelope(result),
    };
  }

  private check(asked: string, faults: string[]): void {
    for (const fault of faults) this.violations.push(`${asked}: ${fault}`);
  }
}
