"""Hides every rule that the files must keep: each break becomes a finding with its place and remedy."""

from __future__ import annotations

import re
from calendar import monthrange
from collections import defaultdict
from dataclasses import asdict, dataclass, field, replace
from typing import TYPE_CHECKING

from . import catalogue, provenance
from .build import Damaged, ensure, make
from .errors import BadHeader, BuildError, CheckFailed, ParseError, nearest
from .layout import BASE, GRAPHS, KW, PASSAGES, PREFIX_LINE, QUALITY, THINGS
from .provenance import CERTAINTIES, CLAIM, OBJECT, POLARITY, PREDICATE, STATUS, SUBJECT
from .store import TYPE, BlankNode, Literal, NamedNode, Quad, from_rdflib, parse, rdflib_graph, read_text, readable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path
    from typing import Any

    import rdflib

    from .build import Built, Tell
    from .layout import Layout

EDTF = re.compile(r"(\d{4})(?:-(\d\d))?(?:-(\d\d))?([~?%]?)")
VIOLATION, WARNING, INFO = "violation", "warning", "info"
KNOWN_SPACES = (BASE + "id/", BASE + "vocab/", BASE + "ontology#")


@dataclass(frozen=True, order=True)
class Finding:
    """One broken rule: where, what was found, and what to write instead."""

    file: str
    line: int
    rule: str
    subject: str
    found: str
    remedy: str
    severity: str = VIOLATION

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}" if self.line else self.file
        about = f" {self.subject}:" if self.subject else ""
        return f"{place}: {self.severity} [{self.rule}]{about} {self.found}\n  → {self.remedy}"


@dataclass
class Report:
    """All findings of one check, sorted, and whether a file could not be read."""

    findings: list[Finding] = field(default_factory=list)
    unreadable: bool = False
    files: int = 0

    @property
    def exit_code(self) -> int:
        """0 clean (warnings alone are clean), 1 violations, 3 unreadable files."""
        return 3 if self.unreadable else int(any(f.severity == VIOLATION for f in self.findings))

    def summary(self) -> str:
        """One line: how many files, how many findings."""
        worst = [sum(f.severity == kind for f in self.findings) for kind in (VIOLATION, WARNING, INFO)]
        named = ", ".join(
            f"{n} {k}{'s' if n != 1 else ''}"
            for n, k in zip(worst, (VIOLATION, WARNING, "note"), strict=True)
            if n
        )
        return f"{self.files} files checked: {named or 'nothing to correct'}"

    def raise_on_error(self) -> None:
        """Raises CheckFailed if there is any violation."""
        if self.exit_code:
            raise CheckFailed(self, self.summary())

    def as_json(self) -> str:
        """The report for programs."""
        import json

        document = {
            "files": self.files,
            "exit_code": self.exit_code,
            "findings": [asdict(f) for f in self.findings],
        }
        return json.dumps(document, ensure_ascii=False, indent=1)


def check(layout: Layout, tell: Tell, guide: Path | None = None, paths: Iterable[Path] = ()) -> Report:
    """Every rule over every file; with `guide`, the digests against that text; with `paths`, only there."""
    return _Check(layout, tell, guide).run([layout.name_of(path) for path in paths])


