"""Gives the verbs that ask questions, show things, explain statements."""

from __future__ import annotations

import os
import re
import sys

from ..content.layout import FEDERATED
from ..errors import ParseError, QueryError, UsageError
from ..text import columns, safe, width_of_terminal, wrapped
from .terminal import print_json, print_lines, say
from .verb import STORE, Verb

TYPE_CHECKING = False
if TYPE_CHECKING:
    import argparse
    from collections.abc import Mapping, Sequence
    from typing import Any

    from ..asking.questions import Question
    from ..dataset.facts import Claim, Facts
    from ..graph import KnowledgeGraph
    from ..rdf.answer import Answer
    from ..reasoning.proofs import Proof
    from .terminal import Progress

LONG_LINK = 40


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
    in_catalogue = os.path.exists(graph.layout.root / "queries" / options.name)  # noqa: PTH110 - no name is too long
    is_file = os.path.isfile(options.name) or (options.name.endswith((".rq", ".sparql")) and not in_catalogue)  # noqa: PTH113
    found: Question | None = None
    text = ""
    if options.name == "-" or is_file:
        text = _read_query(options.name)
        found = _with_header(graph, text, options.name, params)
    else:
        found = graph.question(options.name)
        question = found.asks(options.lang)
        for name, spec in found.params.items():
            shown = params.get(name, spec.get("default", ""))
            question += f"\n  {name}={shown}" + ("" if name in params else f"   (unless you say {name}=…)")
    if found and not text and found.topic == FEDERATED:  # of the catalogue; nobody's own query goes out
        return _federated(graph, found, options, question, progress)
    if options.explain:
        return _explain(graph, found, params, text, options.lang, progress)
    answer = _answer(graph, found, params, text, options)
    text = found.text if found else text
    marks: list[str] = []
    if options.provenance:
        answer = graph.with_sources(answer, text)
    elif options.format == "table":
        marks = graph.marks(answer, text)
    progress.close()
    _print_answer(answer, options.format, question, marks)
    for hint in answer.hints:
        _tell(hint)
    return 0


def _answer(
    graph: KnowledgeGraph, found: Question | None, params: dict[str, Any], text: str, options: argparse.Namespace
) -> Answer:
    """The answer, within limits; what is someone's own is asked in a process of its own."""
    from ..asking.questions import Question
    from ..graph import is_address

    given = (options.time_limit, options.memory_limit, options.row_limit)
    elsewhere = bool(options.ask) and is_address(options.ask)
    question = found or Question({"id": "", "text": text, "summary": {}, "tags": [], "params": {}, "columns": {}})
    if given == (None, None, None) and (elsewhere or not text or not hasattr(os, "fork")):
        from .stopping import limited

        with limited():  # a copy of this process takes time to make, which most questions do not take
            return graph.ask_question(question, params)
    from ..workers.limits import Limits

    return graph.ask_question(question, params, Limits.of(*given))


def _federated(
    graph: KnowledgeGraph, found: Question, options: argparse.Namespace, question: str, progress: Progress
) -> int:
    """A question to this graph and to Wikidata: the other half comes from the query service, or from before."""
    from ..linking import federated

    if options.explain:
        text = federated.explain(graph, found)
        progress.close()
        sys.stdout.write(f"# {found.asks(options.lang)}\n{text.rstrip()}\n")
        return 0
    from pathlib import Path

    from ..linking.query_service import QueryService
    from ..services.polite import Asker, Cache

    cache = Cache(Path(options.cache).expanduser() if options.cache else None)
    asker = Asker(options.contact, cache, offline=options.offline, fresh=options.fresh, tell=say)
    answer, date = federated.ask(graph, found, QueryService(asker, options.address or ""))
    progress.close()
    _print_answer(answer, options.format, question, [])
    say(f"Wikidata's part is as it was answered on {date[:10]}; it is no statement of the guide")
    return 0


def _tell(text: str) -> None:
    """Words for the person, as wide as the terminal."""
    for line in text.splitlines():
        for part in wrapped(safe(line), width_of_terminal(), "    "):
            say(part)


def _explain(
    graph: KnowledgeGraph, found: Question | None, params: dict[str, Any], text: str, lang: str, progress: Progress
) -> int:
    """Shows the query that would be asked, as any store takes it."""
    from ..rdf.store import standalone

    shown = graph.explain(found, params) if found else standalone(text, {}, graph.layout)
    progress.close()
    asks = found.asks(lang) if found else ""
    sys.stdout.write((f"# {asks}\n" if asks else "") + shown.rstrip("\n") + "\n")
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


