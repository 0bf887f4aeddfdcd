"""Asks the query service of Wikidata for statements of many items at once."""

from __future__ import annotations

import json
import re

from ..errors import RemoteError
from ..services.http import Reply
from ..services.polite import LONGEST_ANSWER, Request
from .items import ENTITY, MUL, Item, Statement, Value, is_item, read_time
from .services import LANGUAGES, PROPERTIES

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from typing import Any

    from ..services.polite import Asker
    from .things import Thing

QUERY_MAIN = "https://query.wikidata.org/sparql"
QUERY_SCHOLARLY = "https://query-scholarly.wikidata.org/sparql"  # articles, apart since May 2025
# --- the query service -------------------------------------------------------------------------------------

PREFIXES = """\
PREFIX wd: <http://www.wikidata.org/entity/>
PREFIX wdt: <http://www.wikidata.org/prop/direct/>
PREFIX p: <http://www.wikidata.org/prop/>
PREFIX ps: <http://www.wikidata.org/prop/statement/>
PREFIX pq: <http://www.wikidata.org/prop/qualifier/>
PREFIX prov: <http://www.w3.org/ns/prov#>
PREFIX rdfs: <http://www.w3.org/2000/01/rdf-schema#>
PREFIX schema: <http://schema.org/>
PREFIX skos: <http://www.w3.org/2004/02/skos/core#>
PREFIX wikibase: <http://wikiba.se/ontology#>
"""
PROP = "http://www.wikidata.org/prop/"
QUALIFIERS = ("P580", "P582", "P585")
SMALL_BATCH = 20  # fewer items a query, so that none comes near the limit of 60 seconds


class QueryService:
    """SPARQL endpoints with Wikidata's data: its own main and scholarly ones, or a copy of it."""

    def __init__(self, asker: Asker, address: str = "") -> None:
        self.asker = asker
        self.main, self.others = (address, []) if address else (QUERY_MAIN, [QUERY_SCHOLARLY])
        self.dates: dict[str, str] = {}

    def select(self, query: str, address: str = "") -> tuple[list[dict[str, dict[str, str]]], str]:
        """The rows of any query, as results in JSON have them, and the date of the answer."""
        where = address or self.main
        request = Request(where, {"query": query}, accept="application/sparql-results+json", seconds=65.0)
        answer, date = self.asker.ask(request, lambda one: send_sparql(one, self.asker.agent), _sparql_fault)
        return answer["results"]["bindings"], date

    def _rows(self, query: str, address: str) -> tuple[list[dict[str, dict[str, str]]], str]:
        return self.select(PREFIXES + query, address)

    def find(self, thing: Thing, limit: int = 10) -> dict[str, str]:
        """By exact names in every language they may stand under, by identifiers, and by the office held."""
        addresses = [self.main, *(self.others if thing.is_source else [])]
        found: dict[str, str] = {}
        names = " ".join(
            f"{_quoted(name)}@{language}"
            for name, marked in thing.search_names()
            for language in dict.fromkeys((marked, "en", MUL) if marked == "en" else (marked, MUL))
        )
        patterns = [
            (f"?item wdt:{prop} {_quoted(value)} .", f"has {prop} {value}") for prop, value in thing.identifiers.items()
        ]
        patterns.append((f"VALUES ?name {{ {names} }} ?item rdfs:label|skos:altLabel ?name .", "has that very name"))
        patterns += [
            (f"?item wdt:P39 wd:{office.number} .", f"held {office.label}") for office in thing.offices if office.number
        ]
        for address in addresses:
            for pattern, how in patterns:
                rows, _ = self._rows(
                    f"SELECT DISTINCT ?item WHERE {{ {pattern} }} ORDER BY ?item LIMIT {limit}", address
                )
                for row in rows:
                    number = row["item"]["value"].removeprefix(ENTITY)
                    if is_item(number):
                        found.setdefault(number, how)
        return found

    def items(self, numbers: Iterable[str]) -> dict[str, Item]:
        """The items, from their names, then their statements with ranks, dates, qualifiers and references."""
        wanted = sorted({number for number in numbers if is_item(number)}, key=lambda number: int(number[1:]))
        found: dict[str, Item] = {}
        for start in range(0, len(wanted), SMALL_BATCH):
            batch = wanted[start : start + SMALL_BATCH]
            for address in [self.main, *self.others]:
                rest = [number for number in batch if number not in found]
                if rest:
                    found |= self._items(rest, address)
        return found

    def _items(self, numbers: Sequence[str], address: str) -> dict[str, Item]:
        values = f"VALUES ?item {{ {' '.join(f'wd:{number}' for number in numbers)} }}"
        languages = ", ".join(_quoted(language) for language in LANGUAGES)
        names, date = self._rows(
            f"SELECT ?item ?kind ?text WHERE {{ {values} "
            "VALUES ?kind { rdfs:label skos:altLabel schema:description } "
            f"?item ?kind ?text . FILTER (LANG(?text) IN ({languages})) }} ORDER BY ?item ?kind ?text",
            address,
        )
        statements, _ = self._rows(_statements_query(values), address)
        references, _ = self._rows(
            f"SELECT ?statement ?reference ?part ?value WHERE {{ {values} {_claims('?item ?claim ?statement .')} "
            f"?statement prov:wasDerivedFrom ?reference . ?reference ?part ?value . "
            f'FILTER (STRSTARTS(STR(?part), "{PROP}reference/P")) }} ORDER BY ?statement ?reference ?part ?value',
            address,
        )
        found = _assemble(names, statements, references)
        self.dates |= dict.fromkeys(found, date)
        return found


