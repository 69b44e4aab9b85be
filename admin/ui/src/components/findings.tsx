import type { Analysis, Capabilities } from "../api/types.ts";
import { changesOf } from "../lib/capabilities.ts";
import { SEVERITY } from "../lib/constants.ts";
import { Badge } from "./ui.tsx";
import { VisibleText } from "./visible_text.tsx";

export function Findings({ analysis }: { analysis: Analysis | null }) {
  if (!analysis) return <p className="soft">The check could not be made.</p>;
  if (analysis.findings.length === 0)
    return <p className="soft">The check found nothing to point at. It is an aid, not a wall.</p>;
  return (
    <ul className="stack">
      {analysis.findings.map((finding, index) => (
        <li key={index} className="row">
          <Badge tone={SEVERITY[finding.severity] ?? "neutral"}>
            {finding.line > 0 ? `Line ${finding.line}` : finding.severity}
          </Badge>
          <span className="grow wrap">
            <VisibleText>{finding.text}</VisibleText>
            {finding.advice && (
              <span className="soft">
                {". "}
                <VisibleText>{finding.advice}</VisibleText>
              </span>
            )}
          </span>
        </li>
      ))}
    </ul>
  );
}

const NAMES: [keyof Capabilities, string][] = [
  ["hosts", "Names hosts"],
  ["secrets", "Uses secrets"],
  ["modules", "Imports"],
];
const MARKS = { new: "mono plus", kept: "mono", gone: "mono minus" } as const;

/** What the code reaches for, with what is new against what was approved. */
export function CapabilityDiff({ now, before }: { now: Capabilities; before: Capabilities | null }) {
  return (
    <dl className="facts">
      {NAMES.map(([name, label]) => {
        const changes = changesOf(now[name], before?.[name] ?? null);
        return (
          <div key={name} style={{ display: "contents" }}>
            <dt>{label}</dt>
            <dd className="row">
              {changes.length === 0 && <span className="soft">nothing</span>}
              {changes.map((one) => (
                <span key={one.name} className={MARKS[one.change]}>
                  {one.change === "new" && "+ "}
                  {one.change === "gone" && <span className="sr-only">no more: </span>}
                  <VisibleText>{one.name}</VisibleText>
                </span>
              ))}
            </dd>
          </div>
        );
      })}
    </dl>
  );
}
