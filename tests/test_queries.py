"""Every question of the catalogue has an answer that was read and found right.

`cases/queries/<topic>/<question>.csv` is the answer to a question with its defaults, byte for byte what
`icrc-korea query <topic>/<question> --format csv` gives. An answer with parameters stands in a file
`<question>.<n>.csv` below lines `# name=value`. One more file is one more case; read the answer against
the guide before you put it there.
"""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pyoxigraph as ox
import pytest
import rdflib
from conftest import ROOT, Command
from every import every
from rdflib.paths import Path as PropertyPath
from rdflib.plugins.sparql import prepareQuery
from rdflib.plugins.sparql.parserutils import CompValue

from icrc_korea.asking.questions import APART
from icrc_korea.graph import KnowledgeGraph
from icrc_korea.rdf.store import Store

CASES = Path(__file__).parent / "cases" / "queries"
ANSWERS = sorted(CASES.rglob("*.csv"))
QUERIES = ROOT / "queries"
QUESTIONS = sorted(
    path.relative_to(QUERIES).with_suffix("").as_posix()
    for path in QUERIES.rglob("*.rq")
    if path.parent.name not in APART
)
Row = tuple[str, ...]
KW = "https://w3id.org/icrc-korea/ontology#"
VOCAB = "https://w3id.org/icrc-korea/vocab/"
RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
PLAIN = {VOCAB + "status-accepted", VOCAB + "polarity-positive"}


class Case:
    """A question, its parameters, and the answer that was found right."""

    def __init__(self, path: Path) -> None:
        self.name = path.relative_to(CASES).with_suffix("").as_posix()
        self.question = re.sub(r"\.\d+$", "", self.name)
        lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
        given = [line[1:].strip() for line in lines if line.startswith("# ")]
        self.given = dict(line.split("=", 1) for line in given)
        self.columns, *self.rows = [tuple(row) for row in csv.reader(lines[len(given) :])]

    def __repr__(self) -> str:
        return self.name


@cache
def cases() -> tuple[Case, ...]:
    return tuple(map(Case, ANSWERS))


def asked(graph: KnowledgeGraph, question: str, given: dict[str, str]) -> tuple[str, dict[str, Any], list[str]]:
    """The text of a question, what its variables are bound to, and which of those are columns."""
    found = graph.question(question)
    bindings = found.bind(dict(given), graph.resolve, graph.layout)
    return found.text, bindings, [name for name in found.columns if name in bindings]


def rows_of(answer: Any) -> list[Row]:
    return [tuple("" if term is None else term.value for term in row) for row in answer.rows]


# --- the answers --------------------------------------------------------------------------------------------


def test_every_question_has_a_checked_answer_and_every_answer_a_question() -> None:
    assert sorted({case.question for case in cases()}) == QUESTIONS
    assert {case.name for case in cases() if not case.given} == set(QUESTIONS)


@every("case", cases(), name=repr)
def test_the_answer_is_the_one_that_was_read(case: Case, graph: KnowledgeGraph) -> None:
    answer = graph.run(case.question, **case.given)
    assert tuple(answer.columns) == case.columns
    assert rows_of(answer) == case.rows


def test_the_command_gives_the_same_bytes(graph: KnowledgeGraph, icrc: Command) -> None:
    for case in cases():
        given = [f"{name}={value}" for name, value in case.given.items()]
        said = icrc("query", case.question, *given, "--format", "csv", "--root", ROOT)
        assert said.code == 0, said.err
        text = (CASES / f"{case.name}.csv").read_text(encoding="utf-8")
        assert said.out.splitlines() == [line for line in text.splitlines() if not line.startswith("# ")]


@every("question", QUESTIONS)
def test_every_column_is_bound_somewhere(question: str) -> None:
    """A column that is always empty asks for something that the graph does not say so."""
    answers = [case for case in cases() if case.question == question]
    for number, column in enumerate(answers[0].columns):
        assert any(row[number] for case in answers for row in case.rows), f"{column} is empty in every row"


@every("case", cases(), name=repr)
def test_no_row_stands_twice(case: Case) -> None:
    assert [row for row, number in Counter(case.rows).items() if number > 1] == []


