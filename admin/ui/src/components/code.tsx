// Code in a page: shown, edited, or compared.
import { useEffect, useRef, useState } from "react";

import type { Shown } from "./editor.ts";

type Editor = typeof import("./editor.ts");
const SIDE_BY_SIDE_PX = 900;

/** A shadow root in which `mount` puts an editor, anew whenever `key` changes. */
function useEditor(mount: (editor: Editor, root: ShadowRoot, width: number) => Shown, key: string) {
  const host = useRef<HTMLDivElement>(null);
  const latest = useRef(mount);
  latest.current = mount;
  useEffect(() => {
    let shown: Shown | undefined;
    let gone = false;
    void import("./editor.ts").then((editor) => {
      const element = host.current;
      if (gone || !element) return;
      const root = element.shadowRoot ?? element.attachShadow({ mode: "open" });
      shown = latest.current(editor, root, element.clientWidth);
    });
    return () => {
      gone = true;
      shown?.destroy();
    };
  }, [key]);
  return host;
}

/** Room for so many lines is kept before the editor is there, so that nothing jumps. */
const room = (lines: number) => ({ minHeight: Math.min(lines, 40) * 21 + 10 });
const linesOf = (code: string) => code.split("\n").length;

export function CodeView({ code, label }: { code: string; label: string }) {
  const host = useEditor((editor, root) => editor.showCode(root, code, label), code);
  return <div className="code" ref={host} style={room(linesOf(code))} />;
}

export function CodeEditor({
  code,
  label,
  changed,
}: {
  code: string;
  label: string;
  changed: (code: string) => void;
}) {
  const [first] = useState(code);
  const latest = useRef(changed);
  latest.current = changed;
  const host = useEditor(
    (editor, root) => editor.editCode(root, first, label, (now) => latest.current(now)),
    first,
  );
  return <div className="code" ref={host} style={room(Math.max(linesOf(first), 12))} />;
}

export function CodeDiff({ before, after, label }: { before: string; after: string; label: string }) {
  const host = useEditor(
    (editor, root, width) => editor.showDiff(root, before, after, label, width >= SIDE_BY_SIDE_PX),
    `${before}\u0000${after}`,
  );
  return <div className="code" ref={host} style={room(12)} />;
}
