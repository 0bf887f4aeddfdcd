"""OWL tools that nobody here wrote agree with the ontology: its profiles, and what follows from the graph.

ROBOT with HermiT and ELK, from Maven Central (`make owl` fetches it and runs this). Where it or Java is missing
the tests are skipped, but never in CI.

The profiles are those of the ontology alone: alignments.ttl names the terms of others without declaring them,
and claims are written with rdf:subject, rdf:predicate and rdf:object, which OWL 2 DL keeps for itself. So the
reasoners read everything but these three.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from pyoxigraph import NamedNode, RdfFormat, Triple, parse, serialize

import icrc_korea
from icrc_korea.rdf.spaces import KW, OWL, RDF, THINGS

ROOT = Path(__file__).resolve().parents[1]
JARS = ROOT / "tests" / "owl" / "jars"
IN_CI = os.environ.get("CI", "") not in {"", "0", "false"}
RESERVED = {RDF + name for name in ("subject", "predicate", "object")}
PREFIXES = "".join(
    f"@prefix {name}: <{space}> .\n" for name, space in icrc_korea.load(ROOT).layout.prefixes.items()
)
EVENTS = THINGS + "event/"
Robot = Callable[..., "subprocess.CompletedProcess[str]"]
pytestmark = pytest.mark.owl


@pytest.fixture(scope="module")
def robot() -> Robot:
    needed = {"Java": shutil.which("java"), "ROBOT": any(JARS.glob("robot-*"))}
    missing = [what for what, there in needed.items() if not there]
    if missing:
        said = f"{' and '.join(missing)} not at hand: `make owl` fetches ROBOT, Java comes with the system"
        (pytest.fail if IN_CI else pytest.skip)(said)

    def run(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
        command = ["java", "-cp", f"{JARS}/*", "org.obolibrary.robot.CommandLineInterface", *map(str, arguments)]
        return subprocess.run(command, capture_output=True, text=True, check=False)

    return run


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The graph, its ontology, and what follows by our rules, in one file."""
    folder = tmp_path_factory.mktemp("owl")
    exported = folder / "exported.ttl"
    icrc_korea.load(ROOT).export(exported, parts=["inferred"])
    return written(folder / "whole.ttl", exported)


def written(path: Path, source: Path) -> Path:
    triples = [quad.triple for quad in parse(path=str(source), format=RdfFormat.TURTLE)]
    serialize((t for t in triples if t.predicate.value not in RESERVED), str(path), format=RdfFormat.TURTLE)
    return path


@pytest.mark.parametrize("profile", ["DL", "RL"])
@pytest.mark.parametrize("form", ["as written", "as exported"])
def test_the_ontology_is_in_the_profile(profile: str, form: str, robot: Robot, tmp_path: Path) -> None:
    file = ROOT / "ontology" / "core.ttl"
    if form == "as exported":
        icrc_korea.load(ROOT).package(tmp_path)
        file = tmp_path / "ontology.ttl"
    report = tmp_path / "report.txt"
    done = robot("validate-profile", "--profile", profile, "--input", file, "--output", report)
    assert done.returncode == 0, report.read_text() if report.exists() else done.stdout


@pytest.mark.parametrize("reasoner", ["HermiT", "ELK"])
def test_nothing_contradicts_the_ontology(reasoner: str, robot: Robot, whole: Path, tmp_path: Path) -> None:
    done = robot("reason", "--reasoner", reasoner, "--input", whole, "--output", tmp_path / "reasoned.ttl")
    assert done.returncode == 0, done.stdout


def test_a_reasoner_finds_nothing_that_ours_does_not(robot: Robot, whole: Path, tmp_path: Path) -> None:
    """Between things of ours: OWLAPI writes numbers and dates in its own way."""
    found = tmp_path / "reasoned.ttl"
    said = ("--axiom-generators", "ClassAssertion PropertyAssertion", "--include-indirect", "true")
    done = robot("reason", "--reasoner", "HermiT", *said, "--input", whole, "--output", found)
    assert done.returncode == 0, done.stdout
    new = triples(found) - triples(whole)
    assert not new, "\n".join(sorted(map(str, new))[:20])


