"""Hides which graphs go into an export and how each format is written."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from .errors import LayoutError, UsageError
from .layout import GRAPHS, LINKS, OWL, SKOS
from .provenance import sentence_of
from .store import TEXT_FORMATS, NamedNode, Quad, serialise, write_atomically

if TYPE_CHECKING:
    from collections.abc import Iterable

    from .build import Built

ALWAYS = {"ontology", "vocabulary", "entities", "guide"}
CHOICES = ("claims", "inferred", "links", "enrichment", "alignments", "catalogue")
EXACT = NamedNode(SKOS + "exactMatch")
# how an exact match can be said instead, for tools that look for one of these
SAME = {"owl:sameAs": NamedNode(OWL + "sameAs"), "schema:sameAs": NamedNode("https://schema.org/sameAs")}


def export(built: Built, form: str, parts: Iterable[str] = (), same_as: str = "") -> bytes:
    """The graph in a format of TEXT_FORMATS: the guide's statements and what `parts` adds.

    `same_as` names the property of SAME that stands for skos:exactMatch in the links.
    """
    if form not in TEXT_FORMATS:
        raise UsageError(f"there is no format {form!r}", "formats: " + ", ".join(TEXT_FORMATS))
    wanted = set(parts)
    if same_as and "links" not in wanted:
        raise UsageError("--same-as changes the links, and none are exported", "add --with links")
    chosen = quads_of(built, wanted)
    if same_as:
        if same_as not in SAME:
            raise UsageError(f"no link is written as {same_as!r}", "choose one of " + ", ".join(SAME))
        chosen = _said_otherwise(chosen, SAME[same_as])
    return serialise(chosen, form, built.layout)


def quads_of(built: Built, parts: Iterable[str]) -> list[Quad]:
    """The guide's statements and what `parts` adds."""
    wanted = set(parts)
    unknown = sorted(wanted - set(CHOICES))
    if unknown:
        raise UsageError(f"there is no part {unknown[0]!r} to add", "parts: " + ", ".join(CHOICES))
    return [quad for quad in built.quads() if _part(quad) in wanted | ALWAYS]


def _said_otherwise(quads: list[Quad], same: NamedNode) -> list[Quad]:
    """The quads with another word for an exact match: in the links, and in the judgements that hold.

    What was rejected stays a rejected skos:exactMatch, as it was judged.
    """
    axioms = {quad.subject for quad in quads if quad.graph_name.value == LINKS and quad.object.value == OWL + "Axiom"}

    def said(quad: Quad) -> Quad:
        if quad.graph_name.value != LINKS:
            return quad
        if quad.predicate == EXACT:
            return Quad(quad.subject, same, quad.object, quad.graph_name)
        if quad.object == EXACT and quad.subject in axioms:
            return Quad(quad.subject, quad.predicate, same, quad.graph_name)
        return quad

    return [said(quad) for quad in quads]


def _part(quad: Quad) -> str:
    """The part of the graph that a quad belongs to: `guide`, or the first word of its graph's name."""
    if sentence_of(quad.graph_name):
        return "guide"
    return str(quad.graph_name.value.removeprefix(GRAPHS).partition("/")[0])


def write(data: bytes, target: str | Path) -> None:
    """Puts an export into a file, whole or not at all."""
    path = Path(target)
    if path.is_dir():
        raise UsageError(f"{path} is a folder", "give -o the name of a file")
    try:
        write_atomically(path, data)
    except OSError as error:
        raise LayoutError(
            f"{path} cannot be written: {error.strerror}", "give -o a file in a folder you may write to"
        ) from None
