"""Gives the jobs on names and pages: reconciliation, search, and pages where there are some."""

from __future__ import annotations

import json
from importlib.util import find_spec
from typing import TYPE_CHECKING

from ..errors import BadParameter, UnknownTerm
from . import handbook
from .reconciliation import Service

if TYPE_CHECKING:
    from ..graph import KnowledgeGraph
    from ..workers.nursery import Head, Job

LONGEST = 200  # characters of a name
MOST = 50


def jobs(graph: KnowledgeGraph, settings: Head) -> dict[str, Job]:
    """The jobs over one graph, everything that they need read before."""
    service = Service(graph, documentation=settings.get("documentation", ""))
    found: dict[str, Job] = {"reconcile": _reconcile(service), "search": _search(graph)}
    described = json.dumps(handbook.openapi(graph), ensure_ascii=False, indent=1).encode() + b"\n"
    found["openapi"] = lambda *_: ({"type": "application/json", "lasting": True}, described)
    page = _page(graph)
    if page:
        found["page"] = page
    _warm(found)
    return found


def _reconcile(service: Service) -> Job:
    def run(head: Head, body: bytes) -> tuple[Head, bytes]:
        scope = {**head["scope"], "query_string": head["scope"]["query_string"].encode("latin-1")}
        scope["headers"] = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in scope["headers"]]
        status, headers, data = service.respond(scope, body, head.get("base", ""))
        told = [[name.decode("latin-1"), value.decode("latin-1")] for name, value in headers]
        return {"status": status, "headers": told}, data

    return run


def _search(graph: KnowledgeGraph) -> Job:
    """The job that finds things by a name or its beginning; its head has `text`, `languages`, `limit`, `suggest`."""

    def run(head: Head, _: bytes) -> tuple[Head, bytes]:
        text, limit = head["text"], min(head["limit"], MOST)
        if len(text) > LONGEST:
            raise BadParameter(f"q is longer than {LONGEST} characters", "ask for a name")
        found = graph.searcher.find(text, head["languages"], limit, names_only=bool(head.get("suggest")))
        results = [one.as_dict() for one in found]
        data = json.dumps({"query": text, "results": results}, ensure_ascii=False).encode("utf-8", "replace") + b"\n"
        return {"type": "application/json", "lasting": True}, data

    return run


def there_are_pages() -> bool:
    """Whether the package has pages for people."""
    return find_spec(f"{__package__}.pages") is not None


def _page(graph: KnowledgeGraph) -> Job | None:
    """The job that writes a page, where the package has pages.

    `pages.page(graph, path, language, fields)` gives HTML in bytes; None where there is no such page. `path` is that of
    the address without its first slash, `fields` are those of the address.
    """
    if not there_are_pages():
        return None
    from importlib import import_module

    pages = import_module(f"{__package__}.pages")

    def run(head: Head, _: bytes) -> tuple[Head, bytes]:
        html = pages.page(graph, head["path"], head["language"], dict(head.get("fields", ())))
        if html is None:
            error = UnknownTerm(f"there is no page at /{head['path']}", (), "begin at / or search: /search?q=…")
            error.asked_for = True  # type: ignore[attr-defined]
            raise error
        return {"type": "text/html; charset=utf-8", "language": head["language"], "lasting": True}, html

    return run


def _warm(found: dict[str, Job]) -> None:
    """Reads what is read when it is first needed: a child can open no file."""
    limits = {"rows": 1000, "bytes": 1 << 24}
    found["search"]({"text": "Ruegger", "languages": ["en"], "limit": 2, **limits}, b"")
    get: Head = {"type": "http", "method": "GET", "headers": [], "root_path": ""}
    for path in ("/", "/1.0-draft", "/suggest/property", "/suggest/type", "/preview", "/nothing"):
        scope: Head = {**get, "path": path, "query_string": ""}
        found["reconcile"]({"scope": scope, **limits}, b"")
    queries = 'queries={"q0":{"query":"이승만"},"q1":{"query":"Yi Sung-man","type":"Nix"}}'.encode().decode("latin-1")
    scope = {**get, "path": "/", "query_string": queries}
    found["reconcile"]({"scope": scope, **limits}, b"")
    if "page" in found:
        for path in ("", "id/person/paul-ruegger"):
            try:
                found["page"]({"path": path, "language": "en", **limits}, b"")
            except UnknownTerm:
                continue
