"""Gives the verb that searches by a word in any script."""

from __future__ import annotations

from ..text import columns, safe, width_of_terminal
from .terminal import print_json, print_lines, say
from .verb import Verb

TYPE_CHECKING = False
if TYPE_CHECKING:
    import argparse

    from ..graph import KnowledgeGraph
    from .terminal import Progress


def _search(graph: KnowledgeGraph, options: argparse.Namespace, progress: Progress) -> int:
    languages = tuple(dict.fromkeys((options.lang, "en")))
    found = graph.search(" ".join(options.words), languages, options.limit)
    progress.close()
    if options.format == "json":
        return print_json([one.as_dict() for one in found])
    names = ["id", "kind", "name", "why"]
    rows = [[one.id, one.kind, safe(one.name), safe(one.why)] for one in found]
    if options.format == "csv":
        import csv
        import sys

        writer = csv.writer(sys.stdout)
        writer.writerows([names, *rows])
        return 0
    if rows:
        print_lines(columns(names, rows, width_of_terminal()))
    say(f"{len(rows)} found" + ("" if rows else ": try another spelling, or a shorter word"))
    return 0


VERBS = {
    "search": Verb(
        _search,
        "find things, terms and questions by a word in any script",
        [
            "icrc-korea search Ruegger",
            "icrc-korea search 거제도",
            "icrc-korea search camp --lang fr",
            "icrc-korea search 'Res 84' --format json",
        ],
        [
            ("words", {"nargs": "+", "metavar": "WORD", "help": "a name or part of one, an identifier, words"}),
            ("--limit", {"type": int, "default": 20, "metavar": "N", "help": "how many at most (20)"}),
            ("--lang", {"choices": ["en", "fr", "ko"], "default": "en", "help": "language of the names"}),
        ],
        "table json csv",
    ),
}
