"""Turns what Wikidata says of a linked item into claims, each with its source."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from hashlib import sha256
from urllib.parse import quote

from ..errors import LayoutError, UsageError
from ..rdf.spaces import CLAIMS, GRAPHS, KW, RDF, SKOS, XSD
from ..rdf.terms import TYPE, Literal, NamedNode, Quad
from .items import ENTITY, MUL, is_item

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from pathlib import Path
    from typing import Any

    from ..content.layout import Layout
    from ..dataset.facts import Graph
    from .items import Item, Statement, Value
    from .things import Thing

SLUG = "wikidata"
FOLDER = f"data/sources/{SLUG}"
NAME, PIECES = f"{FOLDER}/statements/items.trig", f"{FOLDER}/pieces.ttl"
LANGUAGES = ("en", "fr", "ko", "zh", "zh-hans", "zh-hant", "ru", "de", MUL)
SCHEMA, ORG, DCT = "https://schema.org/", "http://www.w3.org/ns/org#", "http://purl.org/dc/terms/"
DATES = {
    "P569": "birthDate", "P570": "deathDate", "P571": "foundingDate", "P576": "dissolutionDate", "P580": "startDate",
    "P582": "endDate", "P585": "startDate",
}  # fmt: skip
# the address under which another catalogue describes the same thing
CATALOGUES = {
    "P213": "https://isni.org/isni/{}", "P214": "https://viaf.org/viaf/{}", "P227": "https://d-nb.info/gnd/{}",
    "P244": "https://id.loc.gov/authorities/{}", "P268": "https://catalogue.bnf.fr/ark:/12148/cb{}",
    "P701": "https://dodis.ch/{}", "P902": "https://hls-dhs-dss.ch/de/articles/{}/", "P1566": "https://sws.geonames.org/{}/",
}  # fmt: skip
CITING = {"P248": "stated in", "P143": "imported from", "P854": "", "P4656": "", "P304": "page", "P813": "retrieved"}
COMMONS = "https://commons.wikimedia.org/wiki/File:{}"
HEADER = """\
# Wikidata. What its items say of the things of ours that are linked to them.
# Written by `icrc-korea enrich`: change the link or ask again, not this file.
# Every claim has its statement in Wikidata (dct:source), the day it was read
# (kw:retrieved), and the reference that Wikidata gives for it. None is a fact of
# the graph: what texts state stands in the folders of other sources.
"""
PIECES_HEADER = """\
# The items of Wikidata that were read. Written by `icrc-korea enrich`.
"""


@dataclass(frozen=True)
class Said:
    """One thing that Wikidata says of a thing of ours."""

    subject: str
    predicate: str
    value: NamedNode | Literal
    item: str  # whose item says so
    source: str  # the statement's address, else the item's
    retrieved: str  # the day
    reference: str  # Wikidata's own reference, in words
    cites: tuple[str, ...] = ()  # the addresses in it
    start: Literal | None = None
    end: Literal | None = None

    @property
    def claim(self) -> NamedNode:
        """Its name: the thing, the property, and digits of the SHA-256 of what is said and where."""
        text = f"<{self.subject}> <{self.predicate}> {self.value} <{self.source}> {self.start} {self.end}"
        words = re.sub(r"(?<=[a-z])(?=[A-Z])", "-", re.split(r"[/#]", self.predicate)[-1]).lower()
        thing = "-".join(self.subject.split("/")[-2:])
        return NamedNode(f"{CLAIMS}wikidata-{thing}-{words}-{sha256(text.encode()).hexdigest()[:8]}")


def said(thing: Thing, item: Item, day: str, ours: Mapping[str, str], sources: Mapping[str, Item]) -> Iterator[Said]:
    """What an item says of a thing. `ours` has our things by the items they are linked to, `sources` names of items."""
    home = ENTITY + item.id
    known = {(text, language) for text, language in thing.names}
    for language, text, is_label in item.names():
        if language in LANGUAGES and (text, language) not in known:
            predicate = SKOS + ("prefLabel" if is_label else "altLabel")
            name = Literal(text, language=language)
            yield Said(thing.iri, predicate, name, item.id, home, day, "Names have no reference in Wikidata.")
    for prop, statements in sorted(item.statements.items()):
        for statement in item.best(prop) if statements else ():
            for predicate, value in _values(prop, statement, ours):
                start, end = (_date(statement.qualifier(name)) for name in ("P580", "P582"))
                reference, cites = _reference(statement, sources)
                where = statement.iri or home
                yield Said(thing.iri, predicate, value, item.id, where, day, reference, cites, start, end)


def _values(prop: str, statement: Statement, ours: Mapping[str, str]) -> Iterator[tuple[str, NamedNode | Literal]]:
    value = statement.value
    if prop in DATES:
        literal = _date(value)
        if literal is not None:
            yield SCHEMA + DATES[prop], literal
    elif prop == "P625" and value.kind == "point":
        for name, number in zip(("latitude", "longitude"), value.text.split(), strict=True):
            yield SCHEMA + name, Literal(_decimal(number), datatype=NamedNode(XSD + "decimal"))
    elif prop in CATALOGUES:
        shown = value.text
        if prop == "P244":
            shown = f"{'subjects' if shown.startswith('sh') else 'names'}/{shown}"
        yield SCHEMA + "sameAs", NamedNode(CATALOGUES[prop].format(quote(shown, safe="/")))
    elif prop == "P18":
        yield SCHEMA + "image", NamedNode(COMMONS.format(quote(value.text.replace(" ", "_"), safe="(),-._~!'")))
    elif prop == "P39" and is_item(value.text):
        yield ORG + "holds", NamedNode(ours.get(value.text, ENTITY + value.text))


def _date(value: Value | None) -> Literal | None:
    """A date as precise as it is known; decades and centuries, which XML Schema cannot say, are left out."""
    kinds = {4: "gYear", 7: "gYearMonth", 10: "date"}
    if (
        value is None
        or value.kind != "time"
        or not value.text.replace("-", "").isdigit()
        or len(value.text) not in kinds
    ):
        return None
    return Literal(value.text, datatype=NamedNode(XSD + kinds[len(value.text)]))


def _decimal(number: str) -> str:
    return f"{float(number):.6f}".rstrip("0").rstrip(".")


def _reference(statement: Statement, sources: Mapping[str, Item]) -> tuple[str, tuple[str, ...]]:
    """Wikidata's own references for a statement, in words, and their addresses."""
    parts, cites = [], []
    for reference in statement.references:
        words = []
        for prop, what in CITING.items():
            for value in reference.get(prop, ()):
                text = value.text
                if value.kind == "item":
                    cites.append(ENTITY + text)
                    text = sources[text].label("en") if text in sources else text
                elif re.fullmatch(r"https?://[^\s<>\"{}|\\^`]+", text):
                    cites.append(text)
                words.append(f"{what} {text}".strip())
        for prop, format_ in CATALOGUES.items():
            words += [f"{format_.format(value.text)}" for value in reference.get(prop, ())]
        if words:
            parts.append(", ".join(words))
    notes = ["the date is Julian"] if statement.value.julian else []
    if statement.rank == "preferred":
        notes.append("preferred of several values")
    text = "; ".join([*parts, *notes]) or "Wikidata gives no reference."
    return text, tuple(dict.fromkeys(cites))


