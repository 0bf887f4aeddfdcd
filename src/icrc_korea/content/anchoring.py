"""Anchors the text of a source: writes its pieces, and first says what of them would change."""

from __future__ import annotations

from dataclasses import dataclass

from ..errors import UsageError
from ..rdf.atomic import write_atomically
from . import pieces

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pathlib import Path

    from .layout import Layout
    from .sources import Source

TOLD = 20  # differences that are listed


@dataclass(frozen=True)
class Anchored:
    """What came of it: the file, how many pieces, what differs from those that were there, whether it is written."""

    path: Path
    pieces: int
    changes: tuple[str, ...]
    written: bool


def anchor(layout: Layout, text: Path, source: str = "", write: bool = True, replace: bool = False) -> Anchored:
    """Writes pieces.ttl of a source from its text; pieces that are there change only with `replace`."""
    chosen = layout.sources.named(source) if source else layout.sources.first
    path = layout.root / chosen.folder / "pieces.ttl"
    words = pieces.read_text_of(text)
    made = pieces.pieces_turtle(words, chosen, layout)
    before = _known(path, chosen, layout)
    after = {span.name: span for span in pieces.split(words)}
    changes = tuple(_changes(before, words, after))
    if not write:
        return Anchored(path, len(after), changes, False)
    layout.refuse_if_installed(path)
    lost = [change for change in changes if not change.endswith("is new")]
    if lost and not replace:
        shown = "\n".join(f"  {change}" for change in lost[:TOLD])
        rest = f"\n  … and {len(lost) - TOLD} more" if len(lost) > TOLD else ""
        raise UsageError(
            f"{len(lost)} pieces in {layout.name_of(path)} would change, and statements may rest on them:\n"
            f"{shown}{rest}",
            "give the text that they were made from, or --replace to write the file anew",
        )
    path.parent.mkdir(parents=True, exist_ok=True)
    write_atomically(path, made.encode())
    return Anchored(path, len(after), changes, True)


def _known(path: Path, source: Source, layout: Layout) -> dict[str, tuple[int, int, str]]:
    """Start, end and digest of the pieces in a file, by their names; a file of another source is refused."""
    from ..rdf.reading import parse, read_text

    if not path.exists():
        return {}
    name = layout.name_of(path)
    values = {
        (quad.subject.value, quad.predicate.value): quad.object.value
        for quad in parse(read_text(path, name), name, "", layout.prefixes)
    }
    oa, kw = layout.prefixes["oa"], layout.prefixes["kw"]
    found = {}
    for (subject, predicate), digest in values.items():
        if predicate != kw + "textDigest":
            continue
        if not subject.startswith(source.space):
            raise UsageError(
                f"{name} holds pieces of another source, such as {layout.shrink(subject)}",
                f"the pieces of {source.name} have names in <{source.space}>: correct graph.toml, or move the file",
            )
        selector = values.get((subject, oa + "hasSelector"), "")
        start, end = (values.get((selector, oa + part), "") for part in ("start", "end"))
        found[subject.removeprefix(source.space)] = (int(start or -1), int(end or -1), digest)
    return found


def _changes(before: dict[str, tuple[int, int, str]], text: str, after: dict[str, pieces.Span]) -> list[str]:
    told = []
    for name, span in after.items():
        if name not in before:
            told.append(f"{name} is new")
            continue
        start, end, digest = before[name]
        if pieces.digest(text[span.start : span.end]) != digest:
            told.append(f"{name} has another text")
        elif (start, end) != (span.start, span.end):
            told.append(f"{name} moves from {start}–{end} to {span.start}–{span.end}")
    return told + [f"{name} goes" for name in before if name not in after]
