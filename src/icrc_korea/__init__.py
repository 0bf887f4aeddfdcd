"""The ICRC in the Korean War as linked data: `icrc_korea.load()` opens the graph."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from .asking.questions import Question
    from .errors import KgError, ParseError, QueryError, RemoteError, UnknownQuery, UnknownTerm, UsageError
    from .graph import KnowledgeGraph
    from .rdf.answer import Answer

__all__ = [
    "Answer", "KgError", "KnowledgeGraph", "ParseError", "QueryError", "Question", "RemoteError", "UnknownQuery",
    "UnknownTerm", "UsageError", "load",
]  # fmt: skip
# where each public name is kept: imported when it is used, for opening the graph needs few of them
HOMES = {"Answer": "rdf.answer", "KnowledgeGraph": "graph", "Question": "asking.questions"}


def load(
    root: str | Path | None = None, store: str | Path | None = None, sources: str | Iterable[str] = ""
) -> KnowledgeGraph:
    """Opens the shipped graph, or the one in a folder of your own; a `store` (folder, address) is asked instead.

    With names of `sources` it holds only what these say: `icrc_korea.load(sources="guide")`.
    """
    from .graph import KnowledgeGraph

    return KnowledgeGraph(root, store=store, sources=sources)


def __getattr__(name: str) -> object:
    if name == "__version__":
        from importlib.metadata import version

        return version("icrc-korea")
    if name in __all__:
        from importlib import import_module

        return getattr(import_module(f"{__name__}.{HOMES.get(name, 'errors')}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted([*__all__, "__version__"])
