// The flame graph: points that do the same below the same are one frame, as wide as
// the time that they and all below them took themselves.

import { button, fill, h } from "./dom";
import { everything } from "./filter";
import { alike } from "./folds";
import { counted, duration, share } from "./format";
import type { State } from "./state";
import { clean } from "./text";
import type { Trace } from "./trace";

const rowHeight = 22;
const narrowest = 0.0015; // part of the whole
const mostLevels = 150;
const mostFrames = 4000;

export interface Frame {
  name: string;
  label: string;
  service: string | null;
  color: string;
  /** The first point of it. */
  point: number;
  count: number;
  failed: number;
  self: number;
  /** Self of this frame and all below it. */
  value: number;
  above: Frame | null;
  below: Map<string, Frame>;
}

/** frames puts a trace's points together. What differs in numbers only is the same. */
export function frames(trace: Trace): Frame {
  const root: Frame = { name: "all points", label: "", service: null, color: "none", point: -1, count: 0, failed: 0, self: 0, value: 0, above: null, below: new Map() };
  const made = [root];
  const of: Frame[] = new Array(trace.length);
  for (let i = 0; i < trace.length; i++) {
    const p = trace.points[i]!;
    const above = trace.parent[i]! < 0 ? root : of[trace.parent[i]!]!;
    const label = alike(p.label);
    const key = [p.service, p.name, p.kind, label].join("\0");
    let frame = above.below.get(key);
    if (!frame) {
      frame = { name: p.name ?? "", label, service: p.service, color: trace.colorOf(i), point: i, count: 0, failed: 0, self: 0, value: 0, above, below: new Map() };
      above.below.set(key, frame);
      made.push(frame);
    }
    frame.count += trace.times(i);
    frame.failed += p.failed ? 1 : 0;
    frame.self += Math.max(0, trace.self[i]!);
    of[i] = frame;
    for (const s of p.short ?? []) {
      const key = [p.service, s.name, "short"].join("\0");
      let short = frame.below.get(key);
      if (!short) {
        short = { name: s.name ?? "", label: "", service: p.service, color: trace.colorOf(i), point: i, count: 0, failed: 0, self: 0, value: 0, above: frame, below: new Map() };
        frame.below.set(key, short);
        made.push(short);
      }
      short.count += s.count;
      short.self += s.self_ns;
    }
  }
  for (let k = made.length - 1; k >= 0; k--) {
    const frame = made[k]!;
    frame.value += frame.self;
    if (frame.above) frame.above.value += frame.value;
  }
  const [only, more] = root.below.values();
  if (!only || more) return root;
  only.above = null;
  return only;
}

export class Flame {
  readonly element: HTMLElement;
  private readonly graph = h("div", { class: "flame-graph", attrs: { role: "tree", "aria-label": "Flame graph" } });
  private readonly told = h("p", { class: "flame-told", attrs: { "aria-live": "polite" } });
  private readonly shown = new Map<Frame, HTMLElement>();
  private root: Frame | null = null;
  private top: Frame | null = null;
  private at: Frame | null = null;

  constructor(private readonly state: State, private readonly show: () => void) {
    this.element = h("div", { class: "flame" },
      h("p", { class: "muted" }, "Points that do the same are one frame; its width is the time that they and what is below them took themselves, so work at once stands side by side. Click a frame to see it alone."),
      this.told, this.graph);
    this.graph.addEventListener("keydown", (e) => this.key(e));
  }

  /** draw is called when the flame graph is to be seen. */
  draw(): void {
    if (!this.root) {
      this.root = frames(this.state.trace);
      this.top = this.root;
      this.tell(this.root);
    }
    const top = this.top!;
    this.shown.clear();
    const above: Frame[] = [];
    for (let up = top.above; up; up = up.above) above.unshift(up);
    const made = above.map((frame, level) => this.frame(frame, level, 0, 1, true));
    let deepest = above.length;
    const open: [Frame, number, number][] = [[top, above.length, 0]];
    for (let next = open.pop(); next && made.length < mostFrames; next = open.pop()) {
      const [frame, level, left] = next;
      const width = top.value > 0 ? frame.value / top.value : frame === top ? 1 : 0;
      if ((width < narrowest && frame !== top) || level > mostLevels + above.length) continue;
      made.push(this.frame(frame, level, left, width, false));
      deepest = Math.max(deepest, level);
      let x = left;
      for (const child of [...frame.below.values()].sort((a, b) => b.value - a.value)) {
        open.push([child, level + 1, x]);
        x += top.value > 0 ? child.value / top.value : 0;
      }
    }
    this.graph.style.height = (deepest + 1) * rowHeight + "px";
    this.graph.replaceChildren(...made);
    if (!this.at || !this.shown.has(this.at)) this.at = top;
    this.shown.get(this.at)?.setAttribute("tabindex", "0");
  }

