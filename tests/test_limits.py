"""A query of one's own ends at its limit of time, memory or rows, and the message says which it was."""

from __future__ import annotations

import shutil
import signal
import threading
import time
from pathlib import Path

import pytest
from conftest import ROOT, Command, copy_few, ran, spawn

from icrc_korea.errors import LimitReached, QueryError, UsageError
from icrc_korea.graph import KnowledgeGraph

CROSS = "SELECT (COUNT(*) AS ?n) { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i }"
ENDLESS = Path(__file__).parent / "cases" / "endless"
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


@pytest.mark.parametrize("case", sorted(ENDLESS.rglob("*.rq")), ids=lambda case: f"{case.parent.name}/{case.stem}")
def test_what_never_ends_is_named_with_its_limit(case: Path, tmp_path: Path, icrc: Command) -> None:
    root, name = copy_few(tmp_path), case.relative_to(ENDLESS)
    (root / "queries" / name).parent.mkdir(exist_ok=True)
    shutil.copy(case, root / "queries" / name)
    rest = (str(name.with_suffix("")),)
    asked = {"derive": [("build",), ("check",)], "quality": [("check", "--only", *rest)]}
    seconds = "60" if "memory" in name.stem else "1"
    for verb in asked.get(name.parts[0], [("query", *rest)]):
        said = icrc("--root", root, verb[0], *verb[1:], "--time-limit", seconds, "--memory-limit", "400M")
        assert said.code in (1, 2), said
        limit = "memory limit of 400 MB" if "memory" in name.stem else "time limit of 1 seconds"
        place = name.as_posix() if verb[0] != "query" else ""
        assert any(place in line and limit in line for line in (said.out + said.err).splitlines()), said


def test_a_question_of_the_catalogue_keeps_limits_in_python(graph: KnowledgeGraph) -> None:
    with pytest.raises(LimitReached):
        graph.run("correspondence/unanswered", row_limit=1)
    assert len(graph.run("correspondence/unanswered", time_limit=60)) == len(graph.run("correspondence/unanswered"))


@pytest.mark.parametrize("turtle", [
    "kw:p a owl:ObjectProperty ; owl:propertyChainAxiom ( " + "kw:p " * 10_000 + ") .",
    "kw:p kw:held " + "( " * 5_000 + ")" * 5_000 + " .",
], ids=["a long list", "lists in lists"])  # fmt: skip
def test_more_than_can_be_told_apart_is_refused_by_name(turtle: str, tmp_path: Path) -> None:
    root = copy_few(tmp_path)
    with (root / "ontology" / "core.ttl").open("a", encoding="utf-8") as stream:
        stream.write(turtle)
    said = ran("--root", root, "build")
    assert said.code == 2
    assert "hang on one another" in said.err
