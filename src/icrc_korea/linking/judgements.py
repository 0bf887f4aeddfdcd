"""Keeps the judgements on links to Wikidata, in a table that people can read."""

from __future__ import annotations

import csv
import io
import os
import re
from dataclasses import dataclass, replace
from datetime import date

from ..content import links
from ..errors import LayoutError, ParseError, UsageError
from ..matching.tables import FORMULA, harmless
from ..rdf.spaces import BASE
from .items import ENTITY, is_item

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from pathlib import Path

    from ..content.layout import Layout
    from ..content.links import Judgement, LinkSet
    from .scoring import Candidate
    from .things import Thing

NAME = "data/links/wikidata.sssom.tsv"
PREFIX = "wikidata:"
EDITOR = "ICRC_KOREA_EDITOR"
MATCHES = {name: f"skos:{name}Match" for name in ("exact", "close", "broad", "narrow", "related")}
ACCEPT, REJECT, NONE = "accept", "reject", "none"
HAND, REVIEW = "semapv:ManualMappingCuration", "semapv:MappingReview"


@dataclass(frozen=True)
class Decision:
    """What somebody decided on one candidate, or on all of them (`none`), and why."""

    thing: str
    what: str
    item: str = ""
    item_label: str = ""
    match: str = "exact"
    who: str = ""
    why: str = ""
    evidence: tuple[str, ...] = ()
    confidence: float = 0.9
    reviewed: bool = False
    place: tuple[str, int] = ("", 0)  # file and line, where it was read from a table

    @property
    def kind(self) -> str:
        """The match that is written: an exact one on two sources or more, else a close one."""
        files = {locator.partition("#L")[0] for locator in self.evidence}
        return "close" if self.match == "exact" and len(files) < 2 else self.match

    @property
    def doubt(self) -> str:
        """What to tell whoever asked for an exact match and gets a close one."""
        if self.what != ACCEPT or self.kind == self.match:
            return ""
        return (
            f"{self.thing} and {self.item} are written as a close match: an exact one needs two sources that do not "
            "depend on each other (evidence)"
        )


class Judgements:
    """The judgements on items of Wikidata, in data/links/wikidata.sssom.tsv."""

    def __init__(self, layout: Layout, today: Callable[[], date] = date.today) -> None:
        self.layout, self.path, self.today = layout, layout.root / NAME, today
        self.links: LinkSet = self._read()

    def of(self, thing: str) -> list[Judgement]:
        """The judgements on a thing."""
        return self.links.of(thing)

    def rejected(self, thing: str) -> set[str]:
        """The items that were judged not to be the thing."""
        return {one.object.removeprefix(PREFIX) for one in self.of(thing) if one.negated}

    def accepted(self, thing: str, match: str = "") -> list[str]:
        """The items that it is linked to, by one kind of match or any."""
        return [
            one.object.removeprefix(PREFIX)
            for one in self.of(thing)
            if one.holds and one.object.startswith(PREFIX) and (not match or one.predicate == MATCHES[match])
        ]

    def settled(self, thing: str) -> bool:
        """Whether it is judged what the thing is elsewhere, or that it is nowhere."""
        return any(not one.negated for one in self.of(thing))

    def decide(self, decisions: Iterable[Decision], label: Callable[[str], str], again: bool = False) -> int:
        """Takes in decisions and writes the file once; all of them or, on an error, none.

        What others wrote since the file was read is kept. A judgement on the same two things is replaced only with
        `again`.
        """
        from ..rdf.atomic import alone

        new = [(decision, self._judgement(decision, label(decision.thing))) for decision in decisions]
        if not new:
            return 0
        self.layout.refuse_if_installed(self.path)
        if not self.path.parent.is_dir():
            self._with(new, again)  # what is wrong is told before anything is made
            self._make_folder()
        with alone(self.path):
            self._write(self._with(new, again))
        return len(new)

    def _with(self, new: Iterable[tuple[Decision, Judgement]], again: bool) -> LinkSet:
        """The judgements of the file as it is now, and the new ones."""
        held = self._read()
        for decision, judgement in new:
            held = _with_prefix(held, judgement.subject, self.layout)
            try:
                if not again:
                    _refuse_another(held, judgement)
                held = held.put(judgement)
            except UsageError as error:
                if not decision.place[1]:
                    raise
                raise ParseError(*decision.place, 1, error.message, remedy=error.remedy) from None
        return held

    def _read(self) -> LinkSet:
        return links.load(self.path, NAME) if self.path.exists() else links.read(_empty(), NAME)

    def _make_folder(self) -> None:
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise _unwritable(self.path, error) from None

    def _judgement(self, decision: Decision, label: str) -> Judgement:
        who = decision.who or os.environ.get(EDITOR, "").strip()
        if not who:
            raise UsageError("a judgement needs somebody who judges", f"give --who NAME, or set {EDITOR}")
        if not decision.why.strip():
            raise UsageError(f"the judgement on {decision.thing} has no reason", "give --why 'what shows it'")
        given = _one_line(decision.why)
        found = links.Judgement(
            subject=decision.thing,
            subject_label=_one_line(label),
            object=links.NO_TERM if decision.what == NONE else PREFIX + decision.item,
            comment=given,
            date=self.today().isoformat(),
            author=_one_line(who),
            predicate=MATCHES[decision.kind],
            negated=decision.what == REJECT,
            object_label="" if decision.what == NONE else _one_line(decision.item_label or decision.item),
            justification=REVIEW if decision.reviewed else HAND,
            confidence=decision.confidence,
            evidence=decision.evidence,
        )
        return replace(found, predicate=MATCHES["exact"]) if decision.what != ACCEPT else found

    def _write(self, links: LinkSet) -> None:
        from ..rdf.atomic import write_atomically

        try:
            write_atomically(self.path, links.text().encode())
        except OSError as error:
            raise _unwritable(self.path, error) from None
        self.links = links


