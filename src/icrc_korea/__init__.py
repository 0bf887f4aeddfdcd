"""The ICRC in the Korean War as linked data: `icrc_korea.load()` opens the graph."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pathlib import Path

    from .graph import KnowledgeGraph

__all__ = ["load"]


def load(root: str | Path | None = None, store: str | Path | None = None) -> KnowledgeGraph:
    """Opens the shipped graph, or the one in a folder of your own; a `store` (folder, address) is asked instead."""
    from .graph import KnowledgeGraph

    return KnowledgeGraph(root, store=store)


def __getattr__(name: str) -> str:
    if name == "__version__":
        from importlib.metadata import version

        return version("icrc-korea")
    raise AttributeError(name)
