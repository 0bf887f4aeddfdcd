"""Sets the claims of several sources side by side: which value is finer than another, which differ."""

from __future__ import annotations

from collections import defaultdict
from itertools import combinations

from ..rdf.spaces import BASE, CLAIMS, GRAPHS, KW, RDF
from ..rdf.terms import Literal, NamedNode, Quad

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from typing import Any

CLAIMS_GRAPH = NamedNode(GRAPHS + "claims")
SINGLE, FINER, CONFLICTS, EARLIEST, LATEST, HOLDER, OFFICE, ORGAN = (
    NamedNode(KW + name)
    for name in (
        "singleValued", "finerThan", "conflictsWith", "earliest", "latest", "tenureHolder", "tenureOffice", "organOf",
    )
)  # fmt: skip
SUBJECT, PREDICATE, OBJECT = (NamedNode(RDF + name) for name in ("subject", "predicate", "object"))
ACCORDING_TO, STATUS, POLARITY = (NamedNode(KW + name) for name in ("accordingTo", "claimStatus", "polarity"))
ACCEPTED = NamedNode(BASE + "vocab/status-accepted")
CONTESTED = NamedNode(BASE + "vocab/status-contested")
POSITIVE = NamedNode(BASE + "vocab/polarity-positive")
OPEN = ("", "9999-99-99")  # what an open end sorts as: before any day, after any day


class Known:
    """What the files say that values are compared by: bounds of time spans, who acts for whom, who holds an office."""

    def __init__(self, quads: Iterable[Quad]) -> None:
        self.single: set[Any] = set()
        self.bounds: dict[Any, dict[Any, str]] = defaultdict(dict)
        self.above: dict[Any, set[Any]] = defaultdict(set)  # whom an office, a body or a person acts for
        tenures: dict[Any, dict[Any, Any]] = defaultdict(dict)
        for quad in quads:
            if quad.predicate == SINGLE:
                self.single.add(quad.subject)
            elif quad.predicate in (EARLIEST, LATEST):
                self.bounds[quad.subject][quad.predicate] = str(quad.object.value)
            elif quad.predicate == ORGAN:
                self.above[quad.subject].add(quad.object)
            elif quad.predicate in (HOLDER, OFFICE):
                tenures[quad.subject][quad.predicate] = quad.object
        for tenure in tenures.values():
            if len(tenure) == 2:
                self.above[tenure[HOLDER]].add(tenure[OFFICE])

    def finer(self, one: Any, other: Any) -> bool:
        """Whether a value says the same as another more exactly: a day of a month, a holder of an office."""
        if one in self.bounds and other in self.bounds:
            (first, last), (start, end) = self._span(one), self._span(other)
            return start <= first and last <= end and (first, last) != (start, end)
        reached, wanted = {one}, [one]
        while wanted:
            for above in self.above.get(wanted.pop(), ()):
                if above not in reached:
                    reached.add(above)
                    wanted.append(above)
        return one != other and other in reached

    def apart(self, one: Any, other: Any) -> bool:
        """Whether not both values can be true: days that do not meet, numbers that are not the same."""
        if one in self.bounds and other in self.bounds:
            (first, last), (start, end) = self._span(one), self._span(other)
            return last < start or end < first
        return isinstance(one, Literal) and isinstance(other, Literal) and one != other

    def _span(self, node: Any) -> tuple[str, str]:
        found = self.bounds[node]
        return found.get(EARLIEST, OPEN[0]), found.get(LATEST, OPEN[1])


def compared(quads: list[Quad], claims: list[Quad]) -> tuple[list[Quad], set[tuple[Any, ...]]]:
    """The claims with what follows from setting them side by side, and the triples that are contested by it.

    Of properties that can have one value only, the accepted values of two sources are compared. A finer one is
    kw:finerThan the other and both stand; two of which not both can be true are contested, and conflict.
    """
    known = Known(quads)
    if not known.single:
        return claims, set()
    fields: dict[Any, dict[Any, set[Any]]] = defaultdict(lambda: defaultdict(set))
    for quad in claims + [quad for quad in quads if quad.subject.value.startswith(CLAIMS)]:
        fields[quad.subject][quad.predicate].add(quad.object)
    finer: list[Quad] = []
    conflicts: set[tuple[Any, Any]] = set()
    for one, other in _pairs(fields, known.single):
        (value,), (against,) = fields[one][OBJECT], fields[other][OBJECT]
        if known.finer(value, against):
            finer.append(Quad(one, FINER, other, CLAIMS_GRAPH))
        elif known.finer(against, value):
            finer.append(Quad(other, FINER, one, CLAIMS_GRAPH))
        elif known.apart(value, against):
            conflicts |= {(one, other), (other, one)}
    contested = {one for one, _ in conflicts}
    told = [
        Quad(quad.subject, STATUS, CONTESTED, CLAIMS_GRAPH)
        if quad.subject in contested and quad.predicate == STATUS else quad
        for quad in claims
    ]  # fmt: skip
    triples = {tuple(next(iter(fields[one][part])) for part in (SUBJECT, PREDICATE, OBJECT)) for one in contested}
    told += [Quad(one, CONFLICTS, other, CLAIMS_GRAPH) for one, other in sorted(conflicts, key=str)]
    return told + finer, triples


def _pairs(fields: dict[Any, dict[Any, set[Any]]], single: set[Any]) -> Iterator[tuple[Any, Any]]:
    """Two claims each about the same property of a thing, by sources of which neither has the other's value."""
    about: dict[tuple[Any, Any], dict[Any, dict[Any, Any]]] = defaultdict(lambda: defaultdict(dict))
    for claim, said in fields.items():
        plain = said.get(STATUS) == {ACCEPTED} and said.get(POLARITY) == {POSITIVE}
        if plain and said.get(PREDICATE, set()) <= single and all(len(said[part]) == 1 for part in (SUBJECT, OBJECT)):
            (subject,), (predicate,), (value,) = said[SUBJECT], said[PREDICATE], said[OBJECT]
            for source in said.get(ACCORDING_TO, ()):
                about[subject, predicate][source][value] = claim
    for sources in about.values():
        for one, other in combinations(sorted(sources, key=str), 2):
            if not sources[one].keys() & sources[other].keys():
                yield from ((a, b) for a in sources[one].values() for b in sources[other].values())
