"""Hides how the graph is taken elsewhere from the terminal: files, and stores of others."""

from __future__ import annotations

import sys

from ..terminal import Progress, say
from . import Verb

TYPE_CHECKING = False
if TYPE_CHECKING:
    import argparse

    from ..graph import KnowledgeGraph



def _export(graph: KnowledgeGraph, options: argparse.Namespace, progress: Progress) -> int:
    parts = [part.strip() for part in options.parts.split(",") if part.strip()]
    data = graph.export(options.target, options.format, parts, options.same_as)
    progress.close()
    if options.target is None:
        sys.stdout.flush()
        sys.stdout.buffer.write(data)
    else:
        say(f"{len(data):,} bytes of {options.format} written to {options.target}")
    return 0


VERBS = {
    "export": Verb(
        _export,
        "write the graph for other tools",
        [
            "icrc-korea export --format turtle --with claims,inferred -o graph.ttl",
            "icrc-korea export --format nquads > graph.nq",
            "icrc-korea export --with links --same-as schema:sameAs -o linked.ttl",
        ],
        [
            ("--with", {"dest": "parts", "default": "", "metavar": "PART,…",
                        "help": "add claims, inferred, links, enrichment, alignments, catalogue"}),
            ("--same-as", {"default": "", "choices": ["owl:sameAs", "schema:sameAs"],
                           "help": "what to call an exact match in the links, instead of skos:exactMatch"}),
            ("-o", {"dest": "target", "metavar": "FILE", "help": "write this file instead of standard output"}),
        ],
        "turtle trig nquads ntriples jsonld rdfxml",
    ),
}  # fmt: skip
