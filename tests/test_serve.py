"""The service answers SPARQL, things and questions as the standards say, and nothing takes it down.

Requests are cases in `cases/serve/`. All go over a socket to a service that was started as a person would start it.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from urllib.parse import unquote_to_bytes

import httpx
import pytest
import yaml
from conftest import ROOT
from hypothesis import given
from hypothesis import strategies as st
from service import SUITES, Service, serving

from icrc_korea.web.direct import unquoted
from icrc_korea.workers.places import Busy, Job, Places

CASES = Path(__file__).parent / "cases" / "serve"
REQUESTS = yaml.safe_load((CASES / "requests.yaml").read_text(encoding="utf-8"))
NESTED = yaml.safe_load((CASES / "nested.yaml").read_text(encoding="utf-8"))
METHODS = ("get", "head", "options", "post", "put", "delete", "patch")
CROSS = "SELECT (COUNT(*) AS ?n) { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i }"


class Canary:
    """A port that counts who comes: nobody may."""

    def __init__(self) -> None:
        self.count = 0
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.address = f"http://127.0.0.1:{self.socket.getsockname()[1]}/"
        threading.Thread(target=self._listen, daemon=True).start()

    def _listen(self) -> None:
        while True:
            try:
                came, _ = self.socket.accept()
            except OSError:
                return
            self.count += 1
            came.close()


@pytest.fixture(scope="module")
def service() -> Iterator[Service]:
    with serving("--time-limit", "3", "--memory-limit", "512M") as running:
        yield running


@pytest.fixture(scope="module")
def canary() -> Iterator[Canary]:
    one = Canary()
    yield one
    one.socket.close()


def case_name(case: dict[str, Any]) -> str:
    method = next((name for name in METHODS if name in case), "query")
    return f"{method} {case[method]}"[:70] + (f" {case['headers']}"[:40] if "headers" in case else "")


# --- one request ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("case", REQUESTS, ids=case_name)
def test_a_request_is_answered_as_its_case_says(case: dict[str, Any], service: Service, canary: Canary) -> None:
    method = next((name for name in METHODS if name in case), "query")
    text = str(case[method]).replace("CANARY", canary.address)
    headers = case.get("headers", {})
    if method == "query":
        answer = service.sparql(text)
    else:
        answer = service.client.request(method, service.address + text, headers=headers, content=case.get("body"))
    allowed = case["status"] if isinstance(case["status"], list) else [case["status"]]
    assert answer.status_code in allowed, answer.text[:500]
    assert answer.headers.get("content-type", "").startswith(case.get("type", ""))
    assert case.get("says", "") in answer.text
    for name, value in case.get("has", {}).items():
        assert value in answer.headers.get(name, "")
    for name in case.get("lacks", []):
        assert name not in answer.headers
    if answer.status_code >= 400 and method != "head" and not text.startswith("/reconcile"):
        problem = answer.json()
        assert problem["status"] == answer.status_code
        assert problem["detail"]
        assert str(ROOT) not in answer.text
    assert canary.count == 0


@pytest.mark.parametrize("case", NESTED, ids=lambda case: f"{case['begin']}{case['open']}".strip())
@pytest.mark.parametrize("depth", [50, 1000, 10_000, 100_000])
def test_nesting_ends_no_service(case: dict[str, str], depth: int, service: Service) -> None:
    inner = case["open"] * depth + case.get("middle", "") + case.get("close", "") * depth
    query = case["begin"] + inner + case.get("end", "")
    answer = service.client.post("/sparql", data={"query": query})
    assert answer.status_code in (200, 400, 413, 503), answer.text[:300]
    assert service.sparql("ASK {}").json()["boolean"] is True


def test_a_body_that_is_too_large_is_refused(service: Service) -> None:
    headers = {"content-type": "application/sparql-query"}
    answer = service.client.post("/sparql", content=b"#" * (2 << 20), headers=headers)
    assert answer.status_code == 413


def test_headers_that_are_too_large_are_refused(service: Service) -> None:
    with socket.create_connection(("127.0.0.1", service.port), 10) as link:
        link.sendall(b"GET / HTTP/1.1\r\nhost: localhost\r\n")
        for _ in range(200):
            try:
                link.sendall(b"x-more: " + b"a" * 1000 + b"\r\n")
            except OSError:
                break
        assert link.recv(100).startswith(b"HTTP/1.1 431")


@pytest.mark.parametrize("case", [case for case in REQUESTS if str(case.get("get", "")).startswith("/sparql?query=")
                                  and "host" not in case.get("headers", {})], ids=case_name)  # fmt: skip
def test_the_short_way_says_what_the_long_one_says(case: dict[str, Any], service: Service) -> None:
    """A header that has no meaning here sends a request the long way."""
    answers = [
        service.client.get(service.address + case["get"], headers={**case.get("headers", {}), **more})
        for more in ({}, {"if-none-match": '"of nothing"'})
    ]
    first, second = ((answer.status_code, {**answer.headers, "date": ""}, answer.content) for answer in answers)
    assert first == second


@given(st.lists(st.sampled_from([b"%", b"%4", b"%7B", b"+", b"\\", b"x", b"%zz", b"N{", b"%c3%A9", b"\xc3"])))
def test_a_field_is_read_as_the_standard_library_reads_it(pieces: list[bytes]) -> None:
    text = b"".join(pieces)
    assert unquoted(text) == unquote_to_bytes(text.replace(b"+", b" "))


def test_nobody_gets_all_slow_places() -> None:
    places, now = Places(quick=1, slow=2, most_waiting=8), asyncio.new_event_loop()
    jobs = [Job(b"{}", b"", None, who, now.create_future()) for who in ("a", "a", "b", "", "")]
    for job in jobs[:3]:
        places.put(job)
        assert places.next() is job
        job.child = True
        if not places.slows(job):
            job.child = None  # its child was ended
    assert places.crawling == {jobs[0], jobs[2]}
    places.leave(jobs[2])
    assert places.next() is None  # the second of the same who asks goes on waiting
    places.leave(jobs[0])
    assert places.next() is jobs[1]
    places.put(Job(b"{}", b"", None, "c", now.create_future()))
    places.put(Job(b"{}", b"", None, "c", now.create_future()))
    with pytest.raises(Busy):
        places.put(Job(b"{}", b"", None, "c", now.create_future()))
    places.put(jobs[3])
    now.close()


# --- what is kept, and what is packed -------------------------------------------------------------------------


def test_an_answer_that_the_client_has_is_not_sent_again(service: Service) -> None:
    first = service.sparql("SELECT * { ?s kw:sender ?o }")
    again = service.sparql("SELECT * { ?s kw:sender ?o }", headers={"if-none-match": first.headers["etag"]})
    assert again.status_code == 304
    assert again.content == b""
    other = service.sparql("SELECT * { ?s kw:sender ?o }", headers={"accept": "text/csv"})
    assert other.headers["etag"] != first.headers["etag"]


def test_what_changes_by_itself_is_not_kept(service: Service) -> None:
    seen = {service.sparql("SELECT (STRUUID() AS ?x) {}").text for _ in range(3)}
    assert len(seen) == 3
    assert service.sparql("SELECT (NOW() AS ?x) {}").headers["cache-control"] == "no-store"


@pytest.mark.parametrize("encoding", ["gzip", "br"])
def test_answers_are_packed_as_the_client_wishes(encoding: str, service: Service) -> None:
    query = "SELECT * { ?s rdfs:label ?o } ORDER BY ?s"
    plain = service.sparql(query, headers={"accept-encoding": "identity"})
    packed = service.sparql(query, headers={"accept-encoding": encoding})
    assert packed.headers["content-encoding"] == encoding
    assert packed.content == plain.content  # httpx unpacks
    assert packed.headers["etag"] != plain.headers["etag"]


# --- many at once ----------------------------------------------------------------------------------------------


def slow_ones(service: Service, number: int) -> list[httpx.Response]:
    def ask(_: int) -> httpx.Response:
        return httpx.get(f"{service.address}/sparql", params={"query": CROSS}, timeout=60)

    with ThreadPoolExecutor(number) as pool:
        return list(pool.map(ask, range(number)))


@pytest.mark.parametrize("number", [2, 10, 50])
def test_queries_without_end_keep_nobody_waiting(number: int, service: Service) -> None:
    found: list[httpx.Response] = []
    hostile = threading.Thread(target=lambda: found.extend(slow_ones(service, number)))
    hostile.start()
    small = 0
    while hostile.is_alive():
        assert service.sparql(f"ASK {{ ?s kw:sender ?o }} # {small}").status_code == 200
        small += 1
    assert len(found) == number
    assert {answer.status_code for answer in found} == {503}
    assert small > 20  # while the others ran


def test_connections_that_never_ask_keep_nobody_out(service: Service) -> None:
    links = []
    try:
        for _ in range(1000):
            link = socket.create_connection(("127.0.0.1", service.port), 10)
            link.sendall(b"GET /sparql?query=ASK%7B%7D HTTP/1.1\r\nhost: loc")
            links.append(link)
        assert httpx.get(f"{service.address}/sparql", params={"query": "ASK {}"}).json()["boolean"] is True
    finally:
        for link in links:
            link.close()


def children_of(process: int) -> list[int]:
    listed = subprocess.run(["ps", "-eo", "pid=,ppid="], capture_output=True, text=True, check=True).stdout
    pairs = [line.split() for line in listed.splitlines()]
    return [int(child) for child, parent in pairs if int(parent) == process]


def test_children_that_are_killed_are_replaced(service: Service) -> None:
    for nursery in children_of(service.process.pid):
        for child in children_of(nursery):
            os.kill(child, signal.SIGKILL)
    for number in range(20):
        assert service.sparql(f"ASK {{}} # {number}").status_code in (200, 400)
    assert service.client.get("/search?q=Koje").status_code in (200, 400)
    assert service.sparql("ASK {} # at last").status_code == 200


def test_a_nursery_that_is_killed_is_replaced(service: Service) -> None:
    for nursery in children_of(service.process.pid):
        os.kill(nursery, signal.SIGKILL)
    for number in range(200):
        answer = service.sparql(f"ASK {{}} # again {number}")
        if answer.status_code == 200:
            break
        assert answer.status_code in (400, 503)
        time.sleep(0.1)
    assert answer.status_code == 200


def test_no_child_lives_longer_than_its_service() -> None:
    with serving() as running:
        assert running.sparql("ASK {}").status_code == 200
        nurseries = children_of(running.process.pid)
        born = [child for one in nurseries for child in children_of(one)]
        assert born
        running.process.kill()
        running.process.wait(10)
        until = time.monotonic() + 20
        while any(Path(f"/proc/{one}").exists() for one in (*nurseries, *born)) and time.monotonic() < until:
            time.sleep(0.05)
        assert not any(Path(f"/proc/{one}").exists() for one in (*nurseries, *born))


# --- every question and every thing ---------------------------------------------------------------------------


def test_every_question_is_an_address_as_the_description_says(service: Service) -> None:
    described = service.client.get("/openapi.json").json()
    paths = [path for path in described["paths"] if path.startswith("/q/")]
    assert len(paths) > 100
    for path in paths:
        for ending in described["paths"][path]["get"]["parameters"][0]["schema"]["enum"]:
            answer = service.client.get(path.replace("{format}", ending))
            assert answer.status_code == 200, (path, ending, answer.text[:200])
            types = described["paths"][path]["get"]["responses"]["200"]["content"]
            assert answer.headers["content-type"].partition(";")[0] in types


def test_every_name_of_the_graph_is_an_address(service: Service, quads: list[Any]) -> None:
    base = "https://w3id.org/icrc-korea/"
    names = {
        term.value.partition("#")[0]
        for quad in quads for term in (quad.subject, quad.predicate, quad.object, quad.graph_name)
        if type(term).__name__ == "NamedNode" and term.value.startswith(base)
    } - {base + "sparql"}  # fmt: skip
    assert len(names) > 1000
    for name in sorted(names):
        answer = service.client.get("/" + name.removeprefix(base), headers={"accept": "application/n-triples"})
        assert answer.status_code == 200, name
        assert answer.content.count(b"\n") >= 1, name


def test_the_description_is_kept_for_all_values(service: Service, tmp_path: Path) -> None:
    """Whether a name is one of the graph, and whether rows are statements, no schema can say."""
    done = subprocess.run(
        [
            sys.executable, "-m", "schemathesis.cli", "run", f"{service.address}/openapi.json",
            "--phases", "coverage,fuzzing", "--max-examples", "2", "--max-time", "45", "--seed", "1",
            "--generation-deterministic", "--exclude-checks", "positive_data_acceptance", "--include-path-regex",
            "/q/(people|statistics|chronology)/", "--request-timeout", "20",
        ],
        capture_output=True, text=True, check=False, cwd=tmp_path,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-5000:] + done.stderr[-2000:]


# --- clients of others -----------------------------------------------------------------------------------------


def test_sparqlwrapper_asks(service: Service) -> None:
    from SPARQLWrapper import CSV, JSON, POST, TURTLE, XML, SPARQLWrapper

    for method in ("GET", POST):
        client = SPARQLWrapper(f"{service.address}/sparql")
        client.setMethod(method)
        client.setQuery("SELECT * { ?s kw:sender ?o } LIMIT 3")
        client.setReturnFormat(JSON)
        assert len(client.queryAndConvert()["results"]["bindings"]) == 3
        client.setReturnFormat(XML)
        assert client.queryAndConvert().getElementsByTagName("result").length == 3
        client.setReturnFormat(CSV)
        assert client.queryAndConvert().count(b"\n") == 4
        client.setQuery("CONSTRUCT WHERE { ?s kw:sender ?o }")
        client.setReturnFormat(TURTLE)
        assert b"kw:sender" in client.queryAndConvert()


def test_rdflib_asks(service: Service) -> None:
    from rdflib import Graph
    from rdflib.plugins.stores.sparqlstore import SPARQLStore

    graph = Graph(store=SPARQLStore(f"{service.address}/sparql"))
    rows = list(graph.query("SELECT ?s ?o { ?s <https://w3id.org/icrc-korea/ontology#sender> ?o } LIMIT 3"))
    assert len(rows) == 3


def test_rdflib_reads_a_thing_in_every_format(service: Service) -> None:
    from rdflib import Graph
    from rdflib.compare import to_canonical_graph

    graphs = [
        Graph().parse(data=service.client.get(f"/id/person/paul-ruegger.{ending}").content, format=form)
        for ending, form in (("ttl", "turtle"), ("nt", "nt"), ("jsonld", "json-ld"), ("rdf", "xml"))
    ]
    assert len(graphs[0]) > 50
    assert {frozenset(to_canonical_graph(graph)) for graph in graphs} == {frozenset(to_canonical_graph(graphs[0]))}


def test_an_editor_in_a_browser_asks(service: Service) -> None:
    """As Yasgui does: from a page elsewhere, by a form, with its own Accept."""
    origin = {"origin": "https://yasgui.example"}
    wish = {**origin, "access-control-request-method": "POST", "access-control-request-headers": "content-type"}
    before = service.client.options("/sparql", headers=wish)
    assert "POST" in before.headers["access-control-allow-methods"]
    assert "content-type" in before.headers["access-control-allow-headers"].lower()
    headers = {**origin, "accept": "application/sparql-results+json,*/*;q=0.9"}
    answer = service.client.post("/sparql", data={"query": "SELECT * { ?s kw:sender ?o }"}, headers=headers)
    assert answer.headers["access-control-allow-origin"] == "*"
    assert "access-control-allow-credentials" not in answer.headers
    assert answer.json()["results"]["bindings"]


# --- the tests of the W3C --------------------------------------------------------------------------------------

SUITE = SUITES / "sparql-protocol"


@pytest.fixture(scope="module")
def suite_service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    from conftest import ran

    folder = tmp_path_factory.mktemp("protocol")
    lines = []
    for path in sorted((SUITE / "data").glob("*.nt")):
        graph = f"http://kasei.us/2009/09/sparql/data/{path.stem}.rdf"
        for line in path.read_text(encoding="utf-8").splitlines():
            if line.strip().endswith("."):
                lines.append(f"{line.strip()[:-1]} <{graph}> .\n")
    (folder / "data.nq").write_text("".join(lines), encoding="utf-8")
    ran("--root", ROOT, "build", "--store", folder / "store", folder / "data.nq")
    with serving("--store", folder / "store") as running:
        yield running


@pytest.mark.skipif(not SUITE.exists(), reason="the W3C protocol tests are not at hand (ICRC_KOREA_SUITES)")
def test_the_protocol_tests_of_the_w3c(suite_service: Service) -> None:
    wrong = []
    for case in json.loads((SUITE / "protocol_cases.json").read_text(encoding="utf-8")):
        if case["suite"] != "protocol" or "update" in case["id"]:
            continue
        for request in case["requests"]:
            body = request.get("body", "").encode(request.get("body_encoding") or "utf-8")
            answer = suite_service.client.request(
                request["method"], suite_service.address + request["path"], headers=request["headers"], content=body
            )
            wanted = request["response"]
            fits = f"StatusCode{answer.status_code // 100}xx" in wanted["expect_status"]
            if fits and "expectedBoolean" in wanted:
                fits = answer.json()["boolean"] is wanted["expectedBoolean"]
            if not fits:
                wrong.append((case["id"], answer.status_code, answer.text[:200]))
    assert wrong == []
