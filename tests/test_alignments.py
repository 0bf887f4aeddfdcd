"""Every term of another vocabulary that the ontology leans on is declared in that standard's own file.

The files come from two places, and a term must be declared in each copy at hand:

* npm packages, fetched by `make vocabularies` into tests/vocabularies/node_modules;
* a folder of the standards' files: the one that the environment variable ICRC_KOREA_VOCAB names,
  or `shared/vocab` beside the checkout.

Where a standard is at neither, its test is skipped, but never in CI: there each standard in use
must have been read, but for those in NOT_IN_A_REGISTRY.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple

import pytest
from pyoxigraph import Literal, NamedNode, Quad, RdfFormat, parse

ROOT = Path(__file__).resolve().parents[1]
ONTOLOGY = ROOT / "ontology"
PACKAGES = ROOT / "tests" / "vocabularies" / "node_modules" / "@vocabulary"
IN_CI = os.environ.get("CI", "") not in {"", "0", "false"}

OURS = "https://w3id.org/icrc-korea/"
RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
RDFS = "http://www.w3.org/2000/01/rdf-schema#"
OWL = "http://www.w3.org/2002/07/owl#"
SKOS = "http://www.w3.org/2004/02/skos/core#"
RDF_TYPE = RDF + "type"


class Standard(NamedTuple):
    """Where to read a standard: its npm package, and its file in a folder of standards."""

    name: str
    package: str | None
    file: str | None


STANDARDS = {
    "http://purl.org/spar/cito/": Standard("CiTO", None, "cito*.ttl"),
    "http://www.cidoc-crm.org/cidoc-crm/": Standard("CIDOC CRM", "crm", "CIDOC_CRM_*.rdf"),
    "http://www.cidoc-crm.org/extensions/crminf/": Standard("CRMinf", None, "CRMinf_*.rdf"),
    "http://purl.org/dc/terms/": Standard("DCMI Terms", "dcterms", "dublin-core-terms.ttl"),
    "http://purl.org/spar/doco/": Standard("DoCO", None, "doco*.ttl"),
    "http://purl.org/spar/fabio/": Standard("FaBiO", None, "fabio*.ttl"),
    "http://xmlns.com/foaf/0.1/": Standard("FOAF", "foaf", "foaf.ttl"),
    "http://iflastandards.info/ns/lrm/lrmoo/": Standard("LRMoo", None, "LRMoo_*.rdf"),
    "http://www.w3.org/ns/oa#": Standard("Web Annotation", "oa", "ns_oa.ttl"),
    "http://www.w3.org/ns/org#": Standard("ORG", "org", "ns_org.ttl"),
    OWL: Standard("OWL", "owl", None),
    "http://www.w3.org/ns/prov#": Standard("PROV-O", "prov", "ns_prov-o.ttl"),
    RDF: Standard("RDF", "rdf", None),
    RDFS: Standard("RDF Schema", "rdfs", None),
    "https://www.ica.org/standards/RiC/ontology#": Standard("RiC-O", "rico", "rico_*.rdf"),
    "https://schema.org/": Standard("schema.org", "schema", "schemaorg.ttl"),
    "http://semanticweb.cs.vu.nl/2009/11/sem/": Standard("SEM", "sem", None),
    SKOS: Standard("SKOS", "skos", "skos_w3.ttl"),
    "http://www.w3.org/2001/XMLSchema#": Standard("XML Schema datatypes", "xsd", None),
}

# Standards that no package registry carries: CI reads them where a folder has them, and does
# without where none does. Everything else must be read in CI.
NOT_IN_A_REGISTRY = {
    "CiTO": "the SPAR ontologies are published on purl.org only",
    "DoCO": "the SPAR ontologies are published on purl.org only",
    "FaBiO": "the SPAR ontologies are published on purl.org only",
    "CRMinf": "the extensions of CIDOC CRM are published on cidoc-crm.org only",
    "LRMoo": "published by IFLA and on cidoc-crm.org only",
}

CLASSES = {OWL + "Class", RDFS + "Class", RDFS + "Datatype"}
PROPERTIES = {
    RDF + "Property",
    OWL + "AnnotationProperty",
    OWL + "DatatypeProperty",
    OWL + "ObjectProperty",
    OWL + "OntologyProperty",
}

# What an alignment says, and the kind of term that it must point at.
CLASS_LINKS = {RDFS + "subClassOf", OWL + "equivalentClass", RDFS + "domain", RDFS + "range"}
PROPERTY_LINKS = {RDFS + "subPropertyOf", OWL + "equivalentProperty", OWL + "inverseOf"}
MATCHES = {SKOS + m + "Match" for m in ("exact", "close", "broad", "narrow", "related")}

FORMATS = {
    ".nq": RdfFormat.N_QUADS,
    ".nt": RdfFormat.N_TRIPLES,
    ".owl": RdfFormat.RDF_XML,
    ".rdf": RdfFormat.RDF_XML,
    ".ttl": RdfFormat.TURTLE,
}


class Use(NamedTuple):
    """A term of another vocabulary in our ontology, and the triple that needs it."""

    term: str
    kind: str  # class, property, any, or page
    where: str


def triples(path: Path) -> Iterator[Quad]:
    return iter(parse(path=str(path), format=FORMATS[path.suffix], base_iri="urn:x-file:"))


@cache
def declarations(path: Path) -> dict[str, set[str]]:
    """The terms that a standard's file declares (gives a type), with their types."""
    declared: dict[str, set[str]] = {}
    for quad in triples(path):
        if quad.predicate.value == RDF_TYPE and isinstance(quad.subject, NamedNode):
            # schema.org is one vocabulary under two schemes; we write https
            term = quad.subject.value.replace("http://schema.org/", "https://schema.org/", 1)
            if isinstance(quad.object, NamedNode):
                declared.setdefault(term, set()).add(quad.object.value)
    return declared


