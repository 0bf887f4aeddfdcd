"""Pictures show the rows of the catalogue's answers, all of them, and nothing else; pages need no network."""

from __future__ import annotations

import csv
import html
import importlib
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from conftest import ROOT, Command

from icrc_korea.errors import UsageError
from icrc_korea.graph import KnowledgeGraph
from icrc_korea.publishing import pictures

# the questions behind each picture, and the column that names what is drawn
BEHIND = {
    "timeline": {"chronology/timeline": "label"},
    "network": {"network/messages-between-parties": "label", "network/contested-ties": "made_in"},
    "map": {"places/with-coordinates": "label"},
    "sources": {"sources/years-and-access": "label"},
}
HARMLESS = re.compile(r"https?://(www\.w3\.org|vega\.github\.io|github\.com/vega)/")  # names, not addresses asked


@pytest.fixture(scope="module", params=pictures.PICTURES)
def picture(request: pytest.FixtureRequest, graph: KnowledgeGraph) -> pictures.Picture:
    drawn = graph.draw(request.param)
    drawn.name = request.param
    return drawn


def data(spec: Any) -> Iterator[dict[str, Any]]:
    """Every row in a specification."""
    if isinstance(spec, dict):
        yield from (row for row in spec.get("values", ()) if isinstance(row, dict))
        for key, part in spec.items():
            yield from () if key == "values" else data(part)
    elif isinstance(spec, list):
        for part in spec:
            yield from data(part)


def rows_of(spec: dict[str, Any]) -> list[dict[str, Any]]:
    return [*data(spec), *(row for rows in spec.get("datasets", {}).values() for row in rows)]


def outside_scripts(page: str) -> str:
    return re.sub(r"<script[^>]*>.*?</script>", "", page, flags=re.S)


def test_each_picture_shows_what_the_questions_answer(picture: pictures.Picture, graph: KnowledgeGraph) -> None:
    for question, column in BEHIND[picture.name].items():
        asked = {str(row[column]) for row in graph.run(question)}
        shown = {str(value) for row in picture.rows for value in row.values()}
        assert asked <= shown
    drawn = {str(value) for row in rows_of(picture.spec) for value in row.values()}
    assert {str(row["label"]) for row in picture.rows} <= drawn
    assert len(picture.lines) == len(picture.rows) + 1


def test_the_text_names_every_row_with_its_sentence(picture: pictures.Picture) -> None:
    for row in picture.rows:
        line = next(line for line in picture.lines if row["label"] in line)
        assert str(row.get("stated_in") or row.get("source")).split()[0] in line


def test_svg_is_xml_with_a_text_in_its_place(picture: pictures.Picture) -> None:
    root = ElementTree.fromstring(picture.serialise("svg"))
    assert picture.title in "".join(root.itertext())
    said = root.findtext("{http://www.w3.org/2000/svg}desc") or ""
    assert all(line in said for line in picture.lines)


def test_png_is_a_picture(picture: pictures.Picture) -> None:
    assert picture.serialise("png").startswith(b"\x89PNG\r\n\x1a\n")


def test_a_page_holds_all_it_needs(picture: pictures.Picture) -> None:
    page = picture.serialise("html").decode()
    assert not re.search(r"<\w+[^>]*(?:src|href)=", outside_scripts(page))
    assert [address for address in re.findall(r"https?://[\w./-]+", page) if not HARMLESS.match(address)] == [
        address for address in re.findall(r"https?://[\w./-]+", page) if "geonames" in address
    ]
    for row in picture.rows:
        assert html.escape(str(row["label"])) in page
    assert json.loads(re.findall(r'id="spec">(.*?)</script>', page, re.S)[0]) == picture.spec


def test_the_same_picture_is_drawn_twice(picture: pictures.Picture, graph: KnowledgeGraph) -> None:
    again = graph.draw(picture.name)
    assert (again.spec, again.serialise("svg")) == (picture.spec, picture.serialise("svg"))


@pytest.mark.parametrize("name", pictures.PICTURES)
def test_no_name_can_leave_its_place_in_a_page(name: str, graph: KnowledgeGraph) -> None:
    evil = "</script><script>alert(1)</script><img src=x onerror=alert(2)>"

    def ask(question: str) -> Any:
        return [{**row, "label": evil, "to_label": row.get("to_label") and evil} for row in graph.run(question)]

    page = pictures.draw(name, ask).serialise("html").decode()
    assert page.count("</script") == 2
    assert "<img" not in outside_scripts(page)


