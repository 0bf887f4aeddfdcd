"""Runs every rule over the files; each break becomes a finding with its place, its remedy."""

from __future__ import annotations

import gc
import re
from collections import Counter, defaultdict
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import chain
from pathlib import Path
from tempfile import TemporaryDirectory

from ..asking import questions
from ..content import claims, pieces
from ..content.layout import QUALITY
from ..content.sources import CERTAINTIES
from ..dataset import build
from ..dataset.limited import RULES as FOR_RULES
from ..dataset.limited import Limited
from ..errors import BadHeader, BuildError, LimitReached, ParseError, QueryError, UsageError, nearest
from ..rdf import dates
from ..rdf.lines import READ, ntriples, write_ntriples
from ..rdf.prefixes import PREFIX_LINE
from ..rdf.reading import STRICTLY, Reading, parse, read_term, read_text
from ..rdf.spaces import BASE, GRAPHS, KW, OWL, RDFS, SKOS, THINGS
from ..rdf.sparql import Tokens
from ..rdf.store import Store
from ..rdf.terms import TYPE, BlankNode, DefaultGraph, Literal, NamedNode, readable
from ..reasoning import axioms, infer, proofs
from . import literals
from .borrowing import borrowed
from .engines import TIME_LIMIT, Run
from .places import Places
from .report import VIOLATION, WARNING, Finding, Report

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from typing import Any, Protocol

    from ..asking.questions import Question
    from ..content.layout import Layout
    from ..content.sources import Source, Sources
    from ..dataset.build import Tell
    from ..errors import KgError
    from ..rdf.answer import Answer
    from ..rdf.terms import Quad
    from ..reasoning import rules
    from ..reasoning.axioms import Goal
    from ..reasoning.proofs import Proof
    from ..workers.limits import Limits
    from .engines import Result
    class Elsewhere(Protocol):
        """A graph in a service."""

        @property
        def address(self) -> str: ...
        @property
        def graphs(self) -> dict[str, int]: ...
        def quads(self) -> list[Quad]: ...
        def each(
            self, queries: list[str], most: int, asserted: bool = False
        ) -> Iterator[tuple[int, Answer | KgError]]: ...

KNOWN_SPACES = (BASE + "id/", BASE + "vocab/", BASE + "ontology#")
RULE = BASE + "shapes#"
NOWHERE = "(derived)"  # the place of what stands in no file
MOST_GUESSES = 50  # of what a misspelt name in one file may have been
LONGEST_SHOWN = 200  # characters of a text in a finding
MOST_FINDINGS = 1000  # of one rule; a report that nobody reads helps nobody
MOST_STATEMENTS = 5000  # of one thing, among which the one that a finding is about is looked for
DCT, SH = "http://purl.org/dc/terms/", "http://www.w3.org/ns/shacl#"
# what the description of a thing may say besides its class and its names; of the guide's own text also what it is in
DESCRIPTIVE = {
    KW + name for name in (
        "edtf", "earliest", "latest", "dateBasis", "asExpressed", "passageNumber", "seedLine", "passageKind",
        "textDigest", "deepLink",
        "territoryOf",  # a state and its land have one name in the guide
        "within",  # see queries/quality/place-without-sentence.rq
    )
}  # fmt: skip
OF_TEXT = {KW + "partOf", KW + "sequence", DCT + "isPartOf"}
FACTUAL = (KW, DCT, RDFS + "comment", "https://schema.org/", "http://www.w3.org/ns/org#")
NARRATIVE = {SKOS + name for name in ("note", "definition", "example", "historyNote", "editorialNote", "changeNote")}
# what of a shape names a class, and what a property
AIMS = {SH + "targetClass": "class", SH + "class": "class"}
AIMS |= {SH + word: "property" for word in ("path", "targetSubjectsOf", "targetObjectsOf")}
# the lists of properties and classes of other vocabularies that are in use
LISTS = (QUALITY + "/property-unknown", QUALITY + "/thing-of-no-class")
EVIDENCE = {
    NamedNode(KW + name) for name in ("certainty", "isSubjectOf", "statedIn", "supportedBySource")
}  # fmt: skip
OURS, SHAPES = GRAPHS + "entities", GRAPHS + "shapes"
# the rules that are not shapes or queries; what --only takes besides `shapes`, `quality` and single rules
RULES = {
    "parse": "a file that cannot be read",
    "layout": "files that nothing reads, or that say nothing",
    "query": "the header or text of a query file",
    "prefix": "prefixes that are not in the one list, or stand for something else",
    "graph-name": "graphs that are no piece of a source",
    "blank-node": "things without a name",
    "dangling": "names that nothing describes",
    "duplicate": "things that are described twice",
    "subject": "statements about what is no thing of this graph, such as a class",
    "fact-in-description": "facts that stand outside any sentence",
    "evidence": "evidence that is written by hand: it follows from the graph in which a statement stands",
    "anchor": "passages whose offsets or digests do not fit together",
    "guide-text": "passages that differ from the guide's text (with --guide)",
    "mixed-certainty": "statements with two certainties",
    "date": "bounds that do not agree with their EDTF",
    "literal": "texts with hidden characters or in another language than they say, values that their datatype lacks",
    "borrowed-value": "questions that could show a value of one source beside a sentence of another",
    "axiom": "axioms that the reasoner cannot follow",
    "consistency": "statements that contradict the ontology",
    "shapes": "shapes that are not as they should be, and whatever breaks a shape",
    "quality": "whatever a query in queries/quality/ finds",
}


def _in_short(text: str) -> str:
    """A text on one line, and no more of it than tells which one it is."""
    if len(text) <= LONGEST_SHOWN and "\n" not in text:
        return text
    return " ".join(text[:LONGEST_SHOWN].split()) + (" …" if len(text) > LONGEST_SHOWN else "")


@dataclass(frozen=True)
class Options:
    """What is checked, and by what."""

    guide: Path | None = None  # the guide's text, to compare the anchors with
    paths: tuple[Path, ...] = ()  # show only what is wrong here; files from elsewhere are checked against the graph
    only: tuple[str, ...] = ()  # rules, or `shapes` and `quality` for all of a kind
    engine: str = "turbo"  # of shacl.ENGINES
    reasoner: str = "rules"  # of reason.ENGINES
    language: str = "en"  # of messages
    time_limit: float = TIME_LIMIT  # seconds that the shapes may take, what infers, and each question for faults
    reading: Reading = STRICTLY  # how files from outside the graph are read
    memory_limit: int | str | None = None  # bytes that each of these may take, or a text such as "512M"

    def __post_init__(self) -> None:
        """Refuses a limit that is none."""
        if not self.time_limit > 0:  # as no comparison with NaN holds
            raise UsageError(f"a time limit of {self.time_limit:g} seconds cannot be kept",
                             "give more than 0 seconds, or leave it out")  # fmt: skip
        _ = self.limits

    @property
    def limits(self) -> Limits:
        """What one thing that is asked may take."""
        return FOR_RULES.but(min(self.time_limit, 86_400), self.memory_limit)


