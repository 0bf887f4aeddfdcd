"""Links rest on evidence, and what was rejected is never a link.

`data/links/*.sssom.tsv` holds one row a judgement. Faults in such files are cases of `cases/check/`; that
the files are SSSOM is proved by SSSOM's own tool in `make sssom`.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from dataclasses import replace
from pathlib import Path

import pyoxigraph as ox
import pytest
from conftest import ROOT, Command

from icrc_korea import errors
from icrc_korea.content.links import MATCHES as MATCH_NAMES
from icrc_korea.content.links import NO_TERM, SSSOM, Judgement, LinkSet, load, mapping_iri, read
from icrc_korea.errors import UsageError
from icrc_korea.graph import KnowledgeGraph
from icrc_korea.rdf.spaces import BASE, LINKS, OWL, SKOS

FILES = sorted((ROOT / "data" / "links").glob("*.sssom.tsv"))
SETS = [load(path, path.name) for path in FILES]
ROWS = [(links, judgement) for links in SETS for judgement in links.judgements]
MATCHES = {SKOS + name.partition(":")[2] for name in MATCH_NAMES}


def row_name(row: tuple[LinkSet, Judgement] | object) -> str:
    assert isinstance(row, tuple)
    return f"{row[1].subject}-{row[1].object}"


def keeper(locator: str) -> str:
    """Who keeps a source: two files of one keeper are not two sources."""
    match = re.match(r"https?://github\.com/([^/]+)/|https?://([^/]+)/|(pkg:[^@#]+)", locator)
    assert match, locator
    return next(filter(None, match.groups()))


# --- the files ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("links", SETS, ids=lambda links: links.name)
def test_a_file_stands_as_it_would_be_written(links: LinkSet) -> None:
    """Sorted, one form: a judgement that is added changes one line."""
    assert links.judgements
    assert links.text() == (ROOT / "data" / "links" / links.name).read_text(encoding="utf-8")
    assert links.fields["mapping_set_id"] == f"{BASE}links/{links.name}"


@pytest.mark.parametrize("row", ROWS, ids=row_name)
def test_an_exact_match_rests_on_two_sources_and_every_other_link_on_one(row: tuple[LinkSet, Judgement]) -> None:
    judgement = row[1]
    keepers = {keeper(locator) for locator in judgement.evidence}
    if judgement.holds:
        assert len(keepers) >= (2 if judgement.predicate == "skos:exactMatch" else 1)
    assert len(set(judgement.evidence)) == len(judgement.evidence)
    assert len(judgement.comment) > 10


def test_no_description_is_the_exact_match_of_two_things_and_no_thing_has_two() -> None:
    exact = [(links, j) for links, j in ROWS if j.holds and j.predicate == "skos:exactMatch"]
    for side in ([links.expand(j.object) for links, j in exact], [(links.name, j.subject) for links, j in exact]):
        assert [one for one, number in Counter(side).items() if number > 1] == []


def test_things_are_called_what_the_graph_calls_them(quads: list[ox.Quad]) -> None:
    names: dict[str, set[str]] = defaultdict(set)
    for quad in quads:
        if quad.predicate.value == SKOS + "prefLabel" and quad.object.language == "en":
            names[quad.subject.value].add(quad.object.value)
    for links, judgement in ROWS:
        assert judgement.subject_label in names[links.expand(judgement.subject)], judgement.subject


# --- the graph ----------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def in_links(quads: list[ox.Quad]) -> list[ox.Quad]:
    return [quad for quad in quads if quad.graph_name.value == LINKS]


def test_only_what_holds_is_a_link(in_links: list[ox.Quad]) -> None:
    links = {(q.subject.value, q.predicate.value, q.object.value) for q in in_links if q.predicate.value in MATCHES}
    meant = {(s.expand(j.subject), s.expand(j.predicate), s.expand(j.object)) for s, j in ROWS if j.holds}
    assert links == meant
    assert len(meant) > 30
    rejected = {(s.expand(j.subject), s.expand(j.object)) for s, j in ROWS if not j.holds}
    assert len(rejected) > 20
    assert not rejected & {(subject, item) for subject, _, item in links}


def test_no_other_graph_has_a_link_to_elsewhere(quads: list[ox.Quad]) -> None:
    """Nor does reasoning make one: a match of a match is nobody's judgement."""
    for quad in quads:
        if quad.predicate.value in MATCHES and quad.subject.value.startswith(BASE + "id/"):
            assert quad.graph_name.value == LINKS, quad


def test_what_does_not_hold_is_no_axiom(in_links: list[ox.Quad]) -> None:
    """An owl:Axiom asserts what it annotates; a tool that reads OWL would take a rejection for a link."""
    axioms = {quad.subject for quad in in_links if quad.object.value == OWL + "Axiom"}
    holding = {mapping_iri(links, judgement) for links, judgement in ROWS if judgement.holds}
    assert axioms == holding


