"""Checks a graph in a store: one that is not large is read and checked here, another is asked where it lies."""

from __future__ import annotations

import re
from dataclasses import replace
from itertools import chain
from pathlib import Path
from tempfile import TemporaryDirectory

from ..content.layout import QUALITY
from ..dataset.limited import Limited
from ..errors import KgError, QueryError, UsageError
from ..rdf.lines import write_ntriples
from ..rdf.spaces import CATALOGUE, GRAPHS
from ..rdf.store import Store
from ..rdf.terms import NamedNode
from ..reasoning import rules
from ..reasoning.axioms import compile_axioms
from .check import MOST_FINDINGS, RULES, Options, _Check, _known_rules, contradicted
from .lint import lint
from .report import VIOLATION, WARNING, Finding

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from ..content.layout import Layout
    from ..dataset.build import Tell
    from ..rdf.answer import Answer
    from ..rdf.terms import Quad
    from .check import Elsewhere
    from .report import Report

MOST_READ = 250_000  # statements that are read; to ask a service for all that may be wrong takes it longer
MOST_CLASSES = 100_000  # that may be below others
INFERRED = NamedNode(GRAPHS + "inferred")
# the rules that are asked of values wherever they stand; all others but shapes and questions are about files
OF_VALUES = ("date", "literal", "mixed-certainty")
ASKED = ("parse", "shapes", "quality", "consistency", "axiom")
UNASKED = tuple(rule for rule in RULES if rule not in (*ASKED, *OF_VALUES))


def check_there(there: Elsewhere, layout: Layout, tell: Tell, options: Options | None = None) -> Report:
    """The shapes, the queries for faults and the rules on values over a graph in a SPARQL service."""
    options = options or Options()
    if options.paths or options.guide:
        raise UsageError("a store is checked whole", "leave out --guide and the paths, or --store")
    _known_rules(layout, options.only)
    run = (_Read if sum(there.graphs.values()) <= MOST_READ else _There)(layout, tell, options, there)
    run.report.findings = sorted(set(run.findings()))
    run.report.files = len(run.places.texts)
    run.report.unasked = tuple(rule for rule in run.unasked if run._asked(rule))
    return run.report


class _There(_Check):
    """The rules that can be asked of a graph elsewhere; the rules themselves are those of the files here."""

    unasked = tuple(rule for rule in RULES if rule not in ASKED)

    def __init__(self, layout: Layout, tell: Tell, options: Options, there: Elsewhere) -> None:
        super().__init__(layout, tell, options, {})
        self.there = there
        self.report.engine = "the store"

    def findings(self) -> list[Finding]:
        """Asks rule by rule."""
        found = list(self._read_all())
        axioms = self._axioms()
        self.content, self.all = {}, []  # places in the files here would say nothing of what is there
        if not self.report.unreadable:
            found += [*self._few(chain(self._shapes_there(), self._queries_there(axioms))), *self._more()]
        self.tell(1, 1, "checked")
        return [finding for finding in found if self._asked(finding.rule)]

    def _at(
        self, subject: NamedNode | str, rule: str, found: str, remedy: str, severity: str = VIOLATION, file: str = ""
    ) -> Finding:
        iri = subject if isinstance(subject, str) else subject.value
        return Finding(file or self.there.address, 0, rule, self.layout.shrink(iri), found, remedy, severity)

    def _moved(self, finding: Finding, *_: Quad) -> Finding:
        return finding

    def _shapes_there(self) -> Iterator[Finding]:
        from .in_sparql import Compiled, subclasses

        faults = list(lint(self._shapes))
        for fault in faults:
            yield self._at(fault.node, "shapes", fault.found, f"{fault.remedy}; until then no shape is run")
        if faults:
            return
        [(_, answer)] = self.there.each(["SELECT ?below ?above WHERE { ?below rdfs:subClassOf ?above }"], MOST_CLASSES)
        if isinstance(answer, KgError):
            raise answer
        compiled = Compiled(self._shapes, subclasses(answer.rows))
        rules = [rule for rule in compiled.rules if self._asked(self._named(rule.shape))]
        for number, answer in self._each([rule.query for rule in rules], "constraints of shapes", asserted=True):
            rule, name = rules[number], self._named(rules[number].shape)
            if isinstance(answer, KgError):
                yield self._not_asked(name, f"its constraint {rule.component} of {self._path(rule)}", answer)
                continue
            yield from map(self._broken, rule.results(answer))
        for shape, what in compiled.unsaid:
            remedy = "check it over an export of that graph: icrc-korea check FILE"
            yield self._at(shape.strip("<>"), "shapes", f"{what} was not checked: it cannot be asked in SPARQL",
                           remedy, WARNING)  # fmt: skip

    def _more(self) -> Iterator[Finding]:
        found = "more findings of this rule are not listed"  # no more were asked for than to know this
        return (replace(finding, file=self.there.address, found=found) for finding in super()._more())

    def _each(self, queries: list[str], what: str, asserted: bool = False) -> Iterator[tuple[int, Answer | KgError]]:
        """The answer to each query, or why there is none, as they come."""
        self.tell(0, len(queries), f"asking for {what}")
        for done, answered in enumerate(self.there.each(queries, MOST_FINDINGS + 1, asserted), 1):
            self.tell(done, len(queries), f"asking for {what}: {done} of {len(queries)}")
            yield answered

    def _not_asked(self, rule: str, what: str, error: KgError) -> Finding:
        """What stands for a rule that could not be asked: that it found nothing is not known."""
        return Finding(self.there.address, 0, rule, "", f"{what} was not checked: {error.message}", error.remedy)

    def _path(self, rule: Any) -> str:
        return re.sub(r"<([^>]*)>", lambda match: self.layout.shrink(match.group(1)), rule.path) or "the thing itself"

    def _named(self, shape: str) -> str:
        return self.layout.shrink(shape.strip("<>"))

    def _queries_there(self, axioms: list[Quad]) -> Iterator[Finding]:
        if self._asked("consistency"):
            yield from self._contradictions_there(axioms)
        wanted = [question for question in self.questions if question.topic == QUALITY and self._asked(question.id)]
        for number, answer in self._each([question.text for question in wanted], "faults"):
            if isinstance(answer, KgError):
                yield self._not_asked(wanted[number].id, "this", answer)
                continue
            for finding in self._faults(wanted[number], answer):
                ours = finding.subject or finding.rule == "query"
                yield finding if ours else replace(finding, file=self.there.address)

    def _contradictions_there(self, axioms: list[Quad]) -> Iterator[Finding]:
        clashes = compile_axioms(axioms, self.layout).clashes
        found = []
        for number, answer in self._each([clash.text for clash in clashes], "contradictions"):
            if isinstance(answer, KgError):
                yield self._not_asked("consistency", f"whether {clashes[number].says}", answer)
            else:
                found.append((clashes[number], answer))
        yield from contradicted(rules.contradicting(found, self.layout), self.there.address, self.layout)


