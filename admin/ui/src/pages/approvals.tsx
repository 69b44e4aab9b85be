// One queue of everything that waits.  Keys: j and k walk, a approves, r rejects: three keys at most for a decision.
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Link, useLocation } from "@tanstack/react-router";
import { useEffect, useMemo, useState } from "react";

import { approvals } from "../api/endpoints.ts";
import type { PendingTool } from "../api/types.ts";
import { Ask } from "../components/dialog.tsx";
import { useToast } from "../components/toasts.tsx";
import { reviewQuery, ToolReview } from "../components/tool_review.tsx";
import {
  Badge,
  Button,
  Empty,
  Loading,
  Note,
  PageHead,
  Problem,
  problemText,
  Time,
} from "../components/ui.tsx";
import { useKeys } from "../hooks/use_keys.ts";
import { useTitle } from "../hooks/use_title.ts";
import { nextAfter, queueOf } from "../lib/queue.ts";

const MOST = 100;
const REFRESH_MS = 10_000;

function useQueue() {
  const tools = useQuery({
    queryKey: ["queue"],
    queryFn: () => approvals.tools({ status: "pending_review", page_size: MOST }),
    refetchInterval: REFRESH_MS,
  });
  const queue = useMemo(() => queueOf(tools.data?.items ?? []), [tools.data]);
  return { queue, ready: tools.data !== undefined, problem: tools.error };
}

type ItemProps = {
  one: PendingTool;
  selected: boolean;
  checked: boolean;
  select: () => void;
  check: (on: boolean) => void;
};

function Item({ one, selected, checked, select, check }: ItemProps) {
  return (
    <li className="queue-item" data-selected={selected}>
      <input
        type="checkbox"
        aria-label={`Mark ${one.published_name}`}
        checked={checked}
        onChange={(e) => check(e.target.checked)}
      />
      <button type="button" onClick={select} aria-current={selected ? "true" : undefined}>
        <span className="mono">{one.published_name}</span>
        <span className="soft small">
          by {one.created_by ?? "unknown"}, <Time at={one.approval_requested_at} />
        </span>
      </button>
    </li>
  );
}

