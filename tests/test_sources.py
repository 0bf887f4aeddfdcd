"""Graphs that speak from several sources: what they agree on, where they differ, and what one alone says.

Each file of `cases/sources/` adds sources to the small graph of `cases/check/small/` and asks what then holds.
"""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
import yaml
from conftest import ROOT, Command
from test_check import make

import icrc_korea
from icrc_korea.errors import KgError

CASES = sorted((Path(__file__).parent / "cases" / "sources").glob("*.yaml"))
SOURCE = """
@prefix kw: <https://w3id.org/icrc-korea/ontology#> .
@prefix dct: <http://purl.org/dc/terms/> .
@prefix skos: <http://www.w3.org/2004/02/skos/core#> .
@prefix source: <https://w3id.org/icrc-korea/id/source/> .
@prefix own: <https://w3id.org/icrc-korea/id/{name}/> .
"""


def with_source(root: Path, name: str, statements: str = "") -> Path:
    """Puts one more source into a graph."""
    with (root / "graph.toml").open("a", encoding="utf-8") as settings:
        settings.write(f'[source.{name}]\nis = "source:{name}"\npieces = "{name}"\nkind = "text"\n')
    with (root / "ontology" / "prefixes.ttl").open("a", encoding="utf-8") as prefixes:
        prefixes.write(f"@prefix {name}: <https://w3id.org/icrc-korea/id/{name}/> .\n")
    folder = root / "data" / "sources" / name
    (folder / "statements").mkdir(parents=True)
    head = SOURCE.format(name=name)
    (folder / "source.ttl").write_text(
        f'{head}source:{name} a kw:DocumentEdition ; skos:prefLabel "The {name}"@en .\n', encoding="utf-8"
    )
    if statements:
        (folder / "pieces.ttl").write_text(
            f"{head}own:r1 a kw:EditedDocument ; dct:isPartOf source:{name} ; kw:deepLink <https://example.org/r1> .\n",
            encoding="utf-8",
        )
        known = icrc_korea.load(root).layout.prefixes
        prefixes = "".join(f"@prefix {prefix}: <{space}> .\n" for prefix, space in known.items())
        (folder / "statements" / "all.trig").write_text(prefixes + statements, encoding="utf-8")
    return root


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_what_several_sources_say(path: Path, tmp_path: Path) -> None:
    case = yaml.safe_load(path.read_text(encoding="utf-8"))
    assert set(case) <= {"about", "second", "third", "holds", "fails", "alone"}
    root = make(tmp_path / "root")
    for name in ("second", "third"):
        if name in case:
            with_source(root, name, case[name])
    graph = icrc_korea.load(root)
    for query in case["holds"]:
        assert graph.query(query).truth, query
    for query in case["fails"]:
        assert not graph.query(query).truth, query
    alone = icrc_korea.load(root, sources="guide")
    for query in case["alone"]:
        assert alone.query(query).truth, query


def test_two_sources_stay_apart_in_one_turtle_file(tmp_path: Path) -> None:
    """Merged outside any graph, and asked by another engine: each claim keeps its source and its piece."""
    import rdflib

    case = yaml.safe_load((CASES[0].parent / "one-that-contradicts.yaml").read_text(encoding="utf-8"))
    graph = icrc_korea.load(with_source(make(tmp_path / "root"), "second", case["second"]))
    merged = rdflib.Graph().parse(data=graph.export(form="turtle", parts=["claims", "inferred"]), format="turtle")
    for query in case["holds"]:
        assert merged.query(query, initNs=graph.layout.prefixes).askAnswer, query
    for query in case["fails"]:
        assert not merged.query(query, initNs=graph.layout.prefixes).askAnswer, query


def test_only_chosen_sources_speak(icrc: Command, root: Path) -> None:
    said = icrc("query", "-", "--sources", "guide", "--root", root, "--format", "csv", stdin="""
        SELECT DISTINCT ?source { ?claim kw:accordingTo ?source }""")  # fmt: skip
    assert said.out.split() == ["source", "https://w3id.org/icrc-korea/id/guide/icrc-korean-war"]
    both = icrc("query", "-", "--sources", "unsc, guide", "--root", root, "--format", "csv", stdin="""
        SELECT DISTINCT ?source { ?claim kw:accordingTo ?source }""")  # fmt: skip
    assert len(both.out.split()) == 3
    unknown = icrc("stats", "--sources", "guid", "--root", root)
    assert (unknown.code, unknown.out) == (2, "")
    assert "there is no source 'guid'" in unknown.err
    assert "guide" in unknown.err.partition("→")[2]
    none = icrc("stats", "--sources", ",", "--root", root)
    assert none.code == 2, none.err


