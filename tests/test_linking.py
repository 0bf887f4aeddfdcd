"""Links to Wikidata: found, weighed, judged and drawn on, against a real store and a stand-in of the API.

The same client code as against the live services; only the address differs. `cases/wikidata/` holds the cases.
"""

from __future__ import annotations

import csv
import io
import json
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from conftest import COMMAND, Command, Said, copy_content, environment, spawn
from wikidata_service import CASES, Wikidata, serving

import icrc_korea
from icrc_korea.errors import KgError, UsageError
from icrc_korea.graph import KnowledgeGraph
from icrc_korea.linking import enrichment, query_service
from icrc_korea.linking.candidates import Finder
from icrc_korea.linking.items import Item, Statement, Value, bounds, is_item, read_item
from icrc_korea.linking.judgements import Judgements, read_sheet
from icrc_korea.linking.query_service import QueryService
from icrc_korea.linking.scoring import CAP, undecided
from icrc_korea.linking.services import PROPERTIES, WikidataApi
from icrc_korea.linking.things import Thing, Things
from icrc_korea.matching import names
from icrc_korea.matching.tables import harmless
from icrc_korea.services import polite

WHO = ("--who", "A. Archivist")
ONE, SAME, OTHER = "https://example.org/x#L1", "https://example.org/x#L2", "https://example.com/y"
BOTH = ("--evidence", ONE, "--evidence", OTHER)  # two sources, as an exact match needs them
Row = dict[str, str]


@pytest.fixture(scope="module")
def wikidata() -> Iterator[Wikidata]:
    """The extract, served."""
    with serving(Wikidata()) as service:
        yield service


@pytest.fixture
def service(wikidata: Wikidata) -> Iterator[Wikidata]:
    """The extract, served honestly until the test says otherwise."""
    wikidata.faults, wikidata.asked, wikidata.when, wikidata.overlapped = [], [], "", False
    yield wikidata
    assert not wikidata.overlapped, "two requests were under way at once"


@pytest.fixture(scope="module")
def unjudged(tmp_path_factory: pytest.TempPathFactory) -> KnowledgeGraph:
    """Half of the guide without any link: quick to build anew, and independent of what was judged."""
    folder = copy_content(tmp_path_factory.mktemp("unjudged") / "graph")
    shutil.rmtree(folder / "data" / "links", ignore_errors=True)
    guide = folder / "data" / "sources" / "guide" / "statements"
    for path in [*guide.glob("0[35689]-*.trig"), *(folder / "queries").rglob("*.rq")]:
        if path.parent.name not in ("derive", "links"):
            path.unlink()
    graph = icrc_korea.load(folder)
    graph.build()
    return graph


