"""Sets the two parties to the war side by side, as the graph has them. `make docs` writes docs/both-sides.md."""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path

import pyoxigraph as ox

import icrc_korea
from icrc_korea.graph import KnowledgeGraph

PAGE = Path(__file__).with_name("both-sides.md")
QUESTION = "law/both-sides"
PARTIES = {"state:rok": "Republic of Korea", "state:dprk": "Democratic People’s Republic of Korea"}
MATTERS = {
    "undertaking": "What each party undertook, or where it stands",
    "binding": "Whom an undertaking binds",
    "claim": "What each party said of its forces",
    "name": "How the guide names each party",
    "label": "How the graph names each party",
}
WORDS = {
    "kw:binds": "forces bound",
    "kw:compliesWith": "complies with (reported, not endorsed)",
    "kw:willComplyWith": "will comply with (reported, not endorsed)",
    "kw:nameForm": "name",
    "kw:abbreviation": "abbreviation",
    "kw:misprint": "misprint",
    "en": "English",
    "fr": "French",
    "ko": "Korean",
    "zh": "Chinese",
}
SILENT = "not stated"
HEAD = """# Both sides alike

What the graph says of the two parties to the war, cell by cell, each with the sentence of the guide on which it
rests. *not stated*: the guide says nothing of the kind of this party. That is a difference of the guide, not of
the way in which the graph is made: what is told of one party is told of the other in the same terms, wherever a
sentence allows it.

`icrc-korea query law/both-sides` gives the same as rows. `icrc-korea check` finds an undertaking of which less
is told than of another (`quality/undertaking-half-told`), and a state or government that has a name in a language
in which that of the other party has none (`quality/one-side-named`).

Written by `make docs` from the graph itself.
"""

Cells = dict[str, dict[tuple[str, str], dict[str, list[str]]]]


def cells(graph: KnowledgeGraph) -> Cells:
    """The entries of each matter, row and party; one entry names its sentence."""
    found: Cells = {matter: defaultdict(lambda: defaultdict(list)) for matter in MATTERS}

    def shrink(term: ox.NamedNode | ox.Literal) -> str:
        return graph.layout.shrink(term.value) if isinstance(term, ox.NamedNode) else str(term.value)

    for matter, what, party, value, label, _, sentence in graph.run(QUESTION).rows:
        topic = matter.value
        said = label.value if label else shrink(value)
        name = shrink(what)
        # what differs between the parties goes into the cell, what they could share into the row
        row = (name, said) if topic in ("undertaking", "claim") else (name, "")
        text = "" if row[1] else said
        where = f"`{shrink(sentence)}`" if sentence else ""
        found[topic][row][shrink(party)].append(" ".join(part for part in (text, where) if part))
    return found


def named(graph: KnowledgeGraph, word: str) -> str:
    """What a row is called: a word of ours in English, or the name of a kind of undertaking."""
    if word in WORDS or not word.startswith("legal:"):
        return WORDS.get(word, word)
    ask = f'SELECT ?l {{ <{graph.layout.expand(word)}> skos:prefLabel ?l FILTER (LANG(?l) = "en") }}'
    return str(graph.query(ask).rows[0][0].value)


def page(graph: KnowledgeGraph) -> str:
    """The page: a table for each matter, a column for each party."""
    lines = [HEAD]
    for matter, rows in cells(graph).items():
        lines += [f"## {MATTERS[matter]}", "", "| | " + " | ".join(PARTIES.values()) + " |", "| --- | --- | --- |"]
        for (what, value), by_party in rows.items():
            title = f"{named(graph, what)}: {value}" if value else named(graph, what)
            said = ["; ".join(dict.fromkeys(by_party.get(party, []))) or SILENT for party in PARTIES]
            lines.append(f"| {title} | " + " | ".join(said) + " |")
        lines.append("")
    return "\n".join(lines).rstrip("\n") + "\n"


if __name__ == "__main__":
    PAGE.write_text(page(icrc_korea.load(Path(__file__).parents[1])), encoding="utf-8")
