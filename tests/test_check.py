"""`icrc-korea check` finds what is broken, where it is broken, and says what to write instead.

Each file of `cases/check/` is put into a copy of a small graph, and its first lines name what must be
found; `cases/check/README.md` says how. Cases that do not disturb one another share a run of the command.
"""

from __future__ import annotations

import io
import json
import re
import shutil
import socket
import subprocess
import sys
from collections.abc import Callable
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Any, NamedTuple

import pyoxigraph as ox
import pytest

from icrc_korea.checking.datatypes import FORMS, conditions, is_value
from icrc_korea.cli.main import main
from icrc_korea.content.layout import Layout
from icrc_korea.content.pieces import pieces_turtle, read_text_of
from icrc_korea.rdf.spaces import BASE, XSD

HERE = Path(__file__).parent
ROOT = HERE.parent
CASES = HERE / "cases" / "check"
SMALL = CASES / "small"
# where a file goes if its case does not say so
PLACES = {
    ".trig": "data/sources/guide/statements", ".ttl": "data/entities", ".rq": "queries/sources", ".tsv": "data/links",
}
# rules whose findings could keep others from being looked for: their cases have a graph of their own
APART = ("blank-node", "consistency", "guide-text", "own", "parse", "query", "shapes")
EXPECT = re.compile(r"# expect(?: (warning|info))?: (\S+) at (\S+): (.+)")


class Finding(NamedTuple):
    """A finding as a case expects it, `remedy` being some words of the remedy."""

    rule: str
    file: str
    lines: range
    severity: str
    remedy: str

    def is_it(self, found: dict[str, Any]) -> bool:
        same = (found["rule"], found["file"], found["severity"]) == (self.rule, self.file, self.severity)
        return same and found["line"] in self.lines and self.remedy.casefold() in found["remedy"].casefold()


class Case:
    """One broken file: where it goes, how it is written, and what must be found."""

    def __init__(self, path: Path) -> None:
        self.path, self.name = path, path.relative_to(CASES).as_posix()
        self.text = path.read_text(encoding="utf-8")
        lines = self.text.splitlines()
        if path.suffix == ".tsv":  # whose header is YAML, in which ## begins a comment
            lines = [line.removeprefix("#") for line in lines if line.startswith("##")]
        self.head = [line for line in lines if re.match(r"# (expect|put|in|as|alone)\b", line)]
        self.place = self.said("in") or f"{self.said('put') or PLACES.get(path.suffix)}/{path.name}"
        if self.name.startswith("own/"):
            self.place = f"../own/{path.name}"
        self.form = self.said("as") or "utf-8"
        self.expected = [self.finding(line) for line in self.head if re.match(r"# expect(?!: nothing$)", line)]
        self.swap = [line[2:] for line in lines if re.match(r"[-+] ", line)] if path.suffix == ".edit" else []

    def said(self, word: str) -> str:
        return next((line.partition(": ")[2] for line in self.head if line.startswith(f"# {word}: ")), "")

    def finding(self, line: str) -> Finding:
        match = EXPECT.fullmatch(line)
        assert match, f"{self.name}: cannot read {line!r}"
        severity, rule, at, remedy = match.groups()
        file, lines = (self.place, at) if at[0].isdigit() else (at.partition(":")[0], at.partition(":")[2])
        first, last = int(lines.partition("-")[0] or 0), int(lines.rpartition("-")[2] or 0)
        return Finding(rule, file, range(first, last + 1), severity or "violation", remedy)

    @property
    def run(self) -> str:
        """The run of the command that the case takes part in."""
        folder = self.name.partition("/")[0]
        return self.name if "# alone" in self.head else folder if folder in APART else "together"

    def put_into(self, root: Path) -> None:
        path = root / self.place
        if self.swap:
            old, new = self.swap
            text = path.read_text(encoding="utf-8")
            assert text.count(old) == 1, f"{self.name}: {old!r} does not stand once in {self.place}"
            path.write_text(text.replace(old, new), encoding="utf-8")
            return
        assert not path.exists(), f"{self.name}: another case is called {path.name} too"
        path.parent.mkdir(parents=True, exist_ok=True)
        text = self.text.replace("\n", "\r\n") if self.form == "crlf" else self.text
        path.write_bytes(text.encode("utf-8" if self.form == "crlf" else self.form))


