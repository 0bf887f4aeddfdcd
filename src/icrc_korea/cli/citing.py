"""Gives the verb that cites a thing or a statement."""

from __future__ import annotations

import os
import sys

from ..errors import UsageError
from .verb import STORE, Verb

TYPE_CHECKING = False
if TYPE_CHECKING:
    import argparse

    from ..graph import KnowledgeGraph
    from .terminal import Progress


def _cite(graph: KnowledgeGraph, options: argparse.Namespace, progress: Progress) -> int:
    if len(options.terms) not in (1, 3):
        raise UsageError("cite a thing, or a statement of three parts",
                         "icrc-korea cite THING, or icrc-korea cite THING PROPERTY VALUE")  # fmt: skip
    found = graph.cite(*options.terms, guide=options.guide or None)
    progress.close()
    write = {"text": found.text, "bibtex": found.bibtex, "csl": found.csl}[options.format]
    sys.stdout.flush()
    sys.stdout.buffer.write(write().encode())
    return 0


VERBS = {
    "cite": Verb(
        _cite,
        "cite a thing or a statement, with its sentence and the release",
        [
            "icrc-korea cite 'Paul Ruegger'",
            "icrc-korea cite event:ruegger-journey-1951 kw:carriedOutBy 'Paul Ruegger'",
            "icrc-korea cite organisation:icrc kw:founded timespan:1863 --format bibtex",
            "icrc-korea cite organisation:icrc kw:founded timespan:1863 --guide guide.txt     quotes the sentence",
        ],
        [
            ("terms", {"nargs": "+", "metavar": "TERM", "help": "a thing; or a thing, a property and a value"}),
            ("--guide", {"metavar": "FILE", "default": os.environ.get("ICRC_KOREA_GUIDE", ""),
                         "help": "your copy of the guide’s text, to quote sentences from; else ICRC_KOREA_GUIDE"}),
            STORE,
        ],
        "text bibtex csl",
    ),
}
