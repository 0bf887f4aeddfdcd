// What the page hands its script: a block of JSON, and the words of its language.
export interface Live {
  engine: string;
  wasm: string;
  graph: string;
  bytes: number;
  catalogue: string;
}

export interface Shared {
  up: string; // from this page to the folder of the site
  base: string;
  passages: string;
  language: string;
  words: Record<string, string>;
  prefixes: Record<string, string>;
  live: Live | null; // the engine, where no server answers
}

export function data<T>(): T {
  return JSON.parse(document.getElementById("data")!.textContent!) as T;
}

type Child = Node | string | null | undefined | false;

export function el<K extends keyof HTMLElementTagNameMap>(
  name: K,
  attributes: Record<string, string | boolean | ((event: Event) => void)> = {},
  ...children: Child[]
): HTMLElementTagNameMap[K] {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (typeof value === "function") made.addEventListener(key, value);
    else if (value === true) made.setAttribute(key, "");
    else if (value !== false) made.setAttribute(key, value);
  }
  made.append(...children.filter((one): one is Node | string => one !== null && one !== undefined && one !== false));
  return made;
}

export function filled(text: string, given: Record<string, string | number>): string {
  return text.replace(/\{(\w+)\}/g, (whole, name: string) => String(given[name] ?? whole));
}

// Where a thing of ours has its page, seen from here; "" for what is not ours.
export function pageOf(iri: string, shared: Shared): string {
  if (!iri.startsWith(shared.base)) return "";
  const [path, fragment] = iri.slice(shared.base.length).split("#") as [string, string?];
  if (!path) return "";
  const language = shared.language === "en" ? "" : `${shared.language}/`;
  return `${shared.up}${language}${encodeURI(path)}.html${fragment ? `#${encodeURIComponent(fragment)}` : ""}`;
}

export function shrink(iri: string, prefixes: Record<string, string>): string {
  let best = "";
  for (const [name, space] of Object.entries(prefixes)) {
    if (iri.startsWith(space) && space.length > (prefixes[best]?.length ?? 0)) best = name;
  }
  return best ? `${best}:${iri.slice(prefixes[best]!.length)}` : iri;
}
