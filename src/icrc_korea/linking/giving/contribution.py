"""Chooses what may go to Wikidata: stated in a source, linked without doubt, not there yet."""

from __future__ import annotations

import csv
import re
from dataclasses import dataclass, field

from ...errors import ParseError
from ...rdf.spaces import BASE, CLAIMS, GRAPHS, KW, XSD
from ...rdf.terms import TYPE, Literal, NamedNode, readable
from ..items import ENTITY, MUL, bounds
from . import quickstatements

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from ...content.layout import Layout
    from ...dataset.facts import Claim, Graph
    from ...rdf.terms import Term
    from ..items import Item

NAME = "data/links/contributions.tsv"
COLUMNS = (
    "property", "property_label", "about", "ours", "form", "several", "qualifiers", "definition", "example", "evidence",
)  # fmt: skip
FORMS = ("item", "date", "start", "end", "text")
DCT, SCHEMA = "http://purl.org/dc/terms/", "https://schema.org/"
TENURE = KW + "tenureOffice"  # an office is held by way of a tenure; all else is said of the thing itself
FIRM = {"stated": "says so", "quoted": "quotes a message that says so"}
MAY, HAS, HELD = "may go", "Wikidata has it", "stays here"


@dataclass(frozen=True)
class Crosswalk:
    """One row of the table: which statement of ours is which of Wikidata."""

    property: str
    label: str
    about: str
    ours: str
    form: str
    several: bool
    qualifiers: tuple[tuple[str, str], ...]
    definition: str
    example: str


@dataclass(frozen=True)
class Offer:
    """A statement of ours beside Wikidata: whether it may go, why, and on what it rests."""

    verdict: str
    why: str
    thing: str
    label: str
    item: str
    mapping: Crosswalk
    value: str  # in words
    qualifiers: tuple[str, ...] = ()  # in words
    sources: tuple[str, ...] = ()  # sentences, or the address of another source
    link: str = ""
    command: quickstatements.Command | None = None

    def words(self) -> list[str]:
        """The offer as sentences."""
        item = f" ({self.item})" if self.item else ""
        more = f", {', '.join(self.qualifiers)}" if self.qualifiers else ""
        lines = [f"{self.label}{item}: {self.mapping.label} ({self.mapping.property}): {self.value}{more}"]
        lines.append(f"    {self.verdict}: {self.why}")
        if self.sources:
            lines.append(f"    rests on {', '.join(self.sources)}" + (f"  {self.link}" if self.link else ""))
        return lines


def crosswalks(layout: Layout) -> list[Crosswalk]:
    """The rows of the table; a ParseError names the line that cannot be read."""
    from ...rdf.reading import read_text

    path = layout.root / NAME
    lines = read_text(path, NAME).splitlines() if path.exists() else ["\t".join(COLUMNS)]
    found = []
    for number, cells in enumerate(csv.reader(lines, delimiter="\t", quoting=csv.QUOTE_NONE), 1):
        if number == 1:
            if tuple(cells) != COLUMNS:
                raise ParseError(NAME, 1, 1, "the columns are others", lines[0], "columns: " + ", ".join(COLUMNS))
            continue
        if len(cells) != len(COLUMNS):
            raise ParseError(NAME, number, 1, f"has {len(cells)} cells of {len(COLUMNS)}", lines[number - 1])
        row = dict(zip(COLUMNS, cells, strict=True))
        pairs = [pair.partition("=")[::2] for pair in row["qualifiers"].split("|") if pair]
        names = [row["ours"], *(ours for _, ours in pairs)]
        wrong = [name for name in names if not _expand(name, layout)]
        wrong += [prop for prop in (row["property"], *(prop for prop, _ in pairs)) if not re.fullmatch(r"P\d+", prop)]
        wrong += [row["form"]] if row["form"] not in FORMS else []
        if wrong:
            raise ParseError(NAME, number, 1, f"{wrong[0]!r} is not understood here", lines[number - 1])
        found.append(
            Crosswalk(
                row["property"], row["property_label"], row["about"], _expand(row["ours"], layout), row["form"],
                row["several"] == "yes", tuple((prop, _expand(ours, layout)) for prop, ours in pairs),
                row["definition"], row["example"],
            )
        )  # fmt: skip
    return found