class _Read(_There):
    """The same of a graph that is read from there: its own engine for the shapes, and the rules on values as well."""

    unasked = UNASKED

    def findings(self) -> list[Finding]:
        """Reads the rules here and the graph there, then asks rule by rule."""
        found = list(self._read_all())
        axioms = self._axioms()
        if not self.report.unreadable:
            quads = [quad for quad in self.there.quads() if getattr(quad.graph_name, "value", "") != CATALOGUE]
            self.content = {self.there.address: quads}
            self.all = [quad for quad in self.content[self.there.address] if quad.graph_name != INFERRED]
            of_values = chain(self._mixed_certainty(), self._dates(), self._literals())
            found += [*self._few(chain(self._by_engine(), self._by_queries(axioms), of_values)), *self._more()]
        self.tell(1, 1, "checked")
        return [finding for finding in found if finding in self.blocking or self._asked(finding.rule)]

    def _by_engine(self) -> Iterator[Finding]:
        running = self._engine()
        if not running:
            return
        try:
            with TemporaryDirectory(prefix="icrc-korea-") as folder:
                self.data = Path(folder) / "data.nt"
                write_ntriples(self.data, self.all)
                self._begin(running)
                self.tell(0, 1, "checking shapes")
                yield from self._results(running)
        finally:
            running.stop()

    def _by_queries(self, axioms: list[Quad]) -> Iterator[Finding]:
        store = Store.of(self.content[self.there.address], self.layout)
        limited = Limited(store, self.options.limits)
        try:
            self.there = _Here(self.there, limited)
            yield from self._queries_there(axioms)
        finally:
            limited.close()


class _Here:
    """A graph elsewhere that was read: it is asked in a store of its own."""

    def __init__(self, there: Elsewhere, store: Limited) -> None:
        self.address, self.graphs, self.quads, self._store = there.address, there.graphs, there.quads, store

    def each(
        self, queries: list[str], most: int, asserted: bool = False
    ) -> Iterator[tuple[int, Answer | KgError]]:
        """The answer to each query, or why there is none."""
        for number, text in enumerate(queries):
            self._store.start()
            try:
                yield number, self._store.query(text)
            except QueryError as error:
                yield number, error
