"""Hides the wire forms of the services that know Wikidata: its API, its query service, reconciliation services."""

from __future__ import annotations

import json
import re
from functools import partial
from typing import TYPE_CHECKING

from ..errors import RemoteError
from ..wire import Reply
from .asking import LONGEST_ANSWER, Request
from .items import ENTITY, MUL, Item, Statement, Value, is_item, read_item, read_time
from .names import HAN, HANGUL, script

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from typing import Any, Protocol

    from .asking import Asker
    from .things import Thing

    class Service(Protocol):
        """Where candidates for a thing are looked for, and where items are described."""

        def find(self, thing: Thing, limit: int) -> dict[str, str]:
            """Numbers of items that may be the thing, each with how it was found."""

        def items(self, numbers: Iterable[str]) -> dict[str, Item]:
            """The items of these numbers; those that do not exist are left out."""


API = "https://www.wikidata.org/w/api.php"
QUERY_MAIN = "https://query.wikidata.org/sparql"
QUERY_SCHOLARLY = "https://query-scholarly.wikidata.org/sparql"  # articles, apart since May 2025
LANGUAGES = ("en", "fr", "ko", "zh", "zh-hans", "zh-hant", "ru", "de", MUL)
MAXLAG = "5"
BATCH = 50  # what the API takes at a time
MOST_PAGES = 3
# what we read of an item, and write of it: the rest of its statements stays where it is
PROPERTIES = (
    "P31", "P17", "P18", "P27", "P39", "P50", "P131", "P159", "P179", "P213", "P214", "P227", "P244", "P268", "P478",
    "P569", "P570", "P571", "P576", "P580", "P582", "P585", "P625", "P701", "P902", "P1566",
)  # fmt: skip
HUMAN = "Q5"


def language_of(name: str, language: str) -> str:
    """The language to search a name in: what it is marked as, or what its script says."""
    written = script(name)
    if written in (HANGUL, HAN):
        return "ko" if written == HANGUL else "zh"
    return language.partition("-")[0] or "en"


# --- the API ---------------------------------------------------------------------------------------------


