// The settings that count while MCPbox runs; what each means comes from the table that enforces them.
import { useMutation, useQuery } from "@tanstack/react-query";
import { useState } from "react";

import { settings } from "../api/endpoints.ts";
import type { Profile, SettingField, SettingValues } from "../api/types.ts";
import { wordsOf } from "../lib/format.ts";
import { Ask } from "./dialog.tsx";
import { useToast } from "./toasts.tsx";
import { Badge, Button, Field, Loaded, Note, problemText } from "./ui.tsx";

/** What a profile sets, line by line. */
export function ProfileLines({ profile }: { profile: Profile }) {
  return (
    <>
      <span className="small">{profile.description}</span>
      <span className="small soft">
        {Object.entries(profile.values)
          .map(([key, value]) => `${wordsOf(key)}: ${wordsOf(value).toLowerCase()}`)
          .join(". ")}
        .
      </span>
    </>
  );
}

export const titleOf = (profile: string): string => profile.charAt(0).toUpperCase() + profile.slice(1);

function Choice({ field }: { field: SettingField }) {
  const toast = useToast();
  const [asking, setAsking] = useState<string | null>(null);
  const save = useMutation({
    mutationFn: (value: string) => settings.change({ [field.key]: value }),
    onSuccess: (_, value) =>
      toast(`${wordsOf(field.key)}: ${wordsOf(value).toLowerCase()}.`, () => save.mutate(field.value)),
    onError: (problem) => toast(problemText(problem)),
  });
  // Where decisions are taken cannot be taken back from here, and what is weaker is said before it is so.
  const choose = (value: string) => {
    const weaker = field.values.find((one) => one.value === value)?.weaker;
    if (weaker || value === "ctl") setAsking(value);
    else save.mutate(value);
  };
  return (
    <>
      <Field label={wordsOf(field.key)} hint={field.description}>
        {(a) => (
          <span className="row">
            <select
              {...a}
              className="search"
              value={field.value}
              disabled={save.isPending}
              onChange={(e) => choose(e.target.value)}
            >
              {field.values.map((one) => (
                <option key={one.value} value={one.value}>
                  {one.value === "ui+ctl"
                    ? "Here and with mcpboxctl"
                    : one.value === "ctl"
                      ? "With mcpboxctl only"
                      : wordsOf(one.value)}
                </option>
              ))}
            </select>
            {field.weaker && <Badge tone="warn">Weaker than the default</Badge>}
          </span>
        )}
      </Field>
      <Ask
        open={asking !== null}
        close={() => setAsking(null)}
        title={`${wordsOf(field.key)}: ${wordsOf(asking ?? "").toLowerCase()}?`}
        verb="Change it"
        danger
        act={() => (asking ? save.mutateAsync(asking) : Promise.resolve())}
      >
        <Note tone="warn">
          {asking === "ctl"
            ? "From then on nothing can be approved or changed here, not even this: only mcpboxctl on the machine decides."
            : `What you give up: ${field.weaker_words ?? "a check"}.`}
        </Note>
      </Ask>
    </>
  );
}

function Figure({ field }: { field: SettingField }) {
  const toast = useToast();
  const [value, setValue] = useState(field.value);
  const save = useMutation({
    mutationFn: () => settings.change({ [field.key]: Number(value) }),
    onSuccess: () => toast("Saved."),
    onError: (problem) => toast(problemText(problem)),
  });
  const figure = Number(value);
  const wrong = !Number.isInteger(figure) || figure < field.minimum || figure > field.maximum;
  return (
    <Field
      label={wordsOf(field.key)}
      hint={field.description}
      problem={wrong ? `A whole number from ${field.minimum} to ${field.maximum}` : undefined}
    >
      {(a) => (
        <span className="row">
          <input
            {...a}
            className="search"
            inputMode="numeric"
            value={value}
            onChange={(e) => setValue(e.target.value)}
          />
          <Button
            disabled={wrong || value === field.value}
            busy={save.isPending}
            onClick={() => save.mutate()}
          >
            Save
          </Button>
        </span>
      )}
    </Field>
  );
}

export const settingsQuery = { queryKey: ["settings"], queryFn: settings.all };

function Profiles({ data, choose }: { data: SettingValues; choose: (profile: Profile) => void }) {
  return (
    <section className="card">
      <div className="row between">
        <h2>Profile</h2>
        <Badge tone="info">{data.profile ? titleOf(data.profile) : "Your own mix"}</Badge>
      </div>
      <div className="grid">
        {data.profiles.map((one) => (
          <button
            type="button"
            className="choice"
            key={one.name}
            aria-pressed={data.profile === one.name}
            onClick={() => choose(one)}
          >
            <b>{titleOf(one.name)}</b>
            <ProfileLines profile={one} />
          </button>
        ))}
      </div>
    </section>
  );
}

export function PolicySettings() {
  const policy = useQuery(settingsQuery);
  const [wanted, setWanted] = useState<Profile | null>(null);
  return (
    <Loaded query={policy} height={1100}>
      {(data) => (
        <>
          <Profiles data={data} choose={setWanted} />
          <section className="card">
            <h2>Setting by setting</h2>
            {data.fields.map((field) =>
              field.values.length > 0 ? (
                <Choice key={field.key} field={field} />
              ) : (
                <Figure key={field.key + field.value} field={field} />
              ),
            )}
          </section>
          <Ask
            open={wanted !== null}
            close={() => setWanted(null)}
            title={`Use the profile ${titleOf(wanted?.name ?? "")}?`}
            verb="Use it"
            act={() => (wanted ? settings.applyProfile(wanted.name) : Promise.resolve())}
          >
            {wanted && <ProfileLines profile={wanted} />}
            <Note>These settings become the profile’s; the others stay as they are.</Note>
          </Ask>
        </>
      )}
    </Loaded>
  );
}
