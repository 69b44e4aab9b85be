import { useMutation, useQuery, type UseQueryResult } from "@tanstack/react-query";
import { useState } from "react";

import { audit } from "../api/endpoints.ts";
import type { AuditCheck, AuditRecord, Page } from "../api/types.ts";
import {
  Badge,
  Button,
  CopyButton,
  Empty,
  Facts,
  Loaded,
  Note,
  PageHead,
  Paging,
  Problem,
  Time,
} from "../components/ui.tsx";
import { VisibleText } from "../components/visible_text.tsx";
import { useDebounced } from "../hooks/use_debounced.ts";
import { useTitle } from "../hooks/use_title.ts";

function Records({ page, go }: { page: Page<AuditRecord>; go: (page: number) => void }) {
  if (page.items.length === 0) return <Empty title="No record matches" />;
  return (
    <>
      <div className="card tight table-scroll" tabIndex={0} role="region" aria-label="Audit records">
        <table>
          <thead>
            <tr>
              <th className="num">Number</th>
              <th>When</th>
              <th>What</th>
              <th>By</th>
              <th>About</th>
            </tr>
          </thead>
          <tbody>
            {page.items.map((record) => (
              <tr key={record.sequence}>
                <td className="num mono">{record.sequence}</td>
                <td>
                  <Time at={record.at} />
                </td>
                <td>
                  <Badge>{record.kind}</Badge> {record.action}
                </td>
                <td className="wrap who">
                  <VisibleText>{record.actor}</VisibleText>
                </td>
                <td className="wrap">
                  <span className="mono small">{record.subject ?? "–"}</span>
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      <Paging of={page} go={go} />
    </>
  );
}

function Result({ of }: { of: AuditCheck }) {
  return (
    <Note tone={of.intact ? "good" : "bad"}>
      <b>{of.intact ? "The chain is whole." : "The chain is damaged."}</b>
      <p>{of.report}</p>
    </Note>
  );
}

type Checkpoints = Awaited<ReturnType<typeof audit.checkpoints>>;

/** Checks the chain on demand, and shows what a careful person notes elsewhere. */
function Check({ list, go }: { list: UseQueryResult<Checkpoints>; go: (page: number) => void }) {
  const verify = useMutation({ mutationFn: audit.verify });
  return (
    <section className="card">
      <div className="row between">
        <h2>Is the record whole?</h2>
        <Button look="primary" busy={verify.isPending} onClick={() => verify.mutate()}>
          {verify.isPending ? "Checking every record" : "Check the chain"}
        </Button>
      </div>
      <Problem of={verify.error} />
      {verify.data && <Result of={verify.data} />}
      <Loaded query={list} height={230}>
        {(data) => (
          <>
            <Facts
              of={[
                [
                  "Public key",
                  <span key="k" className="row">
                    <code className="wrap">{data.public_key}</code>
                    <CopyButton text={data.public_key} />
                  </span>,
                ],
                ["End", <code key="e" className="wrap">{`${data.end.sequence}:${data.end.hash}`}</code>],
              ]}
            />
            <p className="soft small">
              Note both where this machine’s administrator cannot change them:{" "}
              <code>mcpboxctl audit verify --key KEY --known END</code> compares.
            </p>
            {data.items.length > 0 && (
              <ul className="list">
                {data.items.map((one, index) => (
                  <li key={one.sequence ?? -index}>
                    <span className="grow">
                      Signed checkpoint at record <span className="mono">{one.sequence ?? "?"}</span>
                    </span>
                    <Badge tone={one.valid ? "good" : "bad"}>
                      {one.valid ? "Signature holds" : "Forged"}
                    </Badge>
                    <span className="soft small">
                      <Time at={one.at} />
                    </span>
                  </li>
                ))}
              </ul>
            )}
            <Paging of={data} go={go} />
          </>
        )}
      </Loaded>
    </section>
  );
}

export function Audit() {
  useTitle("Audit");
  const [page, setPage] = useState(1);
  const [at, setAt] = useState(1);
  const [search, setSearch] = useState("");
  const checkpoints = useQuery({
    queryKey: ["audit", "checkpoints", at],
    queryFn: () => audit.checkpoints({ page: at, page_size: 5 }),
    placeholderData: (before: Checkpoints | undefined) => before,
  });
  const words = useDebounced(search);
  const list = useQuery({
    queryKey: ["audit", page, words],
    queryFn: () => audit.records({ page, action: words }),
    placeholderData: (before: Page<AuditRecord> | undefined) => before,
  });
  return (
    <>
      <PageHead
        title="Audit"
        lead="Every call, decision, sign-in, start and stop, in the order in which they happened."
      />
      <Check list={checkpoints} go={setAt} />
      {!checkpoints.isPending && ( // below what has its final height
        <>
          <input
            className="search"
            type="search"
            aria-label="Action"
            placeholder="Action: approve, call, …"
            value={search}
            onChange={(e) => {
              setSearch(e.target.value);
              setPage(1);
            }}
          />
          <Loaded query={list} height={400}>
            {(data) => <Records page={data} go={setPage} />}
          </Loaded>
        </>
      )}
    </>
  );
}
