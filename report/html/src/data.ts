// Where a page's document is: in the page as it is or compressed, or on the server
// that the page came from.

/** load returns the JSON that an element holds or names. */
export async function load(from: HTMLElement): Promise<string> {
  const url = from.dataset["from"];
  if (url !== undefined) {
    const answer = await fetch(url, { headers: { Accept: "application/json" } });
    const text = await answer.text();
    if (!answer.ok) throw new Error(`${answer.status}: ${text.slice(0, 500)}`);
    return text;
  }
  const text = from.textContent ?? "";
  return from.dataset["encoding"] === "gzip" ? inflate(text) : text;
}

async function inflate(base64: string): Promise<string> {
  const packed = atob(base64.trim());
  const bytes = new Uint8Array(packed.length);
  for (let i = 0; i < bytes.length; i++) bytes[i] = packed.charCodeAt(i);
  return new Response(new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"))).text();
}
