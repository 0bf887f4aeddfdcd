"""Writes the catalogue of questions as a page, or as an OpenAPI description."""

from __future__ import annotations

from ..asking.questions import APART

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ..asking.questions import Question
    from ..graph import KnowledgeGraph
    from ..rdf.answer import Answer

SHOWN = 12  # rows of an answer on the page; the whole answer is a file of its own
LONGEST = 160  # characters of a cell
LANGUAGES = {"fr": "Français", "ko": "한국어"}
VERSION = "1"  # of the addresses, not of the package


def questions(graph: KnowledgeGraph) -> dict[str, list[Question]]:
    """The questions for people, by topic, each with its text."""
    found: dict[str, list[Question]] = {}
    for question in graph.every_question():
        if question.topic not in APART:
            found.setdefault(question.topic or "general", []).append(graph.question(question.id))
    return found


def page(graph: KnowledgeGraph) -> str:
    """Every question by topic, with its answer and how to ask it, in Markdown."""
    topics = questions(graph)
    number = sum(map(len, topics.values()))
    lines = [
        "# The questions",
        "",
        "<!-- Written by `make docs` from queries/ and the graph: change those, not this page. -->",
        "",
        f"{number} questions that are ready to ask, each with the answer that the graph gives. A question is",
        "one file in `queries/`; ask it at the terminal with `icrc-korea query NAME`, from Python with",
        '`graph.run("NAME")`, or paste `icrc-korea query NAME --explain` into any SPARQL editor. Long',
        f"answers are cut after {SHOWN} rows; the whole one is the file that is named below it.",
        "",
    ]
    for topic, entries in topics.items():
        lines.append(f"- [{topic}](#{topic}): " + ", ".join(f"[{_short(q)}](#{_anchor(q)})" for q in entries))
    for topic, entries in topics.items():
        lines += ["", f"## {topic}"]
        for question in entries:
            lines += _section(question, graph)
    return "\n".join(lines) + "\n"


def _short(question: Question) -> str:
    return question.id.rpartition("/")[2]


def _anchor(question: Question) -> str:
    """The anchor that GitHub makes of the heading."""
    return question.id.replace("/", "")


def _section(question: Question, graph: KnowledgeGraph) -> list[str]:
    lines = ["", f"### {question.id}", "", f"**{_cell(question.asks())}**", ""]
    lines += [f"- {name}: {_cell(question.summary[key])}" for key, name in LANGUAGES.items() if key in question.summary]
    lines += ["- Tags: " + ", ".join(question.tags)] if question.tags else []
    lines += [
        f"- Parameter `{name}` ({spec['type']}): {_cell(str(spec.get('about', '')))}; by default `{spec['default']}`"
        for name, spec in question.params.items()
    ]
    example = "".join(f" {name}='{spec['default']}'" for name, spec in question.params.items())
    lines += ["", "```console", f"icrc-korea query {question.id}{example}", "```", ""]
    return lines + _answer(question, graph.run(question.id))


def _answer(question: Question, answer: Answer) -> list[str]:
    if answer.truth is not None:
        return ["Answer: " + ("yes" if answer.truth else "no")]
    columns, rows = answer.table()
    lines = ["| " + " | ".join(columns) + " |", "|" + "---|" * len(columns)]
    lines += ["| " + " | ".join(map(_cell, row)) + " |" for row in rows[:SHOWN]]
    where = f"[the whole answer](../tests/cases/queries/{question.id}.csv)"
    return [*lines, "", f"{len(rows)} row{'' if len(rows) == 1 else 's'}: {where}"]


def _cell(text: str) -> str:
    """A text in a table of Markdown, where nothing in it can be taken for markup."""
    text = " ".join(text.split())
    text = text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"
    if text.startswith("<http") and text.endswith(">"):
        return text.replace("|", "%7C")
    return "".join(f"\\{char}" if char in "\\|*_`[]<>#" else char for char in text)


def openapi(graph: KnowledgeGraph) -> dict[str, Any]:
    """The questions as addresses of a REST service, described in OpenAPI 3.1."""
    topics = questions(graph)
    paths = {
        f"/q/{question.id}.{{format}}": {"get": _operation(question, topic)}
        for topic, entries in topics.items()
        for question in entries
    }
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "The ICRC in the Korean War: questions",
            "version": VERSION,
            "summary": "Each question of the catalogue is an address.",
            "description": "The ending says in which format: csv, json, ttl, or srj for SPARQL results in JSON; "
            "without one the Accept header does. A parameter that is left out has its default.",
            "license": {"name": "CC BY 4.0", "url": "https://creativecommons.org/licenses/by/4.0/"},
        },
        "servers": [{"url": "/"}],
        "tags": [{"name": topic} for topic in topics],
        "paths": paths,
        "components": {
            "schemas": {"Problem": PROBLEM, "Value": VALUE}, "parameters": SHARED,
            "responses": {"Refused": _problem(REFUSED), "NotThere": _problem(NOT_THERE), "TooMuch": _problem(TOO_MUCH)},
        },
    }


