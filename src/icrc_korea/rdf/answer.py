"""Gives the answer of a query: rows for people, programs, notebooks and files."""

from __future__ import annotations

import re

import pyoxigraph as ox
from pyoxigraph import BlankNode, Literal, NamedNode

from ..errors import QueryError, UsageError, shown
from .spaces import XSD
from .terms import Quad, plain, readable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from typing import Any, Protocol

    from .prefixes import Prefixes
    from .terms import Term, Triple, Value

    class Asked(Protocol):
        """A merged graph that can be asked, in memory or elsewhere."""

        @property
        def layout(self) -> Prefixes: ...

        def match(
            self, subject: NamedNode | None = None, predicate: NamedNode | None = None, value: Term | None = None
        ) -> Iterator[Quad]: ...

        def query(
            self, text: str, bindings: dict[str, Term] | None = None, shown: Iterable[str] = ()
        ) -> Answer: ...

        def mentions(self, node: NamedNode) -> bool: ...


RESULT_FORMATS = {
    "xml": ox.QueryResultsFormat.XML,
    "csv": ox.QueryResultsFormat.CSV,
    "tsv": ox.QueryResultsFormat.TSV,
}


class Answer:
    """What a question gave: rows (select), a truth value (ask) or triples (construct).

    A row is a dict of plain Python values: int, float, bool, datetime.date, str, None where nothing is bound.
    An IRI is a str, its prefixed name where there is one (`state:dprk`), else `<https://…>`. A date that is
    not a day (EDTF such as `1951-03` or `1950~`) stays a str. `rows` has the RDF terms themselves.
    """

    def __init__(
        self,
        layout: Prefixes,
        columns: list[str],
        rows: list[list[Term | None]],
        truth: bool | None = None,
        triples: list[Triple] | None = None,
    ) -> None:
        self.layout, self.columns, self.rows = layout, columns, rows
        self.truth, self.triples = truth, triples
        self.hints: list[str] = []  # names of ours in the question that nothing in the graph has

    @property
    def kind(self) -> str:
        """`select`, `ask` or `construct`."""
        return "ask" if self.truth is not None else "select" if self.triples is None else "construct"

    def __iter__(self) -> Iterator[dict[str, Value]]:
        for row in self.rows:
            yield {name: plain(term, self.layout) for name, term in zip(self.columns, row, strict=True)}

    def __getitem__(self, place: int) -> dict[str, Value]:
        """One row by its number, from 0; negative numbers count from the end."""
        if not isinstance(place, int):
            raise UsageError(f"{shown(place)} is no number of a row", "give one such as answer[0]; "
                             "`for row in answer` gives all of them, and row['name'] a value")  # fmt: skip
        return dict(zip(self.columns, (plain(term, self.layout) for term in self.rows[place]), strict=True))

    def __repr__(self) -> str:
        if self.truth is not None:
            return f"<Answer: {'yes' if self.truth else 'no'}>"
        if self.triples is not None:
            return f"<Answer: {len(self.triples)} triples>"
        return f"<Answer: {len(self.rows)} rows of {', '.join(self.columns)}>"

    def __len__(self) -> int:
        return len(self.rows if self.triples is None else self.triples)

    def __bool__(self) -> bool:
        return self.truth if self.truth is not None else len(self) > 0

    def to_pandas(self, *, iris: bool = False) -> Any:
        """The rows as a pandas.DataFrame (`pip install '.[pandas]'`), NaN where nothing is bound, as read from CSV.

        With `iris`, things have their whole IRIs, as CSV has them, instead of prefixed names, as rows have.
        """
        names, rows = self._values(iris)
        pandas = _library("pandas")
        frame = pandas.DataFrame(rows, columns=names)
        return frame.where(frame.notna(), float("nan"))

    def to_polars(self, *, iris: bool = False) -> Any:
        """The rows as a polars.DataFrame (`pip install '.[polars]'`), null where nothing is bound; `iris` as above."""
        names, rows = self._values(iris)
        columns = {name: [row[place] for row in rows] for place, name in enumerate(names)}
        return _library("polars").DataFrame(columns, strict=False)

    def _values(self, iris: bool = False) -> tuple[list[str], list[list[Value]]]:
        if self.truth is not None:
            return ["answer"], [[self.truth]]
        if self.triples is not None:
            names, texts = self.table()
            return names, [list(row) for row in texts]
        return self.columns, [
            [term.value if iris and isinstance(term, NamedNode) else plain(term, self.layout) for term in row]
            for row in self.rows
        ]

    def _repr_html_(self) -> str:
        """The answer as a table in a notebook; no value can be taken for markup."""
        if self.truth is not None:
            return "<p>yes</p>" if self.truth else "<p>no</p>"
        names, rows = self.table()
        more = f"<p>{len(rows)} rows, the first {MOST_SHOWN} shown</p>" if len(rows) > MOST_SHOWN else ""
        return html_table(names, rows[:MOST_SHOWN]) + more

    def text_rows(self) -> list[list[str]]:
        """The rows as people read them: CURIEs for IRIs, '' where nothing is bound."""
        return [[readable(term, self.layout) for term in row] for row in self.rows]

    def table(self) -> tuple[list[str], list[list[str]]]:
        """Columns and rows as people read them; those of a CONSTRUCT are its triples, sorted."""
        if self.triples is None:
            return self.columns, self.text_rows()
        triples = [(triple.subject, triple.predicate, triple.object) for triple in self.triples]
        rows = sorted([readable(term, self.layout) for term in triple] for triple in triples)
        return ["subject", "predicate", "object"], rows

    def serialise(self, form: str) -> bytes:
        """The answer as csv, tsv, json, xml or ttl; a QueryError if the form does not fit."""
        if self.triples is not None:
            rdf = {"ttl": "turtle", "json": "jsonld", "xml": "rdfxml"}.get(form)
            if rdf is None:
                raise QueryError(
                    f"a CONSTRUCT query gives triples, not {form} rows", "use --format ttl, json or xml"
                )
            from .writing import serialise  # which rows do not need

            return serialise([Quad(t.subject, t.predicate, t.object) for t in self.triples], rdf, self.layout)
        if form not in (*RESULT_FORMATS, "json", "ttl"):
            raise QueryError(f"there is no format {form!r} for answers", "use csv, tsv, json, xml or ttl")
        if form == "ttl":
            what = "rows" if self.truth is None else "yes or no"
            raise QueryError(
                f"this query gives {what}, not triples", "use --format table, csv, tsv, json or xml"
            )
        if form == "csv" and self.truth is None:
            return self._csv()
        data = self._json()
        if form == "json":
            return data + b"\n"
        results = ox.parse_query_results(data, format=ox.QueryResultsFormat.JSON)
        written = results.serialize(format=RESULT_FORMATS[form]) or b""
        return written if written.endswith(b"\n") else written + b"\n"

    def _csv(self) -> bytes:
        """SPARQL CSV; pyoxigraph leaves IRIs unquoted, and our links into the page have commas in them."""
        import csv
        import io

        text = io.StringIO(newline="")
        writer = csv.writer(text)
        writer.writerow(self.columns)
        for row in self.rows:
            cells = ["" if term is None else f"_:{term.value}" if isinstance(term, BlankNode) else
                     getattr(term, "value", None) or _csv_text(term) for term in row]  # fmt: skip
            writer.writerow(cells)
        return text.getvalue().encode()

    def _json(self) -> bytes:
        import json

        document: dict[str, object] = {"head": {}, "boolean": self.truth}
        if self.truth is None:
            bindings = [
                {
                    name: _json_term(term)
                    for name, term in zip(self.columns, row, strict=True)
                    if term is not None
                }
                for row in self.rows
            ]
            document = {"head": {"vars": self.columns}, "results": {"bindings": bindings}}
        return json.dumps(document, ensure_ascii=False, indent=1).encode()


