// What was found, the verdict first: each with what proves it one click away.

import type { Finding } from "./document";
import { attributes, button, copyButton, h } from "./dom";
import { counted, duration, share } from "./format";
import { markdown, saves } from "./markdown";
import { clean, unbroken } from "./text";
import type { Trace } from "./trace";

const shown = 4; // findings below the verdict that are seen at first
const wrong = /^(failure|unfinished|lost|missing_parents|skew|cancelled)$/;

export class Findings {
  readonly element: HTMLElement;
  private readonly heads: HTMLButtonElement[] = [];

  constructor(private readonly trace: Trace, private readonly jump: (i: number) => void) {
    const { doc } = trace;
    const standing = doc.findings.filter((f) => !f.accepted).length;
    const items = doc.findings.map((f, k) => this.finding(f, k));
    const list = h("ol", { class: "findings-list" }, ...items);
    if (items.length > shown + 2) {
      for (const item of items.slice(shown + 1)) item.hidden = true;
      const more = button(`${items.length - shown - 1} more findings`, () => {
        more.remove();
        for (const item of items) item.hidden = false;
      }, { class: "link more" });
      list.append(h("li", { class: "finding-more" }, more));
    }
    this.element = h("section", { class: "findings", attrs: { "aria-label": "Findings" } },
      standing === 0 && this.nothing(), items.length > 0 && list, notes(trace));
  }

  /** next puts the focus on the next finding, or the one before. */
  next(by: number): void {
    const seen = this.heads.filter((head) => head.offsetParent !== null);
    if (seen.length === 0) return;
    const at = seen.indexOf(document.activeElement as HTMLButtonElement);
    const head = seen[at < 0 ? (by > 0 ? 0 : seen.length - 1) : (at + by + seen.length) % seen.length]!;
    head.focus();
    head.scrollIntoView({ block: "center" });
  }

  /** focused is the index of the finding that has the focus, -1 if none has. */
  focused(): number {
    const item = document.activeElement?.closest<HTMLElement>("[data-finding]");
    return item ? Number(item.dataset["finding"]) : -1;
  }

  /** Of a trace in which nothing is wrong: where its time went. */
  private nothing(): HTMLElement {
    const { trace } = this;
    let longest = -1;
    for (const i of trace.critical.keys()) if (longest < 0 || trace.criticalTime(i) > trace.criticalTime(longest)) longest = i;
    const whole = trace.doc.asked.duration_ns;
    const p = trace.points[longest];
    return h("div", { class: "nothing" },
      h("p", { class: "kind is-fine" }, trace.length === 0 ? "Empty" : "Nothing wrong"),
      h("h2", { class: "verdict-text" }, trace.length === 0 ? "This trace has no points." : "No problem was found."),
      p && whole > 0 && h("p", { class: "sub" }, "Most of the time: ",
        button(clean([p.name, p.label].filter(Boolean).join(" "), 120), () => this.jump(longest), { class: "link" }),
        ` in ${clean(p.service) || "an unnamed service"}, ${duration(trace.criticalTime(longest))}, ${share(trace.criticalTime(longest) / whole)} of what the request took.`));
  }