def cited_items(items: Iterable[Item]) -> set[str]:
    """The items that references name, so that their names can be fetched."""
    return {
        value.text
        for item in items
        for statements in item.statements.values()
        for statement in statements
        for reference in statement.references
        for values in reference.values()
        for value in values
        if value.kind == "item"
    }


def quads(all_said: Iterable[Said], layout: Layout) -> Iterator[Quad]:
    """The claims as they stand in the graphs of the items."""
    space = layout.sources.named(SLUG).space
    for one in all_said:
        node, home = one.claim, NamedNode(space + one.item)
        pairs: list[tuple[str, NamedNode | Literal | None]] = [
            (TYPE.value, NamedNode(KW + "Claim")),
            (RDF + "subject", NamedNode(one.subject)),
            (RDF + "predicate", NamedNode(one.predicate)),
            (RDF + "object", one.value),
            (SCHEMA + "startDate", one.start),
            (SCHEMA + "endDate", one.end),
            (DCT + "source", NamedNode(one.source)),
            (KW + "retrieved", Literal(one.retrieved, datatype=NamedNode(XSD + "date"))),
            (KW + "sourceReference", Literal(one.reference, language="en")),
            *((KW + "sourceCites", NamedNode(address)) for address in one.cites),
        ]
        yield from (Quad(node, NamedNode(name), value, home) for name, value in pairs if value is not None)


