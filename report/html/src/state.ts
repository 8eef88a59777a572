// What the reader sees of a trace: which rows, which time, which point. The parts of
// the page change it here and are told of changes, and know nothing of each other.

import { everything, type Filter, filters, Search } from "./filter";
import { type Fold, folds } from "./folds";
import type { Trace } from "./trace";

type Change = "rows" | "select" | "zoom" | "filter";

export class State {
  selected = -1;
  /** The points of the rows, in their order. */
  rows = new Int32Array(0);
  /** Which points the filter has found, if there is one. */
  mask: Uint8Array | null = null;
  matches = 0;
  filter: Filter = everything;
  from: number;
  to: number;

  private readonly collapsed = new Set<number>();
  private readonly folds: Map<number, Fold>;
  private readonly unfolded = new Set<number>(); // the first points of folds
  private readonly search: Search;
  private readonly calls: Record<Change, (() => void)[]> = { rows: [], select: [], zoom: [], filter: [] };

  constructor(readonly trace: Trace) {
    this.search = new Search(trace);
    this.folds = folds(trace);
    this.from = trace.first;
    this.to = trace.last;
    this.list();
  }

  on(change: Change, call: () => void): void {
    this.calls[change].push(call);
  }

  private tell(change: Change): void {
    for (const call of this.calls[change]) call();
  }

  private list(): void {
    const { trace, mask } = this;
    const rows = new Int32Array(trace.length);
    let n = 0;
    for (let i = 0; i < trace.length; ) {
      if (mask && mask[i] === 0) {
        i = trace.end[i]!; // what is below a match is shown only if it is one
        continue;
      }
      rows[n++] = i;
      const fold = this.folded(i);
      i = fold ? fold.end : this.collapsed.has(i) ? trace.end[i]! : i + 1;
    }
    this.rows = rows.subarray(0, n);
    this.tell("rows");
  }

  /** folded is the run of points that the row of its first one stands for, if it is closed. */
  folded(i: number): Fold | undefined {
    return this.mask || this.unfolded.has(i) ? undefined : this.folds.get(i);
  }

  isCollapsed(i: number): boolean {
    return this.collapsed.has(i) || this.folded(i) !== undefined;
  }

  /** opens says whether a row has others that it shows and hides. */
  opens(i: number): boolean {
    return this.trace.hasChildren(i) || (!this.mask && this.folds.has(i));
  }

  /** The row of a point, -1 if it has none. */
  rowOf(i: number): number {
    let low = 0, high = this.rows.length - 1;
    while (low <= high) {
      const middle = (low + high) >> 1;
      const there = this.rows[middle]!;
      if (there === i) return middle;
      if (there < i) low = middle + 1;
      else high = middle - 1;
    }
    return -1;
  }

  select(i: number): void {
    this.selected = i;
    this.tell("select");
  }

  /** reveal selects a point and sees to it that it has a row. */
  reveal(i: number): void {
    if (this.mask && this.mask[i] === 0) this.setFilter(everything);
    let closed = this.unfold(i);
    for (let up = this.trace.parent[i]!; up >= 0; up = this.trace.parent[up]!) closed = this.collapsed.delete(up) || closed;
    if (closed) this.list();
    this.select(i);
  }

  /** unfold opens the run that hides a point, and says whether one did. */
  private unfold(i: number): boolean {
    if (this.trace.hasChildren(i)) return false;
    for (let k = i; k >= 0 && this.trace.parent[k] === this.trace.parent[i] && !this.trace.hasChildren(k); k--) {
      const fold = this.folds.get(k);
      if (!fold) continue;
      if (fold.first === i || fold.end <= i || this.unfolded.has(k)) return false;
      this.unfolded.add(k);
      return true;
    }
    return false;
  }

  collapse(i: number, closed: boolean): void {
    if (!this.opens(i) || this.isCollapsed(i) === closed) return;
    if (this.folds.has(i)) {
      if (closed) this.unfolded.delete(i);
      else this.unfolded.add(i);
    } else if (closed) this.collapsed.add(i);
    else this.collapsed.delete(i);
    this.list();
  }

  collapseAll(): void {
    for (let i = 0; i < this.trace.length; i++) {
      if (this.trace.parent[i]! >= 0 && this.trace.hasChildren(i)) this.collapsed.add(i);
    }
    this.unfolded.clear();
    while (this.selected >= 0 && this.trace.depth[this.selected]! > 1) this.selected = this.trace.parent[this.selected]!;
    this.list();
    this.tell("select");
  }

  expandAll(): void {
    this.collapsed.clear();
    for (const first of this.folds.keys()) this.unfolded.add(first);
    this.list();
  }

  setFilter(f: Filter): void {
    this.filter = f;
    const found = filters(f) ? this.search.find(f) : null;
    this.mask = found?.mask ?? null;
    this.matches = found?.matches ?? 0;
    this.list();
    this.tell("filter");
  }

  zoom(from: number, to: number): void {
    const { first, last } = this.trace;
    const least = Math.max(1, (last - first) * 1e-6);
    if (to - from < least) to = from + least;
    if (from < first) [from, to] = [first, Math.min(last, to + first - from)];
    if (to > last) [from, to] = [Math.max(first, from + last - to), last];
    this.from = from;
    this.to = to;
    this.tell("zoom");
  }

  get zoomed(): boolean {
    return this.from > this.trace.first || this.to < this.trace.last;
  }

  /** zoomBy makes what is seen longer or shorter, around a time. */
  zoomBy(factor: number, around = (this.from + this.to) / 2): void {
    this.zoom(around - (around - this.from) * factor, around + (this.to - around) * factor);
  }

  pan(part: number): void {
    const by = (this.to - this.from) * part;
    this.zoom(this.from + by, this.to + by);
  }
}
