"""Hides how statements hang on the guide's text: passages, sentence graphs and derived claims."""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass, field
from hashlib import sha256
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from .errors import ParseError
from .layout import BASE, CLAIMS, GRAPHS, KW, OWL, PASSAGES, RDF
from .store import TYPE, Literal, NamedNode, Quad, read_text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

    from .layout import Layout

GUIDE = NamedNode(BASE + "id/guide/icrc-korean-war")
LINK_WORDS = 4  # at each end of a link into the page: enough to find the place, too few to repeat the text
EDITORS = NamedNode(BASE + "vocab/editors")
GUIDE_PAGE = "https://blogs.icrc.org/cross-files/icrc-action-in-the-korean-war-br-1950-1953/"
CLAIMS_GRAPH = NamedNode(GRAPHS + "claims")
SENTENCE_GRAPH = re.compile(re.escape(PASSAGES) + r"(P\d\d(?:\.s\d+)?)(?:-([a-z]+))?")
# From strongest to weakest: a triple with two certainties keeps the stronger one.
CERTAINTIES = ("stated", "quoted", "attributed", "hedged", "interpretation", "inferred")
SUBJECT, PREDICATE, OBJECT = (NamedNode(RDF + name) for name in ("subject", "predicate", "object"))
CLAIM, STATED_IN, CERTAINTY, STATUS, POLARITY, ASSERTED_BY, BASIS, MADE_IN, HEDGE, NOTE, RESTS, RESTS_READ = (
    NamedNode(KW + name)
    for name in (
        "Claim", "statedIn", "certainty", "claimStatus", "polarity", "assertedBy", "basis", "madeIn", "hedge",
        "inferenceNote", "restsOn", "restsOnReading",
    )
)  # fmt: skip
ON_A_THING = (HEDGE, NOTE, RESTS, RESTS_READ)  # what may be said of the statements about a thing
DEFAULTS = {
    STATUS: NamedNode(BASE + "vocab/status-accepted"),
    POLARITY: NamedNode(BASE + "vocab/polarity-positive"),
    BASIS: NamedNode(BASE + "vocab/basis-guide"),
}
NEGATIVE = NamedNode(BASE + "vocab/polarity-negative")
WRITTEN = "# Written by `icrc-korea anchor --guide FILE`; not edited by hand."
SEAL = "# SHA-256 of all above this line: "
Notes = dict[tuple[Any, Any], list[Quad]]  # annotations by graph and by what they are about

# --- sentence graphs -> claims -----------------------------------------------------------------------


def sentence_of(graph: object) -> tuple[NamedNode, str] | None:
    """The sentence and the certainty that a graph's name stands for; None if it is no sentence graph."""
    match = SENTENCE_GRAPH.fullmatch(graph.value) if isinstance(graph, NamedNode) else None
    if not match:
        return None
    return NamedNode(PASSAGES + match.group(1)), match.group(2) or "stated"


def claim_iri(quad: Quad) -> NamedNode:
    """The name of a derived claim: 12 digits of the SHA-256 of its triple as canonical N-Triples."""
    line = f"{quad.subject} {quad.predicate} {quad.object} ."
    return NamedNode(CLAIMS + sha256(line.encode()).hexdigest()[:12])


def is_annotation(quad: Quad) -> bool:
    """Whether a quad says how its graph puts things: about the graph itself, or a hedge, note or ground on a thing.

    Only a graph with a certainty suffix has annotations.
    """
    marked = "-" in quad.graph_name.value.removeprefix(PASSAGES)
    return marked and (quad.subject == quad.graph_name or quad.predicate in ON_A_THING)


@dataclass
class Evidence:
    """What is known of one claim: its sentences, their certainties, and the annotations that hold for it."""

    sentences: set[NamedNode] = field(default_factory=set)
    certainties: set[str] = field(default_factory=set)
    notes: set[tuple[NamedNode, NamedNode | Literal]] = field(default_factory=set)

    def strongest(self) -> NamedNode:
        """The strongest certainty as a concept."""
        known = [name for name in CERTAINTIES if name in self.certainties]
        return NamedNode(BASE + "vocab/certainty-" + (known[0] if known else "stated"))

    def add(self, quad: Quad, notes: Notes, given: Iterable[NamedNode] = ()) -> None:
        """Takes in one place where the claim stands. What is said of the thing goes before what is said
        of the whole graph, and what the claim itself gives goes before both."""
        found = sentence_of(quad.graph_name)
        if found:
            self.sentences.add(found[0])
            self.certainties.add(found[1])
        own = notes.get((quad.graph_name, quad.subject), [])
        taken = {note.predicate for note in own} | set(given)
        general = [note for note in notes.get((quad.graph_name, quad.graph_name), []) if note.predicate not in taken]
        self.notes |= {(note.predicate, note.object) for note in [*own, *general]}


