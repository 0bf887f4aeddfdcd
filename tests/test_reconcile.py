"""Names of other people's tables find our things, and none is matched that a person should look at first.

Names and requests are cases in `cases/reconcile/`. The service is asked in this process and over a socket, by the
project's own client for such services too.
"""

from __future__ import annotations

import asyncio
import csv
import io
import json
import os
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml
from conftest import ROOT, Command
from every import every
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator, ValidationError
from service import serving

import icrc_korea
from icrc_korea.errors import RemoteError
from icrc_korea.graph import KnowledgeGraph
from icrc_korea.linking.reconciliation import Reconciliation
from icrc_korea.linking.things import Thing
from icrc_korea.matching import names, tables
from icrc_korea.matching.characters import GROUPS, SIMPLIFIED
from icrc_korea.matching.matcher import Condition, Matcher, Name, Wanted
from icrc_korea.rdf.spaces import THINGS
from icrc_korea.services.polite import Asker, Cache
from icrc_korea.web.reconciliation import BATCH, NEW, OLD, Service, app

CASES = Path(__file__).parent / "cases" / "reconcile"
SCHEMAS = yaml.safe_load((CASES / "schemas.yaml").read_text(encoding="utf-8"))
REFUSED = yaml.safe_load((CASES / "refused.yaml").read_text(encoding="utf-8"))
Row = dict[str, str]
VERSIONS = (OLD, NEW)


def rows(name: str) -> list[Row]:
    with (CASES / name).open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream, delimiter="\t", quoting=csv.QUOTE_NONE))


NAMES = rows("names.tsv")


@pytest.fixture(scope="module")
def matcher(graph: KnowledgeGraph) -> Matcher:
    return Matcher(graph)


def wanted(matcher: Matcher, row: Row) -> Wanted:
    return Wanted((row["name"],), kinds=(matcher.classes_of(row["class"]),) if row["class"] else ())


# --- names --------------------------------------------------------------------------------------------------


@every("row", NAMES, name=lambda row: f"{row['name']} {row['class']}".strip())
def test_a_name_finds_its_thing_and_no_other(row: Row, matcher: Matcher) -> None:
    found = matcher.find(wanted(matcher, row))
    assert (found[0].thing.id if found else "") == row["id"]
    assert ("yes" if found and found[0].sure else "no") == row["match"], found[0].why if found else ""
    assert not any(one.sure for one in found[1:])
    assert all(one.why for one in found)


def test_the_cases_ask_for_both() -> None:
    assert {row["match"] for row in NAMES} == {"yes", "no"}
    assert len({row["name"] + row["class"] for row in NAMES}) == len(NAMES)


def test_every_name_that_the_graph_holds_finds_its_thing(matcher: Matcher) -> None:
    """Alone or with others of that name; among several, none is sure."""
    for known in matcher.things.values():
        for name in known.names:
            if name.own:
                found = matcher.find(Wanted((name.text,), limit=50))
                best = [one for one in found if one.score == found[0].score]
                assert known in [one.thing for one in best], f"{name.text} does not find {known.id}"
                assert len(best) == 1 or not any(one.sure for one in found)
                assert all(one.thing is known for one in found if one.sure)


def test_most_first_names_are_sure(matcher: Matcher) -> None:
    """Precision goes before recall, but not all the way: of the names of first choice few need a look."""
    count = {True: 0, False: 0}
    for known in matcher.things.values():
        found = matcher.find(Wanted((matcher.label(known)[0],)))
        count[found[0].sure] += 1
    assert count[True] > 20 * count[False], count


