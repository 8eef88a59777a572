// The fields in which the reader says what to look for.

import { button, h } from "./dom";
import { everything, type Filter, filters } from "./filter";
import { counted, grouped } from "./format";
import type { Point } from "./document";
import type { State } from "./state";
import { clean } from "./text";

const mostOptions = 300;

export class FilterBar {
  readonly element: HTMLElement;
  readonly search: HTMLInputElement;
  private readonly told = h("span", { class: "told", attrs: { role: "status" } });
  private readonly clear: HTMLButtonElement;
  private readonly fields: { show: (f: Filter) => void }[] = [];
  private waiting: ReturnType<typeof setTimeout> | undefined;

  constructor(private readonly state: State, private readonly found: () => void) {
    this.search = h("input", {
      class: "search", title: "Words in names, labels, errors and info; service: host: name: kind: min: and error narrow it down",
      attrs: { type: "search", placeholder: "Search   ( / )", "aria-label": "Search in points", spellcheck: "false", autocomplete: "off" },
      oninput: () => {
        clearTimeout(this.waiting);
        this.waiting = setTimeout(() => this.change({ text: this.search.value }), 150);
      },
      onkeydown: (e) => {
        if (e.key !== "Enter") return;
        clearTimeout(this.waiting);
        this.change({ text: this.search.value });
        this.found();
      },
    });
    this.fields.push({ show: (f) => { if (this.search.value !== f.text) this.search.value = f.text; } });
    this.clear = button("Clear", () => state.setFilter(everything), { class: "quiet", title: "Show all points (Esc)" });
    this.element = h("div", { class: "filters", attrs: { role: "search" } },
      this.search,
      this.choice("service", "Service", (p) => p.service),
      this.choice("name", "Name", (p) => p.name),
      this.choice("host", "Host", (p) => p.host),
      this.choice("kind", "Kind", (p) => p.kind),
      this.least(), this.check("errors", "Errors", "Only points that failed (x)"), this.check("path", "Critical path", "Only points on the critical path (p)"),
      this.told, this.clear);
    state.on("filter", () => this.show());
    this.show();
  }

  private change(change: Partial<Filter>): void {
    this.state.setFilter({ ...this.state.filter, ...change });
  }

  /** toggle turns a check on or off. */
  toggle(which: "errors" | "path"): void {
    this.change({ [which]: !this.state.filter[which] });
  }

  private choice(which: "service" | "name" | "host" | "kind", words: string, of: (p: Point) => string | null): HTMLElement | null {
    const values = [...new Set(this.state.trace.points.map((p) => of(p) ?? ""))].filter((v) => v !== "").sort().slice(0, mostOptions);
    if (values.length < 2) return null;
    const list = h("select", { attrs: { "aria-label": words }, onchange: () => this.change({ [which]: list.value }) },
      h("option", { attrs: { value: "" } }, words), ...values.map((v) => h("option", { attrs: { value: v } }, clean(v, 60))));
    this.fields.push({ show: (f) => (list.value = f[which]) });
    return list;
  }

  private least(): HTMLElement {
    const field = h("input", {
      class: "least", title: "Only points that took at least so long: 10ms, 1.5s; a number alone is of milliseconds",
      attrs: { type: "text", placeholder: "≥ 10 ms", "aria-label": "Least duration", spellcheck: "false", autocomplete: "off" },
      onchange: () => this.change({ min: field.value }),
    });
    this.fields.push({ show: (f) => (field.value = f.min) });
    return field;
  }

  private check(which: "errors" | "path", words: string, title: string): HTMLElement {
    const box = h("input", { attrs: { type: "checkbox" }, onchange: () => this.change({ [which]: box.checked }) });
    this.fields.push({ show: (f) => (box.checked = f[which]) });
    return h("label", { class: "check", title }, box, words);
  }

  private show(): void {
    const { state } = this;
    for (const field of this.fields) field.show(state.filter);
    const on = filters(state.filter);
    this.clear.hidden = !on;
    this.told.textContent = on ? `${grouped(state.matches)} of ${counted(state.trace.length, "point")}` : "";
  }
}
