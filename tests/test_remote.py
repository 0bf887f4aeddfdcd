"""A store somewhere else gives the answers of the embedded one, whatever its default graph is."""

from __future__ import annotations

import shutil
import socket
import subprocess
import time
import urllib.request
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from conftest import ROOT

from icrc_korea.catalogue import APART
from icrc_korea.graph import KnowledgeGraph
from icrc_korea.store import Literal

OXIGRAPH = shutil.which("oxigraph", path=str(ROOT / ".venv/bin")) or shutil.which("oxigraph")
NASTY = ['" } } ; DROP ALL #', "\\", "'''", "}\n\r\t{", "?x", "<a> <b>", "\\u0022 }", "한국\u0000"]


@pytest.fixture(scope="module", params=["strict", "union"])
def remote(request: pytest.FixtureRequest, graph: KnowledgeGraph, tmp_path_factory: pytest.TempPathFactory) -> Iterator[KnowledgeGraph]:  # noqa: E501
    if not OXIGRAPH:
        pytest.skip("the oxigraph server is not installed")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    place: Path = tmp_path_factory.mktemp("store")
    union = ["--union-default-graph"] if request.param == "union" else []
    command = [OXIGRAPH, "serve", "--location", str(place), "--bind", f"127.0.0.1:{port}", *union]
    process = subprocess.Popen(command, stderr=subprocess.DEVNULL)
    base = f"http://127.0.0.1:{port}"
    foreign = b"<x:foreign> <x:p> <x:o> <x:graph> ."
    data = graph.export(form="nquads", preset="all") + foreign
    try:
        for attempt in range(100):
            try:
                send = urllib.request.Request(f"{base}/store", data, {"Content-Type": "application/n-quads"})
                urllib.request.urlopen(send).close()
                break
            except OSError:
                time.sleep(0.05 + attempt / 500)
        yield KnowledgeGraph(ROOT, store=f"{base}/query")
    finally:
        process.kill()
        process.wait()


def test_every_eighth_question_has_the_answers_of_the_embedded_store(
    graph: KnowledgeGraph, remote: KnowledgeGraph
) -> None:
    questions = [question for question in graph.questions() if question.topic not in APART]
    assert len(questions) > 50
    differ = []
    for question in questions[::8]:
        here, there = graph.run(question.id), remote.run(question.id)
        same = (here.columns, here.truth, Counter(map(tuple, here.rows))) == (
            there.columns, there.truth, Counter(map(tuple, there.rows)))  # fmt: skip
        if not same or set(here.triples or ()) != set(there.triples or ()):
            differ.append(question.id)
    assert differ == []


def test_what_others_keep_there_is_no_part_of_an_answer(remote: KnowledgeGraph) -> None:
    assert not remote.query("ASK { <x:foreign> ?p ?o }").truth
    assert remote.query("ASK { ?claim a kw:Claim }").truth


@pytest.mark.parametrize("text", NASTY)
def test_no_value_gets_out_of_its_quotes(text: str, remote: KnowledgeGraph) -> None:
    from icrc_korea.remote import Service

    answer = Service(str(remote.store), remote.layout).query(
        "SELECT ?value WHERE { }", {"value": Literal(text)}, ["value"]
    )
    assert answer.rows == [[Literal(text)]]
