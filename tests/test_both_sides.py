"""docs/both-sides.md sets the two parties to the war side by side, and the graph tells the same of both."""

from __future__ import annotations

import runpy

from conftest import ROOT

from icrc_korea.graph import KnowledgeGraph

BOTH = runpy.run_path(str(ROOT / "docs" / "both_sides.py"))
PARTIES, cells = BOTH["PARTIES"], BOTH["cells"]


def test_the_page_is_up_to_date(graph: KnowledgeGraph) -> None:
    assert BOTH["PAGE"].read_text(encoding="utf-8") == BOTH["page"](graph), "the page is not current: run `make docs`"


def test_every_cell_has_its_sentence_or_is_not_stated(graph: KnowledgeGraph) -> None:
    found = cells(graph)
    assert all(found.values()), "each matter has rows"
    for matter, rows in found.items():
        for entries in rows.values():
            for party, said in entries.items():
                assert party in PARTIES
                assert matter == "label" or all("`passage:P" in one for one in said), (matter, said)


def test_what_both_parties_did_is_told_of_both(graph: KnowledgeGraph) -> None:
    """Both undertook to keep the Third Convention (P07): position, forces bound and claim stand on both sides."""
    found = cells(graph)
    both = [
        found["undertaking"]["legal:undertakes-to-comply", "Third Geneva Convention"],
        found["undertaking"]["legal:not-ratified", "Geneva Conventions of 1949"],
        found["binding"]["kw:binds", ""],
        found["claim"]["kw:willComplyWith", "Third Geneva Convention"],
        found["name"]["kw:nameForm", ""],
        found["name"]["kw:abbreviation", ""],
    ]
    assert [set(entries) for entries in both] == [set(PARTIES)] * len(both)
