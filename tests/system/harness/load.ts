// Several clients that keep calling a tool, and a record of how each call ended.
import type { Instance } from "./instance.ts";
import type { Ending } from "./mcp.ts";

const running = new Set<Load>();

export class Load {
  readonly endings: Ending[] = [];
  private going = true;
  private readonly workers: Promise<void>[];

  /** clients of them at once, each with one call after the other. */
  constructor(box: Instance, tool: string, args: Record<string, unknown>, clients: number) {
    running.add(this);
    this.workers = Array.from({ length: clients }, async () => {
      const mcp = box.mcp;
      while (this.going) this.endings.push(await mcp.attempt(tool, args));
    });
  }

  count(kind: Ending["kind"]): number {
    return this.endings.filter((ending) => ending.kind === kind).length;
  }

  failures(): Ending[] {
    return this.endings.filter((ending) => ending.kind !== "result");
  }

  /** Lets the calls in flight end, and no new ones begin. */
  async stop(): Promise<void> {
    this.going = false;
    running.delete(this);
    await Promise.all(this.workers);
  }
}

/** For afterEach(): a test that failed half-way does not keep calling. */
export async function stopAllLoads(): Promise<void> {
  await Promise.all([...running].map((load) => load.stop()));
}
