// Dark or light: as the system says, or as the reader has chosen.

import { attributes, button } from "./dom";

type Theme = "system" | "light" | "dark";
const next: Record<Theme, Theme> = { system: "dark", dark: "light", light: "system" };
const signs: Record<Theme, string> = { system: "◐", dark: "☾", light: "☀" };
const key = "sonde-theme";
const listeners = new Set<() => void>();

let chosen: Theme = "system";
try {
  const kept = localStorage.getItem(key);
  if (kept === "light" || kept === "dark") chosen = kept;
} catch {
  // A page of a file may keep nothing.
}

/** onTheme calls back when colours have changed. */
export function onTheme(call: () => void): void {
  listeners.add(call);
}

function apply(): void {
  document.documentElement.dataset["theme"] = chosen;
  for (const call of listeners) call();
}

/** toggleTheme goes from the system's to dark, to light and back. */
export function toggleTheme(): void {
  chosen = next[chosen];
  try {
    localStorage.setItem(key, chosen);
  } catch {
    // as above
  }
  apply();
}

/** themeButton shows and changes the theme. */
export function themeButton(): HTMLButtonElement {
  const made = button("", toggleTheme, { class: "quiet square" });
  const show = () => {
    made.textContent = signs[chosen];
    attributes(made, { title: `Colours: ${chosen} (t)`, "aria-label": `Colours: ${chosen}` });
  };
  onTheme(show);
  show();
  return made;
}

/** startTheme sets what was chosen, and follows the system. */
export function startTheme(): void {
  apply();
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", apply);
}

const probe = document.createElement("i");

/** color resolves a colour of the style sheet for a canvas. */
export function color(name: string): string {
  if (!probe.isConnected) {
    probe.hidden = true;
    document.body.append(probe);
  }
  probe.style.color = `var(--${name})`;
  return getComputedStyle(probe).color;
}
