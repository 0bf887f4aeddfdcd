"""Modules import only from lower floors, and each heavy library has one home."""

from __future__ import annotations

import json
import os
import runpy
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
HEAVY = {"SPARQLWrapper", "owlrl", "pyshacl", "rdflib", "rich", "yaml"}


def test_the_contracts_in_pyproject_hold() -> None:
    done = subprocess.run(
        [
            sys.executable,
            "-c",
            "from importlinter.cli import lint_imports_command as lint; lint()",
            "--no-cache",
            "--no-logo",
        ],
        cwd=ROOT,
        env={**os.environ, "PYTHONUTF8": "1", "NO_COLOR": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def modules_after(*command: str) -> set[str]:
    """The modules in memory after a command line was carried out."""
    program = f"import sys; from icrc_korea.cli.main import main; code = main({list(command)!r})"
    done = subprocess.run(
        [sys.executable, "-c", f"{program}; print(*sys.modules, file=sys.stderr); sys.exit(code)"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=True,
    )
    return set(done.stderr.split())


def test_asking_does_not_pay_for_validation_or_inference() -> None:
    modules_after("build")
    asked = modules_after("query", "correspondence/unanswered")
    assert "pyoxigraph" in asked
    assert asked & HEAVY == set()


def test_checking_pays_for_validation_in_the_process_that_validates() -> None:
    """What the test above would miss if the names were misspelt: these libraries are really used, elsewhere."""
    checked = modules_after("check")
    assert "icrc_korea.checking.engines" in checked
    assert checked & {"pyshacl", "pyshacl_turbo", "rdflib", "owlrl"} == set()
    run = "import sys; from icrc_korea.checking import engines; engines.main()"
    for engine, library in (("turbo", "pyshacl_turbo"), ("pyshacl", "pyshacl")):
        done = subprocess.run(
            [sys.executable, "-c", f"{run}; print(*sys.modules, file=sys.stderr)"],
            input=json.dumps({"engine": engine, "shapes": 0}).encode() + b"\n",
            capture_output=True,
            check=True,
        )
        assert {library, "rdflib"} <= set(done.stderr.decode().split())


def test_the_page_on_the_house_is_current() -> None:
    page = runpy.run_path(str(ROOT / "docs" / "house.py"))["page"]()
    assert (ROOT / "docs" / "house.md").read_text(encoding="utf-8") == page, "run `make docs`"


def test_each_module_says_in_one_sentence_what_it_gives() -> None:
    for path in sorted((ROOT / "src" / "icrc_korea").rglob("*.py")):
        first = path.read_text(encoding="utf-8").partition('"""')[2].split("\n")[0]
        assert not first.startswith("Hides"), path
        assert first[:1].isupper(), path
