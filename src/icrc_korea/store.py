"""Hides pyoxigraph: reading and writing RDF, and asking SPARQL over one dataset."""

from __future__ import annotations

import os
import re
from contextlib import contextmanager
from functools import lru_cache
from itertools import chain, islice

import pyoxigraph as ox
from pyoxigraph import BlankNode, DefaultGraph, Literal, NamedNode, RdfFormat, Variable

from .errors import KgError, ParseError, QueryError, UsageError, nearest
from .layout import RDF, RDFS, SKOS, XSD
from .sorting import in_order
from .sparql import Tokens, fault, guarded

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from datetime import date
    from pathlib import Path
    from typing import IO, Any, Protocol

    import rdflib

    from .layout import Layout

    Term = NamedNode | BlankNode | Literal
    Value = str | int | float | bool | date | None

    # pyoxigraph allows more in each place than our data ever holds: blank nodes as graphs, triples in
    # triples. The rest of the project is written against what it holds; only lists in the ontology
    # have blank nodes, and code that meets them asks with isinstance.
    class Triple:
        """Subject, predicate, object."""

        subject: NamedNode
        predicate: NamedNode
        object: Any

        def __init__(self, subject: Any, predicate: Any, object: Any) -> None: ...  # noqa: A002

    class Quad(Triple):
        """A triple in a graph."""

        graph_name: NamedNode
        triple: Triple

        def __init__(self, subject: Any, predicate: Any, object: Any, graph_name: Any = ...) -> None: ...  # noqa: A002

    class Asked(Protocol):
        """A merged graph that can be asked, in memory or elsewhere."""

        layout: Layout

        def match(
            self, subject: NamedNode | None = None, predicate: NamedNode | None = None, value: Term | None = None
        ) -> Iterator[Quad]: ...

        def query(
            self, text: str, bindings: dict[str, Term] | None = None, shown: Iterable[str] = ()
        ) -> Answer: ...

        def mentions(self, node: NamedNode) -> bool: ...

else:
    from pyoxigraph import Quad, Triple

__all__ = ["Answer", "BlankNode", "DefaultGraph", "Literal", "NamedNode", "Quad", "Store", "Triple"]

engine: Any = ox  # typed loosely: its stubs allow more than the classes above
TYPE = NamedNode(RDF + "type")
LABELS = tuple(NamedNode(SKOS + name) for name in ("prefLabel", "altLabel", "hiddenLabel"))
# what a person reads first of a thing; of a claim its subject, predicate, object in this order
FIRST_READ = {RDF + "type": "0", RDF + "subject": "1", RDF + "predicate": "2", RDF + "object": "3", RDFS + "label": "4"}
FIRST_READ |= {label.value: "4" for label in LABELS}
TEXT_FORMATS = {
    "turtle": RdfFormat.TURTLE,
    "trig": RdfFormat.TRIG,
    "nquads": RdfFormat.N_QUADS,
    "ntriples": RdfFormat.N_TRIPLES,
    "jsonld": RdfFormat.JSON_LD,
    "rdfxml": RdfFormat.RDF_XML,
}
A_BATCH = 4096  # quads that are written at once
MOST_SETTLED = 50_000  # terms that are remembered while many are written
A_LOAD = 100_000  # lines that are loaded at once into a store on disk
A_LONG_TEXT = 200  # bytes of a literal that is not remembered
# in lines of N-Quads: what stores write in one way, a literal without its tag, and the parts of terms
A_TYPED = f'"^^<{XSD}'.encode()
LITERAL = re.compile(rb'"(?:[^"\\]|\\.)*"(?:\^\^<http://www\.w3\.org/2001/XMLSchema#[^>]*>)?')
IN_TERMS = re.compile(rb'(?P<text>"(?:[^"\\]|\\.)*")(?:\^\^(?P<kind><[^>]*>))?|(?P<iri><(?!<)[^<>]*>)')
AN_XML_NAME = re.compile(r"[^\W\d][\w.-]*>$")  # the end of a property, which RDF/XML has as the name of an element
A_TYPE = f"<{TYPE.value}>".encode()
UNQUOTED = {  # the numbers and truth values that Turtle writes without quotes
    f"<{XSD}{name}>".encode(): re.compile(pattern)
    for name, pattern in {
        "integer": rb"[+-]?\d+", "decimal": rb"[+-]?\d*\.\d+", "boolean": rb"true|false",
        "double": rb"[+-]?(?:\d+(?:\.\d*)?|\.\d+)[eE][+-]?\d+",
    }.items()
}  # fmt: skip
MOST_NESTED = 256  # triple terms in triple terms, beyond which the parser would overrun its stack
NESTING = re.compile(rb"<<\(|\)>>|\n")
NESTING_IN_JSON = re.compile(rb'"(?:[^"\\]|\\.)*"|[{}]', re.S)
RESULT_FORMATS = {
    "xml": ox.QueryResultsFormat.XML,
    "csv": ox.QueryResultsFormat.CSV,
    "tsv": ox.QueryResultsFormat.TSV,
}

