"""Gives uvicorn's connections limits of their own: so many, so large, and never waited for without end."""

from __future__ import annotations

from collections import OrderedDict, defaultdict
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import asyncio
    from typing import Any

    from .direct import Direct

LARGEST_HEAD = 64 << 10  # bytes of the first line and the headers
PATIENCE = 10.0  # seconds for a whole request to arrive
STALLED = 20.0  # seconds in which a client has to take at least LEAST_TAKEN bytes of what waits for it
LEAST_TAKEN = 16 << 10
LAST_LOOK = 0.25  # seconds for requests that were sent before the server was stopped
REFUSAL = b'{"title": "Request Header Fields Too Large", "status": 431, "remedy": "send long queries by POST"}'
TOO_LARGE = (
    b"HTTP/1.1 431 Request Header Fields Too Large\r\ncontent-type: application/problem+json\r\n"
    b"connection: close\r\ncontent-length: %d\r\n\r\n%b" % (len(REFUSAL), REFUSAL)
)


class Crowd:
    """All connections of a server, and how many an address may have."""

    def __init__(self, most: int = 4000, most_of_one: int = 1500) -> None:
        self.most, self.most_of_one = most, most_of_one
        self.open: set[Any] = set()
        self._of: dict[str, int] = defaultdict(int)
        self._waiting: OrderedDict[Any, str] = OrderedDict()  # those without a whole request, the oldest first

    def come(self, connection: Any, address: str) -> bool:
        """Whether there is room for one more: one that has said nothing yet goes for it, of the same address first."""
        if self._of[address] >= self.most_of_one or len(self.open) >= self.most:
            same = next((one for one, of in self._waiting.items() if of == address), None)
            oldest = same or (next(iter(self._waiting), None) if self._of[address] < self.most_of_one else None)
            if oldest is None:
                return False
            oldest.cut()
            self.gone(oldest, self._waiting.get(oldest, address))
        self.open.add(connection)
        self._of[address] += 1
        self._waiting[connection] = address
        return True

    def waits(self, connection: Any, address: str) -> None:
        """The connection has no whole request now."""
        if connection in self.open and connection not in self._waiting:
            self._waiting[connection] = address

    def works(self, connection: Any) -> None:
        """A whole request is being answered."""
        self._waiting.pop(connection, None)

    def gone(self, connection: Any, address: str) -> None:
        """The connection is closed."""
        if connection in self.open:
            self.open.discard(connection)
            self._waiting.pop(connection, None)
            self._of[address] -= 1
            if not self._of[address]:
                del self._of[address]


def protocol(crowd: Crowd, direct: Direct) -> type[Any]:
    """The protocol of uvicorn's that httptools reads, with limits, and with a short way for what is asked most."""
    from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

    class Limited(HttpToolsProtocol):
        _timer: asyncio.TimerHandle | None = None
        _stalled: asyncio.TimerHandle | None = None
        _head = 0
        _refused = _partial = _in_body = _leaving = False
        address = ""

        def connection_made(self, transport: Any) -> None:
            peer = transport.get_extra_info("peername")
            self.address = str(peer[0]) if isinstance(peer, tuple) else ""
            super().connection_made(transport)
            if not crowd.come(self, self.address):
                self._refused = True
                transport.abort()
                return
            self._timer = self.loop.call_later(PATIENCE, self.cut)

        def cut(self) -> None:
            """Ends the connection without waiting for the other side."""
            if self.transport is not None:
                self.transport.abort()

        def data_received(self, data: bytes) -> None:
            if self._refused:
                return
            if not self._in_body:
                self._head += len(data)
                if self._head > LARGEST_HEAD and b"\r\n\r\n" not in data[:LARGEST_HEAD]:
                    self._refused = True
                    self.transport.write(TOO_LARGE)
                    self.transport.close()
                    return
            self._partial = True
            super().data_received(data)
            if not self._partial:
                self._head = 0
                if not self.cycle.response_complete:
                    crowd.works(self)
                if self._timer is not None:
                    self._timer.cancel()
                    self._timer = None
            elif self._timer is None and not self.transport.is_closing():
                self._timer = self.loop.call_later(PATIENCE, self.cut)

        def on_message_begin(self) -> None:
            self._partial = True
            super().on_message_begin()

        def on_headers_complete(self) -> None:
            self._in_body = True
            if self._leaving:
                super().on_headers_complete()
                self.cycle.keep_alive = False
                return
            if self.cycle is None or self.cycle.response_complete:  # else it is queued
                method, version = self.parser.get_method(), self.parser.get_http_version()
                if method == b"GET" and version == "1.1":
                    exchange = direct.takes(self)
                    if exchange is not None:
                        self.cycle = exchange  # type: ignore[assignment]
                        return
            super().on_headers_complete()

        def on_message_complete(self) -> None:
            self._partial = self._in_body = False
            super().on_message_complete()

        def on_response_complete(self) -> None:
            super().on_response_complete()
            crowd.waits(self, self.address)

        def shutdown(self) -> None:
            """The server is stopped: a request may be on its way that nobody has read yet."""
            if self.cycle is None or self.cycle.response_complete:
                self._leaving = True
                self.loop.call_later(LAST_LOOK, self._leave)
            else:
                super().shutdown()

        def _leave(self) -> None:
            if not self._partial and self.transport is not None and not self.transport.is_closing():
                super().shutdown()

        def connection_lost(self, exc: Exception | None) -> None:
            for timer in (self._timer, self._stalled):
                if timer is not None:
                    timer.cancel()
            crowd.gone(self, self.address)
            super().connection_lost(exc)

        def pause_writing(self) -> None:
            super().pause_writing()
            held = self.transport.get_write_buffer_size()
            self._stalled = self.loop.call_later(STALLED, self._look, held)

        def _look(self, before: int) -> None:
            held = self.transport.get_write_buffer_size()
            if held > before - LEAST_TAKEN:
                self.cut()
            else:
                self._stalled = self.loop.call_later(STALLED, self._look, held)

        def resume_writing(self) -> None:
            if self._stalled is not None:
                self._stalled.cancel()
                self._stalled = None
            super().resume_writing()

    return Limited
