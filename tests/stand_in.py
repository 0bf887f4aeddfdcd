"""A store that stands in for one that cannot be run here: it speaks the protocol that the store's makers document.

What it says on the wire follows design notes taken from the documentation of each store, not from the store itself;
tests that use it say so. It also fails on demand, in all the ways in which machines on the network fail.
"""

from __future__ import annotations

import gzip
import http.server
import re
import threading
from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import md5
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pyoxigraph as ox

ASKED = {"basic": 'Basic realm="x"', "digest": 'Digest realm="x", nonce="abc", qop="auth", algorithm=MD5'}
NT = ox.RdfFormat.N_TRIPLES


class StandIn(http.server.ThreadingHTTPServer):
    """The store's data, what was asked of it, and how it is to behave."""

    daemon_threads = True

    def __init__(self, behaviour: dict[str, Any]) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.store, self.asked, self.behaviour = ox.Store(), list[str](), behaviour
        self.failures = list(behaviour.get("fails", []))  # one an incoming request: null for none
        self.lock = threading.Lock()
        self.over = threading.Event()

    def handle_error(self, *_: object) -> None:
        """Clients that turn away are none of our faults."""

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: StandIn

    def log_message(self, *_: object) -> None:
        pass

    def answer(self, status: int, body: bytes = b"", **headers: str) -> None:
        self.send_response(status)
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        for name, value in {"Content-Length": str(len(body)), **named}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def handle_any(self) -> None:
        with self.server.lock:
            failure = self.respond()
        if failure:
            self.fail(failure)

    do_GET = do_PUT = do_POST = do_DELETE = handle_any  # noqa: N815

    def respond(self) -> dict[str, Any] | None:
        """Answers, or gives the way in which it is to fail."""
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        parts, behaviour = urlsplit(self.path), self.server.behaviour
        params = {name: values[0] for name, values in parse_qs(parts.query).items()}
        kind = (self.headers.get("Content-Type") or "").partition(";")[0]
        given = parse_qs(parts.query) if self.command == "GET" else {}
        given |= parse_qs(body.decode()) if "form-url" in kind else {}
        form = {name: values[0] for name, values in given.items()}
        what = "query" if "query" in form else "update" if "update" in form else kind
        self.server.asked.append(f"{self.command} {self.path} {what}".strip())
        if self.server.failures:
            failure = self.server.failures[0]
            if not failure or not failure.get("always"):
                self.server.failures.pop(0)
            if failure:
                return dict(failure)
        if "login" in behaviour and not self.known(behaviour["login"]):
            self.answer(401, b"who are you?", WWW_Authenticate=ASKED[behaviour["login"]["by"]])
            return None
        token = behaviour.get("token")
        if token and self.headers.get("Authorization") != f"Bearer {token}":
            self.answer(403, b"Invalid access token")
        elif "query" in form:
            self.query(form["query"], given.get("default-graph-uri"))
        elif "update" in form:
            try:
                self.server.store.update(form["update"])
                self.answer(behaviour.get("written", 204))
            except (SyntaxError, OSError) as error:
                missing = "does not exist" in str(error)
                self.answer(behaviour.get("missing", 404) if missing else 400, str(error).encode())
        elif self.command == "GET" and parts.path == behaviour.get("reads"):
            assert params.pop("infer") == "false", "what was inferred would be read too"
            quads = self.server.store.quads_for_pattern(None, None, None, ox.NamedNode(params["context"].strip("<>")))
            self.answer(200, ox.serialize((quad.triple for quad in quads), format=NT) or b"",
                        Content_Type="application/n-triples")  # fmt: skip
        elif parts.path == behaviour["graphs"]:
            self.graph(params, body, kind)
        else:
            self.answer(404, b"no such place")
        return None

    def known(self, login: dict[str, str]) -> bool:
        """Whether the request says who sends it, in the way that is asked for."""
        scheme, _, said = self.headers.get("Authorization", "").partition(" ")
        if login["by"] == "basic":
            return said == b64encode(f"{login['user']}:{login['password']}".encode()).decode()
        given = {name: value.strip('"') for name, value in re.findall(r'(\w+)=("[^"]*"|[^,]*)', said)}
        if scheme != "Digest" or given["nonce"] != "abc" or given["uri"] != self.path:
            return False
        whose, what = (md5(text.encode()).hexdigest() for text in (
            f"{login['user']}:x:{login['password']}", f"{self.command}:{self.path}"
        ))  # fmt: skip
        proof = f"{whose}:abc:{given['nc']}:{given['cnonce']}:auth:{what}"
        return given["response"] == md5(proof.encode()).hexdigest()

    def query(self, text: str, graphs: list[str] | None) -> None:
        default = [ox.NamedNode(name) for name in graphs] if graphs else None
        results = self.server.store.query(text, default_graph=default)
        if isinstance(results, ox.QueryTriples):
            self.answer(200, ox.serialize(results, format=ox.RdfFormat.TURTLE) or b"", Content_Type="text/turtle")
            return
        rows = behaviour_rows(results, self.server.behaviour.get("rows"))
        self.answer(200, rows, Content_Type="application/sparql-results+json")

    def graph(self, params: dict[str, str], body: bytes, kind: str) -> None:
        behaviour = self.server.behaviour
        name = params.get(behaviour["name"])
        if name is None or set(params) != {behaviour["name"]}:
            raise AssertionError(f"not scoped to one graph: {self.path}")
        if self.command not in behaviour["methods"]:
            raise AssertionError(f"{self.command} means something else here")
        if kind not in behaviour["takes"] and self.command != "DELETE":
            self.answer(415, b"unsupported media type")
            return
        graph = ox.NamedNode(name.strip("<>"))
        if self.command in ("PUT", "DELETE"):
            self.server.store.remove_graph(graph)
        if self.command != "DELETE":
            self.server.store.load(body, format=NT, to_graph=graph)
        self.answer(behaviour.get("written", 204))

    def fail(self, failure: dict[str, Any]) -> None:
        """One of the ways to fail: see cases/stores/README.md."""
        if failure.get("hangs"):
            self.server.over.wait(60)
        if "raw" in failure:
            self.wfile.write(failure["raw"].encode())
        if failure.get("nothing") or failure.get("hangs") or "raw" in failure:
            self.close_connection = True
            return
        text = str(failure.get("body", "")) + str(failure.get("more", ""))
        body = text.encode(failure.get("encoding", "utf-8"))
        if "more" in failure:
            body = str(failure["body"]).encode() + failure["more"].encode() * failure["repeat"]
        elif failure.get("packed"):
            body = packed(body, failure["repeat"])
        else:
            body *= failure.get("repeat", 1)
        headers = {"Content-Type": "text/plain", **failure.get("headers", {})}
        headers |= {"Content-Encoding": "gzip"} if failure.get("packed") else {}
        headers |= {"X-Long": "x" * failure["long"]} if "long" in failure else {}
        body += self.headers.get("Authorization", "").encode() if failure.get("echo") else b""
        if failure.get("cut"):
            headers["Content-Length"] = str(len(body) + 100)
            self.close_connection = True
        if not failure.get("drips"):
            self.answer(failure.get("status", 200), body, **headers)
            return
        self.close_connection = True
        self.answer(200, b"", **{**headers, "Content-Length": str(len(body))})
        for byte in body:
            if self.server.over.wait(0.05):
                return
            self.wfile.write(bytes([byte]))


def packed(text: bytes, times: int) -> bytes:
    """So many repetitions of a text, packed."""
    return gzip.compress(text * times, compresslevel=1)


def behaviour_rows(results: Any, most: int | None) -> bytes:
    """Results in JSON, of which no more than `most` rows."""
    import json

    data = results.serialize(format=ox.QueryResultsFormat.JSON)
    if most is None:
        return bytes(data)
    document = json.loads(data)
    if "results" not in document:
        return bytes(data)
    document["results"]["bindings"] = document["results"]["bindings"][:most]
    return json.dumps(document).encode()


@contextmanager
def standing_in(behaviour: dict[str, Any]) -> Iterator[StandIn]:
    """A stand-in that runs while it is wanted."""
    server = StandIn(behaviour)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.over.set()
        server.shutdown()
        server.server_close()
        thread.join()
