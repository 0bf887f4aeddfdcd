"""The passages of the guide: numbered, digested, linked; and the same as the guide's text, where that is at hand.

The text is not in this repository. It is looked for in the file that the environment variable
ICRC_KOREA_GUIDE names, or in `shared/seed/guide.txt` beside the checkout. Without it the tests that need
it are skipped, but never in CI.
"""

from __future__ import annotations

import os
import re
from collections import Counter, defaultdict
from functools import cache
from hashlib import sha256
from pathlib import Path
from urllib.parse import unquote

import pyoxigraph as ox
import pytest
from conftest import ROOT, Command
from every import every

PASSAGES = ROOT / "data" / "sources" / "guide" / "pieces.ttl"
BASE = "https://w3id.org/icrc-korea/"
KW = BASE + "ontology#"
OA = "http://www.w3.org/ns/oa#"
RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
PAGE = "https://blogs.icrc.org/cross-files/icrc-action-in-the-korean-war-br-1950-1953/"
IN_CI = os.environ.get("CI", "") not in {"", "0", "false"}
MOST_WORDS = 12

# What each passage is, and how many sentences it has; P36 to P41 are the six footnotes.
KINDS = {
    "quotation": "P01 P04",
    "caption": "P05 P23",
    "reference": "P06",
    "heading": "P10 P11 P17 P21 P25 P27 P29 P30 P32 P34 P35",
    "footnote": "P36 P37 P38 P39 P40 P41",
    "paragraph": "P02 P03 P07 P08 P09 P12 P13 P14 P15 P16 P18 P19 P20 P22 P24 P26 P28 P31 P33",
}
SENTENCES = {
    "P01": 2, "P02": 4, "P03": 3, "P04": 2, "P07": 2, "P08": 3, "P13": 2, "P15": 2, "P16": 2, "P18": 2, "P19": 6,
    "P22": 2, "P24": 3, "P26": 2, "P31": 3, "P33": 6, "P39": 5, "P40": 5, "P41": 2,
}  # fmt: skip


