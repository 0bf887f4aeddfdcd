"""Finds questions that could show a value of one source beside a sentence of another."""

from __future__ import annotations

from ..rdf.spaces import KW, RDF
from ..rdf.sparql import Tokens

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

STATED_IN, PREDICATE = KW + "statedIn", RDF + "predicate"


def borrowed(text: str, single: set[str], prefixes: Mapping[str, str]) -> Iterator[tuple[str, int]]:
    """The properties of one value that a question takes from plain statements, with the place in its text.

    Only of a question that shows where something is stated: there a value has to come from a claim of the same
    source (kw:accordingTo), for a plain statement may be another source's. What only excludes may be plain.
    """
    items = Tokens(text).items
    names = [_iri(kind, token, prefixes) for kind, token, _ in items]
    if STATED_IN not in names:
        return
    depth, excluded = 0, 0  # how deep in braces, and from where on inside an EXISTS
    for number, (kind, token, place) in enumerate(items):
        if kind == "mark" and token in "{}":
            depth += 1 if token == "{" else -1
            if token == "{" and not excluded and number and items[number - 1][1].upper() in ("EXISTS", "MINUS"):
                excluded = depth
            if depth < excluded:
                excluded = 0
        if names[number] in single and not excluded and 0 < number < len(items) - 1:
            before, after = items[number - 1], items[number + 1]
            verb = before[1] in (";", ".", "{", "}") or before[0] in ("var", "name", "iri")
            if verb and names[number - 1] != PREDICATE and after[0] == "var":
                yield names[number], place


def _iri(kind: str, token: str, prefixes: Mapping[str, str]) -> str:
    if kind == "iri":
        return token[1:-1]
    prefix, colon, local = token.partition(":")
    return prefixes.get(prefix, "") + local if kind == "name" and colon else ""
