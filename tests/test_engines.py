"""The fast engines give what the references give: turbo and pySHACL on damaged copies of our graph, the compiled
rules and owlrl on invented ontologies. Hypothesis chooses the damage and the axioms.

`ICRC_KOREA_EXAMPLES=500 pytest tests/test_engines.py` looks longer.
"""

from __future__ import annotations

import os
from functools import cache

import pyoxigraph as ox
import pytest
from conftest import ROOT
from hypothesis import HealthCheck, Phase, assume, given, settings
from hypothesis import strategies as st
from pyoxigraph import Literal, NamedNode

from icrc_korea import errors
from icrc_korea.checking import engines
from icrc_korea.content import claims
from icrc_korea.content.layout import Layout
from icrc_korea.dataset import build
from icrc_korea.rdf.lines import ntriples
from icrc_korea.rdf.reading import parse, read_text
from icrc_korea.rdf.spaces import GRAPHS, KW, OWL, RDF, RDFS, THINGS, XSD
from icrc_korea.rdf.terms import TYPE, Quad
from icrc_korea.reasoning import infer, rules
from icrc_korea.reasoning.axioms import ONTOLOGY

LAYOUT = Layout.find(ROOT)
EXAMPLES = int(os.environ.get("ICRC_KOREA_EXAMPLES", "0"))


def often(few: int, shrink: bool = True) -> settings:
    """So many examples, always the same ones, unless the environment asks for more and others."""
    phases = list(Phase) if shrink else [Phase.generate]
    slow = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.large_base_example]
    return settings(
        max_examples=EXAMPLES or few, deadline=None, derandomize=not EXAMPLES, suppress_health_check=slow, phases=phases
    )


# --- shapes -----------------------------------------------------------------------------------------------


@cache
def shapes() -> bytes:
    texts = [(path, read_text(path, path.name)) for path in LAYOUT.shapes()]
    return ntriples(quad for path, text in texts for quad in parse(text, path.name, GRAPHS + "shapes", LAYOUT.prefixes))


@cache
def content() -> tuple[list[Quad], list[Quad]]:
    """The files of the graph: what stays as it is (the ontology), and what may be damaged (the data)."""
    quads: dict[bool, list[Quad]] = {True: [], False: []}
    for source in LAYOUT.files():
        found = build.parsed(read_text(source.path, source.name), source.name, source.graph, LAYOUT)
        quads[source.name.startswith("data/")] += found
    return quads[False], quads[True]


@cache
def stock() -> tuple[list[NamedNode], list[NamedNode]]:
    """Classes to retype with, and things to redirect to."""
    ontology, data = content()
    classes = [q.subject for q in ontology if q.predicate == TYPE and q.object == NamedNode(OWL + "Class")]
    things = list(dict.fromkeys(q.subject for q in data if q.predicate == TYPE))
    return [c for c in classes if isinstance(c, NamedNode)], things


KINDS = (
    "drop",
    "retype",
    "redirect",
    "to a text",
    "duplicate",
    "datatype",
    "language",
    "two languages",
    "negative",
    "to a thing",
)


def damaged(quad: Quad, kind: str, pick: int) -> list[Quad]:
    """What becomes of one statement."""
    subject, predicate, value, graph = quad.subject, quad.predicate, quad.object, quad.graph_name
    classes, things = stock()

    def instead(other: object) -> Quad:
        return Quad(subject, predicate, other, graph)

    text = value.value if isinstance(value, Literal) else "text"
    if kind == "drop":
        return []
    if kind == "retype":
        return [quad, Quad(subject, TYPE, classes[pick % len(classes)], graph)]
    if kind == "redirect":
        return [instead(things[pick % len(things)])]
    if kind == "duplicate":
        return [quad, instead(things[pick % len(things)] if isinstance(value, NamedNode) else Literal(text + "x"))]
    if kind == "datatype":
        datatype = ("date", "integer", "decimal", "boolean", "string", "gYear")[pick % 6]
        return [instead(Literal(text, datatype=NamedNode(XSD + datatype)))]
    if kind == "language":
        return [instead(Literal(text, language=("fr", "xx", "ko", "de-AT")[pick % 4]))]
    if kind == "two languages":
        return [quad, instead(Literal(text + "!", language="en"))]
    if kind == "negative":
        return [instead(Literal("-3", datatype=NamedNode(XSD + "integer")))]
    if kind == "to a thing":
        return [quad, Quad(things[pick % len(things)], predicate, value, graph)]
    return [instead(Literal(text))]


