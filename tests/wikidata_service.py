"""Wikidata on this machine, for tests: a real SPARQL store and a stand-in of the API, both filled from one extract.

The answers follow MediaWiki's and Wikibase's own: errors inside HTTP 200, `missing` items, `search-continue`,
at most 50 ids a request, `maxlag`, and the reconciliation API in the versions 0.2 and 1.0-draft.
"""

from __future__ import annotations

import json
import re
import shutil
import socket
import subprocess
import sys
import threading
import time
import unicodedata
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlsplit

import pyoxigraph as ox
import yaml

CASES = Path(__file__).parent / "cases" / "wikidata"
WD = "http://www.wikidata.org/entity/"
GREGORIAN = WD + "Q1985727"
KINDS = {  # property: how its values are typed; all others are items
    **dict.fromkeys(("P569", "P570", "P571", "P576", "P577", "P580", "P582", "P585", "P813"), "time"),
    **dict.fromkeys(("P213", "P214", "P227", "P244", "P268", "P701", "P902", "P1566"), "external-id"),
    "P18": "commonsMedia",
    "P625": "globe-coordinate",
    "P854": "url",
}
PREFIXES = """
PREFIX wd: <http://www.wikidata.org/entity/>
PREFIX wds: <http://www.wikidata.org/entity/statement/>
PREFIX wdv: <http://www.wikidata.org/value/>
PREFIX wdref: <http://www.wikidata.org/reference/>
PREFIX wdt: <http://www.wikidata.org/prop/direct/>
PREFIX p: <http://www.wikidata.org/prop/>
PREFIX ps: <http://www.wikidata.org/prop/statement/>
PREFIX psv: <http://www.wikidata.org/prop/statement/value/>
PREFIX pq: <http://www.wikidata.org/prop/qualifier/>
PREFIX pqv: <http://www.wikidata.org/prop/qualifier/value/>
PREFIX pr: <http://www.wikidata.org/prop/reference/>
PREFIX prv: <http://www.wikidata.org/prop/reference/value/>
PREFIX prov: <http://www.w3.org/ns/prov#>
PREFIX rdfs: <http://www.w3.org/2000/01/rdf-schema#>
PREFIX schema: <http://schema.org/>
PREFIX skos: <http://www.w3.org/2004/02/skos/core#>
PREFIX wikibase: <http://wikiba.se/ontology#>
PREFIX xsd: <http://www.w3.org/2001/XMLSchema#>
"""


def folded(text: str) -> str:
    """A name as the search compares it: no case, no diacritics."""
    plain = unicodedata.normalize("NFD", text.casefold())
    return unicodedata.normalize("NFC", "".join(char for char in plain if not unicodedata.combining(char)))


# --- the extract as Wikibase JSON ------------------------------------------------------------------------


def _value(prop: str, value: Any) -> dict[str, Any]:
    kind, text = KINDS.get(prop, "wikibase-item"), str(value)
    if kind == "time":
        precision = {4: 9, 7: 10, 10: 11}[len(text)]
        time_ = f"+{text + '-00' * ((10 - len(text)) // 3)}T00:00:00Z"
        return {
            "type": "time",
            "value": {
                "time": time_, "timezone": 0, "before": 0, "after": 0, "precision": precision,
                "calendarmodel": GREGORIAN,
            },
        }  # fmt: skip
    if kind == "globe-coordinate":
        latitude, longitude = map(float, text.split())
        return {
            "type": "globecoordinate",
            "value": {
                "latitude": latitude, "longitude": longitude, "altitude": None, "precision": 1e-05, "globe": WD + "Q2",
            },
        }  # fmt: skip
    if kind == "wikibase-item":
        return {
            "type": "wikibase-entityid",
            "value": {"entity-type": "item", "numeric-id": int(text[1:]), "id": text},
        }
    return {"type": "string", "value": text}


def _snak(prop: str, value: Any) -> dict[str, Any]:
    kind = KINDS.get(prop, "wikibase-item")
    if value in ("somevalue", "novalue"):
        return {"snaktype": value, "property": prop, "datatype": kind}
    return {"snaktype": "value", "property": prop, "datavalue": _value(prop, value), "datatype": kind}


def _snaks(values: dict[str, Any]) -> dict[str, list[dict[str, Any]]]:
    return {prop: [_snak(prop, value)] for prop, value in values.items()}