def triples(path: Path) -> set[Triple]:
    """What is said of named things, but for OWL's own words."""
    return {
        quad.triple
        for quad in parse(path=str(path), format=RdfFormat.TURTLE)
        if isinstance(quad.subject, NamedNode)
        and isinstance(quad.object, NamedNode)
        and not quad.predicate.value.startswith(OWL)
        and not quad.object.value.startswith(OWL)
        and not quad.object.value.endswith("#Datatype")
    }


def test_only_what_occurred_is_an_activity_elsewhere(robot: Robot, whole: Path, tmp_path: Path) -> None:
    file, found = tmp_path / "aligned.ttl", tmp_path / "reasoned.ttl"
    alignments = (ROOT / "ontology" / "alignments.ttl").read_text(encoding="utf-8")
    file.write_text(f"{whole.read_text(encoding='utf-8')}\n{alignments}", encoding="utf-8")
    said = ("--axiom-generators", "ClassAssertion", "--include-indirect", "true")
    done = robot("reason", "--reasoner", "HermiT", *said, "--input", file, "--output", found)
    assert done.returncode == 0, done.stdout
    kinds = {(t.subject, t.object) for t in triples(found)}
    activity = NamedNode("http://www.cidoc-crm.org/cidoc-crm/E7_Activity")
    made, proposed = (NamedNode(EVENTS + name) for name in ("icrc-camp-visits", "proposed-ruegger-visit-to-dprk"))
    assert (made, activity) in kinds
    assert (proposed, NamedNode(KW + "Visit")) in kinds
    assert (proposed, activity) not in kinds


BROKEN = {
    "a property that is not declared": ("DL", "terms/spatial", "kw:Visit dct:spatial place:geneva ."),
    "what the right of an axiom may not hold": (
        "RL",
        "equivalent",
        "kw:Answered a owl:Class ; owl:equivalentClass "
        "[ a owl:Restriction ; owl:onProperty kw:hasReply ; owl:someValuesFrom kw:Communication ] .",
    ),
}


@pytest.mark.parametrize("fault", BROKEN)
def test_a_profile_can_be_broken(fault: str, robot: Robot, tmp_path: Path) -> None:
    profile, word, more = BROKEN[fault]
    core = (ROOT / "ontology" / "core.ttl").read_text(encoding="utf-8")
    file, report = tmp_path / "ontology.ttl", tmp_path / "report.txt"
    file.write_text(f"{PREFIXES}{core}\n{more}\n", encoding="utf-8")
    assert robot("validate-profile", "--profile", profile, "--input", file, "--output", report).returncode != 0
    assert word in report.read_text(encoding="utf-8")


@pytest.mark.parametrize("reasoner", ["HermiT", "ELK"])
def test_a_contradiction_is_found(reasoner: str, robot: Robot, whole: Path, tmp_path: Path) -> None:
    file = tmp_path / "broken.ttl"
    file.write_text(f"{whole.read_text(encoding='utf-8')}\n{PREFIXES}state:dprk a kw:Place .\n", encoding="utf-8")
    done = robot("reason", "--reasoner", reasoner, "--input", file, "--output", tmp_path / "reasoned.ttl")
    assert done.returncode != 0
    assert "inconsistent" in done.stdout + done.stderr


def test_what_a_reasoner_adds_is_seen(whole: Path, tmp_path: Path) -> None:
    more = tmp_path / "more.ttl"
    more.write_text(f"{whole.read_text(encoding='utf-8')}\n{PREFIXES}state:dprk a kw:Vehicle .\n", encoding="utf-8")
    assert len(triples(more) - triples(whole)) == 1
