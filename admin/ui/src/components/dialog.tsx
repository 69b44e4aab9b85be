// Questions in a window of their own: the browser's <dialog> keeps the focus inside and gives it back.
import { useMutation } from "@tanstack/react-query";
import { type FormEvent, type ReactNode, useEffect, useId, useRef, useState } from "react";

import { Button, Field, Problem } from "./ui.tsx";

type DialogProps = { open: boolean; close: () => void; title: string; wide?: boolean; children: ReactNode };

export function Dialog({ open, close, title, wide = false, children }: DialogProps) {
  const element = useRef<HTMLDialogElement>(null);
  const id = useId();
  useEffect(() => {
    const dialog = element.current;
    if (open && dialog && !dialog.open) dialog.showModal();
    if (!open && dialog?.open) dialog.close();
  }, [open]);
  return (
    <dialog ref={element} className={wide ? "wide" : ""} aria-labelledby={id} onClose={close}>
      {open && (
        <div className="stack">
          <h2 id={id}>{title}</h2>
          {children}
        </div>
      )}
    </dialog>
  );
}

type AskProps = {
  open: boolean;
  close: () => void;
  title: string;
  verb: string;
  danger?: boolean;
  /** must be typed before the button works: for what cannot be undone */
  name?: string;
  /** asks for a text with this label; `act` gets it */
  reason?: string;
  act: (reason: string) => Promise<unknown>;
  children?: ReactNode;
};

export function Ask({ open, close, title, verb, danger = false, name, reason, act, children }: AskProps) {
  const [typed, setTyped] = useState("");
  const [text, setText] = useState("");
  // A mutation like any other: what the page shows is asked for again afterwards.
  const doing = useMutation({ mutationFn: act, onSuccess: close });
  const { reset } = doing;
  useEffect(() => {
    if (open) {
      setTyped("");
      setText("");
      reset();
    }
  }, [open, reset]);
  const ready = (name === undefined || typed === name) && (reason === undefined || text.trim() !== "");
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (ready && !doing.isPending) doing.mutate(text.trim());
  };
  return (
    <Dialog open={open} close={close} title={title}>
      <form className="stack" onSubmit={submit}>
        {children}
        {reason !== undefined && (
          <Field label={reason}>
            {(a) => (
              <textarea
                {...a}
                value={text}
                autoFocus
                maxLength={2000}
                onChange={(e) => setText(e.target.value)}
              />
            )}
          </Field>
        )}
        {name !== undefined && (
          <Field label={`Type ${name} to confirm`}>
            {(a) => (
              <input
                {...a}
                value={typed}
                autoFocus
                autoComplete="off"
                onChange={(e) => setTyped(e.target.value)}
              />
            )}
          </Field>
        )}
        <Problem of={doing.error} />
        <div className="row">
          <Button
            type="submit"
            look={danger ? "bad solid" : "primary"}
            busy={doing.isPending}
            disabled={!ready}
          >
            {verb}
          </Button>
          <Button onClick={close}>Cancel</Button>
        </div>
      </form>
    </Dialog>
  );
}