def entity(qid: str, item: dict[str, Any]) -> dict[str, Any]:
    """One item as wbgetentities gives it."""
    claims: dict[str, list[dict[str, Any]]] = {}
    for prop, statements in item.get("statements", {}).items():
        for number, statement in enumerate(statements):
            claim = {
                "mainsnak": _snak(prop, statement["value"]),
                "type": "statement",
                "id": f"{qid}${prop}-{number}",
                "rank": statement.get("rank", "normal"),
            }
            if "qualifiers" in statement:
                claim["qualifiers"] = _snaks(statement["qualifiers"])
                claim["qualifiers-order"] = list(statement["qualifiers"])
            if "references" in statement:
                claim["references"] = [
                    {"hash": sha256(str(one).encode()).hexdigest()[:40], "snaks": _snaks(one), "snaks-order": list(one)}
                    for one in statement["references"]
                ]
            claims.setdefault(prop, []).append(claim)
    return {
        "pageid": int(qid[1:]), "ns": 0, "title": qid, "lastrevid": 1, "modified": "2026-11-25T00:00:00Z",
        "type": "item", "id": qid,
        "labels": {lang: {"language": lang, "value": text} for lang, text in item.get("labels", {}).items()},
        "descriptions": {
            lang: {"language": lang, "value": text} for lang, text in item.get("descriptions", {}).items()
        },
        "aliases": {
            lang: [{"language": lang, "value": text} for text in texts]
            for lang, texts in item.get("aliases", {}).items()
        },
        "claims": claims,
    }  # fmt: skip


# --- the extract as the query service has it -----------------------------------------------------------------


def _full(value: dict[str, Any]) -> tuple[str, str, str]:
    """A value as Turtle, its node and the node's description ('' where it has none)."""
    kind, content = value["type"], value["value"]
    if kind == "time":
        # a month or a year is a whole date in RDF; only the precision beside it says how much of it is meant
        when = re.sub(r"-00", "-01", content["time"].lstrip("+"))
        node = "wdv:" + sha256(str(content).encode()).hexdigest()[:32]
        text = f'"{when}"^^xsd:dateTime'
        about = (
            f"{node} a wikibase:TimeValue ; wikibase:timeValue {text} ; "
            f'wikibase:timePrecision "{content["precision"]}"^^xsd:integer ; wikibase:timeTimezone 0 ; '
            f"wikibase:timeCalendarModel <{content['calendarmodel']}> .\n"
        )
        return text, node, about
    if kind == "globecoordinate":
        latitude, longitude = content["latitude"], content["longitude"]
        node = "wdv:" + sha256(str(content).encode()).hexdigest()[:32]
        about = (
            f'{node} a wikibase:GlobecoordinateValue ; wikibase:geoLatitude "{latitude}"^^xsd:double ; '
            f'wikibase:geoLongitude "{longitude}"^^xsd:double ; wikibase:geoGlobe <{content["globe"]}> .\n'
        )
        point = f'"Point({longitude} {latitude})"^^<http://www.opengis.net/ont/geosparql#wktLiteral>'
        return point, node, about
    if kind == "wikibase-entityid":
        return f"wd:{content['id']}", "", ""
    return (f"<{content}>" if str(content).startswith("http") else json.dumps(content)), "", ""


def turtle(items: dict[str, dict[str, Any]]) -> str:
    """The items as the query service has them: truthy values, statements with qualifiers, references, ranks."""
    out = [PREFIXES]
    properties = {"P248", *KINDS}
    for qid, item in items.items():
        for lang, term in item["labels"].items():
            out.append(f"wd:{qid} rdfs:label {json.dumps(term['value'], ensure_ascii=False)}@{lang} .\n")
        for lang, terms in item["aliases"].items():
            out += [f"wd:{qid} skos:altLabel {json.dumps(t['value'], ensure_ascii=False)}@{lang} .\n" for t in terms]
        for lang, term in item["descriptions"].items():
            out.append(f"wd:{qid} schema:description {json.dumps(term['value'], ensure_ascii=False)}@{lang} .\n")
        for prop, claims in item["claims"].items():
            properties.add(prop)
            for claim in claims:
                out += _statement(qid, prop, claim)
    out += [
        f"wd:{prop} a wikibase:Property ; wikibase:claim p:{prop} ; wikibase:statementProperty ps:{prop} ; "
        f"wikibase:statementValue psv:{prop} ; wikibase:directClaim wdt:{prop} .\n"
        for prop in sorted(properties)
    ]
    return "".join(out)


