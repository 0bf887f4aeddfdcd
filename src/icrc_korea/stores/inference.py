"""Works out inside a store what follows from the data there.

    closure = Closure(remote, program, derived, tell)
    for update in closure.plan(): …                    # what would be sent
    closure.run()                                      # sends it, and says what became of the inferred graph

The rules are those of `reason`, here as SPARQL updates. They work in two graphs of ours that exist only meanwhile:
what the rules read is copied there out of our graphs, so that what others keep in the store is no premise, and so
that a statement inferred earlier cannot be its own reason. When nothing new follows any more, the inferred graph is
brought in step: first what is new is added, then what follows no longer is removed. Cut before that, the inferred
graph is as it was; cut in between, it holds the old and the new; run again, it is right.
"""

from __future__ import annotations

import time
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field
from uuid import uuid4

from ..errors import BuildError, KgError, RemoteError, UsageError
from ..rdf.spaces import OWL
from ..rdf.terms import TYPE, BlankNode, NamedNode
from ..reasoning import proofs, rules
from ..services.credentials import shown
from ..workers.child import out_of_time
from ..workers.limits import Limits
from .remote import INFERRED, SCRATCH

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from ..dataset.build import Tell
    from ..rdf.answer import Answer
    from ..reasoning.axioms import Pattern, Program, Rule
    from ..reasoning.rules import Contradiction
    from .remote import Remote

DCTERMS = "http://purl.org/dc/terms/"
ALL, NEW = SCRATCH + "premises", SCRATCH + "news"  # what holds; what of it was inferred
TIME_LIMIT = 3600.0  # seconds
AT_ONCE = 25  # rules, and graphs, in one update
REFUSED = (
    "it may be changed elsewhere than it is asked: --update URL (docs/stores/ has the address for each store); "
    "and whoever changes it may need an account: ICRC_KOREA_USER and ICRC_KOREA_PASSWORD"
)


@dataclass
class Settled:
    """What was done to the inferred graph, or what contradicts: then it was left as it was."""

    address: str
    changed_at: str
    inferred: int = 0
    new: int = 0
    gone: int = 0
    rounds: int = 0
    requests: int = 0
    seconds: float = 0.0
    contradictions: list[Contradiction] = field(default_factory=list)