def folders() -> list[Path]:
    named = os.environ.get("ICRC_KOREA_VOCAB")
    return [Path(named)] if named else [ROOT.parent / "shared" / "vocab"]


def copies(standard: Standard) -> list[Path]:
    """The files of a standard that are at hand, from the packages and from the folder."""
    found: list[Path] = []
    if standard.package:
        found += PACKAGES.glob(f"{standard.package}/{standard.package}.nq")
    if standard.file:
        found += (path for folder in folders() for path in folder.glob(standard.file))
    return sorted(found)


def uses_in(paths: Iterable[Path]) -> list[Use]:
    """Every term of another vocabulary in these files that a reader would have to look up."""
    quads = [(path, quad) for path in paths for quad in triples(path)]
    types: dict[str, set[str]] = {}
    for _, quad in quads:
        if quad.predicate.value == RDF_TYPE and isinstance(quad.subject, NamedNode):
            types.setdefault(quad.subject.value, set()).add(str(quad.object).strip("<>"))
    uses = []
    for path, quad in quads:
        where = f"{path.name}: {quad.subject} {quad.predicate} {quad.object}"
        uses.append(Use(quad.predicate.value, "property", where))
        if isinstance(quad.object, NamedNode):
            kind = expected_kind(quad, quad.object.value, types)
            uses.append(Use(quad.object.value, kind, where))
        elif isinstance(quad.object, Literal):
            uses.append(Use(quad.object.datatype.value, "class", where))
    return [use for use in uses if not use.term.startswith(OURS) and use.kind != "page"]


def expected_kind(quad: Quad, term: str, types: dict[str, set[str]]) -> str:
    """What the term in this triple must be: a class, a property, any term, or a page of no vocabulary."""
    link = quad.predicate.value
    if link in CLASS_LINKS or link == RDF_TYPE:
        return "class"
    if link in PROPERTY_LINKS:
        return "property"
    if link in MATCHES and isinstance(quad.subject, NamedNode):
        own = types.get(quad.subject.value, set())
        return "class" if own & CLASSES else "property" if own & PROPERTIES else "any"
    return "any" if link in MATCHES or namespace_of(term) else "page"


def namespace_of(term: str) -> str | None:
    return max((ns for ns in STANDARDS if term.startswith(ns)), key=len, default=None)


def faults(uses: Iterable[Use], file: Path) -> list[str]:
    """What is wrong with these uses by the standard's file, a line each."""
    declared = declarations(file)
    kinds = {"class": CLASSES, "property": PROPERTIES}
    found = set()
    for use in uses:
        if use.term not in declared:
            found.add(f"{use.term} is not declared in {file.name} ({use.where})")
        elif use.kind in kinds and not declared[use.term] & kinds[use.kind]:
            found.add(f"{use.term} is no {use.kind} in {file.name} ({use.where})")
    return sorted(found)


ONTOLOGY_FILES = [path for path in sorted(ONTOLOGY.rglob("*.ttl")) if path.name != "prefixes.ttl"]


@cache
def used() -> dict[str | None, list[Use]]:
    by_namespace: dict[str | None, list[Use]] = {}
    for use in uses_in(ONTOLOGY_FILES):
        by_namespace.setdefault(namespace_of(use.term), []).append(use)
    return by_namespace


