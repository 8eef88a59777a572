// The tree of points beside the time that each took. Only the rows near the screen
// are in the page: they and the canvas with their bars stand in a window that moves.

import { sized, ticks } from "./canvas";
import { attributes, button, h, icon } from "./dom";
import type { Fold } from "./folds";
import { duration, grouped } from "./format";
import type { State } from "./state";
import { clean } from "./text";
import { color, onTheme } from "./theme";
import type { Trace } from "./trace";

export const rowHeight = 26;
const spare = 24; // rows above and below the screen
const highest = 8_000_000; // what browsers still scroll, in pixels
const deepest = 24; // levels that are indented
const mostPrinted = 400;

export class Waterfall {
  readonly element: HTMLElement;
  private readonly tree: HTMLElement;
  private readonly window: HTMLElement;
  private readonly list: HTMLElement;
  private readonly canvas = h("canvas", { class: "bars", attrs: { "aria-hidden": "true" } });
  private readonly axis = h("canvas", { class: "axis", attrs: { "aria-hidden": "true" } });
  private readonly empty = h("p", { class: "empty", attrs: { hidden: true } }, "No point is like that.");
  private first = 0;
  private last = 0; // of the rows in the page, exclusive
  private printing = false;
  private due = 0;

  constructor(private readonly state: State, private readonly open: () => void) {
    this.list = h("div", { class: "list", attrs: { role: "presentation" } });
    this.window = h("div", { class: "window", attrs: { role: "presentation" } }, this.list, this.canvas);
    this.tree = h("div", {
      class: "rows",
      attrs: { role: "tree", tabindex: 0, id: "tree", "aria-label": "Points of the trace" },
      onclick: (e) => this.click(e),
      ondblclick: (e) => this.toggle(this.under(e)),
    }, this.window);
    const head = (words: string, name: string) => h("span", { class: name }, words);
    this.element = h("div", { class: "waterfall" },
      h("div", { class: "heads", attrs: { "aria-hidden": "true" } },
        head("Point", "cell-point"), head("Service", "cell-service"), head("Total", "cell-number"), head("Self", "cell-number cell-self"),
        h("span", { class: "cell-time" }, this.axis)),
      this.tree, this.empty);
    state.on("rows", () => this.changed());
    state.on("select", () => this.mark());
    state.on("zoom", () => this.later());
    onTheme(() => this.later());
    addEventListener("scroll", () => this.scrolled(), { passive: true });
    new ResizeObserver(() => this.later()).observe(this.element);
    this.tree.addEventListener("wheel", (e) => this.wheel(e), { passive: false });
    addEventListener("beforeprint", () => this.print(true));
    addEventListener("afterprint", () => this.print(false));
  }

  focus(): void {
    this.tree.focus({ preventScroll: true });
  }

  /** show scrolls as far as it must for the selected point to be seen. */
  show(): void {
    const row = this.state.rowOf(this.state.selected);
    if (row < 0) return;
    const y = row * rowHeight, covered = this.covered(), at = this.offset();
    const space = innerHeight - this.below() - covered; // for rows once they have been scrolled to the top
    const seen = Math.min(space, innerHeight - this.below() - this.tree.getBoundingClientRect().top);
    if (y < at) this.scrollTo(y - rowHeight * 2);
    else if (y + rowHeight > at + seen) this.scrollTo(y - space + rowHeight * 3);
    this.scrolled();
  }

  /** How much of the screen what stays at its top takes. */
  private covered(): number {
    return parseFloat(getComputedStyle(this.tree).scrollMarginTop) || 0;
  }

  /** How much the sheet of a point takes at its bottom, on a small screen. */
  private below(): number {
    const sheet = document.querySelector(".details:not([hidden])");
    return sheet && getComputedStyle(sheet).position === "fixed" ? sheet.getBoundingClientRect().height : 0;
  }

  private get height(): number {
    return this.state.rows.length * rowHeight;
  }

  /** How many pixels of rows a pixel that is scrolled means. */
  private get ratio(): number {
    const seen = innerHeight;
    return this.height <= highest ? 1 : (this.height - seen) / (highest - seen);
  }

  /** The first pixel of the rows that is seen below what stays at the top. */
  private offset(): number {
    return Math.max(0, this.covered() - this.tree.getBoundingClientRect().top) * this.ratio;
  }

  private scrollTo(y: number): void {
    const top = this.tree.getBoundingClientRect().top + scrollY - this.covered();
    scrollTo({ top: top + Math.max(0, y) / this.ratio });
  }

  private changed(): void {
    this.tree.style.height = Math.min(this.height, highest) + "px";
    this.empty.hidden = this.state.rows.length > 0;
    this.later();
  }

  /** later draws all once more before the next frame. */
  private later(): void {
    this.due ||= requestAnimationFrame(() => {
      this.due = 0;
      this.draw();
    });
  }

  private scrolled(): void {
    const at = Math.floor(this.offset() / rowHeight);
    const seen = Math.ceil(innerHeight / rowHeight);
    const enough = at >= this.first && Math.min(at + seen, this.state.rows.length) <= this.last;
    if (!enough || this.ratio !== 1) this.draw();
  }