export function Approvals() {
  useTitle("Approvals");
  const { hash } = useLocation();
  const toast = useToast();
  const queries = useQueryClient();
  const { queue, ready, problem } = useQueue();
  const [chosen, setChosen] = useState<string | null>(hash || null);
  const [marked, setMarked] = useState<Set<string>>(new Set());
  const [rejecting, setRejecting] = useState<PendingTool[] | null>(null);
  const selected = queue.find((one) => one.id === chosen) ?? queue[0];
  const at = selected ? queue.indexOf(selected) : -1;
  const walk = (by: number) => setChosen(queue[at + by]?.id ?? selected?.id ?? null);
  useEffect(() => {
    if (hash) setChosen(hash);
  }, [hash]);

  // What is approved is what was shown: the digest of the review on the page, not of the list.
  const digestShown = (one: PendingTool): string | undefined =>
    queries.getQueryData(reviewQuery(one.id).queryKey)?.tool.digest;

  const decideOne = async (one: PendingTool, action: "approve" | "reject", reason?: string) => {
    const digest = digestShown(one) ?? (action === "reject" ? one.digest : undefined);
    if (!digest) throw new Error("Look at the tool before you approve it.");
    return approvals.decideTool(one.id, { action, digest, ...(reason && { reason }) });
  };
  const decide = useMutation({
    mutationFn: async ({
      which,
      action,
      reason,
    }: {
      which: PendingTool[];
      action: "approve" | "reject";
      reason?: string;
    }) => {
      const failed: string[] = [];
      for (const one of which)
        await decideOne(one, action, reason).catch((error: unknown) =>
          failed.push(`${one.published_name}: ${problemText(error)}`),
        );
      return { failed, done: which.length - failed.length };
    },
    onMutate: ({ which }) => {
      const only = which.length === 1 ? which[0] : undefined;
      if (only) setChosen(nextAfter(queue, only.id));
    },
    onSuccess: ({ failed, done }, { action, which }) => {
      const verb = action === "approve" ? "Approved" : "Rejected";
      const first = which[0];
      if (done > 0)
        toast(which.length === 1 && first ? `${verb} ${first.published_name}.` : `${verb} ${done}.`);
      for (const one of failed) toast(one);
      if (failed.length && first) setChosen(first.id);
      setMarked(new Set());
    },
  });

  const shown = useQuery({ ...reviewQuery(selected?.id ?? ""), enabled: selected !== undefined });
  const viewed = shown.data !== undefined;
  const approve = () =>
    selected && viewed && !decide.isPending && decide.mutate({ which: [selected], action: "approve" });
  useKeys({
    j: () => walk(1),
    k: () => walk(-1),
    ArrowDown: () => walk(1),
    ArrowUp: () => walk(-1),
    a: () => void approve(),
    r: () => selected && setRejecting([selected]),
    x: () => selected && mark(selected.id, !marked.has(selected.id)),
  });
  const mark = (id: string, on: boolean) =>
    setMarked((all) => {
      const next = new Set(all);
      if (on) next.add(id);
      else next.delete(id);
      return next;
    });
  const markedOnes = queue.filter((one) => marked.has(one.id));
  const unread = markedOnes.filter((one) => digestShown(one) === undefined);

  return (
    <>
      <PageHead
        title="Approvals"
        lead="What models ask for. You approve exactly what you see: if it changes meanwhile, your decision does not count."
      >
        <Badge tone={!ready ? "neutral" : queue.length ? "warn" : "good"}>
          {!ready ? "…" : queue.length ? `${queue.length} waiting` : "Nothing waits"}
        </Badge>
      </PageHead>
      <Problem of={problem} />
      {!ready && !problem && <Loading height={400} />}
      {ready && queue.length === 0 && (
        <div className="card">
          <Empty title="Nothing waits for you" action={<Link to="/executions">See what ran</Link>}>
            When a model asks for the review of a tool, it appears here.
          </Empty>
        </div>
      )}
      {ready && selected && (
        <div className="queue">
          <nav className="card tight queue-list" aria-label="What waits">
            <ul>
              {queue.map((one) => (
                <Item
                  key={one.id}
                  one={one}
                  selected={one === selected}
                  checked={marked.has(one.id)}
                  select={() => setChosen(one.id)}
                  check={(on) => mark(one.id, on)}
                />
              ))}
            </ul>
          </nav>
          <div className="stack">
            <ToolReview id={selected.id} key={selected.id} />
            <div className="decide stack" role="group" aria-label="Decision">
              {markedOnes.length > 0 && (
                <div className="row between">
                  <span>
                    <b>{markedOnes.length} marked</b>
                    {unread.length > 0 && (
                      <span className="soft">
                        {" "}
                        ({unread.length} not looked at yet: open each once to approve it)
                      </span>
                    )}
                  </span>
                  <span className="row">
                    <Button
                      look="good"
                      busy={decide.isPending}
                      disabled={unread.length > 0}
                      onClick={() => decide.mutate({ which: markedOnes, action: "approve" })}
                    >
                      Approve all marked
                    </Button>
                    <Button look="bad" onClick={() => setRejecting(markedOnes)}>
                      Reject all marked
                    </Button>
                  </span>
                </div>
              )}
              <div className="row between">
                <span className="row">
                  <Button look="good" busy={decide.isPending} disabled={!viewed} onClick={approve}>
                    Approve <kbd>a</kbd>
                  </Button>
                  <Button look="bad" onClick={() => setRejecting([selected])}>
                    Reject <kbd>r</kbd>
                  </Button>
                </span>
                <span className="row soft small">
                  <span>
                    {at + 1} of {queue.length}
                  </span>
                  <Button disabled={at <= 0} onClick={() => walk(-1)}>
                    Previous <kbd>k</kbd>
                  </Button>
                  <Button disabled={at >= queue.length - 1} onClick={() => walk(1)}>
                    Next <kbd>j</kbd>
                  </Button>
                </span>
              </div>
            </div>
          </div>
        </div>
      )}
      <Ask
        open={rejecting !== null}
        close={() => setRejecting(null)}
        title={
          rejecting?.length === 1
            ? `Reject ${rejecting[0]?.published_name ?? ""}?`
            : `Reject ${rejecting?.length ?? 0}?`
        }
        verb="Reject"
        danger
        reason="Reason: its author reads it and can do better"
        act={(reason) => decide.mutateAsync({ which: rejecting ?? [], action: "reject", reason })}
      >
        <Note>The author sees your reason and may ask again after a change.</Note>
      </Ask>
    </>
  );
}
