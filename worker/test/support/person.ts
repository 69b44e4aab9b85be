// A person with a browser: keeps cookies, follows redirects, reads the form on a page and presses one of its buttons.

export interface Fetcher {
  (
    url: string | URL,
    init?: { method?: string; headers?: Record<string, string>; body?: string },
  ): Promise<Response>;
}

export class Person {
  /** Every address that the browser was at. */
  readonly visited: string[] = [];
  readonly #cookies = new Map<string, Map<string, string>>(); // by origin
  readonly #fetch: Fetcher;

  constructor(fetch: Fetcher) {
    this.#fetch = fetch;
  }

  /** Opens a page, following redirects until one leaves to an origin in `stopAt`; returns that address or the page. */
  async open(url: string, stopAt: string, init: { method?: string; body?: string } = {}): Promise<Page> {
    let next = new URL(url);
    let request = init;
    for (let hops = 0; hops < 20; hops++) {
      this.visited.push(next.href);
      if (next.href.startsWith(stopAt)) return { url: next, status: 0, html: "", headers: new Headers() };
      const response = await this.#fetch(next, { ...request, headers: this.#headers(next, request) });
      this.#keep(next, response);
      const location = response.headers.get("location");
      if (response.status < 300 || response.status >= 400 || location === null)
        return { url: next, status: response.status, html: await response.text(), headers: response.headers };
      await response.body?.cancel();
      next = new URL(location, next);
      request = {};
    }
    throw new Error(`too many redirects: ${this.visited.join("\n")}`);
  }

  /** Presses the button of the page's only form that has this value. */
  async press(page: Page, value: string, stopAt: string): Promise<Page> {
    const button = new RegExp(`<button[^>]*name="([^"]*)"[^>]*value="${value}"`).exec(page.html);
    if (!button) throw new Error(`no button ${value} at ${page.url}: ${page.status} ${page.html}`);
    const fields = new URLSearchParams({ [button[1]!]: value });
    for (const [, name, hidden] of page.html.matchAll(/<input type="hidden" name="([^"]*)" value="([^"]*)"/g))
      fields.set(name!, hidden!);
    const action = /<form[^>]*action="([^"]*)"/.exec(page.html)?.[1] ?? page.url.href;
    return await this.open(new URL(action, page.url).href, stopAt, {
      method: "POST",
      body: fields.toString(),
    });
  }

  /** Consents and signs in; returns the address that the client gets. */
  async signIn(authorizeUrl: string, stopAt: string): Promise<URL> {
    let page = await this.open(authorizeUrl, stopAt);
    page = await this.press(page, "allow", stopAt);
    if (page.html.includes("Sign in as")) page = await this.press(page, "1", stopAt);
    if (!page.url.href.startsWith(stopAt))
      throw new Error(`stopped at ${page.url}: ${page.status} ${page.html}`);
    return page.url;
  }

  forgetCookies(): void {
    this.#cookies.clear();
  }

  #headers(url: URL, request: { method?: string }): Record<string, string> {
    const headers: Record<string, string> = {};
    const cookies = [...(this.#cookies.get(url.origin) ?? [])].map(([name, value]) => `${name}=${value}`);
    if (cookies.length > 0) headers["cookie"] = cookies.join("; ");
    if (request.method === "POST") {
      headers["content-type"] = "application/x-www-form-urlencoded";
      headers["origin"] = url.origin;
    }
    return headers;
  }

  #keep(url: URL, response: Response): void {
    const jar = this.#cookies.get(url.origin) ?? new Map<string, string>();
    this.#cookies.set(url.origin, jar);
    for (const cookie of response.headers.getSetCookie()) {
      const [, name, value] = /^([^=]+)=([^;]*)/.exec(cookie)!;
      if (/;\s*max-age=0/i.test(cookie) || value === "") jar.delete(name!);
      else jar.set(name!, value!);
    }
  }
}

export interface Page {
  url: URL;
  status: number;
  html: string;
  headers: Headers;
}