class WikidataApi:
    """api.php: names by prefix, words and statements by full text, items in batches of 50."""

    def __init__(self, asker: Asker, address: str = API) -> None:
        self.asker, self.address = asker, address
        self.dates: dict[str, str] = {}  # when each item was asked for

    def _ask(self, **params: str) -> tuple[Any, str]:
        request = Request(self.address, {**params, "format": "json", "maxlag": MAXLAG})
        return self.asker.ask(request, self.asker.http, _api_fault)

    def find(self, thing: Thing, limit: int = 10) -> dict[str, str]:
        """By each name in its language, by the office held, and by identifiers in common."""
        found: dict[str, str] = {}
        for number, how in self._find(thing, limit):
            found.setdefault(number, how)
        return found

    def _find(self, thing: Thing, limit: int) -> Iterator[tuple[str, str]]:
        for prop, value in thing.identifiers.items():
            yield from self._full_text(f"haswbstatement:{prop}={value}", f"has {prop} {value}", limit)
        for name, language in thing.search_names():
            for number in self._names(name, language, limit):
                yield number, f"its name begins with {name}"
        kind = f" haswbstatement:P31={HUMAN}" if thing.is_person else ""
        for name, _ in thing.search_names()[:2]:
            yield from self._full_text(f"{_words_of(name)}{kind}", f"its names have the words of {name}", limit)
        for office in thing.offices:
            if office.number:
                how = f"held {office.label}"
                yield from self._full_text(f"haswbstatement:P39={office.number}", how, limit)

    def _names(self, name: str, language: str, limit: int) -> Iterator[str]:
        start, page = "0", 0
        while page < MOST_PAGES:
            answer, _ = self._ask(
                action="wbsearchentities", search=name, language=language, uselang="en", type="item",
                limit=str(min(limit, BATCH)), **({"continue": start} if page else {}),
            )  # fmt: skip
            yield from (str(hit["id"]) for hit in answer.get("search", ()))
            page += 1
            if "search-continue" not in answer or page * limit >= BATCH:
                return
            start = str(answer["search-continue"])

    def _full_text(self, words: str, how: str, limit: int) -> Iterator[tuple[str, str]]:
        answer, _ = self._ask(
            action="query", list="search", srsearch=words, srnamespace="0", srlimit=str(min(limit, BATCH))
        )
        for hit in answer.get("query", {}).get("search", ()):
            if is_item(str(hit.get("title", ""))):
                yield str(hit["title"]), how

    def items(self, numbers: Iterable[str]) -> dict[str, Item]:
        """The items, each from the cache or, 50 at a time, from the API; what was cut short is asked for again."""
        wanted = sorted({number for number in numbers if is_item(number)}, key=lambda number: int(number[1:]))
        found: dict[str, Item] = {}
        for number in list(wanted):
            kept = self.asker.known(self._entities([number]))
            if kept:
                self._take(number, kept[0]["entities"][number], kept[1], found)
                wanted.remove(number)
        batches = [wanted[start : start + BATCH] for start in range(0, len(wanted), BATCH)]
        while batches:
            batch = batches.pop(0)
            answer = self.asker.ask_now(self._entities(batch), self.asker.http, _api_fault)
            entities = answer.get("entities", {})
            if not any(number in entities for number in batch):
                raise RemoteError(
                    f"{self.address} leaves {', '.join(batch[:3])} out of its answer", "run the command again later"
                )
            for number in batch:
                if number in entities:
                    date = self.asker.cache.put(self._entities([number]), {"entities": {number: entities[number]}})
                    self._take(number, entities[number], date, found)
            missing = [number for number in batch if number not in entities]
            batches[:0] = [missing] if missing else []
        return found

    def _entities(self, numbers: Sequence[str]) -> Request:
        return Request(
            self.address,
            {
                "action": "wbgetentities", "ids": "|".join(numbers), "languages": "|".join(LANGUAGES), "format": "json",
                "props": "info|labels|aliases|descriptions|claims", "maxlag": MAXLAG,
            },
        )  # fmt: skip

    def _take(self, number: str, entity: Any, date: str, found: dict[str, Item]) -> None:
        try:
            item = read_item(entity)
        except (KeyError, TypeError, AttributeError, ValueError) as error:
            raise RemoteError(f"{self.address} describes {number} in a way that cannot be read: {error!r}") from None
        if item:
            found[number] = item
            self.dates[number] = self.dates[item.id] = date


def _words_of(name: str) -> str:
    return re.sub(r"[^\w\s'’.-]", " ", name).strip()


def _api_fault(answer: Any) -> str | None:
    """What is wrong with an answer of api.php, which says so inside HTTP 200; '' if waiting helps."""
    if not isinstance(answer, dict):
        return "the answer is no object"
    error = answer.get("error")
    if not error:
        return None
    if not isinstance(error, dict):
        return str(error)[:200]
    if error.get("code") in ("maxlag", "ratelimited", "readonly", "cirrussearch-too-busy-error"):
        return ""
    return f"{error.get('code', 'error')}: {error.get('info', 'no reason is given')}"[:300]


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


# --- reconciliation services ---------------------------------------------------------------------------------


