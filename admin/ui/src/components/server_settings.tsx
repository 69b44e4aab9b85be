// What a server is called, what it says of itself, what its tools inherit; and its end.
import { useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";

import { servers } from "../api/endpoints.ts";
import type { Server } from "../api/types.ts";
import { BasicsForm } from "./basics_form.tsx";
import { DangerZone } from "./danger_zone.tsx";
import { useToast } from "./toasts.tsx";
import { Note } from "./ui.tsx";

export function ServerSettings({ server }: { server: Server }) {
  const navigate = useNavigate();
  const queries = useQueryClient();
  const toast = useToast();
  const remove = () =>
    servers.remove(server.id).then(async () => {
      await navigate({ to: "/servers" });
      queries.removeQueries({ queryKey: ["servers", server.id] });
    });
  return (
    <>
      <BasicsForm
        key={server.updated_at}
        of={{
          name: server.name,
          description: server.description,
          milliseconds: server.default_timeout_ms,
        }}
        timeLabel="Time limit in seconds, for tools that name none"
        renames={
          <Note tone="warn">Clients see its tools under another name from then on. Approvals stay.</Note>
        }
        save={async ({ milliseconds, ...rest }) => {
          await servers.change(server.id, {
            ...rest,
            ...(milliseconds !== undefined && { default_timeout_ms: milliseconds }),
          });
          toast("Saved.");
        }}
      />
      <DangerZone name={server.name} kind="server" act={remove}>
        Its tools, their versions and approvals, its hosts and secrets go with it, and running calls end. Only
        the audit keeps what happened.
      </DangerZone>
    </>
  );
}
