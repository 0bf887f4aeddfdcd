"""Gives the verbs that find links, judge them, draw on them."""

from __future__ import annotations

import sys
from pathlib import Path

from ..errors import LayoutError, UsageError, nearest
from ..rdf.spaces import KW
from ..text import columns, safe, width_of_terminal
from .terminal import print_json, print_lines, say
from .verb import Verb

TYPE_CHECKING = False
if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator, Sequence
    from typing import Any

    from ..graph import KnowledgeGraph
    from ..linking.candidates import Finder
    from ..linking.judgements import Decision, Judgements
    from ..linking.scoring import Candidate
    from ..linking.things import Thing, Things
    from .terminal import Progress
    Found = Iterator[tuple[Thing, list[Candidate]]]

def _link(graph: KnowledgeGraph, options: argparse.Namespace, progress: Progress) -> int:
    from ..linking.candidates import Finder
    from ..linking.judgements import Judgements
    from ..linking.things import Things

    judgements, things = Judgements(graph.layout), Things(graph)
    if options.read_back:
        return _import(graph, options, judgements, things, progress)
    if options.accept or options.reject or options.none:
        return _judge(graph, options, progress)
    chosen = _chosen(graph, options, things, judgements)
    if not options.terms and not options.kind and not (options.review or options.export or options.all):
        return _work_list(chosen, things, judgements, options, progress)
    finder = Finder(service(options), judgements, options.limit)
    found = _search(chosen, things, finder, options, progress)
    if options.review:
        return _review(graph, options, judgements, things, found, progress)
    if options.export:
        return _export(found, options, progress)
    return _show(list(found), judgements, options, progress)


def _chosen(graph: KnowledgeGraph, options: argparse.Namespace, things: Things, judgements: Judgements) -> list[str]:
    """The things that are meant: those named, those of a class, or all; of many, those not judged yet."""
    if options.terms:
        return [graph.resolve(term) for term in options.terms]
    shrink = graph.layout.shrink
    kind = (options.kind or "").removeprefix("kw:").removeprefix(KW)
    if not kind:
        judged = (
            {iri for one in judgements.links.judgements if (iri := things.find(one.subject))} if options.all else set()
        )
        return [*things.open(), *sorted(judged - set(things.open()))]
    found = things.of_class(kind)
    if not found:
        close = nearest(kind, things.classes())
        hint = f"did you mean {', '.join(close)}?" if close else "classes: " + ", ".join(things.classes())
        raise UsageError(f"there is no thing of the class {kind!r}", hint)
    return [iri for iri in found if options.all or not judgements.settled(shrink(iri))]


def service(options: argparse.Namespace, **changes: Any) -> Any:
    """The service that the options name."""
    from ..linking.opening import open_service

    names = ("service", "address", "api", "contact", "cache", "offline", "fresh")
    return open_service(**{**{name: getattr(options, name) for name in names}, "tell": say, **changes})


def _search(
    chosen: list[str], things: Things, finder: Finder, options: argparse.Namespace, progress: Progress
) -> Found:
    for number, iri in enumerate(chosen):
        thing = things.read(iri, options.also if len(chosen) == 1 else ())
        progress(number, len(chosen), f"asking about {thing.id}")
        if not thing.names:
            continue
        yield thing, finder.candidates(thing)


def _work_list(
    chosen: list[str], things: Things, judgements: Judgements, options: argparse.Namespace, progress: Progress
) -> int:
    """What nobody has judged yet; asks no service."""
    open_ones = [things.read(iri) for iri in chosen]
    progress.close()
    if options.format == "json":
        return print_json([{"thing": one.id, "label": one.label, "class": one.kind} for one in open_ones])
    rows = [[one.id, one.label, one.kind] for one in sorted(open_ones, key=lambda one: (one.kind, one.id))]
    print_lines(columns(["thing", "name", "class"], rows, width_of_terminal()) if rows else [])
    say(
        f"{len(rows)} things have no judgement yet. Look for one with `icrc-korea link THING`, for those of a class "
        "with `icrc-korea link --class Place`, for all with `icrc-korea link --review`"
    )
    return 0


def _show(
    found: Sequence[tuple[Thing, list[Candidate]]],
    judgements: Judgements,
    options: argparse.Namespace,
    progress: Progress,
) -> int:
    from ..linking.scoring import undecided
    from .review import shown

    progress.close()
    if options.format == "json":
        return print_json([_as_json(thing, candidates, judgements) for thing, candidates in found])
    lines: list[str] = []
    for thing, candidates in found:
        lines += ["", f"{thing.id}  {safe(thing.label)}  ({thing.kind})"]
        for judgement in judgements.of(thing.id):
            what = "is not" if judgement.negated else judgement.predicate.removeprefix("skos:")
            lines.append(f"  judged {judgement.date} by {safe(judgement.author)}: {what} {judgement.object}")
        lines += [line for candidate in candidates for line in shown(thing, candidate)]
        if not candidates:
            lines.append("  no candidate; look under another name with --as NAME")
        elif undecided(candidates):
            lines.append("  the best two cannot be told apart by what is known: look at both")
    print_lines(lines[1:])
    say("judge with `icrc-korea link THING --accept Q… --why '…'`, --reject Q…, or --none; nothing is linked by itself")
    return 0


