"""`why` leads every statement back to its sentences, or to the rules and statements it follows from."""

from __future__ import annotations

import json
import re
from typing import Any, NamedTuple

import pyoxigraph as ox
import pytest
import rdflib
from conftest import ROOT, Command
from owlrl import OWLRL_Semantics

from icrc_korea.graph import KnowledgeGraph
from icrc_korea.reasoning.proofs import Proof

pytestmark = pytest.mark.usefixtures("warm")

PAGE = "https://blogs.icrc.org/cross-files/icrc-action-in-the-korean-war-br-1950-1953/#:~:text="
DPRK, ROK = "communication:telegram-1950-06-26-dprk", "communication:telegram-1950-06-26-rok"
TO_UN = "communication:dprk-message-to-unsg"
YALTA = "book:from-yalta-to-dien-bien-phu"


class Case(NamedTuple):
    """A statement, words of the answer in their order, and its sentences."""

    statement: str
    words: list[str]
    sentences: list[str]


CASES = {
    "stated once": Case("event:ruegger-journey-1951 kw:carriedOutBy 'Paul Ruegger'", ["stated", PAGE], ["P19.s3"]),
    "stated in several places": Case(
        "office:dprk-foreign-minister kw:organOf state:dprk",
        ["stated", PAGE, PAGE, PAGE],
        ["P01.s2", "P05.s1", "P07.s2"],
    ),
    "a literal": Case("state:dprk kw:misprint DPKR", ["stated"], ["P41.s2"]),
    "a literal in quotation marks": Case("state:dprk kw:misprint '\"DPKR\"'", ["stated"], ["P41.s2"]),
    "a number": Case("report:icrc-1953 kw:volumeNumber 4", ["stated", "P24.s1", "rejected"], ["P24.s1", "P13.s2"]),
    "a label as the property": Case("state:dprk misprint DPKR", ["stated"], ["P41.s2"]),
    "quoted": Case("organisation:icrc kw:founded timespan:1863", ["quoted", f"in {DPRK}"], ["P04.s1"]),
    "hedged, with the words of the hedge": Case(
        "event:icrc-meetings-chinese-officials kw:degree degree:frequent", ["hedged", "“frequently”"], ["P19.s2"]
    ),
    "hedged by the whole graph": Case(
        "goods:medicines-1951 kw:quantity quantity:medicines-1951", ["hedged", "“more than a ton”"], ["P19.s3"]
    ),
    "the guide's own judgement": Case(
        "event:accusations-against-icrc kw:characterisedAs topic:violent", ["interpretation", "guide:"], ["P16.s2"]
    ),
    "read between the lines, with the reason": Case(
        "communication-set:icrc-dprk-previous kw:addressee organisation:government-dprk",
        ["inferred", "v:editors", "not named"],
        ["P01.s1"],
    ),
    "contested, with the other side": Case(
        f"{YALTA} dct:creator person:andre-durand",
        ["contested", "P30.s1", "against it", "person:catherine-rey-schyrr", "contested", "P38.s1"],
        ["P30.s1", "P38.s1"],
    ),
    "contested and denied": Case(
        "organisation:chinese-red-cross kw:agreedToActFor organisation:icrc",
        ["contested, negative", "chinese-red-cross-letter-1951", "against it", "contested, attributed"],
        ["P19.s6"],
    ),
    "rejected, with what is accepted": Case(
        "report:icrc-1953 kw:volumeNumber 3",
        ["rejected", "P13.s2", "against it", "report:icrc-1953 kw:volumeNumber 4", "P24.s1"],
        ["P13.s2", "P24.s1"],
    ),
    "accepted, with what is rejected": Case(
        "report:icrc-1952 kw:volumeNumber 3",
        ["inferred", "P24.s1", "against it", "rejected", "P13.s2"],
        ["P24.s1", "P13.s2"],
    ),
    "reported": Case(
        "armed-force:dprk-armed-forces kw:compliesWith instrument:third-geneva-convention",
        ["reported, attributed", TO_UN],
        ["P07.s2"],
    ),
    "denied": Case(f"{TO_UN} kw:replyTo {DPRK}", ["negative", "Secretary-General"], ["P03.s3"]),
}


