"""Copies a graph into a triple store and keeps it up to date there.

Graph by graph: what the store has already is left alone, what has changed is replaced, what we put there and have
no more is taken out. A graph of ours in the store, the manifest, says which graphs came from us, with the number of
their triples and a digest; a graph that is not in it is never replaced or removed, unless `replace` says so. A graph
whose writing was cut is marked there as begun, so that the next push writes it again.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from functools import partial as partial_of

from ..errors import RemoteError, UsageError
from ..rdf.reading import read_results, stream_quads
from ..rdf.sorting import in_order
from ..rdf.spaces import GRAPHS, KW, XSD
from ..rdf.terms import Quad
from ..services.credentials import shown
from ..services.http import JSON
from .dialects import DROP_AND_POST
from .spool import Digest, triples_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from typing import Any, TypeVar

    from ..services.http import Reply, Wire
    from .dialects import Place
    from .spool import Graph, Spool
    Tell = Callable[[int, int, str], None]
    Made = TypeVar("Made")
    Body = tuple[int, int, Callable[[], Iterable[bytes]]]  # triples, bytes, and what makes them

MANIFEST = GRAPHS + "pushed"
DIGEST, TRIPLES, BEGUN = KW + "pushedDigest", "http://rdfs.org/ns/void#triples", KW + "pushBegun"
A_PAGE = 10_000
AT_ONCE, SMALL = 200, 20_000  # graphs, and their triples, that go in one request where that is quicker
LARGEST_ANSWER = 256 * 1024 * 1024
PATIENCE = 1800.0  # seconds that a store may take over a request that it has to write
EVERY = 5.0  # seconds between two entries in the manifest
# what a store says when it gives less than was asked for
CUT_SHORT = ("x-sparql-maxrows", "x-sql-state", "x-sparql-anytime")


@dataclass
class Pushed:
    """What a push did."""

    store: str
    address: str
    written: list[str] = field(default_factory=list)
    equal: list[str] = field(default_factory=list)
    removed: list[str] = field(default_factory=list)
    triples: int = 0  # that were sent
    seconds: float = 0.0


class Remote:
    """A store somewhere else, one graph of it at a time."""

    def __init__(self, wire: Wire, place: Place) -> None:
        self.wire, self.place = wire, place

    # --- asking ---

    def rows(self, query: str, made: Callable[..., Made]) -> list[Made]:
        """What is made of each row of a SELECT."""
        reply = self.wire.send("POST", self.place.query, form={"query": query}, accept=JSON, idempotent=True,
                               limit=LARGEST_ANSWER, timeout=PATIENCE)  # fmt: skip
        self._whole(reply)
        try:
            return [made(*row) for row in read_results(reply.content)]
        except (ValueError, TypeError, AttributeError) as error:
            raise RemoteError(f"{shown(reply.url)} answered what is no SPARQL result ({error})",
                              "check the address and the kind of store", endpoint=reply.url) from None  # fmt: skip

    def _whole(self, reply: Reply) -> None:
        for name in CUT_SHORT:
            if name in reply.headers:
                raise RemoteError(
                    f"{shown(reply.url)} gave only a part of the answer ({name}: {reply.headers[name]})",
                    "raise the limit in the store's settings, then run the same command again", endpoint=reply.url,
                )  # fmt: skip
        if reply.status == 206:
            raise RemoteError(f"{shown(reply.url)} gave only a part of the answer (206)",
                              "raise the time limit in the store's settings", endpoint=reply.url)  # fmt: skip

    def count(self, iri: str) -> int:
        """How many triples the store has in a graph."""
        found = self.rows(f"SELECT (COUNT(*) AS ?n) WHERE {{ GRAPH <{iri}> {{ ?s ?p ?o }} }}", _number)
        if len(found) != 1:
            raise RemoteError(f"{shown(self.place.query)} gave no number for the size of <{iri}>",
                              "check the address", endpoint=self.place.query)  # fmt: skip
        return found[0]

    def lines(self, iri: str, expected: int) -> Iterator[list[bytes]]:
        """The triples of a graph as comparable lines, in batches: the whole graph, or page by page in a fixed order."""
        if not expected:
            return
        address = self.place.reading(iri)
        if address:
            with self.wire.stream("GET", address, accept="application/n-triples", allow=(404,),
                                  timeout=PATIENCE) as reply:  # fmt: skip
                self._whole(reply)
                if reply.status != 404:
                    yield from triples_of(stream_quads(reply.chunks(), shown(address)))
            return
        inner = f"SELECT ?s ?p ?o WHERE {{ GRAPH <{iri}> {{ ?s ?p ?o }} }} ORDER BY ?s ?p ?o"
        size, done = A_PAGE, 0
        while done < expected:
            rows = self.rows(f"SELECT ?s ?p ?o WHERE {{ {{ {inner} }} }} LIMIT {size} OFFSET {done}", Quad)
            yield from triples_of(rows)
            done += len(rows)
            if not rows:
                return
            if len(rows) < size and done < expected:
                size = len(rows)  # a store that caps rows without a word: ask for as much as it gives

    # --- changing ---

    def put(self, iri: str, bodies: Iterable[Body], tell: Callable[[int], None]) -> None:
        """Replaces one graph by the content of the bodies."""
        dialect, address = self.place.dialect, self.place.graph(iri)
        if dialect.way == DROP_AND_POST:
            self.drop(iri)
        for number, (count, size, body) in enumerate(bodies):
            method = "PUT" if number == 0 and dialect.way != DROP_AND_POST else "POST"
            # the length is given, for Virtuoso 7 takes a body that is sent in chunks for an empty one
            headers = {"Content-Type": dialect.sends, "Content-Length": str(size)}
            # our triples have no blank nodes, so adding them twice is as good as once
            self.wire.send(method, address, content=body, headers=headers, timeout=PATIENCE, idempotent=True)
            tell(count)

    def put_together(self, graphs: list[Graph], spool: Spool) -> None:
        """Replaces several small graphs in one update, which is one transaction."""
        text = [f"DELETE WHERE {{ GRAPH <{graph.iri}> {{ ?s ?p ?o }} }} ;\n".encode() for graph in graphs]
        text.append(b"INSERT DATA {\n")
        for graph in graphs:
            self.place.graph(graph.iri)  # refuses what is no name for a graph
            text += [f"GRAPH <{graph.iri}> {{\n".encode(), *spool.lines(graph), b"}\n"]
        body = b"".join([*text, b"}\n"])
        self.wire.send("POST", self.place.update, content=body, idempotent=True, timeout=PATIENCE,
                       headers={"Content-Type": "application/sparql-update"})  # fmt: skip

    def counts(self, graphs: list[str]) -> Iterator[int]:
        """How many triples the store has in each of these graphs."""
        if not self.place.dialect.together:
            yield from (self.count(iri) for iri in graphs)
            return
        for start in range(0, len(graphs), AT_ONCE):
            some = graphs[start : start + AT_ONCE]
            names = " ".join(f"<{iri}>" for iri in some)
            pattern = f"VALUES ?g {{ {names} }} GRAPH ?g {{ ?s ?p ?o }}"
            counted = f"SELECT ?g (COUNT(*) AS ?n) WHERE {{ {pattern} }} GROUP BY ?g"
            found = dict(self.rows(counted, lambda graph, number: (graph and graph.value, _number(number))))
            yield from (found.get(iri, 0) for iri in some)

    def drop(self, iri: str) -> None:
        """Removes one graph."""
        if self.place.dialect.way == DROP_AND_POST:
            if self.count(iri):  # dropping what is not there may be an error
                update = {"update": f"DROP GRAPH <{iri}>"}
                self.wire.send("POST", self.place.update, form=update, idempotent=True, timeout=PATIENCE)
        else:
            self.wire.send("DELETE", self.place.graph(iri), allow=(404,), timeout=PATIENCE)


def _number(term: Any) -> int:
    return int(term.value)


class Manifest:
    """What we have put into a store under one name: each graph with count and digest, or that it was begun."""

    def __init__(self, remote: Remote, iri: str) -> None:
        self.remote, self.iri = remote, iri
        self.entries: dict[str, tuple[int, str] | None] = {}
        found: dict[str, dict[str, str]] = {}
        quads = remote.rows(f"SELECT ?s ?p ?o WHERE {{ GRAPH <{iri}> {{ ?s ?p ?o }} }}", Quad)
        if quads and len(quads) % 50 == 0 and remote.count(iri) != len(quads):  # caps are round numbers
            raise RemoteError(f"{shown(remote.place.query)} gave only {len(quads):,} rows without a word",
                              "raise the limit in the store's settings, then run the same command again",
                              endpoint=remote.place.query)  # fmt: skip
        for quad in quads:
            found.setdefault(str(quad.subject)[1:-1], {})[quad.predicate.value] = str(getattr(quad.object, "value", ""))
        for graph, fields in found.items():
            count, digest = fields.get(TRIPLES, ""), fields.get(DIGEST, "")
            whole = count.isdigit() and digest and BEGUN not in fields
            self.entries[graph] = (int(count), digest) if whole else None

    def write(self) -> None:
        """Puts it into the store, or takes it out when nothing of ours is left."""
        if not self.entries:
            self.remote.drop(self.iri)
            return
        body = "".join(self.text()).encode()
        self.remote.put(self.iri, [(0, len(body), lambda: [body])], lambda _: None)

    def settle(self, written: list[str]) -> None:
        """Writes it at the end; a RemoteError if another push has been at work meanwhile, so that all is sent again."""
        there = Manifest(self.remote, self.iri).entries
        others = [iri for iri in written if there.get(iri, (0, "")) not in (None, self.entries[iri])]
        others += [iri for iri, entry in there.items() if entry and iri not in self.entries]
        self.entries |= dict.fromkeys(others)
        self.write()
        if others:
            raise RemoteError(f"somebody else has pushed at the same time: {others[0]} may hold what is theirs",
                              "agree who pushes, then run the same command again",
                              endpoint=self.remote.place.base)  # fmt: skip

    def text(self) -> Iterator[str]:
        """Its triples as N-Triples."""
        for graph, entry in sorted(self.entries.items()):
            yield from _entry(graph, entry)


def digest_there(remote: Remote, iri: str, expected: int) -> tuple[int, str]:
    """How many triples the store gives, and the digest of what they say."""
    digest, given = Digest(), 0

    def counted() -> Iterator[list[bytes]]:
        nonlocal given
        for lines in remote.lines(iri, expected):
            given += len(lines)
            yield lines

    for lines in in_order(counted()):
        digest.add(lines)
    return given, digest.text()


def _entry(graph: str, entry: tuple[int, str] | None) -> list[str]:
    if entry is None:
        return [f'<{graph}> <{BEGUN}> "true"^^<{XSD}boolean> .\n']
    return [f'<{graph}> <{TRIPLES}> "{entry[0]}"^^<{XSD}integer> .\n', f'<{graph}> <{DIGEST}> "{entry[1]}" .\n']


def manifest_of(name: str) -> str:
    """The graph that says what was pushed under a name; the knowledge graph itself has none."""
    from urllib.parse import quote

    return f"{MANIFEST}/{quote(name, safe='')}" if name else MANIFEST


def push(
    spool: Spool, remote: Remote, tell: Tell, name: str = "", *, partial: bool = False, replace: bool = False
) -> Pushed:
    """Brings the store in step with the spool; `partial`: graphs that are not in it stay where they are."""
    started, place = time.monotonic(), remote.place
    report = Pushed(place.dialect.title, place.base)
    manifest = Manifest(remote, manifest_of(name))
    changed, gone = _plan(spool, remote, manifest, report, tell, partial, replace)
    total = sum(graph.count for graph in changed)
    if changed or gone:
        manifest.entries |= {graph.iri: None for graph in changed} | dict.fromkeys(gone)
        manifest.write()
        noted = time.monotonic()
        for some in _batches(changed, place.dialect.together):

            def sent(count: int, graph: Graph = some[0]) -> None:
                report.triples += count
                tell(min(report.triples, total - 1), total, f"pushing {graph.iri}")

            sent(0)
            if len(some) > 1:
                remote.put_together(some, spool)
                sent(sum(graph.count for graph in some))
            else:
                bodies = [(part.count, part.size, partial_of(spool.read, part)) for part in some[0].parts]
                remote.put(some[0].iri, bodies, sent)
            manifest.entries |= {graph.iri: (graph.count, graph.digest) for graph in some}
            report.written += [graph.iri for graph in some]
            if time.monotonic() - noted > EVERY:
                manifest.write()
                noted = time.monotonic()
        for iri in gone:
            remote.drop(iri)
            del manifest.entries[iri]
            report.removed.append(iri)
        manifest.settle(report.written)
    elif replace:
        manifest.write()  # so that who may not write is told so, also where there is nothing to write
    report.seconds = round(time.monotonic() - started, 3)
    tell(1, 1, f"{len(report.written)} graphs written ({report.triples:,} triples), {len(report.removed)} removed, "
         f"{len(report.equal)} were there already")  # fmt: skip
    return report


def _batches(graphs: list[Graph], together: bool) -> Iterator[list[Graph]]:
    """Graphs that are written by one request: each by its own, or small ones together."""
    batch: list[Graph] = []
    for graph in graphs:
        if batch and (not together or len(batch) >= AT_ONCE or sum(g.count for g in batch) + graph.count > SMALL):
            yield batch
            batch = []
        batch.append(graph)
    if batch:
        yield batch


def _plan(
    spool: Spool, remote: Remote, manifest: Manifest, report: Pushed, tell: Tell, partial: bool, replace: bool
) -> tuple[list[Graph], list[str]]:
    """Which graphs have to be written, and which of ours to be removed; UsageError if one is not ours."""
    changed, foreign, adopted = [], [], 0
    for number, (graph, there) in enumerate(
        zip(spool.graphs.values(), remote.counts(list(spool.graphs)), strict=True)
    ):
        tell(number, len(spool.graphs) + 1, f"comparing {graph.iri}")
        known = graph.iri in manifest.entries
        entry = manifest.entries.get(graph.iri)
        if entry == (graph.count, graph.digest) and there == graph.count and (
            not replace or digest_there(remote, graph.iri, there) == entry  # somebody else may have changed it
        ):
            report.equal.append(graph.iri)
        elif not known and there and not replace:
            if there == graph.count and digest_there(remote, graph.iri, there) == (graph.count, graph.digest):
                manifest.entries[graph.iri] = (graph.count, graph.digest)
                report.equal.append(graph.iri)
                adopted += 1
            else:
                foreign.append(graph.iri)
        else:
            changed.append(graph)
    if foreign:
        more = f" and {len(foreign) - 1} more" if len(foreign) > 1 else ""
        raise UsageError(
            f"the store has a graph {foreign[0]}{more} that differs from ours and was not put there by a push",
            "nothing was changed; add --replace if it may be replaced",
        )
    gone = [] if partial else [iri for iri in manifest.entries if iri not in spool.graphs]
    if gone and len(gone) == len(manifest.entries) and not replace:
        raise UsageError(
            f"the {len(gone):,} graphs that a push has put there under the same name, {gone[0]} among them, would go, "
            "for none of them is among these",
            "nothing was changed; name the file otherwise to keep them, or add --replace",
        )
    if adopted and not changed and not gone:
        manifest.write()
    return changed, gone
