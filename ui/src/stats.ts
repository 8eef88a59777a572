// The page of what many traces say together.

import { api, get, reason } from "./api";
import { h } from "../../report/html/src/dom";
import { show } from "../../report/html/src/show";
import { top } from "./top";

const fields = ["name", "service", "since", "before", "limit"] as const;

/** startStats asks which traces, and shows what they say. */
export async function startStats(host: HTMLElement): Promise<void> {
  document.title = "Statistics";
  const asked = new URLSearchParams(location.search);
  const input = (name: (typeof fields)[number], label: string, hint: string, wide = false) =>
    h("label", { class: "field" }, label, h("input", { class: wide ? "search" : "middle", attrs: { name, placeholder: hint, value: asked.get(name) ?? "", spellcheck: "false", autocomplete: "off" } }));
  const form = h("form", { class: "chooser", attrs: { action: "/stats", role: "search" } },
    input("name", "Root", "GET /cart", true), input("service", "Service", "any", true), input("since", "Since", "1h, 7d"), input("before", "Before", "now"), input("limit", "At most", "1000"),
    h("button", { attrs: { type: "submit" } }, "Look"));
  form.addEventListener("submit", () => {
    for (const field of form.querySelectorAll("input")) field.disabled = field.value.trim() === ""; // so that it is not sent
  });
  const head = top("/stats");
  host.append(head, form);
  const state = h("p", { class: "state", attrs: { role: "status" } }, "Reading traces…");
  host.append(state);
  const query = new URLSearchParams();
  for (const field of fields) {
    const value = asked.get(field)?.trim();
    if (value) query.set(field, value);
  }
  try {
    const text = await (await get(`${api}/stats?${query.toString()}`)).text();
    const shown = h("div");
    show(shown, text);
    const own = shown.querySelector(".top");
    head.querySelector(".group")?.replaceWith(...own?.querySelectorAll(".group") ?? []);
    own?.remove();
    state.replaceWith(shown);
  } catch (problem) {
    state.replaceWith(h("p", { class: "problem", attrs: { role: "alert" } }, reason(problem)));
  }
  document.title = "Statistics";
}
