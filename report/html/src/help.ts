// The keys, and what shows them.

import { button, h } from "./dom";

const keys: [string, string][] = [
  ["↑ ↓  or  k j", "select the point above or below"],
  ["← →", "close or open what is below it; then go up or down the tree"],
  ["Enter", "show the point whole"],
  ["Home End  PgUp PgDn", "first, last, a screen on"],
  ["n N", "next or previous failed point, or point found"],
  ["f F", "next or previous finding; Enter opens its evidence"],
  ["m", "copy the finding that has the focus, or else the first, as Markdown"],
  ["/", "search; Enter goes to the first point found"],
  ["x   p", "only errors; only the critical path"],
  ["e   c", "expand all; collapse"],
  ["+ −   0   z", "zoom in, out; the whole trace; the selected point"],
  ["[   ]", "earlier, later"],
  ["1 2 3", "waterfall, flame graph, statistics"],
  ["t", "colours: dark, light, the system's"],
  ["Esc", "close, or clear the filter"],
  ["?", "this help"],
];

/** help is a dialog with the keys. */
export function help(): HTMLDialogElement {
  const dialog = h("dialog", { class: "help", attrs: { "aria-label": "Keys" }, onclick: (e) => { if (e.target === dialog) dialog.close(); } },
    h("div", {}, h("h2", {}, "Keys", button("✕", () => dialog.close(), { class: "quiet square close", attrs: { "aria-label": "Close" } })),
      h("dl", {}, ...keys.flatMap(([key, what]) => [h("dt", {}, h("kbd", {}, key)), h("dd", {}, what)])),
      h("p", { class: "muted" }, "In the search: words, \"several words\", and service: host: name: kind: min:10ms error.")));
  return dialog;
}
