"""Asks a reconciliation service for candidates."""

from __future__ import annotations

import json
from functools import partial

from ..services.polite import Request
from .items import is_item
from .services import HUMAN

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

    from ..services.polite import Asker
    from .items import Item
    from .services import Service
    from .things import Thing

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
