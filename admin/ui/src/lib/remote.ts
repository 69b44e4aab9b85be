// What the page of remote access is made of.
import type { ProcessStatus, RemoteAccess, SettingField } from "../api/types.ts";

export type Door = "none" | "open" | "down";
const GATEWAY = "net-tunnel";

/** The tunnel's gateway is a process of its own, which is there only where the configuration names its address. */
export function doorOf(processes: Pick<ProcessStatus, "role" | "serving">[]): Door {
  const gateway = processes.find((one) => one.role === GATEWAY);
  if (!gateway) return "none";
  return gateway.serving ? "open" : "down";
}

/** The settings that say what remote callers may do. */
export const ofRemote = (fields: SettingField[]): SettingField[] =>
  fields.filter(({ key }) => key === "remote_tool_editing" || key === "anonymous_listing");

/** Who may come, in words. */
export function whoMay({ policy, allowed }: Pick<RemoteAccess, "policy" | "allowed">): string {
  if (policy === "everyone") return "Everybody whom Cloudflare Access lets sign in";
  if (allowed.length === 0) return "Nobody";
  return policy === "domain" ? `Addresses at ${allowed.join(", ")}` : allowed.join(", ");
}
