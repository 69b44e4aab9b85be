// What an approval of a tool binds: its code, and what clients are told of it.
import type { Approved, Content } from "../api/types.ts";
import { KIND } from "../lib/constants.ts";
import { pretty, timeLimit } from "../lib/format.ts";
import { parsed } from "../lib/schema.ts";
import { CodeDiff, CodeView } from "./code.tsx";
import { VisibleText } from "./visible_text.tsx";

type Field = { label: string; text: (of: Content) => string };

const readable = (json: string): string => {
  const value = json === "" ? null : parsed(json);
  return value ? pretty(value) : json;
};

/** Everything but name, description and code, which have places of their own. */
const FIELDS: Field[] = [
  { label: "Kind", text: (of) => KIND[of.kind] },
  { label: "URI", text: (of) => of.uri_template },
  { label: "Time limit", text: (of) => timeLimit(of.timeout_ms) },
  { label: "Arguments, as clients are told them", text: (of) => readable(of.input_schema) },
  { label: "What clients are promised to get", text: (of) => readable(of.output_schema) },
  { label: "Annotations: told to clients, checked by nobody", text: (of) => readable(of.annotations) },
  { label: "Icons, which clients may fetch", text: (of) => readable(of.icons) },
  {
    label: "Arguments that also travel as HTTP headers, where proxies see them",
    text: (of) => readable(of.headers),
  },
];

function Text({ label, text, gone = false }: { label: string; text: string; gone?: boolean }) {
  return (
    <pre className={`plain ${gone ? "minus" : ""}`} tabIndex={0} aria-label={label}>
      {text ? <VisibleText>{text}</VisibleText> : "(empty)"}
    </pre>
  );
}

function Change({ label, before, after }: { label: string; before: string; after: string }) {
  if (before === after) return null;
  const isLong = before.includes("\n") && after.includes("\n");
  return (
    <div className="stack">
      <h3>{label}</h3>
      {isLong ? (
        <CodeDiff before={before} after={after} label={label} />
      ) : (
        <>
          <Text label={`${label}, before`} text={before} gone />
          <Text label={`${label}, now`} text={after} />
        </>
      )}
    </div>
  );
}

/** The code alone, or every difference from what was approved. */
export function ToolCode({ now, approved }: { now: Content; approved: Approved | null }) {
  if (!approved) return <CodeView code={now.python_code} label="Python code" />;
  return (
    <>
      <Change label="Name" before={approved.name} after={now.name} />
      <Change label="Description" before={approved.description} after={now.description} />
      {FIELDS.map(({ label, text }) => (
        <Change key={label} label={label} before={text(approved)} after={text(now)} />
      ))}
      {approved.python_code === now.python_code ? (
        <>
          <p className="soft">The code is the approved one, byte for byte.</p>
          <CodeView code={now.python_code} label="Python code" />
        </>
      ) : (
        <CodeDiff before={approved.python_code} after={now.python_code} label="Python code" />
      )}
    </>
  );
}

/** The rest of what an approval binds, for whoever wants to read every word of it. */
export function ToolFields({ of }: { of: Content }) {
  return (
    <details>
      <summary>What clients are told of it, word for word</summary>
      <div className="stack">
        {FIELDS.map(({ label, text }) => ({ label, text: text(of) }))
          .filter(({ text }) => text !== "")
          .map(({ label, text }) => (
            <div key={label}>
              <h3>{label}</h3>
              <Text label={label} text={text} />
            </div>
          ))}
      </div>
    </details>
  );
}