@pytest.fixture
def waits(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The seconds that were waited, which pass at once."""
    found: list[float] = []
    monkeypatch.setattr(polite.time, "sleep", found.append)
    return found


@pytest.fixture
def search(
    icrc: Command, service: Wikidata, unjudged: KnowledgeGraph, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Command:
    """`icrc-korea link` on the graph without links, which stays as it is and in memory, asking the stand-in."""
    monkeypatch.setenv("ICRC_KOREA_CONTACT", "tests@example.org")
    monkeypatch.setattr("icrc_korea.graph.KnowledgeGraph", lambda *_: unjudged)
    return _command(icrc, service, unjudged.layout.root, tmp_path)


@pytest.fixture
def link(
    icrc: Command, service: Wikidata, unjudged: KnowledgeGraph, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Command:
    """`icrc-korea link`, `enrich` and `conflicts` on a copy of it that a test may change."""
    monkeypatch.setenv("ICRC_KOREA_CONTACT", "tests@example.org")
    monkeypatch.delenv("ICRC_KOREA_EDITOR", raising=False)
    folder = tmp_path / "graph"
    shutil.copytree(unjudged.layout.root, folder)
    return _command(icrc, service, folder, tmp_path)


def _command(icrc: Command, service: Wikidata, folder: Path, tmp_path: Path) -> Command:
    def run(*arguments: str | Path, verb: str = "link", stdin: str = "") -> Said:
        given = [str(argument) for argument in arguments]
        if verb in ("link", "enrich"):
            given += ["--cache", str(tmp_path / "cache"), *([] if "--address" in given else ["--address", service.api])]
        return icrc(verb, "--root", folder, *given, stdin=stdin)

    return run


def asker(folder: Path, **settings: Any) -> polite.Asker:
    return polite.Asker("tests@example.org", polite.Cache(folder), **settings)


def table(name: str) -> list[Row]:
    with (CASES / name).open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream, delimiter="\t"))


# --- the extract itself ---------------------------------------------------------------------------------


def test_every_item_of_the_extract_names_its_evidence() -> None:
    extract = Wikidata()
    for number, item in extract.authored.items():
        assert is_item(number)
        assert item.get("evidence"), f"{number} has no evidence"
        assert set(item["evidence"]) <= set(extract.sources), f"{number} names an unknown source"
    used = {name for item in extract.authored.values() for name in item["evidence"]}
    assert set(extract.sources) == used, "a source is named for nothing"


# --- names ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("row", table("names.tsv"), ids=lambda row: f"{row['ours']} {row['theirs']}")
def test_names(row: Row) -> None:
    for ours, theirs in ((row["ours"], row["theirs"]), (row["theirs"], row["ours"])):
        alike = names.compare(ours, theirs)
        assert (alike is not None and alike.degree >= 0.65) is (row["alike"] == "yes"), f"{row['why']}: {alike}"


@pytest.mark.parametrize("row", table("held-out.tsv"), ids=lambda row: f"{row['name']} {row['class']}")
def test_held_out_name(row: Row, service: Wikidata, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Precision before recall: what stands out is right, and where nothing is known nothing stands out."""
    cache = tmp_path_factory.getbasetemp() / "held-out"
    thing = Thing("thing:x", "https://example.org/x", row["class"], ((row["name"], "en"),))
    judged = Judgements(icrc_korea.load(None).layout)
    found = Finder(WikidataApi(asker(cache), service.api), judged).candidates(thing)
    ahead = [one.item.id for one in found if one.score >= 60 and not undecided(found)][:1]
    assert ahead == ([row["item"]] if row["item"] else []), [(one.item.id, one.score) for one in found]


# --- reading --------------------------------------------------------------------------------------------


def test_api_and_query_service_describe_items_alike(service: Wikidata, tmp_path: Path) -> None:
    numbers = list(service.items)
    by_api = WikidataApi(asker(tmp_path / "a"), service.api).items(numbers)
    by_query = QueryService(asker(tmp_path / "q"), service.query).items(numbers)
    assert by_api.keys() == by_query.keys() == set(numbers)
    for number, item in by_api.items():
        assert simplified(item) == simplified(by_query[number])


def simplified(item: Item) -> Any:
    """An item without what the two forms do not share: the ids of statements, the order of references."""
    statements = {
        prop: sorted(
            (
                repr(one.value),
                one.rank,
                repr(sorted(one.qualifiers.items(), key=str)),
                sorted(repr(sorted(reference.items(), key=str)) for reference in one.references),
            )
            for one in many
        )
        for prop, many in item.statements.items()
        if prop in PROPERTIES  # the query service is asked for no others
    }
    aliases = {language: sorted(texts) for language, texts in item.aliases.items()}
    return dict(item.labels), aliases, dict(item.descriptions), sorted(statements.items())


def test_a_batch_has_fifty_items_and_missing_ones_are_left_out(service: Wikidata, tmp_path: Path) -> None:
    numbers = [f"Q{number}" for number in range(9_000_001, 9_000_101)] + ["Q71"]
    found = WikidataApi(asker(tmp_path), service.api).items([*numbers, "Q2147483648", "P31", "Q0", "x"])
    assert list(found) == ["Q71"]
    sizes = [len(asked["params"]["ids"].split("|")) for asked in service.asked]
    assert sizes == [50, 50, 1]


def test_an_item_that_was_merged_comes_under_both_numbers(service: Wikidata, tmp_path: Path) -> None:
    service.redirects = {"Q999999": "Q71"}
    found = WikidataApi(asker(tmp_path), service.api).items(["Q999999"])
    service.redirects = {}
    assert found["Q999999"].id == "Q71"
    assert found["Q999999"].redirected_from == "Q999999"


def test_manners(service: Wikidata, tmp_path: Path) -> None:
    """Every request says who asks, and every one to the API how far servers may lag."""
    thing = Thing("thing:x", "x", "Person", (("Syngman Rhee", "en"), ("이승만", "ko")))
    Finder(WikidataApi(asker(tmp_path), service.api), Judgements(icrc_korea.load(None).layout)).candidates(thing)
    assert len(service.asked) > 3
    for asked in service.asked:
        assert re.fullmatch(
            r"icrc-korea/\S+ \(https://w3id\.org/icrc-korea/; tests@example\.org\)", asked["headers"]["User-Agent"]
        )
        assert asked["params"]["maxlag"] == "5"
        assert asked["params"]["format"] == "json"
    assert {asked["params"].get("language") for asked in service.asked} >= {"en", "ko"}
    assert any("haswbstatement:P31=Q5" in asked["params"].get("srsearch", "") for asked in service.asked)


@pytest.mark.parametrize("contact", ["", "me", "@", "a b@example.org", "a@example.org\r\nX-Evil: 1", "tests"])
def test_no_contact_no_question(contact: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("ICRC_KOREA_CONTACT", contact)
    with pytest.raises(UsageError, match=r"contact|reach|address"):
        polite.Asker(None, polite.Cache(tmp_path))


@pytest.mark.parametrize("text", ["1950-06-26", "1950-06", "1950", "195X", "19XX"])
def test_bounds(text: str) -> None:
    first, last = bounds(text) or (None, None)
    assert first
    assert last
    assert first <= last
    assert bounds(text + "-zz") is None


def test_bad_descriptions_of_items_are_an_error_with_the_number(service: Wikidata, tmp_path: Path) -> None:
    service.faults = [{"body": {"entities": {"Q71": {"id": "Q71", "claims": {"P31": [{"rank": "normal"}]}}}}}]
    with pytest.raises(KgError, match="Q71 in a way that cannot be read"):
        WikidataApi(asker(tmp_path), service.api).items(["Q71"])


def test_unknown_values_are_no_values() -> None:
    claim = {"mainsnak": {"snaktype": "somevalue", "property": "P570"}, "rank": "normal", "id": "Q1$x"}
    item = read_item({"id": "Q1", "labels": [], "claims": {"P570": [claim]}})
    assert item is not None
    assert item.best("P570") == []


# --- what speaks for and against ------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["api", "query", "reconcile/0.2", "reconcile/1.0"])
def test_each_service_finds_the_president(kind: str, search: Command, service: Wikidata) -> None:
    said = search("Syngman Rhee", "--format", "json", *door(kind, service))
    assert said.code == 0, said.err
    [found] = json.loads(said.out)
    numbers = [one["item"] for one in found["candidates"]]
    assert numbers[0] == "Q171684"
    best = found["candidates"][0]
    assert best["score"] >= 70
    assert {feature["feature"] for feature in best["features"]} >= {"name in Latin letters", "name in Hangul", "type"}
    if kind.startswith("reconcile"):
        assert best["service_score"] == 100


def door(kind: str, service: Wikidata) -> list[str]:
    if kind == "api":
        return ["--address", service.api]
    if kind == "query":
        return ["--service", "query", "--address", service.query]
    return ["--service", "reconcile", "--address", f"{service.base}/{kind}", "--api", service.api]


def weighed(service: Wikidata, cache: Path, thing: Thing, number: str) -> Any:
    finder = Finder(WikidataApi(asker(cache), service.api), Judgements(icrc_korea.load(None).layout))
    item = finder.item(number)
    assert item
    return finder.weigh(thing, item)


def test_a_contradiction_caps_the_score(service: Wikidata, tmp_path: Path) -> None:
    """The academic of the same name was born after the letter; the city is no person."""
    from datetime import date

    held = Thing("x", "x", "Person", (("박헌영", "ko"),), active=((date(1950, 6, 26), date(1950, 6, 26)),))
    late, right = (weighed(service, tmp_path, held, number) for number in ("Q12597314", "Q334297"))
    assert late.score <= CAP < right.score
    assert "begins only 1951-01-24" in late.contradictions[0].why
    city = Thing("x", "x", "Person", (("Geneva", "en"),))
    assert weighed(service, tmp_path, city, "Q71").score <= CAP


def test_identifiers_decide(service: Wikidata, tmp_path: Path) -> None:
    same = Thing("x", "x", "Place", (("Keijo", "en"),), identifiers={"P1566": "1835848"})
    other = Thing("x", "x", "Place", (("Seoul", "en"),), identifiers={"P1566": "1"})
    assert weighed(service, tmp_path, same, "Q8684").score > 50
    assert "both are GeoNames 1835848" in [
        feature.why for feature in weighed(service, tmp_path, same, "Q8684").features
    ]
    assert weighed(service, tmp_path, other, "Q8684").score <= CAP


def test_a_person_is_found_by_the_office(link: Command, service: Wikidata) -> None:
    assert link("office:rok-president", "--accept", "Q6296418", "--why", "the same office", *BOTH, *WHO).code == 0
    said = link("Syngman Rhee", "--format", "json")
    [found] = json.loads(said.out)
    assert found["candidates"][0]["item"] == "Q171684"
    assert found["candidates"][0]["score"] >= 95
    assert any(feature["feature"] == "office" for feature in found["candidates"][0]["features"])
    assert any("haswbstatement:P39=Q6296418" in asked["params"].get("srsearch", "") for asked in service.asked)


def test_the_work_list_is_the_question_of_the_catalogue(search: Command, unjudged: KnowledgeGraph) -> None:
    things = Things(unjudged)
    listed = {row["thing"] for row in json.loads(search("--format", "json").out)}
    assert listed == {unjudged.layout.shrink(iri) for iri in things.open()}
    assert listed == {str(row["thing"]) for row in unjudged.run("links/open")}


# --- services that fail -----------------------------------------------------------------------------------


@pytest.mark.parametrize("path", sorted((CASES / "faults").glob("*.yaml")), ids=lambda path: path.stem)
def test_fault(path: Path, search: Command, service: Wikidata, waits: list[float], tmp_path: Path) -> None:
    case = yaml.safe_load(path.read_text(encoding="utf-8"))
    expected = case["expect"]
    assert set(case) <= {"service", "when", "answers", "expect"}
    assert set(expected) <= {"exit", "requests", "waited", "says", "finds"}
    service.faults, service.when = list(case["answers"]), case.get("when", "")
    address = door(case["service"], service)
    if case["service"] == "query":  # through the stand-in, which hands honest questions to the store
        address[-1] = f"{service.base}/sparql"
    said = search("Syngman Rhee", "--format", "json", *address)
    assert "Traceback" not in said.err
    assert said.code == expected["exit"], said.err
    assert waits == expected["waited"]
    assert re.search(expected.get("says", ""), said.err, re.S), said.err
    if "requests" in expected:
        assert len(service.asked) == expected["requests"]
    if said.code == 0:
        assert not service.faults, "the fault did not happen"
        found = [one["item"] for one in json.loads(said.out)[0]["candidates"]]
        assert found[: len(expected.get("finds", []))] == expected.get("finds", []) or found[:1] == ["Q171684"]
    else:
        assert not said.out
        assert "→" in said.err, "an error without a next step"
    # nothing wrong was kept: asked again, the service answers well
    service.faults = []
    assert search("Syngman Rhee", *address).code == 0


def test_a_service_that_does_not_answer_is_given_up(service: Wikidata, tmp_path: Path) -> None:
    service.faults = [{"hang": 0.6, "body": {}}]
    request = polite.Request(service.api, {"action": "x", "format": "json"}, seconds=0.2)
    patient = asker(tmp_path)
    with pytest.raises(KgError, match="said nothing for too long"):
        patient.ask(request, patient.http)
    time.sleep(0.6)  # until the service is free again


# --- answers are kept -----------------------------------------------------------------------------------


def test_a_search_can_be_repeated_offline(search: Command, service: Wikidata, monkeypatch: pytest.MonkeyPatch) -> None:
    first = search("Syngman Rhee", "--format", "json")
    asked = len(service.asked)
    assert search("Syngman Rhee", "--format", "json").out == first.out
    monkeypatch.delenv("ICRC_KOREA_CONTACT")
    again = search("Syngman Rhee", "--format", "json", "--offline")
    assert again.out == first.out
    assert len(service.asked) == asked, "an answer that was there was asked for again"
    unknown = search("place:geneva", "--offline")
    assert unknown.code == 4
    assert "was not asked before" in unknown.err


def test_fresh_asks_again(search: Command, service: Wikidata) -> None:
    search("place:geneva")
    asked = len(service.asked)
    search("place:geneva", "--fresh")
    assert len(service.asked) > asked


def test_answers_are_kept_with_their_date_and_a_damaged_one_is_asked_again(
    search: Command, service: Wikidata, tmp_path: Path
) -> None:
    search("place:geneva")
    files = sorted((tmp_path / "cache").iterdir())
    assert files
    assert all(re.match(r"\d{4}-\d\d-\d\dT", json.loads(path.read_text(encoding="utf-8"))["date"]) for path in files)
    for path in files:
        path.write_text("{", encoding="utf-8")
    asked = len(service.asked)
    assert search("place:geneva").code == 0
    assert len(service.asked) == 2 * asked


# --- judging ----------------------------------------------------------------------------------------------


def judged(tmp_path: Path) -> list[Row]:
    text = (tmp_path / "graph" / "data" / "links" / "wikidata.sssom.tsv").read_text(encoding="utf-8")
    lines = [line for line in text.splitlines(keepends=True) if not line.startswith("#")]
    return list(csv.DictReader(io.StringIO("".join(lines)), delimiter="\t"))


@pytest.mark.parametrize(
    ("evidence", "predicate"),
    [((), "skos:closeMatch"), ((ONE,), "skos:closeMatch"), ((ONE, SAME), "skos:closeMatch"),
     ((ONE, OTHER), "skos:exactMatch")],
    ids=["on nothing", "on one source", "on two lines of one file", "on two sources"],
)  # fmt: skip
def test_accept(
    evidence: tuple[str, ...], predicate: str, link: Command, service: Wikidata, tmp_path: Path
) -> None:
    link("place:geneva")
    asked = len(service.asked)
    locators = [word for one in evidence for word in ("--evidence", one)]
    said = link("place:geneva", "--accept", "Q71", "--why", "The same city.", *locators, *WHO)
    assert said.code == 0, said.err
    assert ("close match: an exact one needs two sources" in said.err) == (predicate == "skos:closeMatch")
    assert len(service.asked) == asked, "a judgement asked the network"
    [row] = judged(tmp_path)
    expected = {
        "subject_id": "place:geneva", "object_id": "wikidata:Q71", "object_label": "Geneva",
        "predicate_id": predicate,
        "author_label": "A. Archivist", "comment": "The same city.", "see_also": "|".join(evidence),
    }  # fmt: skip
    assert expected.items() <= row.items()
    assert row["mapping_date"]


def test_python_does_what_the_verbs_do(link: Command, service: Wikidata, tmp_path: Path) -> None:
    """The same candidates, the same rows, the same claims; judged things are found when the graph is opened again."""
    folder = tmp_path / "graph"
    asking = {"api": service.api, "cache": tmp_path / "cache"}
    graph = icrc_korea.load(folder)
    [shown] = json.loads(link("Geneva", "--format", "json").out)
    found = graph.link("Geneva", **asking)
    assert [(one.item.id, one.score) for one in found] == [(one["item"], one["score"]) for one in shown["candidates"]]
    assert graph.link("Geneva", offline=True, **asking)[0].item.id == found[0].item.id
    assert any(one.found for one in graph.link("place:geneva", also=["Genf"], **asking))
    said = {"who": "A. Archivist", "why": "The same city.", "evidence": (ONE, OTHER)}
    path = graph.judge("Geneva", accept=["Q71"], reject=["Q11917"], **said, **asking)
    by_hand = path.read_text(encoding="utf-8")
    path.unlink()
    words = ("--accept", "Q71", "--reject", "Q11917", "--why", "The same city.", *BOTH, *WHO)
    assert link("Geneva", *words).code == 0
    assert path.read_text(encoding="utf-8") == by_hand
    again = icrc_korea.load(folder)
    with pytest.raises(UsageError, match="judge"):
        again.judge("Geneva", accept=["Q71"], who="A. Archivist", why="Once more.")
    made = again.enrich(**asking)
    written = made.path.read_bytes()
    assert (made.things, made.remarks) == (1, ())
    assert made.claims > 3
    made.path.unlink()
    assert link(verb="enrich").code == 0
    assert made.path.read_bytes() == written
    conflicts = json.loads(link("--all", "--format", "json", verb="conflicts").out)
    rows = icrc_korea.load(folder).conflicts(everything=True)
    assert [row.outside for row in rows] == [row["outside"] for row in conflicts]
    text = icrc_korea.load(folder).contribute("v1", cache=tmp_path / "cache", api=service.api).tables
    assert "\n".join(text) == link("--cache", tmp_path / "cache", "--api", service.api, verb="contribute").out


def test_a_rejected_candidate_is_never_proposed_again(link: Command, service: Wikidata, tmp_path: Path) -> None:
    before = json.loads(link("Syngman Rhee", "--format", "json").out)[0]["candidates"]
    assert "Q16745751" in [one["item"] for one in before]
    said = link("Syngman Rhee", "--reject", "Q16745751", "--why", "A painter of that name.", *WHO)
    assert said.code == 0, said.err
    for kind in ("api", "query", "reconcile/0.2", "reconcile/1.0"):
        said = link("Syngman Rhee", "--fresh", "--format", "json", *door(kind, service))
        after = [one["item"] for one in json.loads(said.out)[0]["candidates"]]
        assert after
        assert "Q16745751" not in after
    assert [row["predicate_modifier"] for row in judged(tmp_path)] == ["Not"]


def test_no_item_exists(link: Command, tmp_path: Path) -> None:
    assert "record:" not in link().out
    assert link("person:paul-ruegger", "--none", "--why", "Looked for in every language.", *WHO).code == 0
    [row] = judged(tmp_path)
    assert row["object_id"] == "sssom:NoTermFound"
    assert "person:paul-ruegger" not in link().out


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["place:geneva", "--accept", "Q71", "--why", "x"], "somebody who judges"),
        (["place:geneva", "--accept", "Q71", *WHO], "has no reason"),
        (["place:geneva", "--accept", "P31", "--why", "x", *WHO], "no item of Wikidata"),
        (["place:geneva", "--accept", "Q2147483648", "--why", "x", *WHO], "no item of Wikidata"),
        (["place:geneva", "--accept", "Q71", "--none", "--why", "x", *WHO], "not both"),
        (["place:geneva", "--accept", "Q71", "--why", "x", "--confidence", "2", *WHO], "no confidence"),
        (["--accept", "Q71", "--why", "x", *WHO], "about one thing"),
        (["place:genva", "--accept", "Q71", "--why", "x", *WHO], "place:geneva"),
        (["--class", "Persn"], "Person"),
        (["--review"], "somebody who judges"),
        (["place:geneva", "--service", "reconcile", "--address", ""], "has no address"),
        (["--import", "nowhere.csv"], "no file"),
    ],
)
def test_wrong_use(arguments: list[str], words: str, link: Command, tmp_path: Path) -> None:
    said = link(*arguments)
    assert said.code == 2, said.err
    assert words in said.err
    assert not (tmp_path / "graph" / "data" / "links").exists()


