// What a tool is called, what it says of itself, how long it may take; and its end.
import { useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";

import { tools } from "../api/endpoints.ts";
import type { Tool } from "../api/types.ts";
import { BasicsForm, ReviewAgain } from "./basics_form.tsx";
import { DangerZone } from "./danger_zone.tsx";
import { useToast } from "./toasts.tsx";

export function ToolSettings({ tool }: { tool: Tool }) {
  const navigate = useNavigate();
  const queries = useQueryClient();
  const toast = useToast();
  const remove = () =>
    tools.remove(tool.id).then(async () => {
      await navigate({ to: "/servers/$serverId", params: { serverId: tool.server_id }, hash: "tools" });
      queries.removeQueries({ queryKey: ["tools", tool.id] });
    });
  return (
    <>
      <BasicsForm
        key={tool.digest}
        of={{ name: tool.name, description: tool.description, milliseconds: tool.timeout_ms }}
        mayInherit
        timeLabel="Time limit in seconds"
        timeHint="1 to 300; empty: what its server says"
        before={<ReviewAgain />}
        save={async ({ milliseconds, ...rest }) => {
          await tools.update(tool.id, {
            ...rest,
            ...(milliseconds !== undefined && { timeout_ms: milliseconds }),
          });
          toast("Saved as a new version.");
        }}
      />
      <DangerZone name={tool.name} kind="tool" act={remove}>
        Its versions and approvals go with it, and running calls end. Only the audit keeps what happened.
      </DangerZone>
    </>
  );
}
