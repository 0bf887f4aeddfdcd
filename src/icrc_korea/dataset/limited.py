"""Gives a store that is asked in another process, within limits: a copy of this one, or one that reads it anew."""

from __future__ import annotations

import time
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from tempfile import NamedTemporaryFile

from ..content.layout import Layout
from ..errors import LimitReached
from ..rdf.answer import Answer
from ..rdf.lines import ntriples, read_ntriples
from ..rdf.reading import read_results, read_term
from ..rdf.results import too_many
from ..rdf.store import Store, warm_up
from ..workers.child import Asker, Copy, one_thread, out_of_time
from ..workers.limits import LEAST_SECONDS, Limits

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

    from ..rdf.prefixes import Prefixes
    from ..rdf.terms import Term, Triple
    from ..workers.nursery import Head, Job, Prepared

# what is imported only when it is needed, and so could not be imported in a child
LATE = ("_strptime", "datetime", "difflib", "unicodedata", "csv", "io", "encodings.idna")
RULES = Limits(600.0, 4 << 30, 1 << 30, 1 << 31)  # of what infers, and of each question for faults, unless told


class Limited:
    """A store whose queries are answered in a process that is ended at a limit; the next one then goes to another.

    `start` begins the time of what comes after it. Without `settings`, which say where others can read the same
    dataset, the triples of its merged graph are handed over where this process cannot be copied.
    """

    def __init__(self, store: Store, limits: Limits, settings: Head | None = None) -> None:
        self.store, self.layout, self.limits, self.settings = store, store.layout, limits, settings
        self._asker: Asker | Copy | None = None
        self.start()

    def start(self) -> None:
        """Begins to count the time."""
        self.until = time.monotonic() + self.limits.seconds

    def query(self, text: str, bindings: dict[str, Term] | None = None, shown: Iterable[str] = ()) -> Answer:
        """As `Store.query`; LimitReached says which limit it came up against."""
        head: Head = {"job": "query", "forms": ["json", "ntriples"], "shown": list(shown),
                      "bound": {name: str(term) for name, term in (bindings or {}).items()}}  # fmt: skip
        found, data = self._ask(head, text)
        if found["kind"] == "construct":
            return Answer(self.layout, [], [], triples=[quad.triple for quad in read_ntriples(data)])
        if found["kind"] == "ask":
            return Answer(self.layout, [], [], truth=found["truth"])
        return Answer(self.layout, found["columns"], read_results(data))

    def grow(self, text: str) -> list[Triple] | None:
        """As `Store.grow`."""
        found, data = self._ask({"job": "grow"}, text)
        if found["kind"] != "construct":
            return None
        fresh = [quad.triple for quad in read_ntriples(data)]
        self.store.merge(fresh)
        return fresh

    def remove(self, triples: Iterable[Triple]) -> None:
        """Takes triples out of the merged graph."""
        self.close()
        self.store.remove(triples)

    def merge(self, triples: Iterable[Triple]) -> None:
        """Adds triples to the merged graph."""
        self.close()
        self.store.merge(triples)

    def close(self) -> None:
        """Ends the other process; the next query is given to a new one."""
        if self._asker is not None:
            self._asker.close()
            self._asker = None

    def _ask(self, head: Head, text: str) -> tuple[Head, bytes]:
        left = self.until - time.monotonic()
        try:
            if self._asker is None:
                self._asker = self._begun()
            if left < LEAST_SECONDS:
                raise out_of_time(self.limits)
            limits = replace(self.limits, seconds=left)
            return self._asker.ask(head, text.encode("utf-8", "surrogatepass"), limits)
        except LimitReached as reached:
            self.close()
            raise out_of_time(self.limits) if reached.limit == "time" else reached from None
        except BaseException:
            self.close()
            raise

    def _begun(self) -> Asker | Copy:
        ready(self.layout)
        if one_thread():
            return Copy({"query": query(self.store), "grow": _grow(self.store)}, self.limits.memory)
        settings = {"prepare": f"{__name__}:prepare", "memory": self.limits.memory}
        if self.settings is not None:
            return Asker({**self.settings, **settings, "prepare": self.settings["prepare"]})
        with NamedTemporaryFile(prefix="icrc-korea-", suffix=".nt") as file:
            file.write(ntriples(self.store.match()))
            file.flush()
            return Asker({**settings, "root": str(getattr(self.layout, "root", "")), "file": file.name})


def prepare(settings: Head) -> Prepared:
    """Reads triples from a file, for a child that is asked and grows."""
    layout = Layout.find(settings["root"])
    store = Store(layout)
    store.load_ntriples(Path(settings["file"]))
    ready(layout)
    return {}, lambda: {"query": query(store), "grow": _grow(store)}


def ready(layout: Prefixes) -> None:
    """Reads and imports what a child will need, for it can open no file."""
    for module in LATE:
        import_module(module)
    _ = layout.prefixes
    warm_up()


def query(store: Store) -> Job:
    """The job that answers a query with some of its variables bound."""

    def run(head: Head, body: bytes) -> tuple[Head, bytes]:
        text = body.decode("utf-8", "surrogatepass")
        bound: dict[str, Any] = {name: read_term(term) for name, term in head["bound"].items()}
        answer = store.query(text, {name: term for name, term in bound.items() if term is not None}, head["shown"])
        if len(answer) > head["rows"]:
            raise too_many("rows" if answer.triples is None else "triples", head["rows"])
        if answer.kind == "construct":
            return {"kind": answer.kind}, "".join(f"{triple} .\n" for triple in answer.triples or ()).encode()
        if answer.kind == "ask":
            return {"kind": answer.kind, "truth": answer.truth}, b""
        return {"kind": answer.kind, "columns": answer.columns}, answer.serialise("json")

    return run


def _grow(store: Store) -> Job:
    """The job that adds what a CONSTRUCT query gives, and tells what of it is new."""

    def run(head: Head, body: bytes) -> tuple[Head, bytes]:
        fresh = store.grow(body.decode("utf-8", "surrogatepass"))
        if fresh is None:
            return {"kind": "none"}, b""
        return {"kind": "construct"}, "".join(f"{triple} .\n" for triple in fresh).encode()

    return run