def test_two_exact_matches_are_refused(link: Command) -> None:
    assert link("place:geneva", "--accept", "Q71", "--why", "x", *BOTH, *WHO).code == 0
    said = link("place:geneva", "--accept", "Q11917", "--why", "x", *BOTH, *WHO)
    assert said.code == 2
    assert "matches wikidata:Q71 exactly already" in said.err


def test_review(link: Command, tmp_path: Path) -> None:
    """yes to the president with the proposed reason, no to the painter with one's own, then quit."""
    said = link("Syngman Rhee", "place:geneva", "--review", *WHO, stdin="?\nn\nA painter.\ns\nq\n")
    assert said.code == 0, said.err
    assert "name in Hangul" in said.err
    assert "one of y, c, b, n, 0, s, q" in said.err
    [row] = judged(tmp_path)
    assert (row["object_id"], row["predicate_modifier"], row["comment"]) == ("wikidata:Q171684", "Not", "A painter.")
    assert row["mapping_justification"] == "semapv:MappingReview"
    said = link("place:geneva", "--review", *WHO, stdin="y\n\n")
    assert "1 judgements written" in said.err
    assert {row["object_id"]: row["comment"] for row in judged(tmp_path)}["wikidata:Q71"].startswith("“Geneva”")


def test_a_review_that_is_broken_off_keeps_what_was_decided(link: Command, tmp_path: Path) -> None:
    said = link("Syngman Rhee", "--review", *WHO, stdin="n\nNot him.\n")
    assert said.code == 0
    assert len(judged(tmp_path)) == 1


