"""Answers what is asked most, a query by GET and nothing else, straight from its connection: without task or router.

Whatever is out of the ordinary about a request leaves it to the application, which answers the same.
"""

from __future__ import annotations

import time
from functools import lru_cache
from typing import TYPE_CHECKING
from urllib.parse import unquote_to_bytes

from uvicorn.protocols.http.httptools_impl import STATUS_LINE

from ..errors import KgError
from ..workers.frames import written_head
from .headers import around, block
from .negotiation import REMEMBERED, encoding
from .problem import Problem, problem_of
from .protocol import forms
from .serving import asker

if TYPE_CHECKING:
    import asyncio
    from typing import Any

    from .cache import Kept
    from .serving import Serving

    Head = dict[str, Any]

BEGINS = b"/sparql?query="
VARY = "Accept, Accept-Encoding"
# what changes how a request is read or answered
ELSEWHERE = {b"connection", b"content-length", b"transfer-encoding", b"expect", b"upgrade", b"if-none-match"}


class Exchange:
    """A request that is being answered, with what uvicorn's connection looks at in one of its own."""

    __slots__ = ("began", "body", "disconnected", "keep_alive", "more_body", "response_complete")

    def __init__(self) -> None:
        self.began = time.monotonic()
        self.disconnected = self.response_complete = False
        self.keep_alive = self.more_body = True
        self.body = bytearray()

    @property
    def message_event(self) -> Exchange:
        """Who waits for the request to go on: nobody."""
        return self

    def set(self) -> None:
        """Nothing waits."""


class Direct:
    """Answers queries for connections."""

    def __init__(self, serving: Serving) -> None:
        self.serving = serving
        self.around = block([serving.limits_header, *around("GET", 200, [])])

    def takes(self, connection: Any) -> Exchange | None:
        """The exchange that has begun; None for a request that the application is to answer."""
        url: bytes = connection.url
        if not url.startswith(BEGINS) or b"&" in url or b"#" in url:
            return None
        accept, packed, forwarded, hosts = "", "", "", []
        for name, value in connection.headers:
            if name == b"host":
                hosts.append(value)
            elif name == b"accept" and not accept:
                accept = value.decode("latin-1")
            elif name == b"accept-encoding" and not packed:
                packed = value.decode("latin-1")
            elif name == b"x-forwarded-for":
                forwarded = value.decode("latin-1")
            elif name in ELSEWHERE:
                return None
        writing = self.serving.writing
        if self.serving.stranger(hosts) is not None or (writing is not None and writing.stale):
            return None
        exchange = Exchange()
        body = unquoted(url[len(BEGINS) :])
        head = _asked(accept, packed)
        pool = self.serving.asking
        key = self.serving.key_of(pool, head, body)
        kept = self.serving.found(key)
        if kept is not None:
            self._send(connection, exchange, kept)
            return exchange
        try:
            answer = pool.submit(head, body, key, asker(connection.address, forwarded))
        except KgError as error:
            self._refuse(connection, exchange, problem_of(error))
            return exchange
        answer.add_done_callback(lambda done: self._answered(connection, exchange, key, done))
        return exchange

    def _answered(
        self, connection: Any, exchange: Exchange, key: str, done: asyncio.Future[tuple[Head, bytes]]
    ) -> None:
        error = None if done.cancelled() else done.exception()
        if exchange.disconnected:
            return
        if error is None:
            self._send(connection, exchange, self.serving.keep(key, *done.result(), vary=VARY))
        else:
            self._refuse(connection, exchange, problem_of(error) if isinstance(error, KgError) else Problem(
                500, "the request could not be answered", "tell whoever runs this service"))  # fmt: skip

    def _send(self, connection: Any, exchange: Exchange, kept: Kept) -> None:
        self._write(connection, exchange, 200, block(kept.headers) + self.around, kept.data)

    def _refuse(self, connection: Any, exchange: Exchange, problem: Problem) -> None:
        problem.headers.setdefault("vary", VARY)
        response = problem.response()
        headers = [pair for pair in response.raw_headers if pair[0] != b"content-length"]
        said = block([*headers, *around("GET", problem.status, headers)])
        self._write(connection, exchange, problem.status, said, bytes(response.body))

    def _write(self, connection: Any, exchange: Exchange, status: int, headers: bytes, data: bytes) -> None:
        given = block(connection.server_state.default_headers)
        close = b"" if exchange.keep_alive else b"connection: close\r\n"
        connection.transport.write(b"".join((
            STATUS_LINE[status], given, headers, close, b"content-length: %d\r\n\r\n" % len(data), data)))  # fmt: skip
        exchange.response_complete = True
        self.serving.watch.answered("GET", "/sparql", status, time.monotonic() - exchange.began, len(data))
        if not exchange.keep_alive:
            connection.transport.close()
        connection.on_response_complete()


@lru_cache(REMEMBERED)
def _asked(accept: str, packed: str) -> bytes:
    """The head of the job."""
    return written_head({"job": "sparql", "forms": forms(accept, []), "default": [], "named": [],
                         "encoding": encoding(packed)})  # fmt: skip


def unquoted(text: bytes) -> bytes:
    """The bytes of a field of an address; like `unquote_to_bytes`, of which a query is full, but in few steps.

    >>> unquoted(b"ASK+%7B%7d+%5c%E2%82%AC%zz\\\\")
    b'ASK {} \\\\\\xe2\\x82\\xac%zz\\\\'
    """
    plain = text.replace(b"+", b" ")
    try:
        return plain.replace(b"\\", b"%5C").replace(b"%", b"\\x").decode("unicode_escape").encode("latin-1")
    except UnicodeError:  # a % that stands for itself
        return unquote_to_bytes(plain)
