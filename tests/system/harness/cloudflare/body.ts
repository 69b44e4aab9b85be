// Bodies as they come: bytes, JSON, or the form that a Worker is uploaded with.
import type { IncomingMessage } from "node:http";

import { type Call, Refusal } from "./call.ts";

export async function bytesOf(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

export function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    throw new Refusal(400, 6007, "Malformed JSON in request body");
  }
}

export async function formOf(bytes: Buffer, type: string): Promise<Pick<Call, "body" | "modules">> {
  const modules: Call["modules"] = new Map();
  let metadata: string | undefined;
  let form: FormData;
  try {
    form = await new Response(new Uint8Array(bytes), { headers: { "content-type": type } }).formData();
  } catch {
    throw new Refusal(400, 10001, "Unable to read the form");
  }
  for (const [name, part] of form) {
    if (name === "metadata") metadata = typeof part === "string" ? part : await part.text();
    else if (typeof part !== "string") {
      modules.set(name, { type: part.type, content: Buffer.from(await part.arrayBuffer()) });
    }
  }
  if (metadata === undefined) throw new Refusal(400, 10021, "No metadata part");
  return { body: jsonOf(metadata), modules };
}