def _statement(qid: str, prop: str, claim: dict[str, Any]) -> Iterator[str]:
    node = "wds:" + claim["id"].replace("$", "-")
    text, value, about = _full(claim["mainsnak"]["datavalue"])
    rank = claim["rank"].capitalize()
    yield f"wd:{qid} p:{prop} {node} .\n{node} a wikibase:Statement ; wikibase:rank wikibase:{rank}Rank ; "
    yield f"ps:{prop} {text} .\n"
    if claim["rank"] != "deprecated":
        yield f"wd:{qid} wdt:{prop} {text} .\n"
    if value:
        yield f"{node} psv:{prop} {value} .\n{about}"
    for qualifier, snaks in claim.get("qualifiers", {}).items():
        for snak in snaks:
            text, value, about = _full(snak["datavalue"])
            yield f"{node} pq:{qualifier} {text} .\n" + (f"{node} pqv:{qualifier} {value} .\n{about}" if value else "")
    for reference in claim.get("references", []):
        yield f"{node} prov:wasDerivedFrom wdref:{reference['hash']} .\n"
        for name, snaks in reference["snaks"].items():
            for snak in snaks:
                yield f"wdref:{reference['hash']} pr:{name} {_full(snak['datavalue'])[0]} .\n"


# --- the service -------------------------------------------------------------------------------------------