# --- reading files ---------------------------------------------------------------------------------


def read_text(path: Path, name: str) -> str:
    """The file's text without a byte order mark; a ParseError with the place if it is not UTF-8."""
    try:
        data = path.read_bytes()
    except OSError as error:
        remedy = "put the file itself here, and let it be read, or take it away"
        raise ParseError(name, 0, 0, f"cannot be read: {error.strerror}", remedy=remedy) from None
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        column = error.start - (data.rfind(b"\n", 0, error.start) + 1) + 1
        raise ParseError(
            name, line, column, "this byte is not UTF-8", remedy="save the file as UTF-8"
        ) from None


READ = {".ttl": RdfFormat.TURTLE, ".trig": RdfFormat.TRIG, ".nt": RdfFormat.N_TRIPLES, ".nq": RdfFormat.N_QUADS}


def parse(text: str, name: str, graph: str, prefixes: dict[str, str]) -> list[Quad]:
    """The quads of a Turtle, TriG, N-Triples or N-Quads text, by the file's ending (TriG if it has another).

    In a file without graphs of its own, all quads are in `graph`; else only those outside any graph.
    """
    form = READ.get("." + name.rpartition(".")[2], RdfFormat.TRIG)
    try:
        node, outside = NamedNode(graph or "x:x"), DefaultGraph()
        return [
            Quad(quad.subject, quad.predicate, quad.object, node) if graph and quad.graph_name == outside else quad
            for quad in engine.parse(text, format=form, rename_blank_nodes=True)
        ]
    except SyntaxError as error:
        line, column = error.lineno or 0, error.offset or 0
        lines = text.splitlines()
        message = re.sub(r"^Parser error.*?columns? [\d and]+: ", "", str(error.msg or error))
        source = lines[line - 1] if 0 < line <= len(lines) else ""
        raise ParseError(name, line, column, message, source, _syntax_remedy(message, prefixes)) from None
    except (MemoryError, RuntimeError, OSError, ValueError) as error:
        raise ParseError(name, 0, 0, f"cannot be parsed: {error}") from None


def _syntax_remedy(message: str, prefixes: dict[str, str]) -> str:
    undeclared = re.search(r"prefix ([\w.-]*):? has not been declared", message)
    if undeclared:
        name = undeclared.group(1)
        if name in prefixes:
            return f"add this line at the top of the file: @prefix {name}: <{prefixes[name]}> ."
        close = ", ".join(f"{other}:" for other in nearest(name, prefixes))
        return (
            f"use a prefix of ontology/prefixes.ttl{f' ({close}?)' if close else ''}, or add this one there"
        )
    return "look at this line and the end of the statement before it: a missing ; or . or quote?"


class _Incoming:
    """Pieces of bytes as the file that a parser reads; not nested so deep that the parser overruns its stack."""

    def __init__(self, chunks: Iterable[bytes], name: str, by_lines: bool = True) -> None:
        self._chunks, self._rest, self._name, self._by_lines = iter(chunks), b"", name, by_lines
        self._before, self._depth = b"", 0
        self.error: KgError | None = None  # the parser would wrap it

    def read(self, size: int = -1) -> bytes:
        """At most so many bytes, none at the end."""
        try:
            while not self._rest:
                chunk = next(self._chunks, None)
                if chunk is None:
                    return b""
                self._guard(chunk)
                self._rest = chunk
        except KgError as error:
            self.error = error
            raise OSError(str(error)) from None
        taken = self._rest if size < 0 else self._rest[:size]
        self._rest = self._rest[len(taken) :]
        return taken

    def _guard(self, chunk: bytes) -> None:
        """Raises a ParseError where triple terms stand in triple terms, in whatever pieces they come."""
        data, self._before = self._before + chunk, chunk[-2:]  # a mark of three bytes may be cut
        if b"<<(" not in data and not self._depth:
            return
        for mark in NESTING.finditer(data):
            if mark[0] == b"<<(":
                self._depth += 1
            elif self._by_lines or mark[0] == b")>>":
                self._depth = 0 if mark[0] == b"\n" else max(0, self._depth - 1)
            if self._depth > MOST_NESTED:
                raise ParseError(self._name, 0, 0, "has triples nested in triples", remedy="leave them out")


