"""Gives the jobs of children that read a store which is being written: each looks at one copy of it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from ..content.layout import Layout
from ..dataset.answering import sparql
from ..dataset.limited import ready
from ..errors import UnknownTerm
from ..rdf.changing import digest_of
from ..rdf.results import TRIPLES, in_format, too_many
from ..rdf.store import Store, open_read_only
from ..rdf.terms import DefaultGraph, NamedNode
from .jobs import packed, warm_formats
from .writer import newest

if TYPE_CHECKING:
    from ..workers.nursery import Head, Job, Prepared


def prepare(settings: Head) -> Prepared:
    """Jobs on the newest copy: `sparql`, `graph`."""
    layout = Layout.find(settings.get("root"))
    ready(layout)
    warm_formats(packed({"sparql": sparql(Store(layout))}))

    def jobs() -> dict[str, Job]:
        store = open_read_only(newest(Path(settings["folder"])), layout)
        return packed({"sparql": sparql(store), "graph": graph(store)})

    return {"digest": "empty"}, jobs


def graph(store: Store) -> Job:
    """The job that gives one graph whole."""

    def run(head: Head, _: bytes) -> tuple[Head, bytes]:
        iri = head["graph"]
        name = NamedNode(iri) if iri else DefaultGraph()
        triples = list(store.every(graph=name))
        if iri and not triples and not store.has_graph(NamedNode(iri)):
            remedy = "SELECT DISTINCT ?g { GRAPH ?g {} } tells which there are"
            error = UnknownTerm(f"there is no graph {iri}", (), remedy)
            error.asked_for = True  # type: ignore[attr-defined]
            raise error
        if len(triples) > head["rows"]:
            raise too_many("triples", head["rows"])
        data = in_format(triples, head["form"], store)
        return {"type": TRIPLES[head["form"]][0], "lasting": True, "tag": digest_of(triples)}, data

    return run
