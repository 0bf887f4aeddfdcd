"""A query of one's own ends at its limit of time, memory or rows, and the message says which it was."""

from __future__ import annotations

import signal
import threading
import time
from pathlib import Path

import pytest
from conftest import ROOT, ran, spawn

from icrc_korea.errors import LimitReached, QueryError, UsageError
from icrc_korea.graph import KnowledgeGraph

CROSS = "SELECT (COUNT(*) AS ?n) { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i }"
SORTED = "SELECT * { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i } ORDER BY ?a LIMIT 1"
CASES = [
    (CROSS, {"time_limit": 0.5}, "time"),
    (SORTED, {"memory_limit": "512M"}, "memory"),
    ("SELECT * { ?s ?p ?o }", {"row_limit": 100}, "rows"),
    ("CONSTRUCT WHERE { ?s ?p ?o }", {"row_limit": 100}, "triples"),
]


@pytest.fixture(params=["one thread", "several threads"])
def threads(request: pytest.FixtureRequest) -> object:
    """Alone the process is copied; beside other threads another one is started."""
    done = threading.Event()
    if request.param == "several threads":
        threading.Thread(target=done.wait, daemon=True).start()
    yield
    done.set()


@pytest.mark.usefixtures("threads")
@pytest.mark.parametrize(("query", "limits", "which"), CASES)
def test_a_limit_is_named(query: str, limits: dict[str, object], which: str, graph: KnowledgeGraph) -> None:
    with pytest.raises(LimitReached) as reached:
        graph.query(query, **limits)  # type: ignore[arg-type]
    assert reached.value.limit == which


@pytest.mark.usefixtures("threads")
@pytest.mark.parametrize("query", [
    "SELECT * { ?s kw:sender ?o } ORDER BY ?s", "ASK { ?s kw:sender ?o }", "CONSTRUCT WHERE { ?s kw:sender ?o }",
    "SELECT ?l { ?s rdfs:label ?l OPTIONAL { ?s kw:none ?x } } ORDER BY ?s ?l",
    "SELECT ?g { GRAPH ?g { ?s kw:sender ?o } }",
])  # fmt: skip
def test_within_its_limits_an_answer_is_the_same(query: str, graph: KnowledgeGraph) -> None:
    free, limited = graph.query(query), graph.query(query, time_limit=60)
    assert (limited.kind, limited.columns, limited.truth) == (free.kind, free.columns, free.truth)
    assert sorted(map(str, limited.rows)) == sorted(map(str, free.rows))
    assert set(limited.triples or ()) == set(free.triples or ())


def test_a_query_that_is_wrong_says_where(graph: KnowledgeGraph) -> None:
    with pytest.raises(QueryError) as wrong:
        graph.query("SELECT * {\n ?s nix:x ?o }", time_limit=60)
    assert (wrong.value.line, wrong.value.column) == (2, 5)


@pytest.mark.parametrize("limits", [
    {"time_limit": 0}, {"time_limit": float("nan")}, {"time_limit": float("inf")}, {"memory_limit": "much"},
    {"memory_limit": 1}, {"row_limit": 0},
])  # fmt: skip
def test_a_limit_that_cannot_be_kept_is_refused(limits: dict[str, object], graph: KnowledgeGraph) -> None:
    with pytest.raises(UsageError):
        graph.query("ASK {}", **limits)  # type: ignore[arg-type]


def test_the_command_takes_limits() -> None:
    said = ran("--root", ROOT, "query", "-", "--time-limit", "0.5", stdin=CROSS)
    assert said.code == 2
    assert said.out == ""
    assert "the time limit of 0.5 seconds was reached" in said.err


def test_an_interrupt_ends_a_query_that_does_not_end(tmp_path: Path) -> None:
    (tmp_path / "cross.rq").write_text(CROSS, encoding="utf-8")
    process = spawn("--root", ROOT, "query", tmp_path / "cross.rq")
    time.sleep(2)
    process.send_signal(signal.SIGINT)
    assert process.wait(10) == 130
