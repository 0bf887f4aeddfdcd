"""What is declared, locked and pinned about the package agrees with itself."""

from __future__ import annotations

import json
import re
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

import icrc_korea

ROOT = Path(__file__).resolve().parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
LOCKS = ["requirements.lock", "requirements-dev.lock"]
HOOK = PROJECT["tool"]["hatch"]["build"]["targets"]["wheel"]["hooks"]["custom"]


def locked(name: str) -> dict[str, str]:
    """The version of each library in a lock file."""
    text = (ROOT / name).read_text(encoding="utf-8")
    return {m[1]: m[2] for m in re.finditer(r"^([a-z0-9-]+)==([^\s;]+)", text, re.MULTILINE)}


def declared(lock: str) -> list[Requirement]:
    lines = PROJECT["project"]["dependencies"] + PROJECT["dependency-groups"]["build"]
    if lock == "requirements-dev.lock":
        lines += PROJECT["project"]["optional-dependencies"]["dev"]
    return [Requirement(line) for line in lines]


@pytest.mark.parametrize("lock", LOCKS)
def test_every_dependency_is_locked_within_its_range(lock: str) -> None:
    versions = locked(lock)
    wrong = [
        f"{requirement} but {lock} has {versions.get(canonicalize_name(requirement.name))}"
        for requirement in declared(lock)
        if versions.get(canonicalize_name(requirement.name), "") not in requirement.specifier
    ]
    assert not wrong, "`make lock` renews the lock files:\n" + "\n".join(wrong)


@pytest.mark.parametrize("lock", LOCKS)
def test_every_locked_library_has_a_hash_and_no_address(lock: str) -> None:
    text = (ROOT / lock).read_text(encoding="utf-8")
    assert "://" not in text
    assert "-index-url" not in text
    entries = re.split(r"^(?=[a-z])", text, flags=re.MULTILINE)[1:]
    # one library may be locked at two versions, for two ranges of Python
    assert {canonicalize_name(entry.partition("==")[0]) for entry in entries} == set(locked(lock))
    assert [entry.split()[0] for entry in entries if "--hash=sha256:" not in entry] == []


def test_the_dev_lock_repeats_the_run_time_lock() -> None:
    run_time, dev = (locked(lock) for lock in LOCKS)
    assert {name: dev.get(name) for name in run_time} == run_time


def test_a_wheel_is_built_with_the_locked_versions() -> None:
    pins = PROJECT["build-system"]["requires"] + HOOK["dependencies"]
    versions = locked("requirements.lock")
    for pin in pins:
        name, _, version = pin.partition("==")
        assert versions[canonicalize_name(name)] == version, f"{pin} in pyproject.toml"


def test_the_version_is_the_same_everywhere() -> None:
    version = PROJECT["project"]["version"]
    citation = (ROOT / "CITATION.cff").read_text(encoding="utf-8")
    changelog = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    assert icrc_korea.__version__ == version
    assert f"\nversion: {version}\n" in citation
    assert f"\n## [{version}]" in changelog


def test_the_standards_are_exact_and_their_lock_names_no_registry() -> None:
    folder = ROOT / "tests" / "vocabularies"
    wanted = json.loads((folder / "package.json").read_text(encoding="utf-8"))["dependencies"]
    packages = json.loads((folder / "package-lock.json").read_text(encoding="utf-8"))["packages"]
    for name, version in wanted.items():
        entry = packages[f"node_modules/{name}"]
        assert entry["version"] == version
        assert entry["integrity"].startswith("sha512-")
        assert "resolved" not in entry


def test_the_questions_that_make_run_names_exist() -> None:
    recipe = (ROOT / "Makefile").read_text(encoding="utf-8")
    named = set(re.findall(r"(?:icrc-korea|\$\(KG\)) query ([a-z/-]+)", recipe))
    assert len(named) > 1
    assert [name for name in named if not (ROOT / "queries" / f"{name}.rq").is_file()] == []