class Closure:
    """The rules over our graphs in a service."""

    def __init__(
        self, remote: Remote, program: Program, derived: list[Rule], tell: Tell, seconds: float = TIME_LIMIT
    ) -> None:
        """`seconds` is what the rules may take together."""
        if program.unsupported:
            raise BuildError("the ontology says what the rules cannot follow", "`icrc-korea check` says where")
        if not remote.split:
            raise UsageError(
                f"{remote.address} holds the graph as a single one, so what was inferred cannot be told apart",
                "bring it there graph by graph: icrc-korea push --help",
            )
        for rule in derived:
            if rule.uses_graphs:
                raise BuildError(f"{rule.name} names graphs, and rules are about the merged graph", "leave out GRAPH")
        self.remote, self.program, self.tell = remote, program, tell
        self.rules = program.rules + [proofs.taken_apart(rule, remote.layout) for rule in derived]
        self.limits = Limits(seconds)
        self._grown: Counter[str] = Counter()  # statements by each rule of queries/derive/
        self.settled = Settled(remote.address, shown(remote.service.update_url))

    # --- the updates ---

    @staticmethod
    def _cleared() -> list[str]:
        return [f"DELETE WHERE {{ GRAPH <{graph}> {{ ?s ?p ?o }} }}" for graph in (ALL, NEW)]

    def _premises(self) -> Iterator[str]:
        """Copies what the rules read, graph by graph of ours; some at a time."""
        read = self._read()
        only = f" FILTER (?p IN ({', '.join(f'<{name}>' for name in sorted(read))}))" if read is not None else ""
        graphs = [name for name in self.remote.asked if name != INFERRED]
        denied = f"GRAPH <{ALL}> {{ ?n <{OWL}assertionProperty> ?p }}"
        for condition, ending in (("", only), (denied + " ", "")):
            for first in range(0, len(graphs), 8 * AT_ONCE):
                some = " ".join(f"<{name}>" for name in graphs[first : first + 8 * AT_ONCE])
                yield (f"INSERT {{ GRAPH <{ALL}> {{ ?s ?p ?o }} }} WHERE {{ {condition}VALUES ?g {{ {some} }} "
                       f"GRAPH ?g {{ ?s ?p ?o }}{ending} }}")  # fmt: skip
            if read is None:
                return  # then what is denied is there as well

    def _read(self) -> set[str] | None:
        """The predicates that the rules and the contradictions speak of; None if any may matter."""
        found: set[str] = set()
        for rule in self.rules:
            if rule.reads is None:
                return None
            found |= {key.partition(" ")[0] for key in rule.reads}
        spoken = [pattern for rule in self.rules for pattern in rule.head]
        spoken += [pattern for clash in self.program.clashes for pattern in clash.body]
        return found | {predicate.value for _, predicate, _ in spoken if isinstance(predicate, NamedNode)}

    def _conclusions(self, rule: Rule) -> Iterator[str]:
        """One update for each thing that a rule says; it adds only what is not there yet."""
        for head in rule.head:
            said = " ".join(map(str, head))
            # what stands as a value may be a text, of which nothing can be said
            thing = f"FILTER (!isLiteral({head[0]})) " if _may_be_text(head, rule.body) else ""
            yield (f"INSERT {{ GRAPH <{ALL}> {{ {said} }} GRAPH <{NEW}> {{ {said} }} }}\n"
                   f"WHERE {{ GRAPH <{ALL}> {{ {rule.group} {thing}FILTER NOT EXISTS {{ {said} }} }} }}")  # fmt: skip

    @staticmethod
    def _only_news() -> str:
        where = f"GRAPH <{NEW}> {{ ?s ?p ?o }}"
        return f"DELETE {{ {where} }} WHERE {{ {where} FILTER (!({rules.NEWS})) }}"

    @staticmethod
    def _in_step() -> list[str]:
        """First what is new, then what is gone: a reader in between finds too much rather than too little."""
        new, old = (f"GRAPH <{graph}> {{ ?s ?p ?o }}" for graph in (NEW, INFERRED))
        return [f"INSERT {{ {old} }} WHERE {{ {new} }}",
                f"DELETE {{ {old} }} WHERE {{ {old} FILTER NOT EXISTS {{ {new} }} }}"]  # fmt: skip

    def plan(self) -> Iterator[str]:
        """Every update, with comments, as it can be pasted into a store's own form."""
        rules = [update for rule in self.rules for update in (f"# {rule.name}", *self._conclusions(rule))]
        for title, updates in (
            ("what a run that was cut may have left", self._cleared()),
            ("what the rules read of our graphs, and nothing of others", list(self._premises())),
            ("the rules, again and again until nothing is added", rules),
            ("what is no statement about one of our things", [self._only_news()]),
            ("the inferred graph: what is new, then what is gone", self._in_step()),
            ("what is needed no longer", self._cleared()),
        ):
            yield f"# --- {title}"
            yield from (text if text.startswith("#") else self._declared(text) + " ;" for text in updates)

    def _declared(self, update: str) -> str:
        from ..rdf.store import standalone

        return standalone(update, {}, self.remote.layout)

    # --- doing it ---

    def run(self) -> Settled:
        """Works out what follows and brings the inferred graph in step with it, unless something contradicts."""
        started, done = time.monotonic(), self.settled
        mark = f'GRAPH <{ALL}> {{ <{ALL}> <{DCTERMS}identifier> "{uuid4()}" }}'
        self.tell(0, 4, "clearing what an earlier run may have left")
        try:
            self._send([*self._cleared(), f"INSERT DATA {{ {mark} }}"])
        except RemoteError as error:
            if error.status in (400, 401, 403, 404, 405, 415, 500, 501):
                raise RemoteError(error.message, REFUSED, endpoint=error.endpoint, status=error.status) from None
            raise
        try:
            self._work_out()
            if not done.contradictions:
                self._bring_in_step(mark)
        except BaseException:
            self.remote.service.until = None
            with suppress(KgError):
                self._send(self._cleared())
            raise
        self._send(self._cleared())
        done.seconds = round(time.monotonic() - started, 3)
        self.tell(4, 4, f"{done.inferred:,} statements follow: {done.new:,} new, {done.gone:,} gone")
        return done

    def _work_out(self) -> None:
        self.tell(1, 4, "gathering what the rules read")
        for update in self._premises():
            self._send([update])
        self.remote.service.until = time.monotonic() + self.limits.seconds
        rules.settle(self.rules, self._applied)
        self.remote.service.until = None
        self.tell(2, 4, "looking for contradictions")
        self.settled.contradictions = rules.contradictions(self.program, self._asked, self.remote.layout)

    def _bring_in_step(self, mark: str) -> None:
        done = self.settled
        self.tell(3, 4, "bringing the inferred graph in step")
        self._send([self._only_news()])
        here, there = (f"GRAPH <{graph}> {{ ?s ?p ?o }}" for graph in (NEW, INFERRED))
        done.new, done.gone = (
            self._count(f"{one} FILTER NOT EXISTS {{ {other} }}") for one, other in ((here, there), (there, here))
        )
        done.inferred = self._count(here)
        if not self.remote.service.query(f"ASK {{ {mark} }}").truth:
            raise RemoteError(f"somebody else has begun to reason in {done.address}",
                              "wait until they are done, then run it again")  # fmt: skip
        for update in self._in_step() if done.new or done.gone else ():
            self._send([update])
        if self._count(there) != done.inferred:
            raise RemoteError(f"{done.address} did not keep what was inferred: it was changed meanwhile, or cannot "
                              "take it", "see that nobody else writes there, then run it again")  # fmt: skip

    def _asked(self, text: str) -> Answer:
        """The answer over all that holds."""
        self.settled.requests += 1
        return self.remote.service.query(text, [ALL])

    def _send(self, updates: list[str]) -> None:
        """Sends updates as one request; if that is too much for the store, as smaller ones: none does harm twice."""
        self.settled.requests += 1
        try:
            self.remote.service.update(self._declared(" ;\n".join(updates)))
        except RemoteError as error:
            if len(updates) < 2 or 0 < error.status < 500:
                raise
            self._send(updates[: len(updates) // 2])
            self._send(updates[len(updates) // 2 :])

    def _applied(self, todo: list[Rule]) -> set[str]:
        """Applies rules, some at a time, and gives what they changed."""
        self.settled.rounds += 1
        before = self._held()
        done, size, everything = 0, -1, f"GRAPH <{NEW}> {{ ?s ?p ?o }}"
        for some in _batches(todo):
            self.tell(1, 4, f"round {self.settled.rounds}: rule {done + 1} of {len(todo)}")
            done += len(some)
            try:
                single = some[0].name.startswith("rule ")
                earlier = self._count(everything) if single and size < 0 else size
                self._send([update for rule in some for update in self._conclusions(rule)])
                if single:
                    size = self._count(everything)
                    self._grown[some[0].name] += size - earlier
            except RemoteError:
                self._in_time(some[0])
                raise
            self._in_time(some[0])
        return {key for key, number in self._held().items() if number != before.get(key)}

    def _in_time(self, rule: Rule) -> None:
        """Raises what names a rule and the limit, once the time is over."""
        if self.remote.service.until is not None and time.monotonic() >= self.remote.service.until:
            raise rules.Stopped(rule, out_of_time(self.limits), self._grown)

    def _held(self) -> dict[str, int]:
        """How much was inferred, by what rules can read: predicates, and classes of things."""
        self.settled.requests += 2
        ask = self.remote.service.query
        found = {}
        for start, pattern, key in (("", "?s ?k ?o", "?k"), (f"{TYPE.value} ", f"?s {TYPE} ?k", "?k")):
            rows = ask(f"SELECT ?k (COUNT(*) AS ?n) WHERE {{ GRAPH <{NEW}> {{ {pattern} }} }} GROUP BY {key}").rows
            for name, number in rows:
                if name is not None and number is not None and not isinstance(name, BlankNode):
                    found[start + (name.value if not start else str(name))] = int(number.value)
        return found

    def _count(self, pattern: str) -> int:
        self.settled.requests += 1
        rows = self.remote.service.query(f"SELECT (COUNT(*) AS ?n) WHERE {{ {pattern} }}").rows
        return int(getattr(rows[0][0], "value", 0)) if rows else 0


def _batches(todo: list[Rule]) -> Iterator[list[Rule]]:
    """Rules that are sent together: those of the ontology, which all end; each of queries/derive/ alone."""
    axioms = [rule for rule in todo if not rule.name.startswith("rule ")]
    for first in range(0, len(axioms), AT_ONCE):
        yield axioms[first : first + AT_ONCE]
    yield from ([rule] for rule in todo if rule not in axioms)


def _may_be_text(head: Pattern, body: tuple[Pattern, ...]) -> bool:
    """Whether a conclusion is about a variable that is nowhere in the condition what something is said of."""
    subject: Any = head[0]
    return isinstance(subject, str) and all(pattern[0] != subject for pattern in body)
