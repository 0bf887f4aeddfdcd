"""What `check --store` finds inside a store is what the check of files finds: on each real store, fault by fault.

All cases of the shapes are put there in two graphs, the bad ones and the good ones, each case with names of its own:
asking for one after the other would take a Java store minutes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import cache
from pathlib import Path

import pytest
from conftest import Command
from pyoxigraph import NamedNode
from rdflib import RDFS, Graph, URIRef
from rdflib.term import Node
from real_stores import RealStore
from test_real_stores import change
from test_shapes import BAD, GOOD, LAYOUT, PREFIXES, around, broken

from icrc_korea.checking.check import Options
from icrc_korea.checking.engines import Result, Run, validate
from icrc_korea.checking.in_sparql import Compiled, subclasses
from icrc_korea.checking.there import check_there
from icrc_korea.errors import RemoteError
from icrc_korea.rdf.answer import Answer
from icrc_korea.rdf.exchange import from_rdflib
from icrc_korea.rdf.lines import ntriples
from icrc_korea.rdf.naming import skolemised
from icrc_korea.rdf.reading import parse, read_text
from icrc_korea.rdf.spaces import GRAPHS, KW, THINGS
from icrc_korea.rdf.store import Store
from icrc_korea.rdf.terms import Quad
from icrc_korea.stores.dialects import DIALECTS
from icrc_korea.stores.remote import Remote

WRONG = f'<{THINGS}person/nobody> <{KW}note> "a\\u200Bb"@en'
HELD = Path(__file__).parent / "cases" / "there"
CASES = {GRAPHS + "bad-cases": BAD, GRAPHS + "good-cases": GOOD}


@cache
def together(name: str) -> list[Quad]:
    """Cases in one graph; a name that an earlier one describes already gets a number at its end."""
    whole, described = Graph() + around(), set[Node]()
    for number, case in enumerate(CASES[name]):
        data = Graph().parse(data=PREFIXES + case.read_text(encoding="utf-8"), format="turtle")
        known = {term for term in data.subjects() if term in described}
        described |= set(data.subjects())
        for one, two, three in data:
            subject, value = (URIRef(f"{term}-{number}") if term in known else term for term in (one, three))
            whole.add((subject, two, value))
    return [Quad(*map(from_rdflib, triple), NamedNode(name)) for triple in whole]


@cache
def rules() -> list[Quad]:
    return [quad for path in LAYOUT.shapes() for quad in parse(read_text(path, path.name), path.name, "urn:x", {})]


@cache
def here(name: str) -> set[tuple[str, ...]]:
    """What the engine that checks files finds in them."""
    run = Run("turbo", 600)
    run.over(ntriples(rules()), ntriples(together(name)))
    outcome = run.outcome()
    assert not outcome.faults
    return told(outcome.results)


def told(results: Iterable[Result]) -> set[tuple[str, ...]]:
    return {
        tuple("_:" if text.startswith("_:") else text for text in (
            result.focus, result.path, result.component, result.value, result.shape, result.severity
        ))
        for result in results
    }  # fmt: skip


def test_the_cases_together_break_every_constraint_that_one_of_them_breaks() -> None:
    alone = {(LAYOUT.expand(name), str(kind).rpartition("#")[2]) for case in BAD for name, kind in broken(case)}
    found = {
        (shape.strip("<>"), f"{component}ConstraintComponent")
        for _, _, component, _, shape, _ in here(GRAPHS + "bad-cases")
    }
    assert alone - found == set()


@pytest.mark.parametrize("case", sorted(HELD.glob("*.trig")), ids=lambda case: case.stem)
def test_the_queries_find_what_the_engine_finds(case: Path) -> None:
    quads = parse(case.read_text(encoding="utf-8"), case.name, "urn:data", {})
    shapes = [quad for quad in quads if quad.graph_name.value == "urn:shapes"]
    data = [quad for quad in quads if quad.graph_name.value != "urn:shapes"]
    store = Store.of(data, LAYOUT)
    compiled = Compiled(shapes, subclasses(store.query("SELECT ?below ?above { ?below rdfs:subClassOf ?above }").rows))
    assert compiled.unsaid == []
    found = [result for rule in compiled.rules for result in rule.results(store.query(rule.query))]
    ours, theirs = told(validate(ntriples(shapes), ntriples(data), "turbo")), told(found)
    assert (sorted(ours - theirs), sorted(theirs - ours)) == ([], [])
    assert ours


@pytest.fixture
def filled(
    real_store: RealStore, icrc: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[RealStore]:
    monkeypatch.setenv("ICRC_KOREA_USER", "dba")
    monkeypatch.setenv("ICRC_KOREA_PASSWORD", "dba")
    path = tmp_path / "cases.nq"
    quads = skolemised(quad for name in CASES for quad in together(name))
    path.write_text("".join(f"{quad} .\n" for quad in quads), encoding="utf-8")
    said = icrc("push", real_store.name, real_store.url, "--from", path, "--quiet")
    assert said.code == 0, said.err
    yield real_store
    for graph in (*CASES, GRAPHS + "pushed/cases"):
        change(real_store, f"DELETE WHERE {{ GRAPH <{graph}> {{ ?s ?p ?o }} }}")


def test_the_cases_break_there_what_they_break_here(filled: RealStore) -> None:
    rows = [(from_rdflib(below), from_rdflib(above)) for below, above in around().subject_objects(RDFS.subClassOf)]
    compiled = Compiled(rules(), subclasses(rows)).rules
    for name in CASES:
        there = Remote(filled.query, LAYOUT)
        there.graphs = {name: 1}  # as if there were no other
        found: list[Result] = []
        for number, answer in there.each([rule.query for rule in compiled], 10_000):
            assert not isinstance(answer, Exception), (compiled[number].shape, answer)
            found += compiled[number].results(answer)
        theirs, ours = told(found), here(name)
        if DIALECTS[filled.name].durations_as_numbers:  # what is wrong with a duration there is something else
            theirs, ours = ({one for one in found if "#offset>" not in one[1]} for found in (theirs, ours))
        assert (sorted(ours - theirs), sorted(theirs - ours)) == ([], []), name


def test_a_graph_that_is_read_breaks_here_what_it_breaks_in_files(filled: RealStore) -> None:
    there = Remote(filled.query, LAYOUT)
    there.graphs = {GRAPHS + "bad-cases": there.graphs[GRAPHS + "bad-cases"]}
    change(filled, f"INSERT DATA {{ GRAPH <{GRAPHS}bad-cases> {{ {WRONG} }} }}")
    there.graphs = {name: size + 1 for name, size in there.graphs.items()}
    report = check_there(there, LAYOUT, lambda *_: None, Options(only=("shapes", "literal")))
    shapes = {LAYOUT.shrink(shape.strip("<>")) for *_, shape, _ in here(GRAPHS + "bad-cases")}
    assert shapes <= {one.rule for one in report.findings}
    assert [one.subject for one in report.findings if one.rule == "literal"] == ["person:nobody"]
    assert report.unasked == ()


# --- what cannot be asked -----------------------------------------------------------------------------------

TOO_MUCH = "http://www.w3.org/2004/02/skos/core#hiddenLabel"


@pytest.fixture
def weak(store_of: Callable[[str], RealStore], monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Remote, list[str]]]:
    """A service that fails at every query that speaks of hidden labels, and what it was asked."""
    store, graph = store_of("oxigraph"), GRAPHS + "entities"
    change(store, f"INSERT DATA {{ GRAPH <{graph}> {{ <{THINGS}claim/bare> a <{KW}Claim> }} }}")
    there, asked = Remote(store.query, LAYOUT), list[str]()
    query = there.service.query

    def failing(text: str, *graphs: Iterable[str]) -> Answer:
        asked.append(text)
        if TOO_MUCH in text:
            raise RemoteError("took too long", "ask for less", status=504)
        return query(text, *graphs)

    monkeypatch.setattr("icrc_korea.checking.there.MOST_READ", 0)  # as if the graph were a large one
    monkeypatch.setattr(there.service, "query", failing)
    yield there, asked
    change(store, f"DELETE WHERE {{ GRAPH <{graph}> {{ ?s ?p ?o }} }}")


def test_a_constraint_that_cannot_be_asked_is_named_and_the_others_are_asked(weak: tuple[Remote, list[str]]) -> None:
    there, asked = weak
    report = check_there(there, LAYOUT, lambda *_: None, Options(only=("shapes",)))
    failed = {one.rule for one in report.findings if "was not checked: took too long" in one.found}
    compiled = Compiled(rules(), {}).rules
    assert failed == {LAYOUT.shrink(rule.shape[1:-1]) for rule in compiled if TOO_MUCH in rule.query} != set()
    assert any(one.subject == "claim:bare" for one in report.findings if one.rule not in failed)
    assert report.exit_code == 1
    assert len([text for text in asked if TOO_MUCH not in text]) < len(compiled) / 2


def test_a_service_that_went_away_is_an_error(weak: tuple[Remote, list[str]], monkeypatch: pytest.MonkeyPatch) -> None:
    there, _ = weak
    assert there.graphs

    def gone(*_: object) -> Answer:
        raise RemoteError("cannot be reached")

    monkeypatch.setattr(there.service, "query", gone)
    with pytest.raises(RemoteError, match="cannot be reached"):
        check_there(there, LAYOUT, lambda *_: None, Options(only=("shapes",)))
