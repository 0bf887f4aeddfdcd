"""Gives every way in which the project can fail, as one tree of exceptions.

    KgError                    something expected went wrong        exit code
    ├── LayoutError            a folder or file is not where it should be   3
    ├── ParseError             a file cannot be read: file, line, column    3
    ├── BuildError             the files contradict each other              1
    ├── CheckFailed            `check` found violations (carries the report)1
    ├── UsageError             the command was given what it cannot take    2
    ├── UnknownTerm            no thing of that name (carries the nearest)  2
    ├── RemoteError            another machine failed or refused            4
    └── QueryError             a question cannot be asked                   2
        ├── UnknownQuery       no question of that name (with the nearest)  2
        ├── BadHeader          the `#+` lines of a query file               3
        ├── BadParameter       a parameter's name or value                  2
        └── LimitReached       it takes more time, memory or rows than it may 2

Codes: 0 clean, 1 findings, 2 wrong use, 3 unreadable files, 4 another machine failed.
A message says what was found and where; `remedy` says what to do next.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

class KgError(Exception):
    """Something expected went wrong; the text names the place and the next step."""

    exit_code = 2

    def __init__(self, message: str, remedy: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.remedy = remedy

    def __str__(self) -> str:
        return f"{self.message}\n  → {self.remedy}" if self.remedy else self.message


class LayoutError(KgError):
    """A folder or file is not where it should be."""

    exit_code = 3


class ParseError(KgError):
    """A file cannot be read; knows the file, line and column."""

    exit_code = 3

    def __init__(
        self, file: str, line: int, column: int, message: str, source: str = "", remedy: str = ""
    ) -> None:
        place = f"{file}:{line}:{column}" if line else file
        shown = f"\n  | {source.rstrip()[:160]}" if source.strip() else ""
        super().__init__(
            f"{place}: {message}{shown}", remedy or "correct this line, then run the command again"
        )
        self.file, self.line, self.column, self.what = file, line, column, message
        self.odd: list[tuple[str, int]] = []  # the IRIs that are none, with their lines, if that is what is wrong


class BuildError(KgError):
    """The files contradict each other, so no dataset is written."""

    exit_code = 1


class CheckFailed(KgError):
    """The check found violations; `report` holds them."""

    exit_code = 1

    def __init__(self, report: object, message: str) -> None:
        super().__init__(message, "run `icrc-korea check` to see each with its file, line and remedy")
        self.report = report


class UsageError(KgError):
    """The command was given what it cannot take."""


class UnknownTerm(KgError):
    """No thing of that name; `nearest` holds what it may have been."""

    def __init__(self, message: str, nearest: Iterable[str] = (), remedy: str = "") -> None:
        self.nearest = list(nearest)
        hint = "did you mean " + ", ".join(self.nearest) + "?" if self.nearest else ""
        super().__init__(message, hint or remedy or "look for a part of it: `icrc-korea search WORD`")


class RemoteError(KgError):
    """Another machine failed: who, with which HTTP status (0: none), and when it may be asked again."""

    exit_code = 4

    def __init__(
        self,
        message: str,
        remedy: str = "",
        *,
        endpoint: str = "",
        status: int = 0,
        retry_after: float | None = None,
        cut: bool = False,
    ) -> None:
        """`retry_after` is in seconds; `cut` says that an answer broke off before its end."""
        super().__init__(message, remedy)
        self.endpoint, self.status, self.retry_after, self.cut = endpoint, status, retry_after, cut


class QueryError(KgError):
    """A question cannot be asked as it stands; knows the line and column where its text is wrong, else 0."""

    def __init__(self, message: str, remedy: str = "", *, line: int = 0, column: int = 0) -> None:
        super().__init__(message, remedy)
        self.line, self.column = line, column


class UnknownQuery(QueryError):
    """No question of that name; `nearest` holds the names closest to it."""

    def __init__(self, name: str, nearest: Iterable[str] = (), remedy: str = "") -> None:
        self.name, self.nearest = name, list(nearest)
        hint = "did you mean " + ", ".join(self.nearest) + "? " if self.nearest else ""
        super().__init__(
            f"there is no question called {name!r}", remedy or hint + "`icrc-korea queries` lists them all"
        )


class BadHeader(QueryError):
    """The `#+` lines of a query file do not say what they should."""

    exit_code = 3


class BadParameter(QueryError):
    """A parameter's name or value does not fit the question."""


class LimitReached(QueryError):
    """A question takes more than it may; `limit` says of what: time, memory, rows, bytes, places or engine."""

    def __init__(self, limit: str, message: str, remedy: str = "") -> None:
        super().__init__(message, remedy)
        self.limit = limit


class NotAcceptable(QueryError):
    """None of the formats that were asked for can hold the answer; `formats` can."""

    def __init__(self, kind: str, formats: Iterable[str]) -> None:
        self.formats = list(formats)
        super().__init__(f"none of the formats asked for can hold {kind}", "accept " + ", ".join(self.formats))


def text_of(value: object, what: str, remedy: str) -> str:
    """The value if it is a text; else a UsageError that says what was to be given, and what came."""
    if not isinstance(value, str):
        raise UsageError(f"{shown(value)} is no {what}: it is of the type {type(value).__name__}", remedy)
    return value


def path_of(value: object) -> Path:
    """The value as a path; a UsageError if it is neither a text nor a path."""
    from os import PathLike
    from pathlib import Path

    if not isinstance(value, (str, PathLike)):
        found = f"{shown(value)} is no path: it is of the type {type(value).__name__}"
        raise UsageError(found, "give a text or a path")
    return Path(value)


def shown(value: object, most: int = 60) -> str:
    """A value as a message can repeat it."""
    text = repr(value)
    return text if len(text) <= most else text[:most] + "…"


def nearest(wanted: str, known: Iterable[str], count: int = 3, cutoff: float = 0.5) -> list[str]:
    """The known names closest to the wanted one, best first."""
    from difflib import get_close_matches

    folded: dict[str, str] = {}
    for name in known:
        folded.setdefault(name.casefold(), name)
    close = get_close_matches(wanted.casefold(), folded, n=count, cutoff=cutoff)
    inside = [name for name in folded if wanted.casefold() in name and name not in close]
    return [folded[name] for name in (close + sorted(inside, key=len))[:count]]
