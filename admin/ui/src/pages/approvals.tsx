// One queue of everything that waits.  Keys: j and k walk, a approves, r rejects: three keys at most for a decision.
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Link, useLocation } from "@tanstack/react-router";
import { useEffect, useMemo, useState } from "react";

import { ApiError } from "../api/client.ts";
import { approvals } from "../api/endpoints.ts";
import { DeniedHosts } from "../components/denied.tsx";
import { Ask } from "../components/dialog.tsx";
import { QueueItem } from "../components/queue_item.tsx";
import { GrantReview, grantQuery } from "../components/request_review.tsx";
import { useToast } from "../components/toasts.tsx";
import { reviewQuery, ToolReview } from "../components/tool_review.tsx";
import { Badge, Button, Empty, Loading, Note, PageHead, Problem, problemText } from "../components/ui.tsx";
import { useDebounced } from "../hooks/use_debounced.ts";
import { useKeys } from "../hooks/use_keys.ts";
import { useQueue } from "../hooks/use_queue.ts";
import { useTitle } from "../hooks/use_title.ts";
import { isOutdated, listedOf, nextAfter, type Shown, stateOf, type Waiting } from "../lib/queue.ts";

const waitingWords = (count: number, searched: boolean): string => {
  if (searched) return count === 1 ? "1 match" : `${count} matches`;
  return count ? `${count} waiting` : "Nothing waits";
};

