"""The graph in a store of somebody else gives what the files here give: question by question, thing by thing."""

from __future__ import annotations

import shutil
import socket
import subprocess
import time
import urllib.parse
import urllib.request
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from conftest import ROOT, Command
from pyoxigraph import Literal
from real_stores import RealStore
from test_portability import CHUNK, UNION, _named
from test_queries import Row, cases, rows_of
from test_real_stores import change

from icrc_korea.asking.questions import APART
from icrc_korea.checking.report import Report
from icrc_korea.graph import KnowledgeGraph
from icrc_korea.rdf.spaces import GRAPHS

OXIGRAPH = shutil.which("oxigraph", path=str(ROOT / ".venv/bin")) or shutil.which("oxigraph")
NASTY = ['" } } ; DROP ALL #', "\\", "'''", "}\n\r\t{", "?x", "<a> <b>", "\\u0022 }", "한국\u0000"]
HOME = "https://example.org/graph/merged"
THINGS = ("Paul Ruegger", "국제적십자위원회", "state:dprk", "kw:Sentence", "communication:telegram-1950-06-26-dprk")
WHYS = (
    ("event:ruegger-journey-1951", "kw:carriedOutBy", "Paul Ruegger"),
    ("person:paul-ruegger", "rdf:type", "kw:Actor"),
    ("person:paul-ruegger", "kw:attestedIn", "passage:P01.s1"),
)
ALL = ("claims", "inferred", "links", "enrichment", "alignments", "catalogue")


