"""Asks a SPARQL service."""

from __future__ import annotations

import re
import time

from ..errors import ParseError, RemoteError
from ..rdf.answer import Answer
from ..rdf.naming import SKOLEM, shortest
from ..rdf.reading import stream_quads
from ..rdf.spaces import XSD
from ..rdf.sparql import Tokens
from ..rdf.store import standalone
from ..rdf.terms import BlankNode, Literal, NamedNode, Quad
from .credentials import Credentials, checked, shown
from .http import LARGEST, Wire

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from typing import Any

    from ..rdf.prefixes import Prefixes
    from ..rdf.terms import Term
    from .http import Reply

LONGEST_ADDRESS = 2000  # characters; a longer question is sent by POST
PATIENCE, LONGER = 300.0, 1800.0  # seconds that a service may take over a question, and over a change
MOST_IN_ANSWER = 4 * LARGEST
AT_ONCE = 12  # queries in one request
BOM = b"\xef\xbb\xbf"
CUT_SHORT = ("x-sparql-maxrows", "x-sql-state", "x-sparql-anytime")
RAISE = "raise the limits of the service, or ask for less: add LIMIT, or narrow the question"
NO_RESULT = "check that the address is that of a SPARQL service, and look into its log"


class Service:
    """One SPARQL service: queries in, answers out."""

    def __init__(self, url: str, layout: Prefixes, wire: Wire | None = None, update: str = "") -> None:
        self.url, self.layout = checked(url), layout
        self.update_url = checked(update) if update else self.url
        self.wire = wire or Wire(credentials=Credentials.of(url), timeout=PATIENCE)
        self.until: float | None = None  # the moment, on the clock that only goes on, after which nothing is waited for

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
        patience = LONGER if changes else PATIENCE
        if self.until is not None:
            patience = min(patience, max(0.1, self.until - time.monotonic()))
        reply = self.wire.send(
            request.get_method(), request.full_url, content=request.data, headers=headers,
            accept="" if changes else accept, idempotent=not changes, limit=MOST_IN_ANSWER,
            timeout=patience,
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


def _joined(batch: list[int], queries: Sequence[str], layout: Prefixes) -> str:
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
