import { ConnectSteps } from "../components/connect_steps.tsx";
import { PageHead } from "../components/ui.tsx";
import { useTitle } from "../hooks/use_title.ts";

export function Connect() {
  useTitle("Connect a client");
  return (
    <>
      <PageHead title="Connect a client" lead="From nothing to a first tool, in three steps." />
      <div className="card">
        <ConnectSteps />
      </div>
    </>
  );
}
