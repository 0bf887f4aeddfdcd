"""Answers the questions of the catalogue under addresses of their own: in rows or triples, page by page."""

from __future__ import annotations

import csv
import io
import json
import re
from typing import TYPE_CHECKING

from ..errors import BadParameter, NotAcceptable, UnknownQuery, nearest
from ..rdf.answer import Answer
from ..rdf.results import too_many
from ..rdf.spaces import RDFS, SKOS
from ..rdf.terms import NamedNode

if TYPE_CHECKING:
    from typing import Any

    from ..graph import KnowledgeGraph
    from ..workers.nursery import Head, Job

OWN = ("lang", "sources", "limit", "offset")  # parameters that every question has
LANGUAGES = ("en", "fr", "ko")
ROWS = {"csv": "text/csv", "json": "application/json", "srj": "application/sparql-results+json"}
RESULT_SET = "@prefix rs: <http://www.w3.org/2001/sw/DataAccess/tests/result-set#> ."
NAMES = [NamedNode(SKOS + "prefLabel"), NamedNode(RDFS + "label"), NamedNode("http://purl.org/dc/terms/title")]


def job(graph: KnowledgeGraph, known: dict[str, Any]) -> Job:
    """The job that answers a question; its head has `name`, `form` and `given`, the fields of the address."""

    def run(head: Head, _: bytes) -> tuple[Head, bytes]:
        question = known.get(head["name"])
        if question is None:
            error = UnknownQuery(head["name"], nearest(head["name"], known))
            error.asked_for = True  # type: ignore[attr-defined]
            raise error
        given = _given(head.get("given", []), question)
        own = {name: given.pop(name, None) for name in OWN}
        limit, offset = _number("limit", own["limit"], head["rows"]), _number("offset", own["offset"], 0, least=0)
        language = _choice("lang", own["lang"], LANGUAGES)
        answer = graph.ask_question(question, given)
        if _choice("sources", own["sources"], ("true", "false")) == "true":
            answer = graph.with_sources(answer, question.text)
        if language and answer.kind == "select":
            answer = _in_language(answer, language, graph)
        whole = len(answer)
        if answer.kind == "select":
            answer = Answer(answer.layout, answer.columns, answer.rows[offset : offset + limit])
        media_type, data = _written(answer, head["form"])
        if len(data) > head["bytes"]:
            raise too_many("bytes", head["bytes"])
        about = {"type": media_type, "number": whole, "lasting": True, "language": language or "en"}
        more = answer.kind == "select" and offset + limit < whole
        return {**about, **({"next": offset + limit} if more else {})}, data

    return run


def texts(settings: Head) -> dict[str, Any]:
    """The questions for people, by name, each with its text: a child can read no file."""
    from ..graph import KnowledgeGraph

    graph = KnowledgeGraph(settings.get("root"))
    return {one.id: graph.question(one.id) for one in graph.questions()}


def _given(pairs: list[list[str]], question: Any) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in pairs:
        if name in found:
            raise BadParameter(f"{name} is given twice", "give it once")
        if name not in OWN and name not in question.params:
            takes = ", ".join([*question.params, *OWN])
            raise BadParameter(f"{question.id} has no parameter {name!r}", f"its parameters: {takes}")
        found[name] = value
    return found


def _number(name: str, text: str | None, unless: int, least: int = 1) -> int:
    if text is None:
        return unless
    if not re.fullmatch(r"[0-9]{1,9}", text) or int(text) < least:
        raise BadParameter(f"{name}={text} is no whole number from {least} up", f"write for example {name}=50")
    return int(text)


def _choice(name: str, text: str | None, choices: tuple[str, ...]) -> str:
    if text is None:
        return ""
    if text not in choices:
        raise BadParameter(f"{name}={text} is not one of its choices", "choose from: " + ", ".join(choices))
    return text


def _in_language(answer: Answer, language: str, graph: KnowledgeGraph) -> Answer:
    """The answer with the names of things in a language, where they have one: a column `x_label` names what `x` is."""
    store = graph.built.whole()
    pairs = []
    for place, column in enumerate(answer.columns):
        if column == "label" and place:
            pairs.append((place - 1, place))
        elif column.endswith("_label") and column.removesuffix("_label") in answer.columns:
            pairs.append((answer.columns.index(column.removesuffix("_label")), place))

    def named(row: list[Any]) -> list[Any]:
        row = list(row)
        for thing, label in pairs:
            if isinstance(row[thing], NamedNode):
                names = (quad.object for name in NAMES for quad in store.match(row[thing], name))
                row[label] = next((name for name in names if getattr(name, "language", "") == language), row[label])
        return row

    return Answer(answer.layout, answer.columns, [named(row) for row in answer.rows])


def _written(answer: Answer, form: str) -> tuple[str, bytes]:
    if answer.kind == "construct":
        if form == "json":
            return "application/ld+json", answer.serialise("json")
        if form == "csv":
            return ROWS["csv"], _table(*answer.table())
        if form == "srj":
            raise NotAcceptable("triples", ["text/turtle", "application/ld+json", "text/csv"])
        return "text/turtle", answer.serialise("ttl")
    if answer.kind == "ask":
        if form == "csv":
            return ROWS["csv"], _table(["answer"], [["true" if answer.truth else "false"]])
        if form == "json":
            return ROWS["json"], json.dumps(answer.truth).encode() + b"\n"
        if form == "ttl":
            truth = json.dumps(answer.truth)
            return "text/turtle", f"{RESULT_SET}\n[] a rs:ResultSet ; rs:boolean {truth} .\n".encode()
        return ROWS["srj"], answer.serialise("json")
    if form == "csv":
        return ROWS["csv"], answer.serialise("csv")
    if form == "ttl":
        return "text/turtle", _result_set(answer)
    if form == "srj":
        return ROWS["srj"], answer.serialise("json")
    return ROWS["json"], json.dumps(list(answer), ensure_ascii=False, default=str).encode() + b"\n"


def _table(names: list[str], rows: list[list[str]]) -> bytes:
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(names)
    writer.writerows(rows)
    return text.getvalue().encode()


def _result_set(answer: Answer) -> bytes:
    """Rows in Turtle, in the vocabulary that the tests of SPARQL have for them."""
    lines = [RESULT_SET, "", "[] a rs:ResultSet ;"]
    lines.append("    rs:resultVariable " + ", ".join(json.dumps(name) for name in answer.columns) + " ;")
    lines.append(f"    rs:size {len(answer.rows)} .")
    text = "\n".join(lines)
    if not answer.rows:
        return text.encode() + b"\n"
    solutions = []
    for number, row in enumerate(answer.rows, 1):
        bindings = [
            f"[ rs:variable {json.dumps(name)} ; rs:value {term} ]"
            for name, term in zip(answer.columns, row, strict=True) if term is not None
        ]  # fmt: skip
        binding = f" ; rs:binding {', '.join(bindings)}" if bindings else ""
        solutions.append(f"    rs:solution [ rs:index {number}{binding} ]")
    return (text[:-1].rstrip() + " ;\n" + " ;\n".join(solutions) + " .\n").encode()