class Wikidata:
    """The extract, served; `faults` are answers given instead of the honest one, one a request."""

    def __init__(self, path: Path = CASES / "extract.yaml") -> None:
        document = yaml.safe_load(path.read_text(encoding="utf-8"))
        self.sources: dict[str, str] = document["sources"]
        self.authored: dict[str, Any] = document["items"]
        self.items = {qid: entity(qid, item) for qid, item in self.authored.items()}
        self.redirects: dict[str, str] = {}
        self.faults: list[dict[str, Any]] = []
        self.when = ""  # faults hit only this action of the API
        self.asked: list[dict[str, Any]] = []  # every request: path, parameters, headers
        self.overlapped = False  # whether two requests were ever under way at once
        self.base = self.query = ""

    @property
    def api(self) -> str:
        """The address of the API."""
        return self.base + "/w/api.php"

    def names(self, qid: str) -> Iterator[tuple[str, str, str]]:
        """Every name of an item: its language, whether it is a label or an alias, and the text."""
        item = self.items[qid]
        yield from ((lang, "label", term["value"]) for lang, term in item["labels"].items())
        yield from ((lang, "alias", term["value"]) for lang, terms in item["aliases"].items() for term in terms)

    # --- the three modules of the API that we use ---

    def answer(self, params: dict[str, str]) -> tuple[dict[str, Any], dict[str, str]]:
        """What api.php says."""
        if params.get("format") != "json":
            return {"error": {"code": "badformat", "info": "only JSON is served here"}}, {}
        if int(params.get("maxlag", "5")) < 0:
            info = "Waiting for a database server: 0.2 seconds lagged."
            return {"error": {"code": "maxlag", "info": info, "host": "db1", "lag": 0.2}}, {"Retry-After": "5"}
        action = params.get("action", "")
        if action == "wbsearchentities":
            return self.search(params), {}
        if action == "wbgetentities":
            return self.get(params), {}
        if action == "query" and params.get("list") == "search":
            return self.full_text(params), {}
        info = f'Unrecognized value for parameter "action": {action}.'
        return {"error": {"code": "badvalue", "info": info}}, {"MediaWiki-API-Error": "badvalue"}

    def search(self, params: dict[str, str]) -> dict[str, Any]:
        """wbsearchentities: names that begin with the text, in the language, in mul, then in English."""
        wanted, language = folded(params["search"]), params["language"]
        limit, start = min(int(params.get("limit", 7)), 50), int(params.get("continue", 0))
        languages = [language] if "strictlanguage" in params else list(dict.fromkeys([language, "mul", "en"]))
        hits = []
        for qid, item in self.items.items():
            found = [
                (folded(text) != wanted, languages.index(lang), kind, text, lang)
                for lang, kind, text in self.names(qid)
                if lang in languages and folded(text).startswith(wanted)
            ]
            if found:
                hits.append((*min(found), qid, item))
        hits.sort(key=lambda hit: (hit[0], int(hit[5][1:])))
        entries = []
        for _, _, kind, text, lang, qid, item in hits[start : start + limit]:
            shown = next((item["labels"][code] for code in languages if code in item["labels"]), None)
            entry: dict[str, Any] = {
                "id": qid, "title": qid, "pageid": item["pageid"], "repository": "wikidata",
                "url": f"//www.wikidata.org/wiki/{qid}", "concepturi": WD + qid, "display": {},
            }  # fmt: skip
            if shown:
                entry["display"]["label"], entry["label"] = shown, shown["value"]
            entry["match"] = {"type": kind, "language": lang, "text": text}
            if text != entry.get("label"):
                entry["aliases"] = [text]
            entries.append(entry)
        answer: dict[str, Any] = {"searchinfo": {"search": params["search"]}, "search": entries, "success": 1}
        if len(hits) > start + limit <= 50:
            answer["search-continue"] = start + limit
        return answer

    def full_text(self, params: dict[str, str]) -> dict[str, Any]:
        """list=search: all words in some name, and every haswbstatement."""
        text = params["srsearch"]
        wanted = re.findall(r"haswbstatement:(\S+)", text)
        words = folded(re.sub(r"haswbstatement:\S+", " ", text).replace('"', " ")).split()
        found = []
        for qid in self.items:
            names = [folded(name) for _, _, name in self.names(qid)]
            has = all(any(self.has(qid, one) for one in group.split("|")) for group in wanted)
            if has and (not words or any(all(word in name for word in words) for name in names)):
                found.append(qid)
        limit, start = min(int(params.get("srlimit", 10)), 500), int(params.get("sroffset", 0))
        answer: dict[str, Any] = {
            "batchcomplete": "",
            "query": {
                "searchinfo": {"totalhits": len(found)},
                "search": [
                    {"ns": 0, "title": qid, "pageid": int(qid[1:]), "size": 1, "wordcount": 1, "snippet": "",
                     "timestamp": "2026-11-25T00:00:00Z"}
                    for qid in found[start : start + limit]
                ],
            },
        }  # fmt: skip
        if len(found) > start + limit:
            answer["continue"] = {"sroffset": start + limit, "continue": "-||"}
        return answer

    def has(self, qid: str, statement: str) -> bool:
        """Whether an item has a statement such as P31=Q5, or any with that property."""
        prop, equals, value = statement.partition("=")
        claims = [c for c in self.items[qid]["claims"].get(prop, []) if c["rank"] != "deprecated"]
        values = [claim["mainsnak"]["datavalue"]["value"] for claim in claims]
        return any(not equals or value == (v.get("id") if isinstance(v, dict) else v) for v in values)

    def get(self, params: dict[str, str]) -> dict[str, Any]:
        """wbgetentities: at most 50 ids, `missing` for those that are not there."""
        ids = list(dict.fromkeys(params.get("ids", "").split("|")))
        if len(ids) > 50:
            info = 'Too many values supplied for parameter "ids". The limit is 50.'
            return {"error": {"code": "toomanyvalues", "info": info, "limit": 50, "lowlimit": 50, "highlimit": 500}}
        entities: dict[str, Any] = {}
        for qid in ids:
            if not re.fullmatch(r"Q[1-9]\d{0,9}", qid) or int(qid[1:]) > 2147483647:
                info = f'Could not find an entity with the ID "{qid}".'
                return {"error": {"code": "no-such-entity", "info": info, "id": qid}}
            target = self.redirects.get(qid, qid)
            if target not in self.items:
                entities[qid] = {"id": qid, "missing": ""}
                continue
            item = dict(self.items[target])
            if "languages" in params:
                languages = params["languages"].split("|")
                for part in ("labels", "aliases", "descriptions"):
                    item[part] = {lang: value for lang, value in item[part].items() if lang in languages}
            if target != qid:
                item["redirects"] = {"from": qid, "to": target}
            entities[qid] = item
        return {"entities": entities, "success": 1}

    # --- reconciliation ---

    def candidates(self, query: str, types: list[str], limit: int, conditions: dict[str, str]) -> list[dict[str, Any]]:
        """Items by name, best first; an item with a wrong value for a condition is worth less."""
        wanted, found = folded(query), []
        for qid, item in self.items.items():
            names = [folded(name) for _, _, name in self.names(qid)]
            score = 100.0 if wanted in names else 60.0 if any(wanted in name for name in names) else 0.0
            held = [c["mainsnak"]["datavalue"]["value"]["id"] for c in item["claims"].get("P31", [])]
            if not score or (types and not set(types) & set(held)):
                continue
            if any(not self.has(qid, f"{prop}={value}") for prop, value in conditions.items()):
                score -= 30
            label = next(iter(item["labels"].values()))["value"]
            kinds = [{"id": kind, "name": self.items[kind]["labels"]["en"]["value"]} for kind in held]
            found.append({"id": qid, "name": label, "type": kinds, "score": score, "match": False})
        found.sort(key=lambda one: (-one["score"], int(one["id"][1:])))
        if len([one for one in found if one["score"] == 100]) == 1:
            found[0]["match"] = True
        return found[:limit]

    def reconcile_02(self, params: dict[str, str]) -> Any:
        """The service of version 0.2: its manifest, or the candidates for each query."""
        if "queries" not in params:
            return {
                "versions": ["0.1", "0.2"], "name": "Extract (en)", "identifierSpace": WD,
                "schemaSpace": "http://www.wikidata.org/prop/direct/", "view": {"url": "https://www.wikidata.org/wiki/{{id}}"},
            }  # fmt: skip
        answer = {}
        for key, query in json.loads(params["queries"]).items():
            kinds = query.get("type", [])
            conditions = {
                p["pid"]: p["v"]["id"] if isinstance(p["v"], dict) else p["v"] for p in query.get("properties", [])
            }
            kinds = [kinds] if isinstance(kinds, str) else kinds
            answer[key] = {"result": self.candidates(query["query"], kinds, query.get("limit", 5), conditions)}
        return answer

    def reconcile_10(self, path: str, body: bytes) -> Any:
        """The service of the draft of version 1.0."""
        if path.endswith("/match"):
            results = []
            for query in json.loads(body)["queries"]:
                names = [c["propertyValue"] for c in query["conditions"] if c["matchType"] == "name"]
                conditions = {
                    c["propertyId"]: c["propertyValue"] for c in query["conditions"] if c["matchType"] == "property"
                }
                kinds = [query["type"]] if query.get("type") else []
                found = self.candidates(names[0], kinds, query.get("limit", 5), conditions)
                results.append({"candidates": found})
            return {"results": results}
        return {
            "versions": ["1.0-draft"],
            "name": "Extract",
            "view": {"url": "https://www.wikidata.org/wiki/{{id}}"},
            "batchSize": 10,
        }


