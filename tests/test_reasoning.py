"""What follows from the graph, and what must not: each axiom of the ontology and each derive rule by a case.

A file of `cases/reasoning/` has three graphs: from `graph:given` must follow `graph:follows`, and nothing of
`graph:not`. The names in a case are its own, so that all cases are closed together, once. A `*.clash.trig`
gives what contradicts the ontology; its first line holds words that the error must name.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

import pytest
from pyoxigraph import Literal, NamedNode

import icrc_korea
from icrc_korea.asking.questions import index
from icrc_korea.content.claims import CLAIMS_GRAPH
from icrc_korea.content.layout import Layout
from icrc_korea.dataset.build import derive_rules
from icrc_korea.errors import BuildError
from icrc_korea.rdf.answer import Answer
from icrc_korea.rdf.reading import parse
from icrc_korea.rdf.spaces import BASE, GRAPHS, KW, OWL, RDF, RDFS, THINGS
from icrc_korea.rdf.store import Store
from icrc_korea.rdf.terms import Quad, Triple
from icrc_korea.reasoning import axioms, infer, rules

HERE = Path(__file__).parent
LAYOUT = Layout.find(HERE.parent)
FOLDER = HERE / "cases" / "reasoning"
CLASHES = sorted(FOLDER.glob("*.clash.trig"))
CASES = sorted(set(FOLDER.glob("*.trig")) - set(CLASHES))
PREFIXES = "".join(f"@prefix {name}: <{space}> .\n" for name, space in LAYOUT.prefixes.items())
RULES = derive_rules(index(LAYOUT), LAYOUT)
RICO = LAYOUT.prefixes["rico"]
TYPE = RDF + "type"


def graphs(case: Path) -> dict[str, list[Triple]]:
    """The triples of each graph in a case."""
    found: dict[str, list[Triple]] = {"given": [], "follows": [], "not": []}
    for quad in parse(PREFIXES + case.read_text(encoding="utf-8"), case.name, "", LAYOUT.prefixes):
        found[quad.graph_name.value.removeprefix(GRAPHS)].append(quad.triple)
    return found


@cache
def ontology() -> list[Quad]:
    path = LAYOUT.root / "ontology" / "core.ttl"
    return parse(path.read_text(encoding="utf-8"), path.name, GRAPHS + "ontology", LAYOUT.prefixes)


def given(cases: list[Path]) -> list[Quad]:
    """What the cases give, beside the ontology: denials among the claims, as the build has them."""
    quads = []
    for triple in (triple for case in cases for triple in graphs(case)["given"]):
        denial = OWL in (triple.predicate.value + getattr(triple.object, "value", ""))
        graph = CLAIMS_GRAPH if denial else NamedNode(GRAPHS + "entities")
        quads.append(Quad(triple.subject, triple.predicate, triple.object, graph))
    return ontology() + quads


@cache
def known() -> set[Triple]:
    """What all cases give, and all that follows from it."""
    quads = given(CASES)
    return {quad.triple for quad in quads + infer.infer(quads, RULES, LAYOUT)}


def names(triples: list[Triple]) -> set[str]:
    """The names of things, ours alone, in some triples."""
    terms = {term for triple in triples for term in (triple.subject, triple.object) if isinstance(term, NamedNode)}
    return {term.value for term in terms if term.value.startswith(THINGS)}


def stem(case: Path) -> str:
    return case.name.removesuffix(".trig")


# --- the cases ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("case", CASES, ids=stem)
def test_what_follows_is_inferred(case: Path) -> None:
    parts = graphs(case)
    assert parts["follows"]
    missing = [str(triple) for triple in parts["follows"] if triple not in known()]
    assert not missing, "does not follow: " + "\n".join(missing)
    assert not set(parts["follows"]) & set(parts["given"]), "what is given need not follow"


@pytest.mark.parametrize("case", CASES, ids=stem)
def test_what_must_not_follow_is_not_inferred(case: Path) -> None:
    parts = graphs(case)
    assert parts["not"]
    found = [str(triple) for triple in parts["not"] if triple in known()]
    assert not found, "follows, but must not: " + "\n".join(found)


@cache
def contradictions() -> list[str]:
    with pytest.raises(BuildError) as raised:
        infer.infer(given(CLASHES), RULES, LAYOUT)
    return raised.value.message.splitlines()


@pytest.mark.parametrize("case", CLASHES, ids=stem)
def test_what_contradicts_the_ontology_is_an_error_that_names_it(case: Path) -> None:
    first = case.read_text(encoding="utf-8").partition("\n")[0]
    assert first.startswith("# expect: ")
    words = first.removeprefix("# expect: ").split()
    lines = contradictions()
    assert any(all(word in line for word in words) for line in lines), f"{words} not in\n" + "\n".join(lines)


def test_every_contradiction_is_of_a_case_and_in_short_names() -> None:
    things = set().union(*(names(graphs(case)["given"]) for case in CLASHES))
    for line in contradictions()[1:]:
        assert any(LAYOUT.shrink(thing) in line for thing in things), line
        assert BASE not in line, line


def test_cases_share_no_names_and_speak_of_what_they_give() -> None:
    owner: dict[str, Path] = {}
    ours = {quad.subject.value for quad in ontology() if isinstance(quad.subject, NamedNode)}
    for case in CASES + CLASHES:
        parts = graphs(case)
        for name in names(parts["given"]):
            assert owner.setdefault(name, case) == case, f"{name} is in {owner[name].name} and {case.name}"
        assert names(parts["follows"] + parts["not"]) <= names(parts["given"]), f"{case.name}: a name is misspelt"
        for triple in parts["given"] + parts["follows"] + parts["not"]:
            for term in (triple.predicate, triple.object):
                if isinstance(term, NamedNode) and term.value.startswith(KW):
                    assert term.value in ours, f"{case.name}: {LAYOUT.shrink(term.value)} is not in the ontology"


def test_every_axiom_and_every_rule_has_a_case() -> None:
    """Each property that an axiom or a rule gives, and each that cannot hold, is in some case."""
    followed = {triple.predicate.value for case in CASES for triple in graphs(case)["follows"]}
    followed |= {triple.object.value for case in CASES for triple in graphs(case)["follows"]}
    clashing = {triple.predicate.value for case in CLASHES for triple in graphs(case)["given"]}
    for quad in ontology():
        word, value = quad.predicate.value, getattr(quad.object, "value", "")
        if word in (OWL + "propertyChainAxiom", OWL + "inverseOf", OWL + "equivalentClass") or (
            word == TYPE and value in (OWL + "SymmetricProperty", OWL + "TransitiveProperty")
        ):
            assert quad.subject.value in followed, f"no case for what {quad.subject} gives"
        elif word == RDFS + "subPropertyOf":
            assert value in followed, f"no case for what gives {quad.object}"
        elif word == TYPE and value in (OWL + "AsymmetricProperty", OWL + "IrreflexiveProperty"):
            assert quad.subject.value in clashing, f"no case breaks {quad.subject}"
    assert {rule.name.replace("rule derive/", "derive-") for rule in RULES} <= {stem(case) for case in CASES}


def test_a_rule_that_feeds_itself_is_an_error() -> None:
    text = "CONSTRUCT { ?set kw:memberCount ?more } WHERE { ?set kw:memberCount ?count BIND(?count + 1 AS ?more) }"
    name = NamedNode(THINGS + "communication-set/growing")
    one = Literal("1", datatype=NamedNode(LAYOUT.prefixes["xsd"] + "integer"))
    quads = [Quad(name, NamedNode(KW + "memberCount"), one, NamedNode(GRAPHS + "entities"))]
    with pytest.raises(BuildError, match="never come to rest"):
        infer.infer(quads, rules.derive_rules([("derive/grow", text, "")], LAYOUT), LAYOUT)


# --- the real graph -----------------------------------------------------------------------------------


@cache
def dataset() -> tuple[list[Quad], set[Triple]]:
    """What is asserted in the real graph, and what was inferred from it."""
    quads = icrc_korea.load(LAYOUT.root).built.quads()
    inferred = [quad for quad in quads if quad.graph_name == rules.INFERRED]
    return [quad for quad in quads if quad.graph_name != rules.INFERRED], {quad.triple for quad in inferred}


def test_what_is_inferred_is_news_about_our_things_in_our_words() -> None:
    asserted, inferred = dataset()
    assert len(inferred) > 1000
    assert not {quad.triple for quad in asserted} & inferred, "asserted already"
    for triple in inferred:
        predicate, value = triple.predicate.value, triple.object
        assert triple.subject.value.startswith(THINGS), f"not about a thing of ours: {triple}"
        assert triple.subject != value, f"says nothing: {triple}"
        assert isinstance(value, NamedNode | Literal), f"a thing without a name: {triple}"
        if predicate == TYPE:
            assert value.value.startswith(KW), f"a type that is not ours: {triple}"
        else:
            assert predicate.startswith(KW) or predicate in (RICO + "hasSender", RICO + "hasAddressee"), str(triple)


def both(quads: list[Quad]) -> tuple[set[str], set[str]]:
    """What the compiled rules and owlrl infer from the same quads."""
    ours, theirs = (infer.infer(quads, RULES, LAYOUT, engine) for engine in rules.ENGINES)
    return {str(quad.triple) for quad in ours}, {str(quad.triple) for quad in theirs}


def test_owlrl_infers_the_same_from_the_real_graph() -> None:
    asserted, inferred = dataset()
    theirs = {str(quad.triple) for quad in infer.infer(asserted, RULES, LAYOUT, "owlrl")}
    ours = {str(triple) for triple in inferred}
    assert ours - theirs == set(), "was inferred, but does not follow"
    assert theirs - ours == set(), "follows, but was lost"


def test_owlrl_infers_the_same_from_all_cases() -> None:
    ours, theirs = both(given(CASES))
    assert ours == theirs


def test_contradictions_have_one_order_whatever_the_order_of_rows() -> None:
    """Two that contradict each other both ways are two rows of one clash, and a store may give either first."""
    quads = given(CLASHES)
    program = axioms.compile_axioms([quad for quad in quads if quad.graph_name == axioms.ONTOLOGY], LAYOUT)
    with pytest.raises(infer.Contradicted) as error:
        infer.infer(quads, RULES, LAYOUT)
    store = Store.of([*quads, *error.value.inferred], LAYOUT)
    answers = [(clash, store.query(clash.text)) for clash in program.clashes]
    turned = [(clash, Answer(LAYOUT, answer.columns, answer.rows[::-1])) for clash, answer in reversed(answers)]
    found = rules.contradicting(answers, LAYOUT)
    assert len(found) > 5
    assert len(found) < sum(len(answer.rows) for _, answer in answers), "no pair both ways: the test shows nothing"
    assert rules.contradicting(turned, LAYOUT) == found
