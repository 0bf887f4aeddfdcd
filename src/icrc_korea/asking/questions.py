"""Reads the header of query files: what a question asks, its parameters, its columns."""

from __future__ import annotations

import re

from ..content.layout import DERIVE, FEDERATED, QUALITY, Layout
from ..errors import BadHeader, BadParameter, QueryError, UnknownQuery, nearest
from ..rdf.answer import html_table
from ..rdf.spaces import BASE, CATALOGUE, RDFS, XSD
from ..rdf.sparql import Tokens
from ..rdf.store import Store, standalone
from ..rdf.terms import TYPE, Literal, NamedNode, Quad
from .federated import Halves

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from ..rdf.terms import Term

SHACL, SCHEMA = "http://www.w3.org/ns/shacl#", "https://schema.org/"
SPEX = "https://purl.expasy.org/sparql-examples/ontology#"  # what SHACL has no word for
QUERY, ENDPOINT = BASE + "query/", BASE + "sparql"
PREFIXES = QUERY + "prefixes"
TYPES = ("entity", "date", "text", "integer", "choice")
HEADER_KEYS = {
    "summary",
    "summary_fr",
    "summary_ko",
    "description",
    "tags",
    "params",
    "columns",
    "remedy",
    "severity",
    "endpoint",
    "method",
}
APART = (DERIVE, QUALITY, FEDERATED)  # topics that hold rules and tests, not questions for people


class Question:
    """One query file: what it asks, what can be chosen, what its columns mean."""

    def __init__(self, entry: dict[str, Any]) -> None:
        self.id: str = entry["id"]
        self.text: str = entry.get("text", "")
        self.summary: dict[str, str] = entry["summary"]
        self.tags: list[str] = entry["tags"]
        self.params: dict[str, dict[str, Any]] = entry["params"]
        self.columns: dict[str, str] = entry["columns"]
        # what a query for a fault says to do about it, and whether the fault only deserves a warning
        self.remedies: dict[str, str] = entry.get("remedy", {})
        self.severity: str = entry.get("severity", "violation")

    def __repr__(self) -> str:
        return f"<Question {self.id}: {self.summary['en']}>"

    def _repr_html_(self) -> str:
        """What it asks, takes and gives, for a notebook; no text can be taken for markup."""
        from html import escape

        rows = [[name, "takes", str(spec.get("default", "")), str(spec.get("about", ""))]
                for name, spec in self.params.items()]  # fmt: skip
        rows += [[name, "gives", "", about] for name, about in self.columns.items()]
        table = html_table(("name", "", "unless given", "what it is"), rows) if rows else ""
        return f"<h4>{escape(self.id)}</h4><p>{escape(self.asks())}</p>{table}"

    @property
    def topic(self) -> str:
        """The folder in queries/ that the question is in."""
        return self.id.partition("/")[0] if "/" in self.id else ""

    @property
    def at_home(self) -> str:
        """The text as the store here can be asked it: of a federated question, our part with the rows of the other."""
        return Halves(self.text).here() if self.topic == FEDERATED else self.text

    @property
    def form(self) -> str:
        """`select`, `ask`, `construct` or `describe`."""
        return Tokens(self.at_home).form()

    def asks(self, language: str = "en") -> str:
        """The question in words."""
        return self.summary.get(language) or next(iter(self.summary.values()), "")

    def remedy(self, language: str = "en") -> str:
        """What to do about what a query for a fault finds."""
        return self.remedies.get(language) or self.remedies.get("en") or f"see {Layout.file_of_query(self.id)}"

    def entry(self) -> dict[str, Any]:
        """What the built index keeps of the question: all but its text."""
        return {
            "id": self.id,
            "summary": self.summary,
            "tags": self.tags,
            "params": self.params,
            "columns": self.columns,
        }

    def body(self) -> str:
        """The query without its header."""
        return "\n".join(line for line in self.text.splitlines() if not line.startswith("#+")).strip() + "\n"

    def bind(
        self, given: dict[str, Term | str], resolve: Callable[[str], str], layout: Layout, lacking: bool = False
    ) -> dict[str, Term]:
        """The terms to bind to the query's variables: given values over defaults; all have one unless `lacking`."""
        unknown = sorted(set(given) - set(self.params))
        if unknown:
            takes = ", ".join(self.params) or "none"
            raise BadParameter(f"{self.id} has no parameter {unknown[0]!r}", f"its parameters: {takes}")
        bindings: dict[str, Term] = {}
        for name, spec in self.params.items():
            value = given.get(name, spec.get("default"))
            if value is None or value == "":
                if spec.get("optional") or lacking:
                    continue
                raise BadParameter(
                    f"{self.id} needs a value for {name}", f"add {name}=… ({spec.get('about', '')})"
                )
            trusted = name not in given
            bindings[name] = self._term(name, spec, value, resolve, layout, trusted)
        return bindings

    def _term(
        self,
        name: str,
        spec: dict[str, Any],
        value: Term | str,
        resolve: Callable[[str], str],
        layout: Layout,
        trusted: bool,
    ) -> Term:
        if isinstance(value, NamedNode | Literal):
            return value
        kind, text = spec["type"], str(value)
        if kind == "entity":
            iri = layout.expand(text) if trusted else None
            return NamedNode(iri or resolve(text))
        if kind == "date":
            return _date(name, text)
        if kind == "integer":
            if not re.fullmatch(r"[+-]?[0-9]+", text):
                raise BadParameter(f"{name}={text} is not a whole number", f"write for example {name}=3")
            return Literal(text, datatype=NamedNode(XSD + "integer"))
        if kind == "choice":
            choices = [str(choice) for choice in spec.get("choices", [])]
            if choices and text not in choices:
                raise BadParameter(
                    f"{name}={text} is not one of its choices", "choose from: " + ", ".join(choices)
                )
            iri = layout.expand(text) if ":" in text else None
            return NamedNode(iri) if iri else Literal(text)
        return Literal(text)