class _Check:
    """One run of all rules over one state of the files."""

    def __init__(self, layout: Layout, tell: Tell, guide: Path | None) -> None:
        self.layout, self.tell, self.guide = layout, tell, guide
        self.texts: dict[str, str] = {}
        self.content: dict[str, list[Quad]] = {}
        self.report = Report()
        self.home: dict[NamedNode, list[str]] = defaultdict(list)  # thing or graph -> files that describe it
        self.derived: dict[NamedNode, Quad] = {}  # derived claim -> the statement it was derived from

    def run(self, only: list[str]) -> Report:
        """Runs the rules; the later ones need readable files."""
        self._read_all()
        self.all = [quad for quads in self.content.values() for quad in quads]
        self._written = [quad for name, quads in self.content.items() if name.startswith("data/") for quad in quads]
        for name, quads in self.content.items():
            for term in dict.fromkeys(term for quad in quads for term in (quad.subject, quad.graph_name)):
                self.home[term].append(name)
        rules: list[Callable[[], Iterator[Finding]]] = [self._prefixes]
        if not self.report.unreadable:
            rules += [
                self._graph_names, self._blank_nodes, self._dangling, self._duplicates, self._passages,
                self._guide_text, self._claims, self._dates, self._built, self._shapes,
            ]  # fmt: skip
        for quad in provenance.claimable(self.all):
            self.derived.setdefault(provenance.claim_iri(quad), quad)
        for number, rule in enumerate(rules):
            self.tell(number, len(rules), "checking " + rule.__name__.strip("_").replace("_", " "))
            self.report.findings += rule()
            if rule == self._duplicates and any(finding.rule == "blank-node" for finding in self.report.findings):
                break  # the later rules need things with names
        self.tell(len(rules), len(rules), "checked")
        wanted = [
            finding
            for finding in self.report.findings
            if not only or finding.rule == "parse" or any(_under(finding.file, place) for place in only)
        ]
        self.report.findings = sorted(set(wanted))
        self.report.files = len(self.texts)
        return self.report

    # --- places ---

    def _at(
        self,
        subject: NamedNode | str,
        rule: str,
        found: str,
        remedy: str,
        severity: str = VIOLATION,
        file: str = "",
    ) -> Finding:
        """A finding at the place where its subject is described."""
        iri = subject if isinstance(subject, str) else subject.value
        name = self.layout.shrink(iri)
        thing = NamedNode(iri) if "://" in iri else None  # a blank node or the default graph has no place of its own
        derived = self.derived.get(thing) if thing else None
        if (
            derived is not None
        ):  # a derived claim stands nowhere itself: point to the statement in its sentence
            found = (
                f"{found} [the statement {self._names(derived.subject, derived.predicate, derived.object)}]"
            )
            triple = (derived.subject, derived.predicate, derived.object)
            place = self._statement(triple, self._at(derived.graph_name, rule, found, remedy, severity))
            return Finding(place.file, place.line, rule, name, found, remedy, severity)
        homes = [file] if file else self.home.get(thing, []) if thing else []
        for home in homes or self.texts:
            line = self._line(home, name, iri)
            if line:
                return Finding(home, line, rule, name, found, remedy, severity)
        return Finding(homes[0] if homes else "(derived)", 0, rule, name, found, remedy, severity)

    def _statement(self, triple: tuple[Any, Any, Any], finding: Finding, graph: str = "") -> Finding:
        """The finding moved to the line where a statement is written (in a graph), if one can be found."""
        words = [re.escape(self._names(term)) for term in triple]
        within = r"(?:(?!\s\.\s|\}).)*?"  # not beyond the end of the subject's block
        pattern = re.compile(
            rf"^[ \t]*{words[0]}(?=\s){within}\s{words[1]}(?=\s){within}[\s\"<]({words[2]})(?![\w-])", re.M | re.S
        )
        for name, quads in self.content.items():
            if any((quad.subject, quad.predicate, quad.object) == triple for quad in quads):
                begin = re.search(rf"^{re.escape(graph)}\s*\{{", self.texts[name], re.M) if graph else None
                found = pattern.search(self.texts[name], begin.end() if begin else 0)
                if found and (begin or not graph):
                    return replace(finding, file=name, line=self.texts[name].count("\n", 0, found.start(1)) + 1)
        return finding

    def _line(self, file: str, curie: str, iri: str) -> int:
        """The line where a subject's block begins, else its first mention; 0 if there is none."""
        word = rf"(?:{re.escape(curie)}(?![\w-]|\.\w)|<{re.escape(iri)}>)"
        text = self.texts.get(file, "")
        found = re.search(rf"^[ \t]*{word}", text, re.M) or re.search(rf"^[^#\n]*?({word})", text, re.M)
        return text.count("\n", 0, found.end()) + 1 if found else 0

    def _names(self, *terms: object) -> str:
        return " ".join(readable(term, self.layout) for term in terms)  # type: ignore[arg-type]

    # --- reading ---

    def _read_all(self) -> None:
        for source in self.layout.sources():
            try:
                text = read_text(source.path, source.name)
                self.texts[source.name] = text
                quads = parse(text, source.name, source.graph, self.layout.prefixes)
                self.content[source.name] = quads
            except ParseError as error:
                self._unreadable(error)
        for path in self.layout.shapes():
            name = self.layout.name_of(path)
            try:
                self.texts[name] = read_text(path, name)
                parse(self.texts[name], name, GRAPHS + "shapes", self.layout.prefixes)
            except ParseError as error:
                self._unreadable(error)
        for query, path in self.layout.queries():
            name = f"queries/{query}.rq"
            try:
                self.texts[name] = read_text(path, name)
                catalogue.read(query, self.texts[name], self.layout)
            except ParseError as error:
                self._unreadable(error)
            except BadHeader as error:
                found = re.match(r"[^:]*(?::(\d+))?: (.*)", error.message, re.S)
                line, what = (int(found.group(1) or 1), found.group(2)) if found else (1, error.message)
                within = re.search(r"at line (\d+), column", what)
                line = int(within.group(1)) if within else line
                self.report.findings.append(Finding(name, line, "query", "", what, error.remedy))

    def _unreadable(self, error: ParseError) -> None:
        self.report.unreadable = True
        self.report.findings.append(Finding(error.file, error.line, "parse", "", error.what, error.remedy))

    # --- rules ---

    def _prefixes(self) -> Iterator[Finding]:
        known = self.layout.prefixes
        for name, text in self.texts.items():
            for match in PREFIX_LINE.finditer(text):
                prefix, space = match.groups()
                line = text.count("\n", 0, match.start(1)) + 1
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
        sentences = {
            quad.subject
            for quad in self.all
            if quad.predicate == TYPE and quad.object == NamedNode(KW + "Sentence")
        }
        for name, quads in self.content.items():
            if not name.startswith("data/guide/"):
                continue
            for graph in dict.fromkeys(quad.graph_name for quad in quads):
                place = provenance.sentence_of(graph)
                if place is None:
                    first = next(quad for quad in quads if quad.graph_name == graph)
                    named = isinstance(graph, NamedNode)
                    found = "is no sentence graph" if named else "stands outside any sentence graph"
                    remedy = "write the statements as passage:P19.s6 { … }, the sentence that says them"
                    thing = graph if named else first.subject
                    yield self._at(getattr(thing, "value", ""), "graph-name", found, remedy, file=name)
                elif place[1] not in CERTAINTIES[1:] and "-" in graph.value.removeprefix(PASSAGES):
                    remedy = "endings: " + ", ".join("-" + word for word in CERTAINTIES[1:])
                    yield self._at(
                        graph, "graph-name", f"has the unknown certainty {place[1]!r}", remedy, file=name
                    )
                elif sentences and place[0] not in sentences:
                    found = f"{self._names(place[0])} is no sentence of the guide"
                    yield self._at(graph, "graph-name", found, "see data/entities/passages.ttl", file=name)

    def _blank_nodes(self) -> Iterator[Finding]:
        for name, quads in self.content.items():
            nodes = [
                quad
                for quad in quads
                if name.startswith("data/") and BlankNode in (type(quad.subject), type(quad.object))
            ]
            if nodes:
                text = self.texts[name]
                match = re.search(r"^[^#\"<\n]*?(\[|\(|_:)", text, re.M)
                line = text.count("\n", 0, match.end()) + 1 if match else 0
                yield Finding(
                    name, line, "blank-node", "", "a thing without a name: [ … ], ( … ) or _:x",
                    "give the thing a name of its own, such as event:some-name",
                )  # fmt: skip

    def _dangling(self) -> Iterator[Finding]:
        typed = {quad.subject for quad in self.all if quad.predicate == TYPE}
        known_names = [self._names(term) for term in typed if isinstance(term, NamedNode)]
        for name, quads in self.content.items():
            seen = set()
            for quad in quads:
                for term in (quad.subject, quad.predicate, quad.object):
                    if not isinstance(term, NamedNode) or term in seen or term in typed:
                        continue
                    if _must_be_known(term):
                        seen.add(term)
                        shown = self._names(term)
                        close = nearest(shown, known_names)
                        remedy = f"write {' or '.join(close)}, or " if close else "correct the name, or "
                        remedy += f"describe it: {shown} a kw:… ; in data/entities/"
                        if not term.value.startswith(THINGS):
                            remedy = remedy.partition(", or describe")[0] + ", or declare it in ontology/"
                        yield self._at(term, "dangling", "has no type anywhere", remedy, file=name)

    def _duplicates(self) -> Iterator[Finding]:
        """Two blocks that give one thing a type: in two files, or twice in one file."""
        homes: dict[NamedNode, list[str]] = defaultdict(list)
        for name, quads in self.content.items():
            for subject in dict.fromkeys(quad.subject for quad in quads if quad.predicate == TYPE):
                homes[subject].append(name)
        for subject, names in homes.items():
            if not isinstance(subject, NamedNode):
                continue
            curie = self.layout.shrink(subject.value)
            word = rf"(?:^|\{{)[ \t]*(?:{re.escape(curie)}|<{re.escape(subject.value)}>)\s+(?:a|rdf:type)\s"
            places = [
                (name, self.texts[name].count("\n", 0, match.end()) + 1)
                for name in names
                for match in re.finditer(word, self.texts[name], re.M)
            ]
            if len(places) > 1 or len(names) > 1:
                first = places[0] if places else (names[0], 0)
                for name, line in places[1:] or [(other, 0) for other in names[1:]]:
                    yield Finding(
                        name, line, "duplicate", curie, f"is described already at {first[0]}:{first[1]}",
                        "keep one description, or give the second thing its own name",
                    )  # fmt: skip

    def _anchors(self) -> dict[str, tuple[int, int, str]]:
        """Start, end and digest of each passage and sentence that has all three."""
        values: dict[tuple[object, str], str] = {}
        for quad in self.content.get("data/entities/passages.ttl", []):
            values[(quad.subject, quad.predicate.value)] = quad.object.value
        oa = self.layout.prefixes.get("oa", "")
        anchors = {}
        for (subject, predicate), selector in values.items():
            if predicate != oa + "hasSelector":
                continue
            place = NamedNode(selector)
            fields = [
                values.get((place, oa + "start")),
                values.get((place, oa + "end")),
                values.get((subject, KW + "textDigest")),
            ]
            if (
                all(value is not None for value in fields)
                and str(fields[0]).isdigit()
                and str(fields[1]).isdigit()
            ):
                name = subject.value.removeprefix(PASSAGES)  # type: ignore[attr-defined]
                anchors[name] = (int(fields[0] or 0), int(fields[1] or 0), str(fields[2]))
        return anchors

    def _passages(self) -> Iterator[Finding]:
        again = "write the file anew: icrc-korea anchor --guide FILE"
        anchors = self._anchors()
        passages = {quad.subject for quad in self.all if quad.predicate == NamedNode(KW + "textDigest")}
        for subject in passages:
            name = subject.value.removeprefix(PASSAGES)
            if name not in anchors:
                yield self._at(subject, "anchor", "has no start, end or digest", again)
        before: dict[str, tuple[int, str]] = {}
        for name, (start, end, digest) in sorted(anchors.items(), key=_passage_order):
            level = "sentence" if ".s" in name else "passage"
            last, last_name = before.get(level, (0, ""))
            subject = NamedNode(PASSAGES + name)
            if start >= end or start < last:
                yield self._at(
                    subject, "anchor", f"stands at {start}–{end}, {last_name} ends at {last}", again
                )
            if not re.fullmatch(r"[0-9a-f]{64}", digest):
                yield self._at(subject, "anchor", "has a digest that is not 64 hexadecimal digits", again)
            parent = anchors.get(name.partition(".s")[0])
            if parent and not (parent[0] <= start and end <= parent[1]):
                yield self._at(
                    subject, "anchor", f"lies outside its passage at {parent[0]}–{parent[1]}", again
                )
            before[level] = (max(end, last), name)

    def _guide_text(self) -> Iterator[Finding]:
        if self.guide is None:
            return
        text = provenance.read_guide(self.guide)
        for name, found in provenance.compare(text, self._anchors()):
            remedy = "if the guide changed, run icrc-korea anchor --guide FILE and review what moved"
            yield self._at(PASSAGES + name, "guide-text", found, remedy, file="data/entities/passages.ttl")

    def _claims(self) -> Iterator[Finding]:
        yield from self._mixed_certainty()
        plain = {(q.subject, q.predicate, q.object) for q in provenance.claimable(self.all)}
        fields = explicit = self._explicit()
        for claim, values in fields.items():
            parts = [values[name.value] for name in (SUBJECT, PREDICATE, OBJECT)]
            if all(len(part) == 1 for part in parts):
                yield from self._plainly(claim, values, tuple(part[0] for part in parts), plain)
            else:
                remedy = "write rdf:subject, rdf:predicate and rdf:object, each once"
                yield self._at(claim, "claim-fields", "does not say one thing of one thing", remedy)
            for other in values[KW + "conflictsWith"]:
                shown = self._names(other)
                if other not in explicit:
                    remedy = (
                        "describe the other claim too, as a kw:Claim with its subject, predicate and object"
                    )
                    yield self._at(
                        claim, "claim-conflict", f"conflicts with {shown}, which is no claim", remedy
                    )
                elif claim not in fields[other][KW + "conflictsWith"]:
                    remedy = f"add kw:conflictsWith {self._names(claim)} to the other claim"
                    found = f"does not name {self._names(claim)}, which names it"
                    yield self._at(other, "claim-conflict", found, remedy, WARNING)

    def _explicit(self) -> dict[NamedNode, dict[str, list[Any]]]:
        """The claims that are written out, with their values by property."""
        claims = {quad.subject for quad in self.all if quad.predicate == TYPE and quad.object == CLAIM}
        fields: dict[NamedNode, dict[str, list[Any]]] = {claim: defaultdict(list) for claim in claims}
        for quad in self.all:
            if quad.subject in claims and quad.object not in fields[quad.subject][quad.predicate.value]:
                fields[quad.subject][quad.predicate.value].append(quad.object)
        return fields

    def _plainly(
        self,
        claim: NamedNode,
        values: dict[str, list[Any]],
        triple: tuple[Any, ...],
        plain: set[tuple[Any, ...]],
    ) -> Iterator[Finding]:
        """Accepted and positive claims are also plain statements, all others never."""
        status, polarity = (
            values[name.value][0].value.rpartition("-")[2] if values[name.value] else default
            for name, default in ((STATUS, "accepted"), (POLARITY, "positive"))
        )
        accepted = status == "accepted" and polarity == "positive"
        shown = self._names(*triple)
        if accepted and triple not in plain:
            remedy = f"write it as a plain statement in the sentence's graph: {shown} ."
            yield self._at(claim, "claim-plain", f"is accepted, but {shown} is not stated plainly", remedy)
        if not accepted and triple in plain:
            found = f"is {status} and {polarity}, but {shown} is stated plainly"
            remedy = "take the plain statement out of its sentence graph, or accept the claim"
            yield self._statement(triple, self._at(claim, "claim-plain", found, remedy))

    def _mixed_certainty(self) -> Iterator[Finding]:
        certainties: dict[tuple[Any, ...], dict[str, str]] = defaultdict(dict)
        for quad in provenance.claimable(self.all):
            place = provenance.sentence_of(quad.graph_name)
            if place:
                triple = (quad.subject, quad.predicate, quad.object)
                certainties[triple][place[1]] = self._names(quad.graph_name)
        for triple, kinds in certainties.items():
            if len(kinds) > 1:
                found = f"{self._names(*triple[1:])} stands in {' and '.join(sorted(kinds.values()))}"
                remedy = "take it out of the graph with the weaker certainty, or word it as a claim"
                weakest = kinds[max(kinds, key=CERTAINTIES.index)]
                yield self._statement(triple, self._at(triple[0], "mixed-certainty", found, remedy), weakest)

    def _dates(self) -> Iterator[Finding]:
        values: dict[NamedNode, dict[str, str]] = defaultdict(dict)
        names = {KW + name: name for name in ("edtf", "earliest", "latest")}
        for quad in self.all:
            if quad.predicate.value in names and isinstance(quad.object, Literal):
                values[quad.subject][names[quad.predicate.value]] = quad.object.value
        for subject, found in values.items():
            bounds = edtf_bounds(found["edtf"]) if "edtf" in found else None
            if "edtf" in found and bounds is None:
                remedy = 'write for example "1950-06-26", "1951-03", "../1953" or "1951-04~"'
                yield self._at(subject, "date", f"the EDTF {found['edtf']!r} is not understood", remedy)
            early, late = found.get("earliest", ""), found.get("latest", "")
            if early and late and early > late:
                yield self._at(
                    subject, "date", f"begins {early} after it ends {late}", "correct one of the bounds"
                )
            for name, bound, fits in bounds.compare(early, late) if bounds else ():
                if not fits:
                    shown = f"kw:{name} is {found.get(name) or 'missing'} for {found['edtf']}"
                    remedy = f'write kw:{name} "{bound}"^^xsd:date' if bound else f"leave kw:{name} out"
                    yield self._at(subject, "date", shown, remedy)

    # --- rules over the built dataset ---

    def _built(self) -> Iterator[Finding]:
        """The graph agrees with its ontology, and no query for a fault finds one."""
        outside = any(not isinstance(quad.graph_name, NamedNode) for quad in self.all)
        if outside or any(finding.rule == "query" for finding in self.report.findings):
            return
        try:
            built = ensure(self.layout, lambda *_: None)
        except BuildError as error:
            for line in [part.removeprefix("  - ") for part in error.message.splitlines()[1:]] or [
                error.message
            ]:
                yield self._named_in(
                    line, "consistency", "correct this type, or the statement that implies it"
                )
            return
        yield from self._faults(built)

    def _named_in(self, text: str, rule: str, remedy: str) -> Finding:
        """A finding at the first thing of ours that a text names, or at the claim that denies what it says."""
        denied = re.search(r"assertion violated for: \((\S+), (\S+), ([^)\s]+)", text)
        if denied:
            shown = " ".join(denied.groups())
            remedy = "correct the claim that denies it, or the statements it follows from"
            for claim, values in self._explicit().items():
                parts = [term for name in (SUBJECT, PREDICATE, OBJECT) for term in values[name.value]]
                if self._names(*parts) == shown:
                    return self._at(claim, rule, f"denies {shown}, which is stated or follows", remedy)
        for word in re.findall(r"[\w-]+:[\w.-]*\w", text):
            iri = self.layout.expand(word) if word.partition(":")[0] in self.layout.prefixes else None
            if iri and iri.startswith(THINGS):
                return self._at(iri, rule, text, remedy)
        return Finding("ontology/core.ttl", 0, rule, "", text, remedy)

    def _faults(self, built: Built) -> Iterator[Finding]:
        try:
            store = built.slice(None)
        except Damaged:
            store = make(self.layout, lambda *_: None).slice(None)
        for name, path in self.layout.queries():
            if not name.startswith(QUALITY + "/"):
                continue
            question = catalogue.read(name, read_text(path, name), self.layout)
            answer = store.query(question.text)
            for row in answer.rows:
                things = [term for term in row if isinstance(term, NamedNode)]
                shown = ", ".join(
                    f"{column} {self._names(term)}"
                    for column, term in zip(answer.columns, row, strict=True)
                    if term
                )
                remedy = question.remedy or question.asks() or f"see queries/{name}.rq"
                if things:
                    finding = self._at(things[0], name, shown, remedy, question.severity)
                    for quad in self._written:
                        if quad.subject == things[0] and quad.object in row[1:]:
                            finding = self._statement((quad.subject, quad.predicate, quad.object), finding)
                    yield finding
                else:
                    yield Finding(f"queries/{name}.rq", 1, name, "", shown, remedy, question.severity)
            if answer.truth:
                remedy = question.remedy or f"see queries/{name}.rq"
                yield Finding(f"queries/{name}.rq", 1, name, "", question.asks(), remedy, question.severity)

    def _shapes(self) -> Iterator[Finding]:
        """The SHACL shapes over the asserted graph; only Graph objects go in, so nothing is fetched."""
        paths = self.layout.shapes()
        if not paths:
            return
        import pyshacl
        from rdflib import Graph, URIRef
        from rdflib.namespace import RDF as TYPES
        from rdflib.namespace import SH

        data = rdflib_graph(self.all + provenance.derive_claims(self.all))
        names = [self.layout.name_of(path) for path in paths]
        by_file = {name: Graph().parse(data=self.texts[name], format="turtle") for name in names}

        def run(shapes: Graph) -> Graph | str:
            """The results of some shapes over the data, or why they cannot be run."""
            try:
                _, results, text = pyshacl.validate(
                    data, shacl_graph=shapes, inference="none", advanced=True, do_owl_imports=False
                )
            except Exception as error:  # whatever the engine throws at an ill-formed shape is a finding
                return str(error).splitlines()[0]
            return results if isinstance(results, Graph) else str(text)

        results = run(sum(by_file.values(), Graph()))
        if isinstance(results, str):
            faults = {name: fault for name, graph in by_file.items() if isinstance(fault := run(graph), str)}
            for name, fault in (faults or {"shapes/": results}).items():
                found = f"a shape cannot be run: {fault}"
                yield Finding(name, 0, "shapes", "", found, "correct the shape that this names")
            return
        for result in results.subjects(TYPES.type, SH.ValidationResult):
            focus, shape = results.value(result, SH.focusNode), results.value(result, SH.sourceShape)
            rule = self.layout.shrink(str(shape)) if str(shape).startswith("http") else "shape"
            remedy = str(results.value(result, SH.resultMessage) or f"see {rule} in shapes/")
            level = str(results.value(result, SH.resultSeverity)).rpartition("#")[2]
            severity = {"Warning": WARNING, "Info": INFO}.get(level, VIOLATION)
            finding = self._at(str(focus), rule, self._broken(results, result), remedy, severity)
            named, value = results.value(result, SH.resultPath), results.value(result, SH.value)
            subject = from_rdflib(focus) if focus is not None else None
            for quad in self._written:
                fits = quad.predicate.value == str(named) if isinstance(named, URIRef) else value is not None
                if quad.subject == subject and fits and (value is None or quad.object == from_rdflib(value)):
                    finding = self._statement((quad.subject, quad.predicate, quad.object), finding)
            yield finding

    def _broken(self, results: rdflib.Graph, result: rdflib.term.Node) -> str:
        """What a SHACL result found, in words."""
        from rdflib.namespace import SH

        component = str(results.value(result, SH.sourceConstraintComponent)).rpartition("#")[2]
        path, value = results.value(result, SH.resultPath), results.value(result, SH.value)
        name = self.layout.shrink(str(path)) if str(path).startswith("http") else "a value"
        if component == "MinCountConstraintComponent":
            return f"has no {name}"
        if component == "MaxCountConstraintComponent":
            return f"has too many values of {name}"
        shown = self.layout.shrink(str(value)) if str(value).startswith("http") else str(value)
        return f"{name} is {shown}" if path is not None and value is not None else "does not meet the shape"



