"""Every fact of the guide is in the graph, and every triple of the graph is needed by a fact.

`coverage/facts.tsv` has one ground ASK a fact, with GRAPH, so that it names the sentence and how the
sentence puts it. `coverage/beyond-facts.tsv` lists, each with a reason, the triples that no fact needs.
"""

from __future__ import annotations

import csv
import re
from pathlib import Path

import pyoxigraph as ox
import pytest
from every import every

from icrc_korea.content.layout import Layout

HERE = Path(__file__).parent
LAYOUT = Layout.find(HERE.parent)
SPARQL_PREFIXES = "".join(f"PREFIX {name}: <{iri}>\n" for name, iri in LAYOUT.prefixes.items())
TRIG_PREFIXES = "".join(f"@prefix {name}: <{iri}> .\n" for name, iri in LAYOUT.prefixes.items())
# Certainties that have graphs of their own; what is conflicting or negative is stated or attributed.
OWN_GRAPHS = ("quoted", "hedged", "interpretation", "attributed")


def table(name: str) -> list[dict[str, str]]:
    with (HERE / "coverage" / name).open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream, delimiter="\t", quoting=csv.QUOTE_NONE))


FACTS = table("facts.tsv")
BEYOND = table("beyond-facts.tsv")


@pytest.fixture(scope="module")
def sentences() -> ox.Store:
    """The sentence graphs as they are authored, without anything derived."""
    store = ox.Store()
    for path in sorted((LAYOUT.root / "data" / "sources" / "guide" / "statements").glob("*.trig")):
        store.load(path=str(path), format=ox.RdfFormat.TRIG)
    return store


def quads_of(ask: str) -> list[ox.Quad]:
    """The quads of a ground ASK: its pattern reads as TriG once the word GRAPH is gone."""
    pattern = re.fullmatch(r"ASK \{(.*)\}", ask)
    assert pattern, f"not of the form ASK {{ … }}: {ask}"
    trig = re.sub(r"GRAPH (\S+) \{", r"\1 {", pattern.group(1))
    return list(ox.parse(TRIG_PREFIXES + trig, format=ox.RdfFormat.TRIG))


def test_facts_are_numbered_in_order_each_with_words_of_its_own() -> None:
    assert [fact["id"] for fact in FACTS] == [f"F{number:03}" for number in range(1, len(FACTS) + 1)]
    assert len(FACTS) > 370
    assert len({fact["fact"] for fact in FACTS}) == len(FACTS)
    assert {fact["expected"] for fact in FACTS} == {"true"}


@every("fact", FACTS, name=lambda fact: fact["id"])
def test_fact_holds_and_each_of_its_triples_is_needed(fact: dict[str, str], sentences: ox.Store) -> None:
    ask = SPARQL_PREFIXES + fact["ask"]
    assert sentences.query(ask), f"{fact['id']} is not in the graph: {fact['fact']}"
    for quad in quads_of(fact["ask"]):
        sentences.remove(quad)
        holds = bool(sentences.query(ask))
        sentences.add(quad)
        assert not holds, f"{fact['id']} stays true without {quad}"


@every("fact", FACTS, name=lambda fact: fact["id"])
def test_fact_is_asked_where_its_certainty_belongs(fact: dict[str, str]) -> None:
    quads = quads_of(fact["ask"])
    suffixes = {quad.graph_name.value.rpartition("/")[2].partition("-")[2] for quad in quads}
    inferred = fact["certainty"] == "inferred"
    assert suffixes == {"inferred"} if inferred else "inferred" not in suffixes
    assert fact["certainty"] not in OWN_GRAPHS or fact["certainty"] in suffixes or fact["certainty"] == "attributed"
    assert not any("label" in quad.predicate.value.lower() for quad in quads), "a label proves no fact"


def test_every_triple_is_needed_by_a_fact_or_listed_with_a_reason(sentences: ox.Store) -> None:
    needed = {quad for fact in FACTS for quad in quads_of(fact["ask"])}
    listed = set()
    for row in BEYOND:
        assert row["reason"], f"no reason for {row}"
        line = f"{TRIG_PREFIXES}{row['graph']} {{ {row['subject']} {row['predicate']} {row['object']} }}"
        listed |= set(ox.parse(line, format=ox.RdfFormat.TRIG))
    there = set(sentences)
    assert there - needed - listed == set(), "triples that no fact needs: add a fact, or a row with its reason"
    assert listed - there == set(), "rows of beyond-facts.tsv that are not in the graph"
    assert listed & needed == set(), "rows of beyond-facts.tsv that a fact needs after all"