VALUE = {
    "type": ["string", "number", "boolean", "null"],
    "description": "a number, a truth value, or a text; an IRI as a prefixed name",
}
PROBLEM = {
    "type": "object",
    "description": "What is wrong and what to do about it (RFC 9457)",
    "properties": {name: {"type": "string"} for name in ("type", "title", "detail")} | {"status": {"type": "integer"}},
    "required": ["title", "status"],
}
REFUSED = "A parameter is unknown or has a value that does not fit, or the answer is too large; the message says which."
NOT_THERE = "There is no question of that name."
TOO_MUCH = "The question took more time or memory than it may, or too many are asked at once."
# what every question takes besides its own parameters
SHARED = {
    name: {"name": name, "in": "query", "description": about, "required": False, "schema": schema}
    for name, about, schema in (
        ("lang", "the language of the names of things, where they have one in it",
         {"type": "string", "enum": ["en", "fr", "ko"]}),
        ("sources", "also the sentence, link, certainty and status behind each row, if rows are statements",
         {"type": "boolean"}),
        ("limit", "at most so many rows", {"type": "integer", "minimum": 1, "maximum": 999_999_999}),
        ("offset", "leave out so many rows first", {"type": "integer", "minimum": 0, "maximum": 999_999_999}),
    )
}  # fmt: skip


def _problem(about: str) -> dict[str, Any]:
    schema = {"$ref": "#/components/schemas/Problem"}
    return {"description": about, "content": {"application/problem+json": {"schema": schema}}}


def _operation(question: Question, topic: str) -> dict[str, Any]:
    others = [f"{name}: {question.summary[key]}" for key, name in LANGUAGES.items() if key in question.summary]
    return {
        "operationId": question.id.replace("/", "_").replace("-", "_"),
        "summary": question.asks(),
        "description": "\n\n".join(others),
        "tags": [topic],
        "parameters": [
            _format(question),
            *(_parameter(name, spec) for name, spec in question.params.items()),
            *({"$ref": f"#/components/parameters/{name}"} for name in SHARED),
        ],
        "responses": {
            "200": {"description": "The answer", "content": _content(question)},
            "400": {"$ref": "#/components/responses/Refused"},
            "404": {"$ref": "#/components/responses/NotThere"},
            "503": {"$ref": "#/components/responses/TooMuch"},
        },
    }


def _format(question: Question) -> dict[str, Any]:
    rows = question.form in ("select", "ask")
    names = ["csv", "json", "ttl", *(["srj"] if rows else [])]
    return {"name": "format", "in": "path", "description": "how the answer is written", "required": True,
            "schema": {"type": "string", "enum": names}}  # fmt: skip


def _parameter(name: str, spec: dict[str, Any]) -> dict[str, Any]:
    schemas: dict[str, dict[str, Any]] = {
        "entity": {"type": "string", "minLength": 1,
                   "description": "a prefixed name, an IRI, or a name in any language"},
        "date": {"type": "string", "format": "date"},
        "integer": {"type": "integer"},
        "choice": {"type": "string", "enum": [str(choice) for choice in spec.get("choices", [])]},
    }  # fmt: skip
    schema = schemas.get(spec["type"], {"type": "string", "minLength": 1})
    default = spec.get("default")
    if default is not None:
        schema["default"] = int(default) if spec["type"] == "integer" else str(default)
    return {
        "name": name,
        "in": "query",
        "description": str(spec.get("about", "")),
        "required": default is None and not spec.get("optional"),
        "schema": schema,
    }


def _content(question: Question) -> dict[str, Any]:
    text, thing = {"type": "string"}, {"type": "object"}
    form = question.form
    if form in ("construct", "describe"):
        return {"text/csv": {"schema": text}, "application/ld+json": {"schema": {}}, "text/turtle": {"schema": text}}
    row = {
        "type": "object",
        "properties": {
            name: {"description": about, "$ref": "#/components/schemas/Value"}
            for name, about in question.columns.items()
        },
    }
    rows = {"type": "boolean"} if form == "ask" else {"type": "array", "items": row}
    return {
        "text/csv": {"schema": text}, "application/json": {"schema": rows}, "text/turtle": {"schema": text},
        "application/sparql-results+json": {"schema": thing},
    }  # fmt: skip
