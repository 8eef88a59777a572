// The whole trace in a strip: drag to see a part of its time.

import { sized } from "./canvas";
import { attributes, button, h } from "./dom";
import { duration } from "./format";
import type { State } from "./state";
import { color, onTheme } from "./theme";

const tall = 54;

export class Minimap {
  readonly element: HTMLElement;
  private readonly strip: HTMLElement;
  private readonly canvas = h("canvas", { attrs: { "aria-hidden": "true" } });
  private readonly before = h("i", { class: "shade" });
  private readonly after = h("i", { class: "shade" });
  private readonly reset: HTMLButtonElement;

  constructor(private readonly state: State) {
    this.reset = button("Whole trace", () => state.zoom(state.trace.first, state.trace.last), { class: "reset", title: "See all of its time (0)" });
    this.strip = h("div", {
      class: "strip",
      title: "Drag to see a part of the time; double-click for all of it",
      attrs: { tabindex: 0, role: "slider", "aria-label": "The part of the time that is seen", "aria-valuemin": 0, "aria-valuemax": 100 },
      onpointerdown: (e) => this.drag(e),
      ondblclick: () => state.zoom(state.trace.first, state.trace.last),
      onkeydown: (e) => this.key(e),
    }, this.canvas, this.before, this.after);
    this.element = h("div", { class: "minimap" }, this.strip, this.reset);
    state.on("zoom", () => this.mark());
    onTheme(() => this.draw());
    new ResizeObserver(() => this.draw()).observe(this.strip);
  }

  private get width(): number {
    return Math.max(1, this.strip.clientWidth);
  }

  private mark(): void {
    const { first, last } = this.state.trace, { from, to } = this.state;
    const part = (t: number) => (100 * (t - first)) / (last - first);
    this.before.style.left = "0";
    this.before.style.width = part(from) + "%";
    this.after.style.left = part(to) + "%";
    this.after.style.width = 100 - part(to) + "%";
    this.reset.hidden = !this.state.zoomed;
    attributes(this.strip, { "aria-valuenow": Math.round(part((from + to) / 2)), "aria-valuetext": `from ${duration(from - first)} to ${duration(to - first)}` });
  }

  private draw(): void {
    const { trace } = this.state, { first, last } = trace;
    const width = this.width;
    const draw = sized(this.canvas, width, tall);
    const x = (t: number) => ((t - first) / (last - first)) * width;
    const room = tall - 8;
    const high = Math.max(1, Math.min(4, room / trace.length));
    const step = Math.min(room / trace.length, 5);
    const colors = new Map<string, string>();
    const bad = color("bad"), failed: number[] = [];
    for (let i = 0; i < trace.length; i++) {
      const name = trace.colorOf(i);
      let fill = colors.get(name);
      if (!fill) colors.set(name, (fill = color(name)));
      if (draw.fillStyle !== fill) draw.fillStyle = fill;
      const left = x(trace.from[i]!);
      const end = trace.points[i]!.finished ? trace.to[i]! : last;
      draw.fillRect(left, 3 + i * step, Math.max(1, x(end) - left), Math.max(0.75, high - 0.5));
      if (trace.points[i]!.failed) failed.push(i);
    }
    draw.fillStyle = bad;
    for (const i of failed) draw.fillRect(x(trace.from[i]!), 2 + i * step, Math.max(3, x(trace.to[i]!) - x(trace.from[i]!)), Math.max(2, high));
    this.mark();
  }

  private drag(e: PointerEvent): void {
    if (e.button !== 0) return;
    const { trace } = this.state;
    const box = this.strip.getBoundingClientRect();
    const time = (at: PointerEvent) => trace.first + (trace.last - trace.first) * Math.min(1, Math.max(0, (at.clientX - box.left) / box.width));
    const begin = time(e), from = e.clientX;
    this.strip.setPointerCapture(e.pointerId);
    const move = (at: PointerEvent) => {
      if (Math.abs(at.clientX - from) < 4) return;
      const end = time(at);
      this.state.zoom(Math.min(begin, end), Math.max(begin, end));
    };
    const up = () => {
      this.strip.removeEventListener("pointermove", move);
      this.strip.removeEventListener("pointerup", up);
      this.strip.removeEventListener("pointercancel", up);
    };
    this.strip.addEventListener("pointermove", move);
    this.strip.addEventListener("pointerup", up);
    this.strip.addEventListener("pointercancel", up);
  }

  private key(e: KeyboardEvent): void {
    const moves: Record<string, () => void> = {
      ArrowLeft: () => this.state.pan(-0.2),
      ArrowRight: () => this.state.pan(0.2),
      ArrowUp: () => this.state.zoomBy(0.8),
      ArrowDown: () => this.state.zoomBy(1.25),
      Home: () => this.state.pan(-1e9),
      End: () => this.state.pan(1e9),
    };
    const move = moves[e.key];
    if (!move) return;
    e.preventDefault();
    e.stopPropagation();
    move();
  }
}
