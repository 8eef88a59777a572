// The pages of a document: a trace, and the difference of two.

import { api, follow, get, tracePath } from "./api";
import { button, h } from "../../report/html/src/dom";
import { counted } from "../../report/html/src/format";
import { show } from "../../report/html/src/show";
import { clean } from "../../report/html/src/text";
import { ways } from "./top";

/** showPage shows a document with the ways to the other pages at its top. */
export function showPage(host: HTMLElement, text: string): void {
  show(host, text, { home: "/" });
  host.querySelector(".brand")?.after(ways());
}

/** startTrace shows a trace. If it has not ended, it says when there is more of it. */
export async function startTrace(host: HTMLElement, id: string): Promise<void> {
  const text = await (await get(api + tracePath(id))).text();
  showPage(host, text);
  const doc = JSON.parse(text) as { trace: string; records: number; unfinished: number };
  if (doc.unfinished === 0) return;
  const more = h("div", { class: "live-more", attrs: { role: "status" } });
  more.hidden = true;
  host.append(more);
  const end = follow(api + tracePath(doc.trace) + "/tail", {
    changed: (data) => {
      const now = (data as { records: number }).records;
      if (now <= doc.records) return;
      more.replaceChildren(`${counted(now - doc.records, "record")} more ${now - doc.records === 1 ? "has" : "have"} come. `,
        button("Show them", () => location.reload()));
      more.hidden = false;
    },
    ended: () => end(),
  }, () => undefined); // the browser tries again
}

/** startDiff shows what differs between two traces, and which these are. */
export async function startDiff(host: HTMLElement): Promise<void> {
  const asked = new URLSearchParams(location.search);
  const a = asked.get("a") ?? "", b = asked.get("b") ?? "";
  const text = await (await get(`${api}/diff?${new URLSearchParams({ a, b }).toString()}`)).text();
  showPage(host, text);
  document.title = "What differs";
  const link = (id: string) => h("a", { attrs: { href: tracePath(id) } }, h("code", {}, clean(id)));
  host.querySelector(".top")?.after(h("p", { class: "sides" }, "Before: ", link(a), " After: ", link(b), " ",
    h("a", { attrs: { href: "/diff?" + new URLSearchParams({ a: b, b: a }).toString() } }, "the other way round")));
}