# --- the table for a spreadsheet -----------------------------------------------------------------------------


def test_a_table_goes_out_and_comes_back(link: Command, tmp_path: Path) -> None:
    path = tmp_path / "candidates.csv"
    assert link("Syngman Rhee", "place:geneva", "--export", path).code == 0
    assert path.read_bytes().startswith("\ufeff".encode())
    rows = list(csv.DictReader(io.StringIO(path.read_text(encoding="utf-8-sig"))))
    for row in rows:
        row["decision"], row["why"] = (
            ("accept", "Checked.") if row["item"] in ("Q171684", "Q71") else ("reject", "Another.")
        )
    with path.open("w", encoding="utf-8-sig", newline="") as stream:
        writer = csv.DictWriter(stream, rows[0].keys(), delimiter=";")  # as spreadsheets in much of Europe save it
        writer.writeheader()
        writer.writerows(rows)
    said = link("--import", path, *WHO)
    assert said.code == 0, said.err
    found = {row["object_id"]: row["predicate_modifier"] for row in judged(tmp_path)}
    assert found["wikidata:Q171684"] == found["wikidata:Q71"] == ""
    assert found["wikidata:Q16745751"] == "Not"
    again = (tmp_path / "graph" / "data" / "links" / "wikidata.sssom.tsv").read_text(encoding="utf-8")
    assert link("--import", path, *WHO).code == 0
    assert (tmp_path / "graph" / "data" / "links" / "wikidata.sssom.tsv").read_text(encoding="utf-8") == again