def stream_quads(chunks: Iterable[bytes], name: str, form: str = "ntriples") -> Iterator[Quad]:
    """The quads of N-Triples or N-Quads while they come in; a ParseError if they do not parse."""
    incoming = _Incoming(chunks, name, form in ("ntriples", "nquads"))
    try:
        yield from engine.parse(input=incoming, format=TEXT_FORMATS[form], rename_blank_nodes=False)
    except SyntaxError as error:
        raise ParseError(name, error.lineno or 0, error.offset or 0, str(error.msg or error)) from None
    except (MemoryError, ValueError, OSError) as error:
        raise incoming.error or ParseError(name, 0, 0, f"cannot be parsed: {error}") from None


def read_results(data: bytes) -> list[list[Any]]:
    """The rows of SPARQL results in JSON, as another store sends them; a ValueError if it is none."""
    depth = 0
    for mark in NESTING_IN_JSON.finditer(data if b"triple" in data or b"\\u" in data else b""):
        depth += {b"{": 1, b"}": -1}.get(mark[0], 0)
        if depth > MOST_NESTED:
            raise ValueError("triples nested in triples")
    try:
        results: Any = ox.parse_query_results(data, format=ox.QueryResultsFormat.JSON)
        if isinstance(results, ox.QueryBoolean):
            raise ValueError("yes or no, not rows")
        return [[solution[name] for name in results.variables] for solution in results]
    except (SyntaxError, RuntimeError, MemoryError, OSError) as error:
        raise ValueError(str(error)) from None


# --- asking ----------------------------------------------------------------------------------------


