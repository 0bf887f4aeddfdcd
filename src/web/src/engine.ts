// The engine of a published site: Oxigraph in a worker of one page, which can be ended without harm to any other.
import init, { Store } from "oxigraph/web.js";

export interface Boot {
  wasm: string;
  graph: string;
  catalogue: string;
  prefixes: Record<string, string>;
}
export interface Ask {
  id: number;
  query: string;
  accept: string;
}
export interface Reply {
  id: number;
  status: number;
  type: string;
  body: string;
}

const KEPT = "icrc-korea";
const ROWS = { json: "application/sparql-results+json", xml: "application/sparql-results+xml", csv: "text/csv", tsv: "text/tab-separated-values" };
const TRIPLES = { ttl: "text/turtle", nt: "application/n-triples", nq: "application/n-quads", trig: "application/trig", rdf: "application/rdf+xml" };

let store: Store;
let head = "";

self.onmessage = async (event: MessageEvent<Boot | Ask>): Promise<void> => {
  const given = event.data;
  if ("wasm" in given) {
    try {
      await boot(given);
      self.postMessage({ ready: true });
    } catch (error) {
      self.postMessage({ ready: false, why: String(error) });
    }
  } else {
    self.postMessage(answer(given));
  }
};

async function boot(given: Boot): Promise<void> {
  const [wasm, graph] = await Promise.all([file(given.wasm), file(given.graph)]);
  await forget([given.wasm, given.graph]);
  await init({ module_or_path: await WebAssembly.compile(wasm) });
  store = new Store();
  const text = new TextDecoder().decode(graph);
  store.load(text, { format: "application/n-quads", lenient: true });
  // what is asked where no graph is named: the statements of all but the catalogue
  store.load(text.replace(/^(.*) <([^<> ]+)> \.$/gm, (_, triple: string, name: string) =>
    name === given.catalogue ? "" : `${triple} .`), { format: "application/n-triples", lenient: true });
  head = Object.entries(given.prefixes).map(([name, space]) => `PREFIX ${name}: <${space}> `).join("");
}

// A file of the site from the browser's cache or the network, unpacked unless the host has unpacked it.
async function file(url: string): Promise<ArrayBuffer> {
  const cache = await caches?.open(KEPT).catch(() => undefined);
  let found = await cache?.match(url);
  if (!found) {
    found = await fetch(url);
    if (!found.ok) throw new Error(`${url}: ${found.status}`);
    await cache?.put(url, found.clone()).catch(() => undefined);
  }
  const data = await found.arrayBuffer();
  const start = new Uint8Array(data, 0, 2);
  if (start[0] !== 0x1f || start[1] !== 0x8b) return data;
  return new Response(new Blob([data]).stream().pipeThrough(new DecompressionStream("gzip"))).arrayBuffer();
}

// What an earlier release has left in the cache.
async function forget(kept: string[]): Promise<void> {
  try {
    const cache = await caches.open(KEPT);
    const folder = kept.map((url) => new URL(".", url).href);
    for (const request of await cache.keys()) {
      const ours = folder.some((one) => request.url.startsWith(one));
      if (ours && !kept.includes(request.url)) await cache.delete(request);
    }
  } catch {
    // no cache here, so nothing is left in it
  }
}

function answer({ id, query, accept }: Ask): Reply {
  const form = formOf(query);
  if (/^(INSERT|DELETE|LOAD|CLEAR|CREATE|DROP|COPY|MOVE|ADD|WITH)$/.test(form)) return refused(id, 403, "this only answers");
  const rows = form === "SELECT" || form === "ASK" || form === "";
  const offered = Object.values(rows ? ROWS : TRIPLES);
  const type = offered.find((one) => accept.includes(one)) ?? offered[0]!;
  try {
    const body = store.query(head + query, { results_format: type });
    return { id, status: 200, type, body: String(body) };
  } catch (error) {
    return refused(id, 400, error instanceof Error ? error.message : String(error));
  }
}

function refused(id: number, status: number, text: string): Reply {
  const place = /(?:at|line) (\d+)(?:, column |:)(\d+)/.exec(text);
  const line = place ? Number(place[1]) : 0;
  const column = place ? Number(place[2]) - (line === 1 ? head.length : 0) : 0;
  const detail = text.replace(/^error at \d+:\d+: /, "");
  const said = { detail, ...(place && column > 0 ? { line, column } : {}) };
  return { id, status, type: "application/problem+json", body: JSON.stringify(said) };
}

// The query without its texts, addresses and remarks.
function bare(query: string): string {
  return query.replace(/"""[\s\S]*?"""|'''[\s\S]*?'''|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'|<[^<>"{}|^`\\\s]*>|#[^\n]*/g, " ");
}

function formOf(query: string): string {
  return /\b(SELECT|ASK|CONSTRUCT|DESCRIBE|INSERT|DELETE|LOAD|CLEAR|CREATE|DROP|COPY|MOVE|ADD|WITH)\b(?!\s*:)/i.exec(
    bare(query).replace(/\bPREFIX\s+[^\s:]*:/gi, " "))?.[1]?.toUpperCase() ?? "";
}
