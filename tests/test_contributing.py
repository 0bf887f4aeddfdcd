"""What is offered to Wikidata: stated in a source, linked without doubt, lacking there, and readable by the tools.

`cases/contributions/` has the cases. What we write is read back by the parsers below, which are written from the
documentation of QuickStatements (V1 and CSV, in the stricter reading of its third version), not from our writer.
"""

from __future__ import annotations

import csv
import io
import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from conftest import ROOT, Command, copy_few
from wikidata_service import entity

import icrc_korea
from icrc_korea.errors import ParseError
from icrc_korea.graph import KnowledgeGraph
from icrc_korea.linking.giving import contribution
from icrc_korea.linking.giving.quickstatements import Command as Line
from icrc_korea.linking.giving.quickstatements import csv as write_csv
from icrc_korea.linking.giving.quickstatements import v1 as write_v1
from icrc_korea.linking.items import Item, read_item
from icrc_korea.linking.judgements import Decision, Judgements

CASES = sorted((Path(__file__).parent / "cases" / "contributions").glob("*.yaml"))

# --- what QuickStatements reads -----------------------------------------------------------------------------

VALUES = (
    ("item", re.compile(r"[QPL][1-9]\d*")),
    ("text", re.compile(r'([a-z][a-z-]*):"(.*)"')),
    ("string", re.compile(r'"(.*)"')),
    ("time", re.compile(r"([+-])(\d+)-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)Z/(\d+)(/J)?")),
    ("point", re.compile(r"@([+-]?\d+(?:\.\d+)?)/([+-]?\d+(?:\.\d+)?)")),
    ("quantity", re.compile(r"[+-]?\d+(?:\.\d+)?(?:~\d+(?:\.\d+)?)?(?:U\d+)?")),
)


class Refused(Exception):
    """QuickStatements does not take a text."""


def read_value(text: str) -> tuple[str, ...]:
    """The kind of a value and its parts."""
    if text in ("somevalue", "novalue"):
        return ("none", text)
    for kind, pattern in VALUES:
        match = pattern.fullmatch(text)
        if not match:
            continue
        if kind == "time":
            month, day, precision = int(match[3]), int(match[4]), int(match[8])
            if not 0 <= precision <= 11 or month > 12 or day > 31:
                raise Refused(f"no such time: {text}")
            # what is more exact than the precision would be lost, what is less exact is no date
            if (precision >= 11) != (day > 0) or (precision >= 10) != (month > 0):
                raise Refused(f"the precision does not fit: {text}")
        return (kind, *(part or "" for part in match.groups() or (match[0],)))
    raise Refused(f"unknown form of a value: {text!r}")


Statement = dict[str, Any]


def read_v1(text: str) -> list[Statement]:
    """Commands, one a line; bars are tabs and double bars are line ends, wherever they stand."""
    found = []
    for line in text.replace("||", "\n").replace("|", "\t").split("\n"):
        if not line.strip():
            continue
        remark = re.fullmatch(r"(.*?)\s*/\*\s*(.*?)\s*\*/\s*", line)
        cells = [cell.strip() for cell in (remark[1] if remark else line).split("\t")]
        if any(not cell for cell in cells) or len(cells) < 3 or len(cells) % 2 == 0:
            raise Refused(f"a part is missing: {line!r}")
        if not re.fullmatch(r"Q[1-9]\d*", cells[0]) or not re.fullmatch(r"P[1-9]\d*", cells[1]):
            raise Refused(f"no statement about an item: {line!r}")
        one: Statement = {"item": cells[0], "property": cells[1], "value": read_value(cells[2])}
        one |= {"qualifiers": [], "references": []}
        for name, value in zip(cells[3::2], cells[4::2], strict=True):
            if re.fullmatch(r"P[1-9]\d*", name):
                if one["references"]:
                    raise Refused("a qualifier behind a reference")
                one["qualifiers"].append((name, read_value(value)))
            elif re.fullmatch(r"!?S[1-9]\d*", name):
                if name[0] == "!" or not one["references"]:
                    one["references"].append([])
                one["references"][-1].append(("P" + name.lstrip("!S"), read_value(value)))
            else:
                raise Refused(f"neither qualifier nor source: {name}")
        found.append(one)
    return found


