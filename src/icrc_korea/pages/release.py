"""Writes what a repository and a catalogue want of a release: data, site, descriptions, citation, digests, changes."""

from __future__ import annotations

import json
from datetime import date
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

import yaml

from ..errors import UsageError
from ..publishing.package import as_json
from ..rdf.spaces import BASE
from .publish import publish

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import Any

    from ..graph import KnowledgeGraph

CRATE, SUMS, CHANGES = "ro-crate-metadata.json", "SHA256SUMS", "changes"
LICENCE = "https://creativecommons.org/licenses/by/4.0/"
FORMATS = {".ttl": "text/turtle", ".nq": "application/n-quads", ".json": "application/json", ".cff": "text/yaml",
           ".jsonld": "application/ld+json", ".md": "text/markdown"}  # fmt: skip


def release(
    graph: KnowledgeGraph, folder: Path, issued: date, tell: Callable[[int, int, str], None], *,
    since: Path | None = None, address: str = "",
) -> int:  # fmt: skip
    """Writes the release into an empty folder; the same graph and date give the same bytes. Gives how many files.

    `since` is the folder of the release before; `address` is where the public will find this one.
    """
    if folder.exists() and any(folder.iterdir()):
        raise UsageError(f"{folder} is not empty", "name an empty folder, or a new one")
    if since is not None and not (since / "data" / "all.nq").is_file():
        raise UsageError(f"{since} is no release: it has no data/all.nq", "name the folder of the release before")
    root = graph.layout.root
    if not (root / "CITATION.cff").is_file():
        raise UsageError(f"{root} has no CITATION.cff, which says what the release is called and who made it",
                         "run it in a checkout, with --root its folder, or write one")  # fmt: skip
    tell(0, 1, "writing data")
    graph.package(folder / "data")
    publish(graph, folder / "site", tell)
    cited = yaml.safe_load((root / "CITATION.cff").read_text(encoding="utf-8"))
    for name in ("CITATION.cff", "LICENSE", "CHANGELOG.md"):
        if (root / name).is_file():
            (folder / name).write_bytes((root / name).read_bytes())
    if (root / "data" / "LICENSE").is_file():
        (folder / "data" / "LICENSE").write_bytes((root / "data" / "LICENSE").read_bytes())
    if since is not None:
        _changes(folder, since)
    files = [(str(path.relative_to(folder)), path) for path in sorted(folder.rglob("*")) if path.is_file()]
    data = [(name, path) for name, path in files if not name.startswith("site/")]
    (folder / "dcat.ttl").write_text(_dcat(cited, data, issued, address), encoding="utf-8")
    data.append(("dcat.ttl", folder / "dcat.ttl"))
    (folder / CRATE).write_bytes(as_json(_crate(cited, data, issued)))
    sums = sorted([*files, ("dcat.ttl", folder / "dcat.ttl"), (CRATE, folder / CRATE)])
    text = "".join(f"{sha256(path.read_bytes()).hexdigest()}  {name}\n" for name, path in sums)
    (folder / SUMS).write_text(text, encoding="utf-8")
    tell(1, 1, f"{len(sums) + 1:,} files in {folder}")
    return len(sums) + 1


def _changes(folder: Path, since: Path) -> None:
    """What was added and taken away, statement by statement, and how much of it in each graph."""
    new, old = ((place / "data" / "all.nq").read_text(encoding="utf-8").splitlines() for place in (folder, since))
    gone, come = sorted(set(old) - set(new)), sorted(set(new) - set(old))
    counts: dict[str, dict[str, int]] = {}
    for what, lines in (("added", come), ("removed", gone)):
        (folder / CHANGES).mkdir(exist_ok=True)
        (folder / CHANGES / f"{what}.nq").write_text("".join(line + "\n" for line in lines), encoding="utf-8")
        for line in lines:
            graph = line.removesuffix(" .").rpartition(" <")[2].removesuffix(">")
            counts.setdefault(graph, {"added": 0, "removed": 0})[what] += 1
    before = json.loads((since / "data" / "manifest.json").read_text(encoding="utf-8"))
    said = {"since": before["rdfc10_sha256"], "added": len(come), "removed": len(gone),
            "graphs": dict(sorted(counts.items()))}  # fmt: skip
    (folder / CHANGES / "changes.json").write_bytes(as_json(said))


