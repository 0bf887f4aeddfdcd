"""What leaves the house is whole: every format says the same, twice the same, and one Turtle file loses nothing."""

from __future__ import annotations

import hashlib
import json
import os
import re
import stat
import time
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pyoxigraph as ox
import pytest
import rdflib
from conftest import ROOT, Command, environment, spawn

from icrc_korea.content.layout import Layout
from icrc_korea.graph import KnowledgeGraph
from icrc_korea.rdf.naming import skolemised

BASE = "https://w3id.org/icrc-korea/"
KW = BASE + "ontology#"
RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
SCHEMA = {BASE + "graph/" + part for part in ("ontology", "alignments", "shapes")}
PARTS = ("claims", "inferred", "links", "enrichment", "alignments", "catalogue")
FORMATS = {
    "turtle": (ox.RdfFormat.TURTLE, "turtle"),
    "trig": (ox.RdfFormat.TRIG, "trig"),
    "nquads": (ox.RdfFormat.N_QUADS, "nquads"),
    "ntriples": (ox.RdfFormat.N_TRIPLES, "nt"),
    "jsonld": (ox.RdfFormat.JSON_LD, "json-ld"),
    "rdfxml": (ox.RdfFormat.RDF_XML, "xml"),
}
WITH_GRAPHS = {"trig", "nquads"}
CHOICES: list[tuple[str, ...]] = [(), ("claims", "inferred"), PARTS]
CASES = [("nquads", parts) for parts in CHOICES] + [(form, CHOICES[1]) for form in FORMATS if form != "nquads"]
Quads = frozenset[str]


SKOLEM = BASE + ".well-known/genid/"


def unnamed(term: Any) -> Any:
    """A term with the blank node back that an export has given a name."""
    is_named = isinstance(term, ox.NamedNode) and term.value.startswith(SKOLEM)
    return ox.BlankNode("b" + term.value.removeprefix(SKOLEM)) if is_named else term


def settled(quads: Iterable[ox.Quad], graphs: bool) -> Quads:
    """The quads as a store has them, blank nodes labelled by RDFC-1.0; without their graphs if those do not count."""
    store = ox.Store()
    store.extend(ox.Quad(unnamed(q.subject), q.predicate, unnamed(q.object), q.graph_name) for q in quads)
    quads = list(store)
    if not graphs:
        quads = {ox.Quad(quad.subject, quad.predicate, quad.object) for quad in quads}
    dataset = ox.Dataset(quads)
    dataset.canonicalize(ox.CanonicalizationAlgorithm.RDFC_1_0)
    return frozenset(map(str, dataset))


@pytest.fixture(scope="module")
def exported(graph: KnowledgeGraph) -> dict[tuple[str, tuple[str, ...]], bytes]:
    """Every format, and one of them with every choice of parts."""
    return {(form, parts): graph.export(form=form, parts=parts) for form, parts in CASES}


@pytest.fixture(scope="module")
def right(quads: list[ox.Quad]) -> dict[tuple[bool, tuple[str, ...]], Quads]:
    """What must be in an export, taken from the built dataset by the names of the graphs."""
    found = {}
    for parts in CHOICES:
        names = {BASE + "graph/" + part for part in ("ontology", "vocabulary", "entities", *parts)}
        chosen = [
            quad
            for quad in quads
            if (name := str(quad.graph_name.value)) in names
            or name.startswith((BASE + "id/passage/", BASE + "id/unsc/", BASE + "id/frus/"))
            or ("enrichment" in parts and name.startswith((BASE + "id/geonames-", BASE + "id/dodis-", BASE + "id/h")))
        ]
        described = {quad.subject for quad in chosen if quad.predicate == SUBJECT}
        behind = {quad.subject for quad in quads if quad.predicate == SUBJECT} - described
        chosen = [  # nothing that is inferred names a claim that stays behind
            quad for quad in chosen
            if quad.graph_name.value != BASE + "graph/inferred" or not {quad.subject, quad.object} & behind
        ]  # fmt: skip
        found[True, parts], found[False, parts] = settled(chosen, True), settled(chosen, False)
    return found


LAYOUT = Layout.find(ROOT)
SUBJECT = ox.NamedNode("http://www.w3.org/1999/02/22-rdf-syntax-ns#subject")
Exports = dict[tuple[str, tuple[str, ...]], bytes]
Right = dict[tuple[bool, tuple[str, ...]], Quads]