  private frame(frame: Frame, level: number, left: number, width: number, aside: boolean): HTMLElement {
    const name = this.words(frame);
    const made = h("div", {
      class: "frame " + frame.color + (aside ? " aside" : "") + (frame.failed > 0 ? " failed" : ""),
      title: name + "\n" + this.figures(frame),
      attrs: { role: "treeitem", tabindex: -1, "aria-level": level + 1, "aria-label": name + ", " + this.figures(frame) },
      onclick: () => this.zoom(frame),
      onfocus: () => this.tell(frame),
    }, h("span", {}, (frame.failed > 0 ? "✗ " : "") + name + (frame.count > 1 ? " ×" + frame.count : "")));
    made.style.left = left * 100 + "%";
    made.style.width = `calc(${width * 100}% - 1px)`;
    made.style.top = level * rowHeight + "px";
    this.shown.set(frame, made);
    return made;
  }

  private words(frame: Frame): string {
    const label = this.label(frame);
    return [clean(frame.name, 100) || "(no name)", label === frame.name ? "" : label].filter(Boolean).join(" ");
  }

  /** A single point is called by its own label. */
  private label(frame: Frame): string {
    return clean(frame.count === 1 ? this.state.trace.points[frame.point]!.label : frame.label, 160);
  }

  private figures(frame: Frame): string {
    const whole = this.root!.value || 1;
    return [
      frame.service !== null && clean(frame.service), frame.count > 0 && counted(frame.count, "point"),
      `${duration(frame.value)} with what is below, ${share(frame.value / whole)}`, `${duration(frame.self)} itself`, frame.failed > 0 && `${frame.failed} failed`,
    ].filter(Boolean).join(", ");
  }

  private tell(frame: Frame): void {
    fill(this.told,
      h("i", { class: "swatch " + frame.color }), h("b", {}, this.words(frame)), " ", h("span", { class: "muted" }, this.figures(frame)));
    if (frame.point < 0) return;
    this.told.append(" ", button("Show its points", () => {
      this.state.setFilter({ ...everything, name: frame.name, service: frame.service ?? "" });
      this.state.reveal(frame.point);
      this.show();
    }, { class: "link" }));
  }

  private zoom(frame: Frame): void {
    this.top = frame;
    this.at = frame;
    this.tell(frame);
    this.draw();
    this.shown.get(frame)?.focus({ preventScroll: true });
  }

  private key(e: KeyboardEvent): void {
    const at = this.at;
    if (!at) return;
    const siblings = at.above ? [...at.above.below.values()].sort((a, b) => b.value - a.value).filter((f) => this.shown.has(f)) : [];
    const beside = (by: number) => siblings[siblings.indexOf(at) + by];
    const below = () => [...at.below.values()].sort((a, b) => b.value - a.value)[0];
    let to: Frame | null | undefined;
    switch (e.key) {
      case "ArrowUp": to = at.above; break;
      case "ArrowDown": to = below(); break;
      case "ArrowLeft": to = beside(-1); break;
      case "ArrowRight": to = beside(1); break;
      case "Enter": case " ": this.zoom(at); break;
      case "Escape":
        if (this.top === this.root) return;
        this.zoom(this.root!);
        break;
      default: return;
    }
    e.preventDefault();
    e.stopPropagation();
    const element = to && this.shown.get(to);
    if (!to || !element) return;
    this.shown.get(at)?.setAttribute("tabindex", "-1");
    this.at = to;
    element.setAttribute("tabindex", "0");
    element.focus({ preventScroll: false });
  }
}
