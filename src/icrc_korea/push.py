"""Hides how a graph is brought into a triple store of others, kept in step, and proved to have arrived.

Graph by graph: what the store has already is left alone, what has changed is replaced, what we put there and have
no more is taken out. A graph of ours in the store, the manifest, says which graphs came from us, with the number of
their triples and a digest; a graph that is not in it is never replaced or removed, unless `replace` says so. A graph
whose writing was cut is marked there as begun, so that the next push writes it again.
"""

from __future__ import annotations

import re
import shlex
import time
from dataclasses import dataclass, field
from functools import partial as partial_of
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

from .dialects import DROP_AND_POST, Place
from .errors import LayoutError, RemoteError, UsageError
from .layout import GRAPHS, KW, XSD
from .sorting import in_order
from .spool import Digest, Graph, Spool, triples_of
from .store import Quad, read_results, stream_quads
from .wire import JSON, shown

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from typing import Any, TypeVar

    from .wire import Reply, Wire

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
DURATION = f"^^<{XSD}duration>".encode()
LASTING = re.compile(
    r"(-?)P(?:(\d+)Y)?(?:(\d+)M)?(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+(?:\.\d+)?)S)?)?"
)
MOST_REWRITTEN = 100_000
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


@dataclass
class Difference:
    """How one graph in the store differs from ours; `problem` says why it could not be compared."""

    graph: str
    ours: int
    theirs: int
    missing: list[str] = field(default_factory=list)
    extra: list[str] = field(default_factory=list)
    missing_count: int = 0
    extra_count: int = 0
    problem: str = ""


@dataclass
class Verified:
    """What a comparison found: how many graphs and triples are equal, and what differs."""

    store: str
    address: str
    graphs: int = 0
    triples: int = 0
    rewritten: int = 0  # triples that the store gives back in a form of its own, and that are right otherwise
    differences: list[Difference] = field(default_factory=list)


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


# --- the manifest --------------------------------------------------------------------------------------------


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


def _entry(graph: str, entry: tuple[int, str] | None) -> list[str]:
    if entry is None:
        return [f'<{graph}> <{BEGUN}> "true"^^<{XSD}boolean> .\n']
    return [f'<{graph}> <{TRIPLES}> "{entry[0]}"^^<{XSD}integer> .\n', f'<{graph}> <{DIGEST}> "{entry[1]}" .\n']


def manifest_of(name: str) -> str:
    """The graph that says what was pushed under a name; the knowledge graph itself has none."""
    from urllib.parse import quote

    return f"{MANIFEST}/{quote(name, safe='')}" if name else MANIFEST


# --- pushing -------------------------------------------------------------------------------------------------


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
            not replace or _digest(remote, graph.iri, there) == entry  # somebody else may have changed it
        ):
            report.equal.append(graph.iri)
        elif not known and there and not replace:
            if there == graph.count and _digest(remote, graph.iri, there) == (graph.count, graph.digest):
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


def _digest(remote: Remote, iri: str, expected: int) -> tuple[int, str]:
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


# --- verifying -----------------------------------------------------------------------------------------------


def verify(spool: Spool, remote: Remote, tell: Tell, first: int = 10) -> Verified:
    """Reads every graph of the spool back from the store and compares; names the `first` differences of each."""
    report = Verified(remote.place.dialect.title, remote.place.base)
    for number, graph in enumerate(spool.graphs.values()):
        tell(number, len(spool.graphs) + 1, f"reading {graph.iri}")
        report.graphs += 1
        report.triples += graph.count
        expected = remote.count(graph.iri)
        found = _digest(remote, graph.iri, expected)
        if found == (graph.count, graph.digest):
            continue
        difference = Difference(graph.iri, graph.count, expected)
        if found[0] != expected:
            now = remote.count(graph.iri)
            difference.problem = (
                f"the store counted {expected:,} triples and then {now:,}: it changes while it is read"
                if now != expected
                else f"the store counts {expected:,} triples but gives {found[0]:,}: it cuts its answers short"
            )
        else:
            report.rewritten += _compare(spool, graph, remote, difference, first)
            if not difference.missing_count and not difference.extra_count:
                continue
        report.differences.append(difference)
    same = report.graphs - len(report.differences)
    tell(1, 1, f"{same} of {report.graphs} graphs are in the store as they are here ({report.triples:,} triples)")
    return report


def _compare(spool: Spool, graph: Graph, remote: Remote, difference: Difference, first: int) -> int:
    """Which triples are missing and which are there besides, with both sides in order.

    Gives the number of triples that only have the form that this kind of store is known to give them.
    """

    rewrites = remote.place.dialect.durations_as_numbers
    expected: dict[bytes, bytes] = {}  # what a missing triple may have become: what it was
    extra: set[bytes] = set()  # what may be such a triple
    right = chain.from_iterable(in_order(remote.lines(graph.iri, difference.theirs)))
    left = spool.compared(graph)
    ours, other = next(left, None), next(right, None)
    while ours is not None or other is not None:
        if ours == other:
            ours, other = next(left, None), next(right, None)
        elif other is None or (ours is not None and ours < other):
            assert ours is not None  # noqa: S101 - both are None only at the end
            difference.missing_count += 1
            if rewrites and DURATION in ours and len(expected) < MOST_REWRITTEN:
                expected[_as_number(ours)] = ours
            elif len(difference.missing) < first:
                difference.missing.append(ours.decode().strip())
            ours = next(left, None)
        else:
            difference.extra_count += 1
            if rewrites and DURATION in other and len(extra) < MOST_REWRITTEN:
                extra.add(other)
            elif len(difference.extra) < first:
                difference.extra.append(other.decode().strip())
            other = next(right, None)
    same = expected.keys() & extra
    difference.missing_count -= len(same)
    difference.extra_count -= len(same)
    lost, found = sorted(expected[line] for line in expected.keys() - same), sorted(extra - same)
    difference.missing += [line.decode().strip() for line in lost][: max(0, first - len(difference.missing))]
    difference.extra += [line.decode().strip() for line in found][: max(0, first - len(difference.extra))]
    return len(same)


