"""Applies rules to the graph until nothing new follows.

The ontology's axioms (OWL 2 RL) are compiled to SPARQL rules over the embedded store. `queries/derive/` holds
rules that OWL cannot say. Both run together to a fixpoint. owlrl is the reference: it gives the same news.
"""

from __future__ import annotations

from dataclasses import dataclass

from ..errors import BuildError
from ..rdf.naming import SKOLEM
from ..rdf.spaces import GRAPHS, KW, OWL, RDF, RDFS, THINGS
from ..rdf.sparql import Tokens
from ..rdf.terms import TYPE, BlankNode, NamedNode, Quad, readable
from .axioms import Rule

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from ..content.layout import Layout
    from ..rdf.answer import Answer
    from ..rdf.store import Store
    from ..rdf.terms import Term, Triple
    from .axioms import Clash, Goal, Pattern, Program

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
    raise BuildError("the rules never come to rest", "look in queries/derive/ for a rule that feeds itself")


def _fixpoint(rules: list[Rule], store: Store) -> set[Triple]:
    """All that the rules add to the store."""
    added: set[Triple] = set()

    def apply(todo: list[Rule]) -> set[str]:
        changed: set[str] = set()
        for rule in todo:
            fresh = set(_constructed(rule, store))
            added.update(fresh)
            store.merge(fresh)
            changed |= _changed(fresh)
        return changed

    settle(rules, apply)
    return added


def _constructed(rule: Rule, store: Store) -> list[Triple]:
    """What a rule gives that the store does not have."""
    triples = store.query(rule.query).triples
    if triples is None:
        raise BuildError(
            f"{rule.name.replace('rule ', 'queries/')}.rq is no CONSTRUCT query", "a derive rule constructs triples"
        )
    asked_for_new = rule.query is not rule.text
    return triples if asked_for_new else [triple for triple in triples if triple not in store]


def _changed(fresh: set[Triple]) -> set[str]:
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
    return contradicting(((clash, ask(clash.text)) for clash in program.clashes), layout)


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