def test_no_misspelt_name_is_sure(matcher: Matcher) -> None:
    """A letter more, less or other makes another name, unless the graph knows that name too."""
    held = {names.folded(name.text).replace(" ", "") for known in matcher.things.values() for name in known.names}
    seen = 0
    for number, known in enumerate(matcher.things.values()):
        text = matcher.label(known)[0]
        middle = next(place for place in range(len(text) // 2, len(text)) if text[place].isalpha())
        changed = (text[:middle] + "x" + text[middle + 1 :], text[:middle] + text[middle + 1 :], text + "x")
        other = changed[number % len(changed)]
        if names.folded(other).replace(" ", "") not in held:
            seen += 1
            assert not any(one.sure for one in matcher.find(Wanted((other,)))), other
    assert seen > 100


def test_nothing_is_sure_of_another_class(matcher: Matcher) -> None:
    for known in matcher.things.values():
        for kind in ("Person", "Place"):
            if kind not in known.kinds:
                found = matcher.find(Wanted((matcher.label(known)[0],), kinds=(frozenset([kind]),)))
                assert known not in [one.thing for one in found]
                assert not any(one.sure and one.score == 100 for one in found)


def test_what_was_rejected_is_never_sure_of_its_thing(matcher: Matcher) -> None:
    """An item that was judged to be something else does not come back through its number, nor a person by its name."""
    seen = 0
    for known in matcher.things.values():
        for label, item in known.namesakes.items():
            seen += 1
            assert known not in [one.thing for one in matcher.find(Wanted((item,)))]
            if "Person" in known.kinds:
                assert not any(one.sure and one.thing is known for one in matcher.find(Wanted((label,))))
    assert seen > 20


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=60), st.sampled_from(["", "Person", "Place"]))
def test_any_text_can_be_asked_for(text: str, kind: str) -> None:
    matcher = any_matcher()
    found = matcher.find(Wanted((text,), kinds=(frozenset([kind]),) if kind else ()))
    assert sum(one.sure for one in found) <= 1
    assert all(0 <= one.score <= 100 for one in found)


def any_matcher(kept: list[Matcher] = []) -> Matcher:  # noqa: B006 - kept on purpose
    if not kept:
        kept.append(Matcher(icrc_korea.load(ROOT)))
    return kept[0]


def test_an_endless_name_is_no_name(matcher: Matcher) -> None:
    assert matcher.find(Wanted(("Koje-do " * 10_000,))) == []


def test_what_else_is_known_counts(matcher: Matcher) -> None:
    """A value that fits makes surer, one that does not makes a sure name doubtful."""
    def best(*conditions: Condition) -> Any:
        return matcher.find(Wanted(("Government of the DPRK",), conditions=conditions))[0]

    fits, wrong = Condition("kw:governmentOf", ("DPRK",)), Condition("kw:governmentOf", ({"id": "state:rok"},))
    prop = next(
        matcher.layout.shrink(predicate.value)
        for predicate, value in matcher.facts.out[_node(matcher, "organisation:government-dprk")]
        if getattr(value, "value", "") == THINGS + "state/dprk"
    )
    fits, wrong = replace(fits, prop=prop), replace(wrong, prop=prop)
    assert best(fits).sure
    assert any(feature.value is True and prop in feature.why for feature in best(fits).features)
    assert not best(wrong).sure
    assert best(wrong).score < best(fits).score
    assert best(Condition("P39", ("Q1",))).sure  # a property of which nothing is known says nothing
    needed = Wanted(("Government of the DPRK",), conditions=(replace(wrong, required=True),))
    assert "organisation:government-dprk" not in [one.thing.id for one in matcher.find(needed)]
    none = replace(wrong, quantifier="none")
    assert best(none).sure
    assert not best(replace(fits, values=("DPRK", "RoK"), quantifier="all")).sure
    assert "organisation:government-dprk" in [one.thing.id for one in matcher.find(Wanted(conditions=(fits,)))]


def _node(matcher: Matcher, term: str) -> Any:
    from pyoxigraph import NamedNode

    return NamedNode(matcher.graph.resolve(term))


def test_an_id_and_a_name_must_agree(matcher: Matcher) -> None:
    both = matcher.find(Wanted(("Koje-do",), ids=("place:koje-do",)))
    other = matcher.find(Wanted(("Geneva",), ids=("place:koje-do",)))
    assert both[0].sure
    assert not any(one.sure for one in other)


def test_characters_are_written_once() -> None:
    assert len({group[0] for group in GROUPS}) == len(GROUPS)
    assert all(re.fullmatch(r"[一-鿿]{2}[가-힣]+", group) for group in GROUPS)
    assert all(SIMPLIFIED.get(simple, simple) == simple for simple in SIMPLIFIED.values())