  private print(on: boolean): void {
    this.printing = on;
    this.draw();
  }

  private draw(): void {
    if (this.element.hidden && !this.printing) return;
    const { rows } = this.state;
    const y = this.offset();
    const at = Math.floor(y / rowHeight);
    this.first = this.printing ? 0 : Math.max(0, at - spare);
    this.last = Math.min(rows.length, this.printing ? mostPrinted : at + Math.ceil(innerHeight / rowHeight) + spare);
    const top = this.first * rowHeight;
    this.window.style.top = (this.ratio === 1 ? top : y / this.ratio + top - y) + "px";
    this.tree.dataset["more"] = this.printing && rows.length > mostPrinted ? `and ${rows.length - mostPrinted} more` : "";
    if (this.printing) this.tree.style.height = (this.last - this.first) * rowHeight + "px";
    else this.tree.style.height = Math.min(this.height, highest) + "px";
    const made: HTMLElement[] = [];
    for (let row = this.first; row < this.last; row++) made.push(this.row(row));
    this.list.replaceChildren(...made);
    this.mark();
    this.drawAxis();
    this.drawBars();
  }

  private row(row: number): HTMLElement {
    const { state } = this, { trace } = state;
    const i = state.rows[row]!, p = trace.points[i]!;
    const fold = state.folded(i);
    const parent = state.opens(i), closed = state.isCollapsed(i);
    const depth = trace.depth[i]!;
    const name = clean(p.name, 200) || "(no name)", label = clean(p.label, 300);
    const indent = h("span", { class: "indent" }, depth > deepest ? `${depth} ` : null);
    indent.style.setProperty("--depth", String(Math.min(depth, deepest)));
    const proves = trace.proves.get(fold ? firstProof(trace, fold) : i);
    const total = !p.finished ? "running" : duration(fold ? fold.total : trace.took(i));
    const times = fold ? fold.count : trace.times(i);
    const short = (p.short ?? []).reduce((sum, s) => sum + s.count, 0);
    const self = fold ? total : duration(trace.self[i]!);
    return h("div", {
      class: "row" + (p.failed ? " failed" : "") + (state.mask?.[i] === 1 ? " aside" : ""),
      attrs: {
        role: "treeitem", id: "row-" + i, "data-i": i,
        "aria-level": depth + 1, "aria-expanded": parent ? String(!closed) : null, "aria-selected": String(i === state.selected),
        "aria-label": [name, times > 1 && times + " times", label, clean(p.service), total, p.failed ? "failed" : "", p.outcome, trace.critical.has(i) ? "on the critical path" : ""].filter(Boolean).join(", "),
      },
    },
      h("span", { class: "cell-point" },
        proves ? h("b", { class: "mark", title: "proves finding " + proves.map((k) => k + 1).join(", ") }, String(proves[0]! + 1)) : null,
        indent,
        h("span", { class: parent ? "caret" : "caret leaf", attrs: { "aria-hidden": "true" } }, parent ? (closed ? "▸" : "▾") : ""),
        h("i", { class: "swatch " + trace.colorOf(i) }),
        p.failed ? icon("✗", "bad") : p.outcome ? icon("⊘", "odd") : null,
        h("b", { class: "name" }, name),
        times > 1 ? h("span", { class: "times" }, "×" + grouped(times)) : null,
        label && label !== name ? h("span", { class: "label", title: label }, label) : null,
        short > 0 ? h("span", { class: "muted", title: "Points below it that were too short for records" }, ` + ${grouped(short)} short`) : null),
      h("span", { class: "cell-service" }, clean(p.service, 80)),
      h("span", { class: "cell-number" + (p.finished ? "" : " odd") }, total),
      h("span", { class: "cell-number cell-self" }, p.finished ? self : ""),
      h("span", { class: "cell-time" }));
  }

  private mark(): void {
    const { selected } = this.state;
    for (const row of this.list.querySelectorAll('[aria-selected="true"]')) row.setAttribute("aria-selected", "false");
    const row = this.list.querySelector("#row-" + selected);
    row?.setAttribute("aria-selected", "true");
    attributes(this.tree, { "aria-activedescendant": row ? row.id : null });
  }

  private under(e: MouseEvent): number {
    const row = e.target instanceof Element ? e.target.closest<HTMLElement>("[data-i]") : null;
    return row ? Number(row.dataset["i"]) : -1;
  }

  private click(e: MouseEvent): void {
    const i = this.under(e);
    if (i < 0) return;
    if (e.target instanceof Element && e.target.closest(".caret:not(.leaf)")) {
      this.toggle(i);
      return;
    }
    this.state.select(i);
    this.open();
  }

  private toggle(i: number): void {
    if (i >= 0) this.state.collapse(i, !this.state.isCollapsed(i));
  }

  private wheel(e: WheelEvent): void {
    if (!e.ctrlKey && !e.metaKey) return;
    e.preventDefault();
    const box = this.canvas.getBoundingClientRect();
    const { from, to } = this.state;
    this.state.zoomBy(e.deltaY > 0 ? 1.25 : 0.8, from + ((to - from) * (e.clientX - box.left)) / Math.max(1, box.width));
  }

