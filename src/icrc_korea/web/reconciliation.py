"""Offers our things to OpenRefine by the reconciliation API, versions 0.2 or 1.0-draft.

`app(graph)` is an ASGI application without any framework, to be mounted in one; `serve` has it at /reconcile.
The root speaks 0.2, which OpenRefine speaks; `/1.0-draft` speaks the draft. The two differ in their manifests and
in how queries come and answers go, so each address says which of them it is.
"""

from __future__ import annotations

import json
import re
from html import escape
from importlib.metadata import version
from urllib.parse import parse_qsl, quote

from ..errors import KgError, UsageError
from ..matching.matcher import Condition, Matcher, Wanted
from ..matching.names import folded
from ..rdf.spaces import KW, THINGS
from ..rdf.terms import Literal, NamedNode

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable, Mapping, MutableMapping, Sequence
    from typing import Any

    from ..graph import KnowledgeGraph
    from ..matching.matcher import Known, Match
    Scope = MutableMapping[str, Any]
    Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
    Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

OLD, NEW = "0.2", "1.0-draft"
BATCH = 50  # queries at a time; things at a time when properties are fetched
LIMIT, MOST = 10, 50  # candidates or suggestions: how many unless told, and at most
LARGEST = 1024 * 1024  # bytes of a request
IRI_PROPERTY = "iri"  # a property of our own: the address of a thing
WIDTH, HEIGHT = 400, 260
HOST = re.compile(r"[\w.-]+(?::\d+)?|\[[0-9a-fA-F:.]+\](?::\d+)?")
CORS = [
    (b"access-control-allow-origin", b"*"),
    (b"access-control-allow-methods", b"GET, HEAD, POST, OPTIONS"),
    (b"access-control-allow-headers", b"Content-Type, Accept, Accept-Language"),
    (b"access-control-max-age", b"86400"),
    (b"x-content-type-options", b"nosniff"),
]
POLICY = (b"content-security-policy", b"default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'")


class Refused(Exception):
    """A request that cannot be answered: the status, and what to do instead."""

    def __init__(self, status: int, message: str, headers: Sequence[tuple[bytes, bytes]] = ()) -> None:
        super().__init__(message)
        self.status, self.message, self.headers = status, message, list(headers)


class Asked:
    """One request as the service sees it."""

    def __init__(self, scope: Scope, body: bytes, address: str) -> None:
        path: str = scope["path"]
        self.method: str = scope["method"]
        self.headers: dict[str, str] = {
            name.lower().decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]
        }
        root = scope.get("root_path", "").rstrip("/")
        path = path[len(root) :] if (root and path.startswith(root + "/")) or path == root else path
        self.version, self.at = OLD, root
        for one in (OLD, NEW):
            if path == f"/{one}" or path.startswith(f"/{one}/"):
                path, self.version, self.at = path[len(one) + 1 :], one, f"{root}/{one}"
        self.path = path.rstrip("/") or "/"
        self.query = _form(scope.get("query_string", b"").decode("latin-1"))
        self.body = body
        self.base = address or self._address(scope)
        if address:
            self.base = address.rstrip("/") + (f"/{self.version}" if self.at.endswith(f"/{self.version}") else "")

    def _address(self, scope: Scope) -> str:
        """The address under which the client sees this service, as far as the client can be believed."""
        host = self.headers.get("host", "")
        if not HOST.fullmatch(host):
            name, port = scope.get("server") or ("localhost", None)
            host = f"{name}:{port}" if port else str(name)
        scheme: str = scope.get("scheme", "http")
        return f"{scheme}://{host}{quote(self.at)}"

    @property
    def kind(self) -> str:
        """What the body is."""
        return self.headers.get("content-type", "").partition(";")[0].strip().lower()

    @property
    def languages(self) -> list[str]:
        """The languages that the client wants names in, best first."""
        found: list[tuple[float, int, str]] = []
        for part in self.headers.get("accept-language", "")[:200].split(","):
            name, _, rest = part.strip().partition(";")
            weight = re.search(r"q\s*=\s*([\d.]+)", rest)
            if re.fullmatch(r"[A-Za-z]{2,3}(-[A-Za-z0-9]+)*", name):
                try:
                    found.append((-float(weight.group(1)) if weight else -1.0, len(found), name.lower()))
                except ValueError:
                    continue
        return [*(name for _, _, name in sorted(found)), "en"]

    def json(self) -> Any:
        """The body as JSON."""
        if self.kind != "application/json":
            raise Refused(415, f"send JSON (Content-Type: application/json), not {self.kind or 'a body of no type'}")
        return _json(self.body.decode("utf-8", "replace"), "the body")

    def number(self, name: str, least: int, unless: int) -> int:
        """A whole number in the address."""
        text = self.query.get(name, "")
        if not text:
            return unless
        if not re.fullmatch(r"\d{1,6}", text) or int(text) < least:
            raise Refused(400, f"{name}={text!r} is no whole number from {least} up")
        return int(text)


