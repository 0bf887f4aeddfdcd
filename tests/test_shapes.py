"""Every shape is proved by cases: each `cases/shapes/**/*.bad.ttl` breaks the shape that its first line names
and no other, each `*.good.ttl` breaks none, and no constraint of a named shape is without a case.

`cases/shapes/README.md` says how a case is written.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from pathlib import Path

import pyshacl
import pytest
from rdflib import RDF, RDFS, SH, Graph, URIRef
from rdflib.term import Node

from icrc_korea.checking.engines import Result, read_report, validate
from icrc_korea.checking.in_sparql import Compiled, subclasses
from icrc_korea.content.layout import Layout
from icrc_korea.graph import KnowledgeGraph
from icrc_korea.publishing.export import PARTS
from icrc_korea.rdf.exchange import from_rdflib
from icrc_korea.rdf.reading import parse, read_text
from icrc_korea.rdf.store import Store
from icrc_korea.rdf.terms import Quad

HERE = Path(__file__).parent
LAYOUT = Layout.find(HERE.parent)
CASES = HERE / "cases" / "shapes"
GOOD, BAD = sorted(CASES.rglob("*.good.ttl")), sorted(CASES.rglob("*.bad.ttl"))
PREFIXES = "".join(f"@prefix {name}: <{space}> .\n" for name, space in LAYOUT.prefixes.items())
# what a shape says besides its constraints, and what only completes another constraint
NO_CONSTRAINTS = {RDF.type, SH.path, SH.property, SH.message, SH.severity, SH.description, SH.name}
NO_CONSTRAINTS |= {SH.targetClass, SH.targetNode, SH.targetSubjectsOf, SH.targetObjectsOf, SH.qualifiedValueShape}
NO_CONSTRAINTS |= {SH.flags, SH.ignoredProperties, SH.deactivated, SH.order, SH.group}

Broken = set[tuple[str, Node | None]]  # shapes and the kinds of constraint in them that were broken


def name_of(case: Path) -> str:
    return case.relative_to(CASES).as_posix().removesuffix(".ttl")


def expected(case: Path) -> str:
    first = case.read_text(encoding="utf-8").partition("\n")[0]
    assert first.startswith("# expect: shape:"), f"{name_of(case)} must begin with `# expect: shape:…`, not {first!r}"
    return first.removeprefix("# expect: ").strip()


@cache
def shapes() -> Graph:
    graph = Graph()
    for path in LAYOUT.shapes():
        graph.parse(path)
    return graph


@cache
def around() -> Graph:
    """What each case is read together with: which class is a kind of which, a sentence and an office."""
    ontology = Graph().parse(LAYOUT.root / "ontology" / "core.ttl")
    graph = Graph().parse(data=PREFIXES + (CASES / "beside-each-case.ttl").read_text(encoding="utf-8"))
    for triple in ontology.triples((None, RDFS.subClassOf, None)):
        graph.add(triple)
    return graph


def data_of(case: Path) -> Graph:
    data = Graph() + around()
    return data.parse(data=PREFIXES + case.read_text(encoding="utf-8"), format="turtle")


@cache
def report_on(case: Path) -> Graph:
    return validated(case, shapes())


def validated(case: Path, rules: Graph) -> Graph:
    _, report, text = pyshacl.validate(
        data_of(case), shacl_graph=rules, advanced=True, inference="none", do_owl_imports=False
    )
    assert isinstance(report, Graph), text
    return report


def broken_by(case: Path, rules: Graph) -> Broken:
    report = report_on(case) if rules is shapes() else validated(case, rules)
    return {
        (LAYOUT.shrink(str(report.value(result, SH.sourceShape))), report.value(result, SH.sourceConstraintComponent))
        for result in report.subjects(RDF.type, SH.ValidationResult)
    }


@cache
def broken(case: Path) -> Broken:
    return broken_by(case, shapes())


def constraints() -> dict[str, set[URIRef]]:
    """The named shapes that constrain something, each with the kinds of constraint it has."""
    found: dict[str, set[URIRef]] = {}
    for shape in {term for term in shapes().subjects() if isinstance(term, URIRef)}:
        for parameter in set(shapes().predicates(shape)) - NO_CONSTRAINTS:
            word = str(parameter).removeprefix(str(SH))
            word = "SPARQL" if word == "sparql" else word[0].upper() + word[1:]
            kind = SH[f"{word}ConstraintComponent"]
            found.setdefault(LAYOUT.shrink(str(shape)), set()).add(kind)
    return found


def alternatives() -> set[str]:
    """The named shapes that are only ways to satisfy another one, so that no result ever names them."""
    inside = {item for lists in shapes().objects(None, SH["or"]) for item in shapes().items(lists)}
    return {LAYOUT.shrink(str(shape)) for shape in inside - set(shapes().objects(None, SH.property))}


CONSTRAINTS, ALTERNATIVES = constraints(), alternatives()


@pytest.mark.parametrize("case", GOOD, ids=name_of)
def test_a_good_case_breaks_nothing(case: Path) -> None:
    assert broken(case) == set()


@pytest.mark.parametrize("case", BAD, ids=name_of)
def test_a_bad_case_breaks_the_shape_it_names_and_no_other(case: Path) -> None:
    assert {shape for shape, _ in broken(case)} == {expected(case)}


# --- the same, with the shapes as an export has them --------------------------------------------------------


@pytest.fixture(scope="module")
def exported(graph: KnowledgeGraph) -> Graph:
    """The shapes of an export: in SHACL a path under an IRI would be a plain property."""
    data = graph.export(form="nquads", parts=["shapes"]).decode()
    mark = " <https://w3id.org/icrc-korea/graph/shapes> .\n"
    lines = [line.removesuffix(mark) + " .\n" for line in data.splitlines(keepends=True) if line.endswith(mark)]
    return Graph().parse(data="".join(lines), format="nt")


@pytest.mark.parametrize("case", GOOD + BAD, ids=name_of)
def test_exported_shapes_find_in_a_case_what_the_files_find(case: Path, exported: Graph) -> None:
    assert broken_by(case, exported) == broken(case)


def test_an_export_keeps_its_own_shapes_but_for_what_is_inferred(graph: KnowledgeGraph, exported: Graph) -> None:
    parts = [part for part in PARTS if part not in ("shapes", "inferred")]
    data = graph.export(form="ntriples", parts=parts)
    shapes_of_it = exported.serialize(format="nt", encoding="utf-8")
    assert list(validate(shapes_of_it, data, "turbo")) == []


# --- the same, asked in SPARQL ------------------------------------------------------------------------------


@cache
def compiled() -> Compiled:
    quads = [quad for path in LAYOUT.shapes() for quad in parse(read_text(path, path.name), path.name, "urn:x", {})]
    rows = [(from_rdflib(below), from_rdflib(above)) for below, above in around().subject_objects(RDFS.subClassOf)]
    return Compiled(quads, subclasses(rows))


def told(results: Iterable[Result]) -> set[tuple[str, ...]]:
    """Focus, path, component, value and shape; one blank node is like another."""
    return {
        tuple("_:" if text.startswith("_:") else text for text in (r.focus, r.path, r.component, r.value, r.shape))
        for r in results
    }


def test_every_constraint_of_the_shapes_is_said_in_sparql() -> None:
    assert compiled().unsaid == []
    assert len(compiled().rules) > 100


@pytest.mark.parametrize("case", GOOD + BAD, ids=name_of)
def test_sparql_finds_in_a_case_what_the_reference_finds(case: Path) -> None:
    store = Store(LAYOUT)
    store.merge(Quad(*map(from_rdflib, triple)) for triple in data_of(case))
    found = [result for rule in compiled().rules for result in rule.results(store.query(rule.query))]
    assert told(found) == told(read_report(report_on(case)))


@pytest.mark.parametrize("shape", sorted(set(CONSTRAINTS) - ALTERNATIVES))
def test_every_constraint_of_a_named_shape_has_a_case(shape: str) -> None:
    shown = {kind for case in BAD if expected(case) == shape for name, kind in broken(case) if name == shape}
    missing = sorted(str(kind).removeprefix(str(SH)) for kind in CONSTRAINTS[shape] - shown)
    assert not missing, f"{shape}: no *.bad.ttl breaks its {', '.join(missing)}"


@pytest.mark.parametrize("shape", sorted(ALTERNATIVES))
def test_every_alternative_has_a_good_case_that_needs_it(shape: str) -> None:
    without = Graph() + shapes()
    without.add((URIRef(LAYOUT.expand(shape) or ""), SH["in"], RDF.nil))  # nothing is allowed any more
    assert any(broken_by(case, without) for case in GOOD), f"no *.good.ttl rests on {shape}"


@pytest.mark.parametrize("shape", sorted(set(CONSTRAINTS) - ALTERNATIVES))
def test_every_named_shape_says_what_to_write(shape: str) -> None:
    messages = {text.language: str(text) for text in shapes().objects(URIRef(LAYOUT.expand(shape) or ""), SH.message)}
    assert set(messages) == {"en", "fr", "ko"}
    assert all(text.endswith(".") for text in messages.values())


def test_cases_stand_in_the_folder_of_their_class() -> None:
    classes = {shape.removeprefix("shape:").partition("-")[0] for shape in CONSTRAINTS}
    assert {case.parent.name for case in GOOD + BAD} <= classes | {"Named"}
