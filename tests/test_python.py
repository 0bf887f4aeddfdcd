"""Asking from Python and from a notebook: plain values, data frames, a thing as a graph, tables that are only text."""

from __future__ import annotations

import datetime
import doctest
import html.parser
import io
import re
import sys
from collections.abc import Callable
from pathlib import Path
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


WRONG: dict[str, Callable[[KnowledgeGraph, Any], object]] = {
    "show": lambda graph, wrong: graph.show(wrong),
    "describe": lambda graph, wrong: graph.describe(wrong),
    "why it": lambda graph, wrong: graph.why(wrong, "kw:sender", "state:dprk"),
    "why so": lambda graph, wrong: graph.why("state:dprk", wrong, "state:dprk"),
    "why that": lambda graph, wrong: graph.why("state:dprk", "kw:misprint", wrong),
    "term": lambda graph, wrong: graph.term(wrong),
    "run": lambda graph, wrong: graph.run(wrong),
    "query": lambda graph, wrong: graph.query(wrong),
    "query within limits": lambda graph, wrong: graph.query(wrong, time_limit=5),
    "question": lambda graph, wrong: graph.question(wrong),
    "explain": lambda graph, wrong: graph.explain(wrong),
    "search": lambda graph, wrong: graph.search(wrong),
    "reconcile": lambda graph, wrong: graph.reconcile([wrong]),
    "link": lambda graph, wrong: graph.link(wrong, offline=True),
    "judge": lambda graph, wrong: graph.judge(wrong, none=True, who="A", why="b"),
    "enrich": lambda graph, wrong: graph.enrich(wrong, offline=True),
    "anchor": lambda graph, wrong: graph.anchor(wrong),
    "package": lambda graph, wrong: graph.package(wrong),
    "a row": lambda graph, wrong: graph.run("unanswered")[wrong if wrong != 7 else 7.0],  # type: ignore[index]
}


@pytest.mark.parametrize("wrong", [None, 7, ["x"], b"x"], ids=repr)
@pytest.mark.parametrize("call", WRONG)
def test_a_value_of_the_wrong_type_is_refused_by_name(call: str, wrong: object, graph: KnowledgeGraph) -> None:
    with pytest.raises(icrc_korea.UsageError) as error:
        WRONG[call](graph, wrong)
    assert error.value.remedy
    assert "7" in error.value.message or repr(wrong) in error.value.message


@pytest.mark.parametrize(
    "call",
    [
        lambda graph: icrc_korea.load(7),
        lambda graph: icrc_korea.load(store=7),
        lambda graph: graph.export(parts=7),
        lambda graph: graph.export(form="x"),
        lambda graph: graph.reconcile(7),
        lambda graph: graph.draw(7),
        lambda graph: graph.query("ASK {}", row_limit="x"),
        lambda graph: graph.query("ASK {}", time_limit="x"),
        lambda graph: graph.query("ASK {}").serialise("x"),
        lambda graph: graph.link("state:dprk", service="x"),
        lambda graph: graph.contribute("x"),
        lambda graph: graph.contribute("entityschema", kind="x"),
        lambda graph: graph.judge("state:dprk"),
        lambda graph: graph.judge("state:dprk", accept=["x"], who="A", why="b"),
        lambda graph: graph.check(time_limit=-1),
    ],
)
def test_what_cannot_be_meant_is_refused_by_name(call: Callable[[Any], object], graph: KnowledgeGraph) -> None:
    with pytest.raises(icrc_korea.KgError) as error:
        call(graph)
    assert error.value.remedy


def test_terms_of_an_answer_go_back_in(graph: KnowledgeGraph) -> None:
    row = next(
        row for row in graph.query("SELECT ?s ?p ?o { VALUES ?p { kw:misprint kw:sender } ?s ?p ?o }").rows
        if all(term is not None for term in row)
    )  # fmt: skip
    subject, predicate, value = row
    assert isinstance(subject, NamedNode)
    assert isinstance(predicate, NamedNode)
    assert graph.why(subject, predicate, value)  # type: ignore[arg-type]
    misprint = NamedNode("https://w3id.org/icrc-korea/ontology#misprint")
    assert graph.why("state:dprk", misprint, Literal("DPKR", language="en"))
    assert graph.describe(subject)
    assert graph.run("people/names", thing=subject).columns


def test_a_frame_has_the_values_of_csv(graph: KnowledgeGraph) -> None:
    pandas = pytest.importorskip("pandas")
    for name in ("chronology/timeline", "correspondence/unanswered", "correspondence/who-wrote-to-whom"):
        answer = graph.run(name)
        read = pandas.read_csv(io.BytesIO(answer.serialise("csv")), dtype=str, keep_default_na=False, na_values=[""])
        ours = answer.to_pandas(iris=True)
        assert list(read.columns) == list(ours.columns)
        for column in read.columns:
            kinds = {type(value) for value in ours[column] if value != value or value is None}
            assert kinds <= {float}, f"{column}: what is missing is not NaN"
            assert [value != value for value in read[column]] == [value != value for value in ours[column]]
            if ours[column].dtype == object:
                there = [str(value) for value in read[column] if value == value]
                assert there == [str(value) for value in ours[column] if value == value]


def test_every_call_of_the_page_on_python_gives_what_the_page_says(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ICRC_KOREA_ROOT", str(root))
    monkeypatch.delenv("ICRC_KOREA_EDITOR", raising=False)
    page = (ROOT / "docs" / "python.md").read_text(encoding="utf-8")
    test = doctest.DocTestParser().get_doctest(page.replace("```", ""), {}, "docs/python.md", "docs/python.md", 0)
    said = io.StringIO()
    flags = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE
    failed, tried = doctest.DocTestRunner(optionflags=flags).run(test, out=said.write)
    assert failed == 0, said.getvalue()
    assert tried > 40
    public = {name for name in vars(KnowledgeGraph) if not name.startswith("_")}
    aside = {  # what the verbs and the service are made with
        "built", "take", "build", "build_store", "facts", "every_question", "ask_question", "read_query", "ask_with",
        "select", "ask", "construct", "marks", "with_sources", "resolve", "term", "why_prov", "explainer", "anchor",
        "export_into", "foreign_graphs", "package", "spool", "reason", "closure", "matcher", "names", "searcher",
    }  # fmt: skip
    assert [name for name in sorted(public - aside) if f"graph.{name}" not in page] == []


def test_what_is_shown_in_a_notebook_is_only_text(graph: KnowledgeGraph) -> None:
    why = graph.why("communication:telegram-1950-06-26-dprk", "kw:addressedParty", "state:dprk")
    contested = graph.why("book:from-yalta-to-dien-bien-phu", "dct:creator", "Catherine Rey-Schyrr")
    for shown in (graph, graph.question("unanswered"), why, contested):
        found = Elements(shown._repr_html_())
        assert set(found.names) <= {"p", "h4", "table", "thead", "tbody", "tr", "th", "td", "ul", "li", "a"}
    assert Elements(why._repr_html_()).names.count("li") == 4
    assert "passage:P05.s1" in why._repr_html_()
    assert contested.claims[0].id in contested._repr_html_()


def test_the_public_names_are_there_for_typing_and_catching() -> None:
    for name in icrc_korea.__all__:
        assert getattr(icrc_korea, name).__name__ == name
    assert set(icrc_korea.__all__) <= set(dir(icrc_korea))
    with pytest.raises(icrc_korea.UnknownTerm):
        icrc_korea.load(ROOT).show("Atlantis")