export function Approvals() {
  useTitle("Approvals");
  const { hash } = useLocation();
  const toast = useToast();
  const queries = useQueryClient();
  const [search, setSearch] = useState("");
  const words = useDebounced(search.trim());
  const { queue: all, more, ready, problem } = useQueue(words);
  const [decided, setDecided] = useState<Set<string>>(new Set());
  const queue = useMemo(() => all.filter((one) => !decided.has(stateOf(one))), [all, decided]);
  const [chosen, setChosen] = useState<string | null>(hash || null);
  const [marked, setMarked] = useState<Set<string>>(new Set());
  const [rejecting, setRejecting] = useState<Waiting[] | null>(null);
  const selected = queue.find((one) => one.id === chosen) ?? queue[0];
  const at = selected ? queue.indexOf(selected) : -1;
  const walk = (by: number) => setChosen(queue[at + by]?.id ?? selected?.id ?? null);
  useEffect(() => {
    if (hash) setChosen(hash);
  }, [hash]);

  // What is approved is what was shown: the digest of the review on the page, or the sequence of the request there, not
  // what the list has by now.
  const keyOf = (one: Waiting) =>
    one.type === "tool" ? reviewQuery(one.id).queryKey : grantQuery(one.type, one.id).queryKey;
  const shownOf = (one: Waiting): Shown | undefined => {
    if (one.type === "tool") {
      const review = queries.getQueryData(reviewQuery(one.id).queryKey);
      return review && { digest: review.digest, capabilities_digest: review.capabilities_digest };
    }
    const grant = queries.getQueryData(grantQuery(one.type, one.id).queryKey);
    return grant && { sequence: grant.sequence };
  };
  // What the monitor says has changed, whether or not the list shows it: what a tool may reach is not in the list.
  const [moved, setMoved] = useState<Set<string>>(new Set());
  const isOld = (one: Waiting) => moved.has(one.id) || isOutdated(one, shownOf(one));
  const showAgain = (one: Waiting) => {
    setMoved((before) => new Set([...before].filter((id) => id !== one.id)));
    void queries.invalidateQueries({ queryKey: keyOf(one) });
  };
  // What was read once and is something else now is read anew when it is opened; while it is open it stays.
  useEffect(() => {
    if (selected && isOld(selected)) showAgain(selected);
  }, [selected?.id]);

  const decideOne = async (one: Waiting, action: "approve" | "reject", reason?: string): Promise<unknown> => {
    const listed = listedOf(one);
    const shown = shownOf(one) ?? (action === "reject" ? listed : undefined);
    if (!shown) throw new Error("Look at it before you approve it.");
    const words = { action, ...(reason && { reason }) };
    if (one.type === "tool" && "digest" in shown) return approvals.decideTool(one.id, { ...words, ...shown });
    if (one.type !== "tool" && "sequence" in shown)
      return approvals.decideGrant(one.type, one.id, { ...words, ...shown });
    throw new Error("Look at it before you approve it.");
  };
  const decide = useMutation({
    mutationFn: async ({
      which,
      action,
      reason,
    }: {
      which: Waiting[];
      action: "approve" | "reject";
      reason?: string;
    }) => {
      const failed: { one: Waiting; why: string; moved: boolean }[] = [];
      for (const one of which)
        await decideOne(one, action, reason).catch((error: unknown) =>
          failed.push({
            one,
            why: `${one.title}: ${problemText(error)}`,
            moved: error instanceof ApiError && error.status === 409,
          }),
        );
      return { failed, done: which.length - failed.length };
    },
    onMutate: ({ which }) => {
      const only = which.length === 1 ? which[0] : undefined;
      if (only) setChosen(nextAfter(queue, only.id));
      setDecided((before) => new Set([...before, ...which.map(stateOf)])); // seen at once; undone if it fails
    },
    onSuccess: ({ failed, done }, { action, which }) => {
      const verb = action === "approve" ? "Approved" : "Rejected";
      const first = which[0];
      if (done > 0) toast(which.length === 1 && first ? `${verb} ${first.title}.` : `${verb} ${done}.`);
      for (const { why } of failed) toast(why);
      if (failed.length && first) setChosen(first.id);
      const back = new Set(failed.map(({ one }) => stateOf(one)));
      setDecided((before) => new Set([...before].filter((state) => !back.has(state))));
      const stale = failed.filter((each) => each.moved).map(({ one }) => one.id);
      setMoved((before) => new Set([...before, ...stale]));
      for (const one of which) if (!back.has(stateOf(one))) queries.removeQueries({ queryKey: keyOf(one) });
      setMarked(new Set());
    },
  });

  const tool = useQuery({ ...reviewQuery(selected?.id ?? ""), enabled: selected?.type === "tool" });
  const path = selected && selected.type !== "tool" ? selected.type : "network";
  const grant = useQuery({
    ...grantQuery(path, selected?.id ?? ""),
    enabled: selected !== undefined && selected.type !== "tool",
  });
  const outdated = selected !== undefined && isOld(selected);
  const viewed = !outdated && (selected?.type === "tool" ? tool.data : grant.data) !== undefined;
  const approve = () =>
    selected && viewed && !decide.isPending && decide.mutate({ which: [selected], action: "approve" });
  useKeys({
    j: () => walk(1),
    k: () => walk(-1),
    ArrowDown: () => walk(1),
    ArrowUp: () => walk(-1),
    a: () => void approve(),
    r: () => selected && setRejecting([selected]),
    n: () => selected && outdated && showAgain(selected),
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
  const unread = markedOnes.filter((one) => {
    return shownOf(one) === undefined || isOld(one);
  });

  return (
    <>
      <PageHead
        title="Approvals"
        lead="What models ask for. You approve exactly what you see: if it changes meanwhile, your decision does not count."
      >
        <input
          className="search"
          type="search"
          aria-label="Search what waits"
          placeholder="Search"
          value={search}
          onChange={(e) => setSearch(e.target.value)}
        />
        <Badge tone={!ready ? "neutral" : queue.length ? "warn" : "good"}>
          {!ready ? "…" : waitingWords(queue.length + more, words !== "")}
        </Badge>
      </PageHead>
      <Problem of={problem} />
      {!ready && !problem && <Loading height={400} />}
      {ready && queue.length === 0 && (
        <div className="card">
          {words ? (
            <Empty title={`Nothing that waits matches “${words}”`}>
              Names, descriptions and reasons are searched. Try fewer letters.
            </Empty>
          ) : (
            <Empty title="Nothing waits for you" action={<Link to="/executions">See what ran</Link>}>
              When a model asks for the review of a tool, for a host or for a module, it appears here.
            </Empty>
          )}
        </div>
      )}
      {ready && selected && (
        <div className="queue">
          <nav className="card tight queue-list" aria-label="What waits">
            <ul>
              {queue.map((one) => (
                <QueueItem
                  key={one.id}
                  one={one}
                  selected={one === selected}
                  checked={marked.has(one.id)}
                  select={() => setChosen(one.id)}
                  check={(on) => mark(one.id, on)}
                />
              ))}
            </ul>
            {more > 0 && (
              <p className="soft small">{more} more wait: decide some of these first, or search.</p>
            )}
          </nav>
          <div className="stack">
            {outdated && (
              <Note tone="warn">
                <div className="row between" role="alert">
                  <span>
                    It has changed since it was shown here. Look at what it is now before you decide.
                  </span>
                  <Button onClick={() => showAgain(selected)}>
                    Show it now <kbd>n</kbd>
                  </Button>
                </div>
              </Note>
            )}
            {selected.type === "tool" ? (
              <ToolReview id={selected.id} key={selected.id} />
            ) : (
              <GrantReview kind={selected.type} id={selected.id} key={selected.id} />
            )}
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
      <DeniedHosts />
      <Ask
        open={rejecting !== null}
        close={() => setRejecting(null)}
        title={
          rejecting?.length === 1
            ? `Reject ${rejecting[0]?.title ?? ""}?`
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