def _date(name: str, text: str) -> Literal:
    from datetime import date

    try:
        if not re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", text):  # Python would take 19500626 and week dates too
            raise ValueError(text)
        date.fromisoformat(text)
    except ValueError:
        raise BadParameter(
            f"{name}={text} is not a day", f"write year-month-day, for example {name}=1950-06-26"
        ) from None
    return Literal(text, datatype=NamedNode(XSD + "date"))


def read(name: str, text: str, layout: Layout, file: str = "") -> Question:
    """A question from the text of its file; BadHeader says what is wrong in the `#+` lines."""
    place = file or layout.file_of_query(name)
    header = _header(text, place)
    unknown = sorted(set(header) - HEADER_KEYS)
    if unknown:
        raise BadHeader(
            f"{place}: the header has an unknown key {unknown[0]!r}",
            "known: " + ", ".join(sorted(HEADER_KEYS)),
        )
    if not isinstance(header.get("tags") or [], list):
        raise BadHeader(f"{place}: tags is not a list", "write #+ tags: [correspondence, absence]")
    if str(header.get("severity") or "violation") not in ("violation", "warning", "info"):
        raise BadHeader(f"{place}: severity {header['severity']!r} is not known", "choose violation, warning or info")
    params: dict[str, dict[str, Any]] = {}
    entry = {
        "id": name,
        "text": text,
        "summary": _by_language(header, "summary", place) | _beside(header, place),
        "tags": [str(tag) for tag in header.get("tags") or []],
        "params": params,
        "remedy": _by_language(header, "remedy", place),
        "severity": str(header.get("severity") or "violation"),
        "columns": {str(key): str(about or "") for key, about in _mapping(header, "columns", place).items()},
    }
    for key, spec in _mapping(header, "params", place).items():
        spec = {"default": spec} if not isinstance(spec, dict) else dict(spec)
        for field in ("default", "choices"):  # YAML reads 1950-06-26 as a day; we want what was written
            if field in spec and not isinstance(spec[field], list):
                spec[field] = str(spec[field])
        spec.setdefault("type", _guess_type(spec, layout))
        if spec["type"] not in TYPES:
            raise BadHeader(
                f"{place}: parameter {key} has the type {spec['type']!r}", "types: " + ", ".join(TYPES)
            )
        params[str(key)] = spec
    question = Question(entry)
    _agrees(question, place, layout)
    return question


