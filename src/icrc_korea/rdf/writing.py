"""Writes quads in every format, in one order."""

from __future__ import annotations

import re
from itertools import chain

import pyoxigraph as ox

from ..errors import UsageError
from .lines import A_BATCH, MOST_HELD, MOST_SETTLED, hang_together, lines_of, outside_graphs, quads_in, split
from .sorting import in_order
from .spaces import RDF, RDFS, XSD
from .terms import LABELS, TEXT_FORMATS, TYPE, engine

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from typing import IO, Any

    from .prefixes import Prefixes
    from .terms import Quad

# what a person reads first of a thing; of a claim its subject, predicate, object in this order
FIRST_READ = {RDF + "type": "0", RDF + "subject": "1", RDF + "predicate": "2", RDF + "object": "3", RDFS + "label": "4"}
FIRST_READ |= {label.value: "4" for label in LABELS}
IN_TERMS = re.compile(rb'(?P<text>"(?:[^"\\]|\\.)*")(?:\^\^(?P<kind><[^>]*>))?|(?P<iri><(?!<)[^<>]*>)')
AN_XML_NAME = re.compile(r"[^\W\d][\w.-]*>$")  # the end of a property, which RDF/XML has as the name of an element
# as N-Quads escapes them
NOT_IN_XML = re.compile(
    rb"(?<!\\)(?:\\\\)*\\(?:u00(?:0[0-8bBcCeEfF]|1[0-9a-fA-F])|u[fF]{3}[eEfF]|[bf])|[\x00-\x08\x0b\x0c\x0e-\x1f]")
A_TYPE = f"<{TYPE.value}>".encode()
A_TRUTH = f"<{XSD}boolean>".encode()
UNQUOTED = {  # the numbers and truth values that Turtle writes without quotes
    f"<{XSD}{name}>".encode(): re.compile(pattern)
    for name, pattern in {
        "integer": rb"[+-]?\d+", "decimal": rb"[+-]?\d*\.\d+", "boolean": rb"true|false",
        "double": rb"[+-]?(?:\d+(?:\.\d*)?|\.\d+)[eE][+-]?\d+",
    }.items()
}  # fmt: skip


def canonical(quads: Iterable[Quad]) -> list[Quad]:
    """The quads with blank nodes labelled by RDFC-1.0, so that two runs give the same labels."""
    quads = list(quads)
    held = hang_together(quads)
    if held > MOST_HELD:
        raise UsageError(f"{held:,} things without a name hang on one another, as in a long list or in lists in lists",
                         f"give some of them names: {MOST_HELD:,} can be told apart")  # fmt: skip
    dataset = engine.Dataset(quads)
    dataset.canonicalize(ox.CanonicalizationAlgorithm.RDFC_1_0)
    return list(dataset)


def relabelled_lines(batches: Iterable[list[bytes]]) -> Iterator[list[bytes]]:
    """The lines with their blank nodes labelled by RDFC-1.0, in which lines without any have no part."""
    yield from lines_of(canonical(quads_in(batches)))


def serialise(quads: Iterable[Quad], form: str, layout: Prefixes) -> bytes:
    """The quads in one of TEXT_FORMATS, sorted; forms without graphs get each triple once."""
    from io import BytesIO

    sink = BytesIO()
    serialise_into(sink, quads, form, layout)
    return sink.getvalue()


def serialise_into(
    sink: IO[bytes], quads: Iterable[Quad] | Iterable[list[bytes]], form: str, layout: Prefixes
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
                if form == "rdfxml":
                    _refuse_for_xml(predicate, value)
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


def _refuse_for_xml(predicate: bytes, value: bytes) -> None:
    """Refuses what RDF/XML has no way to write: a class as an element, characters that no XML holds."""
    if predicate == A_TYPE and value[-1:] == b">" and not AN_XML_NAME.search(value.decode()):
        raise UsageError(f"RDF/XML has no way to write the class {value.decode()}, which does not end in a name",
                         "choose another format")  # fmt: skip
    if NOT_IN_XML.search(value):
        raise UsageError(f"RDF/XML has no way to write a character of this text: {value.decode()[:80]}",
                         "take the character out, or choose another format")  # fmt: skip


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

    def __init__(self, layout: Prefixes) -> None:
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
        bare = kind in UNQUOTED and UNQUOTED[kind].fullmatch(text, 1, len(text) - 1)
        if bare and not (kind == A_TRUTH and found.string.startswith(b"<<")):  # where Jena 5 reads no `true`
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
        self._sink, self._held, self._wait, self._xml = sink, b"", xml, xml

    def write(self, data: bytes) -> int:
        """Takes a piece."""
        self._held += data.replace(b"\r", b"&#xD;") if self._xml else data  # which a parser would read as a line end
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
