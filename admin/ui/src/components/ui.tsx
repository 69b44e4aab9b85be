// The small pieces that every page is built of.
import type { UseQueryResult } from "@tanstack/react-query";
import { type ButtonHTMLAttributes, type ReactNode, useId } from "react";

import { ApiError } from "../api/client.ts";
import type { Page } from "../api/types.ts";
import type { Tone } from "../lib/constants.ts";
import { ago, exact, number } from "../lib/format.ts";

type ButtonProps = ButtonHTMLAttributes<HTMLButtonElement> & { look?: string; busy?: boolean };

export function Button({ look = "", busy = false, disabled, children, ...rest }: ButtonProps) {
  return (
    <button type="button" {...rest} className={`button ${look}`} disabled={disabled || busy} aria-busy={busy}>
      {children}
      {busy && <span aria-hidden="true">…</span>}
    </button>
  );
}

export function Badge({
  tone = "neutral",
  children,
  title,
}: {
  tone?: Tone;
  children: ReactNode;
  title?: string;
}) {
  return (
    <span className={`badge ${tone}`} title={title}>
      {children}
    </span>
  );
}

export function Note({ tone = "neutral", children }: { tone?: Tone; children: ReactNode }) {
  return (
    <div className={`note ${tone}`} role={tone === "bad" ? "alert" : undefined}>
      {children}
    </div>
  );
}

export function problemText(problem: unknown): string {
  if (problem instanceof ApiError && problem.retryAfter)
    return `${problem.message} Try again in ${problem.retryAfter} s.`;
  return problem instanceof Error ? problem.message : "Something went wrong.";
}

export function Problem({ of, retry }: { of: unknown; retry?: (() => void) | undefined }) {
  if (!of) return null;
  return (
    <Note tone="bad">
      <div className="row between">
        <span>{problemText(of)}</span>
        {retry && <Button onClick={retry}>Try again</Button>}
      </div>
    </Note>
  );
}

export function Empty({
  title,
  children,
  action,
}: {
  title: string;
  children?: ReactNode;
  action?: ReactNode;
}) {
  return (
    <div className="empty">
      <b>{title}</b>
      {children && <p>{children}</p>}
      {action}
    </div>
  );
}

export const Loading = ({ height }: { height?: number }) => (
  <div className="skeleton" role="status" style={height ? { minHeight: height } : undefined}>
    <span className="sr-only">Loading</span>
  </div>
);

/** What a query has: its data once there, else a place holder or the problem with a way to try again. */
export function Loaded<T>({
  query,
  children,
  height,
}: {
  query: UseQueryResult<T>;
  children: (data: T) => ReactNode;
  height?: number;
}) {
  if (query.data !== undefined) return <>{children(query.data)}</>;
  if (query.error) return <Problem of={query.error} retry={() => void query.refetch()} />;
  return height ? <Loading height={height} /> : <Loading />;
}

type FieldProps = {
  label: string;
  hint?: ReactNode;
  problem?: string | undefined;
  children: (attributes: { id: string; "aria-describedby"?: string; "aria-invalid"?: true }) => ReactNode;
};

export function Field({ label, hint, problem, children }: FieldProps) {
  const id = useId();
  const described = [hint ? `${id}-hint` : "", problem ? `${id}-problem` : ""].filter(Boolean).join(" ");
  return (
    <div className="field">
      <label htmlFor={id}>{label}</label>
      {children({
        id,
        ...(described && { "aria-describedby": described }),
        ...(problem && { "aria-invalid": true as const }),
      })}
      {hint && (
        <span className="hint" id={`${id}-hint`}>
          {hint}
        </span>
      )}
      {problem && (
        <span className="problem" id={`${id}-problem`}>
          {problem}
        </span>
      )}
    </div>
  );
}

export function Time({ at }: { at: string | null | undefined }) {
  if (!at) return <span className="soft">never</span>;
  return (
    <time dateTime={at} title={exact(at)}>
      {ago(at)}
    </time>
  );
}

export function Paging({ of, go }: { of: Page<unknown>; go: (page: number) => void }) {
  if (of.pages <= 1) return null;
  return (
    <nav className="row between" aria-label="Pages">
      <span className="soft small">
        Page {of.page} of {number(of.pages)}, {number(of.total)}
        {of.total_capped ? " or more" : ""} in all
      </span>
      <span className="row">
        <Button disabled={of.page <= 1} onClick={() => go(of.page - 1)}>
          Previous
        </Button>
        <Button disabled={of.page >= of.pages} onClick={() => go(of.page + 1)}>
          Next
        </Button>
      </span>
    </nav>
  );
}

export function PageHead({
  title,
  lead,
  crumbs,
  children,
}: {
  title: ReactNode;
  lead?: ReactNode;
  crumbs?: ReactNode;
  children?: ReactNode;
}) {
  return (
    <header className="page-head">
      {crumbs && <div className="crumbs">{crumbs}</div>}
      <h1 className="wrap">{title}</h1>
      <div className="row">{children}</div>
      {lead && <p className="lead">{lead}</p>}
    </header>
  );
}

export function Facts({ of }: { of: [string, ReactNode][] }) {
  return (
    <dl className="facts">
      {of.map(([term, value]) => (
        <div key={term} style={{ display: "contents" }}>
          <dt>{term}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}

export function CopyButton({ text, label = "Copy" }: { text: string; label?: string }) {
  return (
    <Button
      onClick={(event) => {
        const button = event.currentTarget;
        void navigator.clipboard.writeText(text).then(() => {
          button.textContent = "Copied";
          setTimeout(() => (button.textContent = label), 1500);
        });
      }}
    >
      {label}
    </Button>
  );
}
