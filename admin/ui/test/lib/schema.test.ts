import { describe, expect, it } from "vitest";

import { argumentsFrom, fieldsOf } from "../../src/lib/schema.ts";

const schema = {
  type: "object",
  properties: {
    city: { type: "string", description: "Where" },
    days: { type: "integer", default: 3 },
    exact: { type: "boolean" },
    unit: { enum: ["C", "F"] },
    extra: { type: "array", items: { type: "string" } },
    maybe: { anyOf: [{ type: "number" }, { type: "null" }] },
  },
  required: ["city", "unit"],
};

describe("fieldsOf", () => {
  it("gives each property a kind of field", () => {
    expect(fieldsOf(schema).map((field) => [field.name, field.type, field.required])).toEqual([
      ["city", "text", true],
      ["days", "integer", false],
      ["exact", "boolean", false],
      ["unit", "choice", true],
      ["extra", "json", false],
      ["maybe", "number", false],
    ]);
  });
  it("survives schemas that are not what they should be", () => {
    expect(fieldsOf(null)).toEqual([]);
    expect(fieldsOf({ properties: [] })).toEqual([]);
    expect(fieldsOf({ properties: { a: true } })[0]?.type).toBe("json");
  });
});

describe("argumentsFrom", () => {
  const fields = fieldsOf(schema);
  it("makes values of what was typed, and keeps defaults", () => {
    const filled = argumentsFrom(fields, { city: "Bonn", unit: '"C"', exact: "false", extra: '["a"]' });
    expect(filled.problems).toEqual({});
    expect(filled.arguments).toEqual({ city: "Bonn", days: 3, exact: false, unit: "C", extra: ["a"] });
  });
  it("leaves out what was left empty, and sends a required text as it is", () => {
    expect(argumentsFrom(fields, { days: "", unit: '"F"' }).arguments).toEqual({ city: "", unit: "F" });
  });
  it("says what is wrong, at the field", () => {
    const { problems } = argumentsFrom(fields, { city: "x", days: "1.5", extra: "[", maybe: "many" });
    expect(Object.keys(problems).sort()).toEqual(["days", "extra", "maybe", "unit"]);
    expect(problems["days"]).toMatch(/whole number/);
  });
});
