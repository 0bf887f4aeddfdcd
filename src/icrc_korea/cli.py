"""Hides the command line: arguments in, tables and exit codes out."""

from __future__ import annotations

import argparse
import os
import re
import sys

from .errors import KgError, ParseError, QueryError, UsageError
from .table import columns, safe, width_of_terminal, wrapped

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path
    from typing import Any

    from .graph import Claim, Facts, KnowledgeGraph
    from .reason import Proof
    from .store import Answer

LONG_LINK = 40
WELCOME = """\
The ICRC in the Korean War, as a graph you can ask. Statements name the sentences they rest on.

  icrc-korea queries                              the questions that are ready to ask
  icrc-korea query correspondence/unanswered      ask one of them
  icrc-korea show 'Paul Ruegger'                  all there is on one thing
  icrc-korea why SUBJECT PREDICATE OBJECT         the sentences behind one statement
  echo 'SELECT * { ?s kw:sender ?o }' | icrc-korea query -       your own SPARQL
  icrc-korea export --format turtle -o graph.ttl  the graph for other tools
  icrc-korea stats                                what is in it
  icrc-korea check                                whether the files keep the rules

`icrc-korea VERB --help` explains a verb with examples.
"""
EXAMPLES = {
    "build": "icrc-korea build\n  icrc-korea build --force",
    "query": (
        "icrc-korea query correspondence/unanswered\n"
        "  icrc-korea query unanswered party=state:dprk --format csv\n"
        "  icrc-korea query my-question.rq --format json\n"
        "  echo 'ASK { ?claim a kw:Claim }' | icrc-korea query -"
    ),
    "queries": "icrc-korea queries\n  icrc-korea queries reply\n  icrc-korea queries --format json",
    "show": (
        "icrc-korea show person:paul-ruegger\n"
        "  icrc-korea show 'Paul Ruegger'\n"
        "  icrc-korea show 국제적십자위원회 --format json"
    ),
    "why": (
        "icrc-korea why event:ruegger-journey-1951 kw:carriedOutBy 'Paul Ruegger'\n"
        "  icrc-korea why organisation:icrc kw:founded timespan:1863"
    ),
    "export": (
        "icrc-korea export --format turtle --with claims,inferred -o graph.ttl\n"
        "  icrc-korea export --format nquads > graph.nq"
    ),
    "stats": "icrc-korea stats\n  icrc-korea stats --format json",
    "check": (
        "icrc-korea check\n"
        "  icrc-korea check data/guide/04-neutrality.trig\n"
        "  icrc-korea check --guide guide.txt --format json"
    ),
    "anchor": "icrc-korea anchor --guide guide.txt",
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs one command; returns its exit code and never lets an expected error out as a traceback."""
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure:
            reconfigure(encoding="utf-8", errors="backslashreplace")
    given = sys.argv[1:] if arguments is None else list(arguments)
    try:
        options = _parser(given[:1]).parse_args(given)
        code = _run(options)
        sys.stdout.flush()
        return code
    except BrokenPipeError:  # the reader has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except KeyboardInterrupt:
        _say("stopped")
        return 130
    except KgError as error:
        _say(f"icrc-korea: {error}")
        return error.exit_code
    except OSError as error:  # a full disk, a terminal that went away
        _say(f"icrc-korea: the output cannot be written: {error.strerror or error}")
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 3


def _run(options: argparse.Namespace) -> int:
    if options.verb is None:
        sys.stdout.write(WELCOME)
        return 0
    from .graph import KnowledgeGraph

    # both may stand before or after the verb, and then have no default of their own
    with Progress(getattr(options, "quiet", False)) as progress:
        graph = KnowledgeGraph(getattr(options, "root", None), progress)
        code: int = options.run(graph, options, progress)
    return code


# --- arguments ---------------------------------------------------------------------------------------


class HelpText(argparse.RawDescriptionHelpFormatter):
    """Help as wide as our tables; argparse would import a whole file library to find the width."""

    def __init__(self, prog: str) -> None:
        super().__init__(prog, width=width_of_terminal())


def _parser(first: list[str]) -> argparse.ArgumentParser:
    """The parser; only of one verb if the first argument names it, for each costs half a millisecond."""
    wanted = set(first) & set(EXAMPLES) or set(EXAMPLES)
    shared = argparse.ArgumentParser(add_help=False, formatter_class=HelpText)
    shared.add_argument(
        "--root", default=argparse.SUPPRESS, help="the folder that holds ontology/, data/ and queries/"
    )
    shared.add_argument(
        "--quiet", action="store_true", default=argparse.SUPPRESS, help="no progress on the way"
    )
    parser = argparse.ArgumentParser(
        prog="icrc-korea",
        parents=[shared],
        epilog=WELCOME,
        formatter_class=HelpText,
    )
    parser.set_defaults(verb=None)
    # prog is given, or argparse would format a whole usage text to find it
    verbs = parser.add_subparsers(dest="verb", metavar="VERB", title="verbs", prog="icrc-korea")

    for name, (run, about, formats, add) in VERBS.items():
        if name not in wanted:
            continue
        sub = verbs.add_parser(
            name,
            parents=[shared],
            help=about,
            description=about,
            epilog=f"examples:\n  {EXAMPLES[name]}",
            formatter_class=HelpText,
        )
        sub.set_defaults(run=run)
        if formats:
            choices = formats.split()
            sub.add_argument("--format", choices=choices, default=choices[0], help=f"default: {choices[0]}")
        for flags, settings in add:
            sub.add_argument(*flags.split(), **settings)
    return parser


class Progress:
    """Tells on standard error how far a build is: a bar on a terminal, else a line a stage."""

    def __init__(self, quiet: bool) -> None:
        self.quiet = quiet
        self.last = ""
        self.bar: Any = None
        self.task: Any = None

    def __enter__(self) -> Progress:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Takes the bar off the terminal."""
        if self.bar is not None:
            self.bar.stop()
            self.bar = None

    def __call__(self, done: int, total: int, text: str) -> None:
        if self.quiet:
            return
        if done >= total:
            self.close()
            self.last = ""
            if not text.startswith("checked"):
                _say(text)
        elif sys.stderr.isatty():
            self._draw(done, total, text)
        elif text.split()[0] != self.last:
            self.last = text.split()[0]
            _say(re.sub(r"^(reading|checking) .*", r"\1 the files", text))

    def _draw(self, done: int, total: int, text: str) -> None:
        if self.bar is None:
            from rich.console import Console
            from rich.progress import BarColumn, SpinnerColumn, TextColumn
            from rich.progress import Progress as Bar

            parts = (SpinnerColumn(), BarColumn(bar_width=24), TextColumn("{task.description}"))
            self.bar = Bar(*parts, console=Console(stderr=True), transient=True)
            self.task = self.bar.add_task("", total=total)
            self.bar.start()
        self.bar.update(self.task, completed=done, total=total, description=safe(text))


def _say(text: str) -> None:
    sys.stdout.flush()
    print("\n".join(safe(line) for line in text.split("\n")), file=sys.stderr, flush=True)


def _print(lines: list[str]) -> None:
    sys.stdout.write("".join(safe(line).rstrip() + "\n" for line in lines))


def _print_json(document: object) -> int:
    import json

    sys.stdout.write(json.dumps(document, ensure_ascii=False, indent=1) + "\n")
    return 0


# --- verbs -------------------------------------------------------------------------------------------


def _build(graph: KnowledgeGraph, options: argparse.Namespace, progress: Progress) -> int:
    from . import build

    built = build.load(graph.layout)
    if not options.force and built and built.manifest["reasoner"] == options.reasoner:
        _say("nothing has changed: the dataset is up to date")
        return 0
    graph.build(options.reasoner)
    return 0


def _query(graph: KnowledgeGraph, options: argparse.Namespace, progress: Progress) -> int:
    params: dict[str, Any] = {}
    for pair in options.params:
        name, equals, value = pair.partition("=")
        if not equals:
            raise UsageError(
                f"{pair!r} is no parameter", "write it as name=value, for example party=state:dprk"
            )
        params[name] = value
    question = ""
    in_catalogue = (graph.layout.root / "queries" / options.name).exists()
    is_file = os.path.isfile(options.name) or (options.name.endswith((".rq", ".sparql")) and not in_catalogue)  # noqa: PTH113
    if options.name == "-" or is_file:
        answer = _ask_text(graph, _read_query(options.name), options.name, params)
    else:
        found = graph.question(options.name)
        question = found.asks()
        for name, spec in found.params.items():
            shown = params.get(name, spec.get("default", ""))
            question += f"\n  {name}={shown}" + ("" if name in params else f"   (unless you say {name}=…)")
        answer = graph.ask_question(found, params)
    progress.close()
    _print_answer(answer, options.format, question)
    return 0


def _read_query(name: str) -> str:
    try:
        if name == "-":
            return sys.stdin.buffer.read().decode("utf-8-sig") if sys.stdin else ""
        with open(name, encoding="utf-8-sig") as stream:  # noqa: PTH123 - pathlib is not needed for this
            return stream.read()
    except UnicodeDecodeError:
        raise ParseError(name, 0, 0, "is not UTF-8", remedy="save the query as UTF-8") from None
    except FileNotFoundError:
        raise UsageError(f"there is no file {name}", "check the name, or see `icrc-korea queries`") from None
    except OSError as error:
        raise ParseError(
            name, 0, 0, f"cannot be read: {error.strerror}", remedy="check the file's name"
        ) from None


def _ask_text(graph: KnowledgeGraph, text: str, name: str, params: dict[str, Any]) -> Answer:
    if re.search(r"^#\+", text, re.M):
        return graph.ask_question(graph.read_query(text, name), params)
    if params:
        raise QueryError(
            "this query has no parameters", "declare them in `#+ params:` lines, or write the values into it"
        )
    if not text.strip():
        raise QueryError("the query is empty", "echo 'SELECT * { ?s kw:sender ?o }' | icrc-korea query -")
    return graph.query(text)


def _with_links_below(rows: list[list[str]]) -> tuple[list[list[str]], list[str]]:
    """The rows with a number for each web address, and the addresses below, whole, so they open."""
    links: dict[str, int] = {}

    def short(cell: str) -> str:
        if not cell.startswith("<http") or len(cell) < LONG_LINK:
            return cell
        return f"[{links.setdefault(cell[1:-1], len(links) + 1)}]"

    shown = [[short(cell) for cell in row] for row in rows]
    return shown, [f"[{number}] {link}" for link, number in links.items()]


def _print_answer(answer: Answer, form: str, question: str) -> None:
    if form != "table":
        data = answer.serialise(form)
        sys.stdout.flush()
        sys.stdout.buffer.write(data)
        return
    for line in question.splitlines():
        _say(safe(line))
    if answer.kind == "ask":
        _print(["yes" if answer.truth else "no"])
        return
    if answer.kind == "construct":
        from .store import readable

        names = ["subject", "predicate", "object"]
        rows = sorted(
            [readable(term, answer.layout) for term in (triple.subject, triple.predicate, triple.object)]
            for triple in answer.triples or ()
        )
    else:
        names, rows = answer.columns, answer.text_rows()
    if rows:
        rows, links = _with_links_below(rows)
        _print(columns(names, rows, width_of_terminal()) + ([""] if links else []) + links)
    _say(f"{len(rows)} row{'' if len(rows) == 1 else 's'}")


def _queries(graph: KnowledgeGraph, options: argparse.Namespace, progress: Progress) -> int:
    from .catalogue import APART

    word = options.word.casefold()
    found = [
        question
        for question in graph.questions()
        if question.topic not in APART
        and word in " ".join([question.id, *question.summary.values(), *question.tags]).casefold()
    ]
    progress.close()
    if options.format == "json":
        return _print_json([question.entry() for question in found])
    if options.format == "csv":
        import csv

        writer = csv.writer(sys.stdout)
        writer.writerow(["name", "question", "params"])
        writer.writerows([q.id, q.asks(), " ".join(q.params)] for q in found)
        return 0
    width = width_of_terminal()
    lines: list[str] = []
    for topic in dict.fromkeys(question.topic for question in found):
        lines += ["", topic or "general"]
        for question in (q for q in found if q.topic == topic):
            takes = "".join(f" {name}={spec.get('default', '…')}" for name, spec in question.params.items())
            lines.append(f"  {question.id}{takes}")
            lines += ["      " + line for line in wrapped(question.asks(), width - 6)]
    _print(lines[1:])
    _say(f"{len(found)} question{'' if len(found) == 1 else 's'}; ask one with `icrc-korea query NAME`")
    return 0


def _show(graph: KnowledgeGraph, options: argparse.Namespace, progress: Progress) -> int:
    thing = graph.show(options.term)
    progress.close()
    if options.format == "json":
        return _print_json(thing)
    width = width_of_terminal()
    lines = [f"{thing['id']}  ({', '.join(thing['types']) or 'no type'})"]
    for name in thing["names"]:
        kind = name["kind"].rpartition(":")[2]
        note = "" if kind in ("prefLabel", "label") else f"  ({kind})"
        lines += wrapped(f"  {name['language'] or '-':<4}{safe(name['text'])}{note}", width, "      ")
    lines += wrapped(safe(thing["definition"]), width) if thing["definition"] else []
    for direction, title in (("out", "What is said of it"), ("in", "Where it is named")):
        rows = [_statement_row(s) for s in thing["statements"] if s["direction"] == direction]
        if rows:
            names = ["statement", "value" if direction == "out" else "of", "sentence", "certainty"]
            lines += ["", title, *columns(names, sorted(rows, key=_by_sentence), width)]
    for key, title in (
        ("absences", "What the guide reports as absent"),
        ("discrepancies", "Where the guide is at odds"),
    ):
        if thing[key]:
            lines += ["", title]
            rows = [[node["id"], safe(node["label"]), " ".join(node["sentences"])] for node in thing[key]]
            lines += columns(["node", "what", "sentence"], rows, width)
    _print(lines)
    return 0


def _statement_row(statement: dict[str, Any]) -> list[str]:
    value = statement["object" if statement["direction"] == "out" else "subject"]
    label = statement["label"]
    shown = f"{value} ({label})" if label and label != value else value
    sure = ", ".join([*statement["marks"], statement["certainty"]]).strip(", ")
    return [statement["predicate"], shown, " ".join(statement["sentences"]), sure]


def _by_sentence(row: Sequence[str]) -> tuple[bool, str, Sequence[str]]:
    return (not row[2], row[2], row)


def _why(graph: KnowledgeGraph, options: argparse.Namespace, progress: Progress) -> int:
    why = graph.why(options.subject, options.predicate, options.object)
    progress.close()
    from .store import readable

    statement = " ".join(readable(term, graph.layout) for term in why.terms)
    if options.format == "json":
        return _print_json({"statement": statement, **graph.why_tree(why)})
    if options.format == "turtle":
        if not why:
            _say("nothing in the graph says so; without --format you see what it says near it")
        sys.stdout.flush()
        sys.stdout.buffer.write(graph.why_prov(why))
        return 0
    lines = [safe(statement)]
    for claim in why.claims:
        lines += _claim_lines(claim, graph.facts, "  ")
        for other in claim.conflicts:
            lines += ["  against it:"]
            lines += (
                _claim_lines(graph.facts.claim_of[other], graph.facts, "    ", True)
                if other in graph.facts.claim_of
                else [f"    {other}"]
            )
    if why.proof:
        lines += ["  follows:", *_proof_lines(why.proof, graph.facts, 1)]
    elif why.described and not why.claims:
        lines += ["  part of the description of the thing, not a statement of the guide"]
    if not why:
        lines += ["  nothing in the graph says so"]
        near = [[s["predicate"], s["object"], " ".join(s["sentences"])] for s in why.nearby]
        if near:
            names = ["statement", "value", "sentence"]
            lines += ["  what it says near it:", *columns(names, near, width_of_terminal())]
        for absence in why.absences:
            where = ", ".join(absence["sentences"])
            lines += [f"  it reports as absent: {absence['id']} ({safe(absence['label'])})  [{where}]"]
    _print(lines)
    return 0


def _claim_lines(claim: Claim, facts: Facts, indent: str, whole: bool = False) -> list[str]:
    from .store import readable

    lines = []
    if whole:
        triple = (claim.subject, claim.predicate, claim.object)
        lines.append(indent + safe(" ".join(readable(term, facts.layout) for term in triple)))
    said = ", ".join([*claim.marks, claim.certainty])
    by = "".join(f", in {name}" for name in claim.made_in) or "".join(
        f", by {name}" for name in claim.asserted_by
    )
    lines.append(f"{indent}{claim.id}: {said}{by}")
    lines += [f"{indent}  in the words “{safe(hedge)}”" for hedge in claim.hedges]
    width = width_of_terminal() - len(indent) - 2
    lines += [f"{indent}  {line}" for note in claim.notes for line in wrapped(safe(note), width)]
    for sentence in claim.sentences:
        lines.append(f"{indent}  {sentence}  {facts.link(sentence)}")
    return lines


def _proof_lines(proof: Proof, facts: Facts, depth: int) -> list[str]:
    from .store import readable

    indent = "  " * (depth + 1)
    statement = safe(" ".join(readable(term, facts.layout) for term in proof.triple))
    if not proof.rule:
        ground = ", ".join(facts.sentences(proof.triple)) or "entity description"
        return [f"{indent}{statement}  [{ground}]"]
    lines = [f"{indent}{statement}", f"{indent}  because {proof.rule.name}:"]
    if proof.rule.about:
        lines[1:] = wrapped(f"because {proof.rule.name}: {proof.rule.about}", width_of_terminal(), indent + "  ")
        lines[1] = f"{indent}  {lines[1]}"
    return lines + [line for premise in proof.premises for line in _proof_lines(premise, facts, depth + 2)]


def _export(graph: KnowledgeGraph, options: argparse.Namespace, progress: Progress) -> int:
    parts = [part.strip() for part in options.parts.split(",") if part.strip()]
    data = graph.export(options.target, options.format, parts)
    progress.close()
    if options.target is None:
        sys.stdout.flush()
        sys.stdout.buffer.write(data)
    else:
        _say(f"{len(data):,} bytes of {options.format} written to {options.target}")
    return 0


def _stats(graph: KnowledgeGraph, options: argparse.Namespace, progress: Progress) -> int:
    stats = graph.stats()
    progress.close()
    if options.format == "json":
        return _print_json(stats)
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
    _print(lines)
    return 0


def _check(graph: KnowledgeGraph, options: argparse.Namespace, progress: Progress) -> int:
    from pathlib import Path

    guide = _existing(Path(options.guide)) if options.guide else None
    paths = [_existing(graph.layout.root / path, Path(path)) for path in options.paths]
    report = graph.check(
        guide,
        paths,
        only=tuple(rule.strip() for rule in options.only.split(",") if rule.strip()),
        engine=options.engine,
        reasoner=options.reasoner,
        language=options.lang,
        time_limit=options.time_limit,
    )
    report.notes = options.notes
    progress.close()
    if options.format == "text":
        _print([safe(line) for line in report.text()])
    else:
        form = {"json": report.as_json, "sarif": report.as_sarif, "github": report.as_github}[options.format]
        sys.stdout.write(form().rstrip("\n") + "\n" if form().strip() else "")
    _say(report.summary())
    return report.exit_code


def _existing(*places: Path) -> Path:
    for place in places:
        if place.exists():
            return place
    raise UsageError(f"there is no {places[-1]}", "check the path")


def _anchor(graph: KnowledgeGraph, options: argparse.Namespace, progress: Progress) -> int:
    from pathlib import Path

    path = graph.anchor(Path(options.guide))
    again = f"icrc-korea check --guide {options.guide}"
    _say(f"{graph.layout.name_of(path)} written: review it with `git diff`, then run `{again}`")
    return 0


# verb: what runs it, what it does, its formats (the first is the default), its arguments
VERBS: dict[str, tuple[Callable[..., int], str, str, list[tuple[str, dict[str, Any]]]]] = {
    "build": (_build, "build the dataset from the files, if they have changed", "", [
        ("--force", {"action": "store_true", "help": "build even if nothing has changed"}),
        ("--reasoner", {"choices": ["rules", "owlrl"], "default": "rules",
                        "help": "rules: the ontology compiled to SPARQL; owlrl: the reference, slower"}),
    ]),
    "query": (_query, "ask a question of the catalogue, a file's, or your own", "table csv tsv json xml ttl", [
        ("name", {"metavar": "NAME|FILE|-", "help": "a question's name, a query file, or standard input"}),
        ("params", {"nargs": "*", "metavar": "param=value", "help": "values for the question's parameters"}),
    ]),
    "queries": (_queries, "list the questions that are ready to ask", "table csv json", [
        ("word", {"nargs": "?", "default": "", "metavar": "WORD", "help": "only those that mention it"}),
    ]),
    "show": (_show, "show one thing with every statement and its sentences", "table json", [
        ("term", {"metavar": "TERM", "help": "a CURIE, an IRI or a name in any language"}),
    ]),
    "why": (_why, "show what one statement rests on", "table json turtle", [
        ("subject", {"metavar": "SUBJECT", "help": "a CURIE, an IRI or a name"}),
        ("predicate", {"metavar": "PREDICATE", "help": "a CURIE, an IRI or a name"}),
        ("object", {"metavar": "OBJECT", "help": "a CURIE, an IRI, a name or a literal's text"}),
    ]),
    "export": (_export, "write the graph for other tools", "turtle trig nquads ntriples jsonld rdfxml", [
        ("--with", {"dest": "parts", "default": "", "metavar": "PART,…",
                    "help": "add claims, inferred, links, enrichment, alignments"}),
        ("-o", {"dest": "target", "metavar": "FILE", "help": "write this file instead of standard output"}),
    ]),
    "stats": (_stats, "count what is in the graph", "table json", []),
    "check": (_check, "check every file against the rules, or files of your own against the graph",
              "text json sarif github", [
        ("paths", {"nargs": "*", "metavar": "PATH",
                   "help": "show only what is wrong in these places; a Turtle, TriG, N-Triples or N-Quads file "
                           "from elsewhere is read as if it were part of the graph, and nothing is changed"}),
        ("--only", {"default": "", "metavar": "RULE,…",
                    "help": "only these rules: names from a report, or shapes, quality, date, prefix …"}),
        ("--engine", {"choices": ["turbo", "pyshacl"], "default": "turbo",
                      "help": "what runs the shapes: pyshacl is the reference, turbo gives the same results sooner"}),
        ("--reasoner", {"choices": ["rules", "owlrl"], "default": "rules",
                        "help": "what infers: owlrl is the reference, rules give the same triples sooner"}),
        ("--notes", {"action": "store_true", "help": "show also what is only worth knowing, such as missing names"}),
        ("--lang", {"choices": ["en", "fr", "ko"], "default": "en", "help": "language of the remedies"}),
        ("--time-limit", {"type": float, "default": 600.0, "metavar": "SECONDS",
                          "help": "stop the shapes after so long (600)"}),
        ("--guide", {"metavar": "FILE", "help": "the guide's text: check the anchors against it"}),
    ]),
    "anchor": (_anchor, "write data/entities/passages.ttl from the guide's text", "", [
        ("--guide", {"metavar": "FILE", "required": True, "help": "the guide's text"}),
    ]),
}  # fmt: skip
