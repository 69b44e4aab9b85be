import { useMutation, useQuery } from "@tanstack/react-query";
import { Link, useNavigate, useParams } from "@tanstack/react-router";
import { type FormEvent, useState } from "react";

import { servers, tools } from "../api/endpoints.ts";
import { CodeEditor } from "../components/code.tsx";
import { Button, Field, PageHead, Problem } from "../components/ui.tsx";
import { useTitle } from "../hooks/use_title.ts";
import { CODE_MOST, NAME_HINT, NAME_RULE } from "../lib/constants.ts";

const BEGINNING = `async def main(name: str) -> str:
    """Says hello."""
    return f"Hello, {name}!"
`;

export function NewTool() {
  useTitle("New tool");
  const { serverId } = useParams({ strict: false }) as { serverId: string };
  const navigate = useNavigate();
  const server = useQuery({ queryKey: ["servers", serverId], queryFn: () => servers.get(serverId) });
  const [name, setName] = useState("");
  const [description, setDescription] = useState("");
  const [code, setCode] = useState(BEGINNING);
  const create = useMutation({
    mutationFn: () => tools.create(serverId, { name, description, python_code: code }),
    onSuccess: (tool) => navigate({ to: "/tools/$toolId", params: { toolId: tool.id } }),
  });
  const wrong = name !== "" && !NAME_RULE.test(name);
  const long = code.length > CODE_MOST;
  const submit = (event: FormEvent) => {
    event.preventDefault();
    create.mutate();
  };
  return (
    <>
      <PageHead
        title="New tool"
        crumbs={
          <Link to="/servers/$serverId" params={{ serverId }} hash="tools">
            {server.data?.name ?? "Server"}
          </Link>
        }
        lead="It begins as a draft: try it, then ask for its review, like any author."
      />
      <form className="card" onSubmit={submit}>
        <div>
          <Field
            label="Name"
            hint={NAME_HINT}
            problem={wrong ? "This name does not follow the rule" : undefined}
          >
            {(a) => (
              <input
                {...a}
                className="mono"
                autoComplete="off"
                value={name}
                onChange={(e) => setName(e.target.value)}
              />
            )}
          </Field>
        </div>
        <Field
          label="Description"
          hint="Clients and their language models read it to decide when to call the tool."
        >
          {(a) => (
            <textarea
              {...a}
              maxLength={2000}
              value={description}
              onChange={(e) => setDescription(e.target.value)}
            />
          )}
        </Field>
        <div className="field">
          <span className="label">Python code</span>
          <CodeEditor code={code} label="Python code" changed={setCode} />
          <span className={long ? "problem" : "hint"}>
            {code.length} of {CODE_MOST} characters
          </span>
        </div>
        <Problem of={create.error} />
        <div>
          <Button
            type="submit"
            look="primary"
            busy={create.isPending}
            disabled={!name || wrong || long || !code.trim()}
          >
            Create the draft
          </Button>
        </div>
      </form>
    </>
  );
}
