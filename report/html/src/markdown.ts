// A finding as Markdown, for an issue or a chat.

import type { Finding } from "./document";
import { duration, share } from "./format";
import { clean } from "./text";
import type { Trace } from "./trace";

/** markdown writes a finding with the points that prove it. */
export function markdown(trace: Trace, f: Finding): string {
  const { asked } = trace.doc;
  const lines = [`**${escape(f.kind)}**: ${escape(clean(f.text))}`, ""];
  if (f.took_ns > 0) lines.push(`- takes ${duration(f.took_ns)}` + (f.share > 0 ? `, ${share(f.share)} of the request` : ""));
  if (f.saves_max_ns > 0) lines.push(`- mending it saves ${saves(f)}`);
  if (f.because) lines.push(`- ${escape(f.confidence)}: ${escape(clean(f.because))}`);
  const where = [asked.title, asked.service && "in " + asked.service].filter(Boolean).join(" ");
  lines.push(`- trace ${escape(clean(trace.doc.trace) || "(no id)")}` + (where ? ` of ${escape(clean(where))}, ${duration(asked.duration_ns)}` : ""));
  if (f.signature) lines.push(`- signature ${escape(clean(f.signature))}`);
  const points = f.points.map((id) => trace.index(id)).filter((i) => i >= 0);
  if (points.length > 0) {
    lines.push("", "| point | service | begins | takes |", "|---|---|--:|--:|");
    for (const i of points) {
      const p = trace.points[i]!;
      lines.push(`| ${escape(clean([p.name, p.label].filter(Boolean).join(" "), 120))} | ${escape(clean(p.service))} | ${duration(trace.from[i]! - trace.first)} | ${duration(trace.took(i))} |`);
    }
  }
  return lines.join("\n") + "\n";
}

/** saves says what mending a finding would save. */
export function saves(f: Finding): string {
  const [least, most] = [duration(f.saves_min_ns), duration(f.saves_max_ns)];
  return f.saves_min_ns <= 0 ? "up to " + most : least === most ? "about " + most : `${least} to ${most}`;
}

/** escape leaves nothing in a text that means anything to Markdown or HTML, and no link or mention. */
function escape(text: string): string {
  return text
    .replace(/[\\`*_[\]<>&~$#@|]/g, (c) => (c === "|" ? "&#124;" : "\\" + c + (c === "#" || c === "@" ? "&#8203;" : "")))
    .replace(/:(?=\/)/g, "\\:")
    .replace(/(www)\./gi, "$1\\.")
    .replace(/^(\s*)([-+])/, "$1\\$2")
    .replace(/^(\s*\d+)([.)])/, "$1\\$2");
}
