"""Computes the closure with owlrl, to compare with."""

from __future__ import annotations

import re

from ..errors import BuildError
from ..rdf.exchange import from_rdflib, rdflib_graph
from ..rdf.spaces import OWL, RDF
from ..rdf.terms import TYPE, Literal, NamedNode, Triple
from .axioms import ALIGNMENTS, CHAIN, ONTOLOGY, VOCABULARY
from .rules import _fixpoint, _in_graph, is_news

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    import rdflib

    from ..content.layout import Layout
    from ..rdf.terms import Quad
    from .axioms import Rule
    from .rules import Growing

def closure(quads: list[Quad], layout: Layout) -> list[Triple]:
    """What owlrl derives from these quads and is news about our things; BuildError if they contradict."""
    from owlrl import OWLRL_Semantics

    graph = rdflib_graph(_for_closure(quads))
    asserted = set(graph)
    engine = OWLRL_Semantics(graph, axioms=False, daxioms=False, rdfs=False)
    engine.closure()
    if engine.error_messages:
        short = re.sub(
            r"<?(https?://[^\s'\"<>()]*[^\s'\"<>().,])>?",
            lambda match: layout.shrink(match.group(1)),
            "\n  - ".join(sorted(engine.error_messages)),
        )
        raise BuildError(f"the graph contradicts its ontology:\n  - {short}", "correct what it names")
    legal = (triple for triple in graph if triple not in asserted and not _is_text(triple[0]))
    return [triple for triple in (Triple(*map(from_rdflib, terms)) for terms in legal) if is_news(triple)]


def _is_text(term: rdflib.term.Node) -> bool:
    """owlrl also gives triples about literals, which RDF does not know."""
    from rdflib import Literal as Text

    return isinstance(term, Text)


def _for_closure(quads: Iterable[Quad]) -> Iterator[Quad]:
    """The axioms and the triples they speak of: words for people cannot give anything new."""
    quads = list(quads)
    axioms = [quad for quad in quads if quad.graph_name == ONTOLOGY and not isinstance(quad.object, Literal)]
    axioms += [
        q for q in quads if q.graph_name == ALIGNMENTS and q.predicate.value in (CHAIN, RDF + "first", RDF + "rest")
    ]
    used = {term for quad in axioms for term in (quad.subject, quad.object)} | {TYPE}
    denial = {NamedNode(OWL + name) for name in ("sourceIndividual", "assertionProperty", "targetIndividual")}
    yield from axioms
    for quad in quads:
        if quad.graph_name not in (ONTOLOGY, ALIGNMENTS, VOCABULARY) and (
            quad.predicate in used or quad.predicate in denial
        ):
            yield quad


def _by_owlrl(quads: list[Quad], derived: list[Rule], layout: Layout, store: Growing) -> set[Triple]:
    """The same news by owlrl: the derive rules and the closure in turn, until neither gives anything."""
    known = {quad.triple for quad in quads}
    added: set[Triple] = set()
    open_rules = [rule for rule in derived if not rule.closed_world]
    while True:
        before = len(added)
        added |= _fixpoint(open_rules, store)
        fresh = set(closure(quads + _in_graph(added), layout)) - known - added
        store.merge(fresh)
        added |= fresh
        if len(added) == before:
            rest = _fixpoint(derived, store)
            if not rest:
                return set(filter(is_news, added))
            added |= rest
