"""Describes the service: its formats, limits and dataset, and the questions as examples for editors."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..rdf.results import ROWS, TRIPLES
from ..rdf.spaces import BASE, CATALOGUE
from .negotiation import chosen, encoding, wants_page
from .problem import Problem

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

    from .serving import Serving

FORMATS = "http://www.w3.org/ns/formats/"
NAMES = {
    "json": "SPARQL_Results_JSON", "xml": "SPARQL_Results_XML", "csv": "SPARQL_Results_CSV",
    "tsv": "SPARQL_Results_TSV", "turtle": "Turtle", "ntriples": "N-Triples", "jsonld": "JSON-LD", "trig": "TriG",
    "nquads": "N-Quads", "rdfxml": "RDF_XML",
}  # fmt: skip
SERVICE = """\
PREFIX sd: <http://www.w3.org/ns/sparql-service-description#>
PREFIX void: <http://rdfs.org/ns/void#>
PREFIX limits: <{base}service#>
CONSTRUCT {{
  ?service a sd:Service ; sd:endpoint ?endpoint ; sd:supportedLanguage sd:SPARQL11Query ;
    sd:resultFormat {formats} ;
    limits:timeLimit {time} ; limits:memoryLimit {memory} ; limits:rowLimit {rows} ; limits:byteLimit {bytes} ;
    sd:defaultDataset ?dataset .
  ?dataset a sd:Dataset, void:Dataset ; sd:defaultGraph ?merged .
  ?merged a sd:Graph ; void:triples ?size .
  ?dataset sd:namedGraph ?place .
  ?place a sd:NamedGraph ; sd:name ?graph ; sd:graph ?content .
  ?content a sd:Graph ; void:triples ?number .
}} WHERE {{
  BIND (IRI("{endpoint}") AS ?endpoint) BIND (IRI("{endpoint}#service") AS ?service)
  BIND (<{base}dataset> AS ?dataset) BIND (<{base}dataset#merged> AS ?merged)
  {{ SELECT (COUNT(*) AS ?size) {{ ?s ?p ?o }} }}
  OPTIONAL {{
    {{ SELECT ?graph (COUNT(*) AS ?number) {{ GRAPH ?graph {{ ?s ?p ?o }} }} GROUP BY ?graph }}
    BIND (IRI(CONCAT("{base}dataset#", ENCODE_FOR_URI(STR(?graph)))) AS ?place)
    BIND (IRI(CONCAT("{base}dataset#content-", ENCODE_FOR_URI(STR(?graph)))) AS ?content)
  }}
}}
"""
VOID = """\
PREFIX void: <http://rdfs.org/ns/void#>
PREFIX dcterms: <http://purl.org/dc/terms/>
PREFIX owl: <http://www.w3.org/2002/07/owl#>
CONSTRUCT {{
  ?dataset a void:Dataset ; dcterms:title "The ICRC in the Korean War, 1950–1953, as linked data"@en,
      "Le CICR dans la guerre de Corée, 1950-1953, en données liées"@fr,
      "한국전쟁과 국제적십자위원회, 1950–1953: 연결 데이터"@ko ;
    void:sparqlEndpoint ?endpoint ; void:uriSpace "{base}id/" ; dcterms:license ?license ; owl:versionInfo ?version ;
    void:triples ?triples ; void:distinctSubjects ?subjects ;
    void:classPartition ?part ; void:propertyPartition ?use .
  ?part void:class ?class ; void:entities ?entities .
  ?use void:property ?property ; void:triples ?uses .
}} WHERE {{
  BIND (IRI("{endpoint}") AS ?endpoint) BIND (<{base}dataset> AS ?dataset)
  {{ SELECT (COUNT(*) AS ?triples) (COUNT(DISTINCT ?s) AS ?subjects) {{ ?s ?p ?o }} }}
  OPTIONAL {{ <{base}ontology> dcterms:license ?license }}
  OPTIONAL {{ <{base}ontology> owl:versionInfo ?version }}
  {{
    SELECT ?class (COUNT(DISTINCT ?thing) AS ?entities) {{ ?thing a ?class FILTER (isIRI(?class)) }} GROUP BY ?class
  }} UNION {{ SELECT ?property (COUNT(*) AS ?uses) {{ ?a ?property ?b }} GROUP BY ?property }}
  BIND (IRI(CONCAT("{base}dataset#class-", ENCODE_FOR_URI(STR(?class)))) AS ?part)
  BIND (IRI(CONCAT("{base}dataset#property-", ENCODE_FOR_URI(STR(?property)))) AS ?use)
}}
"""
EXAMPLES = "CONSTRUCT {{ ?s ?p ?o }} WHERE {{ GRAPH <{catalogue}> {{ ?s ?p ?o }} }}"


async def service(serving: Serving, request: Request) -> Response:
    """The description of the service, where no query is asked; for a browser the editor, where there are pages."""
    if wants_page(request.headers.get("accept", "")) and serving.has_pages:
        return await serving.page(request, "sparql")
    limits = serving.limits
    formats = ", ".join(f"<{FORMATS}{NAMES[name]}>" for name in (*ROWS, *TRIPLES))
    numbers = {"time": f"{limits.seconds:g}", "memory": limits.memory, "rows": limits.rows, "bytes": limits.bytes}
    return await _constructed(serving, request, SERVICE.format(
        base=BASE, endpoint=endpoint_of(serving, request), formats=formats, **numbers))  # fmt: skip


async def void(serving: Serving, request: Request) -> Response:
    """What the dataset is, in VoID."""
    return await _constructed(serving, request, VOID.format(base=BASE, endpoint=endpoint_of(serving, request)))


async def examples(serving: Serving, request: Request) -> Response:
    """The questions of the catalogue as editors read examples."""
    return await _constructed(serving, request, EXAMPLES.format(catalogue=CATALOGUE))


async def _constructed(serving: Serving, request: Request, text: str) -> Response:
    accept = request.headers.get("accept", "")
    form = "turtle" if wants_page(accept) else chosen(accept, TRIPLES)
    if not form:
        offers = ", ".join(types[0] for types in TRIPLES.values())
        raise Problem(406, "none of the formats asked for is there", f"accept {offers}")
    head = {"job": "sparql", "forms": ["", form], "encoding": encoding(request.headers.get("accept-encoding", ""))}
    return await serving.answer(request, serving.asking, head, text.encode())


def endpoint_of(serving: Serving, request: Request) -> str:
    """The address of the endpoint as the client sees it; the Host was checked before."""
    return f"{serving.base_of(request)}/sparql"
