"""Names the namespaces used throughout."""

from __future__ import annotations

BASE = "https://w3id.org/icrc-korea/"
KW = BASE + "ontology#"
THINGS = BASE + "id/"
PASSAGES = BASE + "id/passage/"
CLAIMS = BASE + "id/claim/"
GRAPHS = BASE + "graph/"
LINKS = GRAPHS + "links"
CATALOGUE = GRAPHS + "catalogue"
RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
DCT = "http://purl.org/dc/terms/"
RDFS = "http://www.w3.org/2000/01/rdf-schema#"
OWL = "http://www.w3.org/2002/07/owl#"
SKOS = "http://www.w3.org/2004/02/skos/core#"
XSD = "http://www.w3.org/2001/XMLSchema#"
