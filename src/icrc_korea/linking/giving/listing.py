"""Writes a Mix'n'match catalogue, or an EntitySchema, of what the graph holds."""

from __future__ import annotations

import csv
import io
import re

from ...errors import ParseError
from ...matching.tables import harmless
from ...rdf.spaces import KW, THINGS
from ..things import Things
from .contribution import crosswalks

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from ...content.layout import Layout
    from ...dataset.facts import Graph
    from ..judgements import Judgements
    from ..things import Thing
    from .contribution import Crosswalk

CLASSES = "data/links/classes.tsv"
HEADER = ("id", "name", "desc", "url", "type")
MIXED, SCHEMA = "mixnmatch", "entityschema"
PREFIXES = """\
PREFIX wd: <http://www.wikidata.org/entity/>
PREFIX p: <http://www.wikidata.org/prop/>
PREFIX pq: <http://www.wikidata.org/prop/qualifier/>
PREFIX ps: <http://www.wikidata.org/prop/statement/>
PREFIX prov: <http://www.w3.org/ns/prov#>
PREFIX rdf: <http://www.w3.org/1999/02/22-rdf-syntax-ns#>
PREFIX wdt: <http://www.wikidata.org/prop/direct/>
PREFIX xsd: <http://www.w3.org/2001/XMLSchema#>
"""
KINDS = {"item": "IRI", "text": "rdf:langString", **dict.fromkeys(("date", "start", "end"), "xsd:dateTime")}


def classes(layout: Layout) -> dict[str, tuple[str, str]]:
    """Our classes, each with the item of Wikidata for things of its kind and that item's name."""
    from ...rdf.reading import read_text

    path = layout.root / CLASSES
    found = {}
    rows = csv.reader(read_text(path, CLASSES).splitlines(), delimiter="\t", quoting=csv.QUOTE_NONE)
    for number, row in enumerate(rows, 1):
        if number > 1:
            if len(row) != 4 or not re.fullmatch(r"Q\d+", row[1]):
                raise ParseError(CLASSES, number, 1, "is no row of class, item, label and evidence", "\t".join(row))
            found[row[0].removeprefix("kw:")] = (row[1], row[2])
    return found


def catalogue(graph: Graph, judgements: Judgements) -> str:
    """The things that others may describe, as a Mix'n'match catalogue: one row a thing, in the order of their ids."""
    things, kinds = Things(graph), classes(graph.layout)
    judged = {iri for one in judgements.links.judgements if (iri := things.find(one.subject))}
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(HEADER)
    for iri in sorted({*things.open(), *judged}):
        if iri.startswith(THINGS):  # concepts of our lists are no entries of a catalogue
            thing = things.read(iri)
            cells = [iri.removeprefix(THINGS), thing.label, _description(graph, thing), iri]
            writer.writerow([*map(harmless, cells), kinds.get(thing.kind, ("", ""))[0]])
    return out.getvalue()


def _description(graph: Graph, thing: Thing) -> str:
    """What helps to recognise a thing: its class, other names, offices, places, days."""
    from ...rdf.terms import NamedNode
    from ..items import in_words

    parts = [graph.facts.label(NamedNode(KW + thing.kind)) or thing.kind]
    others = list(dict.fromkeys(name for name, _ in thing.names if name != thing.label))
    parts += [f"also {', '.join(others)}"] if others else []
    parts += [office.label for office in thing.offices]
    parts += [f"in {place}" for place, _ in thing.places]
    parts += [f"founded {in_words(*span)}" for span in thing.began] + [in_words(*span) for span in thing.when]
    return "; ".join(dict.fromkeys([*parts, "in the ICRC's guide to its action in the Korean War"]))


def schema(graph: Graph, kind: str) -> str:
    """What an item of a class needs to hold what we hold of such things, in ShEx: one row of our table a part."""
    rows = [row for row in crosswalks(graph.layout) if row.about in (kind, "")]
    item, name = classes(graph.layout)[kind]
    shape = kind.lower()
    parts = [f"  wdt:P31 [ wd:{item} ] +"]
    shapes = []
    for prop in dict.fromkeys(row.property for row in rows):
        of = [row for row in rows if row.property == prop]
        parts.append(f"  # {of[0].label}: {of[0].definition}\n  p:{prop} @<{shape}-{prop}> *")
        shapes.append(_statement(f"{shape}-{prop}", of))
    body = " ;\n".join(parts)
    head = f"# {name}: what the guide to the ICRC's action in the Korean War, or a source beside it, says of one.\n"
    described = f"{head}{PREFIXES}\nstart = @<{shape}>\n\n<{shape}> EXTRA wdt:P31 {{\n{body}\n}}\n"
    return described + "".join("\n" + text for text in shapes)


def _statement(name: str, rows: Iterable[Crosswalk]) -> str:
    """A statement: its value, its qualifiers, and at least one reference, without which we give none."""
    rows = list(rows)
    first = rows[0]
    qualifiers = sorted({prop for row in rows for prop, _ in row.qualifiers})
    parts = [f"  ps:{first.property} {KINDS[first.form]}"]
    parts += [f"  pq:{prop} xsd:dateTime *" for prop in qualifiers]
    parts.append("  prov:wasDerivedFrom IRI +")
    return f"<{name}> {{\n" + " ;\n".join(parts) + "\n}\n"
