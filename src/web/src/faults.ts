// Says in a sentence what went wrong with a query, with line and column where they are known.
import { el, filled } from "./page";

export interface Fault {
  text: string;
  remedy: string;
  line: number;
  column: number;
}

export function faultOf(text: string, status: number | undefined, words: Record<string, string>): Fault {
  try {
    const said = JSON.parse(text) as { detail?: string; remedy?: string; line?: number; column?: number };
    return { text: said.detail || text, remedy: said.remedy ?? "", line: said.line ?? 0, column: said.column ?? 0 };
  } catch {
    return { text: text || (status ? String(status) : words["query.unreachable"]!), remedy: "", line: 0, column: 0 };
  }
}

export function shown(fault: Fault, words: Record<string, string>, jump: (line: number, column: number) => void): HTMLElement {
  const place = fault.line ? filled(words["query.place"]!, { line: fault.line, column: fault.column }) : "";
  return el("div", { class: "fault", role: "alert" },
    el("p", {}, fault.text, fault.remedy ? ` — ${fault.remedy}` : ""),
    place && el("p", {}, el("button", { type: "button", click: () => jump(fault.line, fault.column) }, place)));
}
