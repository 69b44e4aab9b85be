// The part after # as state: which tab is open.
import { useLocation, useNavigate } from "@tanstack/react-router";

export function useHash<Name extends string>(
  names: readonly Name[],
  first: Name,
): [Name, (name: Name) => void] {
  const { hash } = useLocation();
  const navigate = useNavigate();
  const now = names.find((name) => name === hash) ?? first;
  return [now, (name) => void navigate({ to: ".", hash: name, replace: true })];
}
