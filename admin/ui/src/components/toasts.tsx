// Short messages at the edge of the page, with an undo where there is one.
import { createContext, type ReactNode, useCallback, useContext, useMemo, useRef, useState } from "react";

type Toast = { id: number; text: string; undo?: (() => void) | undefined };
type Show = (text: string, undo?: () => void) => void;

const Context = createContext<Show>(() => undefined);
export const useToast = (): Show => useContext(Context);

const STAYS_MS = 6000;

export function Toasts({ children }: { children: ReactNode }) {
  const [shown, setShown] = useState<Toast[]>([]);
  const next = useRef(1);
  const hide = useCallback((id: number) => setShown((all) => all.filter((one) => one.id !== id)), []);
  const show = useCallback<Show>(
    (text, undo) => {
      const id = next.current++;
      setShown((all) => [...all.slice(-2), { id, text, undo }]);
      setTimeout(() => hide(id), STAYS_MS);
    },
    [hide],
  );
  const list = useMemo(
    () => (
      <div className="toasts" role="status" aria-live="polite">
        {shown.map((one) => (
          <div className="toast" key={one.id}>
            <span>{one.text}</span>
            {one.undo && (
              <button
                type="button"
                onClick={() => {
                  hide(one.id);
                  one.undo?.();
                }}
              >
                Undo
              </button>
            )}
          </div>
        ))}
      </div>
    ),
    [shown, hide],
  );
  return (
    <Context.Provider value={show}>
      {children}
      {list}
    </Context.Provider>
  );
}
