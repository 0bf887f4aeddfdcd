"""Compares a graph in a store with the graph here, statement by statement."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from itertools import chain

from ..rdf.sorting import in_order
from ..rdf.spaces import XSD
from .push import digest_there

TYPE_CHECKING = False
if TYPE_CHECKING:

    from .push import Remote, Tell
    from .spool import Graph, Spool

DURATION = f"^^<{XSD}duration>".encode()
LASTING = re.compile(
    r"(-?)P(?:(\d+)Y)?(?:(\d+)M)?(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+(?:\.\d+)?)S)?)?"
)
MOST_REWRITTEN = 100_000


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


def verify(spool: Spool, remote: Remote, tell: Tell, first: int = 10) -> Verified:
    """Reads every graph of the spool back from the store and compares; names the `first` differences of each."""
    report = Verified(remote.place.dialect.title, remote.place.base)
    for number, graph in enumerate(spool.graphs.values()):
        tell(number, len(spool.graphs) + 1, f"reading {graph.iri}")
        report.graphs += 1
        report.triples += graph.count
        expected = remote.count(graph.iri)
        found = digest_there(remote, graph.iri, expected)
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