def _unwritable(path: Path, error: OSError) -> LayoutError:
    return LayoutError(
        f"{path} cannot be written: {error.strerror}",
        "work in a folder of your own: --root FOLDER with ontology/, data/, shapes/ and queries/",
    )


def _refuse_another(held: LinkSet, new: Judgement) -> None:
    """Refuses to put a judgement in the place of one that says something else."""
    for old in held.judgements:
        if (old.subject, old.object) == (new.subject, new.object) and old != replace(new, date=old.date):
            said = "is not" if old.negated else f"is linked ({old.predicate}) to"
            raise UsageError(
                f"{old.subject} {said} {old.object}: so {old.author} judged on {old.date}: {old.comment}",
                "to put your judgement in its place, say --replace",
            )


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _with_prefix(links: LinkSet, subject: str, layout: Layout) -> LinkSet:
    """The set with the prefix of a thing in its curie_map."""
    prefix = subject.partition(":")[0]
    if prefix in links.fields["curie_map"]:
        return links
    lines = links.header.split("\n")
    at = next(number for number, line in enumerate(lines) if re.match(r"#\s*curie_map\s*:", line)) + 1
    while re.match(r"#  ([\w-]+):", lines[at]) and lines[at] < f"#  {prefix}:":
        at += 1  # the prefixes stand in order
    lines.insert(at, f"#  {prefix}: {layout.prefixes[prefix]}")
    fields = {**links.fields, "curie_map": {**links.fields["curie_map"], prefix: layout.prefixes[prefix]}}
    return replace(links, header="\n".join(lines), fields=fields)


def _empty() -> str:
    columns = "\t".join(links.COLUMNS)
    return (
        f"#curie_map:\n#  wikidata: {ENTITY}\n#license: https://creativecommons.org/licenses/by/4.0/\n"
        f"#mapping_set_id: {BASE}links/wikidata.sssom.tsv\n"
        "#mapping_set_title: Judgements on the items of Wikidata that describe things of icrc-korea\n"
        f"#object_source: {PREFIX}Q2013\n#subject_source: {BASE}\n{columns}\n"
    )


# --- a table for a spreadsheet -------------------------------------------------------------------------------

FOR_PEOPLE = ("thing", "label", "class", "item", "item_label", "description", "score", "for", "against", "address")
TO_FILL = ("decision", "match", "why", "evidence", "confidence", "who")


def sheet(rows: Iterable[tuple[Thing, Sequence[Candidate]]]) -> str:
    """The candidates as CSV, one a row, with empty cells for decisions."""
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow([*FOR_PEOPLE, *TO_FILL])
    for thing, candidates in rows:
        for one in candidates:
            item = one.item
            cells = [
                thing.id, thing.label, thing.kind, item.id, item.label("en"), item.descriptions.get("en", ""),
                str(one.score),
                "; ".join(feature.why for feature in one.features if not feature.contradicts and feature.points > 0),
                "; ".join(feature.why for feature in one.features if feature.contradicts or feature.points < 0),
                f"https://www.wikidata.org/wiki/{item.id}",
            ]  # fmt: skip
            writer.writerow([harmless(cell) for cell in cells] + [""] * len(TO_FILL))
        if not candidates:
            writer.writerow([harmless(cell) for cell in (thing.id, thing.label, thing.kind)] + [""] * 13)
    return out.getvalue()


