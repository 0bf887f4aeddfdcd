"""What goes in comes out: files of any kind in a store, written in every format, read back; or refused by name.

`cases/roundtrip/kept` must come back whole in each format, or be refused by a format that has no way to write it;
`cases/roundtrip/refused` must never reach a parser that it would bring down or send elsewhere.
"""

from __future__ import annotations

import gzip
import json
import os
import re
import shutil
import xml.dom.minidom
from pathlib import Path

import pyoxigraph as ox
import pytest
from conftest import ROOT, Command, ran

CASES = Path(__file__).parent / "cases" / "roundtrip"
KEPT, REFUSED = (sorted((CASES / name).iterdir()) for name in ("kept", "refused"))
ENDINGS = {"turtle": "ttl", "trig": "trig", "nquads": "nq", "ntriples": "nt", "jsonld": "jsonld", "rdfxml": "rdf"}
FORMATS = {".ttl": ox.RdfFormat.TURTLE, ".nt": ox.RdfFormat.N_TRIPLES}
# what a format has no way to write, so that it says so
NO_WAY = {
    ("triple-term", "jsonld"), ("class-that-ends-in-digits", "rdfxml"), ("control-character", "rdfxml"),
}  # fmt: skip


def about_examples(quads: list[ox.Quad]) -> list[ox.Quad]:
    """The triples of the things under example.org, with the nameless things that hang on them."""
    by_subject: dict[str, list[ox.Quad]] = {}
    for quad in quads:
        by_subject.setdefault(str(quad.subject), []).append(quad)
    todo = [name for name in by_subject if name.startswith("<http://example.org/")]
    found: dict[str, list[ox.Quad]] = {}
    while todo:
        name = todo.pop()
        found[name] = by_subject.get(name, [])
        todo += [other for one in found[name] if (other := str(one.object)) in by_subject and other not in found]
    return [quad for held in found.values() for quad in held]


def named(quads: list[ox.Quad]) -> set[str]:
    """The triples with canonical names for what has none; those that an export gives are nameless again."""
    quads = about_examples(quads)
    lines = "".join(f"{ox.Triple(q.subject, q.predicate, q.object)} .\n" for q in quads)
    lines = lines.replace("<https://w3id.org/icrc-korea/.well-known/genid/", "<urn:genid:")
    lines = re.sub(r"<urn:genid:([^>]+)>", r"_:b\1", lines)
    dataset = ox.Dataset(ox.parse(lines, format=ox.RdfFormat.N_TRIPLES))
    dataset.canonicalize(ox.CanonicalizationAlgorithm.RDFC_1_0)
    return {str(quad.triple) for quad in dataset}


