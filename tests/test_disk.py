"""A store on disk gives the same answers, survives being killed at any moment, and never opens short."""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
import unicodedata
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyoxigraph as ox
import pytest
from conftest import ROOT, Command
from hypothesis import given
from hypothesis import strategies as st

import icrc_korea
from icrc_korea.asking.questions import APART
from icrc_korea.dataset import disk
from icrc_korea.errors import LayoutError, ParseError, UsageError
from icrc_korea.graph import KnowledgeGraph
from icrc_korea.rdf import sorting

KILLS = int(os.environ.get("KILLS", "12"))  # KILLS=200 for the long run
FORMATS = {
    "turtle": ox.RdfFormat.TURTLE, "trig": ox.RdfFormat.TRIG, "nquads": ox.RdfFormat.N_QUADS,
    "ntriples": ox.RdfFormat.N_TRIPLES,
}  # fmt: skip
BUILD = "import sys; from icrc_korea.cli.main import main; sys.exit(main(sys.argv[1:]))"


def quiet(*_: object) -> None:
    pass


@pytest.fixture(scope="module")
def made(graph: KnowledgeGraph, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("disk") / "store"
    disk.make(folder, graph.built, [], quiet)
    return folder


@pytest.fixture
def store(made: Path, tmp_path: Path) -> Path:
    """A copy to damage."""
    return Path(shutil.copytree(made, tmp_path / "store"))


def generation(folder: Path) -> Path:
    (found,) = folder.glob("generation-*")
    return found


# --- the same answers ----------------------------------------------------------------------------------


def test_every_question_has_the_same_answer_on_disk(made: Path, graph: KnowledgeGraph) -> None:
    on_disk = icrc_korea.load(ROOT, store=made)
    questions = [question.id for question in graph.every_question() if question.topic not in APART]
    assert len(questions) > 80
    assert [name for name in questions if on_disk.run(name).rows != graph.run(name).rows] == []


def test_things_and_reasons_are_shown_from_disk(made: Path, graph: KnowledgeGraph) -> None:
    on_disk = icrc_korea.load(ROOT, store=made)
    assert on_disk.show("Paul Ruegger") == graph.show("Paul Ruegger")
    why = ("communication:telegram-1950-06-26-dprk", "kw:addressedParty", "state:dprk")
    assert on_disk.why_tree(on_disk.why(*why)) == graph.why_tree(graph.why(*why))


def test_rows_are_marked_and_traced_from_disk(made: Path, graph: KnowledgeGraph) -> None:
    on_disk = icrc_korea.load(ROOT, store=made)
    text = "SELECT ?s ?o { ?s kw:sentBy|kw:sender|kw:addressedParty ?o }"
    questions = [(q.id, graph.question(q.id).text) for q in graph.every_question() if q.topic == "correspondence"]
    marked = 0
    for name, asked in questions:
        here, there = graph.run(name), on_disk.run(name)
        marks = graph.marks(here, asked)
        marked += bool(marks)
        assert on_disk.marks(there, asked) == marks
    assert marked
    answer, other = graph.query(text), on_disk.query(text)
    assert sorted(map(str, on_disk.with_sources(other, text).rows)) == sorted(
        map(str, graph.with_sources(answer, text).rows)
    )
    assert on_disk.stats() == graph.stats()
    assert on_disk.draw("timeline").table() == graph.draw("timeline").table()


@pytest.mark.parametrize("form", ["turtle", "trig", "nquads", "ntriples", "jsonld", "rdfxml"])
@pytest.mark.parametrize("choice", [
    {}, {"preset": "all"}, {"preset": "single-graph"}, {"parts": ["claims"], "reifiers": True},
    {"parts": ["links"], "same_as": "owl:sameAs"},
], ids=str)  # fmt: skip
def test_an_export_from_disk_has_the_same_bytes(
    made: Path, graph: KnowledgeGraph, form: str, choice: dict[str, object]
) -> None:
    if "reifiers" in choice and form in ("jsonld", "rdfxml"):
        pytest.skip("no triples in triples")
    on_disk = icrc_korea.load(ROOT, store=made)
    assert on_disk.export(form=form, **choice) == graph.export(form=form, **choice)


def test_a_package_from_disk_has_the_same_bytes(made: Path, graph: KnowledgeGraph, tmp_path: Path) -> None:
    names = [given.package(tmp_path / where) for where, given in (
        ("here", graph), ("disk", icrc_korea.load(ROOT, store=made)))]  # fmt: skip
    assert names[0] == names[1]
    assert [name for name in names[0] if (tmp_path / "here" / name).read_bytes() != (
        tmp_path / "disk" / name).read_bytes()] == []  # fmt: skip


@pytest.mark.parametrize("form", ["turtle", "trig", "nquads", "ntriples", "jsonld", "rdfxml"])
def test_sorting_in_files_gives_the_same_bytes(
    made: Path, graph: KnowledgeGraph, form: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = graph.export(form=form, preset="all")
    monkeypatch.setattr(sorting, "IN_MEMORY", 100_000)
    monkeypatch.setattr(sorting, "MOST_RUNS", 3)
    assert icrc_korea.load(ROOT, store=made).export(form=form, preset="all") == expected


@given(st.lists(st.lists(st.binary(max_size=2), max_size=6), max_size=12), st.integers(1, 4))
def test_lines_come_in_order_and_once_however_little_memory_there_is(batches: list[list[bytes]], runs: int) -> None:
    lines = [[line.replace(b"\n", b"") + b"\n" for line in batch] for batch in batches]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sorting, "IN_MEMORY", 200)
        patch.setattr(sorting, "A_READ", 3)
        patch.setattr(sorting, "MOST_RUNS", runs)
        found = [line for batch in sorting.in_order(lines) for line in batch]
    assert found == sorted({line for batch in lines for line in batch})


ODD = r'''
<https://w3id.org/icrc-korea/id/person/x²> <urn:p> "a \\ \"b\" <urn:x> _:c\n\u0303 \u0001"@FR-ch <urn:g> .
<https://w3id.org/icrc-korea/id/person/국> <urn:p> "\u1100\u1161"@ko <urn:g> .
<https://w3id.org/icrc-korea/id/person/a.> <urn:p> "e\u0301"^^<urn:kind> <urn:g> .
<urn:s> <urn:p> "007"^^<http://www.w3.org/2001/XMLSchema#integer> <urn:g> .
<urn:s> <urn:p> "7"^^<http://www.w3.org/2001/XMLSchema#integer> <urn:g> .
<urn:s> <urn:p> "1.50"^^<http://www.w3.org/2001/XMLSchema#decimal> <urn:g> .
<urn:s> <urn:p> "1E2"^^<http://www.w3.org/2001/XMLSchema#double> <urn:g> .
<urn:s> <urn:p> "INF"^^<http://www.w3.org/2001/XMLSchema#double> <urn:g> .
<urn:s> <urn:p> "1"^^<http://www.w3.org/2001/XMLSchema#boolean> <urn:g> .
<urn:s> <urn:p> "no number"^^<http://www.w3.org/2001/XMLSchema#integer> <urn:g> .
<urn:s> <urn:p> "1950-06-26T00:00:00.000Z"^^<http://www.w3.org/2001/XMLSchema#dateTime> <urn:g> .
<urn:s> <http://www.w3.org/1999/02/22-rdf-syntax-ns#type> <http://www.w3.org/1999/02/22-rdf-syntax-ns#type> <urn:h> .
<urn:s> <urn:q> <<( <urn:s> <http://www.w3.org/1999/02/22-rdf-syntax-ns#type> "x > y"@en )>> <urn:h> .
<urn:s> <urn:p> "in no graph" .
<urn:s> <urn:p> <urn:o> .
'''


def settled(term: Any) -> Any:
    """A literal in NFC, as a store keeps it."""
    if not isinstance(term, ox.Literal):
        return term
    text = unicodedata.normalize("NFC", term.value)
    return ox.Literal(text, language=term.language) if term.language else ox.Literal(text, datatype=term.datatype)


@pytest.mark.parametrize("form", ["turtle", "trig", "nquads", "ntriples"])
def test_odd_terms_come_out_as_they_are_meant(graph: KnowledgeGraph, tmp_path: Path, form: str) -> None:
    (tmp_path / "odd.nq").write_text(ODD, encoding="utf-8")
    disk.make(tmp_path / "store", graph.built, [tmp_path / "odd.nq"], quiet)
    data = icrc_korea.load(ROOT, store=tmp_path / "store").export(form=form, preset="all")
    expected = ox.Store()
    for quad in ox.parse(ODD, format=ox.RdfFormat.N_QUADS):
        graphs = [quad.graph_name] if form in ("trig", "nquads") else []
        expected.add(ox.Quad(quad.subject, quad.predicate, settled(quad.object), *graphs))
    found = {quad for quad in ox.parse(data, format=FORMATS[form]) if "urn:" in str(quad)}
    assert len(found) == 14
    assert found == set(expected)


def test_what_goes_to_another_store_is_the_same_from_disk(made: Path, graph: KnowledgeGraph) -> None:
    with graph.spool() as here, icrc_korea.load(ROOT, store=made).spool() as there:
        assert {g.iri: (g.count, g.digest) for g in there.graphs.values()} == {
            g.iri: (g.count, g.digest) for g in here.graphs.values()
        }


def test_graphs_of_ones_own_are_exported_with_what_is_in_none(graph: KnowledgeGraph, tmp_path: Path) -> None:
    one = tmp_path / "one.nq"
    one.write_text('<urn:s> <urn:p> "a" <urn:g> .\n<urn:s> <urn:p> "b" .\n<urn:s> <urn:p> "<x> <y>" .\n')
    disk.make(tmp_path / "store", graph.built, [one], quiet)
    on_disk = icrc_korea.load(ROOT, store=tmp_path / "store")
    lines = on_disk.export(form="nquads", preset="all").decode().splitlines()
    assert [line for line in lines if line.startswith("<urn:")] == sorted(one.read_text().splitlines())
    assert on_disk.foreign_graphs() == 1
    assert b"urn:" not in on_disk.export(form="nquads")
    on_disk.export(tmp_path / "all.nq", "nquads", preset="all", manifest=True)
    said = json.loads((tmp_path / "all.nq.manifest.json").read_bytes())
    assert (said["graphs"]["urn:g"]["triples"], said["graphs"]["(default)"]["triples"]) == (1, 2)


@pytest.mark.parametrize(("form", "quad", "said"), [
    ("rdfxml", '<urn:s> <urn:says:1> "a" <urn:g> .', "no way to write the property <urn:says:1>"),
    ("jsonld", '<urn:s> <urn:p> <<( <urn:a> <urn:b> "c" )>> <urn:g> .', "no triples in triples"),
])  # fmt: skip
def test_what_a_format_cannot_say_is_refused(
    graph: KnowledgeGraph, tmp_path: Path, form: str, quad: str, said: str
) -> None:
    (tmp_path / "one.nq").write_text(quad)
    disk.make(tmp_path / "store", graph.built, [tmp_path / "one.nq"], quiet)
    with pytest.raises(UsageError, match=said):
        icrc_korea.load(ROOT, store=tmp_path / "store").export(form=form, preset="all")


PEAK = "import resource, sys; from icrc_korea.cli.main import main; code = main(sys.argv[1:]); " \
       "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss); sys.exit(code)"  # fmt: skip


@pytest.mark.parametrize("form", ["trig", "jsonld", "package"])
def test_eight_times_as_much_is_exported_in_the_same_memory(
    many: dict[int, Path], form: str, tmp_path: Path
) -> None:
    peaks = {}
    for number, folder in many.items():
        target = tmp_path / f"{number}.{form}"
        command = ["export", "--store", str(folder), "--root", str(ROOT)]
        if form == "package":
            command += ["--package", str(tmp_path / str(number))]
            target = tmp_path / str(number) / "all.nq"
        else:
            command += ["--preset", "all", "--format", form, "-o", str(target)]
        command = [sys.executable, "-c", PEAK, *command]
        done = subprocess.run(command, capture_output=True, check=True)
        peaks[number] = int(done.stdout)
        assert target.read_bytes().count(b'"value ') == number
    few, lots = peaks.values()
    assert lots < few + 60_000, peaks  # kB; the blocks to sort, and pages of the store's files that are mapped


@pytest.fixture(scope="module")
def many(graph: KnowledgeGraph, tmp_path_factory: pytest.TempPathFactory) -> dict[int, Path]:
    """Stores on disk by their number of triples."""
    made = {}
    for number in (20_000, 160_000):
        root = tmp_path_factory.mktemp("many")
        with (root / "many.nq").open("w") as stream:
            for row in range(number):
                graph_name = f"https://example.org/g/{row // 1000}"
                stream.write(f'<urn:thing:{row // 5}> <urn:says:p{row % 5}> "value {row}" <{graph_name}> .\n')
        disk.make(root / "store", graph.built, [root / "many.nq"], quiet)
        made[number] = root / "store"
    return made


def test_the_command_builds_and_asks(icrc: Command, tmp_path: Path) -> None:
    folder = tmp_path / "store"
    said = icrc("build", "--store", folder, "--root", ROOT)
    assert (said.code, said.out) == (0, "")
    assert f"--store {folder}" in said.err
    asked = icrc("query", "correspondence/unanswered", "--format", "csv", "--store", folder, "--root", ROOT)
    assert asked.out == icrc("query", "correspondence/unanswered", "--format", "csv", "--root", ROOT).out


def test_files_of_ones_own_are_loaded_by_graph_and_merged(graph: KnowledgeGraph, tmp_path: Path) -> None:
    one, two = tmp_path / "one.nq", tmp_path / "two.ttl"
    one.write_text('<urn:s> <urn:p> "a" <urn:g> .\n<urn:s> <urn:p> "a" <urn:h> .\n<urn:s> <urn:p> "a" <urn:h> .\n')
    two.write_text('<urn:s> <urn:q> "전문"@ko .\n')
    made = disk.make(tmp_path / "store", graph.built, [one, two], quiet)
    assert made["graphs"] == {"<urn:g>": 1, "<urn:h>": 1}
    assert made["merged"]["triples"] == 2
    asked = icrc_korea.load(ROOT, store=tmp_path / "store")
    assert [row["n"] for row in asked.query("SELECT (COUNT(*) AS ?n) { <urn:s> ?p ?o }")] == [2]
    assert [row["o"] for row in asked.query("SELECT ?o { GRAPH <urn:g> { ?s ?p ?o } }")] == ["a"]


def test_a_blank_node_is_the_same_in_its_graph_and_in_the_merged_one(graph: KnowledgeGraph, tmp_path: Path) -> None:
    for name in ("one", "two"):
        text = f'<urn:{name}> {{ _:b <urn:p> "{name}" ; <urn:q> ( 1 2 ) }} _:b <urn:r> 3 .'
        (tmp_path / f"{name}.trig").write_text(text)
    disk.make(tmp_path / "store", graph.built, [tmp_path / "one.trig", tmp_path / "two.trig"], quiet)
    asked = icrc_korea.load(ROOT, store=tmp_path / "store")
    inside = "GRAPH ?g { ?b <urn:p> ?o ; <urn:q> ?list } ?b <urn:p> ?same ; <urn:q> ?list ; <urn:r> 3 ."
    inside += " ?list rdf:first 1"
    rows = asked.query(f"SELECT ?g ?o ?same {{ {inside} }} ORDER BY ?g")
    assert [tuple(row.values()) for row in rows] == [("<urn:one>", "one", "one"), ("<urn:two>", "two", "two")]


def test_a_graph_without_a_name_is_refused(graph: KnowledgeGraph, tmp_path: Path) -> None:
    (tmp_path / "one.nq").write_text('<urn:s> <urn:p> "a _:b" <urn:g> .\n<urn:s> <urn:p> <urn:o> _:g .\n')
    with pytest.raises(UsageError, match="graph whose name is a blank node"):
        disk.make(tmp_path / "store", graph.built, [tmp_path / "one.nq"], quiet)


def test_no_room_on_the_disk_is_said_and_leaves_the_old_store(
    store: Path, graph: KnowledgeGraph, tmp_path: Path
) -> None:
    import resource

    (tmp_path / "many.nq").write_text("".join(f"<urn:{row}> <urn:p> <urn:o> <urn:g> .\n" for row in range(100_000)))
    command = ["build", "--store", str(store), str(tmp_path / "many.nq"), "--root", str(ROOT)]
    done = subprocess.run(
        [sys.executable, "-c", BUILD, *command], capture_output=True, text=True, timeout=60, check=False,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 20, 1 << 20)),
    )  # fmt: skip
    assert done.returncode == 3, done.stderr
    assert "make room" in done.stderr
    disk.open_store(store, graph.layout, thorough=True)