ALL = [Case(path) for path in sorted(CASES.rglob("*.*")) if path.parent != CASES and SMALL not in path.parents]
RUNS = {name: [case for case in ALL if case.run == name] for name in sorted({case.run for case in ALL})}


class Report(NamedTuple):
    """What a run of the command said."""

    root: Path
    code: int
    findings: list[dict[str, Any]]
    files: int


def said(*arguments: str | Path) -> tuple[int, str]:
    """The exit code of `icrc-korea check …` and what it wrote."""
    out = io.StringIO()
    with redirect_stdout(out), redirect_stderr(io.StringIO()):
        code = main(["check", "--quiet", *map(str, arguments)])
    return code, out.getvalue()


def check(root: Path, *arguments: str | Path) -> Report:
    code, text = said("--root", root, "--format", "json", *arguments)
    document = json.loads(text)
    assert document["exit_code"] == code
    for one in document["findings"]:
        one["file"] = one["file"].removeprefix(f"{root}/")
    return Report(root, code, document["findings"], document["files"])


def make(root: Path) -> Path:
    """The small graph: real ontology, queries and shapes, and a guide of five sentences."""
    for name in ("ontology", "queries", "shapes"):
        shutil.copytree(ROOT / name, root / name)
    shutil.copy(ROOT / "graph.toml", root)
    return Path(shutil.copytree(SMALL, root, dirs_exist_ok=True))


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Report]:
    """What the command says of a run's cases, asked once."""
    reports: dict[str, Report | Exception] = {}

    def ask(run: str) -> Report:
        root = make(tmp_path_factory.mktemp("check") / "root")
        for case in RUNS[run]:
            case.put_into(root)
        if run == "own":  # the graph stays as it is; the command is given the files
            return check(root, *(root / case.place for case in RUNS[run]))
        return check(root, "--guide", root / "guide.txt") if run == "guide-text" else check(root)

    def of(run: str) -> Report:
        if run not in reports:
            try:
                reports[run] = ask(run)
            except Exception as error:  # kept, too: each case of the run fails for it
                reports[run] = error
        known = reports[run]
        if isinstance(known, Exception):
            raise known
        return known

    return of


def faults(report: Report) -> list[dict[str, Any]]:
    """The findings but for the notes: a name in English only is for a list of what to do, not for a correction."""
    return [found for found in report.findings if found["severity"] != "info"]


# --- the cases --------------------------------------------------------------------------------------


@pytest.mark.parametrize("case", ALL, ids=lambda case: case.name)
def test_a_case_is_found_in_its_place_with_its_remedy(case: Case, report: Callable[[str], Report]) -> None:
    findings = report(case.run).findings
    near = [found for found in findings if found["file"] == case.place] or findings
    for expected in case.expected:
        fitting = [found for found in findings if expected.is_it(found)]
        assert len(fitting) == 1, f"{expected} is not among\n" + "\n".join(map(str, near))


@pytest.mark.parametrize("run", RUNS)
def test_nothing_is_found_but_what_the_cases_expect(run: str, report: Callable[[str], Report]) -> None:
    expected = [finding for case in RUNS[run] for finding in case.expected]
    stray = [found for found in faults(report(run)) if not any(finding.is_it(found) for finding in expected)]
    assert not stray, "\n".join(map(str, stray))


@pytest.mark.parametrize("run", RUNS)
def test_the_exit_code_says_how_bad_it_is(run: str, report: Callable[[str], Report]) -> None:
    broken = any(finding.severity == "violation" for case in RUNS[run] for finding in case.expected)
    assert report(run).code == (3 if run == "parse" else int(broken))


@pytest.mark.parametrize("run", RUNS)
def test_a_finding_reads_as_a_sentence(run: str, report: Callable[[str], Report]) -> None:
    for found in report(run).findings:
        assert found["found"], found
        assert found["remedy"] not in ("", found["found"]), found
        said = f"{found['subject']}: {found['found']}"
        assert BASE not in said or found["rule"] == "prefix", f"a full address where a short name would do: {said}"
        assert "None" not in said, found
        assert len(said) < 800, f"nobody reads that much: {said}"
        assert "  " not in said.partition("\n")[0], found


