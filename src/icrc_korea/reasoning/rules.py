"""Applies rules to the graph until nothing new follows.

The ontology's axioms (OWL 2 RL) are compiled to SPARQL rules over the embedded store. `queries/derive/` holds
rules that OWL cannot say. Both run together to a fixpoint. owlrl is the reference: it gives the same news.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from ..errors import BuildError, LimitReached
from ..rdf.naming import SKOLEM
from ..rdf.spaces import GRAPHS, KW, OWL, RDF, RDFS, THINGS
from ..rdf.sparql import Tokens
from ..rdf.terms import TYPE, BlankNode, NamedNode, Quad, readable
from .axioms import Rule

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import Protocol

    from ..content.layout import Layout
    from ..rdf.answer import Answer
    from ..rdf.terms import Term, Triple
    from .axioms import Clash, Goal, Pattern, Program
    class Growing(Protocol):
        """A store that rules are applied to: `rdf.store.Store`, or one within limits."""

        def query(self, text: str) -> Answer: ...
        def grow(self, text: str) -> list[Triple] | None: ...
        def merge(self, quads: Iterable[Triple]) -> None: ...
        def remove(self, triples: Iterable[Triple]) -> None: ...

INFERRED = NamedNode(GRAPHS + "inferred")
ENGINES = ("rules", "owlrl")
MOST_ROUNDS = 100


@dataclass(frozen=True)
class Contradiction:
    """One clash in the graph: in words, and the statements that cannot all hold."""

    says: str
    statements: tuple[Goal, ...]


def derive_rules(texts: Iterable[tuple[str, str, str]], layout: Layout) -> list[Rule]:
    """The rules of queries/derive/ from their names, texts and summaries."""
    rules = []
    for name, text, about in texts:
        reads = Tokens(text).predicates(layout.prefixes)
        rules.append(Rule(f"rule {name}", text, about, reads=None if reads is None else frozenset(reads)))
    return rules


def _in_graph(triples: Iterable[Triple]) -> list[Quad]:
    return [Quad(triple.subject, triple.predicate, triple.object, INFERRED) for triple in triples]


def settle(rules: list[Rule], apply: Callable[[list[Rule]], set[str]]) -> None:
    """Applies rules until nothing is new; `apply` gives what those that it was given have changed (see `Rule.reads`).

    A rule is applied again only when something that it reads has changed; rules that rest on what is not there wait
    until the others have come to rest.
    """
    waiting: dict[bool, set[int]] = {False: set(), True: set()}
    for number, rule in enumerate(rules):
        waiting[rule.closed_world].add(number)
    for _ in range(MOST_ROUNDS):
        turn = waiting[False] or waiting[True]
        if not turn:
            return
        todo = sorted(turn)
        turn.clear()
        changed = apply([rules[number] for number in todo])
        for other, rule in enumerate(rules):
            if changed if rule.reads is None else rule.reads & changed:
                waiting[rule.closed_world].add(other)
    turn = waiting[False] or waiting[True]
    places = sorted({place_of(rules[number]) for number in turn if rules[number].name.startswith("rule ")})
    raise BuildError("the rules never come to rest",
                     f"look for one that feeds itself: {', '.join(places) or 'queries/derive/'}")  # fmt: skip


MANY = 1000  # statements by a rule that may be why another one comes to its limit


class Stopped(LimitReached):
    """A rule came up against a limit: `place` is its file, or that of the ontology, and `said` is what was reached."""

    def __init__(self, rule: Rule, reached: LimitReached, added: Counter[str]) -> None:
        self.place, self.said = place_of(rule), reached.message
        if not rule.name.startswith("rule "):
            self.said = f"{rule.name}: {self.said}"
        most, number = next(iter(added.most_common(1)), ("", 0))
        if number > MANY and most != rule.name:
            self.said += f", after {number:,} statements by {most.replace('rule ', 'queries/')}"
        super().__init__(reached.limit, f"{self.place}: {self.said}",
                         "look for a rule that feeds itself or asks for too much, or allow more")  # fmt: skip


def place_of(rule: Rule) -> str:
    """The file of a rule: its own, or that of the ontology."""
    return f"queries/{rule.name.removeprefix('rule ')}.rq" if rule.name.startswith("rule ") else "ontology/core.ttl"


def _fixpoint(rules: list[Rule], store: Growing) -> set[Triple]:
    """All that the rules add to the store."""
    added: set[Triple] = set()
    grown: Counter[str] = Counter()

    def apply(todo: list[Rule]) -> set[str]:
        changed: set[str] = set()
        for rule in todo:
            try:
                fresh = store.grow(rule.query)
            except LimitReached as reached:
                raise Stopped(rule, reached, grown) from None
            if fresh is None:
                raise BuildError(f"{place_of(rule)} is no CONSTRUCT query", "a derive rule constructs triples")
            added.update(fresh)
            grown[rule.name] += len(fresh)
            changed |= _changed(fresh)
        return changed

    settle(rules, apply)
    return added


def _changed(fresh: list[Triple]) -> set[str]:
    """What rules may read that these triples changed."""
    kinds = {triple.object for triple in fresh if triple.predicate == TYPE}
    return {triple.predicate.value for triple in fresh} | {f"{TYPE.value} {kind}" for kind in kinds}


def is_news(triple: Triple) -> bool:
    """Whether a derived triple says something about one of our things, and not about words or sets."""
    subject, value = triple.subject, triple.object
    if not isinstance(subject, NamedNode) or not subject.value.startswith(THINGS) or isinstance(value, BlankNode):
        return False
    if triple.predicate == TYPE:
        return isinstance(value, NamedNode) and value.value.startswith(KW)
    return subject != value and not triple.predicate.value.startswith((RDF, RDFS, OWL))


# the same of ?s ?p ?o in SPARQL, where a store may hold a blank node under the name that `push` gave it
NEWS = " && ".join((
    f'isIRI(?s) && STRSTARTS(STR(?s), "{THINGS}") && !isBlank(?o) && !(isIRI(?o) && STRSTARTS(STR(?o), "{SKOLEM}"))',
    f'(?p != {TYPE} || (isIRI(?o) && STRSTARTS(STR(?o), "{KW}")))',
    f'(?p = {TYPE} || ((isLiteral(?o) || ?s != ?o) && '
    + " && ".join(f'!STRSTARTS(STR(?p), "{space}")' for space in (RDF, RDFS, OWL)) + "))",
))  # fmt: skip


def contradictions(program: Program, ask: Callable[[str], Answer], layout: Layout) -> list[Contradiction]:
    """What contradicts the ontology where everything that follows can be asked."""

    def asked(clash: Clash) -> Answer:
        try:
            return ask(clash.text)
        except LimitReached as reached:
            found = f"whether {clash.says} was not found out: {reached.message}"
            raise LimitReached(reached.limit, found, reached.remedy) from None

    return contradicting(((clash, asked(clash)) for clash in program.clashes), layout)


def contradicting(answered: Iterable[tuple[Clash, Answer]], layout: Layout) -> list[Contradiction]:
    """The contradictions that the answers to clashes say."""
    found: dict[frozenset[Goal], Contradiction] = {}
    for clash, answer in answered:
        for row in answer.rows:
            bound = dict(zip(answer.columns, row, strict=True))
            statements = tuple(_filled(pattern, bound) for pattern in clash.body)
            shown = {name: readable(term, layout) for name, term in bound.items()}
            one, key = Contradiction(clash.says.format(**shown), statements), frozenset(statements)
            # two that contradict each other both ways are two rows, and a store may give either first
            found[key] = min(found.get(key, one), one, key=_order)
    return sorted(found.values(), key=_order)


def _order(one: Contradiction) -> tuple[str, list[str]]:
    return one.says, [str(term) for statement in one.statements for term in statement]


def _filled(pattern: Pattern, bound: dict[str, Term | None]) -> Goal:
    one, two, three = (bound[term[1:]] if isinstance(term, str) else term for term in pattern)
    return one, two, three
