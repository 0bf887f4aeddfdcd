"""Derives a claim for each statement and source from the graphs of the pieces that hold it."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

from ..rdf.spaces import BASE, CLAIMS, DCT, GRAPHS, KW, OWL, RDF
from ..rdf.terms import TYPE, Literal, NamedNode, Quad
from .agreement import compared
from .sources import CERTAINTIES

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from .sources import Place, Source, Sources

EDITORS = NamedNode(BASE + "vocab/editors")
CLAIMS_GRAPH = NamedNode(GRAPHS + "claims")
SUBJECT, PREDICATE, OBJECT = (NamedNode(RDF + name) for name in ("subject", "predicate", "object"))
(
    CLAIM, ACCORDING_TO, STATED_IN, CERTAINTY, STATUS, POLARITY, ASSERTED_BY, BASIS, MADE_IN, HEDGE, NOTE, RESTS,
    RESTS_READ,
) = (
    NamedNode(KW + name)
    for name in (
        "Claim", "accordingTo", "statedIn", "certainty", "claimStatus", "polarity", "assertedBy", "basis", "madeIn",
        "hedge", "inferenceNote", "restsOn", "restsOnReading",
    )
)  # fmt: skip
ON_A_THING = (HEDGE, NOTE, RESTS, RESTS_READ)  # what may be said of the statements about a thing
DEFAULTS = {
    STATUS: NamedNode(BASE + "vocab/status-accepted"),
    POLARITY: NamedNode(BASE + "vocab/polarity-positive"),
}
RETRIEVED = NamedNode(KW + "retrieved")
CITED = {NamedNode(KW + "deepLink"): NamedNode(DCT + "source"), RETRIEVED: RETRIEVED}
BASES = {True: NamedNode(BASE + "vocab/basis-guide"), False: NamedNode(BASE + "vocab/basis-external")}
NEGATIVE = NamedNode(BASE + "vocab/polarity-negative")
Notes = dict[tuple[Any, Any], list[Quad]]  # annotations by graph and by what they are about


def claim_iri(quad: Quad, source: Source) -> NamedNode:
    """The name of a derived claim: 12 digits of the SHA-256 of its triple with its source, as canonical N-Quads."""
    line = f"{quad.subject} {quad.predicate} {quad.object} {source.iri} ."
    return NamedNode(CLAIMS + sha256(line.encode()).hexdigest()[:12])


def is_annotation(quad: Quad, sources: Sources) -> bool:
    """Whether a quad says how its graph puts things: about the graph itself, or a hedge, note or ground on a thing.

    Only a graph with a certainty suffix has annotations.
    """
    place = sources.place(quad.graph_name)
    marked = place is not None and place.certainty != CERTAINTIES[0]
    return marked and (quad.subject == quad.graph_name or quad.predicate in ON_A_THING)


@dataclass
class Evidence:
    """What is known of one claim: its source, its pieces, their certainties, and the annotations that hold for it."""

    source: Source
    pieces: set[NamedNode] = field(default_factory=set)
    certainties: set[str] = field(default_factory=set)
    notes: set[tuple[NamedNode, NamedNode | Literal]] = field(default_factory=set)

    def strongest(self) -> NamedNode:
        """The strongest certainty as a concept."""
        known = [name for name in CERTAINTIES if name in self.certainties]
        return NamedNode(BASE + "vocab/certainty-" + (known[0] if known else "stated"))

    def add(self, quad: Quad, place: Place, notes: Notes, given: Iterable[NamedNode] = ()) -> None:
        """Takes in one place where the claim stands. What is said of the thing goes before what is said
        of the whole graph, and what the claim itself gives goes before both."""
        self.pieces.add(place.piece)
        self.certainties.add(place.certainty)
        own = notes.get((quad.graph_name, quad.subject), [])
        taken = {note.predicate for note in own} | set(given)
        general = [note for note in notes.get((quad.graph_name, quad.graph_name), []) if note.predicate not in taken]
        self.notes |= {(note.predicate, note.object) for note in [*own, *general]}


class Stated:
    """The statements of the pieces: those that each deserve a claim, explicit claims, and what is said about both."""

    def __init__(self, quads: list[Quad], sources: Sources) -> None:
        self.first = sources.first
        self.inside = [(quad, place) for quad in quads if (place := sources.place(quad.graph_name))]
        self.explicit = {quad.subject for quad, _ in self.inside if quad.predicate == TYPE and quad.object == CLAIM}
        self.notes: Notes = defaultdict(list)
        self.claimable: list[tuple[Quad, Place]] = []  # no types, annotations or claim fields
        # where a piece can be read, and when it was: a claim of it says so too
        self.cited: dict[NamedNode, dict[NamedNode, Any]] = defaultdict(dict)
        for quad, place in self.inside:
            if quad.subject in self.explicit:
                continue
            if is_annotation(quad, sources):
                self.notes[(quad.graph_name, quad.subject)].append(quad)
            elif quad.predicate != TYPE:
                self.claimable.append((quad, place))
        for quad in quads:
            if quad.predicate in CITED and sources.place(quad.subject):
                self.cited[quad.subject][CITED[quad.predicate]] = quad.object


def derive_claims(quads: list[Quad], sources: Sources) -> list[Quad]:
    """The claims graph: one claim for each triple and source, explicit claims completed, none compared yet."""
    stated = Stated(quads, sources)
    fields: dict[NamedNode, dict[NamedNode, set[NamedNode | Literal]]] = defaultdict(lambda: defaultdict(set))
    evidence: dict[NamedNode, Evidence] = {}
    for quad, place in stated.inside:
        if quad.subject in stated.explicit:
            fields[quad.subject][quad.predicate].add(quad.object)
            if quad.predicate == TYPE and quad.object == CLAIM:
                evidence.setdefault(quad.subject, Evidence(place.source))
    for quad, place in stated.inside:
        if quad.subject in stated.explicit and quad.predicate == TYPE and quad.object == CLAIM:
            evidence[quad.subject].add(quad, place, stated.notes, fields[quad.subject])
    merged = {
        (*key, evidence[claim].source.name): claim
        for claim, values in sorted(fields.items(), key=lambda pair: pair[0].value)
        if (key := _accepted_triple(values))
    }
    triples: dict[NamedNode, Quad] = {}
    for quad, place in stated.claimable:
        said = (quad.subject, quad.predicate, quad.object, place.source.name)
        claim = merged.get(said) or claim_iri(quad, place.source)
        evidence.setdefault(claim, Evidence(place.source)).add(quad, place, stated.notes, fields.get(claim, ()))
        if claim not in stated.explicit:
            triples[claim] = quad
    made = [_described(claim, triples[claim], evidence[claim], stated) for claim in triples]
    made += [_completed(claim, fields[claim], evidence[claim], stated) for claim in stated.explicit]
    return [quad for group in made for quad in group]


def with_claims(quads: list[Quad], sources: Sources) -> list[Quad]:
    """The statements with their claims; those of several sources compared, and what is contested by that left out."""
    claims, contested = compared(quads, derive_claims(quads, sources))
    if contested:
        quads = [
            quad for quad in quads
            if (quad.subject, quad.predicate, quad.object) not in contested or not sources.place(quad.graph_name)
        ]  # fmt: skip
    return quads + claims


def _accepted_triple(values: dict[NamedNode, set[NamedNode | Literal]]) -> tuple[object, ...] | None:
    """The triple that an explicit claim puts forward, if it is accepted and positive."""
    for predicate in (STATUS, POLARITY):
        if values.get(predicate, {DEFAULTS[predicate]}) != {DEFAULTS[predicate]}:
            return None
    parts = [next(iter(values[name]), None) for name in (SUBJECT, PREDICATE, OBJECT)]
    return tuple(parts) if None not in parts else None


def _described(claim: NamedNode, quad: Quad, evidence: Evidence, stated: Stated) -> Iterator[Quad]:
    yield Quad(claim, TYPE, CLAIM, CLAIMS_GRAPH)
    for predicate, term in ((SUBJECT, quad.subject), (PREDICATE, quad.predicate), (OBJECT, quad.object)):
        yield Quad(claim, predicate, term, CLAIMS_GRAPH)
    yield from _completed(claim, {}, evidence, stated)


def _completed(
    claim: NamedNode, given: dict[NamedNode, set[NamedNode | Literal]], evidence: Evidence, stated: Stated
) -> Iterator[Quad]:
    yield Quad(claim, ACCORDING_TO, evidence.source.iri, CLAIMS_GRAPH)
    for piece in evidence.pieces:
        yield Quad(claim, STATED_IN, piece, CLAIMS_GRAPH)
    values = {predicate for predicate, _ in evidence.notes} | {name for name, found in given.items() if found}
    for predicate, term in evidence.notes:
        yield Quad(claim, predicate, term, CLAIMS_GRAPH)
    basis = BASES[evidence.source.name == stated.first.name]
    for predicate, term in {**DEFAULTS, BASIS: basis, CERTAINTY: evidence.strongest()}.items():
        if predicate not in values:
            yield Quad(claim, predicate, term, CLAIMS_GRAPH)
    if basis == BASES[False]:
        said = {pair for piece in evidence.pieces for pair in stated.cited[piece].items()}
        for predicate, term in said:
            if predicate not in values:
                yield Quad(claim, predicate, term, CLAIMS_GRAPH)
    if not values & {ASSERTED_BY, MADE_IN}:
        # a reading between the lines is the editors' word, not the source's
        by = EDITORS if evidence.certainties == {"inferred"} else evidence.source.iri
        yield Quad(claim, ASSERTED_BY, by, CLAIMS_GRAPH)
    yield from _denial(claim, given)


def _denial(claim: NamedNode, given: dict[NamedNode, set[NamedNode | Literal]]) -> Iterator[Quad]:
    """An accepted denial of a link between two things is also a negative assertion for OWL."""
    accepted = given.get(STATUS, {DEFAULTS[STATUS]}) == {DEFAULTS[STATUS]}
    links = all(isinstance(term, NamedNode) for term in given.get(OBJECT, ()))
    if not given or not accepted or not links or NEGATIVE not in given.get(POLARITY, ()):
        return
    yield Quad(claim, TYPE, NamedNode(OWL + "NegativePropertyAssertion"), CLAIMS_GRAPH)
    names = {SUBJECT: "sourceIndividual", PREDICATE: "assertionProperty", OBJECT: "targetIndividual"}
    for predicate, name in names.items():
        for term in given.get(predicate, ()):
            yield Quad(claim, NamedNode(OWL + name), term, CLAIMS_GRAPH)
