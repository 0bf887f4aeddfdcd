"""Asking loads only the triples that can matter; the answer is the same as on the whole graph.

`cases/slices/*.rq` hold queries, each below a line `#= what is tricky in it`. Its answer is compared with
that of pyoxigraph over the whole dataset. A query whose right answer is nothing says `(empty)`, for
otherwise an answer that is always empty would do. One more query is one more case.
"""

from __future__ import annotations

import itertools
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyoxigraph as ox
import pytest
from conftest import ROOT
from test_queries import QUESTIONS

from icrc_korea.graph import KnowledgeGraph
from icrc_korea.rdf.answer import Answer
from icrc_korea.rdf.spaces import CATALOGUE
from icrc_korea.rdf.sparql import Tokens

HERE = Path(__file__).parent


def tricky() -> Iterator[tuple[str, str]]:
    for path in sorted((HERE / "cases" / "slices").glob("*.rq")):
        for case in re.split(r"^#= ", path.read_text(encoding="utf-8"), flags=re.M)[1:]:
            name, _, text = case.partition("\n")
            yield f"{path.stem}: {name}", text


# What cannot be written down in a file of lines.
LINE_ENDS = {
    "a comment that a carriage return ends": "SELECT ?p { # a comment\r state:dprk ?p ?o \r}",
    "carriage returns and line feeds": "SELECT ?o\r\n{ # a comment\r\n state:dprk kw:misprint ?o }\r\n",
    "a comment without an end": "SELECT ?o { state:dprk kw:misprint ?o } # ?s ?p ?o",
    "a form feed in a comment": "SELECT ?o { # a \f comment\n state:dprk kw:misprint ?o }",
    "a line separator in a comment": "SELECT ?o { # a \u2028 comment\n state:dprk kw:misprint ?o }",
    "tabs": "SELECT\t?o\t{\tstate:dprk\tkw:misprint\t?o\t}",
}
CASES = {**dict(tricky()), **{f"line ends: {name}": text for name, text in LINE_ENDS.items()}}


@pytest.fixture(scope="module")
def whole(graph: KnowledgeGraph) -> ox.Store:
    """The whole dataset in pyoxigraph: every graph by its name, and every triple once in the default graph.

    All but the questions themselves, which are not what is asked.
    """
    store = ox.Store()
    quads = list(ox.parse(graph.built.bytes_of("dataset.nq"), format=ox.RdfFormat.N_QUADS, rename_blank_nodes=False))
    store.extend(quads)
    said = [quad for quad in quads if quad.graph_name != ox.NamedNode(CATALOGUE)]
    store.extend(ox.Quad(quad.subject, quad.predicate, quad.object) for quad in said)
    return store


def shown(term: object) -> str:
    return "a blank node" if isinstance(term, ox.BlankNode) else str(term)


def all_of(results: Any) -> Counter[tuple[str, ...]]:
    """An answer as a bag of rows, whichever of the two sides it comes from."""
    if isinstance(results, ox.QueryBoolean):
        return Counter([("yes",)] if results else [])
    if isinstance(results, ox.QueryTriples):
        return Counter(tuple(map(shown, triple)) for triple in results)
    if isinstance(results, ox.QuerySolutions):
        return Counter(tuple(shown(solution[variable]) for variable in results.variables) for solution in results)
    assert isinstance(results, Answer)
    if results.truth is not None:
        return Counter([("yes",)] if results.truth else [])
    if results.triples is not None:
        return Counter(
            tuple(map(shown, (triple.subject, triple.predicate, triple.object))) for triple in results.triples
        )
    return Counter(tuple(map(shown, row)) for row in results.rows)


def test_there_are_many_tricky_queries() -> None:
    assert len(CASES) > 150


@pytest.mark.parametrize("case", CASES)
def test_a_slice_answers_as_the_whole_graph(case: str, graph: KnowledgeGraph, whole: ox.Store) -> None:
    right = all_of(whole.query(CASES[case], prefixes=graph.layout.prefixes))
    assert bool(right) is not case.endswith("(empty)"), "the case proves nothing"
    assert all_of(graph.query(CASES[case])) == right


# what joins with another service is cut in two before it is asked: see test_federated.py
FROM_ELSEWHERE = ROOT / "queries" / "federated"
OURS = sorted(
    path
    for path in [*(ROOT / "queries").rglob("*.rq"), *(HERE / "cases" / "absent").glob("*.rq")]
    if path.parent != FROM_ELSEWHERE
)


