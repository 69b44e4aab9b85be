// Writes ../system/harness/cloudflare/schema.json from types.ts.  With --check it writes nothing, and fails when the
// file holds anything else than what the vendor's types give.
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { createGenerator } from "ts-json-schema-generator";

const target = join(import.meta.dirname, "../system/harness/cloudflare/schema.json");

const generator = createGenerator({
  path: join(import.meta.dirname, "types.ts"),
  tsconfig: join(import.meta.dirname, "tsconfig.generate.json"),
  skipTypeCheck: true,
  // A request with a field that the vendor does not know is a finding; schema.ts lets answers have more.
  additionalProperties: false,
  jsDoc: "none",
});
// One line: nobody reads it, and a new version of the vendor's types is a new file.
const text = JSON.stringify(generator.createSchema("*")) + "\n";

if (process.argv.includes("--check")) {
  if (readFileSync(target, "utf8") !== text) {
    console.error(`${target} is not what the types of this version give: run generate.ts`);
    process.exitCode = 1;
  }
} else {
  writeFileSync(target, text);
}
