"""Questions to this graph and to Wikidata: read answers, the same by SERVICE and by fetch-and-join, nothing else sent.

`cases/federated/<question>.csv` is the answer with the extract of `cases/wikidata/`, whose every statement names its
evidence. One more question needs one more file here, and statements in the extract that answer it.
"""

from __future__ import annotations

import csv
import io
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pyoxigraph as ox
import pytest
from conftest import ROOT, Command, Said
from wikidata_service import Wikidata, serving

from icrc_korea.asking.federated import Halves, as_quads
from icrc_korea.asking.questions import read
from icrc_korea.errors import KgError, QueryError, RemoteError
from icrc_korea.graph import KnowledgeGraph
from icrc_korea.linking import federated

CASES = Path(__file__).parent / "cases" / "federated"
FILES = sorted((ROOT / "queries" / "federated").glob("*.rq"))
NAMES = [path.stem for path in FILES]
WIKIDATA = "https://query.wikidata.org/sparql"


@pytest.fixture(scope="module")
def wikidata() -> Iterator[Wikidata]:
    """The extract, served."""
    with serving(Wikidata()) as service:
        yield service


@pytest.fixture(scope="module")
def ask(wikidata: Wikidata, tmp_path_factory: pytest.TempPathFactory) -> object:
    """`icrc-korea query federated/…` with the extract in Wikidata's place and one cache."""
    cache = tmp_path_factory.mktemp("cache")

    def run(icrc: Command, name: str, *more: str) -> Said:
        address = wikidata.base + "/sparql"
        given = [f"federated/{name}", "--format", "csv", "--root", ROOT, "--cache", cache, "--address", address]
        return icrc("query", *given, *more)

    return run


def expected(name: str) -> str:
    return (CASES / f"{name}.csv").read_text(encoding="utf-8")


def test_there_are_ten_and_each_has_an_answer() -> None:
    assert len(NAMES) >= 10
    assert sorted(path.stem for path in CASES.glob("*.csv")) == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_the_answer_is_the_one_that_was_read(name: str, ask: object, icrc: Command, wikidata: Wikidata) -> None:
    wikidata.asked = []
    said = ask(icrc, name, "--contact", "tests@example.org", "--fresh")  # type: ignore[operator]
    assert said.code == 0, said.err
    assert said.out.splitlines() == expected(name).splitlines()
    assert len(wikidata.asked) == 1
    # what leaves the machine: the block of SERVICE and numbers of items, none of our own names
    query = wikidata.asked[0]["params"]["query"]
    assert "icrc-korea" not in query
    assert "SERVICE" not in query
    block = Halves((ROOT / "queries" / "federated" / f"{name}.rq").read_text(encoding="utf-8")).block
    values = re.search(r"VALUES \(\?item\) \{([^}]*)\}", query)
    assert values
    assert re.fullmatch(r"(?: \(<http://www\.wikidata\.org/entity/Q\d+>\))+ ", values.group(1))
    assert block.strip() in query
    # the same again without asking, with the day of the answer
    again = ask(icrc, name, "--offline")  # type: ignore[operator]
    assert (again.code, again.out) == (0, said.out)
    assert re.search(r"answered on \d{4}-\d\d-\d\d", again.err)
    assert len(wikidata.asked) == 1, "--offline asked"


@pytest.mark.parametrize("name", NAMES)
def test_a_store_that_asks_others_itself_gives_the_same(
    name: str, graph: KnowledgeGraph, wikidata: Wikidata
) -> None:
    """The text of --explain with another address in it, asked of a store that follows SERVICE."""
    text = federated.explain(graph, graph.question(f"federated/{name}"))
    assert text.count(f"SERVICE <{WIKIDATA}>") == 1
    store = ox.Store()
    store.load(graph.built.bytes_of("merged.nt"), format=ox.RdfFormat.N_TRIPLES)
    found = store.query(text.replace(WIKIDATA, wikidata.query))
    assert isinstance(found, ox.QuerySolutions)
    rows = [["" if term is None else term.value for term in solution] for solution in found]
    _, *wanted = csv.reader(io.StringIO(expected(name)))
    assert rows == wanted


@pytest.mark.parametrize("name", NAMES)
def test_every_column_is_bound_somewhere_and_the_question_is_asked_in_three_languages(
    name: str, graph: KnowledgeGraph
) -> None:
    header, *rows = list(csv.reader(io.StringIO(expected(name))))
    found = next(question for question in graph.every_question() if question.id == f"federated/{name}")
    assert list(found.columns) == header
    assert all(found.columns.values())
    assert set(found.summary) == {"en", "fr", "ko"}
    assert rows
    assert len({tuple(row) for row in rows}) == len(rows)
    for number, column in enumerate(header):
        # what Wikidata calls a place may have no counterpart here; the extract need not show it for each question
        assert any(row[number] for row in rows) or column == "ours", column


