import { useQuery } from "@tanstack/react-query";

import { system } from "../api/endpoints.ts";
import { Admins, Sessions } from "../components/account_settings.tsx";
import { ModuleSettings } from "../components/module_settings.tsx";
import { PolicySettings } from "../components/policy_settings.tsx";
import { Tabs } from "../components/tabs.tsx";
import { Facts, Loaded, PageHead } from "../components/ui.tsx";
import { useHash } from "../hooks/use_hash.ts";
import { useTitle } from "../hooks/use_title.ts";

const TABS = ["security", "modules", "admins", "sessions", "about"] as const;
const LABELS: Record<(typeof TABS)[number], string> = {
  security: "Security",
  modules: "Modules",
  admins: "Administrators",
  sessions: "Sessions",
  about: "About",
};

function About() {
  const status = useQuery({ queryKey: ["status"], queryFn: system.status });
  return (
    <Loaded query={status}>
      {(s) => (
        <div className="card">
          <Facts
            of={[
              ["Version", s.version],
              ["Database", s.database],
              ["Listens on", [...s.listeners, ...s.admin_listeners].join(", ")],
              ["Own attack", s.self_attack],
              ["License", "ISC"],
              [
                "The interface",
                <a key="a" href="api/docs">
                  its documentation
                </a>,
              ],
            ]}
          />
        </div>
      )}
    </Loaded>
  );
}

export function Settings() {
  useTitle("Settings");
  const [tab, setTab] = useHash(TABS, "security");
  return (
    <>
      <PageHead title="Settings" />
      <Tabs about="Settings" names={TABS} labels={LABELS} open={tab} onOpen={setTab} />
      {tab === "security" && <PolicySettings />}
      {tab === "modules" && <ModuleSettings />}
      {tab === "admins" && <Admins />}
      {tab === "sessions" && <Sessions />}
      {tab === "about" && <About />}
    </>
  );
}