def check(layout: Layout, tell: Tell, options: Options | None = None) -> Report:
    """Every rule over every file. Files from outside the graph are read as if they lay in data/."""
    options = options or Options()
    _known_rules(layout, options.only)
    named = [(path, layout.name_of(path)) for path in options.paths]
    foreign = {
        name: path for path, name in named if path.resolve() != layout.root.resolve() and not _inside(layout, path)
    }
    for name, path in foreign.items():
        if path.is_dir():
            raise UsageError(f"{name} is a folder outside the graph", "give the files in it one by one")
        if path.suffix not in READ:
            raise UsageError(
                f"{name}: {path.suffix or 'this'} files are not read", "give a " + ", ".join(READ) + " file"
            )
    run = _Check(layout, tell, options, foreign)
    report = run.report
    collecting = gc.isenabled()
    gc.disable()  # millions of small things that all stay: looking for garbage among them doubles the time
    try:
        report.findings = sorted(set(run.findings()))
    finally:
        if collecting:
            gc.enable()
    report.files = len(run.places.texts)
    if foreign and any(finding.file not in foreign for finding in report.findings):
        # what is found elsewhere counts only if these files brought it about
        rules = tuple({finding.rule for finding in report.findings if finding.file not in foreign})
        before = set(_Check(layout, lambda *_: None, replace(options, only=rules), {}).findings())
        report.findings = [found for found in report.findings if found not in before or found in run.blocking]
    wanted = [name for _, name in named if name not in foreign]
    known = ["ontology/prefixes.ttl", *run.places.texts, *(finding.file for finding in report.findings)]
    for name in wanted:
        if not any(_under(file, [name]) for file in known):
            raise UsageError(f"{name} holds nothing that is checked", "give a file or folder of data/, ontology/, …")
    if wanted:
        # what kept a rule from running, or stands in no file, concerns every path
        report.findings = [
            f for f in report.findings
            if f.file in (NOWHERE, *foreign) or f.rule == "parse" or f in run.blocking or _under(f.file, wanted)
        ]  # fmt: skip
    return report


def _inside(layout: Layout, path: Path) -> bool:
    return path.resolve().is_relative_to(layout.root.resolve())


def _known_rules(layout: Layout, only: Iterable[str]) -> None:
    known = [*RULES, *(name for name, _ in layout.queries() if name.startswith(QUALITY))]
    if any(rule.startswith("shape:") for rule in only):
        texts = (read_text(path, path.name) for path in layout.shapes())
        known += sorted({name for text in texts for name in re.findall(r"^shape:[\w-]+", text, re.M)})
    for rule in only:
        if rule not in known:
            close = nearest(rule, known)
            raise UsageError(
                f"there is no rule {rule!r}",
                f"did you mean {', '.join(close)}?" if close else "rules: " + ", ".join(RULES),
            )