def _claims(pattern: str) -> str:
    return f"VALUES ?claim {{ {' '.join(f'p:{prop}' for prop in PROPERTIES)} }} {pattern}"


def _statements_query(values: str) -> str:
    qualifiers = " ".join(f"OPTIONAL {{ {_time('pq', prop)} }}" for prop in QUALIFIERS)
    columns = " ".join(f"?{prop} ?{prop}_precision ?{prop}_calendar" for prop in QUALIFIERS)
    return (
        f"SELECT ?item ?statement ?claim ?value ?rank ?precision ?calendar {columns} WHERE {{ {values} "
        f"{_claims('?item ?claim ?statement .')} ?property wikibase:claim ?claim ; wikibase:statementProperty ?ps . "
        "?statement ?ps ?value ; wikibase:rank ?rank . "
        "OPTIONAL { ?property wikibase:statementValue ?psv . ?statement ?psv ?node . "
        "?node wikibase:timePrecision ?precision ; wikibase:timeCalendarModel ?calendar } "
        f"{qualifiers} }} ORDER BY ?item ?claim ?statement"
    )


def _time(kind: str, prop: str) -> str:
    return (
        f"?statement <{PROP}qualifier/value/{prop}> ?{prop}_node . ?{prop}_node wikibase:timeValue ?{prop} ; "
        f"wikibase:timePrecision ?{prop}_precision ; wikibase:timeCalendarModel ?{prop}_calendar ."
    )


