"""Looks up things and claims of the built graph by term."""

from __future__ import annotations

from ..rdf.answer import html_table
from ..rdf.spaces import BASE, CATALOGUE, CLAIMS, KW, OWL, RDF, RDFS, SKOS
from ..rdf.terms import TYPE, NamedNode, plain, readable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any, Protocol

    from ..content.layout import Layout
    from ..rdf.answer import Answer
    from ..rdf.terms import Quad, Term
    from ..reasoning.proofs import Proof
    from .build import Dataset

    class Graph(Protocol):
        """A graph to look things up in and to ask: `KnowledgeGraph` is one, and what stands below it takes this."""

        layout: Layout

        @property
        def facts(self) -> Facts: ...

        def resolve(self, term: str) -> str: ...
        def run(self, name: str, **params: Any) -> Answer: ...
        def query(self, text: str) -> Answer: ...
        def ask_with(self, text: str, quads: Iterable[Quad]) -> Answer: ...

PASSAGE_NUMBER = NamedNode(KW + "passageNumber")
PREF, ALT, HIDDEN = (NamedNode(SKOS + name) for name in ("prefLabel", "altLabel", "hiddenLabel"))
LABEL, NAME_FORM, TITLE = (
    NamedNode(RDFS + "label"),
    NamedNode(KW + "nameForm"),
    NamedNode("http://purl.org/dc/terms/title"),
)
NAMES = (PREF, LABEL, ALT, HIDDEN, NAME_FORM, TITLE, PASSAGE_NUMBER)  # in the order of their say
# how claims and judgements on links name what they are about: shown as what they say, not as where a thing is named
ABOUT_CLAIMS = {NamedNode(RDF + name) for name in ("subject", "predicate", "object")}
ABOUT_CLAIMS |= {NamedNode(OWL + "annotated" + name) for name in ("Source", "Property", "Target")}


class Claim:
    """One claim as people read it: what it says, how sure it is, and the sentences that say it."""

    def __init__(self, iri: NamedNode, fields: dict[str, list[Term]], layout: Layout) -> None:
        def first(name: str) -> str:
            found = fields.get(KW + name)
            return readable(found[0], layout).rpartition(":")[2] if found else ""

        def every(name: str) -> list[str]:
            return sorted({readable(term, layout) for term in fields.get(KW + name, [])})

        self.id = layout.shrink(iri.value)
        self.subject, self.predicate, self.object = (
            fields[RDF + name][0] if fields.get(RDF + name) else None
            for name in ("subject", "predicate", "object")
        )
        self.status = first("claimStatus") or "accepted"
        self.polarity = first("polarity") or "positive"
        self.certainty = first("certainty") or "stated"
        self.sentences = every("statedIn")
        self.asserted_by, self.made_in = every("assertedBy"), every("madeIn")
        self.hedges, self.notes = every("hedge"), every("inferenceNote")
        self.conflicts = every("conflictsWith")

    @property
    def marks(self) -> list[str]:
        """What sets the claim apart from a plain statement: contested, negative, hedged …"""
        marks = [self.status] if self.status != "accepted" else []
        marks += [self.polarity] if self.polarity != "positive" else []
        return marks

    def as_dict(self, layout: Layout) -> dict[str, Any]:
        """The claim for programs."""
        triple = (self.subject, self.predicate, self.object)
        return {
            "claim": self.id,
            **{
                name: plain(term, layout)
                for name, term in zip(("subject", "predicate", "object"), triple, strict=True)
            },
            "status": self.status,
            "polarity": self.polarity,
            "certainty": self.certainty,
            "stated_in": self.sentences,
            "asserted_by": self.asserted_by,
            "made_in": self.made_in,
            "hedges": self.hedges,
            "notes": self.notes,
            "conflicts_with": self.conflicts,
        }


class Facts:
    """The whole dataset in memory, with the claim behind each statement at hand."""

    def __init__(self, built: Dataset) -> None:
        self.layout = built.layout
        self.quads = [quad for quad in built.quads() if quad.graph_name.value != CATALOGUE]
        self.asserted: set[tuple[Term, ...]] = set()
        self.out: dict[Term, dict[tuple[NamedNode, Term], None]] = {}
        self.into: dict[Term, dict[tuple[Term, NamedNode], None]] = {}
        for quad in self.quads:
            triple = (quad.subject, quad.predicate, quad.object)
            if quad.graph_name.value != BASE + "graph/inferred":
                self.asserted.add(triple)
            self.out.setdefault(quad.subject, {})[triple[1:]] = None
            self.into.setdefault(quad.object, {})[triple[:2]] = None
        self.claims: dict[tuple[Term | None, ...], list[Claim]] = {}
        self.claim_of: dict[str, Claim] = {}
        for node in self._subjects(TYPE, NamedNode(KW + "Claim")):
            claim = Claim(node, self.fields(node), self.layout)
            self.claims.setdefault((claim.subject, claim.predicate, claim.object), []).append(claim)
            self.claim_of[claim.id] = claim

    def _subjects(self, predicate: NamedNode, value: Term) -> list[Any]:
        return [subject for subject, name in self.into.get(value, {}) if name == predicate]

    def fields(self, node: Term) -> dict[str, list[Term]]:
        """All values of a thing by property."""
        found: dict[str, list[Term]] = {}
        for predicate, value in self.out.get(node, {}):
            found.setdefault(predicate.value, []).append(value)
        return found

    def label(self, node: Term, language: str = "en") -> str:
        """The thing's own name in a language, else in any; '' for literals and the unnamed."""
        fields = self.fields(node)
        for name in NAMES:
            labels = fields.get(name.value, [])
            fitting = [label for label in labels if getattr(label, "language", None) == language] or labels
            if fitting:
                return str(fitting[0].value)
        return ""

    def sentences(self, triple: tuple[Any, ...]) -> list[str]:
        """The sentences that a statement rests on."""
        return sorted({name for claim in self.claims.get(triple, []) for name in claim.sentences})

    def link(self, sentence: str) -> str:
        """The address of a sentence on the guide's page."""
        iri = self.layout.expand(sentence)
        links = self.fields(NamedNode(iri)).get(KW + "deepLink", []) if iri else []
        return str(links[0].value) if links else ""