class _Check:
    """One run of all rules over one state of the files."""

    def __init__(self, layout: Layout, tell: Tell, options: Options, foreign: dict[str, Path]) -> None:
        self.layout, self.tell, self.options, self.foreign = layout, tell, options, foreign
        self.places = Places(layout)
        self.content: dict[str, list[Quad]] = {}
        self.shapes: dict[str, list[Quad]] = {}
        self.questions: list[Question] = []
        self.report = Report()
        self.told = Counter[str]()  # findings by rule
        self.first: dict[str, Finding] = {}  # of a rule
        self.blocking: set[Finding] = set()  # what kept rules from running that were asked for

    def findings(self) -> list[Finding]:
        """Runs the rules; the later ones need readable files and things with names."""
        running = self._engine()  # gets ready while the files are read
        try:
            with TemporaryDirectory(prefix="icrc-korea-") as folder:
                self.data = Path(folder) / "data.nt"
                found = self._all_rules(running)
                return [finding for finding in found if finding in self.blocking or self._asked(finding.rule)]
        finally:
            if running:
                running.stop()

    def _all_rules(self, running: Run | None) -> list[Finding]:
        found = list(self._read_all())
        self.all = [quad for quads in self.content.values() for quad in quads]
        found += [*self._files(), *self._prefixes()]
        layout = [
            self._graph_names, self._blank_nodes, self._dangling, self._duplicates, self._subjects, self._facts
        ]  # fmt: skip
        values = [self._passages, self._guide_text, self._mixed_certainty, self._dates, self._literals, self._borrowed]
        reasoned = any(self._asked(rule) for rule in ("axiom", "consistency", *self._faults_to_look_for()))
        rules: list[Callable[[], Iterator[Finding]]] = []
        if not self.report.unreadable:
            outside = any(isinstance(quad.graph_name, DefaultGraph) for quad in self.all)
            if not outside and not list(self._blank_nodes()):
                rules = [*layout, *values, *([self._followed] if reasoned else [])]
                self._write(running)
            else:
                rules, running = layout, None
                self.blocking.update(self._graph_names(), self._blank_nodes())
        for number, rule in enumerate(rules):
            self.tell(number, len(rules) + 1, "checking " + rule.__name__.strip("_").replace("_", " "))
            found += self._few(rule())
        if running and rules:
            self.tell(len(rules), len(rules) + 1, "checking shapes")
            found += self._few(self._results(running))
        self.tell(1, 1, "checked")
        return found + list(self._more())

    def _few(self, found: Iterable[Finding]) -> Iterator[Finding]:
        """Of each rule no more findings than somebody can read; the others are only counted."""
        for finding in found:
            self.first.setdefault(finding.rule, finding)
            self.told[finding.rule] += 1
            if self.told[finding.rule] <= MOST_FINDINGS:
                yield finding

    def _more(self) -> Iterator[Finding]:
        """What stands for the findings of the rules that have too many."""
        remedy = "correct those that are listed, then check again"
        for rule, number in self.told.items():
            if number > MOST_FINDINGS:
                file = "shapes/" if rule.startswith("shape:") else self.first[rule].file
                file = self.layout.file_of_query(rule) if rule.startswith(QUALITY) else file
                found = f"{number - MOST_FINDINGS:,} more findings of this rule are not listed"
                yield Finding(file, 0, rule, "", found, remedy, self.first[rule].severity)

    def _asked(self, rule: str) -> bool:
        """Whether findings of a rule are wanted; a file that cannot be read is always told."""
        kinds = {rule, rule.partition("/")[0], "shapes" if rule.startswith("shape:") else rule}
        return not self.options.only or rule == "parse" or bool(kinds & set(self.options.only))

    # --- places ---

    @cached_property
    def _homes(self) -> dict[Any, list[str]]:
        """The files that describe a thing, files from outside first."""
        homes: dict[Any, list[str]] = defaultdict(list)
        for name in sorted(self.content, key=lambda name: name not in self.foreign):
            for term in dict.fromkeys(term for quad in self.content[name] for term in (quad.subject, quad.graph_name)):
                homes[term].append(name)
        return homes

    @cached_property
    def _derived(self) -> dict[NamedNode, Quad]:
        """Each derived claim with the statement that it was derived from."""
        found: dict[NamedNode, Quad] = {}
        for quad, place in claims.Stated(self.all, self.layout.sources).claimable:
            found.setdefault(claims.claim_iri(quad, place.source), quad)
        return found

    def _at(
        self, subject: NamedNode | str, rule: str, found: str, remedy: str, severity: str = VIOLATION, file: str = ""
    ) -> Finding:
        """A finding at the place where its subject is described."""
        iri = subject if isinstance(subject, str) else subject.value
        name = self.layout.shrink(iri)
        finding = Finding(NOWHERE, 0, rule, name, found, remedy, severity)
        if self.told[rule] >= MOST_FINDINGS:
            return finding  # nobody will ask where it is
        thing = NamedNode(iri) if "://" in iri else None
        if thing and iri.startswith(BASE + "id/claim/") and thing not in self._homes and thing in self._derived:
            # a derived claim stands nowhere itself: point to the statement in its sentence
            quad = self._derived[thing]
            said = self._names(quad.subject, quad.predicate, quad.object)
            where = f" in {self._names(quad.graph_name)}"
            told = replace(finding, subject=self._names(quad.subject), found=f"its statement {said}{where}: {found}")
            return self._moved(told, quad)
        homes = [file] if file else self._homes.get(thing, []) if thing else []
        for home in homes or self.places.texts:
            line = self.places.thing(home, iri)
            if line:
                return replace(finding, file=home, line=line)
        return replace(finding, file=homes[0]) if homes else finding

    def _moved(self, finding: Finding, *statements: Quad) -> Finding:
        """The finding at the line of the first of these statements that is found in a file."""
        for quad in statements if self.told[finding.rule] < MOST_FINDINGS else ():
            for name in self._homes.get(quad.subject, ()):
                graph = getattr(quad.graph_name, "value", "") if name.endswith(".trig") else ""
                graph = graph if graph != OURS else ""  # what stands outside any graph describes things
                value = None if isinstance(quad.object, BlankNode) else quad.object  # which has no word of its own
                line = self.places.statement(name, quad.subject.value, quad.predicate.value, value, graph)
                if line:
                    return replace(finding, file=name, line=line)
        return finding

    @cached_property
    def _by_subject(self) -> dict[Any, list[Quad]]:
        found: dict[Any, list[Quad]] = defaultdict(list)
        for name in sorted(self.content, key=lambda name: name not in self.foreign):
            if name.startswith(("data/", "ontology/")) or name in self.foreign:
                for quad in self.content[name]:
                    found[quad.subject].append(quad)
        return found

    def _names(self, *terms: object) -> str:
        return " ".join(_in_short(readable(term, self.layout)) for term in terms)  # type: ignore[arg-type]

    # --- reading ---

    def _read_all(self) -> Iterator[Finding]:
        sources = [(file.path, file.name, file.graph) for file in self.layout.files()]
        sources += [(path, name, OURS) for name, path in self.foreign.items()]
        for path, name, graph in sources:
            try:
                self.places.add(name, read_text(path, name))
                text, reading = self.places.texts[name].text, self.options.reading if name in self.foreign else STRICTLY
                if reading.leave_out:
                    yield from self._left_out(text, name, graph, reading)
                self.content[name] = build.parsed(text, name, graph, self.layout, reading)
            except ParseError as error:
                yield from self._unreadable(error)
        for path in self.layout.shapes():
            name = self.layout.name_of(path)
            try:
                self.places.add(name, read_text(path, name))
                self.shapes[name] = parse(self.places.texts[name].text, name, SHAPES, self.layout.prefixes)
            except ParseError as error:
                yield from self._unreadable(error)
        for query, path in self.layout.queries():
            name = self.layout.file_of_query(query)
            try:
                text = read_text(path, name)
                self.places.add(name, text)
                self.questions.append(questions.read(query, text, self.layout))
            except ParseError as error:
                yield from self._unreadable(error)
            except BadHeader as error:
                match = re.match(r"[^:]*(?::(\d+))?: (.*)", error.message, re.S)
                line, what = (int(match.group(1) or 1), match.group(2)) if match else (1, error.message)
                within = re.search(r"\bline (\d+), column", what)
                yield Finding(name, int(within.group(1)) if within else line, "query", "", what, error.remedy)

    def _left_out(self, text: str, name: str, graph: str, reading: Reading) -> Iterator[Finding]:
        """What is left out of a file of somebody else, as warnings."""
        try:
            build.parsed(text, name, graph, self.layout, replace(reading, leave_out=False))
        except ParseError as error:
            for iri, line in error.odd:
                found = f"<{_in_short(iri)}> is no IRI: the statements that it is in are left out"
                yield Finding(name, line, "parse", "", found, "correct it", WARNING)

    def _unreadable(self, error: ParseError) -> Iterator[Finding]:
        self.report.unreadable = True
        for iri, line in error.odd:
            yield Finding(error.file, line, "parse", "", f"<{_in_short(iri)}> is no IRI", error.remedy)
        if not error.odd:
            yield Finding(error.file, error.line, "parse", "", error.what, error.remedy)

    # --- layout ---

    def _files(self) -> Iterator[Finding]:
        """Files that look like part of the graph and are not: what is read depends on folder and ending."""
        for place in self.layout.unread():
            remedy = "put it where its kind is read (see data/README.md), give it that folder's ending, or delete it"
            yield Finding(place, 0, "layout", "", "nothing reads this file", remedy)
        for name, quads in self.content.items():
            if not quads and name.startswith("data/") and not name.endswith(".tsv"):
                yield Finding(name, 1, "layout", "", "holds no statement", "write some, or delete the file", WARNING)
        if not self._shapes and not self.report.unreadable:
            remedy = "restore shapes/ (`git checkout -- shapes`)"
            yield Finding("shapes/", 0, "layout", "", "there is no shape, so no shape was checked", remedy)

    def _prefixes(self) -> Iterator[Finding]:
        known = self.layout.prefixes
        for name, line, prefix, found, remedy in self.layout.prefix_faults():
            yield Finding(name, line, "prefix", prefix, found, remedy)
        for name, text in self.places.texts.items():
            if name in self.foreign:
                continue  # a file of one's own may use prefixes of its own
            for match in PREFIX_LINE.finditer(text.bare):
                prefix, space = match.groups()
                line = text.line(match.start(1))
                if prefix not in known:
                    yield Finding(
                        name, line, "prefix", prefix, "is not in the one prefix list",
                        "use a prefix of ontology/prefixes.ttl, or add this one there",
                    )  # fmt: skip
                elif known[prefix] != space:
                    yield Finding(
                        name, line, "prefix", prefix, f"stands for <{space}> here",
                        f"write @prefix {prefix}: <{known[prefix]}> .",
                    )  # fmt: skip

    def _graph_names(self) -> Iterator[Finding]:
        """Statements stand in the graph of a piece, in the folder of the source whose piece it is."""
        known = self._pieces()
        for name, quads in self.content.items():
            home = next((one for one in self.layout.sources.all if name.startswith(one.folder + "/statements/")), None)
            if home is None and name not in self.foreign:
                continue
            # the first statement in each
            for graph, first in {quad.graph_name: quad for quad in reversed(quads)}.items():
                if name in self.foreign and graph.value == OURS:
                    continue
                found, remedy = self._misnamed(graph, home, known)
                if found:
                    thing = graph if isinstance(graph, NamedNode) else first.subject
                    yield self._at(getattr(thing, "value", ""), "graph-name", found, remedy, file=name)

    def _misnamed(self, graph: object, home: Source | None, known: set[Any]) -> tuple[str, str]:
        """What is wrong with the name of a graph in the statements of a source, and what to write; '' for nothing."""
        place = self.layout.sources.place(graph)
        if place is None:
            named = isinstance(graph, NamedNode)
            found = "is no piece of a source" if named else "stands outside the graph of any piece"
            return found, "write the statements as passage:P19.s6 { … }, the piece that says them"
        if home and place.source != home:
            return f"is a piece of {place.source.name}", f"move the graph into {place.source.folder}/statements/"
        if not known or place.piece in known:
            return "", ""
        described = f"see {place.source.folder}/pieces.ttl"
        ending = place.piece.value.removeprefix(place.source.space).partition("-")[2]
        if ending and NamedNode(place.piece.value.removesuffix("-" + ending)) in known:
            endings = ", ".join("-" + word for word in CERTAINTIES[1:])
            return f"has the unknown certainty {ending!r}", f"endings: {endings}"
        return f"{self._names(place.piece)} is no piece of {place.source.name}", described

    def _pieces(self) -> set[Any]:
        """The pieces that are described: things of a class below kw:Piece."""
        below = {q.subject for q in self.all if q.predicate.value == RDFS + "subClassOf" and q.object == PIECE}
        return {quad.subject for quad in self.all if quad.predicate == TYPE and quad.object in below}

    def _blank_nodes(self) -> Iterator[Finding]:
        for name, quads in self.content.items():
            if not name.startswith("data/") and name not in self.foreign:
                continue
            if any(isinstance(quad.subject, BlankNode) or isinstance(quad.object, BlankNode) for quad in quads):
                text = self.places.texts[name]
                match = re.search(r"^[^#\"<\n]*?(\[|\(|_:)", text.bare, re.M)
                yield Finding(
                    name, text.line(match.start(1)) if match else 0, "blank-node", "",
                    "a thing without a name: [ … ], ( … ) or _:x",
                    "give the thing a name of its own, such as event:some-name",
                )  # fmt: skip

    def _dangling(self) -> Iterator[Finding]:
        """Names of ours that nothing describes: in the data, the ontology, the shapes and the queries."""
        typed = {quad.subject for quad in self.all if quad.predicate == TYPE}
        for name, quads in self.content.items():
            terms = {term for quad in quads for term in (quad.subject, quad.predicate, quad.object)}
            yield from self._unknown(name, terms - typed)
        for name, quads in self.shapes.items():
            named = {term for quad in quads for term in (quad.predicate, quad.object)} - typed
            yield from self._unknown(name, named)
            yield from self._misspelt(name, named)
            yield from self._aimed(name, quads)
        for question in self.questions:
            words = Tokens(question.at_home)
            named = {NamedNode(iri) for iri in words.named(self.layout.prefixes) | words.iris()} - typed
            yield from self._unknown(f"queries/{question.id}.rq", named)
            if question.id not in LISTS:
                yield from self._misspelt(f"queries/{question.id}.rq", named)

    def _aimed(self, name: str, quads: list[Quad]) -> Iterator[Finding]:
        """Shapes that aim at what can have no things or values: such a rule never finds anything."""
        classes, properties = self._declared
        for quad in quads:
            term, word = quad.object, quad.predicate.value
            if word not in AIMS or not isinstance(term, NamedNode):
                continue
            kind = AIMS[word]
            wanted, others = (classes, properties) if kind == "class" else (properties, classes)
            known = self._names(term).partition(":")[0] in self._vocabularies  # what is misspelt there is dangling
            if term in wanted or (term not in others and (term.value.startswith(BASE) or known)):
                continue
            found = f"sh:{word.removeprefix(SH)} {self._names(term)} is no {kind}, so that it finds nothing"
            remedy = f"write a {kind} of ontology/core.ttl"
            finding = self._at(getattr(quad.subject, "value", ""), "shapes", found, remedy, file=name)
            yield self._moved(finding, quad)

    @cached_property
    def _declared(self) -> tuple[set[Any], set[Any]]:
        """What the ontology declares as classes, and as properties."""
        kinds = {NamedNode(OWL + kind + "Property") for kind in ("Object", "Datatype", "Annotation")}
        said = [quad for quad in self._axioms() if quad.predicate == TYPE]
        classes = {quad.subject for quad in said if quad.object == NamedNode(OWL + "Class")}
        return classes, {quad.subject for quad in said if quad.object in kinds}

    def _misspelt(self, name: str, terms: set[Any]) -> Iterator[Finding]:
        """Terms of other vocabularies that nothing here says and no list allows: such a query finds nothing."""
        for term in sorted((term for term in terms if isinstance(term, NamedNode)), key=lambda term: term.value):
            shown = self._names(term)
            space, _, local = shown.partition(":")
            if term in self._terms or space not in self._vocabularies:
                continue
            close = [f"{space}:{word}" for word in nearest(local, self._vocabularies[space], 2, 0.7)]
            remedy = f"did you mean {' or '.join(close)}? Else add it" if close else "correct its name, or add it"
            found = "is named here, and is no term that is in use"
            yield self._at(term, "dangling", found, f"{remedy} to the list in queries/{LISTS[0]}.rq", file=name)

    @cached_property
    def _terms(self) -> set[NamedNode]:
        """The terms of other vocabularies that the ontology uses, or that the lists of what may be used name."""
        lists = [Tokens(question.at_home) for question in self.questions if question.id in LISTS]
        named = {NamedNode(iri) for words in lists for iri in words.named(self.layout.prefixes)}
        axioms = self._axioms()
        used = {term for quad in axioms for term in (quad.predicate, quad.object) if isinstance(term, NamedNode)}
        return named | used | {NamedNode(iri) for iri in literals.DATATYPES}

    @cached_property
    def _vocabularies(self) -> dict[str, list[str]]:
        """The prefixes of other vocabularies whose properties or datatypes are in use, and the names known of each."""
        found: dict[str, list[str]] = defaultdict(list)
        for term in self._terms:
            if not term.value.startswith(BASE):
                space, _, local = self._names(term).partition(":")
                found[space].append(local)
        return {space: names for space, names in found.items() if space not in ("wd", "sh") and "<" not in space}

    def _unknown(self, name: str, terms: set[Any]) -> Iterator[Finding]:
        ours = [term for term in terms if isinstance(term, NamedNode) and _must_be_known(term, self.layout.sources)]
        for number, term in enumerate(sorted(ours, key=lambda term: term.value)):
            if name.startswith("queries/") and term.value.startswith(THINGS):
                continue  # a filter may name the space of things
            shown = self._names(term)
            space, _, local = shown.partition(":")
            known = self._known_names.get(space, ()) if number < MOST_GUESSES else ()
            close = [f"{space}:{name}" for name in nearest(local, known, 2, 0.7)]
            describe = (
                f"describe it in data/entities/: {shown} a kw:… ."
                if term.value.startswith(THINGS)
                else "declare it in ontology/"
            )
            remedy = (
                f"did you mean {' or '.join(close)}? Else {describe}" if close else f"correct the name, or {describe}"
            )
            yield self._at(term, "dangling", "is named here but described nowhere", remedy, file=name)

    @cached_property
    def _known_names(self) -> dict[str, list[str]]:
        """The local names of all described things by their prefix."""
        found: dict[str, list[str]] = defaultdict(list)
        for quad in self.all:
            if quad.predicate == TYPE and isinstance(quad.subject, NamedNode):
                shown = self._names(quad.subject)
                found[shown.partition(":")[0]].append(shown.partition(":")[2])
        return found

    def _duplicates(self) -> Iterator[Finding]:
        """Things that are given a type in two places; a file from outside may say again what is known."""
        homes: dict[NamedNode, list[tuple[str, Quad]]] = defaultdict(list)
        for name, quads in self.content.items():
            if name not in self.foreign:
                for quad in quads:
                    if quad.predicate == TYPE and isinstance(quad.subject, NamedNode):
                        homes[quad.subject].append((name, quad))
        for subject, places in homes.items():
            if len(places) < 2:
                continue
            files = list(dict.fromkeys(name for name, _ in places))
            lines = [(name, line) for name in files for line in self._typed_at(name, subject)]
            if len(lines) > 1 or len(files) > 1:
                first = lines[0] if lines else (files[0], 0)
                for name, line in lines[1:] or [(other, 0) for other in files[1:]]:
                    yield Finding(
                        name, line, "duplicate", self._names(subject), f"is described already at {first[0]}:{first[1]}",
                        "keep one description, or give the second thing its own name",
                    )  # fmt: skip

    def _typed_at(self, name: str, subject: NamedNode) -> list[int]:
        """The lines of a file where blocks begin that give a thing its type."""
        text = self.places.texts[name]
        starts = [start for word in text.words(subject.value) for start in text.begins(word)]
        after = re.compile(r"\S+\s+(?:a|rdf:type)\s")
        return [text.line(start) for start in sorted(starts) if after.match(text.text, start)]

    def _subjects(self) -> Iterator[Finding]:
        """Data says something of things, not of classes, properties or things that others describe.

        Whether the things in a file of one's own may have addresses of their own is for shape:Thing to say.
        """
        known = tuple(self.layout.prefixes.values())
        for name, quads in self.content.items():
            if not name.startswith(("data/entities/", "data/sources/")) and name not in self.foreign:
                continue
            spaces = (THINGS, GRAPHS) if name.startswith("data/entities/") else (THINGS, GRAPHS, BASE + "vocab/")
            for subject in {quad.subject: None for quad in quads if isinstance(quad.subject, NamedNode)}:
                own = name in self.foreign and not subject.value.startswith(known)
                if not own and not subject.value.startswith(spaces):
                    found, remedy = "is no thing of this graph", "say it of a thing such as person:… or event:…"
                    if subject.value.startswith(BASE):
                        remedy = "what a class, a property or a concept means is written in ontology/"
                    yield self._at(subject, "subject", found, remedy, file=name)
            for quad in quads:
                if quad.predicate in EVIDENCE:
                    found = f"{self._names(quad.predicate, quad.object)} is written by hand"
                    remedy = "leave it out: it follows from the piece in whose graph a statement stands"
                    finding = self._at(getattr(quad.subject, "value", ""), "evidence", found, remedy, file=name)
                    yield self._moved(finding, quad)

    def _facts(self) -> Iterator[Finding]:
        """Facts in the descriptions of things: what no piece of a source vouches for."""
        for name, quads in self.content.items():
            # what a source is, and where its pieces are, is for the source's own folder to say
            of_things = name.startswith("data/") and not name.endswith(("/source.ttl", "/pieces.ttl"))
            if not of_things and name not in self.foreign:
                continue
            for quad in quads:
                iri, thing = quad.predicate.value, quad.subject.value
                if not (iri.startswith(FACTUAL) or iri in NARRATIVE) or iri in DESCRIPTIVE:
                    continue
                home = getattr(quad.graph_name, "value", "")
                if home == OURS and not (iri in OF_TEXT and self.layout.sources.place(quad.subject)):
                    found = f"{self._names(quad.predicate, quad.object)} stands where no sentence vouches for it"
                    remedy = "move it into the graph of the sentence that says so, such as passage:P19.s3 { … }"
                    yield self._moved(self._at(thing, "fact-in-description", found, remedy, file=name), quad)

    def _borrowed(self) -> Iterator[Finding]:
        """Questions that could show a value of one source beside a sentence of another."""
        single = {quad.subject.value for quad in self.all if quad.predicate.value == KW + "singleValued"}
        for question in self.questions:
            if question.topic in questions.APART or not self._asked("borrowed-value"):
                continue
            name = self.layout.file_of_query(question.id)
            for iri, place in borrowed(question.text, single, self.layout.prefixes):
                yield Finding(
                    name, question.text.count("\n", 0, place) + 1, "borrowed-value", question.id,
                    f"{self.layout.shrink(iri)} is taken from a plain statement, beside a sentence that may not say so",
                    "take it from a claim of the same source: ?dating rdf:subject ?what ; "
                    "rdf:predicate kw:when ; rdf:object ?span ; kw:accordingTo ?source_said",
                )  # fmt: skip

    # --- passages ---

    def _anchors(self, source: Source) -> dict[str, tuple[int, int, str]]:
        """Start, end and digest of each passage and sentence of a text that has all three."""
        values: dict[tuple[object, str], str] = {}
        for quad in self.content.get(f"{source.folder}/pieces.ttl", []):
            values[(quad.subject, quad.predicate.value)] = quad.object.value
        oa = self.layout.prefixes.get("oa", "")
        anchors = {}
        for (subject, predicate), selector in values.items():
            if predicate != oa + "hasSelector":
                continue
            place = NamedNode(selector)
            start, end = values.get((place, oa + "start"), ""), values.get((place, oa + "end"), "")
            digest = values.get((subject, KW + "textDigest"))
            if digest is not None and start.isdigit() and end.isdigit():
                anchors[subject.value.removeprefix(source.space)] = (int(start), int(end), digest)  # type: ignore[attr-defined]
        return anchors

    def _passages(self) -> Iterator[Finding]:
        """What is wrong with the anchors; else whether their file was changed by hand, which only its digest tells."""
        for source in self.layout.sources.all:
            found = list(self._misplaced(source))
            yield from found
            file = f"{source.folder}/pieces.ttl"
            text = self.places.texts.get(file)
            if text and not found and not self.options.guide and not pieces.sealed(text.text):
                remedy = f"undo the change, or write the file anew: {_anew(source)}"
                last = text.line(len(text.text.rstrip()))
                yield Finding(file, last, "anchor", "", "the file was changed after it was written", remedy)

    def _misplaced(self, source: Source) -> Iterator[Finding]:
        file = f"{source.folder}/pieces.ttl"
        again = f"write the file anew: {_anew(source)}"
        anchors = self._anchors(source)
        for quad in self.all:
            own = quad.predicate.value == KW + "textDigest" and quad.subject.value.startswith(source.space)
            if own and quad.subject.value.removeprefix(source.space) not in anchors:
                yield self._at(quad.subject, "anchor", "has no start, end or digest", again, file=file)
        before: dict[str, tuple[int, str]] = {}
        for name, (start, end, digest) in sorted(anchors.items(), key=_passage_order):
            level = "sentence" if ".s" in name else "passage"
            last, last_name = before.get(level, (0, ""))
            subject = NamedNode(source.space + name)
            if start >= end:
                yield self._at(subject, "anchor", f"begins at {start} and ends at {end}", again, file=file)
            if start < last:
                found = f"begins at {start}, before {last_name} ends at {last}"
                yield self._at(subject, "anchor", found, again, file=file)
            if not re.fullmatch(r"[0-9a-f]{64}", digest):
                yield self._at(subject, "anchor", "has a digest that is not 64 hexadecimal digits", again, file=file)
            parent = anchors.get(name.partition(".s")[0])
            if parent and not (parent[0] <= start and end <= parent[1]):
                found = f"lies outside its passage at {parent[0]}–{parent[1]}"
                yield self._at(subject, "anchor", found, again, file=file)
            before[level] = (max(end, last), name)

    def _guide_text(self) -> Iterator[Finding]:
        if self.options.guide is None:
            return
        source = self.layout.sources.first
        text = pieces.read_text_of(self.options.guide)
        for name, found in pieces.compare(text, self._anchors(source)):
            remedy = f"if the text changed, run {_anew(source)} and review what moved"
            yield self._at(source.space + name, "guide-text", found, remedy, file=f"{source.folder}/pieces.ttl")

    # --- what shapes cannot say ---

    def _mixed_certainty(self) -> Iterator[Finding]:
        certainties: dict[tuple[Any, ...], dict[str, Quad]] = defaultdict(dict)
        for quad, place in claims.Stated(self.all, self.layout.sources).claimable:
            certainties[(quad.subject, quad.predicate, quad.object, place.source.name)][place.certainty] = quad
        for triple, kinds in certainties.items():
            if len(kinds) > 1:
                graphs = sorted(self._names(quad.graph_name) for quad in kinds.values())
                found = f"{self._names(*triple[1:3])} stands in {' and '.join(graphs)}"
                remedy = "take it out of the graph with the weaker certainty, or word it as a claim"
                weakest = kinds[max(kinds, key=CERTAINTIES.index)]
                yield self._moved(self._at(triple[0], "mixed-certainty", found, remedy), weakest)

    def _dates(self) -> Iterator[Finding]:
        values: dict[NamedNode, dict[str, Quad]] = defaultdict(dict)
        names = {NamedNode(KW + name): name for name in ("edtf", "earliest", "latest")}
        for quad in self.all:
            if quad.predicate in names and isinstance(quad.object, Literal):
                values[quad.subject][names[quad.predicate]] = quad
        for subject, quads in values.items():
            found = {name: quad.object.value for name, quad in quads.items()}
            bounds = dates.bounds(found["edtf"]) if "edtf" in found else None
            # what does not even look like a date breaks shape:TimeSpan-edtf
            if "edtf" in found and bounds is None and re.fullmatch(r"[\d./~?%-]+", found["edtf"]):
                remedy = 'write for example "1950-06-26", "1951-03", "../1953" or "1951-04~"'
                what = f"the EDTF {found['edtf']!r} is not understood"
                yield self._moved(self._at(subject, "date", what, remedy), quads["edtf"])
            early, late = found.get("earliest", ""), found.get("latest", "")
            for name, bound, fits in bounds.compare(early, late) if bounds else ():
                if not fits:
                    shown = f"kw:{name} is {found.get(name) or 'missing'} for {found['edtf']}"
                    remedy = f'write kw:{name} "{bound}"^^xsd:date' if bound else f"leave kw:{name} out"
                    finding = self._at(subject, "date", shown, remedy)
                    yield self._moved(finding, quads[name]) if name in quads else finding

    def _literals(self) -> Iterator[Finding]:
        for name, quads in self.content.items():
            for quad in quads:
                value = quad.object
                fault = literals.fault(quad.predicate, value) if isinstance(value, Literal) else None
                if fault:
                    found = f"{self._names(quad.predicate)} {fault[0]}"
                    finding = self._at(getattr(quad.subject, "value", ""), "literal", found, fault[1], file=name)
                    yield self._moved(finding, quad)

    # --- what follows ---

    def _followed(self) -> Iterator[Finding]:
        """The ontology can be followed, nothing contradicts it, and no query for a fault finds one."""
        program = axioms.compile_axioms(self._axioms(), self.layout)
        if self.options.reasoner == "rules":
            for term, what, why in program.unsupported:
                named = term.value if isinstance(term, NamedNode) else ""
                finding = self._at(named, "axiom", f"uses {what}", why, file="" if named else "ontology/core.ttl")
                yield self._moved(finding, *self._outside(term))
            if program.unsupported:
                return
        rules = build.derive_rules(self.questions, self.layout)
        self.report.reasoner = self.options.reasoner
        store = Store(self.layout)
        store.load_ntriples(self.data)
        limited = Limited(store, self.options.limits)
        try:
            yield from self._inferred(limited, rules, program)
        finally:
            limited.close()

    def _inferred(self, store: Limited, rules: list[axioms.Rule], program: axioms.Program) -> Iterator[Finding]:
        """What follows must not contradict itself, and no query for a fault may find one in it."""
        try:
            infer.infer(self.asserted, rules, self.layout, self.options.reasoner, store, program)
        except infer.Contradicted as error:
            yield from self._contradictions(error, rules)
        except LimitReached as error:
            yield self._unrun(getattr(error, "place", "ontology/core.ttl"), "consistency", error)
            return
        except BuildError as error:
            yield Finding("ontology/core.ttl", 0, "consistency", "", error.message, error.remedy)
            return
        for question in self.questions:
            if question.topic == QUALITY and self._asked(question.id):
                store.start()
                try:
                    yield from self._faults(question, store.query(question.text))
                except LimitReached as error:
                    yield self._unrun(f"queries/{question.id}.rq", question.id, error)
                except QueryError as error:
                    yield Finding(f"queries/{question.id}.rq", 1, "query", "", error.message, error.remedy)

    def _unrun(self, file: str, rule: str, error: LimitReached) -> Finding:
        """What stands for a rule that came up against a limit, whatever paths are asked for."""
        said = getattr(error, "said", error.message)
        finding = Finding(file, 0, rule, "", f"{said}, so this was not checked", error.remedy)
        self.blocking.add(finding)
        return finding

    def _outside(self, term: Any) -> Iterator[Quad]:
        """The statements about a term that may be what the reasoner cannot follow, the surest first."""
        quads = [quad for quad in self._axioms() if quad.subject == term]
        words = axioms.OUTSIDE
        yield from (q for q in quads if q.predicate.value in words or getattr(q.object, "value", "") in words)
        yield from (quad for quad in quads if isinstance(quad.object, BlankNode))

    def _faults_to_look_for(self) -> list[str]:
        return [question.id for question in self.questions if question.topic == QUALITY]

    def _axioms(self) -> list[Quad]:
        return [quad for name, quads in self.content.items() if name.startswith("ontology/") for quad in quads]

    def _contradictions(self, error: infer.Contradicted, rules: list[axioms.Rule]) -> Iterator[Finding]:
        """Each contradiction with the statements that cannot all hold, and the sentences behind them."""
        explainer = proofs.Explainer([*self.asserted, *error.inferred], rules, self.layout)
        for contradiction in error.found:
            details, places = [], []
            denial = ""
            for statement in contradiction.statements:
                if statement[1].value.startswith(OWL):  # the claim that denies it, in OWL's words
                    denial = self._names(statement[0])
                    continue
                proof = explainer.explain(*statement)
                details += self._told(proof) if proof else [self._names(*statement)]
                places += [quad for step in proof.steps() for quad in self._written(step.triple)] if proof else []
            first = contradiction.statements[0][0]
            remedy = "correct one of these statements"
            if denial:
                details.append(f"{denial} denies it  [{', '.join(self._stated_in(first))}]")
                places, remedy = [], "correct the claim that denies it, or one of the statements that it rests on"
            finding = self._at(first, "consistency", contradiction.says, remedy)
            yield replace(self._moved(finding, *places), details=tuple(dict.fromkeys(details)))

    def _stated_in(self, thing: Any) -> list[str]:
        """The graphs in which a thing is described."""
        return sorted({self._names(quad.graph_name) for quad in self._by_subject.get(thing, ())})

    def _told(self, proof: Proof, depth: int = 0) -> list[str]:
        """A proof in lines, down to the sentences."""
        shown = "  " * depth + self._names(*proof.triple)
        if proof.rule:
            lines = [f"{shown}, because {proof.rule.name}:"]
            return lines + [line for premise in proof.premises for line in self._told(premise, depth + 1)]
        graphs = sorted(self._names(quad.graph_name) for quad in self._written(proof.triple))
        return [f"{shown}  [{', '.join(graphs) or 'ontology'}]"]

    def _written(self, triple: Goal) -> list[Quad]:
        """Where a statement stands in the files."""
        return [quad for quad in self._by_subject.get(triple[0], ()) if (quad.predicate, quad.object) == triple[1:]]

    def _faults(self, question: Question, answer: Answer) -> Iterator[Finding]:
        language = self.options.language
        file, remedy = f"queries/{question.id}.rq", question.remedy(language)
        said = question.asks(language).rstrip(".") or "a fault was found"
        if answer.truth or answer.triples:
            yield Finding(file, 1, question.id, "", said, remedy, question.severity)
        for row in dict.fromkeys(map(tuple, answer.rows)):  # what is true of a thing is found once
            if self.told[question.id] >= MOST_FINDINGS:
                yield Finding(file, 0, question.id, "", said, remedy, question.severity)
                continue
            things = [term for term in row if isinstance(term, NamedNode)]
            shown = [
                f"{column} {self._names(term)}"
                for column, term in zip(answer.columns, row, strict=True)
                if term and term not in things[:1]
            ]
            found = f"{said}: {', '.join(shown)}" if shown else said
            if not things:
                yield Finding(file, 1, question.id, "", found, remedy, question.severity)
                continue
            finding = self._at(things[0], question.id, found, remedy, question.severity)
            yield self._moved(finding, *self._concerned(things[0], [term for term in row if term]))

    def _concerned(self, thing: NamedNode, others: list[Any]) -> Iterator[Quad]:
        """The statements of a thing that have other terms of the row: as property and value, else as one of them."""
        quads = self._by_subject.get(thing, [])[:MOST_STATEMENTS]
        terms = [term for term in others if term not in (thing, TYPE)]
        yield from (quad for quad in quads if quad.object in terms and quad.predicate in terms)
        for term in terms:
            yield from (quad for quad in quads if quad.object == term)
        for term in terms:
            yield from (quad for quad in quads if quad.predicate == term)

    # --- shapes ---

    @cached_property
    def asserted(self) -> list[Quad]:
        """Every statement of the files and the claims derived from them."""
        return claims.with_claims(self.all, self.layout.sources)

    @cached_property
    def _shapes(self) -> list[Quad]:
        return list(chain(*self.shapes.values()))

    def _engine(self) -> Run | None:
        """The process that will run the shapes, if they are asked for."""
        wanted = ("shapes", *self.options.only)
        if not self.layout.shapes() or not any(self._asked(rule) for rule in wanted if rule.startswith("shape")):
            return None
        return Run(self.options.engine, self.options.time_limit, self.options.limits.memory)

    def _write(self, running: Run | None) -> None:
        """Writes the asserted graph for the rules that are asked of all, and lets the shapes run beside the others."""
        write_ntriples(self.data, self.asserted)
        if running:
            self._begin(running)

    def _begin(self, running: Run) -> None:
        """Lets the shapes run over the data that were written."""
        self.report.engine = self.options.engine
        entries = [quad for question in self.questions for quad in questions.as_quads(question, self.layout)]
        running.over(ntriples(self._shapes), ntriples(entries), self.data, MOST_FINDINGS)

    def _results(self, running: Run) -> Iterator[Finding]:
        outcome = running.outcome()
        for fault in outcome.faults:
            remedy = f"{fault.remedy}; until then no shape is run"
            finding = Finding("shapes/", 0, "shapes", "", fault.found, remedy)
            finding = self._at(fault.node, "shapes", fault.found, remedy) if fault.node else finding
            self.blocking.add(finding)
            self.report.engine = ""  # which ran no shape
            yield finding
        yield from map(self._broken, outcome.results)
        self.told.update({self.layout.shrink(shape.strip("<>")): number for shape, number in outcome.more.items()})

    def _broken(self, result: Result) -> Finding:
        """A validation result as a finding at the statement, or the thing, that it is about."""
        focus, value, path = (read_term(text) for text in (result.focus, result.value, result.path))
        rule = result.shape[1:-1] if result.shape.startswith("<") else ""
        name = self.layout.shrink(rule) if rule else "shape"
        messages = result.messages
        remedy = (
            messages.get(self.options.language) or messages.get("en") or next(iter(messages.values()), f"see {name}")
        )
        iri = focus.value if isinstance(focus, NamedNode) else ""
        if iri.startswith(questions.QUERY):
            file = f"queries/{iri.removeprefix(questions.QUERY)}.rq"
            return Finding(file, 1, name, "", self._what(result, value), remedy, result.severity)
        quads = self._by_subject.get(focus, [])[:MOST_STATEMENTS]
        inside = set(re.findall(r"<([^>]*)>", result.path))
        fits = [quad for quad in quads if not inside or quad.predicate.value in inside]
        what = self._what(result, value, bool(fits))
        finding = self._at(iri or result.focus, name, what, remedy, result.severity)
        exact = [quad for quad in fits if value is not None and quad.object == value]
        if result.component == "MaxCount":  # the surplus is what came last, or came from outside
            exact = [quad for quad in fits if not isinstance(path, NamedNode) or quad.predicate == path][::-1]
            exact.sort(key=lambda quad: quad not in self._foreign_quads)
        return self._moved(finding, *(exact or ([] if result.component == "MinCount" else fits)))

    @cached_property
    def _foreign_quads(self) -> set[Quad]:
        return {quad for name in self.foreign for quad in self.content.get(name, ())}

    def _what(self, result: Result, value: Any, has_some: bool = False) -> str:
        """What a SHACL result found, in words."""
        path = (
            re.sub(r"<([^>]*)>", lambda match: self.layout.shrink(match.group(1)), result.path)
            .strip("()")
            .replace("|", " or ")
        )
        shown = self._names(value) if value is not None else ""
        if isinstance(value, Literal) and value.language:
            shown = f"{shown!r}@{value.language}"
        elif isinstance(value, Literal):
            shown = repr(shown)
        if result.component in ("MinCount", "QualifiedMinCount"):
            few = "has too few values of" if has_some else "has no"
            return f"{few} {path}" if result.component == "MinCount" else f"has too few fitting values of {path}"
        if result.component == "MaxCount":
            return f"has too many values of {path}"
        if result.component == "QualifiedMaxCount":
            return f"has too many fitting values of {path}"
        if result.component == "UniqueLang":
            return f"has two values of {path} in one language"
        if result.component == "HasValue":
            return f"lacks a value of {path}"
        if path and shown:
            return f"{path} is {shown}"
        return (
            f"does not meet {self.layout.shrink(result.shape[1:-1])}"
            if result.shape.startswith("<")
            else "does not meet the shape"
        )