# --- over HTTP, in this process -----------------------------------------------------------------------------


@pytest.fixture(scope="module")
def service(graph: KnowledgeGraph) -> Service:
    return app(graph)


Ask = Callable[..., httpx.Response]


def asker(service: Any, base: str = "https://kg.example", **transport: Any) -> Ask:
    def ask(method: str, path: str, **options: Any) -> httpx.Response:
        async def run() -> httpx.Response:
            over = httpx.ASGITransport(app=service, **transport)
            async with httpx.AsyncClient(transport=over, base_url=base) as client:
                return await client.request(method, path, **options)

        return asyncio.run(run())

    return ask


@pytest.fixture(scope="module")
def ask(service: Service) -> Ask:
    return asker(service)


def valid(document: Any, schema: str) -> Any:
    """The document, if it is what the specification demands; and not without any of what is required."""
    check = Draft202012Validator(SCHEMAS[schema])
    check.validate(document)
    for name in SCHEMAS[schema].get("required", ()):
        with pytest.raises(ValidationError):
            check.validate({key: value for key, value in document.items() if key != name})
    return document


def at(version: str) -> str:
    return "" if version == OLD else f"/{version}"


def matched(ask: Ask, version: str, queries: list[tuple[str, str]]) -> list[list[dict[str, Any]]]:
    """The candidates for names with classes, asked for as the version wants."""
    if version == OLD:
        form = {
            f"q{n}": {"query": name, **({"type": kind} if kind else {})} for n, (name, kind) in enumerate(queries)
        }
        said = ask("POST", "/", data={"queries": json.dumps(form)}).json()
        assert list(valid(said, "match-0.2")) == list(form)
        return [said[key]["result"] for key in form]
    batch = [
        {"conditions": [{"matchType": "name", "propertyValue": name}], **({"type": kind} if kind else {})}
        for name, kind in queries
    ]
    said = ask("POST", f"/{NEW}/match", json={"queries": batch}).json()
    return [one["candidates"] for one in valid(said, "match-1.0-draft")["results"]]


@pytest.mark.parametrize("version", VERSIONS)
def test_the_service_answers_as_the_matcher_does(version: str, ask: Ask, matcher: Matcher) -> None:
    for start in range(0, len(NAMES), BATCH):
        batch = [row for row in NAMES[start : start + BATCH] if row["name"].strip()]
        for row, found in zip(batch, matched(ask, version, [(r["name"], r["class"]) for r in batch]), strict=True):
            expected = matcher.find(wanted(matcher, row))
            assert [(one["id"], one["score"], one["match"]) for one in found] == [
                (one.thing.id, one.score, one.sure) for one in expected
            ]
            for one in found:
                assert len({feature["id"] for feature in one["features"]}) == len(one["features"])
            assert [one["score"] for one in found] == sorted((one["score"] for one in found), reverse=True)


@pytest.mark.parametrize("version", VERSIONS)
def test_the_manifest_says_where_everything_is(version: str, ask: Ask) -> None:
    said = valid(ask("GET", at(version) or "/").json(), f"manifest-{version}")
    assert said["versions"] == [version]
    view = said["view"]["url"].replace("{{id}}", "place%3Akoje-do").replace("{id}", "place%3Akoje-do")
    assert "Koje-do" in ask("GET", view).text
    if version == OLD:
        for kind, given in (("entity", "place:koje-do"), ("type", "Place"), ("property", "kw:within")):
            here = said["suggest"][kind]
            suggested = ask("GET", here["service_url"] + here["service_path"], params={"prefix": given}).json()
            assert valid(suggested, "suggest")["result"][0]["id"] == given
            path = here["flyout_service_path"].replace("${id}", given.replace(":", "%3A"))
            assert valid(ask("GET", here["flyout_service_url"] + path).json(), "flyout")["id"] == given
        here = said["extend"]["propose_properties"]
        assert ask("GET", here["service_url"] + here["service_path"], params={"type": "Place"}).status_code == 200


