"""Renews what the pages on stores say from the table of dialects. `make docs` writes it into docs/stores/*.md."""

from __future__ import annotations

from pathlib import Path

from icrc_korea.stores.dialects import CONTEXT, DIALECTS, DROP_AND_POST, GRAPH_STORE

PAGES = Path(__file__).parent / "stores"
MARKS = ("<!-- generated: make docs -->", "<!-- end of the generated part -->")
WAYS = {
    GRAPH_STORE: "PUT of each graph (SPARQL 1.1 Graph Store HTTP Protocol)",
    CONTEXT: "PUT of each graph with a `context`",
    DROP_AND_POST: "`DROP GRAPH` where there is one, then POST with `context-uri`",
}


def generated(name: str) -> str:
    """The part of a page that follows from the table of dialects."""
    dialect = DIALECTS[name]
    place = dialect.at(dialect.example)
    tried = (
        "**Tried on the store itself**, in every run of the tests."
        if dialect.tried
        else "**Not tried on the store itself**: the tests speak to a stand-in that follows the documented protocol."
    )
    rows = [
        ("address that `push` takes", f"`{dialect.example}`"),
        ("asked at", f"`{place.query}`"),
        ("changed at", f"`{place.update}`"),
        ("graphs written at", f"`{place.graphs}?{dialect.name}=…`"),
        ("how", WAYS[dialect.way] + ("; small graphs together in one update" if dialect.together else "")),
        ("sent as", f"`{dialect.sends}`, at most {dialect.chunk:,} triples in a request"),
        ("read back by", "GET of each graph" if dialect.read else "SELECT, page by page"),
    ]
    lines = [tried, "", "| | |", "|---|---|", *(f"| {left} | {right} |" for left, right in rows)]
    if dialect.bulk:
        heart = "`load-me/load.sh`, which is at heart" + ("" if dialect.tried else " (not tried, as the manual has it)")
        lines += ["", "For loads of many millions, `icrc-korea push " + name + " URL --bulk load-me` writes one file",
                  f"and {heart}:", "", "```bash", dialect.bulk, "```"]  # fmt: skip
    return "\n".join(lines)


def renewed(text: str, name: str) -> str:
    """A page with its generated part as it should be."""
    head, _, rest = text.partition(MARKS[0])
    return f"{head}{MARKS[0]}\n{generated(name)}\n{MARKS[1]}{rest.partition(MARKS[1])[2]}"


if __name__ == "__main__":
    for which in DIALECTS:
        page = PAGES / f"{which}.md"
        page.write_text(renewed(page.read_text(encoding="utf-8"), which), encoding="utf-8")
