"""Finds what is ill-formed in the shapes themselves before an engine runs them."""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass
from itertools import combinations

from ..errors import QueryError, nearest
from ..rdf.spaces import OWL, RDF, RDFS
from ..rdf.sparql import Tokens
from ..rdf.terms import TYPE, BlankNode, NamedNode

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from typing import Any

    from ..rdf.terms import Quad, Term

DEEPEST = 15  # shapes in shapes; both engines give up where this is passed
SH = "http://www.w3.org/ns/shacl#"
# how one shape leads to another: directly, or through a list
TO_SHAPE = {SH + name for name in ("node", "property", "not", "qualifiedValueShape")}
TO_SHAPES = {SH + name for name in ("and", "or", "xone")}
LISTS = TO_SHAPES | {SH + name for name in ("in", "languageIn", "ignoredProperties", "alternativePath")}
TARGETS = {SH + name for name in ("targetClass", "targetNode", "targetSubjectsOf", "targetObjectsOf")}
# what a shape may say besides its constraints
ASIDE = TARGETS | {SH + name for name in (
    "path", "message", "severity", "name", "description", "order", "group", "deactivated", "defaultValue", "prefixes",
)}  # fmt: skip
FETCHED = {
    SH + "shapesGraph",
    SH + "suggestedShapesGraph",
    SH + "js",
    SH + "jsLibrary",
    SH + "jsLibraryURL",
    OWL + "imports",
}
RULES = {SH + name for name in ("rule", "target", "values", "expression")}


@dataclass(frozen=True)
class Fault:
    """What is wrong with a shape: the shape (or node in it), what was found, what to write."""

    node: str
    found: str
    remedy: str


def lint(shapes: Iterable[Quad]) -> Iterator[Fault]:
    """What SHACL-SHACL does not say or an engine would stumble over, in the shapes alone."""
    yield from _Lint(shapes).run()


