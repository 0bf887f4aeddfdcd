"""Brings together the candidates for a thing, each weighed, without those rejected."""

from __future__ import annotations

from .scoring import Candidate, rank, weigh

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from ..dataset.facts import Graph
    from .items import Item
    from .judgements import Judgements
    from .services import Service
    from .things import Thing

LIMIT = 10
NAMED_IN = ("P31", "P39", "P17", "P131", "P159", "P276")  # their values are compared by name


class Finder:
    """Finds candidates through one service, with the judgements that there are."""

    def __init__(self, service: Service, judgements: Judgements, limit: int = LIMIT) -> None:
        self.service, self.judgements, self.limit = service, judgements, limit
        self._labels: dict[str, Item] = {}

    def candidates(self, thing: Thing) -> list[Candidate]:
        """The candidates for a thing, best first; never one that was rejected for it."""
        rejected = self.judgements.rejected(thing.id)
        found = {number: how for number, how in self.service.find(thing, self.limit).items() if number not in rejected}
        items = self.service.items(found)
        self._name(items.values())
        scores: dict[str, float] = getattr(self.service, "scores", {})
        weighed: dict[str, Candidate] = {}
        for number, item in items.items():
            if item.id in rejected or item.id in weighed:  # an item merged into another comes under its number
                continue
            one = weigh(thing, item, self._labels, found.get(number, found.get(item.id, "")))
            weighed[item.id] = Candidate(one.item, one.features, one.found, scores.get(number))
        return rank(weighed.values())[: self.limit]

    def item(self, number: str) -> Item | None:
        """One item."""
        return next(iter(self.service.items([number]).values()), None)

    def weigh(self, thing: Thing, item: Item) -> Candidate:
        """One item weighed against a thing."""
        self._name([item])
        return weigh(thing, item, self._labels)

    def _name(self, items: Iterable[Item]) -> None:
        """Fetches the names of what the items name: classes, offices, countries."""
        known = list(items)
        self._labels |= {item.id: item for item in known}
        wanted = {number for item in known for prop in NAMED_IN for number in item.values(prop)} - self._labels.keys()
        if wanted:
            self._labels |= self.service.items(sorted(wanted))


def candidates(
    graph: Graph, term: str, service: Service, also: Iterable[str] = (), limit: int = LIMIT
) -> list[Candidate]:
    """What a service proposes for one thing of a graph, best first; `also` are further names to look under."""
    from .judgements import Judgements
    from .things import Things

    thing = Things(graph).read(graph.resolve(term), also)
    return Finder(service, Judgements(graph.layout), limit).candidates(thing) if thing.names else []