def _as_json(thing: Thing, candidates: list[Candidate], judgements: Judgements) -> dict[str, Any]:
    return {
        "thing": thing.id,
        "label": thing.label,
        "class": thing.kind,
        "judgements": [
            {"item": one.object, "match": one.predicate, "not": one.negated, "by": one.author, "date": one.date}
            for one in judgements.of(thing.id)
        ],
        "candidates": [
            {
                "item": one.item.id,
                "label": one.item.label("en"),
                "description": one.item.descriptions.get("en", ""),
                "score": one.score,
                "service_score": one.service_score,
                "found": one.found,
                "features": [
                    {"feature": f.name, "points": f.points, "against": f.contradicts, "why": f.why}
                    for f in one.features
                ],
            }
            for one in candidates
        ],
    }


def _judge(graph: KnowledgeGraph, options: argparse.Namespace, progress: Progress) -> int:
    from ..linking.judging import judge

    if len(options.terms) != 1:
        raise UsageError("a judgement is about one thing", "name it: icrc-korea link person:paul-ruegger --accept Q…")
    path = judge(
        graph, options.terms[0], accept=options.accept, reject=options.reject, none=options.none,
        who=options.who or "", why=options.why or "", match=options.match, evidence=options.evidence,
        confidence=options.confidence, replace=options.replace, tell=say,
        known=lambda: service(options, service="api", offline=True),
    )  # fmt: skip
    progress.close()
    count = len(options.accept) + len(options.reject) + options.none
    say(f"{count} judgement{'s' * (count > 1)} written to {graph.layout.name_of(path)}")
    return 0


def _review(
    graph: KnowledgeGraph,
    options: argparse.Namespace,
    judgements: Judgements,
    things: Things,
    found: Found,
    progress: Progress,
) -> int:
    from .review import review

    _named(options)
    count = 0
    labels = {}

    def asked() -> Found:
        for thing, candidates in found:
            progress.close()
            labels[thing.id] = thing.label
            yield thing, candidates

    try:
        for decision in review(asked(), options.who or "", _ask, _tell):
            count += judgements.decide([decision], lambda thing: labels.get(thing, thing), options.replace)
            _mind([decision])
    except (EOFError, KeyboardInterrupt):
        _tell("")
    progress.close()
    say(f"{count} judgements written to {graph.layout.name_of(judgements.path)}; the rest waits for the next review")
    return 0


def _mind(decisions: Sequence[Decision]) -> None:
    for doubt in filter(None, (decision.doubt for decision in decisions)):
        say(f"mind: {doubt}")


def _named(options: argparse.Namespace) -> None:
    """Refuses to begin a review of nobody's, before the first question."""
    import os

    from ..linking.judgements import EDITOR

    if not options.who and not os.environ.get(EDITOR, "").strip():
        raise UsageError("a judgement needs somebody who judges", f"give --who NAME, or set {EDITOR}")


def _ask(question: str) -> str:
    sys.stderr.write(question)
    sys.stderr.flush()
    line = sys.stdin.readline() if sys.stdin else ""
    if not line:
        raise EOFError
    return line.rstrip("\n")


def _tell(line: str) -> None:
    say(line)


def _export(found: Found, options: argparse.Namespace, progress: Progress) -> int:
    from ..linking.judgements import sheet

    path = Path(options.export)
    _write(path, ("\ufeff" + sheet(found)).encode())
    progress.close()
    say(f"{path} written: fill decision (accept, reject, none) and why, then `icrc-korea link --import {path}`")
    return 0


def _import(
    graph: KnowledgeGraph, options: argparse.Namespace, judgements: Judgements, things: Things, progress: Progress
) -> int:
    from ..linking.judgements import read_sheet
    from ..rdf.reading import read_text

    path = Path(options.read_back)
    if not path.is_file():
        raise UsageError(f"there is no file {path}", "check the name")
    decisions = read_sheet(
        read_text(path, str(path)), str(path), lambda thing: bool(things.find(thing)), options.who or ""
    )
    count = judgements.decide(decisions, lambda thing: things.read(things.find(thing)).label, options.replace)
    progress.close()
    _mind(decisions)
    say(f"{count} judgements read from {path} and written to {graph.layout.name_of(judgements.path)}")
    return 0


