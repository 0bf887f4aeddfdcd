"""Reads a table of names in whatever encoding it has; writes the matches beside them."""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections.abc import Iterable
from dataclasses import dataclass

from ..errors import LayoutError, ParseError, UsageError, nearest, path_of, text_of
from .matcher import Wanted

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from .matcher import Match, Matcher

ADDED = ("id", "iri", "label", "score", "match", "why")
DELIMITERS = ",;\t|"
AMOUNT = re.compile(r"[+-]?[\d.,]+%?")
MARKS = {codecs.BOM_UTF8: "utf-8-sig", codecs.BOM_UTF16_LE: "utf-16", codecs.BOM_UTF16_BE: "utf-16"}


@dataclass
class Table:
    """A table as it was read: a header, rows of the same width, and how it was written."""

    name: str
    header: list[str]
    rows: list[list[str]]
    delimiter: str = ","
    ending: str = "\n"

    def place(self, column: str) -> int:
        """Where a column stands."""
        places = [place for place, name in enumerate(self.header) if name.strip() == column.strip()]
        if len(places) == 1:
            return places[0]
        if places:
            raise UsageError(f"{self.name} has {len(places)} columns called {column!r}", "give each a name of its own")
        close = nearest(column, self.header)
        hint = f"did you mean {', '.join(map(repr, close))}? " if close else ""
        there = f"the columns are: {', '.join(map(repr, self.header))}"
        raise UsageError(f"{self.name} has no column called {column!r}", hint + there)

    def text(self) -> tuple[str, int]:
        """The table as a file, and how many cells were made text that a spreadsheet would have run."""
        stream = io.StringIO()
        writer = csv.writer(stream, delimiter=self.delimiter, lineterminator=self.ending)
        count = 0
        for row in [self.header, *self.rows]:
            safe = [cell if AMOUNT.fullmatch(cell) else harmless(cell) for cell in row]
            count += sum(one != other for one, other in zip(row, safe, strict=True))
            writer.writerow(safe)
        return stream.getvalue(), count


def read(data: bytes, name: str, encoding: str = "") -> Table:
    """Reads a table with a header; a ParseError or UsageError names the place."""
    text = _decoded(data, name, encoding)
    first = text.partition("\n")[0]
    delimiter = max(DELIMITERS, key=first.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    rows: list[list[str]] = []
    line = 1
    try:
        for cells in reader:
            here, line = line, reader.line_num + 1
            if not any(cell.strip() for cell in cells):
                continue
            if rows and len(cells) > len(rows[0]):
                raise ParseError(
                    name, here, 1, f"{len(cells)} cells where the header has {len(rows[0])}",
                    remedy="put cells that hold the delimiter between quotation marks",
                )  # fmt: skip
            rows.append(cells + [""] * (len(rows[0]) - len(cells)) if rows else cells)
    except csv.Error as error:
        raise ParseError(name, line, 1, f"this is no row of a table: {error}") from None
    if not rows:
        raise ParseError(name, 1, 1, "the table is empty", remedy="its first line names the columns")
    return Table(name, rows[0], rows[1:], delimiter, "\r\n" if first.endswith("\r") else "\n")


def _decoded(data: bytes, name: str, encoding: str) -> str:
    marked = next((found for mark, found in MARKS.items() if data.startswith(mark)), "")
    try:
        return data.decode(encoding or marked or "utf-8").lstrip("\ufeff")
    except LookupError:
        raise UsageError(f"there is no encoding called {encoding!r}", "write utf-8, cp949, cp1252 …") from None
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        raise ParseError(
            name, line, 1, f"a character here is not written in {encoding or marked or 'UTF-8'}",
            remedy="save it in UTF-8, or name its encoding: --encoding cp949 (Korean), --encoding cp1252 (Western)",
        ) from None  # fmt: skip


def match(
    table: Table, column: str, matcher: Matcher, kind: str = "", tell: Callable[[int, int], None] = lambda *_: None
) -> dict[str, int]:
    """Adds to each row what its name is in the graph; returns how many are sure, to be looked at, and unknown."""
    place = table.place(column)
    kinds = (matcher.classes_of(kind),) if kind else ()
    taken = {name.strip() for name in table.header}
    table.header += [name if name not in taken else f"reconciled_{name}" for name in ADDED]
    known: dict[str, list[str]] = {}
    count = {"sure": 0, "open": 0, "unknown": 0}
    for number, row in enumerate(table.rows):
        tell(number, len(table.rows))
        name = row[place].strip()
        if name not in known:
            wanted = Wanted((name,), kinds=kinds, limit=3)
            known[name] = _cells(matcher.find(wanted) if name else [], matcher)
        row += known[name]
        count["sure" if known[name][4] == "true" else "open" if known[name][0] else "unknown"] += 1
    return count


def reconciled(
    table: str | Path | Iterable[str], column: str, matcher: Matcher, kind: str = "", encoding: str = ""
) -> Table:
    """A table of a file, or of names alone, with the matches beside the names of a column."""
    if isinstance(table, str) or not isinstance(table, Iterable):
        path = path_of(table)
        try:
            given = read(path.read_bytes(), str(path), encoding)
        except OSError as error:
            raise LayoutError(f"{path} cannot be read: {error.strerror}", "check the name of the table") from None
    else:
        given = Table("the names", [column], [[_text(name)] for name in table])
    match(given, column, matcher, kind)
    return given


def _text(name: object) -> str:
    return text_of(name, "name", "give texts, '' where there is none")


def _cells(found: Sequence[Match], matcher: Matcher) -> list[str]:
    if not found:
        return [""] * len(ADDED)
    best, others = found[0], found[1:]
    more = f"; next: {', '.join(f'{one.thing.id} {one.score}' for one in others)}" if others and not best.sure else ""
    return [
        best.thing.id, best.thing.iri, matcher.label(best.thing)[0], str(best.score),
        "true" if best.sure else "false", best.why + more,
    ]  # fmt: skip


FORMULA = ("=", "+", "-", "@", "\t", "\r")


def harmless(cell: str) -> str:
    """A cell that no spreadsheet takes for a formula."""
    return "'" + cell if cell.startswith(FORMULA) else cell
