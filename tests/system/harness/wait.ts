// Waiting for something to become true, with a limit that only a broken program reaches.
import { setTimeout as sleep } from "node:timers/promises";

const PAUSE_MS = 20;

export { sleep };

/**
 * Asks `probe` until it gives something, and returns that.
 *   what      completes the sentence "timed out waiting for ..."
 *   seconds   generous: two slow cores, with other work on them
 *   probe     undefined or false means "not yet"; what it throws ends the waiting
 */
export async function until<T>(
  what: string,
  seconds: number,
  probe: () => T | undefined | false | Promise<T | undefined | false>,
): Promise<T> {
  const deadline = performance.now() + seconds * 1000;
  for (;;) {
    const found = await probe();
    if (found !== undefined && found !== false) return found;
    if (performance.now() > deadline) throw new Error(`timed out after ${seconds} s waiting for ${what}`);
    await sleep(PAUSE_MS);
  }
}
