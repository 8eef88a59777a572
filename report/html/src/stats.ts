// Sums and quantiles by the name of points.

import { button, h } from "./dom";
import { duration, grouped, share } from "./format";
import { everything } from "./filter";
import type { State } from "./state";
import { table } from "./table";
import { clean } from "./text";

interface Row {
  name: string | null;
  count: number;
  total: number;
  self: number;
  p50: number;
  p95: number;
  max: number;
}

/** How many of the points that one stands for count in quantiles, each as their mean. */
const mostEach = 1000;

/** stats is the table. A click on a name shows its points. */
export function stats(state: State, show: () => void): HTMLElement {
  const { trace } = state;
  const lengths = new Map<string, number[]>();
  trace.points.forEach((p, i) => {
    if (!p.finished) return;
    let list = lengths.get(p.name ?? "");
    if (!list) lengths.set(p.name ?? "", (list = []));
    const times = trace.times(i), each = trace.took(i) / times;
    for (let k = Math.min(times, mostEach); k > 0; k--) list.push(each);
  });
  const rows: Row[] = trace.doc.stats.map((s) => {
    const list = (lengths.get(s.name ?? "") ?? []).sort((a, b) => a - b);
    return { name: s.name, count: s.count, total: s.total_ns, self: s.self_ns, p50: quantile(list, 0.5), p95: quantile(list, 0.95), max: s.max_ns };
  });
  const whole = rows.reduce((sum, r) => sum + Math.max(0, r.self), 0) || 1;
  const time = (name: string, of: (r: Row) => number, title: string) => ({ name, value: of, show: (r: Row) => duration(of(r)), title });
  return h("div", { class: "stats" },
    table<Row>("Statistics by name", [
      {
        name: "Name", wide: true, value: (r) => r.name ?? "",
        show: (r) => button(clean(r.name, 200) || "(no name)", () => {
          state.setFilter({ ...everything, name: r.name ?? "" });
          show();
        }, { class: "link", title: "Show its points" }),
      },
      { name: "Count", value: (r) => r.count, show: (r) => grouped(r.count), title: "How many points" },
      time("Total", (r) => r.total, "Sum of durations; one below another of the name is in the other's"),
      time("Self", (r) => r.self, "Sum of the times in which no child ran"),
      {
        name: "Share of self", value: (r) => r.self / whole,
        show: (r) => {
          const bar = h("i", { class: "part" });
          bar.style.setProperty("--part", String(Math.max(0, Math.min(1, r.self / whole))));
          return h("span", { class: "parted" }, bar, share(r.self / whole));
        },
        title: "Its part of the self time of all points",
      },
      time("p50", (r) => r.p50, "Half of the points took no longer"),
      time("p95", (r) => r.p95, "95 % of the points took no longer"),
      time("Max", (r) => r.max, "The longest"),
    ], rows, 3));
}

/** quantile of a sorted list: the least value that so large a part does not exceed. */
function quantile(list: number[], part: number): number {
  return list[Math.max(0, Math.ceil(list.length * part) - 1)] ?? 0;
}
