"""The ontology keeps its own rules: labels in three languages, definitions, and no axiom that does harm."""

from __future__ import annotations

from pathlib import Path

import pytest
from rdflib import OWL, RDF, RDFS, SKOS, Graph, Literal, Namespace, URIRef

ROOT = Path(__file__).parents[1]
KW = Namespace("https://w3id.org/icrc-korea/ontology#")
VOCAB = "https://w3id.org/icrc-korea/vocab/"
KINDS = (OWL.Class, OWL.ObjectProperty, OWL.DatatypeProperty)
LANGUAGES = {"en", "fr", "ko"}


@pytest.fixture(scope="module")
def core() -> Graph:
    return Graph().parse(ROOT / "ontology" / "core.ttl")


@pytest.fixture(scope="module")
def vocabulary() -> Graph:
    graph = Graph()
    for path in sorted((ROOT / "ontology" / "vocabulary").glob("*.ttl")):
        graph.parse(path)
    return graph


def terms(core: Graph) -> list[URIRef]:
    return sorted({s for kind in KINDS for s in core.subjects(RDF.type, kind) if isinstance(s, URIRef)})


def languages(graph: Graph, term: URIRef, predicate: URIRef) -> list[str]:
    return sorted(str(label.language) for label in graph.objects(term, predicate) if isinstance(label, Literal))


def test_every_term_is_labelled_in_three_languages_and_defined(core: Graph) -> None:
    found = terms(core)
    assert len(found) > 200
    for term in found:
        assert term.startswith(KW), f"{term} is not ours"
        assert languages(core, term, RDFS.label) == sorted(LANGUAGES), f"{term} needs one label in en, fr and ko each"
        assert languages(core, term, SKOS.definition) == ["en"], f"{term} needs a definition"
        assert core.value(term, RDFS.isDefinedBy) == URIRef(str(KW).rstrip("#")), f"{term} needs rdfs:isDefinedBy"


def test_no_two_terms_of_a_kind_share_a_label(core: Graph) -> None:
    for kind in KINDS:
        for language in LANGUAGES - {"ko"}:
            labels: dict[str, URIRef] = {}
            for term in core.subjects(RDF.type, kind):
                for label in core.objects(term, RDFS.label):
                    if isinstance(label, Literal) and label.language == language and isinstance(term, URIRef):
                        other = labels.setdefault(str(label).casefold(), term)
                        assert other == term, f"{term} and {other} are both called {label!r}@{language}"


def test_every_concept_is_labelled_defined_and_in_one_scheme(vocabulary: Graph) -> None:
    schemes = set(vocabulary.subjects(RDF.type, SKOS.ConceptScheme))
    concepts = set(vocabulary.subjects(RDF.type, SKOS.Concept))
    assert len(concepts) > 150
    for thing in schemes | concepts:
        assert str(thing).startswith(VOCAB)
        assert languages(vocabulary, thing, SKOS.prefLabel) == sorted(LANGUAGES), thing
        assert languages(vocabulary, thing, SKOS.definition) == ["en"], thing
    for concept in concepts:
        inside = set(vocabulary.objects(concept, SKOS.inScheme))
        assert inside <= schemes, concept
        [scheme] = inside
        if scheme != URIRef(VOCAB + "marker"):
            assert str(concept).startswith(f"{scheme}-"), f"{concept} is not named after its scheme"


def test_axioms_that_would_infer_too_much_stay_out(core: Graph) -> None:
    """Keys and functional properties merge things, domains and ranges infer types where shapes should check."""
    for predicate in (OWL.hasKey, OWL.sameAs, RDFS.domain, RDFS.range, OWL.imports):
        assert (None, predicate, None) not in core, predicate
    for kind in (OWL.FunctionalProperty, OWL.InverseFunctionalProperty):
        assert (None, RDF.type, kind) not in core, kind
    transitive = set(core.subjects(RDF.type, OWL.TransitiveProperty))
    assert transitive
    assert not transitive & set(core.subjects(RDF.type, OWL.AsymmetricProperty)), "not simple in OWL 2 DL"
    assert KW.hasMember not in transitive, "membership is not passed on"


def test_domains_and_ranges_for_readers_name_real_classes(core: Graph) -> None:
    schema = Namespace("https://schema.org/")
    classes = set(core.subjects(RDF.type, OWL.Class))
    for predicate in (schema.domainIncludes, schema.rangeIncludes):
        for term, value in core.subject_objects(predicate):
            assert not str(value).startswith(KW) or value in classes, f"{term} names {value}, which is no class"


def test_every_class_has_a_superclass_or_an_alignment(core: Graph) -> None:
    aligned = set(Graph().parse(ROOT / "ontology" / "alignments.ttl").subjects())
    # what no standard has; each is explained in docs/model.md
    names = (
        "ReportedAbsence", "Discrepancy", "InstrumentStatus", "Right", "Purpose", "Condition",
        "UnansweredCommunication", "Vehicle", "Goods",
    )  # fmt: skip
    local = {KW[name] for name in names}
    for term in core.subjects(RDF.type, OWL.Class):
        if isinstance(term, URIRef):
            above = any(isinstance(value, URIRef) for value in core.objects(term, RDFS.subClassOf))
            assert above or term in aligned or term in local, f"{term} stands alone"
