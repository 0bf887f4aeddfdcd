"""Answers a federated question: items chosen here, asked about at Wikidata, joined here."""

from __future__ import annotations

from ..asking.federated import Halves, as_quads
from ..rdf.terms import NamedNode
from .items import ENTITY, is_item

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..asking.questions import Question
    from ..dataset.facts import Graph
    from ..rdf.answer import Answer
    from .query_service import QueryService

MOST_ITEMS = 400  # asked about at once: the query still fits into what the service takes


def ask(graph: Graph, question: Question, service: QueryService) -> tuple[Answer, str]:
    """The answer, and when Wikidata's half of it was given."""
    halves = Halves(question.body())
    rows: list[dict[str, dict[str, str]]] = []
    date = ""
    chosen = _chosen(graph, halves)
    for start in range(0, len(chosen), MOST_ITEMS):
        found, when = service.select(halves.there(chosen[start : start + MOST_ITEMS], graph.layout))
        rows += found
        date = min(filter(None, (date, when)))
    return graph.ask_with(halves.here(), as_quads(rows)), date


def explain(graph: Graph, question: Question) -> str:
    """The question as a store takes it that may ask others: SERVICE with our items in it."""
    halves = Halves(question.body())
    return halves.whole(_chosen(graph, halves), graph.layout)


def _chosen(graph: Graph, halves: Halves) -> list[list[NamedNode]]:
    """The items that are asked about: nothing but numbers of Wikidata leaves this machine."""
    found = []
    for row in graph.query(halves.choosing()).rows:
        items = [term for term in row if isinstance(term, NamedNode) and is_item(term.value.removeprefix(ENTITY))]
        if len(items) == len(row):
            found.append(items)
    return found
