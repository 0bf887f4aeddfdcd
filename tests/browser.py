"""A browser for the tests, and a published site for it at a path below a host that knows no types."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

from icrc_korea.graph import KnowledgeGraph
from icrc_korea.pages.publish import begin, put
from icrc_korea.pages.words import LANGUAGES

ROOT = Path(__file__).resolve().parents[1]
AXE = ROOT / "src" / "web" / "node_modules" / "axe-core" / "axe.min.js"
NAMES = ("chromium", "chromium-browser", "google-chrome")
TYPES = {"": "application/octet-stream", ".html": "text/html", ".js": "text/javascript", ".css": "text/css"}


class Host(SimpleHTTPRequestHandler):
    """A host as simple as they come: pages, scripts and styles have their types, the rest is bytes."""

    extensions_map = TYPES

    def log_message(self, *_: Any) -> None:
        return


def published(graph: KnowledgeGraph, folder: Path, paths: tuple[str, ...]) -> None:
    """A published site with these pages alone, in every language."""
    site = begin(graph, folder)
    for path in paths:
        for language in LANGUAGES:
            prefix = "" if language == "en" else f"{language}/"
            put(folder, f"{prefix}{path}.html", site.page(path, language) or b"")


@contextmanager
def hosted(folder: Path) -> Iterator[str]:
    """The address of a folder on a host."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Host, directory=str(folder)))
    Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/"
    finally:
        server.shutdown()


@contextmanager
def browser() -> Iterator[Any]:
    """The machine's Chromium, driven by Playwright."""
    from playwright.sync_api import sync_playwright

    found = next(filter(None, map(shutil.which, NAMES)), None)
    assert found, f"none of {', '.join(NAMES)} is installed"
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=found)
        yield started
        started.close()


def faults(page: Any) -> list[str]:
    """What axe finds wrong with a page, one line a place."""
    page.evaluate("text => { (0, eval)(text) }", AXE.read_text(encoding="utf-8"))
    found = page.evaluate("async () => (await axe.run()).violations")
    return [f"{one['id']} ({one['impact']}): {node['html'][:160]}" for one in found for node in one["nodes"]]
