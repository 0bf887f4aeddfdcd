"""Compiles the axioms of the ontology into rules."""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass, field
from functools import cached_property
from itertools import combinations, count, product

from ..rdf.spaces import GRAPHS, KW, OWL, RDF, RDFS, XSD
from ..rdf.sparql import Tokens
from ..rdf.terms import TYPE, BlankNode, NamedNode, readable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

    from ..content.layout import Layout
    from ..rdf.terms import Quad, Term
    Goal = tuple[Any, Any, Any]  # subject, predicate, object
    Pattern = tuple[Any, Any, Any]  # the same, where a str such as "?x" is a variable

ONTOLOGY, ALIGNMENTS, VOCABULARY = (NamedNode(GRAPHS + name) for name in ("ontology", "alignments", "vocabulary"))
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