class Answer:
    """What a question gave: rows (select), a truth value (ask) or triples (construct).

    A row is a dict of plain Python values: int, float, bool, datetime.date, str, None where nothing is bound.
    An IRI is a str, its prefixed name where there is one (`state:dprk`), else `<https://…>`. A date that is
    not a day (EDTF such as `1951-03` or `1950~`) stays a str. `rows` has the RDF terms themselves.
    """

    def __init__(
        self,
        layout: Layout,
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

    def __len__(self) -> int:
        return len(self.rows if self.triples is None else self.triples)

    def __bool__(self) -> bool:
        return self.truth if self.truth is not None else len(self) > 0

    def to_pandas(self) -> Any:
        """The rows as a pandas.DataFrame (`pip install icrc-korea[pandas]`)."""
        names, rows = self._values()
        return _library("pandas").DataFrame(rows, columns=names)

    def to_polars(self) -> Any:
        """The rows as a polars.DataFrame (`pip install icrc-korea[polars]`)."""
        names, rows = self._values()
        columns = {name: [row[place] for row in rows] for place, name in enumerate(names)}
        return _library("polars").DataFrame(columns, strict=False)

    def _values(self) -> tuple[list[str], list[list[Value]]]:
        if self.truth is not None:
            return ["answer"], [[self.truth]]
        if self.triples is not None:
            names, texts = self.table()
            return names, [list(row) for row in texts]
        return self.columns, [[plain(term, self.layout) for term in row] for row in self.rows]

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
            return serialise([Quad(t.subject, t.predicate, t.object) for t in self.triples], rdf, self.layout)
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
            cells = [f"_:{term.value}" if isinstance(term, BlankNode) else getattr(term, "value", "") for term in row]
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


def _json_term(term: Term) -> dict[str, str]:
    if isinstance(term, NamedNode):
        return {"type": "uri", "value": term.value}
    if isinstance(term, Literal):
        entry = {"type": "literal", "value": term.value}
        if term.language:
            entry["xml:lang"] = term.language
        elif term.datatype.value != XSD + "string":
            entry["datatype"] = term.datatype.value
        return entry
    return {"type": "bnode", "value": getattr(term, "value", str(term))}


def read_term(text: str) -> Term | None:
    """A term as N-Triples writes it; None for anything else, such as a path."""
    if not text or text[0] not in "<_\"" or (text[0] == "<" and text.count("<") > 1):
        return None
    try:
        [quad] = engine.parse(f"<x:s> <x:p> {text} .", format=RdfFormat.N_TRIPLES, rename_blank_nodes=False)
    except (SyntaxError, ValueError):
        return None
    return quad.object  # type: ignore[no-any-return]


def readable(term: Term | None, layout: Layout) -> str:
    """A term as people read it: the CURIE, or the literal's own text."""
    if term is None:
        return ""
    if isinstance(term, NamedNode):
        return layout.shrink(term.value)
    return term.value if isinstance(term, Literal) else str(term)


def plain(term: Term | None, layout: Layout) -> Value:
    """A term as a Python value: numbers, days and truth values as such, all else as `readable` text."""
    if isinstance(term, Literal):
        kind = term.datatype.value.removeprefix(XSD)
        if kind == "boolean":
            return term.value in ("true", "1")
        try:
            if kind in ("integer", "nonNegativeInteger", "positiveInteger", "int", "long"):
                return int(term.value)
            if kind in ("decimal", "double", "float"):
                return float(term.value)
            if kind == "date":
                from datetime import date

                return date.fromisoformat(term.value)
        except ValueError:
            return term.value
    return None if term is None else readable(term, layout)


class Store:
    """One dataset in memory with SPARQL over it; plain patterns see every triple once."""

    def __init__(self, layout: Layout, held: Any = None) -> None:
        self.layout = layout
        self._store = engine.Store() if held is None else held

    def __len__(self) -> int:
        return len(self._store)

    def __contains__(self, triple: Triple) -> bool:
        return Quad(triple.subject, triple.predicate, triple.object) in self._store

    @classmethod
    def of(cls, quads: Iterable[Quad], layout: Layout) -> Store:
        """A store of the triples of these quads, merged."""
        store = cls(layout)
        store.load_ntriples(ntriples(quads))
        return store

    def remove(self, triples: Iterable[Triple]) -> None:
        """Takes triples out of the merged graph."""
        for triple in triples:
            self._store.remove(Quad(triple.subject, triple.predicate, triple.object))

    def load_ntriples(self, data: bytes | Path) -> None:
        """Adds N-Triples, or a file of them, that this project wrote itself (so they need no second validation)."""
        given = {"input": data} if isinstance(data, bytes) else {"path": data}
        self._store.bulk_load(**given, format=RdfFormat.N_TRIPLES, lenient=True)

    def extend(self, quads: Iterable[Quad]) -> None:
        """Adds quads, each in its own graph."""
        self._store.extend(quads)

    def merge(self, quads: Iterable[Quad] | Iterable[Triple]) -> None:
        """Adds the triples of the quads to the default graph, whatever graph they come from."""
        self._store.extend(Quad(quad.subject, quad.predicate, quad.object) for quad in quads)

    def match(
        self, subject: NamedNode | None = None, predicate: NamedNode | None = None, value: Term | None = None
    ) -> Iterator[Quad]:
        """The quads of the merged graph that fit a pattern."""
        found: Iterator[Quad] = self._store.quads_for_pattern(subject, predicate, value, DefaultGraph())
        return found

    def named(self, wanted: Callable[[NamedNode], bool] = lambda _: True) -> Iterator[Quad]:
        """The quads of the named graphs, or of some of them; on disk they stand beside the merged one."""
        graphs = [graph for graph in self._store.named_graphs() if wanted(graph)]
        return chain.from_iterable(self._store.quads_for_pattern(None, None, None, graph) for graph in graphs)

    def outside(self) -> Iterator[Quad]:
        """The quads of the merged graph that are in no named graph."""
        graph = DefaultGraph()
        if next(self._store.named_graphs(), None) is None:
            return self.match()
        return (quad for quad in self.match() if all(found.graph_name == graph for found in (
            self._store.quads_for_pattern(quad.subject, quad.predicate, quad.object, None))))  # fmt: skip

    def counts(self) -> dict[str, int]:
        """How many triples each named graph has, by its IRI; the merged graph is ''."""
        rows = self._store.query("SELECT ?g (COUNT(*) AS ?n) { GRAPH ?g { ?s ?p ?o } } GROUP BY ?g")
        found = {row["g"].value: int(row["n"].value) for row in rows}
        return {**dict(sorted(found.items())), "": len(self) - sum(found.values())}

    def predicates(self) -> list[str]:
        """The predicates of the merged graph."""
        rows = self._store.query("SELECT DISTINCT ?p { ?s ?p ?o }")
        return sorted(row["p"].value for row in rows)

    def mentions(self, node: NamedNode) -> bool:
        """Whether anything is said of or with a name, in whatever graph."""
        places = ((node, None, None), (None, node, None), (None, None, node))
        found = any(next(self._store.quads_for_pattern(*place, None), None) is not None for place in places)
        return found or self._store.contains_named_graph(node)

    def query(self, text: str, bindings: dict[str, Term] | None = None, shown: Iterable[str] = ()) -> Answer:
        """Answers a SPARQL query, with some of its variables bound to terms beforehand.

        Bound variables are columns of the answer only if they are among `shown`.
        """
        tokens = guarded(text)  # some queries would take the process down with them
        if bindings:
            text = tokens.with_columns(sorted(bindings))
        bound = {Variable(name): term for name, term in (bindings or {}).items()}
        try:
            results = self._store.query(text, prefixes=self.layout.prefixes, substitutions=bound or None)
            if isinstance(results, ox.QueryBoolean):
                return Answer(self.layout, [], [], truth=bool(results))
            if isinstance(results, ox.QueryTriples):
                return Answer(self.layout, [], [], triples=list(results))
            names = [variable.value for variable in results.variables]
            hidden = set(bindings or {}) - set(shown)
            kept = [name for name in names if name not in hidden]
            whole = len(kept) == len(names)
            rows = [list(solution) if whole else [solution[name] for name in kept] for solution in results]
            return Answer(self.layout, kept, rows)
        except SyntaxError as error:
            raise QueryError(*fault(str(error), text, self.layout.prefixes)) from None
        except (RuntimeError, ValueError, OSError, MemoryError) as error:
            raise QueryError(f"the query cannot be answered: {error}", "change the query") from None


def written(term: Term, layout: Layout) -> str:
    """A term as SPARQL writes it, with the shared prefixes."""
    if isinstance(term, NamedNode):
        return layout.shrink(term.value)
    if isinstance(term, Literal) and term.datatype.value.startswith(XSD) and not term.language:
        kind = term.datatype
        return str(Literal(term.value)) + ("" if kind.value == XSD + "string" else f"^^{layout.shrink(kind.value)}")
    return str(term)


def standalone(text: str, bindings: dict[str, Term], layout: Layout) -> str:
    """The query as any store takes it: its prefixes declared, and the values of its variables in a VALUES line."""
    tokens = Tokens(text)
    if bindings:
        names = " ".join(f"?{name}" for name in bindings)
        values = " ".join(written(term, layout) for term in bindings.values())
        for place in reversed(tokens.wheres(set(bindings))):
            rest = text[place:]
            text = f"{text[:place]}\n  VALUES ({names}) {{ ({values}) }}{'' if rest[:1].isspace() else ' '}{rest}"
    used, declared = Tokens(text).prefixes_used(), tokens.declared()
    lacking = [name for name in sorted(used - set(declared)) if name in layout.prefixes]
    return "".join(f"PREFIX {name}: <{layout.prefixes[name]}>\n" for name in lacking) + text


# --- writing ---------------------------------------------------------------------------------------


def lines_of(quads: Iterable[Quad]) -> Iterator[list[bytes]]:
    """The quads as lines of N-Quads, each with its line break, many at a time."""
    source = iter(quads)
    while data := engine.serialize(islice(source, A_BATCH), format=RdfFormat.N_QUADS):
        yield data.splitlines(keepends=True)


def quads_in(batches: Iterable[list[bytes]]) -> Iterator[Quad]:
    """The quads of lines that `lines_of` has written."""
    for lines in batches:
        yield from read_nquads(b"".join(lines))


def split(line: bytes) -> tuple[bytes, bytes]:
    """A line of `lines_of` as its triple and the graph that it names; b"" if it names none."""
    triple, _, last = line[:-3].rpartition(b" ")
    # the end of a literal may look like a graph, but for its quotation mark; before an object there is one space only
    if last[:1] in (b"<", b"_") and b'"' not in last and triple.count(b" ") > 1:
        return triple, last
    return line[:-3], b""


def outside_graphs(batches: Iterable[list[bytes]]) -> Iterator[list[bytes]]:
    """The lines without the names of their graphs."""
    return ([split(line)[0] + b" .\n" for line in lines] for lines in batches)


def settled(batches: Iterable[list[bytes]]) -> Iterator[list[bytes]]:
    """The lines with every literal in NFC and in the canonical form of its datatype, as stores keep it: 1.0 is 1."""
    for lines in batches:
        data = b"".join(lines)
        if data.isascii() and A_TYPED not in data:
            yield lines
        else:
            yield [line if line.isascii() and A_TYPED not in line else LITERAL.sub(_settled, line) for line in lines]


def _settled(found: re.Match[bytes]) -> bytes:
    text = found.group()
    return _settled_literal(text) if len(text) < A_LONG_TEXT else _settled_literal.__wrapped__(text)


@lru_cache(MOST_SETTLED)
def _settled_literal(text: bytes) -> bytes:
    from unicodedata import is_normalized, normalize

    if not text.endswith(b">") and is_normalized("NFC", text.decode()):
        return text
    [value] = (quad.object for quad in read_nquads(b"<x:s> <x:p> %b ." % text))
    held, node = engine.Store(), NamedNode("x:n")  # a store writes each number and date in one way
    held.add(Quad(node, node, Literal(normalize("NFC", value.value), datatype=value.datatype)))
    written: bytes = engine.serialize(held, format=RdfFormat.N_QUADS)
    return written.split(b" ", 2)[2][:-3]


def nquads_lines(quads: Iterable[Quad]) -> list[str]:
    """The quads as sorted N-Quads lines, each once."""
    data = engine.serialize(quads, format=RdfFormat.N_QUADS) or b""
    return sorted(set(data.decode().split("\n")) - {""})


def canonical(quads: Iterable[Quad]) -> list[Quad]:
    """The quads with blank nodes labelled by RDFC-1.0, so that two runs give the same labels."""
    dataset = engine.Dataset(quads)
    dataset.canonicalize(ox.CanonicalizationAlgorithm.RDFC_1_0)
    return list(dataset)


def read_nquads(data: bytes) -> list[Quad]:
    """The quads of an N-Quads text that this project wrote itself."""
    return list(engine.parse(data, format=RdfFormat.N_QUADS, lenient=True, rename_blank_nodes=False))


def ntriples(quads: Iterable[Quad]) -> bytes:
    """The triples of the quads, each once, as N-Triples, every literal as it was written."""
    return engine.serialize({quad.triple for quad in quads}, format=RdfFormat.N_TRIPLES) or b""


def write_ntriples(path: Path, quads: Iterable[Quad]) -> None:
    """Writes the triples of the quads as N-Triples into a file; one that stands in two graphs stands there twice."""
    engine.serialize((quad.triple for quad in quads), path, format=RdfFormat.N_TRIPLES)


def read_ntriples(data: bytes) -> list[Quad]:
    """The triples of an N-Triples text that this project wrote itself, in the default graph."""
    return list(engine.parse(data, format=RdfFormat.N_TRIPLES, lenient=True, rename_blank_nodes=False))


def serialise(quads: Iterable[Quad], form: str, layout: Layout) -> bytes:
    """The quads in one of TEXT_FORMATS, sorted; forms without graphs get each triple once."""
    from io import BytesIO

    sink = BytesIO()
    serialise_into(sink, quads, form, layout)
    return sink.getvalue()


def serialise_into(
    sink: IO[bytes], quads: Iterable[Quad] | Iterable[list[bytes]], form: str, layout: Layout
) -> None:
    """Writes quads, or lines of them as `lines_of` gives them, in one of TEXT_FORMATS, sorted.

    Forms without graphs get each triple once. Any number takes the same memory.
    """
    source = iter(quads)
    first = next(source, None)
    every: Any = source if first is None else chain([first], source)
    batches: Iterable[list[bytes]] = every if isinstance(first, list) else lines_of(every)
    if form not in ("trig", "nquads"):
        batches = outside_graphs(batches)
    if form in ("ntriples", "nquads"):
        for lines in in_order(batches):
            sink.write(b"".join(lines))
        return
    names = _Names(layout)
    turtle = form in ("turtle", "trig")
    ordered = in_order(_keys(batches, names, form))
    beginning = next(ordered, [])  # only now are all prefixes known
    ordered = chain([beginning], ordered)
    prefixes = {name: layout.prefixes[name] for name in sorted(names.used)}
    if turtle:
        sink.writelines(sorted(f"@prefix {name}: <{space}> .\n".encode() for name, space in prefixes.items()))
        for piece in _blocks(ordered):
            sink.write(piece)
        return
    triples = (quad.triple for quad in quads_in(_unkeyed(ordered)))
    engine.serialize(triples, _Sink(sink, form == "rdfxml"), format=TEXT_FORMATS[form], prefixes=prefixes)
    sink.write(b"\n")


def _keys(batches: Iterable[list[bytes]], names: _Names, form: str) -> Iterator[list[bytes]]:
    """Lines whose order is the one in which a person reads: graph, subject, then type, labels and the rest.

    They hold the whole quad, in which there are no control characters.
    """
    ranked: dict[bytes, bytes] = {}
    for lines in batches:
        keys = []
        for line in lines:
            triple, graph = split(line)
            subject, predicate, value = triple.split(b" ", 2)
            short = [names.short(term) for term in (graph, subject, predicate, value)]
            if form not in ("turtle", "trig"):
                short = [graph, subject, predicate, value]
            elif predicate == A_TYPE:
                short[2] = b"a"
            if predicate not in ranked:
                if form == "rdfxml" and not AN_XML_NAME.search(predicate.decode()):
                    raise UsageError(f"RDF/XML has no way to write the property {predicate.decode()}, which does not "
                                     "end in a name", "choose another format")  # fmt: skip
                ranked[predicate] = FIRST_READ.get(predicate[1:-1].decode(), "9").encode()
            short[2] = ranked[predicate] + short[2]
            keys.append(b"\0".join(short) + b"\n")
        yield keys


def _unkeyed(batches: Iterable[list[bytes]]) -> Iterator[list[bytes]]:
    for keys in batches:
        parts = (key[:-1].split(b"\0") for key in keys)
        yield [b"%b %b %b .\n" % (subject, predicate[1:], value) for _, subject, predicate, value in parts]


def _blocks(batches: Iterable[list[bytes]]) -> Iterator[bytes]:
    """Turtle or TriG of sorted keys, laid out for reading: a block for each thing, or for each graph."""
    graph = subject = predicate = None
    end = b""
    for keys in batches:
        pieces = []
        for key in keys:
            where, thing, verb, value = key[:-1].split(b"\0")
            if (where, thing) != (graph, subject):
                pieces.append(end)
                if where != graph:
                    pieces.append((b"}\n" if graph else b"") + (b"\n%b {\n" % where if where else b""))
                pieces.append(b"%b%b %b %b" % (b"    " if where else b"\n", thing, verb[1:], value))
                end = b" .\n"
            elif verb != predicate:
                pieces.append(b" ;\n%b    %b %b" % (b"    " if where else b"", verb[1:], value))
            else:
                pieces.append(b" , " + value)
            graph, subject, predicate = where, thing, verb
            if len(pieces) > A_BATCH:
                yield b"".join(pieces)
                pieces = []
        yield b"".join(pieces)
    yield end + (b"}\n" if graph else b"")


class _Names:
    """Writes terms of N-Quads as Turtle does, and notes which prefixes it has used."""

    def __init__(self, layout: Layout) -> None:
        self._layout, self.used = layout, set[str]()
        self._known: dict[bytes, bytes] = {}

    def short(self, term: bytes) -> bytes:
        """The term, its IRIs with a prefix where there is one."""
        if term[-1:] != b">":
            return term
        known = self._known.get(term)
        if known is None:
            if len(self._known) >= MOST_SETTLED:
                self._known.clear()
            known = self._known[term] = IN_TERMS.sub(self._part, term)
        return known

    def _part(self, found: re.Match[bytes]) -> bytes:
        text, kind = found.group("text", "kind")
        if kind in UNQUOTED and UNQUOTED[kind].fullmatch(text, 1, len(text) - 1):
            return text[1:-1]
        iri = kind or found.group("iri")
        if iri is None:
            return text
        name = self._layout.shrink(iri[1:-1].decode())
        if name[0] != "<":
            self.used.add(name.partition(":")[0])
        return (text + b"^^" if text else b"") + name.encode()


class _Sink:
    """Takes what pyoxigraph writes; brings the prefixes in the first tag of RDF/XML into order."""

    def __init__(self, sink: IO[bytes], xml: bool) -> None:
        self._sink, self._held, self._wait = sink, b"", xml

    def write(self, data: bytes) -> int:
        """Takes a piece."""
        self._held += data
        found = re.search(rb"<rdf:RDF([^>]*)>", self._held) if self._wait else None
        if found:
            names = sorted(re.findall(rb' xmlns:[^=]+="[^"]*"', found[1]))
            self._held = self._held[: found.start(1)] + b"".join(names) + self._held[found.end(1) :]
        if found or not self._wait:
            self._sink.write(self._held)
            self._held, self._wait = b"", False
        return len(data)

    def flush(self) -> None:
        """Nothing to do before the end."""


def write_atomically(path: Path, data: bytes) -> None:
    """Puts the whole content in place at once: a reader sees the old file or the new one."""
    with atomically(path) as sink:
        sink.write(data)


@contextmanager
def atomically(path: Path) -> Iterator[IO[bytes]]:
    """A file to write into, which takes the place of the old one when all went well."""
    path = path.resolve()  # a link goes on pointing to its target
    if path.exists() and not path.is_file():
        with path.open("wb") as stream:  # a device or a pipe takes the content, it is not replaced by it
            yield stream
        return
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        with temporary.open("wb") as stream:
            yield stream
            stream.flush()
            os.fsync(stream.fileno())
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


# --- on disk -----------------------------------------------------------------------------------------


def open_read_only(folder: Path, layout: Layout) -> Store:
    """A store on disk, as it is now: what is written to it later is not seen."""
    return Store(layout, engine.Store.read_only(str(folder)))


def read_lines(path: Path) -> Iterator[list[bytes]]:
    """An RDF file of any size as lines of N-Quads; its blank nodes have labels that no other file has."""
    form = READ.get(path.suffix)
    if form is None:
        raise ParseError(str(path), 0, 0, "is of no kind that can be loaded", remedy="give " + ", ".join(READ))
    try:
        yield from lines_of(engine.parse(path=str(path), format=form, rename_blank_nodes=True))
    except SyntaxError as error:
        message = re.sub(r"^Parser error.*?columns? [\d and]+: ", "", str(error.msg or error))
        raise ParseError(str(path), error.lineno or 0, error.offset or 0, message) from None
    except (RuntimeError, ValueError) as error:
        raise ParseError(str(path), 0, 0, f"cannot be loaded: {error}") from None


def bulk_load(folder: Path, batches: Iterable[list[bytes]], apart: str = "") -> bool:
    """Puts lines of N-Quads into a new store on disk: each in its graph, and in the merged graph as well.

    What is in the graph `apart` is not merged. Gives whether some lines are in no graph.
    """
    from concurrent.futures import ThreadPoolExecutor
    from tempfile import TemporaryFile

    store, outside, not_merged = engine.Store(str(folder)), False, f"<{apart}>".encode()

    def load(data: bytes | IO[bytes]) -> None:
        store.bulk_load(data, format=RdfFormat.N_QUADS, lenient=True)

    with TemporaryFile(prefix="icrc-korea-") as nameless, ThreadPoolExecutor(2) as pool:
        loads: list[Any] = []
        copies: tuple[list[bytes], list[bytes]] = [], []
        for lines in chain(batches, [None]):
            if lines is None or len(copies[1]) >= A_LOAD:  # one load would hold a million lines in memory
                for done in loads:
                    done.result()
                loads = [pool.submit(load, b"".join(copy)) for copy in copies if copy]  # side by side
                copies = [], []
            if lines is None:
                break
            parts = [split(line) for line in lines]
            graphs = {graph for _, graph in parts}
            if any(graph[:1] == b"_" for graph in graphs):
                raise UsageError("there is a graph whose name is a blank node", "give the graph an IRI")
            triples = [b"%b .\n" % triple for triple, graph in parts if graph != not_merged]
            if b"" in graphs:
                outside = True  # and in the merged graph only
                lines = [line for line, (_, graph) in zip(lines, parts, strict=True) if graph]
            if b"_:" in b"".join(triples):  # each load names blank nodes anew: both copies of theirs go in one
                nameless.writelines(line for line in (*lines, *triples) if b"_:" in line)
                lines, triples = ([line for line in some if b"_:" not in line] for some in (lines, triples))
            copies[0].extend(lines)
            copies[1].extend(triples)
        for done in loads:
            done.result()
        nameless.seek(0)
        load(nameless)
    store.flush()
    return outside


def sync(folder: Path) -> None:
    """Waits until a folder and the files in it are on the disk, not only on their way."""
    for path in [*(path for path in folder.iterdir() if path.is_file()), folder]:
        handle = os.open(path, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


# --- the door to rdflib ------------------------------------------------------------------------------


def to_rdflib(term: Term) -> rdflib.term.Node:
    """A term as rdflib has it, its lexical form untouched."""
    import rdflib

    if isinstance(term, NamedNode):
        return rdflib.URIRef(term.value)
    if isinstance(term, BlankNode):
        return rdflib.BNode(term.value)
    if term.language:
        return rdflib.Literal(term.value, lang=term.language)
    kind = term.datatype.value
    datatype = None if kind == XSD + "string" else rdflib.URIRef(kind)
    return rdflib.Literal(term.value, datatype=datatype, normalize=False)


def from_rdflib(term: rdflib.term.Node) -> NamedNode | BlankNode | Literal:
    """An rdflib term as this store has it."""
    import rdflib

    if isinstance(term, rdflib.URIRef):
        return NamedNode(str(term))
    if isinstance(term, rdflib.Literal):
        if term.language:
            return Literal(str(term), language=term.language)
        return (
            Literal(str(term), datatype=NamedNode(str(term.datatype)))
            if term.datatype
            else Literal(str(term))
        )
    return BlankNode(str(term))


def rdflib_graph(quads: Iterable[Quad]) -> rdflib.Graph:
    """The triples of the quads as one rdflib graph."""
    import rdflib

    graph = rdflib.Graph()
    for quad in quads:
        graph.add((to_rdflib(quad.subject), to_rdflib(quad.predicate), to_rdflib(quad.object)))
    return graph