def _content(quads: Iterable[Quad]) -> tuple[list[Quad], Notes, set[NamedNode]]:
    """Sentence-graph quads, their annotations by graph and subject, and the explicit claims."""
    inside = [quad for quad in quads if sentence_of(quad.graph_name)]
    explicit = {quad.subject for quad in inside if quad.predicate == TYPE and quad.object == CLAIM}
    notes: Notes = defaultdict(list)
    for quad in inside:
        if is_annotation(quad) and quad.subject not in explicit:
            notes[(quad.graph_name, quad.subject)].append(quad)
    return inside, notes, explicit


def claimable(quads: Iterable[Quad]) -> list[Quad]:
    """The sentence-graph quads that each deserve a claim: no types, annotations or claim fields."""
    inside, _, explicit = _content(quads)
    return [q for q in inside if q.predicate != TYPE and not is_annotation(q) and q.subject not in explicit]


def derive_claims(quads: list[Quad]) -> list[Quad]:
    """The claims graph: one claim a triple of the sentence graphs, and explicit claims completed."""
    inside, notes, explicit = _content(quads)
    fields: dict[NamedNode, dict[NamedNode, set[NamedNode | Literal]]] = defaultdict(lambda: defaultdict(set))
    evidence: dict[NamedNode, Evidence] = defaultdict(Evidence)
    places = []  # where explicit claims stand
    for quad in inside:
        if quad.subject in explicit:
            fields[quad.subject][quad.predicate].add(quad.object)
            if quad.predicate == TYPE and quad.object == CLAIM:
                places.append(quad)
    for quad in places:
        evidence[quad.subject].add(quad, notes, fields[quad.subject])
    merged = {
        key: claim
        for claim, values in sorted(fields.items(), key=lambda pair: pair[0].value)
        if (key := _accepted_triple(values))
    }
    triples: dict[NamedNode, Quad] = {}
    for quad in claimable(inside):
        claim = merged.get((quad.subject, quad.predicate, quad.object)) or claim_iri(quad)
        evidence[claim].add(quad, notes, fields.get(claim, ()))
        if claim not in explicit:
            triples[claim] = quad
    made = [_described(claim, triples[claim], evidence[claim]) for claim in triples]
    made += [_completed(claim, fields[claim], evidence[claim]) for claim in explicit]
    return [quad for group in made for quad in group]


def _accepted_triple(values: dict[NamedNode, set[NamedNode | Literal]]) -> tuple[object, ...] | None:
    """The triple that an explicit claim puts forward, if it is accepted and positive."""
    for predicate in (STATUS, POLARITY):
        if values.get(predicate, {DEFAULTS[predicate]}) != {DEFAULTS[predicate]}:
            return None
    parts = [next(iter(values[name]), None) for name in (SUBJECT, PREDICATE, OBJECT)]
    return tuple(parts) if None not in parts else None


def _described(claim: NamedNode, quad: Quad, evidence: Evidence) -> Iterator[Quad]:
    yield Quad(claim, TYPE, CLAIM, CLAIMS_GRAPH)
    for predicate, term in ((SUBJECT, quad.subject), (PREDICATE, quad.predicate), (OBJECT, quad.object)):
        yield Quad(claim, predicate, term, CLAIMS_GRAPH)
    yield from _completed(claim, {}, evidence)


def _completed(
    claim: NamedNode, given: dict[NamedNode, set[NamedNode | Literal]], evidence: Evidence
) -> Iterator[Quad]:
    for sentence in evidence.sentences:
        yield Quad(claim, STATED_IN, sentence, CLAIMS_GRAPH)
    values = {predicate for predicate, _ in evidence.notes} | {name for name, found in given.items() if found}
    for predicate, term in evidence.notes:
        yield Quad(claim, predicate, term, CLAIMS_GRAPH)
    for predicate, term in {**DEFAULTS, CERTAINTY: evidence.strongest()}.items():
        if predicate not in values:
            yield Quad(claim, predicate, term, CLAIMS_GRAPH)
    if not values & {ASSERTED_BY, MADE_IN}:
        # a reading between the lines is the editors' word, not the guide's
        by = EDITORS if evidence.certainties == {"inferred"} else GUIDE
        yield Quad(claim, ASSERTED_BY, by, CLAIMS_GRAPH)
    yield from _denial(claim, given)


