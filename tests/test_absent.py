"""What must not be in the graph is not there: each file of cases/absent asks for it and must find nothing.

The first line of a file plants a triple that the question must find if it stood there, so no case is blind.
"""

from __future__ import annotations

from pathlib import Path

import pyoxigraph as ox
import pytest

import icrc_korea

CASES = sorted((Path(__file__).parent / "cases" / "absent").glob("*.rq"))
@pytest.fixture(scope="module")
def graph() -> icrc_korea.KnowledgeGraph:
    return icrc_korea.load()


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.stem)
def test_it_is_not_in_the_graph(case: Path, graph: icrc_korea.KnowledgeGraph) -> None:
    assert not graph.query(case.read_text(encoding="utf-8")), f"{case.stem} is in the graph"


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.stem)
def test_it_would_be_found(case: Path, graph: icrc_korea.KnowledgeGraph) -> None:
    """The same question over the planted triple alone must say yes."""
    text = case.read_text(encoding="utf-8")
    planted = text.partition("\n")[0].removeprefix("# planted: ")
    turtle = "".join(f"@prefix {name}: <{iri}> .\n" for name, iri in graph.layout.prefixes.items())
    prefixes = "".join(f"PREFIX {name}: <{iri}>\n" for name, iri in graph.layout.prefixes.items())
    store = ox.Store()
    store.load(f"{turtle}{planted} .".encode(), format=ox.RdfFormat.TURTLE)
    assert store.query(prefixes + text)