def read_csv(text: str) -> list[Statement]:
    """One table: its header says what each cell is; an empty cell is an error or deletes something."""
    header, *rows = list(csv.reader(io.StringIO(text, newline=""), strict=True))
    if header[0] != "qid" or header[1:2] == ["#"]:
        raise Refused("the table does not begin with qid")
    found = []
    for row in rows:
        if len(row) != len(header) or not all(cell.strip() for cell in row):
            raise Refused(f"an empty cell: {row}")
        if not re.fullmatch(r"Q[1-9]\d*", row[0]):
            raise Refused(f"no item: {row[0]}")
        one: Statement = {}
        for name, cell in zip(header[1:], row[1:], strict=True):
            if re.fullmatch(r"P[1-9]\d*", name):
                one = {"item": row[0], "property": name, "value": read_value(cell), "qualifiers": [], "references": []}
                found.append(one)
            elif re.fullmatch(r"qal[1-9]\d*", name) and one:
                one["qualifiers"].append(("P" + name[3:], read_value(cell)))
            elif re.fullmatch(r"[Ss][1-9]\d*", name) and one:
                if name[0] == "S":
                    one["references"].append([])
                one["references"][-1].append(("P" + name[1:], read_value(cell)))
            else:
                raise Refused(f"the column {name} has no meaning here")
    return found


BROKEN_V1 = [
    "Q1\tP2", "Q1\tP2\t", "Q1\tP2\tGeneva", "Q1\tP2\tQ3\tP4", "X1\tP2\tQ3", 'Q1\tP2\t"a|b"', "Q1\tP2\t1863",
    "Q1\tP2\t+1863-01-00T00:00:00Z/9", "Q1\tP2\t+1863-00-00T00:00:00Z/11", "Q1\tP2\t+1863-00-00T00:00:00Z",
    'Q1\tP2\tQ3\tS854\t"x"\tP585\tQ4', "Q1\tP2\tQ3\tX854\tQ1", "Q1\tLen\tQ3",
]  # fmt: skip


@pytest.mark.parametrize("text", BROKEN_V1)
def test_the_reader_refuses_what_the_documentation_does_not_know(text: str) -> None:
    if text == "Q1\tP2\t1863":  # a number is a value, too
        assert read_v1(text)[0]["value"] == ("quantity", "1863")
        return
    with pytest.raises(Refused):
        read_v1(text)


@pytest.mark.parametrize(
    "text", ["QID,P2\nQ1,Q2", "qid,P2\nQ1,", "qid,qal585,P2\nQ1,Q2,Q3", "qid,P2,s854\nQ1,Q2,Q3", "qid,X\nQ1,Q2"]
)
def test_the_reader_of_tables_refuses_what_would_do_harm(text: str) -> None:
    with pytest.raises((Refused, IndexError)):
        read_csv(text)


# --- the cases --------------------------------------------------------------------------------------------------


def graph_of(case: dict[str, Any], folder: Path) -> KnowledgeGraph:
    """The small graph with the case's files."""
    copy_few(folder)
    # only what the case itself says is offered
    (folder / "data" / "sources" / "guide" / "statements" / "01-opening.trig").unlink()
    (folder / "data" / "links").mkdir(parents=True)
    (folder / "data" / "links" / "contributions.tsv").write_bytes((ROOT / contribution.NAME).read_bytes())
    layout = icrc_korea.load(folder).layout
    prefixes = "".join(f"@prefix {name}: <{space}> .\n" for name, space in layout.prefixes.items())
    for key, name in (
        ("guide", "data/sources/guide/statements/90-case.trig"), ("entities", "data/entities/case.ttl"),
        ("enrichment", "data/sources/dodis/statements/case.trig"),
    ):  # fmt: skip
        if key in case:
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_text(prefixes + case[key], encoding="utf-8")
    rows = [row.split() for row in case.get("links", [])]
    Judgements(layout).decide(
        [
            Decision(row[0], "accept", row[1], match=(row[2:] or ["exact"])[0], who="A. Archivist", why="The same.",
                     evidence=("https://example.org/one", "https://example.org/two"))
            for row in rows
        ],
        lambda thing: thing,
    )
    return icrc_korea.load(folder)


