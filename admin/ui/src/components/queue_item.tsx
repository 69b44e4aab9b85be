import { TYPE_LABEL, type Waiting } from "../lib/queue.ts";
import { Time } from "./ui.tsx";

type ItemProps = {
  one: Waiting;
  selected: boolean;
  checked: boolean;
  select: () => void;
  check: (on: boolean) => void;
};

/** One of what waits, in the list beside what is shown of it. */
export function QueueItem({ one, selected, checked, select, check }: ItemProps) {
  return (
    <li className="queue-item" data-selected={selected}>
      <input
        type="checkbox"
        aria-label={`Mark ${one.title}`}
        checked={checked}
        onChange={(e) => check(e.target.checked)}
      />
      <button type="button" onClick={select} aria-current={selected ? "true" : undefined}>
        <span className="mono">{one.title}</span>
        <span className="soft small">
          {TYPE_LABEL[one.type]} by {one.by ?? "unknown"}, <Time at={one.since} />
        </span>
      </button>
    </li>
  );
}
