"""Hides that the graph is somewhere else: a SPARQL 1.1 service with the face of a built dataset.

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

import re
from functools import cached_property

from . import build, catalogue
from .errors import KgError, ParseError, RemoteError
from .layout import BASE, CATALOGUE, GRAPHS, KW, XSD
from .sparql import Tokens
from .spool import SKOLEM, shortest
from .store import Answer, BlankNode, Literal, NamedNode, Quad, Store, standalone, stream_quads
from .wire import LARGEST, Credentials, Wire, checked, shown

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from typing import Any

    from .build import Tell
    from .catalogue import Question
    from .layout import Layout
    from .store import Term
    from .wire import Reply

LONGEST_ADDRESS = 2000  # characters; a longer question is sent by POST
PATIENCE, LONGER = 300.0, 1800.0  # seconds that a service may take over a question, and over a change
MOST_IN_ANSWER = 4 * LARGEST
A_PAGE = 10_000
AT_ONCE = 12  # queries in one request
BOM = b"\xef\xbb\xbf"
INFERRED = GRAPHS + "inferred"
SHAPES = GRAPHS + "shapes"
APART = (CATALOGUE, SHAPES)  # no part of what is asked, unless a question names them
PUSHED = GRAPHS + "pushed"  # what `push` remembers of its work
SCRATCH = GRAPHS + "scratch/"  # where `reason --store` works; gone when it is done
CUT_SHORT = ("x-sparql-maxrows", "x-sql-state", "x-sparql-anytime")
RAISE = "raise the limits of the service, or ask for less: add LIMIT, or narrow the question"
NO_RESULT = "check that the address is that of a SPARQL service, and look into its log"


class Service:
    """One SPARQL service: queries in, answers out."""

    def __init__(self, url: str, layout: Layout, wire: Wire | None = None, update: str = "") -> None:
        self.url, self.layout = checked(url), layout
        self.update_url = checked(update) if update else self.url
        self.wire = wire or Wire(credentials=Credentials.of(url), timeout=PATIENCE)

    # --- asking ---

    def query(self, text: str, default: Iterable[str] = (), named: Iterable[str] = ()) -> Answer:
        """The answer to a query as it stands, over the merge of some graphs, or over what the service sees itself."""
        form = Tokens(text).form() or "select"
        wrapper = self._wrapper()
        wrapper.setQuery(text)
        wrapper.queryType = form.upper()  # it would look for the word in comments too
        rows = form in ("select", "ask")
        wrapper.setReturnFormat("json" if rows else "turtle")
        for name, graphs in (("default-graph-uri", default), ("named-graph-uri", named)):
            for graph in graphs:
                wrapper.addParameter(name, graph)
        length = len(self.url) + len(text) + sum(map(len, (*default, *named)))
        wrapper.setMethod("GET" if length < LONGEST_ADDRESS else "POST")
        result = wrapper.query()
        try:
            found = result.convert()
            if form == "ask":
                return Answer(self.layout, [], [], truth=_truth(found))
            if rows:
                answer = Answer(self.layout, *_table(found, Tokens(text).selected()))
                self._counted(text, len(answer.rows), default, named)
                return answer
            return Answer(self.layout, [], [], triples=[quad.triple for quad in stream_quads([found], "", "turtle")])
        except (ParseError, KeyError, TypeError, ValueError, AttributeError, RecursionError):
            raise self._no_result(result.response.text()) from None

    def _counted(self, text: str, given: int, default: Iterable[str], named: Iterable[str]) -> None:
        """Raises a RemoteError if a round number of rows is not all that there are: caps are round numbers."""
        if not given or given % 50 or re.search(rf"(?i)\bLIMIT\s+{given}\b", text):
            return
        counting = Tokens(text).counting()
        if counting and (total := self.number(counting, default, named)) > given:
            raise RemoteError(f"{shown(self.url)} gave {given:,} rows of {total:,} without a word", RAISE,
                              endpoint=self.url, cut=True)  # fmt: skip

    def numbers(self, text: str, default: Iterable[str] = ()) -> dict[str, int]:
        """What a query gives of names, each with a number."""
        rows = self.query(text, default).rows
        try:
            return {name.value: int(number.value) for name, number in rows if name and number}
        except (AttributeError, ValueError):
            raise self._no_result(_plain(rows)) from None

    def number(self, text: str, default: Iterable[str] = (), named: Iterable[str] = ()) -> int:
        """The number that a query gives."""
        rows = self.query(text, default, named).rows
        try:
            [[number]] = rows
            return int(getattr(number, "value", ""))
        except (AttributeError, ValueError):
            raise self._no_result(_plain(rows)) from None

    def quads(self, text: str, default: Iterable[str] = ()) -> list[Quad]:
        """What a query gives of statements."""
        rows = self.query(text, default).rows
        try:
            return [Quad(*row) for row in rows]
        except TypeError:
            raise self._no_result(_plain(rows)) from None

    def update(self, text: str) -> None:
        """Changes the store; sent once only."""
        wrapper = self._wrapper()
        wrapper.setQuery(text)
        wrapper.queryType = "INSERT"
        wrapper.setMethod("POST")
        wrapper.query()

    def _wrapper(self) -> Any:
        from SPARQLWrapper import SPARQLWrapper

        carry = self._carry

        class Carried(SPARQLWrapper):  # type: ignore[misc]
            """SPARQLWrapper with `wire` below it instead of urllib."""

            def _query(self) -> tuple[Any, str]:
                return carry(self._createRequest(), self.isSparqlUpdateRequest()), self.returnFormat

        wrapper = Carried(self.url, updateEndpoint=self.update_url, agent=self.wire.agent)
        wrapper.setOnlyConneg(True)
        return wrapper

    def _carry(self, request: Any, changes: bool) -> _Reply:
        """Sends what SPARQLWrapper has prepared."""
        headers = {name.title(): value for name, value in request.header_items()}
        accept = headers.pop("Accept", "")
        headers.pop("User-Agent", None)
        reply = self.wire.send(
            request.get_method(), request.full_url, content=request.data, headers=headers,
            accept="" if changes else accept, idempotent=not changes, limit=MOST_IN_ANSWER,
            timeout=LONGER if changes else PATIENCE,
        )  # fmt: skip
        said = [f"{name}: {reply.headers[name]}" for name in CUT_SHORT if name in reply.headers]
        if said or reply.status == 206:
            raise RemoteError(f"{shown(self.url)} gave only a part of the answer ({', '.join(said) or 206})", RAISE,
                              endpoint=self.url, status=reply.status, cut=True)  # fmt: skip
        return _Reply(reply, "application/sparql-results+json" if "json" in accept else "text/turtle")

    def _no_result(self, text: str) -> RemoteError:
        text = self.wire.decent(text)
        start = text if len(text) < 240 else f"{text[:100]} … {text[-120:]}"
        return RemoteError(f"{shown(self.url)} answered what is no SPARQL result: {start or '(nothing)'}", NO_RESULT,
                           endpoint=self.url, cut=True)  # fmt: skip


def _stands_alone(text: str) -> bool:
    """Whether a query cannot be part of another one."""
    tokens = Tokens(text)
    words = {token.upper() for kind, token, _ in tokens.items if kind == "word"}
    return not tokens.selected() or bool(words & {"PREFIX", "BASE", "FROM", "LIMIT", "OFFSET"})


def _joined(batch: list[int], queries: Sequence[str], layout: Layout) -> str:
    """Several queries as one, which says of each row to which it belongs."""
    columns = dict.fromkeys(name for number in batch for name in Tokens(queries[number]).selected())
    parts = (
        f"{{ {{ {queries[number]} }} BIND ({number} AS ?queryNumber) }}\n" for number in batch
    )
    chosen = " ".join(f"?{name}" for name in ("queryNumber", *columns))
    return standalone(f"SELECT {chosen} WHERE {{\n{'UNION '.join(parts)}}}", {}, layout)


class _Reply:
    """A reply as SPARQLWrapper expects it of urllib.

    It is said to be what was asked for: SPARQLWrapper would hand XML to a parser that takes entities for good, and
    JSON-LD to one that fetches contexts. What is neither JSON nor Turtle does not parse as such.
    """

    def __init__(self, reply: Reply, kind: str) -> None:
        self._reply, self._kind = reply, kind

    def text(self) -> str:
        """The content as text."""
        return self._reply.text()

    def read(self) -> bytes:
        """The content."""
        return self._reply.content.removeprefix(BOM)

    def info(self) -> Any:
        """The headers."""
        return {"content-type": self._kind}

    def geturl(self) -> str:
        """Who answered."""
        return self._reply.url


def _plain(rows: list[list[Term | None]]) -> str:
    return "; ".join(" ".join(map(str, row)) for row in rows[:2])


def _truth(found: dict[str, Any]) -> bool:
    """What an ASK gave; Virtuoso may answer with a row that holds 1, or with none."""
    if "boolean" in found:
        return str(found["boolean"]).lower() in ("true", "1")
    if found["head"]["vars"] != ["__ASK_RETVAL"]:
        raise ValueError("no truth value")
    return any(row["__ASK_RETVAL"]["value"] == "1" for row in found["results"]["bindings"])


def _table(found: dict[str, Any], wanted: list[str]) -> tuple[list[str], list[list[Term | None]]]:
    """Columns and rows of a SELECT, which must be those that it asked for."""
    names = [str(name) for name in found["head"]["vars"]]
    if wanted and names != wanted:
        raise ValueError("other columns")
    bindings = found["results"]["bindings"]
    return names, [[_term(row[name]) if row.get(name) else None for name in names] for row in bindings]


def _term(given: dict[str, Any]) -> Term:
    """A term of SPARQL results in JSON; Virtuoso still writes the `typed-literal` of the drafts."""
    kind, value = given["type"], given["value"]
    if kind in ("uri", "iri"):
        # `push` gives a blank node a name, so that it can be found again
        return BlankNode(value.removeprefix(SKOLEM)) if value.startswith(SKOLEM) else NamedNode(value)
    if kind == "bnode":
        return BlankNode(value.removeprefix("_:"))
    if kind not in ("literal", "typed-literal"):
        raise ValueError(f"a term of the kind {kind}")
    if given.get("xml:lang"):
        return Literal(value, language=given["xml:lang"].lower())
    datatype = given.get("datatype", XSD + "string")
    return Literal(shortest(value, datatype), datatype=NamedNode(datatype))


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
        return built.questions() if built else catalogue.index(self.layout)

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
