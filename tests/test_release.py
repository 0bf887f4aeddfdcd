"""A release holds what a repository and a catalogue want, and is the same whenever it is made again."""

from __future__ import annotations

import json
import shutil
from hashlib import sha256
from pathlib import Path

import pytest
import rdflib
from conftest import ROOT, ran

DATED = ("--date", "2026-12-01")
DCAT, DCT = rdflib.Namespace("http://www.w3.org/ns/dcat#"), rdflib.Namespace("http://purl.org/dc/terms/")


@pytest.fixture
def project(small: Path) -> Path:
    shutil.copy(ROOT / "CITATION.cff", small)
    return small


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_the_same_graph_and_date_give_the_same_bytes(project: Path, tmp_path: Path) -> None:
    for name in ("one", "two"):
        done = ran("--root", project, "release", tmp_path / name, *DATED)
        assert done.code == 0, done.err
    first = contents(tmp_path / "one")
    assert first == contents(tmp_path / "two")
    assert {"data/all.nq", "data/void.ttl", "site/index.html", "CITATION.cff", "dcat.ttl"} <= set(first)
    sums = dict(reversed(line.split("  ", 1)) for line in first.pop("SHA256SUMS").decode().splitlines())
    assert sums == {name: sha256(data).hexdigest() for name, data in first.items()}


def test_it_says_what_has_changed(project: Path, tmp_path: Path) -> None:
    assert ran("--root", project, "release", tmp_path / "one", *DATED).code == 0
    core = project / "ontology" / "core.ttl"
    core.write_text(core.read_text(encoding="utf-8").replace('"Message"@en', '"Letter"@en'), encoding="utf-8")
    done = ran("--root", project, "release", tmp_path / "two", *DATED, "--since", tmp_path / "one")
    assert done.code == 0, done.err
    said = json.loads((tmp_path / "two" / "changes" / "changes.json").read_text(encoding="utf-8"))
    assert said["added"] == said["removed"] == sum(row["added"] for row in said["graphs"].values()) > 0
    assert '"Letter"@en' in (tmp_path / "two" / "changes" / "added.nq").read_text(encoding="utf-8")
    assert '"Message"@en' in (tmp_path / "two" / "changes" / "removed.nq").read_text(encoding="utf-8")


def test_a_catalogue_reads_what_it_asks_for(project: Path, tmp_path: Path) -> None:
    """What the European profile of DCAT, and RO-Crate 1.1, say that there must be."""
    where = "https://data.example.org/korea"
    done = ran("--root", project, "release", tmp_path / "one", *DATED, "--address", where)
    assert done.code == 0, done.err
    graph = rdflib.Graph().parse(tmp_path / "one" / "dcat.ttl")
    dataset = next(graph.subjects(rdflib.RDF.type, DCAT.Dataset))
    for term in (DCT.title, DCT.description, DCT.license, DCT.publisher, DCT.issued, DCAT.keyword):
        assert graph.value(dataset, term) is not None or list(graph.objects(dataset, term))
    files = list(graph.objects(dataset, DCAT.distribution))
    assert len(files) > 5
    for file in files:
        place = str(graph.value(file, DCAT.accessURL))
        assert (tmp_path / "one" / place.removeprefix(where + "/")).is_file()
    crate = json.loads((tmp_path / "one" / "ro-crate-metadata.json").read_text(encoding="utf-8"))
    known = {node["@id"]: node for node in crate["@graph"]}
    assert len(known) == len(crate["@graph"])
    assert {"name", "description", "datePublished", "license"} <= set(known["./"])
    for part in known["./"]["hasPart"]:
        assert (tmp_path / "one" / part["@id"]).exists()
        assert part["@id"] in known


@pytest.mark.parametrize("wrong", [("--date", "yesterday"), ("--since", "nowhere")])
def test_what_cannot_be_is_refused(wrong: tuple[str, str], project: Path, tmp_path: Path) -> None:
    done = ran("--root", project, "release", tmp_path / "one", *wrong)
    assert done.code == 2
    assert "→" in done.err
    assert not (tmp_path / "one").exists()
