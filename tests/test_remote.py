"""The graph in a store of somebody else gives what the files here give: question by question, thing by thing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import pytest
from conftest import ROOT, Command
from real_stores import RealStore
from test_portability import CHUNK, UNION, _named
from test_queries import Row, cases, rows_of
from test_real_stores import change

from icrc_korea.graph import KnowledgeGraph
from icrc_korea.layout import GRAPHS

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


def test_one_graph_in_a_store_gives_the_same_rows(graph: KnowledgeGraph, real_store: RealStore) -> None:
    lines = graph.built.bytes_of("merged.nt").decode().replace("_:", "urn:x-bnode:").splitlines()
    lines = [" ".join(_named(part) for part in line[:-2].split(" ", 2)) + " ." for line in lines]
    opened, closed = (f"GRAPH <{HOME}> {{", "}") if real_store.name in UNION else ("", "")
    for first in range(0, len(lines), CHUNK):
        change(real_store, f"INSERT DATA {{ {opened}\n" + "\n".join(lines[first : first + CHUNK]) + f"\n{closed} }}")
    there = KnowledgeGraph(ROOT, store=real_store.query)
    try:
        assert differing(graph, there) == {}
    finally:
        change(real_store, f"CLEAR GRAPH <{HOME}>" if opened else "CLEAR DEFAULT")
