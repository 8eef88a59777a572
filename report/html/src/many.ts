// The pages of many traces: what differs between two groups, and what makes some slower.

import type { Did, DiffDocument, Figures, Group, ProfileDocument } from "./document";
import { h } from "./dom";
import { counted, duration, mean, share, signed } from "./format";
import { type Column, table } from "./table";
import { clean, unbroken } from "./text";

/** diffPage shows the difference between two groups of traces. */
export function diffPage(host: HTMLElement, doc: DiffDocument): void {
  type Path = DiffDocument["paths"][number];
  const both = (name: string, of: (f: Figures) => number, show: (n: number) => string): Column<Path> => ({
    name, value: (p) => (p.after ? of(p.after) : 0) - (p.before ? of(p.before) : 0),
    show: (p) => h("span", { class: "both" }, h("span", { class: "muted" }, p.before ? show(of(p.before)) : "–"), " → ", p.after ? show(of(p.after)) : "–"),
    title: name + ": before and after, sorted by the difference",
  });
  host.append(
    verdict(doc.failed.length > 0 ? `${counted(doc.failed.length, "condition")} failed` : "What differs", doc.text, doc.failed.length > 0),
    h("main", { class: "many" },
      doc.failed.length > 0 && h("ul", { class: "conditions" }, ...doc.failed.map((f) => h("li", {}, h("code", {}, clean(f.condition)), " ", clean(f.text)))),
      groups([["Before", doc.before], ["After", doc.after]]),
      doc.causes.length > 0 && h("section", {}, h("h2", {}, "Causes"),
        table("Causes", [
          { name: "Change", value: (c) => c.change, show: (c) => h("span", { class: "kind" }, clean(c.change)) },
          { name: "What", wide: true, value: (c) => c.text, show: (c) => clean(c.text, 1000) },
          { name: "Adds", value: (c) => c.took_ns, show: (c) => signed(c.took_ns) },
        ], doc.causes)),
      h("section", {}, h("h2", {}, "Paths"),
        table<Path>("Paths", [
          what(), service(),
          { name: "Adds", value: (p) => p.adds_ns, show: (p) => signed(p.adds_ns), title: "How much longer it made a trace" },
          both("Count", (f) => f.count, mean), both("Self", (f) => f.self_ns, duration), both("p50", (f) => f.p50_ns, duration), both("p95", (f) => f.p95_ns, duration),
        ], doc.paths))));
}

/** profilePage shows what many traces of a kind say together. */
export function profilePage(host: HTMLElement, doc: ProfileDocument): void {
  const time = (name: string, of: (p: Figures) => number): Column<Did & Figures> => ({ name, value: of, show: (p) => duration(of(p)) });
  const c = doc.compared;
  host.append(
    verdict("Many traces", doc.text, false),
    h("main", { class: "many" },
      groups([["All", doc.all]]),
      doc.causes.length > 0 && h("section", {}, h("h2", {}, `What makes ${clean(c.what ?? c.name) || "them"} slow`),
        h("p", { class: "muted" }, `The slowest ${counted(c.slow, "trace")}, ${duration(c.slow_ns)} in the mean, beside the fastest ${counted(c.fast, "trace")}, ${duration(c.fast_ns)}` + (c.sampled ? "; of a sample." : ".")),
        table("Causes", [
          {
            name: "What", wide: true, value: (k) => title(k),
            show: (k) => h("div", {}, below(k), ...k.separates.map((s) =>
              h("p", { class: "muted" }, `${clean(s.of)}: ${clean(s.name)} = ${clean(s.value)} in ${share(s.in_slow)} of the slow ones and ${share(s.in_fast)} of the fast ones`))),
          },
          { name: "Explains", value: (k) => k.share, show: (k) => share(k.share), title: "Its part of the variance" },
          { name: "Slow", value: (k) => k.slow_ns, show: (k) => duration(k.slow_ns) + (k.slow_count > 1 ? " ×" + mean(k.slow_count) : "") },
          { name: "Fast", value: (k) => k.fast_ns, show: (k) => duration(k.fast_ns) + (k.fast_count > 1 ? " ×" + mean(k.fast_count) : "") },
        ], doc.causes)),
      h("section", {}, h("h2", {}, "Paths"),
        table<Did & Figures>("Paths", [
          what(), service(),
          { name: "Count", value: (p) => p.count, show: (p) => mean(p.count) },
          time("Total", (p) => p.total_ns), time("Self", (p) => p.self_ns), time("Critical", (p) => p.critical_ns), time("p50", (p) => p.p50_ns), time("p95", (p) => p.p95_ns), time("Max", (p) => p.max_ns),
        ], doc.paths))));
}

function verdict(kind: string, text: string, wrong: boolean): HTMLElement {
  return h("section", { class: "findings" }, h("p", { class: "kind" + (wrong ? " is-wrong" : "") }, kind), h("h1", { class: "verdict-text" }, unbroken(clean(text, 1000)) || "Nothing to say."));
}

function groups(list: [string, Group][]): HTMLElement {
  return table("Groups", [
    { name: "Group", wide: true, value: ([name]) => name },
    { name: "Traces", value: ([, g]) => g.traces },
    { name: "Points", value: ([, g]) => g.points },
    { name: "Unfinished", value: ([, g]) => g.unfinished },
    { name: "Mean", value: ([, g]) => g.mean_ns, show: ([, g]) => duration(g.mean_ns) },
    { name: "p50", value: ([, g]) => g.p50_ns, show: ([, g]) => duration(g.p50_ns) },
    { name: "p95", value: ([, g]) => g.p95_ns, show: ([, g]) => duration(g.p95_ns) },
    { name: "Max", value: ([, g]) => g.max_ns, show: ([, g]) => duration(g.max_ns) },
  ], list);
}

function title(d: Did): string {
  return clean(d.path.at(-1) ?? d.what ?? d.name, 200) || "(no name)";
}

/** below is what the points of a path did, and below what. */
function below(d: Did): HTMLElement {
  return h("div", { class: "path", title: d.path.map((p) => clean(p, 200)).join(" › ") },
    h("b", {}, title(d)), d.path.length > 1 && h("span", { class: "muted" }, " below " + d.path.slice(0, -1).reverse().map((p) => clean(p, 60)).join(" ‹ ")));
}

function what<T extends Did>(): Column<T> {
  return { name: "Path", wide: true, value: title, show: below };
}

function service<T extends Did>(): Column<T> {
  return { name: "Service", value: (d) => clean(d.service, 60) };
}
