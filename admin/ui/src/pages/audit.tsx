import { useQuery } from "@tanstack/react-query";
import { useState } from "react";

import { audit } from "../api/endpoints.ts";
import type { AuditRecord, Page } from "../api/types.ts";
import { Badge, Empty, Loaded, PageHead, Paging, Time } from "../components/ui.tsx";
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
                <td className="wrap">
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

export function Audit() {
  useTitle("Audit");
  const [page, setPage] = useState(1);
  const [search, setSearch] = useState("");
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
  );
}
