// Shows an answer as a table: names in the reader's language, links to the pages, marks for sentences.
import type { Yasr } from "./editor";
import { el, filled, pageOf, shrink, type Shared } from "./page";

interface Cell {
  type: string;
  value: string;
  "xml:lang"?: string;
  datatype?: string;
}
type Row = Record<string, Cell | undefined>;
interface Known {
  label: string;
  language: string;
  open: string;
}

const AT_ONCE = 200;
const NAMES = ["skos:prefLabel", "rdfs:label", "kw:nameForm", "dct:title"];

export function tableOf(shared: Shared, endpoint: string) {
  const known = new Map<string, Known>();

  return class Answer {
    priority = 10;
    label = shared.words["query.table"]!;
    private whole = false;
    constructor(private yasr: Yasr) {}

    canHandleResults(): boolean {
      const found = this.yasr.results;
      return Boolean(found && !found.getError() && (found.getVariables().length || typeof found.getBoolean() === "boolean"));
    }

    getIcon(): Element {
      return el("span", { "aria-hidden": "true" }, "▦");
    }

    async draw(): Promise<void> {
      const found = this.yasr.results!;
      const truth = found.getBoolean();
      if (typeof truth === "boolean") {
        this.yasr.resultsEl.replaceChildren(el("p", { role: "status" }, el("strong", {}, shared.words[truth ? "query.true" : "query.false"]!)));
        return;
      }
      const every = found.getVariables();
      const columns = this.whole ? every : every.filter((name) => !repeats(name, every));
      const hidden = every.filter((name) => !columns.includes(name));
      const all = el("button", { type: "button", click: () => { this.whole = true; void this.draw(); } },
        `${shared.words["showmore"]} (${hidden.join(", ")})`);
      const rows = (found.getBindings() ?? []) as unknown as Row[];
      const body = el("tbody");
      const more = el("button", { type: "button", click: () => void show() }, shared.words["showmore"]!);
      let shown = 0;
      const show = async (): Promise<void> => {
        const next = rows.slice(shown, shown + AT_ONCE);
        shown += next.length;
        await learn(next);
        body.append(...next.map((row) => el("tr", {}, ...columns.map((name) => el("td", {}, cell(row[name]))))));
        more.hidden = shown >= rows.length;
      };
      await show();
      const said = rows.length ? filled(shared.words["rows"]!, { n: rows.length }) : `${shared.words["noresults"]}. ${shared.words["noresults.hint"]}.`;
      const head = el("thead", {}, el("tr", {}, ...columns.map((name) => el("th", { scope: "col" }, name))));
      this.yasr.resultsEl.replaceChildren(
        el("p", { role: "status" }, said, " ", hidden.length > 0 && rows.length > 0 && all),
        ...(rows.length ? [el("div", { class: "scroll answer", role: "region", tabindex: "0", "aria-label": shared.words["answer"]! },
          el("table", {}, head, body)), more] : []),
      );
    }

    download() {
      const found = this.yasr.results;
      return found && { contentType: "text/csv", getData: () => found.asCsv(), filename: "answer.csv", title: `${shared.words["download"]} CSV` };
    }
  };

  // A column that says again what the table shows of another: a name, or the address of a sentence.
  function repeats(name: string, every: string[]): boolean {
    return (name.endsWith("_label") && every.includes(name.slice(0, -6))) || (name === "label" && every.indexOf(name) > 0)
      || (name === "link" && every.includes("stated_in"));
  }

  // The names of things, and where a sentence opens, of those that were not asked for before.
  async function learn(rows: Row[]): Promise<void> {
    const terms = rows.flatMap((row) => Object.values(row)).filter((term) => term?.type === "uri" && !known.has(term.value));
    const wanted = [...new Set(terms.map((term) => term!.value))].filter((iri) => !/[\s<>"{}|\\^`]/.test(iri));
    if (!wanted.length) return;
    const prefixes = ["skos", "rdfs", "kw", "dct"].map((name) => `PREFIX ${name}: <${shared.prefixes[name]}>`).join(" ");
    const query = `${prefixes} SELECT ?thing ?by ?name { VALUES ?thing { ${wanted.map((iri) => `<${iri}>`).join(" ")} } `
      + `VALUES ?by { ${NAMES.join(" ")} kw:deepLink } ?thing ?by ?name }`;
    for (const iri of wanted) known.set(iri, { label: "", language: "", open: "" });
    try {
      const answer = await fetch(endpoint, { method: "POST", headers: { accept: "application/sparql-results+json",
        "content-type": "application/sparql-query" }, body: query });
      const names = ((await answer.json()) as { results: { bindings: Row[] } }).results.bindings;
      for (const row of names) remember(row);
    } catch {
      // without names the table shows addresses
    }
  }

  function remember(row: Row): void {
    const found = known.get(row["thing"]!.value);
    const name = row["name"]!;
    if (!found) return;
    if (row["by"]!.value.endsWith("deepLink")) found.open = name.value;
    else if (rank(name["xml:lang"] ?? "") > (found.label ? rank(found.language) : -1)) {
      found.label = name.value;
      found.language = name["xml:lang"] ?? "";
    }
  }

  function rank(language: string): number {
    return language === shared.language ? 3 : language === "en" ? 2 : language ? 0 : 1;
  }

  function cell(term: Cell | undefined): Node {
    if (!term) return document.createTextNode("");
    if (term.type !== "uri") {
      const language = term["xml:lang"];
      return el("span", language ? { lang: language } : {}, term.value);
    }
    const about = known.get(term.value);
    const page = pageOf(term.value, shared);
    const sentence = term.value.startsWith(shared.passages);
    const text = sentence ? term.value.slice(shared.passages.length) : about?.label || shrink(term.value, shared.prefixes);
    const target = page || (/^https?:/.test(term.value) ? term.value : "");
    const attributes: Record<string, string> = { title: term.value, ...(about?.label && !sentence ? { lang: about.language } : {}) };
    if (!target) return el("span", attributes, text);
    const link = el("a", { ...attributes, href: target, ...(sentence ? { class: "piece" } : {}) }, text);
    const open = sentence && /^https?:/.test(about?.open ?? "");
    return open ? el("span", {}, link, " ", el("a", { href: about!.open, rel: "noopener", "aria-label": `${shared.words["openpage"]} ${text}` }, "↗")) : link;
  }
}