@every("question", QUESTIONS)
def test_what_is_asked_is_explained(question: str, graph: KnowledgeGraph) -> None:
    found = next(entry for entry in graph.every_question() if entry.id == question)
    assert set(found.columns) == set(graph.run(question).columns)
    assert all(found.columns.values())
    assert set(found.summary) == {"en", "fr", "ko"}, "it is asked in English, French and Korean"
    assert [text for text in found.summary.values() if not text.endswith("?")] == []
    assert re.search("[가-힣]", found.summary["ko"])
    assert len(set(found.summary.values())) == 3
    assert all(spec.get("about") for spec in found.params.values())


def test_columns_and_parameters_are_listed_in_the_order_of_the_file(graph: KnowledgeGraph) -> None:
    for found in graph.every_question():
        if found.id in QUESTIONS:
            text = (QUERIES / f"{found.id}.rq").read_text(encoding="utf-8")
            named = re.findall(r"^#\+   (\w+):", text, re.M)
            assert [*found.params, *found.columns] == named, found.id


@every("question", QUESTIONS)
def test_the_order_of_the_rows_is_settled(question: str, graph: KnowledgeGraph) -> None:
    """ORDER BY leaves no two rows to chance: another store, or another version, may not shuffle them."""
    text = (QUERIES / f"{question}.rq").read_text(encoding="utf-8")
    algebra = prepareQuery(text, initNs=graph.layout.prefixes).algebra
    while algebra.name != "OrderBy":
        algebra = algebra.p
    by = [str(condition.expr) for condition in algebra.expr if isinstance(condition.expr, rdflib.Variable)]
    for case in cases():
        if case.question == question:
            places = [case.columns.index(name) for name in by if name in case.columns]
            ties = Counter(tuple(row[place] for place in places) for row in case.rows)
            assert [key for key, number in ties.items() if number > 1] == []


# --- what is denied or contested never reads as a statement -------------------------------------------------


def statements_in(columns: Row, rows: list[Row]) -> Iterator[tuple[Row, set[str]]]:
    """The statements that an answer spells out, with everything else in their rows."""
    if {"subject", "property", "value"} <= set(columns):
        places = [columns.index(name) for name in ("subject", "property", "value")]
        for row in rows:
            yield tuple(row[place] for place in places), set(row)


def doubtful_in(graph: KnowledgeGraph, answer: Any) -> list[Row]:
    """The statements of an answer that are no statements of the graph, in rows that do not say so."""
    found = []
    for statement, row in statements_in(tuple(answer.columns), rows_of(answer)):
        if (
            statement not in plain_statements(graph)
            and not {cell for cell in row if cell.startswith((VOCAB + "status-", VOCAB + "polarity-"))} - PLAIN
        ):
            found.append(statement)
    return found


@cache
def plain_statements(graph: KnowledgeGraph) -> frozenset[Row]:
    quads = ox.parse(graph.built.bytes_of("merged.nt"), format=ox.RdfFormat.N_TRIPLES)
    return frozenset((q.subject.value, q.predicate.value, q.object.value) for q in quads)


@cache
def denials(graph: KnowledgeGraph) -> frozenset[Row]:
    """What is denied: a row with it must say that it is denied, not only that it is doubtful."""
    answer = graph.query(
        "SELECT ?s ?p ?o { ?c kw:polarity polarity:negative ; rdf:subject ?s ; rdf:predicate ?p ; rdf:object ?o }"
    )
    return frozenset(rows_of(answer))


PASSAGES = [f"passage:P{number:02}" for number in range(1, 42)]
CERTAINTIES = [
    f"certainty:{name}" for name in ("stated", "quoted", "attributed", "hedged", "interpretation", "inferred")
]
SPELT_OUT = [
    *((question, {}) for question in QUESTIONS),
    *(("provenance/passage", {"passage": passage}) for passage in PASSAGES),
    *(("provenance/evaluations", {"certainty": certainty}) for certainty in CERTAINTIES),
]


