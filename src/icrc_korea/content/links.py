"""Reads the SSSOM tables of data/links: one row per judgement on what a thing is elsewhere.

A file is a table with tabs; the lines before it that begin with # are YAML and say what holds for all rows.
https://mapping-commons.github.io/sssom/ describes the form.
"""

from __future__ import annotations

import csv
import re
from dataclasses import dataclass, replace
from datetime import date
from hashlib import sha256
from urllib.parse import urlsplit

from ..errors import ParseError, UsageError, nearest
from ..rdf.reading import read_text
from ..rdf.spaces import BASE, LINKS, OWL, RDFS, SKOS, XSD
from ..rdf.terms import TYPE, Literal, NamedNode, Quad

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from typing import Any

SSSOM, SEMAPV, DCT = "https://w3id.org/sssom/", "https://w3id.org/semapv/vocab/", "http://purl.org/dc/terms/"
MAPPINGS = BASE + "id/mapping/"
NO_TERM = "sssom:NoTermFound"
NOT = "Not"
MATCHES = tuple(f"skos:{name}Match" for name in ("exact", "close", "broad", "narrow", "related"))
JUSTIFICATIONS = tuple(
    f"semapv:{name}"
    for name in (
        "ManualMappingCuration", "MappingReview", "LexicalMatching", "CompositeMatching", "InstanceBasedMatching",
        "BackgroundKnowledgeBasedMatching", "StructuralMatching", "LogicalReasoning", "MappingChaining",
        "MappingInversion", "SemanticSimilarityThresholdMatching", "LexicalSimilarityThresholdMatching",
        "UnspecifiedMatching",
    )
)  # fmt: skip
# the columns in the order of SSSOM; True where no cell may be empty
COLUMNS = {
    "subject_id": True, "subject_label": True, "predicate_id": True, "predicate_modifier": False, "object_id": True,
    "object_label": False, "mapping_justification": True, "author_label": True, "mapping_date": True,
    "confidence": True, "see_also": False, "comment": True,
}  # fmt: skip
HEADER = ("curie_map", "mapping_set_id", "mapping_set_title", "license", "object_source")  # what must be in it
BUILT_IN = {"sssom": SSSOM, "semapv": SEMAPV, "skos": SKOS}  # SSSOM knows these prefixes without a curie_map
CURIE = re.compile(r"([A-Za-z][\w.-]*):([^\s:/<>\"{}\\^`|][^\s<>\"{}\\^`|]*)")
LOCATOR = re.compile(r"(?:https?|pkg|urn):[^\s<>\"{}\\^`|]+")


@dataclass(frozen=True)
class Judgement:
    """What somebody found out about a thing of ours and one description elsewhere, and on what grounds.

    `object` is sssom:NoTermFound if there is no such description; `negated` says "not this one".
    """

    subject: str
    subject_label: str
    object: str
    comment: str
    date: str
    author: str
    predicate: str = "skos:exactMatch"
    negated: bool = False
    object_label: str = ""
    justification: str = "semapv:ManualMappingCuration"
    confidence: float = 1.0
    evidence: tuple[str, ...] = ()

    @property
    def holds(self) -> bool:
        """Whether it says that there is a link."""
        return not self.negated and self.object != NO_TERM

    def cells(self) -> list[str]:
        """The row as it is written, in the order of COLUMNS."""
        return [
            self.subject, self.subject_label, self.predicate, NOT if self.negated else "", self.object,
            self.object_label, self.justification, self.author, self.date, f"{self.confidence:g}",
            "|".join(self.evidence), self.comment,
        ]  # fmt: skip