  private finding(f: Finding, k: number): HTMLLIElement {
    const first = k === 0 && !f.accepted;
    const body = h("div", { class: "evidence", attrs: { id: "evidence-" + k, hidden: true } });
    const head: HTMLButtonElement = button(null, () => {
      const open = body.hidden;
      if (open && body.childElementCount === 0) this.evidence(f, body);
      body.hidden = !open;
      attributes(head, { "aria-expanded": String(open) });
    }, { class: "finding-head", attrs: { "aria-expanded": "false", "aria-controls": "evidence-" + k } });
    this.heads.push(head);
    const part = h("i", { class: "part" });
    part.style.setProperty("--part", String(Math.max(0, Math.min(1, f.share))));
    head.append(
      h("span", { class: "finding-number" }, String(k + 1)),
      h("span", { class: "kind" + (wrong.test(f.kind) ? " is-wrong" : "") + (f.accepted ? " is-accepted" : "") },
        f.kind.replaceAll("_", " ") + (f.accepted ? " · accepted" : "")),
      h("span", { class: "finding-text" + (first ? " verdict-text" : ""), attrs: first ? { role: "heading", "aria-level": 2 } : {} }, unbroken(clean(f.text, 1000))),
      h("span", { class: "finding-time" },
        f.took_ns > 0 && h("span", {}, duration(f.took_ns)),
        f.share > 0 && h("span", { class: "parted" }, part, share(f.share))),
      h("span", { class: "finding-open" }, "Evidence"));
    return h("li", { class: "finding" + (first ? " verdict" : ""), attrs: { "data-finding": k } }, head,
      copyButton("Copy as Markdown", () => markdown(this.trace, f), { class: "quiet copy", attrs: { "aria-label": `Copy finding ${k + 1} as Markdown` } }), body);
  }

  private evidence(f: Finding, body: HTMLElement): void {
    const { trace } = this;
    const known = f.points.map((id) => trace.index(id)).filter((i) => i >= 0);
    const facts = [
      f.because && `${clean(f.confidence)}: ${clean(f.because, 1000)}.`,
      f.saves_max_ns > 0 && `Mending it saves ${saves(f)}.`,
      f.accepted && f.why && `Accepted: ${clean(f.why)}.`,
    ].filter((fact): fact is string => !!fact);
    body.append(
      h("p", { class: "because" }, facts.map((fact) => fact[0]!.toUpperCase() + fact.slice(1)).join(" ")),
      h("ul", { class: "proof" }, ...known.map((i) => this.point(i))));
    if (f.count > known.length && known.length > 0) {
      body.append(h("p", { class: "muted" }, `The most telling ${known.length === 1 ? "one" : known.length} of ${counted(f.count, "point")}.`));
    }
    body.append(h("p", { class: "muted signature" }, "Signature ", h("code", {}, clean(f.signature)), ", the same in other traces with this cause"));
  }

  private point(i: number): HTMLLIElement {
    const { trace } = this, p = trace.points[i]!;
    const head = button(null, () => this.jump(i), { class: "proof-point", title: "Show it in the waterfall" });
    head.append(
      h("i", { class: "swatch " + trace.colorOf(i) }),
      h("b", {}, clean(p.name, 100) || "(no name)"),
      h("span", { class: "label" }, p.label === p.name ? "" : clean(p.label, 200)),
      h("span", { class: "muted" }, clean(p.service, 60)),
      h("span", { class: "number" }, p.finished ? duration(trace.took(i)) : "running"));
    return h("li", {}, head);
  }
}

/** notes are what could not be judged, and what was wrong with records. */
function notes(trace: Trace): HTMLElement | null {
  const { doc } = trace;
  const list = [
    ...doc.blind.map((b) => "Not judged: " + clean(b)),
    ...doc.shifts.filter((s) => s.corrected).map((s) =>
      `The clock of ${clean(s.service)} on ${clean(s.host)} was off: its times are shown ${duration(Math.abs(s.by_ns))} ${s.by_ns > 0 ? "later" : "earlier"} than recorded`),
    ...doc.warnings.map((w) => `${counted(w.count, "record")}: ${clean(w.problem)}`),
    ...(doc.sampled ? ["Sampled: " + clean(doc.sampled)] : []),
    ...(doc.traceparent ? [`OpenTelemetry: trace ${clean(doc.traceparent.split("-")[1])}, span ${clean(doc.traceparent.split("-")[2])}`] : []),
    ...(doc.refused > 0 ? [`${counted(doc.refused, "request")} of the trace came too often and left no records`] : []),
  ];
  if (list.length === 0) return null;
  return h("details", { class: "notes" }, h("summary", {}, counted(list.length, "note")), h("ul", {}, ...list.map((note) => h("li", {}, note))));
}