class Thing(dict):  # type: ignore[type-arg]
    """All there is on one thing, as `KnowledgeGraph.show` gives it; a table in a notebook."""

    def _repr_html_(self) -> str:
        """Its names and statements; no text can be taken for markup."""
        from html import escape

        names = ", ".join(f"{name['text']} ({name['language'] or '-'})" for name in self["names"])
        rows = [
            [
                statement["predicate"] if statement["direction"] == "out" else f"is {statement['predicate']} of",
                statement["object" if statement["direction"] == "out" else "subject"],
                statement["label"],
                " ".join(statement["sentences"]),
                " ".join([*statement["marks"], statement["certainty"]]).strip(),
            ]
            for statement in self["statements"]
        ]
        head = f"<h4>{escape(self['id'])}</h4><p>{escape(names)}</p><p>{escape(self['definition'])}</p>"
        return head + html_table(("statement", "value", "label", "sentence", "certainty"), rows)


class Why:
    """What a statement rests on."""

    def __init__(
        self,
        terms: tuple[Any, ...],
        claims: list[Claim],
        proof: Proof | None,
        described: bool,
        nearby: list[dict[str, Any]],
        absences: list[dict[str, Any]],
        facts: Facts,
    ) -> None:
        self.layout, self.sentences = facts.layout, facts.sentences
        self.terms, self.claims, self.proof, self.described = terms, claims, proof, described
        # what the guide does say close by, where it is silent on the statement itself
        self.nearby, self.absences = nearby, absences

    def __bool__(self) -> bool:
        return bool(self.claims or self.proof or self.described)

    def _repr_html_(self) -> str:
        """The statement, its claims with their sentences, and its proof as a list, for a notebook; all escaped."""
        from html import escape

        def shown(terms: Iterable[Term | None]) -> str:
            return " ".join(readable(term, self.layout) for term in terms)

        def steps(proof: Proof) -> str:
            ground = f"<li>{escape(shown(proof.triple))}"
            if not proof.rule:
                return f"{ground} [{escape(', '.join(self.sentences(proof.triple)) or 'entity description')}]</li>"
            inside = "".join(map(steps, proof.premises))
            return f"{ground}, because {escape(proof.rule.name)}:<ul>{inside}</ul></li>"

        text = f"<p>{escape(shown(self.terms))}</p>"
        if self.claims:
            rows = [[one.id, ", ".join([*one.marks, one.certainty]), " ".join(one.sentences)] for one in self.claims]
            text += html_table(("claim", "certainty", "sentence"), rows)
        if self.proof:
            text += f"<ul>{steps(self.proof)}</ul>"
        elif not self:
            text += "<p>nothing in the graph says so</p>"
        return text

    def __repr__(self) -> str:
        found = [f"{len(self.claims)} claims"] if self.claims else []
        found += ["a proof"] if self.proof else []
        return f"<Why: {', '.join(found) or ('stated' if self.described else 'nothing')}>"


def tally(names: Iterable[str]) -> dict[str, int]:
    """How often each name comes, the most frequent first."""
    counts: dict[str, int] = {}
    for name in names:
        counts[name] = counts.get(name, 0) + 1
    return dict(sorted(counts.items(), key=lambda pair: (-pair[1], pair[0])))


def is_claim(term: Any) -> bool:
    """Whether a term is the name of a claim."""
    return isinstance(term, NamedNode) and term.value.startswith(CLAIMS)


def english_first(label: Any) -> tuple[bool, str, str]:
    """A key that sorts labels: English, then by language and text."""
    return (label.language != "en", label.language or "", label.value)


def folded(text: str) -> str:
    """A name as it is compared: NFC, no case, single spaces, straight quotes."""
    from unicodedata import normalize

    return " ".join(normalize("NFC", text).replace("’", "'").casefold().split())
