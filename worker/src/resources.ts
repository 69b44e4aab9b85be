// The protected resources, each with an audience of its own: a token for one is refused at every other.
//   /                    what /mcp answers, for clients that were given the bare URL
//   /mcp                 every server's tools, and the management tools
//   /mcp/servers/NAME    one server's tools alone

/** The rule for server names (policy/names.h), so that no other path ever reaches the gateway. */
const SERVER_NAME = /^(?!mcpbox(?:_|$))[a-z](?:_?[a-z0-9])*$/;
const SERVER_NAME_CHARACTERS = 48;
const SERVERS = "/mcp/servers/";

export interface Resource {
  /** The audience of its tokens, and its `resource` in RFC 9728 metadata. */
  url: string;
  /** What the gateway is asked. */
  path: string;
}

/** The resource at this path of this Worker, if there is one. */
export function resourceAt(publicUrl: string, path: string): Resource | undefined {
  if (path === "/") return { url: `${publicUrl}/`, path: "/mcp" };
  if (path === "/mcp") return { url: `${publicUrl}/mcp`, path: "/mcp" };
  if (!path.startsWith(SERVERS)) return undefined;
  const name = path.slice(SERVERS.length);
  if (name.length > SERVER_NAME_CHARACTERS || !SERVER_NAME.test(name)) return undefined;
  return { url: publicUrl + path, path };
}

/** The resource that an RFC 8707 indicator names; undefined for anything that is not one of ours, exactly. */
export function resourceNamed(publicUrl: string, indicator: string): Resource | undefined {
  if (indicator === publicUrl) return resourceAt(publicUrl, "/");
  if (!indicator.startsWith(`${publicUrl}/`)) return undefined;
  return resourceAt(publicUrl, indicator.slice(publicUrl.length));
}

/** What a client that names no resource gets. */
export function defaultResource(publicUrl: string): Resource {
  return { url: `${publicUrl}/mcp`, path: "/mcp" };
}
