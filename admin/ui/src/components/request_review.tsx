// What a person needs to decide on a host or a module.
import { queryOptions, useQuery } from "@tanstack/react-query";

import { approvals, type GrantPath } from "../api/endpoints.ts";
import { UNTIL_ASKED } from "../api/queries.ts";
import type { GrantDetail } from "../api/types.ts";
import { hostAndPort } from "../lib/queue.ts";
import { Badge, Facts, Loaded, Note, Time } from "./ui.tsx";
import { Untrusted, VisibleText } from "./visible_text.tsx";

export const grantQuery = (kind: GrantPath, id: string) =>
  queryOptions({ queryKey: ["grant", kind, id], queryFn: () => approvals.grant(kind, id), ...UNTIL_ASKED });

function Reaches({ grant }: { grant: GrantDetail }) {
  if (grant.reaches_total === 0) return <Note>No approved tool could use it yet.</Note>;
  const more = grant.reaches_total - grant.reaches.length;
  return (
    <Note tone="warn">
      Every approved tool {grant.kind === "host" ? "of its server" : "there is"} may use it at once:{" "}
      <span className="mono">{grant.reaches.join(", ")}</span>
      {more > 0 && ` and ${more} more`}
    </Note>
  );
}

function asked(grant: GrantDetail): [string, React.ReactNode][] {
  return [
    ["For tool", grant.tool_name ? `${grant.server_name ?? ""}__${grant.tool_name}` : "–"],
    ["Asked by", <VisibleText key="b">{grant.requested_by ?? "–"}</VisibleText>],
    ["Asked", <Time key="t" at={grant.created_at} />],
  ];
}

function Host({ grant }: { grant: GrantDetail }) {
  return (
    <section className="card">
      <div className="row between">
        <h2 className="mono wrap">
          <VisibleText>{hostAndPort(grant)}</VisibleText>
        </h2>
        {grant.may_be_private && <Badge tone="warn">Perhaps in your own network</Badge>}
      </div>
      <Facts
        of={[
          ["For server", grant.server_name ?? "–"],
          ...asked(grant),
          ["Methods", grant.methods.length ? grant.methods.join(", ") : "any"],
          ["Path", grant.path ?? "any"],
        ]}
      />
      <Untrusted>{grant.justification}</Untrusted>
      <Reaches grant={grant} />
      {grant.may_be_private && (
        <Note tone="warn">
          Approving lets tools reach public addresses of this name only. To let them into your own network,
          add the host with its port on the server’s page.
        </Note>
      )}
      <p className="soft small">A tool can send to an approved host whatever it was given as arguments.</p>
    </section>
  );
}

function Module({ grant }: { grant: GrantDetail }) {
  const where = grant.in_standard_library ? "Standard library" : "Installed";
  return (
    <section className="card">
      <div className="row between">
        <h2 className="mono wrap">{grant.name}</h2>
        <Badge tone={grant.installed ? "good" : "warn"}>{grant.installed ? where : "Not installed"}</Badge>
      </div>
      <Facts of={asked(grant)} />
      {!grant.installed && (
        <Note tone="warn">
          Approving does not install it: on the machine, install the package that has it, for example with{" "}
          <code>apt</code>.
        </Note>
      )}
      <Untrusted>{grant.justification}</Untrusted>
      <Reaches grant={grant} />
    </section>
  );
}

export function GrantReview({ kind, id }: { kind: GrantPath; id: string }) {
  const grant = useQuery(grantQuery(kind, id));
  return (
    <Loaded query={grant} height={420}>
      {(data) => (kind === "network" ? <Host grant={data} /> : <Module grant={data} />)}
    </Loaded>
  );
}
