"""Finds the thing that a person means: by a prefixed name, an IRI, or a name in any language and spelling."""

from __future__ import annotations

from ..errors import UnknownTerm, UsageError, nearest, shown
from ..rdf.spaces import BASE
from ..rdf.terms import TYPE, Literal, NamedNode
from .facts import NAMES, folded

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from ..rdf.answer import Asked
    from ..rdf.prefixes import Prefixes

    Meant = tuple[str, list[str]]  # the IRI of a thing or '', the names of others


class Names:
    """The names of everything in one dataset, read when the first label is looked for."""

    def __init__(
        self, layout: Prefixes, part: Callable[[set[str] | None], Asked], meant: Callable[[str], Meant]
    ) -> None:
        """`part` gives the merged graph, or the triples with some predicates.

        `meant` is asked for a name that stands nowhere as it is written: the IRI of the one thing that it is a way to
        name, '' if there is none, with the names of what is near.
        """
        self.layout, self._slice, self._meant = layout, part, meant
        self._names: dict[str, dict[str, int]] | None = None  # folded name -> thing -> rank of that name

    def resolve(self, term: str | NamedNode) -> str:
        """The IRI of a thing given as CURIE, IRI or label in any language, or as a term of an answer.

        UnknownTerm if there is none, UsageError for what is no name at all.
        """
        term = written_name(term)
        iri = self.layout.expand(term)
        if iri is not None:
            try:
                node = NamedNode(iri)
            except ValueError:
                raise UnknownTerm(f"nothing in the graph is called {term}", (), "no IRI is written so") from None
            store = self._slice({TYPE.value})
            if any(True for _ in store.match(node)):
                return iri
            if not iri.startswith(BASE) and (ours := self._meant(iri)[0]):
                return ours  # the address of an item that is linked to exactly
            if self._is_mentioned(node):
                return iri
            known = [
                self.layout.shrink(quad.subject.value)
                for quad in store.match()
                if isinstance(quad.subject, NamedNode)
            ]
            raise UnknownTerm(f"nothing in the graph is called {term}", nearest(term, sorted(set(known))))
        return self._by_label(term)

    def _is_mentioned(self, node: NamedNode) -> bool:
        whole = self._slice(None)
        return any(True for _ in whole.match(node)) or any(True for _ in whole.match(None, None, node))

    def _by_label(self, text: str) -> str:
        if self._names is None:
            self._names = {}
            store = self._slice({name.value for name in NAMES})
            for rank, name in enumerate(NAMES):
                for quad in store.match(None, name):
                    if isinstance(quad.object, Literal) and isinstance(quad.subject, NamedNode):
                        name_there = folded(quad.object.value)
                        entry = self._names.setdefault(name_there, {})
                        entry[quad.subject.value] = min(rank, entry.get(quad.subject.value, rank))
        found = self._names.get(folded(text))
        if not found:
            iri, close = self._meant(text)
            if iri:
                return iri
            raise UnknownTerm(f"nothing in the graph is called {text!r}", close)
        best = [iri for iri, rank in found.items() if rank == min(found.values())]
        if len(best) > 1:
            names = sorted(self.layout.shrink(iri) for iri in best)
            raise UnknownTerm(
                f"{text!r} is the name of {len(names)} things", (), "say which: " + ", ".join(names)
            )
        return best[0]


def written_name(term: object) -> str:
    """A term as people write it down: the IRI of a term of an answer, or the text that was given."""
    if isinstance(term, NamedNode):
        return f"<{term.value}>"
    if not isinstance(term, str):
        raise UsageError(f"{shown(term)} names nothing: it is of the type {type(term).__name__}",
                         "give a name, a CURIE, an IRI or a term of an answer")  # fmt: skip
    return term
