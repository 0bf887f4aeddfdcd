"""Derives a claim for each statement from the sentence graph that holds it."""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

from ..rdf.spaces import BASE, CLAIMS, GRAPHS, KW, OWL, PASSAGES, RDF
from ..rdf.terms import TYPE, Literal, NamedNode, Quad

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

GUIDE = NamedNode(BASE + "id/guide/icrc-korean-war")
EDITORS = NamedNode(BASE + "vocab/editors")
CLAIMS_GRAPH = NamedNode(GRAPHS + "claims")
SENTENCE_GRAPH = re.compile(re.escape(PASSAGES) + r"(P\d\d(?:\.s\d+)?)(?:-([a-z]+))?")
# From strongest to weakest: a triple with two certainties keeps the stronger one.
CERTAINTIES = ("stated", "quoted", "attributed", "hedged", "interpretation", "inferred")
SUBJECT, PREDICATE, OBJECT = (NamedNode(RDF + name) for name in ("subject", "predicate", "object"))
CLAIM, STATED_IN, CERTAINTY, STATUS, POLARITY, ASSERTED_BY, BASIS, MADE_IN, HEDGE, NOTE, RESTS, RESTS_READ = (
    NamedNode(KW + name)
    for name in (
        "Claim", "statedIn", "certainty", "claimStatus", "polarity", "assertedBy", "basis", "madeIn", "hedge",
        "inferenceNote", "restsOn", "restsOnReading",
    )
)  # fmt: skip
ON_A_THING = (HEDGE, NOTE, RESTS, RESTS_READ)  # what may be said of the statements about a thing
DEFAULTS = {
    STATUS: NamedNode(BASE + "vocab/status-accepted"),
    POLARITY: NamedNode(BASE + "vocab/polarity-positive"),
    BASIS: NamedNode(BASE + "vocab/basis-guide"),
}
NEGATIVE = NamedNode(BASE + "vocab/polarity-negative")
Notes = dict[tuple[Any, Any], list[Quad]]  # annotations by graph and by what they are about


def sentence_of(graph: object) -> tuple[NamedNode, str] | None:
    """The sentence and the certainty that a graph's name stands for; None if it is no sentence graph."""
    match = SENTENCE_GRAPH.fullmatch(graph.value) if isinstance(graph, NamedNode) else None
    if not match:
        return None
    return NamedNode(PASSAGES + match.group(1)), match.group(2) or "stated"


def claim_iri(quad: Quad) -> NamedNode:
    """The name of a derived claim: 12 digits of the SHA-256 of its triple as canonical N-Triples."""
    line = f"{quad.subject} {quad.predicate} {quad.object} ."
    return NamedNode(CLAIMS + sha256(line.encode()).hexdigest()[:12])


def is_annotation(quad: Quad) -> bool:
    """Whether a quad says how its graph puts things: about the graph itself, or a hedge, note or ground on a thing.

    Only a graph with a certainty suffix has annotations.
    """
    marked = "-" in quad.graph_name.value.removeprefix(PASSAGES)
    return marked and (quad.subject == quad.graph_name or quad.predicate in ON_A_THING)


@dataclass
class Evidence:
    """What is known of one claim: its sentences, their certainties, and the annotations that hold for it."""

    sentences: set[NamedNode] = field(default_factory=set)
    certainties: set[str] = field(default_factory=set)
    notes: set[tuple[NamedNode, NamedNode | Literal]] = field(default_factory=set)

    def strongest(self) -> NamedNode:
        """The strongest certainty as a concept."""
        known = [name for name in CERTAINTIES if name in self.certainties]
        return NamedNode(BASE + "vocab/certainty-" + (known[0] if known else "stated"))

    def add(self, quad: Quad, notes: Notes, given: Iterable[NamedNode] = ()) -> None:
        """Takes in one place where the claim stands. What is said of the thing goes before what is said
        of the whole graph, and what the claim itself gives goes before both."""
        found = sentence_of(quad.graph_name)
        if found:
            self.sentences.add(found[0])
            self.certainties.add(found[1])
        own = notes.get((quad.graph_name, quad.subject), [])
        taken = {note.predicate for note in own} | set(given)
        general = [note for note in notes.get((quad.graph_name, quad.graph_name), []) if note.predicate not in taken]
        self.notes |= {(note.predicate, note.object) for note in [*own, *general]}


