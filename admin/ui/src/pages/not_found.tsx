import { Link } from "@tanstack/react-router";

import { Empty } from "../components/ui.tsx";
import { useTitle } from "../hooks/use_title.ts";

export function NotFound() {
  useTitle("Not found");
  return (
    <div className="card">
      <h1 className="sr-only">Not found</h1>
      <Empty title="There is no such page" action={<Link to="/">To the dashboard</Link>}>
        The address may be mistyped, or what it showed was deleted.
      </Empty>
    </div>
  );
}
