"""Infers what follows from the graph."""

from __future__ import annotations

from ..errors import BuildError
from ..rdf.store import Store
from ..rdf.terms import readable
from .axioms import compile_axioms
from .reference import _by_owlrl
from .rules import _fixpoint, _in_graph, contradictions, is_news

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..content.layout import Layout
    from ..rdf.terms import Quad
    from .axioms import Program, Rule
    from .rules import Contradiction, Growing

def infer(
    quads: list[Quad],
    derived: list[Rule],
    layout: Layout,
    engine: str = "rules",
    store: Growing | None = None,
    program: Program | None = None,
) -> list[Quad]:
    """The inferred graph: all news that follows by the ontology and the derive rules.

    A store that holds the quads' triples already may be given; it then holds the news as well. So may the
    ontology, compiled.
    A BuildError names what contradicts the ontology, and what in it the rules cannot say.
    """
    store = store or Store.of(quads, layout)
    program = program or compile_axioms(quads, layout)
    if engine == "owlrl":
        return _in_graph(_by_owlrl(quads, derived, layout, store))
    if program.unsupported:
        lines = [f"{readable(term, layout)} uses {what}: {why}" for term, what, why in program.unsupported]
        raise BuildError(
            "the ontology says what the rules cannot follow:\n  - " + "\n  - ".join(lines),
            "say it in another way, or let owlrl follow it: icrc-korea build --reasoner owlrl",
        )
    followed = _fixpoint(program.rules + derived, store)
    news = {triple for triple in followed if is_news(triple)}
    found = contradictions(program, store.query, layout)
    store.remove(followed - news)
    if found:
        raise Contradicted(found, _in_graph(news))
    return _in_graph(news)


class Contradicted(BuildError):
    """The graph contradicts its ontology: each contradiction with its statements, and what was inferred."""

    def __init__(self, found: list[Contradiction], inferred: list[Quad]) -> None:
        super().__init__(
            "the graph contradicts its ontology:\n  - " + "\n  - ".join(one.says for one in found),
            "`icrc-korea check` names the file and line of each",
        )
        self.found, self.inferred = found, inferred
