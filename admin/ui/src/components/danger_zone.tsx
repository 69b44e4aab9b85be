// What cannot be undone, apart from everything else: its own frame, its own question, and the name typed in full.
import { type ReactNode, useState } from "react";

import { Ask } from "./dialog.tsx";
import { Button } from "./ui.tsx";

type DangerZoneProps = {
  /** what is deleted, in full: it must be typed */
  name: string;
  kind: "server" | "tool";
  /** what goes with it */
  children: ReactNode;
  act: () => Promise<unknown>;
};

export function DangerZone({ name, kind, children, act }: DangerZoneProps) {
  const [asking, setAsking] = useState(false);
  return (
    <section className="card danger">
      <h2>Danger zone</h2>
      <div className="row between">
        <p className="grow">{children}</p>
        <Button look="bad" onClick={() => setAsking(true)}>
          Delete this {kind}
        </Button>
      </div>
      <Ask
        open={asking}
        close={() => setAsking(false)}
        title={`Delete ${name}?`}
        verb="Delete for good"
        danger
        name={name}
        act={act}
      >
        <p>{children}</p>
      </Ask>
    </section>
  );
}
