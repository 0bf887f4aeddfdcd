"""The French and Korean texts keep to the words of the glossary, and treat both Koreas alike.

`ontology/glossary.tsv` says which word each language has for a concept, `ontology/banned-words.tsv` which
words are not written, and what instead. Other names (skos:altLabel, skos:hiddenLabel) may take any form:
people type them. One more row is one more case.
"""

from __future__ import annotations

import csv
import re
from functools import cache

import pyoxigraph as ox
import pytest
from conftest import ROOT
from every import every
from rdflib import RDFS, SH, Graph, Literal, URIRef

from icrc_korea.content.layout import Layout

LAYOUT = Layout.find(ROOT)
SKOS = "http://www.w3.org/2004/02/skos/core#"
FREE = {SKOS + "altLabel", SKOS + "hiddenLabel"}
FORMATS = {".ttl": ox.RdfFormat.TURTLE, ".trig": ox.RdfFormat.TRIG}
# What is written in Latin letters in Korean too.
LATIN_IN_KOREAN = {"ICRC", "UNCACK", "EDTF", "GeoNames", "Wikidata", "SHACL", "OWL"}
TRADITIONAL = set("國際會議戰爭濟島營鮮韓聯萬華與條約書報員軍總統長門東內決議號關於當難衛聲開")


def rows(name: str) -> list[dict[str, str]]:
    with (ROOT / "ontology" / name).open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream, delimiter="\t", quoting=csv.QUOTE_NONE))


BANNED = rows("banned-words.tsv")


@cache
def literals() -> tuple[tuple[str, str, str, str, str], ...]:
    """Every text of the files with a language: file, thing, property, language, text."""
    found = []
    for room in ("ontology", "data", "shapes"):
        for path in sorted((ROOT / room).rglob("*")):
            # what others say is theirs
            if path.suffix in FORMATS and path.parent.name != "statements":
                for quad in ox.parse(path=str(path), format=FORMATS[path.suffix]):
                    if isinstance(quad.object, ox.Literal) and quad.object.language:
                        thing = quad.subject.value if isinstance(quad.subject, ox.NamedNode) else ""
                        text = quad.object.value
                        file = path.relative_to(ROOT).as_posix()
                        found.append((file, thing, quad.predicate.value, quad.object.language, text))
    return tuple(found)


@cache
def headers() -> tuple[tuple[str, str, str], ...]:
    """The summaries and remedies of the questions and rules: file, language, text."""
    found = []
    for path in sorted((ROOT / "queries").rglob("*.rq")):
        for line in path.read_text(encoding="utf-8").splitlines():
            if match := re.match(r"#\+\s+(?:summary_)?(fr|ko): (.+)", line):
                found.append((path.relative_to(ROOT).as_posix(), match[1], match[2]))
    return tuple(found)


def texts(language: str) -> list[tuple[str, str]]:
    own = [(file, text) for file, _, kind, lang, text in literals() if lang == language and kind not in FREE]
    return own + [(file, text) for file, lang, text in headers() if lang == language]


def without_terms(text: str) -> str:
    return re.sub(r"\b[a-z][\w-]*:\w+", "", text)


# --- words ---------------------------------------------------------------------------------------------------


def test_the_texts_are_found() -> None:
    for language in ("fr", "ko"):
        assert len(texts(language)) > 900


@every("row", BANNED, name=lambda row: f"{row['language']} {row['example']}")
def test_no_text_uses_a_banned_word(row: dict[str, str]) -> None:
    banned = re.compile(row["banned"])
    assert banned.search(row["example"]), "the pattern does not hit its own example"
    hits = [f"{file}: {text}" for file, text in texts(row["language"]) if banned.search(without_terms(text))]
    assert hits == [], f"write {row['instead']} ({row['why']})"


@every("row", rows("glossary.tsv"), name=lambda row: row["concept"])
def test_an_agreed_word_is_not_banned(row: dict[str, str]) -> None:
    for language in ("fr", "ko"):
        for word in BANNED:
            if word["language"] == language:
                assert not re.search(word["banned"], row[language]), f"{row[language]}: write {word['instead']}"


def test_the_glossary_is_sorted_and_each_concept_stands_once() -> None:
    concepts = [row["concept"].casefold() for row in rows("glossary.tsv")]
    assert concepts == sorted(set(concepts))


# --- classes in messages -------------------------------------------------------------------------------------


