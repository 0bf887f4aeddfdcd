"""Gives the service as one application: each address a route, refusals and headers in one place around them."""

from __future__ import annotations

import re
import time
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from ..errors import KgError
from ..pages.bundle import files
from . import description
from .headers import ASKED_BEFORE, POSTED, around
from .linked_data import documents
from .negotiation import chosen, encoding, language, wants_page
from .problem import Problem, problem_of
from .protocol import read_body, sparql
from .serving import Serving, asker_of
from .watch import PROMETHEUS

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable
    from typing import Any

    from starlette.types import ASGIApp, Message, Receive, Scope, Send

QUESTIONS = {"csv": ("text/csv",), "json": ("application/json",), "srj": ("application/sparql-results+json",),
             "ttl": ("text/turtle",)}  # fmt: skip


def application(serving: Serving) -> ASGIApp:
    """The whole service."""

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        await serving.start()
        try:
            yield
        finally:
            await serving.close()

    shared = files()
    endpoint = sparql(serving)
    things: Any = documents(serving)

    async def void(request: Request) -> Response:
        return await description.void(serving, request)

    async def examples(request: Request) -> Response:
        return await description.examples(serving, request)

    async def question(request: Request) -> Response:
        return await _question(serving, request)

    async def search(request: Request) -> Response:
        return await _search(serving, request)

    async def reconcile(request: Request) -> Response:
        return await _reconcile(serving, request)

    async def openapi(request: Request) -> Response:
        return await serving.read(request, {"job": "openapi", **_packed(request)}, vary="Accept-Encoding")

    async def static(request: Request) -> Response:
        found = shared.get(request.path_params["name"])
        if found is None:
            raise Problem(404, "there is no such file", "begin at /")
        return Response(found[1], media_type=found[0], headers={"cache-control": "public, max-age=3600"})

    async def start(request: Request) -> Response:
        if serving.has_pages and wants_page(request.headers.get("accept", "")):
            return await serving.page(request, "")
        return JSONResponse(_index(serving.base_of(request)), headers={"vary": "Accept"})

    async def failed(request: Request, error: Exception) -> Response:
        said = f"{request.method} {request.url.path[:200]!r} failed: {type(error).__name__}: {error}"
        serving.watch.log.event(said, level="error")
        return Problem(500, "the request could not be answered", "tell whoever runs this service").response()

    async def health(_: Request) -> Response:
        status, word = (200, "ok") if serving.asking.can_answer else (503, "not ready")
        return JSONResponse({"status": word}, status, {"cache-control": "no-store"})

    async def metrics(request: Request) -> Response:
        if not (serving.open_metrics or from_here(request)):
            raise Problem(404, "the figures are for this machine alone", "for whoever runs it: start it with --metrics")
        return Response(serving.watch.figures(serving), headers={"cache-control": "no-store"}, media_type=PROMETHEUS)

    async def store(request: Request) -> Response:
        assert serving.writing is not None  # noqa: S101 - only then there is this route
        return await serving.writing.store(request, serving)

    written = [
        Route("/healthz", health),
        Route("/metrics", metrics),
        *(Route(path, endpoint, methods=["GET", "POST"]) for path in ("/sparql", "/sparql/", "/query", "/update")),
        Route("/store", store, methods=["GET", "PUT", "POST", "DELETE"]),
        Route("/store/{rest:path}", store, methods=["GET", "PUT", "POST", "DELETE"]),
    ]
    routes = [
        Route("/healthz", health),
        Route("/metrics", metrics),
        Route("/", start),
        Route("/sparql", endpoint, methods=["GET", "POST"]),
        Route("/sparql/", endpoint, methods=["GET", "POST"]),
        Route("/.well-known/void", void),
        Route("/.well-known/sparql-examples", examples),
        Route("/openapi.json", openapi),
        Route("/search", search),
        Route("/search.html", search),
        Route("/static/{name:path}", static),
        Route("/q/{topic}/{name}", question),
        Route("/reconcile", reconcile, methods=["GET", "POST"]),
        Route("/reconcile/{rest:path}", reconcile, methods=["GET", "POST"]),
        Route("/{path:path}", things),
    ]
    app = Starlette(routes=written if serving.writing is not None else routes, lifespan=lifespan, exception_handlers={
        Problem: _refused, HTTPException: _refused, Exception: failed})  # fmt: skip
    app.router.redirect_slashes = False
    return _Outer(app, serving, endpoint, failed)


class _Outer:
    """What holds for every request: who may be asked for, and what every answer says."""

    def __init__(
        self, app: ASGIApp, serving: Serving, endpoint: Callable[[Request], Awaitable[Response]],
        failed: Callable[[Request, Exception], Awaitable[Response]],
    ) -> None:  # fmt: skip
        self.app, self.serving, self.endpoint, self.failed = app, serving, endpoint, failed

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        method, began, status, size = scope["method"], time.monotonic(), 500, 0

        async def sending(message: Message) -> None:
            nonlocal status, size
            if message["type"] == "http.response.start":
                status, headers = message["status"], [*message.get("headers", ())]
                message = {**message, "headers": headers + around(method, status, headers)}
            else:
                size += len(message.get("body", b""))
            await send(message)

        try:
            await self._answer(scope, receive, sending)
        finally:
            self.serving.watch.answered(method, scope["path"], status, time.monotonic() - began, size)

    async def _answer(self, scope: Scope, receive: Receive, sending: Send) -> None:
        method = scope["method"]
        hosts = [value for name, value in scope["headers"] if name == b"host"]
        refused = None if scope["path"] == "/healthz" else self.serving.stranger(hosts)
        if refused is not None:
            await refused.response()(scope, receive, sending)
        elif method == "OPTIONS":
            allow = b"GET, HEAD, POST, OPTIONS" if scope["path"].startswith(POSTED) else b"GET, HEAD, OPTIONS"
            response = Response(status_code=204)
            response.raw_headers = [(b"allow", allow), (b"access-control-allow-methods", allow), *ASKED_BEFORE]
            await response(scope, receive, sending)
        elif scope["path"] == "/sparql" and method in ("GET", "POST"):  # what is asked most goes the shortest way
            request = Request(scope, receive)
            try:
                response = await self.endpoint(request)
            except Problem as problem:
                response = problem.response()
            except Exception as error:
                response = await self.failed(request, error)
            await response(scope, receive, sending)
        else:
            await self.app(scope, receive, sending)


