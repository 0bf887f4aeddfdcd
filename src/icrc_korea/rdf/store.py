"""Holds one dataset in pyoxigraph, to be asked by SPARQL."""

from __future__ import annotations

from itertools import chain

import pyoxigraph as ox
from pyoxigraph import DefaultGraph, NamedNode, RdfFormat, Variable

from ..errors import QueryError, UsageError
from .answer import Answer
from .faults import fault
from .lines import ntriples, split
from .sparql import Tokens, guarded
from .terms import Quad, engine, written

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path
    from typing import IO, Any

    from .prefixes import Prefixes
    from .terms import Term, Triple

A_LOAD = 100_000  # lines that are loaded at once into a store on disk


class Store:
    """One dataset in memory with SPARQL over it; plain patterns see every triple once."""

    def __init__(self, layout: Prefixes, held: Any = None) -> None:
        self.layout = layout
        self._store = engine.Store() if held is None else held

    def __len__(self) -> int:
        return len(self._store)

    def __contains__(self, triple: Triple) -> bool:
        return Quad(triple.subject, triple.predicate, triple.object) in self._store

    @classmethod
    def of(cls, quads: Iterable[Quad], layout: Prefixes) -> Store:
        """A store of the triples of these quads, merged."""
        store = cls(layout)
        store.load_ntriples(ntriples(quads))
        return store

    def remove(self, triples: Iterable[Triple]) -> None:
        """Takes triples out of the merged graph."""
        for triple in triples:
            self._store.remove(Quad(triple.subject, triple.predicate, triple.object))

    def load_ntriples(self, data: bytes | Path) -> None:
        """Adds N-Triples, or a file of them, that this project wrote itself (so they need no second validation)."""
        given = {"input": data} if isinstance(data, bytes) else {"path": data}
        self._store.bulk_load(**given, format=RdfFormat.N_TRIPLES, lenient=True)

    def extend(self, quads: Iterable[Quad]) -> None:
        """Adds quads, each in its own graph."""
        self._store.extend(quads)

    def merge(self, quads: Iterable[Quad] | Iterable[Triple]) -> None:
        """Adds the triples of the quads to the default graph, whatever graph they come from."""
        self._store.extend(Quad(quad.subject, quad.predicate, quad.object) for quad in quads)

    def match(
        self, subject: NamedNode | None = None, predicate: NamedNode | None = None, value: Term | None = None
    ) -> Iterator[Quad]:
        """The quads of the merged graph that fit a pattern."""
        found: Iterator[Quad] = self._store.quads_for_pattern(subject, predicate, value, DefaultGraph())
        return found

    def every(
        self, subject: Any = None, predicate: NamedNode | None = None, value: Any = None, graph: Any = None
    ) -> Iterator[Quad]:
        """The quads of all graphs, or of one, that fit a pattern; one that stands in several comes several times."""
        found: Iterator[Quad] = self._store.quads_for_pattern(subject, predicate, value, graph)
        return found

    def named(self, wanted: Callable[[NamedNode], bool] = lambda _: True) -> Iterator[Quad]:
        """The quads of the named graphs, or of some of them; on disk they stand beside the merged one."""
        graphs = [graph for graph in self._store.named_graphs() if wanted(graph)]
        return chain.from_iterable(self._store.quads_for_pattern(None, None, None, graph) for graph in graphs)

    def outside(self) -> Iterator[Quad]:
        """The quads of the merged graph that are in no named graph."""
        graph = DefaultGraph()
        if next(self._store.named_graphs(), None) is None:
            return self.match()
        return (quad for quad in self.match() if all(found.graph_name == graph for found in (
            self._store.quads_for_pattern(quad.subject, quad.predicate, quad.object, None))))  # fmt: skip

    def counts(self) -> dict[str, int]:
        """How many triples each named graph has, by its IRI; the merged graph is ''."""
        rows = self._store.query("SELECT ?g (COUNT(*) AS ?n) { GRAPH ?g { ?s ?p ?o } } GROUP BY ?g")
        found = {row["g"].value: int(row["n"].value) for row in rows}
        return {**dict(sorted(found.items())), "": len(self) - sum(found.values())}

    def predicates(self) -> list[str]:
        """The predicates of the merged graph."""
        rows = self._store.query("SELECT DISTINCT ?p { ?s ?p ?o }")
        return sorted(row["p"].value for row in rows)

    def mentions(self, node: NamedNode) -> bool:
        """Whether anything is said of or with a name, in whatever graph."""
        places = ((node, None, None), (None, node, None), (None, None, node))
        found = any(next(self._store.quads_for_pattern(*place, None), None) is not None for place in places)
        return found or self._store.contains_named_graph(node)

    def grow(self, text: str) -> list[Triple] | None:
        """Adds what a CONSTRUCT query gives to the merged graph; gives what of it is new, None for another query."""
        triples = self.query(text).triples
        fresh = None if triples is None else [triple for triple in dict.fromkeys(triples) if triple not in self]
        self.merge(fresh or ())
        return fresh

    def has_graph(self, node: NamedNode) -> bool:
        """Whether there is a named graph of this name, be it empty."""
        return bool(self._store.contains_named_graph(node))

    def query(self, text: str, bindings: dict[str, Term] | None = None, shown: Iterable[str] = ()) -> Answer:
        """Answers a SPARQL query, with some of its variables bound to terms beforehand.

        Bound variables are columns of the answer only if they are among `shown`.
        """
        tokens = guarded(text)  # some queries would take the process down with them
        if bindings:
            text = tokens.with_columns(sorted(bindings))
        bound = {Variable(name): term for name, term in (bindings or {}).items()}
        try:
            results = self._store.query(text, prefixes=self.layout.prefixes, substitutions=bound or None)
            if isinstance(results, ox.QueryBoolean):
                return Answer(self.layout, [], [], truth=bool(results))
            if isinstance(results, ox.QueryTriples):
                return Answer(self.layout, [], [], triples=list(results))
            names = [variable.value for variable in results.variables]
            hidden = set(bindings or {}) - set(shown)
            kept = [name for name in names if name not in hidden]
            whole = len(kept) == len(names)
            rows = [list(solution) if whole else [solution[name] for name in kept] for solution in results]
            return Answer(self.layout, kept, rows)
        except SyntaxError as error:
            raise fault(str(error), text, self.layout.prefixes) from None
        except (RuntimeError, ValueError, OSError, MemoryError) as error:
            raise QueryError(f"the query cannot be answered: {error}", "change the query") from None


