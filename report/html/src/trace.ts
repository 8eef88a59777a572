// The points of a trace as a tree in arrays: each before what is below it.

import type { Finding, Point, Section, Shift, TraceDocument } from "./document";

/** How many colours services have before they repeat. */
export const hues = 8;

export class Trace {
  readonly points: Point[];
  /** The index of the point above, or -1. */
  readonly parent: Int32Array;
  /** The first index that is not below a point: its subtree is from itself to there. */
  readonly end: Int32Array;
  readonly depth: Int32Array;
  /** Times from the trace's beginning, on clocks that were corrected. */
  readonly from: Float64Array;
  readonly to: Float64Array;
  readonly self: Float64Array;
  readonly first: number;
  readonly last: number;
  readonly services: string[];
  /** Findings that a point proves, as indexes. */
  readonly proves = new Map<number, number[]>();
  /** What a point has of the critical path. */
  readonly critical = new Map<number, Section[]>();

  private readonly byID = new Map<string, number>();
  private readonly hue = new Map<string, number>();
  private readonly own = new Map<number, Float64Array>();

  constructor(readonly doc: TraceDocument) {
    const moved = corrections(doc.shifts);
    this.points = moved ? reordered(doc.points, moved) : doc.points;
    const n = this.points.length;
    this.parent = new Int32Array(n).fill(-1);
    this.end = new Int32Array(n);
    this.depth = new Int32Array(n);
    this.from = new Float64Array(n);
    this.to = new Float64Array(n);
    this.self = new Float64Array(n);
    const way: number[] = []; // down to the point before
    let first = Infinity, last = 0;
    for (let i = 0; i < n; i++) {
      const p = this.points[i]!;
      const depth = Math.max(0, p.depth);
      while (way.length > depth) this.end[way.pop()!] = i;
      this.depth[i] = way.length;
      this.parent[i] = way.at(-1) ?? -1;
      way.push(i);
      const from = p.start_ns + (moved?.(p) ?? 0);
      this.from[i] = from;
      this.to[i] = from + Math.max(0, p.duration_ns);
      this.self[i] = p.self_ns;
      first = Math.min(first, from);
      last = Math.max(last, this.to[i]!);
      if (p.id !== null) this.byID.set(p.id, i);
    }
    for (const i of way) this.end[i] = n;
    this.first = n > 0 ? first : 0;
    this.last = Math.max(last, this.first + 1, moved ? 0 : doc.duration_ns);
    this.services = [...new Set([...doc.services, ...this.points.map((p) => p.service ?? "")])];
    this.services.forEach((name, k) => this.hue.set(name, k % hues));
    if (moved) for (let i = 0; i < n; i++) if (!this.points[i]!.repeated && !this.points[i]!.short) this.self[i] = sum(this.alone(i));
    doc.findings.forEach((f, k) => this.note(f, k));
    for (const s of doc.critical_path) {
      const i = s.point === null ? undefined : this.byID.get(s.point);
      if (i === undefined) continue;
      const list = this.critical.get(i);
      if (list) list.push(s);
      else this.critical.set(i, [s]);
    }
  }

  private note(f: Finding, k: number): void {
    for (const id of f.points) {
      const i = this.byID.get(id);
      if (i === undefined) continue;
      const list = this.proves.get(i);
      if (list) list.push(k);
      else this.proves.set(i, [k]);
    }
  }

  get length(): number {
    return this.points.length;
  }

  /** The index of a point, -1 if there is none of this id. */
  index(id: string | null): number {
    return (id === null ? undefined : this.byID.get(id)) ?? -1;
  }

  /** The name of the colour of a point's service. */
  colorOf(i: number): string {
    return "s" + (this.hue.get(this.points[i]!.service ?? "") ?? 0);
  }

  colorOfService(name: string | null): string {
    return "s" + (this.hue.get(name ?? "") ?? 0);
  }

  hasChildren(i: number): boolean {
    return this.end[i]! > i + 1;
  }

  *children(i: number): Generator<number> {
    for (let c = i + 1; c < this.end[i]!; c = this.end[c]!) yield c;
  }

  length_ns(i: number): number {
    return this.to[i]! - this.from[i]!;
  }

  /** How many points a point stands for. */
  times(i: number): number {
    return this.points[i]!.repeated?.count ?? 1;
  }

  /** The time of all points that a point stands for. */
  took(i: number): number {
    return this.points[i]!.repeated?.total_ns ?? this.length_ns(i);
  }

  /** How many points there were, those without records too. */
  get all(): number {
    return this.doc.stats.reduce((sum, s) => sum + s.count, 0);
  }

  criticalTime(i: number): number {
    let total = 0;
    for (const s of this.critical.get(i) ?? []) total += s.to_ns - s.from_ns;
    return total;
  }

  /** The times in which no child of a point ran: from, to, from, to… */
  alone(i: number): Float64Array {
    const known = this.own.get(i);
    if (known) return known;
    const children: number[] = [];
    for (const c of this.children(i)) children.push(c);
    children.sort((a, b) => this.from[a]! - this.from[b]!);
    const gaps: number[] = [];
    let at = this.from[i]!;
    const to = this.to[i]!;
    for (const c of children) {
      const from = Math.min(this.from[c]!, to);
      if (from > at) gaps.push(at, from);
      at = Math.max(at, Math.min(this.to[c]!, to));
    }
    if (at < to) gaps.push(at, to);
    const made = Float64Array.from(gaps);
    this.own.set(i, made);
    return made;
  }
}

function sum(spans: Float64Array): number {
  let total = 0;
  for (let k = 0; k + 1 < spans.length; k += 2) total += spans[k + 1]! - spans[k]!;
  return total;
}

/** corrections says by how much a point's times are off, if any are known to be. */
function corrections(shifts: Shift[]): ((p: Point) => number) | null {
  const key = (service: string | null, host: string | null) => JSON.stringify([service, host]);
  const by = new Map<string, number>();
  for (const s of shifts) if (s.corrected) by.set(key(s.service, s.host), s.by_ns);
  return by.size === 0 ? null : (p) => by.get(key(p.service, p.host)) ?? 0;
}

/** reordered puts siblings in the order in which they began by corrected clocks. */
function reordered(points: Point[], moved: (p: Point) => number): Point[] {
  const below: Point[][] = points.map(() => []);
  const roots: Point[] = [];
  const at = new Map<Point, number>(points.map((p, i) => [p, i]));
  const way: number[] = [];
  points.forEach((p, i) => {
    way.length = Math.min(way.length, Math.max(0, p.depth));
    (way.length > 0 ? below[way.at(-1)!]! : roots).push(p);
    way.push(i);
  });
  const start = (p: Point) => p.start_ns + moved(p);
  const latest = (a: Point, b: Point) => start(b) - start(a);
  const open = roots.sort((a, b) => Math.min(b.depth, 0) - Math.min(a.depth, 0) || start(a) - start(b)).reverse();
  const sorted: Point[] = [];
  for (let p = open.pop(); p; p = open.pop()) {
    sorted.push(p);
    for (const c of below[at.get(p)!]!.sort(latest)) open.push(c);
  }
  return sorted;
}
