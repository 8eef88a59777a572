// A file that is dropped on a page, or chosen.

import { api, get, reason } from "./api";
import { button, h } from "../../report/html/src/dom";
import { showPage } from "./shown";

const largest = 64 * 1024 * 1024; // as the server takes

/** takeFiles shows a file that is dropped on the page, in its place; it returns the button that lets one be chosen. */
export function takeFiles(say: (problem: string) => void): HTMLElement {
  const take = async (file: File | undefined) => {
    if (!file) return;
    if (file.size > largest) return say(`${file.name} is larger than 64 MiB: sonde trace show reads it`);
    try {
      const text = await (await get(api + "/file", { method: "POST", body: file })).text();
      history.pushState(null, "", "/?file=" + encodeURIComponent(file.name));
      addEventListener("popstate", () => location.reload());
      const host = h("div", { class: "page" });
      document.body.replaceChildren(host);
      showPage(host, text);
    } catch (problem) {
      say(`${file.name}: ${reason(problem)}`);
    }
  };
  const over = h("div", { class: "drop", attrs: { "aria-hidden": "true" } }, h("p", {}, "Drop a file with a trace: records or a report in JSON"));
  over.hidden = true;
  document.body.append(over);
  const hasFile = (e: DragEvent) => e.dataTransfer?.types.includes("Files") ?? false;
  document.addEventListener("dragover", (e) => {
    if (!hasFile(e)) return;
    e.preventDefault();
    over.hidden = false;
  });
  document.addEventListener("dragleave", (e) => {
    if (!e.relatedTarget) over.hidden = true;
  });
  document.addEventListener("drop", (e) => {
    if (!hasFile(e)) return;
    e.preventDefault();
    over.hidden = true;
    void take(e.dataTransfer?.files[0]);
  });
  const chooser = h("input", { attrs: { type: "file", hidden: true, "aria-label": "File with a trace" }, onchange: () => void take(chooser.files?.[0]) });
  return h("span", {}, chooser, button("Open a file…", () => chooser.click(), { title: "Or drop it on the page: whatever sonde trace show reads" }));
}
