"""Gives the jobs of a child that holds the dataset: SPARQL in, an answer in a format out."""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

from ..content.layout import Layout
from ..errors import QueryError
from ..rdf.results import written
from . import build
from .limited import Limited, query, ready

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from ..rdf.answer import Answer
    from ..rdf.store import Store
    from ..workers.limits import Limits
    from ..workers.nursery import Head, Job, Prepared


class Held(build.Built):
    """A built dataset that was read once, and is asked where it lies."""

    def __init__(self, built: build.Built) -> None:
        super().__init__(built.layout, built.manifest, built.folder, {})
        self._store = built.whole()

    def slice(self, predicates: set[str] | None) -> Store:
        """The store: the merged graph is what it has outside any named one."""
        return self._store

    def whole(self) -> Store:
        """The same store."""
        return self._store


def dataset(settings: Head) -> tuple[Head, Callable[[], build.Built]]:
    """What is said of the dataset that the settings name, and what gives it: read before, or opened in each child."""
    layout = Layout.find(settings.get("root"), settings.get("sources") or "")
    ready(layout)
    if settings.get("store"):
        from .disk import open_store

        # the threads of a store on disk do not live through a fork, so each child opens its own
        folder = Path(settings["store"])
        with_files = open_store(folder, layout)
        about = {"digest": digest_of(with_files.manifest)}
        del with_files
        return about, lambda: open_store(folder, layout)
    held = Held(build.ensure(layout, lambda *_: None))
    return {"digest": digest_of(held.manifest)}, lambda: held


def digest_of(manifest: dict[str, Any]) -> str:
    """A short name of a dataset's content."""
    files = sorted(manifest["files"].items())
    return sha256("".join(f"{name} {found}\n" for name, found in files).encode()).hexdigest()


def prepare(settings: Head) -> Prepared:
    """Reads the dataset, for children that answer SPARQL only."""
    about, opened = dataset(settings)

    def jobs() -> dict[str, Job]:
        store = opened().whole()
        return {"sparql": sparql(store), "query": query(store)}

    if not settings.get("store"):
        jobs()["sparql"]({"forms": ["json", "turtle"], "rows": 1, "bytes": 10_000}, b"ASK {}")  # what is imported late
    return about, jobs


def answered(
    store: Store, text: str, bound: dict[str, Any], shown: list[str], limits: Limits, settings: Head
) -> Answer:
    """The answer to a query of someone's own, within limits: asked in a copy of this process, or in a child."""
    limited = Limited(store, limits, {**settings, "prepare": f"{__name__}:prepare"})
    try:
        return limited.query(text, bound, shown)
    finally:
        limited.close()


def sparql(store: Store) -> Job:
    """The job that answers a query."""

    def run(head: Head, body: bytes) -> tuple[Head, bytes]:
        try:
            text = body.decode()
        except UnicodeDecodeError as error:
            found = f"the query is not UTF-8: byte {error.start + 1} of it"
            raise QueryError(found, "send it as UTF-8") from None
        rows_form, triples_form = head["forms"]
        answer = written(
            store, text.removeprefix("\ufeff"), (rows_form, triples_form), rows=head["rows"], most=head["bytes"],
            default_graphs=head.get("default"), named_graphs=head.get("named"),
        )  # fmt: skip
        return {"type": answer.media_type, "number": answer.number, "lasting": answer.lasting}, answer.data

    return run
