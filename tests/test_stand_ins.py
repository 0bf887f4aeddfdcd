"""Stores that cannot be run here, by the protocol that is documented for them; and machines that fail.

Nothing here was tried on the stores named in `cases/stores/documented/`: a stand-in answers as their makers say.
"""

from __future__ import annotations

import os
import shutil
import ssl
import subprocess
from base64 import b64encode
from pathlib import Path
from typing import Any

import pyoxigraph as ox
import pytest
import yaml
from conftest import ROOT, Command, Said
from stand_in import StandIn, standing_in

from icrc_korea.stores.dialects import DIALECTS

CASES = Path(__file__).parent / "cases" / "stores"
DOCUMENTED = sorted((CASES / "documented").glob("*.yaml"))
FAULTS = {path.stem: yaml.safe_load(path.read_text(encoding="utf-8")) for path in sorted((CASES / "faults").glob("*"))}
WRITING = [name for name, case in FAULTS.items() if "push" in case]
READING = [name for name, case in FAULTS.items() if "query" in case]
PLAIN = {"graphs": "/store", "name": "graph", "takes": ["application/n-triples"], "methods": ["PUT", "DELETE"]}
SECRET = "correct-horse-battery"
OURS = "https://w3id.org/icrc-korea/graph/entities"
EVERYTHING = "SELECT ?s ?p ?o WHERE { ?s ?p ?o } ORDER BY ?o"
# seconds, and bytes:
LIMITS = {"services.http.QUIET": 0.1, "stores.push.PATIENCE": 0.5, "stores.remote.PATIENCE": 0.5}
LIMITS |= {"services.sparql.PATIENCE": 0.5}
LIMITS |= {"stores.push.LARGEST_ANSWER": 8_000_000, "services.sparql.MOST_IN_ANSWER": 8_000_000}
QUADS = "".join(f'<urn:a> <urn:p> "{n} é 전문 \u2003 😀 𐌰" <https://example.org/g{n % 2}> .\n' for n in range(10))


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("NETRC", str(tmp_path / "none"))
    monkeypatch.setattr("time.sleep", lambda _: None)
    for name, value in LIMITS.items():
        monkeypatch.setattr(f"icrc_korea.{name}", value)
    for name in ("ICRC_KOREA_USER", "ICRC_KOREA_PASSWORD", "ICRC_KOREA_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    path = tmp_path / "data.nq"
    path.write_text(QUADS, encoding="utf-8")
    return path


def test_every_store_is_either_tried_or_stood_in_for() -> None:
    assert {path.stem for path in DOCUMENTED} | {"generic"} == {
        name for name, dialect in DIALECTS.items() if not dialect.tried
    }


@pytest.mark.parametrize("path", DOCUMENTED, ids=lambda path: path.stem)
def test_a_documented_protocol(path: Path, data: Path, icrc: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    case = yaml.safe_load(path.read_text(encoding="utf-8"))
    if "token" in case["answers"]:
        monkeypatch.setenv("ICRC_KOREA_TOKEN", case["answers"]["token"])
    with standing_in(case["answers"]) as store:
        where = (path.stem, store.url + case["base"], "--from", data, "--root", ROOT)
        said = icrc("push", *where)
        assert said.code == 0, said.err
        assert store.asked == case["asked"]
        store.asked.clear()
        assert icrc("push", *where).code == 0
        assert all(line.endswith(" query") for line in store.asked), "a second push wrote something"
        said = icrc("verify", *where)
        assert said.code == 0, said.out + said.err
        data.write_text(QUADS.replace("/g1", "/g2"), encoding="utf-8")
        assert icrc("push", *where).code == 0
        assert {str(graph) for graph in store.store.named_graphs()} >= {"<https://example.org/g2>"}
        assert not list(store.store.quads_for_pattern(None, None, None, _node("https://example.org/g1")))


KEYS = {"fails", "before", "then", "ask", "command", "push", "verify", "query", "err", "out", "never", "most"}


@pytest.fixture
def login(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:  # data is without any
    monkeypatch.setenv("ICRC_KOREA_USER", "somebody")
    monkeypatch.setenv("ICRC_KOREA_PASSWORD", SECRET)


def told(case: dict[str, Any], said: Said) -> None:
    """What every message of a machine that fails must be like."""
    for word in case.get("err", []):
        assert word.lower() in said.err.lower()
    for word in case.get("out", []):
        assert word in said.out
    encoded = b64encode(f"somebody:{SECRET}".encode()).decode()
    for word in [*case.get("never", []), SECRET, encoded, "Traceback", "\x1b", "SELECT", "query="]:
        assert word not in said.out + said.err
    assert all(len(line) < case.get("most", 700) for line in said.err.splitlines())


@pytest.mark.usefixtures("login")
@pytest.mark.parametrize("name", READING)
def test_a_machine_that_fails_when_it_is_asked(name: str, data: Path, icrc: Command) -> None:
    case = FAULTS[name]
    assert set(case) <= KEYS
    with standing_in({**PLAIN, **case.get("then", {})}) as store, standing_in(PLAIN) as canary:
        text = "".join(f'<urn:a> <urn:p> "{n}" <{OURS}> .\n' for n in range(200))
        store.store.load(text, format=ox.RdfFormat.N_QUADS)
        store.failures = yaml.safe_load(yaml.safe_dump(case.get("fails", [])).replace("CANARY", canary.url))
        said = icrc(*case.get("command", ["query", "-"]), "--store", f"{store.url}/sparql", "--root", ROOT,
                    stdin=case.get("ask", EVERYTHING))  # fmt: skip
        assert said.code == case["query"], said.err
        told(case, said)
        assert canary.asked == []


@pytest.mark.usefixtures("login")
@pytest.mark.parametrize("name", WRITING)
def test_a_machine_that_fails_when_it_is_pushed_to(name: str, data: Path, icrc: Command) -> None:
    case = FAULTS[name]
    assert set(case) <= KEYS
    first = case.get("fails", []) if "before" not in case else []
    with standing_in({**PLAIN, "fails": first, **case.get("then", {})}) as store:
        where = at(store, data)
        said = icrc("push", *where)
        err, out = said.err, said.out
        assert said.code == case["push"], said.err
        if "verify" in case:
            store.failures = list(case.get("fails", []))
            said = icrc("verify", *where)
            err, out = err + said.err, out + said.out
            assert said.code == case["verify"], said.out + said.err
        told({name: words for name, words in case.items() if "verify" in case or name != "out"}, Said(0, out, err))
        if case["push"] == 4:  # and when the machine is well again, the same command goes on
            store.failures = []
            assert icrc("push", *where).code == 0
            assert icrc("verify", *where).code == 0


def test_two_pushes_at_once_are_noticed(
    data: Path, icrc: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from icrc_korea.stores.push import Remote

    other = tmp_path / "other" / "data.nq"
    other.parent.mkdir()
    other.write_text(QUADS.replace('"3 ', '"three ').replace('"4 ', '"four '), encoding="utf-8")
    with standing_in(PLAIN) as store:
        here, there = (("push", *at(store, path)) for path in (data, other))
        put, done = Remote.put, list[Said]()

        def and_somebody_else(self: Remote, iri: str, *rest: Any) -> None:
            put(self, iri, *rest)
            if iri.endswith("g0") and not done:
                done.append(Said(-1, "", ""))
                done[0] = icrc(*there)

        monkeypatch.setattr(Remote, "put", and_somebody_else)
        said = icrc(*here)
        assert done[0].code == 0, done[0].err
        assert said.code == 4
        assert "somebody else has pushed at the same time" in said.err
        for path in (other, data):  # whoever comes next puts it in order
            assert icrc("push", *at(store, path)).code == 0
            assert icrc("verify", *at(store, path)).code == 0


def test_another_file_of_the_same_name_takes_no_place(data: Path, icrc: Command, tmp_path: Path) -> None:
    other = tmp_path / "other" / "data.nq"
    other.parent.mkdir()
    other.write_text(QUADS.replace("example.org/g", "example.org/other"), encoding="utf-8")
    with standing_in(PLAIN) as store:
        assert icrc("push", *at(store, data)).code == 0
        before = set(store.store)
        said = icrc("push", *at(store, other))
        assert said.code == 2
        assert "would go" in said.err
        assert set(store.store) == before
        assert icrc("push", *at(store, other), "--replace").code == 0
        assert icrc("verify", *at(store, other)).code == 0
        assert icrc("push", *at(store, other)).code == 0


def test_a_store_on_disk_of_other_files_leaves_the_graph_where_it_is(data: Path, icrc: Command, tmp_path: Path) -> None:
    assert icrc("build", "--store", tmp_path / "mine", data, "--root", ROOT).code == 0
    with standing_in(PLAIN) as store:
        graph = ("generic", f"{store.url}/sparql", "--graph-store", f"{store.url}/store", "--root", ROOT)
        assert icrc("push", *graph, "--graph", "passage:P01.s1").code == 0
        before = set(store.store)
        said = icrc("push", *graph, "--store", tmp_path / "mine")
        assert said.code == 0, said.err
        assert before < set(store.store)
        assert "<https://w3id.org/icrc-korea/graph/pushed/mine>" in {str(name) for name in store.store.named_graphs()}
        assert icrc("verify", *graph, "--store", tmp_path / "mine").code == 0


def test_a_manifest_that_is_cut_is_not_taken_for_whole(data: Path, icrc: Command) -> None:
    data.write_text("".join(f'<urn:a> <urn:p> "{n}" <urn:g{n}> .\n' for n in range(60)), encoding="utf-8")
    with standing_in(PLAIN) as store:
        assert icrc("push", *at(store, data)).code == 0
        store.behaviour = {**PLAIN, "rows": 100}
        said = icrc("push", *at(store, data))
        assert said.code == 4
        assert "100 rows without a word" in said.err


def at(store: StandIn, path: Path) -> tuple[str | Path, ...]:
    return ("generic", f"{store.url}/sparql", "--graph-store", f"{store.url}/store", "--from", path, "--root", ROOT)


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("http://me:secret@127.0.0.1:1/kg", "~/.netrc"),
        ("ftp://127.0.0.1/kg", "not a web address"),
        ("file:///etc/passwd", "not a web address"),
        ("127.0.0.1:3030", "not a web address"),
        ("http://127.0.0.1:99999/", "not a web address"),
        ("http://[::1/", "not a web address"),
        ("http://127.0.0.1:1/a b", "not a web address"),
        ("http://127.0.0.1:1/", "cannot be reached"),
        ("http://nowhere.invalid/", "cannot be reached"),
        ("http://me:sec/secret@127.0.0.1:1/", "not a web address"),
        ("http://me:a@secret@127.0.0.1:1/", "~/.netrc"),
        ("me:secret@127.0.0.1:1/", "not a web address"),
    ],
)
def test_an_address_that_will_not_do(url: str, says: str, data: Path, icrc: Command) -> None:
    for command in (["push", "fuseki", url, "--from", data], ["stats", "--store", url]):
        said = icrc(*command, "--root", ROOT)
        assert said.code == (4 if "reached" in says else 2)
        assert says in said.err
        assert "secret" not in said.err


def test_an_address_where_a_kind_of_store_belongs(icrc: Command) -> None:
    said = icrc("push", "http://me:secret@127.0.0.1:1/", "http://127.0.0.1:1/", "--root", ROOT)
    assert said.code == 2
    assert "no kind of store" in said.err
    assert "secret" not in said.err


def test_a_certificate_that_nobody_we_know_has_signed(
    data: Path, icrc: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not shutil.which("openssl"):
        (pytest.fail if os.environ.get("CI") else pytest.skip)("openssl is not here")
    key, certificate = tmp_path / "key.pem", tmp_path / "certificate.pem"
    making = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-keyout", str(key), "-out",
              str(certificate), "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"]  # fmt: skip
    subprocess.run(making, check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    monkeypatch.setenv("ICRC_KOREA_TOKEN", SECRET)
    with standing_in({**PLAIN, "token": SECRET}) as store:
        store.socket = context.wrap_socket(store.socket, server_side=True)
        ends = {
            f"https://localhost:{store.server_port}": "certificate that cannot be trusted: self-signed",
            f"https://127.0.0.1:{store.server_port}": "certificate that cannot be trusted",
        }
        for url, says in ends.items():
            said = icrc("query", "-", "--store", f"{url}/sparql", "--root", ROOT, stdin="ASK {}")
            assert said.code == 4
            assert says in said.err
            assert "SSL_CERT_FILE" in said.err
        assert store.asked == [], "something was sent before the other side was known"
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
        said = icrc("push", "generic", f"{next(iter(ends))}/sparql", "--graph-store", f"{next(iter(ends))}/store",
                    "--from", data, "--root", ROOT)  # fmt: skip
        assert said.code == 0, said.err


def test_no_address_stands_for_more_than_one_graph() -> None:
    from icrc_korea.errors import UsageError

    for name, dialect in DIALECTS.items():
        place = dialect.at("http://h/x")
        assert dialect.name + "=" in place.graph("urn:g"), name
        for bad in ("", "null", " ", "urn:g>", "urn: g", "a\nb"):
            if bad == "null":
                continue
            with pytest.raises(UsageError):
                place.graph(bad)


def _node(iri: str) -> Any:
    return ox.NamedNode(iri)
