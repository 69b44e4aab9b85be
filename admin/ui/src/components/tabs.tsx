import { useEffect, useRef } from "react";

interface Props<Name extends string> {
  about: string; // what the tabs are of, for who hears the page
  names: readonly Name[];
  labels: Record<Name, string>;
  open: Name;
  onOpen: (name: Name) => void;
}

/** A row of tabs; what the open one shows is the caller's. */
export function Tabs<Name extends string>({ about, names, labels, open, onOpen }: Props<Name>) {
  const row = useRef<HTMLDivElement>(null);
  // In a narrow window the row is longer than the window: the open one is among those that are seen.
  useEffect(() => {
    const tab = row.current?.querySelector<HTMLElement>('[aria-selected="true"]');
    if (row.current && tab) row.current.scrollLeft = tab.offsetLeft - row.current.clientWidth / 3;
  }, [open]);
  return (
    <div className="tabs" role="tablist" aria-label={about} ref={row}>
      {names.map((name) => (
        <button
          key={name}
          type="button"
          role="tab"
          aria-selected={open === name}
          onClick={() => onOpen(name)}
        >
          {labels[name]}
        </button>
      ))}
    </div>
  );
}
