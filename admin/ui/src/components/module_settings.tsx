// Which modules tools may import.
import { useMutation, useQuery } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";

import { approvals, settings } from "../api/endpoints.ts";
import type { Grant, ModuleInfo } from "../api/types.ts";
import { Ask } from "./dialog.tsx";
import { Badge, Button, Field, Loaded, Note, Problem } from "./ui.tsx";

function AddModule() {
  const [name, setName] = useState("");
  const add = useMutation({
    mutationFn: () => settings.addModule(name.trim()),
    onSuccess: () => setName(""),
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    add.mutate();
  };
  return (
    <form className="card" onSubmit={submit}>
      <Field
        label="Allow another module"
        hint="As in an import statement: of the standard library, or of a package that this machine has."
      >
        {(a) => (
          <input
            {...a}
            className="mono"
            autoComplete="off"
            value={name}
            onChange={(e) => setName(e.target.value)}
          />
        )}
      </Field>
      <Problem of={add.error} />
      <div>
        <Button type="submit" busy={add.isPending} disabled={!name.trim()}>
          Allow
        </Button>
      </div>
    </form>
  );
}

type RowProps = { module: ModuleInfo; grant: Grant | undefined; revoke: (grant: Grant) => void };

function Row({ module, grant, revoke }: RowProps) {
  const where = module.is_stdlib ? "Standard library" : "Installed";
  return (
    <li>
      <span className="grow mono">{module.module_name}</span>
      {module.default && <Badge>By default</Badge>}
      <Badge tone={module.is_installed ? "good" : "warn"}>
        {module.is_installed ? where : "Not installed"}
      </Badge>
      {grant && (
        <Button look="bad" onClick={() => revoke(grant)}>
          Revoke
        </Button>
      )}
    </li>
  );
}

export function ModuleSettings() {
  const list = useQuery({ queryKey: ["modules"], queryFn: settings.modules });
  const grants = useQuery({
    queryKey: ["modules", "grants"],
    queryFn: () => approvals.grants("modules", { grant_status: "approved", page_size: 100 }),
  });
  const [revoking, setRevoking] = useState<Grant | null>(null);
  return (
    <>
      <AddModule />
      <Loaded query={list} height={1400}>
        {(data) => (
          <div className="card tight">
            <ul className="list">
              {[...data.items]
                .sort((a, b) => Number(a.default) - Number(b.default))
                .map((module) => (
                  <Row
                    key={module.module_name}
                    module={module}
                    grant={grants.data?.items.find((one) => one.name === module.module_name)}
                    revoke={setRevoking}
                  />
                ))}
            </ul>
          </div>
        )}
      </Loaded>
      <Ask
        open={revoking !== null}
        close={() => setRevoking(null)}
        title={`Revoke ${revoking?.name ?? ""}?`}
        verb="Revoke"
        danger
        act={() =>
          revoking
            ? approvals.decideGrant("modules", revoking.id, { action: "revoke", sequence: revoking.sequence })
            : Promise.resolve()
        }
      >
        <Note tone="warn">Takes effect at once: running calls that have it loaded end.</Note>
      </Ask>
    </>
  );
}
