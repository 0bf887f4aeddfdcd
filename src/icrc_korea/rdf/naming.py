"""Names blank nodes from their content."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from hashlib import sha256

from pyoxigraph import BlankNode, CanonicalizationAlgorithm, NamedNode

from .lines import MOST_HELD, hang_together, lines_of, quads_in
from .spaces import BASE, XSD
from .terms import Quad, engine

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
    digests = _digests(nameless)
    if len(set(digests.values())) < len(digests) and _can_be_told_apart(nameless, digests):
        dataset = engine.Dataset(nameless)  # so that twins are counted in the same order in every run
        dataset.canonicalize(CanonicalizationAlgorithm.RDFC_1_0)
        nameless = sorted(dataset, key=str)
        digests = _digests(nameless)
    names: dict[Any, NamedNode] = {}
    seen: Counter[str] = Counter()
    for node in sorted(digests, key=lambda node: (len(node.value), node.value)):
        digest = digests[node]
        twin = f"{digest} {seen[digest]}"  # of those that look alike, all but the first are counted
        names[node] = NamedNode(SKOLEM + (_digest(twin) if seen[digest] else digest))
        seen[digest] += 1
    for quad in nameless:
        yield Quad(
            names.get(quad.subject, quad.subject), quad.predicate, names.get(quad.object, quad.object), quad.graph_name
        )


def _digest(text: str) -> str:
    return sha256(text.encode()).hexdigest()[:32]


def _can_be_told_apart(quads: list[Quad], digests: dict[Any, str]) -> bool:
    """Whether RDFC-1.0 will soon have labelled the nodes: not where many that look alike point to one another."""
    alike = Counter(digests.values())
    near: Counter[Any] = Counter()
    for quad in quads:
        if all(alike[digests.get(term, "")] > 1 for term in (quad.subject, quad.object)):
            near.update((quad.subject, quad.object))
    soon = len(quads) <= MOST_TWINS and max(near.values(), default=0) <= MOST_NEAR
    return soon and hang_together(quads) <= MOST_HELD


def _digests(nameless: list[Quad]) -> dict[Any, str]:
    """For each blank node a digest of what it says and where it is used; some may look alike."""
    out: dict[Any, list[Quad]] = defaultdict(list)
    users: dict[Any, list[Quad]] = defaultdict(list)
    for quad in nameless:
        if isinstance(quad.subject, BlankNode):
            out[quad.subject].append(quad)
        if isinstance(quad.object, BlankNode):
            users[quad.object].append(quad)
    content: dict[Any, str] = {}
    place: dict[Any, str] = {}

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
                content[top] = _digest("\n".join(sorted(parts)))
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
            place[one] = _digest("\n".join([says(one), *by]))
        return place[node]

    return {node: used(node) for node in dict.fromkeys([*out, *users])}


MOST_TWINS, MOST_NEAR = 50_000, 6  # statements, and those of one node with others that look like it
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
