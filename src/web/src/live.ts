// Answers SPARQL where no server does: the page's own worker behind `fetch`, ended when it takes too long.
import type { Reply } from "./engine";
import type { Live, Shared } from "./page";

const DEADLINE = 5000;

// Takes over requests to this one address; all others go where they went.
export function answerHere(endpoint: string, shared: Shared & { live: Live }, said: (text: string) => void): void {
  const real = window.fetch.bind(window);
  const engine = new Engine(shared, said);
  window.fetch = async (input: RequestInfo | URL, init?: RequestInit): Promise<Response> => {
    const request = new Request(input, init);
    const url = new URL(request.url);
    if (url.origin + url.pathname !== endpoint) return real(input, init);
    const query = await queryOf(request, url);
    if (query === null) return new Response("there is no query", { status: 400, headers: { "content-type": "text/plain" } });
    return engine.ask(query, request.headers.get("accept") ?? "", request.signal);
  };
}

async function queryOf(request: Request, url: URL): Promise<string | null> {
  if (request.method !== "POST") return url.searchParams.get("query");
  const text = await request.text();
  const direct = (request.headers.get("content-type") ?? "").startsWith("application/sparql-query");
  return direct ? text : new URLSearchParams(text).get("query");
}

class Engine {
  private worker: Worker | null = null;
  private ready: Promise<void> = Promise.resolve();
  private last = 0;
  private queue: Promise<unknown> = Promise.resolve(); // one at a time, so that a deadline ends only what has passed it

  constructor(private shared: Shared & { live: Live }, private said: (text: string) => void) {}

  ask(query: string, accept: string, signal: AbortSignal): Promise<Response> {
    const turn = this.queue.then(() => this.now(query, accept, signal));
    this.queue = turn.catch(() => undefined);
    return turn;
  }

  private start(): void {
    const { live, prefixes, words } = this.shared;
    const absolute = (url: string): string => new URL(url, location.href).href;
    this.said(words["loading"]!);
    const worker = (this.worker = new Worker(absolute(live.engine)));
    this.ready = new Promise((resolve, reject) => {
      worker.onmessage = ({ data }: MessageEvent<{ ready: boolean; why?: string }>) => {
        if (data.ready) resolve();
        else reject(new TypeError(data.why));
      };
      worker.onerror = (event) => reject(new TypeError(event.message || live.engine));
    });
    this.ready.then(() => this.said(""), () => { this.said(""); this.end(); });
    worker.postMessage({ wasm: absolute(live.wasm), graph: absolute(live.graph), catalogue: live.catalogue, prefixes });
  }

  private end(): void {
    this.worker?.terminate();
    this.worker = null;
  }

  private async now(query: string, accept: string, signal: AbortSignal): Promise<Response> {
    signal.throwIfAborted();
    if (!this.worker) this.start();
    await this.ready;
    const worker = this.worker!;
    const id = ++this.last;
    return new Promise((resolve, reject) => {
      const stop = (): void => {
        clearTimeout(timer);
        signal.removeEventListener("abort", aborted);
      };
      const again = (): void => {
        stop();
        this.end();
        this.start(); // so that the next answer does not wait for it
      };
      const aborted = (): void => {
        again();
        reject(new DOMException("aborted", "AbortError"));
      };
      const timer = setTimeout(() => {
        again();
        const detail = this.shared.words["query.toolong"]!;
        resolve(new Response(JSON.stringify({ detail }), { status: 504, headers: { "content-type": "application/problem+json" } }));
      }, DEADLINE);
      signal.addEventListener("abort", aborted);
      worker.onmessage = ({ data }: MessageEvent<Reply>) => {
        if (data.id !== id) return;
        stop();
        resolve(new Response(data.body, { status: data.status, headers: { "content-type": data.type } }));
      };
      worker.postMessage({ id, query, accept });
    });
  }
}