def test_a_bad_file_is_named_and_what_was_there_stays(store: Path, graph: KnowledgeGraph, tmp_path: Path) -> None:
    bad = tmp_path / "bad.ttl"
    bad.write_text("<urn:s> <urn:p> <urn:o> .\n<urn:s> <urn:p> oops .\n")
    before = generation(store).name
    with pytest.raises(ParseError, match=r"bad\.ttl:2"):
        disk.make(store, graph.built, [bad], quiet)
    assert generation(store).name == before
    disk.open_store(store, graph.layout, thorough=True)


# --- one writer, and only in folders of ours ------------------------------------------------------------


def test_a_folder_with_something_else_is_refused_and_left_alone(graph: KnowledgeGraph, tmp_path: Path) -> None:
    (tmp_path / "thesis.docx").write_text("mine")
    with pytest.raises(UsageError, match=r"holds something else: thesis\.docx"):
        disk.make(tmp_path, graph.built, [], quiet)
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.docx"]


def test_a_second_writer_is_refused(store: Path, graph: KnowledgeGraph) -> None:
    with disk._only_writer(store), pytest.raises(UsageError, match="another process is building"):
        disk.make(store, graph.built, [], quiet)


def test_a_reader_keeps_its_store_while_a_new_one_is_built(store: Path, graph: KnowledgeGraph, tmp_path: Path) -> None:
    reader = icrc_korea.load(ROOT, store=store)
    before = reader.run("correspondence/unanswered").rows
    other = tmp_path / "other.nt"
    other.write_text("<urn:s> <urn:p> <urn:o> .\n")
    disk.make(store, graph.built, [other], quiet)
    assert reader.run("correspondence/unanswered").rows == before
    assert len(icrc_korea.load(ROOT, store=store).built.whole()) == 1