@pytest.mark.parametrize("case", REFUSED, ids=lambda case: json.dumps(case)[:90])
def test_what_cannot_be_answered_is_refused_with_a_reason(case: dict[str, Any], ask: Ask) -> None:
    method = next(name for name in ("get", "post", "put", "delete") if name in case)
    options: dict[str, Any] = {}
    if "form" in case:
        options = {"content": httpx.Request("POST", "http://x", data=case["form"]).content,
                   "headers": {"content-type": "application/x-www-form-urlencoded"}}  # fmt: skip
    elif "json" in case:
        options = {"json": case["json"]}
    elif "body" in case or case.get("many") in ("bytes", "nested"):
        body = case.get("body") or (" " if case["many"] == "bytes" else "[") * case["count"]
        options = {"content": body, "headers": {"content-type": "application/json"}}
    elif "many" in case:
        name, many = {"matchType": "name", "propertyValue": "x"}, range(case["count"])
        options = {
            "queries": {"data": {"queries": json.dumps({f"q{n}": {"query": "x"} for n in many})}},
            "ids": {"data": {"extend": json.dumps({"ids": [str(n) for n in many], "properties": []})}},
            "match": {"json": {"queries": [{"conditions": [name]} for _ in many]}},
            "values": {"json": {"queries": [{"conditions": [{**name, "propertyValue": ["x" for _ in many]}]}]}},
        }[case["many"]]
    said = ask(method.upper(), case[method], **options)
    assert said.status_code == case["status"], said.text
    assert case["says"] in said.json()["message"]
    assert said.headers["access-control-allow-origin"] == "*"
    if case["status"] == 405:
        assert said.headers["allow"]


def test_a_full_batch_is_taken(ask: Ask) -> None:
    for version in VERSIONS:
        assert len(matched(ask, version, [(f"Name {n}", "Place") for n in range(BATCH)])) == BATCH


@pytest.mark.parametrize("path", ["/", f"/{NEW}", f"/{NEW}/match", "/suggest/entity", "/preview", "/nothing"])
def test_other_sites_may_ask(path: str, ask: Ask) -> None:
    """CORS in a uniform way, the question beforehand included, and never with credentials."""
    asking = {"origin": "https://elsewhere.example", "access-control-request-method": "POST"}
    before = ask("OPTIONS", path, headers=asking)
    assert before.status_code == 204
    for said in (before, ask("GET", path)):
        assert said.headers["access-control-allow-origin"] == "*"
        assert "POST" in said.headers["access-control-allow-methods"]
        assert "content-type" in said.headers["access-control-allow-headers"].lower()
        assert "access-control-allow-credentials" not in said.headers


def test_head_says_the_same_without_the_answer(ask: Ask) -> None:
    full, head = ask("GET", "/"), ask("HEAD", "/")
    assert head.content == b""
    assert head.headers["content-length"] == full.headers["content-length"] == str(len(full.content))


def test_queries_may_stand_in_the_address(ask: Ask) -> None:
    said = ask("GET", "/", params={"queries": json.dumps({"q": {"query": "Koje Do"}})}).json()
    assert valid(said, "match-0.2")["q"]["result"][0]["id"] == "place:koje-do"


def test_types_may_be_several_or_only_wished_for(ask: Ask) -> None:
    def best(**query: Any) -> Any:
        said = ask("POST", "/", data={"queries": json.dumps({"q": {"query": "Geneva", **query}})}).json()
        return valid(said, "match-0.2")["q"]["result"][:1]

    assert best(type=["Person", "Place"])[0]["match"]
    assert best(type=["Person", "Place"], type_strict="all") == []
    [wished] = best(type="Person", type_strict="should")
    assert wished["id"] == "place:geneva"
    assert not wished["match"]
    assert best(type={"id": "Place", "name": "place"})[0]["match"]
    assert best(type="https://w3id.org/icrc-korea/ontology#Place")[0]["match"]