def from_here(request: Request) -> bool:
    """Whether a program on this machine asks, and for nobody else."""
    passed_on = ("x-forwarded-for", "forwarded", "via", "x-real-ip")
    here = request.client is not None and request.client.host in ("127.0.0.1", "::1")
    return here and not any(name in request.headers for name in passed_on)


async def _refused(request: Request, error: Exception) -> Response:
    if isinstance(error, Problem):
        return error.response()
    status = getattr(error, "status_code", 500)
    headers = getattr(error, "headers", None) or {}
    if status == 405:
        reading = "GET, HEAD, POST, OPTIONS" if request.scope["path"].startswith(POSTED) else "GET, HEAD, OPTIONS"
        allow = headers["Allow"] if "PUT" in headers.get("Allow", "") else reading
        return Problem(405, f"{request.method} is not answered here", f"use {allow}", {"allow": allow}).response()
    return Problem(status, str(getattr(error, "detail", "")), "", headers).response()


def _packed(request: Request) -> dict[str, str]:
    return {"encoding": encoding(request.headers.get("accept-encoding", ""))}


async def _question(serving: Serving, request: Request) -> Response:
    """A question under its name, in the format of the name's ending or of the Accept header."""
    name, dot, ending = request.path_params["name"].rpartition(".")
    accept = request.headers.get("accept", "")
    if not dot or ending not in (*QUESTIONS, "html"):
        name, ending = request.path_params["name"], ""
    path = f"{request.path_params['topic']}/{name}"
    if serving.has_pages and (ending == "html" or (not ending and wants_page(accept))):
        return await serving.page(request, f"q/{path}")
    form = ending or ("json" if wants_page(accept) else chosen(accept, {name: QUESTIONS[name] for name in (
        "json", "csv", "srj", "ttl")}))  # fmt: skip
    if not form or form == "html":
        offers = ", ".join(types[0] for types in QUESTIONS.values())
        raise Problem(406, "none of the formats asked for is there", f"accept {offers}", {"vary": "Accept"})
    given = [list(pair) for pair in request.query_params.multi_items()]
    head = {"job": "question", "name": path, "form": form, "given": given, **_packed(request)}
    return await serving.answer(request, serving.asking, head)


async def _search(serving: Serving, request: Request) -> Response:
    """Things by a name or the beginning of one."""
    given = request.query_params
    accept = request.headers.get("accept", "")
    if serving.has_pages and (wants_page(accept) or request.url.path.endswith(".html")):
        return await serving.page(request, "search")
    text = given.get("q", "")
    if "q" not in given:
        raise Problem(400, "there is nothing to search for", "add q=…, a name or the beginning of one")
    limit = given.get("limit", "10")
    if not re.fullmatch(r"[0-9]{1,3}", limit) or int(limit) < 1:
        raise Problem(400, "limit is no whole number from 1 up", "write for example limit=10")
    wanted = language(request.headers.get("accept-language", ""), given.get("lang", ""))
    head = {"job": "search", "text": text, "languages": list(dict.fromkeys([wanted, "en"])), "limit": int(limit),
            "suggest": given.get("suggest", "") in ("1", "true", "yes"), **_packed(request)}  # fmt: skip
    return await serving.read(request, head, vary="Accept, Accept-Language, Accept-Encoding")


async def _reconcile(serving: Serving, request: Request) -> Response:
    """The reconciliation service, whatever it is asked."""
    await serving.readers()
    body = await read_body(request) if request.method == "POST" else b""
    path = "/" + request.path_params.get("rest", "")
    wanted = ("accept-language", "content-type", "host")
    scope = {
        "type": "http", "method": request.method, "path": path, "root_path": "", "scheme": request.url.scheme,
        "query_string": request.scope.get("query_string", b"").decode("latin-1"),
        "headers": [[name, value] for name, value in request.headers.items() if name in wanted],
    }  # fmt: skip
    try:
        found, data = await serving.reading.ask({
            "job": "reconcile", "scope": scope, "base": f"{serving.base_of(request)}/reconcile"}, body,
            who=asker_of(request))  # fmt: skip
    except KgError as error:
        raise problem_of(error) from None
    response = Response(data, found["status"])
    response.raw_headers += [(name.encode("latin-1"), value.encode("latin-1")) for name, value in found["headers"]]
    return response


def _index(base: str) -> dict[str, Any]:
    """Where everything is, for programs and for people without pages."""
    return {
        "about": "The ICRC in the Korean War, 1950–1953, as linked data",
        "sparql": f"{base}/sparql",
        "questions": f"{base}/openapi.json",
        "search": f"{base}/search?q=Ruegger",
        "reconciliation": f"{base}/reconcile",
        "dataset": f"{base}/.well-known/void",
        "examples": f"{base}/.well-known/sparql-examples",
        "thing": f"{base}/id/person/paul-ruegger",
        "ontology": f"{base}/ontology",
    }
