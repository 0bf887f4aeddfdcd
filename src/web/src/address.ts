// Keeps a query in the address: compressed, after the #, so that it opens alike wherever the page lies.
export async function packed(text: string): Promise<string> {
  const bytes = await through(text, new CompressionStream("deflate-raw"));
  const letters = Array.from(bytes, (byte) => String.fromCharCode(byte)).join("");
  return btoa(letters).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
}

export async function unpacked(text: string): Promise<string> {
  const letters = atob(text.replace(/-/g, "+").replace(/_/g, "/"));
  const bytes = await through(Uint8Array.from(letters, (one) => one.charCodeAt(0)), new DecompressionStream("deflate-raw"));
  return new TextDecoder().decode(bytes);
}

async function through(data: BlobPart, by: CompressionStream | DecompressionStream): Promise<Uint8Array> {
  const stream = new Blob([data]).stream().pipeThrough(by as ReadableWritablePair<Uint8Array, Uint8Array>);
  return new Uint8Array(await new Response(stream as ReadableStream<Uint8Array<ArrayBuffer>>).arrayBuffer());
}

export type Asked = { query: string } | { example: string } | null;

// What the address asks for: #q= compressed, #example= a question of the catalogue, ?query= or #query= as it is.
export async function asked(): Promise<Asked> {
  const after = new URLSearchParams(location.hash.slice(1));
  const plain = after.get("query") ?? new URLSearchParams(location.search).get("query");
  const short = after.get("q");
  const example = after.get("example");
  if (short) {
    try {
      return { query: await unpacked(short) };
    } catch {
      return null;
    }
  }
  if (example) return { example };
  return plain ? { query: plain } : null;
}

export async function keep(text: string): Promise<void> {
  history.replaceState(null, "", `${location.pathname}#q=${await packed(text)}`);
}
