"""Brings any number of quads into order, graph by graph, in little memory.

    with Spool(quads, chunk=250_000) as spool:
        for graph in spool.graphs.values():
            graph.count, graph.digest
            for part in graph.parts: spool.read(part)       # N-Triples, sorted, each triple once

Triples are put into the form that stores keep them in, so that what comes back is what was sent: language tags
in lower case, numbers and truth values in their shortest form, blank nodes named (see `normal`).
"""

from __future__ import annotations

import os
import re
import tempfile
from bisect import bisect_left
from hashlib import sha256

from ..errors import UsageError
from ..rdf.lines import lines_of, split
from ..rdf.naming import SKOLEM, blank_nodes_as_iris, normal
from ..rdf.reading import stream_quads
from ..rdf.sorting import in_order
from ..rdf.terms import BlankNode, NamedNode, Quad

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from typing import IO, Any

A_PART = 250_000  # lines of a part, if nothing else is asked for
BLOCK = 1 << 16
AN_UPPER_TAG = re.compile(rb'"@[a-z0-9-]*[A-Z]')
# the value of a line of N-Triples that is a decimal without a fraction; no quotation mark is left bare in a text
WHOLE_DECIMAL = re.compile(rb'"(-?\d+)"(\^\^<http://www\.w3\.org/2001/XMLSchema#decimal> \.)$', re.M)
POINTED_DECIMAL = re.compile(rb'"(-?\d+)\.0"(\^\^<http://www\.w3\.org/2001/XMLSchema#decimal> \.)$', re.M)


class Digest:
    """A digest of a set of statements: SHA-256 of their lines in order."""

    def __init__(self) -> None:
        self.count, self._sum = 0, sha256()

    def add(self, lines: list[bytes]) -> None:
        """Takes the next lines, which must come in order and each once."""
        self.count += len(lines)
        self._sum.update(b"".join(lines))

    def text(self) -> str:
        """The digest in hex."""
        return self._sum.hexdigest()


class Part:
    """Some lines of a graph: where they lie."""

    __slots__ = ("count", "size", "start")

    def __init__(self, start: int) -> None:
        self.start, self.size, self.count = start, 0, 0


class Graph:
    """One graph: its name, how many triples, their digest, and its parts."""

    def __init__(self, iri: str) -> None:
        self.iri, self.parts = iri, list[Part]()
        self.sums = Digest()

    @property
    def count(self) -> int:
        """How many triples it has."""
        return self.sums.count

    @property
    def digest(self) -> str:
        """The digest of its triples."""
        return self.sums.text()


