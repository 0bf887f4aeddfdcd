"""Weighs a candidate against a thing, feature by feature, in words."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from ..matching.classes import HUMAN, KINDS
from ..matching.names import HAN, HANGUL, compare, script
from .items import in_words
from .things import CATALOGUE_NAMES, SOURCES

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from ..matching.names import Likeness
    from .items import Item, Value
    from .things import Held, Thing

BEST = 100
CAP = 25  # what a candidate with a contradiction can reach
NEAR = 10  # candidates closer than this are not told apart
# Classes that may share an item: Wikidata has one for a state, its land and its people.
GROUPS = (
    {"Person"},
    {"Organisation", "Government", "State", "ArmedForce"},
    {"Place", "State"},
    {"Office"},
    {"ArmedConflict", "Conference", "Negotiation", "Period"},
    {"LegalInstrument", "Provision", "Resolution"},
    {"Book", "Periodical", "PublicationSeries", *SOURCES},
)
SCRIPT_NAMES = {"Latn": "Latin letters", HANGUL: "Hangul", HAN: "Chinese characters", "Cyrl": "Cyrillic"}


@dataclass(frozen=True)
class Feature:
    """One part of the weight: points, and what they are for."""

    name: str
    points: int
    why: str
    contradicts: bool = False


@dataclass(frozen=True)
class Candidate:
    """An item weighed against a thing."""

    item: Item
    features: tuple[Feature, ...]
    found: str = ""  # how it was come by
    service_score: float | None = None

    @property
    def contradictions(self) -> list[Feature]:
        """What speaks against it."""
        return [feature for feature in self.features if feature.contradicts]

    @property
    def score(self) -> int:
        """From 0 to 100; a contradiction caps it."""
        total = max(0, min(BEST, sum(feature.points for feature in self.features)))
        return min(total, CAP) if self.contradictions else total


def weigh(thing: Thing, item: Item, labels: Mapping[str, Item], found: str = "") -> Candidate:
    """The candidate with everything that speaks for and against it. `labels` has the items that it names."""
    features = [
        *_names(thing, item), *_kind(thing, item, labels), *_life(thing, item), *_time(thing, item),
        *_offices(thing, item, labels), *_places(thing, item, labels), *_identifiers(thing, item),
    ]  # fmt: skip
    return Candidate(item, tuple(features), found)


def rank(candidates: Iterable[Candidate]) -> list[Candidate]:
    """The candidates that may be meant, best first."""
    likely = [one for one in candidates if any(feature.points > 0 for feature in one.features)]
    return sorted(likely, key=lambda one: (-one.score, int(one.item.id[1:])))


def undecided(ranked: list[Candidate]) -> bool:
    """Whether the two best are too close to be told apart."""
    return len(ranked) > 1 and ranked[0].score - ranked[1].score < NEAR and not ranked[1].contradictions


def _names(thing: Thing, item: Item) -> Iterable[Feature]:
    """The best likeness of each name of ours: 50 points for the first, 10 for one in another script that agrees.

    One name of ours that is like several of theirs counts once: those are one thing's names in any case.
    """
    best: dict[str, tuple[float, Likeness, str, str]] = {}
    for ours, _ in (*thing.names, *thing.also):
        for language, theirs, is_label in item.names():
            alike = compare(ours, theirs)
            if alike is None:
                continue
            degree = alike.degree * (1 if is_label else 0.95)
            key = script(ours)
            if key not in best or degree > best[key][0]:
                shown = f"“{ours}” and {'label' if is_label else 'alias'} “{theirs}” ({language})"
                best[key] = (degree, alike, shown, key)
    ordered = sorted(best.values(), key=lambda entry: -entry[0])
    if not ordered:
        yield Feature("name", 0, "no name in common", contradicts=not thing.identifiers)
        return
    for place, (degree, alike, shown, key) in enumerate(ordered[:3]):
        points = round(50 * degree) if place == 0 else round(10 * degree)
        yield Feature(f"name in {SCRIPT_NAMES.get(key, key)}", points, f"{shown}: {alike.how}")


def _kind(thing: Thing, item: Item, labels: Mapping[str, Item]) -> Iterable[Feature]:
    classes = item.values("P31")
    shown = ", ".join(labels[number].label("en") if number in labels else number for number in classes)
    if not classes:
        return
    if thing.is_person != (HUMAN in classes):
        what = "ours is a person" if thing.is_person else f"ours is of the class {thing.kind}"
        yield Feature("type", 0, f"{what}, the item is a {shown}", contradicts=True)
    elif (known := _classes_of(classes)) and not any(thing.kind in group and known & group for group in GROUPS):
        yield Feature("type", 0, f"ours is of the class {thing.kind}, the item is a {shown}", contradicts=True)
    elif set(classes) & KINDS.get(thing.kind, set()):
        yield Feature("type", 15, f"the item is a {shown}, ours of the class {thing.kind}")


def _classes_of(numbers: Iterable[str]) -> set[str]:
    """Our classes that Wikidata's classes stand for."""
    wanted = set(numbers)
    return {name for name, kinds in KINDS.items() if kinds & wanted}