class Service:
    """The reconciliation service over one graph, as an ASGI application."""

    def __init__(self, graph: KnowledgeGraph, address: str = "", documentation: str = "") -> None:
        """`address` is where the public finds the service; without it each client is told the address it came by."""
        self.graph, self.address, self.documentation = graph, address, documentation
        self.matcher = Matcher(graph)
        self.layout = graph.layout
        self.version = version("icrc-korea")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers one request."""
        if scope["type"] == "lifespan":
            await _lifespan(receive, send)
            return
        if scope["type"] != "http":
            raise RuntimeError(f"the reconciliation service speaks HTTP, not {scope['type']}")
        try:
            status, headers, data = self.respond(scope, await _body(scope, receive))
        except Refused as refused:
            status, headers, data = _refusal(refused)
        headers = [*CORS, *headers]
        if status != 204:
            headers.append((b"content-length", str(len(data)).encode()))
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else data})

    def respond(self, scope: Scope, body: bytes, address: str = "") -> tuple[int, list[tuple[bytes, bytes]], bytes]:
        """Status, headers and body for a request, refusals included; `address` is where the client found it."""
        try:
            return self.answer(Asked(scope, body, address or self.address))
        except Refused as refused:
            return _refusal(refused)
        except KgError as error:
            status = 400 if isinstance(error, UsageError) else 500
            return status, [JSON_TYPE], _bytes({"status": "error", "message": str(error).replace("\n  → ", ": ")})

    def answer(self, asked: Asked) -> tuple[int, list[tuple[bytes, bytes]], bytes]:
        """Status, headers and body for a request."""
        if asked.method == "OPTIONS":
            return 204, [], b""
        path = asked.path
        flyout = re.fullmatch(r"/flyout/(entity|property|type)", path)
        routes: dict[str, tuple[str, Callable[[Asked], Any]]] = {
            "/": ("GET HEAD POST" if asked.version == OLD else "GET HEAD", self._root),
            "/suggest/entity": ("GET HEAD", self._suggest_entity),
            "/suggest/property": ("GET HEAD", self._suggest_property),
            "/suggest/type": ("GET HEAD", self._suggest_type),
            "/preview": ("GET HEAD", self._preview),
            "/extend/propose": ("GET HEAD", self._propose),
        }
        if asked.version == NEW:
            routes |= {"/match": ("POST", self._match_new), "/extend": ("POST", self._extend_new)}
        if flyout and asked.version == OLD:
            routes[path] = ("GET HEAD", lambda asked: self._flyout(asked, flyout.group(1)))
        if path not in routes:
            other = f"; the draft of version 1.0 is at {asked.base}/{NEW}" if asked.version == OLD else ""
            raise Refused(404, f"there is nothing at {path}: {asked.base} describes the service{other}")
        methods, run = routes[path]
        if asked.method not in methods.split():
            allowed = methods.replace(" ", ", ")
            raise Refused(405, f"{path} takes {allowed}", [(b"allow", f"{allowed}, OPTIONS".encode())])
        found = run(asked)
        vary = (b"vary", b"Accept-Language")
        if isinstance(found, str):
            return 200, [(b"content-type", b"text/html; charset=utf-8"), POLICY, vary], found.encode()
        return 200, [JSON_TYPE, vary], _bytes(found)

    # --- the manifest ---

    def _root(self, asked: Asked) -> Any:
        if asked.version == NEW:
            return self._manifest_new(asked)
        given = asked.query
        if asked.method == "POST":
            if asked.kind != "application/x-www-form-urlencoded":
                raise Refused(415, "send a form (application/x-www-form-urlencoded) with queries= or extend=")
            given = {**given, **_form(asked.body.decode("utf-8", "replace"))}
        if "queries" in given:
            return self._match_old(_json(given["queries"], "queries"), asked)
        if "extend" in given:
            return self._extend_old(_json(given["extend"], "extend"), asked)
        if asked.method == "POST":
            raise Refused(400, "the form has neither queries= nor extend=")
        return self._manifest_old(asked)

    def _manifest(self, asked: Asked) -> dict[str, Any]:
        return {
            "name": "icrc-korea: the ICRC in the Korean War",
            "versions": [asked.version],
            "serviceVersion": self.version,
            "defaultTypes": [self._type(kind) for kind in DEFAULT_TYPES if kind in self.matcher.classes],
            "batchSize": BATCH,
            **({"documentation": self.documentation} if self.documentation else {}),
        }

    def _manifest_old(self, asked: Asked) -> dict[str, Any]:
        def suggest(kind: str) -> dict[str, str]:
            return {
                "service_url": asked.base, "service_path": f"/suggest/{kind}",
                "flyout_service_url": asked.base, "flyout_service_path": f"/flyout/{kind}?id=${{id}}",
            }  # fmt: skip

        preview = asked.base + "/preview?id={{id}}"
        return {
            **self._manifest(asked),
            "identifierSpace": THINGS,
            "schemaSpace": KW,
            "view": {"url": preview},
            "preview": {"url": preview, "width": WIDTH, "height": HEIGHT},
            "suggest": {kind: suggest(kind) for kind in ("entity", "property", "type")},
            "extend": {
                "propose_properties": {"service_url": asked.base, "service_path": "/extend/propose"},
                "property_settings": [],
            },
        }

    def _manifest_new(self, asked: Asked) -> dict[str, Any]:
        return {
            **self._manifest(asked),
            "lang": "en",
            "view": {"url": asked.base + "/preview?id={id}"},
            "preview": {"width": WIDTH, "height": HEIGHT},
            "suggest": {"entity": True, "property": True, "type": True},
            "extend": {"proposeProperties": True, "propertySettings": []},
            "standardizedScore": True,
        }

    def _type(self, kind: str) -> dict[str, Any]:
        over = [{"id": name, "name": self._class_name(name)} for name in self.matcher.classes.get(kind, [])]
        return {"id": kind, "name": self._class_name(kind), **({"broader": over} if over else {})}

    def _class_name(self, kind: str, language: str = "en") -> str:
        return self.graph.facts.label(NamedNode(KW + kind), language) or kind

    # --- matching ---

    def _match_old(self, queries: Any, asked: Asked) -> Any:
        if not isinstance(queries, dict):
            raise Refused(400, "queries is no object of queries, such as {\"q0\": {\"query\": \"Koje-do\"}}")
        _within(len(queries))
        return {key: {"result": self._candidates(self._read_old(query, key), asked)} for key, query in queries.items()}

    def _read_old(self, query: Any, key: str) -> Wanted:
        if not isinstance(query, dict):
            raise Refused(400, f"{key} is no object")
        _only(query, ("query", "type", "type_strict", "limit", "properties"), key)
        name = query.get("query", "")
        if not isinstance(name, str):
            raise Refused(400, f"query in {key} is no text")
        given = _list(query.get("properties", []), f"properties in {key}")
        conditions = []
        for one in given:
            if not isinstance(one, dict) or not isinstance(one.get("pid"), str) or "v" not in one:
                raise Refused(400, f"a property in {key} lacks pid or v")
            conditions.append(Condition(one["pid"], _values(one["v"], key)))
        if not name.strip() and not conditions:
            raise Refused(400, f"{key} has neither a query nor properties")
        kinds = query.get("type") or []
        kinds = [kinds] if isinstance(kinds, (str, dict)) else _list(kinds, f"type in {key}")
        strict = query.get("type_strict", "any")
        if strict not in ("any", "all", "should"):
            raise Refused(400, f"type_strict in {key} is not any, all or should")
        return Wanted(
            (name,) if name.strip() else (), (), self._kinds(kinds, key), strict, tuple(conditions),
            _limit(query.get("limit"), key),
        )  # fmt: skip

    def _match_new(self, asked: Asked) -> Any:
        batch = asked.json()
        queries = batch.get("queries") if isinstance(batch, dict) else None
        if not isinstance(queries, list):
            raise Refused(400, "the body is no object with a list of queries")
        _within(len(queries))
        wanted = [self._read_new(query, f"query {place + 1}") for place, query in enumerate(queries)]
        return {"results": [{"candidates": self._candidates(one, asked)} for one in wanted]}

    def _read_new(self, query: Any, key: str) -> Wanted:
        if not isinstance(query, dict):
            raise Refused(400, f"{key} is no object")
        _only(query, ("conditions", "type", "limit", "lang", "dir"), key)
        given = _list(query.get("conditions"), f"conditions in {key}")
        if not given:
            raise Refused(400, f"{key} has no conditions")
        names: list[str] = []
        ids: list[str] = []
        conditions = []
        for one in given:
            if not isinstance(one, dict) or "propertyValue" not in one:
                raise Refused(400, f"a condition in {key} has no propertyValue")
            values, what = _values(one["propertyValue"], key), one.get("matchType")
            if what in ("name", "id"):
                texts = [value["id"] if isinstance(value, dict) else str(value) for value in values]
                (names if what == "name" else ids).extend(text for text in texts if text.strip())
            elif what == "property" and isinstance(one.get("propertyId"), str):
                quantifier = one.get("matchQuantifier", "any")
                if quantifier not in ("any", "all", "none"):
                    raise Refused(400, f"matchQuantifier in {key} is not any, all or none")
                conditions.append(Condition(one["propertyId"], values, one.get("required") is True, quantifier))
            else:
                raise Refused(400, f"a condition in {key} is none of name, id, and property with a propertyId")
        kinds = [query["type"]] if query.get("type") else []
        return Wanted(
            tuple(names), tuple(ids), self._kinds(kinds, key), "any", tuple(conditions),
            _limit(query.get("limit"), key),
        )  # fmt: skip

    def _kinds(self, given: Sequence[Any], key: str) -> tuple[frozenset[str], ...]:
        names = [kind.get("id") if isinstance(kind, dict) else kind for kind in given]
        for name in names:
            if not isinstance(name, str) or not name:
                raise Refused(400, f"a type in {key} is no text")
        return tuple(self.matcher.classes_of(str(name)) for name in names)

    def _candidates(self, wanted: Wanted, asked: Asked) -> list[dict[str, Any]]:
        if not (wanted.names or wanted.ids or wanted.conditions):
            return []
        return [self._candidate(match, asked) for match in self.matcher.find(wanted)]

    def _candidate(self, match: Match, asked: Asked) -> dict[str, Any]:
        name, language = self.matcher.label(match.thing, asked.languages)
        return {
            "id": match.thing.id,
            "name": name,
            "description": f"{self.matcher.description(match.thing)} [{match.why}]",
            "type": [self._kind(match.thing.kind, asked.languages[0])],
            "score": match.score,
            "match": match.sure,
            "features": [{"id": one.id, "name": one.why, "value": one.value} for one in match.features],
            **({"lang": language} if asked.version == NEW and language else {}),
        }

    def _kind(self, kind: str, language: str) -> dict[str, str]:
        return {"id": kind, "name": self._class_name(kind, language)}

    # --- suggesting ---

    def _suggest_entity(self, asked: Asked) -> Any:
        return self._suggested(self.suggested(asked.query.get("prefix", ""), asked.languages), asked)

    def suggested(self, text: str, languages: Sequence[str]) -> list[dict[str, Any]]:
        """The things with a name that begins so, or has a word that does; the best first."""
        prefix = folded(text)
        ranked = []
        own = self.matcher.thing(text)
        for known in self.matcher.things.values():
            names = [folded(name.text) for name in known.names if name.own]
            if known is own:
                rank = 0
            elif prefix in names:
                rank = 1
            elif any(name.startswith(prefix) for name in names):
                rank = 2
            elif any(f" {prefix}" in name for name in names) or known.id.partition(":")[2].startswith(prefix):
                rank = 3
            else:
                continue
            ranked.append((rank, self.matcher.label(known, languages)[0], known))
        ranked.sort(key=lambda one: (one[0], one[1].casefold(), one[2].id))
        return [
            {
                "id": known.id,
                "name": label,
                "description": self.matcher.description(known),
                "notable": [self._kind(known.kind, languages[0])],
            }
            for _, label, known in ranked
        ]

    def _suggest_property(self, asked: Asked) -> Any:
        return self._suggested(_beginning(self._properties(self.matcher.things.values()), asked), asked)

    def _suggest_type(self, asked: Asked) -> Any:
        types = [{**self._type(kind), "description": self._comment(KW + kind)} for kind in self.matcher.classes]
        return self._suggested(_beginning(types, asked), asked)

    def _suggested(self, found: list[dict[str, Any]], asked: Asked) -> dict[str, Any]:
        start = asked.number("offset", 0, asked.number("cursor", 0, 0))
        limit = min(asked.number("limit", 1, LIMIT), MOST)
        return {"result": found[start : start + limit]}

    def _properties(self, things: Iterable[Known]) -> list[dict[str, Any]]:
        """The properties that these things have, the most usual first."""
        used = {predicate.value for known in things for predicate, _ in self.graph.facts.out[NamedNode(known.iri)]}
        found = [
            {"id": self.layout.shrink(iri), "name": self._property_name(iri), "description": self._comment(iri)}
            for iri in self.matcher.properties
            if iri in used
        ]
        return [*found, {"id": IRI_PROPERTY, "name": "IRI", "description": "the address of the thing itself"}]

    def _property_name(self, iri: str) -> str:
        return self.graph.facts.label(NamedNode(iri)) or self.layout.shrink(iri).partition(":")[2]

    def _comment(self, iri: str) -> str:
        fields = self.graph.facts.fields(NamedNode(iri))
        texts = [value for name in COMMENTS for value in fields.get(name, [])]
        return next((str(text.value) for text in texts if getattr(text, "language", "") in ("en", None)), "")

    # --- looking at one ---

    def _known(self, asked: Asked) -> Known:
        known = self.matcher.thing(asked.query.get("id", ""))
        if known is None:
            raise Refused(404, f"there is no thing {asked.query.get('id', '')!r}")
        return known

    def _preview(self, asked: Asked) -> str:
        known = self._known(asked)
        label, language = self.matcher.label(known, asked.languages)
        return _page(label, language, self._about(known, asked))

    def _about(self, known: Known, asked: Asked) -> str:
        """What a person needs to recognise a thing, as HTML."""
        label, language = self.matcher.label(known, asked.languages)
        kind = self._class_name(known.kind, asked.languages[0])
        names = dict.fromkeys((name.text, name.language) for name in known.names if name.own and name.text != label)
        others = ", ".join(f"<span{_lang(of)}>{escape(text)}</span>" for text, of in list(names)[:12])
        links = [
            (iri, exact) for iri, exact in known.identifiers.items() if re.match(r"https?://[^\s<>\"]+$", iri)
        ]  # fmt: skip
        shown = ", ".join(
            f'<a href="{escape(iri)}" rel="noopener noreferrer" target="_blank">{escape(iri.rpartition("//")[2])}</a>'
            f"{'' if exact else ' (near)'}"
            for iri, exact in links
        )
        parts = [
            f"<h1{_lang(language)}>{escape(label)}</h1>",
            f"<p class=kind>{escape(kind)} · <code>{escape(known.id)}</code></p>",
            f"<p>{escape(self.matcher.definition(known))}</p>" if self.matcher.definition(known) else "",
            f"<p>Also: {others}</p>" if others else "",
            f"<p>Elsewhere: {shown}</p>" if shown else "",
        ]
        return "\n".join(part for part in parts if part)

    def _flyout(self, asked: Asked, what: str) -> dict[str, str]:
        given = asked.query.get("id", "")
        if what == "entity":
            known = self._known(asked)
            return {"id": known.id, "html": self._about(known, asked)}
        found = self._properties(self.matcher.things.values()) if what == "property" else [
            {**self._type(kind), "description": self._comment(KW + kind)} for kind in self.matcher.classes
        ]  # fmt: skip
        one = next((one for one in found if one["id"] == given), None)
        if one is None:
            raise Refused(404, f"there is no {what} {given!r}")
        html = f"<h1>{escape(one['name'])}</h1>\n<p>{escape(one['description'])}</p>"
        return {"id": one["id"], "html": html}

    # --- fetching properties ---

    def _propose(self, asked: Asked) -> Any:
        kind = asked.query.get("type", "")
        kinds = self.matcher.classes_of(kind) if kind else frozenset(self.matcher.classes)
        limit = asked.number("limit", 1, MOST)
        found = self._properties(known for known in self.matcher.things.values() if known.kinds & kinds)
        answer: dict[str, Any] = {"properties": found[:limit], "limit": limit}
        return {**answer, "type": kind} if kind else answer

    def _extend(self, query: Any) -> tuple[list[str], list[str], list[dict[str, Any]]]:
        """The things and properties of a query, and what is said of the properties."""
        if not isinstance(query, dict):
            raise Refused(400, "the query is no object with ids and properties")
        ids = _list(query.get("ids"), "ids")
        given = _list(query.get("properties"), "properties")
        if not all(isinstance(one, str) for one in ids):
            raise Refused(400, "ids holds something that is no text")
        if not all(isinstance(one, dict) and isinstance(one.get("id"), str) for one in given):
            raise Refused(400, "properties holds something without an id")
        if len(ids) > BATCH or len(given) > BATCH:
            raise Refused(413, f"at most {BATCH} ids and {BATCH} properties at a time")
        props = list(dict.fromkeys(str(one["id"]) for one in given))
        meta = []
        for prop in props:
            iri = self.matcher.property_named(prop)
            if not iri and prop != IRI_PROPERTY:
                raise Refused(400, f"nothing here has the property {prop!r}: /suggest/property lists those there are")
            meta.append({"id": prop, "name": self._property_name(iri) if iri else "IRI"})
        return list(dict.fromkeys(ids)), props, meta

    def _values(self, text: str, prop: str, asked: Asked) -> list[dict[str, Any]]:
        known = self.matcher.thing(text)
        if known is None:
            return []
        if prop == IRI_PROPERTY:
            return [{"str": known.iri}]
        iri = self.matcher.property_named(prop)
        terms = [term for name, term in self.graph.facts.out[NamedNode(known.iri)] if name.value == iri]
        return [self._value(term, asked) for term in sorted(terms, key=str)]

    def _value(self, term: Any, asked: Asked) -> dict[str, Any]:
        """A value as the API has them: a thing of this service, a number, or a text."""
        if isinstance(term, Literal):
            datatype = term.datatype.value.rpartition("#")[2]
            if datatype == "integer" and re.fullmatch(r"[+-]?\d{1,15}", term.value):
                return {"int": int(term.value)}
            if datatype == "date" and re.fullmatch(r"\d{4}-\d\d-\d\d", term.value):
                return {"date": f"{term.value}T00:00:00Z"}
            lang = {"lang": term.language} if asked.version == NEW and term.language else {}
            return {"str": term.value, **lang}
        known = self.matcher.things.get(term.value)
        if known is not None:
            return {"id": known.id, "name": self.matcher.label(known, asked.languages)[0]}
        return {"str": self.graph.facts.label(term) or self.layout.shrink(term.value).strip("<>")}

    def _extend_old(self, query: Any, asked: Asked) -> Any:
        ids, props, meta = self._extend(query)
        return {"meta": meta, "rows": {one: {prop: self._values(one, prop, asked) for prop in props} for one in ids}}

    def _extend_new(self, asked: Asked) -> Any:
        ids, props, meta = self._extend(asked.json())
        rows = [
            {"id": one, "properties": [{"id": prop, "values": self._values(one, prop, asked)} for prop in props]}
            for one in ids
        ]
        return {"meta": meta, "rows": rows}


DEFAULT_TYPES = ("Person", "Organisation", "State", "Place", "Office", "Event", "LegalInstrument", "Source")
COMMENTS = (
    "http://www.w3.org/2004/02/skos/core#definition",
    "http://www.w3.org/2000/01/rdf-schema#comment",
)
JSON_TYPE = (b"content-type", b"application/json")


def app(graph: KnowledgeGraph, address: str = "", documentation: str = "") -> Service:
    """The reconciliation service over a graph, to be mounted or served."""
    return Service(graph, address, documentation)


def _refusal(refused: Refused) -> tuple[int, list[tuple[bytes, bytes]], bytes]:
    return refused.status, [*refused.headers, JSON_TYPE], _bytes({"status": "error", "message": refused.message})


async def _body(scope: Scope, receive: Receive) -> bytes:
    data = b""
    told = dict(scope["headers"]).get(b"content-length", b"0")
    while True:
        if len(data) > LARGEST or not told.isdigit() or int(told[:12]) > LARGEST:
            raise Refused(413, f"at most {LARGEST >> 10} KiB a request: send fewer queries at a time")
        message = await receive()
        if message["type"] == "http.disconnect":
            return data
        data += bytes(message.get("body", b""))
        if not message.get("more_body") and len(data) <= LARGEST:
            return data


async def _lifespan(receive: Receive, send: Send) -> None:
    while True:
        message = await receive()
        await send({"type": f"{message['type']}.complete"})
        if message["type"] == "lifespan.shutdown":
            return


def _form(text: str) -> dict[str, str]:
    try:
        return dict(parse_qsl(text, keep_blank_values=True, max_num_fields=100))
    except ValueError:
        raise Refused(400, "the form has too many fields") from None


def _json(text: str, where: str) -> Any:
    try:
        return json.loads(text)
    except ValueError as error:
        raise Refused(400, f"{where} is no JSON: {error}") from None
    except RecursionError:
        raise Refused(400, f"{where} is nested too deeply") from None


def _bytes(document: object) -> bytes:
    text: str = json.dumps(document, ensure_ascii=False)
    return text.encode("utf-8", "replace")


def _list(found: Any, where: str) -> list[Any]:
    if not isinstance(found, list):
        raise Refused(400, f"{where} is no list")
    return found


def _only(query: Mapping[str, Any], allowed: Sequence[str], key: str) -> None:
    for name in query:
        if name not in allowed:
            raise Refused(400, f"{key} has a field {name[:50]!r} that is none of {', '.join(allowed)}")


def _within(count: int) -> None:
    if count > BATCH:
        raise Refused(413, f"{count} queries at once: at most {BATCH} (batchSize in the manifest)")


def _limit(given: Any, key: str) -> int:
    if given is None:
        return LIMIT
    if isinstance(given, bool) or not isinstance(given, (int, float)) or given < 1 or given != given // 1:
        raise Refused(400, f"limit in {key} is no whole number from 1 up")
    return int(min(given, MOST))


def _values(given: Any, key: str) -> tuple[Any, ...]:
    values = given if isinstance(given, list) else [given]
    if len(values) > BATCH:
        raise Refused(413, f"a condition in {key} has more than {BATCH} values")
    for value in values:
        known = isinstance(value, dict) and isinstance(value.get("id"), str)
        if not known and not isinstance(value, (str, int, float)):
            raise Refused(400, f"a value in {key} is no text, number, true or false, and has no id")
    return tuple(values)


def _beginning(found: list[dict[str, Any]], asked: Asked) -> list[dict[str, Any]]:
    """Those whose id or a word of whose name begins like the prefix; all for an empty one."""
    prefix = asked.query.get("prefix", "").strip().casefold()
    words = folded(prefix)

    def rank(one: dict[str, Any]) -> int:
        name, key = folded(one["name"]), one["id"].casefold()
        if prefix in (key, one["name"].casefold()):
            return 0
        if key.startswith(prefix) or key.rpartition(":")[2].startswith(prefix) or (words and name.startswith(words)):
            return 1
        return 2 if words and f" {words}" in name else 3

    return [one for one in sorted(found, key=rank) if rank(one) < 3]


def _lang(language: str) -> str:
    return f' lang="{escape(language)}"' if language else ""


def _page(title: str, language: str, content: str) -> str:
    return f"""<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><title>{escape(title)}</title>
<style>
body {{ font: 0.9rem/1.4 sans-serif; margin: 0.6rem }} h1 {{ font-size: 1.1rem; margin: 0 }}
p {{ margin: 0.4rem 0 }} .kind {{ color: #555 }}
</style>
</head><body>
{content}
</body></html>
"""
