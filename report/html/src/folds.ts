// Siblings that do the same one after the other are one row until the reader opens it,
// as a loop's hundred queries.

import type { Trace } from "./trace";

const fewest = 5;

/** A run of points without any below them. */
export interface Fold {
  /** The first point, and the first index behind the last one. */
  first: number;
  end: number;
  count: number;
  total: number;
}

/** folds finds the runs of a trace, by their first points. */
export function folds(trace: Trace): Map<number, Fold> {
  const found = new Map<number, Fold>();
  const key = (i: number) => {
    const p = trace.points[i]!;
    return [p.service, p.name, p.kind, p.failed, p.outcome, p.finished, alike(p.label)].join("\0");
  };
  for (let i = 0; i < trace.length; ) {
    let end = i + 1;
    if (!trace.hasChildren(i) && trace.parent[i]! >= 0) {
      const wanted = key(i);
      let total = trace.took(i), count = trace.times(i);
      while (end < trace.length && trace.parent[end] === trace.parent[i] && !trace.hasChildren(end) && key(end) === wanted) {
        total += trace.took(end);
        count += trace.times(end++);
      }
      if (end > i + 1 && count >= fewest) found.set(i, { first: i, end, count, total });
    }
    i = end;
  }
  return found;
}

/** alike is a label without the ids, numbers and texts in quotes that tell calls of a kind apart. */
export function alike(label: string | null): string {
  return (label ?? "").slice(0, 300).replace(/'(?:[^']|'')*'|\b[0-9a-f]{8}-[0-9a-f-]{27}\b|(?<![\w$])\d[\w.]*/g, "?");
}
