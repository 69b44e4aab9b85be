// One function that talks to the server.  The session is a cookie that no script can read; requests are same-origin, so
// the browser itself says so (Sec-Fetch-Site) and nothing else is needed against forged ones.

export class ApiError extends Error {
  readonly status: number;
  /** seconds to wait, when the server said so */
  readonly retryAfter: number | undefined;
  constructor(status: number, message: string, retryAfter?: number) {
    super(message);
    this.status = status;
    this.retryAfter = retryAfter;
  }
}

/** The folder that the page is served from: "/" or the sub-path of a reverse proxy, with a slash at its end. */
export const basePath = (): string => new URL(document.baseURI).pathname.replace(/[^/]*$/, "");

/** The text of an error body: {detail: string} or {detail: [{loc, msg}]}. */
export function detailText(body: unknown, fallback: string): string {
  if (typeof body !== "object" || body === null || !("detail" in body)) return fallback;
  const detail = body.detail;
  if (typeof detail === "string") return detail;
  if (Array.isArray(detail))
    return detail
      .map(
        (one: { loc?: unknown[]; msg?: string }) => `${(one.loc ?? []).slice(1).join(".")}: ${one.msg ?? ""}`,
      )
      .join("; ");
  return fallback;
}

const signedOutListeners = new Set<() => void>();
/** Calls `listener` when the server says that nobody is signed in; returns how to stop. */
export function onSignedOut(listener: () => void): () => void {
  signedOutListeners.add(listener);
  return () => signedOutListeners.delete(listener);
}

export type Query = Record<string, string | number | boolean | null | undefined>;

export function withQuery(path: string, query: Query = {}): string {
  const words = new URLSearchParams();
  for (const [key, value] of Object.entries(query))
    if (value !== undefined && value !== null && value !== "") words.set(key, String(value));
  const text = words.toString();
  return text ? `${path}?${text}` : path;
}

type Options = { method?: string; body?: unknown; signal?: AbortSignal };

const TIMEOUT_MS = 30_000;

/** Seconds that the server asks to wait; nothing when it does not say. */
function waitOf(answer: Response): number | undefined {
  const seconds = Number(answer.headers.get("Retry-After") ?? "");
  return Number.isFinite(seconds) && seconds > 0 ? seconds : undefined;
}

const isSigningIn = (path: string): boolean => path.startsWith("api/auth/");

/** Asks again while the server says that it is too early: what is answered 429 was not done.  Whoever signs in is told. */
async function patiently(path: string, init: RequestInit & { signal: AbortSignal }): Promise<Response> {
  for (;;) {
    const answer = await fetch(basePath() + path, init);
    const wait = waitOf(answer);
    if (answer.status !== 429 || wait === undefined || wait * 1000 > TIMEOUT_MS) return answer;
    if (isSigningIn(path)) return answer;
    await new Promise<void>((go) => {
      // Not all at the same moment: there may be room for one only.
      const timer = setTimeout(go, wait * 1000 * (1 + Math.random() / 2));
      init.signal.addEventListener("abort", () => (clearTimeout(timer), go()), { once: true });
    });
    if (init.signal.aborted) return answer;
  }
}

export async function request<T>(path: string, { method = "GET", body, signal }: Options = {}): Promise<T> {
  const timeout = AbortSignal.timeout(TIMEOUT_MS);
  const init: RequestInit & { signal: AbortSignal } = {
    method,
    credentials: "same-origin",
    headers:
      body === undefined
        ? { Accept: "application/json" }
        : { Accept: "application/json", "Content-Type": "application/json" },
    signal: signal ? AbortSignal.any([signal, timeout]) : timeout,
  };
  if (body !== undefined) init.body = JSON.stringify(body);
  let answer: Response;
  try {
    answer = await patiently(path, init);
  } catch (problem) {
    if (signal?.aborted) throw problem;
    throw new ApiError(
      0,
      timeout.aborted ? "MCPbox did not answer within 30 s." : "MCPbox cannot be reached. Is it running?",
    );
  }
  if (answer.status === 204) return undefined as T;
  const parsed: unknown = await answer.json().catch(() => null);
  if (answer.ok) return parsed as T;
  if (answer.status === 401 && !isSigningIn(path)) for (const listener of signedOutListeners) listener();
  throw new ApiError(
    answer.status,
    detailText(parsed, `MCPbox answered ${answer.status} ${answer.statusText}`.trim()),
    waitOf(answer),
  );
}

/** For queries: what is worth a second try. */
export function worthRetrying(failures: number, problem: unknown): boolean {
  if (failures >= 2) return false;
  return problem instanceof ApiError && [0, 502, 503, 504].includes(problem.status);
}
