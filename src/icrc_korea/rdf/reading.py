"""Reads files of RDF and results of SPARQL, with errors that name line and remedy."""

from __future__ import annotations

import re
import zlib
from dataclasses import dataclass, replace
from functools import lru_cache

import pyoxigraph as ox
from pyoxigraph import DefaultGraph, NamedNode, RdfFormat

from ..errors import KgError, ParseError, UsageError, nearest
from .lines import READ, lines_of
from .terms import TEXT_FORMATS, Quad, engine

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path
    from typing import Any

    from .terms import Term

MOST_NAMED = 20  # IRIs that a message names
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


@dataclass(frozen=True)
class Reading:
    """How files of others are read: what their relative IRIs are relative to, and whether odd ones are left out."""

    base: str = ""
    leave_out: bool = False  # statements with an IRI that is none

    def __post_init__(self) -> None:
        """Refuses a base that is no IRI."""
        if self.base and not is_iri(self.base):
            raise UsageError(f"{self.base!r} is no IRI to which others can be relative", "such as http://example.org/")


STRICTLY = Reading()


def parse(
    text: str, name: str, graph: str, prefixes: dict[str, str], reading: Reading = STRICTLY
) -> list[Quad]:
    """The quads of a Turtle, TriG, N-Triples or N-Quads text, by the file's ending (TriG if it has another).

    In a file without graphs of its own, all quads are in `graph`; else only those outside any graph. A ParseError
    has all IRIs of the text that are none in its `odd`, if these are what is wrong.
    """
    form = READ.get("." + name.rpartition(".")[2], RdfFormat.TRIG)
    if text.count("<<") > MOST_NESTED:
        _refuse_nested(text, name)
    try:
        node, outside = NamedNode(graph or "x:x"), DefaultGraph()
        return [
            Quad(quad.subject, quad.predicate, quad.object, node) if graph and quad.graph_name == outside else quad
            for quad in engine.parse(text, format=form, rename_blank_nodes=True, **_settings(reading))
            if not (reading.leave_out and odd_in(quad))
        ]
    except SyntaxError as error:
        odd = _odd(engine.parse(text, format=form, **_settings(replace(reading, leave_out=True))))
        if odd:
            places = [(iri, text.count("\n", 0, max(0, text.find(f"<{iri}>"))) + 1) for iri in odd]
            raise _none_iris(name, places) from None
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


def is_iri(text: str) -> bool:
    """Whether a text is an absolute IRI."""
    try:
        return bool(NamedNode(text).value)
    except ValueError:
        return False


def odd_in(quad: Any) -> list[str]:
    """The IRIs of a quad that are none, also in its triple terms and datatypes."""
    found = []
    for term in quad:
        if isinstance(term, NamedNode):
            iri = term.value
        elif hasattr(term, "datatype"):
            iri = term.datatype.value
        elif hasattr(term, "subject"):
            found += odd_in(term)
            continue
        else:
            continue
        found += [] if _known_iri(iri) else [iri]
    return found


_known_iri = lru_cache(maxsize=100_000)(is_iri)


def _settings(reading: Reading) -> dict[str, Any]:
    return {"lenient": reading.leave_out, **({"base_iri": reading.base} if reading.base else {})}


def _odd(quads: Iterator[Any]) -> list[str]:
    """The IRIs of leniently read quads that are none; none of them if there is something else wrong."""
    try:
        return list(dict.fromkeys(iri for quad in quads for iri in odd_in(quad)))
    except (SyntaxError, MemoryError, RuntimeError, OSError, ValueError):
        return []


def _none_iris(name: str, odd: list[tuple[str, int]]) -> ParseError:
    """The error of a file with IRIs that are none, each with its line, 0 if that is not known."""
    shown = [f"<{iri[:80]}>" + (f" in line {line}" if line else "") for iri, line in odd[:MOST_NAMED]]
    more = f" and {len(odd) - MOST_NAMED:,} more" if len(odd) > MOST_NAMED else ""
    whole = any(":" not in iri for iri, _ in odd)
    remedy = "correct them, or leave out the statements that they are in: --leave-out"
    remedy += "; what a name without a scheme is relative to, say by --base IRI or @base" if whole else ""
    number = "an IRI that is none" if len(odd) == 1 else f"{len(odd):,} IRIs that are none"
    error = ParseError(name, odd[0][1], 0, f"has {number}: {', '.join(shown)}{more}", remedy=remedy)
    error.odd = odd
    return error


def read_lines(path: Path, reading: Reading = STRICTLY, left: list[str] | None = None) -> Iterator[list[bytes]]:
    """An RDF file of any size as lines of N-Quads; its blank nodes have labels that no other file has.

    What is left out is added to `left`, each IRI that is none as often as a statement has it. Reads what this project
    writes: Turtle, TriG, N-Triples, N-Quads, JSON-LD, RDF/XML, each also packed with gzip.
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
        quads = engine.parse(input=incoming, format=form, rename_blank_nodes=True, **_settings(reading))
        yield from lines_of(_kept(quads, [] if left is None else left) if reading.leave_out else quads)
    except SyntaxError as error:
        again = _Incoming(_chunks(path, packed, form), str(path), incoming.by_lines)
        odd = _odd(engine.parse(input=again, format=form, **_settings(replace(reading, leave_out=True))))
        if odd:
            raise _none_iris(str(path), [(iri, 0) for iri in odd]) from None
        message = re.sub(r"^Parser error.*?columns? [\d and]+: ", "", str(error.msg or error))
        raise ParseError(str(path), error.lineno or 0, error.offset or 0, message) from None
    except (MemoryError, RuntimeError, ValueError, OSError, EOFError, zlib.error) as error:
        raise incoming.error or ParseError(str(path), 0, 0, f"cannot be loaded: {error}") from None


def _kept(quads: Iterable[Quad], left: list[str]) -> Iterator[Quad]:
    """The quads without those that have an IRI that is none."""
    for quad in quads:
        odd = odd_in(quad)
        left += odd
        if not odd:
            yield quad


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
        self._chunks, self._rest, self._name, self.by_lines = iter(chunks), b"", name, by_lines
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
            elif self.by_lines or mark[0] == b")>>":
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