DAMAGE = st.lists(
    st.tuples(st.integers(0, 10**6), st.sampled_from(KINDS), st.integers(0, 10**6)),
    min_size=30,
    max_size=60,
    unique_by=lambda one: one[0],
)
NOTICED: set[str] = set()  # the kinds of constraint that some damage broke


@often(4, shrink=False)  # an example takes seconds: the first that differs will do
@given(DAMAGE)
def test_both_engines_find_the_same_in_a_damaged_graph(damage: list[tuple[int, str, int]]) -> None:
    ontology, data = content()
    plan = {place % len(data): (kind, pick) for place, kind, pick in damage}
    quads = [
        new for place, quad in enumerate(data) for new in (damaged(quad, *plan[place]) if place in plan else [quad])
    ]
    text = ntriples(ontology + claims.with_claims(quads, LAYOUT.sources))
    ours, reference = (set(engines.validate(shapes(), text, engine)) for engine in engines.ENGINES)
    assert ours - reference == set(), "found by turbo alone"
    assert reference - ours == set(), "found by pySHACL alone"
    NOTICED.update(result.component for result in ours)


def test_the_damage_was_noticed() -> None:
    """Damage that no shape notices would prove nothing."""
    assert len(NOTICED) > 5 or not NOTICED  # the test above may run elsewhere


# --- reasoning ---------------------------------------------------------------------------------------------

CLASSES = [NamedNode(f"{KW}C{n}") for n in range(5)]
PROPERTIES = [NamedNode(f"{KW}p{n}") for n in range(5)]
PEOPLE = [NamedNode(f"{THINGS}x/{n}") for n in range(5)]
ONE, PROP = st.sampled_from(CLASSES), st.sampled_from(PROPERTIES)


def owl(name: str) -> NamedNode:
    return NamedNode(OWL + name)


@st.composite
def expressions(draw: st.DrawFn, side: str, depth: int = 0) -> tuple[object, list[tuple[object, NamedNode, object]]]:
    """A class, or an expression that OWL 2 RL allows on this side of an axiom, with the triples that say it."""
    left, right = ["class", "and", "or", "some", "has"], ["class", "and", "all", "has"]
    kind = draw(st.sampled_from(left if side == "left" else right)) if depth < 2 else "class"
    if kind == "class":
        return draw(ONE), []
    node = ox.BlankNode()
    if kind in ("and", "or"):
        parts = [draw(expressions(side, depth + 1)) for _ in range(2)]
        head, triples = listed([part for part, _ in parts])
        triples += [triple for _, said in parts for triple in said]
        word = owl("intersectionOf" if kind == "and" else "unionOf")
        return node, [(node, TYPE, owl("Class")), (node, word, head), *triples]
    said = [(node, TYPE, owl("Restriction")), (node, owl("onProperty"), draw(PROP))]
    if kind == "has":
        return node, [*said, (node, owl("hasValue"), draw(st.sampled_from(PEOPLE)))]
    filler, triples = draw(expressions(side, depth + 1))
    return node, [*said, (node, owl("someValuesFrom" if kind == "some" else "allValuesFrom"), filler), *triples]


def listed(items: list[object]) -> tuple[object, list[tuple[object, NamedNode, object]]]:
    head: object = NamedNode(RDF + "nil")
    triples = []
    for item in reversed(items):
        node = ox.BlankNode()
        triples += [(node, NamedNode(RDF + "first"), item), (node, NamedNode(RDF + "rest"), head)]
        head = node
    return head, triples


