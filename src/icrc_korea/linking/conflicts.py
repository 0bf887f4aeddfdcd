"""Sets what the guide says beside what other sources say; tells where they disagree."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import astuple, dataclass, fields
from datetime import date

from ..rdf.spaces import KW, RDF
from ..rdf.terms import Literal, NamedNode, readable
from .items import ENTITY, bounds, in_words

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from ..dataset.facts import Graph
    from ..rdf.terms import Term

SCHEMA, DCT, HOLDS = "https://schema.org/", "http://purl.org/dc/terms/", "http://www.w3.org/ns/org#holds"
AGREES, CONFLICTS, BOTH, ALONE, OPEN = (
    "agrees", "conflicts", "the guide itself is at odds", "only outside the guide", "cannot be compared",
)  # fmt: skip
VERDICTS = (CONFLICTS, BOTH, OPEN, AGREES, ALONE)  # what to look at first
GUIDE = "guide"
# what one property outside is compared with in the guide
SPANS = {
    SCHEMA + "foundingDate": (KW + "founded",),
    SCHEMA + "startDate": (KW + "when",),
    SCHEMA + "endDate": (KW + "when",),
}
LIVES = {SCHEMA + "birthDate": "born", SCHEMA + "deathDate": "died"}


@dataclass(frozen=True)
class Row:
    """One line of the report."""

    verdict: str
    thing: str
    label: str
    about: str
    guide: str
    sentences: str
    outside: str
    source: str
    reference: str
    retrieved: str
    note: str = ""


COLUMNS = tuple(field.name for field in fields(Row))


@dataclass(frozen=True)
class Outside:
    """A claim of another source."""

    subject: NamedNode
    predicate: str
    value: Term
    source: str
    reference: str
    retrieved: str
    start: str
    end: str


def report(graph: Graph, everything: bool = False) -> list[Row]:
    """What other sources say beside what the guide says, conflicts first; all of it, or only what both speak of."""
    rows = [row for row in _Report(graph).rows() if everything or row.verdict != ALONE]
    return sorted(rows, key=lambda row: (VERDICTS.index(row.verdict), *astuple(row)[1:]))


class _Report:
    """One pass over the graph."""

    def __init__(self, graph: Graph) -> None:
        from .things import Things

        self.graph, self.facts, self.things = graph, graph.facts, Things(graph)
        self.outside: dict[NamedNode, list[Outside]] = defaultdict(list)
        external = NamedNode(graph.layout.prefixes["basis"] + "external")
        for node in [subject for subject, name in self.facts.into.get(external, {}) if name.value == KW + "basis"]:
            found = self._outside(self.facts.fields(node))
            if found:
                self.outside[found.subject].append(found)

    def _outside(self, fields: dict[str, list[Term]]) -> Outside | None:
        def text(name: str) -> str:
            return "; ".join(sorted(str(value.value) for value in fields.get(name, [])))

        subject, predicate = fields.get(RDF + "subject", [None])[0], fields.get(RDF + "predicate", [None])[0]
        if not isinstance(subject, NamedNode) or predicate is None or not fields.get(RDF + "object"):
            return None
        return Outside(
            subject, str(predicate.value), fields[RDF + "object"][0],
            text(DCT + "source"), text(KW + "sourceReference"), text(KW + "retrieved"),
            text(SCHEMA + "startDate"), text(SCHEMA + "endDate"),
        )  # fmt: skip

    def rows(self) -> Iterator[Row]:
        """Every claim of another source, set beside the guide."""
        for subject, claims in self.outside.items():
            for claim in claims:
                yield from self._compare(subject, claim)

    def _compare(self, subject: NamedNode, claim: Outside) -> Iterable[Row]:
        if claim.predicate == HOLDS:
            return self._office(subject, claim)
        if claim.predicate in LIVES:
            return self._life(subject, claim)
        if claim.predicate in SPANS:
            return self._span(subject, claim)
        return self._same(subject, claim)

    def _row(
        self,
        verdict: str,
        subject: NamedNode,
        about: str,
        guide: str,
        sentences: Iterable[str],
        claim: Outside,
        note: str = "",
    ) -> Row:
        outside = self._shown(claim.value)
        if claim.predicate == HOLDS and (claim.start or claim.end):
            outside += f", {claim.start or '?'} – {claim.end or '?'}"
        return Row(
            verdict, self.graph.layout.shrink(subject.value), self.facts.label(subject), about, guide,
            " ".join(sorted(set(sentences))), outside, claim.source, claim.reference, claim.retrieved, note,
        )  # fmt: skip

    def _shown(self, term: Term) -> str:
        if isinstance(term, Literal):
            return f"{term.value} ({term.language})" if term.language else term.value
        return self.facts.label(term) or readable(term, self.graph.layout)

    # --- one property on both sides ---

    def _same(self, subject: NamedNode, claim: Outside) -> Iterator[Row]:
        """The same property: the guide's claims for it, of whatever status."""
        about = self.graph.layout.shrink(claim.predicate)
        key = (subject, NamedNode(claim.predicate))
        ours = [
            (triple[2], one)
            for triple, claims in self.facts.claims.items()
            for one in claims
            if triple[:2] == key and one.sentences
        ]
        if not ours or claim.predicate.endswith("Label"):
            yield self._row(ALONE, subject, about, "", (), claim)
            return
        said = "; ".join(
            f"{self._shown(value)} ({', '.join(one.marks) or one.certainty})" for value, one in ours if value
        )
        sentences = [sentence for _, one in ours for sentence in one.sentences]
        agreeing = [one for value, one in ours if value == claim.value and one.polarity == "positive"]
        differing = [one for value, one in ours if value != claim.value and one.polarity == "positive"]
        if agreeing and differing:
            against = ", ".join(sorted({sentence for one in differing for sentence in one.sentences}))
            in_favour = ", ".join(sorted({sentence for one in agreeing for sentence in one.sentences}))
            note = f"the other source sides with {in_favour} against {against}"
            yield self._row(BOTH, subject, about, said, sentences, claim, note)
        else:
            yield self._row(AGREES if agreeing else CONFLICTS, subject, about, said, sentences, claim)

    # --- dates ---

    def _life(self, subject: NamedNode, claim: Outside) -> Iterator[Row]:
        """Nobody acts before birth or after death."""
        thing, theirs = self.things.read(subject.value), bounds(str(getattr(claim.value, "value", "")))
        about = LIVES[claim.predicate]
        if not thing.active or not theirs:
            yield self._row(ALONE, subject, about, "", (), claim)
            return
        first, last = min(start for start, _ in thing.active), max(end for _, end in thing.active)
        wrong = theirs[0] > last if about == "born" else theirs[1] < first
        guide = f"acts {in_words(first, last)}"
        yield self._row(CONFLICTS if wrong else AGREES, subject, about, guide, self._deeds(subject), claim)

    def _deeds(self, subject: NamedNode) -> set[str]:
        """The sentences that date what somebody did or held."""
        nodes = [node for node, _ in self.facts.into.get(subject, {}) if isinstance(node, NamedNode)]
        dated = (KW + "when", KW + "attestedAt")
        return {
            sentence
            for node in nodes
            for predicate, value in self.facts.out.get(node, {})
            if predicate.value in dated
            for sentence in self.facts.sentences((node, predicate, value))
        }

    def _span(self, subject: NamedNode, claim: Outside) -> Iterator[Row]:
        """When something was founded, began or ended."""
        theirs = bounds(str(getattr(claim.value, "value", "")))
        about = self.graph.layout.shrink(claim.predicate)
        found = False
        for name in SPANS[claim.predicate]:
            for value in self.facts.fields(subject).get(name, []):
                edges = self._edges(value)
                ours = edges[1] if claim.predicate.endswith("endDate") else edges[0]
                sentences = self.facts.sentences((subject, NamedNode(name), value))
                guide = self.facts.label(value) or readable(value, self.graph.layout)
                found = True
                if ours is None or theirs is None:
                    yield self._row(OPEN, subject, about, guide, sentences, claim, "the guide leaves this end open")
                    continue
                first, last = edges if not claim.predicate.endswith("endDate") and None not in edges else (ours, ours)
                apart = theirs[1] < (first or ours) or theirs[0] > (last or ours)
                yield self._row(CONFLICTS if apart else AGREES, subject, about, guide, sentences, claim)
        if not found:
            yield self._row(ALONE, subject, about, "", (), claim)

    def _edges(self, node: Term) -> tuple[date | None, date | None]:
        def day(name: str) -> date | None:
            for value in self.facts.fields(node).get(KW + name, []):
                try:
                    return date.fromisoformat(str(value.value))
                except ValueError:
                    continue
            return None

        return day("earliest"), day("latest")

    # --- offices ---

    def _is_office(self, theirs: Term, ours: Iterable[Term]) -> bool:
        """Whether an office, ours or an item, is one of these or linked to it."""
        return any(
            theirs == office
            or (
                isinstance(office, NamedNode)
                and str(theirs.value) == ENTITY + (self.things.item_of(office, True) or "-")
            )
            for office in ours
        )

    def _office(self, subject: NamedNode, claim: Outside) -> Iterator[Row]:
        """The same office: each day on which the guide attests it must lie in the term."""
        tenures = [node for node, name in self.facts.into.get(subject, {}) if name.value == KW + "tenureHolder"]
        found = False
        for tenure in tenures:
            held = self.facts.fields(tenure)
            if not isinstance(tenure, NamedNode) or not self._is_office(claim.value, held.get(KW + "tenureOffice", [])):
                continue
            found = True
            guide = self.facts.label(tenure)
            attested = held.get(KW + "attestedAt", [])
            sentences = self.facts.sentences((tenure, NamedNode(KW + "tenureHolder"), subject))
            if not attested:
                note = "the guide dates this office nowhere"
                yield self._row(AGREES, subject, "office", guide, sentences, claim, note)
            for span in attested:
                edges, term = self._edges(span), (bounds(claim.start), bounds(claim.end))
                when = self.facts.label(span) or readable(span, self.graph.layout)
                said = self.facts.sentences((tenure, NamedNode(KW + "attestedAt"), span))
                outside = (term[0] and edges[1] and edges[1] < term[0][0]) or (
                    term[1] and edges[0] and edges[0] > term[1][1]
                )
                verdict = CONFLICTS if outside else AGREES
                yield self._row(verdict, subject, "office", f"{guide}, attested {when}", said or sentences, claim)
        if not found:
            yield self._row(ALONE, subject, "office", "", (), claim)
