// SQL for people to read: a clause on each line, what has a meaning set off.

import { h } from "./dom";
import { cleanLines } from "./text";

const clauses = /^(select|from|where|group|order|having|limit|offset|values|set|returning|union|except|intersect|insert|update|delete|with|join|on|window|for)$/i;
const joins = /^(left|right|inner|full|cross)$/i; // before JOIN only: some are names of functions and columns
const joined = /^\s+(outer\s+)?join\b/i;
const inner = /^(and|or)$/i;
const words = /^(as|in|is|not|null|like|ilike|between|exists|case|when|then|else|end|by|into|distinct|all|asc|desc|outer|table|create|alter|drop|index|begin|commit|rollback|conflict|do|nothing|using|true|false|cast|any)$/i;
const token = /--[^\n]*|\/\*[\s\S]*?(?:\*\/|$)|'(?:[^']|'')*(?:'|$)|"(?:[^"]|"")*(?:"|$)|`[^`]*(?:`|$)|[\p{L}_][\p{L}\p{N}_$]*|\s+|[\s\S]/gu;
const follows: Record<string, RegExp> = {
  join: /^(left|right|inner|full|cross|outer)$/i, from: /^delete$/i, update: /^(for|do)$/i, set: /^(update)$/i, delete: /^on$/i, by: /^(group|order)$/i,
};

/** sqlView is a statement with its clauses on lines of their own. */
export function sqlView(statement: string): HTMLElement {
  const pre = h("pre", { class: "sql", attrs: { tabindex: 0 } });
  const text = cleanLines(statement.trim()).slice(0, 50_000);
  let depth = 0, before = "", blank = false, begun = false;
  for (const match of text.matchAll(token)) {
    const t = match[0];
    if (/^\s+$/.test(t)) {
      blank = true;
      continue;
    }
    const join = joins.test(t) && joined.test(text.slice(match.index + t.length, match.index + t.length + 20));
    const clause = join || clauses.test(t) && !follows[t.toLowerCase()]?.test(before);
    if (begun && depth === 0 && (clause || inner.test(t))) pre.append("\n" + (inner.test(t) || /^on$/i.test(t) ? "  " : ""));
    else if (begun && before.startsWith("--")) pre.append("\n");
    else if (blank && begun) pre.append(" ");
    if (t === "(") depth++;
    if (t === ")") depth = Math.max(0, depth - 1);
    if (join || clauses.test(t) || inner.test(t) || words.test(t)) pre.append(h("b", {}, t));
    else if (/^['"`]/.test(t)) pre.append(h("span", { class: "sql-text" }, t));
    else if (/^(--|\/\*)/.test(t)) pre.append(h("span", { class: "sql-remark" }, t));
    else pre.append(t);
    before = t;
    blank = false;
    begun = true;
  }
  return pre;
}
