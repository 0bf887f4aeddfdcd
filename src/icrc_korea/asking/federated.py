"""Takes a question to this graph and another apart: who is chosen here, what is asked there.

What stands before SERVICE chooses the items, the block is asked elsewhere about these alone, and what stands behind
it compares. The store here never sees the word SERVICE: rows from elsewhere come back as triples.
"""

from __future__ import annotations

from ..errors import QueryError, RemoteError
from ..rdf.spaces import BASE
from ..rdf.sparql import Tokens, cut
from ..rdf.store import standalone
from ..rdf.terms import BlankNode, Literal, NamedNode, Quad

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from ..content.layout import Layout
    from ..rdf.terms import Term
    Row = Mapping[str, Mapping[str, str]]  # as SPARQL results in JSON have it

ROW = BASE + "query/federated#"  # one property a column of what came back
REMEDY = "write one SERVICE <address> { … } straight inside of WHERE, behind the patterns that choose the items"


class Halves:
    """A question with one SERVICE in it, cut in two."""

    def __init__(self, text: str) -> None:
        items = cut(text)
        words = [(place, token.upper()) for place, (kind, token, _) in enumerate(items) if kind == "word"]
        places = [place for place, token in words if token == "SERVICE"]
        opened = [place for place, (_, token, _) in enumerate(items) if token == "{"]
        if len(places) != 1 or not opened or [kind for kind, _, _ in items[places[0] + 1 :][:1]] != ["iri"]:
            raise QueryError("a federated question asks one service, by its address", REMEDY)
        word = places[0]
        depth = sum((token == "{") - (token == "}") for _, token, _ in items[:word])
        if depth != 1 or items[word + 2][1] != "{":
            raise QueryError("SERVICE does not stand straight inside of WHERE", REMEDY)
        level, end = 0, -1
        for place in range(word + 2, len(items)):
            level += (items[place][1] == "{") - (items[place][1] == "}")
            if level == 0:
                end = place
                break
        if end < 0:
            raise QueryError("the block of SERVICE is not closed", "close it with }")
        first = next(start for kind, token, start in items if kind == "word" and token.upper() != "PREFIX")
        self.address = items[word + 1][1][1:-1]
        self.prefixes = text[:first]
        self.before = text[: items[word][2]]
        self._from, self.block = items[word + 2][2] + 1, text[items[word + 2][2] + 1 : items[end][2]]
        self.behind = text[items[end][2] + 1 :]
        self._pattern = text[items[opened[0]][2] + 1 : items[word][2]]
        self._text = text
        there = Tokens(self.prefixes + "ASK {" + self.block + "}").variables()
        self.shared = sorted(there & Tokens(self.prefixes + "ASK {" + self._pattern + "}").variables())
        seen = Tokens(self.prefixes + "ASK {" + self.before.removeprefix(self.prefixes) + self.behind + "}").variables()
        self.columns = sorted(there & seen)
        if not self.shared:
            raise QueryError("nothing before SERVICE says which items are asked about", REMEDY)

    def choosing(self) -> str:
        """What is asked here first: the items."""
        names = " ".join(f"?{name}" for name in self.shared)
        return f"{self.prefixes}SELECT DISTINCT {names} WHERE {{{self._pattern}}} ORDER BY {names}"

    def there(self, chosen: Sequence[Sequence[Term | None]], layout: Layout) -> str:
        """What is asked elsewhere, about the chosen items alone."""
        names = " ".join(f"?{name}" for name in self.columns)
        text = f"SELECT DISTINCT {names} WHERE {{ {self._values(chosen)} {self.block} }} ORDER BY {names}"
        used = Tokens(text).prefixes_used()
        declared = Tokens(self.prefixes + "ASK {}").declared()
        lines = "".join(f"PREFIX {name}: <{space}>\n" for name, space in sorted(declared.items()) if name in used)
        return standalone(lines + text, {}, layout)

    def here(self) -> str:
        """What is asked here last, with the rows from elsewhere in this graph."""
        rows = [f"?row__ <{ROW}{name}> ?{name} ." for name in self.shared]
        rows += [f"OPTIONAL {{ ?row__ <{ROW}{name}> ?{name} }}" for name in self.columns if name not in self.shared]
        return f"{self.before} {' '.join(rows)} {self.behind}"

    def whole(self, chosen: Sequence[Sequence[Term | None]], layout: Layout) -> str:
        """The question for a store that asks others itself, with the chosen items in its SERVICE."""
        used = Tokens(self.here()).prefixes_used() | Tokens(self.there(chosen, layout)).prefixes_used()
        known = Tokens(self.prefixes + "ASK {}").declared()
        lacking = [name for name in sorted(used - set(known)) if name in layout.prefixes]
        lines = "".join(f"PREFIX {name}: <{layout.prefixes[name]}>\n" for name in lacking)
        return f"{lines}{self._text[: self._from]}\n    {self._values(chosen)}{self._text[self._from :]}"

    def _values(self, chosen: Sequence[Sequence[Term | None]]) -> str:
        names = " ".join(f"?{name}" for name in self.shared)
        rows = " ".join(f"({' '.join(map(str, row))})" for row in chosen)
        return f"VALUES ({names}) {{ {rows} }}"


def as_quads(rows: Iterable[Row]) -> Iterable[Quad]:
    """Rows of results as triples, one node a row."""
    for row in rows:
        node = BlankNode()
        for name, value in row.items():
            try:
                term = _term(value)
            except (KeyError, ValueError):
                found = f"the other service sends what is no term of RDF: {str(dict(value))[:100]}"
                raise RemoteError(found, "run the command again later, or ask another service with --address") from None
            if term is not None:
                yield Quad(node, NamedNode(ROW + name), term)


def _term(value: Mapping[str, str]) -> NamedNode | Literal | None:
    if value["type"] == "uri":
        return NamedNode(value["value"])
    if value["type"] == "bnode":
        return None
    language, datatype = value.get("xml:lang"), value.get("datatype")
    if language:
        return Literal(value["value"], language=language)
    return Literal(value["value"], datatype=NamedNode(datatype)) if datatype else Literal(value["value"])
