"""Sends HTTP requests to the machines that the user named, politely, within limits.

    wire = Wire(tell=say, credentials=Credentials.of("https://store.example/ds"))
    reply = wire.send("GET", "https://store.example/ds", params={"query": "ASK {}"}, accept=JSON)
    with wire.stream("GET", …) as reply:
        for chunk in reply.chunks(): …

It waits when it is told to (429, 503), sends again what may be sent twice when a connection breaks, follows
redirects only to the same machine, and takes no answer for whole that was cut, too large, or a web page where
data was asked for. Whatever goes wrong is a RemoteError that names the address and the next step.

Credentials come from ICRC_KOREA_USER and ICRC_KOREA_PASSWORD, from ICRC_KOREA_TOKEN, from ~/.netrc, or are asked
for on a terminal; they go to the machine that they were meant for, and are shown nowhere.
"""

from __future__ import annotations

import threading
import time
from contextlib import contextmanager
from urllib.parse import quote, urlencode, urljoin, urlsplit, urlunsplit

from ..errors import RemoteError, UsageError
from ..text import safe
from .credentials import (
    SCHEMES,
    SHOWN,
    WHERE_CREDENTIALS_BELONG,
    Bearer,
    _is_local,
    _may_follow,
    checked,
    origin_of,
    shown,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
    from typing import Any

    import httpx

    from .credentials import Credentials
    Content = bytes | Callable[[], Iterable[bytes]] | None
    Tell = Callable[[str], None]

JSON = "application/sparql-results+json"
FORM = "application/x-www-form-urlencoded"
IDEMPOTENT = ("GET", "HEAD", "OPTIONS", "PUT", "DELETE")
LARGEST = 64 * 1024 * 1024  # of an answer, unless the caller says otherwise
LONGEST_WAIT = 120.0  # seconds that a machine may make us wait before we rather give up
MOST_REDIRECTS = 5
QUIET = 15.0  # seconds after which we say that we still wait
SLOWEST = 100  # bytes a second, below which an answer that has had its time is given up
GOES_ON = " (a push goes on where it stopped)"
NEXT_STEPS = {
    400: "if the address and the kind of store are right, this is a fault of ours or of the store: please report it",
    401: WHERE_CREDENTIALS_BELONG,
    403: "ask who runs the store for the right to do this, or use credentials that have it",
    404: "check the address, and the kind of store: is the name of the dataset or repository right, and does it exist?",
    405: "check the kind of store and the address; a store that was started read-only answers so too",
    406: "check the kind of store and the address: it offers none of the forms that were asked for",
    413: "send less at once, or use the store's own bulk loader",
    415: "check the kind of store and the address: it does not take the form that was sent",
    429: "wait, then run the same command again" + GOES_ON,
    503: "wait until the store is up again, then run the same command again" + GOES_ON,
}
TOO_SLOW = "check how busy the store is; ask for less, or try again later"


def default_agent() -> str:
    """Who we say we are, where the caller has nothing better to say."""
    from importlib.metadata import PackageNotFoundError, version

    try:
        ours = version("icrc-korea")
    except PackageNotFoundError:  # run from a source tree that was never installed
        ours = "0"
    return f"icrc-korea/{ours} (+https://w3id.org/icrc-korea/)"


class Reply:
    """What a machine answered; `headers` are asked for in any case."""

    def __init__(self, status: int, headers: Mapping[str, str], url: str, content: bytes = b"") -> None:
        self.status, self.headers, self.url, self.content = status, headers, url, content

    @property
    def kind(self) -> str:
        """The media type, without its parameters."""
        return self.headers.get("content-type", "").partition(";")[0].strip().lower()

    def text(self) -> str:
        """The content as text."""
        return self.content.decode("utf-8", "replace")


class Stream(Reply):
    """An answer that is still coming in."""

    def __init__(
        self, response: httpx.Response, url: str, wire: Wire, limit: int | None, timeout: float
    ) -> None:
        super().__init__(response.status_code, response.headers, url)
        self._response, self._wire, self._limit, self._timeout = response, wire, limit, timeout

    def chunks(self) -> Iterator[bytes]:
        """The content piece by piece; a RemoteError if it was cut or is larger than the limit."""
        import httpx

        size, started = 0, time.monotonic()
        try:
            for chunk in self._response.iter_bytes():
                size += len(chunk)
                spent = time.monotonic() - started
                if spent > self._timeout and size < spent * SLOWEST:
                    raise RemoteError(f"{shown(self.url)} gave {size:,} bytes in {spent:,.0f} s", TOO_SLOW,
                                      endpoint=self.url, status=self.status)  # fmt: skip
                if self._limit is not None and size > self._limit:
                    raise RemoteError(
                        f"the answer of {shown(self.url)} is larger than {self._limit:,} bytes",
                        "ask for less", endpoint=self.url, status=self.status,
                    )  # fmt: skip
                yield chunk
        except httpx.HTTPError as error:
            raise self._wire.broken(error, self.url) from None


class Body:
    """Content that can be sent again: each pass over it starts anew."""

    def __init__(self, make: Callable[[], Iterable[bytes]]) -> None:
        self.make = make

    def __iter__(self) -> Iterator[bytes]:
        return iter(self.make())


class Wire:
    """A client for a few machines; `tell` hears in words why it waits."""

    def __init__(
        self,
        agent: str = "",
        timeout: float = 60,
        retries: int = 4,
        tell: Tell | None = None,
        credentials: Credentials | None = None,
    ) -> None:
        self.agent, self.timeout, self.retries = agent or default_agent(), timeout, retries
        self.credentials = credentials  # none: nothing is ever sent of the environment's or netrc's
        self._tell: Tell = tell or (lambda _: None)
        self._clients: dict[str, httpx.Client] = {}  # by scheme: reading what certificates to trust takes time
        self._auth: dict[tuple[str, str, int], Any] = {}
        self._met: set[tuple[str, str, int]] = set()  # machines that have answered us before

    def __enter__(self) -> Wire:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Closes the connections."""
        for client in self._clients.values():
            client.close()
        self._clients = {}

    def send(self, method: str, url: str, *, limit: int = LARGEST, allow: Collection[int] = (), **wanted: Any) -> Reply:
        """Sends a request and reads the whole answer; the arguments are those of `stream`.

        An answer that breaks off is asked for again where the request may be sent twice.
        """
        again = wanted.get("idempotent", False) or method in IDEMPOTENT
        for attempt in range(self.retries + 1):
            with self.stream(method, url, limit=limit, allow=allow, **wanted) as stream:
                try:
                    content = b"".join(stream.chunks())
                    return Reply(stream.status, stream.headers, stream.url, content)
                except RemoteError as error:
                    if not (again and error.cut) or attempt == self.retries:
                        raise
            self._wait(2.0**attempt, f"the answer of {origin_of(url)[1]} was cut")
        raise AssertionError("unreachable")

    @contextmanager
    def stream(
        self,
        method: str,
        url: str,
        *,
        params: Mapping[str, str] | None = None,
        content: Content = None,
        form: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        accept: str = "",
        limit: int | None = None,
        allow: Collection[int] = (),
        timeout: float | None = None,
        idempotent: bool = False,
    ) -> Iterator[Stream]:
        """Sends a request; gives the answer while it comes in.

        `content` is bytes, or makes an iterable of them each time it is called, so that it can be sent again.
        `form` is sent as a web form is. `allow` are the error codes that the caller wants to see as answers.
        `idempotent` says of a POST that sending it twice is as good as once.
        """
        import httpx

        url = checked(url)
        sent = {"User-Agent": self.agent, "Accept": accept or "*/*", **(headers or {})}
        if form is not None:
            content, sent["Content-Type"] = urlencode(form).encode(), FORM
        if params:
            url += ("&" if urlsplit(url).query else "?") + urlencode(params, quote_via=quote)
        timeout = timeout or self.timeout
        response, url = self._answered(method, url, content, sent, timeout, idempotent or method in IDEMPOTENT)
        try:
            if response.status_code >= 400 and response.status_code not in allow:
                raise self._refused(response, url)
            stream = Stream(response, url, self, limit, timeout)
            if accept and "html" not in accept and stream.kind == "text/html" and response.status_code < 300:
                raise RemoteError(
                    f"{shown(url)} answered with a web page where data was asked for: {self._said(response)}",
                    "check the address: it should be the one that programs use, not the one for people",
                    endpoint=url, status=response.status_code,
                )  # fmt: skip
            yield stream
        except httpx.HTTPError as error:
            raise self.broken(error, url) from None
        finally:
            response.close()

    def _answered(
        self, method: str, url: str, content: Content, headers: dict[str, str], timeout: float, again: bool
    ) -> tuple[httpx.Response, str]:
        """The answer after waiting, trying again, logging in and following redirects; and who gave it."""
        import httpx

        redirects = attempt = 0
        logged_in = False
        while True:
            origin = origin_of(url)
            if origin[0] not in self._clients:
                secure = origin[0] == "https"
                self._clients[origin[0]] = httpx.Client(follow_redirects=False, timeout=self.timeout, verify=secure)
            client = self._clients[origin[0]]
            body = Body(content) if callable(content) else content
            limits = httpx.Timeout(timeout, connect=min(timeout, 20.0))
            try:
                request = client.build_request(method, url, content=body, headers=headers, timeout=limits)
                with self._waiting(origin[1], timeout):
                    response = client.send(request, auth=self._authority(origin), stream=True)
            except (httpx.InvalidURL, httpx.UnsupportedProtocol, UnicodeError):
                raise UsageError(f"{shown(url)} is not a web address", "write it as http://localhost:3030/ds") from None
            except httpx.HTTPError as error:
                lost = isinstance(error, httpx.NetworkError | httpx.ConnectTimeout) or _ended(error)
                unsent = isinstance(error, httpx.ConnectError | httpx.ConnectTimeout)
                # a machine that was never there is rather a slip in the address than a fault that passes
                if attempt >= self.retries or not lost or not (again or unsent) or (unsent and origin not in self._met):
                    raise self.broken(error, url) from None
                self._wait(2.0**attempt, f"the connection to {origin[1]} broke")
                attempt += 1
                continue
            self._met.add(origin)
            status = response.status_code
            if status in (429, 503) and attempt < self.retries:
                wait = retry_after(response.headers.get("retry-after", ""))
                if wait is not None and wait > LONGEST_WAIT:
                    return response, url
                response.close()
                why = "too many requests" if status == 429 else "busy, or not up yet"
                self._wait(2.0**attempt if wait is None else wait, f"{origin[1]} says {status} ({why})")
                attempt += 1
            elif status == 401 and not logged_in and self._log_in(origin, response):
                logged_in = True
                response.close()
            elif status in (301, 302, 303, 307, 308) and response.headers.get("location"):
                url = self._redirected(method, url, response, redirects)
                redirects += 1
            else:
                return response, url

    @contextmanager
    def _waiting(self, host: str, timeout: float) -> Iterator[None]:
        """Says after a while that an answer is still to come."""
        words = f"{host} has not answered for {QUIET:.0f} s: waiting up to {timeout:,.0f} s in all"
        teller = threading.Timer(QUIET, self._tell, [words])
        teller.daemon = True
        teller.start()
        try:
            yield
        finally:
            teller.cancel()

    def _wait(self, seconds: float, why: str) -> None:
        self._tell(f"{why}: waiting {seconds:.0f} s")
        time.sleep(seconds)

    def _redirected(self, method: str, url: str, response: httpx.Response, redirects: int) -> str:
        target = urljoin(url, response.headers["location"])
        response.close()
        there = urlsplit(target)
        if redirects >= MOST_REDIRECTS:
            problem = "redirects without end"
        elif there.scheme not in ("http", "https") or there.username is not None:
            problem = f"redirects to {shown(target)}, which is no web address"
        elif not _may_follow(origin_of(url), origin_of(target)):
            problem = f"redirects to another machine, {shown(target)}"
        elif response.status_code in (301, 302, 303) and method not in ("GET", "HEAD"):
            problem = f"has moved to {shown(target)}"
        else:
            return urlunsplit(there._replace(fragment=""))
        raise RemoteError(f"{shown(url)} {problem}", "if that is where it should go, give that address",
                          endpoint=url, status=response.status_code)  # fmt: skip

    # --- logging in ---

    def _authority(self, origin: tuple[str, str, int]) -> Any:
        """What adds the credentials: a token is sent at once, a password once the machine has asked for it."""
        ours = self.credentials
        if ours and ours.are_for(origin) and ours.bearer():
            self._warn(origin)
            return Bearer(ours.bearer())
        return self._auth.get(origin)

    def _log_in(self, origin: tuple[str, str, int], response: httpx.Response) -> bool:
        """Whether there are credentials for the scheme that a 401 names."""
        import httpx

        ours = self.credentials
        asked = response.headers.get("www-authenticate", "").lower()
        if not ours or not ours.are_for(origin) or ours.bearer() or origin in self._auth:
            return False
        if "digest" not in asked and "basic" not in asked:
            return False
        login = ours.login()
        if login is None:
            return False
        if "digest" in asked:
            if not login[0].isascii():
                raise UsageError(f"{origin[1]} asks for Digest authentication, which knows user names in ASCII only",
                                 "use an account whose name has no other letters")  # fmt: skip
            self._auth[origin] = httpx.DigestAuth(*login)
        else:
            self._warn(origin)
            self._auth[origin] = httpx.BasicAuth(*login)
        return True

    def _warn(self, origin: tuple[str, str, int]) -> None:
        if origin[0] == "http" and not _is_local(origin[1]) and origin not in self._met:
            self._tell(f"the credentials go to {origin[1]} unencrypted: use https if it is offered")

    # --- saying what went wrong ---

    def _said(self, response: httpx.Response) -> str:
        """The beginning of an answer, on one line, without anything secret."""
        import httpx

        data = b""
        try:
            for chunk in response.iter_bytes():
                data += chunk
                if len(data) > 4096:
                    break
        except httpx.HTTPError:
            pass  # what came is enough
        text = data[:4096].decode("utf-8", "replace")
        if response.headers.get("content-type", "").startswith("text/html"):
            import re

            text = re.sub(r"(?is)<(script|style)\b.*?</\1>|<[^>]*>", " ", text)
        text = self.decent(text)
        return (text[: SHOWN - 1] + "…" if len(text) > SHOWN else text) or "(nothing)"

    def decent(self, text: str) -> str:
        """What a machine said, on one line, without anything secret."""
        for secret in self.credentials.secrets() if self.credentials else []:
            text = text.replace(secret, "***")
        return safe(" ".join(text.split()))

    def _refused(self, response: httpx.Response, url: str) -> RemoteError:
        status = response.status_code
        wait = retry_after(response.headers.get("retry-after", ""))
        later = f", and asks to be left alone for {wait:,.0f} s" if wait is not None else ""
        remedy = NEXT_STEPS.get(status, "look into the store's log, and at the room on its disk; then try again")
        ours = self.credentials
        asked = response.headers.get("www-authenticate", "")
        if status == 401 and ours and (ours.bearer() or origin_of(url) in self._auth):
            remedy = f"it does not accept the credentials ({ours.source}): check them"
        elif status == 401 and asked and not any(scheme in asked.lower() for scheme in SCHEMES):
            remedy = f"it asks for {safe(asked.split()[0])}, which is not spoken here: put a proxy before it that does"
        return RemoteError(
            f"{shown(url)} answered {status} {safe(response.reason_phrase)}{later}: {self._said(response)}",
            remedy, endpoint=url, status=status, retry_after=wait,
        )  # fmt: skip

    def broken(self, error: httpx.HTTPError, url: str) -> RemoteError:
        """An error of the library in our words."""
        import httpx

        cut = False
        remedy = "check that the store runs, then run the same command again" + GOES_ON
        if isinstance(error, httpx.ConnectError | httpx.ConnectTimeout):
            problem = f"cannot be reached ({safe(str(error)) or 'no answer'})"
            remedy = "check the address, and that the store runs and listens there"
            if "CERTIFICATE_VERIFY_FAILED" in str(error):
                why = str(error).partition("verify failed: ")[2].partition(" (_ssl")[0]
                problem = f"has a certificate that cannot be trusted: {safe(why)}"
                remedy = "if it is the right machine, let SSL_CERT_FILE name the file with its signer's certificate"
        elif isinstance(error, httpx.TimeoutException):
            problem = "said nothing for too long"
            remedy = TOO_SLOW
        elif isinstance(error, httpx.RemoteProtocolError) and "disconnected" in str(error):
            problem = "closed the connection without an answer"
        elif isinstance(error, httpx.NetworkError) or _ended(error):
            cut = True
            problem = f"broke off before the end ({safe(str(error)) or type(error).__name__})"
        elif isinstance(error, httpx.DecodingError | httpx.RemoteProtocolError):
            problem = f"does not speak HTTP as it should ({safe(str(error))})"
            remedy = "check the address: is it a triple store that listens there?"
        else:
            problem = f"cannot be asked ({safe(str(error)) or type(error).__name__})"
        return RemoteError(f"{shown(url)} {problem}", remedy, endpoint=url, cut=cut)


def _ended(error: httpx.HTTPError) -> bool:
    """Whether the other side closed the connection before it was done, which may go better the next time."""
    return any(words in str(error) for words in ("disconnected", "peer closed"))


def retry_after(text: str) -> float | None:
    """The seconds that a Retry-After asks for, as a number or as a date; None if it says nothing."""
    text = text.strip()
    if text.isascii() and text.isdigit():
        return float(text[:9])
    if not text:
        return None
    from email.utils import parsedate_to_datetime

    try:
        return max(0.0, parsedate_to_datetime(text).timestamp() - time.time())
    except (ValueError, TypeError, OverflowError):
        return None
