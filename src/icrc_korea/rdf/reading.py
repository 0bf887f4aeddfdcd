"""Reads files of RDF and results of SPARQL, with errors that name line and remedy."""

from __future__ import annotations

import re
import zlib

import pyoxigraph as ox
from pyoxigraph import DefaultGraph, NamedNode, RdfFormat

from ..errors import KgError, ParseError, nearest
from .lines import READ, lines_of
from .terms import TEXT_FORMATS, Quad, engine

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path
    from typing import Any

    from .terms import Term

MOST_NESTED = 256  # triple terms in triple terms, beyond which the parser would overrun its stack
NESTING = re.compile(rb"<<\(|\)>>|\n")
NESTING_IN_TEXT = re.compile(
    r'#[^\n]*|<[^<>\s]*>|\"{3}(?:[^"\\]|\\.|"(?!""))*\"{3}|\'{3}(?:[^\'\\]|\\.|\'(?!\'\'))*\'{3}'
    r'|"(?:[^"\\\n]|\\.)*"|<<|>>', re.S)  # fmt: skip
FILES = {**READ, ".jsonld": RdfFormat.JSON_LD, ".rdf": RdfFormat.RDF_XML, ".owl": RdfFormat.RDF_XML}
BLOCK, BOM = 1 << 20, b"\xef\xbb\xbf"
NESTING_IN_JSON = re.compile(rb'"(?:[^"\\]|\\.)*"|[{}]', re.S)


def read_text(path: Path, name: str) -> str:
    """The file's text without a byte order mark; a ParseError with the place if it is not UTF-8."""
    if path.exists() and not path.is_file():  # a pipe or a device may never end
        raise ParseError(name, 0, 0, "is no file with an end", remedy="put the file itself here, or take it away")
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


def parse(text: str, name: str, graph: str, prefixes: dict[str, str]) -> list[Quad]:
    """The quads of a Turtle, TriG, N-Triples or N-Quads text, by the file's ending (TriG if it has another).

    In a file without graphs of its own, all quads are in `graph`; else only those outside any graph.
    """
    form = READ.get("." + name.rpartition(".")[2], RdfFormat.TRIG)
    if text.count("<<") > MOST_NESTED:
        _refuse_nested(text, name)
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


def _refuse_nested(text: str, name: str) -> None:
    depth = 0
    for mark in NESTING_IN_TEXT.finditer(text):
        depth += {"<<": 1, ">>": -1}.get(mark[0], 0)
        if depth > MOST_NESTED:
            line = text.count("\n", 0, mark.start()) + 1
            raise ParseError(name, line, 0, "has triples nested in triples", remedy="leave them out")


def read_lines(path: Path) -> Iterator[list[bytes]]:
    """An RDF file of any size as lines of N-Quads; its blank nodes have labels that no other file has.

    Reads what this project writes: Turtle, TriG, N-Triples, N-Quads, JSON-LD, RDF/XML, each also packed with gzip.
    """
    packed = path.suffix == ".gz"
    form = FILES.get(path.with_suffix("").suffix if packed else path.suffix)
    if form is None:
        remedy = "give " + ", ".join(FILES) + ", or one of these packed as .gz"
        raise ParseError(str(path), 0, 0, "is of no kind that can be loaded", remedy=remedy)
    if path.exists() and not path.is_file():
        raise ParseError(str(path), 0, 0, "is no file with an end", remedy="give the file itself")
    incoming = _Incoming(_chunks(path, packed, form), str(path), form in (RdfFormat.N_TRIPLES, RdfFormat.N_QUADS))
    try:
        yield from lines_of(engine.parse(input=incoming, format=form, rename_blank_nodes=True))
    except SyntaxError as error:
        message = re.sub(r"^Parser error.*?columns? [\d and]+: ", "", str(error.msg or error))
        raise ParseError(str(path), error.lineno or 0, error.offset or 0, message) from None
    except (MemoryError, RuntimeError, ValueError, OSError, EOFError, zlib.error) as error:
        raise incoming.error or ParseError(str(path), 0, 0, f"cannot be loaded: {error}") from None


def _chunks(path: Path, packed: bool, form: RdfFormat) -> Iterator[bytes]:
    """A file in pieces, without a byte order mark; refused where its form would bring the parser down."""
    import gzip

    depth = 0
    with gzip.open(path, "rb") if packed else path.open("rb") as stream:
        first = True
        while piece := stream.read(BLOCK):
            piece = piece.removeprefix(BOM) if first else piece
            if form == RdfFormat.RDF_XML and re.search(rb"<!(?:DOCTYPE|ENTITY)", piece):
                raise ParseError(str(path), 0, 0, "declares entities or a document type", remedy="take that out")
            if form == RdfFormat.JSON_LD:
                for mark in NESTING_IN_JSON.finditer(piece):
                    depth += {b"{": 1, b"}": -1}.get(mark[0], 0)
                    if depth > MOST_NESTED:
                        raise ParseError(str(path), 0, 0, f"is nested deeper than {MOST_NESTED}", remedy="flatten it")
            first = False
            yield piece


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


def read_term(text: str) -> Term | None:
    """A term as N-Triples writes it; None for anything else, such as a path."""
    if not text or text[0] not in "<_\"" or (text[0] == "<" and text.count("<") > 1):
        return None
    try:
        [quad] = engine.parse(f"<x:s> <x:p> {text} .", format=RdfFormat.N_TRIPLES, rename_blank_nodes=False)
    except (SyntaxError, ValueError):
        return None
    return quad.object  # type: ignore[no-any-return]
