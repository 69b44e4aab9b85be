// What a server and a tool have in common: a name, a description, a time limit.
import { useMutation } from "@tanstack/react-query";
import { type FormEvent, type ReactNode, useState } from "react";

import { NAME_HINT, NAME_RULE } from "../lib/constants.ts";
import { Button, Field, Note, Problem } from "./ui.tsx";

const LEAST_SECONDS = 1;
const MOST_SECONDS = 300;

export type Basics = { name: string; description: string; milliseconds: number };

/** What of `now` differs from `before`. */
export function changedOf(before: Basics, now: Basics): Partial<Basics> {
  return {
    ...(now.name !== before.name && { name: now.name }),
    ...(now.description !== before.description && { description: now.description }),
    ...(now.milliseconds !== before.milliseconds && { milliseconds: now.milliseconds }),
  };
}

/** Milliseconds from typed seconds; nothing when they are out of bounds.  Empty, where that may be: none was chosen. */
export function millisecondsOf(seconds: string, mayBeNone: boolean): number | undefined {
  if (seconds.trim() === "") return mayBeNone ? 0 : undefined;
  const milliseconds = Math.round(Number(seconds) * 1000);
  return milliseconds >= LEAST_SECONDS * 1000 && milliseconds <= MOST_SECONDS * 1000
    ? milliseconds
    : undefined;
}

type BasicsFormProps = {
  of: Basics;
  timeLabel: string;
  timeHint?: string;
  /** an empty time limit: the server's counts */
  mayInherit?: boolean;
  /** what is said before anything is changed */
  before?: ReactNode;
  /** what is said when the name is another one */
  renames?: ReactNode;
  save: (changes: Partial<Basics>) => Promise<unknown>;
};

export function BasicsForm({
  of,
  timeLabel,
  timeHint,
  mayInherit = false,
  before,
  renames,
  save,
}: BasicsFormProps) {
  const [form, setForm] = useState({
    name: of.name,
    description: of.description,
    seconds: of.milliseconds === 0 ? "" : String(of.milliseconds / 1000),
  });
  const milliseconds = millisecondsOf(form.seconds, mayInherit);
  const changes = changedOf(of, { ...form, milliseconds: milliseconds ?? of.milliseconds });
  const saving = useMutation({ mutationFn: () => save(changes) });
  const wrongName = !NAME_RULE.test(form.name);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    saving.mutate();
  };
  return (
    <form className="card" onSubmit={submit}>
      {before}
      <Field
        label="Name"
        hint={NAME_HINT}
        problem={wrongName ? "This name does not follow the rule" : undefined}
      >
        {(a) => (
          <input
            {...a}
            className="mono"
            autoComplete="off"
            value={form.name}
            onChange={(e) => setForm({ ...form, name: e.target.value })}
          />
        )}
      </Field>
      {form.name !== of.name && renames}
      <Field label="Description" hint="Language models read it to choose what to use.">
        {(a) => (
          <textarea
            {...a}
            maxLength={2000}
            value={form.description}
            onChange={(e) => setForm({ ...form, description: e.target.value })}
          />
        )}
      </Field>
      <Field
        label={timeLabel}
        hint={timeHint}
        problem={milliseconds === undefined ? `${LEAST_SECONDS} to ${MOST_SECONDS} seconds` : undefined}
      >
        {(a) => (
          <input
            {...a}
            inputMode="decimal"
            value={form.seconds}
            onChange={(e) => setForm({ ...form, seconds: e.target.value })}
          />
        )}
      </Field>
      <Problem of={saving.error} />
      <div>
        <Button
          type="submit"
          look="primary"
          busy={saving.isPending}
          disabled={wrongName || milliseconds === undefined || Object.keys(changes).length === 0}
        >
          Save
        </Button>
      </div>
    </form>
  );
}

/** Said before a change of a tool. */
export const ReviewAgain = () => (
  <Note>
    Name, description and time limit are part of what was approved: changing one asks for a new review.
  </Note>
);
