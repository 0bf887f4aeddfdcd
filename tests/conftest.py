"""What several tests share: a graph of one's own to change, and the command in this process or in one of its own."""

from __future__ import annotations

import io
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pyoxigraph as ox
import pytest
from real_stores import STORES, own_store, real_store, store_of

import icrc_korea
from icrc_korea.cli.main import main
from icrc_korea.graph import KnowledgeGraph

ROOT = Path(__file__).resolve().parents[1]
CONTENT = ("graph.toml", "ontology", "data", "shapes", "queries")


__all__ = ["own_store", "real_store", "store_of"]  # fixtures that live elsewhere


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Marks tests with a real store `stores`; those with the same one run in one process, so it starts once."""
    for item in items:
        if {"own_store", "real_store", "store_of"} & set(getattr(item, "fixturenames", ())):
            item.add_marker("stores")
        if item.get_closest_marker("stores"):
            chosen = getattr(getattr(item, "callspec", None), "params", {}).values()
            item.add_marker(pytest.mark.xdist_group(next((name for name in chosen if name in STORES), "virtuoso")))


class Said(NamedTuple):
    """What a command left behind: its exit code, and its two streams."""

    code: int
    out: str
    err: str


Command = Callable[..., Said]


def copy_content(folder: Path) -> Path:
    """A graph's content files, without anything built, in a folder where they may be changed."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in CONTENT:
        (shutil.copytree if (ROOT / name).is_dir() else shutil.copy)(ROOT / name, folder / name)
    return folder


@pytest.fixture(scope="session")
def graph() -> KnowledgeGraph:
    """The graph of the checkout."""
    return icrc_korea.load(ROOT)


@pytest.fixture(scope="session")
def quads(graph: KnowledgeGraph) -> list[ox.Quad]:
    """Every quad of the built dataset, read by pyoxigraph alone."""
    return list(ox.parse(graph.built.bytes_of("dataset.nq"), format=ox.RdfFormat.N_QUADS))


def copy_built(graph: KnowledgeGraph, folder: Path) -> Path:
    """A graph with what was built from it, so that only what changes afterwards is built anew."""
    copy_content(folder)
    assert graph.built.folder, "the checkout's own dataset could not be written"
    shutil.copytree(graph.built.folder, folder / "build", ignore=shutil.ignore_patterns(".*"))
    return folder


# A graph of few files, for what does not depend on what the graph says: it is built in no time.
FEW = (
    "graph.toml",
    "ontology/prefixes.ttl",
    "ontology/alignments.ttl",
    "ontology/vocabulary/media.ttl",
    "data/README.md",
    "data/entities/people.ttl",
    "data/sources/guide/statements/01-opening.trig",
    "shapes/common.ttl",
    "queries/derive/attested-in.rq",
    "queries/people/names.rq",
)
CORE = """
@prefix kw:   <https://w3id.org/icrc-korea/ontology#> .
@prefix owl:  <http://www.w3.org/2002/07/owl#> .
@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .
kw:Communication a owl:Class ; rdfs:label "Message"@en .
kw:addressedParty a owl:ObjectProperty .
kw:addressee a owl:ObjectProperty ; rdfs:subPropertyOf kw:addressedParty ; rdfs:domain kw:Communication .
"""


def copy_few(folder: Path) -> Path:
    """The small graph, unbuilt."""
    for name in FEW:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, folder / name)
    (folder / "ontology" / "core.ttl").write_text(CORE, encoding="utf-8")
    return folder


@pytest.fixture
def small(tmp_path: Path) -> Path:
    """The small graph, built, to be changed by one test."""
    folder = copy_few(tmp_path / "small")
    icrc_korea.load(folder).build()
    return folder


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory, graph: KnowledgeGraph) -> Path:
    """A built copy of the graph that the tests of one module share: leave it as it was."""
    return copy_built(graph, tmp_path_factory.mktemp("graph") / "root")


@pytest.fixture
def own(tmp_path: Path, graph: KnowledgeGraph) -> Path:
    """A built copy of the graph that one test may change."""
    return copy_built(graph, tmp_path / "own")


@pytest.fixture
def icrc(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Command:
    """The command in this process: `icrc("show", "state:dprk", columns=60)`."""

    def run(*arguments: str | Path, stdin: str | bytes = "", columns: int = 100) -> Said:
        data = stdin if isinstance(stdin, bytes) else stdin.encode()
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(data), encoding="utf-8"))
        monkeypatch.setenv("COLUMNS", str(columns))
        capsys.readouterr()
        try:
            code = main([str(argument) for argument in arguments])
        except SystemExit as stop:  # argparse ends so
            code = int(stop.code or 0)
        said = capsys.readouterr()
        return Said(code, said.out, said.err)

    return run


@pytest.fixture
def warm(graph: KnowledgeGraph, monkeypatch: pytest.MonkeyPatch) -> None:
    """Lets commands on the checkout share one graph in memory: for what a command says, not how it comes to it."""

    def opened(root: str | Path | None, tell: Any = None, store: Any = None, sources: Any = "") -> KnowledgeGraph:
        ours = root is not None and Path(root) == ROOT and store is None and not sources
        return graph if ours else KnowledgeGraph(root, tell, store, sources)

    monkeypatch.setattr("icrc_korea.graph.KnowledgeGraph", opened)


def environment(**changes: str | None) -> dict[str, str]:
    """The environment of this process with some variables changed, or taken out by None."""
    wanted: dict[str, str | None] = {**os.environ, "COLUMNS": "100", **changes}
    if wanted.get("PYTHONPATH"):  # a relative one would not do from another folder
        wanted["PYTHONPATH"] = str(Path(icrc_korea.__file__).parents[1])
    return {name: value for name, value in wanted.items() if value is not None}


COMMAND = (sys.executable, "-m", "icrc_korea")


def spawn(*arguments: str | Path, **settings: Any) -> subprocess.Popen[bytes]:
    """The command as a process of its own, its streams in pipes."""
    pipes = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "env": environment()}
    return subprocess.Popen([*COMMAND, *map(str, arguments)], **{**pipes, **settings})


def ran(*arguments: str | Path, stdin: str | None = None, **settings: Any) -> Said:
    """The same, waited for, with something on its standard input."""
    pipe = {} if stdin is None else {"stdin": subprocess.PIPE}
    with spawn(*arguments, **pipe, **settings) as process:
        out, err = process.communicate(None if stdin is None else stdin.encode(), timeout=60)
    return Said(process.returncode, (out or b"").decode(), (err or b"").decode())
