"""The catalogue elsewhere: its page, its addresses and its RDF say what queries/ says today; other tools read it."""

from __future__ import annotations

import json
import re
from typing import Any

import pyoxigraph as ox
import pytest
import rdflib
import yaml
from conftest import ROOT
from every import every
from openapi_spec_validator import validate
from rdflib.namespace import RDFS, SH
from rdflib.plugins.sparql.algebra import translateQuery
from rdflib.plugins.sparql.parser import parseQuery
from test_queries import QUESTIONS

from icrc_korea.graph import KnowledgeGraph
from icrc_korea.web import handbook

SCHEMA = rdflib.Namespace("https://schema.org/")
MAKE = "the page is not current: run `make docs`"


def ids(graph: KnowledgeGraph) -> list[str]:
    return [question.id for entries in handbook.questions(graph).values() for question in entries]


# --- the page --------------------------------------------------------------------------------------------


def test_the_page_is_current(graph: KnowledgeGraph) -> None:
    assert (ROOT / "docs" / "questions.md").read_text(encoding="utf-8") == handbook.page(graph), MAKE


def test_the_page_has_every_question_once_with_its_answer(graph: KnowledgeGraph) -> None:
    page = handbook.page(graph)
    assert re.findall(r"^### (.*)$", page, re.M) == ids(graph)
    assert re.findall(r"^icrc-korea query (\S+)", page, re.M) == ids(graph)
    answers = re.findall(r"^\d+ rows?: \[the whole answer\]\(\.\./(.*)\)$|^Answer: (?:yes|no)$", page, re.M)
    assert len(answers) == len(ids(graph))
    assert [path for path in answers if path and not (ROOT / path).is_file()] == []


def test_a_value_cannot_be_taken_for_markup() -> None:
    assert handbook._cell("a|b\n<script>*x*") == "a\\|b \\<script\\>\\*x\\*"
    assert handbook._cell("<https://example.org/a|b>") == "<https://example.org/a%7Cb>"


# --- what a reader would copy ----------------------------------------------------------------------------

SNIPPETS = [
    (path.name, text)
    for path in [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
    for text in re.findall(r"^```sparql\n(.*?)^```", path.read_text(encoding="utf-8"), re.M | re.S)
]


@pytest.fixture(scope="module")
def taken(graph: KnowledgeGraph) -> ox.Store:
    """The Turtle export as a reader has it."""
    store = ox.Store()
    store.bulk_load(graph.export(form="turtle", parts=["claims", "inferred"]), format=ox.RdfFormat.TURTLE)
    return store


@pytest.mark.parametrize(("page", "text"), SNIPPETS)
def test_a_query_of_the_pages_finds_what_it_promises(
    page: str, text: str, graph: KnowledgeGraph, taken: ox.Store
) -> None:
    assert graph.query(text).hints == []
    found = list(taken.query(text, prefixes=graph.layout.prefixes))
    assert bool(found) is not text.startswith("# nothing")


def test_there_are_recipes() -> None:
    assert len([page for page, _ in SNIPPETS if page == "recipes.md"]) > 10


# --- the addresses ---------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def addresses() -> Any:
    return json.loads((ROOT / "docs" / "openapi.json").read_text(encoding="utf-8"))


def test_the_description_is_current_and_valid(addresses: Any, graph: KnowledgeGraph) -> None:
    assert addresses == json.loads(json.dumps(handbook.openapi(graph))), MAKE
    validate(addresses)


def test_each_question_is_an_address_with_its_parameters(addresses: Any, graph: KnowledgeGraph) -> None:
    assert list(addresses["paths"]) == [f"/q/{name}.{{format}}" for name in ids(graph)]
    names = [path["get"]["operationId"] for path in addresses["paths"].values()]
    assert len(set(names)) == len(names)
    for question in graph.every_question():
        if question.id in ids(graph):
            said = addresses["paths"][f"/q/{question.id}.{{format}}"]["get"]
            assert said["summary"] == question.asks()
            own = [parameter["name"] for parameter in said["parameters"] if "name" in parameter]
            assert own == ["format", *question.params]


# --- RDF -------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def catalogue(graph: KnowledgeGraph) -> rdflib.Graph:
    """The catalogue as rdflib reads it in the export."""
    data = graph.export(form="nquads", parts=["catalogue"])
    home = ox.NamedNode("https://w3id.org/icrc-korea/graph/catalogue")
    quads = [q.triple for q in ox.parse(data, format=ox.RdfFormat.N_QUADS) if q.graph_name == home]
    return rdflib.Graph().parse(data=ox.serialize(quads, format=ox.RdfFormat.N_TRIPLES), format="nt")


FORMS = {SH.select: "SELECT", SH.ask: "ASK", SH.construct: "CONSTRUCT"}


def test_each_question_is_executable_as_editors_look_for_it(catalogue: rdflib.Graph, graph: KnowledgeGraph) -> None:
    nodes = set(catalogue.subjects(rdflib.RDF.type, SH.SPARQLExecutable))
    assert {str(node).removeprefix("https://w3id.org/icrc-korea/query/") for node in nodes} == set(ids(graph))
    for node in nodes:
        [form] = [form for form in FORMS if catalogue.value(node, form)]
        assert (node, rdflib.RDF.type, SH[f"SPARQL{FORMS[form].capitalize()}Executable"]) in catalogue
        assert {text.language for text in catalogue.objects(node, RDFS.comment)} >= {"en", "fr", "ko"}, node
        assert catalogue.value(node, SCHEMA.target)
        assert list(catalogue.objects(node, SCHEMA.keywords))


def test_prefixes_are_declared_as_shacl_has_it(catalogue: rdflib.Graph, graph: KnowledgeGraph) -> None:
    [node] = set(catalogue.objects(None, SH.prefixes))
    declared = {
        str(catalogue.value(one, SH.prefix)): str(catalogue.value(one, SH.namespace))
        for one in catalogue.objects(node, SH.declare)
    }
    assert declared == graph.layout.prefixes


def test_each_text_runs_as_it_stands_and_gives_the_answer(catalogue: rdflib.Graph, graph: KnowledgeGraph) -> None:
    """In a store that knows neither our prefixes nor our parameters."""
    store = ox.Store()
    store.bulk_load(graph.built.bytes_of("merged.nt"), format=ox.RdfFormat.N_TRIPLES)
    for name in ids(graph):
        node = rdflib.URIRef(f"https://w3id.org/icrc-korea/query/{name}")
        [text] = [str(value) for form in FORMS for value in catalogue.objects(node, form)]
        found, ours = store.query(text), graph.run(name)
        if isinstance(found, ox.QueryBoolean):
            assert bool(found) == ours.truth, name
        elif isinstance(found, ox.QueryTriples):
            assert {str(t) for t in found} == {str(t) for t in ours.triples or []}, name
        else:
            names = [variable.value for variable in found.variables]
            assert [[row[column] for column in ours.columns] for row in found] == ours.rows, name
            assert set(ours.columns) <= set(names), name


@every("question", QUESTIONS)
def test_grlc_can_read_the_file(question: str) -> None:
    """What its parser asks for; `.ci/run` lets grlc itself read the folders."""
    text = (ROOT / "queries" / f"{question}.rq").read_text(encoding="utf-8")
    header = yaml.safe_load("\n".join(line.lstrip("#+") for line in text.split("\n") if line.startswith("#+")))
    assert isinstance(header["summary"], str)
    assert [tag for tag in header["tags"] if not isinstance(tag, str)] == []
    assert translateQuery(parseQuery(text)).algebra.name in ("SelectQuery", "ConstructQuery", "AskQuery")
