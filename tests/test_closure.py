"""What follows is worked out inside a store as it is here: on each real store, on the graph and on every small case."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterable
from pathlib import Path

import pytest
from conftest import ROOT, Command, copy_content
from rdflib.plugins.sparql.parser import parseUpdate
from real_stores import RealStore
from test_real_stores import ask, change
from test_reasoning import CASES, CLASHES, LAYOUT, RULES, given

from icrc_korea.errors import LimitReached, RemoteError, UsageError
from icrc_korea.graph import KnowledgeGraph
from icrc_korea.rdf.naming import skolemised
from icrc_korea.rdf.spaces import GRAPHS
from icrc_korea.rdf.terms import Quad
from icrc_korea.reasoning import axioms, infer
from icrc_korea.stores.dialects import DIALECTS, changed_at
from icrc_korea.stores.inference import ALL, NEW, Closure
from icrc_korea.stores.remote import INFERRED

CASES_OF_LIMITS = ROOT / "tests" / "cases" / "endless"
THEIRS = "https://example.org/theirs"
ID, KW = "https://w3id.org/icrc-korea/id/", "https://w3id.org/icrc-korea/ontology#"
STALE = f"<{ID}person/nobody> <{KW}attestedIn> <{ID}passage/P01.s1>"
# what would give news, and contradict, if it were ours
OTHERS = f"""<{ID}communication/of-others> a <{KW}Communication> , <{KW}Place> ;
  <{KW}addressee> <{ID}person/of-others> ; <{KW}replyTo> <{ID}communication/of-others> ."""


@pytest.fixture(autouse=True)
def login(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ICRC_KOREA_USER", "dba")
    monkeypatch.setenv("ICRC_KOREA_PASSWORD", "dba")


@pytest.fixture
def store(real_store: RealStore) -> Iterable[RealStore]:
    """Each store with something of others, and emptied of ours afterwards."""
    change(real_store, f"INSERT DATA {{ GRAPH <{THEIRS}> {{ {OTHERS} }} }}")
    yield real_store
    for name in graphs(real_store):
        change(real_store, f"DELETE WHERE {{ GRAPH <{name}> {{ ?s ?p ?o }} }}")


def graphs(store: RealStore) -> dict[str, int]:
    """The graphs of ours and of the others, with the number of their triples."""
    rows = ask(store, "SELECT ?g (COUNT(*) AS ?n) WHERE { GRAPH ?g { ?s ?p ?o } } GROUP BY ?g").split()[1:]
    pairs = (row.replace('"', "").rsplit(",", 1) for row in rows)
    return {name: int(size) for name, size in pairs if name == THEIRS or name.startswith(GRAPHS[:-6])}


def fill(store: RealStore, quads: list[Quad]) -> None:
    """Puts quads there, each into its graph."""
    lines = [f"GRAPH {quad.graph_name} {{ {quad.triple} }}" for quad in skolemised(quads)]
    for first in range(0, len(lines), 500):
        change(store, "INSERT DATA {\n" + "\n".join(lines[first : first + 500]) + "\n}")


def inferred(store: RealStore) -> set[str]:
    rows = KnowledgeGraph(ROOT, store=store.query).built.service.query(  # type: ignore[attr-defined]
        f"SELECT ?s ?p ?o WHERE {{ GRAPH <{INFERRED}> {{ ?s ?p ?o }} }}"
    ).rows  # fmt: skip
    return {" ".join(map(str, row)) for row in rows}


def expected(quads: Iterable[Quad]) -> set[str]:
    return {f"{quad.subject} {quad.predicate} {quad.object}" for quad in quads}


def closure(store: RealStore) -> Closure:
    return KnowledgeGraph(ROOT, store=store.query).closure(store.update)


# --- the graph ----------------------------------------------------------------------------------------------


def test_the_graph_gives_there_what_it_gives_here(store: RealStore, graph: KnowledgeGraph, icrc: Command) -> None:
    assert icrc("push", store.name, store.url, "--root", ROOT, "--quiet").code == 0
    before = graphs(store)
    change(store, f"DELETE WHERE {{ GRAPH <{INFERRED}> {{ ?s ?p ?o }} }}")
    change(store, f"INSERT DATA {{ GRAPH <{INFERRED}> {{ {STALE} }} }}")
    there = ("--store", store.query, "--update", store.update, "--root", ROOT)
    said = icrc("reason", *there)
    assert (said.code, said.err.count("\n") > 4) == (0, True)
    ours = expected(graph.reason())
    assert inferred(store) == ours
    assert said.out.split()[-4:] == ["new", f"{len(ours):,}", "gone", "1"]
    assert graphs(store) == before, "no other graph is touched, and none is left behind"
    assert icrc("verify", store.name, store.url, "--root", ROOT, "--quiet").code == 0
    again = icrc("reason", *there, "--format", "json", "--quiet")
    assert (again.code, again.err) == (0, "")
    assert '"new": 0' in again.out
    assert '"gone": 0' in again.out


# --- small cases --------------------------------------------------------------------------------------------


def entities(quads: list[Quad]) -> list[Quad]:
    return [quad for quad in quads if quad.graph_name != axioms.ONTOLOGY]


def test_every_case_gives_there_what_it_gives_here(store: RealStore) -> None:
    quads = given(CASES)
    fill(store, entities(quads))
    ours = expected(infer.infer(quads, RULES, LAYOUT))
    assert len(ours) > 100
    closure(store).run()
    assert inferred(store) == ours


def test_a_rule_that_never_ends_is_named_and_nothing_is_changed(store: RealStore, tmp_path: Path) -> None:
    fill(store, entities(given(CASES)))
    before = graphs(store)
    root = copy_content(tmp_path)
    shutil.copy(CASES_OF_LIMITS / "derive" / "new-names-for-ever.rq", root / "queries" / "derive")
    with pytest.raises(LimitReached, match=r"limit of 5 .*/new-names-for-ever|/new-names-for-ever.*limit of 5 "):
        KnowledgeGraph(root, store=store.query).closure(store.update, time_limit=5).run()
    assert graphs(store) == before


def test_what_contradicts_is_found_there_and_nothing_is_changed(store: RealStore, icrc: Command) -> None:
    quads = given(CLASHES)
    fill(store, entities(quads))
    change(store, f"INSERT DATA {{ GRAPH <{INFERRED}> {{ {STALE} }} }}")
    before = graphs(store)
    with pytest.raises(infer.Contradicted) as here:
        infer.infer(quads, RULES, LAYOUT)
    said = icrc("reason", "--store", store.query, "--update", store.update, "--root", ROOT, "--quiet")
    assert said.code == 1
    found = {line.partition(": ")[2] for line in said.out.splitlines() if "[consistency]" in line}
    assert {one.says for one in here.value.found} == {line.partition(": ")[2] for line in found}
    assert graphs(store) == before


def test_a_cut_at_any_moment_leaves_old_or_new_and_the_next_run_is_right(store: RealStore) -> None:
    quads = given(CASES)
    fill(store, entities(quads))
    change(store, f"INSERT DATA {{ GRAPH <{INFERRED}> {{ {STALE} }} }}")
    others = {name: size for name, size in graphs(store).items() if name != INFERRED}
    ours, old = expected(infer.infer(quads, RULES, LAYOUT)), {STALE}
    whole = closure(store)
    number = sum(1 for _ in cutting(whole, 10_000))
    for moment in (1, 2, number // 2, number - 4, number - 3, number - 2, number - 1):
        change(store, f"DELETE WHERE {{ GRAPH <{INFERRED}> {{ ?s ?p ?o }} }}")
        change(store, f"INSERT DATA {{ GRAPH <{INFERRED}> {{ {STALE} }} }}")
        assert list(cutting(closure(store), moment))
        assert inferred(store) in (old, old | ours, ours), moment
        closure(store).run()
        assert inferred(store) == ours, moment
        assert {name: size for name, size in graphs(store).items() if name != INFERRED} == others, moment


def cutting(closure: Closure, moment: int) -> Iterable[str]:
    """Runs until so many updates were sent, then every further one fails; gives what was sent."""
    sent: list[str] = []
    send = closure.remote.service.update

    def update(text: str) -> None:
        if len(sent) >= moment:
            raise RemoteError("the connection is gone", status=499)
        send(text)
        sent.append(text)

    closure.remote.service.update = update  # type: ignore[method-assign]
    try:
        closure.run()
    except RemoteError:
        assert len(sent) == moment
    return sent or ["nothing"]


# --- what is refused, and what would be sent ------------------------------------------------------------------


def test_what_is_not_to_be_changed_is_said_with_the_remedy(
    store: RealStore, icrc: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(store, entities(given(CASES[:1])))
    before = graphs(store)
    monkeypatch.delenv("ICRC_KOREA_PASSWORD")
    update = store.update if store.name == "virtuoso" else store.query + "-only"
    said = icrc("reason", "--store", store.query, "--update", update, "--root", ROOT, "--quiet")
    assert said.code == 4
    assert "--update URL" in said.err
    assert "ICRC_KOREA_USER" in said.err
    assert graphs(store) == before


def test_a_dry_run_says_every_update_and_sends_none(store: RealStore, icrc: Command) -> None:
    fill(store, entities(given(CASES[:1])))
    before = graphs(store)
    said = icrc("reason", "--store", store.query, "--update", store.update, "--dry-run", "--root", ROOT, "--quiet")
    assert said.code == 0
    assert graphs(store) == before
    for update in said.out.split(" ;\n"):
        parseUpdate(update)  # rdflib reads it as SPARQL 1.1 Update
    assert not {"LOAD", "SILENT", "DROP", "CLEAR"} & set(said.out.split())
    heads = [update.partition("WHERE {")[0] for update in said.out.split(" ;\n") if "DELETE WHERE" not in update]
    written = {word for head in heads for word in head.split() if word.startswith(f"<{GRAPHS}")}
    assert written == {f"<{name}>" for name in (ALL, NEW, INFERRED)}
    assert THEIRS not in said.out


def test_a_graph_loaded_as_a_single_one_is_refused(store_of: Callable[[str], RealStore]) -> None:
    store, home = store_of("oxigraph"), "https://example.org/merged"
    change(store, f"INSERT DATA {{ GRAPH <{home}> {{ <urn:c> a <{KW}Claim> }} }}")
    try:
        with pytest.raises(UsageError, match="as a single one"):
            closure(store)
    finally:
        change(store, f"DELETE WHERE {{ GRAPH <{home}> {{ ?s ?p ?o }} }}")


def test_files_and_stores_on_disk_are_told_what_infers_for_them(icrc: Command) -> None:
    said = icrc("reason", "--root", ROOT)
    assert said.code == 2
    assert "icrc-korea build --store DIR" in said.err


@pytest.mark.parametrize("name", DIALECTS)
def test_where_a_store_is_changed_is_known_by_its_address_or_must_be_said(name: str) -> None:
    place = DIALECTS[name].at(DIALECTS[name].example)
    assert changed_at(place.query) in (place.update, place.query)
    assert changed_at("http://h:7878/query") == "http://h:7878/update"
    assert changed_at("http://h:3030/korea/query") == "http://h:3030/korea/update"
    assert changed_at("http://h/rdf4j-server/repositories/k1") == "http://h/rdf4j-server/repositories/k1/statements"
    assert changed_at("http://h/other/thing") == "http://h/other/thing"