def _by_language(header: dict[str, Any], key: str, place: str) -> dict[str, str]:
    """A text, or one for each language, by language."""
    value = header.get(key) or ""
    if not isinstance(value, dict):
        return {"en": str(value)} if value else {}
    wrong = sorted(str(name) for name, text in value.items() if not isinstance(text, str))
    if wrong:
        raise BadHeader(f"{place}: {key} in {wrong[0]} is not a text", "quote a value that holds ': ' or '#'")
    return {str(name): " ".join(text.split()) for name, text in value.items()}


def _beside(header: dict[str, Any], place: str) -> dict[str, str]:
    """The question in other languages: a key for each, for grlc wants one text in `summary`."""
    found = {name: _by_language(header, f"summary_{name}", place) for name in ("fr", "ko")}
    return {name: text["en"] for name, text in found.items() if text}


def as_quads(question: Question, layout: Layout) -> list[Quad]:
    """A catalogue entry as RDF, as SPARQL editors read examples: what it asks in each language, tags, the query.

    Parameters have their defaults, so that the text can be run as it stands.
    """
    node, home = NamedNode(QUERY + question.id), NamedNode(CATALOGUE)
    form = question.form
    space = SPEX if form == "describe" else SHACL
    said: list[tuple[NamedNode, Term]] = [(TYPE, NamedNode(SHACL + "SPARQLExecutable"))]
    said += [(TYPE, NamedNode(f"{space}SPARQL{form.capitalize()}Executable"))] if form else []
    said += [(NamedNode(RDFS + "comment"), Literal(text, language=name)) for name, text in question.summary.items()]
    said += [(NamedNode(SCHEMA + "keywords"), Literal(tag)) for tag in question.tags]
    said += [(NamedNode(SCHEMA + "isPartOf"), NamedNode(QUERY + (question.topic or "general")))]
    said += [(NamedNode(SCHEMA + "target"), NamedNode(ENDPOINT)), (NamedNode(SHACL + "prefixes"), NamedNode(PREFIXES))]
    text = question.text
    if question.topic not in APART:
        bindings = question.bind({}, lambda name: layout.expand(name) or name, layout, lacking=True)
        text = standalone(question.body(), bindings, layout)
    said += [(NamedNode(SHACL + form), Literal(text))] if form else []
    said += [(NamedNode(SPEX + form), Literal(text))] if form == "describe" else []
    return [Quad(node, predicate, value, home) for predicate, value in said]


def prefixes_as_quads(layout: Layout) -> list[Quad]:
    """The shared prefixes as SHACL declares them, for the queries of the catalogue."""
    node, home = NamedNode(PREFIXES), NamedNode(CATALOGUE)
    any_uri = NamedNode(XSD + "anyURI")
    quads = []
    for name, space in sorted(layout.prefixes.items()):
        declared = NamedNode(f"{PREFIXES}#{name}")
        quads += [
            Quad(node, NamedNode(SHACL + "declare"), declared, home),
            Quad(declared, NamedNode(SHACL + "prefix"), Literal(name), home),
            Quad(declared, NamedNode(SHACL + "namespace"), Literal(space, datatype=any_uri), home),
        ]
    return quads


def _header(text: str, place: str) -> dict[str, Any]:
    lines = [line[2:].removeprefix(" ") for line in text.splitlines() if line.startswith("#+")]
    if not lines:
        return {}
    begins = text.count("\n", 0, text.find("#+")) + 1
    import yaml

    try:
        # the reader in C where PyYAML has it: the same answers, ten times sooner
        loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
        header = yaml.load("\n".join(lines), Loader=loader)  # noqa: S506 - both are safe loaders
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = f":{begins + mark.line}" if mark else ""
        problem = getattr(error, "problem", None) or "unreadable"
        raise BadHeader(
            f"{place}{line}: the header is not YAML: {problem}", "quote a value that holds ': ' or '#'"
        ) from None
    if not isinstance(header, dict):
        raise BadHeader(
            f"{place}:{begins}: the header is not a list of `key: value` lines", "start with `#+ summary: …`"
        )
    return header


