"""Writes findings for people, or as JSON, SARIF, GitHub annotations."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from pathlib import PurePath

from ..errors import CheckFailed

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

VIOLATION, WARNING, INFO = "violation", "warning", "info"
SEVERITIES = (VIOLATION, WARNING, INFO)
SARIF_LEVELS = {VIOLATION: "error", WARNING: "warning", INFO: "note"}
GITHUB_LEVELS = {VIOLATION: "error", WARNING: "warning", INFO: "notice"}
HOME = "https://w3id.org/icrc-korea/"


@dataclass(frozen=True, order=True)
class Finding:
    """One broken rule: where, on what thing, what was found, and what to write instead.

    `details` are further lines, such as the sentences behind statements that contradict each other.
    """

    file: str
    line: int
    rule: str
    subject: str
    found: str
    remedy: str
    severity: str = VIOLATION
    details: tuple[str, ...] = ()

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}" if self.line else self.file
        about = f" {self.subject}:" if self.subject else ""
        lines = [f"{place}: {self.severity} [{self.rule}]{about} {self.found}", *(f"  {line}" for line in self.details)]
        return "\n".join([*lines, f"  → {self.remedy}"])


@dataclass
class Report:
    """All findings of one check, sorted, and whether a file could not be read."""

    findings: list[Finding] = field(default_factory=list)
    unreadable: bool = False
    files: int = 0
    engine: str = ""  # the SHACL engine that ran; '' if none did
    reasoner: str = ""  # the reasoner that ran; '' if none did
    unasked: tuple[str, ...] = ()  # the rules that were asked for and cannot be asked of a store
    notes: bool = True  # whether people are shown what is only worth knowing

    @property
    def exit_code(self) -> int:
        """0 clean (warnings alone are clean), 1 violations, 3 unreadable files."""
        return 3 if self.unreadable else int(any(f.severity == VIOLATION for f in self.findings))

    def summary(self) -> str:
        """One line: how many files, how many findings, by which engines."""
        counts = [sum(f.severity == kind for f in self.findings) for kind in SEVERITIES]
        words = zip(counts, (VIOLATION, WARNING, "note"), strict=True)
        named = ", ".join(f"{number} {word}{'s' if number != 1 else ''}" for number, word in words if number)
        named += " (see them with --notes)" if counts[2] and not self.notes else ""
        by = [f"shapes by {self.engine}"] if self.engine else []
        by += [f"inference by {self.reasoner}"] if self.reasoner else []
        ran = f" ({', '.join(by)})" if by else ""
        rest = f"; not asked of a store, for they are about files: {', '.join(self.unasked)}" if self.unasked else ""
        return f"{self.files} files checked{ran}: {named or 'nothing to correct'}{rest}"

    def raise_on_error(self) -> None:
        """Raises CheckFailed if there is any violation."""
        if self.exit_code:
            raise CheckFailed(self, self.summary())

    def text(self) -> Iterator[str]:
        """The findings for people, line by line."""
        for finding in self._shown():
            yield from str(finding).split("\n")

    def _shown(self) -> list[Finding]:
        return [finding for finding in self.findings if self.notes or finding.severity != INFO]

    def as_json(self) -> str:
        """The report for programs."""
        document = {
            "files": self.files,
            "exit_code": self.exit_code,
            "engine": self.engine,
            "reasoner": self.reasoner,
            **({"unasked": list(self.unasked)} if self.unasked else {}),
            "findings": [asdict(finding) for finding in self.findings],
        }
        return json.dumps(document, ensure_ascii=False, indent=1)

    def as_sarif(self) -> str:
        """SARIF 2.1.0, as code hosts and editors read it."""
        from importlib.metadata import PackageNotFoundError, version

        try:
            ours = version("icrc-korea")
        except PackageNotFoundError:  # run from a source tree that was never installed
            ours = "0"
        rules = sorted({finding.rule for finding in self.findings})
        numbers = {rule: number for number, rule in enumerate(rules)}
        run: dict[str, Any] = {
            "tool": {
                "driver": {
                    "name": "icrc-korea",
                    "version": ours,
                    "informationUri": HOME,
                    "rules": [{"id": rule} for rule in rules],
                }
            },
            "columnKind": "unicodeCodePoints",
            "results": [self._result(finding, numbers[finding.rule]) for finding in self.findings],
        }
        run["invocations"] = [{"executionSuccessful": not self.unreadable, "exitCode": self.exit_code}]
        document = {
            "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
            "version": "2.1.0",
            "runs": [run],
        }
        return json.dumps(document, ensure_ascii=False, indent=1)

    def _result(self, finding: Finding, number: int) -> dict[str, Any]:
        from urllib.parse import quote

        about = f"{finding.subject}: " if finding.subject else ""
        text = "\n".join([f"{about}{finding.found}", *finding.details, f"→ {finding.remedy}"])
        result: dict[str, Any] = {
            "ruleId": finding.rule,
            "ruleIndex": number,
            "level": SARIF_LEVELS[finding.severity],
            "message": {"text": text},
        }
        if not finding.file.startswith("("):
            absolute = PurePath(finding.file).is_absolute()
            uri = PurePath(finding.file).as_uri() if absolute else quote(finding.file)
            place: dict[str, Any] = {"artifactLocation": {"uri": uri}}
            if finding.line:
                place["region"] = {"startLine": finding.line}
            result["locations"] = [{"physicalLocation": place}]
        if finding.subject:
            logical = [{"fullyQualifiedName": finding.subject, "kind": "resource"}]
            result.setdefault("locations", [{}])[0]["logicalLocations"] = logical
        return result

    def as_github(self) -> str:
        """Workflow commands, which a code host shows beside the lines that they name."""
        return "".join(f"{self._command(finding)}\n" for finding in self._shown())

    def _command(self, finding: Finding) -> str:
        place = f"file={_escaped(finding.file, ':,')}," if not finding.file.startswith("(") else ""
        place += f"line={finding.line}," if finding.line else ""
        about = f"{finding.subject}: " if finding.subject else ""
        text = "\n".join([f"{about}{finding.found}", *finding.details, f"→ {finding.remedy}"])
        return f"::{GITHUB_LEVELS[finding.severity]} {place}title={_escaped(finding.rule, ':,')}::{_escaped(text)}"


def _escaped(text: str, more: str = "") -> str:
    for mark in "%\r\n" + more:
        text = text.replace(mark, f"%{ord(mark):02X}")
    return text
