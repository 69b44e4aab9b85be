// What a body asks for, as far as the signature has to say it.  The gateway reads the message again, and the monitor
// refuses it when the two do not find the same.

export interface Asked {
  method: string; // "" for a client's answer to a question, and for requests without a body
  name: string; // of the tool or prompt, or the URI of the resource; "" where there is none
}

export const NOTHING_ASKED: Asked = { method: "", name: "" };

/** undefined unless the bytes are one JSON object: arrays are batches, which no revision that we speak has. */
export function whatIsAsked(body: Uint8Array): Asked | undefined {
  const message = parsed(body);
  if (!isObject(message)) return undefined;
  const method = message["method"];
  if (method === undefined) return NOTHING_ASKED;
  if (typeof method !== "string" || method === "") return undefined;
  return { method, name: nameIn(message["params"]) };
}

function nameIn(params: unknown): string {
  if (!isObject(params)) return "";
  for (const key of ["name", "uri"]) {
    const value = params[key];
    if (typeof value === "string") return value;
  }
  return "";
}

function parsed(body: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(body));
  } catch {
    return undefined;
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
