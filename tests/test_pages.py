"""The pages: one for every name of the graph, in three languages, leading nowhere that is not there.

Hostile texts are shown as texts. The published folder is read as a browser would read it: file by file.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote

import pytest
from service import Service, serving

from icrc_korea.cli.main import main
from icrc_korea.graph import KnowledgeGraph
from icrc_korea.pages.site import Site
from icrc_korea.pages.words import LANGUAGES, table
from icrc_korea.rdf.spaces import BASE
from icrc_korea.rdf.terms import Literal, NamedNode

HOSTILE = (
    "<script>alert(1)</script>", '"><img src=x onerror=alert(1)>', "{{ 7 * 7 }}", "\u202egnihton\u202c", "a\u200bb",
)  # fmt: skip


class Page(HTMLParser):
    """What a page has: its links, what it loads, its ids, its headings, its language."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.links: list[str] = []
        self.loads: list[str] = []
        self.ids: set[str] = set()
        self.tags: list[str] = []
        self.language = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        self.tags.append(tag)
        assert not [name for name in given if name.startswith("on") or name == "style"], (tag, given)
        if tag == "html":
            self.language = given["lang"]
        if "id" in given:
            assert given["id"] not in self.ids, given["id"]
            self.ids.add(given["id"])
        if tag == "a":
            self.links.append(given["href"])
        if "src" in given or (tag == "link" and given.get("rel") == "stylesheet"):
            self.loads.append(given.get("src") or given["href"])


@pytest.fixture(scope="module")
def site(graph: KnowledgeGraph) -> Site:
    return Site(graph)


@pytest.fixture(scope="module")
def service() -> Iterator[Service]:
    with serving() as started:
        yield started


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("site") / "a project"
    assert main(["publish", str(folder), "--quiet"]) == 0
    return folder


def test_every_word_is_there_in_every_language() -> None:
    for key, words in table().items():
        assert all(words[name].strip() for name in LANGUAGES), key


def test_every_name_of_the_graph_has_its_page(site: Site) -> None:
    """None missing, none empty: also claims, pieces of the source, and terms of the ontology."""
    for node in site.facts.out:
        if isinstance(node, NamedNode) and node.value.startswith(BASE) and "/.well-known/" not in node.value:
            path, _, fragment = node.value[len(BASE) :].partition("#")
            html = site.page(path)
            assert html, node
            assert b"<h1" in html, node
            if fragment:
                assert f'id="{fragment}"'.encode() in html, node


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_link_of_the_published_site_leads_to_a_file(language: str, published: Path) -> None:
    start = published if language == "en" else published / language
    pages = start.rglob("*.html")
    files = [path for path in pages if language != "en" or path.relative_to(start).parts[0] not in LANGUAGES]
    assert len(files) > 1000
    known = {path.relative_to(published).as_posix() for path in published.rglob("*") if path.is_file()}
    anchors: dict[str, set[str]] = {}
    for path in files:
        page = Page(path.read_text(encoding="utf-8"))
        assert page.language == language
        assert page.tags.count("h1") == 1, path
        here = path.relative_to(published).parent
        for address in page.loads:
            assert not re.match(r"[a-z]+:|//", address), address
        for address in page.links + page.loads:
            if re.match(r"https?:", address):
                continue
            target, _, fragment = unquote(address).partition("#")
            name = _joined(here.as_posix(), target) if target else path.relative_to(published).as_posix()
            assert name in known, (path, address)
            if fragment:
                if name not in anchors:
                    anchors[name] = Page((published / name).read_text(encoding="utf-8")).ids
                assert fragment in anchors[name], (path, address)


def _joined(folder: str, target: str) -> str:
    parts = [part for part in folder.split("/") if part not in ("", ".")]
    for part in target.split("/"):
        if part == "..":
            parts.pop()
        else:
            parts.append(part)
    return "/".join(parts)


def test_a_folder_of_somebody_else_is_not_written_into(tmp_path: Path) -> None:
    kept = tmp_path / "precious.txt"
    kept.write_text("mine", encoding="utf-8")
    assert main(["publish", str(tmp_path), "--quiet"]) == 2
    assert [path.name for path in tmp_path.iterdir()] == ["precious.txt"]


def test_an_absence_is_a_statement_of_its_own(site: Site) -> None:
    html = (site.page("id/communication/telegram-1950-06-26-dprk") or b"").decode()
    assert "absence/no-dprk-reply-telegram-1950-06-26" in html
    assert "P03.s3" in html


def test_the_same_page_in_three_languages(site: Site) -> None:
    texts = {name: (site.page("q/correspondence/unanswered", name) or b"").decode() for name in LANGUAGES}
    for name, text in texts.items():
        assert f'<html lang="{name}">' in text
        assert site.questions["correspondence/unanswered"].summary[name].split()[0] in text


@pytest.mark.parametrize("text", HOSTILE)
def test_a_hostile_text_is_shown_as_text(text: str, graph: KnowledgeGraph) -> None:
    """A label that is markup, a template or turns the line around makes no element and no attribute."""
    node = NamedNode(BASE + "id/person/paul-ruegger")
    label = NamedNode("http://www.w3.org/2004/02/skos/core#prefLabel")
    before = graph.facts.out[node]
    plain = Page((Site(graph).page("id/person/paul-ruegger") or b"").decode())
    try:
        kept = {pair: None for pair in before if pair[0] != label}
        graph.facts.out[node] = {(label, Literal(text, language="en")): None, **kept}
        hostile = Page((Site(graph).page("id/person/paul-ruegger") or b"").decode())
    finally:
        graph.facts.out[node] = before
    assert "script" not in hostile.tags
    assert "img" not in hostile.tags
    assert set(hostile.tags) <= set(plain.tags)


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_service_shows_the_same_pages(language: str, service: Service, site: Site) -> None:
    """Under the same addresses, in processes that can open no file: nothing may be read late."""
    prefix = "" if language == "en" else f"{language}/"
    for path in ("", "ask", "read", "query", "about", "all", "q/law/commitments", "read/P19", "id/place/geneva",
                 "ontology"):  # fmt: skip
        given = service.client.get(f"/{prefix}{path}", headers={"accept": "text/html"})
        assert given.status_code == 200, (path, given.text)
        assert given.headers["content-type"].startswith("text/html"), path
        served, written = Page(given.text), Page((site.page(f"{prefix}{path}") or b"").decode())
        assert served.language == written.language == language
        assert set(written.links) - set(served.links) <= {f"{'../' * (prefix + path).count('/')}{prefix}all.html",
                                                         "icrc-korea.ttl", "icrc-korea.nq", "../icrc-korea.ttl",
                                                         "../icrc-korea.nq"}, path  # fmt: skip


def test_a_name_is_found_and_a_question_takes_another_value(service: Service) -> None:
    found = service.client.get("/search.html", params={"q": "이승만"}).text
    assert "id/person/syngman-rhee" in found
    asked = service.client.get("/q/correspondence/addressed-to.html", params={"party": "state:rok"}).text
    assert "id/communication/telegram-1950-06-26-rok" in asked
    refused = service.client.get("/q/correspondence/addressed-to.html", params={"party": "Atlantis"}).text
    assert 'role="alert"' in refused
    assert "Atlantis" in refused