def _content(quads: Iterable[Quad]) -> tuple[list[Quad], Notes, set[NamedNode]]:
    """Sentence-graph quads, their annotations by graph and subject, and the explicit claims."""
    inside = [quad for quad in quads if sentence_of(quad.graph_name)]
    explicit = {quad.subject for quad in inside if quad.predicate == TYPE and quad.object == CLAIM}
    notes: Notes = defaultdict(list)
    for quad in inside:
        if is_annotation(quad) and quad.subject not in explicit:
            notes[(quad.graph_name, quad.subject)].append(quad)
    return inside, notes, explicit


def claimable(quads: Iterable[Quad]) -> list[Quad]:
    """The sentence-graph quads that each deserve a claim: no types, annotations or claim fields."""
    inside, _, explicit = _content(quads)
    return [q for q in inside if q.predicate != TYPE and not is_annotation(q) and q.subject not in explicit]


def derive_claims(quads: list[Quad]) -> list[Quad]:
    """The claims graph: one claim a triple of the sentence graphs, and explicit claims completed."""
    inside, notes, explicit = _content(quads)
    fields: dict[NamedNode, dict[NamedNode, set[NamedNode | Literal]]] = defaultdict(lambda: defaultdict(set))
    evidence: dict[NamedNode, Evidence] = defaultdict(Evidence)
    places = []  # where explicit claims stand
    for quad in inside:
        if quad.subject in explicit:
            fields[quad.subject][quad.predicate].add(quad.object)
            if quad.predicate == TYPE and quad.object == CLAIM:
                places.append(quad)
    for quad in places:
        evidence[quad.subject].add(quad, notes, fields[quad.subject])
    merged = {
        key: claim
        for claim, values in sorted(fields.items(), key=lambda pair: pair[0].value)
        if (key := _accepted_triple(values))
    }
    triples: dict[NamedNode, Quad] = {}
    for quad in claimable(inside):
        claim = merged.get((quad.subject, quad.predicate, quad.object)) or claim_iri(quad)
        evidence[claim].add(quad, notes, fields.get(claim, ()))
        if claim not in explicit:
            triples[claim] = quad
    made = [_described(claim, triples[claim], evidence[claim]) for claim in triples]
    made += [_completed(claim, fields[claim], evidence[claim]) for claim in explicit]
    return [quad for group in made for quad in group]


def _accepted_triple(values: dict[NamedNode, set[NamedNode | Literal]]) -> tuple[object, ...] | None:
    """The triple that an explicit claim puts forward, if it is accepted and positive."""
    for predicate in (STATUS, POLARITY):
        if values.get(predicate, {DEFAULTS[predicate]}) != {DEFAULTS[predicate]}:
            return None
    parts = [next(iter(values[name]), None) for name in (SUBJECT, PREDICATE, OBJECT)]
    return tuple(parts) if None not in parts else None


def _described(claim: NamedNode, quad: Quad, evidence: Evidence) -> Iterator[Quad]:
    yield Quad(claim, TYPE, CLAIM, CLAIMS_GRAPH)
    for predicate, term in ((SUBJECT, quad.subject), (PREDICATE, quad.predicate), (OBJECT, quad.object)):
        yield Quad(claim, predicate, term, CLAIMS_GRAPH)
    yield from _completed(claim, {}, evidence)


def _completed(
    claim: NamedNode, given: dict[NamedNode, set[NamedNode | Literal]], evidence: Evidence
) -> Iterator[Quad]:
    for sentence in evidence.sentences:
        yield Quad(claim, STATED_IN, sentence, CLAIMS_GRAPH)
    values = {predicate for predicate, _ in evidence.notes} | {name for name, found in given.items() if found}
    for predicate, term in evidence.notes:
        yield Quad(claim, predicate, term, CLAIMS_GRAPH)
    for predicate, term in {**DEFAULTS, CERTAINTY: evidence.strongest()}.items():
        if predicate not in values:
            yield Quad(claim, predicate, term, CLAIMS_GRAPH)
    if not values & {ASSERTED_BY, MADE_IN}:
        # a reading between the lines is the editors' word, not the guide's
        by = EDITORS if evidence.certainties == {"inferred"} else GUIDE
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
