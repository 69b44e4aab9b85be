// Every address of the page.  Pages are loaded when they are first opened.
import { createRootRoute, createRoute, createRouter, lazyRouteComponent } from "@tanstack/react-router";

import { basePath } from "./api/client.ts";
import { Shell } from "./components/shell.tsx";
import { Dashboard } from "./pages/dashboard.tsx";
import { NotFound } from "./pages/not_found.tsx";

const root = createRootRoute({ component: Shell, notFoundComponent: NotFound });
const page = <Path extends string>(
  path: Path,
  component: ReturnType<typeof lazyRouteComponent> | typeof Dashboard,
) => createRoute({ getParentRoute: () => root, path, component });

const tree = root.addChildren([
  page("/", Dashboard),
  page(
    "/servers",
    lazyRouteComponent(() => import("./pages/servers.tsx"), "Servers"),
  ),
  page(
    "/servers/$serverId",
    lazyRouteComponent(() => import("./pages/server.tsx"), "ServerPage"),
  ),
  page(
    "/servers/$serverId/new",
    lazyRouteComponent(() => import("./pages/new_tool.tsx"), "NewTool"),
  ),
  page(
    "/tools/$toolId",
    lazyRouteComponent(() => import("./pages/tool.tsx"), "ToolPage"),
  ),
  page(
    "/approvals",
    lazyRouteComponent(() => import("./pages/approvals.tsx"), "Approvals"),
  ),
  page(
    "/executions",
    lazyRouteComponent(() => import("./pages/executions.tsx"), "Executions"),
  ),
  page(
    "/executions/$callId",
    lazyRouteComponent(() => import("./pages/execution.tsx"), "ExecutionPage"),
  ),
  page(
    "/activity",
    lazyRouteComponent(() => import("./pages/activity.tsx"), "ActivityPage"),
  ),
  page(
    "/audit",
    lazyRouteComponent(() => import("./pages/audit.tsx"), "Audit"),
  ),
  page(
    "/settings",
    lazyRouteComponent(() => import("./pages/settings.tsx"), "Settings"),
  ),
  page(
    "/remote",
    lazyRouteComponent(() => import("./pages/remote.tsx"), "RemotePage"),
  ),
  page(
    "/connect",
    lazyRouteComponent(() => import("./pages/connect.tsx"), "Connect"),
  ),
]);

export const makeRouter = () =>
  createRouter({ routeTree: tree, basepath: basePath(), defaultPreload: "intent", scrollRestoration: true });

declare module "@tanstack/react-router" {
  interface Register {
    router: ReturnType<typeof makeRouter>;
  }
}
