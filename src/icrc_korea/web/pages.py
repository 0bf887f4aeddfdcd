"""Gives the pages of a served graph to the job that writes them."""

from __future__ import annotations

from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

from ..pages.site import Site

if TYPE_CHECKING:
    from ..graph import KnowledgeGraph

_SITES: WeakKeyDictionary[KnowledgeGraph, Site] = WeakKeyDictionary()


def page(graph: KnowledgeGraph, path: str, language: str, fields: dict[str, str]) -> bytes | None:
    """One page as HTML; None if there is none at this path."""
    site = _SITES.get(graph)
    if site is None:
        site = _SITES[graph] = Site(graph, served=True)
    return site.page(path, language, fields)
