"""Asks a SPARQL 1.1 service as if it were the built dataset.

    remote = Remote("http://localhost:3030/kg", layout)
    remote.slice(None).query("SELECT * { ?s kw:sender ?o }")      # the same Answer as the embedded store gives

SPARQLWrapper makes the requests of the SPARQL 1.1 Protocol and reads what comes back; `wire` carries them, with its
credentials, its patience and its distrust. What a service gives is brought into the form that the embedded store
gives (`1` is true, a language tag is in lower case), and an answer that was cut is an error, never a short answer.

Our questions name no graph, and services differ in what they then look into: all graphs, or one nameless graph
only. So the service is asked once which graphs of ours it holds, and these are named with every question as its
default graph (`default-graph-uri`), which means the same everywhere: their merge, without what others keep there.
Where the graph was loaded as a single one, that one is named, or nothing if it has no name; such a store no
longer knows which statement stands in which sentence's graph, nor what was inferred.
"""

from __future__ import annotations

from functools import cached_property

from ..asking import questions
from ..dataset import build
from ..errors import KgError, RemoteError
from ..rdf.answer import Answer
from ..rdf.spaces import BASE, CATALOGUE, GRAPHS, KW
from ..rdf.sparql import Tokens
from ..rdf.store import Store, standalone
from ..rdf.terms import NamedNode
from ..services.credentials import Credentials, shown
from ..services.http import Wire
from ..services.sparql import AT_ONCE, PATIENCE, RAISE, Service, _joined, _stands_alone

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from ..asking.questions import Question
    from ..content.layout import Layout
    from ..dataset.build import Tell
    from ..rdf.terms import Quad, Term

A_PAGE = 10_000
INFERRED = GRAPHS + "inferred"
SHAPES = GRAPHS + "shapes"
APART = (CATALOGUE, SHAPES)  # no part of what is asked, unless a question names them
PUSHED = GRAPHS + "pushed"  # what `push` remembers of its work
SCRATCH = GRAPHS + "scratch/"  # where `reason --store` works; gone when it is done


