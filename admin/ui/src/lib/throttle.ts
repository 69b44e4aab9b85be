/** Does `act` at once, and once more after a rest when it was called during that. */
export function throttled(act: () => void, restMs: number): { call: () => void; cancel: () => void } {
  let timer: ReturnType<typeof setTimeout> | undefined;
  let again = false;
  const rest = () => {
    timer = undefined;
    if (!again) return;
    again = false;
    call();
  };
  const call = () => {
    again = timer !== undefined;
    if (timer !== undefined) return;
    act();
    timer = setTimeout(rest, restMs);
  };
  return { call, cancel: () => clearTimeout(timer) };
}