@cache
def described() -> dict[str, dict[str, list[str]]]:
    """Every thing in pieces.ttl with the values of its properties, by the last part of its name."""
    found: dict[str, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
    for quad in ox.parse(path=str(PASSAGES), format=ox.RdfFormat.TURTLE):
        assert isinstance(quad.subject, ox.NamedNode)
        assert not isinstance(quad.object, ox.BlankNode | ox.Triple)
        kind, _, name = quad.subject.value.removeprefix(BASE + "id/").partition("/")
        found[name if kind == "passage" else f"{kind}/{name}"][quad.predicate.value].append(quad.object.value)
    return found


def one(name: str, predicate: str) -> str:
    values = described()[name][predicate]
    assert len(values) == 1, f"{name} {predicate}: {values}"
    return values[0]


NUMBERS = [f"P{number:02}" for number in range(1, 42)]
NAMES = [name for name in described() if "/" not in name]


def test_there_are_41_passages_and_80_sentences_in_reading_order() -> None:
    passages = [name for name in NAMES if "." not in name]
    sentences = [name for name in NAMES if "." in name]
    assert passages == NUMBERS
    assert len(sentences) == 80
    assert sentences == [f"{p}.s{n}" for p in NUMBERS for n in range(1, SENTENCES.get(p, 1) + 1)]


def test_every_passage_is_of_its_kind() -> None:
    for kind, names in KINDS.items():
        for name in names.split():
            assert one(name, KW + "passageKind") == f"{BASE}vocab/kind-{kind}", name
            assert one(name, RDF + "type") == KW + ("Footnote" if kind == "footnote" else "Passage"), name
    assert sorted(" ".join(KINDS.values()).split()) == NUMBERS


def test_every_passage_and_sentence_is_fully_described() -> None:
    for name in NAMES:
        passage, _, number = name.partition(".s")
        if number:
            assert one(name, RDF + "type") == KW + "Sentence"
            assert one(name, KW + "partOf") == f"{BASE}id/passage/{passage}"
            assert one(name, KW + "sequence") == number
        else:
            assert one(name, KW + "passageNumber") == name
            assert one(name, "http://purl.org/dc/terms/isPartOf") == BASE + "id/guide/icrc-korean-war"
        assert re.fullmatch(r"[0-9a-f]{64}", one(name, KW + "textDigest"))
        assert one(name, OA + "hasSelector") == f"{BASE}id/selector/{name}"
        assert one(f"selector/{name}", RDF + "type") == OA + "TextPositionSelector"


def span(name: str) -> tuple[int, int]:
    return int(one(f"selector/{name}", OA + "start")), int(one(f"selector/{name}", OA + "end"))


def test_spans_lie_in_order_and_sentences_inside_their_passage() -> None:
    last = 0
    for passage in NUMBERS:
        start, end = span(passage)
        assert last <= start < end
        inside = start
        for name in [name for name in NAMES if name.startswith(passage + ".")]:
            first, stop = span(name)
            assert inside <= first < stop <= end, name
            inside = stop
        assert inside == end, f"the last sentence of {passage} ends before the passage does"
        last = end
    lines = [int(one(passage, KW + "seedLine")) for passage in NUMBERS]
    assert lines == sorted(set(lines))


def test_a_different_text_has_a_different_digest() -> None:
    """A passage of one sentence has the digest of that sentence; otherwise no two are the same."""
    digests = Counter(one(name, KW + "textDigest") for name in NAMES)
    for name in NAMES:
        same = span(name) == span(name.partition(".")[0]) or SENTENCES.get(name, 1) == 1
        assert digests[one(name, KW + "textDigest")] == 1 or same, name


# --- links --------------------------------------------------------------------------------------------------


def fragment(name: str) -> list[str]:
    """The words at the ends of a link's text fragment: one stretch, or its beginning and its end."""
    link = one(name, KW + "deepLink")
    assert link.startswith(PAGE + "#:~:text="), link
    directive = link.removeprefix(PAGE + "#:~:text=")
    # a hyphen, comma or ampersand means something there, so inside the words they are encoded
    assert re.fullmatch(
        r"(?:[A-Za-z0-9._~!$'()*+;=:@/?]|%[0-9A-F]{2})+(?:,(?:[A-Za-z0-9._~!$'()*+;=:@/?]|%[0-9A-F]{2})+)?", directive
    ), directive
    return [unquote(part, errors="strict") for part in directive.split(",")]


@every("name", NAMES)
def test_a_link_is_a_text_fragment_of_few_words(name: str) -> None:
    parts = fragment(name)
    assert all(part == part.strip() and part for part in parts)
    assert sum(len(part.split()) for part in parts) <= MOST_WORDS
    assert not any(re.search(r"\[\d+\]", part) for part in parts), "a footnote mark is no part of the words"


# --- with the guide's text ----------------------------------------------------------------------------------


def guide_path() -> Path:
    named = os.environ.get("ICRC_KOREA_GUIDE")
    return Path(named) if named else ROOT.parent / "shared" / "seed" / "guide.txt"


@pytest.fixture(scope="module")
def text() -> str:
    path = guide_path()
    if path.is_file():
        return path.read_bytes().decode("utf-8-sig")
    missing = "the guide's text is not at hand: name it in ICRC_KOREA_GUIDE"
    if IN_CI:
        pytest.fail(f"{missing}; CI must read it", pytrace=False)
    pytest.skip(missing)


def test_every_digest_is_that_of_its_span(text: str) -> None:
    for name in NAMES:
        start, end = span(name)
        words = text[start:end]
        assert words == words.strip(), name
        assert sha256(words.encode()).hexdigest() == one(name, KW + "textDigest"), name
        if "." not in name:
            assert text.count("\n", 0, start) + 1 == int(one(name, KW + "seedLine")), name


def test_nothing_of_the_text_is_left_out(text: str) -> None:
    """What lies between the spans is white space and the marks of the footnotes."""
    for names in ([name for name in NAMES if "." not in name], [name for name in NAMES if "." in name]):
        last = 0
        for start, end in [*map(span, names), (len(text), len(text))]:
            assert re.fullmatch(r"\s*(?:\[\d+\]\s*)?", text[last:start]), text[last:start]
            last = end


def words_of(text: str) -> str:
    """A text as the page shows it: without the marks of footnotes, single spaces."""
    return " ".join(re.sub(r"\[\d+\]", " ", text).split())


def beginnings(name: str, text: str) -> list[str]:
    """The span from its first word, or from behind a footnote mark that stands among its first words."""
    words = text[slice(*span(name))]
    mark = re.match(r"(?:[^\s\[]+\s?){1,6}\[\d+\]", words)
    return [words_of(words), *([words_of(words[mark.end() :])] if mark else [])]


@every("name", NAMES)
def test_a_link_begins_and_ends_with_the_words_of_its_span(name: str, text: str) -> None:
    words, parts = words_of(text[slice(*span(name))]), [words_of(part) for part in fragment(name)]
    assert any(beginning.startswith(parts[0]) for beginning in beginnings(name, text))
    assert words.endswith(parts[-1])
    assert len(parts) == 2 or words == parts[0], "a single stretch is the whole span"


def found_by(parts: list[str], page: str) -> str | None:
    """What a browser marks: the first place of the first words, then the first place of the last words after it."""

    def place(words: str, after: int) -> re.Match[str] | None:
        pattern = r"(?<!\w)" + r"\s+".join(map(re.escape, words.split())) + r"(?!\w)"
        return re.compile(pattern, re.I).search(page, after)

    first = place(parts[0], 0)
    if first is None or len(parts) == 1:
        return first and first.group()
    last = place(parts[1], first.end())
    return last and page[first.start() : last.end()]


@every("name", NAMES)
def test_a_link_leads_to_its_span_and_no_other(name: str, text: str) -> None:
    marked = found_by(fragment(name), words_of(text))
    assert marked is not None, "the words are not on the page as they stand in the link"
    assert marked in beginnings(name, text)


def test_anchor_writes_the_same_file_byte_for_byte(text: str, own: Path, icrc: Command) -> None:
    path = own / "data" / "sources" / "guide" / "pieces.ttl"
    path.write_text("# something else\n", encoding="utf-8")
    said = icrc("anchor", "--guide", guide_path(), "--root", own)
    assert (said.code, said.out) == (0, "")
    assert "data/sources/guide/pieces.ttl written" in said.err
    assert path.read_bytes() == PASSAGES.read_bytes()


def test_check_compares_with_the_text(text: str, own: Path, tmp_path: Path, icrc: Command) -> None:
    other = tmp_path / "other.txt"
    start, cut = span("P19.s3")[0], span("P41")[0]
    other.write_text(text[:start] + "X" + text[start + 1 : cut], encoding="utf-8")
    changed = icrc("check", "data/sources/guide/pieces.ttl", "--guide", other, "--root", own)
    assert changed.code == 1
    for name in NAMES:
        found = re.search(rf"passage:{re.escape(name)}(?![.\d])", changed.out)
        assert bool(found) is (name in ("P19", "P19.s3") or name.startswith("P41")), name