@pytest.fixture(autouse=True)
def login(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ICRC_KOREA_USER", "dba")
    monkeypatch.setenv("ICRC_KOREA_PASSWORD", "dba")


def differing(graph: KnowledgeGraph, there: KnowledgeGraph) -> dict[str, list[list[Row]]]:
    """Each case whose rows are others there: those lacking and those too many."""
    found = {}
    for case in cases():
        rows, theirs = (Counter(rows_of(one.run(case.question, **case.given))) for one in (graph, there))
        if rows != theirs:
            found[case.name] = [list((rows - theirs).elements()), list((theirs - rows).elements())]
    return found


def cleared(store: RealStore, graphs: list[str]) -> None:
    for name in graphs:
        change(store, f"CLEAR SILENT GRAPH <{name}>")


@pytest.fixture
def pushed(real_store: RealStore, icrc: Command) -> Iterator[KnowledgeGraph]:
    """The graph in each store as `push` brings it there, beside something of others."""
    change(real_store, 'INSERT DATA { GRAPH <https://example.org/theirs> { <urn:s> a <urn:theirs> } }')
    said = icrc("push", real_store.name, real_store.url, "--root", ROOT, "--quiet")
    assert said.code == 0, said.err
    there = KnowledgeGraph(ROOT, store=real_store.query)
    yield there
    cleared(real_store, [*there.built.graphs, GRAPHS + "pushed", "https://example.org/theirs"])


def test_named_graphs_in_a_store_give_what_the_files_give(
    graph: KnowledgeGraph, pushed: KnowledgeGraph, real_store: RealStore
) -> None:
    assert differing(graph, pushed) == {}
    assert [term for term in THINGS if pushed.show(term) != graph.show(term)] == []
    for terms in WHYS:
        assert pushed.why_tree(pushed.why(*terms)) == graph.why_tree(graph.why(*terms))
    assert pushed.stats() == graph.stats()
    assert pushed.export(form="nquads", parts=ALL) == graph.export(form="nquads", parts=ALL)
    for picture in ("timeline", "network", "map", "sources"):
        assert pushed.draw(picture).table() == graph.draw(picture).table()
    assert pushed.query("SELECT ?s WHERE { ?s a <urn:theirs> }").rows == []


def test_one_graph_in_a_store_gives_the_same_rows(graph: KnowledgeGraph, own_store: RealStore) -> None:
    lines = graph.built.bytes_of("merged.nt").decode().replace("_:", "urn:x-bnode:").splitlines()
    lines = [" ".join(_named(part) for part in line[:-2].split(" ", 2)) + " ." for line in lines]
    opened, closed = (f"GRAPH <{HOME}> {{", "}") if own_store.name in UNION else ("", "")
    for first in range(0, len(lines), CHUNK):
        change(own_store, f"INSERT DATA {{ {opened}\n" + "\n".join(lines[first : first + CHUNK]) + f"\n{closed} }}")
    there = KnowledgeGraph(ROOT, store=own_store.query)
    try:
        assert differing(graph, there) == {}
    finally:
        change(own_store, f"CLEAR GRAPH <{HOME}>" if opened else "CLEAR DEFAULT")


# --- a strict default graph, and the union of all -------------------------------------------------------------


@pytest.fixture(scope="module", params=["strict", "union"])
def remote(request: pytest.FixtureRequest, graph: KnowledgeGraph, tmp_path_factory: pytest.TempPathFactory) -> Iterator[KnowledgeGraph]:  # noqa: E501
    if not OXIGRAPH:
        pytest.skip("the oxigraph server is not installed")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    place = tmp_path_factory.mktemp("store")
    union = ["--union-default-graph"] if request.param == "union" else []
    command = [OXIGRAPH, "serve", "--location", str(place), "--bind", f"127.0.0.1:{port}", *union]
    process = subprocess.Popen(command, stderr=subprocess.DEVNULL)
    base = f"http://127.0.0.1:{port}"
    foreign = b"<x:foreign> <x:p> <x:o> <x:graph> ."
    data = graph.export(form="nquads", preset="all") + foreign
    try:
        for attempt in range(100):
            try:
                send = urllib.request.Request(f"{base}/store", data, {"Content-Type": "application/n-quads"})
                urllib.request.urlopen(send).close()
                break
            except OSError:
                time.sleep(0.05 + attempt / 500)
        yield KnowledgeGraph(ROOT, store=f"{base}/query")
    finally:
        process.kill()
        process.wait()


def test_other_ways_of_asking_give_what_the_files_give(graph: KnowledgeGraph, remote: KnowledgeGraph) -> None:
    """The same over a strict default graph and over the union of all graphs, those of others among them."""
    for question in [question for question in graph.every_question() if question.topic not in APART][::8]:
        here, there = graph.run(question.id), remote.run(question.id)
        assert (here.columns, here.truth, here.rows) == (there.columns, there.truth, there.rows), question.id
        assert set(here.triples or ()) == set(there.triples or ()), question.id
    assert [term for term in THINGS if remote.show(term) != graph.show(term)] == []
    for terms in WHYS:
        assert remote.why_tree(remote.why(*terms)) == graph.why_tree(graph.why(*terms))
    assert remote.stats() == graph.stats()


def test_what_others_keep_there_is_no_part_of_an_answer(remote: KnowledgeGraph) -> None:
    assert not remote.query("ASK { <x:foreign> ?p ?o }").truth
    assert remote.query("ASK { ?claim a kw:Claim }").truth


@pytest.mark.parametrize("text", NASTY)
def test_no_value_gets_out_of_its_quotes(text: str, remote: KnowledgeGraph) -> None:
    answer = remote.built.slice(None).query("SELECT ?value WHERE { }", {"value": Literal(text)}, ["value"])
    assert answer.rows == [[Literal(text)]]


# --- checking, which comes last because it plants what is wrong ------------------------------------------------

RULES = ("shapes", "quality")  # what contradicts is found over what was inferred there
PLANTED = """
PREFIX kw: <https://w3id.org/icrc-korea/ontology#> PREFIX skos: <http://www.w3.org/2004/02/skos/core#>
PREFIX rdf: <http://www.w3.org/1999/02/22-rdf-syntax-ns#> PREFIX person: <https://w3id.org/icrc-korea/id/person/>
PREFIX organisation: <https://w3id.org/icrc-korea/id/organisation/>
INSERT DATA { GRAPH <https://w3id.org/icrc-korea/graph/entities> {
  person:Nameless a kw:Person .
  person:named-twice a kw:Person ; skos:prefLabel "One"@en , "Two"@en .
  person:two-kinds a kw:Person , kw:Place ; skos:prefLabel "Both"@en ; skos:exactMatch "a text" .
} }"""


@pytest.mark.stores
@pytest.mark.parametrize("remote", ["strict"], indirect=True)
def test_a_store_is_checked_where_it_is_as_the_files_are(
    remote: KnowledgeGraph, graph: KnowledgeGraph, tmp_path: Path
) -> None:
    clean = graph.check(only=RULES)
    assert _found(remote.check(only=RULES)) == _found(clean)
    where = str(remote.store)
    written = urllib.parse.urlencode({"update": PLANTED}).encode()
    urllib.request.urlopen(where.removesuffix("query") + "update", written).close()
    head, _, body = PLANTED.partition("INSERT")
    path = tmp_path / "planted.ttl"
    path.write_text(f"{head}{body.partition('entities> {')[2].rstrip().rstrip('} ')}", encoding="utf-8")
    here = _found(graph.check(paths=[path], only=RULES))
    there = _found(KnowledgeGraph(ROOT, store=where).check(only=RULES))
    assert len(here) > 4
    assert there - _found(clean) == here


def _found(report: Report) -> set[tuple[str, str, str, str]]:
    return {(one.rule, one.subject, one.severity, one.remedy) for one in report.findings}