def test_the_graph_says_all_that_the_files_say(in_links: list[ox.Quad]) -> None:
    """Each judgement is read back from the graph alone."""
    fields: dict[str, dict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
    for quad in in_links:
        assert not isinstance(quad.subject, ox.BlankNode)
        fields[quad.subject.value][re.split(r"[#/]", quad.predicate.value)[-1]].add(quad.object.value)
    nodes = {quad.subject.value for quad in in_links if quad.object.value == SSSOM + "Mapping"}
    assert len(nodes) == len(ROWS)
    for links, judgement in ROWS:
        said = fields[mapping_iri(links, judgement).value]
        assert said["annotatedSource"] == {links.expand(judgement.subject)}
        assert said["annotatedProperty"] == {links.expand(judgement.predicate)}
        assert said["annotatedTarget"] == {links.expand(judgement.object)}
        assert said["predicate_modifier"] == ({"Not"} if judgement.negated else set())
        assert said["author_label"] == {judgement.author}
        assert said["created"] == {judgement.date}
        assert said["comment"] == {judgement.comment}
        assert {float(value) for value in said["confidence"]} == {judgement.confidence}
        assert said["seeAlso"] == set(judgement.evidence)
        assert said["mapping_justification"] == {links.expand(judgement.justification)}
        assert said["object_label"] == ({judgement.object_label} if judgement.object_label else set())


# --- an export ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "iri"), [("owl:sameAs", OWL + "sameAs"), ("schema:sameAs", "https://schema.org/sameAs")]
)
def test_an_exact_match_can_be_called_otherwise(name: str, iri: str, graph: KnowledgeGraph) -> None:
    plain = set(ox.parse(graph.export(form="nquads", parts=["links"]), format=ox.RdfFormat.N_QUADS))
    other = set(ox.parse(graph.export(form="nquads", parts=["links"], same_as=name), format=ox.RdfFormat.N_QUADS))
    exact, same = ox.NamedNode(SKOS + "exactMatch"), ox.NamedNode(iri)
    moved = {q for q in plain if q.predicate == exact and q.graph_name.value == LINKS}
    assert moved
    assert {q for q in other if q.predicate == same} == {
        ox.Quad(q.subject, same, q.object, q.graph_name) for q in moved
    }
    assert not [q for q in other if q.predicate == exact and q.graph_name.value == LINKS]
    assert len(plain) == len(other)
    negative = {q.subject for q in plain if q.predicate.value == SSSOM + "predicate_modifier"}
    assert {q for q in plain if q.subject in negative} <= other, "a rejection was reworded"


def test_renaming_what_is_not_exported_is_refused(icrc: Command) -> None:
    said = icrc("export", "--same-as", "owl:sameAs", "--root", ROOT)
    assert (said.code, said.out) == (2, "")
    assert "--with links" in said.err


# --- writing ------------------------------------------------------------------------------------------------


@pytest.fixture
def small(tmp_path: Path) -> LinkSet:
    """A set with one link, one rejection, and one thing that has no match."""
    quality = Path(__file__).parent / "cases" / "check" / "quality"
    case = quality / "link-without-evidence" / "links-with-their-reasons.sssom.tsv"
    return load(case, case.name)


def test_a_new_judgement_takes_the_place_of_the_old_one(small: LinkSet) -> None:
    old = small.of("organisation:harbour-office")[0]
    assert old.holds
    again = small.put(replace(old, negated=True, comment="Looked at again."))
    assert len(again.judgements) == len(small.judgements)
    assert [j.comment for j in again.of(old.subject) if j.object == old.object] == ["Looked at again."]
    assert again.put(old).text() == small.put(old).text()


def test_a_link_ends_the_saying_that_there_is_none(small: LinkSet) -> None:
    none = next(j for j in small.judgements if j.object == NO_TERM)
    found = replace(none, object="wikidata:Q9", object_label="keeper of the light")
    assert [j.object for j in small.put(found).of(none.subject)] == ["wikidata:Q9"]
    with pytest.raises(UsageError, match="reject"):
        small.put(found).put(none)


def test_a_second_exact_match_is_refused(small: LinkSet) -> None:
    old = small.of("organisation:harbour-office")[0]
    with pytest.raises(UsageError, match="exactly already"):
        small.put(replace(old, object="wikidata:Q77"))
    assert len(small.put(replace(old, object="wikidata:Q77", predicate="skos:closeMatch")).judgements) == 5


def test_a_judgement_that_could_not_be_read_is_not_written(small: LinkSet) -> None:
    old = small.of("organisation:harbour-office")[1]
    assert old.negated
    for change in ({"object": "wikidata:42"}, {"comment": ""}, {"confidence": 2.0}, {"comment": "two\nlines"}):
        with pytest.raises(errors.ParseError):
            small.put(replace(old, **change))  # type: ignore[arg-type]


def test_a_header_stays_as_it_was_written(small: LinkSet) -> None:
    old = small.judgements[0]
    assert small.put(replace(old, comment='Said "so" in the log.')).text().startswith(small.header)
    assert read(small.put(replace(old, comment='Said "so".')).text(), "x").of(old.subject)
