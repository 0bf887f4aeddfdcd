"""Writes what is said of a thing: its statements, the claims behind them, and the pieces of the sources that say so."""

from __future__ import annotations

import csv
import io
from functools import cached_property
from typing import TYPE_CHECKING

from ..errors import UnknownTerm
from ..rdf.results import TRIPLES, in_format, too_many
from ..rdf.spaces import BASE, KW, OWL, RDF
from ..rdf.terms import BlankNode, Literal, NamedNode, Quad, readable

if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

    from ..rdf.store import Store
    from ..workers.nursery import Head, Job

SUBJECT, OBJECT, PREDICATE = (NamedNode(RDF + name) for name in ("subject", "object", "predicate"))
# how claims, and judgements on links, name what they are about; not by which property, for that is in every claim
ABOUT = {SUBJECT, OBJECT, NamedNode(OWL + "annotatedSource"), NamedNode(OWL + "annotatedTarget")}
STATED_IN, CERTAINTY = NamedNode(KW + "statedIn"), NamedNode(KW + "certainty")
# the endings of addresses, and the formats that they stand for
SUFFIXES = {"ttl": "turtle", "nt": "ntriples", "jsonld": "jsonld", "rdf": "rdfxml", "csv": "csv"}
FORMATS = {
    "turtle": TRIPLES["turtle"],
    "jsonld": TRIPLES["jsonld"],
    "ntriples": TRIPLES["ntriples"],
    "rdfxml": TRIPLES["rdfxml"],
    "csv": ("text/csv",),
}
COLUMNS = ("subject", "predicate", "object", "language", "datatype", "stated_in", "certainty")


def job(store: Store) -> Job:
    """The job that writes a document; its head has `path` and `form`."""

    lists = Lists(store)

    def run(head: Head, _: bytes) -> tuple[Head, bytes]:
        iri, form = named(store, lists, head["path"], head.get("form", ""))
        quads = document(store, lists, iri, head["rows"])
        data = _table(store, iri, quads) if form == "csv" else in_format(quads, form, store)
        if len(data) > head["bytes"]:
            raise too_many("bytes", head["bytes"])
        return {"type": FORMATS[form][0], "iri": iri, "lasting": True}, data

    return run


class Lists:
    """The terms of each ontology or list: what has its address and a `#`."""

    def __init__(self, store: Store) -> None:
        self._store = store

    @cached_property
    def _terms(self) -> dict[str, dict[NamedNode, None]]:
        found: dict[str, dict[NamedNode, None]] = {}
        for quad in self._store.every():
            if isinstance(quad.subject, NamedNode) and "#" in quad.subject.value:
                found.setdefault(quad.subject.value.partition("#")[0], {})[quad.subject] = None
        return found

    def of(self, node: NamedNode) -> list[NamedNode]:
        """The terms of one; none for a thing."""
        return list(self._terms.get(node.value, ()))


def named(store: Store, lists: Lists, path: str, form: str) -> tuple[str, str]:
    """The IRI that a path stands for, and the format: by the path's ending, unless the ending is part of the name."""
    name, dot, ending = path.rpartition(".")
    readings = [(path, ""), *([(name, ending)] if dot and ending in SUFFIXES else [])]
    for name, ending in readings:
        try:
            node = NamedNode(BASE + name)
        except ValueError:
            continue
        if store.mentions(node) or lists.of(node):
            return node.value, SUFFIXES.get(ending, "") or form
    error = UnknownTerm(f"nothing in the graph is called {BASE}{path}", (), "search for it by a name: /search?q=…")
    error.asked_for = True  # type: ignore[attr-defined]
    raise error


def document(store: Store, lists: Lists, iri: str, most: int) -> list[Any]:
    """The triples of a document, each once."""
    node = NamedNode(iri)
    found: dict[Any, None] = {}

    def take(quads: Iterable[Quad]) -> list[Quad]:
        taken = list(quads)
        for quad in taken:
            found[quad.triple] = None
        if len(found) > most:
            raise too_many("triples", most)
        return taken

    open_ones: list[Any] = [node, *lists.of(node)]
    seen = set(open_ones)
    while open_ones:  # and the nameless parts that belong to it
        for quad in take(store.every(open_ones.pop())):
            if isinstance(quad.object, BlankNode) and quad.object not in seen:
                seen.add(quad.object)
                open_ones.append(quad.object)
    claims: dict[Any, None] = {}
    for quad in store.every(None, None, node):
        if quad.predicate in ABOUT:
            claims[quad.subject] = None
        elif quad.predicate != PREDICATE:
            take([quad])
    take(store.every(None, None, None, node))
    pieces = [quad.object for quad in store.every(node, STATED_IN)]
    for claim in claims:
        pieces += [quad.object for quad in take(store.every(claim)) if quad.predicate == STATED_IN]
    for piece in dict.fromkeys(pieces):
        if isinstance(piece, NamedNode):
            take(store.every(piece))
    if not found:  # only a property of claims, or a name that something else has
        take(store.every(None, node)) or take(store.every(None, None, node))
    return list(found)


def _table(store: Store, iri: str, triples: list[Any]) -> bytes:
    """The statements of and about a thing as CSV, with the sentences that say so; claims are columns, not rows."""
    of_claims: dict[Any, dict[Any, list[Any]]] = {}
    for triple in triples:
        of_claims.setdefault(triple.subject, {}).setdefault(triple.predicate, []).append(triple.object)
    claimed: dict[tuple[Any, ...], list[Any]] = {}
    for claim, fields in of_claims.items():
        if SUBJECT in fields and PREDICATE in fields and OBJECT in fields:
            claimed.setdefault((fields[SUBJECT][0], fields[PREDICATE][0], fields[OBJECT][0]), []).append(claim)
    node, layout = NamedNode(iri), store.layout
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(COLUMNS)
    rows = {(triple.subject, triple.predicate, triple.object): None for triple in triples}
    own = [row for row in rows if node in (row[0], row[2])] or list(rows)
    own = [row for row in own if row[1] not in ABOUT] or own
    own += [triple for triple in claimed if triple not in rows and node in triple]  # claims that are not stated plainly
    for triple in sorted(dict.fromkeys(own), key=lambda row: (row[0] != node, *map(str, row))):
        claims = claimed.get(triple, [])
        sentences = sorted({readable(v, layout) for one in claims for v in of_claims[one].get(STATED_IN, [])})
        certainty = sorted({readable(v, layout) for one in claims for v in of_claims[one].get(CERTAINTY, [])})
        value = triple[2]
        literal = isinstance(value, Literal)
        language, datatype = (value.language or "", value.datatype.value) if literal else ("", "")
        writer.writerow([
            *(getattr(term, "value", str(term)) for term in triple), language, datatype if not language else "",
            " ".join(sentences), " ".join(certainty),
        ])  # fmt: skip
    return text.getvalue().encode()
