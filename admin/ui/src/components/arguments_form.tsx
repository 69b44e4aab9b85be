// Arguments for a draft run: a form made of the tool's input schema.
import { type FormEvent, useMemo, useState } from "react";

import type { JsonObject } from "../api/types.ts";
import { argumentsFrom, type Field as SchemaField, fieldsOf } from "../lib/schema.ts";
import { Button, Field } from "./ui.tsx";

type InputProps = { field: SchemaField; value: string; set: (value: string) => void; attributes: object };

function Input({ field, value, set, attributes }: InputProps) {
  switch (field.type) {
    case "boolean":
    case "choice": {
      const choices = field.type === "boolean" ? [true, false] : field.choices;
      return (
        <select {...attributes} value={value} onChange={(e) => set(e.target.value)}>
          <option value="">{field.required ? "Choose…" : "(left out)"}</option>
          {choices.map((choice) => (
            <option key={JSON.stringify(choice)} value={JSON.stringify(choice)}>
              {String(choice)}
            </option>
          ))}
        </select>
      );
    }
    case "json":
    case "long-text":
      return (
        <textarea
          {...attributes}
          className={field.type === "json" ? "mono" : ""}
          value={value}
          onChange={(e) => set(e.target.value)}
        />
      );
    default:
      return (
        <input
          {...attributes}
          inputMode={field.type === "text" ? "text" : "decimal"}
          value={value}
          onChange={(e) => set(e.target.value)}
        />
      );
  }
}

type Props = { schema: JsonObject | null; run: (args: JsonObject) => void; busy: boolean };

export function ArgumentsForm({ schema, run, busy }: Props) {
  const fields = useMemo(() => fieldsOf(schema), [schema]);
  const [typed, setTyped] = useState<Record<string, string>>({});
  const [problems, setProblems] = useState<Record<string, string>>({});
  const submit = (event: FormEvent) => {
    event.preventDefault();
    const filled = argumentsFrom(fields, typed);
    setProblems(filled.problems);
    if (Object.keys(filled.problems).length === 0) run(filled.arguments);
  };
  return (
    <form className="stack" onSubmit={submit}>
      {fields.length === 0 && <p className="soft">It takes no arguments.</p>}
      {fields.map((field) => (
        <Field
          key={field.name}
          label={field.required ? field.title : `${field.title} (optional)`}
          hint={field.description || (field.type === "json" ? "JSON" : undefined)}
          problem={problems[field.name]}
        >
          {(attributes) => (
            <Input
              field={field}
              attributes={attributes}
              value={typed[field.name] ?? field.initial}
              set={(value) => setTyped((all) => ({ ...all, [field.name]: value }))}
            />
          )}
        </Field>
      ))}
      <div>
        <Button type="submit" look="primary" busy={busy}>
          Run the draft
        </Button>
      </div>
    </form>
  );
}
