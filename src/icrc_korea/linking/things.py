"""Gathers what helps to recognise a thing elsewhere: names, dates, offices, places."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import date

from ..matching.names import plain
from ..rdf.spaces import BASE, KW, OWL, SKOS, THINGS
from ..rdf.terms import TYPE, Literal, NamedNode
from .items import ENTITY, is_item

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from ..dataset.facts import Facts, Graph

EXACT, CLOSE = SKOS + "exactMatch", SKOS + "closeMatch"
NAMES = {SKOS + "prefLabel": 0, SKOS + "altLabel": 1, KW + "nameForm": 2, KW + "abbreviation": 2}
SOURCES = (
    "Source",
    "Book",
    "Report",
    "ReportVolume",
    "Periodical",
    "PublicationSeries",
    "NewsRelease",
    "ConferenceDocument",
)
OPEN = "links/open"  # the question that says which things still need a judgement
# whoever does one of these is alive then, and an organisation exists
ACTING = tuple(
    KW + name for name in ("sender", "carriedOutBy", "participant", "addressee", "intermediary", "signatories", "ledBy")
)
# addresses of other catalogues: the property of Wikidata that holds their ids
CATALOGUES = {
    "P213": r"https?://(?:www\.)?isni\.org/(?:isni/)?(\d{15}[\dX])",
    "P214": r"https?://(?:www\.)?viaf\.org/viaf/(\d+)",
    "P227": r"https?://d-nb\.info/gnd/([\dX-]+)",
    "P244": r"https?://id\.loc\.gov/authorities/(?:names|subjects)/([a-z]+\d+)",
    "P268": r"https?://(?:catalogue|data)\.bnf\.fr/ark:/12148/cb(\w+)",
    "P701": r"https?://(?:www\.)?dodis\.ch/(?:[a-z]{2}/)?([A-Z]?\d+)",
    "P902": r"https?://hls-dhs-dss\.ch/(?:[a-z]{2}/)?(?:articles/)?(\d{6})",
    "P1566": r"https?://(?:sws|www)\.geonames\.org/(\d+)",
}
CATALOGUE_NAMES = {
    "P213": "ISNI", "P214": "VIAF", "P227": "GND", "P244": "Library of Congress", "P268": "BnF", "P701": "Dodis",
    "P902": "HDS", "P1566": "GeoNames",
}  # fmt: skip


@dataclass(frozen=True)
class Held:
    """An office that a person held, with the days on which that is attested."""

    id: str
    label: str
    names: tuple[str, ...]
    number: str  # the office's own item, if it is linked
    attested: tuple[tuple[date, date], ...]


@dataclass(frozen=True)
class Thing:
    """One thing of ours, as it can be compared with a description elsewhere."""

    id: str
    iri: str
    kind: str  # its class, without prefix
    names: tuple[tuple[str, str], ...]  # text and language, the own name first
    active: tuple[tuple[date, date], ...] = ()  # when it did something
    began: tuple[tuple[date, date], ...] = ()  # when it was founded, or began
    when: tuple[tuple[date, date], ...] = ()  # the time of an event
    offices: tuple[Held, ...] = ()
    places: tuple[tuple[str, str], ...] = ()  # name and item of the place it lies in, is based at or took place at
    identifiers: dict[str, str] = field(default_factory=dict)
    also: tuple[tuple[str, str], ...] = ()  # further names to look under, given by the person who asks

    @property
    def label(self) -> str:
        """Its own name."""
        return self.names[0][0] if self.names else self.id

    @property
    def is_person(self) -> bool:
        """Whether it is a human being."""
        return self.kind == "Person"

    @property
    def is_source(self) -> bool:
        """Whether it is something written."""
        return self.kind in SOURCES

    def search_names(self) -> list[tuple[str, str]]:
        """The names to look under, each once, with the language to search in."""
        from ..matching.names import language_of

        found: dict[tuple[str, str], tuple[str, str]] = {}
        for name, marked in (*self.also, *self.names):
            language = language_of(name, marked)
            found.setdefault((name.casefold(), language), (name, language))
        for name, language in list(found.values()):
            unmarked = plain(name)  # services do not see through the marks of McCune-Reischauer
            found.setdefault((unmarked.casefold(), language), (unmarked, language))
        return list(found.values())


class Things:
    """Reads things from the graph."""

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self.facts: Facts = graph.facts
        self.shrink = graph.layout.shrink

    def open(self) -> list[str]:
        """The things that need a judgement and have none, in the order of the catalogue's own question."""
        return [row[0].value for row in self.graph.run(OPEN).rows if isinstance(row[0], NamedNode)]

    def of_class(self, kind: str) -> list[str]:
        """The things of a class."""
        node = NamedNode(KW + kind)
        return sorted(
            subject.value
            for subject, predicate in self.facts.into.get(node, {})
            if predicate == TYPE
            and isinstance(subject, NamedNode)
            and subject.value.startswith(THINGS)
            and (subject, TYPE, node) in self.facts.asserted
        )

    def classes(self) -> list[str]:
        """The names of the classes that things of ours have."""
        found = {
            value.value.removeprefix(KW)
            for subject, predicate, value in self.facts.asserted
            if predicate == TYPE and isinstance(value, NamedNode) and value.value.startswith(KW)
            and str(getattr(subject, "value", "")).startswith(THINGS)
        }  # fmt: skip
        return sorted(found)

    def find(self, name: str) -> str:
        """The IRI of a thing's prefixed name, if the graph says anything of it; '' otherwise."""
        prefix, colon, local = name.partition(":")
        iri = self.graph.layout.prefixes.get(prefix, "") + local if colon and local else ""
        return iri if iri.startswith(BASE) and NamedNode(iri) in self.facts.out else ""

    def read(self, iri: str, also: Iterable[str] = ()) -> Thing:
        """One thing."""
        node, fields = NamedNode(iri), self.facts.fields(NamedNode(iri))
        kinds = [
            term.value.removeprefix(KW)
            for term in fields.get(TYPE.value, [])
            if isinstance(term, NamedNode) and term.value.startswith(KW) and (node, TYPE, term) in self.facts.asserted
        ]
        names = [
            (rank, 0 if value.language == "en" else 1, value.value, value.language or "")
            for predicate, rank in NAMES.items()
            for value in fields.get(predicate, [])
            if isinstance(value, Literal)
        ]
        return Thing(
            id=self.shrink(iri),
            iri=iri,
            kind=sorted(kinds)[0] if kinds else "",
            names=tuple(dict.fromkeys((text, language) for _, _, text, language in sorted(names))),
            active=tuple(sorted(self._active(node))),
            began=tuple(sorted(self._spans(node, "founded"))),
            when=tuple(sorted(self._spans(node, "when"))),
            offices=tuple(self._offices(node)),
            places=tuple(self._places(node)),
            identifiers=self._identifiers(node),
            also=tuple((name, "en") for name in also),
        )

    def item_of(self, node: NamedNode, close: bool = False) -> str:
        """The item that a thing is linked to exactly, or, if that will do, closely."""
        fields = self.facts.fields(node)
        for value in [*fields.get(EXACT, []), *(fields.get(CLOSE, []) if close else [])]:
            number = str(value.value).removeprefix(ENTITY)
            if is_item(number):
                return number
        return ""

    def _identifiers(self, node: NamedNode) -> dict[str, str]:
        found = {}
        for predicate in (EXACT, OWL + "sameAs"):
            for value in self.facts.fields(node).get(predicate, []):
                for prop, pattern in CATALOGUES.items():
                    match = re.fullmatch(pattern + r"/?", str(value.value))
                    if match:
                        found[prop] = match.group(1)
        return found

    def span(self, node: object) -> tuple[date, date] | None:
        """The bounds of a time span, or of what happened in it: date.max where it is open, None without a beginning."""
        if not isinstance(node, NamedNode):
            return None
        fields = self.facts.fields(node)
        first, last = (
            next((_day(value.value) for value in fields.get(KW + name, [])), None) for name in ("earliest", "latest")
        )
        return (first, last or date.max) if first else None

    def _spans(self, node: NamedNode, name: str) -> set[tuple[date, date]]:
        return {span for value in self.facts.fields(node).get(KW + name, []) if (span := self.span(value))}

    def _tenures(self, node: NamedNode) -> list[NamedNode]:
        return [
            subject
            for subject, predicate in self.facts.into.get(node, {})
            if predicate.value == KW + "tenureHolder" and isinstance(subject, NamedNode)
        ]

    def _active(self, node: NamedNode) -> set[tuple[date, date]]:
        deeds = [
            subject
            for subject, predicate in self.facts.into.get(node, {})
            if predicate.value in ACTING and isinstance(subject, NamedNode)
        ]
        found = {span for deed in deeds if (span := self.span(deed))}
        found |= {span for deed in deeds for span in self._spans(deed, "when")}
        for tenure in self._tenures(node):
            found |= self._spans(tenure, "attestedAt")
        return found

    def _offices(self, node: NamedNode) -> Iterable[Held]:
        for tenure in sorted(self._tenures(node), key=str):
            for office in self.facts.fields(tenure).get(KW + "tenureOffice", []):
                if isinstance(office, NamedNode):
                    fields = self.facts.fields(office)
                    names = [str(value.value) for predicate in NAMES for value in fields.get(predicate, [])]
                    yield Held(
                        self.shrink(office.value),
                        self.facts.label(office) or self.shrink(office.value),
                        tuple(names),
                        self.item_of(office, close=True),
                        tuple(sorted(self._spans(tenure, "attestedAt"))),
                    )

    def _places(self, node: NamedNode) -> Iterable[tuple[str, str]]:
        for name in ("within", "territoryOf", "basedAt", "tookPlaceAt"):
            for value in sorted(self.facts.fields(node).get(KW + name, []), key=str):
                if isinstance(value, NamedNode) and value.value.startswith(BASE):
                    yield self.facts.label(value) or self.shrink(value.value), self.item_of(value, close=True)


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None
