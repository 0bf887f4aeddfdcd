"""Gives what Wikidata's tools take of the graph: statements, a catalogue, a schema; sends nothing."""

from __future__ import annotations

from dataclasses import dataclass, field

from ...errors import RemoteError, UsageError
from . import quickstatements
from .contribution import HAS, HELD, commands, linked, offers
from .listing import MIXED, SCHEMA, catalogue, schema

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from ...dataset.facts import Graph
    from ..items import Item
    from .contribution import Offer

KINDS = ("Person", "Organisation")
FORMS = ("v1", "csv", MIXED, SCHEMA)


@dataclass(frozen=True)
class Contribution:
    """Text for one of Wikidata's tools, in as many tables as it needs, and why each statement may go or not."""

    tables: tuple[str, ...]
    offers: tuple[Offer, ...] = field(default=(), repr=False)
    day: str = ""  # when Wikidata was read, as far back as the oldest answer; '' if nothing was compared

    @property
    def going(self) -> int:
        """How many statements are in the text."""
        return len(commands(self.offers))

    @property
    def had(self) -> int:
        """How many statements Wikidata has already."""
        return sum(one.verdict == HAS for one in self.offers)

    @property
    def held(self) -> int:
        """How many statements stay here."""
        return sum(one.verdict == HELD for one in self.offers)


def contribute(
    graph: Graph,
    form: str = "v1",
    kind: str = "Person",
    *,
    unchecked: bool = False,
    cache: str | Path | None = None,
    api: str | None = None,
    tell: Callable[[int, int, str], None] = lambda *_: None,
) -> Contribution:
    """What the graph can give: `v1` or `csv` of QuickStatements, a `mixnmatch` catalogue, an `entityschema` of a class.

    It is compared with what was read from Wikidata before, which `cache` holds, unless it may go `unchecked`.
    """
    if form not in FORMS:
        raise UsageError(f"there is no form called {form!r}", "write one of " + ", ".join(FORMS))
    if form == MIXED:
        from ..judgements import Judgements

        return Contribution((catalogue(graph, Judgements(graph.layout)),))
    if form == SCHEMA:
        if kind not in KINDS:
            raise UsageError(f"there is no schema for {kind!r}", "write one of " + ", ".join(KINDS))
        return Contribution((schema(graph, kind),))
    items, day = ({}, "") if unchecked else _known(linked(graph), cache, api)
    tell(0, 1, "comparing with Wikidata")
    found = tuple(offers(graph, items, unchecked))
    going = commands(found)
    tables = [quickstatements.v1(going)] if form == "v1" else quickstatements.csv(going)
    return Contribution(tuple(table for table in tables if table), found, day)


def _known(wanted: set[str], cache: str | Path | None, api: str | None) -> tuple[dict[str, Item], str]:
    """What was read of these items, and the day of the oldest answer; asks nobody."""
    from ..opening import open_service

    wikidata = open_service(api=api, cache=cache, offline=True)
    items: dict[str, Item] = {}
    for number in sorted(wanted):
        try:
            items |= wikidata.items([number])
        except RemoteError:
            continue  # never asked
    if wanted and not items:
        raise UsageError(
            f"nothing was ever read from Wikidata into {wikidata.asker.cache.folder}, so nobody knows what it lacks",
            "read it first with `icrc-korea enrich --contact you@example.org`, or give --unchecked",
        )
    return items, min((when[:10] for when in wikidata.dates.values()), default="")
