"""Finds the thing that a person means: by a prefixed name, an IRI, or a label in any language."""

from __future__ import annotations

from ..errors import UnknownTerm, UsageError, nearest, shown
from ..rdf.spaces import THINGS
from ..rdf.terms import TYPE, Literal, NamedNode
from .facts import NAMES, folded

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from ..rdf.answer import Asked
    from ..rdf.prefixes import Prefixes


class Names:
    """The names of everything in one dataset, read when the first label is looked for."""

    def __init__(self, layout: Prefixes, part: Callable[[set[str] | None], Asked]) -> None:
        """`part` gives the merged graph, or the triples with some predicates."""
        self.layout, self._slice = layout, part
        self._names: dict[str, dict[str, int]] | None = None  # folded name -> thing -> rank of that name
        self._spelt: dict[str, str] = {}  # folded name -> as it is written

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
            if any(True for _ in store.match(node)) or self._is_mentioned(node):
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
                        self._spelt.setdefault(name_there, quad.object.value)
                        entry = self._names.setdefault(name_there, {})
                        entry[quad.subject.value] = min(rank, entry.get(quad.subject.value, rank))
        found = self._names.get(folded(text))
        if not found:
            things = [name for name, iris in self._names.items() if any(iri.startswith(THINGS) for iri in iris)]
            close = [self._spelt[name] for name in nearest(folded(text), things)]
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
