"""Whatever a thing is called in the guide finds it, and no proper name in another language is made up."""

from __future__ import annotations

import csv
import json
import re
import unicodedata
from functools import cache
from pathlib import Path

import pyoxigraph as ox
import pytest
from conftest import ROOT
from every import every

from icrc_korea.content.layout import Layout
from icrc_korea.dataset.citing import words_of
from icrc_korea.errors import UnknownTerm
from icrc_korea.graph import KnowledgeGraph
from icrc_korea.rdf.terms import NamedNode

LAYOUT = Layout.find(ROOT)
ENTITIES = ROOT / "data" / "entities"
EVIDENCE = ENTITIES / "name-evidence.tsv"
SKOS = "http://www.w3.org/2004/02/skos/core#"
RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
OTHER_LANGUAGES = ("de", "fr", "ko", "zh", "zh-hant")
Label = tuple[str, str, str]  # thing, language, text

# Things of these classes have proper names. A name in another language is somebody's choice, so it
# needs evidence; what only describes a thing (a message, a claim, a purpose) may be translated by anybody.
PROPER = {
    "kw:ArchivalRecord", "kw:ArmedConflict", "kw:ArmedForce", "kw:Book", "kw:Conference", "kw:Government",
    "kw:LegalInstrument", "kw:NewsRelease", "kw:Office", "kw:Organisation", "kw:Periodical", "kw:PeriodicalRun",
    "kw:Person", "kw:Place", "kw:Provision", "kw:PublicationSeries", "kw:ReportVolume", "kw:ResearchGuide",
    "kw:Resolution", "kw:State",
}  # fmt: skip
# Things of these classes that the guide describes but does not name; one more is one more line.
DESCRIBED = {
    "armed-force:dprk-armed-forces": "the armed forces of a state, whatever they call themselves",
    "armed-force:dprk-troops": "some troops of a state",
    "armed-force:rok-forces": "the forces of a state",
    "event:general-commission-debates": "debates, told in common words",
    "office:leader-of-unc": "a capacity, told in common words",
    "organisation:government-dprk": "the government of a state, whatever it calls itself",
    "organisation:government-rok": "the government of a state",
    "organisation:government-usa": "the government of a state",
    "organisation:pow-information-agency": "an agency that is foreseen, without a name",
    "organisation:un-pool-tokyo": "the guide puts the word pool in quotation marks",
    "place:china": "the territory of a state, by the name of that state",
    "place:civilian-prisons": "prisons in general",
    "place:dprk": "the territory of a state, by the name of that state",
    "place:rok": "the territory of a state, by the name of that state",
    "place:pow-camps-dprk": "camps in general",
    "news-release:464b": "a news release by its number",
    "record:icrc-b-g-17-172": "a record by its holder and shelf mark",
    "series:history-of-the-icrc": "a series of five without a title of its own in the guide",
    "series:icrc-news-releases": "the news releases of four years",
}


@cache
def quads() -> tuple[ox.Quad, ...]:
    return tuple(
        quad
        for path in sorted([*ENTITIES.glob("*.ttl"), *ENTITIES.parent.glob("sources/*/*.ttl")])
        for quad in ox.parse(path=str(path), format=ox.RdfFormat.TURTLE)
    )


@cache
def types() -> dict[str, str]:
    """The class of every thing that is described."""
    return {
        LAYOUT.shrink(quad.subject.value): LAYOUT.shrink(quad.object.value)
        for quad in quads()
        if quad.predicate.value == RDF + "type"
    }  # type: ignore[union-attr]


@cache
def labels(*kinds: str) -> frozenset[Label]:
    """The labels of these kinds: thing, language, text."""
    return frozenset(
        (LAYOUT.shrink(quad.subject.value), quad.object.language or "", quad.object.value)  # type: ignore[union-attr]
        for quad in quads()
        if quad.predicate.value in {SKOS + kind for kind in kinds or ("prefLabel", "altLabel", "hiddenLabel")}
    )


@cache
def evidence() -> tuple[dict[str, str], ...]:
    with EVIDENCE.open(encoding="utf-8", newline="") as stream:
        return tuple(csv.DictReader(stream, delimiter="\t", quoting=csv.QUOTE_NONE))


def printed() -> list[tuple[str, str, str, str]]:
    """The forms that sentences print: thing, property, language, form."""
    names = {LAYOUT.expand(f"kw:{name}") for name in ("nameForm", "abbreviation", "misprint")}
    return sorted(
        {
            (
                LAYOUT.shrink(quad.subject.value),
                LAYOUT.shrink(quad.predicate.value),
                quad.object.language,
                quad.object.value,
            )  # type: ignore[union-attr]
            for path in (ROOT / "data" / "sources" / "guide" / "statements").glob("*.trig")
            for quad in ox.parse(path=str(path), format=ox.RdfFormat.TRIG)
            if quad.predicate.value in names
        }
    )


PRINTED = printed()


# --- what the guide prints finds the thing ------------------------------------------------------------------