class Remote:
    """A dataset in a service, with the methods of a built one."""

    def __init__(
        self, url: str, layout: Layout, tell: Tell | None = None, wire: Wire | None = None, update: str = ""
    ) -> None:
        self.layout, self._tell = layout, tell or (lambda *_: None)
        patient = Wire(credentials=Credentials.of(url), timeout=PATIENCE, tell=lambda words: self._tell(0, 1, words))
        self.service = Service(url, layout, wire or patient, update)

    @property
    def address(self) -> str:
        """Where it is, as messages show it."""
        return shown(self.service.url)

    # --- which graphs are ours ---

    @cached_property
    def graphs(self) -> dict[str, int]:
        """Our graphs that the service holds, with the number of their triples; none if ours is its nameless graph."""
        held = self.service.numbers(
            f"SELECT ?g (COUNT(*) AS ?n) WHERE {{ GRAPH ?g {{ ?s ?p ?o }} FILTER (STRSTARTS(STR(?g), \"{BASE}\")) }} "
            "GROUP BY ?g ORDER BY ?g"
        ) or self.service.numbers(
            f"SELECT ?g (COUNT(*) AS ?n) WHERE {{ {{ SELECT DISTINCT ?g WHERE {{ GRAPH ?g {{ ?c a <{KW}Claim> }} }} }} "
            "GRAPH ?g { ?s ?p ?o } } GROUP BY ?g ORDER BY ?g"
        )  # fmt: skip
        found = {name: size for name, size in held.items() if not name.startswith((PUSHED, SCRATCH))}
        if not found and not self.service.query("ASK { ?s ?p ?o }").truth:
            raise RemoteError(
                f"{shown(self.service.url)} holds nothing", "bring the graph there first: `icrc-korea push --help`",
                endpoint=self.service.url,
            )  # fmt: skip
        return found

    @property
    def asked(self) -> list[str]:
        """The graphs whose merge is asked."""
        return [name for name in self.graphs if name not in APART]

    @property
    def split(self) -> bool:
        """Whether the service holds the graph as we make it, with a graph for each sentence."""
        return any(name.startswith(BASE) for name in self.graphs)

    # --- as a built dataset has it ---

    def slice(self, predicates: set[str] | None) -> Slice:
        """The merged graph, or as much of it as has these predicates."""
        return Slice(self, predicates)

    def whole(self) -> Slice:
        """The merged graph and every named graph beside it."""
        return Slice(self, None, named=True)

    def quads(self) -> list[Quad]:
        """Every quad of the dataset, read once, page by page."""
        return self._quads

    def stream(self, wanted: Callable[[NamedNode], bool], outside: bool = False) -> Iterator[Quad]:
        """The quads of the graphs that are wanted."""
        return (quad for quad in self.quads() if wanted(quad.graph_name))

    @cached_property
    def _quads(self) -> list[Quad]:
        found: list[Quad] = []
        if not self.graphs:
            total = self.service.number("SELECT (COUNT(*) AS ?n) WHERE { ?s ?p ?o }")
            return list(self._paged("?s ?p ?o", "?s ?p ?o", total, total, found))
        graphs = {name: size for name, size in self.graphs.items() if name != SHAPES}
        total = sum(graphs.values())
        small = [name for name, size in graphs.items() if size <= A_PAGE]
        while small:
            batch = [small.pop(0)]
            while small and sum(self.graphs[name] for name in [*batch, small[0]]) <= A_PAGE and len(batch) < 100:
                batch.append(small.pop(0))
            values = " ".join(f"<{name}>" for name in batch)
            pattern = f"VALUES ?g {{ {values} }} GRAPH ?g {{ ?s ?p ?o }}"
            self._paged("?s ?p ?o ?g", pattern, sum(self.graphs[name] for name in batch), total, found)
        for name, size in graphs.items():
            if size > A_PAGE:
                pattern = f"VALUES ?g {{ <{name}> }} GRAPH ?g {{ ?s ?p ?o }}"
                self._paged("?s ?p ?o ?g", pattern, size, total, found)
        return sorted(found, key=str)  # as a built dataset has them

    def _paged(self, columns: str, pattern: str, size: int, total: int, found: list[Quad]) -> list[Quad]:
        """Adds what a pattern gives; a RemoteError if it is not as much as the service counted."""
        pages = -(-size // A_PAGE)
        before = len(found)
        for page in range(pages):
            self._tell(len(found), total, f"reading {total:,} statements from {shown(self.service.url)}")
            order = f" ORDER BY {columns} LIMIT {A_PAGE} OFFSET {page * A_PAGE}" if pages > 1 else ""
            found += self.service.quads(f"SELECT {columns} WHERE {{ {pattern} }}{order}")
        if len(found) - before != size:
            raise RemoteError(
                f"{shown(self.service.url)} counted {size:,} statements and gave {len(found) - before:,}",
                "if somebody is writing there, try again when they are done; else " + RAISE,
                endpoint=self.service.url, cut=True,
            )  # fmt: skip
        return found

    def questions(self) -> list[Question]:
        """The questions of the catalogue: those of the folder here."""
        return self._questions

    @cached_property
    def _questions(self) -> list[Question]:
        built = build.load(self.layout)
        return built.questions() if built else questions.index(self.layout)

    def uses(self, predicate: str) -> bool:
        """Whether any statement has this property."""
        return self._ask(f"?s <{NamedNode(predicate).value}> ?o")

    def infers(self, subject: Term, predicate: Term, value: Term) -> bool:
        """Whether a statement stands in the graph of what was inferred."""
        return INFERRED in self.graphs and self._ask(f"GRAPH <{INFERRED}> {{ {subject} {predicate} {value} }}", True)

    def sizes(self) -> dict[str, int]:
        """The number of triples in each graph, by its short name; and of the merged graph, by ''."""
        text = "SELECT (COUNT(*) AS ?n) WHERE { SELECT DISTINCT ?s ?p ?o WHERE { ?s ?p ?o } }"
        merged = {"": self.service.number(text, self.asked)}
        return {self.layout.shrink(name): size for name, size in self.graphs.items() if name != SHAPES} | merged

    # --- asking ---

    def ask(self, text: str, named: bool = False) -> Answer:
        """The answer to a query over our graphs."""
        return self.service.query(text, self.asked, self.graphs if named else ())

    def each(
        self, queries: Sequence[str], most: int, asserted: bool = False
    ) -> Iterator[tuple[int, Answer | KgError]]:
        """The answer to each of many queries, with its number, or why there is none; so many rows at most.

        Many are asked in one request. Where that is too much for the service, it is asked for less and less at once.
        `asserted` leaves out what was inferred.
        """
        wanted = {name for name in self.asked if not (asserted and name == INFERRED)}
        spoken = [Tokens(text).predicates(self.layout.prefixes) for text in queries]
        needed = [self._holding(predicates) & wanted for predicates in spoken]
        alone: dict[bool, list[int]] = {True: [], False: []}
        # graphs cost a service more than queries do: those that need the same ones go together, and one that may
        # need any is asked alone, for not every service finds a good way through such a query and others at once
        for number in sorted(range(len(queries)), key=lambda one: (len(needed[one]), sorted(needed[one]), one)):
            alone[spoken[number] is None or _stands_alone(queries[number])].append(number)
        queries = [text if _stands_alone(text) else f"{text}\nLIMIT {most}" for text in queries]
        for number in alone[True]:
            yield from self._together(queries, needed, [number])
        for first in range(0, len(alone[False]), AT_ONCE):
            yield from self._together(queries, needed, alone[False][first : first + AT_ONCE])

    def _together(
        self, queries: Sequence[str], needed: list[set[str]], batch: list[int]
    ) -> Iterator[tuple[int, Answer | KgError]]:
        graphs = sorted(set().union(*(needed[number] for number in batch)) or self.asked[:1])
        try:
            if len(batch) == 1:
                text = standalone(queries[batch[0]], {}, self.layout)
                yield batch[0], self.service.query(text, graphs)
            else:
                answer = self.service.query(_joined(batch, queries, self.layout), graphs)
                rows = [dict(zip(answer.columns, row, strict=True)) for row in answer.rows]
                for number in batch:
                    columns = Tokens(queries[number]).selected()
                    found = [row for row in rows if getattr(row["queryNumber"], "value", "") == str(number)]
                    yield number, Answer(self.layout, columns, [[row[name] for name in columns] for row in found])
        except KgError as error:
            if not self._answers(error):
                raise
            if len(batch) == 1:
                yield batch[0], error
                return
            for half in (batch[: len(batch) // 2], batch[len(batch) // 2 :]):
                yield from self._together(queries, needed, half)

    def _answers(self, error: KgError) -> bool:
        """Whether a service that could not answer one question still answers others."""
        if isinstance(error, RemoteError) and error.status in (401, 403, 404, 429):
            return False
        try:
            return self.service.query("ASK { ?s ?p ?o }").truth is not None
        except RemoteError:
            return False

    def _holding(self, predicates: set[str] | None) -> set[str]:
        """The graphs of ours that can matter to a query that speaks of these predicates, or, None, of any."""
        if predicates is None or not self.graphs:
            return set(self.asked)
        return set().union(*(self._holders.get(name, set()) for name in predicates))

    @cached_property
    def _holders(self) -> dict[str, set[str]]:
        """The graphs of ours in which a predicate occurs."""
        found: dict[str, set[str]] = {}
        names = " ".join(f"<{name}>" for name in self.asked)
        for graph, predicate in self.service.query(
            f"SELECT DISTINCT ?g ?p WHERE {{ VALUES ?g {{ {names} }} GRAPH ?g {{ ?s ?p ?o }} }}"
        ).rows:
            if graph is not None and predicate is not None:
                found.setdefault(predicate.value, set()).add(graph.value)
        return found

    def _ask(self, pattern: str, named: bool = False) -> bool:
        return bool(self.ask(f"ASK {{ {pattern} }}", named).truth)


class Slice:
    """What `Store` is for a dataset in memory: patterns and queries, here over the merge of our graphs."""

    def __init__(self, remote: Remote, predicates: set[str] | None, named: bool = False) -> None:
        self.remote, self.layout, self._predicates, self._named = remote, remote.layout, predicates, named
        self._here: Store | None = None

    def query(self, text: str, bindings: dict[str, Term] | None = None, shown: Iterable[str] = ()) -> Answer:
        """Answers a query, with some of its variables bound to terms beforehand: see `Store.query`."""
        bindings = bindings or {}
        own = any(kind == "word" and token.upper() == "FROM" for kind, token, _ in Tokens(text).items)
        text = standalone(text, bindings, self.layout)
        # a dataset given with the request would take the place of the query's own
        answer = self.remote.service.query(text) if own else self.remote.ask(text, self._named)
        hidden = set(bindings) - set(shown)
        kept = [place for place, name in enumerate(answer.columns) if name not in hidden]
        if answer.kind == "select":
            answer.rows = [[row[place] for place in kept] for row in answer.rows]
            answer.columns = [answer.columns[place] for place in kept]
        return answer

    def match(
        self, subject: NamedNode | None = None, predicate: NamedNode | None = None, value: Term | None = None
    ) -> Iterator[Quad]:
        """The triples that fit a pattern; once all are wanted, those of these predicates are fetched and kept."""
        if self._here is None and subject is None and value is None and self._predicates is not None:
            self._here = Store(self.layout)
            self._here.merge(self._found("?s", "?p", "?o", self._predicates))
        if self._here is not None:
            yield from self._here.match(subject, predicate, value)
        else:
            subjects, property_, values = (str(term or name) for term, name in (
                (subject, "?s"), (predicate, "?p"), (value, "?o")
            ))  # fmt: skip
            yield from self._found(subjects, property_, values, None if predicate else self._predicates)

    def _found(self, subject: str, predicate: str, value: str, predicates: set[str] | None) -> Iterator[Quad]:
        only = f"VALUES ?p {{ {' '.join(str(NamedNode(name)) for name in sorted(predicates))} }} " if predicates else ""
        bound = (("?s", subject), ("?p", predicate), ("?o", value))
        binds = " ".join(f"BIND ({term} AS {name})" for name, term in bound if term != name)
        pattern = f"{subject} {predicate} {value}"
        text = f"SELECT DISTINCT ?s ?p ?o WHERE {{ {only}{pattern} {binds} }}"
        yield from self.remote.service.quads(text, self.remote.asked)

    def mentions(self, node: NamedNode) -> bool:
        """Whether anything is said of or with a name, in whatever graph."""
        if node.value in self.remote.graphs:
            return True
        patterns = (f"{node} ?p ?o", f"?s {node} ?o", f"?s ?p {node}")
        return bool(self.remote.ask(f"ASK {{ {' UNION '.join(f'{{ {pattern} }}' for pattern in patterns)} }}").truth)
