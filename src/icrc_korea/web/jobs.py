"""Gives the jobs of the children of a server: what a stranger asked for, answered in bytes.

Two nurseries: `asking` holds the dataset as a store, `reading` also as facts with their claims, for names and pages.
"""

from __future__ import annotations

import gzip
from importlib import import_module
from typing import TYPE_CHECKING

import brotli

from ..dataset.answering import dataset, sparql
from ..dataset.limited import LATE
from ..graph import KnowledgeGraph
from . import documents, questions

if TYPE_CHECKING:
    from ..workers.nursery import Head, Job, Prepared

# what is imported only when it is needed, and so could not be imported any more
ALSO_LATE = (*LATE, "icrc_korea.asking.evidence")
LEAST = 1000  # bytes that are worth packing
SAMPLE: Head = {"forms": ["json", "turtle"], "rows": 10_000, "bytes": 1 << 24}


def asking(settings: Head) -> Prepared:
    """Jobs on the store: `sparql`, `document`, `question`."""
    about, opened = dataset(settings)
    texts = questions.texts(settings)

    def jobs() -> dict[str, Job]:
        built = opened()
        graph = KnowledgeGraph(settings.get("root"))
        graph.take(built)
        graph.searcher.meant("Ruegger")  # reads every name: no file can be opened later
        store = built.whole()
        return packed({
            "sparql": sparql(store),
            "document": documents.job(store),
            "question": questions.job(graph, texts),
        })

    if settings.get("store"):
        return about, jobs
    shared = jobs()
    _warm(shared)
    return about, lambda: shared


def reading(settings: Head) -> Prepared:
    """Jobs on names and pages: `reconcile`, `search`, `page`."""
    from . import names

    about, opened = dataset(settings)

    def graph_of() -> KnowledgeGraph:
        graph = KnowledgeGraph(settings.get("root"))
        graph.take(opened())
        return graph

    if settings.get("store"):
        return about, lambda: packed(names.jobs(graph_of(), settings))
    shared = packed(names.jobs(graph_of(), settings))
    return about, lambda: shared


def packed(jobs: dict[str, Job]) -> dict[str, Job]:
    """The jobs, each with its answer packed as it was asked for."""

    def packing(job: Job) -> Job:
        def run(head: Head, body: bytes) -> tuple[Head, bytes]:
            found, data = job(head, body)
            wanted = head.get("encoding", "")
            if wanted and len(data) >= LEAST:
                data = brotli.compress(data, quality=5) if wanted == "br" else gzip.compress(data, 6, mtime=0)
                found["encoding"] = wanted
            return found, data

        return run

    return {name: packing(job) for name, job in jobs.items()}


def _warm(jobs: dict[str, Job]) -> None:
    """Runs each kind of answer once: what is imported only when it is needed could not be imported later."""
    for module in ALSO_LATE:
        import_module(module)
    warm_formats(jobs)
    _failing(jobs["question"], {**SAMPLE, "name": "nothing"}, b"")
    _failing(jobs["document"], {**SAMPLE, "path": "ontology", "form": "csv"}, b"")


def warm_formats(jobs: dict[str, Job]) -> None:
    """Answers in each format once, and not once."""
    for rows_form in ("json", "xml", "csv", "tsv"):
        jobs["sparql"]({**SAMPLE, "forms": [rows_form, ""], "encoding": "br"}, b"SELECT * { ?s ?p ?o } LIMIT 2")
    for form in ("turtle", "ntriples", "jsonld", "trig", "nquads", "rdfxml"):
        query = b"CONSTRUCT { ?s rdfs:label ?o } { ?s rdfs:label ?o } LIMIT 2"
        jobs["sparql"]({**SAMPLE, "forms": ["", form], "encoding": "gzip"}, query)
    for text in (b"SELECT", b"ASK { SERVICE <x:y> {} }", b"ASK { ?s nix:x ?o }"):
        _failing(jobs["sparql"], SAMPLE, text)


def _failing(job: Job, head: Head, body: bytes) -> None:
    from ..errors import KgError

    try:
        job(head, body)
    except KgError:
        return
