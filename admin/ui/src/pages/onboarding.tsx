// The first look around, after the setup: which client, and what then.
import { ConnectSteps } from "../components/connect_steps.tsx";
import { Button } from "../components/ui.tsx";
import { useTitle } from "../hooks/use_title.ts";
import { setNew } from "../lib/welcome.ts";

export default function Onboarding({ done }: { done: () => void }) {
  useTitle("Welcome");
  return (
    <div className="gate">
      <main className="wide">
        <div className="card">
          <h1>Connect a client, make a tool</h1>
          <ConnectSteps />
          <div className="row">
            <Button
              look="primary"
              onClick={() => {
                setNew(false);
                done();
              }}
            >
              To the dashboard
            </Button>
          </div>
        </div>
      </main>
    </div>
  );
}
