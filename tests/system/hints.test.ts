// A client that knows nothing of MCPbox but the names of its own wishes: it calls what the last answer names, fills in
// what the last error asks for, and nothing else.  It must get from an empty instance to a working tool.
import assert from "node:assert/strict";
import { after, afterEach, before, test } from "node:test";

import { Instance } from "./harness/instance.ts";
import { textOf, type ToolResult, type Details } from "./harness/mcp.ts";
import { approve, explainFailure } from "./harness/story.ts";

const MOST_STEPS = 40;
const GOAL = "hints__greet";

/** What a person would have told the model: the task, not the way. The first source does not compile. */
const WISHES: Record<string, unknown[]> = {
  name: ["hints", "greet", GOAL],
  query: ["greet"],
  arguments: [{ who: "you" }],
  python_code: ["def nothing(): pass\n", 'async def main(who: str) -> str:\n    return f"hello {who}"\n'],
  code: ['async def main(who: str) -> str:\n    return f"hello {who}"\n'],
};

let box: Instance;

before(async () => {
  box = await Instance.started();
});
after(async () => {
  await box?.stop();
  box?.destroy();
});
afterEach(explainFailure(() => box));

const named = (text: string) => [...text.matchAll(/mcpbox_[a-z_]+/g)].map((found) => found[0]);

class Follower {
  readonly listed = new Map<string, any>(); // tools/list
  private readonly known = new Map<string, unknown>(); // ids that answers gave
  readonly path: string[] = [];

  /** The value for an argument: an id that an answer gave, or what the task says; `turn`: how often it was refused. */
  private valueOf(tool: string, field: string, turn: number): unknown {
    if (field === "name")
      return tool.endsWith("server") ? "hints" : tool.endsWith("call_tool") ? GOAL : "greet";
    return this.known.get(field) ?? WISHES[field]?.[Math.min(turn, WISHES[field].length - 1)];
  }

  private remember(tool: string, args: Record<string, unknown>, answer: any): void {
    if (answer.valid === true) this.known.set("python_code", args["code"]); // what was checked is what is used
    const noun = tool.split("_").at(-1)!.replace(/s$/, "");
    if (typeof answer.id === "string") this.known.set(`${noun}_id`, answer.id);
    const list = answer[`${noun}s`];
    if (Array.isArray(list) && list.length > 0) this.known.set(`${noun}_id`, list[0].id);
    if (tool.endsWith("search_tools") && answer.tools.length > 0) {
      this.known.set("name", answer.tools[0].name);
      this.known.set("arguments", WISHES["arguments"]![0]); // what the task says, for the schema that was shown
    }
  }

  private hint(tool: string, answer: any): string {
    const text = typeof answer.message === "string" ? answer.message : "";
    const next = named(text)[0] ?? named(this.listed.get(tool).description.split("Next: ")[1] ?? "")[0];
    assert.ok(next, `${tool} names what comes next: ${JSON.stringify(answer)}`);
    return next;
  }

  /** One tool until it does what it says: an error's field is given, an error's other tool is called first. */
  async follow(tool: string, until: (result: ToolResult) => boolean): Promise<ToolResult> {
    const args: Record<string, unknown> = {};
    const turns: Record<string, number> = {};
    let last = "";
    for (let step = 0; step < MOST_STEPS; ++step) {
      assert.ok(this.listed.has(tool), `${tool} is a tool`);
      this.path.push(tool);
      const ending = await box.mcp.attempt(tool, args);
      assert.ok(
        ending.kind === "result" || ending.kind === "tool-error",
        `${tool}: ${JSON.stringify(ending)}`,
      );
      const { result } = ending;
      if (ending.kind === "result") {
        if (until(result)) return result;
        const answer = result.structuredContent;
        this.remember(tool, args, answer);
        if (answer.approval_status === "pending_review") await approve(box, GOAL); // the person, told so
        tool = this.hint(tool, answer);
      } else {
        const { code, field, next } = (result._meta as any).error as Details;
        assert.ok(code && next, `${tool}: ${ending.text}`);
        if (field !== undefined && (next === tool || this.known.has(field))) {
          const turn = (turns[field] = field in args ? (turns[field] ?? 0) + 1 : 0);
          args[field] = this.valueOf(tool, field, turn);
          assert.notEqual(args[field], undefined, `${tool} wants ${field}: ${ending.text}`);
          if (next === tool) continue;
        }
        tool = next;
      }
      if (tool !== last) for (const name of Object.keys(args)) delete args[name];
      for (const field of Object.keys(this.listed.get(tool)?.inputSchema.properties ?? {}))
        if (this.known.has(field)) args[field] = this.known.get(field);
      last = tool;
    }
    throw new Error(`it does not come to an end: ${this.path.join(" > ")}`);
  }
}

test("following the hints leads from nothing to a working tool", async () => {
  const follower = new Follower();
  const page = await box.mcp.post("tools/list", {});
  for (const tool of (page.result as any).tools) follower.listed.set(tool.name, tool);
  const done = await follower.follow("mcpbox_call_tool", (result) => textOf(result) === "hello you");
  assert.equal(textOf(done), "hello you");
  for (const step of ["create_server", "create_tool", "test_code", "request_publish", "start_server"])
    assert.ok(follower.path.includes(`mcpbox_${step}`), follower.path.join(" > "));
});