def test_what_got_no_answer_is_dashed_and_what_is_contested_has_two_colours(graph: KnowledgeGraph) -> None:
    drawn = graph.draw("network")
    line = drawn.spec["layer"][0]["encoding"]
    ties = line["color"]["scale"]["domain"]
    hue = dict(zip(ties, line["color"]["scale"]["range"], strict=True))
    dash = dict(zip(ties, line["strokeDash"]["scale"]["range"], strict=True))
    unanswered = [row for row in drawn.rows if row["tie"] == "no answer, as the guide reports"]
    assert {row["message"] for row in unanswered} == {
        str(row["message"]) for row in graph.run("correspondence/unanswered", party="state:dprk")
    }
    assert len(dash["no answer, as the guide reports"]) == 2
    assert dash["no answer, as the guide reports"] != dash["the guide does not mention an answer"]
    assert hue["contested: affirmed"] != hue["contested: denied"]


def test_an_open_end_reaches_the_edge_and_a_day_is_a_dot(graph: KnowledgeGraph) -> None:
    rows = {row["what"]: row for row in rows_of(graph.draw("timeline").spec) if "what" in row}
    war, telegram = rows["event:korean-war"], rows["communication:telegram-1952-11-24"]
    assert (war["from"], war["to"], war["open_to"], war["point"]) == ("1950-06-25", pictures.LAST, True, False)
    assert (telegram["from"], telegram["to"], telegram["point"]) == ("1952-11-24", "1952-11-24", True)
    assert rows["communication:dprk-message-to-unsg"]["date"] == ""


def test_an_empty_answer_is_said_not_drawn() -> None:
    for name in pictures.PICTURES:
        with pytest.raises(UsageError, match="nothing to draw"):
            pictures.draw(name, lambda _: [])  # type: ignore[arg-type,return-value]


def test_a_missing_converter_is_named(graph: KnowledgeGraph, monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(name: str) -> Any:
        raise ImportError(name)

    monkeypatch.setattr(importlib, "import_module", missing)
    with pytest.raises(UsageError, match=r"icrc-korea\[draw\]"):
        graph.draw("map")


@pytest.mark.parametrize("form", pictures.FORMS)
def test_the_command_writes_the_picture_with_its_words_and_rows(form: str, icrc: Command, tmp_path: Path) -> None:
    target = tmp_path / f"war.{form}"
    said = icrc("draw", "timeline", "--format", form, "-o", target, "--root", ROOT)
    assert said.code == 0, said.err
    assert said.out == ""
    names = {"war.html"} if form == "html" else {f"war.{form}", "war.txt", "war.csv"}
    assert {path.name for path in tmp_path.iterdir()} == names
    assert all(name in said.err for name in names)
    if form != "html":
        with (tmp_path / "war.csv").open(encoding="utf-8", newline="") as stream:
            assert len(list(csv.DictReader(stream))) == len((tmp_path / "war.txt").read_text().splitlines()) - 3


def test_a_folder_that_cannot_be_written_is_named(icrc: Command, tmp_path: Path) -> None:
    said = icrc("draw", "map", "-o", tmp_path / "nowhere" / "map.svg", "--root", ROOT)
    assert said.code == 3
    assert "map.svg cannot be written" in said.err


def test_what_lies_beside_a_picture_is_not_overwritten(tmp_path: Path, icrc: Command) -> None:
    precious = tmp_path / "letters.csv"
    precious.write_text("precious\n", encoding="utf-8")
    refused = icrc("draw", "network", "--root", ROOT, "-o", tmp_path / "letters.png")
    assert refused.code == 2
    assert "letters.csv" in refused.err
    assert [path.name for path in tmp_path.iterdir()] == ["letters.csv"]
    assert icrc("draw", "network", "--root", ROOT, "-o", tmp_path / "other.svg").code == 0
    assert icrc("draw", "network", "--root", ROOT, "-o", tmp_path / "other.svg").code == 0  # its own, once more


@pytest.mark.parametrize(("verb", "name", "begins"), [
    (("draw", "sources"), "x.html", b"<!doctype html>"),
    (("draw", "sources"), "x.png", b"\x89PNG"),
    (("export",), "x.nt", b"<http"),
    (("export",), "x.nq", b"<http"),
    (("export",), "x.jsonld", b"{"),
])  # fmt: skip
def test_the_name_of_a_file_says_its_format(
    verb: tuple[str, ...], name: str, begins: bytes, tmp_path: Path, icrc: Command
) -> None:
    assert icrc(*verb, "--root", ROOT, "-o", tmp_path / name).code == 0
    assert (tmp_path / name).read_bytes().lower().startswith(begins.lower())
    other = "svg" if verb[0] == "draw" else "turtle"
    refused = icrc(*verb, "--root", ROOT, "--format", other, "-o", tmp_path / f"y{Path(name).suffix}")
    assert refused.code == 2
    assert "--format" in refused.err
