"""Writes the graph in a format, with the parts that were chosen."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from hashlib import sha256
from itertools import chain, islice
from pathlib import Path

from ..errors import LayoutError, UsageError
from ..rdf.atomic import atomically
from ..rdf.lines import lines_of, outside_graphs, quads_in, settled
from ..rdf.naming import skolemised_lines
from ..rdf.reading import parse, read_text
from ..rdf.spaces import GRAPHS, LINKS, OWL, RDF, SKOS
from ..rdf.terms import TEXT_FORMATS, NamedNode, Quad, Triple
from ..rdf.writing import relabelled_lines, serialise_into
from .jsonld import NO_TRIPLES, context_file, json_ld

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from typing import IO, Any

    from ..content.layout import Layout
    from ..dataset.build import Dataset

PARTS = (
    "statements", "entities", "claims", "inferred", "ontology", "vocabulary", "alignments", "shapes", "links",
    "enrichment", "catalogue",
)  # fmt: skip
ALIASES = {"vocabularies": "vocabulary", "vocab": "vocabulary"}
PRESETS = {
    "usual": ("statements", "entities", "ontology", "vocabulary"),
    "minimal": ("statements", "entities"),
    "all": PARTS,
    "single-graph": PARTS,  # all, outside any graph
}
ADDED = tuple(part for part in PARTS if part not in (*PRESETS["usual"], "shapes"))  # what a store gets
WHOLE = ("all", "single-graph")  # the presets that leave nothing out
CONTEXT = "context"  # no format of RDF: the JSON-LD context
FORMATS = (*TEXT_FORMATS, CONTEXT)
SHAPES = GRAPHS + "shapes"
# the parts whose lists, paths and class expressions mean something else under an IRI: they keep their blank nodes
NAMELESS = tuple(f"<{GRAPHS}{part}>".encode() for part in ("ontology", "alignments", "shapes"))
EXACT = NamedNode(SKOS + "exactMatch")
A_READ = 1 << 20  # bytes of a temporary file that are read at once
REIFIES = NamedNode(RDF + "reifies")
STATEMENT = tuple(NamedNode(RDF + name) for name in ("subject", "predicate", "object"))
# how an exact match can be said instead, for tools that look for one of these
SAME = {"owl:sameAs": NamedNode(OWL + "sameAs"), "schema:sameAs": NamedNode("https://schema.org/sameAs")}


@dataclass(frozen=True)
class Choice:
    """What goes in: a preset, further parts, and how links and claims are said."""

    parts: tuple[str, ...] = ()
    preset: str = "usual"
    same_as: str = ""  # the property of SAME that stands for skos:exactMatch in the links
    reifiers: bool = False  # claims also as RDF 1.2 has them: claim rdf:reifies <<( s p o )>>

    def wanted(self) -> set[str]:
        """The parts that go in; UsageError names what there is not."""
        if self.preset not in PRESETS:
            raise UsageError(f"there is no preset {self.preset!r}", "presets: " + ", ".join(PRESETS))
        asked = [ALIASES.get(part, part) for part in self.parts]
        unknown = sorted(set(asked) - set(PARTS))
        if unknown:
            raise UsageError(f"there is no part {unknown[0]!r} to add", "parts: " + ", ".join(PARTS))
        wanted = {*asked, *PRESETS[self.preset]}
        if self.same_as and "links" not in wanted:
            raise UsageError("--same-as changes the links, and none are exported", "add --with links")
        if self.same_as and self.same_as not in SAME:
            raise UsageError(f"no link is written as {self.same_as!r}", "choose one of " + ", ".join(SAME))
        if self.reifiers and "claims" not in wanted:
            raise UsageError("--reifiers says claims in another way, and none are exported", "add --with claims")
        return wanted


def export(built: Dataset, form: str, choice: Choice | None = None) -> bytes:
    """What was chosen of the graph, in a format of FORMATS."""
    from io import BytesIO

    sink = BytesIO()
    export_into(sink, built, form, choice or Choice())
    return sink.getvalue()


def export_into(sink: IO[bytes], built: Dataset, form: str, choice: Choice) -> None:
    """Writes what was chosen of the graph, in a format of FORMATS; what can be streamed takes little memory."""
    if form not in FORMATS:
        raise UsageError(f"there is no format {form!r}", "formats: " + ", ".join(FORMATS))
    if form == CONTEXT:
        sink.write(context_file(built.layout))
        return
    if form == "jsonld" and choice.reifiers:
        raise UsageError(*NO_TRIPLES)
    written(sink, chosen(built, choice), form, built.layout)


def written(sink: IO[bytes], lines: Iterable[list[bytes]], form: str, layout: Layout) -> None:
    """Writes lines of N-Quads in a format of RDF, sorted."""
    if form == "jsonld":
        sink.writelines(json_ld(lines, layout))
    else:
        serialise_into(sink, lines, form, layout)


def chosen(built: Dataset, choice: Choice) -> Iterator[list[bytes]]:
    """An export as lines of N-Quads that any store keeps: NFC, literals in their canonical form.

    Blank nodes of the ontology and the shapes stay blank, labelled by RDFC-1.0; all others get an IRI.
    """
    quads = quads_of(built, choice.wanted(), choice.preset in WHOLE)
    if choice.same_as:
        quads = _said_otherwise(quads, SAME[choice.same_as])
    kept: list[bytes] = []
    lines = settled(skolemised_lines(_without_nameless(lines_of(quads), kept)))
    if choice.reifiers:
        lines = lines_of(_with_reifiers(quads_in(lines)))
    alone = choice.preset == "single-graph"
    if alone:
        lines = outside_graphs(lines)
    return chain(lines, _relabelled(kept, alone))


def _without_nameless(batches: Iterable[list[bytes]], kept: list[bytes]) -> Iterator[list[bytes]]:
    """The lines but those with a blank node that stays one, which are kept aside."""
    for lines in batches:
        nameless = {line for line in lines if b"_:" in line and line[:-3].endswith(NAMELESS)}
        kept += nameless
        yield [line for line in lines if line not in nameless] if nameless else lines


def _relabelled(kept: list[bytes], alone: bool) -> Iterator[list[bytes]]:
    """What was kept aside, once all has come by, labelled for the graphs that the export has."""
    lines = settled([kept])
    yield from relabelled_lines(outside_graphs(lines) if alone else lines)


def quads_of(built: Dataset, wanted: Iterable[str], others: bool = False) -> Iterator[Quad]:
    """The quads of some parts as they were built; the shapes as their files have them.

    What was inferred goes in without what names a claim that stays behind. With `others` also what belongs
    to no part of ours, as in a store on disk that was built from other files.
    """
    parts, layout = set(wanted), built.layout

    def goes(graph: NamedNode) -> bool:
        return (part := part_of(graph, layout)) in parts or (others and part not in PARTS)

    quads = built.stream(goes, others)
    if "inferred" in parts and (behind := _claims_left_behind(built, goes)):
        quads = (q for q in quads if part_of(q.graph_name, layout) != "inferred" or not {q.subject, q.object} & behind)
    if "shapes" not in parts:
        return quads
    files = ((path, layout.name_of(path)) for path in layout.shapes())
    shapes = (parse(read_text(path, name), name, SHAPES, layout.prefixes) for path, name in files)
    return chain(quads, chain.from_iterable(shapes))


def _claims_left_behind(built: Dataset, goes: Callable[[NamedNode], bool]) -> set[Any]:
    """The claims that only graphs outside an export describe: nothing in it may name them."""
    said = STATEMENT[0]
    behind = {quad.subject for quad in built.stream(lambda graph: not goes(graph)) if quad.predicate == said}
    if behind:
        behind.difference_update(quad.subject for quad in built.stream(goes) if quad.predicate == said)
    return behind


def part_of(graph: NamedNode, layout: Layout) -> str:
    """The part that a graph belongs to: `statements` of texts, `enrichment` by authorities, else its first word."""
    if place := layout.sources.place(graph):
        return "enrichment" if place.source.kind == "authority" else "statements"
    return str(graph.value.removeprefix(GRAPHS).partition("/")[0])


def _said_otherwise(quads: Iterable[Quad], same: NamedNode) -> Iterator[Quad]:
    """The quads with another word for an exact match: in the links, and in the judgements that hold.

    What was rejected stays a rejected skos:exactMatch, as it was judged.
    """
    axioms, judged = set(), []
    for quad in quads:
        if quad.graph_name.value != LINKS:
            yield quad
        elif quad.predicate == EXACT:
            yield Quad(quad.subject, same, quad.object, quad.graph_name)
        elif quad.object == EXACT:
            judged.append(quad)
        else:
            if quad.object.value == OWL + "Axiom":
                axioms.add(quad.subject)
            yield quad
    for quad in judged:
        holds = quad.subject in axioms
        yield Quad(quad.subject, quad.predicate, same, quad.graph_name) if holds else quad


def _with_reifiers(quads: Iterable[Quad]) -> Iterator[Quad]:
    """The quads, and each claim's statement as a triple term once its three parts have come by."""
    said: dict[tuple[Any, Any], dict[Any, Any]] = defaultdict(dict)
    for quad in quads:
        yield quad
        if quad.predicate in STATEMENT:
            claim = (quad.subject, quad.graph_name)
            said[claim][quad.predicate] = quad.object
            if len(said[claim]) == len(STATEMENT):
                parts = said.pop(claim)
                yield Quad(claim[0], REIFIES, Triple(*(parts[name] for name in STATEMENT)), claim[1])


