"""Streams quads as lines of N-Quads."""

from __future__ import annotations

import re
from functools import lru_cache
from itertools import islice

from pyoxigraph import BlankNode, Literal, NamedNode, RdfFormat

from .spaces import XSD
from .terms import Quad, engine

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path
    from typing import Any


A_BATCH = 4096  # quads that are written at once
MOST_SETTLED = 50_000  # terms that are remembered while many are written
A_LONG_TEXT = 200  # bytes of a literal that is not remembered
# in lines of N-Quads: what stores write in one way, a literal without its tag, and the parts of terms
A_TYPED = f'"^^<{XSD}'.encode()
LITERAL = re.compile(rb'"(?:[^"\\]|\\.)*"(?:\^\^<http://www\.w3\.org/2001/XMLSchema#[^>]*>)?')
READ = {".ttl": RdfFormat.TURTLE, ".trig": RdfFormat.TRIG, ".nt": RdfFormat.N_TRIPLES, ".nq": RdfFormat.N_QUADS}


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


MOST_HELD = 2500  # nameless things that hang on one another: to tell more apart overruns the engine's stack


def hang_together(quads: Iterable[Quad]) -> int:
    """How many nameless things hang on one another at most, as the items of a list do."""
    above: dict[Any, Any] = {}
    sizes: dict[Any, int] = {}

    def top(node: Any) -> Any:
        while above.get(node, node) != node:
            above[node] = node = above.get(above[node], above[node])
        return node

    for quad in quads:
        if isinstance(quad.subject, BlankNode) and isinstance(quad.object, BlankNode):
            one, other = top(quad.subject), top(quad.object)
            if one != other:
                above[one] = other
                sizes[other] = sizes.get(other, 1) + sizes.get(one, 1)
    return max(sizes.values(), default=0)
