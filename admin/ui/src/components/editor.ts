// CodeMirror, loaded only where code is shown.  It lives in a shadow root, where its styles are adopted sheets: the
// content security policy allows no inline style.
import { defaultKeymap, history, historyKeymap, indentWithTab } from "@codemirror/commands";
import { python } from "@codemirror/lang-python";
import { bracketMatching, HighlightStyle, indentUnit, syntaxHighlighting } from "@codemirror/language";
import { MergeView, unifiedMergeView } from "@codemirror/merge";
import { EditorState, type Extension, RangeSetBuilder } from "@codemirror/state";
import {
  Decoration,
  type DecorationSet,
  drawSelection,
  EditorView,
  highlightActiveLine,
  keymap,
  lineNumbers,
  ViewPlugin,
  type ViewUpdate,
  WidgetType,
} from "@codemirror/view";
import { tags } from "@lezer/highlight";

import { suspicions, visible } from "../lib/visible.ts";

const look = EditorView.theme({
  "&": { fontSize: "13.5px", color: "var(--text)", backgroundColor: "var(--surface)" },
  ".cm-scroller": { fontFamily: "var(--mono)", lineHeight: "1.55" },
  ".cm-gutters": { backgroundColor: "var(--sunken)", color: "var(--soft)", border: "none" },
  ".cm-activeLine, .cm-activeLineGutter": { backgroundColor: "var(--accent-soft)" },
  ".cm-content": { caretColor: "var(--text)" },
  ".cm-cursor": { borderLeftColor: "var(--text)" },
  "&.cm-focused": { outline: "2px solid var(--accent)" },
  ".cm-hidden-character": {
    background: "var(--bad-soft)",
    color: "var(--bad)",
    borderRadius: "3px",
    fontWeight: "700",
  },
  ".cm-changedLine, &.cm-merge-b .cm-changedLine": { backgroundColor: "var(--good-soft)" },
  "&.cm-merge-a .cm-changedLine, .cm-deletedChunk": { backgroundColor: "var(--bad-soft)" },
  ".cm-changedText, &.cm-merge-b .cm-changedText": {
    background: "none",
    boxShadow: "inset 0 -2px var(--good)",
  },
  "&.cm-merge-a .cm-changedText, .cm-deletedChunk .cm-deletedText": {
    background: "none",
    boxShadow: "inset 0 -2px var(--bad)",
  },
  ".cm-collapsedLines": { background: "var(--sunken)", color: "var(--soft)", padding: "4px 12px" },
});

const colours = HighlightStyle.define([
  {
    tag: [tags.keyword, tags.operatorKeyword, tags.controlKeyword, tags.definitionKeyword],
    color: "var(--code-keyword)",
  },
  { tag: [tags.string, tags.special(tags.string)], color: "var(--code-string)" },
  { tag: [tags.number, tags.bool, tags.null], color: "var(--code-number)" },
  { tag: tags.comment, color: "var(--code-comment)" },
  {
    tag: [tags.function(tags.variableName), tags.className, tags.definition(tags.variableName)],
    color: "var(--code-name)",
  },
]);

class HiddenCharacter extends WidgetType {
  readonly text: string;
  constructor(text: string) {
    super();
    this.text = text;
  }
  override eq(other: HiddenCharacter) {
    return other.text === this.text;
  }
  toDOM() {
    const element = document.createElement("span");
    element.className = "cm-hidden-character";
    element.textContent = this.text;
    return element;
  }
}

function suspicious(view: EditorView): DecorationSet {
  const marks = new RangeSetBuilder<Decoration>();
  for (const { from, to } of view.visibleRanges)
    for (const one of suspicions(view.state.doc.sliceString(from, to))) {
      const decoration =
        one.kind === "hidden"
          ? Decoration.replace({ widget: new HiddenCharacter(visible(one.character)) })
          : Decoration.mark({ class: "cm-hidden-character", attributes: { title: one.says } });
      marks.add(from + one.at, from + one.at + one.length, decoration);
    }
  return marks.finish();
}

const showSuspicious = ViewPlugin.fromClass(
  class {
    decorations: DecorationSet;
    constructor(view: EditorView) {
      this.decorations = suspicious(view);
    }
    update(update: ViewUpdate) {
      if (update.docChanged || update.viewportChanged) this.decorations = suspicious(update.view);
    }
  },
  { decorations: (plugin) => plugin.decorations },
);

function common(label: string): Extension[] {
  return [
    lineNumbers(),
    python(),
    indentUnit.of("    "),
    syntaxHighlighting(colours),
    look,
    showSuspicious,
    EditorView.contentAttributes.of({ "aria-label": label, tabindex: "0" }),
  ];
}
const readOnly = [EditorState.readOnly.of(true), EditorView.editable.of(false)];

export type Shown = { destroy(): void };
type Root = ShadowRoot;

export function showCode(root: Root, code: string, label: string): Shown {
  return new EditorView({
    parent: root,
    root,
    state: EditorState.create({ doc: code, extensions: [common(label), readOnly] }),
  });
}

export function editCode(root: Root, code: string, label: string, changed: (code: string) => void): Shown {
  const extensions = [
    common(label),
    history(),
    drawSelection(),
    bracketMatching(),
    highlightActiveLine(),
    keymap.of([...defaultKeymap, ...historyKeymap, indentWithTab]),
    EditorView.updateListener.of((update) => {
      if (update.docChanged) changed(update.state.doc.toString());
    }),
  ];
  return new EditorView({ parent: root, root, state: EditorState.create({ doc: code, extensions }) });
}

const collapse = { collapseUnchanged: { margin: 3, minSize: 6 } };

/** Side by side where there is room, else one below the other in one view. */
export function showDiff(
  root: Root,
  before: string,
  after: string,
  label: string,
  sideBySide: boolean,
): Shown {
  if (sideBySide)
    return new MergeView({
      parent: root,
      root,
      a: { doc: before, extensions: [common(`${label}, before`), readOnly] },
      b: { doc: after, extensions: [common(`${label}, after`), readOnly] },
      ...collapse,
    });
  const extensions = [
    common(label),
    readOnly,
    unifiedMergeView({ original: before, mergeControls: false, gutter: true, ...collapse }),
  ];
  return new EditorView({ parent: root, root, state: EditorState.create({ doc: after, extensions }) });
}
