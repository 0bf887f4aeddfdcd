"""A store that is served may be written by who has the token: whole, in order, and for good."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import pytest
from conftest import Command, ran
from service import SUITES, Service, serving

TOKEN = "a-token-for-these-tests"
AUTH = {"authorization": f"Bearer {TOKEN}"}
TURTLE = {**AUTH, "content-type": "text/turtle"}
UPDATE = {**AUTH, "content-type": "application/sparql-update"}


@pytest.fixture(autouse=True, scope="module")
def token() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ICRC_KOREA_TOKEN", TOKEN)
        yield


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory, token: None) -> Iterator[Service]:
    with serving("--writable", tmp_path_factory.mktemp("written")) as running:
        yield running


def values(service: Service, graph: str) -> set[str]:
    answer = service.sparql(f"SELECT ?o {{ GRAPH <{graph}> {{ ?s ?p ?o }} }}")
    assert answer.status_code == 200, (answer.text, service.said)
    return {row["o"]["value"] for row in answer.json()["results"]["bindings"]}


def changed(service: Service, text: str) -> httpx.Response:
    return service.client.post("/update", content=text.encode(), headers=UPDATE)


def test_it_needs_a_token_that_nobody_guesses(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for given in ("", "short"):
        monkeypatch.setenv("ICRC_KOREA_TOKEN", given)
        done = ran("serve", "--writable", tmp_path, "--port", "0")
        assert done.code == 2
        assert "ICRC_KOREA_TOKEN" in done.err


@pytest.mark.parametrize("headers", [{}, {"authorization": "Bearer wrong"}, {"authorization": TOKEN},
                                     {"authorization": "Basic " + TOKEN}, {"cookie": TOKEN}])  # fmt: skip
@pytest.mark.parametrize("what", [
    "POST /update", "PUT /store?graph=urn:g", "POST /store?default", "DELETE /store?graph=urn:g"])
def test_nobody_writes_without_it(headers: dict[str, str], what: str, service: Service) -> None:
    method, address = what.split()
    kind = "application/sparql-update" if address == "/update" else "text/turtle"
    answer = service.client.request(method, address, content=b"", headers={"content-type": kind, **headers})
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"].startswith("Bearer")
    assert "access-control-allow-origin" not in answer.headers
    assert TOKEN not in "".join(service.said)


def test_a_graph_goes_in_and_out(service: Service) -> None:
    where = "/store?graph=urn:in-and-out"
    assert service.client.put(where, content=b'<> <urn:p> "one", [] .', headers=TURTLE).status_code == 201
    first = service.client.get(where, headers={"accept": "application/n-triples"})
    assert first.text.count("<urn:in-and-out> <urn:p>") == 2
    assert service.client.put(where, content=b'<> <urn:p> "two" .', headers=TURTLE).status_code == 204
    assert values(service, "urn:in-and-out") == {"two"}
    assert service.client.post(where, content=b'<> <urn:p> "three" .', headers=TURTLE).status_code == 204
    assert values(service, "urn:in-and-out") == {"two", "three"}
    assert service.client.delete(where, headers=AUTH).status_code == 204
    assert service.client.get(where).status_code == 404
    assert service.client.delete(where, headers=AUTH).status_code == 404


def test_who_changes_what_another_has_changed_is_told(service: Service) -> None:
    where = "/store?graph=urn:matched"
    new = {**TURTLE, "if-none-match": "*"}
    assert service.client.put(where, content=b'<urn:a> <urn:p> "0" .', headers=new).status_code == 201
    assert service.client.put(where, content=b'<urn:a> <urn:p> "1" .', headers=new).status_code == 412
    tag = service.client.get(where).headers["etag"]
    matching = {**TURTLE, "if-match": tag}
    assert service.client.put(where, content=b'<urn:a> <urn:p> "2" .', headers=matching).status_code == 204
    assert service.client.put(where, content=b'<urn:a> <urn:p> "3" .', headers=matching).status_code == 412
    assert values(service, "urn:matched") == {"2"}


@pytest.mark.parametrize(("text", "says"), [
    ("LOAD <http://127.0.0.1:9/>", "LOAD"),
    ("INSERT { ?s ?p ?o } WHERE { SERVICE <http://127.0.0.1:9/> { ?s ?p ?o } }", "SERVICE"),
    ("INSERT DATA {", ""),
    ("INSERT DATA { <urn:a> <urn:b> 1 } ; CREATE GRAPH <urn:x> ; CREATE GRAPH <urn:x>", "update"),
    ("INSERT DATA {" + "{" * 5000, "nested"),
])  # fmt: skip
def test_an_update_that_is_refused_changes_nothing(text: str, says: str, service: Service) -> None:
    count = "SELECT (COUNT(*) AS ?n) { { ?s ?p ?o } UNION { GRAPH ?g { ?s ?p ?o } } }"
    before = service.sparql(count).json()["results"]
    answer = changed(service, text)
    assert answer.status_code == 400, answer.text
    assert says in answer.json()["detail"] + answer.json().get("remedy", "")
    assert service.sparql(count).json()["results"] == before


def test_no_change_of_sixteen_writers_is_lost(service: Service) -> None:
    changed(service, "CLEAR SILENT GRAPH <urn:count> ; INSERT DATA { GRAPH <urn:count> { <urn:n> <urn:is> 0 } }")
    one_more = ("WITH <urn:count> DELETE { <urn:n> <urn:is> ?n } INSERT { <urn:n> <urn:is> ?m } "
                "WHERE { <urn:n> <urn:is> ?n BIND (?n + 1 AS ?m) }")  # fmt: skip
    with ThreadPoolExecutor(16) as pool:
        told = list(pool.map(lambda _: httpx.post(f"{service.address}/update", content=one_more, headers=UPDATE,
                                                  timeout=60).status_code, range(160)))  # fmt: skip
    assert set(told) == {204}
    assert values(service, "urn:count") == {"160"}


def writer_of(folder: Path) -> int:
    """The process that writes a folder."""
    listed = subprocess.run(["ps", "-wweo", "pid=,args="], capture_output=True, text=True, check=True).stdout
    lines = [line for line in listed.splitlines() if "icrc_korea.web.writer" in line and str(folder) in line]
    return int(lines[0].split()[0])


def test_nothing_acknowledged_is_lost_when_it_is_killed(tmp_path: Path) -> None:
    """The service, its writer and its readers, one way after another, while four clients write."""
    folder, acknowledged, number = tmp_path / "written", set[str](), 0
    for turn in range(6):
        with serving("--writable", folder) as service:
            done = threading.Event()

            def write(name: int, turn: int = turn, service: Service = service, done: threading.Event = done) -> None:
                with httpx.Client(base_url=service.address, timeout=10) as client:
                    count = 0
                    while not done.is_set():
                        count += 1
                        value = f"{turn}-{name}-{count}"
                        text = f'INSERT DATA {{ GRAPH <urn:kept> {{ <urn:a> <urn:b> "{value}", "{value}+" }} }}'
                        try:
                            if client.post("/update", content=text, headers=UPDATE).status_code == 204:
                                acknowledged.add(value)
                        except httpx.TransportError:
                            return

            threads = [threading.Thread(target=write, args=(name,)) for name in range(4)]
            for thread in threads:
                thread.start()
            until = time.monotonic() + 60
            while len(acknowledged) < number + 20 + 7 * turn:
                assert time.monotonic() < until
                time.sleep(0.005)
            os.kill(service.process.pid if turn % 2 else writer_of(folder), signal.SIGKILL)
            time.sleep(0.1 if turn % 2 else 1.5)
            done.set()
            for thread in threads:
                thread.join()
            number = len(acknowledged)
    with serving("--writable", folder) as service:
        kept = values(service, "urn:kept")
    assert acknowledged - kept == set()
    assert {value for value in kept if value.removesuffix("+") + "+" not in kept} == set()  # none by halves


def test_a_second_writer_is_refused(service: Service, tmp_path: Path) -> None:
    with serving("--writable", tmp_path / "one"):
        done = ran("serve", "--writable", tmp_path / "one", "--port", "0")
        assert done.code != 0
        assert "cannot be opened" in done.err


def test_a_folder_with_other_things_is_no_store(tmp_path: Path) -> None:
    (tmp_path / "letter.txt").write_text("Dear …", encoding="utf-8")
    done = ran("serve", "--writable", tmp_path, "--port", "0")
    assert done.code != 0
    assert "other things" in done.err
    assert [item.name for item in tmp_path.iterdir()] == ["letter.txt"]


def test_faults_are_told_or_refused(tmp_path: Path) -> None:
    wrong = b"<https://w3id.org/icrc-korea/id/message/x> <https://w3id.org/icrc-korea/ontology#nix> 1 ."
    for check, status in (("warn", 201), ("refuse", 422)):
        with serving("--writable", tmp_path / check, "--check", check, "--time-limit", "60") as service:
            answer = service.client.put("/store?graph=urn:checked", content=wrong, headers=TURTLE)
            assert answer.status_code == status
            assert any(found["rule"] == "dangling" for found in answer.json()["findings"])
            assert bool(values(service, "urn:checked")) is (check == "warn")


def test_push_and_verify_work_as_with_any_store(service: Service, icrc: Command) -> None:
    where = ("oxigraph", service.address, "--quiet")
    first = icrc("push", *where, "--format", "json")
    assert first.code == 0, first.err
    assert len(json.loads(first.out)["written"]) > 100
    assert icrc("verify", *where).code == 0
    again = json.loads(icrc("push", *where, "--format", "json").out)
    assert (again["written"], again["removed"]) == ([], [])


SUITE = SUITES / "sparql-protocol" / "protocol_cases.json"


def cases() -> list[dict[str, Any]]:
    """What is about writing, where the suite is at hand."""
    every = json.loads(SUITE.read_text(encoding="utf-8")) if SUITE.exists() else []
    return [case for case in every if case["suite"].startswith("gsp") or "update" in case["id"]]


@pytest.mark.skipif(not SUITE.exists(), reason="the W3C protocol tests are not at hand (ICRC_KOREA_SUITES)")
def test_the_tests_of_the_w3c(service: Service) -> None:
    wrong = []
    for case in cases():
        location = ""
        changed(service, "DROP ALL")
        for request in case["requests"]:
            path = re.sub("^/gsp", "/store", request["path"]).replace("$LOCATION$", location)
            headers = {**AUTH, **request["headers"]}
            body = (request.get("body") or "").encode(request.get("body_encoding") or "utf-8")
            if request["headers"].get("content-type", "").startswith("multipart"):
                body = "\r\n".join(line.strip() for line in body.decode().strip().splitlines()).encode()
            answer = service.client.request(request["method"], service.address + path, headers=headers, content=body)
            location = answer.headers.get("location", location)
            expected = request["response"]
            names = {"Created": 201, "NoContent": 204, "OK": 200, "NotFound": 404}
            fits = any(names.get(name) == answer.status_code or name == f"StatusCode{answer.status_code // 100}xx"
                       for name in expected["expect_status"])  # fmt: skip
            if fits and "expectedBoolean" in expected:
                fits = answer.json()["boolean"] is expected["expectedBoolean"]
            if fits and request["method"] == "GET" and expected.get("body"):
                fits = same(answer.text, expected["body"], service.address + path)
            if not fits:
                wrong.append((case["id"], request["method"], path, answer.status_code, answer.text[:200]))
    assert wrong == [], service.said


def same(one: str, other: str, base: str) -> bool:
    from rdflib import Graph
    from rdflib.compare import isomorphic

    return isomorphic(*(Graph().parse(data=text, format="turtle", publicID=base) for text in (one, other)))
