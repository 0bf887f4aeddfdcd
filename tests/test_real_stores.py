"""The stores that other tests rely on are what they are taken for: they start, take a graph, give it back."""

from __future__ import annotations

import urllib.parse
import urllib.request
from collections.abc import Callable
from pathlib import Path

import pytest
from real_stores import STORES, RealStore, started

from icrc_korea.graph import KnowledgeGraph

REIFIES = "<http://www.w3.org/1999/02/22-rdf-syntax-ns#reifies>"
GRAPH = "https://example.org/graph/one"


def ask(store: RealStore, query: str) -> str:
    form = urllib.parse.urlencode({"query": query}).encode()
    headers = {"Accept": "text/csv, application/sparql-results+json;q=0.5"}
    with urllib.request.urlopen(urllib.request.Request(store.query, form, headers), timeout=30) as answer:
        return str(answer.read().decode())


def change(store: RealStore, update: str) -> None:
    passwords = urllib.request.HTTPPasswordMgrWithDefaultRealm()
    passwords.add_password(None, store.update, store.user, store.password)
    opener = urllib.request.build_opener(urllib.request.HTTPDigestAuthHandler(passwords))
    form = urllib.parse.urlencode({"update": update}).encode()
    opener.open(urllib.request.Request(store.update, form), timeout=30).close()


def test_a_store_takes_a_graph_and_gives_it_back(real_store: RealStore) -> None:
    select = f"SELECT ?o WHERE {{ GRAPH <{GRAPH}> {{ ?s ?p ?o }} }}"
    change(real_store, f'INSERT DATA {{ GRAPH <{GRAPH}> {{ <urn:s> <urn:p> "전문" }} }}')
    assert "전문" in ask(real_store, select)
    change(real_store, f"CLEAR GRAPH <{GRAPH}>")
    assert "전문" not in ask(real_store, select)


@pytest.mark.stores
@pytest.mark.parametrize("name", [name for name in STORES if name != "virtuoso"])
def test_a_store_can_be_ended_and_started_again(name: str, tmp_path: Path) -> None:
    with started(name, tmp_path) as store:
        change(store, f'INSERT DATA {{ GRAPH <{GRAPH}> {{ <urn:s> <urn:p> "kept" }} }}')
        store.kill()
        with pytest.raises(OSError, match=r"refused|reset"):
            ask(store, "ASK {}")
        store.again()
        assert "kept" in ask(store, f"SELECT ?o WHERE {{ GRAPH <{GRAPH}> {{ ?s ?p ?o }} }}")


def test_jena_reads_the_claims_as_rdf_1_2_has_them(store_of: Callable[[str], RealStore], graph: KnowledgeGraph) -> None:
    store = store_of("fuseki")
    data = graph.export(form="turtle", parts=["claims"], reifiers=True)
    address = f"{store.url}/data?graph={urllib.parse.quote(GRAPH)}"
    put = urllib.request.Request(address, data, {"Content-Type": "text/turtle; charset=utf-8"}, method="PUT")
    urllib.request.urlopen(put, timeout=60).close()
    counted = ask(store, f"SELECT (COUNT(*) AS ?n) WHERE {{ GRAPH <{GRAPH}> {{ ?claim {REIFIES} ?statement }} }}")
    assert counted.split()[1] == str(data.count(b"rdf:reifies")) != "0"
    change(store, f"CLEAR GRAPH <{GRAPH}>")
