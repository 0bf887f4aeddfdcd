"""Finds the verbs of the command: a family is a module, imported when one of its verbs is wanted."""

from __future__ import annotations

import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable
    from typing import Any

    from ..graph import KnowledgeGraph
    from .terminal import Progress
    Run = Callable[[KnowledgeGraph, argparse.Namespace, Progress], int]

# family (a module here): its verbs, in the order in which help lists them
FAMILIES = {
    "asking": ("query", "queries", "show", "why"),
    "searching": ("search",),
    "citing": ("cite",),
    "making": ("build", "check", "reason", "stats", "anchor"),
    "drawing": ("draw",),
    "publishing": ("export", "publish", "release", "push", "verify"),
    "linking": ("link", "enrich", "conflicts", "reconcile"),
    "contributing": ("contribute",),
    "serving": ("serve",),
}
# for the verbs that ask another store than the dataset built from the files
STORE: tuple[str, dict[str, Any]] = (
    "--store",
    {"dest": "ask", "metavar": "DIR|URL", "default": os.environ.get("ICRC_KOREA_STORE", ""),
     "help": "ask this store on disk (`build --store`) or SPARQL service instead of the files; else ICRC_KOREA_STORE"},
)  # fmt: skip


class Verb:
    """One verb of the command: what runs it, what it does, its formats, its arguments, examples."""

    def __init__(
        self,
        run: Run,
        about: str,
        examples: list[str],
        arguments: list[tuple[str, dict[str, Any]]],
        formats: str = "",
    ) -> None:
        """`arguments`: flags or a name, with the settings of argparse; the first of `formats` is the default."""
        self.run, self.about, self.examples = run, about, examples
        self.arguments, self.formats = arguments, formats.split()


def format_of(options: argparse.Namespace, target: str | None, endings: dict[str, str]) -> str:
    """The format to write a file in: by the ending of its name, unless --format says so; never one against the other.

    `endings` has the format that each ending stands for.
    """
    from pathlib import PurePath

    from ..errors import UsageError

    wanted: str = options.format
    named = endings.get(PurePath(target or "").suffix.lower(), "")
    if not named:
        return wanted
    if options.format_given and named != wanted:
        raise UsageError(
            f"{target} has the name of a {named} file, and --format says {wanted}",
            "leave --format out, or give the file a name with another ending",
        )
    return named


def find(wanted: str) -> dict[str, Verb]:
    """The verb of that name alone, or all of them: importing one family is cheaper than all."""
    from importlib import import_module

    found: dict[str, Verb] = {}
    for family, names in FAMILIES.items():
        if wanted in names or not any(wanted in others for others in FAMILIES.values()):
            verbs: dict[str, Verb] = import_module(f"{__package__}.{family}").VERBS
            found |= {name: verbs[name] for name in names if wanted in (name, "") or wanted not in names}
    return found
