"""Answers the SPARQL 1.1 Protocol: a query by GET or POST, and the description of the service without one."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl

from starlette.requests import ClientDisconnect
from starlette.responses import Response

from ..rdf.results import ROWS, TRIPLES
from . import description
from .negotiation import REMEMBERED, chosen, encoding, wants_page
from .problem import Problem

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from starlette.requests import Request

    from .serving import Serving

LARGEST = 1 << 20  # bytes of a request's body
LARGEST_UPDATE = 64 << 20
MOST_DRAINED = 16 * LARGEST  # bytes that are read and thrown away of a body that is too large
MOST_FIELDS = 1000
FORM, DIRECT, UPDATE = "application/x-www-form-urlencoded", "application/sparql-query", "application/sparql-update"
READ_ONLY = ("nothing can be changed here: this service only answers", "send a query, with query=…")
KNOWN = {**{name: name for name in (*ROWS, *TRIPLES)}, "srj": "json", "ttl": "turtle", "nt": "ntriples", "nq": "nquads",
         "rdf": "rdfxml", "json-ld": "jsonld", "rdf+xml": "rdfxml"}  # fmt: skip


def sparql(serving: Serving) -> Callable[[Request], Awaitable[Response]]:
    """The endpoint."""

    async def run(request: Request) -> Response:
        fields, query, update = await _read(request, serving.writing is not None)
        if update is not None or any(name == "update" for name, _ in fields):
            if serving.writing is None or request.method != "POST":
                raise Problem(403, *READ_ONLY)
            return await serving.writing.update(request, serving, fields, update)
        await serving.refresh()
        given: list[str | bytes] = [value for name, value in fields if name == "query"]
        if query is not None:
            if given:
                raise Problem(400, "the query comes twice: in the body and in the address", "send it once")
            given = [query]
        if not given:
            if request.method == "POST":
                raise Problem(400, "there is no query", "send it as query=…, or as the body with Content-Type "
                              "application/sparql-query")  # fmt: skip
            return await description.service(serving, request)
        if len(given) > 1:
            raise Problem(400, f"there are {len(given)} queries", "send one at a time")
        head = {
            "job": "sparql",
            "forms": forms(request.headers.get("accept", ""), fields),
            "default": [value for name, value in fields if name == "default-graph-uri"],
            "named": [value for name, value in fields if name == "named-graph-uri"],
            "encoding": encoding(request.headers.get("accept-encoding", "")),
        }
        text = given[0] if isinstance(given[0], bytes) else given[0].encode("utf-8", "surrogateescape")
        return await serving.answer(request, serving.asking, head, text)

    return run


def forms(accept: str, fields: list[tuple[str, str]]) -> list[str]:
    """The format for rows and the one for triples, by the Accept header, else by `format=`."""
    asked = next((value for name, value in fields if name in ("format", "output") and value), "")
    return list(_forms(accept, asked))


@lru_cache(REMEMBERED)
def _forms(accept: str, asked: str) -> tuple[str, str]:
    if accept in ("", "*/*") and asked:
        name = KNOWN.get(asked.lower(), "")
        media = [form for form, types in (*ROWS.items(), *TRIPLES.items()) if asked.lower() in types]
        name = name or (media[0] if media else "")
        rows = name if name in ROWS else "json"
        triples = name if name in TRIPLES else {"xml": "rdfxml", "json": "jsonld"}.get(name, "turtle")
        return rows, triples
    if wants_page(accept):  # a browser, which would get XML for its `application/xml;q=0.9`
        return "json", "turtle"
    return chosen(accept, ROWS), chosen(accept, TRIPLES)


async def _read(request: Request, writable: bool) -> tuple[list[tuple[str, str]], bytes | None, bytes | None]:
    """The fields of the address and of a form, and the query or the update where it is the body."""
    fields = _fields(request.scope.get("query_string", b""))
    if request.method != "POST":
        return fields, None, None
    kind, _, rest = request.headers.get("content-type", "").partition(";")
    kind = kind.strip().lower()
    charset = rest.lower().replace(" ", "").replace('"', "").partition("charset=")[2].partition(";")[0]
    if charset not in ("", "utf-8", "utf8", "us-ascii"):
        raise Problem(415, f"a query in {charset} is not read", "send it as UTF-8")
    if kind == UPDATE and not writable:
        raise Problem(403, *READ_ONLY)
    if kind == UPDATE:
        return fields, None, await read_body(request, LARGEST_UPDATE)
    if kind not in (FORM, DIRECT):
        raise Problem(415, f"a body of the type {kind or 'that nobody named'} is no query",
                      f"send {FORM} or {DIRECT}", {"accept-post": f"{FORM}, {DIRECT}"})  # fmt: skip
    body = await read_body(request, LARGEST_UPDATE if writable else LARGEST)
    return (fields + _fields(body), None, None) if kind == FORM else (fields, body, None)


def _fields(data: bytes) -> list[tuple[str, str]]:
    try:
        return parse_qsl(data.decode("ascii", "surrogateescape"), keep_blank_values=True, max_num_fields=MOST_FIELDS,
                         errors="surrogateescape")  # fmt: skip
    except ValueError:
        raise Problem(400, f"there are more than {MOST_FIELDS} fields", "send fewer") from None


async def read_body(request: Request, largest: int = LARGEST) -> bytes:
    """The body of a request, refused as soon as it is too large."""
    told = request.headers.get("content-length", "")
    too_large = Problem(413, f"the body has more than {largest >> 10} KiB", "ask in smaller steps",
                        {"connection": "close"})  # fmt: skip
    refused = told.isascii() and told.isdigit() and int(told[:12]) > largest
    data, seen = bytearray(), 0
    try:
        async for piece in request.stream():
            seen += len(piece)
            refused = refused or seen > largest
            if not refused:
                data += piece
            elif seen > MOST_DRAINED:
                break
    except ClientDisconnect:
        raise Problem(400, "the request broke off", "send it again") from None
    if refused:  # what is small enough was read to its end: a client that still sends would not see the answer
        raise too_large
    return bytes(data)