def _assemble(names: list[Any], statements: list[Any], references: list[Any]) -> dict[str, Item]:
    texts: dict[str, dict[str, Any]] = {}
    for row in names:
        number = row["item"]["value"].removeprefix(ENTITY)
        entry = texts.setdefault(number, {"label": {}, "altLabel": {}, "description": {}})
        kind, language = re.split(r"[#/]", row["kind"]["value"])[-1], row["text"].get("xml:lang", "")
        if kind == "altLabel":
            entry[kind][language] = (*entry[kind].get(language, ()), row["text"]["value"])
        else:
            entry[kind][language] = row["text"]["value"]
    cited: dict[str, dict[str, dict[str, tuple[Value, ...]]]] = {}
    for row in references:
        parts = cited.setdefault(row["statement"]["value"], {}).setdefault(row["reference"]["value"], {})
        prop = row["part"]["value"].rpartition("/")[2]
        parts[prop] = (*parts.get(prop, ()), _term(row["value"], 11))
    made: dict[str, dict[str, tuple[Statement, ...]]] = {number: {} for number in texts}
    seen: set[str] = set()
    for row in statements:
        address = row["statement"]["value"]
        if address in seen:  # a second qualifier of one kind gives a second row
            continue
        seen.add(address)
        number, prop = row["item"]["value"].removeprefix(ENTITY), row["claim"]["value"].rpartition("/")[2]
        qualifiers = {
            name: (_term(row[name], int(row[f"{name}_precision"]["value"]), row[f"{name}_calendar"]["value"]),)
            for name in QUALIFIERS
            if name in row
        }
        precision = int(row["precision"]["value"]) if "precision" in row else 11
        statement = Statement(
            prop,
            _term(row["value"], precision, row.get("calendar", {}).get("value", "")),
            re.sub(r".*#(\w+)Rank", r"\1", row["rank"]["value"]).lower(),
            address.removeprefix(ENTITY + "statement/"),
            qualifiers,
            tuple(cited.get(address, {}).values()),
        )
        of_item = made.setdefault(number, {})
        of_item[prop] = (*of_item.get(prop, ()), statement)
    found = {}
    for number, of_item in made.items():
        named = texts.get(number, {"label": {}, "altLabel": {}, "description": {}})
        found[number] = Item(number, named["label"], named["altLabel"], named["description"], of_item)
    return found


def _term(term: dict[str, str], precision: int = 11, calendar: str = "") -> Value:
    text, datatype = term["value"], term.get("datatype", "")
    if term["type"] == "uri":
        return Value("item", text.removeprefix(ENTITY)) if is_item(text.removeprefix(ENTITY)) else Value("text", text)
    if term["type"] == "bnode":
        return Value("none", "somevalue")
    if datatype.endswith("#dateTime"):
        return read_time(text, precision, calendar)
    point = re.fullmatch(r"Point\(([-+\d.eE]+) ([-+\d.eE]+)\)", text, re.I)
    if point:
        return Value("point", f"{float(point.group(2))} {float(point.group(1))}")
    return Value("text", text, term.get("xml:lang", ""))


def _quoted(text: str) -> str:
    """A text as SPARQL writes it; JSON escapes the same characters the same way."""
    return json.dumps(text, ensure_ascii=False)


def _sparql_fault(answer: Any) -> str | None:
    try:
        rows = answer["results"]["bindings"]
        ok = all(isinstance(term, dict) and "value" in term for row in rows for term in row.values())
    except (TypeError, KeyError, AttributeError):
        ok = False
    return None if ok else "the answer holds no rows as SPARQL results have them"


def send_sparql(request: Request, agent: str) -> Reply:
    """Sends a query through SPARQLWrapper."""
    from urllib.error import HTTPError, URLError

    from SPARQLWrapper import JSON, POST, SPARQLExceptions, SPARQLWrapper

    wrapper = SPARQLWrapper(request.url, agent=agent)
    wrapper.setMethod(POST)
    wrapper.setReturnFormat(JSON)
    wrapper.setTimeout(int(request.seconds))
    wrapper.setQuery(request.params["query"])
    try:
        response = wrapper.query().response
        return Reply(response.status, _lower(response.headers), request.url, response.read(LONGEST_ANSWER + 1))
    except HTTPError as error:
        return Reply(error.code, _lower(error.headers), request.url, error.read(20_000))
    except SPARQLExceptions.SPARQLWrapperException as error:
        status = {"QueryBadFormed": 400, "Unauthorized": 401, "EndPointNotFound": 404, "URITooLong": 414}
        text = str(error).rpartition("Response:")[2].encode()
        return Reply(status.get(type(error).__name__, 500), {}, request.url, text)
    except (URLError, OSError, ValueError) as error:
        reason = getattr(error, "reason", error)
        raise RemoteError(
            f"{request.url} cannot be asked: {reason}", "check the address and the network; --offline asks nobody"
        ) from None


def _lower(headers: Any) -> dict[str, str]:
    return {str(name).lower(): str(value) for name, value in dict(headers).items()}
