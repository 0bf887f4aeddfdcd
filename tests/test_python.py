"""Asking from Python and from a notebook: plain values, data frames, a thing as a graph, tables that are only text."""

from __future__ import annotations

import datetime
import html.parser
import re
import sys
from typing import Any

import pytest
import rdflib
from conftest import ROOT
from pyoxigraph import Literal, NamedNode

import icrc_korea
from icrc_korea.errors import QueryError
from icrc_korea.graph import KnowledgeGraph
from icrc_korea.rdf.answer import Answer

KINDS = """
SELECT ?iri ?elsewhere ?day ?month ?whole ?part ?truth ?text ?nothing {
  VALUES (?iri ?elsewhere ?day ?month ?whole ?part ?truth ?text) {
    (state:dprk <http://example.org/a/b> "1950-06-26"^^xsd:date "1951-03"^^edtf:EDTF 3 2.5 true "전문"@ko) } }
"""
PLAIN = {
    "iri": "state:dprk",
    "elsewhere": "<http://example.org/a/b>",
    "day": datetime.date(1950, 6, 26),
    "month": "1951-03",
    "whole": 3,
    "part": 2.5,
    "truth": True,
    "text": "전문",
    "nothing": None,
}


def test_values_are_plain_python(graph: KnowledgeGraph) -> None:
    [row] = graph.select(KINDS)
    assert row == PLAIN
    assert {name: type(value) for name, value in row.items()} == {name: type(value) for name, value in PLAIN.items()}


def test_a_day_that_is_none_stays_a_text(graph: KnowledgeGraph) -> None:
    [row] = graph.select('SELECT ?day { VALUES ?day { "1950-02-31"^^xsd:date } }')
    assert row == {"day": "1950-02-31"}


@pytest.mark.parametrize("library", ["pandas", "polars"])
def test_an_answer_becomes_a_data_frame(library: str, graph: KnowledgeGraph) -> None:
    answer = graph.run("correspondence/who-wrote-to-whom")
    frame = getattr(answer, f"to_{library}")()
    assert list(frame.columns) == answer.columns
    assert len(frame) == len(answer)
    rows = frame.to_dicts() if library == "polars" else frame.to_dict("records")
    for ours, theirs in zip(answer, rows, strict=True):
        assert ours == {name: None if value != value else value for name, value in theirs.items()}
    values = getattr(graph.select(KINDS), f"to_{library}")()
    assert values["whole"][0] == 3
    assert values["day"][0] == datetime.date(1950, 6, 26)
    assert bool(getattr(graph.ask("ASK { }"), f"to_{library}")()["answer"][0])
    assert len(getattr(graph.select("SELECT ?s { ?s kw:misprint 1 }"), f"to_{library}")()) == 0


@pytest.mark.parametrize("library", ["pandas", "polars"])
def test_a_library_that_is_not_there_is_named(
    library: str, graph: KnowledgeGraph, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, library, None)
    with pytest.raises(QueryError, match=re.escape(f"icrc-korea[{library}]")):
        getattr(graph.select("SELECT ?s { ?s kw:misprint ?o }"), f"to_{library}")()


def test_a_thing_is_a_graph(graph: KnowledgeGraph) -> None:
    found = graph.describe("국제적십자위원회")
    assert isinstance(found, rdflib.Graph)
    icrc = rdflib.URIRef("https://w3id.org/icrc-korea/id/organisation/icrc")
    kw = rdflib.Namespace("https://w3id.org/icrc-korea/ontology#")
    assert (icrc, rdflib.RDF.type, None) in found
    assert list(found.subjects(kw.sender, icrc))
    claims = set(found.subjects(rdflib.RDF.object, icrc)) | set(found.subjects(rdflib.RDF.subject, icrc))
    assert claims
    assert all(list(found.objects(claim, kw.certainty)) for claim in claims)
    assert "organisation:icrc" in found.serialize(format="turtle")


def test_an_unknown_name_is_hinted_at(graph: KnowledgeGraph) -> None:
    assert graph.select("SELECT ?s { ?s kw:sender ?o }").hints == []
    [hint] = graph.select("SELECT ?s { ?s kw:sendr ?o }").hints
    assert "kw:sender" in hint


# --- notebooks -------------------------------------------------------------------------------------------


class Elements(html.parser.HTMLParser):
    """What a browser would make of a text."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.names: list[str] = []
        self.links: list[str] = []
        self.attributes: set[str] = set()
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[Any]) -> None:
        self.names.append(tag)
        self.attributes |= {name for name, _ in attrs}
        self.links += [value for name, value in attrs if name == "href"]


NASTY = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "<http://x/\"onmouseover=alert(1)>",
    "javascript:alert(1)",
    "&lt;b&gt;",
    "</td></table><h1>",
)


@pytest.mark.parametrize("text", NASTY)
def test_no_value_becomes_markup(text: str, graph: KnowledgeGraph) -> None:
    answer = Answer(graph.layout, ["a", text], [[Literal(text), NamedNode("javascript:alert(1)")]])
    found = Elements(answer._repr_html_())
    assert set(found.names) <= {"table", "thead", "tbody", "tr", "th", "td", "a"}
    assert found.attributes <= {"href", "rel"}
    assert [link for link in found.links if not link.startswith("http")] == []


def test_answers_and_things_are_tables(graph: KnowledgeGraph) -> None:
    answer = graph.run("correspondence/unanswered")
    assert Elements(answer._repr_html_()).names.count("tr") == len(answer) + 1
    assert Elements(answer._repr_html_()).links
    thing = graph.show("Paul Ruegger")
    assert Elements(thing._repr_html_()).names.count("tr") == len(thing["statements"]) + 1
    assert "passage:" in thing._repr_html_()
    assert graph.ask("ASK { }")._repr_html_() == "<p>yes</p>"


def test_the_module_opens_the_graph() -> None:
    assert len(icrc_korea.load(ROOT).run("unanswered")) > 0
    assert bool(icrc_korea.load(ROOT).ask("ASK { state:dprk kw:misprint ?o }"))


def test_rows_and_terms_of_an_answer_can_be_used_again() -> None:
    graph = icrc_korea.load(ROOT)
    answer = graph.run("correspondence/unanswered")
    assert answer[0] == next(iter(answer))
    assert answer[-1] == list(answer)[-1]
    with pytest.raises(IndexError):
        answer[len(answer)]
    assert graph.show(answer.rows[0][0])["id"] == answer[0][answer.columns[0]]
    assert len(graph.questions()) < len(graph.every_question())
    why = graph.why("person:syngman-rhee", "rdf:type", "kw:Person")
    for shown in (graph, answer, graph.question("unanswered"), why):
        assert " at 0x" not in repr(shown)


@pytest.mark.parametrize("wrong", [None, 7, ["x"], b"x"])
def test_what_is_no_name_is_refused_by_name(wrong: object) -> None:
    with pytest.raises(icrc_korea.UsageError, match=type(wrong).__name__):
        icrc_korea.load(ROOT).show(wrong)  # type: ignore[arg-type]


def test_the_public_names_are_there_for_typing_and_catching() -> None:
    for name in icrc_korea.__all__:
        assert getattr(icrc_korea, name).__name__ == name
    assert set(icrc_korea.__all__) <= set(dir(icrc_korea))
    with pytest.raises(icrc_korea.UnknownTerm):
        icrc_korea.load(ROOT).show("Atlantis")