def read_sheet(text: str, name: str, exists: Callable[[str], bool], who: str = "") -> list[Decision]:
    """The decisions of a table that was filled in; a ParseError names the first line that is wrong."""
    text = text.lstrip("\ufeff")
    first = text.partition("\n")[0]
    delimiter = max(",;\t", key=first.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    columns: list[str] = []
    found: list[Decision] = []
    seen: dict[tuple[str, str], int] = {}
    line = 1
    try:
        for row in reader:
            here, line = line, reader.line_num + 1
            cells = [cell.strip() for cell in row]
            if not any(cells):
                continue
            if not columns:
                columns = [cell.casefold() for cell in cells]
                for needed in ("thing", "item", "decision", "why"):
                    if needed not in columns:
                        remedy = "start from `icrc-korea link --export FILE` and keep its first line"
                        raise ParseError(name, here, 1, f"there is no column {needed!r}", first, remedy)
                continue
            entry = {column: _plain(cell) for column, cell in zip(columns, cells, strict=False)}
            decision = _decision(entry, name, here, exists, who)
            if decision:
                key = (decision.thing, decision.item)
                if key in seen:
                    found_twice = f"{decision.thing} {decision.item} is decided in line {seen[key]} already"
                    raise ParseError(name, here, 1, found_twice, remedy="keep one of the two lines")
                seen[key] = here
                found.append(decision)
    except csv.Error as error:
        raise ParseError(name, line, 1, f"is no CSV: {error}", remedy="save the table as CSV (UTF-8)") from None
    if not columns:
        raise ParseError(name, 1, 1, "is empty", remedy="start from `icrc-korea link --export FILE`")
    return found


def _plain(cell: str) -> str:
    return cell[1:] if cell[:1] == "'" and cell[1:].startswith(FORMULA) else cell


def _decision(entry: dict[str, str], name: str, line: int, exists: Callable[[str], bool], who: str) -> Decision | None:
    def wrong(message: str, remedy: str) -> ParseError:
        return ParseError(name, line, 1, message, " | ".join(filter(None, entry.values())), remedy)

    what = entry.get("decision", "").casefold()
    if not what:
        return None
    if what not in (ACCEPT, REJECT, NONE):
        raise wrong(f"{what!r} is no decision", "write accept, reject, none (no item exists), or leave the cell empty")
    thing, item = entry.get("thing", ""), entry.get("item", "")
    if not exists(thing):
        raise wrong(f"there is no {thing or 'thing'!r} in the graph", "keep the first column as it was exported")
    if what != NONE and not is_item(item):
        raise wrong(f"{item!r} is no item of Wikidata", "write its number, such as Q42")
    match = entry.get("match", "").casefold() or "exact"
    if match not in MATCHES:
        raise wrong(f"{match!r} is no kind of match", "kinds: " + ", ".join(MATCHES))
    if not entry.get("why"):
        raise wrong("the decision has no reason", "say in the column `why` what shows it")
    judge = entry.get("who") or who or os.environ.get(EDITOR, "").strip()
    if not judge:
        raise wrong("nobody is named who decided", f"fill the column `who`, give --who NAME, or set {EDITOR}")
    try:
        sure = float(entry.get("confidence", "").replace(",", ".") or 0.9)
    except ValueError:
        sure = -1.0
    if not 0 <= sure <= 1:
        raise wrong(f"{entry.get('confidence')!r} is no number from 0 to 1", "write how sure you are, as 0.9")
    evidence = tuple(part for part in re.split(r"[\s|]+", entry.get("evidence", "")) if part)
    for locator in evidence:
        if not links.LOCATOR.fullmatch(locator):
            raise wrong(f"{locator!r} is no address", "write https: addresses with | between them")
    label = entry.get("item_label", "")
    number = "" if what == NONE else item
    return Decision(
        thing, what, number, label, match, judge, entry["why"], evidence, sure, reviewed=True, place=(name, line)
    )