def lines_of(statement: str, icrc: Command, *more: str) -> str:
    import shlex

    said = icrc("why", *shlex.split(statement), *more, "--root", ROOT, columns=200)
    assert said.code == 0, said.err
    return said.out


@pytest.mark.parametrize("name", CASES)
def test_what_a_statement_rests_on(name: str, icrc: Command) -> None:
    case = CASES[name]
    out = lines_of(case.statement, icrc)
    place = 0
    for word in case.words:
        assert word in out[place:], f"{word!r} is missing, or in another place"
        place = out.index(word, place) + len(word)
    assert set(re.findall(r"passage:(P\d\d\.s\d+)", out)) == set(case.sentences)
    answer = json.loads(lines_of(case.statement, icrc, "--format", "json"))
    assert answer["claims"]
    assert answer["proof"] is None
    assert {s for claim in answer["claims"] for s in claim["stated_in"]} <= {f"passage:{s}" for s in case.sentences}


def test_a_negative_claim_never_reads_as_a_statement(icrc: Command) -> None:
    """Every denial of the graph is marked as one by `why` and by `show`."""
    denials = {
        "communication:dprk-message-to-unsg": "kw:replyTo",
        "organisation:chinese-red-cross": "kw:agreedToActFor",
    }
    for thing, predicate in denials.items():
        shown = icrc("show", thing, "--root", ROOT, columns=200).out
        rows = [line for line in shown.splitlines() if line.startswith(predicate)]
        assert any("negative" in row for row in rows), shown


def test_a_thing_s_own_description(icrc: Command) -> None:
    out = lines_of("state:dprk rdf:type kw:State", icrc)
    assert "part of the description" in out
    assert "passage:" not in out


@pytest.mark.parametrize(
    ("statement", "near"),
    [
        ("place:hong-kong kw:within place:china", []),
        (f"{DPRK} kw:sender state:rok", ["organisation:icrc", "person:paul-ruegger", "passage:P03.s2"]),
        (f"{TO_UN} kw:replyTo {ROK}", [DPRK]),
        (f"{DPRK} kw:hasReply {TO_UN}", ["absence:no-dprk-reply-telegram-1950-06-26", "passage:P03.s3"]),
    ],
)
def test_silence_is_said_to_be_silence(statement: str, near: list[str], icrc: Command) -> None:
    out = lines_of(statement, icrc)
    assert re.search(r"silent|nothing", out)
    assert "follows:" not in out
    for word in near:
        assert word in out
    answer = json.loads(lines_of(statement, icrc, "--format", "json"))
    assert (answer["claims"], answer["proof"]) == ([], None)


def test_the_proof_that_the_readme_shows(icrc: Command) -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    command, shown = re.search(r"^icrc-korea (why .*?)$.*?^```text\n(.*?)^```", readme, re.M | re.S).groups()  # type: ignore[union-attr]
    assert lines_of(command.removeprefix("why "), icrc) == shown


# --- proofs -------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def proofs(graph: KnowledgeGraph) -> dict[ox.Triple, Proof | None]:
    """A proof of everything that was inferred."""
    return {
        quad.triple: graph.explainer.explain(quad.subject, quad.predicate, quad.object)
        for quad in graph.facts.quads
        if quad.graph_name.value.endswith("/graph/inferred")
    }


def test_everything_inferred_has_a_proof(proofs: dict[ox.Triple, Proof | None]) -> None:
    assert len(proofs) > 1000
    assert [str(triple) for triple, proof in proofs.items() if proof is None] == []


