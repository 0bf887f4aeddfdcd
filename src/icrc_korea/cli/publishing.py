"""Gives the verbs that take the graph elsewhere: files, a site, stores of others."""

from __future__ import annotations

import os
import shlex
import sys
from dataclasses import asdict

from ..errors import UsageError
from ..rdf.spaces import BASE
from .terminal import print_json, print_lines, say
from .verb import STORE, Verb, format_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    import argparse
    from typing import Any

    from ..graph import KnowledgeGraph
    from ..services.http import Wire
    from ..stores.dialects import Dialect
    from ..stores.spool import Spool
    from .terminal import Progress

ENDINGS = {
    ".ttl": "turtle", ".trig": "trig", ".nq": "nquads", ".nt": "ntriples", ".jsonld": "jsonld", ".rdf": "rdfxml",
    ".xml": "rdfxml",
}  # fmt: skip


def _export(graph: KnowledgeGraph, options: argparse.Namespace, progress: Progress) -> int:
    from ..publishing.export import WHOLE, Choice

    if options.package:
        names = graph.package(options.package)
        progress.close()
        say(f"{len(names)} files written into {options.package}; manifest.json has their counts and digests")
        return 0
    if options.manifest and options.target is None:
        raise UsageError("--manifest is written beside a file, and there is none", "name the file with -o")
    parts = [part.strip() for part in options.parts.split(",") if part.strip()]
    choice = Choice(tuple(parts), options.preset, options.same_as, options.reifiers)
    form = format_of(options, options.target, ENDINGS)
    sys.stdout.flush()
    size = graph.export_into(options.target or sys.stdout.buffer, form, choice, manifest=options.manifest)
    progress.close()
    if options.target is not None:
        say(f"{size:,} bytes of {form} written to {options.target}")
    whole = form == "context" or options.preset in WHOLE
    if not whole and (others := graph.foreign_graphs()):
        say(f"{others:,} graphs of the store are no part of ours and were left out: --preset all has them too")
    return 0


def _push(graph: KnowledgeGraph, options: argparse.Namespace, progress: Progress) -> int:
    from ..services.credentials import checked
    from ..stores.bulk import bulk, curl_lines, write_bulk
    from ..stores.dialects import place
    from ..stores.push import Remote, push

    where = place(options.store, checked(options.url), options.update, options.graph_store)
    with _spool(graph, options, where.dialect) as spool:
        if options.dry_run:
            folder = options.bulk or "icrc-korea-push"
            write_bulk(spool, where, folder, _name(options, spool), one_each=True)
            progress.close()
            say(f"nothing was sent; {len(spool.graphs)} graphs are in {folder}/, and these lines would push them")
            say("(they do not remove what an earlier push left in the store and the graph no longer has; `push` would)")
            print_lines(curl_lines(spool, where, folder, _name(options, spool)))
            return 0
        if options.bulk:
            write_bulk(spool, where, options.bulk, _name(options, spool))
            progress.close()
            say(f"nothing was sent; {spool.triples:,} triples and a script are in {options.bulk}/")
            print_lines(bulk(where, options.bulk))
            return 0
        with _wire(options) as wire:
            report = push(spool, Remote(wire, where), progress, _name(options, spool), partial=bool(options.graph),
                          replace=options.replace)  # fmt: skip
    progress.close()
    if options.format == "json":
        return print_json(asdict(report))
    print_lines([
        f"{report.store} at {report.address}",
        f"  written   {len(report.written):>7,} graphs  {report.triples:>12,} triples",
        f"  unchanged {len(report.equal):>7,} graphs",
        f"  removed   {len(report.removed):>7,} graphs",
    ])  # fmt: skip
    say(f"to prove that it arrived whole: {_again('verify', options)}")
    return 0


