// The page of a trace: what was found, and below it the points.

import { Details } from "./details";
import type { TraceDocument } from "./document";
import { copy, h } from "./dom";
import { FilterBar } from "./filterbar";
import { Findings } from "./findings";
import { Flame } from "./flame";
import { counted, duration } from "./format";
import { help } from "./help";
import { listen } from "./keys";
import { markdown } from "./markdown";
import { Minimap } from "./minimap";
import { State } from "./state";
import { stats } from "./stats";
import { Tabs } from "./tabs";
import { clean } from "./text";
import { Trace } from "./trace";
import { legend, treeButtons, Waterfall } from "./waterfall";

/** tracePage shows a trace. It returns what shows the keys. */
export function tracePage(host: HTMLElement, doc: TraceDocument): () => void {
  const trace = new Trace(doc);
  const state = new State(trace);
  const open = () => details.open();
  const jump = (i: number) => {
    tabs.open(0);
    state.reveal(i);
    details.open();
    waterfall.show();
  };
  const waterfall = new Waterfall(state, open);
  const minimap = new Minimap(state);
  const details = new Details(state, jump, () => waterfall.focus());
  const findings = new Findings(trace, jump);
  const bar = new FilterBar(state, () => {
    const first = state.rows.find((i) => state.mask?.[i] === 2);
    if (first === undefined) return;
    state.select(first);
    waterfall.show();
    waterfall.focus();
  });
  const flame = new Flame(state, () => {
    tabs.open(0);
    waterfall.show();
  });
  const statistics = h("div");
  const panels = [
    h("div", { class: "panel" }, waterfall.element, h("div", { class: "below" }, legend(), treeButtons(state))),
    h("div", { class: "panel" }, flame.element),
    h("div", { class: "panel" }, statistics),
  ];
  const tabs: Tabs = new Tabs([
    { name: "Waterfall", key: "1", panel: panels[0]! },
    { name: "Flame graph", key: "2", panel: panels[1]! },
    { name: "Statistics", key: "3", panel: panels[2]! },
  ], (k) => {
    minimap.element.hidden = bar.element.hidden = k !== 0;
    waterfall.element.hidden = k !== 0;
    if (k === 1) flame.draw();
    if (k === 2 && statistics.childElementCount === 0) statistics.append(stats(state, () => tabs.open(0)));
  });
  state.on("filter", () => {
    if (state.mask && state.selected >= 0 && state.rowOf(state.selected) < 0) details.close();
  });
  const sticky = h("div", { class: "bar" }, h("div", { class: "bar-line" }, tabs.element, bar.element), minimap.element);
  const keys = help();
  host.append(
    head(trace), findings.element, sticky,
    h("main", { class: "stage" }, h("div", { class: "view" }, ...panels), details.element), keys);
  new ResizeObserver(() => document.documentElement.style.setProperty("--bar", sticky.offsetHeight + "px")).observe(sticky);
  listen({
    state, bar, open,
    tab: (k) => tabs.open(k),
    show: () => {
      tabs.open(0);
      waterfall.show();
      waterfall.focus();
    },
    close: () => details.isOpen && (details.close(), true),
    finding: (by) => findings.next(by),
    copyFinding: () => {
      const f = doc.findings[Math.max(0, findings.focused())];
      if (f) void copy(markdown(trace, f));
    },
    help: () => keys.showModal(),
  });
  link(state, jump);
  return () => keys.showModal();
}

/** head says what was asked, and how long it took. */
function head(trace: Trace): HTMLElement {
  const { doc } = trace, { asked } = doc;
  const bad = /^[45]\d\d$/.test(asked.status ?? "") || trace.points[0]?.failed;
  const services = trace.services.filter((name) => name !== "");
  return h("header", { class: "asked" },
    h("h1", {}, clean(asked.title, 200) || clean(trace.points[0]?.name, 200) || "Trace", asked.status && h("span", { class: "status" + (bad ? " is-wrong" : "") }, clean(asked.status, 40))),
    h("p", { class: "sub" },
      h("b", { class: "took" }, asked.title === null ? duration(doc.duration_ns) : duration(asked.duration_ns) + (asked.ended ? "" : " and running")),
      h("span", {}, counted(trace.all, "point")),
      h("span", { class: "services" }, ...services.slice(0, 12).map((name) =>
        h("span", { class: "service" }, h("i", { class: "swatch " + trace.colorOfService(name) }), clean(name, 40))),
        services.length > 12 && h("span", { class: "muted" }, `and ${services.length - 12} more`)),
      doc.began && h("span", { class: "muted" }, doc.began.slice(0, 19).replace("T", " ") + " UTC")));
}

/** link keeps the selected point in the page's address, and goes where it says. */
function link(state: State, jump: (i: number) => void): void {
  const follow = () => {
    const id = new URLSearchParams(location.hash.slice(1)).get("point");
    const i = state.trace.index(id);
    if (i >= 0 && i !== state.selected) jump(i);
  };
  state.on("select", () => {
    const id = state.trace.points[state.selected]?.id;
    const hash = id ? "#point=" + encodeURIComponent(id) : "";
    if (hash && hash !== location.hash) history.replaceState(history.state, "", hash);
  });
  addEventListener("hashchange", follow);
  requestAnimationFrame(follow);
}
