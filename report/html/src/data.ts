// A page's document is in the page, as it is or compressed.

/** load returns the JSON that an element holds. */
export async function load(from: HTMLElement): Promise<string> {
  const text = from.textContent ?? "";
  return from.dataset["encoding"] === "gzip" ? inflate(text) : text;
}

async function inflate(base64: string): Promise<string> {
  const packed = atob(base64.trim());
  const bytes = new Uint8Array(packed.length);
  for (let i = 0; i < bytes.length; i++) bytes[i] = packed.charCodeAt(i);
  return new Response(new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"))).text();
}