def _verify(graph: KnowledgeGraph, options: argparse.Namespace, progress: Progress) -> int:
    from ..services.credentials import checked
    from ..stores.dialects import place
    from ..stores.push import Remote
    from ..stores.verify import verify

    where = place(options.store, checked(options.url), "", options.graph_store or (
        options.url if options.store == "generic" else ""))  # fmt: skip
    with _spool(graph, options, where.dialect) as spool, _wire(options) as wire:
        report = verify(spool, Remote(wire, where), progress, options.first)
    progress.close()
    code = int(bool(report.differences))
    if options.format == "json":
        print_json(asdict(report))
        return code
    lines = []
    for found in report.differences:
        lines.append(f"{found.graph}: {found.ours:,} triples here, {found.theirs:,} there")
        lines += [f"  {found.problem}"] if found.problem else []
        for word, count, some in (
            ("missing", found.missing_count, found.missing),
            ("extra", found.extra_count, found.extra),
        ):
            lines += [f"  {word}: {count:,}"] if count else []
            lines += [f"    {triple}" for triple in some]
            lines += [f"    … and {count - len(some):,} more"] if count > len(some) else []
    print_lines(lines or [f"{report.graphs:,} graphs, {report.triples:,} triples: the same here and there"])
    if report.rewritten:
        say(f"{report.store} gives {report.rewritten} durations back as numbers, P1D as 86400.0: so did it here")
    if code:
        say(f"to put it right: {_again('push', options)} --replace")
    return code


def _again(verb: str, options: argparse.Namespace) -> str:
    """A command about the same graphs in the same store."""
    words = ["icrc-korea", verb, options.store, options.url]
    given = {"--graph-store": options.graph_store, "--with": options.parts, "--from": options.source,
             "--store": options.ask}  # fmt: skip
    words += [word for option, value in given.items() if value for word in (option, value)]
    return shlex.join([*words, *(word for name in options.graph for word in ("--graph", name))])


def _name(options: argparse.Namespace, spool: Spool) -> str:
    """The name under which the store remembers what was pushed: none for the graph itself, else the file's."""
    ours = not options.source and any(iri.startswith(BASE) for iri in spool.graphs)
    return "" if ours else os.path.basename((options.source or options.ask).rstrip("/")).partition(".")[0]  # noqa: PTH119


def _spool(graph: KnowledgeGraph, options: argparse.Namespace, dialect: Dialect) -> Spool:
    chunk, points = dialect.chunk, dialect.decimals_with_point
    if not options.source:
        parts = None if options.parts is None else [part.strip() for part in options.parts.split(",") if part.strip()]
        return graph.spool(parts, options.graph, chunk=chunk, points=points)
    if options.parts is not None or options.graph:
        raise UsageError("--with and --graph choose from the graph, and --from takes a file whole", "leave them out")
    from ..stores.spool import from_file

    return from_file(options.source, chunk, points)


def _wire(options: argparse.Namespace) -> Wire:
    from ..services.credentials import Credentials
    from ..services.http import Wire

    return Wire(tell=say, credentials=Credentials.of(options.url))


WHERE: list[tuple[str, dict[str, Any]]] = [
    ("store", {"metavar": "STORE", "help": "fuseki, graphdb, rdf4j, virtuoso, qlever, oxigraph, blazegraph, stardog, "
                                           "neptune, allegrograph or generic"}),
    ("url", {"metavar": "URL", "help": "its address, such as http://localhost:3030/kg; without a password in it"}),
    ("--with", {"dest": "parts", "default": None, "metavar": "PART,…",
                "help": "only these of claims, inferred, links, enrichment, alignments, catalogue; else all"}),
    ("--graph", {"action": "append", "default": [], "metavar": "GRAPH",
                 "help": "only the graph of this name, such as passage:P05.s1; may be given several times"}),
    ("--from", {"dest": "source", "default": "", "metavar": "FILE", "help": "an N-Quads file instead of the graph"}),
    STORE,
    ("--graph-store", {"default": "", "metavar": "URL", "help": "of a generic store: where graphs are written"}),
]  # fmt: skip
def _publish(graph: KnowledgeGraph, options: argparse.Namespace, progress: Progress) -> int:
    from pathlib import Path

    from ..pages.publish import publish

    number = publish(graph, Path(options.folder), progress)
    progress.close()
    say(f"{number} files written; open {options.folder}/index.html, or copy the folder to any web space")
    return 0


def _release(graph: KnowledgeGraph, options: argparse.Namespace, progress: Progress) -> int:
    from datetime import UTC, date, datetime
    from pathlib import Path

    from ..pages.release import release

    epoch = os.environ.get("SOURCE_DATE_EPOCH", "")
    try:
        issued = (date.fromisoformat(options.date) if options.date else
                  datetime.fromtimestamp(int(epoch), UTC).date() if epoch else datetime.now(UTC).date())  # fmt: skip
    except (ValueError, OverflowError):
        raise UsageError(f"{options.date or epoch!r} is no date", "write it as 2026-12-01") from None
    since = Path(options.since) if options.since else None
    number = release(graph, Path(options.folder), issued, progress, since=since, address=options.address)
    progress.close()
    say(f"{number} files written into {options.folder}; SHA256SUMS has the digest of each")
    return 0


