// Texts of a trace are hostile: nothing they hold may pass for something else.

const unseen = /[\u0000-\u001f\u007f-\u009f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]/g;

/** clean is a text on one line, in which every character can be seen and none turns the others around. */
export function clean(text: string | null | undefined, most = 600): string {
  let line = (text ?? "").slice(0, most * 2).replace(/\s+/g, " ").trim().replace(unseen, "\ufffd");
  if (line.length > most) line = line.slice(0, most) + "…";
  return line;
}

/** unbroken keeps numbers and their units on one line. */
export function unbroken(line: string): string {
  return line.replace(/(\d) (?=(?:µs|ms|s|%)(?![\p{L}\p{N}]))/gu, "$1\u00a0");
}

/** cleanLines is the same for a text of several lines. */
export function cleanLines(text: string): string {
  return text.replace(/\r\n?/g, "\n").replace(/\t/g, "  ").split("\n").map((line) => line.replace(unseen, "\ufffd")).join("\n");
}

/** escaped is JSON in which characters that cannot be seen are written as JSON escapes. */
export function escaped(json: string): string {
  return json.replace(unseen, (c) => (c === "\n" ? c : "\\u" + c.charCodeAt(0).toString(16).padStart(4, "0")));
}
