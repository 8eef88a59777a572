// The script of the page that report/html writes.

import { load } from "./data";
import { h } from "./dom";
import { show } from "./show";

async function start(): Promise<void> {
  const data = document.getElementById("data");
  if (!data) return;
  const host = h("div", { class: "page" });
  document.body.append(host);
  try {
    show(host, await load(data));
  } catch (problem) {
    host.replaceChildren(h("p", { class: "problem", attrs: { role: "alert" } }, "This page cannot be shown: " + (problem instanceof Error ? problem.message : String(problem))));
  }
}

void start();
