"""Names blank nodes from their content."""

from __future__ import annotations

import re
from collections import defaultdict
from hashlib import sha256

from pyoxigraph import BlankNode, NamedNode

from .lines import lines_of, quads_in
from .spaces import BASE, XSD
from .terms import Quad

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from typing import Any

def skolemised_lines(batches: Iterable[list[bytes]]) -> Iterator[list[bytes]]:
    """The lines with an IRI for each blank node (see `skolemised`); those that have some come last."""
    doubtful: list[bytes] = []
    for lines in batches:
        if b"_:" in b"".join(lines):
            doubtful += [line for line in lines if b"_:" in line]
            lines = [line for line in lines if b"_:" not in line]
        yield lines
    yield from lines_of(skolemised(quads_in([doubtful])))


def skolemised(quads: Iterable[Quad]) -> Iterator[Quad]:
    """The quads with an IRI for each blank node, made from what it says and where it is used.

    Lists and restrictions of the ontology and the shapes have no names of their own; stores name them
    anew at each loading, so that the same file twice would be two things. A name that rests on content
    stays as long as the content does, wherever else the graph changes. What has no blank node passes at once.
    """
    nameless: list[Quad] = []
    for quad in quads:
        if isinstance(quad.subject, BlankNode) or isinstance(quad.object, BlankNode):
            nameless.append(quad)
        else:
            yield quad
    out: dict[Any, list[Quad]] = defaultdict(list)
    users: dict[Any, list[Quad]] = defaultdict(list)
    for quad in nameless:
        if isinstance(quad.subject, BlankNode):
            out[quad.subject].append(quad)
        if isinstance(quad.object, BlankNode):
            users[quad.object].append(quad)
    content: dict[Any, str] = {}
    place: dict[Any, str] = {}

    def digest(text: str) -> str:
        return sha256(text.encode()).hexdigest()[:32]

    def says(node: Any) -> str:
        stack = [node]
        while stack:  # lists are long, so no recursion
            top = stack[-1]
            open_ones = [q.object for q in out[top] if isinstance(q.object, BlankNode) and q.object not in content]
            if top in content:
                stack.pop()
            elif open_ones and not set(open_ones) & set(stack):
                stack += open_ones
            else:  # what leads back to itself stands as a mark
                parts = (
                    f"{q.predicate} {content.get(q.object, '_:') if isinstance(q.object, BlankNode) else q.object}"
                    for q in out[top]
                )
                content[top] = digest("\n".join(sorted(parts)))
                stack.pop()
        return content[node]

    def used(node: Any) -> str:
        chain, top = [], node
        while isinstance(top, BlankNode) and top not in place and top not in chain:
            chain.append(top)
            top = min((q.subject for q in users[top]), key=str, default=None)
        for one in reversed(chain):
            by = sorted(
                f"{q.graph_name} {place.get(q.subject, '_:') if isinstance(q.subject, BlankNode) else q.subject} "
                f"{q.predicate}"
                for q in users[one]
            )
            place[one] = digest("\n".join([says(one), *by]))
        return place[node]

    names: dict[Any, NamedNode] = {}

    def named(term: Any) -> Any:
        if not isinstance(term, BlankNode):
            return term
        if term not in names:
            names[term] = NamedNode(SKOLEM + used(term))
        return names[term]

    for quad in nameless:
        yield Quad(named(quad.subject), quad.predicate, named(quad.object), quad.graph_name)


SKOLEM = BASE + ".well-known/genid/"
INTEGERS = {
    XSD + name
    for name in (
        "integer", "nonNegativeInteger", "positiveInteger", "nonPositiveInteger", "negativeInteger", "long", "int",
        "short", "byte", "unsignedLong", "unsignedInt", "unsignedShort", "unsignedByte",
    )
}  # fmt: skip
BLANK = re.compile(r"(?:^|(?<= ))_:(\S+)(?=[ ]|$)")
INTEGER, DECIMAL = re.compile(r"[+-]?\d+"), re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)")


def normal(triple: str) -> str:
    """An N-Triples statement (without its dot) in the form in which it is compared.

    Exactly what stores were seen to change is made alike: the case of language tags, `1.0` for `1`, `1` for
    `true`, leading zeros of integers, an explicit xsd:string.
    """
    if triple.endswith('"'):
        return triple
    if triple.endswith(">"):
        head, marks, datatype = triple.rpartition('"^^<')
        if not marks or "> <" in datatype:
            return triple
        head, quote, value = head.rpartition(' "')
        kind = datatype[:-1]
        if kind == XSD + "string":
            return f"{head}{quote}{value}\""
        return f"{head}{quote}{shortest(value, kind)}\"^^<{kind}>"
    head, mark, tag = triple.rpartition('"@')
    return f'{head}"@{tag.lower()}' if mark and " " not in tag else triple


def shortest(value: str, kind: str) -> str:
    """The lexical form of a literal of a datatype as stores keep it."""
    if kind in INTEGERS and INTEGER.fullmatch(value):
        sign, digits = value[0] == "-", value.lstrip("+-").lstrip("0") or "0"
        return f"-{digits}" if sign and digits != "0" else digits
    if kind == XSD + "decimal" and DECIMAL.fullmatch(value):
        whole, _, fraction = value.lstrip("+-").partition(".")
        whole, fraction = whole.lstrip("0") or "0", fraction.rstrip("0")
        digits = f"{whole}.{fraction}" if fraction else whole
        return f"-{digits}" if value[0] == "-" and digits != "0" else digits
    if kind == XSD + "boolean":
        return {"1": "true", "0": "false"}.get(value, value)
    return value


def blank_nodes_as_iris(triple: str) -> str:
    """A statement with its blank nodes as IRIs of their own, outside of what is between quotes."""
    if "_:" not in triple:
        return triple
    head, quote, tail = triple.partition(' "')

    def name(match: re.Match[str]) -> str:
        return f"<{SKOLEM}{match.group(1)}>"

    return BLANK.sub(name, head) + quote + tail