def test_conditions_of_the_draft(ask: Ask) -> None:
    def ids(*conditions: dict[str, Any], **more: Any) -> list[str]:
        said = ask("POST", f"/{NEW}/match", json={"queries": [{"conditions": list(conditions), **more}]}).json()
        return [one["id"] for one in valid(said, "match-1.0-draft")["results"][0]["candidates"]]

    assert ids({"matchType": "id", "propertyValue": "place:koje-do"}) == ["place:koje-do"]
    assert ids({"matchType": "id", "propertyValue": ["Q71", "Q1490"]}) == ["place:geneva", "place:tokyo"]
    named = {"matchType": "name", "propertyValue": "Koje"}
    assert "place:koje-do" in ids(named)
    typed = {"matchType": "property", "propertyId": "dct:type", "propertyValue": "no such type", "required": True}
    assert ids(named, typed) == []
    assert len(ids(named, limit=1)) == 1


def test_suggestions_can_be_paged(ask: Ask) -> None:
    whole = valid(ask("GET", "/suggest/entity", params={"prefix": "", "limit": "50"}).json(), "suggest")["result"]
    assert len(whole) == 50
    for name in ("cursor", "offset"):
        part = ask("GET", "/suggest/entity", params={"prefix": "", "limit": "5", name: "10"}).json()["result"]
        assert part == whole[10:15]


@pytest.mark.parametrize(
    ("kind", "prefix", "first"),
    [
        ("entity", "koje", "place:koje-do"), ("entity", "거제", "place:koje-do"),
        ("entity", "CICR", "organisation:icrc"), ("entity", "person:siordet", "person:siordet"),
        ("entity", THINGS + "state/rok", "state:rok"),
        ("type", "Pers", "Person"), ("type", "", "Event"), ("property", "kw:within", "kw:within"),
        ("property", "within", "kw:within"), ("property", "iri", "iri"),
    ],
)  # fmt: skip
def test_suggestions(kind: str, prefix: str, first: str, ask: Ask) -> None:
    for version in VERSIONS:
        said = ask("GET", f"{at(version)}/suggest/{kind}", params={"prefix": prefix}).json()
        assert valid(said, "suggest")["result"][0]["id"] == first


def test_names_come_in_the_language_asked_for(ask: Ask) -> None:
    def name(accept: str) -> str:
        told = {"accept-language": accept}
        said = ask("GET", "/suggest/entity", params={"prefix": "organisation:icrc"}, headers=told)
        assert said.headers["vary"] == "Accept-Language"
        return str(said.json()["result"][0]["name"])

    assert name("fr-CH, fr;q=0.9, en;q=0.8") == "Comité international de la Croix-Rouge"
    assert name("ja, de;q=0.5, ko;q=0.7") == "국제적십자위원회"
    assert name("ja, *;q=0.1") == name(";;q=x,,") == "International Committee of the Red Cross"


def test_properties_are_proposed_and_fetched(ask: Ask) -> None:
    proposed = valid(ask("GET", "/extend/propose", params={"type": "Person", "limit": "40"}).json(), "propose")
    assert "iri" in [one["id"] for one in proposed["properties"]]
    wanted = {"ids": ["place:koje-do", "person:syngman-rhee", "person:nobody"],
              "properties": [{"id": "iri"}, {"id": "skos:prefLabel"}, {"id": "skos:exactMatch"}]}  # fmt: skip
    old = valid(ask("POST", "/", data={"extend": json.dumps(wanted)}).json(), "extend-0.2")
    new = valid(ask("POST", f"/{NEW}/extend", json=wanted).json(), "extend-1.0-draft")
    assert [one["id"] for one in old["meta"]] == [one["id"] for one in wanted["properties"]]  # type: ignore[index]
    assert list(old["rows"]) == wanted["ids"]
    assert old["rows"]["place:koje-do"]["iri"] == [{"str": THINGS + "place/koje-do"}]
    assert old["rows"]["person:nobody"] == {"iri": [], "skos:prefLabel": [], "skos:exactMatch": []}
    assert {"str": "이승만", "lang": "ko"} in new["rows"][1]["properties"][1]["values"]
    for row in new["rows"]:
        for column in row["properties"]:
            bare = [{key: value for key, value in one.items() if key != "lang"} for one in column["values"]]
            assert bare == old["rows"][row["id"]][column["id"]]