  private get timeWidth(): number {
    return this.axis.parentElement!.clientWidth;
  }

  private drawAxis(): void {
    const zero = this.state.trace.first, width = this.timeWidth;
    const [from, to] = [this.state.from - zero, this.state.to - zero];
    const draw = sized(this.axis, width, rowHeight);
    draw.font = "11px system-ui, sans-serif";
    draw.textBaseline = "middle";
    draw.fillStyle = color("muted");
    for (const t of ticks(from, to, width / 90)) {
      const x = ((t - from) / (to - from)) * width;
      const words = t === 0 ? "0" : duration(t);
      if (x + draw.measureText(words).width + 6 < width) draw.fillText(words, x + 4, rowHeight / 2);
      draw.fillRect(x, 6, 1, rowHeight);
    }
  }

  private drawBars(): void {
    const { state } = this, { trace, from, to, rows } = state;
    const width = this.timeWidth, height = (this.last - this.first) * rowHeight;
    const draw = sized(this.canvas, width, height);
    const x = (t: number) => ((t - from) / (to - from)) * width;
    draw.fillStyle = color("line");
    for (const t of ticks(from - trace.first, to - trace.first, width / 90)) draw.fillRect(x(t + trace.first), 0, 1, height);
    const colors = new Map<string, string>();
    const hue = (name: string) => {
      let found = colors.get(name);
      if (!found) colors.set(name, (found = color(name)));
      return found;
    };
    const ink = hue("ink"), bad = hue("bad");
    const tall = rowHeight - 12;
    const bar = (i: number, top: number) => {
      const p = trace.points[i]!;
      const open = !p.finished;
      const left = x(trace.from[i]!);
      const right = Math.max(x(open ? trace.last : trace.to[i]!), left + 2);
      if (right < 0 || left > width) return;
      const a = Math.max(left, -4), b = Math.min(right, width + 4);
      const fill = hue(trace.colorOf(i));
      draw.globalAlpha = state.mask?.[i] === 1 ? 0.12 : 0.32;
      draw.fillStyle = fill;
      draw.beginPath();
      draw.roundRect(a, top, b - a, tall, 2);
      draw.fill();
      draw.globalAlpha = state.mask?.[i] === 1 ? 0.3 : 1;
      if (open) {
        draw.strokeStyle = fill;
        draw.setLineDash([4, 3]);
        draw.strokeRect(a + 0.5, top + 0.5, Math.max(1, b - a - 1), tall - 1);
        draw.setLineDash([]);
      } else {
        draw.fillStyle = fill;
        spans(trace.alone(i), x, width, (l, w) => draw.fillRect(l, top, w, tall));
      }
      if (p.failed) {
        draw.strokeStyle = bad;
        draw.lineWidth = 1.5;
        draw.strokeRect(a + 0.75, top + 0.75, Math.max(1, b - a - 1.5), tall - 1.5);
        draw.lineWidth = 1;
      }
      const path = trace.critical.get(i);
      if (path) {
        draw.fillStyle = ink;
        spans(path.flatMap((s) => [s.from_ns, s.to_ns]), x, width, (l, w) => draw.fillRect(l, top + tall + 1, w, 2.5));
      }
      draw.globalAlpha = 1;
    };
    for (let row = this.first; row < this.last; row++) {
      const i = rows[row]!, top = (row - this.first) * rowHeight + 6;
      const end = state.folded(i)?.end ?? i + 1;
      for (let k = i, done = -Infinity; k < end; k++) {
        if (x(trace.to[k]!) < done + 1) continue; // within a pixel that has a bar
        bar(k, top);
        done = x(trace.to[k]!);
      }
    }
  }
}

/** firstProof is the first point of a run that proves a finding. */
function firstProof(trace: Trace, fold: Fold): number {
  for (let i = fold.first; i < fold.end; i++) if (trace.proves.has(i)) return i;
  return fold.first;
}

/** spans draws stretches of time that are seen, those within one pixel once. */
function spans(list: ArrayLike<number>, x: (t: number) => number, width: number, fill: (left: number, width: number) => void): void {
  let done = -1;
  for (let k = 0; k + 1 < list.length; k += 2) {
    const left = Math.max(0, x(list[k]!)), right = Math.min(width, Math.max(x(list[k + 1]!), left + 0.5));
    if (right < 0 || left > width || right <= done) continue;
    fill(left, Math.max(1, right - left));
    done = left + 1;
  }
}

/** legend says what the bars mean. */
export function legend(): HTMLElement {
  const item = (sign: string, words: string) => h("span", { class: "legend-item" }, h("i", { class: "legend-sign " + sign }), words);
  return h("p", { class: "legend" },
    item("is-self", "works itself"), item("is-below", "waits for points below"), item("is-path", "critical path: everything waited for it"), item("is-bad", "failed"));
}

/** treeButtons opens and closes all of the tree. */
export function treeButtons(state: State): HTMLElement {
  return h("span", { class: "group" },
    button("Expand all", () => state.expandAll(), { title: "Show all rows (e)" }),
    button("Collapse", () => state.collapseAll(), { title: "Show what is right below the root (c)" }));
}
