"""Lets those with the token change a store: SPARQL 1.1 Update and the Graph Store Protocol, through one writer."""

from __future__ import annotations

import asyncio
import json
import signal
import socket
import subprocess
import sys
from collections import deque
from hmac import compare_digest
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import uuid4

from starlette.responses import JSONResponse, Response

from ..errors import KgError, LayoutError
from ..rdf.results import TRIPLES
from ..workers.child import _environment, raised
from ..workers.frames import Reader, framed
from .negotiation import chosen, encoding
from .problem import Problem, problem_of

if TYPE_CHECKING:
    from typing import Any

    from starlette.requests import Request

    Head = dict[str, Any]

LARGEST_GRAPH = 256 << 20  # bytes of a graph that is sent
A_PAUSE = 0.5  # seconds before a writer that has ended is started again
NOT_KNOWN = "the writer ended before it said whether the change was made"
CHECKED = ("off", "warn", "refuse")


class Writer(asyncio.Protocol):
    """The writing process, as the loop sees it: jobs go in, and are answered in their order."""

    def __init__(self, folder: str, root: str | None, seconds: float, log: Any) -> None:
        self.settings, self.seconds, self.log = {"folder": folder, "root": root}, seconds, log
        self.version = 0  # of what it has said is on the disk
        self._waiting: deque[tuple[asyncio.Future[tuple[Head, bytes]], asyncio.TimerHandle]] = deque()
        self._reader, self._closed = Reader(), False
        self._ready: asyncio.Future[None] | None = None
        self._transport: Any = None
        self.process: subprocess.Popen[bytes] | None = None

    async def start(self) -> None:
        """Starts the process; a LayoutError where the folder cannot be written."""
        loop = asyncio.get_running_loop()
        ours, theirs = socket.socketpair()
        command = [sys.executable, "-P", "-m", f"{__package__}.writer", str(theirs.fileno()), json.dumps(self.settings)]
        with theirs:
            self.process = subprocess.Popen(  # noqa: S603 - our own program
                command, pass_fds=[theirs.fileno()], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                env=_environment(), start_new_session=True,
            )  # fmt: skip
        self._reader, self._ready = Reader(), loop.create_future()
        ours.setblocking(False)
        self._transport, _ = await loop.create_unix_connection(lambda: self, sock=ours)
        await self._ready

    async def ask(self, head: Head, body: bytes = b"") -> tuple[Head, bytes]:
        """What a job gives, once it is on the disk."""
        if self._ready is None or not self._ready.done() or self._transport.is_closing():
            raise Problem(503, "the writer is not ready", "send it again", {"retry-after": "1"})
        loop = asyncio.get_running_loop()
        future = loop.create_future()
        self._waiting.append((future, loop.call_later(self.seconds, self._too_long)))
        self._transport.write(framed(head, body))
        return await asyncio.shield(future)

    def data_received(self, data: bytes) -> None:
        """A piece of an answer."""
        for head, body in self._reader.feed(data):
            if "ready" in head and self._ready is not None:
                self._ready.set_result(None)
                continue
            if self._ready is not None and not self._ready.done():
                self._ready.set_exception(LayoutError(head["error"]["message"], head["error"]["remedy"]))
                continue
            future, timer = self._waiting.popleft()
            timer.cancel()
            if future.done():
                continue
            if "error" in head:
                future.set_exception(raised(head["error"]))
            else:
                future.set_result((head, body))

    def connection_lost(self, _: Exception | None) -> None:
        """The process has ended: what it was told and has not answered may be written or not."""
        for future, timer in self._waiting:
            timer.cancel()
            if not future.done():
                future.set_exception(Problem(503, NOT_KNOWN, "look, and send it again if it was not"))
        self._waiting.clear()
        if self._ready is not None and not self._ready.done():
            error = LayoutError("the writing process could not be started", "look at the lines above")
            self._ready.set_exception(error)
        elif not self._closed:
            self.log.event("the writer has ended; another is started", level="error")
            asyncio.get_running_loop().call_later(A_PAUSE, self._again)

    def _again(self) -> None:
        if not self._closed:
            self.version += 1  # what was not acknowledged may be there
            self._task = asyncio.get_running_loop().create_task(self._restart())

    async def _restart(self) -> None:
        try:
            await self.start()
        except KgError as error:
            self.log.event(f"no writer: {error}", level="error")
            asyncio.get_running_loop().call_later(A_PAUSE * 4, self._again)

    def _too_long(self) -> None:
        if self.process is not None:
            self.process.send_signal(signal.SIGKILL)

    async def close(self) -> None:
        """Ends the process, after what it was told."""
        self._closed = True
        if self._transport is not None:
            self._transport.close()
        if self.process is not None:
            try:
                await asyncio.get_running_loop().run_in_executor(None, self.process.wait, self.seconds)
            except subprocess.TimeoutExpired:
                self.process.kill()