def _denial(claim: NamedNode, given: dict[NamedNode, set[NamedNode | Literal]]) -> Iterator[Quad]:
    """An accepted denial of a link between two things is also a negative assertion for OWL."""
    accepted = given.get(STATUS, {DEFAULTS[STATUS]}) == {DEFAULTS[STATUS]}
    links = all(isinstance(term, NamedNode) for term in given.get(OBJECT, ()))
    if not given or not accepted or not links or NEGATIVE not in given.get(POLARITY, ()):
        return
    yield Quad(claim, TYPE, NamedNode(OWL + "NegativePropertyAssertion"), CLAIMS_GRAPH)
    names = {SUBJECT: "sourceIndividual", PREDICATE: "assertionProperty", OBJECT: "targetIndividual"}
    for predicate, name in names.items():
        for term in given.get(predicate, ()):
            yield Quad(claim, NamedNode(OWL + name), term, CLAIMS_GRAPH)


# --- the guide's text -> passages and sentences ------------------------------------------------------

MARK = re.compile(r"\[\d+\]")
# A sentence ends at a stop (with closing quote and footnote mark) before a capital, or where a closing
# quote with its mark runs straight into the attribution, or at the ellipsis of a shortened quotation.
BREAK = re.compile(
    r"[.?!]”?(?:\[\d+\])? (?=[“A-Z])"
    r"|”\[\d+\](?=[A-Z])"
    r"|\(…\) (?=[“A-Z])"
)
ABBREVIATION = re.compile(r"(?:^|[\s(])(?:M|Mr|Mme|Dr|St|p|pp|no|n\.d)\.$")


@dataclass(frozen=True)
class Span:
    """A stretch of the guide's text: a passage (`P19`) or a sentence of it (`P19.s3`)."""

    name: str
    start: int
    end: int
    line: int
    kind: str = ""


def split(text: str) -> list[Span]:
    """The passages of the guide, each followed by its sentences; offsets count code points."""
    spans: list[Span] = []
    offset = number = 0
    previous = ""
    for line_number, line in enumerate(text.splitlines(keepends=True), 1):
        words = line.strip()
        if words:
            number += 1
            start = offset + line.index(words)
            previous = _kind(words, previous)
            passage = Span(f"P{number:02}", start, start + len(words), line_number, previous)
            spans.append(passage)
            spans.extend(_sentences(words, passage))
        offset += len(line)
    return spans


def _kind(words: str, previous: str) -> str:
    """What a passage is, by its form; `previous` is the kind of the passage before it."""
    if MARK.match(words):
        return "footnote"
    if words.startswith("“") or "(…)" in words:
        return "quotation"
    if re.search(r"\bB G \d", words):
        return "reference"
    if re.search(r"\.(?:\[\d+\])?$|\[\d+\]\.$", words):
        return "paragraph"
    return "caption" if "©" in words or previous == "quotation" else "heading"


def _sentences(words: str, passage: Span) -> Iterator[Span]:
    mark = MARK.match(words)
    start = mark.end() + 1 if mark else 0
    ends = [
        match.end() for match in BREAK.finditer(words) if not ABBREVIATION.search(words[: match.start() + 1])
    ]
    for number, end in enumerate([*ends, len(words)], 1):
        stop = start + len(words[start:end].rstrip())
        yield Span(f"{passage.name}.s{number}", passage.start + start, passage.start + stop, passage.line)
        start = end


