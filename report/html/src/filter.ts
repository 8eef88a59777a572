// What the reader looks for.

import { parseDuration } from "./format";
import type { Trace } from "./trace";

export interface Filter {
  /** Words, and key:value for the members below; all have to be found. */
  text: string;
  service: string;
  host: string;
  name: string;
  kind: string;
  /** The least duration, as it was typed. */
  min: string;
  errors: boolean;
  path: boolean;
}

export const everything: Filter = { text: "", service: "", host: "", name: "", kind: "", min: "", errors: false, path: false };

export function filters(f: Filter): boolean {
  return Object.values(f).some((value) => value !== "" && value !== false);
}

/** parsed takes key:value out of the text: service:shop min:10ms error text. */
function parsed(f: Filter): Filter & { words: string[] } {
  const all = { ...f, words: [] as string[] };
  for (const m of f.text.matchAll(/(?:(service|host|name|kind|min):)?(?:"([^"]*)"?|(\S+))/gi)) {
    const key = m[1]?.toLowerCase() as "service" | "host" | "name" | "kind" | "min" | undefined;
    const value = m[2] ?? m[3] ?? "";
    if (key) all[key] = value;
    else if (/^(is:)?errors?$/i.test(m[0])) all.errors = true;
    else if (value !== "") all.words.push(value.toLowerCase());
  }
  return all;
}

/** Search finds points. It keeps their texts in lower case once they were searched. */
export class Search {
  private readonly texts: (string | undefined)[] = [];

  constructor(private readonly trace: Trace) {}

  /** find says which points are meant: 2 for one that is, 1 for what it stands below, 0 for the others. */
  find(filter: Filter): { mask: Uint8Array; matches: number } {
    const { trace } = this;
    const f = parsed(filter);
    const min = f.min === "" ? -Infinity : parseDuration(f.min);
    const lower = (text: string | null) => (text ?? "").toLowerCase();
    const service = lower(f.service), host = lower(f.host), name = lower(f.name), kind = lower(f.kind);
    const mask = new Uint8Array(trace.length);
    let matches = 0;
    for (let i = 0; i < mask.length; i++) {
      const p = trace.points[i]!;
      if (
        (f.errors && !p.failed) ||
        (f.path && !trace.critical.has(i)) ||
        (min > -Infinity && !(trace.length_ns(i) >= min)) ||
        (service && lower(p.service) !== service) ||
        (host && lower(p.host) !== host) ||
        (name && lower(p.name) !== name) ||
        (kind && p.kind !== kind) ||
        !f.words.every((word) => this.text(i).includes(word))
      ) continue;
      matches++;
      mask[i] = 2;
      for (let up = trace.parent[i]!; up >= 0 && mask[up] === 0; up = trace.parent[up]!) mask[up] = 1;
    }
    return { mask, matches };
  }

  private text(i: number): string {
    let text = this.texts[i];
    if (text === undefined) {
      const p = this.trace.points[i]!;
      text = [p.name, p.label, p.service, p.host, p.id, p.etype, p.message, JSON.stringify(p.info)].join("\n").toLowerCase();
      this.texts[i] = text;
    }
    return text;
  }
}
