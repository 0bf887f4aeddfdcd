"""Asks public services with good manners: one request at a time, remembered, given up in time."""

from __future__ import annotations

import json
import os
import re
import threading
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path

from ..errors import LayoutError, RemoteError, UsageError
from .http import Wire, retry_after

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any

    from .http import Reply
    Send = Callable[["Request"], Reply]

CONTACT = "ICRC_KOREA_CONTACT"
PROJECT = "https://w3id.org/icrc-korea/"
TRIES = 4  # one request and three more
LONGEST_WAIT = 120  # seconds; who asks us to wait longer is asked again another day
UNTOLD_WAIT = 60  # what the query service wants of who is not told how long to wait
LONGEST_ANSWER = 32 * 1024 * 1024  # the API's own limit is 12 MiB
WAITABLE = (429, 502, 503, 504)


@dataclass(frozen=True)
class Request:
    """One question to a service."""

    url: str
    params: Mapping[str, str] = field(default_factory=dict)
    method: str = "GET"
    json: str = ""  # a body instead of parameters
    accept: str = "application/json"
    seconds: float = 60.0

    @property
    def key(self) -> str:
        """What makes it the same question another time; how patient we are does not."""
        told = {name: value for name, value in self.params.items() if name != "maxlag"}
        text = json.dumps([self.method, self.url, sorted(told.items()), self.json], ensure_ascii=False)
        return sha256(text.encode()).hexdigest()[:32]


class Cache:
    """The answers there were, each with its date, one file an answer."""

    def __init__(self, folder: Path | None = None) -> None:
        self.folder = folder or default_folder()

    def get(self, request: Request) -> tuple[Any, str] | None:
        """The answer and its date; None if it was never asked or cannot be read."""
        try:
            kept = json.loads((self.folder / f"{request.key}.json").read_text(encoding="utf-8"))
            return kept["answer"], kept["date"]
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def put(self, request: Request, answer: Any) -> str:
        """Keeps an answer; returns its date."""
        from ..rdf.atomic import write_atomically

        now = datetime.now(UTC).isoformat(timespec="seconds")
        kept = {"url": request.url, "params": dict(request.params), "date": now, "answer": answer}
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            text = json.dumps(kept, ensure_ascii=False, indent=1) + "\n"
            write_atomically(self.folder / f"{request.key}.json", text.encode())
        except OSError as error:
            raise LayoutError(
                f"{self.folder} cannot be written: {error.strerror}", "name a folder you may write to with --cache"
            ) from None
        return now


def default_folder() -> Path:
    """The folder for answers in the user's cache."""
    home = os.environ.get("XDG_CACHE_HOME") or os.environ.get("LOCALAPPDATA") or "~/.cache"
    try:
        return Path(home).expanduser() / "icrc-korea" / "answers"
    except RuntimeError:
        raise LayoutError("there is no folder for answers: no HOME is set", "name one with --cache") from None


def user_agent(contact: str | None) -> str:
    """How we introduce ourselves; a UsageError without somebody who can be reached."""
    from importlib.metadata import version

    given = (contact or os.environ.get(CONTACT, "")).strip()
    remedy = f"set {CONTACT} or --contact to your mail address or a page about you; --offline asks nobody"
    if not given:
        raise UsageError("Wikimedia wants to know whom to reach about these requests", remedy)
    if not re.fullmatch(r"[!-'*-~]+", given) or not re.search(r".@.+\..|https?://.+\..", given):
        raise UsageError(f"{given!r} is no mail address and no web address", remedy)
    return f"icrc-korea/{version('icrc-korea')} ({PROJECT}; {given})"


