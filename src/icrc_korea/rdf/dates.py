"""Reads an EDTF date: the first or last day that it allows."""

from __future__ import annotations

import re
from calendar import monthrange
from dataclasses import dataclass

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

DAY = re.compile(r"(\d{4})(?:-(\d\d))?(?:-(\d\d))?([~?%]?)")


@dataclass(frozen=True)
class Bounds:
    """The first and last day that an EDTF expression allows ('' = open)."""

    earliest: str
    latest: str
    approximate: bool = False

    def compare(self, early: str, late: str) -> Iterator[tuple[str, str, bool]]:
        """For each bound: its name, what it should be, and whether the given day agrees.

        An approximate expression may be given wider bounds than its words, never narrower ones.
        """
        wider = self.approximate
        yield "earliest", self.earliest, early == self.earliest or (wider and "" < early < self.earliest)
        yield "latest", self.latest, late == self.latest or (wider and late > self.latest > "")


def bounds(text: str) -> Bounds | None:
    """The bounds of a plain EDTF day, month, year or interval; None for anything else."""
    first, slash, last = text.partition("/")
    begin = _day(first, last=False)
    end = _day(last if slash else first, last=True)
    if begin is None or end is None or (not slash and begin == ""):
        return None
    return Bounds(begin, end, any(mark in text for mark in "~?%"))


def _day(text: str, last: bool) -> str | None:
    """The first or last day of a date; '' for an open end; None if it is not understood."""
    if text in ("..", ""):
        return ""
    match = DAY.fullmatch(text)
    if not match:
        return None
    year, month, day = match.group(1), match.group(2), match.group(3)
    if not month:
        return f"{year}-12-31" if last else f"{year}-01-01"
    if not 1 <= int(month) <= 12 or (day and not 1 <= int(day) <= monthrange(int(year), int(month))[1]):
        return None
    if not day:
        return f"{year}-{month}-{monthrange(int(year), int(month))[1] if last else 1:02}"
    return f"{year}-{month}-{day}"
