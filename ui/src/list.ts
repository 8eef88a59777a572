// The list: search, filters, what comes, and the choice of two to compare.

import { api, follow, get, type Line, older, reason } from "./api";
import { takeFiles } from "./drop";
import { Filters, filterForm } from "./filters";
import { row } from "./row";
import { top } from "./top";
import { button, fill, h } from "../../report/html/src/dom";
import { counted } from "../../report/html/src/format";
import { clean } from "../../report/html/src/text";

const wanted = 50; // rows at a time
const pagesAtOnce = 10; // that are read in search of as many

class List {
  private readonly filters = new Filters();
  private readonly lines = new Map<string, Line>();
  private readonly fresh = new Set<string>(); // came while the list was looked at
  private readonly body = h("tbody");
  private readonly head = h("thead");
  private readonly state = h("p", { class: "state", attrs: { role: "status" } });
  private readonly fileState = h("p", { class: "state problem", attrs: { role: "alert" } }); // stays while traces come
  private readonly more = button("Older", () => void this.read());
  private readonly picked = h("div", { class: "picked", attrs: { role: "status" } });
  private readonly live = h("span", { class: "live" });
  private first = ""; // the trace that another is compared with
  private next: string | undefined;
  private looked = 0; // how many traces the full pages so far had
  private reading = new AbortController();
  private unfollow = () => {};
  private listed = false;

  constructor(host: HTMLElement) {
    const head = (words: string, kind = "") => h("th", { class: kind, attrs: { scope: "col" } }, words);
    host.append(
      top("/", takeFiles((problem) => this.sayOfFile(problem))),
      filterForm(this.filters, () => this.restart(), this.live),
      this.fileState,
      h("main", { class: "table list" },
        h("table", { attrs: { "aria-label": "Traces" } },
          this.head,
          this.body),
        this.state, this.more),
      this.picked);
    fill(this.head, h("tr", {}, head(""), head("Root", "wide"), head("Began", "number"), head("Took", "number"), head("Points", "number less"), head("Services"), head("Trace", "less"), head("")));
    this.picked.hidden = true;
    this.sayOfFile("");
    document.addEventListener("keydown", (e) => {
      if (e.key === "Escape" && this.first) this.pick("");
    });
    this.restart();
  }

  /** restart reads the list anew. */
  private restart(): void {
    this.reading.abort();
    this.reading = new AbortController();
    this.unfollow();
    this.lines.clear();
    this.fresh.clear();
    this.looked = 0;
    this.listed = false;
    const query = this.filters.query();
    query.set("limit", String(wanted));
    this.next = `${api}/traces?${query.toString()}`;
    void this.read().then(() => this.follow());
  }

  /** read reads on, until there are rows enough or it has looked at many pages. */
  private async read(): Promise<void> {
    const { signal } = this.reading;
    const enough = this.lines.size + wanted;
    this.more.hidden = true;
    this.say("Reading…", false);
    try {
      for (let page = 0; this.next && page < pagesAtOnce && this.lines.size < enough; page++) {
        const answer = await get(this.next, { signal });
        const { traces } = (await answer.json()) as { traces: Line[] };
        if (signal.aborted) return;
        this.next = older(answer);
        this.looked += wanted;
        for (const line of traces) this.lines.set(line.trace ?? "", line);
        this.listed = true;
        this.draw();
      }
      this.told();
    } catch (problem) {
      if (!signal.aborted) this.say(reason(problem));
    }
  }

  /** follow adds what comes, where the list is that of the newest. */
  private follow(): void {
    this.unfollow();
    this.live.textContent = "";
    if (!this.listed || !this.filters.live) return;
    const query = this.filters.query();
    query.set("limit", String(wanted));
    this.unfollow = follow(`${api}/tail?${query.toString()}`, {
      trace: (data) => {
        const line = data as Line;
        const id = line.trace ?? "";
        if (!this.lines.has(id)) this.fresh.add(id);
        this.lines.set(id, line);
        this.liveIs(true);
        this.draw();
        this.told();
      },
      problem: (data) => this.say((data as { detail: string }).detail),
    }, () => this.liveIs(false));
    this.liveIs(true);
  }