def test_every_property_can_be_fetched(ask: Ask, matcher: Matcher) -> None:
    """Whatever a value is, it is one of the kinds that the specification knows."""
    props = [{"id": matcher.layout.shrink(iri)} for iri in matcher.properties]
    things = [known.id for known in matcher.things.values()]
    for start in range(0, len(props), BATCH):
        query = {"ids": things[:BATCH], "properties": props[start : start + BATCH]}
        said = valid(ask("POST", f"/{NEW}/extend", json=query).json(), "extend-1.0-draft")
        for row in said["rows"]:
            for column in row["properties"]:
                assert all(matcher.thing(one["id"]) for one in column["values"] if "id" in one)
        valid(ask("POST", "/", data={"extend": json.dumps(query)}).json(), "extend-0.2")


# --- what must not get through ------------------------------------------------------------------------------


def test_pages_hold_no_markup_of_names(graph: KnowledgeGraph) -> None:
    hostile = app(graph)
    iri, evil = THINGS + "place/koje-do", '<script>alert("x")</script>\'&'
    known = hostile.matcher.things[iri]
    bad = {f'https://x.example/"><script>{evil}': True, "javascript:alert(1)": True}
    names_ = (Name(evil, 'en"><script>', "its name", 1.0, True), Name(evil + "2", "fr", "its other name", 1.0, True))
    hostile.matcher.things[iri] = replace(known, names=names_, identifiers=bad)
    ask = asker(hostile)
    page, flyout = ask("GET", "/preview?id=place:koje-do"), ask("GET", "/flyout/entity?id=place:koje-do")
    for html in (page.text, flyout.json()["html"]):
        assert "<script" not in html
        assert "javascript:" not in html
        assert "&lt;script&gt;" in html
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert "default-src 'none'" in page.headers["content-security-policy"]
    assert page.headers["x-content-type-options"] == "nosniff"
    for said in (ask("GET", "/preview?id=%3Cscript%3E"), ask("GET", "/%3Cscript%3E")):
        assert said.headers["content-type"] == "application/json"


def test_the_address_is_believed_only_where_it_is_one(service: Service, ask: Ask) -> None:
    def view(**headers: str) -> str:
        return str(ask("GET", "/", headers=headers).json()["view"]["url"])

    assert view(host="kg.example:8000").startswith("https://kg.example:8000/preview")
    assert view(host="[::1]:8000").startswith("https://[::1]:8000/preview")
    assert "evil" not in view(host='evil"><script>')
    fixed = asker(app(service.graph, address="https://data.example.org/reconcile/"))
    assert fixed("GET", "/").json()["view"]["url"] == "https://data.example.org/reconcile/preview?id={{id}}"
    assert fixed("GET", f"/{NEW}").json()["view"]["url"] == f"https://data.example.org/reconcile/{NEW}/preview?id={{id}}"


def test_it_can_be_mounted_under_a_path(service: Service) -> None:
    """As servers do it that give the whole path, and as those do that give the rest of it."""
    async def stripping(scope: Any, receive: Any, send: Any) -> None:
        await service({**scope, "path": scope["path"].removeprefix("/kg"), "root_path": "/kg"}, receive, send)

    for ask in (asker(service, root_path="/kg"), asker(stripping)):
        for version in VERSIONS:
            said = valid(ask("GET", f"/kg{at(version)}").json(), f"manifest-{version}")
            assert said["view"]["url"].startswith(f"https://kg.example/kg{at(version)}/preview")
            assert ask("GET", f"/kg{at(version)}/suggest/type?prefix=pl").status_code == 200


def test_it_starts_and_stops_with_its_server(service: Service) -> None:
    sent: list[str] = []
    inbox = iter(["lifespan.startup", "lifespan.shutdown"])

    async def receive() -> dict[str, str]:
        return {"type": next(inbox)}

    async def send(message: Any) -> None:
        sent.append(message["type"])

    asyncio.run(service({"type": "lifespan"}, receive, send))
    assert sent == ["lifespan.startup.complete", "lifespan.shutdown.complete"]