@dataclass(frozen=True)
class LinkSet:
    """A file of judgements: its header as written, what the header says, and its rows."""

    name: str
    header: str
    fields: dict[str, Any]
    judgements: tuple[Judgement, ...] = ()
    lines: tuple[int, ...] = ()  # where each judgement was read

    def of(self, subject: str) -> list[Judgement]:
        """The judgements on a thing."""
        return [judgement for judgement in self.judgements if judgement.subject == subject]

    def expand(self, term: str) -> str:
        """The IRI of a CURIE in this file; a whole address stays as it is."""
        prefix, _, local = term.partition(":")
        if local.startswith("//"):
            return term
        return str({**BUILT_IN, **self.fields["curie_map"]}[prefix] + local)

    def shrink(self, iri: str) -> str:
        """The CURIE of an IRI in this file, by the longest fitting name space."""
        spaces = sorted(((space, name) for name, space in self.fields["curie_map"].items()), key=lambda p: -len(p[0]))
        for space, name in spaces:
            if iri.startswith(space) and len(iri) > len(space):
                return f"{name}:{iri[len(space) :]}"
        raise UsageError(f"{iri} has no prefix in {self.name}", "add its name space to the curie_map of the file")

    def put(self, new: Judgement) -> LinkSet:
        """The set with this judgement, in the place of an earlier one on the same two things."""
        kept = [old for old in self.judgements if (old.subject, old.object) != (new.subject, new.object)]
        if new.holds:
            kept = [old for old in kept if (old.subject, old.object) != (new.subject, NO_TERM)]
        for old in kept:
            if old.subject != new.subject or not old.holds:
                continue
            if new.object == NO_TERM:
                raise UsageError(f"{new.subject} is linked to {old.object}", "reject that link first")
            if new.holds and old.predicate == new.predicate == "skos:exactMatch":
                raise UsageError(
                    f"{new.subject} matches {old.object} exactly already", "reject that one first, or accept as close"
                )
        text = replace(self, judgements=tuple(sorted([*kept, new], key=_order)), lines=()).text()
        return read(text, self.name)  # so that what is written can be read, too

    def text(self) -> str:
        """The file: the header as it was, the rows in one order."""
        from io import StringIO

        out = StringIO()
        writer = csv.writer(out, delimiter="\t", lineterminator="\n")
        writer.writerow(COLUMNS)
        writer.writerows(judgement.cells() for judgement in sorted(self.judgements, key=_order))
        return self.header + out.getvalue()


def _order(judgement: Judgement) -> tuple[str, bool, int, str]:
    return judgement.subject, judgement.negated, MATCHES.index(judgement.predicate), judgement.object


def load(path: Path, name: str) -> LinkSet:
    """The judgements of a file."""
    return read(read_text(path, name), name)


def read(text: str, name: str, prefixes: dict[str, str] | None = None) -> LinkSet:
    """The judgements of a text; a ParseError at the line and column of the first thing that is wrong.

    `prefixes` is the one prefix list, which the header of the file may not contradict.
    """
    return _Reader(text, name).read(prefixes or {})


