"""The same rows from any store, and other rows from other data.

Each question goes to other engines as the text that `icrc-korea query NAME --explain` shows, so with nothing
that is ours alone: as one graph, as named graphs whose union is asked, and in real stores where there are any.
"""

from __future__ import annotations

import json
import random
import urllib.parse
import urllib.request
from collections import Counter
from functools import cache
from typing import Any

import pyoxigraph as ox
import pytest
from real_stores import RealStore
from test_queries import QUESTIONS, Case, Row, asked, cases, rows_of
from test_real_stores import change

from icrc_korea.graph import KnowledgeGraph
from icrc_korea.rdf.spaces import RDF, RDFS, SKOS
from icrc_korea.rdf.store import Store, standalone

PARTS = ("claims", "inferred", "links", "enrichment", "alignments", "catalogue")
NAMES = {RDF + "type", RDFS + "label", *(SKOS + name for name in ("prefLabel", "altLabel", "hiddenLabel"))}
UNION = {"rdf4j", "virtuoso"}  # whose default graph is the union of all; the others see one graph only
CHUNK = 400  # triples of one update; Virtuoso takes no more in one text


@cache
def texts(graph: KnowledgeGraph) -> list[tuple[Case, str]]:
    """Every case as SPARQL with nothing of ours."""
    found = []
    for case in cases():
        text, bindings, _ = asked(graph, case.question, case.given)
        body = "\n".join(line for line in text.splitlines() if not line.startswith("#+"))
        found.append((case, standalone(body, bindings, graph.layout)))
    return found


def answered(results: Any, case: Case) -> list[Row]:
    if isinstance(results, ox.QueryBoolean):
        return [("true" if results else "false",)]
    return [tuple("" if row[name] is None else row[name].value for name in case.columns) for row in results]


# --- one graph, or many with their union ---------------------------------------------------------------------


def differing(graph: KnowledgeGraph, store: ox.Store, union: bool) -> list[str]:
    return [
        case.name
        for case, text in texts(graph)
        if answered(store.query(text, use_default_graph_as_union=union), case) != case.rows
    ]


def test_one_turtle_file_in_a_strict_default_graph_gives_the_same_rows(graph: KnowledgeGraph) -> None:
    store = ox.Store()
    parts = [part for part in PARTS if part != "catalogue"]
    store.bulk_load(graph.export(form="turtle", parts=parts), format=ox.RdfFormat.TURTLE)
    assert differing(graph, store, union=False) == []


def test_named_graphs_in_a_union_default_graph_give_the_same_rows(graph: KnowledgeGraph) -> None:
    """Though one triple may stand in several graphs, it counts once."""
    store = ox.Store()
    parts = [part for part in PARTS if part != "catalogue"]
    store.bulk_load(graph.export(form="nquads", parts=parts), format=ox.RdfFormat.N_QUADS)
    assert len(list(store.named_graphs())) > 100
    assert next(store.quads_for_pattern(None, None, None, ox.DefaultGraph()), None) is None
    assert differing(graph, store, union=True) == []


# --- real stores ---------------------------------------------------------------------------------------------


def results(store: RealStore, text: str) -> Any:
    form = urllib.parse.urlencode({"query": text}).encode()
    request = urllib.request.Request(store.query, form, {"Accept": "application/sparql-results+json"})
    with urllib.request.urlopen(request, timeout=120) as answer:
        return json.load(answer)


def cell(row: Any, name: str) -> str:
    """A value of a row; truth and decimals by their meaning: Virtuoso writes 1 for true, Jena 65000.0 for 65000."""
    term = row.get(name, {"value": ""})
    kind, text = term.get("datatype", "").rpartition("#")[2], str(term["value"])
    if kind == "boolean":
        return {"1": "true", "0": "false"}.get(text, text)
    return text.removesuffix(".0") if kind == "decimal" else text


def test_a_real_store_gives_the_same_rows(graph: KnowledgeGraph, real_store: RealStore) -> None:
    home = "https://example.org/graph/portability"
    lines = graph.built.bytes_of("merged.nt").decode().replace("_:", "urn:x-bnode:").splitlines()
    lines = [" ".join(_named(part) for part in line[:-2].split(" ", 2)) + " ." for line in lines]
    opened, closed = (f"GRAPH <{home}> {{", "}") if real_store.name in UNION else ("", "")
    for first in range(0, len(lines), CHUNK):
        change(real_store, f"INSERT DATA {{ {opened}\n" + "\n".join(lines[first : first + CHUNK]) + f"\n{closed} }}")
    wrong = []
    for case, text in texts(graph):
        found = results(real_store, text)
        if "boolean" in found:
            rows: list[Row] = [(str(found["boolean"]).lower(),)]
        else:
            bindings = found["results"]["bindings"]
            rows = [tuple(cell(row, column) for column in case.columns) for row in bindings]
        if Counter(rows) != Counter(case.rows):
            wrong.append(case.name)
    change(real_store, f"CLEAR GRAPH <{home}>" if opened else "CLEAR DEFAULT")
    assert wrong == []


def _named(part: str) -> str:
    """A blank node as an IRI: an update has its own, and we send several."""
    return f"<{part}>" if part.startswith("urn:x-bnode:") else part


# --- an answer comes from the data ---------------------------------------------------------------------------


def scrambled(graph: KnowledgeGraph, names: bool) -> Store:
    """The graph with the values of each property dealt out anew: only of names and kinds, or of all else."""
    chance = random.Random(1950)
    groups: dict[str, list[Any]] = {}
    for quad in ox.parse(graph.built.bytes_of("merged.nt"), format=ox.RdfFormat.N_TRIPLES):
        groups.setdefault(quad.predicate.value, []).append(quad)
    store = Store(graph.layout)
    for predicate, quads in groups.items():
        values = [quad.object for quad in quads]
        if (predicate in NAMES) == names:
            chance.shuffle(values)
        store.extend(ox.Quad(q.subject, q.predicate, value) for q, value in zip(quads, values, strict=True))
    return store


@pytest.fixture(scope="module")
def others(graph: KnowledgeGraph) -> list[Store]:
    return [scrambled(graph, names=False), scrambled(graph, names=True)]


@pytest.mark.parametrize("question", QUESTIONS)
def test_an_answer_comes_from_the_data(question: str, graph: KnowledgeGraph, others: list[Store]) -> None:
    """On an empty graph, and on one with its values dealt out anew, the answer is another."""
    text, bindings, shown = asked(graph, question, {})
    right = rows_of(graph.run(question))

    def asks(store: Store) -> list[Row]:
        return rows_of(store.query(text, bindings, shown))

    assert asks(Store(graph.layout)) != right
    # what is only about names does not depend on the rest
    assert any(asks(store) != right for store in others)