def test_no_message_calls_its_class_by_the_name_of_another() -> None:
    """Une période, where the class is an intervalle de temps and Période another class."""
    core = Graph().parse(ROOT / "ontology" / "core.ttl")
    shapes = Graph()
    for path in (ROOT / "shapes").glob("*.ttl"):
        shapes.parse(path)
    names: dict[str, dict[str, URIRef]] = {"fr": {}, "ko": {}}
    for term, label in core.subject_objects(RDFS.label):
        if isinstance(label, Literal) and label.language in names and str(term).rpartition("#")[2][0].isupper():
            names[label.language][str(label).casefold()] = term  # type: ignore[assignment]
    targets: dict[tuple[str, str], set[URIRef]] = {}
    for shape, target in shapes.subject_objects(SH.targetClass):
        for part in (shape, *shapes.objects(shape, SH.property), *shapes.objects(shape, SH.sparql)):
            for message in shapes.objects(part, SH.message):
                if isinstance(message, Literal) and message.language in names:
                    targets.setdefault((message.language, str(message)), set()).add(target)  # type: ignore[arg-type]
    named = 0
    for (language, text), classes in targets.items():
        opening = re.sub(r"^(une?|l[ae]) ", "", text.casefold()) if language == "fr" else text
        after = r"\b" if language == "fr" else r"(?=에는|에|은|는|이|가|의)"
        hits = [label for label in names[language] if re.match(re.escape(label) + after, opening)]
        if hits:
            named += 1
            kin = {
                other
                for one in classes
                for related in (
                    core.transitive_objects(one, RDFS.subClassOf),
                    core.transitive_subjects(RDFS.subClassOf, one),
                )
                for other in related
            }
            called = names[language][max(hits, key=len)]
            assert called in kin, f"{text!r} speaks of {called}, but is for {sorted(classes)}"
    assert named > 40


# --- scripts -------------------------------------------------------------------------------------------------


def people_without_a_korean_name() -> set[str]:
    """Words of the names of persons for whom no Korean form is attested: these stay in Latin letters."""
    named = {thing for _, thing, kind, language, _ in literals() if kind == SKOS + "prefLabel" and language == "ko"}
    return {
        word
        for file, thing, kind, language, text in literals()
        if file == "data/entities/people.ttl" and kind == SKOS + "prefLabel" and thing not in named and language == "en"
        for word in re.findall(r"[^\W\d_]+", text)
    }


def test_a_korean_name_has_latin_words_only_in_brackets_or_quotation_marks() -> None:
    allowed = LATIN_IN_KOREAN | people_without_a_korean_name()
    faults = []
    for file, _, kind, language, text in literals():
        if language == "ko" and kind == SKOS + "prefLabel" and file.startswith("data/entities/"):
            plain = re.sub(r"\([^)]*\)|『[^』]*』|‘[^’]*’", "", text)
            faults += [f"{file}: {text}" for word in re.findall(r"[A-Za-zÀ-ÿ]{2,}", plain) if word not in allowed]
    assert faults == []


def test_chinese_is_simplified() -> None:
    assert TRADITIONAL & set("巨濟島戰俘營")
    chinese = [(file, text) for file, _, kind, language, text in literals() if language == "zh"]
    assert len(chinese) > 30
    assert [(file, text) for file, text in chinese if TRADITIONAL & set(text)] == []


def test_traditional_chinese_is_told_apart() -> None:
    traditional = [text for _, _, _, language, text in literals() if language == "zh-hant"]
    assert traditional
    assert [text for text in traditional if not TRADITIONAL & set(text)] == []


def test_no_text_holds_a_no_break_space() -> None:
    """They are set where a page is written, not in what it is written from."""
    faults = [(file, text) for file, _, _, _, text in literals() if "\u00a0" in text or "\u202f" in text]
    assert faults == []
    assert [(file, text) for file, _, text in headers() if "\u00a0" in text or "\u202f" in text] == []


# --- both Koreas alike ---------------------------------------------------------------------------------------

PAIRS = [
    ("state:dprk", "state:rok"),
    ("place:dprk", "place:rok"),
    ("organisation:government-dprk", "organisation:government-rok"),
    ("office:dprk-foreign-minister", "office:rok-foreign-minister"),
    ("armed-force:dprk-armed-forces", "armed-force:rok-forces"),
]


def languages(thing: str, kind: str) -> set[str]:
    return {lang for _, other, prop, lang, _ in literals() if other == LAYOUT.expand(thing) and prop == SKOS + kind}


@pytest.mark.parametrize(("north", "south"), PAIRS)
def test_both_have_names_in_the_same_languages(north: str, south: str) -> None:
    assert {"en", "fr", "ko"} <= languages(north, "prefLabel")
    assert languages(north, "prefLabel") == languages(south, "prefLabel")


def test_both_states_have_other_names_in_the_same_languages() -> None:
    assert languages("state:dprk", "altLabel") == languages("state:rok", "altLabel") >= {"en", "fr", "ko", "zh"}


def test_the_war_has_the_names_of_each_side() -> None:
    with (ROOT / "data" / "entities" / "name-evidence.tsv").open(encoding="utf-8", newline="") as stream:
        used = [
            row["used_by"]
            for row in csv.DictReader(stream, delimiter="\t", quoting=csv.QUOTE_NONE)
            if row["thing"] == "event:korean-war"
        ]
    for side in ("DPRK (official)", "RoK (official)", "China (official"):
        assert any(who.startswith(side) for who in used), side