def items_of(case: dict[str, Any]) -> dict[str, Item]:
    found = {number: read_item(entity(number, item)) for number, item in case["wikidata"].items()}
    return {number: item for number, item in found.items() if item}


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_what_goes_and_what_stays(path: Path, tmp_path: Path) -> None:
    case = yaml.safe_load(path.read_text(encoding="utf-8"))
    assert set(case) <= {"about", "guide", "entities", "enrichment", "links", "wikidata", "goes", "stays"}
    found = contribution.offers(graph_of(case, tmp_path / "small"), items_of(case))
    going = contribution.commands(found)
    lines = [re.sub(r" /\*.*", "", line) for line in write_v1(going).splitlines()]
    assert lines == [line.replace("→", "\t") for line in case.get("goes", [])]
    held = [one for one in found if not one.command]
    said = sorted(f"{one.mapping.property} {one.why}" for one in held)
    wanted = [entry.partition(" ")[::2] for entry in case.get("stays", [])]
    assert len(said) == len(wanted), said
    for prop, words in wanted:
        fitting = [text for text in said if text.startswith(prop + " ") and words in text]
        assert fitting, f"nothing stays because of {words!r}: {said}"
        said.remove(fitting[0])
    for one in found:
        assert one.why, one
        assert one.words()[0].startswith(one.label)
    # both languages say the same, and the reader takes both
    of_tables = [statement for table in write_csv(going) for statement in read_csv(table)]
    assert sorted(map(str, read_v1(write_v1(going)))) == sorted(map(str, of_tables))
    assert len(of_tables) == len(going)


def test_each_table_has_its_own_columns_and_no_empty_cell() -> None:
    lines = [
        Line("Q1", "P39", "Q2", (("P585", "+1950-06-26T00:00:00Z/11"),), (("P854", '"https://example.org/"'),)),
        Line("Q1", "P39", "Q3", (), (("P854", '"https://example.org/"'), ("P813", "+2026-11-23T00:00:00Z/11"))),
        Line("Q4", "P39", "Q2", (("P585", "+1951-03-00T00:00:00Z/10"),), (("P854", '"https://example.org/"'),)),
        Line("Q1", "P1813", 'en:"A, B"', (), (("P248", "Q9"),)),
    ]
    tables = write_csv(lines)
    assert [table.splitlines()[0] for table in tables] == [
        "qid,P1813,S248", "qid,P39,S854,s813", "qid,P39,qal585,S854",
    ]  # fmt: skip
    found = [statement for table in tables for statement in read_csv(table)]
    assert sorted(map(str, found)) == sorted(map(str, read_v1(write_v1(lines))))


# --- the whole graph --------------------------------------------------------------------------------------------


def test_the_table_is_readable_and_each_row_is_shown(graph: KnowledgeGraph) -> None:
    """Property ids, classes and statements that exist; a definition, an example and evidence in each row."""
    with (ROOT / contribution.NAME).open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream, delimiter="\t", quoting=csv.QUOTE_NONE))
    assert len(contribution.crosswalks(graph.layout)) == len(rows)
    for row in rows:
        assert row["definition"].endswith(".")
        assert row["example"]
        assert row["evidence"]
        assert row["several"] in ("yes", "no")
        assert not row["about"] or graph.query(f"ASK {{ kw:{row['about']} a owl:Class }}").truth
        names = [row["ours"], *(pair.partition("=")[2] for pair in row["qualifiers"].split("|") if pair)]
        for name in names:
            assert not name.startswith("kw:") or graph.query(f"ASK {{ {name} a ?kind }}").truth, name
    labels = {(row["property"], row["property_label"]) for row in rows}
    assert len(labels) == len({prop for prop, _ in labels}), "one property has two labels"


def test_a_broken_table_is_named_with_its_line(tmp_path: Path) -> None:
    folder = copy_few(tmp_path / "small")
    (folder / "data" / "links").mkdir()
    text = (ROOT / contribution.NAME).read_text(encoding="utf-8")
    (folder / contribution.NAME).write_text(text.replace("\titem\t", "\tthing\t", 1), encoding="utf-8")
    with pytest.raises(ParseError, match=r"contributions.tsv:2:1: 'thing'"):
        contribution.crosswalks(icrc_korea.load(folder).layout)


def test_the_guide_gives_only_what_it_states(graph: KnowledgeGraph) -> None:
    found = contribution.offers(graph, {}, unchecked=True)
    going = read_v1(write_v1(contribution.commands(found)))
    assert ("Q5987345", "P571", ("time", "+", "1863", "00", "00", "00", "00", "00", "9", "")) in [
        (one["item"], one["property"], one["value"]) for one in going
    ]
    assert all(one["references"] for one in going), "a statement has no source"
    assert all(one.sources and one.item for one in found if one.command)
    # Rhee's office is only near to Wikidata's, and Ruegger has no item: neither goes
    assert not [one for one in going if one["property"] == "P39"]
    for one in found:
        if one.command:
            assert all(claim in ("stated", "quoted") for claim in certainties(graph, one))