class _Lint:
    def __init__(self, shapes: Iterable[Quad]) -> None:
        self.values: dict[Term, dict[str, list[Any]]] = defaultdict(lambda: defaultdict(list))
        self.user: dict[Term, Term] = {}  # an unnamed node -> what it is part of
        for quad in shapes:
            self.values[quad.subject][quad.predicate.value].append(quad.object)
            if isinstance(quad.object, BlankNode):
                self.user.setdefault(quad.object, quad.subject)

    def run(self) -> Iterator[Fault]:
        cyclic = False
        for node, values in list(self.values.items()):
            for word in LISTS & set(values):
                for head in values[word]:
                    fault = self._list_fault(head)
                    if fault:
                        cyclic = True
                        yield self._at(
                            node, f"the list of sh:{word.removeprefix(SH)} {fault}", "write it as ( one two three )"
                        )
        for node, values in list(self.values.items()):
            yield from self._words(node, values)
            yield from self._texts(node, values)
            yield from self._numbers(node, values)
        yield from self._idle()
        if not cyclic:
            yield from self._references()

    def _at(self, node: Term, found: str, remedy: str) -> Fault:
        return Fault(self.named(node), found, remedy)

    def named(self, node: Term) -> str:
        """The IRI of the node, or of the named one that it is part of."""
        seen = set()
        while isinstance(node, BlankNode) and node in self.user and node not in seen:
            seen.add(node)
            node = self.user[node]
        return node.value if isinstance(node, NamedNode) else ""

    def _list_fault(self, head: Term) -> str:
        nil, seen = NamedNode(RDF + "nil"), set()
        while head != nil:
            if head in seen:
                return "comes back to itself"
            seen.add(head)
            values = self.values.get(head, {})
            if len(values.get(RDF + "first", ())) != 1 or len(values.get(RDF + "rest", ())) != 1:
                return "is no list, or one without an end"
            head = values[RDF + "rest"][0]
        return ""

    def _items(self, head: Term) -> Iterator[Any]:
        while head in self.values:
            yield from self.values[head].get(RDF + "first", ())
            head = next(
                iter(self.values[head].get(RDF + "rest", ())),
                head if isinstance(head, NamedNode) else NamedNode(RDF + "nil"),
            )

    def _words(self, node: Term, values: dict[str, list[Any]]) -> Iterator[Fault]:
        known = _shacl_words()
        used = [word for word in values if word.startswith(SH)]
        used += [
            term.value
            for terms in values.values()
            for term in terms
            if isinstance(term, NamedNode) and term.value.startswith(SH)
        ]
        for word in used:
            if word.removeprefix(SH) not in known:
                close = ["sh:" + name for name in nearest(word.removeprefix(SH), known, 2)]
                remedy = (
                    "write " + " or ".join(close) if close else "see the SHACL recommendation for the words there are"
                )
                yield self._at(node, f"sh:{word.removeprefix(SH)} is no word of SHACL", remedy)
        for word in sorted((FETCHED | RULES) & set(values)):
            shown = "owl:imports" if word.startswith(OWL) else "sh:" + word.removeprefix(SH)
            remedy = (
                "nothing is fetched: put the shapes into shapes/"
                if word in FETCHED
                else "write rules into queries/derive/"
            )
            yield self._at(node, f"{shown} is not followed", remedy)
        shape = TYPE.value in values and NamedNode(SH + "PropertyShape") in values[TYPE.value]
        if (shape or SH + "path" in values) and isinstance(node, BlankNode) and self._is_rule(node):
            yield self._at(
                node,
                "a property shape without a name",
                "name it, such as shape:Tenure-holder, so that a report can tell which rule was broken",
            )
        if isinstance(node, NamedNode) and set(values) & TARGETS and not self._says(values):
            yield self._at(node, "has a target but checks nothing", "add sh:property or another constraint")

    def _numbers(self, node: Term, values: dict[str, list[Any]]) -> Iterator[Fault]:
        """Numbers that nothing can meet, and paths that lead nowhere."""
        for least, most in (("minCount", "maxCount"), ("qualifiedMinCount", "qualifiedMaxCount")):
            low, high = ([term.value for term in values.get(SH + word, ())] for word in (least, most))
            if len(low) == len(high) == 1 and low[0].isdigit() and high[0].isdigit() and int(low[0]) > int(high[0]):
                yield self._at(node, f"asks for {low[0]} and allows {high[0]}", f"correct sh:{least} or sh:{most}")
        if NamedNode(RDF + "nil") in values.get(SH + "path", ()):
            yield self._at(node, "its sh:path is an empty list", "write the property, such as sh:path kw:sender")

    def _idle(self) -> Iterator[Fault]:
        """Named shapes that have no target and that no other shape uses."""
        used = {term for values in self.values.values() for terms in values.values() for term in terms}
        for node, values in list(self.values.items()):
            kinds = {kind.value for kind in values.get(TYPE.value, ())}
            if not isinstance(node, NamedNode) or node in used or not kinds & {SH + "NodeShape", SH + "PropertyShape"}:
                continue
            if not set(values) & TARGETS and not kinds & {OWL + "Class", RDFS + "Class"}:
                yield self._at(
                    node, "has no target, and no other shape uses it", "give it sh:targetClass, or name it in a shape"
                )

    def _says(self, values: dict[str, list[Any]]) -> bool:
        return any(word.startswith(SH) and word not in ASIDE for word in values)

    def _is_rule(self, node: BlankNode) -> bool:
        """Whether a report would name this node: not what only helps another shape to a yes or no."""
        user = self.values.get(self.user.get(node, node), {})
        return node in user.get(SH + "property", ())

    def _texts(self, node: Term, values: dict[str, list[Any]]) -> Iterator[Fault]:
        for pattern in values.get(SH + "pattern", ()):
            fault = pattern_fault(pattern.value)
            if fault:
                yield self._at(node, f"the pattern {pattern.value!r} {fault[0]}", fault[1])
        for word in ("select", "ask", "construct", "update"):
            for text in values.get(SH + word, ()):
                try:
                    Tokens(text.value)
                except QueryError as error:
                    yield self._at(node, f"its sh:{word}: {error.message}", error.remedy)
        for text in values.get(SH + "select", ()):  # the reference engine takes one without $this, and finds nothing
            if not re.search(r"\bSELECT\b[^{]*?([$?]this\b|\*)", text.value, re.I):
                yield self._at(node, "its sh:select does not choose $this", "write SELECT $this … WHERE { $this … }")
        for query in values.get(SH + "sparql", ()):
            if query in self.values and SH + "select" not in self.values[query]:
                yield self._at(query, "is a constraint without sh:select", "write sh:select, as text")

    def _references(self) -> Iterator[Fault]:
        """Shapes that lead back to themselves, and chains of shapes too deep to run."""
        leads: dict[Any, list[Any]] = {
            node: [
                *(term for word in TO_SHAPE for term in values.get(word, ())),
                *(item for word in TO_SHAPES for head in values.get(word, ()) for item in self._items(head)),
            ]
            for node, values in list(self.values.items())
        }
        leads = {node: [term for term in terms if term in leads] for node, terms in leads.items() if terms}
        depth: dict[Any, int] = {}
        told = False
        for start in leads:
            stack: list[tuple[Any, Iterator[Any]]] = [(start, iter(leads[start]))] if start not in depth else []
            path = {start}
            while stack:
                node, rest = stack[-1]
                following = next(rest, None)
                if following is None:
                    stack.pop()
                    path.discard(node)
                    depth[node] = 1 + max((depth.get(term, 0) for term in leads.get(node, ())), default=0)
                    if depth[node] > DEEPEST and not told:
                        told = True
                        yield self._at(
                            node,
                            f"leads through more than {DEEPEST} shapes one inside the other",
                            "say it with fewer steps",
                        )
                elif following in path:
                    yield self._at(
                        following,
                        "leads back to itself: a shape may not rest on itself",
                        "break the circle of sh:node, sh:property, sh:and, sh:or or sh:not",
                    )
                elif following not in depth:
                    path.add(following)
                    stack.append((following, iter(leads.get(following, ()))))


