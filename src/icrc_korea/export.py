"""Hides which graphs go into an export and how each format is written."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from .errors import LayoutError, UsageError
from .layout import GRAPHS
from .provenance import sentence_of
from .store import TEXT_FORMATS, serialise, write_atomically

if TYPE_CHECKING:
    from collections.abc import Iterable

    from .build import Built
    from .store import Quad

ALWAYS = {"ontology", "vocabulary", "entities", "guide"}
CHOICES = ("claims", "inferred", "links", "enrichment", "alignments")


def export(built: Built, form: str, parts: Iterable[str] = ()) -> bytes:
    """The graph in a format of TEXT_FORMATS: the guide's statements and what `parts` adds."""
    if form not in TEXT_FORMATS:
        raise UsageError(f"there is no format {form!r}", "formats: " + ", ".join(TEXT_FORMATS))
    wanted = set(parts)
    unknown = sorted(wanted - set(CHOICES))
    if unknown:
        raise UsageError(f"there is no part {unknown[0]!r} to add", "parts: " + ", ".join(CHOICES))
    chosen = [quad for quad in built.quads() if _part(quad) in wanted | ALWAYS]
    return serialise(chosen, form, built.layout)


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
