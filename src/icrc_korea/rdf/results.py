"""Writes the answer to a SPARQL query in any format of the standards, whole or not at all.

An answer that would be larger than it may is refused by name: a part of it could be taken for all of it.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from ..errors import LimitReached, NotAcceptable, QueryError, UsageError
from .faults import fault
from .spaces import BASE
from .sparql import guard, guarded
from .terms import BlankNode, NamedNode, Quad, engine
from .writing import serialise

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from .store import Store

# name of a format: its media type first, then others that clients ask for
ROWS = {
    "json": ("application/sparql-results+json", "application/json"),
    "xml": ("application/sparql-results+xml", "application/xml", "text/xml"),
    "csv": ("text/csv",),
    "tsv": ("text/tab-separated-values",),
}
TRIPLES = {
    "turtle": ("text/turtle", "application/turtle", "application/x-turtle"),
    "ntriples": ("application/n-triples", "text/plain"),
    "jsonld": ("application/ld+json", "application/json"),
    "trig": ("application/trig",),
    "nquads": ("application/n-quads",),
    "rdfxml": ("application/rdf+xml", "application/xml", "text/xml"),
}
CHANGING = {"NOW", "RAND", "UUID", "STRUUID", "BNODE"}  # functions that give something else each time
MAY_CHANGE = ("NOW", "RAND", "UUID", "BNODE", "\\U")  # an escape may hide a word from us
APART = str.maketrans(dict.fromkeys("\t\n\r<>(){}[].,;/|^!?$*+&=\"'#", " "))  # what may stand before a prefix
JSON_TEXT = re.compile(rb'"(?:[^"\\]|\\.)*"', re.S)


class Written(NamedTuple):
    """An answer in a format."""

    media_type: str
    data: bytes
    number: int  # rows or triples; 1 for yes or no
    lasting: bool  # whether the same query gives the same again


class _Sink:
    """Takes what the engine writes, until it is more than may be sent."""

    def __init__(self, form: str, rows: int, most: int) -> None:
        self.pieces: list[bytes] = []
        self.size, self.most, self.rows, self.form = 0, most, rows, form
        self.seen = 0
        self.error: LimitReached | None = None  # the engine would wrap it

    def write(self, data: bytes) -> int:
        """Takes a piece."""
        self.pieces.append(bytes(data))
        self.size += len(data)
        if self.size > self.most:
            self.error = too_many("bytes", self.most)
            raise self.error
        return len(data)

    def flush(self) -> None:
        """Nothing to do before the end."""


def too_many(what: str, most: int) -> LimitReached:
    """The error of an answer that has more than may be sent."""
    remedy = "add LIMIT, and ask for the rest with OFFSET"
    return LimitReached(what, f"the answer has more than {most:,} {what}", remedy)


def written(
    store: Store, text: str, forms: tuple[str, str], *, rows: int, most: int,
    default_graphs: Sequence[str] | None = None, named_graphs: Sequence[str] | None = None,
) -> Written:  # fmt: skip
    """The answer to a query; `forms` are the format for rows and the one for triples, either '' for none.

    Graphs that are given take the place of those that FROM names.
    """
    guard(text)
    known = store.layout.prefixes  # the engine takes long to read a list of them
    used = {piece.rpartition(" ")[2] for piece in text.translate(APART).split(":")}
    prefixes = {name: known[name] for name in used if name in known}
    given = {}
    if default_graphs or named_graphs:
        given = {"default_graph": _nodes(default_graphs or ()), "named_graphs": _nodes(named_graphs or ())}
    sink = _Sink(forms[0], rows, most)
    try:
        try:
            found = store._store.query(text, base_iri=BASE, prefixes=prefixes, **given)
        except SyntaxError:  # a prefix may stand where we have not seen it
            found = store._store.query(text, base_iri=BASE, prefixes=known, **given)
        if isinstance(found, engine.QueryBoolean):
            return _truth(found, forms[0], _lasts(text))
        if isinstance(found, engine.QueryTriples):
            return _triples(found, forms[1], rows, most, _lasts(text), store)
        return _rows(found, forms[0], sink, _lasts(text))
    except SyntaxError as error:
        raise fault(str(error), text, known) from None
    except (RuntimeError, ValueError, OSError) as error:
        raise sink.error or QueryError(f"the query cannot be answered: {error}", "change the query") from None


def _lasts(text: str) -> bool:
    """Whether the same query gives the same again."""
    upper = text.upper()
    if not any(word in upper for word in MAY_CHANGE):
        return True
    words = {token.upper() for kind, token, _ in guarded(text).items if kind == "word"}
    return not words & CHANGING and "\\U" not in upper


def _nodes(names: Sequence[str]) -> list[NamedNode]:
    found = []
    for name in names:
        try:
            found.append(NamedNode(name))
        except ValueError:
            raise QueryError(f"{name!r} is no IRI of a graph", "write it whole, such as https://…") from None
    return found


def _truth(found: Any, form: str, lasting: bool) -> Written:
    if not form:
        raise NotAcceptable("yes or no", _types(ROWS))
    if form in ("csv", "tsv"):
        return Written(ROWS[form][0], b"true\n" if found else b"false\n", 1, lasting)
    return Written(ROWS[form][0], found.serialize(format=_engines(form)), 1, lasting)


def _triples(found: Any, form: str, rows: int, most: int, lasting: bool, store: Store) -> Written:
    if not form:
        raise NotAcceptable("triples", _types(TRIPLES))
    triples: dict[Any, None] = {}
    for triple in found:
        triples[triple] = None
        if len(triples) > rows:
            raise too_many("triples", rows)
    data = in_format(list(triples), form, store)
    if len(data) > most:
        raise too_many("bytes", most)
    return Written(TRIPLES[form][0], data, len(triples), lasting)


def in_format(triples: Sequence[Any], form: str, store: Store) -> bytes:
    """Triples in a format of TRIPLES; NotAcceptable where it has no way to write them."""
    quads = (Quad(triple.subject, triple.predicate, triple.object) for triple in triples)
    try:
        return serialise(quads, form, store.layout)
    except UsageError as error:
        raise QueryError(error.message, error.remedy) from None
    except (ValueError, RuntimeError, OSError) as error:
        remedy = "ask for text/turtle or application/n-triples"
        raise QueryError(f"these triples cannot be written as {TRIPLES[form][0]}: {error}", remedy) from None


def _rows(found: Any, form: str, sink: _Sink, lasting: bool) -> Written:
    if not form:
        raise NotAcceptable("rows", _types(ROWS))
    if form == "csv":
        data, number = _csv(found, sink)
    else:
        found.serialize(sink, format=_engines(form))
        data = b"".join(sink.pieces)
        number = _count(data, form, sink.rows)
    if number > sink.rows:
        raise too_many("rows", sink.rows)
    return Written(ROWS[form][0], data, number, lasting)


def _count(data: bytes, form: str, most: int) -> int:
    """The rows of an answer that the engine has written."""
    if form == "xml":
        return data.count(b"<result>")
    if form == "tsv":
        return max(0, data.count(b"\n") - 1)
    place = data.find(b'"bindings":[')
    about = data.count(b"},{", place) + (data[place + 12 : place + 13] == b"{")
    if about <= most:
        return about  # a text may hold these signs too, so there are this many at most
    bare = JSON_TEXT.sub(b'""', data[place:])
    return bare.count(b"},{") + (bare.find(b"[{") >= 0)


def _csv(found: Any, sink: _Sink) -> tuple[bytes, int]:
    """SPARQL CSV; the engine leaves IRIs unquoted, and some have commas in them."""
    import csv
    import io

    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow([variable.value for variable in found.variables])
    number = 0
    for number, row in enumerate(found, 1):
        writer.writerow([_cell(term) for term in row])
        if number > sink.rows:
            break
        if not number % 1000 and text.tell() > sink.most:
            break
    data = text.getvalue().encode()
    if len(data) > sink.most:
        raise too_many("bytes", sink.most)
    return data, number


def _cell(term: Any) -> str:
    if isinstance(term, BlankNode):
        return f"_:{term.value}"
    return str(getattr(term, "value", "" if term is None else term))


def _types(formats: dict[str, tuple[str, ...]]) -> list[str]:
    return [names[0] for names in formats.values()]


def _engines(form: str) -> Any:
    return getattr(engine.QueryResultsFormat, form.upper())