def test_every_fault_that_a_query_looks_for_has_a_case() -> None:
    rules = {path.stem for path in (ROOT / "queries" / "quality").glob("*.rq")}
    assert rules == {path.name for path in (CASES / "quality").iterdir()}
    for rule in sorted(rules):
        cases = [case for case in ALL if case.path.parent == CASES / "quality" / rule]
        assert any(finding.rule == f"quality/{rule}" for case in cases for finding in case.expected), rule
        assert any(not case.expected for case in cases), f"no case just passes quality/{rule}"


@pytest.mark.parametrize("case", [c for c in ALL if not c.expected and "quality/" in c.name], ids=lambda c: c.name)
def test_what_just_passes_is_not_even_noted(case: Case, report: Callable[[str], Report]) -> None:
    rule = case.path.parent.relative_to(CASES).as_posix()
    found = [found for found in report(case.run).findings if (found["rule"], found["file"]) == (rule, case.place)]
    assert not found


def test_a_case_stands_with_the_rule_that_it_breaks() -> None:
    for case in ALL:
        assert case.expected or "# expect: nothing" in case.head, f"{case.name} does not say what is expected"
        alone = case.name.startswith(("clean/", "own/", "own-fault/", "shape/")) or not case.expected
        assert alone or any(finding.rule in case.name for finding in case.expected), case.name


@pytest.mark.parametrize("case", [c for c in ALL if c.name.startswith("shapes/")], ids=lambda case: case.name)
def test_the_reference_engine_refuses_the_same_shapes(case: Case, tmp_path: Path) -> None:
    root = make(tmp_path / "root")
    case.put_into(root)
    found = check(root, "--engine", "pyshacl", "--only", "shapes")
    assert found.code == 1
    for expected in case.expected:
        assert any(expected.is_it(one) for one in found.findings), f"{expected} is not among {found.findings}"


# --- what is not broken -------------------------------------------------------------------------------


def test_nothing_is_found_in_the_graph_itself() -> None:
    """The real graph: no finding, exit code 0, every file looked at."""
    found = check(ROOT)
    assert (found.code, faults(found)) == (0, [])
    layout = Layout.find(ROOT)
    assert found.files == len(layout.files()) + len(layout.shapes()) + len(list(layout.queries()))


def test_nothing_is_found_in_the_small_graph_as_it_is(tmp_path: Path) -> None:
    root = make(tmp_path / "root")
    found = check(root, "--guide", root / "guide.txt")
    assert (found.code, found.findings) == (0, [])
    layout = Layout.find(root)
    anchored = pieces_turtle(read_text_of(root / "guide.txt"), layout.sources.first, layout)
    assert anchored == (SMALL / "data" / "sources" / "guide" / "pieces.ttl").read_text(encoding="utf-8")


# --- the command ---------------------------------------------------------------------------------------


def test_a_warning_alone_is_no_failure(tmp_path: Path) -> None:
    root = make(tmp_path / "root")
    next(case for case in ALL if case.name == "shape/conflict-on-one-side.trig").put_into(root)
    found = check(root)
    assert (found.code, [one["severity"] for one in found.findings]) == (0, ["warning"])
    code, text = said("--root", root)
    [one] = found.findings
    place = f"{one['file']}:{one['line']}: warning [{one['rule']}] {one['subject']}: {one['found']}"
    assert (code, text) == (0, f"{place}\n  → {one['remedy']}\n")


@pytest.mark.parametrize("place", ["data/entities", "data/sources/guide/statements/two-media.trig", "ontology"])
def test_a_path_shows_only_what_is_found_there(place: str, report: Callable[[str], Report]) -> None:
    everything = report("together")
    there = [found for found in everything.findings if (found["file"] + "/").startswith(place + "/")]
    assert bool(there) == (place != "ontology")
    found = check(everything.root, place)
    assert found.findings == there
    assert found.code == int(any(one["severity"] == "violation" for one in there))


def test_a_file_that_cannot_be_read_is_shown_whatever_path_is_asked_for(report: Callable[[str], Report]) -> None:
    """It keeps the other rules from running, so that nothing found elsewhere means nothing."""
    everything = report("parse")
    found = check(everything.root, "ontology")
    assert (found.code, found.findings) == (3, everything.findings)


