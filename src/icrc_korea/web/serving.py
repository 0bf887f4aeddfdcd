"""Gives the state of a running service: the children that work for it, the answers that it keeps, its limits."""

from __future__ import annotations

import asyncio
import contextlib
import re
import signal
from hashlib import sha256
from importlib.util import find_spec
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from starlette.responses import Response

from ..errors import KgError
from ..workers.frames import written_head
from .cache import Cache, Kept
from .negotiation import encoding, language
from .problem import Problem, problem_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from starlette.requests import Request

    from ..workers.pool import Pool
    from .watch import Watch
    from .writing import Writing

    Head = dict[str, Any]

OWN_NAMES = ("localhost", "127.0.0.1", "[::1]")
MOST_FIELDS = 50
HOST = re.compile(r"(?P<name>[A-Za-z0-9.-]{1,253}|\[[0-9A-Fa-f:.]{2,45}\])(?::\d{1,5})?")
CONTROLS = re.compile(rb"[\x00-\x1f\x7f]")


class Serving:
    """What all requests share."""

    def __init__(
        self, first: tuple[Pool, Pool], made: Callable[[], tuple[Pool, Pool]], watch: Watch, *,
        cache: int = 64 << 20, hosts: tuple[str, ...] = (), address: str = "", open_metrics: bool = False,
    ) -> None:  # fmt: skip
        """`first` are the children that ask and those that know names, and `made` gives others, which read the files
        afresh; none is started yet. `hosts` are names under which the service may be asked besides those of this
        machine itself; `address` is where the public finds it, if not by the name that a client gives."""
        self._made, self.watch, self.open_metrics = made, watch, open_metrics
        self.asking, self.reading = first
        self.limits = self.asking.limits
        self.address = address.rstrip("/")
        self.hosts = {*OWN_NAMES, *(name.lower() for name in hosts)}
        if self.address:
            self.hosts.add(urlsplit(self.address).hostname or "")
        self.cache = Cache(cache)
        self.limits_header = (b"query-limits", self.limits.header().encode())
        self.has_pages = find_spec(f"{__package__}.pages") is not None
        self.failure: KgError | None = None  # why the service could not start
        self._later: asyncio.Task[None] | None = None
        self._reloading: asyncio.Task[None] | None = None
        self._again = False
        self.writing: Writing | None = None  # what makes answers grow old, where the store may be written

    async def start(self) -> None:
        """Starts the children; the first answer does not wait for those that know names."""
        try:
            if self.writing is not None:
                await self.writing.writer.start()
                await self.writing.writer.ask({"job": "copy"})
            await self.asking.start()
        except KgError as error:
            self.failure = error
            raise
        if self.writing is not None:
            return
        self._later = asyncio.create_task(self.reading.start())
        with contextlib.suppress(ValueError, NotImplementedError):  # only the main thread hears signals
            asyncio.get_running_loop().add_signal_handler(signal.SIGHUP, self.reload)

    def reload(self) -> None:
        """Takes up a new build: children that have read it take the place of the others when they can answer."""
        self._again = True
        if self._reloading is None or self._reloading.done():
            self._reloading = asyncio.get_running_loop().create_task(self._reload())

    async def _reload(self) -> None:
        while self._again:
            self._again = False
            asking, reading = self._made()
            try:
                await asking.start()
                await reading.start()
            except Exception as error:  # whatever it is, what is served goes on being served
                self.watch.log.event(f"the new build cannot be served, the old one goes on: {error}", level="error")
                asking.end()
                reading.end()
                continue
            old = (self.asking, self.reading)
            self.asking, self.reading, self._later = asking, reading, None
            self.watch.reloads += 1
            digest = asking.about["digest"]
            self.watch.log.event(f"the build {digest[:12]} is served now", digest=digest)
            for pool in old:
                await pool.drained()
                await pool.close()

    async def refresh(self) -> None:
        """Lets what is asked from now on be answered by what was written before."""
        if self.writing is not None:
            await self.writing.refresh(self)

    def base_of(self, request: Request) -> str:
        """The address of the service without a slash at the end, as the public or this client sees it."""
        return self.address or f"{request.url.scheme}://{request.headers.get('host', 'localhost')}"

    async def read(self, request: Request, head: Head, body: bytes = b"", **more: Any) -> Response:
        """The answer to a job on names or pages."""
        await self.readers()
        return await self.answer(request, self.reading, head, body, **more)

    async def readers(self) -> None:
        """Waits until the children that know names are there, which is soon after the start."""
        if self._later is not None and not self._later.done():
            await asyncio.wait_for(asyncio.shield(self._later), self.limits.seconds)

    async def page(self, request: Request, path: str) -> Response:
        """A page for people."""
        given = request.headers
        wanted = language(given.get("accept-language", ""), request.query_params.get("lang", ""))
        fields = sorted((name, value) for name, value in request.query_params.multi_items() if name != "lang")
        head = {"job": "page", "path": path, "language": wanted, "fields": fields[:MOST_FIELDS],
                "encoding": encoding(given.get("accept-encoding", ""))}  # fmt: skip
        return await self.read(request, head, vary="Accept, Accept-Language, Accept-Encoding")

    async def close(self) -> None:
        """Ends all children."""
        for task in (self._later, self._reloading):
            if task is not None:
                task.cancel()
        if self.writing is not None:
            await self.writing.writer.close()
        await self.asking.close()
        await self.reading.close()

    async def answer(
        self, request: Request, pool: Pool, head: Head, body: bytes = b"", *, vary: str = "Accept, Accept-Encoding",
        headers: dict[str, str] | None = None,
    ) -> Response:  # fmt: skip
        """The answer to a job: kept from before, or made now; 304 where the client has it already."""
        name = written_head(head)
        key = self.key_of(pool, name, body)
        etag = etag_of(key)
        if etag in request.headers.get("if-none-match", "").replace("W/", "").split(", "):
            return Response(status_code=304, headers={"etag": etag, "vary": vary, "cache-control": "public, no-cache"})
        kept = self.found(key)
        if kept is None:
            try:
                found, data = await pool.submit(name, body, key, asker_of(request))
            except KgError as error:
                problem = problem_of(error)
                problem.headers.setdefault("vary", vary)
                raise problem from None
            more = dict(headers or {})
            if "next" in found:
                more["link"] = f"<{request.url.include_query_params(offset=found['next'])}>; rel=\"next\""
            kept = self.keep(key, found, data, vary=vary, headers=more)
        response = Response(kept.data)
        response.raw_headers = [
            *kept.headers, self.limits_header, (b"content-length", str(len(kept.data)).encode("ascii"))
        ]  # fmt: skip
        return response

    def key_of(self, pool: Pool, name: bytes, body: bytes) -> str:
        """The name of an answer: of which dataset, to which job, about what."""
        return sha256(b"\0".join((str(pool.about.get("digest", "")).encode(), name, body))).hexdigest()

    def found(self, key: str) -> Kept | None:
        """An answer that was kept."""
        kept = self.cache.get(key)
        if kept is not None:
            self.watch.kept += 1
        return kept

    def keep(
        self, key: str, found: Head, data: bytes, *, vary: str, headers: dict[str, str] | None = None
    ) -> Kept:
        """What a child has found, as it is sent; kept for the next who asks, unless it changes by itself."""
        self.watch.made += 1
        told = {"content-type": _content_type(found["type"]), "vary": vary, **(headers or {})}
        if found.get("encoding"):
            told["content-encoding"] = found["encoding"]
        if found.get("language"):
            told["content-language"] = found["language"]
        if "number" in found:
            told["result-count"] = str(found["number"])
        lasting = bool(found.get("lasting"))
        told["cache-control"] = "public, no-cache" if lasting else "no-store"
        if lasting:
            told["etag"] = f'"{found["tag"]}"' if "tag" in found else etag_of(key)
        pairs = [(name.encode("latin-1"), CONTROLS.sub(b"", value.encode("latin-1", "replace")))
                 for name, value in told.items()]  # fmt: skip
        kept = Kept(pairs, data)
        if lasting:
            self.cache.put(key, kept)
        return kept

    def stranger(self, hosts: list[bytes]) -> Problem | None:
        """Refuses a name that is not ours: a page elsewhere may have bound its own to this machine."""
        match = HOST.fullmatch(hosts[0].decode("latin-1")) if len(hosts) == 1 else None
        if match is None:
            return Problem(400, "the request does not say which host it is for", "send one Host header")
        if match["name"].lower() not in self.hosts:
            return Problem(421, "this service has another name", "ask it by its name or, for whoever runs it: start it "
                           "with --allow-host")  # fmt: skip
        return None


def asker(peer: str, forwarded: str) -> str:
    """Who asks, as far as it can be known: the address; behind a proxy on this machine what that proxy says.

    >>> asker("192.0.2.1", "198.51.100.7"), asker("127.0.0.1", "198.51.100.7, 192.0.2.9"), asker("::1", "")
    ('192.0.2.1', '192.0.2.9', '')
    """
    return forwarded.rpartition(",")[2].strip() if peer in ("127.0.0.1", "::1") else peer


def asker_of(request: Request) -> str:
    """Who has made a request."""
    forwarded = request.headers.getlist("x-forwarded-for")
    return asker(request.client.host if request.client else "", forwarded[-1] if forwarded else "")


def etag_of(key: str) -> str:
    """The entity tag of an answer."""
    return f'"{key[:40]}"'


def _content_type(media_type: str) -> str:
    bare = media_type.startswith("text/") and "charset" not in media_type
    return f"{media_type}; charset=utf-8" if bare else media_type