def _enrich(graph: KnowledgeGraph, options: argparse.Namespace, progress: Progress) -> int:
    from ..linking.enrichment import enrich

    made = enrich(graph, service(options), options.terms, progress)
    progress.close()
    for remark in made.remarks:
        say(f"mind: {remark}")
    say(f"{made.claims} claims on {made.things} things written to {graph.layout.name_of(made.path)}")
    say("see where the guide differs with `icrc-korea conflicts`, and run `icrc-korea check`")
    return 0


def _conflicts(graph: KnowledgeGraph, options: argparse.Namespace, progress: Progress) -> int:
    from ..linking.conflicts import BOTH, COLUMNS, CONFLICTS

    rows = graph.conflicts(options.all)
    progress.close()
    if options.format == "json":
        print_json([{name: getattr(row, name) for name in COLUMNS} for row in rows])
    elif options.format == "csv":
        import csv

        from ..matching.tables import harmless

        writer = csv.writer(sys.stdout)
        writer.writerow(COLUMNS)
        writer.writerows([harmless(getattr(row, name)) for name in COLUMNS] for row in rows)
    elif rows:
        shown = [
            [row.verdict, row.label or row.thing, row.about, f"{row.guide}  {row.sentences}".strip(),
             f"{row.outside}  {_short(row.source)}", row.note or row.reference]
            for row in rows
        ]  # fmt: skip
        print_lines(
            columns(["verdict", "thing", "about", "the guide", "other sources", "note"], shown, width_of_terminal())
        )
    count = sum(row.verdict in (CONFLICTS, BOTH) for row in rows)
    more = "" if options.all else "; --all shows also what only other sources say"
    say(f"{count} of {len(rows)} comparisons show a disagreement{more}")
    return 0


def _short(address: str) -> str:
    """An address as a table has room for it: the item of a statement of Wikidata, else no scheme."""
    import re

    item = re.search(r"wikidata\.org/entity/(?:statement/)?(Q\d+)", address)
    return item.group(1) if item else address.removeprefix("https://").removeprefix("http://")


def _reconcile(graph: KnowledgeGraph, options: argparse.Namespace, progress: Progress) -> int:
    if not options.file or not options.column:
        raise UsageError("reconcile needs a table and the column that holds the names",
                         "icrc-korea reconcile FILE.csv --column NAME; for OpenRefine: icrc-korea serve")  # fmt: skip
    from ..matching import tables

    name = "standard input" if options.file == "-" else options.file
    table = tables.read(_bytes_of(options.file), name, options.encoding or "")
    table.place(options.column)  # before the graph is read
    count = tables.match(table, options.column, graph.matcher, options.kind or "",
                         lambda done, of: progress(done, of, f"matching row {done + 1} of {of}"))  # fmt: skip
    progress.close()
    text, formulas = table.text()
    if options.output:
        _write(Path(options.output), ("\ufeff" + text).encode("utf-8", "replace"))
    else:
        sys.stdout.write(text)
    rows = len(table.rows)
    say(f"{rows} row{'s' * (rows != 1)}: {count['sure']} found surely (match true), {count['open']} to be looked at "
        f"(match false), {count['unknown']} not found")  # fmt: skip
    if formulas:
        say(f"{formulas} cell{'s' * (formulas != 1)} that a spreadsheet would run as a formula now begin with '")
    return 0


def _bytes_of(name: str) -> bytes:
    try:
        return sys.stdin.buffer.read() if name == "-" else Path(name).read_bytes()
    except OSError as error:
        raise LayoutError(f"{name} cannot be read: {error.strerror}", "check the name of the table") from None


def _write(path: Path, data: bytes) -> None:
    from ..rdf.atomic import write_atomically

    if path.is_dir():
        raise UsageError(f"{path} is a folder", "give the name of a file")
    try:
        write_atomically(path, data)
    except OSError as error:
        raise LayoutError(
            f"{path} cannot be written: {error.strerror}", "give a file in a folder you may write to"
        ) from None


