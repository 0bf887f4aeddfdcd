"""Gives the Query page what it needs besides its script: words, prefixes, terms to complete, questions as examples."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..rdf.spaces import BASE, CATALOGUE, PASSAGES, RDF, RDFS, SKOS
from ..rdf.terms import Literal, NamedNode
from .bundle import bundled
from .words import spaced, table, word

if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

    from ..asking.questions import Question
    from ..graph import KnowledgeGraph

CLASSES = {RDFS + "Class", "http://www.w3.org/2002/07/owl#Class"}
PROPERTIES = {RDF + "Property", *("http://www.w3.org/2002/07/owl#" + name for name in (
    "ObjectProperty", "DatatypeProperty", "AnnotationProperty"))}  # fmt: skip
WORDS = (
    "answer", "close", "download", "error", "filter", "loading", "noresults", "noresults.hint", "openpage", "permalink",
    "query", "rows", "showmore",
)  # fmt: skip


def shared(graph: KnowledgeGraph, language: str, up: str, live: dict[str, Any] | None) -> dict[str, Any]:
    """What every script is given; `up` leads from the page to the folder of the site."""
    files = bundled().get("files", {})
    engine = live and {
        "engine": f"{up}static/{files['engine.js']}", "wasm": f"{up}static/{files['oxigraph.wasm.gz']}",
        "graph": f"{up}{live['graph']}", "bytes": live["bytes"], "catalogue": CATALOGUE,
    }  # fmt: skip
    keys = [*WORDS, *(key for key in table() if key.startswith(("query.", "explore.")))]
    return {
        "up": up, "base": BASE, "passages": PASSAGES, "language": language, "prefixes": graph.layout.prefixes,
        "words": {key: word(key, language) for key in keys}, "live": engine,
    }  # fmt: skip


def terms(graph: KnowledgeGraph, language: str) -> list[dict[str, str]]:
    """The classes and properties of the graph that have a short name, each with a label: what can be completed."""
    found = []
    for node, pairs in graph.facts.out.items():
        if not isinstance(node, NamedNode):
            continue
        types = {value.value for predicate, value in pairs if predicate.value == RDF + "type"
                 and isinstance(value, NamedNode)}  # fmt: skip
        kind = "class" if types & CLASSES else "property" if types & PROPERTIES else ""
        name = graph.layout.shrink(node.value)
        if kind and name != node.value:
            found.append({"name": name, "kind": kind, "label": _label(graph, node, language)})
    return sorted(found, key=lambda one: (not one["name"].startswith("kw:"), one["name"]))


def _label(graph: KnowledgeGraph, node: NamedNode, language: str) -> str:
    fields = graph.facts.fields(node)
    labels = [one for kind in (RDFS + "label", SKOS + "prefLabel") for one in fields.get(kind, ())
              if isinstance(one, Literal)]  # fmt: skip
    for wanted in (language, "en", None):
        for label in labels:
            if wanted is None or label.language == wanted:
                return label.value
    return ""


def examples(graph: KnowledgeGraph, questions: Iterable[Question], language: str) -> list[dict[str, str]]:
    """The questions as texts that any endpoint takes, with the values they have unless others are given."""
    found = []
    for question in questions:
        title = spaced(question.summary.get(language) or question.summary["en"], language)
        found.append({"name": question.id, "title": title, "query": graph.explain(question)})
    return found
