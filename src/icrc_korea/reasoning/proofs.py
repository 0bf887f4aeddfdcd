"""Finds the proof of an inferred statement."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

from ..rdf.exchange import from_rdflib
from ..rdf.store import Store
from ..rdf.terms import NamedNode
from .axioms import Rule, _variables, compile_axioms
from .rules import INFERRED, _filled

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from typing import Any

    import rdflib

    from ..content.layout import Layout
    from ..rdf.terms import Quad, Term
    from .axioms import Goal, Pattern
    Step = tuple["Rule", list[Goal]]

@dataclass(frozen=True)
class Proof:
    """Why a triple holds: asserted (no premises) or by a rule from premises that hold."""

    subject: Term
    predicate: NamedNode
    value: Term
    rule: Rule | None = None  # None: asserted
    premises: tuple[Proof, ...] = ()

    @property
    def triple(self) -> Goal:
        """What is proved."""
        return self.subject, self.predicate, self.value

    def steps(self) -> Iterator[Proof]:
        """The proof and every proof in it, each statement once, the conclusion first."""
        seen, todo = set(), [self]
        while todo:
            proof = todo.pop(0)
            if proof.triple not in seen:
                seen.add(proof.triple)
                todo += proof.premises
                yield proof


class Explainer:
    """Finds the shortest proof of a triple from the rules; no proof rests on itself."""

    def __init__(self, quads: Iterable[Quad], derived: list[Rule], layout: Layout) -> None:
        quads = list(quads)
        self.asserted: set[Goal] = {
            (quad.subject, quad.predicate, quad.object) for quad in quads if quad.graph_name != INFERRED
        }
        self.known = self.asserted | {(quad.subject, quad.predicate, quad.object) for quad in quads}
        self.store = Store.of(quads, layout)
        self.by_head: dict[Term | None, list[Rule]] = defaultdict(list)
        for rule in compile_axioms(quads, layout).rules + [taken_apart(rule, layout) for rule in derived]:
            for _, predicate, _ in rule.head:
                self.by_head[predicate].append(rule)

    def explain(self, subject: Term, predicate: NamedNode, value: Term) -> Proof | None:
        """The shortest proof of a triple; None if there is none."""
        goal = (subject, predicate, value)
        steps: dict[Goal, list[Step]] = {}
        open_goals = [goal]
        while open_goals:
            current = open_goals.pop()
            if current in steps:
                continue
            ways = [] if current in self.asserted else self._steps(current)
            steps[current] = sorted(ways, key=lambda way: (len(way[1]), str(way[1])))
            open_goals += [premise for _, premises in steps[current] for premise in premises]
        return self._shortest(goal, steps)

    def _shortest(self, goal: Goal, steps: dict[Goal, list[Step]]) -> Proof | None:
        """Proofs from the ground up: each round proves what rests on earlier rounds only."""
        proofs = {known: Proof(*known) for known in steps if known in self.asserted}
        grown = True
        while grown and goal not in proofs:
            found = {}
            for target, ways in steps.items():
                for rule, premises in [] if target in proofs else ways:
                    if all(premise in proofs for premise in premises):
                        found[target] = Proof(*target, rule, tuple(proofs[premise] for premise in premises))
                        break
            proofs.update(found)
            grown = bool(found)
        return proofs.get(goal)

    def _steps(self, goal: Goal) -> Iterator[Step]:
        """Every way to derive a goal in one step from triples that the graph holds."""
        for rule in self.by_head[goal[1]]:
            for bound in _unified(rule.head, goal):
                answer = self.store.query(rule.condition, bound)
                for row in answer.rows:
                    values = {**dict(zip(answer.columns, row, strict=True)), **bound}
                    premises = [
                        _filled(pattern, values)
                        for pattern in rule.body
                        if all(values.get(name[1:]) is not None for name in _variables([pattern]))
                    ]
                    if goal not in premises:
                        yield rule, [premise for premise in dict.fromkeys(premises) if premise in self.known]


def _unified(head: tuple[Pattern, ...], goal: Goal) -> Iterator[dict[str, Any]]:
    """The bindings with which a rule's head gives the goal."""
    for pattern in head:
        bound: dict[str, Any] = {}
        for part, term in zip(pattern, goal, strict=True):
            if (bound.setdefault(part[1:], term) if isinstance(part, str) else part) != term:
                break
        else:
            yield bound


def taken_apart(rule: Rule, layout: Layout) -> Rule:
    """A derive rule with its head and the plain triple patterns that it rests on."""
    from rdflib import BNode, Variable
    from rdflib.paths import Path
    from rdflib.plugins.sparql import prepareQuery
    from rdflib.plugins.sparql.parserutils import CompValue

    algebra = prepareQuery(rule.text, initNs=layout.prefixes).algebra
    patterns: list[tuple[rdflib.term.Node, ...]] = []

    def collect(part: object) -> None:
        if isinstance(part, CompValue):
            if part.name in ("Builtin_NOTEXISTS", "Minus"):
                part = {"p1": part.get("p1")} if part.name == "Minus" else {}
            elif part.name == "BGP":
                patterns.extend(part.triples)
            for inner in part.values():
                collect(inner)
        elif isinstance(part, list | tuple):
            for inner in part:
                collect(inner)

    def ours(pattern: tuple[rdflib.term.Node, ...]) -> Pattern:
        one, two, three = (f"?{t}" if isinstance(t, Variable | BNode) else from_rdflib(t) for t in pattern)
        return one, two, three

    collect(algebra.p)
    body = tuple(dict.fromkeys(ours(pattern) for pattern in patterns if not isinstance(pattern[1], Path)))
    return Rule(rule.name, rule.text, rule.about, tuple(map(ours, algebra.template)), body, rule.reads)
