// Completes prefixes, classes and properties from the page's own list: nothing is asked of anybody while one types.
import type { Yasqe } from "./editor";

export interface Term {
  name: string; // kw:sender
  label: string;
  kind: "class" | "property";
}

const MOST = 60;

export function completer(terms: Term[], prefixes: Record<string, string>, words: Record<string, string>) {
  const labels = new Map(terms.map((term) => [term.name, `${term.label} (${words[`query.${term.kind}`]})`]));
  return {
    name: "terms",
    bulk: false,
    autoShow: true,
    isValidCompletionPosition: (yasqe: Yasqe): boolean => {
      const token = yasqe.getCompleteToken() as unknown as { type: string | null; string: string };
      return token.type !== "comment" && /^[\p{L}][\p{L}\p{N}_-]*(:\S*)?$/u.test(token.string) && !token.string.startsWith("_:");
    },
    get: (_: Yasqe, token?: { string: string }): string[] => {
      const typed = (token?.string ?? "").trim().toLowerCase();
      const names = [...Object.keys(prefixes).map((name) => `${name}:`), ...labels.keys()];
      const local = typed.includes(":") ? "" : typed;
      const begin = names.filter((name) => name.toLowerCase().startsWith(typed));
      const other = local.length > 2 ? [...labels].filter(([name, label]) => !begin.includes(name)
        && `${name} ${label}`.toLowerCase().includes(local)).map(([name]) => name) : [];
      return [...begin, ...other].slice(0, MOST);
    },
    postprocessHints: <T extends { text: string; displayText?: string }>(_: Yasqe, hints: T[]): T[] =>
      hints.map((hint) => ({ ...hint, displayText: labels.has(hint.text) ? `${hint.text} — ${labels.get(hint.text)}` : hint.text })),
  };
}