VERBS = {
    "release": Verb(
        _release,
        "write what a repository and a catalogue want: all formats, site, RO-Crate, DCAT, citation, digests, changes",
        [
            "icrc-korea release DIR",
            "icrc-korea release DIR --since OLD-DIR --date 2026-12-01",
        ],
        [
            ("folder", {"metavar": "DIR", "help": "an empty or new folder"}),
            ("--since", {"default": "", "metavar": "DIR", "help": "the folder of the release before, to tell changes"}),
            ("--date", {"default": "", "metavar": "DATE", "help": "when it is published (default: SOURCE_DATE_EPOCH, "
                                                                  "else today); the same date gives the same bytes"}),
            ("--address", {"default": "", "metavar": "URL", "help": "where the public will find it"}),
        ],
    ),
    "publish": Verb(
        _publish,
        "write the site as plain files for any web space: pages in three languages, data, answers",
        ["icrc-korea publish site"],
        [("folder", {"metavar": "DIR", "help": "an empty or new folder, or one that `publish` wrote before"})],
    ),
    "export": Verb(
        _export,
        "write the graph for other tools",
        [
            "icrc-korea export --format turtle --with claims,inferred -o graph.ttl",
            "icrc-korea export --preset all --format nquads --manifest -o graph.nq",
            "icrc-korea export --preset single-graph --format ntriples > graph.nt",
            "icrc-korea export --with links --same-as schema:sameAs -o linked.ttl",
            "icrc-korea export --package release/",
            "icrc-korea export --store DIR --preset all --format nquads -o big.nq",
        ],
        [
            ("--with", {"dest": "parts", "default": "", "metavar": "PART,…",
                        "help": "add statements, entities, claims, inferred, ontology, vocabulary, alignments, shapes, "
                                "links, enrichment, catalogue"}),
            ("--preset", {"choices": ["usual", "minimal", "all", "single-graph"], "default": "usual",
                          "help": "what to begin with. usual: statements, entities, ontology, vocabulary; minimal: "
                                  "statements, entities; all: every part; single-graph: every part, in no graph"}),
            ("--same-as", {"default": "", "choices": ["owl:sameAs", "schema:sameAs"],
                           "help": "what to call an exact match in the links, instead of skos:exactMatch"}),
            ("--reifiers", {"action": "store_true",
                            "help": "say claims also as RDF 1.2 does: claim rdf:reifies <<( s p o )>>"}),
            ("--manifest", {"action": "store_true",
                            "help": "write counts and digests beside the file, as FILE.manifest.json"}),
            ("--package", {"metavar": "FOLDER", "default": "",
                           "help": "write every file of a release: parts, all, RDF 1.2, VoID, manifest"}),
            ("-o", {"dest": "target", "metavar": "FILE", "help": "write this file instead of standard output"}),
            STORE,
        ],
        "turtle trig nquads ntriples jsonld rdfxml context",
    ),
    "push": Verb(
        _push,
        "copy the graph into a triple store and keep it up to date; other graphs there are not touched",
        [
            "icrc-korea push fuseki http://localhost:3030/kg",
            "icrc-korea push virtuoso http://localhost:8890 --with claims,inferred",
            "icrc-korea push rdf4j http://localhost:8080/rdf4j-server/repositories/kg --dry-run",
            "icrc-korea push oxigraph http://localhost:7878 --bulk load-me",
        ],
        [
            *WHERE,
            ("--update", {"default": "", "metavar": "URL", "help": "of a generic store: where it is changed"}),
            ("--dry-run", {"action": "store_true", "help": "print curl lines that do the same; write their files, "
                                                           "into icrc-korea-push/ or the folder of --bulk"}),
            ("--bulk", {"default": "", "metavar": "DIR",
                        "help": "send nothing: write one file and a script for the store's own bulk loader"}),
            ("--replace", {"action": "store_true",
                           "help": "also replace graphs of these names that no push has put there"}),
        ],
        "text json",
    ),
    "verify": Verb(
        _verify,
        "read the graph back from a triple store and compare it, triple by triple",
        [
            "icrc-korea verify fuseki http://localhost:3030/kg",
            "icrc-korea verify generic https://store.example/sparql --format json",
        ],
        [
            *WHERE,
            ("--first", {"type": int, "default": 10, "metavar": "N", "help": "differences to show per graph (10)"}),
        ],
        "text json",
    ),
}  # fmt: skip