@every(("question", "given"), SPELT_OUT, name=lambda value: str(value).strip("{}"))
def test_a_claim_that_is_no_statement_is_marked(question: str, given: dict[str, str], graph: KnowledgeGraph) -> None:
    answer = graph.run(question, **given)
    assert doubtful_in(graph, answer) == []
    spelt = [*statements_in(tuple(answer.columns), rows_of(answer))]
    for denied in {statement for statement, _ in spelt} & denials(graph):
        assert any(VOCAB + "polarity-negative" in row for statement, row in spelt if statement == denied), denied


# --- the same from any store, and from the data -------------------------------------------------------------


@pytest.fixture(scope="module")
def elsewhere(graph: KnowledgeGraph) -> Iterator[rdflib.Graph]:
    """What a user of another library has: the merged export in rdflib, literals as they are written."""
    rdflib.NORMALIZE_LITERALS, before = False, rdflib.NORMALIZE_LITERALS
    data = graph.export(form="turtle", parts=["claims", "inferred", "links", "enrichment"])
    yield rdflib.Graph().parse(data=data, format="turtle")
    rdflib.NORMALIZE_LITERALS = before


def to_rdflib(term: Any) -> rdflib.term.Node:
    if isinstance(term, ox.NamedNode):
        return rdflib.URIRef(term.value)
    return rdflib.Literal(term.value, datatype=None if term.language else term.datatype.value, lang=term.language)


@pytest.mark.parametrize("case", cases(), ids=repr)
def test_rdflib_over_the_export_gives_the_same_rows(case: Case, graph: KnowledgeGraph, elsewhere: rdflib.Graph) -> None:
    text, bindings, _ = asked(graph, case.question, case.given)
    result = elsewhere.query(
        text, initNs=graph.layout.prefixes, initBindings={name: to_rdflib(term) for name, term in bindings.items()}
    )
    rows = [tuple("" if term is None else str(term) for term in row) for row in result]
    assert [str(variable) for variable in result.vars or []] == list(case.columns)
    assert Counter(rows) == Counter(case.rows)


def predicates_of(text: str, prefixes: dict[str, str]) -> set[str]:
    """The predicates that stand in the patterns of a query, by rdflib's reading of it."""
    found: set[str] = set()

    def of(term: Any) -> None:
        if isinstance(term, rdflib.URIRef):
            found.add(str(term))
        elif isinstance(term, PropertyPath):
            for part in [getattr(term, "arg", None), getattr(term, "path", None), *getattr(term, "args", [])]:
                of(part)

    def collect(part: Any) -> None:
        if isinstance(part, CompValue):
            for triple in dict.get(part, "triples", []):
                of(triple[1])
            for value in part.values():
                collect(value)
        elif isinstance(part, list | tuple | set):
            for value in part:
                collect(value)

    collect(prepareQuery(text, initNs=prefixes).algebra)
    return found


def needed() -> dict[str, list[str]]:
    """The predicates that questions use, each with those questions."""
    found: dict[str, list[str]] = {}
    for question in QUESTIONS:
        text = (QUERIES / f"{question}.rq").read_text(encoding="utf-8")
        for predicate in predicates_of(text, KnowledgeGraph(ROOT).layout.prefixes):
            found.setdefault(predicate, []).append(question)
    return dict(sorted(found.items()))


NEEDED = needed()


@pytest.mark.parametrize("predicate", NEEDED, ids=lambda predicate: re.split(r"[#/]", predicate)[-1])
def test_an_answer_rests_on_every_predicate_of_its_question(predicate: str, graph: KnowledgeGraph) -> None:
    """On a graph without the triples of one predicate some answer to the question is another."""
    start, size, _ = graph.built.manifest["merged"]["predicates"].get(predicate, [0, 0, ""])
    assert size, f"no triple of the graph has {predicate}, which {NEEDED[predicate]} use"
    merged = graph.built.bytes_of("merged.nt")
    without = Store(graph.layout)
    without.load_ntriples(merged[:start] + merged[start + size :])

    def depends(case: Case) -> bool:
        text, bindings, shown = asked(graph, case.question, case.given)
        there = rows_of(graph.run(case.question, **case.given))
        return rows_of(without.query(text, bindings, shown)) != there

    for question in NEEDED[predicate]:
        answers = [case for case in cases() if case.question == question]
        assert any(map(depends, answers)), f"{question} gives the same answer without {predicate}"