def pieces_turtle(claims: Iterable[Quad], layout: Layout) -> str:
    """pieces.ttl: the items whose claims these are."""
    from ..rdf.writing import serialise

    source, graph = layout.sources.named(SLUG), NamedNode(GRAPHS + "entities")
    found = []
    for item in sorted({quad.graph_name.value for quad in claims}):
        number = item.removeprefix(source.space)
        for predicate, value in (
            (TYPE.value, NamedNode(KW + "AuthorityRecord")),
            (DCT + "isPartOf", source.iri),
            (DCT + "identifier", Literal(number)),
            (KW + "deepLink", NamedNode(ENTITY + number)),
        ):
            found.append(Quad(NamedNode(item), NamedNode(predicate), value, graph))
    return PIECES_HEADER + "\n" + serialise(found, "turtle", layout).decode()


def trig(claims: Iterable[Quad], layout: Layout) -> str:
    """The file of statements: claims in the order of their names."""
    from ..rdf.writing import serialise

    return HEADER + "\n" + serialise(claims, "trig", layout).decode()


def kept(layout: Layout, renewed: set[str]) -> list[Quad]:
    """The claims that the file holds now, except those on things that are asked about anew."""
    from ..rdf.reading import parse, read_text

    path = layout.root / NAME
    if not path.exists():
        return []
    found = parse(read_text(path, NAME), NAME, "", layout.prefixes)
    gone = {quad.subject for quad in found if quad.predicate.value == RDF + "subject" and quad.object.value in renewed}
    return [quad for quad in found if quad.subject not in gone]


def day_of(moment: str) -> str:
    """The day of a moment of the cache; today where it is unknown."""
    return moment[:10] if re.match(r"\d{4}-\d\d-\d\d", moment) else date.today().isoformat()


@dataclass(frozen=True)
class Enriched:
    """What was read: the file, how many claims on how many things, and what to look at."""

    path: Path
    claims: int
    things: int
    remarks: tuple[str, ...]


def enrich(
    graph: Graph, service: Any, terms: Iterable[str] = (), tell: Callable[[int, int, str], None] = lambda *_: None
) -> Enriched:
    """Reads what Wikidata says of the things linked to it, all or some, into data/sources/wikidata/."""
    from ..rdf.atomic import write_atomically
    from .judgements import Judgements
    from .things import Things

    terms, shrink = list(terms), graph.layout.shrink
    judgements, things = Judgements(graph.layout), Things(graph)
    judged = dict.fromkeys(iri for one in judgements.links.judgements if (iri := things.find(one.subject)))
    chosen = [graph.resolve(term) for term in terms] or list(judged)
    linked = {iri: exact[0] for iri in chosen if (exact := judgements.accepted(shrink(iri), "exact"))}
    if terms and not linked:
        raise UsageError(f"{terms[0]} has no accepted link to Wikidata",
                         "look for one with `icrc-korea link`, then --accept it")  # fmt: skip
    tell(0, 3, f"reading {len(linked)} items")
    items = service.items(linked.values())
    tell(1, 3, "reading what they cite")
    cited = service.items(cited_items(items.values()) - items.keys())
    ours = {number: iri for iri in judged if (number := things.item_of(NamedNode(iri)))}
    renewed = {iri for iri in linked if linked[iri] in items}
    days = {number: day_of(service.dates.get(number, "")) for number in items}
    found = [
        one
        for iri in sorted(renewed)
        for one in said(things.read(iri), items[linked[iri]], days[linked[iri]], ours, {**items, **cited})
    ]
    path = graph.layout.root / NAME
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        claims = [*(kept(graph.layout, renewed) if terms else []), *quads(found, graph.layout)]
        write_atomically(graph.layout.root / PIECES, pieces_turtle(claims, graph.layout).encode())
        write_atomically(path, trig(claims, graph.layout).encode())
    except OSError as error:
        raise LayoutError(f"{path} cannot be written: {error.strerror}",
                          "work in a folder of your own: --root FOLDER") from None  # fmt: skip
    remarks = [f"{number}, linked to {shrink(iri)}, does not exist in Wikidata any more"
               for iri, number in sorted(linked.items(), key=lambda pair: pair[1]) if number not in items]  # fmt: skip
    remarks += [f"{number} was merged into {item.id}: review the link"
                for number, item in items.items() if item.id != number]  # fmt: skip
    return Enriched(path, len(found), len(renewed), tuple(remarks))
