"""Hides the OWL 2 RL engine: what follows from the graph, and the proof of each thing that follows."""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from .errors import BuildError
from .layout import GRAPHS, KW, OWL, RDF, RDFS, THINGS
from .provenance import CLAIMS_GRAPH, STATED_IN
from .store import (
    TYPE,
    BlankNode,
    Literal,
    NamedNode,
    Quad,
    Store,
    Tokens,
    Triple,
    from_rdflib,
    rdflib_graph,
    readable,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from typing import Any

    import rdflib

    from .layout import Layout
    from .store import Term

    Goal = tuple[Any, Any, Any]  # subject, predicate, object
    Step = tuple[str, list[Goal]]
    Patterns = list[tuple[rdflib.term.Node, ...]]

INFERRED = NamedNode(GRAPHS + "inferred")
ONTOLOGY, ALIGNMENTS, VOCABULARY = (
    NamedNode(GRAPHS + name) for name in ("ontology", "alignments", "vocabulary")
)
CHAIN, FIRST, REST = NamedNode(OWL + "propertyChainAxiom"), NamedNode(RDF + "first"), NamedNode(RDF + "rest")
AXIOM_WORDS = {RDFS + name for name in ("subClassOf", "subPropertyOf", "domain", "range")}
AXIOM_WORDS |= {RDF + name for name in ("type", "first", "rest")}
MOST_ROUNDS = 20

# --- what goes into the closure ----------------------------------------------------------------------


def closure_input(quads: Iterable[Quad]) -> list[Quad]:
    """The quads that the closure needs: the ontology's axioms and the plain triples they speak of.

    Labels, comments, literals that no axiom uses and derived claims are left out: they cannot
    give anything new, and the engine's time grows faster than its input.
    """
    quads = list(quads)
    axioms = [quad for quad in quads if quad.graph_name == ONTOLOGY and _is_axiom(quad)]
    axioms += _chains(quad for quad in quads if quad.graph_name == ALIGNMENTS)
    used = {quad.subject for quad in axioms} | {quad.object for quad in axioms} | {TYPE}
    explicit = {
        q.subject for q in quads if q.graph_name not in (CLAIMS_GRAPH, ONTOLOGY) and q.predicate == TYPE
    }
    kept = []
    for quad in quads:
        if quad.graph_name in (ONTOLOGY, ALIGNMENTS, VOCABULARY):
            continue
        if quad.graph_name == CLAIMS_GRAPH:
            ours = quad.subject in explicit and quad.predicate == STATED_IN
            denial = quad.predicate.value.startswith(OWL) or quad.object == NamedNode(
                OWL + "NegativePropertyAssertion"
            )
            if not (ours or denial):
                continue
        elif quad.predicate not in used:
            continue
        kept.append(quad)
    return axioms + _without_idle_literals(kept, axioms)


def _is_axiom(quad: Quad) -> bool:
    return quad.predicate.value in AXIOM_WORDS or (
        quad.predicate.value.startswith(OWL) and not isinstance(quad.object, Literal)
    )


def _chains(quads: Iterable[Quad]) -> list[Quad]:
    """Only the property chains of the alignments: the rest would restate every thing in other words."""
    return [quad for quad in quads if quad.predicate in (CHAIN, FIRST, REST)]


def _without_idle_literals(quads: list[Quad], axioms: list[Quad]) -> list[Quad]:
    working = {OWL + "onProperty": "object", RDFS + "subPropertyOf": "subject", RDFS + "domain": "subject"}
    used = {
        getattr(quad, working[quad.predicate.value]) for quad in axioms if quad.predicate.value in working
    }
    return [quad for quad in quads if not isinstance(quad.object, Literal) or quad.predicate in used]


# --- the closure ---------------------------------------------------------------------------------------


def closure(quads: list[Quad]) -> list[Triple]:
    """What owlrl derives from these quads and is news about our things; BuildError if they contradict."""
    from owlrl import OWLRL_Semantics

    graph = rdflib_graph(quads)
    asserted = set(graph)
    engine = OWLRL_Semantics(graph, axioms=False, daxioms=False, rdfs=False)
    engine.closure()
    if engine.error_messages:
        raise BuildError(
            "the graph contradicts its ontology:\n  - " + "\n  - ".join(sorted(engine.error_messages)),
            "`icrc-korea check` names the file and line of each",
        )
    heads = {str(quad.subject.value) for quad in quads if quad.predicate == CHAIN}
    news = [triple for triple in graph if triple not in asserted and _is_news(triple, heads)]
    return [Triple(*(from_rdflib(term) for term in triple)) for triple in news]


def _is_news(triple: tuple[rdflib.term.Node, ...], heads: set[str]) -> bool:
    """Whether a derived triple says something about one of our things in our words."""
    from rdflib import BNode, URIRef
    from rdflib import Literal as Text

    subject, predicate, value = triple
    if not isinstance(subject, URIRef) or not subject.startswith(THINGS) or isinstance(value, BNode):
        return False
    if str(predicate) == TYPE.value:
        return isinstance(value, URIRef) and value.startswith(KW)
    ours = str(predicate).startswith(KW) or str(predicate) in heads
    return ours and (isinstance(value, Text) or subject != value)


def infer(
    quads: list[Quad],
    rules: list[tuple[str, str]],
    layout: Layout,
    close: Callable[[list[Quad]], list[Triple]] = closure,
) -> list[Quad]:
    """The inferred graph: the derive rules (name, CONSTRUCT text) and the closure, to a fixpoint."""
    asserted = {quad.triple for quad in quads}
    store = Store(layout)
    store.merge(quads)
    news: set[Triple] = set()
    for turn in range(MOST_ROUNDS):
        derived = _apply(rules, store, asserted | news)
        news |= derived
        if turn and not derived:
            break
        try:
            followed = set(close(quads + _in_graph(news))) - asserted - news
        except BuildError as error:
            short = re.sub(
                r"<?(https?://[^\s'\"<>()]*[^\s'\"<>().,])>?", lambda m: layout.shrink(m.group(1)), error.message
            )
            raise BuildError(short, error.remedy) from None
        store.merge(_in_graph(followed))
        news |= followed
        if not rules:
            break
    else:
        raise BuildError("the derive rules never come to rest", "look for two rules that feed each other")
    return _in_graph(news)


def _in_graph(triples: Iterable[Triple]) -> list[Quad]:
    return [Quad(triple.subject, triple.predicate, triple.object, INFERRED) for triple in triples]


def _apply(rules: list[tuple[str, str]], store: Store, known: set[Triple]) -> set[Triple]:
    """What the derive rules add to the store, each run in turn until none adds anything."""
    added: set[Triple] = set()
    for _ in range(MOST_ROUNDS):
        before = len(added)
        for name, text in rules:
            triples = store.query(text).triples
            if triples is None:
                raise BuildError(
                    f"queries/{name}.rq is no CONSTRUCT query", "a derive rule constructs triples"
                )
            fresh = {t for t in triples if t not in known and t not in added and t.subject != t.object}
            added |= fresh
            store.merge(_in_graph(fresh))
        if len(added) == before:
            return added
    raise BuildError("the derive rules never come to rest", "look for a rule that feeds itself")


# --- proofs ----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Proof:
    """Why a triple holds: asserted (no premises) or by a rule from premises that hold."""

    subject: Term
    predicate: NamedNode
    value: Term
    rule: str
    premises: tuple[Proof, ...] = ()


class Explainer:
    """Finds the shortest proof of an inferred triple from the axioms; no proof rests on itself."""

    def __init__(self, quads: Iterable[Quad], rules: list[tuple[str, str]], layout: Layout) -> None:
        self.layout, self.rules = layout, rules
        self.asserted: set[Goal] = set()
        self.known: set[Goal] = set()
        self.objects: dict[tuple[Term | None, Term], list[Term]] = defaultdict(list)
        self.subjects: dict[tuple[Term, Term], list[Term]] = defaultdict(list)
        self.store = Store(layout)
        self.cut: dict[str, tuple[Patterns, Patterns]] = {}
        for quad in quads:
            goal = (quad.subject, quad.predicate, quad.object)
            if quad.graph_name != INFERRED:
                self.asserted.add(goal)
            if goal not in self.known:
                self.known.add(goal)
                self.objects[goal[:2]].append(quad.object)
                self.subjects[goal[1:]].append(quad.subject)

    def explain(self, subject: Term, predicate: NamedNode, value: Term) -> Proof | None:
        """The shortest proof of a triple; None if there is none."""
        goal = (subject, predicate, value)
        steps: dict[Goal, list[Step]] = {}
        open_goals = [goal]
        while open_goals:
            current = open_goals.pop()
            if current in steps:
                continue
            steps[current] = [] if current in self.asserted else list(self._steps(current))
            open_goals += [premise for _, premises in steps[current] for premise in premises]
        return self._shortest(goal, steps)

    def _shortest(self, goal: Goal, steps: dict[Goal, list[Step]]) -> Proof | None:
        """Proofs from the ground up: each round proves what rests on earlier rounds only."""
        proofs = {known: Proof(*known, rule="asserted") for known in steps if known in self.asserted}
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
        subject, predicate, value = goal
        ways = self._by_class(subject, value) if predicate == TYPE else self._by_property(goal)
        for rule, premises in ways:
            if all(p in self.known or isinstance(p[2], BlankNode) for p in premises) and goal not in premises:
                yield rule, premises
        yield from self._by_derive_rule(goal)

    def _axioms(self, subject: Term | None, word: str, value: Term | None) -> list[Term]:
        """The other ends of an ontology axiom: its values, or its subjects when the value is given."""
        name = NamedNode(word)
        return self.objects[(subject, name)] if value is None else self.subjects[(name, value)]

    def _list(self, head: Term) -> list[Term]:
        items = []
        while head != NamedNode(RDF + "nil") and self.objects[(head, FIRST)]:
            items.append(self.objects[(head, FIRST)][0])
            head = self.objects[(head, REST)][0]
        return items

    def _say(self, *parts: Term | str) -> str:
        return " ".join(
            part if isinstance(part, str)
            else "an expression" if isinstance(part, BlankNode)
            else readable(part, self.layout)
            for part in parts
        )  # fmt: skip

    def _by_property(self, goal: Goal) -> Iterator[Step]:
        subject, predicate, value = goal
        below = self._axioms(None, RDFS + "subPropertyOf", predicate)
        same = OWL + "equivalentProperty"
        for other in [*below, *self._axioms(predicate, same, None), *self._axioms(None, same, predicate)]:
            yield self._say(other, "is a kind of", predicate), [(subject, other, value)]
        inverse = OWL + "inverseOf"
        for other in [*self._axioms(predicate, inverse, None), *self._axioms(None, inverse, predicate)]:
            yield self._say(other, "is the inverse of", predicate), [(value, other, subject)]
        kinds = self.objects[(predicate, TYPE)]
        if NamedNode(OWL + "SymmetricProperty") in kinds:
            yield self._say(predicate, "holds both ways"), [(value, predicate, subject)]
        if NamedNode(OWL + "TransitiveProperty") in kinds:
            for middle in self.objects[(subject, predicate)]:
                steps = [(subject, predicate, middle), (middle, predicate, value)]
                yield self._say(predicate, "is passed on"), steps
        for head in self.objects[(predicate, CHAIN)]:
            links = self._list(head)
            rule = " then ".join(self._say(link) for link in links) + " gives " + self._say(predicate)
            for path in self._paths(subject, links, value):
                yield rule, path
        for restriction in self._axioms(None, OWL + "hasValue", value):
            if predicate in self.objects[(restriction, NamedNode(OWL + "onProperty"))]:
                yield self._say("every member of a class has this value"), [(subject, TYPE, restriction)]

    def _paths(self, start: Term, links: list[Term], end: Term) -> Iterator[list[Goal]]:
        if not links:
            if start == end:
                yield []
            return
        for middle in self.objects[(start, links[0])]:
            for rest in self._paths(middle, links[1:], end):
                yield [(start, links[0], middle), *rest]

    def _by_class(self, thing: Term, kind: Term) -> Iterator[Step]:
        for below in self._axioms(None, RDFS + "subClassOf", kind):
            yield self._say("every", below, "is a", kind), [(thing, TYPE, below)]
        same = OWL + "equivalentClass"
        for other in [*self._axioms(kind, same, None), *self._axioms(None, same, kind)]:
            yield self._say(kind, "is defined as", other), [(thing, TYPE, other)]
        for predicate in self._axioms(None, RDFS + "domain", kind):
            for value in self.objects[(thing, predicate)]:
                yield self._say("what has", predicate, "is a", kind), [(thing, predicate, value)]
        for predicate in self._axioms(None, RDFS + "range", kind):
            for subject in self.subjects[(predicate, thing)]:
                yield self._say("a value of", predicate, "is a", kind), [(subject, predicate, thing)]
        yield from self._by_expression(thing, kind)

    def _by_expression(self, thing: Term, kind: Term) -> Iterator[Step]:
        """Membership by intersections, unions and restrictions."""
        for head in self.objects[(kind, NamedNode(OWL + "intersectionOf"))]:
            yield (
                self._say("meets every part of the definition"),
                [(thing, TYPE, p) for p in self._list(head)],
            )
        for head in self.objects[(kind, NamedNode(OWL + "unionOf"))]:
            for part in self._list(head):
                yield self._say("every", part, "is a", kind), [(thing, TYPE, part)]
        for whole, _, head in [g for g in self.asserted if g[1].value == OWL + "intersectionOf"]:
            if kind in self._list(head):
                yield self._say("every", whole, "is a", kind), [(thing, TYPE, whole)]
        for predicate in self.objects[(kind, NamedNode(OWL + "onProperty"))]:
            for filler in self.objects[(kind, NamedNode(OWL + "someValuesFrom"))]:
                for value in self.objects[(thing, predicate)]:
                    typed = [] if filler == NamedNode(OWL + "Thing") else [(value, TYPE, filler)]
                    rule = self._say("has", predicate, "to a", filler)
                    yield rule, [(thing, predicate, value), *typed]
            for value in self.objects[(kind, NamedNode(OWL + "hasValue"))]:
                yield self._say("has", predicate, value), [(thing, predicate, value)]
        for restriction in self._axioms(None, OWL + "allValuesFrom", kind):
            for predicate in self.objects[(restriction, NamedNode(OWL + "onProperty"))]:
                for subject in self.subjects[(predicate, thing)]:
                    rule = self._say("every value of", predicate, "here is a", kind)
                    yield rule, [(subject, predicate, thing), (subject, TYPE, restriction)]

    def _by_derive_rule(self, goal: Goal) -> Iterator[Step]:
        if not self.rules or isinstance(goal[2], BlankNode):
            return
        if not len(self.store):
            self.store.merge(Quad(*known) for known in self.known)
        for name, text in self.rules:
            template, patterns = self.cut[name] = self.cut.get(name) or _parts(text, self.layout)
            for bindings in _matching(template, goal):
                for premises in _premises(text, patterns, bindings, self.store):
                    held = [p for p in premises if p in self.known and p != goal]
                    yield f"rule {name}", held


# --- derive rules, taken apart ---------------------------------------------------------------------


def _parts(text: str, layout: Layout) -> tuple[Patterns, Patterns]:
    """The triples that a CONSTRUCT query makes, and the plain triple patterns that it rests on."""
    from rdflib.plugins.sparql import prepareQuery
    from rdflib.plugins.sparql.parserutils import CompValue

    algebra = prepareQuery(text, initNs=layout.prefixes).algebra
    patterns: Patterns = []

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

    collect(algebra.p)
    return list(algebra.template), patterns


def _matching(template: Patterns, goal: Goal) -> Iterator[dict[str, Term]]:
    """The variable bindings with which a rule's template makes the goal."""
    from rdflib import Variable

    for made in template:
        bindings: dict[str, Term] = {}
        for part, term in zip(made, goal, strict=True):
            if isinstance(part, Variable):
                if bindings.setdefault(str(part), term) != term:
                    break
            elif from_rdflib(part) != term:
                break
        else:
            yield bindings


def _premises(text: str, patterns: Patterns, bindings: dict[str, Term], store: Store) -> Iterator[list[Goal]]:
    """For each way in which the rule's condition holds, the triples it rests on."""
    from rdflib import BNode, Variable
    from rdflib.paths import Path

    answer = store.query(_condition(text), bindings)
    for row in answer.rows:
        values = {**bindings, **dict(zip(answer.columns, row, strict=True))}
        premises: list[Goal] = []
        for pattern in [p for p in patterns if not isinstance(p[1], Path)]:
            terms = [
                values.get(str(p)) if isinstance(p, Variable | BNode) else from_rdflib(p) for p in pattern
            ]
            if None not in terms:
                premises.append((terms[0], terms[1], terms[2]))
        yield premises


def _condition(text: str) -> str:
    """A CONSTRUCT query's condition as a SELECT query."""
    tokens = Tokens(text)
    depth, groups, construct = 0, [], 0
    for kind, token, start in tokens.items:
        if kind == "word" and token.upper() == "CONSTRUCT" and depth == 0:
            construct = start
        elif kind == "mark" and token == "{":
            groups += [start] if depth == 0 else []
            depth += 1
        elif kind == "mark" and token == "}":
            depth -= 1
    return f"{tokens.text[:construct]} SELECT * WHERE {tokens.text[groups[-1] :]}"
