import type { Analysis, Changes, Use } from "../api/types.ts";
import { changesOf, type Marked, marked, namesIn } from "../lib/capabilities.ts";
import { SEVERITY } from "../lib/constants.ts";
import { Badge, Facts } from "./ui.tsx";
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

const MARKS = { new: "mono plus", kept: "mono", gone: "mono minus" } as const;

function Name({ one }: { one: Marked }) {
  return (
    <span className={`${MARKS[one.change]} wrap`}>
      {one.change === "new" && "+ "}
      {one.change === "gone" && <span className="sr-only">no more: </span>}
      <VisibleText>{one.name}</VisibleText>
    </span>
  );
}

const USES: [Use["use"], string][] = [
  ["host", "Names hosts"],
  ["secret", "Uses secrets"],
  ["module", "Imports"],
  ["output", "Gives also"],
];

/** What the code names, with what is new against what was approved. */
export function CodeUses({ analysis, changes }: { analysis: Analysis | null; changes: Changes<Use> | null }) {
  return (
    <Facts
      of={USES.map(([use, label]) => {
        const names = marked(namesIn(analysis, use), changesOf(use, changes));
        if (names.length === 0) return [label, <span className="soft">nothing</span>];
        return [
          label,
          <span className="row">
            {names.map((one) => (
              <Name one={one} key={`${one.change} ${one.name}`} />
            ))}
          </span>,
        ];
      })}
    />
  );
}

/** What an approval lets the tool reach, a line each, with what is new against the last one. */
export function Reach({ now, changes }: { now: string[]; changes: Changes<string> | null }) {
  const lines = marked(now, changes);
  if (lines.length === 0) return <p>Nothing but its arguments: no network, no secret, no further module.</p>;
  return (
    <ul className="reach">
      {lines.map((one) => (
        <li key={`${one.change} ${one.name}`}>
          <Name one={one} />
        </li>
      ))}
    </ul>
  );
}
