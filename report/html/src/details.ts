// One point with all that its records say.

import type { Info } from "./document";
import { button, copyButton, fill, h, type Child } from "./dom";
import { duration, grouped, share } from "./format";
import { jsonView } from "./json";
import { sqlView } from "./sql";
import type { State } from "./state";
import { clean, cleanLines } from "./text";

export class Details {
  readonly element = h("aside", { class: "details", attrs: { "aria-label": "The selected point", hidden: true, tabindex: -1 } });

  constructor(private readonly state: State, private readonly jump: (i: number) => void, private readonly closed: () => void) {
    state.on("select", () => {
      if (!this.element.hidden) this.draw();
    });
  }

  get isOpen(): boolean {
    return !this.element.hidden;
  }

  open(): void {
    if (this.state.selected < 0) return;
    this.element.hidden = false;
    this.draw();
  }

  close(): void {
    this.element.hidden = true;
    this.closed();
  }

  private draw(): void {
    const { trace, selected: i } = this.state;
    const p = trace.points[i];
    if (!p) return this.close();
    const began = trace.doc.began === null ? null : clock(trace.doc.began, trace.from[i]!);
    const onPath = trace.criticalTime(i), whole = trace.doc.asked.duration_ns;
    const up = trace.parent[i]!;
    const link = () => location.href.split("#")[0] + "#point=" + encodeURIComponent(p.id ?? "");
    const start = object(p.info.start), stop = object(p.info.stop);
    const statement = text(object(start["db"])["statement"]) ?? text(object(stop["db"])["statement"]);
    const logs = [start["log"], stop["log"]].flatMap((list) => (Array.isArray(list) ? list : []));
    fill(this.element,
      h("header", { class: "details-head" },
        h("p", { class: "muted" }, h("i", { class: "swatch " + trace.colorOf(i) }), clean(p.service) || "no service", p.kind && p.kind !== "internal" && " · " + clean(p.kind)),
        h("h2", {}, clean(p.name, 300) || "(no name)"),
        button("✕", () => this.close(), { class: "quiet square close", title: "Close (Esc)", attrs: { "aria-label": "Close" } })),
      p.label && p.label !== statement && h("p", { class: "details-label" }, clean(p.label, 1000)),
      p.failed && h("div", { class: "failure" }, h("b", {}, clean(p.etype) || "Failed"), p.message && h("pre", {}, cleanLines(p.message.slice(0, 20_000)))),
      p.outcome && h("p", { class: "odd" }, "Ended by: " + clean(p.outcome)),
      h("dl", { class: "figures" },
        figure("Total", p.finished ? duration(trace.took(i)) : "running"),
        p.repeated ? figure("Points", grouped(p.repeated.count) + (p.repeated.at_once > 1 ? `, up to ${grouped(p.repeated.at_once)} at once` : "")) : null,
        p.repeated ? figure("Each", `${duration(p.repeated.min_ns)} to ${duration(p.repeated.max_ns)}`) : null,
        p.repeated ? figure("First to last", duration(trace.length_ns(i))) : null,
        p.finished && figure("Self", duration(trace.self[i]!)),
        figure("Begins at", duration(trace.from[i]! - trace.first)),
        onPath > 0 && figure("On critical path", duration(onPath) + (whole > 0 ? ", " + share(onPath / whole) : ""))),
      h("dl", { class: "facts" },
        ...fact("At", began),
        ...fact("Host", clean(p.host)),
        ...fact("Project", clean(p.project)),
        ...fact("Id", h("code", {}, clean(p.id))),
        ...fact("Below", up >= 0 ? button(clean([trace.points[up]!.name, trace.points[up]!.label].filter(Boolean).join(" "), 120) || "(no name)", () => this.jump(up), { class: "link" }) : p.depth < 0 ? "no root leads to it" : "")),
      this.proves(i),
      p.short ? part("Too short for records", h("ul", { class: "plain" }, ...p.short.map((s) =>
        h("li", {}, `${clean(s.name, 200) || "(no name)"} ×${grouped(s.count)}, ${duration(s.total_ns)}`)))) : null,
      statement !== null && part("Statement", sqlView(statement), copyButton("Copy", () => statement, { class: "quiet" })),
      logs.length > 0 && part("Log", h("ol", { class: "log" }, ...logs.map(logLine))),
      p.info.start !== null && part("Info at its start", jsonView(p.info.start), copyButton("Copy", () => JSON.stringify(p.info.start, null, 2), { class: "quiet" })),
      p.info.stop !== null && part("Info at its end", jsonView(p.info.stop), copyButton("Copy", () => JSON.stringify(p.info.stop, null, 2), { class: "quiet" })),
      h("footer", { class: "group" },
        copyButton("Copy link", link),
        copyButton("Copy point as JSON", () => JSON.stringify(p, null, 2)),
        button("Zoom to it", () => this.state.zoom(trace.from[i]!, trace.to[i]!), { title: "See the time it took (z)" })));
    this.element.scrollTop = 0;
  }

  private proves(i: number): HTMLElement | null {
    const { trace } = this.state;
    const list = trace.proves.get(i);
    return list ? part("Proves", h("ul", { class: "plain" }, ...list.map((k) =>
      h("li", {}, h("b", { class: "mark" }, String(k + 1)), " ", clean(trace.doc.findings[k]!.text))))) : null;
  }
}

function part(name: string, content: HTMLElement, tool?: HTMLElement): HTMLElement {
  return h("section", { class: "details-part" }, h("h3", {}, name, tool), content);
}

function fact(name: string, value: Child): Child[] {
  return value ? [h("dt", {}, name), h("dd", {}, value)] : [];
}

function figure(name: string, value: string): HTMLElement {
  return h("div", {}, h("dt", {}, name), h("dd", {}, value));
}

function object(value: unknown): Info {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Info) : {};
}

function text(value: unknown): string | null {
  return typeof value === "string" && value !== "" ? value : null;
}

/** clock is a time of day so long after the trace has begun. */
function clock(began: string, after: number): string {
  const whole = Date.parse(began.replace(/\.\d+Z$/, "Z"));
  const micros = Number(/\.(\d{6})Z$/.exec(began)?.[1] ?? 0) + Math.floor(after / 1000);
  const at = new Date(whole + Math.floor(micros / 1e6) * 1000);
  if (Number.isNaN(at.getTime())) return "";
  return at.toISOString().slice(11, 19) + "." + String(((micros % 1e6) + 1e6) % 1e6).padStart(6, "0") + " UTC";
}

/** logLine is a log record that was kept with the point. */
function logLine(entry: unknown): HTMLLIElement {
  const e = object(entry);
  const level = clean(text(e["level"]));
  const rest = Object.entries(object(e["attributes"])).map(([key, value]) => clean(key) + "=" + clean(typeof value === "string" ? value : JSON.stringify(value)));
  const time = clean(text(e["time"])).replace(/^.*T/, "").slice(0, 15);
  return h("li", { class: /err|fatal/i.test(level) ? "failed" : "" },
    h("span", { class: "muted" }, [time, level].filter(Boolean).join(" ")), " ", clean(text(e["message"]) ?? (Object.keys(e).length === 0 ? String(entry) : ""), 2000),
    rest.length > 0 && h("span", { class: "muted" }, " " + rest.join(" ")));
}
