"""Writes the whole site as plain files for any web space."""

from __future__ import annotations

import csv
import gzip
import io
import json
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import KgError, UsageError
from .bundle import bundled, files
from .site import Site
from .words import LANGUAGES

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from ..graph import KnowledgeGraph

SIGN = "published-by-icrc-korea.json"  # in a folder that this verb wrote, and may write again
REDIRECTS = """\
# For the entry of the namespace at w3id.org, or any Apache host; replace the address by that of the published site.
# Nothing here claims that such an entry exists.
RewriteEngine on
RewriteCond %{HTTP_ACCEPT} text/turtle
RewriteRule ^(id/.*|vocab/.*|ontology)$ https://example.org/site/$1.ttl [R=303,L]
RewriteCond %{HTTP_ACCEPT} application/ld\\+json
RewriteRule ^(id/.*|vocab/.*|ontology)$ https://example.org/site/$1.jsonld [R=303,L]
RewriteRule ^(id/.*|vocab/.*|ontology)$ https://example.org/site/$1.html [R=303,L]
"""


def publish(graph: KnowledgeGraph, folder: Path, tell: Callable[[int, int, str], None]) -> int:
    """Writes every page in each language, the data of each thing, and the answers of all questions; gives the number.

    A folder that holds anything else is refused: nothing of others is overwritten.
    """
    if folder.exists() and any(folder.iterdir()) and not (folder / SIGN).is_file():
        raise UsageError(f"{folder} holds files that were not written by `publish`", "name an empty or a new folder")
    site = begin(graph, folder)
    paths = list(site.paths())
    steps, written = len(paths) + len(site.questions) + 2, 0
    for number, path in enumerate(paths):
        if number % 50 == 0:
            tell(number, steps, "writing pages")
        for language in LANGUAGES:
            html = site.page(path, language)
            if html is not None:
                prefix = "" if language == "en" else language + "/"
                put(folder, f"{prefix}{path or 'index'}.html", html)
                written += 1
    for number, name in enumerate(site.questions):
        tell(len(paths) + number, steps, "writing answers")
        try:
            answer = graph.ask_question(site.questions[name], {})
        except KgError:
            continue
        if answer.kind == "select":
            put(folder, f"q/{name}.csv", answer.serialise("csv"))
            rows = json.dumps(list(answer), ensure_ascii=False, default=str)
            put(folder, f"q/{name}.json", rows.encode())
        written += 2
    tell(steps - 2, steps, "writing data")
    written += _data(site, graph, folder)
    (folder / "w3id.htaccess").write_text(REDIRECTS, encoding="utf-8")
    return written


def begin(graph: KnowledgeGraph, folder: Path) -> Site:
    """Writes what all pages of a site share, among it the whole graph for the engine in a browser; gives the site."""
    packed = _packed(graph)
    site = Site(graph, live=_live(packed))
    folder.mkdir(parents=True, exist_ok=True)
    put(folder, SIGN, json.dumps({"digest": site.digest}).encode() + b"\n")
    for name, (_, data) in files().items():
        put(folder, f"static/{name}", data)
    if site.live:
        put(folder, site.live["graph"], packed)
    return site


def _packed(graph: KnowledgeGraph) -> bytes:
    """The whole dataset as an engine in a browser loads it."""
    from ..rdf.writing import serialise

    return gzip.compress(serialise(graph.built.quads(), "nquads", graph.layout), 9, mtime=0)


def _live(packed: bytes) -> dict[str, Any]:
    """What pages are told of the file of the whole graph: its name, which changes with its content, and the weight of
    it and the engine."""
    weight = len(packed) + sum(bundled().get("sizes", {}).get(name, 0) for name in ("oxigraph.wasm.gz", "engine.js"))
    name = f"static/graph-{sha256(packed).hexdigest()[:12]}.nq.gz"
    return {"graph": name, "bytes": weight, "mb": f"{weight / 1e6:.1f}"}


def put(folder: Path, name: str, data: bytes) -> None:
    """Writes one file of a site."""
    target = folder / name
    if folder.resolve() not in target.resolve().parents:
        raise UsageError(f"{name} would lie outside {folder}", "this address cannot be published as a file")
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(data)


def _data(site: Site, graph: KnowledgeGraph, folder: Path) -> int:
    """The statements of each thing in five formats, and everything in one file of two."""
    from ..publishing.export import Choice
    from ..rdf.terms import NamedNode, Quad
    from ..rdf.writing import serialise

    facts, layout, number = graph.facts, graph.layout, 0
    for path, node in site.things.items():
        nodes = [node, *site.terms(node)]
        triples: list[tuple[Any, Any, Any]] = []
        for one in nodes:
            triples += [(one, predicate, value) for predicate, value in facts.out.get(one, {})]
        triples += [(subject, predicate, node) for subject, predicate in facts.into.get(node, {})]
        for triple in list(triples):
            for claim in facts.claims.get(triple, ()):
                iri = NamedNode(layout.expand(claim.id) or "")
                triples += [(iri, predicate, value) for predicate, value in facts.out.get(iri, {})]
        quads = [Quad(*triple) for triple in dict.fromkeys(triples)]
        for suffix, form in (("ttl", "turtle"), ("nt", "ntriples"), ("jsonld", "jsonld"), ("rdf", "rdfxml")):
            put(folder, f"{path}.{suffix}", serialise(quads, form, layout))
        text = io.StringIO(newline="")
        rows = csv.writer(text)
        rows.writerow(["subject", "predicate", "object"])
        rows.writerows([getattr(part, "value", str(part)) for part in triple] for triple in dict.fromkeys(triples))
        put(folder, f"{path}.csv", text.getvalue().encode())
        number += 5
    everything = Choice(("claims", "inferred"))
    graph.export_into(folder / "icrc-korea.ttl", "turtle", everything)
    graph.export_into(folder / "icrc-korea.nq", "nquads", everything)
    return number + 2