def warm_up() -> None:
    """Lets the engine read the certificates that it would look for when it first meets SERVICE <https:…>.

    Where it can no longer open files by then, it would take the process with it. Asks nobody but this machine.
    """
    ox.Store().query("ASK { SERVICE SILENT <https://127.0.0.1:1/> { ?s ?p ?o } }")


def standalone(text: str, bindings: dict[str, Term], layout: Prefixes) -> str:
    """The query as any store takes it: its prefixes declared, and the values of its variables in a VALUES line."""
    tokens = Tokens(text)
    if bindings:
        names = " ".join(f"?{name}" for name in bindings)
        values = " ".join(written(term, layout) for term in bindings.values())
        for place in reversed(tokens.wheres(set(bindings))):
            rest = text[place:]
            text = f"{text[:place]}\n  VALUES ({names}) {{ ({values}) }}{'' if rest[:1].isspace() else ' '}{rest}"
    used, declared = Tokens(text).prefixes_used(), tokens.declared()
    lacking = [name for name in sorted(used - set(declared)) if name in layout.prefixes]
    return "".join(f"PREFIX {name}: <{layout.prefixes[name]}>\n" for name in lacking) + text


def open_read_only(folder: Path, layout: Prefixes) -> Store:
    """A store on disk, as it is now: what is written to it later is not seen."""
    return Store(layout, engine.Store.read_only(str(folder)))


def bulk_load(folder: Path, batches: Iterable[list[bytes]], apart: str = "") -> bool:
    """Puts lines of N-Quads into a new store on disk: each in its graph, and in the merged graph as well.

    What is in the graph `apart` is not merged. Gives whether some lines are in no graph.
    """
    from concurrent.futures import ThreadPoolExecutor
    from tempfile import TemporaryFile

    store, outside, not_merged = engine.Store(str(folder)), False, f"<{apart}>".encode()

    def load(data: bytes | IO[bytes]) -> None:
        store.bulk_load(data, format=RdfFormat.N_QUADS, lenient=True)

    with TemporaryFile(prefix="icrc-korea-") as nameless, ThreadPoolExecutor(2) as pool:
        loads: list[Any] = []
        copies: tuple[list[bytes], list[bytes]] = [], []
        for lines in chain(batches, [None]):
            if lines is None or len(copies[1]) >= A_LOAD:  # one load would hold a million lines in memory
                for done in loads:
                    done.result()
                loads = [pool.submit(load, b"".join(copy)) for copy in copies if copy]  # side by side
                copies = [], []
            if lines is None:
                break
            parts = [split(line) for line in lines]
            graphs = {graph for _, graph in parts}
            if any(graph[:1] == b"_" for graph in graphs):
                raise UsageError("there is a graph whose name is a blank node", "give the graph an IRI")
            triples = [b"%b .\n" % triple for triple, graph in parts if graph != not_merged]
            if b"" in graphs:
                outside = True  # and in the merged graph only
                lines = [line for line, (_, graph) in zip(lines, parts, strict=True) if graph]
            if b"_:" in b"".join(triples):  # each load names blank nodes anew: both copies of theirs go in one
                nameless.writelines(line for line in (*lines, *triples) if b"_:" in line)
                lines, triples = ([line for line in some if b"_:" not in line] for some in (lines, triples))
            copies[0].extend(lines)
            copies[1].extend(triples)
        for done in loads:
            done.result()
        nameless.seek(0)
        load(nameless)
    store.flush()
    return outside