# --- over a socket ------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    """The service as `icrc-korea serve` has it."""
    with serving() as running:
        yield f"{running.address}/reconcile"


@pytest.mark.parametrize("version", VERSIONS)
def test_our_own_client_talks_to_it(version: str, address: str, tmp_path: Path) -> None:
    """The client that asks services about Wikidata: same code, other ids."""
    polite = Asker("test@example.org", Cache(tmp_path), wait=lambda _: None)
    client = Reconciliation(polite, address + at(version), None, about=("us", THINGS))  # type: ignore[arg-type]
    assert client.new == (version == NEW)
    person = Thing("x", "x", "Person", (("Paul Ruegger", "en"),))
    found = client.propose(["Ruegger, Paul", "Pak Hon-yong", "Geneva"], person, 3)
    assert [(one[0]["id"], one[0]["match"]) for one in found if one] == [
        ("person:paul-ruegger", True), ("person:pak-heun-young", True),
    ]  # fmt: skip
    assert found[2] == []


def test_a_client_of_wikidata_is_told_what_this_is_about(address: str, tmp_path: Path) -> None:
    polite = Asker("test@example.org", Cache(tmp_path), wait=lambda _: None)
    with pytest.raises(RemoteError, match=r"is about https://w3id\.org/icrc-korea/id/, not about Wikidata"):
        Reconciliation(polite, address, None).manifest()  # type: ignore[arg-type]


def test_the_socket_answers_as_the_application_does(address: str, ask: Ask) -> None:
    form = {"queries": json.dumps({"q0": {"query": "거제도"}})}
    with httpx.Client(base_url=address) as client:
        assert client.post("", data=form).json() == ask("POST", "/", data=form).json()
        assert client.post("", data=form).json() == ask("POST", "/", data=form).json()  # the connection is kept
        assert client.get("/suggest/entity", params={"prefix": "거제"}).json()["result"][0]["id"] == "place:koje-do"
        manifest = client.get("").json()
        assert manifest["suggest"]["entity"]["service_url"] == address
        assert client.head("").content == b""
        assert client.options("").status_code == 204
        assert client.request("PUT", "").status_code == 405
    with httpx.Client(base_url=address) as client:
        assert client.post("", content=b"x" * (1 << 20) + b"x").status_code == 413
        assert client.get("").status_code == 200


# --- tables -------------------------------------------------------------------------------------------------

TABLE = "no,name,note\n1,Koje Do,=1+1\n2,Pak Hon-yong,-5\n3,Nobody,\n4,,\n"


def read(text: str) -> list[Row]:
    return list(csv.DictReader(io.StringIO(text.lstrip("\ufeff"), newline="")))


def test_a_table_gets_what_its_names_are(icrc: Command, tmp_path: Path) -> None:
    (tmp_path / "in.csv").write_text(TABLE, encoding="utf-8")
    said = icrc("reconcile", tmp_path / "in.csv", "--column", "name", "--root", ROOT)
    assert said.code == 0, said.err
    found = read(said.out)
    assert [(row["no"], row["id"], row["match"]) for row in found] == [
        ("1", "place:koje-do", "true"), ("2", "person:pak-heun-young", "true"), ("3", "", ""), ("4", "", ""),
    ]  # fmt: skip
    assert found[0]["iri"] == THINGS + "place/koje-do"
    assert found[0]["label"] == "Koje-do"
    assert "its other name" in found[1]["why"]
    assert "2 found surely (match true), 0 to be looked at (match false), 2 not found" in said.err


def test_no_cell_is_a_formula(icrc: Command, tmp_path: Path) -> None:
    """Cells that a spreadsheet would run become text; amounts stay amounts."""
    said = icrc("reconcile", "-", "--column", "name", "--root", ROOT, stdin=TABLE)
    found = read(said.out)
    assert found[0]["note"] == "'=1+1"
    assert found[1]["note"] == "-5"
    assert "1 cell that a spreadsheet would run" in said.err
    bad = icrc("reconcile", "-", "--column", "=name", "--root", ROOT, stdin='=name,x\n"=HYPERLINK(""x"")",@y\n')
    assert not re.search(r"(^|,)\"?[=@+]", bad.out, re.M)


