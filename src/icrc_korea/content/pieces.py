"""Splits the text of a source into pieces: spans, digests, links that open there."""

from __future__ import annotations

import re
from dataclasses import dataclass
from hashlib import sha256
from urllib.parse import quote

from ..errors import ParseError
from ..rdf.reading import read_text

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from .layout import Layout
    from .sources import Source

LINK_WORDS = 4  # at each end of a link into the page: enough to find the place, too few to repeat the text
WRITTEN = "# Written by `icrc-korea anchor`; not edited by hand."
SEAL = "# SHA-256 of all above this line: "
# --- a text -> passages and sentences ------------------------------------------------------

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
    """A stretch of a text: a passage (`P19`) or a sentence of it (`P19.s3`)."""

    name: str
    start: int
    end: int
    line: int
    kind: str = ""


def split(text: str) -> list[Span]:
    """The passages of a text, each followed by its sentences; offsets count code points."""
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


def deep_link(words: str, text: str, page: str) -> str:
    """The address of a stretch of the page that has a text, as a text fragment: a few words at each end.

    Where the words at an end stand earlier in the text too, a few more are taken, so that the page opens
    at this place.
    """
    pieces = [piece for piece in MARK.split(words) if piece.strip()]
    if len(pieces) == 1 and len(pieces[0].split()) <= 2 * LINK_WORDS:
        return f"{page}#:~:text={_fragment(pieces[0].split())}"
    before = text[: text.find(words)].casefold() if words in text else ""
    start: list[str] = []
    for piece in pieces:  # a footnote mark cannot be part of a link, so the next piece may have to do
        start = _until_new(piece.split(), lambda part: " ".join(part).casefold() in before)
        if " ".join(start).casefold() not in before:
            break
    within = words[: -len(pieces[-1].split()[-1])].casefold()
    end = _until_new(pieces[-1].split()[::-1], lambda part: " ".join(part[::-1]).casefold() in within)[::-1]
    return f"{page}#:~:text={_fragment(start)},{_fragment(end)}"


def _until_new(words: list[str], known: Callable[[list[str]], bool]) -> list[str]:
    """The fewest words from the front, four to eight, that are not known from elsewhere."""
    for number in range(LINK_WORDS, 2 * LINK_WORDS):
        if not known(words[:number]):
            return words[:number]
    return words[: 2 * LINK_WORDS]


def _fragment(words: list[str]) -> str:
    # a hyphen or comma means something in a text fragment, so both are encoded
    return quote(" ".join(words), safe="").replace("-", "%2D")


def read_text_of(path: Path) -> str:
    """The text of a source, line ends as they stand in the file."""
    text = read_text(path, str(path))
    if not text.strip():
        raise ParseError(str(path), 0, 0, "the text is empty", remedy="give the source's text as a text file")
    return text


def words_by_digest(path: str | Path | None) -> dict[str, str]:
    """The words of each passage and sentence of a reader's own copy of a text, by their digest; {} without one."""
    if not path:
        return {}
    from pathlib import Path

    text = read_text_of(Path(path))
    spans = (text[span.start : span.end] for span in split(text))
    return {digest(words): words for words in spans}


def pieces_turtle(text: str, source: Source, layout: Layout) -> str:
    """pieces.ttl of a source that is a text: each passage with its sentences below it."""
    name = layout.shrink(source.space + "P01").partition(":")[0]
    is_ = layout.shrink(source.iri.value)
    # the first source's places have the names of its pieces; those of others say whose they are
    selector = "selector:" if source == layout.sources.first else f"selector:{source.name}-"
    used = sorted({"dct", "kind", "kw", "oa", "selector", name, is_.partition(":")[0]})
    lines = [
        "# The passages and sentences: where each stands, its digest, its place on the page.",
        WRITTEN,
        "",
        *(f"@prefix {prefix}: <{layout.prefixes[prefix]}> ." for prefix in used),
    ]
    parent = ""
    for span in split(text):
        words = text[span.start : span.end]
        sentence = span.name.partition(".s")[2]
        if not sentence:
            parent = f"{name}:{span.name}"
            lines += ["", f"# --- {span.name}, line {span.line}: {span.kind} " + "-" * 30, ""]
            lines += [f"{parent} a kw:{'Footnote' if span.kind == 'footnote' else 'Passage'} ;"]
            lines += [f'    kw:passageNumber "{span.name}" ;', f"    kw:seedLine {span.line} ;"]
            lines += [f"    kw:passageKind kind:{span.kind} ;", f"    dct:isPartOf {is_} ;"]
        else:
            lines += [f"{name}:{span.name} a kw:Sentence ;", f"    kw:partOf {parent} ;"]
            lines += [f"    kw:sequence {sentence} ;"]
        lines += [f"    oa:hasSource {is_} ;", f"    oa:hasSelector {selector}{span.name} ;"]
        lines += [f'    kw:textDigest "{digest(words)}"' + (" ;" if source.page else " .")]
        if source.page:
            lines += [f"    kw:deepLink <{deep_link(words, text, source.page)}> ."]
        lines += [
            f"{selector}{span.name} a oa:TextPositionSelector ; oa:start {span.start} ; oa:end {span.end} ."
        ]
    written = "\n".join(lines) + "\n"
    return f"{written}\n{SEAL}{digest(written)}\n"


def digest(words: str) -> str:
    """SHA-256 in hex."""
    return sha256(words.encode()).hexdigest()


def sealed(turtle: str) -> bool:
    """Whether pieces.ttl is as `anchor` wrote it, line ends apart; one that others wrote has no digest to compare."""
    written, _, recorded = turtle.replace("\r\n", "\n").rpartition("\n" + SEAL)
    return WRITTEN not in turtle or digest(written) == recorded.strip()


def compare(text: str, anchored: dict[str, tuple[int, int, str]]) -> Iterator[tuple[str, str]]:
    """Where anchors (start, end, digest by name) differ from a text: the name and what differs."""
    wanted = {span.name: span for span in split(text)}
    for name, span in wanted.items():
        if name not in anchored:
            yield name, "is in the text but not anchored"
            continue
        start, end, recorded = anchored[name]
        if digest(text[start:end]) != recorded:
            yield name, f"the text at {start}–{end} has another digest than the one recorded"
        elif (start, end) != (span.start, span.end):
            yield name, f"stands at {start}–{end} but the text has it at {span.start}–{span.end}"
    for name in sorted(set(anchored) - set(wanted)):
        yield name, "is anchored but not in the text"