# --- small rules ---------------------------------------------------------------------------------------


def _under(file: str, place: str) -> bool:
    """Whether a file is the place that was asked for, or lies below it."""
    return place in (".", file) or file.startswith(place.rstrip("/") + "/")


def _must_be_known(term: NamedNode) -> bool:
    """Whether a name is ours, so that something must say what it is; a graph with a suffix is not a thing."""
    place = provenance.sentence_of(term)
    suffixed = place is not None and "-" in term.value.removeprefix(PASSAGES)
    return term.value.startswith(KNOWN_SPACES) and not suffixed


def _passage_order(anchor: tuple[str, object]) -> tuple[int, int]:
    """P02 before P10, and a passage before its sentences."""
    passage, _, sentence = anchor[0].partition(".s")
    return int(re.sub(r"\D", "", passage) or 0), int(re.sub(r"\D", "", sentence) or 0)


@dataclass(frozen=True)
class Bounds:
    """The first and last day that an EDTF expression allows ('' = open)."""

    earliest: str
    latest: str
    approximate: bool = False

    def compare(self, early: str, late: str) -> Iterator[tuple[str, str, bool]]:
        """For each bound: its name, what it should be, and whether the given day agrees.

        An approximate expression may be given wider bounds than its words, never narrower ones.
        """
        wider = self.approximate
        yield "earliest", self.earliest, early == self.earliest or (wider and "" < early < self.earliest)
        yield "latest", self.latest, late == self.latest or (wider and late > self.latest > "")


def edtf_bounds(text: str) -> Bounds | None:
    """The bounds of a plain EDTF day, month, year or interval; None for anything else."""
    first, slash, last = text.partition("/")
    begin = _edtf_day(first, last=False)
    end = _edtf_day(last if slash else first, last=True)
    if begin is None or end is None or (not slash and begin == ""):
        return None
    return Bounds(begin, end, any(mark in text for mark in "~?%"))


def _edtf_day(text: str, last: bool) -> str | None:
    """The first or last day of a date; '' for an open end; None if it is not understood."""
    if text in ("..", ""):
        return ""
    match = EDTF.fullmatch(text)
    if not match:
        return None
    year, month, day = match.group(1), match.group(2), match.group(3)
    if not month:
        return f"{year}-12-31" if last else f"{year}-01-01"
    if not 1 <= int(month) <= 12 or (day and not 1 <= int(day) <= monthrange(int(year), int(month))[1]):
        return None
    if not day:
        return f"{year}-{month}-{monthrange(int(year), int(month))[1] if last else 1:02}"
    return f"{year}-{month}-{day}"