def test_every_proof_ends_in_what_was_asserted_and_begins_with_what_was_asked(
    proofs: dict[ox.Triple, Proof | None], quads: list[ox.Quad]
) -> None:
    asserted = {tuple(q)[:3] for q in quads if not q.graph_name.value.endswith("/graph/inferred")}  # type: ignore[union-attr]
    for wanted, proof in proofs.items():
        assert proof
        assert proof.triple == (wanted.subject, wanted.predicate, wanted.object)
        for step in proof.steps():
            if step.rule is None:
                assert not step.premises
                assert step.triple in asserted, f"{step.triple} was never asserted"
            else:
                assert step.premises, f"{step.rule.name} rests on nothing"
                assert step.triple not in {s.triple for premise in step.premises for s in premise.steps()}


def test_every_step_can_be_made_again_from_its_premises_alone(
    proofs: dict[ox.Triple, Proof | None], graph: KnowledgeGraph
) -> None:
    """The rule that a step names, asked of nothing but the premises, gives the conclusion."""
    replayed = set()
    for proof in proofs.values():
        for step in proof.steps() if proof else ():
            if step.rule and step.triple not in replayed:
                replayed.add(step.triple)
                store = ox.Store()
                store.extend(ox.Quad(*premise.triple) for premise in step.premises)
                results = store.query(step.rule.text, prefixes=graph.layout.prefixes)
                assert isinstance(results, ox.QueryTriples)
                assert ox.Triple(*step.triple) in set(results), f"{step.rule.name} does not give {step.triple}"
    assert len(replayed) > 1000


def test_every_kind_of_step_can_be_made_again_by_owl(
    proofs: dict[ox.Triple, Proof | None], quads: list[ox.Quad]
) -> None:
    """One step of each wording: owlrl, over the premises and the axioms on their terms, gives the conclusion."""
    samples: dict[str, Proof] = {}
    for proof in proofs.values():
        for step in proof.steps() if proof else ():
            if step.rule and not step.rule.name.startswith("rule "):
                samples.setdefault(step.rule.name, step)
    assert len(samples) > 60
    axioms: dict[Any, list[ox.Quad]] = {}
    for quad in quads:
        if quad.graph_name.value.endswith(("/ontology", "/alignments")):  # type: ignore[union-attr]
            axioms.setdefault(quad.subject, []).append(quad)
    for rule, step in samples.items():
        terms = [term for s in (step, *step.premises) for term in s.triple]
        # an inverse may be declared on the other property
        terms += [q.subject for group in axioms.values() for q in group if q.object in terms]
        graph = rdflib.Graph()
        seen: set[Any] = set()
        while terms:
            term = terms.pop()
            if term not in seen:
                seen.add(term)
                for quad in axioms.get(term, []):
                    graph.add((to_rdflib(quad.subject), to_rdflib(quad.predicate), to_rdflib(quad.object)))
                    terms += [quad.object] if isinstance(quad.object, ox.BlankNode) else []
        for premise in step.premises:
            graph.add(tuple(map(to_rdflib, premise.triple)))
        conclusion = tuple(map(to_rdflib, step.triple))
        assert conclusion not in graph
        OWLRL_Semantics(graph, axioms=False, daxioms=False, rdfs=False).closure()
        assert conclusion in graph, f"{rule}: {conclusion} does not follow"


def to_rdflib(term: Any) -> rdflib.term.Node:
    if isinstance(term, ox.NamedNode):
        return rdflib.URIRef(term.value)
    if isinstance(term, ox.BlankNode):
        return rdflib.BNode(term.value)
    return rdflib.Literal(term.value, lang=term.language, datatype=None if term.language else term.datatype.value)


PROV = rdflib.Namespace("http://www.w3.org/ns/prov#")
# what PROV-O says of its properties: the class of the subject, and of the object
PROV_O = {
    "wasDerivedFrom": ("Entity", "Entity"), "hadPrimarySource": ("Entity", "Entity"),
    "wasGeneratedBy": ("Entity", "Activity"), "wasAttributedTo": ("Entity", "Agent"),
    "used": ("Activity", "Entity"), "qualifiedAssociation": ("Activity", "Association"),
    "agent": ("Association", "Agent"), "hadPlan": ("Association", "Plan"),
}  # fmt: skip


