"""Writes the graph as JSON-LD with its context."""

from __future__ import annotations

import json
from collections import defaultdict
from itertools import groupby
from operator import attrgetter

from ..errors import UsageError
from ..rdf.lines import outside_graphs, quads_in
from ..rdf.reading import parse, read_text
from ..rdf.sorting import in_order
from ..rdf.spaces import KW, OWL, RDF, RDFS, XSD
from ..rdf.terms import TYPE, BlankNode, NamedNode, Triple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from typing import Any

    from ..content.layout import Layout

NO_TRIPLES = ("JSON-LD has no triples in triples", "use --format turtle, trig, nquads or ntriples")


def context(layout: Layout) -> dict[str, Any]:
    """The JSON-LD context: the shared prefixes, and the ontology's terms by their short names."""
    core = layout.root / "ontology" / "core.ttl"
    kinds: dict[str, set[str]] = defaultdict(set)
    ranges: dict[str, str] = {}
    for quad in parse(read_text(core, "ontology/core.ttl"), "ontology/core.ttl", "", layout.prefixes):
        if quad.predicate == TYPE and isinstance(quad.object, NamedNode) and isinstance(quad.subject, NamedNode):
            kinds[quad.subject.value].add(quad.object.value)
        elif quad.predicate.value == RDFS + "range" and isinstance(quad.object, NamedNode):
            ranges[quad.subject.value] = quad.object.value
    terms: dict[str, Any] = {"id": "@id", "type": "@type"}
    for name, space in sorted(layout.prefixes.items()):  # one that ends in a letter or a hyphen says that it is one
        terms[name] = space if space[-1:] in ":/?#[]@" else {"@id": space, "@prefix": True}
    for iri in sorted(kinds):
        name = iri.removeprefix(KW)
        if not iri.startswith(KW) or name in terms:
            continue
        if OWL + "ObjectProperty" in kinds[iri]:
            terms[name] = {"@id": iri, "@type": "@id"}
        elif OWL + "DatatypeProperty" in kinds[iri] and ranges.get(iri, RDFS + "Literal") not in (
            RDFS + "Literal", XSD + "string", RDF + "langString",
        ):  # fmt: skip
            terms[name] = {"@id": iri, "@type": ranges[iri]}
        elif kinds[iri] & {OWL + "DatatypeProperty", OWL + "AnnotationProperty", OWL + "Class"}:
            terms[name] = iri
    return {"@context": terms}


def context_file(layout: Layout) -> bytes:
    """docs/context.jsonld as it should be."""
    return (json.dumps(context(layout), ensure_ascii=False, indent=1) + "\n").encode()


def json_ld(lines: Iterable[list[bytes]], layout: Layout) -> Iterator[bytes]:
    """The triples of the lines as JSON-LD with the published context inside, so that the file stands alone."""
    words = context(layout)
    terms = words["@context"]
    short = {spec["@id"]: name for name, spec in terms.items() if isinstance(spec, dict) and "@type" in spec}
    plain = {name: spec for name, spec in terms.items() if isinstance(spec, str)}
    short |= {spec: name for name, spec in plain.items() if spec.startswith(KW) and spec != KW}

    def curie(iri: str) -> str:
        name = layout.shrink(iri)
        return iri if name.startswith("<") else name

    def value_of(term: Any, spec: Any) -> Any:
        wanted = spec.get("@type") if isinstance(spec, dict) else None
        if isinstance(term, BlankNode):
            return str(term) if wanted == "@id" else {"id": str(term)}
        if isinstance(term, NamedNode):
            return curie(term.value) if wanted == "@id" else {"id": curie(term.value)}
        if isinstance(term, Triple):
            raise UsageError(*NO_TRIPLES)
        if term.language:
            direction = getattr(term, "direction", None)
            turned = {"@direction": str(direction)} if direction else {}
            return {"@value": term.value, "@language": term.language, **turned}
        if wanted and term.datatype.value == wanted:
            return term.value
        if term.datatype.value == XSD + "string":
            return {"@value": term.value} if wanted else term.value
        return {"@value": term.value, "@type": term.datatype.value}

    head, _, tail = json.dumps({**words, "@graph": []}, ensure_ascii=False, indent=1).rpartition("]")
    yield head.encode()
    begin = ""
    for subject, quads in groupby(quads_in(in_order(outside_graphs(lines))), attrgetter("subject")):
        node: dict[str, Any] = {
            "id": str(subject) if isinstance(subject, BlankNode) else curie(subject.value)
        }
        for quad in quads:
            if quad.predicate == TYPE and isinstance(quad.object, NamedNode):
                node.setdefault("type", []).append(short.get(quad.object.value) or curie(quad.object.value))
                continue
            key = short.get(quad.predicate.value) or curie(quad.predicate.value)
            node.setdefault(key, []).append(value_of(quad.object, terms.get(key)))
        text = json.dumps(node, ensure_ascii=False, indent=1).replace("\n", "\n  ")
        yield f"{begin}\n  {text}".encode()
        begin = ","
    yield (("\n ]" if begin else "]") + f"{tail}\n").encode()