def _crate(cited: dict[str, Any], files: Iterable[tuple[str, Path]], issued: date) -> dict[str, Any]:
    """The release as an RO-Crate."""
    guide = cited["references"][0]
    parts: list[dict[str, Any]] = [
        {"@id": name, "@type": "File", "name": name, "encodingFormat": FORMATS.get(path.suffix, "text/plain"),
         "contentSize": str(path.stat().st_size), "sha256": sha256(path.read_bytes()).hexdigest()}
        for name, path in files
    ]  # fmt: skip
    parts.append({"@id": "site/", "@type": "Dataset", "name": "The graph as pages, in three languages",
                  "description": "Begin with site/index.html"})  # fmt: skip
    authors = [{"@id": f"#author-{number}", "@type": "Organization", "name": author["name"], "url": BASE}
               for number, author in enumerate(cited["authors"], 1)]  # fmt: skip
    return {
        "@context": "https://w3id.org/ro/crate/1.1/context",
        "@graph": [
            {"@id": CRATE, "@type": "CreativeWork", "about": {"@id": "./"},
             "conformsTo": {"@id": "https://w3id.org/ro/crate/1.1"}},
            {"@id": "./", "@type": "Dataset", "name": cited["title"],
             "description": " ".join(cited["abstract"].split()),
             "datePublished": issued.isoformat(), "version": str(cited["version"]), "identifier": BASE + "dataset",
             "license": {"@id": LICENCE}, "keywords": cited["keywords"],
             "author": [{"@id": author["@id"]} for author in authors],
             "publisher": {"@id": authors[0]["@id"]}, "isBasedOn": {"@id": guide["url"]},
             "hasPart": [{"@id": part["@id"]} for part in parts]},
            {"@id": LICENCE, "@type": "CreativeWork", "name": "Creative Commons Attribution 4.0 International",
             "description": "The licence of the data; the code is under the MIT licence, see LICENSE."},
            {"@id": guide["url"], "@type": "WebPage", "name": guide["title"]},
            *authors,
            *parts,
        ],
    }  # fmt: skip


def _dcat(cited: dict[str, Any], files: Iterable[tuple[str, Path]], issued: date, address: str) -> str:
    """The release for a catalogue of data, in DCAT with what its European profile asks for."""
    base = address.rstrip("/") + "/" if address else ""
    abstract, agent = " ".join(cited["abstract"].split()), f"<{BASE}dataset#publisher>"
    said = json.dumps
    text = f"""\
@prefix dcat: <http://www.w3.org/ns/dcat#> .
@prefix dcterms: <http://purl.org/dc/terms/> .
@prefix foaf: <http://xmlns.com/foaf/0.1/> .
@prefix owl: <http://www.w3.org/2002/07/owl#> .
@prefix spdx: <http://spdx.org/rdf/terms#> .
@prefix xsd: <http://www.w3.org/2001/XMLSchema#> .

<{BASE}dataset> a dcat:Dataset ;
    dcterms:title {said(cited["title"], ensure_ascii=False)}@en ;
    dcterms:description {said(abstract, ensure_ascii=False)}@en ;
    dcterms:identifier "{BASE}dataset" ;
    dcterms:issued "{issued.isoformat()}"^^xsd:date ;
    dcterms:license <{LICENCE}> ;
    dcterms:publisher {agent} ;
    dcterms:source <{cited["references"][0]["url"]}> ;
    owl:versionInfo {said(str(cited["version"]))} ;
    dcat:keyword {", ".join(said(word, ensure_ascii=False) + "@en" for word in cited["keywords"])} .
{agent} a foaf:Agent ; foaf:name {said(cited["authors"][0]["name"], ensure_ascii=False)} .
"""
    for name, path in files:
        kind = FORMATS.get(path.suffix) if name.startswith("data/") else None
        if kind is None:
            continue
        digest, node = sha256(path.read_bytes()).hexdigest(), f"<{BASE}dataset/file/{name.removeprefix('data/')}>"
        place = f"<{base}{name}>" if base else node
        text += f"""\
<{BASE}dataset> dcat:distribution {node} .
{node} a dcat:Distribution ;
    dcterms:title {said(name)} ; dcterms:license <{LICENCE}> ; dcat:accessURL {place} ; dcat:downloadURL {place} ;
    dcat:mediaType <https://www.iana.org/assignments/media-types/{kind}> ;
    dcat:byteSize "{path.stat().st_size}"^^xsd:nonNegativeInteger ;
    spdx:checksum [ a spdx:Checksum ; spdx:algorithm spdx:checksumAlgorithm_sha256 ;
        spdx:checksumValue "{digest}"^^xsd:hexBinary ] .
"""
    return text