def _mapping(header: dict[str, Any], key: str, place: str) -> dict[str, Any]:
    value = header.get(key) or {}
    if not isinstance(value, dict):
        raise BadHeader(
            f"{place}: {key} is not a list of `name: about` lines", f"write #+ {key}: then #+   name: about"
        )
    return value


def _guess_type(spec: dict[str, Any], layout: Layout) -> str:
    if "choices" in spec:
        return "choice"
    default = str(spec.get("default", ""))
    if re.fullmatch(r"\d{4}-\d\d-\d\d", default):
        return "date"
    if re.fullmatch(r"[+-]?\d+", default):
        return "integer"
    return "entity" if default.partition(":")[0] in layout.prefixes and ":" in default else "text"


def _agrees(question: Question, place: str, layout: Layout) -> None:
    """Fails where the header and the query below it do not say the same."""
    try:
        text = question.at_home
        answer = Store(layout).query(text)
        absent = sorted(set(question.params) - Tokens(text).variables())
    except QueryError as error:
        raise BadHeader(f"{place}: {error.message}", error.remedy) from None
    kind = {DERIVE: "construct", QUALITY: "select"}.get(question.topic)
    if kind and answer.kind not in (kind, "ask" if kind == "select" else kind):
        found = f"{place}: a query in {question.topic}/ has to be a {kind.upper()}"
        raise BadHeader(found, f"write it as {kind.upper()} …")
    inner = sorted(set(question.params) & Tokens(text).variables_of_subselects())
    if inner:
        raise BadHeader(
            f"{place}: the parameter ?{inner[0]} stands in a sub-SELECT, where its value does not reach",
            "use it in the outermost WHERE only",
        )
    if absent:
        raise BadHeader(
            f"{place}: the query has no variable ?{absent[0]} for this parameter", "use it or drop it"
        )
    if question.columns and answer.kind == "select" and list(question.columns) != answer.columns:
        shown = [name for name in answer.columns if name not in question.params or name in question.columns]
        if list(question.columns) != shown:
            named, selected = ", ".join(question.columns), ", ".join(shown)
            raise BadHeader(
                f"{place}: the columns are {named} but the query selects {selected}",
                "name in the header what the query selects, in the same order",
            )
    for name in question.params:
        if re.search(rf"BIND\s*\(\s*[?${{}}]{name}\s+AS", question.text, re.I):
            raise BadHeader(f"{place}: BIND(?{name} AS …) loses the parameter's value", f"use ?{name} itself")


def index(layout: Layout) -> list[Question]:
    """Every question of the graph's queries/ folder, rules and tests included."""
    from ..rdf.reading import read_text

    return [read(name, read_text(path, layout.file_of_query(name)), layout) for name, path in layout.queries()]


def find(name: str, questions: list[Question]) -> Question:
    """The question of that name (the last part alone will do); UnknownQuery with the nearest names."""
    wanted = name.removesuffix(".rq").removeprefix("queries/")
    by_id = {question.id: question for question in questions}
    if wanted in by_id:
        return by_id[wanted]
    short = [question for question in questions if question.id.rpartition("/")[2] == wanted]
    if len(short) == 1:
        return short[0]
    if short:
        names = ", ".join(question.id for question in short)
        raise UnknownQuery(name, (), f"several questions end so, say which: {names}")
    if (
        re.match(r"\s*(?:#|PREFIX\b|BASE\b|SELECT\b|ASK\b|CONSTRUCT\b|DESCRIBE\b)", name, re.I)
        and " " in name.strip()
    ):
        raise UnknownQuery(
            name, (), "this looks like SPARQL: pass it on standard input, `echo '…' | icrc-korea query -`"
        )
    ids = {question.id.rpartition("/")[2]: question.id for question in questions}
    close = nearest(wanted, by_id) or [ids[short_name] for short_name in nearest(wanted, ids)]
    raise UnknownQuery(name, close)
