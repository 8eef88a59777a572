// A row of the list: one trace.

import { type Line, tracePath } from "./api";
import { button, h } from "../../report/html/src/dom";
import { duration, grouped } from "../../report/html/src/format";
import { clean } from "../../report/html/src/text";

/** color is a service's colour, the same on every page of the list. */
const colors = new Map<string, string>();
function color(service: string): string {
  let found = colors.get(service);
  if (!found) colors.set(service, (found = colors.size < 8 ? "s" + colors.size : "none"));
  return found;
}

/** when is a time of this browser's clock, without the day if it is today. */
export function when(iso: string | null): string {
  if (!iso) return "";
  const at = new Date(iso);
  if (Number.isNaN(at.getTime())) return "";
  const two = (n: number) => String(n).padStart(2, "0");
  const time = `${two(at.getHours())}:${two(at.getMinutes())}:${two(at.getSeconds())}`;
  return at.toDateString() === new Date().toDateString() ? time : `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())} ${time}`;
}

/** row is a trace; press is called by its button to compare it. */
export function row(line: Line, longest: number, press: () => void): HTMLTableRowElement {
  const id = line.trace ?? "";
  const words = clean(line.root ?? line.name) || "(no root)";
  const took = line.duration_ns;
  const bar = h("span", { class: "part" });
  bar.style.setProperty("--part", String(took && longest > 0 ? took / longest : 0));
  const services = line.services ?? (line.service ? [line.service] : []);
  return h("tr", { class: line.failed ? "is-failed" : "", attrs: { "data-trace": id } },
    h("td", { class: "mark-cell" }, line.failed ? h("span", { class: "bad", title: "Something in it failed", attrs: { role: "img", "aria-label": "failed" } }, "✗") : ""),
    h("td", { class: "wide" }, h("a", { class: "root", attrs: { href: tracePath(id) } }, words),
      line.status ? h("span", { class: "status" + (line.failed ? " is-wrong" : "") }, clean(line.status, 40)) : ""),
    h("td", { class: "number", title: (line.began ?? "") + (line.began ? " UTC" : "") }, when(line.began)),
    h("td", { class: "number took" }, took === undefined ? "" : h("span", {}, duration(took), line.ended ? "" : "+"), bar),
    h("td", { class: "number less" }, line.points === undefined ? "" : grouped(line.points)),
    h("td", {}, h("span", { class: "services" }, ...services.slice(0, 6).map((s) => h("span", { class: "service" }, h("span", { class: "swatch " + color(s) }), clean(s, 60))),
      services.length > 6 ? h("span", { class: "muted", title: services.map((s) => clean(s, 60)).join(", ") }, `+${services.length - 6}`) : "")),
    h("td", { class: "less" }, h("code", { class: "muted", title: clean(id) }, clean(id).slice(0, 8))),
    h("td", {}, button("compare", press, { class: "quiet compare", attrs: { "aria-label": "Compare " + words } })));
}
