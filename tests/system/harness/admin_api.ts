// The admin API as a client sees it.  Every good answer is held to the schema that the OpenAPI document gives for it.
import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { request } from "node:http";

import { sleep } from "./wait.ts";

const require = createRequire(import.meta.url);
const { Ajv2020 } = require("ajv/dist/2020.js");
const addFormats = require("ajv-formats").default;

export interface Reply {
  status: number;
  headers: Record<string, string | string[] | undefined>;
  body: any;
}

export class AdminApi {
  token = ""; // of whoever ask() asks as
  openapi: any;
  private readonly port: number;
  private ajv: any;

  private constructor(port: number) {
    this.port = port;
  }

  static async at(port: number): Promise<AdminApi> {
    const api = new AdminApi(port);
    api.openapi = (await api.raw("GET", "/api/openapi.json")).body;
    api.ajv = new Ajv2020({ strict: false });
    addFormats(api.ajv);
    api.ajv.addSchema({ $id: "api", ...api.openapi });
    return api;
  }

  /**
   * One request exactly as given: fetch() would not let a test set Host, Origin or Cookie.  A fast machine asks more in
   * a minute than one address may: then it is asked again when it may be.
   */
  async raw(
    method: string,
    path: string,
    headers: Record<string, string> = {},
    body?: unknown,
  ): Promise<Reply> {
    for (;;) {
      const reply = await this.once(method, path, headers, body);
      const wait = reply.headers["retry-after"];
      const tooOften = JSON.stringify(reply.body).includes("Too many requests: try again in");
      if (reply.status !== 429 || !wait || !tooOften) return reply;
      await sleep(1000 * Number(wait));
    }
  }

  private once(method: string, path: string, headers: Record<string, string>, body: unknown): Promise<Reply> {
    return new Promise((resolve, reject) => {
      const text = body === undefined ? undefined : typeof body === "string" ? body : JSON.stringify(body);
      const asked = request(
        {
          host: "127.0.0.1",
          port: this.port,
          method,
          path,
          agent: false,
          headers: {
            ...(text !== undefined && {
              "content-type": "application/json",
              "content-length": `${Buffer.byteLength(text)}`,
            }),
            ...headers,
          },
        },
        (reply) => {
          let got = "";
          reply.setEncoding("utf8").on("data", (part) => (got += part));
          reply.on("end", () => {
            const json = reply.headers["content-type"] === "application/json";
            resolve({
              status: reply.statusCode!,
              headers: reply.headers,
              body: json ? JSON.parse(got) : got,
            });
          });
        },
      );
      asked.on("error", reject).end(text);
    });
  }

  /** Asks with the token, and holds a good answer to its schema. */
  async ask(method: string, path: string, body?: unknown): Promise<Reply> {
    for (;;) {
      const reply = await this.raw(method, path, { authorization: `Bearer ${this.token}` }, body);
      if (reply.status !== 429 || !reply.headers["retry-after"]) {
        if (reply.status < 300) this.hold(method, path, reply);
        return reply;
      }
      await sleep(1000 * Number(reply.headers["retry-after"]));
    }
  }

  hold(method: string, path: string, reply: Reply): void {
    const wanted = path.split("?")[0]!.split("/");
    const template = Object.keys(this.openapi.paths)
      .filter((one) => this.openapi.paths[one][method.toLowerCase()])
      .find((one) => {
        const parts = one.split("/");
        return (
          parts.length === wanted.length &&
          parts.every((part, i) => part.startsWith("{") || part === wanted[i])
        );
      });
    assert.ok(template, `${method} ${path} is described`);
    const described = this.openapi.paths[template][method.toLowerCase()].responses[`${reply.status}`];
    assert.ok(described, `${method} ${path} answers ${reply.status} as described`);
    const schema = described.content?.["application/json"]?.schema;
    if (!schema) return;
    const name = schema.$ref.split("/").at(-1);
    const validate = this.ajv.getSchema(`api#/components/schemas/${name}`);
    assert.ok(
      validate(reply.body),
      `${path} is a ${name}: ${JSON.stringify(validate.errors)}\n${JSON.stringify(reply.body)}`,
    );
  }
}
