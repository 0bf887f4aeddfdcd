"""The forms of a report that other programs read."""

from __future__ import annotations

import json
from dataclasses import replace

from icrc_korea.checking.report import Finding, Report

ODD = Finding(
    "data/a,b: 100%.trig", 7, "quality/x", "person:a", "one\ntwo: 100%, so", "write ::this::", details=("a\rb",)
)


def test_what_a_code_host_reads_is_escaped_as_it_asks() -> None:
    [line] = Report([ODD]).as_github().splitlines()
    assert line == (
        "::error file=data/a%2Cb%3A 100%25.trig,line=7,title=quality/x::"
        "person:a: one%0Atwo: 100%25, so%0Aa%0Db%0A→ write ::this::"
    )
    assert Report([]).as_github() == ""


def test_sarif_names_rules_places_and_levels() -> None:
    """Only what the standard's own validator asks of each result; it was run by hand (sarif-multitool)."""
    elsewhere = replace(ODD, file="/home/team/own.ttl", severity="warning")
    nowhere = replace(ODD, file="(derived)", line=0, severity="info")
    [run] = json.loads(Report([ODD, elsewhere, nowhere]).as_sarif())["runs"]
    assert [rule["id"] for rule in run["tool"]["driver"]["rules"]] == ["quality/x"]
    assert [result["level"] for result in run["results"]] == ["error", "warning", "note"]
    places = [result["locations"][0].get("physicalLocation") for result in run["results"]]
    assert places[0] == {
        "artifactLocation": {"uri": "data/a%2Cb%3A%20100%25.trig"},
        "region": {"startLine": 7},
    }
    assert places[1]["artifactLocation"]["uri"] == "file:///home/team/own.ttl"
    assert places[2] is None
    assert json.loads(Report([]).as_sarif())["runs"][0]["results"] == []
