// The two pages that a person sees.  Every word that a client chose is escaped, and the page may load and run nothing.
import type { ConsentDescription } from "@cloudflare/workers-oauth-provider";

import { base64url } from "./assertion.ts";

const NONCE_BYTES = 16;

const STYLE = `
  body { font: 1rem/1.5 system-ui, sans-serif; max-width: 34rem; margin: 4rem auto; padding: 0 1rem; color: #1a1a1a; background: #fff; }
  h1 { font-size: 1.4rem; }
  .warning { border-left: .25rem solid #b45309; padding: .25rem .75rem; background: #fef3c7; color: #1a1a1a; }
  button { font: inherit; padding: .5rem 1.25rem; margin-right: .5rem; border: 1px solid #555; border-radius: .375rem; background: #fff; color: #1a1a1a; }
  button.allow { background: #1d4ed8; border-color: #1d4ed8; color: #fff; }
  bdi { font-weight: 600; overflow-wrap: anywhere; }
`;

/** Text for HTML.  What would reorder or hide other text on the page is shown as its code point. */
export function escaped(text: string): string {
  return text
    .replace(
      /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Co}]/gu,
      (c) => `⟨U+${c.codePointAt(0)!.toString(16).toUpperCase().padStart(4, "0")}⟩`,
    )
    .replace(/[&<>"']/g, (c) => `&#${c.charCodeAt(0)};`);
}

function page(title: string, body: string, status: number, headers = new Headers()): Response {
  const nonce = base64url(crypto.getRandomValues(new Uint8Array(NONCE_BYTES)));
  const all = new Headers(headers);
  all.set("Content-Type", "text/html; charset=utf-8");
  all.set("Cache-Control", "no-store");
  all.set("X-Content-Type-Options", "nosniff");
  all.set("X-Frame-Options", "DENY");
  all.set("Referrer-Policy", "same-origin");
  // No form-action: browsers hold it against the redirect to the identity provider that follows the form.
  all.set(
    "Content-Security-Policy",
    `default-src 'none'; style-src 'nonce-${nonce}'; base-uri 'none'; frame-ancestors 'none'`,
  );
  const html = `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>${title}</title>
<style nonce="${nonce}">${STYLE}</style>
<main>
${body}
</main>
</html>
`;
  return new Response(html, { status, headers: all });
}

export function consentPage(
  asked: ConsentDescription,
  resource: string,
  handle: string,
  headers: Headers,
): Response {
  const name = escaped(asked.clientName);
  const publisher =
    asked.clientDomain === undefined
      ? "It registered itself: nobody has checked its name."
      : `It is published by <bdi>${escaped(asked.clientDomain)}</bdi>.`;
  const warning = asked.redirectIsLoopback
    ? '<p class="warning">Access goes to a program on your computer. Go on only if you have just started this sign-in there yourself.</p>'
    : "";
  return page(
    "Allow access to MCPbox?",
    `<h1>Allow <bdi>${name}</bdi> to use your MCPbox?</h1>
<p>${publisher} Access will be sent to <bdi>${escaped(asked.redirectHost)}</bdi>.</p>
<p>It will be able to call the approved tools of <bdi>${escaped(resource)}</bdi> in your name, and to propose new ones. It cannot approve a tool.</p>
${warning}
<form method="post" action="/authorize">
<input type="hidden" name="handle" value="${escaped(handle)}">
<button class="allow" name="decision" value="allow">Allow, and sign in</button>
<button name="decision" value="deny">Do not allow</button>
</form>`,
    200,
    headers,
  );
}

/** Where no redirect is safe: the person is told here, and no client is. */
export function problemPage(status: number, text: string): Response {
  return page("MCPbox: not signed in", `<h1>You are not signed in</h1>\n<p>${escaped(text)}</p>`, status);
}
