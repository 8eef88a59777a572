// The top of the pages that are the viewer's own.

import { api, get } from "./api";
import { h, type Child } from "../../report/html/src/dom";
import { clean } from "../../report/html/src/text";
import { startTheme, themeButton } from "../../report/html/src/theme";

/** ways lead to the other pages. */
export function ways(here = ""): HTMLElement {
  const way = (path: string, words: string) => h("a", { class: "way", attrs: { href: path, "aria-current": path === here && "page" } }, words);
  return h("nav", { class: "ways", attrs: { "aria-label": "Pages" } }, way("/", "Traces"), way("/stats", "Statistics"));
}

/** top is the name, the ways to the other pages and the store. */
export function top(here: string, ...tools: Child[]): HTMLElement {
  startTheme();
  const store = h("code", { class: "store", title: "The store" });
  void get(api + "/store").then(async (answer) => {
    const { url } = (await answer.json()) as { url: string };
    store.textContent = clean(url);
    store.title = "The store: " + clean(url);
  }, () => undefined); // the page itself says what is wrong
  return h("div", { class: "top" },
    h("a", { class: "brand", attrs: { href: "/" } }, "Sonde"),
    ways(here), store, h("div", { class: "group" }, ...tools, themeButton()));
}