def _expand(name: str, layout: Layout) -> str:
    prefix, colon, local = name.partition(":")
    return layout.prefixes.get(prefix, "") + local if colon and local and prefix in layout.prefixes else ""


@dataclass(frozen=True)
class Value:
    """A value in words, as QuickStatements writes it, and as it is compared; or why it cannot go."""

    words: str
    written: str = ""
    text: str = ""
    language: str = ""
    fault: str = ""


@dataclass
class _Offers:
    """One pass over the graph."""

    graph: Graph
    items: Mapping[str, Item]  # what Wikidata said, by the numbers that we link to
    unchecked: bool = False
    labels: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        from ..things import Things

        self.facts, self.layout, self.things = self.graph.facts, self.graph.layout, Things(self.graph)

    def every(self) -> Iterator[Offer]:
        """Every statement that the table names, with what is to be said of it."""
        for mapping in crosswalks(self.layout):
            triples = sorted(
                (triple for triple in self.facts.claims if getattr(triple[1], "value", "") == mapping.ours), key=str
            )
            for triple in triples:
                for subject, value in self.about(triple):
                    for claim in self.facts.claims[triple]:
                        offer = self._offer(mapping, subject, triple, value, claim)
                        if offer:
                            yield offer

    def about(self, triple: tuple[Term | None, ...]) -> Iterator[tuple[NamedNode, Term]]:
        """What a statement is about, and its value: that of a tenure is about who holds it."""
        subject, predicate, value = triple
        if isinstance(subject, NamedNode) and isinstance(predicate, NamedNode) and value is not None:
            if predicate.value != TENURE:
                yield subject, value
                return
            for holder in self.facts.fields(subject).get(KW + "tenureHolder", []):
                if isinstance(holder, NamedNode):
                    yield holder, value

    def _is_a(self, subject: NamedNode, kind: str) -> bool:
        return not kind or NamedNode(KW + kind) in self.facts.fields(subject).get(TYPE.value, [])

    def _offer(
        self, mapping: Crosswalk, subject: NamedNode, triple: tuple[Term | None, ...], value: Term, claim: Claim
    ) -> Offer | None:
        if not self._is_a(subject, mapping.about):
            return None
        fields = self.facts.fields(NamedNode(self.layout.expand(claim.id) or claim.id))
        origin = str(next((one.value for one in fields.get(DCT + "source", [])), ""))
        if origin.startswith(ENTITY):
            return None  # Wikidata knows what Wikidata says
        given = self._value(mapping.form, value)
        if given is None:
            return None
        number = self.things.item_of(subject)
        external = NamedNode(BASE + "vocab/basis-external") in fields.get(KW + "basis", [])
        sources = (origin,) if external else tuple(claim.sentences)
        qualifiers = list(self._qualifiers(mapping, triple, fields))
        shown = tuple(f"{name} {one.words}" for _, name, one in qualifiers)

        def offer(verdict: str, why: str, command: quickstatements.Command | None = None) -> Offer:
            link = "" if external or not sources else self.facts.link(sources[0])
            label = self.facts.label(subject) or self.layout.shrink(subject.value)
            return Offer(
                verdict, why, self.layout.shrink(subject.value), label, number, mapping, given.words, shown, sources,
                link, command,
            )  # fmt: skip

        doubt = self._doubt(claim, triple, external, origin, subject) or given.fault
        doubt = doubt or next((one.fault for _, _, one in qualifiers if one.fault), "")
        if not number:
            doubt = doubt or "no item of Wikidata is accepted as an exact match for it"
        reference = self._reference(external, origin, fields)
        if not doubt and not reference:
            doubt = "its source has neither an item nor an address"
        if doubt:
            return offer(HELD, doubt)
        verdict, why = self._beside(number, mapping, given)
        if verdict != MAY:
            return offer(verdict, why)
        says = f"{_host(origin)} says so" if external else f"the guide {FIRM[claim.certainty]}"
        command = quickstatements.Command(
            number, mapping.property, given.written, tuple((prop, one.written) for prop, _, one in qualifiers),
            reference, f"icrc-korea: {', '.join(_plain(source) for source in sources)}",
        )  # fmt: skip
        return offer(MAY, f"{says}, and {why}", command)

    # --- what keeps a statement here ---

    def _doubt(
        self, claim: Claim, triple: tuple[Term | None, ...], external: bool, origin: str, subject: NamedNode
    ) -> str:
        """What is not firm about a claim, and about the tenure by which it is about somebody."""
        claims = [claim, *self.facts.claims.get(triple, [])]
        if triple[0] != subject:  # a tenure: who holds it must be as firm
            held = (triple[0], NamedNode(KW + "tenureHolder"), subject)
            claims += self.facts.claims.get(held, [])
            if held not in self.facts.asserted:
                return "who held the office is not said outright"
        for one in claims:
            if one.polarity != "positive":
                return "it is denied, not said"
            if one.status != "accepted" or one.conflicts:
                return "it is contested"
            if one.certainty not in FIRM:
                return f"it is {one.certainty}, not stated"
            if one.hedges:
                return "it is said with a reservation: " + "; ".join(one.hedges)
        if external:
            if not origin:
                return "it names no source"
            ours = origin.startswith((GRAPHS, CLAIMS)) or origin == BASE
            return "its only source is this graph" if ours else ""
        if not claim.sentences:
            return "no sentence says it"
        return "" if triple in self.facts.asserted else "it is no statement of the guide"

    def _beside(self, number: str, mapping: Crosswalk, ours: Value) -> tuple[str, str]:
        """The verdict, and why, from what Wikidata has."""
        if self.unchecked:
            return MAY, "nobody has looked whether Wikidata has it (unchecked)"
        item = self.items.get(number)
        if item is None:
            return HELD, f"{number} was never read here, so nobody knows whether Wikidata has it"
        if item.id != number:
            return HELD, f"{number} was merged into {item.id}: review the link"
        span = bounds(ours.text) if mapping.form in ("date", "start", "end") else None
        others = []
        for statement in item.statements.get(mapping.property, ()):
            theirs, there = statement.value, statement.value.bounds()
            if span and there:
                if there[0] <= span[0] and span[1] <= there[1] and there != span:
                    return HELD, f"Wikidata says {theirs.text}, which ours would make more exact: change it there"
                same = span[0] <= there[0] and there[1] <= span[1]
            else:
                same = theirs.text.casefold() == ours.text.casefold() and theirs.language in ("", MUL, ours.language)
            if same and statement.rank == "deprecated":
                return HELD, "Wikidata had it and no longer holds it"
            if same:
                return HAS, f"as {theirs.text}" + (", more exactly" if span and there != span else "")
            if statement.rank != "deprecated":
                others.append(theirs.text or theirs.kind)
        if others and not mapping.several:
            return HELD, f"Wikidata says {', '.join(others)}: see `icrc-korea conflicts`"
        return MAY, "Wikidata has " + (f"{', '.join(others)} but not this" if others else "nothing of the kind")

    # --- values ---

    def _value(self, form: str, term: Term) -> Value | None:
        """A value in a form; None where the form does not fit, such as a start for a single day."""
        if form == "item":
            words = self.facts.label(term) or readable(term, self.layout)
            number = self.things.item_of(term) if isinstance(term, NamedNode) else ""
            fault = "" if number else f"no item of Wikidata is accepted as an exact match for {words}"
            return Value(f"{words} ({number})" if number else words, number, number, fault=fault)
        if form == "text":
            if not isinstance(term, Literal):
                return None
            language = term.language or ""
            fault = "" if language else "the text is in no language"
            if not quickstatements.can_be_written(term.value):
                fault = "QuickStatements would cut this text"
            written = quickstatements.monolingual(term.value, language)
            return Value(f"{term.value} ({language})", written, term.value, language, fault)
        return self._date(form, term)

    def _date(self, form: str, term: Term) -> Value | None:
        first, slash, last = self._edtf(term).partition("/")
        if form == "date" and slash:
            return None
        if form in ("start", "end") and not slash:
            return None
        text = last if form == "end" else first
        if text in ("", ".."):
            return None
        fault = ""
        if bounds(text) is None or not text.replace("-", "").isdigit():
            return Value(text, fault="the date is no plain day, month or year")
        if isinstance(term, NamedNode):
            basis = [readable(one, self.layout) for one in self.facts.fields(term).get(KW + "dateBasis", [])]
            fault = "" if basis == ["date-basis:stated"] else "the date is read out of the text, not stated"
        return Value(text, quickstatements.time(text), text, fault=fault)

    def _edtf(self, term: Term) -> str:
        if isinstance(term, NamedNode):
            return str(next((one.value for one in self.facts.fields(term).get(KW + "edtf", [])), ""))
        kinds = {XSD + name for name in ("date", "gYearMonth", "gYear")}
        return term.value if isinstance(term, Literal) and term.datatype.value in kinds else ""

    def _qualifiers(
        self, mapping: Crosswalk, triple: tuple[Term | None, ...], fields: dict[str, list[Term]]
    ) -> Iterator[tuple[str, str, Value]]:
        """The qualifiers: from statements about the same subject, which must be firm, or from the claim itself."""
        labels = {"P580": "from", "P582": "to", "P585": "on"}
        for prop, ours in mapping.qualifiers:
            for term in fields.get(ours, []):  # of a claim of another source
                value = self._date("date", term)
                if value:
                    yield prop, labels.get(prop, prop), value
            subject = triple[0]
            said = self.facts.fields(subject).get(ours, []) if isinstance(subject, NamedNode) else []
            for term in sorted(said, key=str):
                value = self._date("date", term)
                found = self.facts.claims.get((subject, NamedNode(ours), term), [])
                firm = [one for one in found if one.certainty in FIRM and not one.marks and not one.hedges]
                if value and firm and not value.fault:
                    yield prop, labels.get(prop, prop), value

    def _reference(self, external: bool, origin: str, fields: dict[str, list[Term]]) -> tuple[tuple[str, str], ...]:
        """Stated in (P248) an item, else at an address (P854), with the day on which it was read (P813)."""
        guide = self.layout.sources.first
        source = NamedNode(origin) if external and origin else guide.iri
        number = self.things.item_of(source)
        address = origin if external else guide.page
        if number:
            pairs = [("P248", number)]
        elif re.fullmatch(r"https?://[^\s<>\"{}|\\^`]+", address) and quickstatements.can_be_written(address):
            pairs = [("P854", quickstatements.string(address))]
        else:
            return ()
        of = fields if external else self.facts.fields(guide.iri)
        for term in of.get(KW + "retrieved", [])[:1]:
            pairs.append(("P813", quickstatements.time(str(term.value))))
        return tuple(pairs)