ASKING: list[tuple[str, dict[str, Any]]] = [
    ("--service", {"choices": ["api", "query", "reconcile"], "default": "api",
                   "help": "whom to ask: Wikidata's API, its query service (SPARQL), or a reconciliation service"}),
    ("--address", {"metavar": "URL", "help": "the address of that service, if it is not Wikidata's own"}),
    ("--api", {"metavar": "URL", "help": "the address of an API that describes what a reconciliation service finds"}),
    ("--contact", {"metavar": "MAIL|URL",
                   "help": "how Wikimedia can reach you, which it wants to know (or set ICRC_KOREA_CONTACT)"}),
    ("--cache", {"metavar": "DIR", "help": "where answers are kept (default: in your cache folder)"}),
    ("--offline", {"action": "store_true", "help": "ask nobody: only what was answered before"}),
    ("--fresh", {"action": "store_true", "help": "ask anew even what was answered before"}),
    ("--limit", {"type": int, "default": 10, "metavar": "N", "help": "candidates per thing (10)"}),
]  # fmt: skip
VERBS = {
    "link": Verb(
        _link,
        "find the items of Wikidata that describe things of the graph, and judge them",
        [
            "icrc-korea link                                      what nobody has judged yet",
            "icrc-korea link 'Syngman Rhee' --contact you@example.org",
            "icrc-korea link --class Place --service query --contact you@example.org",
            "icrc-korea link person:pak-heun-young --as 박헌영 --contact you@example.org",
            "icrc-korea link place:tokyo --accept Q1490 --who 'A. Archivist' --why 'same city' --replace",
            "icrc-korea link --review --offline --who 'A. Archivist'",
            "icrc-korea link --export candidates.csv --contact you@example.org",
            "icrc-korea link --import candidates.csv --who 'A. Archivist'",
        ],
        [
            ("terms", {"nargs": "*", "metavar": "TERM", "help": "things of the graph, by prefixed name, IRI or label"}),
            ("--class", {"dest": "kind", "metavar": "CLASS", "help": "the things of a class, such as Person or Place"}),
            ("--all", {"action": "store_true", "help": "also things that are judged already"}),
            ("--as", {"dest": "also", "action": "append", "default": [], "metavar": "NAME",
                      "help": "look under this name too, such as one in Hangul"}),
            *ASKING,
            ("--accept", {"action": "append", "default": [], "metavar": "Q…", "help": "judge: this item is the thing"}),
            ("--reject", {"action": "append", "default": [], "metavar": "Q…",
                          "help": "judge: this item is not the thing; it is never proposed again"}),
            ("--none", {"action": "store_true", "help": "judge: no item describes the thing"}),
            ("--match", {"choices": ["exact", "close", "broad", "narrow", "related"], "default": "exact",
                         "help": "what kind of match is accepted (exact)"}),
            ("--why", {"metavar": "TEXT", "help": "what shows it"}),
            ("--evidence", {"action": "append", "default": [], "metavar": "URL",
                            "help": "where that can be read; an exact match needs two"}),
            ("--who", {"metavar": "NAME", "help": "who judges (or set ICRC_KOREA_EDITOR)"}),
            ("--confidence", {"type": float, "default": 0.9, "metavar": "0…1", "help": "how sure it is (0.9)"}),
            ("--replace", {"action": "store_true", "help": "put the judgement in the place of an earlier one"}),
            ("--review", {"action": "store_true", "help": "judge candidate after candidate, with one key each"}),
            ("--export", {"metavar": "FILE", "help": "write the candidates as a table for a spreadsheet"}),
            ("--import", {"dest": "read_back", "metavar": "FILE", "help": "read the decisions of such a table"}),
        ],
        "table json",
    ),
    "enrich": Verb(
        _enrich,
        "read what Wikidata says of the things that are linked to it, into a graph of its own",
        [
            "icrc-korea enrich --contact you@example.org",
            "icrc-korea enrich person:syngman-rhee --service query --contact you@example.org",
            "icrc-korea enrich --offline",
        ],
        [
            ("terms", {"nargs": "*", "metavar": "TERM", "help": "only these things, by prefixed name, IRI or label"}),
            *(pair for pair in ASKING if pair[0] != "--limit"),
        ],
    ),
    "conflicts": Verb(
        _conflicts,
        "set what the guide says beside what other sources say",
        ["icrc-korea conflicts", "icrc-korea conflicts --all --format csv"],
        [("--all", {"action": "store_true", "help": "also what only other sources say"})],
        "table csv json",
    ),
    "reconcile": Verb(
        _reconcile,
        "find the names of a table in the graph; `serve` does so for OpenRefine",
        [
            "icrc-korea reconcile letters.csv --column sender --class Person -o letters-linked.csv",
            "icrc-korea reconcile places.csv --column place > places-linked.csv",
            "icrc-korea reconcile names.csv --column 이름 --encoding cp949",
        ],
        [
            ("file", {"nargs": "?", "metavar": "FILE", "help": "a table (CSV, TSV); - is standard input"}),
            ("--column", {"metavar": "NAME", "help": "the column that holds the names"}),
            ("--class", {"dest": "kind", "metavar": "CLASS", "help": "only things of a class, such as Person"}),
            ("--encoding", {"metavar": "NAME", "help": "how the table is written, if not in UTF-8"}),
            ("-o --output", {"metavar": "FILE", "help": "write there instead of to standard output"}),
        ],
    ),
}  # fmt: skip