  private liveIs(on: boolean): void {
    fill(this.live, h("span", { class: "live-dot" + (on ? "" : " is-off"), attrs: { "aria-hidden": "true" } }), on ? "live" : "not live");
    this.live.title = on ? "Traces appear here as they come" : "The viewer does not answer; the page tries again";
  }

  private draw(): void {
    const all = [...this.lines.values()];
    const by = this.filters.get("sort");
    if (by === "duration") all.sort((a, b) => (b.duration_ns ?? 0) - (a.duration_ns ?? 0));
    else if (by === "points") all.sort((a, b) => (b.points ?? 0) - (a.points ?? 0));
    else all.sort((a, b) => compare(b.began ?? "", a.began ?? "") || compare(b.trace ?? "", a.trace ?? ""));
    this.head.hidden = all.length === 0;
    const longest = Math.max(0, ...all.map((l) => l.duration_ns ?? 0));
    const focus = document.activeElement?.closest("tr")?.dataset["trace"];
    const onButton = document.activeElement instanceof HTMLButtonElement;
    this.body.replaceChildren(...all.map((line) => {
      const id = line.trace ?? "";
      const made = row(line, longest, () => this.pick(id));
      if (this.fresh.has(id)) made.classList.add("is-fresh");
      if (id === this.first) made.classList.add("is-picked");
      if (id === focus) setTimeout(() => made.querySelector<HTMLElement>(onButton ? "button" : "a")?.focus());
      return made;
    }));
    const services = new Set(all.flatMap((l) => l.services ?? []));
    document.getElementById("services")?.replaceChildren(...[...services].sort().map((s) => h("option", { attrs: { value: s } })));
  }

  /** told says what the list holds. */
  private told(): void {
    const n = this.lines.size;
    this.more.hidden = !this.next;
    if (n === 0 && !this.filters.any) {
      this.state.classList.remove("problem");
      fill(this.state, "There are no traces in this store yet. Make one with ", h("code", {}, "sonde run URL"), ", or drop a file here.");
      return;
    }
    if (n === 0 && !this.next) return this.say("No trace is like that.", false);
    const order = this.next && this.filters.get("sort") ? ", in order among those that were read" : "";
    const among = this.next && this.filters.sifts ? ` among the ${this.looked} newest` : "";
    this.say(counted(n, "trace") + among + order, false);
  }

  private sayOfFile(problem: string): void {
    this.fileState.textContent = clean(problem);
    this.fileState.hidden = problem === "";
  }

  private say(words: string, wrong = true): void {
    this.state.textContent = clean(words);
    this.state.classList.toggle("problem", wrong);
  }

  /** pick chooses the first trace, or compares it with the second. */
  private pick(id: string): void {
    if (this.first && id && id !== this.first) {
      location.href = "/diff?" + new URLSearchParams({ a: this.first, b: id }).toString();
      return;
    }
    this.first = id === this.first ? "" : id;
    for (const tr of this.body.rows) tr.classList.toggle("is-picked", tr.dataset["trace"] === this.first);
    this.picked.hidden = this.first === "";
    const line = this.lines.get(this.first);
    fill(this.picked, "Compare ", h("b", {}, clean(line?.root ?? line?.name, 80) || "this"), " ", h("code", {}, clean(this.first).slice(0, 8)), " with another: press its ", h("b", {}, "compare"), ". ",
      button("Cancel (Esc)", () => this.pick(""), { class: "quiet" }));
  }
}

const compare = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0);

/** startList shows the list. */
export async function startList(host: HTMLElement): Promise<void> {
  document.title = "Traces";
  new List(host);
}