class Asker:
    """Asks politely and remembers: answers come from the cache where it has them."""

    def __init__(
        self,
        contact: str | None = None,
        cache: Cache | None = None,
        *,
        offline: bool = False,
        fresh: bool = False,
        tell: Callable[[str], None] = lambda _: None,
        wait: Callable[[float], None] | None = None,
    ) -> None:
        self.agent = "" if offline else user_agent(contact)
        self.cache, self.offline, self.fresh = cache or Cache(), offline, fresh
        self.tell, self.wait = tell, wait or time.sleep
        self.requests = 0
        self._turn = threading.Lock()
        self._wire = Wire(self.agent, retries=0)  # when to wait and ask again is for the service's own rules below

    def http(self, request: Request) -> Reply:
        """Sends a request over HTTP; a refusal is an answer, too."""
        form = dict(request.params) if request.method == "POST" and not request.json else None
        return self._wire.send(
            request.method,
            request.url,
            params=None if request.method == "POST" else dict(request.params),
            form=form,
            content=request.json.encode() or None,
            headers={"Content-Type": "application/json"} if request.json else None,
            accept=request.accept,
            limit=LONGEST_ANSWER,
            allow=range(400, 600),
            timeout=request.seconds,
        )

    def known(self, request: Request) -> tuple[Any, str] | None:
        """The answer that there was before, and its date."""
        return None if self.fresh and not self.offline else self.cache.get(request)

    def ask(self, request: Request, send: Send, judge: Callable[[Any], str | None] = lambda _: None) -> tuple[Any, str]:
        """The answer as JSON and its date. `judge` says what is wrong with an answer; only good ones are kept.

        It returns a text for an error, '' for one that goes away by waiting, and None if all is well.
        """
        kept = self.known(request)
        if kept:
            return kept
        answer = self.ask_now(request, send, judge)
        return answer, self.cache.put(request, answer)

    def ask_now(self, request: Request, send: Send, judge: Callable[[Any], str | None] = lambda _: None) -> Any:
        """The answer from the service itself, which is not kept."""
        if self.offline:
            raise RemoteError(
                f"this was not asked before, so it is not in {self.cache.folder}: {_shown(request)}",
                "leave out --offline to ask the service",
            )
        with self._turn:
            return self._insist(request, send, judge)

    def _insist(self, request: Request, send: Send, judge: Callable[[Any], str | None]) -> Any:
        where = request.url
        for number in range(1, TRIES + 1):
            self.requests += 1
            reply = send(request)
            pause = _pause(reply)
            if reply.status in WAITABLE:
                what = f"{where} answers {reply.status}: {_words(reply)}"
                seconds = (
                    UNTOLD_WAIT if pause is None and reply.status == 429 else 5 * number if pause is None else pause
                )
            elif reply.status >= 400:
                remedy = "see whether the address is right, and what the service says of itself"
                raise RemoteError(f"{where} answers {reply.status}: {_words(reply)}", remedy)
            else:
                answer = _read(reply, where)
                wrong = judge(answer)
                if wrong is None:
                    return answer
                if wrong:
                    raise RemoteError(
                        f"{where}: {wrong}", "the request was understood but not answered: see the message"
                    )
                what, seconds = f"{where} is too busy: {_words(reply)}", 5.0 if pause is None else pause
            if seconds > LONGEST_WAIT:
                raise RemoteError(f"{what}; it asks to wait {seconds:.0f} seconds", "run the same command again then")
            if number < TRIES:
                self.tell(f"{what}: waiting {seconds:.0f} s")
                self.wait(seconds)
        raise RemoteError(
            f"{what}; asked {TRIES} times", "run the same command again later: what was answered so far is kept"
        )


def _shown(request: Request) -> str:
    words = [
        value for name, value in request.params.items() if name in ("search", "srsearch", "ids", "query", "queries")
    ]
    text = " ".join((words or [request.json])[0].split())
    return f"{text[:80]}{'…' if len(text) > 80 else ''} ({request.url})"


def _pause(reply: Reply) -> float | None:
    """How long we are told to wait."""
    return retry_after(reply.headers.get("retry-after", ""))


def _read(reply: Reply, where: str) -> Any:
    text = reply.content.decode("utf-8", "replace").lstrip("\ufeff")
    if re.match(r"\s*(?:<!doctype|<html|<\?xml|<)", text, re.I):
        raise RemoteError(
            f"{where} sends a web page where an answer should be: {_words(reply)}",
            "a proxy or a login page may stand in between, or the address may be that of a page",
        )
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        cut = text.lstrip()[:1] in ("{", "[")
        what = "an answer that breaks off" if cut else "an answer that cannot be read"
        if "TimeoutException" in text[-20_000:]:
            what += " because it took too long"
        raise RemoteError(
            f"{where} sends {what}: {_words(reply)}", "run the command again; ask for less if it stays so"
        ) from None


def _words(reply: Reply) -> str:
    """The first words of an answer, for a person: the title of a page, the message of an error, or the text."""
    text = reply.content[:20_000].decode("utf-8", "replace")
    title = re.search(r"<title[^>]*>(.*?)</title>", text, re.I | re.S)
    error = re.search(r'"info"\s*:\s*"((?:[^"\\]|\\.)*)"', text)
    found = title.group(1) if title else error.group(1) if error else re.sub(r"<[^>]*>", " ", text)
    return " ".join(found.split())[:160] or "nothing"
