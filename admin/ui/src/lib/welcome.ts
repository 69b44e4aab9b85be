// Whether this browser has just set the installation up, and has not been shown around yet.
const KEY = "mcpbox-welcome";

export function isNew(): boolean {
  try {
    return localStorage.getItem(KEY) !== null;
  } catch {
    return false;
  }
}

export function setNew(on: boolean): void {
  try {
    if (on) localStorage.setItem(KEY, "1");
    else localStorage.removeItem(KEY);
  } catch {
    // private windows may refuse: then there is no tour
  }
}