@pytest.mark.parametrize(
    "statement",
    [
        f"{DPRK} kw:addressedParty state:dprk",
        "communication:telegram-1952-11-24 kw:responseStatus response:not-stated",
        "event:ruegger-journey-1951 kw:carriedOutBy 'Paul Ruegger'",
        "state:dprk rdf:type kw:State",
    ],
)
def test_a_derivation_as_prov_leads_down_to_the_sentences(statement: str, icrc: Command, graph: KnowledgeGraph) -> None:
    """From the statement by prov:wasDerivedFrom alone one comes to all sentences of the proof, and to no dead end."""
    text = lines_of(statement, icrc, "--format", "turtle")
    told = rdflib.Graph().parse(data=text)
    assert not [term for triple in told for term in triple if isinstance(term, rdflib.BNode)]
    for subject, predicate, value in told:
        if predicate.startswith(PROV):  # type: ignore[attr-defined]
            for term, kind in zip((subject, value), PROV_O[predicate.removeprefix(PROV)], strict=True):  # type: ignore[attr-defined]
                kinds = {PROV[kind], PROV.SoftwareAgent} if kind == "Agent" else {PROV[kind]}
                assert kinds & set(told.objects(term, rdflib.RDF.type)), f"{term} is not told to be a prov:{kind}"
    answer = json.loads(lines_of(statement, icrc, "--format", "json"))
    assert set(answer) == {"statement", "claims", "proof", "absences", "nearby"}
    rules: set[str] = set()
    sentences = {s for claim in answer["claims"] for s in claim["stated_in"]}
    todo = [answer["proof"]] if answer["proof"] else []
    while todo:
        node = todo.pop()
        assert set(node) == {"statement", "rule", "about", "sentences", "premises"}
        rules |= {node["rule"]} - {"asserted"}
        sentences |= set(node["sentences"])
        todo += node["premises"]
    found = {graph.layout.shrink(str(sentence)) for sentence in told.objects(None, PROV.hadPrimarySource)}
    assert found == sentences
    assert {str(told.value(plan, rdflib.RDFS.label)) for plan in told.subjects(rdflib.RDF.type, PROV.Plan)} == rules
    derived = set(told.objects(None, PROV.wasDerivedFrom))
    tops = {
        node for node in told.subjects(rdflib.RDF.subject, None) if node not in derived
    }
    words = [graph.layout.shrink(str(term)) for top in tops for term in told.objects(top, rdflib.RDF.subject)]
    assert words == [answer["statement"].split()[0]]
    for node in derived | tops:
        ends = list(told.objects(node, PROV.hadPrimarySource)) + list(told.objects(node, PROV.wasAttributedTo))
        assert ends or list(told.objects(node, PROV.wasDerivedFrom)), f"{node} rests on nothing"


def test_every_kind_of_proof_can_be_shown(
    proofs: dict[ox.Triple, Proof | None], icrc: Command, graph: KnowledgeGraph
) -> None:
    """Of each rule that ends a proof one, through the command: each leaf names its sentences or what else it is."""
    shown: dict[str, ox.Triple] = {}
    for wanted, proof in proofs.items():
        if proof and isinstance(wanted.object, ox.NamedNode):
            assert proof.rule
            kind = re.sub(r"^(every|rule) .*|.* (gives) .*", r"\1\2", proof.rule.name)
            shown.setdefault(re.sub(r"\S+:\S+", "", kind), wanted)
    assert len(shown) > 6
    for wanted in [*shown.values()][:8]:
        parts = [graph.layout.shrink(term.value) for term in (wanted.subject, wanted.predicate, wanted.object)]
        out = icrc("why", *parts, "--root", ROOT, columns=1000).out
        assert "follows:" in out
        for line in out.splitlines()[2:]:
            known = line.endswith(":") or " because rule " in line
            assert known or re.search(r"  \[[^\]]+\]$|^ +\S+ \S+ \S+", line), line
        assert re.search(r"  \[[^\]]+\]$", out.rstrip()), "the last line is no leaf"
