"""Gives the terms of RDF and their readable forms."""

from __future__ import annotations

import pyoxigraph
from pyoxigraph import BlankNode, DefaultGraph, Literal, NamedNode, RdfFormat

from .spaces import RDF, SKOS, XSD

TYPE_CHECKING = False
if TYPE_CHECKING:
    from datetime import date
    from typing import Any

    from .prefixes import Prefixes

    Term = NamedNode | BlankNode | Literal
    Value = str | int | float | bool | date | None

    # pyoxigraph allows more in each place than our data ever holds: blank nodes as graphs, triples in
    # triples. The rest of the project is written against what it holds; only lists in the ontology
    # have blank nodes, and code that meets them asks with isinstance.
    class Triple:
        """Subject, predicate, object."""

        subject: NamedNode
        predicate: NamedNode
        object: Any

        def __init__(self, subject: Any, predicate: Any, object: Any) -> None: ...  # noqa: A002

    class Quad(Triple):
        """A triple in a graph."""

        graph_name: NamedNode
        triple: Triple

        def __init__(self, subject: Any, predicate: Any, object: Any, graph_name: Any = ...) -> None: ...  # noqa: A002
else:
    from pyoxigraph import Quad, Triple

__all__ = ["BlankNode", "DefaultGraph", "Literal", "NamedNode", "Quad", "Triple"]

engine: Any = pyoxigraph  # typed loosely: its stubs allow more than the classes above
TYPE = NamedNode(RDF + "type")
LABELS = tuple(NamedNode(SKOS + name) for name in ("prefLabel", "altLabel", "hiddenLabel"))
TEXT_FORMATS = {
    "turtle": RdfFormat.TURTLE,
    "trig": RdfFormat.TRIG,
    "nquads": RdfFormat.N_QUADS,
    "ntriples": RdfFormat.N_TRIPLES,
    "jsonld": RdfFormat.JSON_LD,
    "rdfxml": RdfFormat.RDF_XML,
}


def readable(term: Term | None, layout: Prefixes) -> str:
    """A term as people read it: the CURIE, or the literal's own text."""
    if term is None:
        return ""
    if isinstance(term, NamedNode):
        return layout.shrink(term.value)
    if hasattr(term, "subject"):  # a triple term of RDF 1.2
        parts = (readable(getattr(term, name), layout) for name in ("subject", "predicate", "object"))
        return f"<<( {' '.join(parts)} )>>"
    return term.value if isinstance(term, Literal) else str(term)


def plain(term: Term | None, layout: Prefixes) -> Value:
    """A term as a Python value: numbers, days and truth values as such, all else as `readable` text."""
    if isinstance(term, Literal):
        kind = term.datatype.value.removeprefix(XSD)
        if kind == "boolean":
            return term.value in ("true", "1")
        try:
            if kind in ("integer", "nonNegativeInteger", "positiveInteger", "int", "long"):
                return int(term.value)
            if kind in ("decimal", "double", "float"):
                return float(term.value)
            if kind == "date":
                from datetime import date

                return date.fromisoformat(term.value)
        except ValueError:
            return term.value
    return None if term is None else readable(term, layout)


def written(term: Term, layout: Prefixes) -> str:
    """A term as SPARQL writes it, with the shared prefixes."""
    if isinstance(term, NamedNode):
        return layout.shrink(term.value)
    if isinstance(term, Literal) and term.datatype.value.startswith(XSD) and not term.language:
        kind = term.datatype
        return str(Literal(term.value)) + ("" if kind.value == XSD + "string" else f"^^{layout.shrink(kind.value)}")
    return str(term)
