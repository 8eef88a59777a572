// What a list is asked for: in its URL, in its form, and as the API's parameters.

import { h, type Child } from "../../report/html/src/dom";
import { parseDuration } from "../../report/html/src/format";

const names = ["search", "service", "since", "min-duration", "error-trace", "sort"] as const;
type Name = (typeof names)[number];

export class Filters {
  private readonly values = new Map<Name, string>();

  constructor() {
    const asked = new URLSearchParams(location.search);
    for (const name of names) this.values.set(name, asked.get(name) ?? "");
  }

  get(name: Name): string {
    return this.values.get(name) ?? "";
  }

  /** set changes one, in the URL too, and says whether it is another. */
  set(name: Name, value: string): boolean {
    if (this.get(name) === value) return false;
    this.values.set(name, value);
    const query = this.query().toString();
    history.replaceState(null, "", query ? "/?" + query : "/");
    return true;
  }

  /** query are the API's parameters. */
  query(): URLSearchParams {
    const query = new URLSearchParams();
    for (const [name, value] of this.values) if (value) query.set(name, value);
    return query;
  }

  get any(): boolean {
    return [...this.values].some(([name, value]) => value !== "" && name !== "sort");
  }

  /** sifts says whether traces are looked for among those of a page. */
  get sifts(): boolean {
    return this.get("search") !== "" || this.get("min-duration") !== "";
  }

  /** live says whether traces that come can be told: they are the newest, in that order. */
  get live(): boolean {
    return this.get("since") === "" && this.get("sort") === "";
  }
}

const pause = 250; // ms of no typing after which it is looked for what stands there

/** filterForm lets filters be changed, and calls back when they have been. */
export function filterForm(filters: Filters, changed: () => void, ...tools: Child[]): HTMLElement {
  const set = (name: Name, value: string) => {
    if (filters.set(name, value)) changed();
  };
  const typed = (name: Name, read: (text: string) => string | undefined, props: { [name: string]: string }) => {
    let timer = 0;
    const take = () => {
      clearTimeout(timer);
      const value = read(field.value.trim());
      field.setAttribute("aria-invalid", String(value === undefined));
      if (value !== undefined) set(name, value);
    };
    const field: HTMLInputElement = h("input", {
      attrs: { name, value: filters.get(name), spellcheck: "false", autocomplete: "off", ...props },
      oninput: () => {
        clearTimeout(timer);
        timer = setTimeout(take, pause);
      },
      onchange: take,
    });
    return field;
  };
  const choice = (name: Name, label: string, options: [string, string][]) => {
    const made = h("select", { attrs: { name, "aria-label": label }, onchange: () => set(name, made.value) },
      ...options.map(([value, words]) => h("option", { attrs: { value, selected: filters.get(name) === value } }, words)));
    return made;
  };
  const search = typed("search", (t) => t, { placeholder: "Search  ( / )", class: "search", type: "search", "aria-label": "Search ids, roots, states and services" });
  const services = h("datalist", { attrs: { id: "services" } });
  const failed = h("input", { attrs: { type: "checkbox", name: "error-trace", checked: filters.get("error-trace") === "true" }, onchange: () => set("error-trace", failed.checked ? "true" : "") });
  document.addEventListener("keydown", (e) => {
    if (e.key === "/" && !e.ctrlKey && !e.metaKey && !e.altKey && !(e.target instanceof HTMLInputElement)) {
      e.preventDefault();
      search.focus();
      search.select();
    }
  });
  return h("form", { class: "bar", attrs: { role: "search" }, onsubmit: (e) => e.preventDefault() },
    h("div", { class: "bar-line" },
      h("div", { class: "filters" }, search,
        typed("service", (t) => t, { placeholder: "service", class: "middle", list: "services", "aria-label": "Service" }), services,
        typed("min-duration", (t) => (t === "" ? t : Number.isNaN(parseDuration(t)) ? undefined : parseDuration(t) + "ns"), { placeholder: "≥ 10 ms", class: "least", "aria-label": "Least duration", value: leastShown(filters) }),
        h("label", { class: "check" }, failed, "failed"),
        choice("since", "Since", [["", "any time"], ["15m", "last 15 minutes"], ["1h", "last hour"], ["24h", "last day"], ["7d", "last week"]]),
        choice("sort", "Order", [["", "newest first"], ["duration", "longest first"], ["points", "most points first"]])),
      h("div", { class: "group" }, ...tools)));
}

/** leastShown is the least duration as one types it. */
function leastShown(filters: Filters): string {
  const ns = /^(\d+(?:\.\d+)?)ns$/.exec(filters.get("min-duration"))?.[1];
  return ns === undefined ? filters.get("min-duration") : Number(ns) / 1e6 + "ms";
}