# --- every format says the same -----------------------------------------------------------------------------


@pytest.mark.parametrize(("form", "parts"), CASES, ids=["-".join([form, *parts]) for form, parts in CASES])
def test_pyoxigraph_reads_what_was_chosen(form: str, parts: tuple[str, ...], exported: Exports, right: Right) -> None:
    data, graphs = exported[form, parts], form in WITH_GRAPHS
    assert settled(ox.parse(data, format=FORMATS[form][0]), graphs) == right[graphs, parts]


@pytest.mark.parametrize("form", FORMATS)
def test_rdflib_reads_the_same(form: str, exported: Exports, right: Right, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rdflib, "NORMALIZE_LITERALS", False)
    data, graphs, parts = exported[form, CHOICES[1]], form in WITH_GRAPHS, CHOICES[1]
    if graphs:
        dataset = rdflib.Dataset()
        dataset.parse(data=data, format=FORMATS[form][1])
        again = ox.parse(dataset.serialize(format="nquads"), format=ox.RdfFormat.N_QUADS)
        assert settled(again, True) == right[True, parts]
    else:
        graph = rdflib.Graph().parse(data=data, format=FORMATS[form][1])
        again = ox.parse(graph.serialize(format="nt"), format=ox.RdfFormat.N_TRIPLES)
        assert settled(again, False) == right[False, parts]


def test_the_parts_are_what_their_names_say(exported: Exports) -> None:
    alone, more, every = (exported["nquads", parts] for parts in CHOICES)
    claims, inferred, alignments = (f"<{BASE}graph/{part}>".encode() for part in ("claims", "inferred", "alignments"))
    assert [graph in alone for graph in (claims, inferred, alignments)] == [False, False, False]
    assert [graph in more for graph in (claims, inferred, alignments)] == [True, True, False]
    assert [graph in every for graph in (claims, inferred, alignments)] == [True, True, True]


def test_no_line_of_triples_stands_twice(exported: Exports) -> None:
    for (form, parts), data in exported.items():
        if form in ("ntriples", "nquads"):
            lines = data.splitlines()
            assert lines == sorted(set(lines)), f"{form} {parts}"


def test_blank_nodes_are_of_the_ontology_alone(exported: Exports) -> None:
    """A list or a class expression under an IRI would be another thing; whatever else is nameless gets one."""
    for (form, _), data in exported.items():
        for quad in ox.parse(data, format=FORMATS[form][0]):
            if form in WITH_GRAPHS:
                assert not has_blank(quad) or quad.graph_name.value in SCHEMA, quad
            assert SKOLEM not in str(quad)


def has_blank(quad: ox.Quad) -> bool:
    return any(isinstance(term, ox.BlankNode) for term in (quad.subject, quad.object))


def test_a_store_keeps_every_term_as_it_is(graph: KnowledgeGraph) -> None:
    """What a store puts right on the way in does not look like a difference on the way out."""
    lines = set(graph.export(form="nquads", preset="all").decode().splitlines())
    store = ox.Store()
    store.load("\n".join(lines).encode(), format=ox.RdfFormat.N_QUADS)
    named = {line for line in lines if " _:" not in line and not line.startswith("_:")}
    assert len(lines) - len(named) > 100
    assert {str(quad) + " ." for quad in store if not has_blank(quad)} == named
    assert settled(store, True) == settled(ox.parse("\n".join(lines), format=ox.RdfFormat.N_QUADS), True)
    assert all(unicodedata.is_normalized("NFC", line) for line in lines)


def test_names_for_the_nameless_do_not_hang_on_each_other() -> None:
    """A list keeps its names when another is put before it; what leads back to itself has a name too."""
    more = "<x:z> <x:p> ( 1 2 ) . _:a <x:p> _:b . _:b <x:p> _:a ."
    one, two = (
        skolemised(ox.parse(text, format=ox.RdfFormat.TURTLE, rename_blank_nodes=True))
        for text in ("<x:a> <x:p> ( 1 2 ) .", more + "<x:a> <x:p> ( 1 2 ) .")
    )
    assert set(one) < set(two)
    assert not any(isinstance(term, ox.BlankNode) for quad in two for term in (quad.subject, quad.object))


# --- what is chosen -----------------------------------------------------------------------------------------


