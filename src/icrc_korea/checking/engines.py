"""Runs the SHACL engines over the data, in a process that can be stopped.

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
from pathlib import Path
from time import monotonic

from ..rdf.lines import ntriples, read_ntriples
from ..rdf.terms import TYPE, BlankNode, NamedNode, Quad
from ..workers.limits import in_words
from ..workers.walls import no_more_memory
from .lint import DEEPEST, SH, TARGETS, Fault, _Lint, lint

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    import rdflib

    from ..rdf.terms import Term

ENGINES = ("turbo", "pyshacl")
TIME_LIMIT = 600  # seconds
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


@dataclass
class Outcome:
    """What became of a run: faults of the shapes, or else results."""

    engine: str
    faults: list[Fault] = field(default_factory=list)
    results: list[Result] = field(default_factory=list)
    more: dict[str, int] = field(default_factory=dict)  # how many results of a shape are not among these


class Run:
    """A run of shapes over data in a child process: made ready, then begun by `over`, waited for by `outcome`."""

    def __init__(self, engine: str, limit: float = TIME_LIMIT, memory: int = 0) -> None:
        """`limit` is in seconds, `memory` in bytes; 0 is as much as there is."""
        self.engine, self.deadline, self.limit, self.memory = engine, monotonic() + limit, limit, memory
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
        head = {"engine": self.engine, "shapes": len(shapes), "file": str(file or ""), "most": most,
                "memory": self.memory}  # fmt: skip
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
            self.talk.join(min(threading.TIMEOUT_MAX, max(0, self.deadline - monotonic())))
        if self.talk is None or self.talk.is_alive():
            self.stop()
            return self._failed(
                f"the shapes were stopped after {self.limit:g} seconds",
                "look for a sh:pattern or sh:select that never ends, or allow more with --time-limit SECONDS",
            )
        out, err = self.said
        if self.process.returncode and b"emory" in err:
            found = f"the shapes were stopped at the memory limit of {in_words(self.memory)}"
            return self._failed(found, "allow more with --memory-limit SIZE")
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


def main() -> int:
    """Reads one run from standard input and writes its outcome to standard output."""
    import pyshacl_turbo  # noqa: F401 - takes its time while the parent still reads

    head = json.loads(sys.stdin.buffer.readline())
    if head.get("memory"):
        no_more_memory(head["memory"])
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

    from ..rdf.exchange import rdflib_graph

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

    from ..rdf.exchange import rdflib_graph

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
    from ..rdf.exchange import from_rdflib

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