class Spool:
    """Quads sorted by graph in a temporary file that is gone when it is closed.

    `points`: whole decimals stand in it as 65000.0; their digest is that of 65000 all the same.
    """

    def __init__(self, quads: Iterable[Quad], chunk: int = A_PART, points: bool = False) -> None:
        self.points = points
        self.graphs: dict[str, Graph] = {}
        self._file: IO[bytes] = tempfile.TemporaryFile(prefix="icrc-korea-")  # noqa: SIM115 - closed by close()
        self._write(in_order(_by_graph(quads)), chunk)

    def __enter__(self) -> Spool:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Takes the file away."""
        self._file.close()

    @property
    def triples(self) -> int:
        """How many triples there are in all graphs."""
        return sum(graph.count for graph in self.graphs.values())

    def _write(self, batches: Iterable[list[bytes]], chunk: int) -> None:
        place, graph = 0, Graph("")
        for lines in batches:
            done = 0
            while done < len(lines):
                start = lines[done][: lines[done].index(b" ") + 1]
                iri = start[:-1].decode()
                if iri != graph.iri:
                    graph = self.graphs[iri] = Graph(iri)
                if not graph.parts or graph.parts[-1].count >= chunk:
                    graph.parts.append(Part(place))
                part = graph.parts[-1]
                end = bisect_left(lines, start[:-1] + b"!", done, min(len(lines), done + chunk - part.count))
                triples = [line[len(start) :] for line in lines[done:end]]
                graph.sums.add(triples)
                data = b"".join(triples)
                size = self._file.write(WHOLE_DECIMAL.sub(rb'"\1.0"\2', data) if self.points else data)
                part.count, part.size, place = part.count + len(triples), part.size + size, place + size
                done = end
        self._file.flush()

    def read(self, part: Part) -> Iterator[bytes]:
        """The lines of a part as N-Triples, in blocks; may be read any number of times."""
        place, end = part.start, part.start + part.size
        while place < end:
            self._file.seek(place)
            block = self._file.read(min(BLOCK, end - place))
            place += len(block)
            yield block

    def lines(self, graph: Graph) -> Iterator[bytes]:
        """Every line of a graph, in order, as it stands in the file."""
        for part in graph.parts:
            rest = b""
            for block in self.read(part):
                *whole, rest = (rest + block).split(b"\n")
                yield from (line + b"\n" for line in whole)


    def compared(self, graph: Graph) -> Iterator[bytes]:
        """Every line of a graph, in order, in the form in which it is compared."""
        lines = self.lines(graph)
        return (POINTED_DECIMAL.sub(rb'"\1"\2', line) for line in lines) if self.points else lines


def comparable(quads: Iterable[Quad]) -> Iterator[list[tuple[bytes, bytes]]]:
    """Each quad as its triple in N-Triples, without a dot, in the form in which it is compared; and its graph."""
    for lines in lines_of(quads):
        data = b"".join(lines)
        parts = [split(line) for line in lines]
        if b"XMLSchema#" in data or b"_:" in data or AN_UPPER_TAG.search(data):  # else it is in this form already
            parts = [(normal(blank_nodes_as_iris(triple.decode())).encode(), graph) for triple, graph in parts]
        yield parts


def triples_of(quads: Iterable[Quad]) -> Iterator[list[bytes]]:
    """The statements of quads as lines of N-Triples in the form in which they are compared, many at a time."""
    for parts in comparable(quads):
        yield [triple + b" .\n" for triple, _ in parts]


def _by_graph(quads: Iterable[Quad]) -> Iterator[list[bytes]]:
    for parts in comparable(quads):
        if any(graph[:1] != b"<" for _, graph in parts):
            raise UsageError("there are statements outside any named graph", "put each into a graph with a name")
        yield [b"%b %b .\n" % (graph[1:-1], triple) for triple, graph in parts]


def _without_mark(stream: IO[bytes]) -> Iterator[bytes]:
    first = stream.read(BLOCK)
    yield first.removeprefix(b"\xef\xbb\xbf")
    yield from iter(lambda: stream.read(BLOCK), b"")


def _named_apart(quads: Iterable[Quad], file: str) -> Iterator[Quad]:
    """The quads with IRIs for blank nodes that no other file gives: `_:a` of two files is two things.

    They rest on the name of the file, so that the same file pushed again names the same things.
    """
    name = os.path.basename(file).partition(".")[0]  # noqa: PTH119 - it may be no name of a path
    apart = sha256(name.encode("utf-8", "surrogateescape")).hexdigest()[:12]

    def named(term: Any) -> Any:
        return NamedNode(f"{SKOLEM}{apart}-{term.value}") if isinstance(term, BlankNode) else term

    for quad in quads:
        if isinstance(quad.subject, BlankNode) or isinstance(quad.object, BlankNode):
            yield Quad(named(quad.subject), quad.predicate, named(quad.object), quad.graph_name)
        else:
            yield quad


def from_file(name: str, chunk: int = A_PART, points: bool = False) -> Spool:
    """A spool of an N-Quads file, of any size."""
    from ..errors import ParseError

    try:
        with open(name, "rb") as stream:  # noqa: PTH123 - the name may be a pipe
            quads = stream_quads(_without_mark(stream), name, "nquads")
            return Spool(_named_apart(quads, name), chunk, points)
    except OSError as error:
        raise ParseError(name, 0, 0, f"cannot be read: {error.strerror}", remedy="check the file's name") from None
