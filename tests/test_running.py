"""The service can be watched, stopped and given a new build while it runs, and no reader notices."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import httpx
import pytest
from conftest import ROOT, environment, ran
from prometheus_client.parser import text_string_to_metric_families
from service import Service, serving

CROSS = "SELECT (COUNT(*) AS ?n) { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i }"


def test_it_says_whether_it_is_well() -> None:
    with serving() as service:
        answer = service.client.get("/healthz", headers={"host": "10.1.2.3"})  # as an orchestrator asks
        assert (answer.status_code, answer.json()) == (200, {"status": "ok"})


def test_prometheus_reads_its_figures() -> None:
    with serving() as service:
        for _ in range(3):
            service.sparql("ASK { ?s kw:sender ?o }")
        service.sparql("ASK {")
        service.client.get("/id/person/paul-ruegger.ttl")
        read = {family.name: family for family in text_string_to_metric_families(service.client.get("/metrics").text)}
        counts = {(one.labels["kind"], one.labels["status"]): one.value
                  for one in read["icrc_korea_requests"].samples}  # fmt: skip
        assert counts == {("sparql", "200"): 3, ("sparql", "400"): 1, ("thing", "200"): 1}
        spans = read["icrc_korea_request_seconds"].samples
        every = [one.value for one in spans if one.name.endswith("_count") and one.labels["kind"] == "sparql"]
        last = [one.value for one in spans if one.labels.get("le") == "+Inf" and one.labels["kind"] == "sparql"]
        assert every == last == [4]
        kept = {one.labels["kept"]: one.value for one in read["icrc_korea_cache_answers"].samples}
        assert kept == {"yes": 2, "no": 2}


@pytest.mark.parametrize("header", ["x-forwarded-for", "forwarded", "via", "x-real-ip"])
def test_its_figures_are_for_this_machine_alone(header: str) -> None:
    with serving() as service:
        assert service.client.get("/metrics", headers={header: "192.0.2.1"}).status_code == 404
    with serving("--metrics") as service:
        assert service.client.get("/metrics", headers={header: "192.0.2.1"}).status_code == 200


def test_its_log_is_json_without_what_visitors_ask() -> None:
    with serving("--log-format", "json") as service:
        service.sparql("ASK { ?secret ?b ?c }", headers={"authorization": "Bearer hush"})
        service.client.get("/search", params={"q": "secret\r\nname"}, headers={"cookie": "hush"})
        service.client.post("/sparql", content=b"ASK { ?secret ?b ?c }",
                            headers={"content-type": "application/sparql-query"})  # fmt: skip
    lines = [json.loads(line) for line in service.said]
    requests = [(line["method"], line["path"], line["status"]) for line in lines if line["event"] == "request"]
    assert requests == [("GET", "/sparql", 200), ("GET", "/search", 200), ("POST", "/sparql", 200)]
    assert "secret" not in str(lines)
    assert "hush" not in str(lines)


class Readers:
    """Readers that ask all the time, and what they are told."""

    def __init__(self, service: Service, query: str, number: int = 4) -> None:
        self.service, self.query = service, query
        self.told: list[tuple[int, str]] = []
        self.done = threading.Event()
        self.threads = [threading.Thread(target=self._ask, args=(n,)) for n in range(number)]

    def _ask(self, number: int) -> None:
        with httpx.Client(base_url=self.service.address, timeout=30) as client:
            count = 0
            while not self.done.is_set():
                count += 1
                answer = client.get("/sparql", params={"query": f"{self.query} # {number} {count}"})
                self.told.append((answer.status_code, answer.text))

    def __enter__(self) -> Readers:
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.done.set()
        for thread in self.threads:
            thread.join()


def small_store(folder: Path, name: str, value: str) -> Path:
    """A store on disk with one statement."""
    lines = folder / f"{name}.nq"
    lines.write_text(f'<urn:a> <urn:b> "{value}" <urn:g> .\n', encoding="utf-8")
    ran("--root", ROOT, "build", "--store", folder / name, lines)
    return folder / name


def test_a_new_build_is_taken_up_and_no_request_is_dropped(tmp_path: Path) -> None:
    stores = [small_store(tmp_path, f"store-{value}", value) for value in ("old", "new")]
    current = tmp_path / "current"
    current.symlink_to(stores[0])
    with serving("--store", current) as service, Readers(service, "SELECT ?o { <urn:a> ?b ?o }") as readers:
        for turn in (1, 0, 1):
            (tmp_path / "next").symlink_to(stores[turn])
            (tmp_path / "next").replace(current)
            service.process.send_signal(signal.SIGHUP)
            wanted = ("old", "new")[turn]
            until = time.monotonic() + 60
            while wanted not in service.sparql(f"SELECT ?o {{ <urn:a> ?b ?o }} # {time.monotonic()}").text:
                assert time.monotonic() < until
    assert {status for status, _ in readers.told} == {200}
    answers = ["new" in text for _, text in readers.told]
    assert len(set(answers)) == 2
    assert sum("is served now" in line for line in service.said) == 3


def test_a_build_that_cannot_be_read_is_not_taken_up(tmp_path: Path) -> None:
    store = small_store(tmp_path, "store", "old")
    current = tmp_path / "current"
    current.symlink_to(store)
    with serving("--store", current) as service:
        current.unlink()
        current.symlink_to(tmp_path)
        service.process.send_signal(signal.SIGHUP)
        until = time.monotonic() + 60
        while not any("cannot be served" in line for line in service.said):
            assert time.monotonic() < until
            time.sleep(0.05)
        assert "old" in service.sparql("SELECT ?o { <urn:a> ?b ?o } # after").text


def test_what_was_asked_before_it_was_stopped_is_answered() -> None:
    with serving("--time-limit", "2") as service:
        found: list[httpx.Response] = []
        asking = threading.Thread(target=lambda: found.append(service.sparql(CROSS)))
        asking.start()
        time.sleep(0.5)
        service.process.send_signal(signal.SIGTERM)
        asking.join()
        assert [answer.status_code for answer in found] == [503]
        assert found[0].json()["limit"] == "time"
        assert service.process.wait(20) in (0, -signal.SIGTERM)


AS_SYSTEMD = """
import os, sys
os.dup2(int(sys.argv[1]), 3)
os.environ |= {"LISTEN_FDS": "1", "LISTEN_PID": str(os.getpid())}
os.execv(sys.executable, [sys.executable, "-m", "icrc_korea", "serve"])
"""


def test_a_socket_that_is_handed_over_outlives_a_restart() -> None:
    """As systemd does it: connections that come while nobody serves wait for the next who does."""
    with socket.create_server(("127.0.0.1", 0), backlog=64) as kept:
        port = kept.getsockname()[1]
        answers: list[int] = []

        def ask() -> None:
            for number in range(6):
                query = {"query": f"ASK {{}} # {number}"}
                answers.append(httpx.get(f"http://127.0.0.1:{port}/sparql", params=query, timeout=60).status_code)

        reader = threading.Thread(target=ask)
        for turn in range(2):
            process = subprocess.Popen([sys.executable, "-c", AS_SYSTEMD, str(kept.fileno())], env=environment(),
                                       pass_fds=[kept.fileno()], cwd=ROOT, stderr=subprocess.DEVNULL)  # fmt: skip
            if not turn:
                reader.start()
            until = time.monotonic() + 60
            while len(answers) < 3 * (turn + 1):
                assert time.monotonic() < until
                time.sleep(0.01)
            os.kill(process.pid, signal.SIGTERM)
            process.wait(20)
        reader.join()
    assert answers == [200] * 6
