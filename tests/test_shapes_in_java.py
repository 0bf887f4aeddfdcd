"""All cases of the shapes in Jena SHACL and TopBraid: the same focus, shape and component as here, file or export.

One Java process runs both engines over all cases; `make stores` fetches them.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections import defaultdict
from pathlib import Path

import pytest
from rdflib import SH, Graph
from real_stores import JARS
from test_shapes import BAD, GOOD, data_of, name_of, report_on, shapes

from icrc_korea.graph import KnowledgeGraph

pytestmark = pytest.mark.stores
ENGINES = JARS / "shacl"
PROGRAM = Path(__file__).parent / "stores" / "Validate.java"
Results = dict[tuple[str, str, str], set[tuple[str, str, str]]]


def missing() -> str:
    """What is not here; '' if the engines can run."""
    if not shutil.which("java"):
        return "Java 17 or later"
    return "" if list(ENGINES.glob("shacl-*.jar")) else "make stores"


@pytest.fixture(scope="module")
def found(graph: KnowledgeGraph, tmp_path_factory: pytest.TempPathFactory) -> Results:
    """What both engines find: by engine, shapes (files or export) and case."""
    if missing():
        (pytest.fail if os.environ.get("CI") else pytest.skip)(f"the engines are not here: {missing()}")
    folder = tmp_path_factory.mktemp("java")
    (folder / "cases").mkdir()
    for case in (*GOOD, *BAD):
        file = folder / "cases" / f"{name_of(case).replace('/', '+')}.nt"
        data_of(case).serialize(file, format="nt", encoding="utf-8")
    shapes().serialize(folder / "files.nt", format="nt", encoding="utf-8")
    mark = " <https://w3id.org/icrc-korea/graph/shapes> ."
    lines = graph.export(form="nquads", parts=["shapes"]).decode().splitlines()
    ours = [line.removesuffix(mark) + " .\n" for line in lines if line.endswith(mark)]
    (folder / "export.nt").write_text("".join(ours), encoding="utf-8")
    command = ["java", "-Xmx1g", "-cp", f"{ENGINES}/*", str(PROGRAM), str(folder / "cases")]
    command += [str(folder / "files.nt"), str(folder / "export.nt")]
    run = subprocess.run(command, capture_output=True, timeout=900)
    lines = run.stdout.decode().splitlines()
    assert lines[-1:] == ["end"], run.stderr.decode()[:2000]
    results: Results = defaultdict(set)
    for line in lines[:-1]:
        engine, rules, case, *result = line.split("\t")
        results[engine, rules, case.removesuffix(".nt").replace("+", "/")].add(tuple(result))  # type: ignore[arg-type]
    return results


def expected(report: Graph) -> set[tuple[str, str, str]]:
    """The results here: focus, shape, component."""
    words = (SH.focusNode, SH.sourceShape, SH.sourceConstraintComponent)
    return {tuple(str(report.value(result, word)) for word in words) for result in report.objects(None, SH.result)}  # type: ignore[misc]


@pytest.mark.parametrize("rules", ["files.nt", "export.nt"])
@pytest.mark.parametrize("engine", ["jena", "topbraid"])
def test_every_case_gives_there_what_it_gives_here(engine: str, rules: str, found: Results) -> None:
    differing = {}
    for case in (*GOOD, *BAD):
        ours, theirs = expected(report_on(case)), found[engine, rules, name_of(case)]
        if ours != theirs:
            differing[name_of(case)] = sorted(ours ^ theirs)
    assert differing == {}
    assert sum(engine == one and rules == other for one, other, _ in found) > len(BAD) / 2