def test_a_text_is_anchored_beside_another(icrc: Command, tmp_path: Path) -> None:
    root = with_source(make(tmp_path / "root"), "diary")
    text = tmp_path / "diary.txt"
    text.write_text("The boat left. It came back.\n\nNobody wrote.\n", encoding="utf-8")
    before = (root / "data/sources/guide/pieces.ttl").read_bytes()
    dry = icrc("anchor", "--source", "diary", "--text", text, "--dry-run", "--root", root)
    assert dry.code == 0
    assert dry.out.splitlines() == [f"{name} is new" for name in ("P01", "P01.s1", "P01.s2", "P02", "P02.s1")]
    pieces = root / "data/sources/diary/pieces.ttl"
    assert not pieces.exists()
    assert icrc("anchor", "--source", "diary", "--text", text, "--root", root).code == 0
    assert (root / "data/sources/guide/pieces.ttl").read_bytes() == before
    written = pieces.read_text(encoding="utf-8")
    assert "diary:P01.s2 a kw:Sentence" in written
    assert "dct:isPartOf source:diary" in written
    assert "blogs.icrc.org" not in written, "another source's address"
    text.write_text("The boat left. It sank.\n", encoding="utf-8")
    said = icrc("anchor", "--source", "diary", "--text", text, "--root", root)
    assert said.code == 2
    assert "P01.s2 has another text" in said.err
    assert "P02 goes" in said.err
    assert pieces.read_text(encoding="utf-8") == written, "pieces were changed unasked"
    assert icrc("anchor", "--source", "diary", "--text", text, "--replace", "--root", root).code == 0
    assert "P02" not in pieces.read_text(encoding="utf-8")
    assert icrc("anchor", "--source", "dairy", "--text", text, "--root", root).code == 2


FAULTS = {
    "no file": (None, "graph.toml is missing"),
    "no TOML": ("title = ", "graph.toml"),
    "no source": ('title = "x"', "names no source"),
    "an unknown word": ('[source.guide]\nis = "guide:a"\npieces = "passage"\nkinds = "text"', "did you mean kind?"),
    "no pieces": ('[source.guide]\nis = "guide:a"', "has no 'pieces'"),
    "an unknown prefix": ('[source.guide]\nis = "guide:a"\npieces = "pasage"', "pasage: of [source.guide] is not in"),
    "an unknown kind": ('[source.guide]\nis = "guide:a"\npieces = "passage"\nkind = "book"', "unknown kind 'book'"),
    "no name": ('[source.guide]\nis = "the guide"\npieces = "passage"', "is no name"),
    "a number": ('[source.guide]\nis = 5\npieces = "passage"', "is no text"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_in_the_settings_is_named(fault: str, small: Path) -> None:
    text, words = FAULTS[fault]
    if text is None:
        (small / "graph.toml").unlink()
    else:
        (small / "graph.toml").write_text(text, encoding="utf-8")
    with pytest.raises(KgError, match=words.replace("[", r"\[").replace("?", r"\?")):
        icrc_korea.load(small).build()


def test_what_a_second_source_changes_is_seen() -> None:
    """The resolutions and the diplomatic documents beside the guide: what each adds, and where they differ."""
    graph = icrc_korea.load(ROOT)
    for query in (
        "ASK { event:adoption-unsc-84 kw:when timespan:1950-07-07 ; kw:meetingNumber 476 ; kw:votesFor 7 }",
        "ASK { resolution:unsc-84 kw:documentSymbol 'S/1588' ; kw:recommends topic:forces-under-a-unified-command }",
        "ASK { communication:dprk-message-to-unsg kw:when timespan:1950-07-13 }",
        "ASK { ?finer kw:finerThan ?coarse . ?finer rdf:object person:pak-heun-young . "
        "?coarse rdf:object office:dprk-foreign-minister }",
        "ASK { ?one rdf:subject event:reclassification-1951 ; kw:claimStatus status:contested ; "
        "kw:conflictsWith ?two }",
    ):
        assert graph.query(query).truth, query
    assert not graph.query("ASK { event:reclassification-1951 kw:when ?span }").truth, "a contested date is no fact"
    alone = icrc_korea.load(ROOT, sources="guide")
    assert alone.query("ASK { event:reclassification-1951 kw:when timespan:1951-12 }").truth
    assert not alone.query("ASK { event:adoption-unsc-84 kw:when ?span }").truth, "the guide gives no day"
    shutil.rmtree(ROOT / "build" / "sources", ignore_errors=True)
