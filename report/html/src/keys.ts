// What the keys do in a trace. help.ts tells of them.

import { everything, filters } from "./filter";
import type { FilterBar } from "./filterbar";
import type { State } from "./state";
import { toggleTheme } from "./theme";
import { rowHeight } from "./waterfall";

export interface Actions {
  state: State;
  bar: FilterBar;
  tab: (k: number) => void;
  /** The selected point is to be seen in the waterfall. */
  show: () => void;
  open: () => void;
  /** close closes what is open; false if nothing is. */
  close: () => boolean;
  finding: (by: number) => void;
  copyFinding: () => void;
  help: () => void;
}

/** listen has the keys do what they do wherever the focus is, but in fields. */
export function listen(a: Actions): void {
  addEventListener("keydown", (e) => {
    if (e.ctrlKey || e.metaKey || e.altKey || e.defaultPrevented) return;
    if (document.querySelector("dialog[open]")) return;
    const field = e.target instanceof HTMLElement && e.target.closest("input, select, textarea");
    if (field && e.key !== "Escape") return;
    if (field) (field as HTMLElement).blur();
    const pressed = e.target instanceof HTMLElement && e.target.closest("button, a, summary, [role=tab]");
    if (pressed && (e.key === "Enter" || e.key === " ")) return; // which press it
    if (e.target instanceof HTMLElement && e.target.closest("[role=tab]") && e.key.startsWith("Arrow")) return;
    const act = (moves(a)[e.key] ?? commands(a)[e.key]);
    if (!act) return;
    e.preventDefault();
    act();
  });
}

/** moves are the keys that go through the tree. */
function moves({ state, show, open }: Actions): Record<string, () => void> {
  const { trace } = state;
  const go = (row: number) => {
    const i = state.rows[Math.max(0, Math.min(state.rows.length - 1, row))];
    if (i === undefined) return;
    state.select(i);
    show();
  };
  const row = () => state.rowOf(state.selected);
  const screen = Math.max(1, Math.floor(innerHeight / rowHeight / 2));
  const up = () => go(row() < 0 ? 0 : row() - 1);
  const down = () => go(row() + 1);
  return {
    ArrowUp: up, k: up, ArrowDown: down, j: down,
    Home: () => go(0), End: () => go(state.rows.length - 1),
    PageUp: () => go(row() - screen), PageDown: () => go(row() + screen),
    ArrowLeft: () => {
      const i = state.selected;
      if (i < 0) return;
      if (state.opens(i) && !state.isCollapsed(i)) state.collapse(i, true);
      else if (trace.parent[i]! >= 0) {
        state.select(trace.parent[i]!);
        show();
      }
    },
    ArrowRight: () => {
      const i = state.selected;
      if (i < 0) go(0);
      else if (state.isCollapsed(i)) state.collapse(i, false);
      else if (trace.hasChildren(i)) down();
    },
    Enter: () => {
      if (state.selected < 0) go(0);
      open();
    },
    n: () => toNext(1), N: () => toNext(-1),
  };

  /** toNext goes to the next point that was found, or without a filter, that failed. */
  function toNext(by: number): void {
    const n = state.rows.length;
    const wanted = (i: number) => (state.mask ? state.mask[i] === 2 : trace.points[i]!.failed);
    for (let k = 1, at = row() < 0 && by < 0 ? n : row(); k <= n; k++) {
      const next = (at + by * k + n * 2) % n;
      if (wanted(state.rows[next]!)) return go(next);
    }
  }
}

function commands(a: Actions): Record<string, () => void> {
  const { state } = a;
  return {
    "/": () => {
      a.bar.search.focus();
      a.bar.search.select();
    },
    x: () => a.bar.toggle("errors"), p: () => a.bar.toggle("path"),
    e: () => state.expandAll(), c: () => state.collapseAll(),
    "+": () => state.zoomBy(0.67), "=": () => state.zoomBy(0.67), "-": () => state.zoomBy(1.5), "0": () => state.zoom(state.trace.first, state.trace.last),
    z: () => {
      if (state.selected >= 0) state.zoom(state.trace.from[state.selected]!, state.trace.to[state.selected]!);
    },
    "[": () => state.pan(-0.2), "]": () => state.pan(0.2),
    "1": () => a.tab(0), "2": () => a.tab(1), "3": () => a.tab(2),
    f: () => a.finding(1), F: () => a.finding(-1), m: a.copyFinding,
    t: toggleTheme, "?": a.help,
    Escape: () => {
      if (!a.close() && filters(state.filter)) state.setFilter(everything);
    },
  };
}