@st.composite
def axioms(draw: st.DrawFn) -> list[tuple[object, NamedNode, object]]:
    """One axiom."""
    kind = draw(st.sampled_from(["sub", "chain", "inverse", "kind", "domain", "range", "subclass", "same", "samep"]))
    one = draw(PROP)
    if kind == "sub":
        return [(one, NamedNode(RDFS + "subPropertyOf"), draw(PROP))]
    if kind == "samep":
        return [(one, owl("equivalentProperty"), draw(PROP))]
    if kind == "inverse":
        return [(one, owl("inverseOf"), draw(PROP))]
    if kind == "chain":
        head, triples = listed(draw(st.lists(PROP, min_size=2, max_size=3)))
        return [(one, owl("propertyChainAxiom"), head), *triples]
    if kind == "kind":
        return [(one, TYPE, owl(draw(st.sampled_from(["SymmetricProperty", "TransitiveProperty"]))))]
    if kind in ("domain", "range"):
        said, triples = draw(expressions("right"))
        return [(one, NamedNode(RDFS + kind), said), *triples]
    if kind == "same":
        return [(draw(ONE), owl("equivalentClass"), draw(ONE))]
    below, triples = draw(expressions("left"))
    above, more = draw(expressions("right"))
    return [(below, NamedNode(RDFS + "subClassOf"), above), *triples, *more]


FACTS = st.lists(
    st.one_of(
        st.tuples(st.sampled_from(PEOPLE), PROP, st.sampled_from(PEOPLE)),
        st.tuples(st.sampled_from(PEOPLE), st.just(TYPE), ONE),
    ),
    min_size=3,
    max_size=12,
)


@often(60)
@given(st.lists(axioms(), min_size=1, max_size=7), FACTS)
def test_the_compiled_rules_infer_what_owlrl_infers(
    ontology: list[list[tuple[object, NamedNode, object]]], facts: list[tuple[NamedNode, NamedNode, NamedNode]]
) -> None:
    quads = [Quad(*triple, ONTOLOGY) for axiom in ontology for triple in axiom]
    quads += [Quad(name, TYPE, owl("Class"), ONTOLOGY) for name in CLASSES]
    quads += [Quad(name, TYPE, owl("ObjectProperty"), ONTOLOGY) for name in PROPERTIES]
    quads += [Quad(*fact, NamedNode(GRAPHS + "entities")) for fact in facts]
    ours, theirs = ({str(q.triple) for q in infer.infer(quads, [], LAYOUT, engine)} for engine in rules.ENGINES)
    assert ours == theirs


CLASHING = {
    "disjoint classes": [(CLASSES[0], owl("disjointWith"), CLASSES[1])],
    "asymmetric": [(PROPERTIES[0], TYPE, owl("AsymmetricProperty"))],
    "irreflexive": [(PROPERTIES[0], TYPE, owl("IrreflexiveProperty"))],
    "disjoint properties": [(PROPERTIES[0], owl("propertyDisjointWith"), PROPERTIES[1])],
}


@pytest.mark.parametrize("kind", CLASHING)
@often(40)
@given(st.lists(axioms(), max_size=3), FACTS)
def test_both_find_a_contradiction_or_neither_does(
    kind: str,
    ontology: list[list[tuple[object, NamedNode, object]]],
    facts: list[tuple[NamedNode, NamedNode, NamedNode]],
) -> None:
    quads = [Quad(*triple, ONTOLOGY) for axiom in [*ontology, CLASHING[kind]] for triple in axiom]
    quads += [Quad(*fact, NamedNode(GRAPHS + "entities")) for fact in facts]
    found = []
    for engine in rules.ENGINES:
        try:
            infer.infer(quads, [], LAYOUT, engine)
            found.append(False)
        except errors.BuildError as error:
            assume("contradicts" in error.message)  # else an axiom that the rules refuse to follow
            found.append(True)
    assert found[0] == found[1]
