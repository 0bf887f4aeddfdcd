"""Hides how a SPARQL 1.1 service somewhere else is asked as if it were the embedded store."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from .errors import ParseError, RemoteError
from .layout import BASE
from .push import CUT_SHORT
from .sparql import Tokens
from .store import Answer, parse, read_results, standalone
from .wire import Credentials, Wire, shown

if TYPE_CHECKING:
    from collections.abc import Iterable

    from .layout import Layout
    from .store import Term

RESULTS, TRIPLES = "application/sparql-results+json", "application/n-triples"
LARGEST_ANSWER, PATIENCE = 256 * 1024 * 1024, 300.0


class Service:
    """One service, asked over exactly the graphs of ours that it holds.

    Some stores keep the default graph apart, some make it the union of all graphs, those of others among
    them. Naming our graphs as the default graph gives the same answers from both.
    """

    def __init__(self, url: str, layout: Layout) -> None:
        self.url, self.layout = url, layout
        self.wire = Wire(credentials=Credentials.of(url))
        self._graphs: list[str] | None = None

    def query(self, text: str, bindings: dict[str, Term] | None = None, visible: Iterable[str] = ()) -> Answer:
        """The answer, as the embedded store gives it; values of variables go out as terms in a VALUES line."""
        tokens, bound = Tokens(text), bindings or {}
        asked = standalone(text, bound, self.layout)
        chosen = any(kind == "word" and word.upper() == "FROM" for kind, word, _ in tokens.items)
        kinds = () if chosen else ("default", "named") if tokens.uses_graphs() else ("default",)
        fields = [("query", asked), *((f"{kind}-graph-uri", graph) for kind in kinds for graph in self.graphs())]
        if tokens.form() in ("construct", "describe"):
            data = self._send(fields, TRIPLES)
            try:
                return Answer(self.layout, [], [], triples=[
                    quad.triple for quad in parse(data.decode(), "answer.nt", "", self.layout.prefixes)])  # fmt: skip
            except (ParseError, UnicodeDecodeError) as error:
                raise self._no_answer(str(error)) from None
        data = self._send(fields, RESULTS)
        try:
            document = json.loads(data)
            if "boolean" in document:
                return Answer(self.layout, [], [], truth=document["boolean"] in (True, "true", "1"))
            names = list(document["head"]["vars"])
            rows = read_results(data.lstrip())
        except (ValueError, KeyError, TypeError, RecursionError) as error:
            raise self._no_answer(str(error)) from None
        kept = [place for place, name in enumerate(names) if name not in set(bound) - set(visible)]
        return Answer(self.layout, [names[place] for place in kept], [[row[place] for place in kept] for row in rows])

    def graphs(self) -> list[str]:
        """The graphs of ours in the store; none if all lies in its default graph."""
        if self._graphs is None:
            text = "SELECT DISTINCT ?g WHERE { GRAPH ?g { ?s ?p ?o } }"
            rows = read_results(self._send([("query", text)], RESULTS).lstrip())
            self._graphs = sorted(row[0].value for row in rows if row[0].value.startswith(BASE))
        return self._graphs

    def _send(self, fields: list[tuple[str, str]], accept: str) -> bytes:
        reply = self.wire.send(
            "POST", self.url, content=urlencode(fields).encode(), accept=accept, idempotent=True,
            headers={"Content-Type": "application/x-www-form-urlencoded"}, limit=LARGEST_ANSWER, timeout=PATIENCE,
        )  # fmt: skip
        cut = next((f"{name}: {reply.headers[name]}" for name in CUT_SHORT if name in reply.headers), "")
        if cut or reply.status == 206:
            raise RemoteError(f"{shown(reply.url)} gave only a part of the answer ({cut or 206})",
                              "raise the limit in the store's settings", endpoint=reply.url)  # fmt: skip
        return reply.content

    def _no_answer(self, what: str) -> RemoteError:
        return RemoteError(f"{shown(self.url)} answered what is no whole SPARQL result ({what[:120]})",
                           "check the address, or ask for less", endpoint=self.url)  # fmt: skip
