"""Hides the SHACL engines: shapes are checked first, then run over the data, in a process that can be stopped.

`turbo` (pyshacl-turbo) is the default, `pyshacl` the reference; both give the same results. An engine runs in
a child process, so that a shape that never ends, or one that brings the engine down, costs a finding and no more.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import threading
from collections import Counter, defaultdict
from dataclasses import asdict, dataclass, field
from itertools import combinations
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING

from .errors import QueryError, nearest
from .layout import OWL, RDF, RDFS
from .sparql import Tokens
from .store import TYPE, BlankNode, NamedNode, Quad, ntriples, read_ntriples

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from typing import Any

    import rdflib

    from .store import Term

ENGINES = ("turbo", "pyshacl")
TIME_LIMIT = 600  # seconds
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
SEVERITIES = {"Violation": "violation", "Warning": "warning", "Info": "info"}


@dataclass(frozen=True)
class Result:
    """One validation result: the node, the path (as SPARQL writes it), what constraint of which shape it broke."""

    focus: str  # terms are written as N-Triples has them
    path: str
    component: str  # the local name: MinCount, Class, SPARQL …
    value: str
    shape: str
    severity: str
    messages: dict[str, str] = field(default_factory=dict, compare=False, hash=False)  # by language


@dataclass(frozen=True)
class Fault:
    """What is wrong with a shape: the shape (or node in it), what was found, what to write."""

    node: str
    found: str
    remedy: str


@dataclass
class Outcome:
    """What became of a run: faults of the shapes, or else results."""

    engine: str
    faults: list[Fault] = field(default_factory=list)
    results: list[Result] = field(default_factory=list)
    more: dict[str, int] = field(default_factory=dict)  # how many results of a shape are not among these


# --- the parent's side -----------------------------------------------------------------------------------


class Run:
    """A run of shapes over data in a child process: made ready, then begun by `over`, waited for by `outcome`."""

    def __init__(self, engine: str, limit: float = TIME_LIMIT) -> None:
        self.engine, self.deadline, self.limit = engine, monotonic() + limit, limit
        self.process = subprocess.Popen(  # noqa: S603 - this project, by its own interpreter
            [sys.executable, "-m", __name__],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        self.said = (b"", b"")
        self.talk: threading.Thread | None = None

    def over(self, shapes: bytes, data: bytes, file: Path | None = None, most: int = 0) -> None:
        """Runs shapes over data and a file, all N-Triples; of each shape so many results are told, 0: all."""
        head = {"engine": self.engine, "shapes": len(shapes), "file": str(file or ""), "most": most}
        self.deadline = monotonic() + self.limit
        # the child reads and works while this process goes on
        text = json.dumps(head).encode() + b"\n" + shapes + data
        self.talk = threading.Thread(target=self._talk, args=(text,), daemon=True)
        self.talk.start()

    def _talk(self, text: bytes) -> None:
        self.said = self.process.communicate(text)

    def outcome(self) -> Outcome:
        """The results, once they are there; a fault if the engine failed, or took longer than its limit."""
        if self.talk:
            self.talk.join(max(0, self.deadline - monotonic()))
        if self.talk is None or self.talk.is_alive():
            self.stop()
            return self._failed(
                f"the shapes were stopped after {self.limit:g} seconds",
                "look for a sh:pattern or sh:select that never ends, or allow more with --time-limit SECONDS",
            )
        out, err = self.said
        if self.process.returncode:
            last = (err.decode("utf-8", "replace").strip().splitlines() or ["no word"])[-1]
            code = self.process.returncode
            how = f"was stopped by signal {-code}" if code < 0 else f"ended with code {code}"
            found = f"the engine {self.engine} {how}: {last}"
            return self._failed(found, "try the other one: --engine pyshacl or turbo")
        answer = json.loads(out)
        faults = [Fault(**fault) for fault in answer["faults"]]
        return Outcome(self.engine, faults, [Result(**result) for result in answer["results"]], answer["more"])

    def _failed(self, found: str, remedy: str) -> Outcome:
        return Outcome(self.engine, [Fault("", found, remedy)])

    def stop(self) -> None:
        """Ends the child, whatever it is doing."""
        if self.talk is None:
            self.process.kill()
            self.process.communicate()
        elif self.talk.is_alive():
            self.process.kill()
            self.talk.join()


# --- are the shapes themselves right? ----------------------------------------------------------------------


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


# --- the child's side --------------------------------------------------------------------------------------


def main() -> int:
    """Reads one run from standard input and writes its outcome to standard output."""
    import pyshacl_turbo  # noqa: F401 - takes its time while the parent still reads

    head = json.loads(sys.stdin.buffer.readline())
    shapes = sys.stdin.buffer.read(head["shapes"])
    data = (Path(head["file"]).read_bytes() if head.get("file") else b"") + sys.stdin.buffer.read()
    quads = read_ntriples(shapes)
    faults, results, more = list(lint(quads)), [], Counter[str]()
    try:
        faults += [] if faults else _ill_formed(shapes, quads)
        results = [] if faults else list(validate(shapes, data, head["engine"], head.get("most", 0), more))
    except Failure as failure:
        faults = _blamed(quads, data, head["engine"], failure)
    outcome = {"faults": list(map(asdict, faults)), "results": list(map(asdict, results)), "more": more}
    json.dump(outcome, sys.stdout)
    return 0


class Failure(Exception):
    """An engine could not run the shapes."""


def _blamed(quads: list[Quad], data: bytes, engine: str, failure: Failure) -> list[Fault]:
    """Which shapes an engine cannot run, tried one by one: the engine itself does not always say."""
    targeted = dict.fromkeys(quad.subject for quad in quads if quad.predicate.value in TARGETS)
    by_subject: dict[Term, list[Quad]] = defaultdict(list)
    for quad in quads:
        by_subject[quad.subject].append(quad)
    pieces: dict[Term, bytes] = {}
    node, aimed_at = NamedNode("urn:node"), []  # some node for each target
    for quad in quads:
        word = quad.predicate.value.removeprefix(SH)
        if isinstance(quad.object, NamedNode) and word in ("targetClass", "targetSubjectsOf", "targetObjectsOf"):
            aimed_at.append(Quad(node, TYPE, quad.object) if word == "targetClass" else Quad(node, quad.object, node))
    for shape in targeted:
        todo, seen = [shape], {shape}
        while todo:
            for quad in by_subject[todo.pop()]:
                if quad.object not in seen and quad.object in by_subject:
                    seen.add(quad.object)
                    todo.append(quad.object)
        pieces[shape] = ntriples(quad for part in seen for quad in by_subject[part])
    found: list[Fault] = []
    for some in (ntriples(aimed_at), *([data] if engine == "turbo" else [])):  # most fail at the first node
        for named, piece in () if found else pieces.items():
            try:
                list(validate(piece, some, engine))
            except Failure as error:
                found.append(Fault(getattr(named, "value", ""), f"cannot be run: {error}", "correct what this names"))
    return found or [Fault("", f"a shape cannot be run: {failure}", "correct the shape that this names")]


def _ill_formed(shapes: bytes, quads: list[Quad]) -> list[Fault]:
    """What the shapes break in SHACL-SHACL, the shapes for shapes."""
    from pyshacl_turbo import meta_validate
    from rdflib.namespace import SH as WORDS

    # bytes, as a text could be taken for an address; a path in a path in an alternative is deep in SHACL-SHACL
    try:
        conforms, report, text = meta_validate(shapes, shacl_graph_format="nt", max_validation_depth=10 * DEEPEST)
    except Exception as error:
        raise Failure(_first_line(error)) from error
    if conforms:
        return []
    lint, found = _Lint(quads), {}
    blank = {str(node.value): node for node in lint.values if isinstance(node, BlankNode)}
    for result in report.objects(None, WORDS.result):
        focus, path = report.value(result, WORDS.focusNode), report.value(result, WORDS.resultPath)
        node = blank.get(str(focus)) or NamedNode(str(focus)) if ":" in str(focus) else BlankNode("x")
        value = report.value(result, WORDS.value)
        shown = f"sh:{str(path).removeprefix(SH)}" if str(path).startswith(SH) else "the shape"
        said = f" {value}" if value is not None and not str(value).startswith("n") else ""
        found[(str(focus), shown)] = Fault(
            lint.named(node), f"{shown}{said} is not as SHACL wants it ({_component(report, result)})",
            "compare with the SHACL recommendation: one value, of the right kind",
        )  # fmt: skip
    return list(found.values()) or [Fault("", text.splitlines()[0], "compare with the SHACL recommendation")]


def _component(report: rdflib.Graph, result: rdflib.term.Node) -> str:
    from rdflib.namespace import SH as WORDS

    name = str(report.value(result, WORDS.sourceConstraintComponent)).rpartition("#")[2]
    return name.removesuffix("ConstraintComponent")


def validate(
    shapes: bytes, data: bytes, engine: str, most: int = 0, more: Counter[str] | None = None
) -> Iterator[Result]:
    """The results of shapes over data, both N-Triples; Failure if the engine cannot run the shapes.

    If `most` is given, turbo gives about so many results of each shape; `more` takes the number of the others.
    """
    report = _by_turbo(shapes, data, most, more) if engine == "turbo" else _by_pyshacl(shapes, data)
    yield from read_report(report)


def _by_turbo(shapes: bytes, data: bytes, most: int, more: Counter[str] | None) -> rdflib.Graph:
    import pyshacl_turbo

    from .store import rdflib_graph

    try:
        # the compiled program itself: what the package puts around it makes an rdflib graph of the report first,
        # which takes minutes and gigabytes if a file breaks a shape a hundred thousand times. The data as text,
        # not as a store: a store's plain strings match no sh:in
        program = pyshacl_turbo.compile_shapes(shapes, shacl_graph_format="nt")._native
        _, report, *_ = program.validate(
            data.decode(), "nt", None, False, 1, 2 * DEEPEST, False, False, False, False, [], [], []
        )
    except Exception as error:  # whatever the engine throws at a shape is for the curator to read
        raise Failure(_first_line(error)) from error
    return rdflib_graph(read_ntriples((_shortened(report, most, more) if most else report).encode()))


def _shortened(report: str, most: int, more: Counter[str] | None) -> str:
    """A report in N-Triples without the results of a shape that go beyond a number."""
    top = f" <{SH}result> "
    results = set(re.findall(rf"^\S+{re.escape(top)}(\S+) \.$", report, re.M))
    focus, shapes = (
        dict(re.findall(rf"^(\S+) <{re.escape(SH + word)}> (\S.*) \.$", report, re.M))
        for word in ("focusNode", "sourceShape")
    )
    kept: Counter[str] = Counter()
    left_out = set()
    for node in sorted(results, key=lambda node: focus.get(node, "")):
        shape = shapes.get(node, "")
        kept[shape] += 1
        if kept[shape] > most:
            left_out.add(node)
    if more is not None:
        more.update({shape: number - most for shape, number in kept.items() if number > most})
    if not left_out:
        return report
    lines = (line for line in report.split("\n") if line.partition(" ")[0] not in left_out)
    return "\n".join(line for line in lines if top not in line or line.split(" ")[2] not in left_out)


def _by_pyshacl(shapes: bytes, data: bytes) -> rdflib.Graph:
    import pyshacl
    from rdflib import Graph

    from .store import rdflib_graph

    # the reader of this project keeps every literal as it is written; rdflib's own would put "01" right
    graph, rules = rdflib_graph(read_ntriples(data)), rdflib_graph(read_ntriples(shapes))
    try:
        _, report, text = pyshacl.validate(
            graph, shacl_graph=rules, inference="none", do_owl_imports=False, max_validation_depth=2 * DEEPEST
        )
    except Exception as error:
        raise Failure(_first_line(error)) from error
    if not isinstance(report, Graph):
        raise Failure(_first_line(report or text))
    return report


def _first_line(error: object) -> str:
    return next(iter(str(getattr(error, "message", None) or error).splitlines()), type(error).__name__)


def read_report(report: rdflib.Graph) -> Iterator[Result]:
    """The results of a validation report, details of details left out."""
    from rdflib import Literal as Text
    from rdflib.namespace import SH as WORDS

    for result in report.objects(None, WORDS.result):
        value = {
            name: report.value(result, WORDS[name]) for name in ("focusNode", "value", "sourceShape", "resultPath")
        }
        yield Result(
            focus=_n3(value["focusNode"]),
            path=path_text(report, value["resultPath"]) if value["resultPath"] is not None else "",
            component=_component(report, result),
            value=_n3(value["value"]),
            shape=_n3(value["sourceShape"]),
            severity=SEVERITIES.get(str(report.value(result, WORDS.resultSeverity)).rpartition("#")[2], "violation"),
            messages={
                text.language or "": str(text)
                for text in report.objects(result, WORDS.resultMessage) if isinstance(text, Text)
            },
        )  # fmt: skip


def _n3(term: rdflib.term.Node | None) -> str:
    from .store import from_rdflib

    return "" if term is None else str(from_rdflib(term))


def path_text(graph: rdflib.Graph, path: rdflib.term.Node, seen: int = 0) -> str:
    """A SHACL path as SPARQL writes it: <a>|^<b>, (<a>/<b>)*."""
    from rdflib import BNode
    from rdflib.collection import Collection
    from rdflib.namespace import SH as WORDS

    if not isinstance(path, BNode) or seen > DEEPEST:
        return f"<{path}>"
    for word, mark in ((WORDS.zeroOrMorePath, "*"), (WORDS.oneOrMorePath, "+"), (WORDS.zeroOrOnePath, "?")):
        inner = graph.value(path, word)
        if inner is not None:
            return f"({path_text(graph, inner, seen + 1)}){mark}"
    inverse = graph.value(path, WORDS.inversePath)
    if inverse is not None:
        return f"^{path_text(graph, inverse, seen + 1)}"
    choice = graph.value(path, WORDS.alternativePath)
    parts = [path_text(graph, part, seen + 1) for part in Collection(graph, choice or path)]
    return (
        ("|" if choice is not None else "/").join(parts)
        if len(parts) == 1
        else f"({('|' if choice is not None else '/').join(parts)})"
    )


if __name__ == "__main__":
    sys.exit(main())
