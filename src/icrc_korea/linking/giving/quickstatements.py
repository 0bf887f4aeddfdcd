"""Writes statements in the two languages of QuickStatements, V1 or CSV."""

from __future__ import annotations

import csv as tables
import io
import re
from dataclasses import dataclass

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    Pair = tuple[str, str]

# QuickStatements cuts V1 at tabs and bars, also inside of quotes, takes /* for a remark, and curly quotes for straight
# ones. A value with one of these would arrive as another.
CUT = re.compile(r"[\t\r\n|“”\"]|/\*|\*/")
DIGITS = {11: 10, 10: 7, 9: 4}  # of a date, by its precision


@dataclass(frozen=True)
class Command:
    """One statement to add, with qualifiers and one reference; all values as QuickStatements writes them."""

    item: str
    property: str
    value: str
    qualifiers: tuple[Pair, ...] = ()
    reference: tuple[Pair, ...] = ()
    summary: str = ""


def can_be_written(text: str) -> bool:
    """Whether a text arrives as it is sent."""
    return bool(text) and text == text.strip() and not CUT.search(text)


def string(text: str) -> str:
    """A text, an address or an identifier."""
    return f'"{text}"'


def monolingual(text: str, language: str) -> str:
    """A text in a language."""
    return f'{language}:"{text}"'


def time(text: str) -> str:
    """1950-06-26, 1950-06 or 1950, with its precision: day, month or year."""
    precision = next(precision for precision, digits in DIGITS.items() if digits == len(text))
    return f"+{text}{'-00' * (11 - precision)}T00:00:00Z/{precision}"


def v1(commands: Iterable[Command]) -> str:
    """One line per statement, its parts between tabs; the remark stands after a blank, for a tab begins a cell."""
    lines = []
    for one in commands:
        parts = [one.item, one.property, one.value]
        parts += [part for pair in one.qualifiers for part in pair]
        parts += [part for prop, value in one.reference for part in ("S" + prop[1:], value)]
        lines.append("\t".join(parts) + (f" /* {one.summary} */" if one.summary else ""))
    return "".join(line + "\n" for line in lines)


def csv(commands: Iterable[Command]) -> list[str]:
    """Tables, one for each set of columns, so that no cell is empty: an empty cell is an error or deletes a label."""
    by_columns: dict[tuple[str, ...], list[list[str]]] = {}
    for one in commands:
        columns = ["qid", one.property, *("qal" + prop[1:] for prop, _ in one.qualifiers)]
        columns += [("s" if place else "S") + prop[1:] for place, (prop, _) in enumerate(one.reference)]
        row = [one.item, one.value, *(value for _, value in (*one.qualifiers, *one.reference))]
        by_columns.setdefault(tuple(columns), []).append(row)
    found = []
    for header, rows in sorted(by_columns.items()):
        out = io.StringIO(newline="")
        writer = tables.writer(out, lineterminator="\n")
        writer.writerow(header)
        writer.writerows(rows)
        found.append(out.getvalue())
    return found
