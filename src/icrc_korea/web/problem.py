"""Gives refusals in the form of RFC 9457: what is wrong, where, and what to do about it."""

from __future__ import annotations

import json
from http import HTTPStatus
from typing import TYPE_CHECKING

from starlette.responses import Response

from ..errors import BuildError, KgError, LayoutError, LimitReached, NotAcceptable, UnknownQuery, UnknownTerm
from ..workers.places import Busy

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

ASK_AGAIN = 5  # seconds after which a full server may be asked again
STATUS_OF_LIMIT = {"time": 503, "memory": 503, "places": 503, "engine": 400, "rows": 400, "triples": 400, "bytes": 400}
MEDIA_TYPE = "application/problem+json"


class Problem(Exception):
    """A request that is refused."""

    def __init__(
        self, status: int, detail: str, remedy: str = "", headers: Mapping[str, str] | None = None, **fields: Any
    ) -> None:
        super().__init__(detail)
        self.status, self.detail, self.remedy = status, detail, remedy
        self.headers, self.fields = dict(headers or {}), fields

    def response(self) -> Response:
        """The refusal as it is sent."""
        said = {"type": "about:blank", "title": HTTPStatus(self.status).phrase, "status": self.status,
                "detail": self.detail, **({"remedy": self.remedy} if self.remedy else {}), **self.fields}  # fmt: skip
        data = json.dumps(said, ensure_ascii=False, indent=1).encode("utf-8", "replace") + b"\n"
        return Response(data, self.status, {"cache-control": "no-store", **self.headers}, MEDIA_TYPE)


def problem_of(error: KgError) -> Problem:
    """An error of ours as a refusal."""
    fields: dict[str, Any] = {}
    line, column = getattr(error, "line", 0), getattr(error, "column", 0)
    if line:
        fields |= {"line": line, "column": column}
    if isinstance(error, LimitReached):
        fields["limit"] = error.limit
        headers = {"retry-after": str(ASK_AGAIN)} if isinstance(error, Busy) else {}
        return Problem(STATUS_OF_LIMIT.get(error.limit, 503), error.message, error.remedy, headers, **fields)
    if isinstance(error, NotAcceptable):
        return Problem(406, error.message, error.remedy, formats=error.formats)
    if isinstance(error, (UnknownQuery, UnknownTerm)) and getattr(error, "asked_for", False):
        return Problem(404, error.message, error.remedy)
    if isinstance(error, (LayoutError, BuildError)):  # the message may name folders
        return Problem(500, "the dataset cannot be read", "tell whoever runs this service")
    return Problem(400, error.message, error.remedy, **fields)