def test_every_vocabulary_in_use_is_a_known_standard() -> None:
    unknown = sorted({f"{use.term} ({use.where})" for use in used().get(None, [])})
    if unknown:
        pytest.fail("not in a vocabulary of STANDARDS:\n" + "\n".join(unknown), pytrace=False)


def test_the_alignments_reach_each_promised_standard() -> None:
    aligned = {namespace_of(use.term) for use in uses_in([ONTOLOGY / "alignments.ttl"])}
    names = {STANDARDS[namespace].name for namespace in aligned if namespace}
    assert names >= {"RiC-O", "CIDOC CRM", "CRMinf", "PROV-O", "Web Annotation", "SEM"}
    assert names >= {"FaBiO", "CiTO", "DoCO", "ORG", "schema.org"}


@pytest.mark.parametrize("namespace", STANDARDS, ids=[s.name for s in STANDARDS.values()])
def test_aligned_terms_are_declared_by_the_standard(namespace: str) -> None:
    standard = STANDARDS[namespace]
    uses = used().get(namespace)
    if not uses:
        pytest.skip(f"the ontology uses no term of {standard.name}")
    files = copies(standard)
    if not files:
        missing = f"no file of {standard.name} at hand"
        if standard.name in NOT_IN_A_REGISTRY:
            pytest.skip(f"{missing}: {NOT_IN_A_REGISTRY[standard.name]}")
        if IN_CI:
            pytest.fail(f"{missing}, and CI must read it: `make vocabularies`", pytrace=False)
        pytest.skip(f"{missing}: `make vocabularies` fetches it")
    found = [fault for file in files for fault in faults(uses, file)]
    if found:
        pytest.fail("\n".join(found), pytrace=False)


def test_whatever_no_registry_carries_has_no_package() -> None:
    without = {standard.name for standard in STANDARDS.values() if standard.package is None}
    assert without == set(NOT_IN_A_REGISTRY)


# --- the test itself can fail ------------------------------------------------

STANDARD = """
@prefix owl: <http://www.w3.org/2002/07/owl#> .
@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .
@prefix prov: <http://www.w3.org/ns/prov#> .
prov:Entity a owl:Class .
prov:used a owl:ObjectProperty .
prov:mentionedOnly rdfs:seeAlso prov:Entity .
"""

ALIGNMENTS = """
@prefix kw: <https://w3id.org/icrc-korea/ontology#> .
@prefix owl: <http://www.w3.org/2002/07/owl#> .
@prefix prov: <http://www.w3.org/ns/prov#> .
@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .
@prefix skos: <http://www.w3.org/2004/02/skos/core#> .
kw:Source a owl:Class ; {alignment} .
"""


@pytest.mark.parametrize(
    ("alignment", "fault"),
    [
        ("rdfs:subClassOf prov:Entity", None),
        ("skos:closeMatch prov:Entity", None),
        ("rdfs:subClassOf prov:MadeUp", "prov#MadeUp is not declared"),
        ("skos:closeMatch prov:MadeUp", "prov#MadeUp is not declared"),
        ("prov:madeUp 'a value'", "prov#madeUp is not declared"),
        ("rdfs:subClassOf prov:mentionedOnly", "prov#mentionedOnly is not declared"),
        ("rdfs:subClassOf prov:used", "prov#used is no class"),
        ("skos:closeMatch prov:used", "prov#used is no class"),
        ("rdfs:subPropertyOf prov:Entity", "prov#Entity is no property"),
    ],
)
def test_a_made_up_or_misused_term_is_reported(alignment: str, fault: str | None, tmp_path: Path) -> None:
    standard, ours = tmp_path / "prov.ttl", tmp_path / "alignments.ttl"
    standard.write_text(STANDARD, encoding="utf-8")
    ours.write_text(ALIGNMENTS.format(alignment=alignment), encoding="utf-8")
    prov = [use for use in uses_in([ours]) if use.term.startswith("http://www.w3.org/ns/prov#")]
    found = faults(prov, standard)
    assert prov
    assert [fault in line for line in found] == [True] if fault else not found


def test_a_vocabulary_that_nobody_listed_is_reported(tmp_path: Path) -> None:
    ours = tmp_path / "alignments.ttl"
    alignment = "rdfs:subClassOf <http://example.org/other#Thing>"
    ours.write_text(ALIGNMENTS.format(alignment=alignment), encoding="utf-8")
    assert [use.term for use in uses_in([ours]) if namespace_of(use.term) is None] == ["http://example.org/other#Thing"]