def deep_link(words: str, text: str = "") -> str:
    """The address of a stretch of the guide's page, as a text fragment: a few words at each end.

    Where the words at an end stand earlier in the text too, a few more are taken, so that the page opens
    at this place.
    """
    pieces = [piece for piece in MARK.split(words) if piece.strip()]
    if len(pieces) == 1 and len(pieces[0].split()) <= 2 * LINK_WORDS:
        return f"{GUIDE_PAGE}#:~:text={_fragment(pieces[0].split())}"
    before = text[: text.find(words)].casefold() if words in text else ""
    start: list[str] = []
    for piece in pieces:  # a footnote mark cannot be part of a link, so the next piece may have to do
        start = _until_new(piece.split(), lambda part: " ".join(part).casefold() in before)
        if " ".join(start).casefold() not in before:
            break
    within = words[: -len(pieces[-1].split()[-1])].casefold()
    end = _until_new(pieces[-1].split()[::-1], lambda part: " ".join(part[::-1]).casefold() in within)[::-1]
    return f"{GUIDE_PAGE}#:~:text={_fragment(start)},{_fragment(end)}"


def _until_new(words: list[str], known: Callable[[list[str]], bool]) -> list[str]:
    """The fewest words from the front, four to eight, that are not known from elsewhere."""
    for number in range(LINK_WORDS, 2 * LINK_WORDS):
        if not known(words[:number]):
            return words[:number]
    return words[: 2 * LINK_WORDS]


def _fragment(words: list[str]) -> str:
    # a hyphen or comma means something in a text fragment, so both are encoded
    return quote(" ".join(words), safe="").replace("-", "%2D")


def read_guide(path: Path) -> str:
    """The guide's text, line ends as they stand in the file."""
    text = read_text(path, str(path))
    if not text.strip():
        raise ParseError(str(path), 0, 0, "the guide's text is empty", remedy="give the guide as a text file")
    return text


def passages_turtle(text: str, layout: Layout) -> str:
    """data/entities/passages.ttl for a guide text: each passage with its sentences below it."""
    used = ("dct", "guide", "kind", "kw", "oa", "passage", "selector")
    lines = [
        "# The guide's passages and sentences: where each stands, its digest, its place on the page.",
        WRITTEN,
        "",
        *(f"@prefix {name}: <{layout.prefixes[name]}> ." for name in used),
    ]
    parent = ""
    for span in split(text):
        words = text[span.start : span.end]
        sentence = span.name.partition(".s")[2]
        if not sentence:
            parent = f"passage:{span.name}"
            lines += ["", f"# --- {span.name}, line {span.line}: {span.kind} " + "-" * 30, ""]
            lines += [f"{parent} a kw:{'Footnote' if span.kind == 'footnote' else 'Passage'} ;"]
            lines += [f'    kw:passageNumber "{span.name}" ;', f"    kw:seedLine {span.line} ;"]
            lines += [f"    kw:passageKind kind:{span.kind} ;", "    dct:isPartOf guide:icrc-korean-war ;"]
        else:
            lines += [f"passage:{span.name} a kw:Sentence ;", f"    kw:partOf {parent} ;"]
            lines += [f"    kw:sequence {sentence} ;"]
        lines += [f"    oa:hasSelector selector:{span.name} ;"]
        lines += [f'    kw:textDigest "{sha256(words.encode()).hexdigest()}" ;']
        lines += [f"    kw:deepLink <{deep_link(words, text)}> ."]
        lines += [
            f"selector:{span.name} a oa:TextPositionSelector ; oa:start {span.start} ; oa:end {span.end} ."
        ]
    written = "\n".join(lines) + "\n"
    return f"{written}\n{SEAL}{sha256(written.encode()).hexdigest()}\n"


def sealed(turtle: str) -> bool:
    """Whether passages.ttl is as `anchor` wrote it, line ends apart; one that others wrote has no digest to compare."""
    written, _, digest = turtle.replace("\r\n", "\n").rpartition("\n" + SEAL)
    return WRITTEN not in turtle or sha256(written.encode()).hexdigest() == digest.strip()


def compare(text: str, anchored: dict[str, tuple[int, int, str]]) -> Iterator[tuple[str, str]]:
    """Where anchors (start, end, digest by name) differ from a guide text: the name and what differs."""
    wanted = {span.name: span for span in split(text)}
    for name, span in wanted.items():
        if name not in anchored:
            yield name, "is in the guide but not anchored"
            continue
        start, end, digest = anchored[name]
        if sha256(text[start:end].encode()).hexdigest() != digest:
            yield name, f"the text at {start}–{end} has another digest than the one recorded"
        elif (start, end) != (span.start, span.end):
            yield name, f"stands at {start}–{end} but the guide has it at {span.start}–{span.end}"
    for name in sorted(set(anchored) - set(wanted)):
        yield name, "is anchored but not in the guide"