def certainties(graph: KnowledgeGraph, offer: contribution.Offer) -> list[str]:
    return [
        claim.certainty
        for (subject, predicate, _), claims in graph.facts.claims.items()
        if getattr(subject, "value", "") == graph.layout.expand(offer.thing)
        and getattr(predicate, "value", "") == offer.mapping.ours
        for claim in claims
        if set(claim.sentences) & set(offer.sources)
    ]


def test_the_command_refuses_to_guess_and_sends_nothing(icrc: Command, tmp_path: Path) -> None:
    said = icrc("contribute", "--root", ROOT, "--cache", tmp_path / "empty")
    assert (said.code, said.out) == (2, "")
    assert "nothing was ever read from Wikidata" in said.err
    assert "--unchecked" in said.err
    said = icrc("contribute", "--root", ROOT, "--unchecked")
    assert said.code == 0
    assert read_v1(said.out)
    assert "nothing was compared" in said.err
    assert "nothing was sent" in said.err
    said = icrc("contribute", "--root", ROOT, "--unchecked", "--dry-run")
    assert said.code == 0
    assert "inception (P571): 1863" in said.out
    assert "passage:P04.s1" in said.out
    output = tmp_path / "statements.csv"
    said = icrc("contribute", "--root", ROOT, "--unchecked", "--form", "csv", "-o", output)
    assert said.code == 0
    tables = sorted(tmp_path.glob("statements-*.csv"))
    assert len(tables) > 1
    assert all(read_csv(table.read_text(encoding="utf-8")) for table in tables)


# --- the other forms ----------------------------------------------------------------------------------------------


def test_the_catalogue_has_each_thing_once_with_the_header_that_mixnmatch_knows(icrc: Command) -> None:
    said = icrc("contribute", "--root", ROOT, "--form", "mixnmatch")
    assert said.code == 0, said.err
    header, *rows = list(csv.reader(io.StringIO(said.out), strict=True))
    assert header == ["id", "name", "desc", "url", "type"]
    assert len({row[0] for row in rows}) == len(rows) > 20
    for row in rows:
        assert all(row[:4]), row
        assert row[3].endswith("/id/" + row[0])
        assert re.fullmatch(r"(?:Q\d+)?", row[4])
    ruegger = next(row for row in rows if row[0] == "person/paul-ruegger")
    assert ruegger[1] == "Paul Ruegger"
    assert "President of the ICRC" in ruegger[2]
    assert ruegger[4] == "Q5"


SHAPE = re.compile(r"(?:<([\w-]+)>)( EXTRA wdt:P31)? \{\n((?:[^{}]|\{[^{}]*\})*)\n\}\n")
PART = re.compile(r"(\w+:\w+) (?:\[ wd:Q\d+ \]|@<([\w-]+)>|IRI|xsd:dateTime|rdf:langString)(?: [*+?])?")


@pytest.mark.parametrize("kind", ["Person", "Organisation"])
def test_the_schema_is_shex_and_says_what_the_table_says(kind: str, icrc: Command, graph: KnowledgeGraph) -> None:
    """The part of the grammar of ShExC that we write: prefixes, start, shapes of constraints with one ; between."""
    said = icrc("contribute", "--root", ROOT, "--form", "entityschema", "--class", kind)
    assert said.code == 0, said.err
    text = re.sub(r"^\s*#.*\n", "", said.out, flags=re.M)
    prefixes = dict(re.findall(r"^PREFIX (\w+): <([^>]+)>$", text, re.M))
    start = re.search(r"^start = @<([\w-]+)>$", text, re.M)
    assert start
    body = text[start.end() :]
    shapes = {match[1]: match[3] for match in SHAPE.finditer(body)}
    assert SHAPE.sub("", body).strip() == "", "something stands outside of the shapes"
    assert start.group(1) in shapes
    named = set()
    for constraints in shapes.values():
        for part in constraints.split(" ;\n"):
            match = PART.fullmatch(part.strip())
            assert match, part
            assert match[1].partition(":")[0] in prefixes
            named |= {match[2]} - {None}
    assert named == set(shapes) - {start.group(1)}, "a shape is named that is not there, or is there for nothing"
    wanted = {row.property for row in contribution.crosswalks(graph.layout) if row.about in (kind, "")}
    assert set(re.findall(r"\bp:(P\d+)", text)) == wanted