def graphs_of(data: bytes) -> set[str]:
    return {getattr(q.graph_name, "value", "") for q in ox.parse(data, format=ox.RdfFormat.N_QUADS)}


def test_presets_hold_what_they_promise(graph: KnowledgeGraph) -> None:
    presets = ("minimal", "all", "single-graph")
    minimal, every, single = (graph.export(form="nquads", preset=name) for name in presets)
    piece = re.compile("/id/(passage|unsc|frus)/")
    assert all(name == BASE + "graph/entities" or piece.search(name) for name in graphs_of(minimal))
    parts = ("shapes", "claims", "inferred", "links", "ontology")
    assert graphs_of(every) >= {BASE + "graph/" + part for part in parts}
    assert graphs_of(single) == {""}
    triples = settled(ox.parse(every, format=ox.RdfFormat.N_QUADS), False)
    assert settled(ox.parse(single, format=ox.RdfFormat.N_QUADS), False) == triples


@pytest.mark.parametrize("form", ["turtle", "trig", "nquads", "ntriples"])
def test_every_claim_reifies_its_statement(form: str, graph: KnowledgeGraph) -> None:
    data = graph.export(form=form, parts=["claims"], reifiers=True)
    said: dict[str, dict[str, Any]] = defaultdict(dict)
    for quad in ox.parse(data, format=FORMATS[form][0]):
        said[str(quad.subject)][quad.predicate.value] = quad.object
    claims = [about for about in said.values() if RDF + "reifies" in about]
    assert len(claims) > 500
    for about in claims:
        triple = about[RDF + "reifies"]
        parts = [about[RDF + name] for name in ("subject", "predicate", "object")]
        assert [triple.subject, triple.predicate, triple.object] == parts