def _life(thing: Thing, item: Item) -> Iterable[Feature]:
    """Whoever acts is born and not yet dead, and what acts is founded and not yet dissolved."""
    if not thing.active:
        return
    first, last = min(start for start, _ in thing.active), max(end for _, end in thing.active)
    shown = f"ours acts {in_words(first, last)}"
    born, died = _bounds(item, "P569", "P571"), _bounds(item, "P570", "P576")
    if born and born[0] > last:
        yield Feature("dates", 0, f"{shown}, the item begins only {in_words(*born)}", contradicts=True)
    elif died and died[1] < first:
        yield Feature("dates", 0, f"{shown}, the item ended {in_words(*died)}", contradicts=True)
    elif born or died:
        life = f"{in_words(*born) if born else '?'} – {in_words(*died) if died else '?'}"
        points = 10 if thing.is_person else 5
        if thing.is_person and born and not 15 <= first.year - born[0].year <= 100:
            yield Feature("dates", -10, f"{shown}, the item lives {life}: an unlikely age")
        else:
            yield Feature("dates", points, f"{shown}, within {life}")


def _time(thing: Thing, item: Item) -> Iterable[Feature]:
    """When something began or took place, on both sides."""
    for ours, props, what in ((thing.began, ("P571",), "founded"), (thing.when, ("P580", "P585"), "begins")):
        theirs = _bounds(item, *props)
        if not ours or not theirs:
            continue
        apart = min(_apart(span, theirs) for span in ours)
        shown = f"{what} {in_words(*ours[0])} here, {in_words(*theirs)} there"
        if apart == 0:
            yield Feature("dates", 15, shown)
        elif apart > 366:
            yield Feature("dates", 0, shown, contradicts=True)
        else:
            yield Feature("dates", -10, shown)


def _offices(thing: Thing, item: Item, labels: Mapping[str, Item]) -> Iterable[Feature]:
    for office in thing.offices:
        same = [
            held
            for held in item.best("P39")
            if held.value.text == office.number or (not office.number and _named(office, labels.get(held.value.text)))
        ]
        if not same:
            continue
        terms = [(held.qualifier("P580"), held.qualifier("P582")) for held in same]
        inside = [span for span in office.attested if any(_within(span, *term) for term in terms)]
        shown = "; ".join(f"{start.text if start else '?'} – {end.text if end else '?'}" for start, end in terms)
        dated = any(start or end for start, end in terms)
        if office.attested and dated and not inside:
            when = ", ".join(in_words(*span) for span in office.attested)
            yield Feature("office", 0, f"{office.label}: attested {when}, the item holds it {shown}", contradicts=True)
        elif inside:
            yield Feature("office", 25, f"{office.label}: attested {in_words(*inside[0])}, the item holds it {shown}")
        else:
            yield Feature("office", 20, f"both held it: {office.label}")


def _named(office: Held, item: Item | None) -> bool:
    return item is not None and any(
        (alike := compare(ours, theirs)) is not None and alike.degree >= 0.95
        for ours in office.names
        for _, theirs, _ in item.names()
    )


def _places(thing: Thing, item: Item, labels: Mapping[str, Item]) -> Iterable[Feature]:
    theirs = [number for prop in ("P17", "P131", "P159", "P276") for number in item.values(prop)]
    for name, number in thing.places:
        agreeing = [
            other
            for other in theirs
            if other == number or (not number and other in labels and _like(name, labels[other]))
        ]
        if agreeing:
            shown = labels[agreeing[0]].label("en") if agreeing[0] in labels else agreeing[0]
            yield Feature("place", 10, f"{name} here, {shown} there")
            return


def _like(name: str, item: Item) -> bool:
    return any((alike := compare(name, theirs)) is not None and alike.degree >= 0.95 for _, theirs, _ in item.names())


def _identifiers(thing: Thing, item: Item) -> Iterable[Feature]:
    for prop, value in thing.identifiers.items():
        theirs, name = item.values(prop), CATALOGUE_NAMES.get(prop, prop)
        if value in theirs:
            yield Feature("identifier", 40, f"both are {name} {value}")
        elif theirs:
            shown = ", ".join(theirs)
            yield Feature("identifier", 0, f"ours is {name} {value}, the item {name} {shown}", contradicts=True)


def _bounds(item: Item, *props: str) -> tuple[date, date] | None:
    for prop in props:
        found = [span for one in item.best(prop) if (span := one.value.bounds())]
        if found:
            return min(start for start, _ in found), max(end for _, end in found)
    return None


def _within(span: tuple[date, date], start: Value | None, end: Value | None) -> bool:
    """Whether a time can lie in a term, given how precisely each end is known."""
    first, last = start.bounds() if start else None, end.bounds() if end else None
    return not ((first and span[1] < first[0]) or (last and span[0] > last[1]))


def _apart(one: tuple[date, date], other: tuple[date, date]) -> int:
    return max(0, (other[0] - one[1]).days, (one[0] - other[1]).days)
