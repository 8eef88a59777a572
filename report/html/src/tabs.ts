// Tabs, of which one is seen.

import { attributes, button, h } from "./dom";

export class Tabs {
  readonly element: HTMLElement;
  private readonly buttons: HTMLButtonElement[];

  constructor(private readonly parts: { name: string; key: string; panel: HTMLElement }[], private readonly changed: (k: number) => void) {
    this.buttons = parts.map((part, k) => button(part.name, () => this.open(k), { title: `${part.name} (${part.key})`, attrs: { role: "tab" } }));
    this.element = h("div", { class: "tabs", attrs: { role: "tablist" }, onkeydown: (e) => this.key(e) }, ...this.buttons);
    for (const part of parts) attributes(part.panel, { role: "tabpanel", "aria-label": part.name });
    this.open(0);
  }

  open(k: number): void {
    this.buttons.forEach((b, j) => attributes(b, { "aria-selected": String(j === k), tabindex: j === k ? 0 : -1 }));
    this.parts.forEach((part, j) => (part.panel.hidden = j !== k));
    this.changed(k);
  }

  private key(e: KeyboardEvent): void {
    const by = { ArrowLeft: -1, ArrowRight: 1 }[e.key];
    if (!by) return;
    e.preventDefault();
    const k = (this.buttons.indexOf(document.activeElement as HTMLButtonElement) + by + this.buttons.length) % this.buttons.length;
    this.open(k);
    this.buttons[k]!.focus();
  }
}