@pytest.fixture(scope="module", params=KEPT, ids=lambda case: case.stem)
def stored(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    store = tmp_path_factory.mktemp("store") / "store"
    done = ran("--root", ROOT, "build", "--store", store, request.param)
    assert done.code == 0, done.err
    return request.param, store


@pytest.mark.parametrize("form", ENDINGS)
def test_it_comes_back(form: str, stored: tuple[Path, Path], tmp_path: Path) -> None:
    case, store = stored
    target = tmp_path / f"out.{ENDINGS[form]}"
    done = ran("--root", ROOT, "export", "--store", store, "--preset", "all", "-o", target)
    if (case.stem, form) in NO_WAY:
        assert done.code == 2
        assert "→" in done.err
        assert not target.exists()
        return
    assert done.code == 0, done.err
    if form == "rdfxml":
        xml.dom.minidom.parseString(target.read_bytes())
    again = tmp_path / "again"
    assert ran("--root", ROOT, "build", "--store", again, target).code == 0
    assert ran("--root", ROOT, "export", "--store", again, "--preset", "all", "-o", tmp_path / "again.nt").code == 0
    text = case.read_text(encoding="utf-8-sig")
    before = named(list(ox.parse(text, format=FORMATS[case.suffix], rename_blank_nodes=False)))
    after = named(list(ox.parse((tmp_path / "again.nt").read_bytes(), format=ox.RdfFormat.N_TRIPLES)))
    assert after == before


@pytest.mark.parametrize("case", REFUSED, ids=lambda case: case.name)
def test_it_is_refused_with_its_place(case: Path, tmp_path: Path) -> None:
    done = ran("--root", ROOT, "build", "--store", tmp_path / "store", case)
    assert done.code == 3, (done.code, done.err)
    assert case.name in done.err
    if case.suffix == ".ttl":
        outside = shutil.copy(case, tmp_path)
        checked = ran("--root", ROOT, "check", outside)
        assert checked.code == 3, checked
        assert case.name in checked.out


def test_a_packed_file_is_read(tmp_path: Path) -> None:
    packed = tmp_path / "x.ttl.gz"
    packed.write_bytes(gzip.compress(b'<http://example.org/a> <http://example.org/p> "x" .'))
    assert ran("--root", ROOT, "build", "--store", tmp_path / "store", packed).code == 0
    packed.write_bytes(packed.read_bytes()[:-12])
    assert ran("--root", ROOT, "build", "--store", tmp_path / "other", packed).code == 3


def test_what_never_ends_is_no_file(tmp_path: Path) -> None:
    pipe, zero = tmp_path / "pipe.ttl", tmp_path / "zero.ttl"
    os.mkfifo(pipe)
    zero.symlink_to("/dev/zero")
    for path in (pipe, zero):
        for words in (("check", path), ("build", "--store", tmp_path / "store", path)):
            done = ran("--root", ROOT, *words)
            assert done.code == 3, (words, done)
            assert "no file with an end" in done.err + done.out


@pytest.mark.parametrize("form", ["json", "xml", "tsv", "csv", "table"])
def test_an_answer_holds_terms_that_are_triples_or_have_a_direction(form: str) -> None:
    query = 'SELECT ?t ?d { BIND(<<( <http://example.org/a> <http://example.org/p> "c"@en )>> AS ?t) ' \
            'BIND(STRLANGDIR("x", "ar", "rtl") AS ?d) }'
    done = ran("--root", ROOT, "query", "-", "--format", form, stdin=query)
    assert done.code == 0, done.err
    if form == "json":
        [row] = json.loads(done.out)["results"]["bindings"]
        assert row["t"]["type"] == "triple"
        assert row["t"]["value"]["object"]["value"] == "c"
        assert row["d"]["its:dir"] == "rtl"
    else:
        assert "http://example.org/p" in done.out


ODD = """
<http://example.org/a> <http://example.org/p> "kept" .
<http://example.org/a b> <http://example.org/p> "odd" .
<http://example.org/a> <http://example.org/p> <http://example.org/%zz> , <http://example.org/c> .
<http://example.org/a> <http://example.org/p> "odd"^^<no:a b> .
<#here> <http://example.org/p> "relative" .
"""


def test_every_iri_that_is_none_is_told_with_its_line_and_can_be_left_out(tmp_path: Path, icrc: Command) -> None:
    path, store = tmp_path / "odd.ttl", tmp_path / "store"
    path.write_text(ODD, encoding="utf-8")
    said = icrc("check", path, "--only", "parse", "--format", "json")
    told = {one["line"] for one in json.loads(said.out)["findings"]}
    assert (said.code, told) == (3, {3, 4, 5, 6})
    said = icrc("build", "--store", store, path)
    assert said.code == 3
    assert all(f"<{iri}>" in said.err for iri in ("http://example.org/a b", "http://example.org/%zz", "no:a b"))
    assert icrc("build", "--store", store, path, "--leave-out", "--base", "http://example.org/doc").code == 0
    rows = icrc("query", "-", "--store", store, "--format", "csv", stdin="SELECT ?s ?o { ?s ?p ?o }").out.splitlines()
    assert sorted(rows[1:]) == sorted([
        "http://example.org/a,kept", "http://example.org/a,http://example.org/c", "http://example.org/doc#here,relative",
    ])  # fmt: skip
    said = icrc("check", path, "--only", "parse", "--leave-out", "--base", "http://example.org/", "--format", "json")
    assert (said.code, {one["severity"] for one in json.loads(said.out)["findings"]}) == (0, {"warning"})
