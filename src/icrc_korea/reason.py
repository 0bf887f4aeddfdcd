"""Hides the reasoner: what follows from the graph, what contradicts it, and the proof of each thing that follows.

The ontology's axioms (OWL 2 RL) are compiled to SPARQL rules over the embedded store. `queries/derive/` holds
rules that OWL cannot say. Both run together to a fixpoint. owlrl is the reference: it gives the same news.
"""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass, field
from functools import cached_property
from itertools import combinations, count, product
from typing import TYPE_CHECKING

from .errors import BuildError
from .layout import GRAPHS, KW, OWL, RDF, RDFS, THINGS, XSD
from .sparql import Tokens
from .spool import SKOLEM
from .store import (
    TYPE,
    BlankNode,
    Literal,
    NamedNode,
    Quad,
    Store,
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
    from .store import Answer, Term

    Goal = tuple[Any, Any, Any]  # subject, predicate, object
    Pattern = tuple[Any, Any, Any]  # the same, where a str such as "?x" is a variable
    Step = tuple["Rule", list[Goal]]

INFERRED = NamedNode(GRAPHS + "inferred")
ONTOLOGY, ALIGNMENTS, VOCABULARY = (NamedNode(GRAPHS + name) for name in ("ontology", "alignments", "vocabulary"))
ENGINES = ("rules", "owlrl")
MOST_ROUNDS = 100
CHAIN = OWL + "propertyChainAxiom"
# What makes two names one thing, or needs more than rules to be right. The model does without.
OUTSIDE = {
    OWL + name: why
    for name, why in {
        "imports": "nothing is fetched: write the axioms that are used into ontology/",
        "hasKey": "it would merge two things that share a key; let a query in queries/quality/ find them",
        "sameAs": "it would merge two things; use skos:exactMatch in data/links/",
        "differentFrom": "nothing here makes two names one thing",
        "FunctionalProperty": "it would merge two values; count them in shapes/",
        "InverseFunctionalProperty": "it would merge two things; let a query in queries/quality/ find them",
        "ReflexiveProperty": "it is outside OWL 2 RL",
        "disjointUnionOf": "it is outside OWL 2 RL; use owl:AllDisjointClasses",
        "hasSelf": "it is outside OWL 2 RL",
        "minCardinality": "it is outside OWL 2 RL; count in shapes/",
        "minQualifiedCardinality": "it is outside OWL 2 RL; count in shapes/",
        "cardinality": "it is outside OWL 2 RL; count in shapes/",
        "qualifiedCardinality": "it is outside OWL 2 RL; count in shapes/",
        "maxCardinality": "counting belongs in shapes/",
        "maxQualifiedCardinality": "counting belongs in shapes/",
        "oneOf": "lists of values belong in shapes/ as sh:in",
        "datatypeComplementOf": "it is outside OWL 2 RL",
        "withRestrictions": "limits of values belong in shapes/",
    }.items()
}  # fmt: skip

# --- rules -------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Rule:
    """If the condition holds, so does the head; `name` says it in words."""

    name: str
    text: str  # a CONSTRUCT query
    about: str = ""  # the rule as a sentence, if the name alone does not say it
    head: tuple[Pattern, ...] = ()
    body: tuple[Pattern, ...] = ()
    reads: frozenset[str] | None = None  # what can make it give more: predicates, `rdf:type` with its class; None: any

    @cached_property
    def query(self) -> str:
        """The CONSTRUCT query that gives only what is not there yet, where the rule's shape allows it."""
        if len(self.head) != 1 or not self.body:
            return self.text
        head = _sparql(self.head)
        return f"CONSTRUCT {{ {head} }} WHERE {{ {_sparql(self.body)} FILTER NOT EXISTS {{ {head} }} }}"

    @cached_property
    def condition(self) -> str:
        """The condition as a SELECT query."""
        return _condition(self.text)

    @cached_property
    def group(self) -> str:
        """The condition as a group, to stand in a query or an update."""
        return self.text[_parts(self.text)[1] :].rstrip()

    @property
    def uses_graphs(self) -> bool:
        """Whether the rule names graphs."""
        return Tokens(self.text).uses_graphs()

    @cached_property
    def closed_world(self) -> bool:
        """Whether the rule rests on something that is not there."""
        return bool(re.search(r"\bNOT\s+EXISTS\b|\bMINUS\b", self.text, re.I))


@dataclass(frozen=True)
class Clash:
    """What the ontology rules out: where all patterns hold, `says` tells what is wrong with ?x and ?y."""

    says: str
    body: tuple[Pattern, ...]

    @property
    def text(self) -> str:
        """The query that finds the clashes."""
        return f"SELECT {' '.join(sorted(_variables(self.body)))} WHERE {{ {_sparql(self.body)} }}"


@dataclass(frozen=True)
class Contradiction:
    """One clash in the graph: in words, and the statements that cannot all hold."""

    says: str
    statements: tuple[Goal, ...]


@dataclass
class Program:
    """An ontology compiled: its rules, what it rules out, and what the rules cannot say."""

    rules: list[Rule] = field(default_factory=list)
    clashes: list[Clash] = field(default_factory=list)
    unsupported: list[tuple[Term, str, str]] = field(default_factory=list)  # term, what it uses, why not


def _sparql(patterns: Iterable[Pattern]) -> str:
    return " ".join(" ".join(map(str, pattern)) + " ." for pattern in patterns)


def _read_by(pattern: Pattern) -> str:
    """What must be added for a pattern to hold anew: its predicate; for a class, a thing of that class."""
    _, predicate, value = pattern
    return f"{predicate.value} {value}" if predicate == TYPE and isinstance(value, NamedNode) else predicate.value


def _variables(patterns: Iterable[Pattern]) -> set[str]:
    return {term for pattern in patterns for term in pattern if isinstance(term, str)}


class _Compiler:
    """Turns the axioms of an ontology into rules and clashes."""

    def __init__(self, quads: Iterable[Quad], layout: Layout) -> None:
        self.layout, self.program, self.fresh = layout, Program(), count()
        self.values: dict[Term, dict[str, list[Any]]] = defaultdict(lambda: defaultdict(list))
        self.user: dict[Term, Term] = {}  # an unnamed node -> what it is part of
        for quad in quads:
            if isinstance(quad.object, BlankNode):
                self.user.setdefault(quad.object, quad.subject)
            # what merges or fetches must not stand in other files of the ontology either
            word = quad.object.value if quad.predicate == TYPE else quad.predicate.value
            if quad.graph_name != ONTOLOGY and word in OUTSIDE:
                self._refuse(quad.subject, layout.shrink(word), OUTSIDE[word])
            # of the alignments only chains: the rest would restate every thing in other words
            listed = quad.predicate.value in (CHAIN, RDF + "first", RDF + "rest")
            if quad.graph_name == ONTOLOGY or (quad.graph_name == ALIGNMENTS and listed):
                self.values[quad.subject][quad.predicate.value].append(quad.object)

    def run(self) -> Program:
        """The whole ontology, axiom by axiom."""
        for term, values in list(self.values.items()):
            self._limits(term, values)
            if isinstance(term, NamedNode):
                self._class_axioms(term, values)
                self._property_axioms(term, values)
            elif values.get(RDFS + "subClassOf"):
                for above in values[RDFS + "subClassOf"]:
                    self._every(term, above, self._say("what is so described is a", above))
            kinds = {kind.value for kind in values.get(TYPE.value, ())}
            members = self._list(next(iter(values.get(OWL + "members", ())), None))
            for one, other in combinations(members, 2):
                if OWL + "AllDisjointClasses" in kinds:
                    self._disjoint(one, other)
                elif OWL + "AllDisjointProperties" in kinds:
                    self._disjoint_properties(one, other)
        for target in ("targetIndividual", "targetValue"):
            names = [NamedNode(OWL + name) for name in ("sourceIndividual", "assertionProperty", target)]
            denial = [("?n", name, variable) for name, variable in zip(names, ("?x", "?p", "?y"), strict=True)]
            self._clash("{x} {p} {y} is stated or follows, and {n} denies it", [*denial, ("?x", "?p", "?y")])
        return self.program

    # --- what an axiom gives ---

    def _class_axioms(self, term: NamedNode, values: dict[str, list[Any]]) -> None:
        for above in values.get(RDFS + "subClassOf", ()):
            self._every(term, above, self._say("every", term, "is a", above))
        for same in values.get(OWL + "equivalentClass", ()):
            if isinstance(same, NamedNode):
                self._every(term, same, self._say("every", term, "is a", same))
                self._every(same, term, self._say("every", same, "is a", term))
            else:
                self._every(same, term, self._say("what meets its definition is a", term))
                # what a member has, the rules can use; that a member has *something*, nobody can
                self._every(term, same, self._say("every", term, "meets its definition"), strict=False)
        for other in values.get(OWL + "disjointWith", ()):
            self._disjoint(term, other)
        for other in values.get(OWL + "complementOf", ()):
            self._disjoint(term, other)

    def _property_axioms(self, term: NamedNode, values: dict[str, list[Any]]) -> None:
        plain = ("?x", term, "?y")
        for above in values.get(RDFS + "subPropertyOf", ()):
            self._rule(self._say(term, "is a kind of", above), [plain], ("?x", above, "?y"))
        for same in values.get(OWL + "equivalentProperty", ()):
            self._rule(self._say(term, "means the same as", same), [plain], ("?x", same, "?y"))
            self._rule(self._say(same, "means the same as", term), [("?x", same, "?y")], plain)
        for other in values.get(OWL + "inverseOf", ()):
            self._rule(self._say(term, "is the inverse of", other), [("?y", other, "?x")], plain)
            self._rule(self._say(other, "is the inverse of", term), [plain], ("?y", other, "?x"))
        for head in values.get(CHAIN, ()):
            links = self._list(head)
            fault = self._chain_fault(head, links)
            if fault:
                self._refuse(term, *fault)
                continue
            steps = ["?x", *(f"?s{number}" for number in range(1, len(links))), "?y"]
            body = [(steps[i], link, steps[i + 1]) for i, link in enumerate(links)]
            words = " then ".join(self._say(link) for link in links)
            self._rule(f"{words} gives {self._say(term)}", body, plain)
        for kind in values.get(RDFS + "domain", ()):
            self._conclude(self._say("what has", term, "is a", kind), [plain], "?x", kind)
        for kind in values.get(RDFS + "range", ()):
            if not _is_datatype(kind):
                self._conclude(self._say("a value of", term, "is a", kind), [plain], "?y", kind)
        self._characteristics(term, {kind.value for kind in values.get(TYPE.value, ())})
        for other in values.get(OWL + "propertyDisjointWith", ()):
            self._disjoint_properties(term, other)

    def _chain_fault(self, head: Term, links: list[Any]) -> tuple[str, str] | None:
        """What is wrong with a chain of properties: what it uses, and why not."""
        if len(links) < 2 or not all(isinstance(link, NamedNode) for link in links):
            return "a chain that is no list of two or more named properties", "give an inverse a name of its own"
        holder = NamedNode(KW + "tenureHolder")
        backwards = [link for link in links if link in self._inverses(holder)]
        if backwards:
            why = "who held an office once would always have: choose the tenure message by message (kw:senderCapacity)"
            return f"a chain from a holder to any tenure by {readable(backwards[0], self.layout)}", why
        return None

    def _inverses(self, term: NamedNode) -> set[Term]:
        word = OWL + "inverseOf"
        return {*self.values[term].get(word, ())} | {
            other for other, values in list(self.values.items()) if term in values.get(word, ())
        }

    def _characteristics(self, term: NamedNode, kinds: set[str]) -> None:
        plain = ("?x", term, "?y")
        if OWL + "SymmetricProperty" in kinds:
            self._rule(self._say(term, "holds both ways"), [("?y", term, "?x")], plain)
        if OWL + "TransitiveProperty" in kinds:
            self._rule(self._say(term, "is passed on"), [("?x", term, "?m"), ("?m", term, "?y")], plain)
        if OWL + "AsymmetricProperty" in kinds:
            says = f"{{x}} {self._say(term)} {{y}} and the other way round, and it can hold one way only"
            self._clash(says, [plain, ("?y", term, "?x")])
        if OWL + "IrreflexiveProperty" in kinds:
            self._clash(f"{{x}} {self._say(term)} itself, which nothing can", [("?x", term, "?x")])

    def _disjoint(self, one: Term, other: Term) -> None:
        shown = f"{{x}} is a {self._say(one)} and a {self._say(other)}, and nothing can be both"
        for left, right in product(self._member(one, "?x"), self._member(other, "?x")):
            self._clash(shown, [*left, *right])

    def _disjoint_properties(self, one: Term, other: Term) -> None:
        says = f"{{x}} has {{y}} by {self._say(one)} and by {self._say(other)}, which exclude each other"
        self._clash(says, [("?x", one, "?y"), ("?x", other, "?y")])

    def _every(self, below: Term, above: Term, name: str, strict: bool = True) -> None:
        """Each member of one class is a member of another."""
        for body in self._member(below, "?x"):
            self._conclude(name, body, "?x", above, strict)

    def _conclude(self, name: str, body: list[Pattern], who: str, kind: Term, strict: bool = True) -> None:
        """From a body follows that somebody is of a kind: what OWL 2 RL allows on the right of an axiom."""
        if isinstance(kind, NamedNode):
            if kind.value == OWL + "Nothing":
                self._clash(f"{{{who[1:]}}} cannot exist: {name}", body)
            elif kind.value != OWL + "Thing":
                self._rule(name, body, (who, TYPE, kind))
            return
        values = self.values[kind]
        done = False
        for part in self._list(next(iter(values.get(OWL + "intersectionOf", ())), None)):
            self._conclude(name, body, who, part, strict)
            done = True
        for other in values.get(OWL + "complementOf", ()):
            for excluded in self._member(other, who):
                self._clash(f"{{{who[1:]}}} is a {self._say(other)}, which it cannot be: {name}", [*body, *excluded])
            done = True
        for on in values.get(OWL + "onProperty", ()):
            for value in values.get(OWL + "hasValue", ()):
                self._rule(name, body, (who, on, value))
                done = True
            for filler in values.get(OWL + "allValuesFrom", ()):
                other = f"?v{next(self.fresh)}"
                if not _is_datatype(filler):
                    self._conclude(name, [*body, (who, on, other)], other, filler, strict)
                done = True
        if strict and not done:
            term = body[0][2] if body[0][1] == TYPE else body[0][1]
            words = ("intersectionOf", "allValuesFrom", "hasValue", "complementOf")
            why = f"OWL 2 RL allows there a class, {', '.join('owl:' + word for word in words)}"
            self._refuse(term, "an expression on the right of an axiom", why)

    def _member(self, kind: Term, who: str) -> list[list[Pattern]]:
        """The ways to be of a kind: what OWL 2 RL allows on the left of an axiom."""
        if isinstance(kind, NamedNode):
            return [[]] if kind.value == OWL + "Thing" else [[(who, TYPE, kind)]]
        values = self.values[kind]
        for head in values.get(OWL + "intersectionOf", ()):
            ways = [self._member(part, who) for part in self._list(head)]
            return [[pattern for part in way for pattern in part] for way in product(*ways)]
        for head in values.get(OWL + "unionOf", ()):
            return [way for part in self._list(head) for way in self._member(part, who)]
        for on in values.get(OWL + "onProperty", ()):
            for value in values.get(OWL + "hasValue", ()):
                return [[(who, on, value)]]
            for filler in values.get(OWL + "someValuesFrom", ()):
                other = f"?v{next(self.fresh)}"
                return [[(who, on, other), *rest] for rest in self._member(filler, other)]
        words = ("intersectionOf", "unionOf", "someValuesFrom", "hasValue")
        why = f"OWL 2 RL allows there a class, {', '.join('owl:' + word for word in words)}"
        self._refuse(kind, "an expression on the left of an axiom", why)
        return []

    def _rule(self, name: str, body: list[Pattern], head: Pattern) -> None:
        if head in body or not _variables([head]) <= _variables(body):
            return
        reads = frozenset(_read_by(pattern) for pattern in body if isinstance(pattern[1], NamedNode))
        text = f"CONSTRUCT {{ {_sparql([head])} }} WHERE {{ {_sparql(body)} }}"
        self.program.rules.append(Rule(name, text, "", (head,), tuple(body), reads))

    def _clash(self, says: str, body: list[Pattern]) -> None:
        self.program.clashes.append(Clash(says, tuple(body)))

    # --- reading the ontology ---

    def _refuse(self, term: Term, what: str, why: str) -> None:
        """Tells what cannot be followed, by the name of what it is part of."""
        seen = {term}
        while isinstance(term, BlankNode):
            above = self.user.get(term) or next(iter(self.values[term].get(RDFS + "subClassOf", ())), term)
            if above in seen:
                break
            seen.add(above)
            term = above
        self.program.unsupported.append((term, what, why))

    def _list(self, head: Term | None) -> list[Any]:
        items, seen = [], set()
        while head in self.values and head not in seen and RDF + "first" in self.values[head]:
            seen.add(head)
            items.append(self.values[head][RDF + "first"][0])
            head = next(iter(self.values[head].get(RDF + "rest", ())), None)
        return items

    def _limits(self, term: Term, values: dict[str, list[Any]]) -> None:
        used = {*values, *(kind.value for kind in values.get(TYPE.value, ()))}
        for word in sorted(used & set(OUTSIDE)):
            self._refuse(term, self.layout.shrink(word), OUTSIDE[word])
        kinds = {kind.value for kind in values.get(TYPE.value, ())}
        passed_on = OWL + "TransitiveProperty" in kinds or CHAIN in values
        if passed_on and kinds & {OWL + "AsymmetricProperty", OWL + "IrreflexiveProperty"}:
            why = "a property that is passed on or follows from a chain may not be one-way as well (OWL 2 DL)"
            self._refuse(term, "owl:AsymmetricProperty or owl:IrreflexiveProperty", why)

    def _say(self, *parts: Term | str) -> str:
        return " ".join(
            part if isinstance(part, str)
            else "described thing" if isinstance(part, BlankNode)
            else readable(part, self.layout)
            for part in parts
        )  # fmt: skip


def _is_datatype(kind: Term) -> bool:
    value = str(getattr(kind, "value", ""))
    return value.startswith(XSD) or value in (RDFS + "Literal", RDF + "langString") or "/datatypes/" in value


def compile_axioms(quads: Iterable[Quad], layout: Layout) -> Program:
    """The ontology's axioms, and the chains of the alignments, as rules."""
    return _Compiler(quads, layout).run()


def derive_rules(texts: Iterable[tuple[str, str, str]], layout: Layout) -> list[Rule]:
    """The rules of queries/derive/ from their names, texts and summaries."""
    rules = []
    for name, text, about in texts:
        reads = Tokens(text).predicates(layout.prefixes)
        rules.append(Rule(f"rule {name}", text, about, reads=None if reads is None else frozenset(reads)))
    return rules


# --- what follows --------------------------------------------------------------------------------------


def infer(
    quads: list[Quad],
    derived: list[Rule],
    layout: Layout,
    engine: str = "rules",
    store: Store | None = None,
    program: Program | None = None,
) -> list[Quad]:
    """The inferred graph: all news that follows by the ontology and the derive rules.

    A store that holds the quads' triples already may be given; it then holds the news as well. So may the
    ontology, compiled.
    A BuildError names what contradicts the ontology, and what in it the rules cannot say.
    """
    store = store or Store.of(quads, layout)
    program = program or compile_axioms(quads, layout)
    if engine == "owlrl":
        return _in_graph(_by_owlrl(quads, derived, layout, store))
    if program.unsupported:
        lines = [f"{readable(term, layout)} uses {what}: {why}" for term, what, why in program.unsupported]
        raise BuildError(
            "the ontology says what the rules cannot follow:\n  - " + "\n  - ".join(lines),
            "say it in another way, or let owlrl follow it: icrc-korea build --reasoner owlrl",
        )
    followed = _fixpoint(program.rules + derived, store)
    news = {triple for triple in followed if is_news(triple)}
    found = contradictions(program, store.query, layout)
    store.remove(followed - news)
    if found:
        raise Contradicted(found, _in_graph(news))
    return _in_graph(news)


class Contradicted(BuildError):
    """The graph contradicts its ontology: each contradiction with its statements, and what was inferred."""

    def __init__(self, found: list[Contradiction], inferred: list[Quad]) -> None:
        super().__init__(
            "the graph contradicts its ontology:\n  - " + "\n  - ".join(one.says for one in found),
            "`icrc-korea check` names the file and line of each",
        )
        self.found, self.inferred = found, inferred


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
            found.setdefault(frozenset(statements), Contradiction(clash.says.format(**shown), statements))
    return sorted(found.values(), key=lambda one: one.says)


def _filled(pattern: Pattern, bound: dict[str, Term | None]) -> Goal:
    one, two, three = (bound[term[1:]] if isinstance(term, str) else term for term in pattern)
    return one, two, three


# --- the reference ---------------------------------------------------------------------------------------


def closure(quads: list[Quad], layout: Layout) -> list[Triple]:
    """What owlrl derives from these quads and is news about our things; BuildError if they contradict."""
    from owlrl import OWLRL_Semantics

    graph = rdflib_graph(_for_closure(quads))
    asserted = set(graph)
    engine = OWLRL_Semantics(graph, axioms=False, daxioms=False, rdfs=False)
    engine.closure()
    if engine.error_messages:
        short = re.sub(
            r"<?(https?://[^\s'\"<>()]*[^\s'\"<>().,])>?",
            lambda match: layout.shrink(match.group(1)),
            "\n  - ".join(sorted(engine.error_messages)),
        )
        raise BuildError(f"the graph contradicts its ontology:\n  - {short}", "correct what it names")
    legal = (triple for triple in graph if triple not in asserted and not _is_text(triple[0]))
    return [triple for triple in (Triple(*map(from_rdflib, terms)) for terms in legal) if is_news(triple)]


def _is_text(term: rdflib.term.Node) -> bool:
    """owlrl also gives triples about literals, which RDF does not know."""
    from rdflib import Literal as Text

    return isinstance(term, Text)


def _for_closure(quads: Iterable[Quad]) -> Iterator[Quad]:
    """The axioms and the triples they speak of: words for people cannot give anything new."""
    quads = list(quads)
    axioms = [quad for quad in quads if quad.graph_name == ONTOLOGY and not isinstance(quad.object, Literal)]
    axioms += [
        q for q in quads if q.graph_name == ALIGNMENTS and q.predicate.value in (CHAIN, RDF + "first", RDF + "rest")
    ]
    used = {term for quad in axioms for term in (quad.subject, quad.object)} | {TYPE}
    denial = {NamedNode(OWL + name) for name in ("sourceIndividual", "assertionProperty", "targetIndividual")}
    yield from axioms
    for quad in quads:
        if quad.graph_name not in (ONTOLOGY, ALIGNMENTS, VOCABULARY) and (
            quad.predicate in used or quad.predicate in denial
        ):
            yield quad


def _by_owlrl(quads: list[Quad], derived: list[Rule], layout: Layout, store: Store) -> set[Triple]:
    """The same news by owlrl: the derive rules and the closure in turn, until neither gives anything."""
    known = {quad.triple for quad in quads}
    added: set[Triple] = set()
    open_rules = [rule for rule in derived if not rule.closed_world]
    while True:
        before = len(added)
        added |= _fixpoint(open_rules, store)
        fresh = set(closure(quads + _in_graph(added), layout)) - known - added
        store.merge(fresh)
        added |= fresh
        if len(added) == before:
            rest = _fixpoint(derived, store)
            if not rest:
                return set(filter(is_news, added))
            added |= rest


# --- proofs ----------------------------------------------------------------------------------------------


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


def _condition(text: str) -> str:
    """A CONSTRUCT query's condition as a SELECT query."""
    construct, group = _parts(text)
    return f"{text[:construct]} SELECT * WHERE {text[group:]}"


def _parts(text: str) -> tuple[int, int]:
    """Where in a CONSTRUCT query the word stands, and where the group of its condition begins."""
    depth, groups, construct = 0, [], 0
    for kind, token, start in Tokens(text).items:
        if kind == "word" and token.upper() == "CONSTRUCT" and depth == 0:
            construct = start
        elif kind == "mark" and token == "{":
            groups += [start] if depth == 0 else []
            depth += 1
        elif kind == "mark" and token == "}":
            depth -= 1
    return construct, groups[-1]