def test_a_manifest_says_what_is_in_the_file(graph: KnowledgeGraph, tmp_path: Path) -> None:
    target = tmp_path / "graph.nq"
    data = graph.export(target, "nquads", preset="all", manifest=True)
    said = json.loads((tmp_path / "graph.nq.manifest.json").read_text())
    assert said["files"]["graph.nq"] == {"bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()}
    assert said["quads"] == len(data.splitlines())
    dataset = ox.Dataset(ox.parse(data, format=ox.RdfFormat.N_QUADS))
    dataset.canonicalize(ox.CanonicalizationAlgorithm.RDFC_1_0)
    canonical = "".join(sorted(f"{quad} .\n" for quad in dataset)).encode()
    assert said["rdfc10_sha256"] == hashlib.sha256(canonical).hexdigest()
    for name in SCHEMA:  # the digest of a graph is that of the graph alone
        alone = ox.Dataset(quad for quad in dataset if quad.graph_name.value == name)
        alone.canonicalize(ox.CanonicalizationAlgorithm.RDFC_1_0)
        digest = hashlib.sha256("".join(sorted(f"{quad} .\n" for quad in alone)).encode()).hexdigest()
        assert said["graphs"][name]["rdfc10_sha256"] == digest
    by_graph = Counter(q.graph_name.value for q in dataset)
    assert {name: entry["triples"] for name, entry in said["graphs"].items()} == by_graph


def test_a_package_describes_its_files(graph: KnowledgeGraph, tmp_path: Path) -> None:
    names = graph.package(tmp_path / "release")
    said = json.loads((tmp_path / "release/manifest.json").read_text())["files"]
    assert set(said) == set(names) - {"manifest.json"}
    for name, entry in said.items():
        data = (tmp_path / "release" / name).read_bytes()
        assert (len(data), hashlib.sha256(data).hexdigest()) == (entry["bytes"], entry["sha256"])
    store = ox.Store()
    store.load((tmp_path / "release/void.ttl").read_bytes(), format=ox.RdfFormat.TURTLE)
    everything = ox.Store()
    everything.load((tmp_path / "release/all.ttl").read_bytes(), format=ox.RdfFormat.TURTLE)
    [told] = store.quads_for_pattern(
        ox.NamedNode(BASE + "dataset"), ox.NamedNode("http://rdfs.org/ns/void#triples"), None
    )
    assert int(told.object.value) == len(everything)


def test_the_published_context_is_current(graph: KnowledgeGraph) -> None:
    again = "icrc-korea export --format context > docs/context.jsonld"
    assert (ROOT / "docs/context.jsonld").read_bytes() == graph.export(form="context"), again


def test_turtle_is_laid_out_for_reading(exported: Exports) -> None:
    """Prefixes first and sorted, a block a thing, no tab, and no IRI spelt out where a prefix would do."""
    for form in ("turtle", "trig"):
        text = exported[form, CHOICES[1]].decode()
        heads = [line for line in text.splitlines() if line.startswith("@prefix")]
        assert text.startswith(heads[0])
        assert heads == sorted(heads)
        assert "\t" not in text
        assert text.endswith("\n")
        assert not text.endswith("\n\n")
        assert not re.findall(r"<https://w3id.org/icrc-korea/id/\w+/[\w-]+>", text.partition("\n\n")[2])
    assert re.search(r"^state:dprk a kw:\w+", exported["turtle", CHOICES[1]].decode(), re.M)


# --- twice the same -----------------------------------------------------------------------------------------


def test_an_export_is_the_same_twice(exported: Exports, graph: KnowledgeGraph) -> None:
    for form in FORMATS:
        assert graph.export(form=form, parts=["inferred", "claims", "inferred"]) == exported[form, CHOICES[1]], form


@pytest.mark.parametrize("form", ["turtle", "jsonld", "rdfxml"])
def test_an_export_does_not_depend_on_chance(form: str, exported: Exports) -> None:
    with spawn(
        "export", "--format", form, "--with", "claims,inferred", "--root", ROOT, env=environment(PYTHONHASHSEED="77")
    ) as process:
        out, err = process.communicate(timeout=60)
    assert process.returncode == 0, err.decode()
    assert out == exported[form, CHOICES[1]]


# --- an export names nothing that it does not contain -------------------------------------------------------

SELECTIONS = [
    (preset, parts)
    for preset in ("usual", "minimal")
    for parts in ((), ("inferred",), ("claims",), ("claims", "inferred"), (*CHOICES[1], "enrichment"), ("links",))
]


@pytest.mark.parametrize(("preset", "parts"), SELECTIONS, ids=str)
def test_an_export_describes_each_thing_that_it_names(
    preset: str, parts: tuple[str, ...], graph: KnowledgeGraph
) -> None:
    quads = list(ox.parse(graph.export(form="nquads", preset=preset, parts=list(parts)), format=ox.RdfFormat.N_QUADS))
    described = {quad.subject.value for quad in quads if isinstance(quad.subject, ox.NamedNode)}
    named = {term.value for quad in quads for term in (quad.subject, quad.object) if isinstance(term, ox.NamedNode)}
    assert {name for name in named if name.startswith(BASE + "id/")} - described == set()


# --- one Turtle file loses nothing --------------------------------------------------------------------------

ANNOTATION = {"asExpressed": "hedge", "hedge": "hedge", "inferenceNote": "inferenceNote"}
Triple = tuple[str, str, str]


class Merged:
    """The Turtle export as somebody has it who knows nothing of graphs."""

    def __init__(self, data: bytes) -> None:
        self.fields: dict[str, dict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
        for quad in ox.parse(data, format=ox.RdfFormat.TURTLE):
            self.fields[str(quad.subject)][quad.predicate.value].add(str(quad.object))
        self.claims: dict[Triple, list[dict[str, set[str]]]] = defaultdict(list)
        for fields in self.fields.values():
            if f"<{KW}Claim>" in fields[RDF + "type"]:
                spoken = [fields[RDF + name] for name in ("subject", "predicate", "object")]
                assert [len(found) for found in spoken] == [1, 1, 1], "a claim that does not say one thing"
                subject, predicate, value = (next(iter(found)) for found in spoken)
                self.claims[subject, predicate, value].append(fields)


@pytest.fixture(scope="module")
def merged(exported: Exports) -> Merged:
    return Merged(exported["turtle", CHOICES[1]])


@pytest.fixture(scope="module")
def authored() -> list[ox.Quad]:
    """What the sentence graphs say, as it was written."""
    texts = [source for source in LAYOUT.sources.all if source.kind == "text"]
    paths = sorted(path for source in texts for path in (ROOT / source.folder / "statements").glob("*.trig"))
    return [quad for path in paths for quad in ox.parse(path=str(path), format=ox.RdfFormat.TRIG)]


def home(quad: ox.Quad) -> tuple[str, str]:
    """The sentence and the certainty that the name of a graph stands for."""
    place = LAYOUT.sources.place(quad.graph_name)
    assert place
    return str(place.piece), f"<{BASE}vocab/certainty-{place.certainty}>"


def explicit_claims(authored: list[ox.Quad]) -> set[str]:
    return {str(quad.subject) for quad in authored if quad.object == ox.NamedNode(KW + "Claim")}


def notes_of(authored: list[ox.Quad]) -> dict[tuple[str, str], dict[str, set[str]]]:
    """What a graph with a suffix says about itself, or about how one of its things is put."""
    found: dict[tuple[str, str], dict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
    for quad in authored:
        graph, name = quad.graph_name.value, quad.predicate.value.removeprefix(KW)
        if "-" not in graph.rpartition("/")[2]:
            continue
        if quad.subject == quad.graph_name or name in ("hedge", "inferenceNote", "restsOn", "restsOnReading"):
            found[graph, str(quad.subject)][ANNOTATION.get(name, name)].add(str(quad.object))
    return found


def test_every_statement_is_found_again_with_its_sentence_and_certainty(
    authored: list[ox.Quad], merged: Merged
) -> None:
    explicit, notes = explicit_claims(authored), notes_of(authored)
    checked = 0
    for quad in authored:
        own = notes.get((quad.graph_name.value, str(quad.subject)), {})
        name = quad.predicate.value.removeprefix(KW)
        is_note = str(quad.object) in own.get(ANNOTATION.get(name, name), set())
        if str(quad.subject) in explicit or is_note or quad.predicate.value == RDF + "type":
            continue
        claims = merged.claims[str(quad.subject), str(quad.predicate), str(quad.object)]
        accepted = [claim for claim in claims if f"<{BASE}vocab/status-accepted>" in claim[KW + "claimStatus"]]
        sentence, certainty = home(quad)
        if not accepted:  # contested, for another source says otherwise
            [contested] = [claim for claim in claims if sentence in claim[KW + "statedIn"]]
            assert contested[KW + "conflictsWith"], quad
            continue
        accepted = [claim for claim in accepted if sentence in claim[KW + "statedIn"]]  # of this source
        assert len(accepted) == 1, f"{quad} has {len(accepted)} claims"
        assert sentence in accepted[0][KW + "statedIn"], quad
        assert accepted[0][KW + "certainty"] == {certainty}, quad
        assert accepted[0][KW + "polarity"] == {f"<{BASE}vocab/polarity-positive>"}, quad
        assert str(quad.object) in merged.fields[str(quad.subject)][quad.predicate.value], "no plain statement"
        checked += 1
    assert checked > 700


def test_every_claim_written_out_is_found_again_with_all_it_says(authored: list[ox.Quad], merged: Merged) -> None:
    explicit = explicit_claims(authored)
    assert len(explicit) > 10
    for quad in authored:
        if str(quad.subject) in explicit:
            fields = merged.fields[str(quad.subject)]
            sentence, certainty = home(quad)
            assert str(quad.object) in fields[quad.predicate.value]
            assert sentence in fields[KW + "statedIn"]
            assert fields[KW + "certainty"] == {certainty}
            for needed in ("claimStatus", "polarity", "basis"):
                assert len(fields[KW + needed]) == 1, f"{quad.subject} {needed}"


def test_every_hedge_note_and_source_is_found_again_on_its_claims(authored: list[ox.Quad], merged: Merged) -> None:
    """What is said of a whole graph holds for each of its claims that has nothing of its own."""
    explicit, notes = explicit_claims(authored), notes_of(authored)
    found: dict[tuple[str, str, str], int] = defaultdict(int)
    for quad in authored:
        graph, subject = quad.graph_name.value, str(quad.subject)
        for claim in merged.claims.get((subject, str(quad.predicate), str(quad.object)), []):
            for about in (subject, str(quad.graph_name)):
                for name, values in notes.get((graph, about), {}).items():
                    found[graph, about, name] += values <= claim[KW + name]
    for claim in explicit:
        for (graph, about), said in notes.items():
            for name, values in said.items():
                if about in (claim, f"<{graph}>") and home_of(claim, authored) == graph:
                    found[graph, about, name] += values <= merged.fields[claim][KW + name]
    for (graph, about), said in notes.items():
        for name in said:
            assert found[graph, about, name], f"{name} of {about} in {graph} is on no claim"


def home_of(claim: str, authored: list[ox.Quad]) -> str:
    return next(
        quad.graph_name.value
        for quad in authored
        if str(quad.subject) == claim and quad.object == ox.NamedNode(KW + "Claim")
    )


def test_no_claim_comes_from_nowhere(authored: list[ox.Quad], merged: Merged) -> None:
    said: dict[tuple[str, ...], set[str]] = defaultdict(set)
    for quad in authored:
        said[tuple(map(str, quad.triple))].add(home(quad)[0])
    written_out = [merged.fields[name] for name in explicit_claims(authored)]
    for triple, claims in merged.claims.items():
        for claim in claims:
            pieces = [LAYOUT.sources.place(ox.NamedNode(name[1:-1])) for name in claim[KW + "statedIn"]]
            if all(piece and piece.source.kind == "authority" for piece in pieces):
                continue  # what catalogues say is another part of an export
            assert claim[KW + "statedIn"] <= said[triple] or claim in written_out, triple
            assert claim[KW + "statedIn"], triple


# --- the command --------------------------------------------------------------------------------------------


def test_a_file_is_the_same_as_standard_output(tmp_path: Path, icrc: Command) -> None:
    target = tmp_path / "graph.ttl"
    written = icrc("export", "-o", target, "--root", ROOT)
    printed = icrc("export", "--root", ROOT)
    assert (written.code, printed.code) == (0, 0)
    assert target.read_text(encoding="utf-8") == printed.out
    assert written.out == ""
    assert "written to" in written.err
    assert printed.err == ""


def test_an_existing_file_is_replaced(tmp_path: Path, icrc: Command) -> None:
    target = tmp_path / "graph.nt"
    target.write_text("old", encoding="utf-8")
    assert icrc("export", "--format", "ntriples", "-o", target, "--root", ROOT).code == 0
    assert list(ox.parse(path=str(target), format=ox.RdfFormat.N_TRIPLES))
    assert [path.name for path in tmp_path.iterdir()] == ["graph.nt"]


def test_an_existing_file_stays_whole_when_writing_fails(
    tmp_path: Path, icrc: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = tmp_path / "graph.nt"
    target.write_text("old", encoding="utf-8")

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    said = icrc("export", "--format", "ntriples", "-o", target, "--root", ROOT)
    assert said.code == 3
    assert "No space left on device" in said.err
    assert target.read_text(encoding="utf-8") == "old"
    assert [path.name for path in tmp_path.iterdir()] == ["graph.nt"]


def test_a_link_stays_a_link(tmp_path: Path, icrc: Command) -> None:
    """`-o latest.ttl`, where that is a link, writes the file that it stands for."""
    (tmp_path / "graph-1.nt").write_text("old", encoding="utf-8")
    (tmp_path / "latest.nt").symlink_to("graph-1.nt")
    assert icrc("export", "--format", "ntriples", "-o", tmp_path / "latest.nt", "--root", ROOT).code == 0
    assert (tmp_path / "latest.nt").is_symlink()
    assert (tmp_path / "graph-1.nt").stat().st_size > 1000


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no named pipes here")
def test_what_is_no_file_is_written_to_not_replaced(tmp_path: Path) -> None:
    """A named pipe here; /dev/stdout, or /dev/null for an administrator, would be replaced in the same way."""
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    ends = os.open(pipe, os.O_RDWR | os.O_NONBLOCK)
    received = 0
    process = spawn("export", "--format", "ntriples", "-o", pipe, "--root", ROOT)
    while process.poll() is None:
        try:
            received += len(os.read(ends, 1 << 16))
        except BlockingIOError:
            time.sleep(0.01)
    os.close(ends)
    process.communicate()
    assert stat.S_ISFIFO(pipe.stat().st_mode), "the pipe was replaced by a file"
    assert process.returncode == 0
    assert received > 100_000


def test_the_reader_may_close_the_pipe_early() -> None:
    for form in ("turtle", "ntriples"):
        with spawn("export", "--format", form, "--root", ROOT) as process:
            assert process.stdout
            assert process.stderr
            assert process.stdout.read(100)
            process.stdout.close()
            err = process.stderr.read()
            process.wait(60)
        assert err == b""
        assert process.returncode == 0