SHEET = "thing,item,decision,why,confidence,match,evidence\n"
TWICE = "".join(f"place:geneva,{item},accept,x,,,{ONE}|{OTHER}\n" for item in ("Q71", "Q11917"))


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("", 1, "is empty"),
        ("thing,item\n", 1, "no column 'decision'"),
        (SHEET + "place:geneva,Q71,maybe,x,,,\n", 2, "'maybe' is no decision"),
        (SHEET + "\nplace:nowhere,Q71,accept,x,,,\n", 3, "no 'place:nowhere'"),
        (SHEET + "place:geneva,71,accept,x,,,\n", 2, "'71' is no item"),
        (SHEET + "place:geneva,Q71,accept,,,,\n", 2, "no reason"),
        (SHEET + "place:geneva,Q71,accept,x,very,,\n", 2, "'very' is no number"),
        (SHEET + "place:geneva,Q71,accept,x,,same,\n", 2, "'same' is no kind of match"),
        (SHEET + "place:geneva,Q71,accept,x,,,in a book\n", 2, "'in' is no address"),
        (SHEET + 'place:geneva,Q71,,"two\nlines",,,\nplace:geneva,Q72,maybe,x,,,\n', 4, "'maybe' is no decision"),
        (SHEET + "place:geneva,Q71,accept,x,,,\nplace:geneva,Q71,reject,x,,,\n", 3, "decided in line 2 already"),
        (SHEET + TWICE, 3, "exactly already"),
        (SHEET + "place:geneva,Q71,accept,x,,,\nplace:geneva,,none,x,,,\n", 3, "reject that link first"),
    ],
)
def test_a_wrong_table_names_its_line_and_changes_nothing(
    text: str, line: int, words: str, link: Command, tmp_path: Path
) -> None:
    path = tmp_path / "table.csv"
    path.write_text(text, encoding="utf-8")
    said = link("--import", path, *WHO)
    assert said.code == 3, said.err
    assert f"{path}:{line}:" in said.err
    assert words in said.err
    assert not (tmp_path / "graph" / "data" / "links").exists()


