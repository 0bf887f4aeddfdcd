"""Opens the service that is asked about items of Wikidata, with our manners towards it."""

from __future__ import annotations

from pathlib import Path

from ..errors import UsageError
from ..services.polite import Asker, Cache
from .services import API, WikidataApi

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any


def open_service(
    service: str = "api",
    *,
    address: str | None = None,
    api: str | None = None,
    contact: str | None = None,
    cache: str | Path | None = None,
    offline: bool = False,
    fresh: bool = False,
    tell: Callable[[str], None] = lambda _: None,
) -> Any:
    """The service to ask: `api` (Wikidata's own), `query` (its query service) or `reconcile` (at `address`).

    `contact` says how Wikimedia can reach you, else ICRC_KOREA_CONTACT does. Answers are kept in the folder `cache`;
    with `offline` nobody is asked and only what was answered before counts, with `fresh` all is asked anew.
    """
    if service not in ("api", "query", "reconcile"):
        raise UsageError(f"there is no service called {service!r}", "name api, query or reconcile")
    if service == "reconcile" and not address:
        raise UsageError("a reconciliation service has no address of its own",
                         "give --address, such as https://wikidata.reconci.link/en/api")  # fmt: skip
    kept = Cache(Path(cache).expanduser() if cache else None)
    asker = Asker(contact, kept, offline=offline, fresh=fresh, tell=tell)
    if service == "query":
        from .query_service import QueryService

        return QueryService(asker, address or "")
    if service == "reconcile":
        from .reconciliation import Reconciliation

        return Reconciliation(asker, address or "", WikidataApi(asker, api or API))
    return WikidataApi(asker, address or api or API)