MOST_SHOWN = 200  # rows in a notebook


def html_table(names: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """A table in HTML, every text escaped; web addresses can be followed."""
    from html import escape

    def cell(text: str) -> str:
        if re.fullmatch(r"<https?://[^<>\s]+>", text):
            return f'<a href="{escape(text[1:-1])}" rel="noopener">{escape(text[1:-1])}</a>'
        return escape(text)

    head = "".join(f"<th>{escape(name)}</th>" for name in names)
    body = "".join("<tr>" + "".join(f"<td>{cell(text)}</td>" for text in row) + "</tr>" for row in rows)
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def _library(name: str) -> Any:
    from importlib import import_module

    try:
        return import_module(name)
    except ImportError:
        raise QueryError(f"{name} is not installed", f"pip install 'icrc-korea[{name}]'") from None


def _csv_text(term: Any) -> str:
    return f"<<( {term} )>>" if hasattr(term, "subject") else ""


def _json_term(term: Any) -> dict[str, Any]:
    if hasattr(term, "subject"):  # a triple term of RDF 1.2
        parts = {name: _json_term(getattr(term, name)) for name in ("subject", "predicate", "object")}
        return {"type": "triple", "value": parts}
    if isinstance(term, NamedNode):
        return {"type": "uri", "value": term.value}
    if isinstance(term, Literal):
        entry = {"type": "literal", "value": term.value}
        if term.language:
            entry["xml:lang"] = term.language
            if direction := getattr(term, "direction", None):
                entry["its:dir"] = str(direction)
        elif term.datatype.value != XSD + "string":
            entry["datatype"] = term.datatype.value
        return entry
    return {"type": "bnode", "value": getattr(term, "value", str(term))}