class Counted:
    """Passes on what is written, and keeps its length and its SHA-256."""

    def __init__(self, sink: IO[bytes]) -> None:
        self._sink, self._sum, self.size = sink, sha256(), 0

    def write(self, data: bytes) -> int:
        """Takes a piece."""
        self._sum.update(data)
        self.size += len(data)
        return self._sink.write(data)

    def writelines(self, lines: Iterable[bytes]) -> None:
        """Takes many pieces, and hands them on in blocks."""
        source = iter(lines)
        while some := b"".join(islice(source, 1000)):
            self.write(some)

    def seen(self) -> tuple[int, str]:
        """Bytes, and their SHA-256."""
        return self.size, self._sum.hexdigest()


def write(
    target: str | Path, fill: Callable[[Counted], object], remedy: str = "give -o a file in a folder you may write to"
) -> tuple[int, str]:
    """Puts what `fill` writes into a file, whole or not at all; gives its length and SHA-256."""
    path = Path(target)
    if path.is_dir():
        raise UsageError(f"{path} is a folder", "give -o the name of a file, or --package FOLDER for all files")
    try:
        with atomically(path) as stream:
            sink = Counted(stream)
            fill(sink)
        return sink.seen()
    except OSError as error:
        raise LayoutError(f"{path} cannot be written: {error.strerror}", remedy) from None
