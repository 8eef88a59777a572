// The script of the viewer's pages: which of them it is, its path says.

import { reason } from "./api";
import { h } from "../../report/html/src/dom";
import { startList } from "./list";
import { startDiff, startTrace } from "./shown";
import { startStats } from "./stats";
import { top } from "./top";

const pages: [RegExp, (host: HTMLElement, match: RegExpMatchArray) => Promise<void>][] = [
  [/^\/traces\/(.+)$/, (host, m) => startTrace(host, decodeURIComponent(m[1] ?? ""))],
  [/^\/diff$/, startDiff],
  [/^\/stats$/, startStats],
  [/^\/$/, startList],
];

async function start(): Promise<void> {
  const host = h("div", { class: "page" });
  document.body.append(host);
  try {
    for (const [path, page] of pages) {
      const match = location.pathname.match(path);
      if (match) return await page(host, match);
    }
  } catch (problem) {
    host.replaceChildren(top(location.pathname), h("p", { class: "problem", attrs: { role: "alert" } }, reason(problem)));
  }
}

void start();