def found(graph: KnowledgeGraph, text: str) -> set[str]:
    """The things that a name leads to: one, or those among which the reader is asked to choose."""
    try:
        return {LAYOUT.shrink(graph.resolve(text))}
    except UnknownTerm as error:
        return set(re.findall(r"[\w-]+:[\w.-]+", str(error).partition("say which:")[2]))


@every(("thing", "kind", "language", "form"), PRINTED, name=lambda value: str(value)[:40])
def test_a_printed_form_is_a_label(thing: str, kind: str, language: str, form: str, graph: KnowledgeGraph) -> None:
    kinds = ("hiddenLabel",) if kind == "kw:misprint" else ("prefLabel", "altLabel")
    assert (thing, language, form) in labels(*kinds), f"{form!r} is no {' or '.join(kinds)} of {thing}"
    assert thing in found(graph, form)


def test_printed_forms_are_of_every_kind() -> None:
    assert {kind for _, kind, _, _ in PRINTED} == {"kw:nameForm", "kw:abbreviation", "kw:misprint"}
    assert len(PRINTED) > 12


@every("label", sorted(labels()), name=lambda label: f"{label[0]} {label[2]}"[:60])
def test_a_label_finds_its_thing(label: Label, graph: KnowledgeGraph) -> None:
    """Or those things whose name of first choice it is: they go before."""
    thing, _, text = label
    first = {other for other, _, name in labels("prefLabel") if name.casefold() == text.casefold()}
    assert thing in found(graph, text) or found(graph, text) <= first - {thing} != set()


# --- names are written as names are -------------------------------------------------------------------------

SCRIPTS = {"ko": r"[\uac00-\ud7a3]", "zh": r"[\u4e00-\u9fff]", "zh-hant": r"[\u4e00-\u9fff]"}
# Names that are printed in Latin letters in every language.
LATIN = re.compile(r"[A-Za-z0-9 .,:()’'«»–—-]+")


def test_labels_are_in_one_form() -> None:
    """NFC, no white space at the ends or twice, no straight apostrophe between letters."""
    for thing, language, text in labels():
        assert text == unicodedata.normalize("NFC", text), thing
        assert text == " ".join(text.split()), thing
        assert not re.search(r"\w'\w", text), f"{thing}: {text}"
        assert language, f"{thing}: {text} has no language"


def test_korean_and_chinese_names_are_in_their_scripts() -> None:
    for thing, language, text in labels():
        if language in SCRIPTS and not LATIN.fullmatch(text):
            assert re.search(SCRIPTS[language], text), f"{thing}: {text}@{language}"


def test_there_is_one_name_of_first_choice_a_language() -> None:
    first = [(thing, language) for thing, language, _ in labels("prefLabel")]
    assert len(first) == len(set(first))
    others = labels("altLabel") | labels("hiddenLabel")
    assert not labels("prefLabel") & others
    assert not labels("altLabel") & labels("hiddenLabel")


NAMELESS = ("oa:", "kw:Passage", "kw:Sentence", "kw:EditedDocument", "kw:Clause", "kw:AuthorityRecord")  # pieces


def test_everything_described_has_an_english_name() -> None:
    named = {thing for thing, language, _ in labels("prefLabel") if language == "en"}
    unnamed = {thing for thing, kind in types().items() if not kind.startswith(NAMELESS)}
    unnamed -= named | {
        thing for thing, kind in types().items() if kind in ("kw:Footnote", "kw:TimeSpan", "kw:Quantity", "kw:Money")
    }
    assert unnamed == set()


# --- proper names in other languages have evidence ----------------------------------------------------------


def proper(thing: str) -> bool:
    return types().get(thing) in PROPER and thing not in DESCRIBED


NEED_EVIDENCE = sorted(label for label in labels() if label[1] in OTHER_LANGUAGES and proper(label[0]))


@every("label", NEED_EVIDENCE, name=lambda label: f"{label[0]} {label[1]}")
def test_a_proper_name_in_another_language_has_evidence(label: Label) -> None:
    rows = [row for row in evidence() if (row["thing"], row["language"], row["name"]) == label]
    assert rows, f"no row of name-evidence.tsv for {label}"
    assert rows[0]["evidence"].strip()


@every("row", evidence(), name=lambda row: f"{row['thing']} {row['name']}"[:60])
def test_every_row_of_evidence_is_for_a_label(row: dict[str, str]) -> None:
    assert (row["thing"], row["language"], row["name"]) in labels("prefLabel", "altLabel")
    assert row["language"] in OTHER_LANGUAGES
    assert re.search(r"[/:]", row["evidence"]), "evidence that cannot be looked up"


def test_the_table_of_evidence_is_sorted_and_without_doubles() -> None:
    keys = [(row["thing"], row["language"], row["name"]) for row in evidence()]
    assert keys == sorted(set(keys))
    assert list(evidence()[0]) == ["thing", "language", "name", "used_by", "evidence"]


def test_what_is_said_to_be_only_described_is_there_and_would_need_evidence() -> None:
    for thing, reason in DESCRIBED.items():
        assert types().get(thing) in PROPER, thing
        assert reason


