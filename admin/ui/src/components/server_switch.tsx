import { useMutation } from "@tanstack/react-query";

import { servers } from "../api/endpoints.ts";
import type { ServerStatus } from "../api/types.ts";
import { useToast } from "./toasts.tsx";
import { Button, problemText } from "./ui.tsx";

/** Starts or stops a server; stopping can be undone from the message that follows. */
export function ServerSwitch({ id, status }: { id: string; status: ServerStatus }) {
  const toast = useToast();
  const running = status === "running";
  const change = useMutation({
    mutationFn: (start: boolean) => (start ? servers.start(id) : servers.stop(id)),
    onSuccess: (_, start) =>
      start
        ? toast("The server runs: its approved tools can be called.")
        : toast("The server is stopped.", () => change.mutate(true)),
    onError: (problem) => toast(problemText(problem)),
  });
  return (
    <Button busy={change.isPending} onClick={() => change.mutate(!running)}>
      {running ? "Stop" : "Start"}
    </Button>
  );
}
