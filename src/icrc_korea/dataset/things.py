"""Gives all there is on one thing, or behind one statement."""

from __future__ import annotations

from ..rdf.spaces import CLAIMS, RDFS, SKOS, THINGS
from ..rdf.terms import TYPE, NamedNode, readable
from .facts import ABOUT_CLAIMS, NAMES, Thing, Why, english_first, is_claim

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any

    from ..reasoning.proofs import Proof
    from .facts import Claim, Facts


def show(facts: Facts, node: NamedNode) -> Thing:
    """One thing: its names, type and definition, then every statement with its sentences."""
    shrink = facts.layout.shrink
    fields = facts.fields(node)
    definitions = [
        value
        for name in (SKOS + "definition", RDFS + "comment", SKOS + "scopeNote")
        for value in fields.get(name, [])
    ]
    english = [text.value for text in definitions if getattr(text, "language", "en") in ("en", None)]
    return Thing({
        "id": shrink(node.value),
        "iri": node.value,
        "types": sorted(
            shrink(t.value) for t in fields.get(TYPE.value, []) if (node, TYPE, t) in facts.asserted
        ),
        "names": [
            {
                "kind": shrink(name.value),
                "text": label.value,
                "language": getattr(label, "language", None) or "",
            }
            for name in NAMES
            for label in sorted(fields.get(name.value, []), key=english_first)
        ],
        "definition": english[0] if english else "",
        "statements": list(statements(facts, node)),
        "absences": about(facts, node, THINGS + "absence/"),
        "discrepancies": about(facts, node, THINGS + "discrepancy/"),
    })


def statements(facts: Facts, node: NamedNode) -> Iterator[dict[str, Any]]:
    """Statements of and about a thing, plain ones and claims that have no plain statement."""
    hidden = {*(name.value for name in NAMES), SKOS + "definition", RDFS + "comment"}
    plain_ones: list[tuple[Any, Any, Any]] = [
        (node, p, o) for p, o in facts.out.get(node, {}) if p.value not in hidden
    ]
    plain_ones += [
        (s, p, node) for s, p in facts.into.get(node, {}) if s != node and p not in ABOUT_CLAIMS
    ]
    if not node.value.startswith(CLAIMS):  # claims are shown as what they claim, not as things
        plain_ones = [
            triple for triple in plain_ones if not (is_claim(triple[0]) or is_claim(triple[2]))
        ]
    held = set(plain_ones)
    claimed = [
        triple for triple in facts.claims if node in triple and triple not in held and triple[1] != node
    ]
    for subject, predicate, value in [*plain_ones, *claimed]:
        claims: list[Claim | None] = [*facts.claims.get((subject, predicate, value), [])]
        for claim in claims or [None]:
            marks = list(claim.marks) if claim else []
            if not claim and (subject, predicate, value) not in facts.asserted:
                marks.append("inferred")
            yield {
                "direction": "out" if subject == node else "in",
                "subject": readable(subject, facts.layout),
                "predicate": readable(predicate, facts.layout),
                "object": readable(value, facts.layout),
                "label": facts.label(value if subject == node else subject),
                "certainty": claim.certainty if claim else "",
                "sentences": claim.sentences if claim else [],
                "marks": marks,
            }


def about(facts: Facts, node: NamedNode, space: str) -> list[dict[str, Any]]:
    """Nodes of a kind (absences, discrepancies) that have this thing as a value."""
    found: dict[NamedNode, list[str]] = {}
    for subject, predicate in facts.into.get(node, {}):
        if isinstance(subject, NamedNode) and subject.value.startswith(space):
            found.setdefault(subject, []).append(facts.layout.shrink(predicate.value))
    return [
        {
            "id": facts.layout.shrink(subject.value),
            "label": facts.label(subject),
            "as": sorted(names),
            "sentences": _sentences(facts, subject),
        }
        for subject, names in sorted(found.items(), key=lambda pair: pair[0].value)
    ]


def _sentences(facts: Facts, node: NamedNode) -> list[str]:
    """The sentences behind any statement of a thing."""
    claims = [c for p, o in facts.out.get(node, {}) for c in facts.claims.get((node, p, o), [])]
    return sorted({sentence for claim in claims for sentence in claim.sentences})


def why(facts: Facts, terms: tuple[Any, ...], prove: Callable[[tuple[Any, ...]], Proof | None]) -> Why:
    """What a statement rests on; `prove` gives the proof of one that was inferred."""
    claims = facts.claims.get(terms, [])
    proof = None
    holds = terms[2] in {o for p, o in facts.out.get(terms[0], {}) if p == terms[1]}
    if holds and terms not in facts.asserted:
        proof = prove(terms)
    near = (
        []
        if claims or holds
        else [row for row in statements(facts, terms[0]) if row["direction"] == "out"]
    )
    near = [row for row in near if row["predicate"] == facts.layout.shrink(terms[1].value)] or [
        row for row in near if row["object"] == readable(terms[2], facts.layout)
    ]
    absences = [] if claims or holds else about(facts, terms[0], THINGS + "absence/")
    return Why(terms, claims, proof, terms in facts.asserted, near, absences, facts)