def test_a_territory_is_called_as_its_state() -> None:
    for thing in ("china", "dprk", "rok"):
        of_state = {(language, name) for state, language, name in labels() if state == f"state:{thing}"}
        for place, language, name in labels():
            if place == f"place:{thing}" and language in OTHER_LANGUAGES:
                assert (language, re.sub(r" ?\([^)]*\)$", "", name)) in of_state, name


# --- what somebody types ------------------------------------------------------------------------------------

TYPED = list(csv.DictReader(
    (ROOT / "tests" / "cases" / "names" / "found.tsv").read_text(encoding="utf-8").splitlines(), delimiter="\t"
))  # fmt: skip


@every("row", TYPED, name=lambda row: row["name"])
def test_a_name_finds_its_thing_and_never_another(row: dict[str, str], graph: KnowledgeGraph) -> None:
    suggested: list[str] = []
    try:
        found = LAYOUT.shrink(graph.resolve(row["name"]))
    except UnknownTerm as error:
        found, suggested = "", [LAYOUT.shrink(graph.resolve(name)) for name in error.nearest]
    assert found == row["thing"], f"{found}, {suggested}"
    matches = graph.match(row["name"])
    sure = [row["thing"] or row["first"]] if row["sure"] == "yes" else []
    assert [match.thing.id for match in matches if match.sure] == sure
    hits = [hit.id for hit in graph.search(row["name"], limit=5)]
    if row["thing"] or row["first"]:
        assert hits[0] == (row["thing"] or row["first"]), hits
    if row["never"]:
        assert row["never"] not in [*hits[:1], *suggested, *(match.thing.id for match in matches)]


def test_typed_names_are_of_every_kind() -> None:
    assert {row["sure"] for row in TYPED} == {"yes", "no"}
    assert any(row["first"] for row in TYPED)
    assert any(row["never"] and not row["thing"] for row in TYPED)


SEARCHED = (
    ("Q8663", "event:korean-war"), ("unanswered", "correspondence/unanswered"), ("camp", "place:koje-do-pow-camp"),
    ("réponse", "correspondence/unanswered"), ("답신", "correspondence/unanswered"), ("kw:sender", "kw:sender"),
)  # fmt: skip


@every(("text", "thing"), SEARCHED)
def test_a_search_reads_identifiers_questions_and_terms(text: str, thing: str, graph: KnowledgeGraph) -> None:
    assert thing in [hit.id for hit in graph.search(text, limit=60)]


@every("text", ["", "...", "zzzzz"], name=repr)
def test_what_names_nothing_is_not_found(text: str, graph: KnowledgeGraph) -> None:
    assert graph.search(text) == []


@every(("text", "thing"), [("wd:Q8663", "event:korean-war"), ("http://www.wikidata.org/entity/Q884", "state:rok"),
                            ("wd:Q12597314", "wd:Q12597314")])  # fmt: skip
def test_the_address_of_an_item_leads_to_what_is_linked_to_it_exactly(
    text: str, thing: str, graph: KnowledgeGraph
) -> None:
    assert graph.resolve(text) == graph.layout.expand(thing)


# --- a footnote ---------------------------------------------------------------------------------------------


def test_a_statement_is_cited_with_its_sentence_and_the_release(graph: KnowledgeGraph) -> None:
    cited = graph.cite("event:ruegger-journey-1951", "kw:carriedOutBy", "Paul Ruegger")
    assert cited.digest == graph.built.manifest["dataset"]["rdfc10_sha256"]
    assert [one.name for one in cited.sentences] == ["passage:P19.s3"]
    assert cited.sentences[0].link.startswith("https://blogs.icrc.org/")
    assert "P19.s3" in cited.text()
    assert cited.digest in cited.text()
    assert cited.bibtex().startswith(f"@misc{{{cited.key},")
    assert json.loads(cited.csl())[0]["URL"] == cited.address
    assert graph.cite("Paul Ruegger").about == "Paul Ruegger"


def test_what_no_sentence_says_is_not_cited(graph: KnowledgeGraph) -> None:
    with pytest.raises(UnknownTerm, match="nothing in the graph says"):
        graph.cite("communication:telegram-1950-06-26-dprk", "kw:addressedParty", "state:dprk")


def test_the_words_of_a_sentence_are_found_by_their_digest(graph: KnowledgeGraph, tmp_path: Path) -> None:
    facts = graph.facts
    held = NamedNode(LAYOUT.expand("passage:P19.s4") or "")
    digest = str(facts.fields(held)[LAYOUT.expand("kw:textDigest")][0].value)
    assert words_of(facts, "passage:P19.s4", {digest: "words"}) == "words"
    other = tmp_path / "other.txt"
    other.write_text("Another text.\n", encoding="utf-8")
    statement = ("event:ruegger-journey-1951", "kw:carriedOutBy", "Paul Ruegger")
    assert not graph.cite(*statement, guide=other).sentences[0].words