def _with_header(graph: KnowledgeGraph, text: str, name: str, params: dict[str, Any]) -> Question | None:
    """The question of a text that has a header; None for plain SPARQL."""
    if re.search(r"^#\+", text, re.M):
        return graph.read_query(text, name)
    if params:
        raise QueryError(
            "this query has no parameters", "declare them in `#+ params:` lines, or write the values into it"
        )
    if not text.strip():
        raise QueryError("the query is empty", "echo 'SELECT * { ?s kw:sender ?o }' | icrc-korea query -")
    return None


def _with_links_below(rows: list[list[str]]) -> tuple[list[list[str]], list[str]]:
    """The rows with a number for each web address, and the addresses below, whole, so they open."""
    links: dict[str, int] = {}

    def short(cell: str) -> str:
        if not cell.startswith("<http") or len(cell) < LONG_LINK:
            return cell
        return f"[{links.setdefault(cell[1:-1], len(links) + 1)}]"

    shown = [[short(cell) for cell in row] for row in rows]
    return shown, [f"[{number}] {link}" for link, number in links.items()]


def _print_answer(answer: Answer, form: str, question: str, marks: list[str]) -> None:
    if form != "table":
        data = answer.serialise(form)
        sys.stdout.flush()
        sys.stdout.buffer.write(data)
        return
    _tell(question)
    if answer.kind == "ask":
        print_lines(["yes" if answer.truth else "no"])
        return
    names, rows = answer.table()
    if marks:
        names, rows = [*names, "note"], [[*row, mark] for row, mark in zip(rows, marks, strict=True)]
    if rows:
        rows, links = _with_links_below(rows)
        print_lines(columns(names, rows, width_of_terminal()) + ([""] if links else []) + links)
    say(f"{len(rows)} row{'' if len(rows) == 1 else 's'}")


def _queries(graph: KnowledgeGraph, options: argparse.Namespace, progress: Progress) -> int:
    from ..asking.questions import APART

    word = options.word.casefold()
    found = [
        question
        for question in graph.every_question()
        if (question.topic not in APART or question.topic == FEDERATED)
        and word in " ".join([question.id, *question.summary.values(), *question.tags]).casefold()
    ]
    progress.close()
    if options.format in ("markdown", "openapi"):
        from ..web import handbook

        if word:
            raise UsageError(f"{options.format} is for all questions", "leave out the word")
        if options.format == "openapi":
            return print_json(handbook.openapi(graph))
        sys.stdout.write(handbook.page(graph))
        return 0
    if options.format == "json":
        return print_json([question.entry() for question in found])
    if options.format == "csv":
        import csv

        writer = csv.writer(sys.stdout)
        writer.writerow(["name", "question", "params"])
        writer.writerows([q.id, q.asks(options.lang), " ".join(q.params)] for q in found)
        return 0
    width = width_of_terminal()
    lines: list[str] = []
    for topic in dict.fromkeys(question.topic for question in found):
        lines += ["", topic or "general"]
        for question in (q for q in found if q.topic == topic):
            takes = "".join(f" {name}={spec.get('default', '…')}" for name, spec in question.params.items())
            lines.append(f"  {question.id}{takes}")
            lines += ["      " + line for line in wrapped(question.asks(options.lang), width - 6)]
    print_lines(lines[1:])
    say(f"{len(found)} question{'' if len(found) == 1 else 's'}; ask one with `icrc-korea query NAME`")
    return 0


def _show(graph: KnowledgeGraph, options: argparse.Namespace, progress: Progress) -> int:
    thing = graph.show(options.term)
    progress.close()
    if options.format == "json":
        return print_json(thing)
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
    from ..content.pieces import words_by_digest
    from ..dataset.citing import words_of

    texts = words_by_digest(options.guide)
    named = sorted({name for s in thing["statements"] for name in s["sentences"]} | {thing["id"]})
    said = [(name, words_of(graph.facts, name, texts)) for name in named]
    if any(words for _, words in said):
        lines += ["", "What the sentences say"]
        lines += [line for name, words in said if words for line in wrapped(f"{name}: {safe(words)}", width, "    ")]
    for key, title in (
        ("absences", "What the guide reports as absent"),
        ("discrepancies", "Where the guide is at odds"),
    ):
        if thing[key]:
            lines += ["", title]
            rows = [[node["id"], safe(node["label"]), " ".join(node["sentences"])] for node in thing[key]]
            lines += columns(["node", "what", "sentence"], rows, width)
    print_lines(lines)
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
    from ..rdf.terms import readable

    statement = " ".join(readable(term, graph.layout) for term in why.terms)
    if options.format == "json":
        return print_json({"statement": statement, **graph.why_tree(why)})
    if options.format == "turtle":
        if not why:
            say("nothing in the graph says so; without --format you see what it says near it")
        sys.stdout.flush()
        sys.stdout.buffer.write(graph.why_prov(why))
        return 0
    from ..content.pieces import words_by_digest

    texts = words_by_digest(options.guide)
    lines = [safe(statement)]
    for claim in why.claims:
        lines += _claim_lines(claim, graph.facts, "  ", texts=texts)
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
    print_lines(lines)
    return 0


