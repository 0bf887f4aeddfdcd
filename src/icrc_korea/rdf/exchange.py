"""Translates between pyoxigraph and rdflib."""

from __future__ import annotations

from pyoxigraph import BlankNode, Literal, NamedNode

from .spaces import XSD

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    import rdflib

    from .terms import Quad, Term

def to_rdflib(term: Term) -> rdflib.term.Node:
    """A term as rdflib has it, its lexical form untouched."""
    import rdflib

    if isinstance(term, NamedNode):
        return rdflib.URIRef(term.value)
    if isinstance(term, BlankNode):
        return rdflib.BNode(term.value)
    if term.language:
        return rdflib.Literal(term.value, lang=term.language)
    kind = term.datatype.value
    datatype = None if kind == XSD + "string" else rdflib.URIRef(kind)
    return rdflib.Literal(term.value, datatype=datatype, normalize=False)


def from_rdflib(term: rdflib.term.Node) -> NamedNode | BlankNode | Literal:
    """An rdflib term as this store has it."""
    import rdflib

    if isinstance(term, rdflib.URIRef):
        return NamedNode(str(term))
    if isinstance(term, rdflib.Literal):
        if term.language:
            return Literal(str(term), language=term.language)
        return (
            Literal(str(term), datatype=NamedNode(str(term.datatype)))
            if term.datatype
            else Literal(str(term))
        )
    return BlankNode(str(term))


def rdflib_graph(quads: Iterable[Quad]) -> rdflib.Graph:
    """The triples of the quads as one rdflib graph."""
    import rdflib

    graph = rdflib.Graph()
    for quad in quads:
        graph.add((to_rdflib(quad.subject), to_rdflib(quad.predicate), to_rdflib(quad.object)))
    return graph
