"""Gives the verbs that build, check, count, anchor."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from ..errors import LayoutError, UsageError
from ..text import columns, safe, width_of_terminal
from .terminal import print_json, print_lines, say
from .verb import STORE, Verb

TYPE_CHECKING = False
if TYPE_CHECKING:
    import argparse
    from typing import Any

    from ..graph import KnowledgeGraph
    from .terminal import Progress

def _build(graph: KnowledgeGraph, options: argparse.Namespace, progress: Progress) -> int:
    from ..dataset import build

    if options.target or options.files:
        return _build_store(graph, options)
    built = build.load(graph.layout)
    if not options.force and built and built.manifest["reasoner"] == options.reasoner and built.is_whole():
        say("nothing has changed: the dataset is up to date")
        return 0
    made = graph.build(options.reasoner, time_limit=options.time_limit, memory_limit=options.memory_limit)
    if made.folder is None:
        places = " or ".join(map(str, graph.layout.build_folders()))
        raise LayoutError("the dataset was built and could not be kept", f"make room, or let it be written to {places}")
    return 0


def _build_store(graph: KnowledgeGraph, options: argparse.Namespace) -> int:
    if not options.target:
        raise UsageError("files go into a store on disk", "name its folder: icrc-korea build --store DIR FILE…")
    files = [_existing(Path(name)) for name in options.files]
    made = graph.build_store(Path(options.target), files, base=options.base, leave_out=options.leave_out)
    say(f"{made['merged']['triples']:,} different triples in {len(made['graphs'])} named graphs")
    say(f"ask it with: icrc-korea query correspondence/unanswered --store {options.target}")
    return 0


def _stats(graph: KnowledgeGraph, options: argparse.Namespace, progress: Progress) -> int:
    stats = graph.stats()
    progress.close()
    if options.format == "json":
        return print_json(stats)
    width = width_of_terminal()
    lines = [f"{stats['statements']:,} different statements, {stats['questions']} query files"]
    for key, title in (
        ("graphs", "graph"),
        ("classes", "class"),
        ("certainty", "certainty of claims"),
        ("status", "status of claims"),
    ):
        rows = [[name, f"{number:,}"] for name, number in stats[key].items()]
        lines += ["", *columns([title, "number"], rows, width, right={1})]
    print_lines(lines)
    return 0


def _check(graph: KnowledgeGraph, options: argparse.Namespace, progress: Progress) -> int:
    from dataclasses import replace
    from tempfile import TemporaryDirectory

    from ..rdf.reading import Reading

    guide = _existing(Path(options.guide)) if options.guide else None
    with TemporaryDirectory() as folder:
        given = Path(folder) / "stdin.trig"  # whatever is Turtle is TriG
        if "-" in options.paths:
            given.write_bytes(sys.stdin.buffer.read() if sys.stdin else b"")
        paths = [given if path == "-" else _existing(graph.layout.root / path, Path(path)) for path in options.paths]
        report = graph.check(
            guide,
            paths,
            only=tuple(rule.strip() for rule in options.only.split(",") if rule.strip()),
            engine=options.engine,
            reasoner=options.reasoner,
            language=options.lang,
            time_limit=options.time_limit,
            memory_limit=options.memory_limit,
            reading=Reading(options.base, options.leave_out),
        )
    report.findings = [
        replace(finding, file="(stdin)") if finding.file == str(given) else finding for finding in report.findings
    ]
    report.notes = options.notes
    progress.close()
    if options.format == "text":
        print_lines([safe(line) for line in report.text()])
    else:
        form = {"json": report.as_json, "sarif": report.as_sarif, "github": report.as_github}[options.format]
        sys.stdout.write(form().rstrip("\n") + "\n" if form().strip() else "")
    say(report.summary())
    return report.exit_code


def _reason(graph: KnowledgeGraph, options: argparse.Namespace, progress: Progress) -> int:
    from dataclasses import asdict

    from ..checking.check import contradicted
    from ..checking.report import Report

    closure = graph.closure(options.update, time_limit=options.time_limit)
    if options.dry_run:
        progress.close()
        say(f"nothing was sent; {closure.settled.changed_at} would be sent these updates:")
        print_lines(list(closure.plan()))
        return 0
    done = closure.run()
    progress.close()
    report = Report(sorted(contradicted(done.contradictions, done.address, graph.layout)))
    if options.format == "json":
        figures = {name: value for name, value in asdict(done).items() if name != "contradictions"}
        print_json({**figures, "contradictions": [asdict(finding) for finding in report.findings]})
    else:
        print_lines([safe(line) for line in report.text()])
        if not report.findings:
            print_lines([f"{done.address}", f"  follows {done.inferred:>9,} statements",
                         f"  new     {done.new:>9,}", f"  gone    {done.gone:>9,}"])  # fmt: skip
    if report.findings:
        say("the inferred graph was left as it was: from what contradicts itself anything would follow")
    return report.exit_code


MEMORY: tuple[str, dict[str, Any]] = (
    "--memory-limit",
    {"default": "4G", "metavar": "SIZE", "help": "what one of these may take: for example 512M (4G)"},
)

# for files of somebody else
OF_OTHERS: tuple[tuple[str, dict[str, Any]], ...] = (
    ("--base", {"default": "", "metavar": "IRI", "help": "what relative IRIs of files given are relative to"}),
    ("--leave-out", {"action": "store_true", "help": "leave out statements with an IRI that is none, and say which"}),
)


def _existing(*places: Path) -> Path:
    for place in places:
        if place.exists():
            return place
    raise UsageError(f"there is no {places[-1]}", "check the path")


def _anchor(graph: KnowledgeGraph, options: argparse.Namespace, progress: Progress) -> int:
    done = graph.anchor(Path(options.text), options.source, not options.dry_run, options.replace)
    name = graph.layout.name_of(done.path)
    if not done.written:
        print_lines(list(done.changes))
        say(f"{done.pieces} pieces, {len(done.changes)} of them other than in {name}; nothing was written")
        return 0
    again = f"icrc-korea check {name}"
    say(f"{name} written with {done.pieces} pieces: review it with `git diff`, then run `{again}`")
    return 0


VERBS = {
    "build": Verb(
        _build,
        "build the dataset from the files, if they have changed",
        [
            "icrc-korea build",
            "icrc-korea build --force",
            "icrc-korea build --store DIR           a store on disk, of this graph",
            "icrc-korea build --store DIR big.nq    or of RDF files of any size",
        ],
        [
            ("files", {"nargs": "*", "metavar": "FILE",
                       "help": "with --store: load these Turtle, TriG, N-Triples or N-Quads files instead"}),
            ("--store", {"dest": "target", "metavar": "DIR",
                         "help": "put the dataset into a store on disk, for graphs that outgrow memory"}),
            ("--force", {"action": "store_true", "help": "build even if nothing has changed"}),
            ("--reasoner", {"choices": ["rules", "owlrl"], "default": "rules",
                            "help": "rules: the ontology compiled to SPARQL; owlrl: the reference, slower"}),
            ("--time-limit", {"type": float, "default": 600.0, "metavar": "SECONDS",
                              "help": "stop what infers after so long (600)"}),
            MEMORY,
            *OF_OTHERS,
        ],
    ),
    "check": Verb(
        _check,
        "check every file against the rules, or files of your own against the graph",
        [
            "icrc-korea check",
            "icrc-korea check data/sources/guide/statements/04-neutrality.trig",
            "icrc-korea check --guide guide.txt --format json",
        ],
        [
            ("paths", {"nargs": "*", "metavar": "PATH",
                       "help": "report only what is wrong in these files and folders; a Turtle, TriG, N-Triples or "
                               "N-Quads file from elsewhere (or - for standard input) is read as if it were part of "
                               "the graph, and nothing is changed"}),
            ("--only", {"default": "", "metavar": "RULE,…",
                        "help": "only these rules: names from a report, or shapes, quality, date, prefix …"}),
            ("--engine", {"choices": ["turbo", "pyshacl"], "default": "turbo",
                          "help": "what runs the shapes: turbo, or pyshacl to compare, which takes longer; where they "
                                  "differ is in shapes/README.md"}),
            ("--reasoner", {"choices": ["rules", "owlrl"], "default": "rules",
                            "help": "what infers: owlrl is the reference, rules give the same triples sooner"}),
            ("--notes", {"action": "store_true",
                         "help": "show also what is only worth knowing, such as missing names"}),
            ("--lang", {"choices": ["en", "fr", "ko"], "default": "en", "help": "language of the remedies"}),
            ("--time-limit", {"type": float, "default": 600.0, "metavar": "SECONDS",
                              "help": "stop the shapes, what infers, or a question for faults after so long (600)"}),
            MEMORY,
            *OF_OTHERS,
            ("--guide", {"metavar": "FILE", "help": "the guide's text: check the anchors against it"}),
            STORE,
        ],
        "text json sarif github",
    ),
    "reason": Verb(
        _reason,
        "work out what follows inside a triple store, where the data are, and keep it in the inferred graph there",
        [
            "icrc-korea reason --store http://localhost:3030/kg/query",
            "icrc-korea reason --store http://localhost:8890/sparql --update http://localhost:8890/sparql-auth",
            "icrc-korea reason --store http://localhost:3030/kg/query --dry-run",
        ],
        [
            ("--store", {"dest": "ask", "metavar": "URL", "default": os.environ.get("ICRC_KOREA_STORE", ""),
                         "help": "where the store is asked; else ICRC_KOREA_STORE. Premises are the graphs of ours "
                                 "there and the rules are those of the files here; what others keep in the store is "
                                 "neither read nor changed. What was inferred earlier and follows no longer is taken "
                                 "out. If anything contradicts the ontology, it is shown and nothing is changed"}),
            ("--update", {"default": "", "metavar": "URL",
                          "help": "where the store is changed, if it is not known by its kind: see docs/stores/. "
                                  "User name and password come from ICRC_KOREA_USER and ICRC_KOREA_PASSWORD, a "
                                  "token from ICRC_KOREA_TOKEN, or ~/.netrc, or are asked for"}),
            ("--time-limit", {"type": float, "default": 3600.0, "metavar": "SECONDS",
                              "help": "stop the rules after so long (3600); how much memory they may take is a matter "
                                      "of the store"}),
            ("--dry-run", {"action": "store_true", "help": "change nothing: print the updates that would be sent"}),
        ],
        "text json",
    ),
    "stats": Verb(
        _stats,
        "count what is in the graph",
        ["icrc-korea stats", "icrc-korea stats --format json"],
        [STORE],
        "table json",
    ),
    "anchor": Verb(
        _anchor,
        "write the passages and sentences of a source's text into its pieces.ttl",
        ["icrc-korea anchor --text guide.txt --dry-run"],
        [
            ("--text --guide", {"metavar": "FILE", "required": True, "dest": "text", "help": "the text"}),
            ("--source", {"metavar": "NAME", "default": "", "help": "whose text; default: the first of graph.toml"}),
            ("--dry-run", {"action": "store_true", "help": "only tell what would change"}),
            ("--replace", {"action": "store_true", "help": "let pieces that are there change or go"}),
        ],
    ),
}  # fmt: skip