def _claim_lines(
    claim: Claim, facts: Facts, indent: str, whole: bool = False, texts: Mapping[str, str] | None = None
) -> list[str]:
    from ..dataset.citing import words_of
    from ..rdf.terms import readable

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
        words = words_of(facts, sentence, texts or {})
        lines += [f"{indent}    {line}" for line in wrapped(safe(words), width - 2)] if words else []
    return lines


def _proof_lines(proof: Proof, facts: Facts, depth: int) -> list[str]:
    from ..rdf.terms import readable

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


ELSEWHERE: list[tuple[str, dict[str, Any]]] = [
    ("--contact", {"metavar": "MAIL|URL",
                   "help": "for questions of federated/: ask Wikidata, and say how it can reach you"}),
    ("--offline", {"action": "store_true", "help": "for these: ask nobody, take what was answered before"}),
    ("--fresh", {"action": "store_true", "help": "for these: ask anew even what was answered before"}),
    ("--address", {"metavar": "URL", "help": "for these: a query service with Wikidata's data, if not its own"}),
    ("--cache", {"metavar": "DIR", "help": "for these: where answers are kept (default: in your cache folder)"}),
]  # fmt: skip
GUIDE_TEXT: tuple[str, dict[str, Any]] = (
    "--guide",
    {"metavar": "FILE", "default": os.environ.get("ICRC_KOREA_GUIDE", ""),
     "help": "your copy of the guide’s text, to show sentences from; else ICRC_KOREA_GUIDE"},
)  # fmt: skip
VERBS = {
    "query": Verb(
        _query,
        "ask a question of the catalogue, a file's, or your own",
        [
            "icrc-korea query correspondence/unanswered",
            "icrc-korea query unanswered party=state:dprk --format csv",
            "icrc-korea query my-question.rq --format json",
            "icrc-korea query who-wrote-to-whom --provenance",
            "icrc-korea query addressed-to party=대한민국 --explain",
            "echo 'ASK { ?claim a kw:Claim }' | icrc-korea query -",
            "icrc-korea query federated/coordinates --contact you@example.org     asks Wikidata, too",
            "icrc-korea query federated/coordinates --offline      as Wikidata answered before",
        ],
        [
            ("name", {"metavar": "NAME|FILE|-", "help": "a question's name, a query file, or standard input"}),
            ("params", {"nargs": "*", "metavar": "param=value", "help": "values for the question's parameters"}),
            ("--provenance", {"action": "store_true",
                              "help": "add sentence, link, certainty and status to rows that are statements"}),
            ("--explain", {"action": "store_true",
                           "help": "show the query, prefixes and parameters in it, instead of asking it"}),
            ("--lang", {"choices": ["en", "fr", "ko"], "default": "en", "help": "language of the question's words"}),
            ("--time-limit", {"type": float, "metavar": "SECONDS", "help": "end the query after so long (300)"}),
            ("--memory-limit", {"metavar": "SIZE", "help": "what it may take: for example 512M (4G)"}),
            ("--row-limit", {"type": int, "metavar": "N", "help": "rows or triples at most (1000000)"}),
            *ELSEWHERE,
            STORE,
        ],
        "table csv tsv json xml ttl",
    ),
    "queries": Verb(
        _queries,
        "list the questions that are ready to ask",
        ["icrc-korea queries", "icrc-korea queries reply", "icrc-korea queries --format json"],
        [("word", {"nargs": "?", "default": "", "metavar": "WORD", "help": "only those that mention it"}),
         ("--lang", {"choices": ["en", "fr", "ko"], "default": "en", "help": "language of the questions"}),
         STORE],
        "table csv json markdown openapi",
    ),
    "show": Verb(
        _show,
        "show one thing with every statement and its sentences",
        [
            "icrc-korea show person:paul-ruegger",
            "icrc-korea show 'Paul Ruegger'",
            "icrc-korea show 국제적십자위원회 --format json",
        ],
        [("term", {"metavar": "TERM", "help": "a CURIE, an IRI or a name in any language"}), GUIDE_TEXT, STORE],
        "table json",
    ),
    "why": Verb(
        _why,
        "show what one statement rests on",
        [
            "icrc-korea why event:ruegger-journey-1951 kw:carriedOutBy 'Paul Ruegger'",
            "icrc-korea why organisation:icrc kw:founded timespan:1863",
        ],
        [
            ("subject", {"metavar": "SUBJECT", "help": "a CURIE, an IRI or a name"}),
            ("predicate", {"metavar": "PREDICATE", "help": "a CURIE, an IRI or a name"}),
            ("object", {"metavar": "OBJECT", "help": "a CURIE, an IRI, a name or a literal's text"}),
            GUIDE_TEXT,
            STORE,
        ],
        "table json turtle",
    ),
}
