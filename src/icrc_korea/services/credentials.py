"""Keeps user names, passwords and tokens to the address that they are meant for."""

from __future__ import annotations

import os
import sys
from urllib.parse import unquote, urlsplit, urlunsplit

from ..errors import UsageError
from ..text import safe

TYPE_CHECKING = False
if TYPE_CHECKING:
    import httpx

QUESTIONS = ("query", "update", "default-graph-uri", "named-graph-uri")  # parameters that messages go without
SHOWN = 300  # characters of what a machine said
SCHEMES = ("basic", "digest", "bearer")  # of logging in, that are spoken here
WHERE_CREDENTIALS_BELONG = (
    "set ICRC_KOREA_USER and ICRC_KOREA_PASSWORD (or ICRC_KOREA_TOKEN), or write them into ~/.netrc"
)


def checked(url: str) -> str:
    """The address without its fragment; a UsageError if it is none of http(s), or carries a password."""
    try:
        parts = urlsplit(url.strip())
        port = parts.port
    except ValueError:
        raise UsageError(f"{shown(url)} is not a web address", "write it as http://localhost:3030/dataset") from None
    if parts.scheme.lower() not in ("http", "https") or not parts.hostname or any(c <= " " for c in url.strip()):
        raise UsageError(f"{shown(url)} is not a web address", "write it as http://localhost:3030/dataset")
    if parts.username is not None or parts.password is not None:
        raise UsageError(
            "the address has a user name or password in it, which others could read in lists and logs",
            f"take it out of the address; {WHERE_CREDENTIALS_BELONG}",
        )
    if port == 0:
        raise UsageError(f"{shown(url)} has port 0", "write the port that the store listens on")
    return urlunsplit(parts._replace(fragment=""))


def origin_of(url: str) -> tuple[str, str, int]:
    """Scheme, host and port."""
    parts = urlsplit(url)
    scheme = parts.scheme.lower()
    return scheme, (parts.hostname or "").lower(), parts.port or (443 if scheme == "https" else 80)


def shown(url: str) -> str:
    """An address as messages show it: no password, no question, no control characters, not too long."""
    scheme, mark, there = url.rpartition("://") if url.count("://") == 1 else ("", "", url)
    if ":" in there.rpartition("@")[0]:  # whatever stands there, and however odd it is, may be a password
        there = "…@" + there.rpartition("@")[2]
    address, _, query = there.partition("?")
    kept = "&".join(part for part in query.split("&") if part.partition("=")[0] not in QUESTIONS)
    text = safe(f"{scheme}{mark}{address}?{unquote(kept)}" if kept else scheme + mark + address)
    return text if len(text) <= SHOWN else text[: SHOWN - 1] + "…"


def _is_local(host: str) -> bool:
    return host == "localhost" or host.startswith("127.") or host == "::1"


def _may_follow(here: tuple[str, str, int], there: tuple[str, str, int]) -> bool:
    """Whether a redirect stays on the machine: the same origin, or its https."""
    return here == there or (here[0] == "http" and there[0] == "https" and here[1] == there[1])


class Credentials:
    """A user's name and password, or token, for one machine; shown nowhere, and found when first asked for."""

    def __init__(self, origin: tuple[str, str, int], user: str = "", password: str = "", token: str = "") -> None:
        self.origin, self.user, self._password, self._token = origin, user, password, token
        self.source = "given" if password or token else ""

    def __repr__(self) -> str:
        return f"<credentials for {self.origin[1]}>"

    @classmethod
    def of(cls, url: str) -> Credentials:
        """The credentials that the environment, ~/.netrc or the person at the terminal has for this machine."""
        found = cls(origin_of(checked(url)))
        found._token = os.environ.get("ICRC_KOREA_TOKEN", "")
        found.user = os.environ.get("ICRC_KOREA_USER", "")
        found._password = os.environ.get("ICRC_KOREA_PASSWORD", "")
        found.source = "environment" if found._token or found._password else ""
        for value in (found._token, found.user, found._password):
            if any(mark < " " for mark in value):
                raise UsageError("the credentials in the environment have control characters in them",
                                 "set them again, without a line break")  # fmt: skip
        return found

    def are_for(self, origin: tuple[str, str, int]) -> bool:
        """Whether they may be sent there."""
        return _may_follow(self.origin, origin)

    def secrets(self) -> list[str]:
        """What must not be shown."""
        from base64 import b64encode

        basic = b64encode(f"{self.user}:{self._password}".encode()).decode() if self._password else ""
        return [secret for secret in (self._password, self._token, basic) if secret]

    def bearer(self) -> str:
        """The token, if there is one."""
        return self._token

    def login(self) -> tuple[str, str] | None:
        """User name and password: as given, else from ~/.netrc, else asked for on a terminal."""
        if not self._password:
            self._read_netrc()
        if not self._password:
            self._ask()
        return (self.user, self._password) if self.user or self._password else None

    def _read_netrc(self) -> None:
        import netrc

        place = os.environ.get("NETRC") or os.path.expanduser("~/.netrc")  # noqa: PTH111
        if not os.path.isfile(place):  # noqa: PTH113
            return
        try:
            entry = netrc.netrc(place).authenticators(self.origin[1])
        except (netrc.NetrcParseError, OSError, UnicodeDecodeError) as error:
            number = getattr(error, "lineno", None)
            line = f", line {number}" if number else ""
            raise UsageError(f"{place}{line} cannot be read as a netrc file", "correct it, and let only you read it "
                             "(chmod 600)") from None  # fmt: skip
        if entry and (not self.user or self.user == entry[0]):
            self.user, self._password, self.source = entry[0] or "", entry[2] or "", "netrc"

    def _ask(self) -> None:
        if not (sys.stdin and sys.stdin.isatty() and sys.stderr.isatty()):
            return
        from getpass import getpass

        try:
            if not self.user:
                sys.stderr.write(f"User name for {self.origin[1]}: ")
                sys.stderr.flush()
                self.user = sys.stdin.readline().strip()
            self._password, self.source = getpass(f"Password of {self.user} for {self.origin[1]}: "), "terminal"
        except EOFError:
            self._password = ""


class Bearer:
    """The header for a token."""

    def __init__(self, token: str) -> None:
        self._token = token

    def __call__(self, request: httpx.Request) -> httpx.Request:
        request.headers["Authorization"] = f"Bearer {self._token}"
        return request
