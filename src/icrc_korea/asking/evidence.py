"""Finds the statements that the rows of an answer spell out, with what they rest on."""

from __future__ import annotations

from ..errors import QueryError
from ..rdf.answer import Answer
from ..rdf.spaces import BASE, KW, RDF, THINGS
from ..rdf.sparql import Tokens
from ..rdf.terms import Literal, NamedNode, readable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any

    from ..rdf.answer import Asked
    from ..rdf.terms import Term
    Row = list[Term | None]
    Opened = Callable[[set[str]], Asked]  # gives a store with the triples of these predicates

PARTS = tuple(NamedNode(RDF + name) for name in ("subject", "predicate", "object"))
STATUS, POLARITY, CERTAINTY, SENTENCE, LINK = (
    NamedNode(KW + name) for name in ("claimStatus", "polarity", "certainty", "statedIn", "deepLink")
)
PLAIN = {BASE + "vocab/status-accepted", BASE + "vocab/polarity-positive"}
# where a thing is spoken of, and which claims are about it: derived from the claims, no fact of the guide
BOOKS = {KW + name for name in ("attestedIn", "statedIn", "isSubjectOf")}
COLUMNS = ("sentence", "link", "certainty", "status")
NONE = "the rows of this answer are no statements, so there are no sentences to show"
REMEDY = "select the subject and the object of a statement, or its claim; `icrc-korea why` explains a single one"


class Spelt:
    """Finds the claims that a row spells out: those whose subject and object stand in it.

    The property has to stand in the row too, or to be named in the query, so that two things which happen to
    stand side by side are not taken for a statement about each other.
    """

    def __init__(self, store: Asked, text: str, doubtful: bool = False) -> None:
        """All claims of the store, or only those that are denied, contested, rejected or reported."""
        self.store, self.layout = store, store.layout
        self.named = Tokens(text).named(self.layout.prefixes)
        self.claims: dict[tuple[Term, Term], list[tuple[NamedNode, NamedNode]]] = {}
        marked = {q.subject for p in (STATUS, POLARITY) for q in store.match(None, p) if q.object.value not in PLAIN}
        for quad in store.match(None, PARTS[0]):
            if not doubtful or quad.subject in marked:
                predicate, value = (self._one(quad.subject, part) for part in PARTS[1:])
                if isinstance(predicate, NamedNode) and value is not None:
                    self.claims.setdefault((quad.object, value), []).append((predicate, quad.subject))

    def _one(self, node: NamedNode, predicate: NamedNode) -> Any:
        return next((quad.object for quad in self.store.match(node, predicate)), None)

    def every(self, node: NamedNode, predicate: NamedNode) -> list[Any]:
        """The values of a property of a claim, sorted."""
        return sorted((quad.object for quad in self.store.match(node, predicate)), key=str)

    def of(self, row: Row) -> list[NamedNode]:
        """The claims that the row spells out, or names."""
        terms = [term for term in row if term is not None]
        found: dict[NamedNode, None] = {}
        for subject in terms:
            for value in terms:
                for predicate, claim in self.claims.get((subject, value), []):
                    if predicate in terms or predicate.value in self.named:
                        found[claim] = None
        return list(found) or [t for t in terms if isinstance(t, NamedNode) and t.value.startswith(THINGS + "claim/")]

    def pairs(self, row: Row) -> Iterator[tuple[NamedNode, NamedNode, NamedNode]]:
        """The statements of the graph that a row spells out with a property of ours that the query names."""
        things = [term for term in row if isinstance(term, NamedNode) and term.value.startswith(THINGS)]
        for name in sorted(self.named - BOOKS):
            if name.startswith(KW):
                predicate = NamedNode(name)
                for subject in things:
                    for quad in self.store.match(subject, predicate):
                        if quad.object in things:
                            yield subject, predicate, quad.object


def marks(answer: Answer, text: str, opened: Opened, infers: Callable[[Term, Term, Term], bool]) -> list[str]:
    """What sets each row apart: contested, rejected, reported, negative, inferred; '' for plain statements."""
    if answer.truth is not None or answer.triples is not None or not answer.rows:
        return []
    named = Tokens(text).named(answer.layout.prefixes)
    store = opened({part.value for part in (*PARTS, STATUS, POLARITY)} | named)
    spelt = Spelt(store, text, doubtful=True)
    found = []
    for row in answer.rows:
        said = {value for claim in spelt.of(row) for p in (STATUS, POLARITY) for value in spelt.every(claim, p)}
        words = {term.value.rpartition("-")[2] for term in said if term.value not in PLAIN and term not in row}
        if not said and any(infers(*triple) for triple in spelt.pairs(row)):
            words.add("inferred")
        found.append(" ".join(sorted(words)))
    return found if any(found) else []


def with_sources(answer: Answer, text: str, opened: Opened) -> Answer:
    """The answer with a sentence, its link, its certainty and its status in each row that spells out a claim."""
    if answer.truth is not None or answer.triples is not None:
        raise QueryError(NONE, REMEDY)
    store = opened({part.value for part in (*PARTS, STATUS, POLARITY, CERTAINTY, SENTENCE, LINK)})
    spelt = Spelt(store, text)
    rows, any_claim = [], False
    for row in answer.rows:
        claims = spelt.of(row)
        any_claim = any_claim or bool(claims)
        sentences = {sentence: None for claim in claims for sentence in spelt.every(claim, SENTENCE)}
        links = [link for sentence in sentences for link in spelt.every(sentence, LINK)]
        certainty = {value: None for claim in claims for value in spelt.every(claim, CERTAINTY)}
        said = {value: None for claim in claims for p in (STATUS, POLARITY) for value in spelt.every(claim, p)}
        status = [value for value in said if not value.value.endswith("polarity-positive")]
        rows.append([*row, *(_together(terms, answer) for terms in (list(sentences), links, list(certainty), status))])
    if not any_claim:
        raise QueryError(NONE, REMEDY)
    names = [name if name not in answer.columns else f"source_{name}" for name in COLUMNS]
    return Answer(answer.layout, [*answer.columns, *names], rows)


def _together(terms: list[Any], answer: Answer) -> Term | None:
    """One term as it is; several as one text, so that a row stays a row."""
    if len(terms) < 2:
        return terms[0] if terms else None
    return Literal(" ".join(readable(term, answer.layout) for term in terms))