@pytest.mark.parametrize(
    ("encoding", "options"),
    [("utf-8", ()), ("utf-8-sig", ()), ("utf-16", ()), ("cp949", ("--encoding", "cp949"))],
)
@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_a_table_may_be_written_in_many_ways(
    encoding: str, options: tuple[str, ...], delimiter: str, icrc: Command, tmp_path: Path
) -> None:
    path = tmp_path / "in.csv"
    path.write_bytes(f"이름{delimiter}x\r\n거제도{delimiter}1\r\n".encode(encoding))
    out = tmp_path / "out.csv"
    said = icrc("reconcile", path, "--column", "이름", "--class", "Place", "-o", out, *options, "--root", ROOT)
    assert (said.code, said.out) == (0, ""), said.err
    written = out.read_bytes().decode("utf-8-sig")
    assert out.read_bytes().startswith(b"\xef\xbb\xbf")
    assert written.startswith(delimiter.join(["이름", "x", "id", "iri"]))
    assert written.count("\r\n") == 2
    assert f"거제도{delimiter}1{delimiter}place:koje-do" in written


def test_columns_that_are_taken_are_not_written_over(icrc: Command) -> None:
    said = icrc("reconcile", "-", "--column", "label", "--root", ROOT, stdin="id,label\n7,Geneva\n")
    assert read(said.out)[0]["id"] == "7"
    assert read(said.out)[0]["reconciled_id"] == "place:geneva"


@pytest.mark.parametrize(
    ("arguments", "data", "code", "says"),
    [
        (["--column", "nam"], b"name,x\nGeneva,1\n", 2, "did you mean 'name'? the columns are: 'name', 'x'"),
        (["--column", "y"], b"name,x\nGeneva,1\n", 2, "the columns are: 'name', 'x'"),
        (["--column", "name"], b"name,name\nGeneva,1\n", 2, "2 columns called 'name'"),
        (["--column", "name", "--class", "Plac"], b"name\nGeneva\n", 2, "did you mean Place"),
        (["--column", "name", "--encoding", "martian"], b"name\nGeneva\n", 2, "no encoding called 'martian'"),
        (["--column", "name"], b"", 3, "the table is empty"),
        (["--column", "name"], b"\n\n", 3, "the table is empty"),
        (["--column", "name"], b"name,x\nGeneva,1,2\n", 3, ":2:1: 3 cells where the header has 2"),
        (["--column", "name"], b'name,x\n"Geneva,1\n', 3, "no row of a table"),
        (["--column", "name"], "name\nGenève\n".encode("latin-1"), 3, ":2:1: a character here is not written in UTF-8"),
        ([], b"name\n", 2, "needs a table and the column"),
    ],
)  # fmt: skip
def test_a_table_that_cannot_be_used(
    arguments: list[str], data: bytes, code: int, says: str, icrc: Command, tmp_path: Path
) -> None:
    path = tmp_path / "in.csv"
    path.write_bytes(data)
    said = icrc("reconcile", path, *arguments, "--root", ROOT)
    assert (said.code, said.out) == (code, "")
    assert says in said.err


def test_a_table_that_is_not_there(icrc: Command, tmp_path: Path) -> None:
    assert icrc("reconcile", tmp_path / "no.csv", "--column", "x", "--root", ROOT).code == 3
    assert icrc("reconcile", "--root", ROOT).code == 2
    (tmp_path / "in.csv").write_text("x\n", encoding="utf-8")
    said = icrc("reconcile", tmp_path / "in.csv", "--column", "x", "-o", tmp_path, "--root", ROOT)
    assert (said.code, "is a folder" in said.err) == (2, True)


def test_short_rows_are_filled_up(matcher: Matcher) -> None:
    table = tables.read(b"name,x\nGeneva\n", "t")
    tables.match(table, "name", matcher)
    assert table.rows[0][:3] == ["Geneva", "", "place:geneva"]
    assert os.linesep not in table.rows[0]
