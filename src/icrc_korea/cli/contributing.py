"""Gives the verb that prepares text for Wikidata's tools; it sends nothing."""

from __future__ import annotations

import sys
from pathlib import Path

from ..errors import LayoutError, UsageError
from ..text import safe
from .terminal import print_lines, say
from .verb import Verb

TYPE_CHECKING = False
if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

    from ..graph import KnowledgeGraph
    from .terminal import Progress

TOOL = "https://quickstatements.toolforge.org/"


def _contribute(graph: KnowledgeGraph, options: argparse.Namespace, progress: Progress) -> int:
    from ..linking.giving.contribution import MAY
    from ..linking.giving.forms import contribute
    from ..linking.giving.listing import MIXED, SCHEMA

    made = contribute(graph, options.form, options.kind, unchecked=options.unchecked, cache=options.cache,
                      api=options.api, tell=progress)  # fmt: skip
    progress.close()
    if options.form in (MIXED, SCHEMA):
        _write(made.tables, options.output)
        page = "www.wikidata.org/wiki/Special:NewEntitySchema"
        where = "mix-n-match.toolforge.org" if options.form == MIXED else page
        say(f"nothing was sent: read it, then give it to https://{where} under your own name")
        return 0
    if options.dry_run:
        print_lines([line for one in made.offers for line in (safe(part) for part in one.words())])
    else:
        _write(made.tables, options.output)
    say(
        f"{made.going} statements {MAY}; {made.had} Wikidata has already; {made.held} stay here"
        + ("" if options.dry_run else "; --dry-run says why of each")
    )
    if options.unchecked:
        say("mind: nothing was compared with Wikidata (--unchecked), so what is there already may stand in this text")
    else:
        say(f"compared with Wikidata as it was read on {made.day}")
    if made.going and not options.dry_run:
        say(f"nothing was sent: read every line, then give it to {TOOL} under your own name")
    return 0


def _write(tables: Sequence[str], output: str | None) -> None:
    """To the file, or to several with numbers where one table cannot hold all; to standard output without a name."""
    from ..rdf.atomic import write_atomically

    if not output:
        sys.stdout.write("\n".join(tables))
        if len(tables) > 1:
            say(f"{len(tables)} tables with an empty line between: QuickStatements takes one at a time")
        return
    path = Path(output)
    if path.is_dir():
        raise UsageError(f"{path} is a folder", "give -o the name of a file")
    for number, table in enumerate(tables, 1):
        name = path if len(tables) == 1 else path.with_stem(f"{path.stem}-{number}")
        try:
            write_atomically(name, table.encode())
        except OSError as error:
            raise LayoutError(
                f"{name} cannot be written: {error.strerror}", "give a file in a folder you may write to"
            ) from None
        say(f"{name} written")


VERBS = {
    "contribute": Verb(
        _contribute,
        "write what Wikidata lacks and we hold with a source, for QuickStatements; sends nothing",
        [
            "icrc-korea contribute --dry-run                       each statement in words, and why it may go or not",
            "icrc-korea contribute --form v1 -o statements.txt",
            "icrc-korea contribute --form csv -o statements.csv",
            "icrc-korea contribute --form mixnmatch -o catalogue.csv",
            "icrc-korea contribute --form entityschema --class Organisation",
            "icrc-korea contribute --dry-run --unchecked           without having read Wikidata before",
        ],
        [
            ("--form", {"choices": ["v1", "csv", "mixnmatch", "entityschema"], "default": "v1",
                        "help": "V1 or CSV of QuickStatements, a Mix'n'match catalogue, or ShEx (v1)"}),
            ("--class", {"dest": "kind", "choices": ["Person", "Organisation"], "default": "Person",
                         "help": "for --form entityschema: the class that it describes (Person)"}),
            ("-o --output", {"metavar": "FILE", "help": "where to write it (default: standard output)"}),
            ("--dry-run", {"action": "store_true", "help": "say of each statement in words why it may go, or not"}),
            ("--unchecked", {"action": "store_true",
                             "help": "do not compare with what was read from Wikidata, and say so"}),
            ("--cache", {"metavar": "DIR", "help": "where answers are kept (default: in your cache folder)"}),
            ("--api", {"metavar": "URL", "help": "the address of the API that was read, if it is not Wikidata's own"}),
        ],
    ),
}  # fmt: skip
