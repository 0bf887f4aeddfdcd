"""Gives the likely causes why a query of one's own finds nothing: names, graphs, patterns that are none."""

from __future__ import annotations

from ..errors import nearest
from ..rdf.spaces import BASE
from ..rdf.store import Store
from ..rdf.terms import TYPE, NamedNode

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from ..rdf.answer import Asked
    from ..rdf.prefixes import Prefixes
    from ..rdf.sparql import Tokens

MATCHING = ("REGEX", "REPLACE")  # the functions whose second argument is a pattern


def hints(tokens: Tokens, store: Asked, layout: Prefixes) -> list[str]:
    """What a query names and the graph does not have, each with what to write instead."""
    return [*_unknown_names(tokens, store, layout), *_unknown_graphs(tokens, store, layout), *_patterns(tokens, layout)]


def _unknown_names(tokens: Tokens, store: Asked, layout: Prefixes) -> Iterator[str]:
    """Names in our name spaces, with the nearest that the graph has."""
    for iri in sorted(tokens.named(layout.prefixes) | tokens.iris()):
        if iri.startswith(BASE) and not store.mentions(NamedNode(iri)):
            name = layout.shrink(iri)
            space = iri[: len(iri) - len(name.partition(":")[2])]
            known = {layout.shrink(quad.subject.value) for quad in store.match(None, TYPE)
                     if isinstance(quad.subject, NamedNode) and quad.subject.value.startswith(space)}  # fmt: skip
            close = nearest(name, sorted(known))
            hint = f"did you mean {', '.join(close)}?" if close else "see docs/model.md for what there is"
            yield f"nothing in the graph is called {name}: {hint}"


def _unknown_graphs(tokens: Tokens, store: Asked, layout: Prefixes) -> Iterator[str]:
    """Graphs of FROM that are not here: nothing is fetched from their addresses."""
    for clause, iri in tokens.datasets(layout.prefixes):
        if not iri.startswith(BASE) and not store.mentions(NamedNode(iri)):
            yield (f"there is no graph <{iri}> here, and {clause} fetches none: leave it out to ask everything, "
                   "or see `icrc-korea stats` for the graphs")  # fmt: skip


def _patterns(tokens: Tokens, layout: Prefixes) -> Iterator[str]:
    """Patterns that the engine cannot read: a filter with one lets nothing through."""
    for text in dict.fromkeys(tokens.second_arguments(MATCHING)):
        if Store(layout).query(f'SELECT (REGEX("", {text}) AS ?read) {{}}').rows[0][0] is None:
            yield (f"{text} is no pattern that can be matched: close its brackets, "
                   "or write two backslashes before a sign that is meant as it stands")  # fmt: skip