def _handler(wikidata: Wikidata) -> type[BaseHTTPRequestHandler]:
    busy = threading.Lock()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *_: Any) -> None:
            """Says nothing."""

        def do_GET(self) -> None:
            self.serve(b"")

        def do_POST(self) -> None:
            self.serve(self.rfile.read(int(self.headers.get("Content-Length") or 0)))

        def serve(self, body: bytes) -> None:
            self.turn = True
            if not busy.acquire(blocking=False):
                wikidata.overlapped = True
                busy.acquire()
            try:
                self.answer(body)
            finally:
                self.over()

        def over(self) -> None:
            """Ends this request's turn, before its answer goes out: who has the answer may ask again at once."""
            if self.turn:
                self.turn = False
                busy.release()

        def answer(self, body: bytes) -> None:
            url = urlsplit(self.path)
            params = dict(parse_qsl(url.query, keep_blank_values=True))
            if "form-urlencoded" in (self.headers.get("Content-Type") or ""):
                params |= {name: values[0] for name, values in parse_qs(body.decode(), keep_blank_values=True).items()}
            wikidata.asked.append(
                {"method": self.command, "path": url.path, "params": params, "headers": dict(self.headers)}
            )
            if not re.search(r"\(.*(?:@|https?://)", self.headers.get("User-Agent") or ""):
                self.send(429, "text/plain", b"Please set a user agent and respect our robot policy.", {})
            elif wikidata.faults and wikidata.when in ("", params.get("action", "")):
                self.fault(wikidata.faults.pop(0), url.path, params, body)
            else:
                document, headers = self.honest(url.path, params, body)
                if isinstance(document, bytes):
                    self.send(200, "application/sparql-results+json", document, headers)
                else:
                    self.send(200, "application/json; charset=utf-8", json.dumps(document).encode(), headers)

        def honest(self, path: str, params: dict[str, str], body: bytes) -> tuple[Any, dict[str, str]]:
            if path == "/w/api.php":
                return wikidata.answer(params)
            if path.startswith("/reconcile/0.2"):
                return wikidata.reconcile_02(params), {}
            if path.startswith("/reconcile/1.0"):
                return wikidata.reconcile_10(path, body), {}
            if path == "/sparql":
                return _forward(wikidata.query, params["query"]), {}
            return {"error": {"code": "nothing", "info": path}}, {}

        def fault(self, fault: dict[str, Any], path: str, params: dict[str, str], body: bytes) -> None:
            if fault.get("hang"):
                time.sleep(fault["hang"])
            if fault.get("close"):
                self.close_connection = True
                self.connection.shutdown(socket.SHUT_RDWR)
                return
            if "keep" in fault:  # the honest answer, with only so many of its entities, and the warning
                document, _ = self.honest(path, params, body)
                kept = list(document["entities"].items())[: fault["keep"]]
                limit = (
                    "This result was truncated because it would otherwise be larger than the limit of 12,582,912 bytes."
                )
                document = {"entities": dict(kept), "success": 1, "warnings": {"result": {"*": limit}}}
                self.send(200, "application/json", json.dumps(document).encode(), {})
                return
            if "deep" in fault:
                self.send(200, "application/json", b"[" * fault["deep"], {})
                return
            if "cut" in fault:  # the honest answer, broken off
                document, _ = self.honest(path, params, body)
                text = document if isinstance(document, bytes) else json.dumps(document).encode()
                self.send(200, "application/json", text[: fault["cut"]], {})
                return
            content = fault.get("body", "")
            text = content if isinstance(content, str) else json.dumps(content)
            self.send(
                fault.get("status", 200), fault.get("type", "application/json"), text.encode(), fault.get("headers", {})
            )

        def send(self, status: int, kind: str, data: bytes, headers: dict[str, Any]) -> None:
            self.over()
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(data)))
            for name, value in headers.items():
                self.send_header(name, str(value))
            self.end_headers()
            self.wfile.write(data)

    return Handler