def contradicted(
    found: Iterable[rules.Contradiction], address: str, layout: Layout
) -> Iterator[Finding]:
    """What contradicts the ontology in a graph elsewhere."""
    for one in found:
        details = tuple(
            " ".join(_in_short(readable(term, layout)) for term in statement) for statement in one.statements
        )
        subject = layout.shrink(getattr(one.statements[0][0], "value", ""))
        remedy = "correct one of these statements"
        yield Finding(address, 0, "consistency", subject, one.says, remedy, details=details)


# --- small rules ---------------------------------------------------------------------------------------

PIECE = NamedNode(KW + "Piece")


def _under(file: str, places: list[str]) -> bool:
    """Whether a file is one of the places that were asked for, or lies below one."""
    return any(place in (".", file) or file.startswith(place.rstrip("/") + "/") for place in places)


def _anew(source: Source) -> str:
    """The command that writes the pieces of a text."""
    return f"icrc-korea anchor --source {source.name} --text FILE"


def _must_be_known(term: NamedNode, sources: Sources) -> bool:
    """Whether a name is ours, so that something must say what it is; a graph with a suffix is not a thing."""
    if not term.value.startswith(KNOWN_SPACES):
        return False
    place = sources.place(term)
    return place is None or place.certainty == CERTAINTIES[0]


def _passage_order(anchor: tuple[str, object]) -> tuple[int, int]:
    """P02 before P10, and a passage before its sentences."""
    passage, _, sentence = anchor[0].partition(".s")
    return int(re.sub(r"\D", "", passage) or 0), int(re.sub(r"\D", "", sentence) or 0)
