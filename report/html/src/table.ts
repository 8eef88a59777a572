// A table that its reader sorts.

import { attributes, button, h } from "./dom";
import { grouped } from "./format";

export interface Column<T> {
  name: string;
  /** What is sorted by: a number, which stands to the right, or a text. */
  value: (row: T) => number | string;
  /** What is shown; the value if it is not given. */
  show?: (row: T) => Node | string;
  title?: string;
  wide?: boolean;
}

const most = 500; // rows that are shown at first

/** table shows rows, sorted by one of the columns: the one given, downwards. Without one they stay as they are. */
export function table<T>(label: string, columns: Column<T>[], rows: T[], by?: number): HTMLElement {
  let sorted = by ?? -1, down = true, limit = most;
  const heads = columns.map((c, k) =>
    h("th", { class: kind(c, rows[0]), attrs: { scope: "col" } },
      button(c.name, () => {
        down = sorted === k ? !down : typeof (rows[0] && c.value(rows[0])) !== "string";
        sorted = k;
        draw();
      }, { title: c.title ?? "Sort by " + c.name.toLowerCase() })));
  const body = h("tbody");
  const more = button("", () => {
    limit = Infinity;
    draw();
  });
  function draw(): void {
    const list = [...rows];
    const c = columns[sorted];
    if (c) {
      const sign = down ? -1 : 1;
      list.sort((a, b) => {
        const [x, y] = [c.value(a), c.value(b)];
        return sign * (x < y ? -1 : x > y ? 1 : 0);
      });
    }
    heads.forEach((head, k) => attributes(head, { "aria-sort": k !== sorted ? null : down ? "descending" : "ascending" }));
    body.replaceChildren(...list.slice(0, limit).map((row) =>
      h("tr", {}, ...columns.map((c) => h("td", { class: kind(c, row) }, c.show ? c.show(row) : String(c.value(row)))))));
    more.hidden = rows.length <= limit;
    more.textContent = `Show all ${grouped(rows.length)} rows`;
  }
  draw();
  return h("div", { class: "table" }, h("table", { attrs: { "aria-label": label } }, h("thead", {}, h("tr", {}, ...heads)), body), more);
}

function kind<T>(c: Column<T>, row: T | undefined): string {
  return [c.wide && "wide", row !== undefined && typeof c.value(row) === "number" && "number"].filter(Boolean).join(" ");
}