def _as_number(line: bytes) -> bytes:
    """A triple with its duration as Virtuoso gives it: a number of seconds, or of months."""
    head, _, tail = line.rpartition(b' "')
    match = LASTING.fullmatch(tail.partition(b'"')[0].decode())
    if not match:
        return line
    sign, years, months, *parts = match.groups()
    days, hours, minutes, seconds = (float(part or 0) for part in parts)
    number = f"{((days * 24 + hours) * 60 + minutes) * 60 + seconds}"
    if years or months:
        number = str(12 * int(years or 0) + int(months or 0))
    return head + f' "{sign}{number}"'.encode() + tail.partition(b'"')[2]


# --- without sending: files, curl lines, bulk loaders ---------------------------------------------------------


def write_bulk(spool: Spool, place: Place, folder: str, name: str, one_each: bool = False) -> None:
    """Writes what is to be loaded into a folder: a file for each graph, or all in one with a script."""
    root = Path(folder)
    try:
        root.mkdir(parents=True, exist_ok=True)
        manifest = "".join(_manifest_text(spool)).encode()
        if one_each:
            for number, graph in enumerate(spool.graphs.values(), 1):
                with (root / f"{number:05}.nt").open("wb") as stream:
                    stream.writelines(block for part in graph.parts for block in spool.read(part))
            (root / "manifest.nt").write_bytes(manifest)
            return
        with (root / "graphs.nq").open("wb") as stream:
            for graph in spool.graphs.values():
                end = f" <{graph.iri}> .\n".encode()
                stream.writelines(line[:-3] + end for line in spool.lines(graph))
            end = f" <{manifest_of(name)}> .\n".encode()
            stream.writelines(line[:-2] + end for line in manifest.splitlines())
        script = root / "load.sh"
        dialect = place.dialect
        doubt = "" if dialect.tried else "# Not tried on the store itself: it follows the manual.\n"
        script.write_text(
            f"#!/usr/bin/env bash\n# Loads graphs.nq into {dialect.title}; the store must be empty of these graphs.\n"
            f'{doubt}set -euo pipefail\ncd "$(dirname "$0")"\n{dialect.bulk or NO_LOADER}\n',
            encoding="utf-8",
        )
        script.chmod(0o755)
    except OSError as error:
        raise LayoutError(f"{folder} cannot be written: {error.strerror}", "name a folder you may write to") from None


NO_LOADER = "echo 'this kind of store has no bulk loader that we know: see its manual' >&2; exit 1"


def _manifest_text(spool: Spool) -> Iterator[str]:
    for graph in spool.graphs.values():
        yield from _entry(graph.iri, (graph.count, graph.digest))


def bulk(place: Place, folder: str) -> list[str]:
    """What to do with the folder."""
    argument = next((part.partition("}")[0] for part in place.dialect.bulk.split("${1:?")[1:]), "")
    return [f"bash {shlex.quote(folder)}/load.sh" + (f"   # and as argument: {argument}" if argument else "")]


def curl_lines(spool: Spool, place: Place, folder: str, name: str) -> list[str]:
    """Lines for a shell that push each graph of the folder; no password is in them."""
    from os import environ

    login = "--netrc-optional"
    if environ.get("ICRC_KOREA_TOKEN"):
        login = """-H @<(printf 'Authorization: Bearer %s' "$ICRC_KOREA_TOKEN")"""
    elif environ.get("ICRC_KOREA_PASSWORD"):
        quoted = """sed 's/[\\"]/\\\\&/g; s/.*/user = "&"/'"""  # as curl reads its options from a file
        login = f"""-K <(printf %s:%s "$ICRC_KOREA_USER" "$ICRC_KOREA_PASSWORD" | {quoted})"""
    elif environ.get("NETRC"):
        login = '--netrc-file "$NETRC" --netrc-optional'
    curl = " ".join(filter(None, ["curl --fail-with-body -sS", place.dialect.login, login]))
    files = [(graph.iri, f"{number:05}.nt") for number, graph in enumerate(spool.graphs.values(), 1)]
    lines = []
    for iri, file in [*files, (manifest_of(name), "manifest.nt")]:
        method = "PUT"
        if place.dialect.way == DROP_AND_POST:
            drop = shlex.quote(f"update=DELETE WHERE {{ GRAPH <{iri}> {{ ?s ?p ?o }} }}")
            lines.append(f"{curl} --data-urlencode {drop} {shlex.quote(place.update)}")
            method = "POST"
        kind = shlex.quote(f"Content-Type: {place.dialect.sends}")
        path = shlex.quote(f"{folder}/{file}")
        lines.append(f"{curl} -X {method} -H {kind} -T {path} {shlex.quote(place.graph(iri))}")
    return lines