def _forward(endpoint: str, query: str) -> bytes:
    request = urllib.request.Request(
        endpoint, query.encode(),
        {"Content-Type": "application/sparql-query", "Accept": "application/sparql-results+json"},
    )  # fmt: skip
    with urllib.request.urlopen(request, timeout=30) as response:
        return bytes(response.read())


# --- starting and stopping -----------------------------------------------------------------------------------


@contextmanager
def store(data: str) -> Iterator[str]:
    """A SPARQL store on a port of this machine: the oxigraph server, or pyoxigraph behind a few lines of HTTP."""
    program = shutil.which("oxigraph", path=str(Path(sys.executable).parent))
    if program is None:
        with _embedded(data) as address:
            yield address
        return
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    process = subprocess.Popen(
        [program, "serve", "--bind", f"127.0.0.1:{port}"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        for _ in range(100):
            try:
                request = urllib.request.Request(
                    f"http://127.0.0.1:{port}/store?default",
                    data.encode(),
                    {"Content-Type": "text/turtle"},
                    method="PUT",
                )
                urllib.request.urlopen(request, timeout=30).close()
                break
            except OSError:
                assert process.poll() is None, "the oxigraph server did not start"
                time.sleep(0.05)
        yield f"http://127.0.0.1:{port}/query"
    finally:
        process.terminate()
        process.wait(10)


@contextmanager
def _embedded(data: str) -> Iterator[str]:
    content = ox.Store()
    content.load(data.encode(), format=ox.RdfFormat.TURTLE)

    class Handler(BaseHTTPRequestHandler):
        def log_message(self, *_: Any) -> None:
            """Says nothing."""

        def do_GET(self) -> None:
            self.reply(dict(parse_qsl(urlsplit(self.path).query)).get("query", ""))

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
            form = "form-urlencoded" in (self.headers.get("Content-Type") or "")
            self.reply(dict(parse_qsl(body)).get("query", "") if form else body)

        def reply(self, query: str) -> None:
            try:
                status, text = 200, content.query(query).serialize(format=ox.QueryResultsFormat.JSON) or b""
            except (SyntaxError, ValueError, RuntimeError) as error:
                status, text = 400, str(error).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/sparql-results+json" if status == 200 else "text/plain")
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)

    with _listening(Handler) as address:
        yield address + "/query"


@contextmanager
def _listening(handler: type[BaseHTTPRequestHandler]) -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()


@contextmanager
def serving(wikidata: Wikidata) -> Iterator[Wikidata]:
    """The extract, served by the stand-in and by the store."""
    with store(turtle(wikidata.items)) as query, _listening(_handler(wikidata)) as base:
        wikidata.base, wikidata.query = base, query
        yield wikidata
