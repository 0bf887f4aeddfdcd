"""Makes each page of the site from the graph: the things, the questions, the sources, what it is about."""

from __future__ import annotations

import re
from functools import cached_property
from importlib import resources
from typing import TYPE_CHECKING
from urllib.parse import quote, urlsplit

from jinja2 import DictLoader, Environment, StrictUndefined

from ..dataset.facts import ABOUT_CLAIMS
from ..errors import KgError
from ..rdf.spaces import BASE, CLAIMS, KW, PASSAGES, RDF, RDFS, SKOS
from ..rdf.terms import TYPE, BlankNode, Literal, NamedNode
from .bundle import bundled
from .editor import examples, shared, terms
from .words import LANGUAGES, groups, spaced, word

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from ..asking.questions import Question
    from ..dataset.facts import Claim
    from ..graph import KnowledgeGraph
    from ..rdf.terms import Term

ORDER = ("what", "who", "when", "where", "towhom", "content", "answer", "evidence", "more")
# what is shown elsewhere on the page, or belongs to the machinery
ASIDE = {
    "rdf:type", "skos:prefLabel", "skos:altLabel", "skos:hiddenLabel", "rdfs:label", "skos:definition",
    "skos:scopeNote",
    "kw:isSubjectOf", "kw:attestedIn", "skos:exactMatch", "skos:closeMatch", "skos:broadMatch", "rdfs:isDefinedBy",
    "schema:domainIncludes", "schema:rangeIncludes",
}  # fmt: skip
ELSEWHERE = {"skos:exactMatch": "match.exact", "skos:closeMatch": "match.close", "skos:broadMatch": "match.close"}
CERTAINTY = {"stated": "stated", "quoted": "quoted", "attributed": "attributed", "hedged": "hedged",
             "interpretation": "evaluation", "inferred": "inferred"}  # fmt: skip
STATUS = {"contested": "disputed", "rejected": "rejected", "reported": "undecided"}
START = (
    "correspondence/unanswered", "correspondence/who-wrote-to-whom", "chronology/timeline", "absence/guide-is-silent",
    "provenance/contested", "law/commitments", "access/attempts", "relief/deliveries", "people/populations",
    "sources/where-kept",
)  # fmt: skip
FIXED = ("", "ask", "read", "query", "about", "all")
MATCHES = tuple(SKOS + name for name in ("exactMatch", "closeMatch", "broadMatch"))
NAMES = (*(SKOS + name for name in ("prefLabel", "altLabel", "hiddenLabel")), RDFS + "label", KW + "nameForm")
NOT_STATED = BASE + "vocab/not-stated"
NOTHING = {"text": "", "lang": "", "path": "", "url": ""}
COMMENT = re.compile(r"^\s*#(?!\+)\s?(.*)$", re.M)


