// The first look around, after the setup: how careful MCPbox is, which client, and what then.
import { useMutation, useQuery } from "@tanstack/react-query";
import { useState } from "react";

import { settings } from "../api/endpoints.ts";
import type { SettingValues } from "../api/types.ts";
import { ConnectSteps } from "../components/connect_steps.tsx";
import { ProfileLines, settingsQuery, titleOf } from "../components/policy_settings.tsx";
import { Badge, Button, Loaded, Problem } from "../components/ui.tsx";
import { useTitle } from "../hooks/use_title.ts";
import { setNew } from "../lib/welcome.ts";

const RECOMMENDED = "strict";

function ChooseProfile({ of, next }: { of: SettingValues; next: () => void }) {
  const [chosen, setChosen] = useState(of.profile ?? RECOMMENDED);
  const save = useMutation({ mutationFn: () => settings.applyProfile(chosen), onSuccess: next });
  return (
    <>
      <fieldset className="grid choices">
        <legend className="sr-only">Profile</legend>
        {of.profiles.map((one) => (
          <label key={one.name} className="choice" data-chosen={chosen === one.name}>
            <span className="row between">
              <span className="row">
                <input
                  type="radio"
                  name="profile"
                  value={one.name}
                  checked={chosen === one.name}
                  onChange={() => setChosen(one.name)}
                />
                <b>{titleOf(one.name)}</b>
              </span>
              {one.name === RECOMMENDED && <Badge tone="good">Recommended</Badge>}
            </span>
            <ProfileLines profile={one} />
          </label>
        ))}
      </fieldset>
      <Problem of={save.error} />
      <div className="row">
        <Button look="primary" busy={save.isPending} onClick={() => save.mutate()}>
          Continue
        </Button>
        <Button look="plain" onClick={next}>
          Decide later
        </Button>
      </div>
    </>
  );
}

export default function Onboarding({ done }: { done: () => void }) {
  useTitle("Welcome");
  const [step, setStep] = useState(1);
  const policy = useQuery(settingsQuery);
  const leave = () => {
    setNew(false);
    done();
  };
  return (
    <div className="gate">
      <main className="wide">
        <div className="card">
          <p className="soft small">Step {step} of 2</p>
          {step === 1 ? (
            <>
              <h1>How careful should MCPbox be?</h1>
              <p className="soft">You can change this at any time, as a whole or setting by setting.</p>
              <Loaded query={policy} height={320}>
                {(data) => <ChooseProfile of={data} next={() => setStep(2)} />}
              </Loaded>
            </>
          ) : (
            <>
              <h1>Connect a client, make a tool</h1>
              <ConnectSteps />
              <div className="row">
                <Button look="primary" onClick={leave}>
                  To the dashboard
                </Button>
                <Button look="plain" onClick={() => setStep(1)}>
                  Back
                </Button>
              </div>
            </>
          )}
        </div>
      </main>
    </div>
  );
}
