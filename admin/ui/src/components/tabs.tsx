interface Props<Name extends string> {
  about: string; // what the tabs are of, for who hears the page
  names: readonly Name[];
  labels: Record<Name, string>;
  open: Name;
  onOpen: (name: Name) => void;
}

/** A row of tabs; what the open one shows is the caller's. */
export function Tabs<Name extends string>({ about, names, labels, open, onOpen }: Props<Name>) {
  return (
    <div className="tabs" role="tablist" aria-label={about}>
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
