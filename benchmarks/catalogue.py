"""Times the whole catalogue against rdflib and a bare pyoxigraph loop, each as a ratio to a peer in the same run.

    python benchmarks/catalogue.py [--triples N] [--runs N] [--no-rdflib]

Without --triples the graph of the checkout is asked, else a synthetic archive of that size. All stores hold the
same triples in memory before the clock starts, and questions take turns, so that a busy moment hits all of them;
the median counts. `ours` is what a graph once opened does: guard the text, bind the parameters, ask, collect rows.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import archive
import pyoxigraph as ox

from icrc_korea.asking.questions import APART
from icrc_korea.errors import KgError
from icrc_korea.graph import KnowledgeGraph
from icrc_korea.rdf.exchange import to_rdflib
from icrc_korea.rdf.sparql import Tokens
from icrc_korea.rdf.store import Store

ROOT = Path(__file__).resolve().parents[1]


def main() -> int:
    """The command."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--triples", type=int, default=0, help="ask a synthetic archive of so many triples")
    parser.add_argument("--runs", type=int, default=5, help="how often each question is asked (5)")
    parser.add_argument("--no-rdflib", action="store_true", help="leave out rdflib, which takes long on large archives")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        root = ROOT
        if given.triples:
            root = Path(folder) / "archive"
            archive.make(root, given.triples, inferred=True)
        report(KnowledgeGraph(root), given)
    return 0


def report(graph: KnowledgeGraph, given: argparse.Namespace) -> None:
    merged = graph.built.bytes_of("merged.nt")
    ours = Store(graph.layout)
    ours.load_ntriples(merged)
    bare = ox.Store()
    bare.bulk_load(merged, format=ox.RdfFormat.N_TRIPLES, lenient=True)
    other = None if given.no_rdflib else rdflib_of(merged)
    rows, slower, skipped = [], [], 0
    for entry in graph.every_question():
        if entry.topic in APART:
            continue
        question = graph.question(entry.id)
        try:  # an archive lacks most of the things that parameters name by default: their IRIs will do
            bindings = question.bind({}, lambda text: graph.layout.expand(text) or "", graph.layout)
        except (KgError, ValueError):
            skipped += 1
            continue
        text, prefixes = question.text, graph.layout.prefixes
        times = timed(
            given.runs,
            partial(answer, ours, text, bindings),
            partial(loop, bare, Tokens(text).with_columns(sorted(bindings)), prefixes, bindings),
        )
        if other is not None:
            times += timed(1, partial(in_rdflib, other, text, prefixes, bindings))
            slower += [question.id] if times[0] > times[2] else []
        rows.append((question.id, *times))
    total = [sum(row[place] for row in rows) for place in range(1, len(rows[0]))]
    print(f"{len(rows)} questions over {merged.count(bytes([10])):,} triples ({skipped} left out)")
    median = statistics.median(row[1] for row in rows)
    print(f"  ours               {total[0]:>10.1f} ms in all, {median:.2f} ms the median")
    print(f"  pyoxigraph's loop  {total[1]:>10.1f} ms; ours takes {total[0] / total[1]:.2f}× of it (aim: at most 1.3)")
    if other is not None:
        print(f"  rdflib             {total[2]:>10.1f} ms; {total[2] / total[0]:.0f}× of ours (aim: at least 20)")
        print(f"  slower than rdflib: {', '.join(slower) or 'none'}")
    print("slowest: " + ", ".join(f"{name} {ms:.1f} ms" for name, ms, *_ in sorted(rows, key=lambda r: -r[1])[:5]))


def rdflib_of(merged: bytes) -> Any:
    import rdflib

    return rdflib.Graph().parse(data=merged, format="nt")


def loop(store: ox.Store, text: str, prefixes: dict[str, str], bindings: dict[str, Any]) -> object:
    """What a script of three lines would do with pyoxigraph."""
    bound = {ox.Variable(name): term for name, term in bindings.items()}
    results = store.query(text, prefixes=prefixes, substitutions=bound or None)
    return results if isinstance(results, ox.QueryBoolean | ox.QueryTriples) else [list(row) for row in results]


def answer(store: Store, text: str, bindings: dict[str, Any]) -> object:
    return store.query(text, bindings)


def in_rdflib(graph: Any, text: str, prefixes: dict[str, str], bindings: dict[str, Any]) -> object:
    initial = {name: to_rdflib(term) for name, term in bindings.items()}
    return list(graph.query(text, initNs=prefixes, initBindings=initial))


def timed(runs: int, *works: Callable[[], object]) -> list[float]:
    """The median of each work in milliseconds; the works take turns."""
    found: list[list[float]] = [[] for _ in works]
    for _ in range(runs):
        for work, times in zip(works, found, strict=True):
            begin = time.perf_counter()
            work()
            times.append((time.perf_counter() - begin) * 1000)
    return [statistics.median(times) for times in found]


if __name__ == "__main__":
    sys.exit(main())
