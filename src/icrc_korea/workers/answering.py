"""Gives the jobs of a child that holds the dataset: SPARQL in, an answer in a format out."""

from __future__ import annotations

from hashlib import sha256
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

from ..content.layout import Layout
from ..dataset import build
from ..errors import QueryError
from ..rdf.answer import Answer
from ..rdf.lines import read_ntriples
from ..rdf.reading import read_results, read_term
from ..rdf.results import too_many, written
from ..rdf.store import warm_up
from .child import Asker, asked_in_fork, one_thread

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from ..rdf.prefixes import Prefixes
    from ..rdf.store import Store
    from .limits import Limits
    from .nursery import Head, Job, Prepared


# what is imported only when it is needed, and so could not be imported in a child
LATE = ("_strptime", "datetime", "difflib", "unicodedata", "csv", "io", "encodings.idna")


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
    layout = Layout.find(settings.get("root"))
    _ready(layout)
    if settings.get("store"):
        from ..dataset.disk import open_store

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


def _ready(layout: Prefixes) -> None:
    """Reads and imports what a child will need, for it can open no file."""
    for module in LATE:
        import_module(module)
    _ = layout.prefixes
    warm_up()


def answered(
    store: Store, text: str, bound: dict[str, Any], shown: list[str], limits: Limits, settings: Head
) -> Answer:
    """The answer to a query of someone's own, within limits: asked in a copy of this process, or in a child."""
    head: Head = {"job": "query", "forms": ["json", "ntriples"], "shown": shown,
                  "bound": {name: str(term) for name, term in bound.items()}}  # fmt: skip
    _ready(store.layout)
    if one_thread():
        found, data = asked_in_fork({"query": query(store)}, head, text.encode("utf-8", "surrogatepass"), limits)
    else:
        asker = Asker({**settings, "prepare": f"{__name__}:prepare", "memory": limits.memory})
        try:
            found, data = asker.ask(head, text.encode("utf-8", "surrogatepass"), limits)
        finally:
            asker.close()
    layout = store.layout
    if found["kind"] == "construct":
        return Answer(layout, [], [], triples=[quad.triple for quad in read_ntriples(data)])
    if found["kind"] == "ask":
        return Answer(layout, [], [], truth=found["truth"])
    return Answer(layout, found["columns"], read_results(data))


def query(store: Store) -> Job:
    """The job that answers a query with some of its variables bound, for `answered`."""

    def run(head: Head, body: bytes) -> tuple[Head, bytes]:
        text = body.decode("utf-8", "surrogatepass")
        bound = {name: read_term(term) for name, term in head["bound"].items()}
        answer = store.query(text, {name: term for name, term in bound.items() if term is not None}, head["shown"])
        if len(answer) > head["rows"]:
            raise too_many("rows" if answer.triples is None else "triples", head["rows"])
        if answer.kind == "construct":
            return {"kind": answer.kind}, "".join(f"{triple} .\n" for triple in answer.triples or ()).encode()
        if answer.kind == "ask":
            return {"kind": answer.kind, "truth": answer.truth}, b""
        return {"kind": answer.kind, "columns": answer.columns}, answer.serialise("json")

    return run


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
