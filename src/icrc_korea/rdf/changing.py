"""Holds a store on disk that is changed: each change whole or not at all, and on the disk when told to be."""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING

import pyoxigraph as ox

from ..errors import QueryError
from .faults import fault
from .sparql import Tokens, guarded
from .terms import engine

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path
    from typing import Any

CONFLICT = ("the update names its graphs with USING or WITH, and the request does too", "name them in one place")


class Changing:
    """The one who may write a folder: a second one is refused."""

    def __init__(self, folder: Path, prefixes: dict[str, str]) -> None:
        self._store = engine.Store(str(folder))
        self.prefixes = prefixes

    def flush(self) -> None:
        """Waits until all that was changed is on the disk."""
        self._store.flush()

    def tidy(self) -> None:
        """Puts the many small files of many changes together."""
        self._store.optimize()

    def copy(self, folder: Path) -> None:
        """The store as it is now, for readers: files are shared, not copied."""
        self._store.backup(str(folder))

    def update(self, text: str, using: Sequence[str] = (), named: Sequence[str] = (), base: str = "") -> None:
        """A SPARQL Update; `using` and `named` are the graphs that its WHERE looks into, if the request says so."""
        tokens = guarded(text)
        if using or named:
            text = _with_using(text, tokens, using, named)
        used = {piece for piece in tokens.prefixes_used() if piece in self.prefixes}
        prefixes = self.prefixes if "\\" in text else {name: self.prefixes[name] for name in used}
        try:
            self._store.update(text, base_iri=base or None, prefixes=prefixes)
        except SyntaxError as error:
            raise fault(str(error), text, self.prefixes) from None
        except (RuntimeError, ValueError) as error:
            raise QueryError(f"the update cannot be made: {error}", "change the update") from None

    def has(self, graph: str) -> bool:
        """Whether there is such a graph; the one without a name always is."""
        return not graph or bool(self._store.contains_named_graph(ox.NamedNode(graph)))

    def put(self, graph: str, data: bytes, media_type: str, base: str) -> None:
        """Makes this the content of a graph, in one step."""
        triples = self._read(data, media_type, base)
        place = f"GRAPH <{ox.NamedNode(graph).value}>" if graph else "DEFAULT"
        text = f"DROP SILENT {place} ;\n" + (f"CREATE SILENT {place} ;\n" if graph else "")
        inside = "".join(f"{triple.subject} {triple.predicate} {triple.object} .\n" for triple in triples)
        self._store.update(text + f"INSERT DATA {{ {place if graph else ''} {{\n{inside}}} }}" if graph else
                           text + f"INSERT DATA {{\n{inside}}}")  # fmt: skip

    def add(self, graph: str, data: bytes, media_type: str, base: str) -> None:
        """Adds to a graph, in one step."""
        triples = self._read(data, media_type, base)
        name: Any = ox.NamedNode(graph) if graph else ox.DefaultGraph()
        if graph:
            self._store.add_graph(name)
        self._store.extend([ox.Quad(triple.subject, triple.predicate, triple.object, name) for triple in triples])

    def remove(self, graph: str) -> None:
        """Takes a graph away."""
        if graph:
            self._store.remove_graph(ox.NamedNode(graph))
        else:
            self._store.clear_graph(ox.DefaultGraph())

    def digest(self, graph: str) -> str:
        """What names the content of a graph."""
        name: Any = ox.NamedNode(graph) if graph else ox.DefaultGraph()
        return digest_of(self._store.quads_for_pattern(None, None, None, name))

    def _read(self, data: bytes, media_type: str, base: str) -> list[Any]:
        form = ox.RdfFormat.from_media_type(media_type)
        if form is None:
            found = f"a graph in {media_type or 'a format that nobody named'} is not read"
            remedy = "send text/turtle, application/n-triples, application/rdf+xml or application/ld+json"
            raise QueryError(found, remedy)
        if form == ox.RdfFormat.RDF_XML and b"<!DOCTYPE" in data:
            raise QueryError("a document type in RDF/XML is not read", "write out what its entities stand for")
        try:
            return list(engine.parse(data.removeprefix(b"\xef\xbb\xbf"), format=form, base_iri=base or None,
                                     without_named_graphs=True, rename_blank_nodes=True))  # fmt: skip
        except SyntaxError as error:
            line, column = getattr(error, "lineno", 0) or 0, getattr(error, "offset", 0) or 0
            found = f"the graph cannot be read: {error}"
            raise QueryError(found, "correct it, and send it again", line=line, column=column) from None
        except (RuntimeError, ValueError, OSError, MemoryError) as error:
            raise QueryError(f"the graph cannot be read: {error}", "correct it, and send it again") from None


def digest_of(triples: Any) -> str:
    """What names some triples, in whatever order they come."""
    lines = sorted(f"{triple.subject} {triple.predicate} {triple.object}" for triple in triples)
    return sha256("\n".join(lines).encode("utf-8", "surrogatepass")).hexdigest()[:40]


def _with_using(text: str, tokens: Tokens, using: Sequence[str], named: Sequence[str]) -> str:
    """The update with these graphs named before each WHERE."""
    words = [token.upper() if kind == "word" else token for kind, token, _ in tokens.items]
    if "USING" in words or "WITH" in words:
        raise QueryError(*CONFLICT)
    try:
        clause = "".join([*(f"USING <{ox.NamedNode(iri).value}> " for iri in using),
                          *(f"USING NAMED <{ox.NamedNode(iri).value}> " for iri in named)])  # fmt: skip
    except ValueError as error:
        found = f"a graph that the request names is no IRI: {error}"
        raise QueryError(found, "write it whole, such as https://…") from None
    places, depth = [], 0
    for place, (kind, token, start) in enumerate(tokens.items):
        if kind == "mark" and token in "({[":
            depth += 1
        elif kind == "mark" and token in ")}]":
            depth -= 1
        elif words[place] == "WHERE" and depth == 0:
            if words[place - 1] == "DELETE":
                raise QueryError("DELETE WHERE takes no graphs from a request", "write DELETE { … } WHERE { … }")
            places.append(start)
    for start in reversed(places):
        text = text[:start] + clause + text[start:]
    return text