@pytest.mark.parametrize("path", OURS, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_our_own_queries_are_answered_as_by_the_whole_graph(path: Path, graph: KnowledgeGraph, whole: ox.Store) -> None:
    text = path.read_text(encoding="utf-8")
    assert all_of(graph.query(text)) == all_of(whole.query(text, prefixes=graph.layout.prefixes))


# --- every path up to a size --------------------------------------------------------------------------------

STEPS = ("kw:organOf", "kw:addressee", "a")


def grown(smaller: list[str]) -> list[str]:
    """Paths one step larger, with and without brackets that change nothing."""
    wrapped = [f"({path})" for path in smaller]
    repeated = [f"({path}){sign}" for path, sign in itertools.product(smaller, "*?+")]
    turned = [f"^({path})" for path in smaller]
    joined = [f"({path}){joint}kw:organOf" for path, joint in itertools.product(smaller, "/|")]
    return [*wrapped, *repeated, *turned, *joined]


ONCE = grown([*STEPS])
TWICE = grown(ONCE)
ANY_OTHER = ("!kw:organOf", "(!kw:organOf)", "((!kw:organOf))", "(((!(kw:organOf|^a))))", "kw:organOf|((!kw:organOf))")
PATHS = [*STEPS, *ONCE, *TWICE, *ANY_OTHER]
SUBJECTS = {"office:dprk-foreign-minister": PATHS, "[]": [*STEPS, *ONCE, *ANY_OTHER], "[ a kw:Office ]": ONCE}


@pytest.mark.parametrize("subject", SUBJECTS)
def test_every_path_is_answered_as_by_the_whole_graph(subject: str, graph: KnowledgeGraph, whole: ox.Store) -> None:
    assert len(PATHS) > 150
    wrong = []
    for path in SUBJECTS[subject]:
        text = f"SELECT (COUNT(*) AS ?n) {{ {subject} {path} ?x }}"
        if all_of(graph.query(text)) != all_of(whole.query(text, prefixes=graph.layout.prefixes)):
            wrong.append(path)
    assert wrong == []


# --- a slice is a slice -------------------------------------------------------------------------------------

THRIFTY = {
    "SELECT ?o { state:dprk kw:misprint ?o }": {"kw:misprint"},
    "SELECT ?x { ?x a kw:State }": {"rdf:type", "kw:State"},
    "SELECT ?s { ?m kw:addressee/kw:organOf ?s }": {"kw:addressee", "kw:organOf"},
    "SELECT ?s { ?m (kw:addressee|^kw:organOf)+ ?s }": {"kw:addressee", "kw:organOf"},
    'SELECT ?s { ?s kw:when ?t FILTER (?t > "1950-01-01"^^xsd:date && !BOUND(?x)) }': {"kw:when", "xsd:date"},
    "SELECT ?s (COUNT(*) AS ?n) { ?s kw:when ?t } GROUP BY ?s HAVING (COUNT(*) * 2 > 2)": {"kw:when"},
    "ASK { }": set(),
}


@pytest.mark.parametrize("text", THRIFTY)
def test_only_what_is_named_is_loaded(text: str, graph: KnowledgeGraph) -> None:
    found = Tokens(text).predicates(graph.layout.prefixes)
    assert found is not None, "the whole graph is loaded"
    beside = {graph.layout.expand(name) for name in ("state:dprk", "rdf:first", "rdf:rest")}
    assert found - beside == {graph.layout.expand(name) for name in THRIFTY[text]}


def test_hardly_a_question_of_the_catalogue_loads_the_whole_graph(graph: KnowledgeGraph) -> None:
    """Only those that ask for any property at all have to."""
    table = graph.built.manifest["merged"]["predicates"]
    whole = sum(size for _, size, _ in table.values())
    loaded = {}
    for question in QUESTIONS:
        found = Tokens(graph.question(question).text).predicates(graph.layout.prefixes)
        loaded[question] = whole if found is None else sum(table[name][1] for name in found if name in table)
    assert sum(size > whole / 2 for size in loaded.values()) < len(QUESTIONS) / 8, loaded
    assert sorted(loaded.values())[len(loaded) // 2] < whole / 3, "half of them load too much"
