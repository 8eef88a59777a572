// Elements, made without any text that a browser would parse.

export type Child = Node | string | null | undefined | false;
type Handlers = { [E in keyof HTMLElementEventMap as `on${E}`]?: (event: HTMLElementEventMap[E]) => void };
type Attributes = { [name: string]: string | number | boolean | null | undefined };
export type Props = Handlers & { attrs?: Attributes; class?: string; title?: string };

/** h makes an element. Texts become text nodes. An attribute that is false or null is left out. */
export function h<K extends keyof HTMLElementTagNameMap>(tag: K, props: Props = {}, ...children: Child[]): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(props)) {
    if (value === undefined) continue;
    if (name === "attrs") attributes(element, value as Attributes);
    else if (typeof value === "function") element.addEventListener(name.slice(2), value as EventListener);
    else element.setAttribute(name, value as string);
  }
  fill(element, ...children);
  return element;
}

/** fill puts children into an element, in place of those that it has. */
export function fill(element: Element, ...children: Child[]): void {
  element.replaceChildren(...children.filter((child): child is Node | string => !!child));
}

export function attributes(element: Element, list: Attributes): void {
  for (const [name, value] of Object.entries(list)) {
    if (value === false || value === null || value === undefined) element.removeAttribute(name);
    else element.setAttribute(name, value === true ? "" : String(value));
  }
}

/** button is one that does something when it is pressed. */
export function button(words: Child, press: (event: MouseEvent) => void, more: Props = {}): HTMLButtonElement {
  const { attrs, ...rest } = more;
  return h("button", { onclick: press, attrs: { type: "button", ...attrs }, ...rest }, words);
}

/** copyButton copies a text, and says so. */
export function copyButton(words: string, text: () => string, more: Props = {}): HTMLButtonElement {
  const made = button(words, async () => {
    made.textContent = (await copy(text())) ? "Copied" : "Not copied";
    setTimeout(() => (made.textContent = words), 1500);
  }, more);
  return made;
}

/** copy puts a text on the clipboard, also where a page of a file may not use it. */
export async function copy(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    const area = h("textarea", { class: "offscreen", attrs: { "aria-hidden": "true", tabindex: -1 } });
    area.value = text;
    const before = document.activeElement;
    (document.querySelector("dialog[open]") ?? document.body).append(area);
    area.select();
    const done = document.execCommand("copy");
    area.remove();
    if (before instanceof HTMLElement) before.focus();
    return done;
  }
}

/** download hands a text out as a file. */
export function download(name: string, text: string): void {
  const url = URL.createObjectURL(new Blob([text], { type: "application/json" }));
  const link = h("a", { attrs: { href: url, download: name } });
  document.body.append(link);
  link.click();
  link.remove();
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}

/** icon is a character that screen readers pass over. */
export function icon(character: string, name = ""): HTMLSpanElement {
  return h("span", { class: "icon " + name, attrs: { "aria-hidden": "true" } }, character);
}