# --- nothing opens short -----------------------------------------------------------------------------------


def flip(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 0xFF
    path.write_bytes(data)


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-7])


def halve(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def empty(path: Path) -> None:
    path.write_bytes(b"\0" * path.stat().st_size)


def remove(path: Path) -> None:
    path.unlink()


@pytest.mark.parametrize("harm", [flip, cut, halve, empty, remove])
@pytest.mark.parametrize("files", ["*.sst", "MANIFEST-*", "CURRENT", "*.log", "OPTIONS-*", "IDENTITY"])
def test_a_damaged_store_is_refused_with_the_way_out(
    store: Path, graph: KnowledgeGraph, files: str, harm: Callable[[Path], None]
) -> None:
    hurt = max(generation(store).glob(files), key=lambda path: path.stat().st_size)
    if not hurt.stat().st_size:
        pytest.skip("empty")
    harm(hurt)
    with pytest.raises(LayoutError, match=r"build --store"):
        disk.open_store(store, graph.layout, thorough=True)


def test_a_store_without_its_pointer_is_none(store: Path, graph: KnowledgeGraph) -> None:
    (store / "store.json").unlink()
    with pytest.raises(LayoutError, match="is no store"):
        disk.open_store(store, graph.layout)
    (store / "store.json").write_text("{")
    with pytest.raises(LayoutError, match="cannot be read"):
        disk.open_store(store, graph.layout)


# --- kill -9 at any moment ----------------------------------------------------------------------------------


def test_a_killed_build_leaves_the_old_store_or_the_new_one(graph: KnowledgeGraph, tmp_path: Path) -> None:
    folder, files = tmp_path / "store", []
    for number in range(2):
        files.append(tmp_path / f"{number}.nt")
        files[-1].write_text("".join(f"<urn:{number}> <urn:p> <urn:{row}> .\n" for row in range(20_000 + number)))
    disk.make(folder, graph.built, [files[0]], quiet)
    allowed, chance = {20_000, 20_001}, random.Random(7)
    for number in range(KILLS):
        command = [sys.executable, "-c", BUILD, "build", "--store", str(folder), str(files[(number + 1) % 2])]
        process = subprocess.Popen([*command, "--root", str(ROOT)], stderr=subprocess.DEVNULL, start_new_session=True)
        time.sleep(chance.uniform(0.02, 0.9))
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        held = disk.open_store(folder, graph.layout, thorough=True).manifest["statements"]
        assert held in allowed
    disk.make(folder, graph.built, [files[1]], quiet)
    assert len(list(folder.glob("generation-*"))) == 1
