// Text from outside: what hides in it is shown, and what pretends is pointed out.
import { suspicions, visible } from "../lib/visible.ts";

export function VisibleText({ children }: { children: string }) {
  const found = suspicions(children);
  if (found.length === 0) return <>{children}</>;
  const parts = [];
  let from = 0;
  for (const one of found) {
    parts.push(children.slice(from, one.at));
    parts.push(
      <mark key={one.at} className="badge bad" title={one.says}>
        {one.kind === "hidden" ? visible(one.character) : one.character}
      </mark>,
    );
    from = one.at + one.length;
  }
  parts.push(children.slice(from));
  return <>{parts}</>;
}

/** What an author says for itself, set apart from what MCPbox knows. */
export function Untrusted({ children }: { children: string }) {
  return (
    <div className="untrusted">
      <b>What the author says. Nobody has checked it.</b>
      <p>
        <VisibleText>{children}</VisibleText>
      </p>
    </div>
  );
}