class _Reader:
    """One pass over a file."""

    def __init__(self, text: str, name: str) -> None:
        self.name = name
        self.lines = re.split(r"\r\n|\r|\n", text)

    def _fail(self, line: int, column: int, message: str, remedy: str) -> ParseError:
        source = self.lines[line - 1] if 0 < line <= len(self.lines) else ""
        return ParseError(self.name, line, column, message, source.replace("\t", "  "), remedy)

    def read(self, prefixes: dict[str, str]) -> LinkSet:
        end = next((n for n, line in enumerate(self.lines) if not line.startswith("#")), len(self.lines))
        fields = self._header(self.lines[:end], prefixes)
        known = {**BUILT_IN, **fields["curie_map"]}
        rows = [n for n in range(end, len(self.lines)) if self.lines[n].strip()]
        if not rows:
            names = "\\t".join(COLUMNS)
            raise self._fail(end + 1, 1, "there is no line with the names of the columns", f"write {names}")
        columns = self._columns(rows[0] + 1)
        judgements: list[Judgement] = []
        places: dict[tuple[str, str], int] = {}
        for number in (n + 1 for n in rows[1:]):
            judgement = self._row(number, columns, fields, known)
            key = (judgement.subject, judgement.object)
            if key in places:
                found = f"{key[0]} and {key[1]} are judged already in line {places[key]}"
                raise self._fail(number, 1, found, "keep one of the two rows")
            places[key] = number
            judgements.append(judgement)
        self._no_term_and_link(judgements, places)
        header = "".join(f"{line}\n" for line in self.lines[:end])
        return LinkSet(self.name, header, fields, tuple(judgements), tuple(places.values()))

    def _no_term_and_link(self, judgements: list[Judgement], places: dict[tuple[str, str], int]) -> None:
        for judgement in judgements:
            line = places.get((judgement.subject, NO_TERM))
            if line and judgement.holds:
                found = f"{judgement.subject} is said to have no match, but line "
                found += f"{places[judgement.subject, judgement.object]} links it to {judgement.object}"
                raise self._fail(line, 1, found, "keep one of the two rows")

    # --- the header ---

    def _header(self, lines: list[str], prefixes: dict[str, str]) -> dict[str, Any]:
        import yaml

        try:
            fields = yaml.safe_load("\n".join(line[1:] for line in lines)) or {}
        except yaml.MarkedYAMLError as error:
            mark = error.problem_mark
            place = (mark.line + 1, mark.column + 2) if mark else (1, 1)
            raise self._fail(*place, f"the header is no YAML: {error.problem}", "write it as #name: value") from None
        except (yaml.YAMLError, ValueError, RecursionError) as error:
            raise self._fail(1, 1, f"the header is no YAML: {error}", "write it as #name: value") from None
        if not isinstance(fields, dict):
            raise self._fail(1, 1, "the header is no list of names and values", "write it as #name: value")
        for field in HEADER:
            if not fields.get(field):
                raise self._fail(1, 1, f"the header does not say {field}", f"add a line such as #{field}: …")
        if not isinstance(fields["curie_map"], dict):
            line = self._line_of("curie_map")
            raise self._fail(line, 1, "curie_map is no list of prefixes", "write under it #  wikidata: http://…")
        for prefix, space in fields["curie_map"].items():
            line = self._line_of(str(prefix))
            if not isinstance(space, str) or not urlsplit(space).scheme:
                raise self._fail(line, 1, f"the prefix {prefix} stands for no address", f"write #  {prefix}: http://…")
            if prefixes.get(prefix, space) != space:
                found = f"the prefix {prefix} stands for something else here"
                raise self._fail(line, 1, found, f"write #  {prefix}: {prefixes[prefix]}")
        for field in ("mapping_set_id", "license"):
            if not urlsplit(str(fields[field])).scheme:
                raise self._fail(self._line_of(field), 1, f"{field} is no address", f"write #{field}: https://…")
        return fields

    def _line_of(self, field: str) -> int:
        return next((n for n, line in enumerate(self.lines, 1) if re.match(rf"#\s*{re.escape(field)}\s*:", line)), 1)

    # --- the rows ---

    def _cells(self, number: int) -> list[str]:
        line = self.lines[number - 1]
        if '"' not in line:
            return line.split("\t")
        try:
            return next(csv.reader([line], delimiter="\t", strict=True))
        except csv.Error:
            column = line.index('"') + 1
            raise self._fail(
                number, column, "a quotation mark opens a cell and does not close it",
                'double each quotation mark inside a cell and put the cell in quotation marks: "a ""word"""',
            ) from None  # fmt: skip

    def _columns(self, number: int) -> list[str]:
        columns = self._cells(number)
        for place, column in enumerate(columns):
            if column not in COLUMNS:
                close = nearest(column, COLUMNS)
                hint = f"did you mean {' or '.join(close)}?" if close else "columns: " + ", ".join(COLUMNS)
                raise self._fail(number, self._column(number, place), f"there is no column {column!r}", hint)
            if column in columns[:place]:
                raise self._fail(number, self._column(number, place), f"two columns are {column}", "keep one of them")
        missing = [column for column, needed in COLUMNS.items() if needed and column not in columns]
        if missing:
            raise self._fail(number, 1, f"there is no column {missing[0]}", "columns: " + ", ".join(COLUMNS))
        return columns

    def _column(self, number: int, place: int) -> int:
        """Where a cell begins in its line."""
        return sum(len(cell) + 1 for cell in self.lines[number - 1].split("\t")[:place]) + 1

    def _row(self, number: int, columns: list[str], fields: dict[str, Any], known: dict[str, str]) -> Judgement:
        cells = self._cells(number)
        if len(cells) != len(columns):
            raise self._fail(
                number, 1, f"the row has {len(cells)} cells, the table {len(columns)} columns",
                "separate the cells by one tab each; an empty cell needs its tab, too",
            )  # fmt: skip
        row = dict(zip(columns, (cell.strip() for cell in cells), strict=True))
        for column, what, remedy in self._faults(row, known):
            raise self._fail(number, self._column(number, columns.index(column)), what, remedy)
        return Judgement(
            subject=row["subject_id"],
            subject_label=row["subject_label"],
            object=row["object_id"],
            comment=row["comment"],
            date=row["mapping_date"],
            author=row["author_label"],
            predicate=row["predicate_id"],
            negated=row.get("predicate_modifier") == NOT,
            object_label=row.get("object_label", ""),
            justification=row["mapping_justification"],
            confidence=float(row["confidence"]),
            evidence=tuple(row["see_also"].split("|")) if row.get("see_also") else (),
        )

    def _faults(self, row: dict[str, str], known: dict[str, str]) -> Iterator[tuple[str, str, str]]:
        """What is wrong with a row: the column, what was found, and what to write."""
        for column, needed in COLUMNS.items():
            if needed and not row[column]:
                yield column, f"{column} is empty", f"say {NEEDED[column]}"
        for column in ("subject_id", "object_id"):
            match = CURIE.fullmatch(row[column])
            if not match:
                yield column, f"{row[column]!r} is no short name", "write it as wikidata:Q42"
            elif match.group(1) not in known:
                remedy = "add it to the curie_map in the header, or correct it"
                yield column, f"the prefix {match.group(1)}: is not in the curie_map", remedy
        prefix, _, local = row["subject_id"].partition(":")
        if not (known[prefix] + local).startswith(BASE):
            yield "subject_id", f"{row['subject_id']} is no thing of ours", "write ours first, as person:paul-ruegger"
        prefix, _, local = row["object_id"].partition(":")
        if known[prefix].endswith("wikidata.org/entity/") and not re.fullmatch(r"Q[1-9]\d*", local):
            yield "object_id", f"{row['object_id']} is no item of Wikidata", "write it as wikidata:Q42"
        if row["predicate_id"] not in MATCHES:
            yield "predicate_id", f"{row['predicate_id']!r} is no kind of match", "kinds: " + ", ".join(MATCHES)
        if row.get("predicate_modifier", "") not in ("", NOT):
            yield "predicate_modifier", f"{row['predicate_modifier']!r} is unknown", "leave it empty, or write Not"
        if row["mapping_justification"] not in JUSTIFICATIONS:
            found = f"{row['mapping_justification']!r} is no justification of SSSOM"
            close = nearest(row["mapping_justification"], JUSTIFICATIONS, 1, 0)
            yield "mapping_justification", found, f"did you mean {close[0]}?"
        if row["object_id"] == NO_TERM and row.get("predicate_modifier"):
            yield "predicate_modifier", "“no match exists” is negated", "leave the modifier empty, or name the item"
        try:
            date.fromisoformat(row["mapping_date"])
        except ValueError:
            yield "mapping_date", f"{row['mapping_date']!r} is no date", "write it as 2026-01-31"
        if not re.fullmatch(r"0?\.\d+|[01](?:\.0*)?", row["confidence"]):
            yield "confidence", f"{row['confidence']!r} is no number from 0 to 1", "write it as 0.9"
        for locator in row["see_also"].split("|") if row.get("see_also") else ():
            if not LOCATOR.fullmatch(locator):
                remedy = "write https: addresses (pkg: for packages) with | between them"
                yield "see_also", f"{locator!r} is no address", remedy
        if row["object_id"] != NO_TERM and not row.get("object_label"):
            yield "object_label", "object_label is empty", "say what the other description is called"


