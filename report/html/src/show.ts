// A page of a document, whichever it is.

import type { AnyDocument, TraceDocument } from "./document";
import { button, download, h } from "./dom";
import { diffPage, profilePage } from "./many";
import { clean } from "./text";
import { startTheme, themeButton } from "./theme";
import { tracePage } from "./tracepage";

export interface Options {
  /** Where the page's name leads; nowhere if it is empty. */
  home?: string;
}

/** show fills host with the page of a document, which is JSON. It is called once. */
export function show(host: HTMLElement, json: string, options: Options = {}): void {
  const doc = JSON.parse(json) as AnyDocument;
  startTheme();
  let help: (() => void) | undefined;
  const name = "trace" in doc ? clean(doc.trace) : "";
  const tools = h("div", { class: "group" },
    button("JSON", () => download((name || "sonde").replace(/[^\w-]/g, "_") + ".json", json), { class: "quiet", title: "Download the data of this page" }),
    themeButton());
  host.append(h("div", { class: "top" },
    options.home ? h("a", { class: "brand", attrs: { href: options.home } }, "Sonde") : h("span", { class: "brand" }, "Sonde"),
    name && h("code", { class: "trace-id" }, name), tools));
  if ("points" in doc) {
    document.title = [clean(doc.asked.title, 100), name].filter(Boolean).join(" · ") || "Trace";
    help = tracePage(host, doc as TraceDocument);
  } else if ("before" in doc) diffPage(host, doc);
  else profilePage(host, doc);
  if (help) tools.append(button("?", help, { class: "quiet square", title: "Keys (?)", attrs: { "aria-label": "Keys" } }));
}
