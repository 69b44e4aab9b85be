// A form from a JSON Schema: what kind of field each property gets, and the arguments from what was typed.
import type { Json, JsonObject } from "../api/types.ts";

export type Field = {
  name: string;
  title: string;
  description: string;
  required: boolean;
  type: "text" | "long-text" | "integer" | "number" | "boolean" | "choice" | "json";
  choices: Json[];
  initial: string;
};

/** A schema from its text; null when it is none. */
export function parsed(text: string): JsonObject | null {
  try {
    const value = JSON.parse(text) as Json;
    return isObject(value) ? value : null;
  } catch {
    return null;
  }
}

const isObject = (value: Json | undefined): value is JsonObject =>
  typeof value === "object" && value !== null && !Array.isArray(value);

function typeOf(schema: JsonObject): Field["type"] {
  if (Array.isArray(schema["enum"])) return "choice";
  let type = schema["type"];
  if (Array.isArray(type)) type = type.find((one) => one !== "null") ?? "string";
  if (type === undefined && Array.isArray(schema["anyOf"])) {
    const real = schema["anyOf"].filter(isObject).filter((one) => one["type"] !== "null");
    if (real.length === 1 && real[0]) return typeOf(real[0]);
  }
  switch (type) {
    case "integer":
    case "number":
    case "boolean":
      return type;
    case "string":
      return schema["format"] === "multiline" || Number(schema["maxLength"] ?? 0) > 500
        ? "long-text"
        : "text";
    default:
      return "json";
  }
}

function initialOf(schema: JsonObject, type: Field["type"]): string {
  const value = schema["default"];
  if (value === undefined || value === null) return "";
  return type === "json" || type === "choice" || typeof value !== "string" ? JSON.stringify(value) : value;
}

export function fieldsOf(schema: JsonObject | null): Field[] {
  const properties = schema?.["properties"];
  if (!isObject(properties)) return [];
  const required = Array.isArray(schema?.["required"]) ? schema["required"] : [];
  return Object.entries(properties).map(([name, raw]) => {
    const property = isObject(raw) ? raw : {};
    const type = typeOf(property);
    return {
      name,
      title: typeof property["title"] === "string" ? property["title"] : name,
      description: typeof property["description"] === "string" ? property["description"] : "",
      required: required.includes(name),
      type,
      choices: Array.isArray(property["enum"]) ? property["enum"] : [],
      initial: initialOf(property, type),
    };
  });
}

export type Filled = { arguments: JsonObject; problems: Record<string, string> };

function valueOf(field: Field, text: string): Json {
  switch (field.type) {
    case "integer":
    case "number": {
      const value = Number(text);
      if (!Number.isFinite(value) || (field.type === "integer" && !Number.isInteger(value)))
        throw new Error(field.type === "integer" ? "a whole number, please" : "a number, please");
      return value;
    }
    case "boolean":
      return text === "true";
    case "choice":
    case "json":
      try {
        return JSON.parse(text) as Json;
      } catch {
        throw new Error('JSON, please: ["a", 1], {"key": "value"}, "text"');
      }
    default:
      return text;
  }
}

/** Empty fields are left out, unless they are required. */
export function argumentsFrom(fields: Field[], typed: Record<string, string>): Filled {
  const filled: Filled = { arguments: {}, problems: {} };
  for (const field of fields) {
    const text = typed[field.name] ?? field.initial;
    if (text === "" && !(field.required && (field.type === "text" || field.type === "long-text"))) {
      if (field.required) filled.problems[field.name] = "this argument is required";
      continue;
    }
    try {
      filled.arguments[field.name] = valueOf(field, text);
    } catch (problem) {
      filled.problems[field.name] = problem instanceof Error ? problem.message : "not usable";
    }
  }
  return filled;
}