@pytest.mark.parametrize("cell", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1"])
def test_no_cell_is_a_formula(cell: str) -> None:
    assert harmless(cell).startswith("'")
    text = SHEET + ",".join(f'"{part}"' for part in ("'" + cell.strip(), "Q71", "accept", "x", "", "", "")) + "\n"
    with pytest.raises(KgError, match="in the graph"):
        read_sheet(text, "x.csv", lambda _: False, "x")


# --- drawing on what is linked -------------------------------------------------------------------------------


@pytest.fixture
def linked(link: Command, tmp_path: Path) -> Command:
    """A graph with four links."""
    rows = "person:syngman-rhee,Q171684 office:rok-president,Q6296418 place:geneva,Q71 organisation:icrc,Q5987345"
    table = tmp_path / "four.csv"
    table.write_text(
        "thing,item,decision,why,evidence\n"
        + "".join(f"{row},accept,The same.,{ONE}|{OTHER}\n" for row in rows.split(" ")),
        "utf-8",
    )
    assert link("--import", table, *WHO).code == 0
    return link


def claims(tmp_path: Path) -> list[dict[str, str]]:
    """The claims of the enrichment, as rows."""
    graph = icrc_korea.load(tmp_path / "graph")
    answer = graph.query(
        "SELECT ?subject ?predicate ?object ?source ?retrieved ?reference ?start ?end WHERE { ?claim a kw:Claim ; "
        "kw:basis basis:external ; rdf:subject ?subject ; rdf:predicate ?predicate ; rdf:object ?object ; "
        "dct:source ?source ; "
        "kw:retrieved ?retrieved ; kw:sourceReference ?reference . OPTIONAL { ?claim schema:startDate ?start } "
        "OPTIONAL { ?claim schema:endDate ?end } }"
    )
    return [dict(zip(answer.columns, row, strict=True)) for row in answer.text_rows()]


@pytest.mark.parametrize("kind", ["api", "query"])
def test_enrichment(kind: str, linked: Command, service: Wikidata, tmp_path: Path) -> None:
    statements = tmp_path / "graph" / "data" / "sources" / "guide" / "statements"
    guide = {path: path.read_bytes() for path in statements.iterdir()}
    said = linked(*door(kind, service), verb="enrich")
    assert said.code == 0, said.err
    found = claims(tmp_path)
    born = next(row for row in found if row["predicate"] == "schema:birthDate")
    assert (born["subject"], born["object"]) == ("person:syngman-rhee", "1875-03-26")
    assert born["source"].startswith("wds:Q171684-")
    assert born["reference"] == "https://worddisk.com/wiki/Syngman_Rhee/, retrieved 2026-11-25"
    assert not any(row["object"] == "1875-04-18" for row in found), "a deprecated value was taken"
    held = next(row for row in found if row["predicate"] == "org:holds")
    assert (held["object"], held["start"], held["end"]) == ("office:rok-president", "1948-07-24", "1960-04")
    viaf = next(row for row in found if "viaf.org" in row["object"])
    assert viaf["object"] == "<https://viaf.org/viaf/160178001>"
    assert viaf["reference"].startswith("stated in Virtual International Authority File, retrieved")
    where = {row["predicate"]: row["object"] for row in found if row["subject"] == "place:geneva"}
    assert (where["schema:latitude"], where["schema:longitude"]) == ("46.20222", "6.14569")
    assert {path: path.read_bytes() for path in guide} == guide, "a sentence graph was changed"
    graph = icrc_korea.load(tmp_path / "graph")
    assert not graph.query("ASK { person:syngman-rhee schema:birthDate ?date }").truth, "a claim became a fact"


def test_what_is_accepted_and_drawn_in_keeps_every_rule(linked: Command, tmp_path: Path, own: Path) -> None:
    """The same two files beside the whole guide."""
    assert linked(verb="enrich").code == 0
    for name in ("data/links/wikidata.sssom.tsv", enrichment.NAME, enrichment.PIECES):
        (own / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(tmp_path / "graph" / name, own / name)
    report = icrc_korea.load(own).check()
    found = [finding for finding in report.findings if "wikidata" in finding.file and finding.severity != "info"]
    assert not [str(finding) for finding in found]
    assert report.exit_code == 0, report.text()


STATEMENTS = [
    (
        "P18",
        Value("text", "Paul Ruegger 1950.jpg"),
        "image",
        "https://commons.wikimedia.org/wiki/File:Paul_Ruegger_1950.jpg",
    ),
    ("P18", Value("text", 'A "b" <c>.jpg'), "image", "https://commons.wikimedia.org/wiki/File:A_%22b%22_%3Cc%3E.jpg"),
    ("P227", Value("text", "118603701"), "sameAs", "https://d-nb.info/gnd/118603701"),
    ("P244", Value("text", "sh85074095"), "sameAs", "https://id.loc.gov/authorities/subjects/sh85074095"),
    ("P244", Value("text", "n79066627"), "sameAs", "https://id.loc.gov/authorities/names/n79066627"),
    ("P214", Value("text", "1> <http://evil"), "sameAs", "https://viaf.org/viaf/1%3E%20%3Chttp%3A//evil"),
    ("P902", Value("text", "014885"), "sameAs", "https://hls-dhs-dss.ch/de/articles/014885/"),
    ("P569", Value("time", "1897"), "birthDate", "1897"),
    ("P569", Value("time", "189X"), "", ""),
    ("P569", Value("none", "somevalue"), "", ""),
    ("P625", Value("point", "46.2 6.1"), "latitude", "46.2"),
    ("P39", Value("item", "Q6296418"), "holds", "http://www.wikidata.org/entity/Q6296418"),
    ("P31", Value("item", "Q5"), "", ""),
]


@pytest.mark.parametrize(("prop", "value", "name", "text"), STATEMENTS, ids=lambda part: str(part)[:30])
def test_a_statement_becomes_a_claim(prop: str, value: Value, name: str, text: str) -> None:
    thing = Thing("x", "https://w3id.org/icrc-korea/id/person/x", "Person", ())
    statement = Statement(prop, value, id="Q1$abc")
    found = list(enrichment.said(thing, Item("Q1", statements={prop: (statement,)}), "2026-11-25", {}, {}))
    assert [one.predicate.rpartition("/")[2].rpartition("#")[2] for one in found][:1] == ([name] if name else [])
    for one in found[:1]:
        assert one.value.value == text
        assert one.source == "http://www.wikidata.org/entity/statement/Q1-abc"
        assert one.reference == "Wikidata gives no reference."


def test_a_julian_date_says_so() -> None:
    thing = Thing("x", "https://w3id.org/icrc-korea/id/person/x", "Person", ())
    item = Item("Q1", statements={"P569": (Statement("P569", Value("time", "1700-01-01", julian=True)),)})
    [found] = enrichment.said(thing, item, "2026-11-25", {}, {})
    assert found.reference == "the date is Julian"


def test_scholarly_articles_are_looked_for_where_they_are(
    service: Wikidata, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Since May 2025 the query service has them apart: books and reports are looked for in both halves."""
    monkeypatch.setattr(query_service, "QUERY_MAIN", service.query)
    monkeypatch.setattr(query_service, "QUERY_SCHOLARLY", f"{service.base}/sparql")
    QueryService(asker(tmp_path)).find(Thing("x", "x", "Person", (("Syngman Rhee", "en"),)))
    assert not service.asked
    QueryService(asker(tmp_path)).find(Thing("x", "x", "Book", (("Syngman Rhee", "en"),)))
    assert [asked["path"] for asked in service.asked] == ["/sparql"]


def test_one_thing_is_enriched_and_the_others_stay(linked: Command, tmp_path: Path) -> None:
    assert linked(verb="enrich").code == 0
    before = (tmp_path / "graph" / enrichment.NAME).read_text(encoding="utf-8")
    assert linked("place:geneva", verb="enrich").code == 0
    assert (tmp_path / "graph" / enrichment.NAME).read_text(encoding="utf-8") == before
    said = linked("place:tokyo", verb="enrich")
    assert said.code == 2
    assert "has no accepted link" in said.err


def test_an_item_that_is_gone_is_named(linked: Command, tmp_path: Path) -> None:
    assert linked("place:tokyo", "--accept", "Q9000001", "--why", "x", *BOTH, *WHO).code == 0
    said = linked(verb="enrich")
    assert said.code == 0
    assert "Q9000001, linked to place:tokyo, does not exist in Wikidata any more" in said.err


AGAINST = """
@prefix basis: <https://w3id.org/icrc-korea/vocab/basis-> .
@prefix book: <https://w3id.org/icrc-korea/id/book/> .
@prefix certainty: <https://w3id.org/icrc-korea/vocab/certainty-> .
@prefix claim: <https://w3id.org/icrc-korea/id/claim/> .
@prefix dct: <http://purl.org/dc/terms/> .
@prefix graph: <https://w3id.org/icrc-korea/graph/> .
@prefix kw: <https://w3id.org/icrc-korea/ontology#> .
@prefix organisation: <https://w3id.org/icrc-korea/id/organisation/> .
@prefix person: <https://w3id.org/icrc-korea/id/person/> .
@prefix polarity: <https://w3id.org/icrc-korea/vocab/polarity-> .
@prefix rdf: <http://www.w3.org/1999/02/22-rdf-syntax-ns#> .
@prefix schema: <https://schema.org/> .
@prefix status: <https://w3id.org/icrc-korea/vocab/status-> .
@prefix xsd: <http://www.w3.org/2001/XMLSchema#> .
<https://w3id.org/icrc-korea/id/dodis-record/X1> {
    claim:another-1 a kw:Claim ; rdf:subject book:from-yalta-to-dien-bien-phu ; rdf:predicate dct:creator ;
        rdf:object person:catherine-rey-schyrr ; kw:basis basis:external ; kw:certainty certainty:stated ;
        kw:claimStatus status:accepted ; kw:polarity polarity:positive ; dct:source <https://example.org/review> .
    claim:another-2 a kw:Claim ; rdf:subject organisation:icrc ; rdf:predicate schema:foundingDate ;
        rdf:object "1864"^^xsd:gYear ; kw:basis basis:external ; kw:certainty certainty:stated ;
        kw:claimStatus status:accepted ; kw:polarity polarity:positive ; dct:source <https://example.org/review> .
    claim:another-3 a kw:Claim ; rdf:subject person:paul-ruegger ; rdf:predicate schema:deathDate ;
        rdf:object "1949"^^xsd:gYear ; kw:basis basis:external ; kw:certainty certainty:stated ;
        kw:claimStatus status:accepted ; kw:polarity polarity:positive ; dct:source <https://example.org/review> .
}
"""


def another(tmp_path: Path) -> Path:
    """A file for what another source says."""
    folder = tmp_path / "graph" / "data" / "sources" / "dodis" / "statements"
    folder.mkdir(parents=True, exist_ok=True)
    return folder / "another.trig"


def test_conflicts(linked: Command, tmp_path: Path) -> None:
    assert linked(verb="enrich").code == 0
    another(tmp_path).write_text(AGAINST, encoding="utf-8")
    said = linked("--format", "json", verb="conflicts")
    assert said.code == 0, said.err
    rows = json.loads(said.out)
    found = {(row["thing"], row["about"], row["outside"], row["verdict"]) for row in rows}
    assert ("organisation:icrc", "schema:foundingDate", "1864", "conflicts") in found
    assert ("organisation:icrc", "schema:foundingDate", "1863", "agrees") in found
    assert ("person:paul-ruegger", "died", "1949", "conflicts") in found
    book = next(row for row in rows if row["thing"].startswith("book:") and "example.org" in row["source"])
    assert book["verdict"] == "the guide itself is at odds"
    assert "P38" in book["note"].partition(" against ")[0]
    assert "P30" in book["note"].partition(" against ")[2]
    assert "https://example.org/review" in book["source"]
    office = next(row for row in rows if row["about"] == "office")
    assert office["verdict"] == "agrees"
    assert all(row["guide"] and row["sentences"] and row["source"] for row in rows), "one side is missing"
    everything = json.loads(linked("--all", "--format", "json", verb="conflicts").out)
    assert len(everything) > len(rows)
    text = linked("--format", "csv", verb="conflicts").out
    assert len(list(csv.DictReader(io.StringIO(text)))) == len(rows)
    assert "conflicts" in linked(verb="conflicts").out


def test_a_term_that_does_not_reach_an_attested_day_conflicts(link: Command, service: Wikidata, tmp_path: Path) -> None:
    term = (
        AGAINST[: AGAINST.index("claim:another-1")]
        + """
    claim:another-4 a kw:Claim ; rdf:subject person:paul-ruegger ; rdf:predicate <http://www.w3.org/ns/org#holds> ;
        rdf:object <https://w3id.org/icrc-korea/id/office/icrc-president> ; kw:basis basis:external ;
        schema:startDate "1944"^^xsd:gYear ; schema:endDate "1950-12"^^xsd:gYearMonth ;
        kw:certainty certainty:stated ; kw:claimStatus status:accepted ; kw:polarity polarity:positive ;
        dct:source <https://example.org/list> .
}
"""
    )
    another(tmp_path).write_text(term, encoding="utf-8")
    rows = [row for row in json.loads(link("--format", "json", verb="conflicts").out) if "example.org" in row["source"]]
    verdicts = {row["guide"].rpartition("attested ")[2]: row["verdict"] for row in rows}
    assert sorted(verdicts.values()) == ["agrees", "conflicts"], verdicts


# --- nothing leaves the machine -------------------------------------------------------------------------------

CANARY = """
import os, sys
def hear(event, args):
    if event in ("socket.connect", "socket.getaddrinfo", "socket.sendto", "urllib.Request"):
        target = args[1] if event in ("socket.connect", "socket.sendto") else args[0]
        if isinstance(target, (str, bytes)) and event == "socket.connect":
            return  # a socket of this machine's own file system
        with open(os.environ["CANARY"], "a") as stream:
            stream.write(f"{event} {target}\\n")
sys.addaudithook(hear)
"""


@pytest.mark.parametrize(
    "arguments",
    [
        ["build", "--force"],
        ["check"],
        ["query", "correspondence/unanswered"],
        ["show", "Paul Ruegger"],
        ["why", "organisation:icrc", "kw:founded", "timespan:1863"],
        ["export", "--with", "claims,links,enrichment"],
        ["stats"],
        ["link"],
        ["link", "place:geneva", "--accept", "Q71", "--why", "x", "--who", "x", "--replace"],
        ["conflicts"],
        ["enrich", "--offline"],
        ["link", "Syngman Rhee", "--offline"],
    ],
    ids=" ".join,
)
def test_nothing_leaves_the_machine(arguments: list[str], own: Path, tmp_path: Path) -> None:
    heard = tmp_path / "heard"
    (tmp_path / "sitecustomize.py").write_text(CANARY, encoding="utf-8")
    source = str(Path(icrc_korea.__file__).parents[1])
    env = environment(CANARY=str(heard), XDG_CACHE_HOME=str(tmp_path / "cache"))
    env["PYTHONPATH"] = f"{tmp_path}:{source}"
    done = subprocess.run([*COMMAND, "--root", str(own), *arguments], env=env, capture_output=True, timeout=120)
    assert done.returncode in (0, 1, 4), done.stderr.decode()
    assert not heard.exists(), heard.read_text()


def test_the_canary_sings(tmp_path: Path) -> None:
    (tmp_path / "sitecustomize.py").write_text(CANARY, encoding="utf-8")
    env = {**environment(CANARY=str(tmp_path / "heard")), "PYTHONPATH": str(tmp_path)}
    code = "import urllib.request as u\ntry: u.urlopen('http://127.0.0.1:9/', timeout=1)\nexcept OSError: pass"
    subprocess.run([sys.executable, "-c", code], env=env, check=True, timeout=60)
    assert "socket.connect" in (tmp_path / "heard").read_text()


# --- nothing is lost -----------------------------------------------------------------------------------------


def test_who_judge_at_the_same_time_lose_nothing(own: Path) -> None:
    items = [f"Q900{number}" for number in range(4)]
    judging = ("--who", "x", "--why", "y")
    told = [spawn("--root", own, "link", "place:geneva", "--reject", item, *judging) for item in items]
    for process in told:
        _, err = process.communicate(timeout=120)
        assert process.returncode == 0, err
    kept = (own / "data/links/wikidata.sssom.tsv").read_text(encoding="utf-8")
    assert [item for item in items if item in kept] == items


def test_a_judgement_is_not_replaced_without_consent(own: Path, icrc: Command) -> None:
    before = (own / "data/links/wikidata.sssom.tsv").read_bytes()
    words = ("link", "place:geneva", "--accept", "Q71", "--who", "B", "--why", "other words", "--root", own)
    refused = icrc(*words)
    assert refused.code == 2
    assert "--replace" in refused.err
    assert (own / "data/links/wikidata.sssom.tsv").read_bytes() == before
    assert icrc(*words, "--replace").code == 0
    assert "other words" in (own / "data/links/wikidata.sssom.tsv").read_text(encoding="utf-8")