class Writing:
    """What a service does that may be written."""

    _run = uuid4().hex  # versions count from the start of this process

    def __init__(self, writer: Writer, token: str, check: str, root: str | None) -> None:
        self.writer, self.check, self._token, self._root = writer, check, token.encode(), root
        self._seen = -1  # the version that readers look at
        self._turn = asyncio.Lock()

    @property
    def stale(self) -> bool:
        """Whether readers would not see what was written."""
        return self._seen != self.writer.version

    async def refresh(self, serving: Any) -> None:
        """Lets readers see all that was written before."""
        while self.stale:
            async with self._turn:
                version = self.writer.version
                if self._seen != version:
                    await self.writer.ask({"job": "copy"})
                    serving.asking.renew(f"{self._run}-{version}")
                    self._seen = version

    def allowed(self, request: Request) -> None:
        """Refuses who has no token."""
        kind, _, given = request.headers.get("authorization", "").partition(" ")
        if kind.lower() != "bearer" or not compare_digest(given.strip().encode("utf-8", "surrogatepass"), self._token):
            raise Problem(401, "only who has the token may change this store", "send Authorization: Bearer TOKEN",
                          {"www-authenticate": 'Bearer realm="icrc-korea"'})  # fmt: skip

    async def update(
        self, request: Request, serving: Any, fields: list[tuple[str, str]], body: bytes | None
    ) -> Response:
        """A SPARQL Update."""
        self.allowed(request)
        texts: list[bytes] = [value.encode("utf-8", "surrogateescape") for name, value in fields if name == "update"]
        texts += [body] if body is not None else []
        if len(texts) != 1:
            raise Problem(400, f"there are {len(texts)} updates", "send one at a time")
        try:
            texts[0].decode()
        except UnicodeDecodeError:
            raise Problem(400, "the update is not UTF-8", "send it as UTF-8") from None
        if self.check == "refuse":
            raise Problem(403, "an update cannot be checked before it is made",
                          "send whole graphs to /store, or start the service with --check warn")  # fmt: skip
        head = {"job": "update", "base": serving.base_of(request) + request.url.path,
                "using": [value for name, value in fields if name == "using-graph-uri"],
                "named": [value for name, value in fields if name == "using-named-graph-uri"]}  # fmt: skip
        await self._change(head, texts[0])
        return Response(status_code=204)

    async def _change(self, head: Head, body: bytes) -> Head:
        try:
            found, _ = await self.writer.ask(head, body)
        except KgError as error:
            raise problem_of(error) from None
        if found.get("mismatch"):
            raise Problem(412, "the graph is not what the request takes it for", "read it again, and change that")
        if found.get("missing"):
            raise Problem(404, "there is no such graph", "look for its name: SELECT DISTINCT ?g { GRAPH ?g {} }")
        self.writer.version += 1
        return found

    async def store(self, request: Request, serving: Any) -> Response:
        """The Graph Store Protocol."""
        given = request.query_params
        if ("default" in given and "graph" in given) or len(given.getlist("graph")) > 1:
            raise Problem(400, "the request names more than one graph", "give ?graph=IRI or ?default")
        base, rest = serving.base_of(request), request.path_params.get("rest", "")
        direct = f"{base}/store/{rest}" if rest else ""
        iri = given.get("graph", direct) if "default" not in given else ""
        named = bool(iri) or "default" in given
        if not named and request.method != "POST":
            raise Problem(400, "the request names no graph", "give ?graph=IRI or ?default")
        if request.method in ("GET", "HEAD"):
            await self.refresh(serving)
            form = chosen(request.headers.get("accept", ""), TRIPLES)
            if not form:
                raise Problem(406, "none of the formats asked for is there", "accept text/turtle")
            packed = encoding(request.headers.get("accept-encoding", ""))
            job = {"job": "graph", "graph": iri, "form": form, "encoding": packed}
            answer: Response = await serving.answer(request, serving.asking, job)
            return answer
        self.allowed(request)
        iri = iri if named else f"{base}/store/{uuid4()}"
        body = await _body(request)
        if self.check != "off" and request.method != "DELETE":
            findings = await self._checked(body, request.headers.get("content-type", ""))
        else:
            findings = []
        head = {"job": "graph", "method": request.method, "graph": iri, "base": iri or base + request.url.path,
                "type": request.headers.get("content-type", ""), "match": request.headers.get("if-match"),
                "none_match": request.headers.get("if-none-match")}  # fmt: skip
        found = await self._change(head, body)
        status = 204 if found.get("there") else 201
        headers = {} if named else {"location": iri}
        if findings:
            return JSONResponse({"findings": findings}, 200 if status == 204 else 201, headers)
        return Response(status_code=status, headers=headers)

    async def _checked(self, body: bytes, media_type: str) -> list[Any]:
        """What the checks find in a graph; refused where they are to be kept."""
        from tempfile import TemporaryDirectory

        endings = {"text/turtle": "ttl", "application/n-triples": "nt", "application/rdf+xml": "rdf",
                   "application/ld+json": "jsonld", "application/trig": "trig"}  # fmt: skip
        ending = endings.get(media_type.partition(";")[0].strip().lower())
        if ending is None:
            raise Problem(415, "this format is not checked", "send " + ", ".join(endings))
        with TemporaryDirectory(prefix="icrc-korea-") as folder:
            file = Path(folder) / f"graph.{ending}"
            file.write_bytes(body)
            root = ["--root", self._root] if self._root else []
            process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "icrc_korea", *root, "--quiet", "check", str(file), "--format", "json",
                stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL, env=_environment(),
            )  # fmt: skip
            said, _ = await process.communicate()
        try:
            findings: list[Any] = json.loads(said)["findings"]
        except (ValueError, KeyError):
            raise Problem(400, "the graph cannot be read, so it cannot be checked", "correct it") from None
        findings = [{**one, "file": Path(one["file"]).name} for one in findings]
        if findings and self.check == "refuse":
            found = f"the checks find {len(findings)} faults in the graph"
            raise Problem(422, found, "correct them, or start the service with --check warn", findings=findings)
        return findings


async def _body(request: Request) -> bytes:
    data = bytearray()
    async for piece in request.stream():
        data += piece
        if len(data) > LARGEST_GRAPH:
            raise Problem(413, f"the graph has more than {LARGEST_GRAPH >> 20} MB", "send it in parts, by POST",
                          {"connection": "close"})  # fmt: skip
    return bytes(data)
