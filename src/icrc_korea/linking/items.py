"""Reads an item of Wikidata: names, statements, qualifiers, references, ranks."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import date, timedelta

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from typing import Any

ENTITY = "http://www.wikidata.org/entity/"
ITEM = re.compile(r"Q[1-9]\d{0,9}")
GREATEST = 2_147_483_647  # one id above this and the API refuses the whole request
MUL = "mul"  # the language of labels that hold for all languages
DAY, MONTH, YEAR = 11, 10, 9


def is_item(text: str) -> bool:
    """Whether a text is the number of an item."""
    return bool(ITEM.fullmatch(text)) and int(text[1:]) <= GREATEST


@dataclass(frozen=True)
class Value:
    """One value: an item's number, a date as precise as it is known, a point `lat lon`, or a text.

    `kind` is item, time, point, text, or none where Wikidata says that there is no value or an unknown one.
    """

    kind: str
    text: str
    language: str = ""
    julian: bool = False

    def bounds(self) -> tuple[date, date] | None:
        """The first and the last day that a date may mean."""
        if self.kind != "time":
            return None
        return bounds(self.text)


def bounds(text: str) -> tuple[date, date] | None:
    """The first and last day of 1950-06-26, 1950-06, 1950, 195X or 19XX; None for anything else."""
    match = re.fullmatch(r"(\d{2}[\dX]{2})(?:-(\d\d)(?:-(\d\d))?)?", text)
    if not match:
        return None
    year, month, day = match.groups()
    first, last = int(year.replace("X", "0")), int(year.replace("X", "9"))
    try:
        if day:
            return (date(first, int(month), int(day)),) * 2
        if month:
            following = date(first + int(month) // 12, int(month) % 12 + 1, 1)
            return date(first, int(month), 1), following - timedelta(days=1)
        return date(first, 1, 1), date(last, 12, 31)
    except ValueError:
        return None


def in_words(first: date, last: date) -> str:
    """Two days as a person reads them: one day, a year, years, or from one to the other."""
    if first == last:
        return first.isoformat()
    if last == date.max:
        return f"from {first.isoformat()} on"
    if (first.month, first.day, last.month, last.day) == (1, 1, 12, 31):
        return str(first.year) if first.year == last.year else f"{first.year}–{last.year}"
    return f"{first.isoformat()} to {last.isoformat()}"


@dataclass(frozen=True)
class Statement:
    """One statement of an item, with what Wikidata itself gives as its source."""

    prop: str
    value: Value
    rank: str = "normal"
    id: str = ""
    qualifiers: Mapping[str, tuple[Value, ...]] = field(default_factory=dict)
    references: tuple[Mapping[str, tuple[Value, ...]], ...] = ()

    def qualifier(self, prop: str) -> Value | None:
        """The first value of a qualifier."""
        return next(iter(self.qualifiers.get(prop, ())), None)

    @property
    def iri(self) -> str:
        """The statement's own address; the item's where it is not known."""
        return ENTITY + "statement/" + self.id.replace("$", "-", 1) if self.id else ""


@dataclass(frozen=True)
class Item:
    """One item."""

    id: str
    labels: Mapping[str, str] = field(default_factory=dict)
    aliases: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    descriptions: Mapping[str, str] = field(default_factory=dict)
    statements: Mapping[str, tuple[Statement, ...]] = field(default_factory=dict)
    redirected_from: str = ""

    def names(self) -> Iterator[tuple[str, str, bool]]:
        """Language, name, and whether it is a label."""
        yield from ((language, text, True) for language, text in self.labels.items())
        yield from ((language, text, False) for language, texts in self.aliases.items() for text in texts)

    def label(self, *languages: str) -> str:
        """The label in the first of these languages that has one, then mul, English, any; else the number."""
        for language in (*languages, MUL, "en", *self.labels):
            if language in self.labels:
                return self.labels[language]
        return self.id

    def best(self, prop: str) -> list[Statement]:
        """The statements that hold: the preferred ones, else the normal ones, never the deprecated."""
        found = [one for one in self.statements.get(prop, ()) if one.rank != "deprecated" and one.value.kind != "none"]
        return [one for one in found if one.rank == "preferred"] or found

    def values(self, prop: str) -> list[str]:
        """The values that hold, as texts."""
        return [one.value.text for one in self.best(prop)]


def read_item(entity: Mapping[str, Any]) -> Item | None:
    """An item from the JSON of wbgetentities; None where the item does not exist."""
    if "missing" in entity:
        return None

    def by_language(name: str) -> dict[str, Any]:
        found = entity.get(name) or {}  # an empty map is written as [] in some answers
        return dict(found) if isinstance(found, dict) else {}

    claims = entity.get("claims") or {}
    return Item(
        id=str(entity["id"]),
        labels={language: term["value"] for language, term in by_language("labels").items()},
        aliases={language: tuple(t["value"] for t in terms) for language, terms in by_language("aliases").items()},
        descriptions={language: term["value"] for language, term in by_language("descriptions").items()},
        statements={prop: tuple(_statement(prop, one) for one in many) for prop, many in dict(claims).items()},
        redirected_from=str((entity.get("redirects") or {}).get("from", "")),
    )


def _statement(prop: str, claim: Mapping[str, Any]) -> Statement:
    return Statement(
        prop=prop,
        value=_value(claim["mainsnak"]),
        rank=claim.get("rank", "normal"),
        id=claim.get("id", ""),
        qualifiers=_snaks(claim.get("qualifiers") or {}),
        references=tuple(_snaks(reference["snaks"]) for reference in claim.get("references") or ()),
    )


def _snaks(snaks: Mapping[str, Any]) -> dict[str, tuple[Value, ...]]:
    return {prop: tuple(_value(snak) for snak in many) for prop, many in dict(snaks).items()}


def _value(snak: Mapping[str, Any]) -> Value:
    if snak.get("snaktype") != "value":
        return Value("none", snak.get("snaktype", ""))
    content = snak["datavalue"]["value"]
    if not isinstance(content, dict):
        return Value("text", str(content))
    if "time" in content:
        return read_time(content["time"], content["precision"], content.get("calendarmodel", ""))
    if "latitude" in content:
        return Value("point", f"{content['latitude']} {content['longitude']}")
    if "amount" in content:
        return Value("text", str(content["amount"]).lstrip("+"))
    if "text" in content:
        return Value("text", content["text"], content.get("language", ""))
    return Value("item", content.get("id") or f"Q{content['numeric-id']}")


def read_time(text: str, precision: int, calendar: str = "") -> Value:
    """A time of Wikidata, cut to its precision: a year is written +1903-00-00T00:00:00Z in JSON, 1903-01-01 in RDF."""
    year, month, day = text.lstrip("+").partition("T")[0].rsplit("-", 2)
    shown = {
        DAY: f"{year}-{month}-{day}",
        MONTH: f"{year}-{month}",
        YEAR: year,
        8: year[:-1] + "X",
        7: year[:-2] + "XX",
    }
    cut = shown.get(precision, year if precision > YEAR else "")
    return Value("time", cut, julian=calendar.endswith("Q1985786")) if cut else Value("none", "imprecise")