class Site:
    """All pages of one graph. `page("id/person/paul-ruegger", "ko")` gives one as HTML in bytes."""

    def __init__(self, graph: KnowledgeGraph, served: bool = False, live: dict[str, Any] | None = None) -> None:
        """`live` names the file of the whole graph, and what it and the engine weigh: for pages that answer without
        a server."""
        self.graph, self.facts, self.layout, self.served = graph, graph.facts, graph.layout, served
        self.bundle: dict[str, str] = bundled().get("files", {})
        self.live = live if self.bundle else None
        self.questions: dict[str, Question] = {
            one.id: graph.question(one.id) for one in graph.questions()
        }
        folder = resources.files(__package__).joinpath("templates")
        pages = [item for item in folder.iterdir() if item.name.endswith(".html")]
        texts = {item.name: item.read_text(encoding="utf-8") for item in pages}
        self._templates = Environment(
            loader=DictLoader(texts), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
        )

    # --- addresses ---

    @cached_property
    def things(self) -> dict[str, NamedNode]:
        """Every IRI of ours that has a page, by its path; terms with a `#` are on the page of their list."""
        found: dict[str, NamedNode] = {}
        for node in self.facts.out:
            if isinstance(node, NamedNode) and node.value.startswith(BASE):
                path = node.value[len(BASE) :].partition("#")[0]
                if path and "/.well-known/" not in node.value:
                    found.setdefault(path, NamedNode(BASE + path))
        return dict(sorted(found.items()))

    def paths(self) -> Iterator[str]:
        """The path of every page in English, without its ending."""
        yield from FIXED
        yield from (f"q/{name}" for name in self.questions)
        yield from (f"read/{number}" for number in self.passages)
        yield from self.things

    def page(self, path: str, language: str = "en", fields: dict[str, str] | None = None) -> bytes | None:
        """One page; None if there is none at this path. A path may begin with a language: `ko/ask`."""
        path = path.strip("/")
        first, _, rest = path.partition("/")
        if first in LANGUAGES:
            language, path = first, rest
        path = "" if path == "index" else path
        name, data = self._found(path, language, fields or {})
        return self._written(name, path, language, data) if name else None

    def _found(self, path: str, language: str, fields: dict[str, str]) -> tuple[str, dict[str, Any]]:
        if path in FIXED:
            makes = {"": self._home, "ask": self._ask, "read": self._read, "query": self._query, "about": self._about,
                     "all": self._all}  # fmt: skip
            return (path or "home") + ".html", makes[path](language)
        if path == "search":
            return "search.html", self._search(language, fields)
        if path.startswith("q/") and path[2:] in self.questions:
            return "question.html", self._question(self.questions[path[2:]], language, fields)
        if path.startswith("read/") and path[5:] in self.passages:
            return "passage.html", self._passage(path[5:], language)
        if path in self.things:
            node = self.things[path]
            terms = self.terms(node)
            return ("terms.html", self._list(node, terms, language)) if terms else (
                "thing.html", self._thing(node, language))  # fmt: skip
        return "", {}

    def _written(self, name: str, path: str, language: str, data: dict[str, Any]) -> bytes:
        depth = path.count("/") + (language != "en")
        up = "../" * depth

        def href(target: str, to: str = language) -> str:
            """The address of a page of the site, from this one."""
            target, _, fragment = target.partition("#")
            target = target or "index"
            prefix = "" if to == "en" else to + "/"
            return f"{up}{prefix}{quote(target)}.html" + (f"#{quote(fragment)}" if fragment else "")

        def file(target: str) -> str:
            """The address of a file beside the pages, from this one."""
            return f"{up}{quote(target)}"

        def w(key: str, **given: object) -> str:
            return word(key, language, **given)

        text = self._templates.get_template(name).render(
            path=path, language=language, languages=LANGUAGES, href=href, file=file, w=w, served=self.served,
            iri=BASE + path, digest=self.digest, **data,
        )  # fmt: skip
        return text.encode("utf-8")

    @cached_property
    def digest(self) -> str:
        """A short name of the content of this release."""
        from hashlib import sha256

        manifest = getattr(self.graph.built, "manifest", None) or {}
        return sha256(repr(sorted(manifest.get("files", {}).items())).encode()).hexdigest()[:16]

    # --- terms as people read them ---

    def _name(self, node: Term, language: str) -> tuple[str, str]:
        """The name of a thing and the language it is in: the reader's, else English, else any, else its address."""
        found = self.facts.fields(node)
        for kind in ("http://www.w3.org/2004/02/skos/core#prefLabel", RDFS + "label", KW + "nameForm",
                     "http://purl.org/dc/terms/title", "http://purl.org/dc/terms/identifier"):  # fmt: skip
            labels = [one for one in found.get(kind, ()) if isinstance(one, Literal)]
            for wanted in (language, "en", ""):
                for label in labels:
                    if not wanted or label.language == wanted:
                        return spaced(label.value, label.language or ""), label.language or ""
        number = found.get(KW + "passageNumber")
        if number:
            return word("passage", language, n=number[0].value), language
        if isinstance(node, NamedNode) and node.value.startswith(PASSAGES):
            return node.value[len(PASSAGES) :], ""
        if isinstance(node, NamedNode) and node.value.startswith(CLAIMS) and node in self.facts.out:
            claim = self.facts.claim_of.get(self.layout.shrink(node.value))
            if claim and claim.subject is not None:
                parts = (claim.subject, claim.predicate, claim.object)
                return " — ".join(self._shown(part, language)["text"] for part in parts if part is not None), language
        return (self.layout.shrink(node.value) if isinstance(node, NamedNode) else str(node)), ""

    def _shown(self, term: Any, language: str) -> dict[str, Any]:
        """A term as a template shows it: text, its language, and where it leads."""
        if isinstance(term, Literal):
            return {"text": spaced(term.value, term.language or ""), "lang": term.language or "", "path": "", "url": ""}
        if isinstance(term, BlankNode):
            return {"text": "…", "lang": "", "path": "", "url": ""}
        if not isinstance(term, NamedNode):
            return {"text": str(term), "lang": "", "path": "", "url": ""}
        text, lang = self._name(term, language)
        path = term.value[len(BASE) :] if term.value.startswith(BASE) else ""
        if path.partition("#")[0] not in self.things:
            path = ""
        safe = urlsplit(term.value).scheme in ("http", "https")
        return {"text": text, "lang": lang, "path": path, "url": "" if path or not safe else term.value}

    def _piece(self, name: str, language: str) -> dict[str, Any]:
        """A piece of a source as a mark shows it."""
        iri = self.layout.expand(name) or ""
        return {**self._shown(NamedNode(iri), language), "name": name.partition(":")[2], "open": self.facts.link(name)}

    def _claim(self, claim: Claim, language: str) -> dict[str, Any]:
        iri = self.layout.expand(claim.id) or ""
        return {
            "path": iri[len(BASE) :] if iri[len(BASE) :] in self.things else "",
            "certainty": word(CERTAINTY.get(claim.certainty, "stated"), language),
            "status": word(STATUS[claim.status], language) if claim.status in STATUS else "",
            "negative": claim.polarity == "negative",
            "pieces": [self._piece(name, language) for name in claim.sentences],
            "by": [self._shown(NamedNode(self.layout.expand(one) or one), language) for one in claim.asserted_by
                   if ":" in one and not one.startswith("<")],
            "hedges": claim.hedges, "notes": claim.notes,
        }  # fmt: skip

    def _values(self, triples: list[tuple[Any, Any, Any]], node: NamedNode, language: str) -> list[dict[str, Any]]:
        """The statements with one property, each value with its claims."""
        rows = []
        for triple in sorted(triples, key=lambda one: str(one[2] if one[0] == node else one[0])):
            claims = self.facts.claims.get(triple, [])
            derived = not claims and triple not in self.facts.asserted
            other = triple[2] if triple[0] == node else triple[0]
            silent = isinstance(other, NamedNode) and other.value == NOT_STATED
            rows.append({**self._shown(other, language), "claims": [self._claim(one, language) for one in claims],
                         "derived": derived, "silent": silent})  # fmt: skip
        return rows

    # --- a thing ---

    def _thing(self, node: NamedNode, language: str) -> dict[str, Any]:
        facts, shrink = self.facts, self.layout.shrink
        fields = facts.fields(node)
        title, lang = self._name(node, language)
        by_property: dict[str, list[tuple[Any, Any, Any]]] = {}
        for predicate, value in facts.out.get(node, {}):
            by_property.setdefault(shrink(predicate.value), []).append((node, predicate, value))
        for claimed in self._claimed_of.get(node, ()):  # not stated plainly: contested, rejected, negative
            held = by_property.setdefault(shrink(claimed[1].value), [])
            if claimed not in held:
                held.append(claimed)
        sections: dict[str, list[tuple[int, dict[str, Any]]]] = {name: [] for name in ORDER}
        for name, triples in sorted(by_property.items()):
            if name in ASIDE:
                continue
            group, place = groups().get(name, ("more", 0))
            if name == "kw:notStated":
                rows = [{**self._shown(triple[2], language), "claims": [self._claim(one, language) for one in
                         facts.claims.get(triple, [])], "derived": False, "silent": True} for triple in triples]
            else:
                rows = self._values(triples, node, language)
            prop = self._shown(triples[0][1], language)
            sections[group].append((place, {"property": prop, "values": rows}))
        into: dict[str, list[tuple[Any, Any, Any]]] = {}
        for subject, predicate in facts.into.get(node, {}):
            machinery = predicate in ABOUT_CLAIMS or predicate == TYPE or shrink(predicate.value) in ASIDE
            if not machinery and not (isinstance(subject, NamedNode) and subject.value.startswith(CLAIMS)):
                into.setdefault(shrink(predicate.value), []).append((subject, predicate, node))
        return {
            "title": title, "title_lang": lang, "kinds": self._kinds(node, language),
            "names": self._other_names(node, title),
            "notes": [self._shown(one, language) for kind in (SKOS + "definition", SKOS + "scopeNote")
                      for one in fields.get(kind, ())],
            "sections": [(name, [row for _, row in sorted(rows, key=lambda pair: pair[0])])
                         for name, rows in sections.items() if rows],
            "absences": [{**self._shown(subject, language), "pieces": self._pieces_of(subject, language)}
                         for subject in self._absences(node)],
            "into": [{"property": self._shown(triples[0][1], language), "values": self._values(triples, node, language)}
                     for _, triples in sorted(into.items())],
            "elsewhere": [{**self._shown(one, language), "how": word(ELSEWHERE[shrink(kind)], language),
                           "text": shrink(one.value)} for kind in MATCHES for one in fields.get(kind, ())
                          if isinstance(one, NamedNode)],
            "claim": self._own_claim(node, language),
            "said": self._said_in(node, language),
            "open": next((one.value for one in fields.get(KW + "deepLink", ())), ""),
            "raw": sorted((shrink(predicate.value), getattr(value, "value", str(value))) for predicate, value in
                          facts.out.get(node, {})),
            "next": self._next(node, language),
            "dated": "",
        }  # fmt: skip

    def _kinds(self, node: NamedNode, language: str) -> list[dict[str, Any]]:
        """What it is: the classes that are stated, else those that follow."""
        types = [value for predicate, value in self.facts.out.get(node, {}) if predicate == TYPE]
        stated = [value for value in types if (node, TYPE, value) in self.facts.asserted] or types
        return [self._shown(one, language) for one in stated]

    def _other_names(self, node: NamedNode, title: str) -> list[dict[str, Any]]:
        kinds = [SKOS + "prefLabel", SKOS + "altLabel", KW + "nameForm"]
        fields = self.facts.fields(node)
        names = [one for kind in kinds for one in fields.get(kind, ()) if isinstance(one, Literal)]
        found = dict.fromkeys((one.value, one.language or "") for one in names)
        return [{"text": text, "lang": lang} for text, lang in found if text != title]

    def _absences(self, node: NamedNode) -> list[NamedNode]:
        space = BASE + "id/absence/"
        found = [subject for subject, _ in self.facts.into.get(node, {})]
        return sorted({one for one in found if isinstance(one, NamedNode) and one.value.startswith(space)}, key=str)

    def _pieces_of(self, node: Term, language: str) -> list[dict[str, Any]]:
        names = {name for pair in self.facts.out.get(node, {}) for claim in self.facts.claims.get((node, *pair), [])
                 for name in claim.sentences}  # fmt: skip
        return [self._piece(name, language) for name in sorted(names)]

    def _own_claim(self, node: NamedNode, language: str) -> dict[str, Any] | None:
        """The page of a claim shows what it says."""
        claim = self.facts.claim_of.get(self.layout.shrink(node.value))
        if claim is None or claim.subject is None:
            return None
        parts = [self._shown(one, language) for one in (claim.subject, claim.predicate, claim.object)]
        return {**self._claim(claim, language), "parts": parts}

    def _said_in(self, node: NamedNode, language: str) -> list[dict[str, Any]]:
        """What the graph says in a piece of a source."""
        if not node.value.startswith(PASSAGES):
            return []
        name = self.layout.shrink(node.value)
        rows = []
        for claim in self._by_piece.get(name, ()):
            parts = [self._shown(one, language) for one in (claim.subject, claim.predicate, claim.object)]
            rows.append({**self._claim(claim, language), "parts": parts})
        return sorted(rows, key=lambda row: [part["text"] for part in row["parts"]])

    @cached_property
    def _claimed_of(self) -> dict[Any, list[tuple[Any, Any, Any]]]:
        found: dict[Any, list[tuple[Any, Any, Any]]] = {}
        for subject, predicate, value in self.facts.claims:
            if subject is not None and isinstance(predicate, NamedNode) and value is not None:
                found.setdefault(subject, []).append((subject, predicate, value))
        return found

    @cached_property
    def _by_piece(self) -> dict[str, list[Claim]]:
        found: dict[str, list[Claim]] = {}
        for claim in self.facts.claim_of.values():
            if claim.subject is not None and claim.predicate is not None and claim.object is not None:
                for name in claim.sentences:
                    found.setdefault(name, []).append(claim)
        return found

    def _next(self, node: NamedNode, language: str) -> list[dict[str, Any]]:
        """Where to go from here: the passage that speaks of it, and questions that take it as a value."""
        steps = []
        sentences = [value.value[len(PASSAGES) :] for predicate, value in self.facts.out.get(node, {})
                     if predicate.value == KW + "attestedIn" and value.value.startswith(PASSAGES)]
        for number in sorted({one.partition(".")[0] for one in sentences})[:2]:
            steps.append({"path": f"read/{number}", "text": f"{word('read', language)}: "
                          + word("passage", language, n=number)})  # fmt: skip
        kind = node.value[len(BASE) :].split("/")[1] if node.value.startswith(BASE + "id/") else ""
        wanted = {"communication": "correspondence/unanswered", "person": "correspondence/who-wrote-to-whom",
                  "place": "places/mentioned", "absence": "absence/guide-is-silent", "event": "chronology/timeline",
                  "organisation": "network/parties", "state": "law/commitments",
                  "book": "provenance/contested"}.get(kind)
        if wanted in self.questions:
            steps.append({"path": f"q/{wanted}", "text": self._summary(self.questions[wanted], language)})
        return steps

    # --- terms of the ontology ---

    def terms(self, node: NamedNode) -> list[NamedNode]:
        """The terms of an ontology or list, which share its page."""
        return self._lists.get(node.value, [])

    @cached_property
    def _lists(self) -> dict[str, list[NamedNode]]:
        found: dict[str, list[NamedNode]] = {}
        for node in self.facts.out:
            if isinstance(node, NamedNode) and node.value.startswith(BASE) and "#" in node.value:
                found.setdefault(node.value.partition("#")[0], []).append(node)
        return {name: sorted(nodes, key=str) for name, nodes in found.items()}

    def _list(self, node: NamedNode, terms: list[NamedNode], language: str) -> dict[str, Any]:
        rows = []
        for term in terms:
            fields = self.facts.fields(term)
            text, lang = self._name(term, language)
            above = [*fields.get(RDFS + "subClassOf", ()), *fields.get(RDFS + "subPropertyOf", ())]
            rows.append({
                "name": term.value.partition("#")[2], "curie": self.layout.shrink(term.value),
                "text": text, "lang": lang,
                "kinds": [self.layout.shrink(one.value) for one in fields.get(RDF + "type", ())
                          if isinstance(one, NamedNode)],
                "definitions": [self._shown(one, language) for kind in (SKOS + "definition", SKOS + "scopeNote")
                                for one in fields.get(kind, ())],
                "above": [self._shown(one, language) for one in above if isinstance(one, NamedNode)],
                "uses": len(self.facts.into.get(term, {})),
            })  # fmt: skip
        title, lang = self._name(node, language)
        return {"title": title, "title_lang": lang, "terms": rows}

    # --- questions ---

    def _summary(self, question: Question, language: str) -> str:
        return spaced(question.summary.get(language) or question.summary["en"], language)

    def _ask(self, language: str) -> dict[str, Any]:
        topics: dict[str, list[dict[str, str]]] = {}
        for name, question in self.questions.items():
            shown = {"path": f"q/{name}", "text": self._summary(question, language)}
            topics.setdefault(question.topic, []).append(shown)
        return {"start": self._starting(language), "topics": sorted(topics.items())}

    def _starting(self, language: str) -> list[dict[str, str]]:
        return [{"path": f"q/{name}", "text": self._summary(self.questions[name], language)} for name in START
                if name in self.questions]  # fmt: skip

    def _question(self, question: Question, language: str, fields: dict[str, str]) -> dict[str, Any]:
        given = {name: value for name, value in fields.items() if name in question.params and value}
        fault, truth = "", None
        columns: list[str] = []
        rows: list[list[dict[str, Any]]] = []
        try:
            answer = self.graph.ask_question(question, dict(given))
            if answer.kind == "select":
                columns, rows = self._rows(answer, language)
            elif answer.kind == "ask":
                truth = answer.truth
            else:
                columns, cells = answer.table()
                rows = [[{**NOTHING, "text": cell, "open": ""} for cell in row] for row in cells]
        except KgError as error:
            fault = str(error)
        body = question.body() if hasattr(question, "body") else question.text
        params = [{"name": name, "about": settings.get("about", ""), "default": str(settings.get("default", "")),
                   "value": fields.get(name, "")} for name, settings in question.params.items()]  # fmt: skip
        return {
            "title": self._summary(question, language), "name": question.id, "fault": fault, "truth": truth,
            "columns": [{"name": name, "about": question.columns.get(name, "")} for name in columns], "rows": rows,
            "caveats": [line for line in COMMENT.findall(question.text) if line.strip()], "params": params,
            "sparql": "\n".join(line for line in body.splitlines() if not line.startswith("#+")).strip(),
        }  # fmt: skip

    def _rows(self, answer: Any, language: str) -> tuple[list[str], list[list[dict[str, Any]]]]:
        """The rows with each label shown in place of its thing, in the reader's language."""
        hidden = {name for name in answer.columns if name.endswith("_label") and name[:-6] in answer.columns}
        if "label" in answer.columns and answer.columns.index("label"):
            hidden.add("label")
        if "stated_in" in answer.columns:
            hidden.add("link")  # each sentence leads there by itself
        shown = [name for name in answer.columns if name not in hidden]
        rows = []
        for row in answer.rows:
            cells = []
            for name, term in zip(answer.columns, row, strict=True):
                if name in hidden:
                    continue
                cell = self._shown(term, language) if term is not None else NOTHING
                piece = isinstance(term, NamedNode) and term.value.startswith(PASSAGES)
                cells.append({**cell, "open": self.facts.link(self.layout.shrink(term.value)) if piece else ""})
            rows.append(cells)
        return shown, rows

    # --- reading ---

    @cached_property
    def passages(self) -> dict[str, list[NamedNode]]:
        """The sentences of each passage, in the order of the text."""
        found: dict[str, list[NamedNode]] = {}
        for node in self.facts.out:
            if isinstance(node, NamedNode) and node.value.startswith(PASSAGES):
                number, dot, rest = node.value[len(PASSAGES) :].partition(".")
                if not dot and "-" not in number:
                    found.setdefault(number, [])
                elif dot and "-" not in rest:
                    found.setdefault(number, []).append(node)
        return {number: sorted(nodes, key=lambda one: int(re.sub(r"\D", "", one.value.rpartition(".")[2]) or 0))
                for number, nodes in sorted(found.items())}  # fmt: skip

    def _read(self, language: str) -> dict[str, Any]:
        rows = []
        for number, sentences in self.passages.items():
            node = NamedNode(PASSAGES + number)
            counts = [len(self._by_piece.get(self.layout.shrink(one.value), ())) for one in sentences or [node]]
            kind = [self._shown(one, language)["text"] for one in self.facts.fields(node).get(KW + "passageKind", ())]
            rows.append({"path": f"read/{number}", "text": word("passage", language, n=number), "kind": " ".join(kind),
                         "sentences": len(sentences), "statements": sum(counts), "open":
                         self.facts.link(self.layout.shrink(node.value))})  # fmt: skip
        return {"passages": rows, "title": word("read", language)}

    def _passage(self, number: str, language: str) -> dict[str, Any]:
        node = NamedNode(PASSAGES + number)
        order = list(self.passages)
        place = order.index(number)
        pieces = []
        for one in self.passages[number] or [node]:
            pieces.append({**self._piece(self.layout.shrink(one.value), language), "said": self._said_in(one, language),
                           "path": one.value[len(BASE) :]})  # fmt: skip
        return {
            "title": word("passage", language, n=number), "pieces": pieces,
            "previous": f"read/{order[place - 1]}" if place else "",
            "next": f"read/{order[place + 1]}" if place + 1 < len(order) else "",
        }  # fmt: skip

    # --- the rest ---

    def _home(self, language: str) -> dict[str, Any]:
        start = self._starting(language)[:4]
        for one in start:
            try:
                answered = self.graph.ask_question(self.questions[one["path"][2:]], {})
                one["count"] = word("rows", language, n=len(answered))
            except KgError:
                one["count"] = ""
        return {"start": start, "title": word("site", language)}

    def _query(self, language: str) -> dict[str, Any]:
        data: dict[str, Any] = {}
        if self.bundle:
            data = shared(self.graph, language, "" if language == "en" else "../", self.live)
            data["terms"] = terms(self.graph, language)
            data["examples"] = examples(self.graph, self.questions.values(), language)
        return {"title": word("query", language), "data": data, "live": self.live, "bundle": self.bundle}

    def _about(self, language: str) -> dict[str, Any]:
        counts: dict[str, int] = {}
        for claim in self.facts.claim_of.values():
            name = word(CERTAINTY.get(claim.certainty, "stated"), language)
            counts[name] = counts.get(name, 0) + 1
        ranked = sorted(counts.items(), key=lambda pair: -pair[1])
        return {"title": word("about", language), "counts": ranked, "claims": len(self.facts.claim_of)}

    def _all(self, language: str) -> dict[str, Any]:
        kinds: dict[str, list[dict[str, Any]]] = {}
        for path, node in self.things.items():
            kind = path.split("/")[1] if path.startswith("id/") and path.count("/") > 1 else ""
            if kind and kind not in ("claim", "mapping", "selector", "passage"):
                kinds.setdefault(kind, []).append({**self._shown(node, language), "path": path})
        return {"title": word("allthings", language), "kinds": sorted(kinds.items())}

    def _search(self, language: str, given: dict[str, str]) -> dict[str, Any]:
        text = given.get("q", "").strip()[:200]
        hits = self.graph.searcher.find(text, (language, "en"), 60)
        paths = {node: path for path, node in self.things.items()}
        nodes = [NamedNode(hit.iri) for hit in hits if hit.kind != "question"]
        found = [{**self._shown(node, language), "path": paths[node], "kinds": self._kinds(node, language)}
                 for node in nodes if node in paths]  # fmt: skip
        asked = [{"path": f"q/{hit.id}", "text": hit.name} for hit in hits if hit.kind == "question"]
        return {"title": word("search", language), "text": text, "found": found, "asked": asked[:20]}
