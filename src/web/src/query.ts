// The Query page: Yasgui, made to fit the site.
import "@zazuko/yasgui/build/yasgui.min.css";
import "./query.css";
import { asked, keep } from "./address";
import { completer, type Term } from "./completion";
import { Yasgui, type Yasqe, type Yasr as Answers } from "./editor";
import { faultOf, shown } from "./faults";
import { answerHere } from "./live";
import { data, el, type Live, type Shared } from "./page";
import { tableOf } from "./table";

interface Example {
  name: string;
  title: string;
  query: string;
}
interface Page extends Shared {
  terms: Term[];
  examples: Example[];
}

const FIRST = "correspondence/unanswered";
const page = data<Page>();
const { words } = page;
const endpoint = new URL(`${page.up}sparql`, location.href).href;
const status = document.getElementById("status")!;
if (page.live) answerHere(endpoint, page as Page & { live: Live }, (text) => (status.textContent = text));

const { Yasr, Yasqe: Editor } = Yasgui;
for (const name of Object.keys(Yasr.plugins)) if (!["response", "error"].includes(name)) delete Yasr.plugins[name];
const Response = Yasr.plugins["response"] as unknown as new (yasr: Answers) => object;
Yasr.registerPlugin("response", class extends Response { label = words["query.response"]!; } as never);
Yasr.registerPlugin("answer", tableOf(page, endpoint) as never);
Object.assign(Yasr.defaults, {
  pluginOrder: ["answer", "response"],
  defaultPlugin: "answer",
  plugins: { answer: { enabled: true }, response: { enabled: true }, error: { enabled: true } },
  prefixes: page.prefixes,
  errorRenderers: [
    (error: { text: string; status?: number }) => Promise.resolve(shown(faultOf(error.text, error.status, words), words, jump)),
  ],
});
Editor.Autocompleters = {};
Editor.defaults.autocompleters = ["terms"];
Editor.registerAutocompleter(completer(page.terms, page.prefixes, words) as never, false);

const yasgui = new Yasgui(document.getElementById("editor")!, {
  autofocus: false,
  persistenceId: null,
  populateFromUrl: false,
  copyEndpointOnNewTab: true,
  tabName: words["query"]!,
  requestConfig: {
    endpoint, method: "POST", acceptHeaderSelect: "application/sparql-results+json", acceptHeaderGraph: "text/turtle",
  },
  endpointCatalogueOptions: { getData: () => [], keys: [] as never[], renderItem: () => undefined },
  yasqe: {
    value: page.examples.find((one) => one.name === FIRST)?.query ?? "",
    autofocus: false,
    autocompleters: ["terms"],
    prefixCcApi: null,
    resizeable: true,
    syntaxErrorCheck: true,
    extraKeys: { Tab: false, "Shift-Tab": false },
    createShareableLink: () => location.href,
    consumeShareLink: null,
    persistenceId: null,
  } as never,
} as never);

function current(): Yasqe | undefined {
  return yasgui.getTab()?.getYasqe();
}

function jump(line: number, column: number): void {
  const editor = current();
  editor?.focus();
  editor?.getDoc().setCursor({ line: line - 1, ch: column - 1 });
}

// --- what readers of screens are told ---

function label(): void {
  for (const tab of Object.values(yasgui._tabs)) {
    const editor = tab.getYasqe();
    const field = editor?.getInputField();
    field?.setAttribute("aria-label", words["query.field"]!);
    field?.setAttribute("aria-describedby", "keys");
  }
  for (const [selector, text] of Object.entries({
    ".yasqe_queryButton": words["query.run"], ".addTab": words["query.newtab"], ".yasqe_share": words["permalink"],
    ".yasr_response_chip": words["answer"], ".select_response": words["query.response"], ".yasr_downloadIcon": words["download"],
    ".closeTab": words["close"], ".yasqe_expandEditor": words["showmore"],
  })) {
    for (const node of document.querySelectorAll(`#editor ${selector}`)) {
      node.setAttribute("aria-label", text!);
      node.setAttribute("title", text!);
    }
  }
  for (const node of document.querySelectorAll("#editor .addTab")) { // a list of tabs may hold nothing else
    node.setAttribute("role", "tab");
    node.setAttribute("aria-selected", "false");
  }
  for (const node of document.querySelectorAll("#editor .CodeMirror-scroll")) {
    if (node.getAttribute("tabindex") !== "0") node.setAttribute("tabindex", "0"); // it scrolls, so keys must reach it
    node.setAttribute("role", "group");
    node.setAttribute("aria-label", words["query.show"]!);
  }
  for (const node of document.querySelectorAll("#editor textarea:not([aria-label]), #editor select:not([aria-label]), #editor input:not([aria-label])")) {
    node.setAttribute("aria-label", words["query.settings"]!);
  }
}

// --- the query in the address ---

let later = 0;
function watch(): void {
  for (const tab of Object.values(yasgui._tabs)) {
    const editor = tab.getYasqe() as (Yasqe & { watched?: boolean }) | undefined;
    if (!editor || editor.watched) continue;
    editor.watched = true;
    (editor as unknown as { on(name: string, run: () => void): void }).on("change", () => {
      clearTimeout(later);
      later = window.setTimeout(() => void keep(current()?.getValue() ?? ""), 300);
    });
  }
  label();
}

async function open(run: boolean): Promise<void> {
  const given = await asked();
  if (!given) return;
  const query = "query" in given ? given.query : page.examples.find((one) => one.name === given.example)?.query;
  const editor = current();
  if (!query || !editor || editor.getValue() === query) return;
  editor.setValue(query);
  if (run && !page.live) void ask();
}

async function ask(): Promise<void> {
  await current()?.query().catch(() => undefined);
}

// --- the catalogue as examples ---

function examples(): void {
  const list = document.getElementById("examples")!;
  const field = el("input", { type: "search", id: "example-filter", autocomplete: "off", input: () => fill() });
  const items = el("ul", { class: "questions" });
  const fill = (): void => {
    const typed = field.value.trim().toLowerCase();
    const found = page.examples.filter((one) => `${one.name} ${one.title}`.toLowerCase().includes(typed));
    items.replaceChildren(...found.map((one) => el("li", {}, el("button", { type: "button", click: () => take(one) }, one.title),
      " ", el("code", {}, one.name))));
  };
  list.append(el("p", {}, el("label", { for: "example-filter" }, words["filter"]!), " ", field), items);
  fill();
}

function take(one: Example): void {
  current()?.setValue(one.query);
  document.getElementById("editor")!.scrollIntoView();
  current()?.focus();
}

for (const name of ["tabAdd", "tabSelect", "tabClose"]) yasgui.on(name, () => setTimeout(watch));
new MutationObserver(label).observe(document.getElementById("editor")!, { childList: true, subtree: true });
window.addEventListener("hashchange", () => void open(false));
examples();
watch();
void open(false);
document.getElementById("editor")!.dataset["ready"] = "true";