def test_a_query_file_is_looked_at_before_it_is_asked(tmp_path: Path) -> None:
    """Asked as it stands, the first would go out to the network and the second would bring the process down."""
    root = make(tmp_path / "root")
    with socket.create_server(("127.0.0.1", 0)) as listening:
        listening.settimeout(0.2)
        address = f"http://127.0.0.1:{listening.getsockname()[1]}/"
        header, deep = "#+ summary: Who sent it?\n", 100_000
        for name, text in {
            "outside": f"SELECT * {{ SERVICE SILENT <{address}> {{ ?a ?b ?c }} }}",
            "deep": "ASK { FILTER (" + "(" * deep + "1" + ")" * deep + ") }",
        }.items():
            (root / "queries" / "sources" / f"{name}.rq").write_text(header + text, encoding="utf-8")
        command = [sys.executable, "-m", "icrc_korea", "check", "--root", str(root), "--format", "json"]
        done = subprocess.run(command, capture_output=True, check=False, timeout=60)
        with pytest.raises(TimeoutError):
            listening.accept()
    assert done.returncode == 1, done.stderr
    found = {one["file"].rpartition("/")[2]: one["found"] for one in json.loads(done.stdout)["findings"]}
    assert "SERVICE" in found["outside.rq"]
    assert "nested" in found["deep.rq"]


# --- rules that did not run ----------------------------------------------------------------------------------

@pytest.mark.parametrize("limit", ["inf", "1e300"])
def test_the_shapes_may_take_as_long_as_they_like(limit: str, tmp_path: Path) -> None:
    found = check(make(tmp_path / "root"), "--time-limit", limit, "--only", "shapes")
    assert (found.code, found.findings) == (0, [])


DATATYPES = sorted((CASES.parent / "datatypes").glob("*.jsonl"))


@pytest.mark.parametrize("case", DATATYPES, ids=lambda case: case.stem)
def test_a_text_is_a_value_of_a_datatype_where_its_case_says_so(case: Path) -> None:
    told = [json.loads(line) for line in case.read_text(encoding="utf-8").splitlines()]
    assert {one["value"] for one in told} == {True, False}
    wrong = [one for one in told if is_value(one["text"], XSD + case.stem) != one["value"]]
    assert not wrong


@pytest.mark.parametrize("case", DATATYPES, ids=lambda case: case.stem)
def test_a_text_is_a_value_of_a_datatype_in_sparql_where_it_is_one_here(case: Path) -> None:
    asked = " && ".join(conditions(XSD + case.stem, "?x"))
    for line in case.read_text(encoding="utf-8").splitlines():
        text = str(ox.Literal(json.loads(line)["text"]))
        found = ox.Store().query(f"ASK {{ BIND ({text} AS ?x) FILTER (COALESCE({asked}, false)) }}")
        assert bool(found) is json.loads(line)["value"], line


def test_every_datatype_that_is_known_has_cases() -> None:
    assert {XSD + case.stem for case in DATATYPES} == set(FORMS)


UNRUN = CASES.parent / "unrun"
BLOCKING = sorted(path.relative_to(UNRUN).as_posix() for path in UNRUN.rglob("*.ttl"))


@pytest.mark.parametrize("arguments", [(), ("data/sources/guide",), ("--only", "shape:Named-english")], ids=str)
@pytest.mark.parametrize("case", BLOCKING)
def test_nothing_is_green_where_rules_did_not_run(case: str, arguments: tuple[str, ...], tmp_path: Path) -> None:
    root = make(tmp_path / "root")
    shutil.copy(UNRUN / case, root / case)
    found = check(root, *arguments)
    assert found.code == 1
    assert found.findings


@pytest.mark.parametrize("arguments", [(), ("data/sources/guide",), ("--only", "shape:Named-english")], ids=str)
def test_shapes_that_were_stopped_are_told_for_every_path(arguments: tuple[str, ...], tmp_path: Path) -> None:
    root = make(tmp_path / "root")
    found = check(root, "--time-limit", "0.01", *arguments)
    stopped = [one["file"] for one in found.findings if one["rule"] == "shapes"]  # axioms may be stopped, too
    assert (found.code, stopped) == (1, ["shapes/"])
    code, text = said("--root", root, "--time-limit", "0.01", *arguments)
    assert code == 1
    assert "stopped after 0.01 seconds" in text