def _host(address: str) -> str:
    return re.sub(r"^https?://(?:www\.)?([^/]+).*", r"\1", address)


def _plain(source: str) -> str:
    """A source as a remark may name it."""
    return re.sub(r"[^\w.:/#-]", "", source)


def offers(graph: Graph, items: Mapping[str, Item], unchecked: bool = False) -> list[Offer]:
    """Every statement of the table's kinds, those that may go first, each once."""
    order = (MAY, HAS, HELD)
    found = {
        (one.thing, one.mapping.property, one.value, one.qualifiers): one
        for one in _Offers(graph, items, unchecked).every()
    }
    return sorted(
        found.values(), key=lambda one: (order.index(one.verdict), one.thing, one.mapping.property, one.value)
    )


def commands(found: Iterable[Offer]) -> list[quickstatements.Command]:
    """The commands of what may go."""
    return [one.command for one in found if one.command]


def linked(graph: Graph) -> set[str]:
    """The items of the things of which the table may speak."""
    wanted, offers_ = {row.ours for row in crosswalks(graph.layout)}, _Offers(graph, {})
    return {
        number
        for triple in graph.facts.claims
        if getattr(triple[1], "value", "") in wanted
        for subject, _ in offers_.about(triple)
        if (number := offers_.things.item_of(subject))
    }
