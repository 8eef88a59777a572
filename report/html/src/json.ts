// JSON for people to read.

import { button, h } from "./dom";
import { grouped } from "./format";
import { escaped } from "./text";

const most = 20_000; // characters that are shown at first

/** jsonView is a value with its names set off, each on a line. */
export function jsonView(value: unknown): HTMLElement {
  const text = escaped(JSON.stringify(value, null, 2) ?? "null");
  const shown = h("pre", { class: "json", attrs: { tabindex: 0 } });
  lines(shown, text.slice(0, most));
  if (text.length <= most) return shown;
  const more = button(`Show all ${grouped(text.length)} characters`, () => {
    more.remove();
    shown.replaceChildren();
    lines(shown, text);
  });
  return h("div", {}, shown, more);
}

function lines(into: HTMLElement, text: string): void {
  for (const line of text.split("\n")) {
    const m = /^(\s*)("(?:[^"\\]|\\.)*")(: )(.*)$/.exec(line);
    if (m) into.append(m[1]!, h("span", { class: "json-name" }, m[2]!), m[3]!, m[4]! + "\n");
    else into.append(line + "\n");
  }
}