class Reconciliation:
    """Any reconciliation service over Wikidata, of version 0.2 or the draft of 1.0; it says itself which."""

    def __init__(
        self, asker: Asker, address: str, details: Service, about: tuple[str, str] = ("Wikidata", "wikidata.org/entity")
    ) -> None:
        """`details` describes what is found; `about` is what the ids should be of, and stands in identifierSpace."""
        self.asker, self.address, self.details, self.about = asker, address.rstrip("/"), details, about
        self.scores: dict[str, float] = {}  # what the service itself thinks, by item
        self._manifest: dict[str, Any] = {}

    def manifest(self) -> dict[str, Any]:
        """What the service says of itself."""
        if not self._manifest:
            judge = partial(_manifest_fault, about=self.about)
            answer, _ = self.asker.ask(Request(self.address), self.asker.http, judge)
            self._manifest = dict(answer)
        return self._manifest

    @property
    def new(self) -> bool:
        """Whether it speaks 1.0; one that speaks both is spoken to in 0.2, which is final."""
        versions = [str(version) for version in self.manifest()["versions"]]
        return not any(version.startswith("0.") for version in versions)

    def find(self, thing: Thing, limit: int = 10) -> dict[str, str]:
        """What the service proposes for each name."""
        names = [name for name, _ in thing.search_names()]
        size = int(self.manifest().get("batchSize", 10) or 10)
        found: dict[str, str] = {}
        for start in range(0, len(names), size):
            batch = names[start : start + size]
            for name, candidates in zip(batch, self.propose(batch, thing, limit), strict=True):
                for candidate in candidates:
                    number = str(candidate.get("id", ""))
                    if is_item(number):
                        score = float(candidate.get("score") or 0)
                        self.scores[number] = max(score, self.scores.get(number, score))
                        how = f"the service proposes it for {name} with {score:g}"
                        found.setdefault(number, how)
        return found

    def propose(self, names: list[str], thing: Thing, limit: int) -> list[list[dict[str, Any]]]:
        """The candidates for each of some names of a thing, as the service has them."""
        offices = [office.number for office in thing.offices if office.number]
        if self.new:
            queries: list[dict[str, Any]] = []
            for name in names:
                conditions: list[dict[str, Any]] = [{"matchType": "name", "propertyValue": name}]
                conditions += [
                    {"matchType": "property", "propertyId": "P39", "propertyValue": number, "required": False}
                    for number in offices
                ]
                query: dict[str, Any] = {"conditions": conditions, "limit": limit}
                queries.append({**query, **({"type": HUMAN} if thing.is_person else {})})
            body = json.dumps({"queries": queries}, ensure_ascii=False)
            request = Request(self.address + "/match", method="POST", json=body)
            answer, _ = self.asker.ask(request, self.asker.http, lambda answer: _results_fault(answer, len(names)))
            return [one["candidates"] for one in answer["results"]]
        properties = [{"pid": "P39", "v": {"id": number}} for number in offices]
        form = {
            f"q{place}": {
                "query": name,
                "limit": limit,
                **({"type": HUMAN} if thing.is_person else {}),
                **({"properties": properties} if properties else {}),
            }
            for place, name in enumerate(names)
        }
        request = Request(self.address, {"queries": json.dumps(form, ensure_ascii=False)}, "POST")
        answer, _ = self.asker.ask(request, self.asker.http, lambda answer: _keyed_fault(answer, form))
        return [answer[key]["result"] for key in form]

    def items(self, numbers: Iterable[str]) -> dict[str, Item]:
        """The items, from the API or the query service: reconciliation services do not describe them."""
        return self.details.items(numbers)


def _manifest_fault(answer: Any, about: tuple[str, str]) -> str | None:
    if not isinstance(answer, dict) or not isinstance(answer.get("name"), str):
        return "this is no reconciliation service: its first answer is no manifest"
    if not answer.get("versions") or not isinstance(answer["versions"], list):
        return "the service does not say which version of the reconciliation API it speaks (0.2 or 1.0-draft)"
    space = answer.get("identifierSpace")
    if space and about[1] not in str(space):
        return f"the service is about {space}, not about {about[0]}"
    return None


def _results_fault(answer: Any, count: int) -> str | None:
    found = answer.get("results") if isinstance(answer, dict) else None
    if not isinstance(found, list) or len(found) != count:
        return f"{count} queries were asked, but the answer does not hold {count} results"
    return None if all(isinstance(one, dict) and _candidates(one.get("candidates")) for one in found) else CANDIDATES


def _keyed_fault(answer: Any, form: dict[str, Any]) -> str | None:
    if not isinstance(answer, dict):
        return "the answer is no object"
    lacking = [key for key in form if not isinstance(answer.get(key), dict)]
    if lacking:
        return f"the answer lacks the query {lacking[0]}"
    return None if all(_candidates(answer[key].get("result")) for key in form) else CANDIDATES


CANDIDATES = "a result is no list of candidates with ids"


def _candidates(found: object) -> bool:
    return isinstance(found, list) and all(isinstance(one, dict) and "id" in one for one in found)