def pattern_fault(pattern: str) -> tuple[str, str] | None:
    """Why a regular expression would not do, and what to write; None if it will.

    A repetition inside a repetition, such as (a+)+, takes some engines longer than anybody waits.
    """
    from re import _parser as parser  # type: ignore[attr-defined]  # the one place that can tell how a pattern is built

    try:
        parsed = parser.parse(pattern)
    except (re.error, RecursionError, OverflowError) as error:
        return f"cannot be read: {error}", "write a regular expression as SPARQL has them"
    stack = [parsed]
    while stack:
        for word, argument in stack.pop():
            name = str(word)
            if name in ("ASSERT", "ASSERT_NOT", "GROUPREF", "GROUPREF_EXISTS"):
                return (
                    "looks ahead or back, which not every engine can",
                    "write it without (?=…), (?!…), (?<…) and \\1",
                )
            if _repeats(word, argument) and _ambiguous(argument[2]):
                return (
                    "repeats a repetition, so that some texts would take for ever",
                    "write it so that there is one way only to match a text, such as a(-a)*",
                )
            stack += _parts(argument)
    return None


def _parts(argument: Any) -> list[Any]:
    """The patterns inside an item of a parsed pattern."""
    from re import _parser as parser  # type: ignore[attr-defined]

    found: list[Any] = []
    for part in argument if isinstance(argument, tuple | list) else ():
        found += [part] if isinstance(part, parser.SubPattern) else _parts(part) if isinstance(part, list) else []
    return found


def _repeats(word: object, argument: Any) -> bool:
    return str(word) in ("MAX_REPEAT", "MIN_REPEAT", "POSSESSIVE_REPEAT") and argument[1] > 20


def _ambiguous(body: Any) -> bool:
    """Whether a repeated body that repeats something itself can split one text in several ways.

    It cannot if something in it must stand there that nothing else in it matches: the hyphen of (-[a-z]+)*.
    """
    while len(body) == 1 and str(body[0][0]) in ("SUBPATTERN", "ATOMIC_GROUP"):
        body = _parts(body[0][1])[0]
    todo, nested = [body], False
    while todo:
        for word, argument in todo.pop():
            nested = nested or _repeats(word, argument)
            if str(word) == "BRANCH":  # (a|aa)+: alternatives that begin alike
                begins = [_characters(part[:1]) for part in argument[1]]
                if not all(begins) or any(one & other for one, other in combinations(begins, 2)):
                    return True
            todo += _parts(argument)
    if not nested:
        return False
    sets = [_characters([item]) for item in body]
    single = [place for place, (word, _) in enumerate(body) if str(word) in ("LITERAL", "IN", "NOT_LITERAL", "ANY")]
    several = [place for place, (word, argument) in enumerate(body) if _repeats(word, argument) and argument[0]]
    # what is repeated parts two rounds only if something else must stand between
    fixed = single + (several if len(single) + len(several) > 1 else [])
    others = {place: set().union(*(chars for n, chars in enumerate(sets) if n != place)) for place in fixed}
    return not any(sets[place].isdisjoint(others[place]) for place in fixed)


def _characters(items: Any) -> set[int]:
    """The ASCII characters that some items of a parsed pattern can match."""
    found: set[int] = set()
    for word, argument in items:
        name = str(word)
        if name == "LITERAL":
            found.add(argument)
        elif name == "NOT_LITERAL":
            found |= set(range(128)) - {argument}
        elif name == "RANGE":
            found |= set(range(argument[0], min(argument[1], 127) + 1))
        elif name == "IN":
            inside = _characters([item for item in argument if str(item[0]) != "NEGATE"])
            negated = any(str(item[0]) == "NEGATE" for item in argument)
            found |= set(range(128)) - inside if negated else inside
        elif name == "CATEGORY":
            kind = str(argument).removeprefix("CATEGORY_").removeprefix("NOT_")
            escape = {"DIGIT": r"\d", "SPACE": r"\s"}.get(kind, r"\w")
            inside = {code for code in range(128) if re.match(escape, chr(code))}
            found |= set(range(128)) - inside if "_NOT_" in str(argument) else inside
        elif name == "ANY":
            found |= set(range(128))
        else:
            for part in _parts(argument):
                found |= _characters(part)
    return found


def _shacl_words() -> set[str]:
    from rdflib.namespace import SH as WORDS

    # the words that are also Python's stand apart in rdflib: sh:and, sh:class, sh:in, sh:not, sh:or …
    return {str(word).removeprefix(SH) for word in dir(WORDS)} | set(WORDS._extras)
