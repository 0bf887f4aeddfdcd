"""A reading of the editors says on which sentences it rests, and no chain of readings supports itself.

What a reading is read from stands in the data (`kw:restsOn`, `kw:restsOnReading`), so that it can be followed.
"""

from __future__ import annotations

import re
from collections import defaultdict

import pyoxigraph as ox
import pytest

from icrc_korea.graph import KnowledgeGraph

KW = "https://w3id.org/icrc-korea/ontology#"
PASSAGE = "https://w3id.org/icrc-korea/id/passage/"
PREFIXES = f"PREFIX kw: <{KW}> PREFIX rdf: <http://www.w3.org/1999/02/22-rdf-syntax-ns#> "
READINGS = PREFIXES + """
SELECT ?sentence ?note ?ground WHERE {
  ?claim kw:certainty <https://w3id.org/icrc-korea/vocab/certainty-inferred> ; kw:statedIn ?sentence ;
         kw:inferenceNote ?note ; rdf:subject ?subject .
  OPTIONAL { { ?claim kw:restsOn ?ground } UNION { ?claim kw:restsOnReading ?ground }
             UNION { ?subject kw:discrepancyBetween ?ground } }
}"""


@pytest.fixture(scope="module")
def readings(graph: KnowledgeGraph) -> dict[tuple[str, str], set[str]]:
    """The passages on which each reading rests, by its sentence and its note."""
    found: dict[tuple[str, str], set[str]] = defaultdict(set)
    for sentence, note, ground in graph.query(READINGS).rows:
        key = sentence.value.removeprefix(PASSAGE), note.value
        found[key].add(passage_of(sentence))
        if ground is not None:
            found[key].add(passage_of(ground))
    return found


def passage_of(sentence: ox.NamedNode) -> str:
    return str(sentence.value).removeprefix(PASSAGE).partition(".")[0]


def test_what_a_note_names_is_what_the_reading_rests_on(readings: dict[tuple[str, str], set[str]]) -> None:
    assert len(readings) > 50
    for (sentence, note), grounds in readings.items():
        named = set(re.findall(r"\bP\d\d\b", note))
        assert named <= grounds, f"{sentence}: add kw:restsOn for {sorted(named - grounds)}: {note}"


def test_no_chain_of_readings_supports_itself(graph: KnowledgeGraph) -> None:
    """From reading to reading, and from date to date, by another way than the rules of `check` take."""
    rows = graph.query(PREFIXES + "SELECT DISTINCT ?s ?t { ?c kw:restsOnReading ?t ; kw:statedIn ?s }").rows
    steps: dict[str, set[str]] = defaultdict(set)
    for sentence, ground in rows:
        steps[sentence.value].add(ground.value)
    assert steps
    dates = graph.query(PREFIXES + "SELECT ?s ?t { ?s kw:relativeTo ?e . ?e kw:when ?t }").rows
    for span, other in dates:
        steps[span.value].add(other.value)
    for start in list(steps):
        seen: set[str] = set()
        todo = set(steps[start])
        while todo:
            step = todo.pop()
            assert step != start, f"{start} rests on itself"
            if step not in seen:
                seen.add(step)
                todo |= steps.get(step, set())


OPEN = ("korean-war", "icrc-access-efforts-dprk", "flight-stalled-hong-kong", "chinese-red-cross-letter-1951")


def test_open_dates_stay_open(graph: KnowledgeGraph) -> None:
    """The guide dates neither the end of the war nor what came after March 1951."""
    dated = "SELECT ?e ?edtf ?to { ?e kw:when ?s . ?s kw:edtf ?edtf . OPTIONAL { ?e kw:latest ?to } }"
    ends = {row[0].value.rpartition("/")[2]: row[1:] for row in graph.query(PREFIXES + dated).rows}
    for event in OPEN:
        edtf, to = ends[event]
        assert edtf.value.endswith("/.."), event
        assert to is None, event
