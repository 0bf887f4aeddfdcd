"""Checks a graph where it lies in a store: shapes as queries, questions for faults asked there."""

from __future__ import annotations

import re
from dataclasses import replace
from itertools import chain

from ..content.layout import QUALITY
from ..errors import KgError, UsageError
from ..rdf.terms import NamedNode
from ..reasoning import rules
from ..reasoning.axioms import compile_axioms
from .check import MOST_FINDINGS, Options, _Check, _known_rules, contradicted
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

MOST_CLASSES = 100_000  # that may be below others


def check_there(there: Elsewhere, layout: Layout, tell: Tell, options: Options | None = None) -> Report:
    """The shapes and the queries for faults over a graph in a SPARQL service, asked where it is: no data travel."""
    options = options or Options()
    if options.paths or options.guide:
        raise UsageError("a store is checked whole", "leave out --guide and the paths, or --store")
    _known_rules(layout, options.only)
    run = _There(layout, tell, options, there)
    run.report.findings = sorted(set(run.findings()))
    run.report.files, run.report.engine = len(run.places.texts), "the store"
    return run.report


class _There(_Check):
    """The rules that can be asked of a graph elsewhere; the rules themselves are those of the files here."""

    def __init__(self, layout: Layout, tell: Tell, options: Options, there: Elsewhere) -> None:
        super().__init__(layout, tell, options, {})
        self.there = there

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