def test_nobody_is_asked_without_a_contact(icrc: Command, wikidata: Wikidata, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ICRC_KOREA_CONTACT", raising=False)
    wikidata.asked = []
    said = icrc("query", "federated/coordinates", "--root", ROOT, "--address", wikidata.base + "/sparql")
    assert (said.code, said.out) == (2, "")
    assert "whom to reach" in said.err
    assert "--offline" in said.err
    assert wikidata.asked == []


def test_what_was_never_asked_is_not_there_offline(icrc: Command, wikidata: Wikidata, tmp_path: Path) -> None:
    wikidata.asked = []
    address = wikidata.base + "/sparql"
    said = icrc(
        "query", "federated/coordinates", "--root", ROOT, "--offline", "--cache", tmp_path, "--address", address
    )
    assert said.code == 4
    assert "was not asked before" in said.err
    assert wikidata.asked == []


def test_explaining_asks_nobody(icrc: Command, wikidata: Wikidata) -> None:
    wikidata.asked = []
    said = icrc("query", "federated/lives", "--root", ROOT, "--explain")
    assert said.code == 0
    assert "VALUES (?item) { (<http://www.wikidata.org/entity/Q171684>)" in said.out
    assert "PREFIX kw:" in said.out
    assert "#+" not in said.out
    assert wikidata.asked == []


def test_a_query_of_ones_own_still_stays_at_home(icrc: Command, tmp_path: Path, wikidata: Wikidata) -> None:
    wikidata.asked = []
    path = tmp_path / "mine.rq"
    shutil.copy(FILES[0], path)
    said = icrc("query", path, "--root", ROOT, "--contact", "tests@example.org")
    assert said.code in (2, 3)
    assert "SERVICE" in said.err
    assert wikidata.asked == []


def test_the_list_of_questions_has_them(icrc: Command) -> None:
    said = icrc("queries", "federated", "--root", ROOT)
    assert all(f"federated/{name}" in said.out for name in NAMES)


GOOD = "SELECT ?a { ?x skos:exactMatch ?item . SERVICE <http://e.org/> { ?item ?p ?a } }"
BROKEN = {
    "SELECT ?a { ?x skos:exactMatch ?item }": "one service",
    "SELECT ?a { SERVICE ?item { ?item ?p ?a } }": "one service",
    "SELECT ?a { SERVICE <http://e.org/> { ?item ?p ?a } ?x skos:exactMatch ?item }": "nothing before SERVICE",
    "SELECT ?a { ?x ?y ?item { SERVICE <http://e.org/> { ?item ?p ?a } } }": "straight inside",
    "SELECT ?a { ?x ?y ?item SERVICE <http://e.org/> { ?item ?p ?a } SERVICE <http://f.org/> { ?item ?p ?a } }": "one",
    "SELECT ?a { ?x ?y ?item SERVICE SILENT <http://e.org/> { ?item ?p ?a } }": "one service",
    "SELECT ?a { ?x ?y ?item SERVICE <http://e.org/> { ?item ?p ?a ": "not closed",
}


@pytest.mark.parametrize("text", BROKEN)
def test_a_question_that_cannot_be_taken_apart_is_named(text: str, graph: KnowledgeGraph) -> None:
    Halves(GOOD)
    with pytest.raises(QueryError, match=BROKEN[text]):
        Halves(text)
    with pytest.raises(KgError):
        read("federated/broken", "#+ summary: {en: Broken?}\n" + text, graph.layout)


@pytest.mark.parametrize(
    "value",
    [{"type": "uri", "value": "no address"}, {"type": "literal", "value": "x", "xml:lang": "a b"}, {"value": "x"}],
)
def test_an_answer_that_is_no_rdf_is_named(value: dict[str, str]) -> None:
    with pytest.raises(RemoteError, match="no term of RDF"):
        list(as_quads([{"item": value}]))


def test_only_items_of_wikidata_are_sent(graph: KnowledgeGraph) -> None:
    text = (
        "SELECT ?item ?a { VALUES ?item { wd:Q71 <https://dodis.ch/P88> <http://www.wikidata.org/entity/Q1x> 'Q5' } "
        "SERVICE <http://e.org/> { ?item ?p ?a } }"
    )
    assert [[term.value for term in row] for row in federated._chosen(graph, Halves(text))] == [
        ["http://www.wikidata.org/entity/Q71"]
    ]