NEEDED = {
    "subject_id": "which thing of ours is judged, as person:paul-ruegger",
    "subject_label": "what the thing is called",
    "predicate_id": "which match was judged, as skos:exactMatch",
    "object_id": f"what it was compared with, as wikidata:Q42, or {NO_TERM}",
    "mapping_justification": "how it was judged, as semapv:ManualMappingCuration",
    "author_label": "who judged",
    "mapping_date": "when it was judged, as 2026-01-31",
    "confidence": "how sure the judgement is, as 0.9",
    "comment": "why",
}


def parse(text: str, name: str, graph: str, prefixes: dict[str, str]) -> list[Quad]:
    """The links of a file as quads, and each judgement as a thing of its own, whatever it says."""
    return list(quads(read(text, name, prefixes), graph))


def mapping_iri(links: LinkSet, judgement: Judgement) -> NamedNode:
    """The name of a judgement: 12 digits of the SHA-256 of its file's address and its two things."""
    parts = (links.fields["mapping_set_id"], links.expand(judgement.subject), links.expand(judgement.object))
    return NamedNode(MAPPINGS + sha256(" ".join(f"<{part}>" for part in parts).encode()).hexdigest()[:12])


def quads(links: LinkSet, graph: str = LINKS) -> Iterator[Quad]:
    """The links graph. Only a judgement that holds is a link, and an owl:Axiom, which would assert it."""
    home, whole = NamedNode(graph), NamedNode(links.fields["mapping_set_id"])

    def said(subject: NamedNode, predicate: str, value: NamedNode | Literal) -> Quad:
        return Quad(subject, NamedNode(predicate), value, home)

    yield Quad(whole, TYPE, NamedNode(SSSOM + "MappingSet"), home)
    yield said(whole, DCT + "title", Literal(links.fields["mapping_set_title"], language="en"))
    yield said(whole, DCT + "license", NamedNode(links.fields["license"]))
    for judgement in links.judgements:
        node = mapping_iri(links, judgement)
        ends = [NamedNode(links.expand(x)) for x in (judgement.subject, judgement.predicate, judgement.object)]
        yield said(whole, SSSOM + "mappings", node)
        yield Quad(node, TYPE, NamedNode(SSSOM + "Mapping"), home)
        if judgement.holds:
            yield Quad(ends[0], ends[1], ends[2], home)
            yield Quad(node, TYPE, NamedNode(OWL + "Axiom"), home)
        for name, end in zip(("Source", "Property", "Target"), ends, strict=True):
            yield said(node, f"{OWL}annotated{name}", end)
        if judgement.negated:
            yield said(node, SSSOM + "predicate_modifier", Literal(NOT))
        if judgement.object == NO_TERM:
            yield said(node, SSSOM + "object_source", NamedNode(links.expand(links.fields["object_source"])))
        if judgement.object_label:
            yield said(node, SSSOM + "object_label", Literal(judgement.object_label))
        yield said(node, SSSOM + "mapping_justification", NamedNode(links.expand(judgement.justification)))
        yield said(node, SSSOM + "author_label", Literal(judgement.author))
        yield said(node, DCT + "created", Literal(judgement.date, datatype=NamedNode(XSD + "date")))
        confidence = Literal(f"{judgement.confidence:g}", datatype=NamedNode(XSD + "decimal"))
        yield said(node, SSSOM + "confidence", confidence)
        yield said(node, RDFS + "comment", Literal(judgement.comment, language="en"))
        for locator in judgement.evidence:
            yield said(node, RDFS + "seeAlso", NamedNode(locator))
