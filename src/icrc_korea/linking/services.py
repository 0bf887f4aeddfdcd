"""Asks Wikidata's API for items."""

from __future__ import annotations

import re

from ..errors import RemoteError
from ..services.polite import Request
from .items import MUL, is_item, read_item

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from typing import Any, Protocol

    from ..services.polite import Asker
    from .items import Item
    from .things import Thing
    class Service(Protocol):
        """Where candidates for a thing are looked for, and where items are described."""

        def find(self, thing: Thing, limit: int) -> dict[str, str]:
            """Numbers of items that may be the thing, each with how it was found."""

        def items(self, numbers: Iterable[str]) -> dict[str, Item]:
            """The items of these numbers; those that do not exist are left out."""

API = "https://www.wikidata.org/w/api.php"
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
