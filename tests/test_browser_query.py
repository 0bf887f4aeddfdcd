"""The Query page in a browser, published and served: the answers, the keyboard, what is asked of whom."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest
from browser import browser, faults, hosted, published
from service import Service, serving

from icrc_korea.graph import KnowledgeGraph
from icrc_korea.pages.words import LANGUAGES, word

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]
HOSTILE = "SELECT (COUNT(*) AS ?n) { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i . FILTER(STR(?c) < STR(?f) && ?i != ?a) }"
SMALL = "SELECT ?message { ?message a kw:Communication } ORDER BY ?message LIMIT 3"
ASK = """async ([query, accept]) => {
  const answer = await fetch(new URL("sparql", location.href.replace(/#.*/, "")), {method: "POST", body: query,
    headers: {"content-type": "application/sparql-query", accept}});
  return [answer.status, await answer.text()];
}"""
SHOWS = "text => document.querySelector('.CodeMirror').CodeMirror.getValue() === text"
ROWS = "application/sparql-results+json"


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    with browser() as started:
        yield started


@pytest.fixture(scope="module")
def site(graph: KnowledgeGraph, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("host")
    published(graph, folder / "a project", ("query",))
    with hosted(folder) as address:
        yield f"{address}a%20project/"


@pytest.fixture(scope="module")
def service() -> Iterator[Service]:
    with serving() as started:
        yield started


@pytest.fixture
def page(chromium: Any, site: str) -> Iterator[Any]:
    with opened(chromium, f"{site}query.html") as one:
        yield one


class opened:  # noqa: N801
    """A page that is ready to be used, in a context of its own; `requests` and `said` are what it asks and logs."""

    def __init__(self, chromium: Any, address: str, **settings: Any) -> None:
        self.context = chromium.new_context(**settings)
        self.page = self.context.new_page()
        self.page.requests, self.page.said = [], []
        self.page.on("request", lambda request: self.page.requests.append(request.url))
        self.page.on("console", lambda message: self.page.said.append(message.text))
        self.page.on("pageerror", lambda error: self.page.said.append(f"error: {error}"))
        self.page.goto(address)
        self.page.wait_for_selector("#editor[data-ready]")

    def __enter__(self) -> Any:
        return self.page

    def __exit__(self, *_: object) -> None:
        self.context.close()


def write(page: Any, query: str) -> None:
    page.evaluate("text => document.querySelector('.CodeMirror').CodeMirror.setValue(text)", query)


def written(page: Any) -> str:
    return str(page.evaluate("() => document.querySelector('.CodeMirror').CodeMirror.getValue()"))


def run(page: Any) -> str:
    page.click(".yasqe_queryButton")
    page.wait_for_selector(".yasr_results [role=status], .yasr_results [role=alert]")
    return str(page.inner_text(".yasr_results"))


def test_every_question_has_the_native_rows(graph: KnowledgeGraph, page: Any) -> None:
    native, compared = graph.built.whole(), 0
    for question in graph.questions():
        text = graph.explain(question.id)
        expected = native.query(text)
        if expected.kind == "construct":
            status, data = page.evaluate(ASK, [text, "application/n-triples"])
            plain = expected.serialise("nt").decode()
            assert status == 200, (question.id, data)
            assert _lines(data) == _lines(plain), question.id
        else:
            status, data = page.evaluate(ASK, [text, ROWS])
            assert status == 200, (question.id, data)
            assert _rows(json.loads(data)) == _rows(json.loads(expected.serialise("json"))), question.id
        compared += 1
    assert compared > 100


def _lines(text: str) -> Counter[str]:
    return Counter(line for line in text.splitlines() if "_:" not in line)


def _rows(answer: dict[str, Any]) -> object:
    if "boolean" in answer:
        return answer["boolean"]
    return Counter(json.dumps(row, sort_keys=True) for row in answer["results"]["bindings"])


def test_the_engine_is_fetched_only_when_something_is_asked(page: Any, site: str) -> None:
    assert not [url for url in page.requests if "oxigraph" in url or "graph-" in url]
    write(page, SMALL)
    assert "3" in run(page)
    assert [url for url in page.requests if "oxigraph" in url]
    assert [url for url in page.requests if "graph-" in url]
    assert all(url.startswith((site, "blob:")) for url in page.requests)


def test_a_hostile_query_harms_no_other_tab_and_is_ended(chromium: Any, site: str) -> None:
    context = chromium.new_context(service_workers="block")
    one, other = context.new_page(), context.new_page()
    for page in (one, other):
        page.goto(f"{site}query.html")
        page.wait_for_selector("#editor[data-ready]")
    write(one, HOSTILE)
    one.click(".yasqe_queryButton")
    write(other, SMALL)
    assert "3" in run(other)
    one.wait_for_selector(".yasr_results [role=alert]")
    assert word("query.toolong", "en") in one.inner_text(".yasr_results")
    assert one.evaluate(ASK, [SMALL, ROWS])[0] == 200
    context.close()


def test_the_editor_is_used_by_keys_alone(page: Any) -> None:
    inside = "() => document.activeElement.closest('.CodeMirror') && document.activeElement.tagName === 'TEXTAREA'"
    for _ in range(40):
        page.keyboard.press("Tab")
        if page.evaluate(inside):
            break
    assert page.evaluate(inside)
    page.keyboard.press("Control+a")
    page.keyboard.type("SELECT ?x { ?x a kw:Communication . } LIMIT 2", delay=5)
    page.keyboard.press("Control+Enter")
    page.wait_for_selector(".yasr_results table")
    before = written(page)
    page.keyboard.press("Tab")
    assert not page.evaluate(inside)
    assert written(page) == before


def test_nothing_is_asked_of_anybody_while_one_types(page: Any) -> None:
    write(page, "")
    page.click(".CodeMirror-scroll")
    asked = len(page.requests)
    page.keyboard.type("SELECT * { ?m kw:sen", delay=20)
    page.wait_for_selector(".CodeMirror-hints")
    offered = page.inner_text(".CodeMirror-hints")
    assert "kw:sender" in offered
    assert page.requests[asked:] == []


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(("theme", "width"), [("light", 1280), ("dark", 400), ("dark", 1280)])
def test_axe_finds_no_fault(language: str, theme: str, width: int, chromium: Any, site: str) -> None:
    address = f"{site}{'' if language == 'en' else language + '/'}query.html"
    with opened(chromium, address, color_scheme=theme, viewport={"width": width, "height": 900}) as page:
        run(page)
        assert faults(page) == []
        assert page.evaluate("() => document.documentElement.scrollWidth <= innerWidth")


def test_a_fault_is_a_sentence_with_its_place(page: Any) -> None:
    write(page, "SELECT *\n{ ?x kw:sender }")
    said = run(page)
    assert word("query.place", "en", line=2, column=16) in said
    page.click(".yasr_results [role=alert] button")
    cursor = page.evaluate("() => document.querySelector('.CodeMirror').CodeMirror.getCursor()")
    assert (cursor["line"], cursor["ch"]) == (1, 15)


def test_an_answer_shows_names_pages_and_sentences(chromium: Any, site: str) -> None:
    with opened(chromium, f"{site}ko/query.html#example=correspondence/unanswered") as page:
        run(page)
        links = "all => all.map(one => [one.getAttribute('href'), one.innerText])"
        targets = dict(page.eval_on_selector_all(".answer a", links))
    assert "1950년" in targets["../ko/id/communication/telegram-1950-06-26-dprk.html"]
    assert targets["../ko/id/passage/P03.s3.html"] == "P03.s3"


def test_a_query_in_the_address_opens_on_the_other_site(chromium: Any, page: Any, service: Service) -> None:
    """And the served page does all that it does under a policy that allows no style and no script in the page."""
    write(page, SMALL)
    page.wait_for_function("() => location.hash.startsWith('#q=')")
    shared = page.evaluate("() => location.hash")
    with opened(chromium, f"{service.client.base_url}/query.html{shared}".replace("//query", "/query")) as served:
        served.wait_for_function(SHOWS, arg=SMALL)
        assert "3" in run(served)
        assert [line for line in served.said if "Content Security Policy" in line or line.startswith("error:")] == []
        write(served, "SELECT *\n{ ?x kw:sender }")
        served.click(".yasqe_queryButton")
        served.wait_for_selector(".yasr_results [role=alert]")
        assert "2" in served.inner_text(".yasr_results [role=alert] button")


def test_it_answers_after_a_hard_reload(page: Any) -> None:
    write(page, SMALL)
    run(page)
    page.wait_for_function("() => location.hash.startsWith('#q=')")
    page.keyboard.press("Control+Shift+R")
    page.reload()
    page.wait_for_selector("#editor[data-ready]")
    page.wait_for_function(SHOWS, arg=SMALL)
    assert "3" in run(page)
