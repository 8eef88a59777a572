// The documents that a page shows, as docs/json.md describes them.

export type Info = { [name: string]: unknown };

export interface Point {
  id: string | null;
  parent: string | null;
  depth: number;
  name: string | null;
  /** Null where the records do not tell. */
  kind: string | null;
  label: string | null;
  service: string | null;
  host: string | null;
  project: string | null;
  start_ns: number;
  duration_ns: number;
  self_ns: number;
  finished: boolean;
  failed: boolean;
  etype: string | null;
  message: string | null;
  outcome: string | null;
  /** It stands for several points without records. */
  repeated?: Repeated;
  /** Points below it that were too short for records. */
  short?: Sum[];
  info: { start: unknown; stop: unknown };
}

export interface Repeated {
  count: number;
  total_ns: number;
  min_ns: number;
  max_ns: number;
  at_once: number;
  differ: boolean;
}

/** Sum sums up the points of a name. */
export interface Sum {
  name: string | null;
  count: number;
  total_ns: number;
  self_ns: number;
  max_ns: number;
}

export interface Finding {
  kind: string;
  text: string;
  points: string[];
  count: number;
  took_ns: number;
  share: number;
  saves_min_ns: number;
  saves_max_ns: number;
  confidence: string;
  because: string | null;
  signature: string;
  accepted: boolean;
  why: string | null;
}

export interface Section {
  point: string | null;
  from_ns: number;
  to_ns: number;
}

export interface Shift {
  service: string | null;
  host: string | null;
  against: string | null;
  by_ns: number;
  bound_ns: number;
  corrected: boolean;
}

export interface TraceDocument {
  version: number;
  trace: string | null;
  began: string | null;
  duration_ns: number;
  services: string[];
  records: number;
  lost: number;
  missing: { service: string | null; records: number; numbered: number; stored: number; told: number }[];
  refused: number;
  sampled: string | null;
  stands_for: number;
  traceparent: string | null;
  unfinished: number;
  asked: { title: string | null; status: string | null; service: string | null; duration_ns: number; ended: boolean };
  findings: Finding[];
  critical_path: Section[];
  shifts: Shift[];
  blind: string[];
  warnings: { problem: string | null; count: number; example: string | null }[];
  stats: Sum[];
  points: Point[];
}

/** Did says what the points of a path did. */
export interface Did {
  path: string[];
  name: string | null;
  kind: string;
  layer: string | null;
  service: string | null;
  what: string | null;
}

export interface Group {
  traces: number;
  points: number;
  unfinished: number;
  mean_ns: number;
  p50_ns: number;
  p95_ns: number;
  max_ns: number;
}

export interface Figures {
  traces: number;
  count: number;
  total_ns: number;
  self_ns: number;
  critical_ns: number;
  p50_ns: number;
  p95_ns: number;
  max_ns: number;
}

export interface DiffDocument {
  version: number;
  text: string;
  failed: { condition: string; text: string }[];
  before: Group;
  after: Group;
  causes: (Did & { change: string; took_ns: number; text: string })[];
  paths: (Did & { adds_ns: number; before: Figures | null; after: Figures | null })[];
}

export interface ProfileDocument {
  version: number;
  text: string;
  all: Group;
  kinds: (Did & { traces: number })[];
  compared: Did & { traces: number; sampled: boolean; p50_ns: number; p95_ns: number; slow: number; fast: number; slow_ns: number; fast_ns: number };
  causes: (Did & {
    share: number;
    slow_ns: number;
    fast_ns: number;
    slow_count: number;
    fast_count: number;
    separates: { of: string | null; name: string | null; value: string | null; in_slow: number; in_fast: number }[];
  })[];
  paths: (Did & Figures)[];
}

export type AnyDocument = TraceDocument | DiffDocument | ProfileDocument;
