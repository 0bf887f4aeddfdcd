"""Finds the thing that a name in a table stands for, with a score put in words."""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass, field
from functools import cached_property

from ..content import links
from ..errors import UnknownTerm, UsageError, nearest, text_of
from ..rdf.spaces import KW, LINKS, OWL, RDFS, SKOS, THINGS
from ..rdf.terms import TYPE, Literal, NamedNode
from .classes import KINDS
from .names import HAN, HANGUL, LATIN, Likeness, compare, folded, read_in_korean, romanised, script
from .numbered import figures, key

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from typing import Any

    from ..dataset.facts import Graph


LONGEST_NAME = 200  # no name of ours comes near it
LEAST = 30  # who scores less is not shown
SAME = 0.98  # from this likeness on two names are one name
RULES = 0.95  # from this likeness on one name is the other, written in another script by the rules
RIVAL = 0.9  # another thing whose name is as like as this makes a name ambiguous
TITLE = "http://purl.org/dc/terms/title"
# How much each kind of name says, and what it is called
OWN = {
    SKOS + "prefLabel": (1.0, "its name"),
    SKOS + "hiddenLabel": (0.99, "a known misprint of it"),
    KW + "abbreviation": (1.0, "its abbreviation"),
    SKOS + "altLabel": (1.0, "its other name"),
    KW + "nameForm": (1.0, "its printed form"),
    TITLE: (1.0, "its title"),
}
LINKED = {"skos:exactMatch": 0.95, "skos:closeMatch": 0.9, "skos:broadMatch": 0.8, "skos:narrowMatch": 0.8}
ELSEWHERE = 0.95  # a name that only another source has for the thing
# What people put in their tables; claims, passages, time spans, rights … are ours alone.
KINDS_OF_THINGS = ("Agent", "Place", "Event", "Source", "LegalInstrument", "Provision", "Resolution")
NOT_MEANT = ("GuideSection", "UnansweredCommunication")
# Words that say what something is, not which: a name that has no others means something only in its context.
GENERIC = frozenset(
    """
    the a of and international national committee committees league society societies convention conventions conference
    commission command government governments president minister ministers external foreign affairs army armed forces
    troops delegates officials archives library report reports article general secretary
    comité ligue société sociétés conférence gouvernement président ministre
    """.split()  # noqa: SIM905 - a text reads better
)
ARTICLE = re.compile(r"(?:the|le|la|les)\s+|l['’]", re.I)
BRACKETS = re.compile(r"\s*[(（][^()（）]*[)）]\s*$")
# What kind of place a name is of, where the rest of the name may stand alone.
PLACE_WORD = re.compile(
    r"^(?:île|ile|isle|island|ville|city) (?:of |de |d['’])|[\s-](?:do|si|island|city|town)$"
    r"|(?<=[가-힣]{2})[도시]$|(?<=[一-龥]{2})[岛島市]$",
    re.I,
)
# What stands before a name, not in it
ADDRESS = re.compile(
    r"(?:mr|mrs|ms|m|dr|prof|herr|frau|monsieur|madame|president|président|minister|ministre)\.?\s+", re.I
)
NUMBERS = re.compile(r"\d+")
# A name that says what kind of state it is of is no name of its land, or of another state
FORM_OF_STATE = re.compile(r"republic|république|union|공화국|민국|共和国|民国", re.I)


@dataclass(frozen=True)
class Name:
    """One name under which a thing can be found."""

    text: str
    language: str
    kind: str  # what sort of name it is, in words
    weight: float
    own: bool  # whether the graph itself calls it so
    exact: bool = True  # whether it is the name of the very thing: own, or of what it is linked to exactly


@dataclass(frozen=True)
class Known:
    """A thing that can be found, with its names and classes."""

    iri: str
    id: str
    kind: str  # its own class
    kinds: frozenset[str]  # with those above it
    names: tuple[Name, ...]
    identifiers: Mapping[str, bool] = field(default_factory=dict)  # elsewhere; whether it is the very thing
    namesakes: Mapping[str, str] = field(default_factory=dict)  # folded name: who else is called so


@dataclass(frozen=True)
class Condition:
    """What else is known of the thing that is looked for: values of a property."""

    prop: str
    values: tuple[Any, ...]
    required: bool = False
    quantifier: str = "any"


@dataclass(frozen=True)
class Wanted:
    """What is looked for."""

    names: tuple[str, ...] = ()
    ids: tuple[str, ...] = ()
    kinds: tuple[frozenset[str], ...] = ()  # each a class that was asked for, as the classes of ours it stands for
    strict: str = "any"  # any or all of those classes must fit, or none need (should)
    conditions: tuple[Condition, ...] = ()
    limit: int = 10


@dataclass(frozen=True)
class Feature:
    """One part of a score: a number, or whether something holds, and what it means in words."""

    id: str
    value: float | bool
    why: str


@dataclass(frozen=True)
class Match:
    """A thing that may be meant; `sure` if it can be taken without a look."""

    thing: Known
    score: int
    sure: bool
    features: tuple[Feature, ...]

    @property
    def why(self) -> str:
        """What speaks for and against it, in words."""
        return "; ".join(feature.why for feature in self.features)


@dataclass(frozen=True)
class _Hit:
    """A name looked for and a name held that are alike; `same` if they are one name."""

    name: Name
    degree: float
    doubt: str  # why the two may be names of different things; '' if they are one name
    why: str


class Matcher:
    """Finds the things of one graph by their names."""

    def __init__(self, graph: Graph) -> None:
        self.graph, self.facts, self.layout = graph, graph.facts, graph.layout

    # --- what there is ---

    @cached_property
    def things(self) -> dict[str, Known]:
        """All things that can be found, by IRI."""
        judged = self._links()
        found = {}
        for node in self.facts.out:
            if not isinstance(node, NamedNode) or not node.value.startswith(THINGS):
                continue
            kinds = self._kinds(node)
            if not any(kind in kinds for kind in KINDS_OF_THINGS) or any(kind in kinds for kind in NOT_MEANT[:1]):
                continue
            known = self._known(node, kinds, judged.get(node.value, []))
            if known.names:
                found[node.value] = known
        return dict(sorted(found.items()))

    def _kinds(self, node: NamedNode) -> list[str]:
        """The classes of a thing, its own first."""
        found = [
            value for predicate, value in self.facts.out[node]
            if predicate == TYPE and isinstance(value, NamedNode) and value.value.startswith(KW)
        ]  # fmt: skip
        found.sort(key=lambda kind: ((node, TYPE, kind) not in self.facts.asserted, kind.value))
        return [kind.value.removeprefix(KW) for kind in found]

    def _known(self, node: NamedNode, kinds: list[str], judged: list[tuple[links.Judgement, str]]) -> Known:
        fields = self.facts.fields(node)
        names = {
            (value.value, value.language or ""): Name(value.value, value.language or "", kind, weight, own=True)
            for predicate, (weight, kind) in reversed(OWN.items())
            for value in fields.get(predicate, [])
            if isinstance(value, Literal)
        }
        for claims in self._claimed.get(node, []):
            for predicate, value in claims:
                kind = f"{OWN[predicate][1]} in another source"
                other = Name(value.value, value.language or "", kind, ELSEWHERE, own=False)
                names.setdefault((other.text, other.language), other)
        identifiers: dict[str, bool] = {}
        namesakes: dict[str, str] = {}
        for judgement, iri in judged:
            number = judgement.object.partition(":")[2]
            if judgement.negated:
                namesakes[folded(judgement.object_label)] = judgement.object
            elif judgement.holds and judgement.predicate in LINKED:
                exact = judgement.predicate == "skos:exactMatch"
                identifiers |= dict.fromkeys((judgement.object, number, iri), exact)
                match = judgement.predicate.removeprefix("skos:")
                kind = f"the name of {judgement.object}, to which it is linked ({match})"
                name = Name(judgement.object_label, "", kind, LINKED[judgement.predicate], own=False, exact=exact)
                if name.text and name.text != number:
                    names.setdefault((name.text, ""), name)
        order = {name: place for place, (_, name) in enumerate(OWN.values())}
        listed = sorted(names.values(), key=lambda name: (order.get(name.kind, 9), name.language != "en", name.text))
        shrunk = self.layout.shrink(node.value)
        return Known(node.value, shrunk, kinds[0], frozenset(kinds), tuple(listed), identifiers, namesakes)

    @cached_property
    def _claimed(self) -> dict[Any, list[list[tuple[str, Literal]]]]:
        """Names that other sources have for a thing: claims without a statement of ours."""
        found: dict[Any, list[list[tuple[str, Literal]]]] = defaultdict(list)
        for (subject, predicate, value), claims in self.facts.claims.items():
            if predicate is None or predicate.value not in OWN or not isinstance(value, Literal):
                continue
            if any(claim.status != "rejected" and claim.polarity == "positive" for claim in claims):
                found[subject].append([(predicate.value, value)])
        return found

    def _links(self) -> dict[str, list[tuple[links.Judgement, str]]]:
        """The judgements on each thing, from every link set, with the IRI of what they judge."""
        found: dict[str, list[tuple[links.Judgement, str]]] = defaultdict(list)
        for source in self.layout.files():
            if source.graph == LINKS:
                held = links.load(source.path, source.name)
                for judgement in held.judgements:
                    if judgement.object != links.NO_TERM:
                        subject = held.expand(judgement.subject)
                        found[subject].append((judgement, held.expand(judgement.object)))
        return found

    def thing(self, text: str) -> Known | None:
        """The thing of that CURIE or IRI."""
        try:
            return self.things.get(self.layout.expand(text.strip()) or "")
        except UnknownTerm:
            return None

    @cached_property
    def classes(self) -> dict[str, list[str]]:
        """The classes that things have, most things first, each with those right above it."""
        count: dict[str, int] = defaultdict(int)
        for known in self.things.values():
            for kind in known.kinds:
                count[kind] += 1
        over = {
            kind: sorted(
                value.value.removeprefix(KW)
                for predicate, value in self.facts.out.get(NamedNode(KW + kind), {})
                if predicate.value == RDFS + "subClassOf" and value.value.removeprefix(KW) in count
                and value.value.removeprefix(KW) != kind
                and (NamedNode(KW + kind), predicate, value) in self.facts.asserted
            )
            for kind in count
            if kind not in NOT_MEANT
        }  # fmt: skip
        return dict(sorted(over.items(), key=lambda pair: (-count[pair[0]], pair[0])))

    def classes_of(self, text: str) -> frozenset[str]:
        """The classes that a type stands for: one of ours, or what Wikidata calls them."""
        name = text.strip().removeprefix(KW).removeprefix("kw:")
        exact = {kind.casefold(): kind for kind in self.classes}.get(name.casefold())
        if exact:
            return frozenset([exact])
        number = name.rpartition("/")[2].rpartition(":")[2]
        wikidata = frozenset(kind for kind, numbers in KINDS.items() if number in numbers)
        if wikidata:
            return wikidata
        close = nearest(name, self.classes)
        raise UsageError(
            f"there is no thing of the class {text!r}",
            f"did you mean {', '.join(close)}?" if close else "classes: " + ", ".join(self.classes),
        )

    @cached_property
    def properties(self) -> dict[str, int]:
        """The properties that say something of these things, by IRI, with how often."""
        count: dict[str, int] = defaultdict(int)
        for iri in self.things:
            for predicate, _ in self.facts.out[NamedNode(iri)]:
                count[predicate.value] += 1
        hidden = {TYPE.value, OWL + "sameAs", KW + "isSubjectOf"}
        return {
            iri: number
            for iri, number in sorted(count.items(), key=lambda pair: (-pair[1], pair[0]))
            if iri not in hidden and not self.layout.shrink(iri).startswith("<")
        }

    def property_named(self, text: str) -> str:
        """The IRI of a property given as CURIE, IRI or bare name; '' if nothing here has it."""
        try:
            iri = self.layout.expand(text.strip()) or KW + text.strip()
        except UnknownTerm:
            return ""
        return iri if iri in self.properties else ""

    # --- finding ---

    def search(self, text: str, kind: str = "", limit: int = 10) -> list[Match]:
        """The things that one name may stand for, best first; of one class, if one is given."""
        text = text_of(text, "name", "give a text")
        kinds = (self.classes_of(kind),) if kind else ()
        return self.find(Wanted((text.strip(),), kinds=kinds, limit=limit)) if text.strip() else []

    def find(self, wanted: Wanted) -> list[Match]:
        """The things that may be meant, best first; at most one of them is sure."""
        found: list[tuple[Known, int, bool, list[Feature], float]] = []
        for known in self.things.values():
            if not self._fits(known, wanted):
                continue
            weighed = self._weigh(known, wanted)
            if weighed:
                found.append((known, *weighed))
        found.sort(key=lambda one: (-one[1], not one[2], self._beyond(one[0], wanted), one[0].id))
        sure = [one for one in found if one[2]]
        rivals = [one for one in found if one[4] >= RIVAL]
        alone = len(sure) == 1 and all(one is sure[0] for one in rivals)
        matches = []
        for known, score, safe, features, degree in found[: wanted.limit]:
            if degree >= RIVAL and not alone and len(rivals) > 1:
                others = ", ".join(other.id for other, *_ in rivals if other is not known)
                features = [*features, Feature("ambiguous", True, f"{others} may be meant as well")]
            matches.append(Match(known, score, safe and alone, tuple(features)))
        return matches

    def _beyond(self, known: Known, wanted: Wanted) -> tuple[bool, int]:
        """What a thing is called beyond the name looked for: of two that are as like, the shorter goes first."""
        label = self.label(known)[0]
        return (folded(wanted.names[0]) not in folded(label), len(label)) if wanted.names else (False, 0)

    def _fits(self, known: Known, wanted: Wanted) -> bool:
        if wanted.kinds and wanted.strict != "should":
            asked = [bool(kinds & known.kinds) for kinds in wanted.kinds]
            if not (all(asked) if wanted.strict == "all" else any(asked)):
                return False
        return True

    def _weigh(self, known: Known, wanted: Wanted) -> tuple[int, bool, list[Feature], float] | None:
        features: list[Feature] = []
        degree, safe = 0.0, False
        if wanted.ids:
            exact = self._identified(known, wanted.ids)
            if exact is None:
                return None
            degree, safe = (1.0 if exact else 0.8), exact
            features.append(Feature("identifier", degree * 100, f"{wanted.ids[0]} is {known.id}"))
        if wanted.names:
            hits = [self._hit(known, name, wanted) for name in wanted.names]
            hit = max(hits, key=lambda one: (one.degree, not one.doubt))
            if not hit.degree and not wanted.ids:
                return None
            safe = (safe or not wanted.ids) and not hit.doubt
            degree = min(degree, hit.degree) if wanted.ids else hit.degree
            features.append(Feature("name", round(hit.degree * 100), hit.why or "no name in common"))
            if hit.doubt:
                features.append(Feature("doubt", True, hit.doubt))
            other = known.namesakes.get(folded(wanted.names[0]))
            if other and "Person" in known.kinds:
                safe = False
                features.append(Feature("namesake", True, f"somebody else of that name, {other}, is known"))
        if wanted.kinds:
            inside = any(kinds & known.kinds for kinds in wanted.kinds)
            safe = safe and inside
            features.append(Feature("type", inside, f"it is {'' if inside else 'not '}of the class asked for"))
        share, told = self._conditions(known, wanted.conditions)
        if share is None:
            return None
        features += told
        against = any(feature.value is False for feature in told)
        if told:
            degree = 0.7 * degree + 0.3 * share if wanted.names or wanted.ids else 0.6 * share
        elif not wanted.names and not wanted.ids:
            return None
        if not against and any(feature.id == "namesake" for feature in features) and told and not hit.doubt:
            safe = True
        score = round(100 * degree)
        if score < LEAST:
            return None
        return score, safe and not against and bool(wanted.names or wanted.ids), features, degree

    def _identified(self, known: Known, ids: Sequence[str]) -> bool | None:
        """Whether one of the ids is the thing's own, or of what it is linked to exactly; None if none is its."""
        best: bool | None = None
        for text in ids:
            if (ours := self.thing(text)) is not None:
                best = True if ours is known else best
            else:
                number = text.strip().removesuffix("/")
                if number in known.identifiers:
                    best = bool(best) or known.identifiers[number]
        return best

    # --- names ---

    def _hit(self, known: Known, query: str, wanted: Wanted) -> _Hit:
        """The best likeness of a name with one of the thing's."""
        exact = self._identified(known, [query])
        if exact is not None:
            doubt = "" if exact else "it is linked to that, but not as the very same"
            return _Hit(known.names[0], 1.0 if exact else 0.8, doubt, f"{query.strip()} identifies {known.id}")
        best = _Hit(known.names[0], 0.0, "", "")
        if len(query) > LONGEST_NAME:
            return best
        for asked, weight, turned in _asked(query, known):
            for name, held, worth, left_out in self._held[known.iri]:
                most = weight * worth * name.weight
                if most < best.degree or (most == best.degree and not best.doubt):
                    continue
                alike = _alike(asked, held)
                if alike is None or most * alike.degree < best.degree or (left_out == INITIALS and alike.degree < 1):
                    continue
                if "romanise" in alike.how and not self._is_korean(known):
                    alike = Likeness(0.5, "spelt alike")
                    if most * alike.degree <= best.degree:
                        continue
                doubt = self._doubt(asked, name, alike, known) or self._land_or_state(name, known, wanted)
                if turned.endswith("!"):
                    doubt = doubt or "only part of the name is the same"
                if left_out and not (left_out == BRACKETED and wanted.kinds):
                    doubt = doubt or "only part of the name is the same"
                said = (f"“{query.strip()}” and “{name.text}”, {name.kind}: {alike.how}", turned.strip("!"), left_out)
                if most * alike.degree > best.degree or (best.doubt and not doubt):
                    best = _Hit(name, most * alike.degree, doubt, ", ".join(part for part in said if part))
        return self._both_ways(known, query, best)

    def _is_korean(self, known: Known) -> bool:
        """Whether a Latin name of the thing is a way to write its name in Hangul."""
        own = [name.text for name in known.names if name.own]
        return any(script(one) == HANGUL and script(other) == LATIN and romanised(BRACKETS.sub("", one), other)
                   for one in own for other in own)  # fmt: skip

    @cached_property
    def _lands(self) -> frozenset[str]:
        """The names that lands of states have, without what stands in brackets."""
        return frozenset(
            folded(BRACKETS.sub("", name.text)) for known in self.things.values() if "Place" in known.kinds
            for name in known.names
        )  # fmt: skip

    def _land_or_state(self, name: Name, known: Known, wanted: Wanted) -> str:
        """Why the short name of a state is not sure: it is that of its land, and may be another state's of its day."""
        if "State" not in known.kinds or wanted.kinds or FORM_OF_STATE.search(name.text):
            return ""
        if sum(char.isupper() for char in name.text) > 1 and " " not in name.text:
            return ""  # an abbreviation
        short = any(folded(own.text) in self._lands for own in known.names
                    if own.kind == OWN[SKOS + "prefLabel"][1] and not FORM_OF_STATE.search(own.text))  # fmt: skip
        return "so the land is called too, and another state may have been" if short else ""

    @cached_property
    def _held(self) -> dict[str, list[tuple[Name, str, float, str]]]:
        """What each thing's names may be cut down to."""
        return {
            iri: [(name, *cut) for name in known.names for cut in _cut(name, known)]
            for iri, known in self.things.items()
        }

    def _doubt(self, asked: str, name: Name, alike: Likeness, known: Known) -> str:
        """Why two names that are alike may be names of different things; '' if nobody need look."""
        if not name.exact:
            return "that is the name of something near to it"
        if not name.own and "Person" in known.kinds:
            return "the graph itself does not say that this person is called so"
        short, written = folded(name.text).replace(" ", ""), script(name.text)
        if alike.degree < SAME:
            # a name written in the other script by the rules: long enough, and of no person, for those share names
            scripts = {script(asked), written}
            rules = alike.degree >= RULES and HANGUL in scripts and scripts & {LATIN, HAN}
            syllables = sum("가" <= char <= "힣" for char in asked + name.text)
            if not rules:
                return "the names are alike, not the same"
            if "Person" in known.kinds or syllables < 3 or (HAN not in scripts and len(_letters(asked)) < 7):
                return "many names are written or read so"
        elif (
            written == LATIN
            and alike.degree < 1
            and len(short) < 6
            and any(len(word) > 1 for word in folded(asked).split())
        ):
            return "a short name, spaced otherwise"  # U N is UN, un c is not UNC
        if (
            written == HAN
            and alike.degree < 1
            and len(short) < 3
            and not any(
                other.own and script(other.text) == HANGUL and read_in_korean(folded(other.text), folded(asked))
                for other in known.names
            )
        ):
            return "so short a name may be another where its characters are written so"  # 朝鮮 is not always 朝鲜
        first = next((own.text for own in known.names if own.language == "en"), "")
        if NUMBERS.search(first) and not NUMBERS.search(name.text):
            return "the number is left out that tells it from others of its kind"  # the Geneva Conventions of 1949
        capitals = sum(char.isupper() for char in name.text)
        if written == LATIN and len(short) <= 6 and capitals > 1 and " " not in name.text:
            return "" if sum(char.isupper() for char in asked) > 1 else "abbreviations are written in capitals"
        words = {word for word in folded(name.text).split() if not word.isdigit()}
        return "such a name needs its context" if written == LATIN and words <= GENERIC else ""

    def _both_ways(self, known: Known, query: str, best: _Hit) -> _Hit:
        """Rhee Syngman: the words of one name in another order, and a way to write the Korean name."""
        if best.doubt and best.name.own and "another order" in best.why and "Person" in known.kinds:
            for name in known.names:
                if name.own and script(name.text) == HANGUL:
                    alike = compare(name.text, query)
                    if alike and "family name last" not in alike.how:
                        return _Hit(best.name, SAME, "", f"{best.why}; {alike.how}")
        return best

    # --- what else is known ---

    def _conditions(self, known: Known, conditions: Iterable[Condition]) -> tuple[float | None, list[Feature]]:
        """What share of the conditions holds, with a feature for each that can be told; None if a needed one fails."""
        told: list[Feature] = []
        for place, condition in enumerate(conditions):
            holds = self._holds(known, condition)
            if condition.required and not holds:
                return None, []
            if holds is not None:
                iri = self.property_named(condition.prop)
                shown = ", ".join(str(_shown(value)) for value in condition.values)
                words = f"{self.layout.shrink(iri)} {'fits' if holds else 'does not fit'}: {shown}"
                told.append(Feature(f"property_{place + 1}_{self.layout.shrink(iri)}", holds, words))
        return (sum(bool(feature.value) for feature in told) / len(told) if told else 0.0), told

    def _holds(self, known: Known, condition: Condition) -> bool | None:
        """Whether the thing has these values; None if the graph says nothing of it."""
        iri = self.property_named(condition.prop)
        held = [value for predicate, value in self.facts.out[NamedNode(known.iri)] if predicate.value == iri]
        if not held or not condition.values:
            return None
        fits = [any(self._is(value, term) for term in held) for value in condition.values]
        return {"all": all(fits), "none": not any(fits)}.get(condition.quantifier, any(fits))

    def _is(self, value: Any, term: Any) -> bool:
        """Whether a value in a table is a term of the graph: by its id, or by a name."""
        text = value.get("id", "") if isinstance(value, dict) else _text(value)
        if isinstance(term, Literal):
            return folded(text) == folded(term.value)
        known = self.things.get(term.value)
        if known is not None:
            if self._identified(known, [text]):
                return True
            texts = [text] if not isinstance(value, dict) else []
            return any((alike := compare(one, name.text)) is not None and alike.degree >= RIVAL
                       for one in texts for name in known.names)  # fmt: skip
        labels = [str(label.value) for label in self.facts.fields(term).get(SKOS + "prefLabel", [])]
        return text in (term.value, self.layout.shrink(term.value)) or folded(text) in map(folded, labels)

    # --- describing ---

    def label(self, known: Known, languages: Sequence[str] = ("en",)) -> tuple[str, str]:
        """The thing's own name in the first of these languages that it has one in, and which that is."""
        own = [name for name in known.names if name.kind == OWN[SKOS + "prefLabel"][1]] or list(known.names)
        for language in languages:
            for name in own:
                if name.language.partition("-")[0] == language.partition("-")[0]:
                    return name.text, name.language
        return own[0].text, own[0].language

    def definition(self, known: Known) -> str:
        """What the graph's editors say that it is."""
        fields = self.facts.fields(NamedNode(known.iri))
        texts = [value for name in ("definition", "scopeNote") for value in fields.get(SKOS + name, [])]
        english = [value for value in texts if getattr(value, "language", "") in ("en", None)]
        return str(english[0].value) if english else ""

    def description(self, known: Known) -> str:
        """A line that tells it from others: its class, then what it is, or its other names."""
        kind = self.facts.label(NamedNode(KW + known.kind)) or known.kind
        more = self.definition(known)
        if not more:
            label = self.label(known)[0]
            others = dict.fromkeys(name.text for name in known.names if name.own and name.text != label)
            more = ", ".join(list(others)[:4])
        return f"{kind}: {more}" if more else kind


BRACKETED = "without what stands in brackets"
INITIALS = "by its initials"


def _asked(query: str, known: Known) -> Iterator[tuple[str, float, str]]:
    """The name that is looked for, and how else it may be meant; after a ! what is doubtful about it."""
    text = query.strip()
    yield text, 1.0, ""
    if ARTICLE.match(text):
        yield ARTICLE.sub("", text, count=1), 0.99, "without its article"
    if (bare := BRACKETS.sub("", text)) not in (text, ""):
        yield bare, 0.8, f"{BRACKETED}!"
    if "Person" in known.kinds:
        yield from _person(text)
    if text.count(",") == 1:
        first, second = (part.strip() for part in text.split(","))
        if "Person" in known.kinds and first and second:
            yield f"{second} {first}", 0.99, "family name first"
        elif "Place" in known.kinds and first:
            yield first, 0.8, "without what stands after the comma!"
    if "Place" in known.kinds and (bare := PLACE_WORD.sub("", text)) not in (text, ""):
        yield bare, 0.75, "without the word for its kind of place!"


def _person(text: str) -> Iterator[tuple[str, float, str]]:
    """What may be the name of a person in a longer text, all of it doubtful."""
    words = text.split()
    if ADDRESS.match(text):
        yield ADDRESS.sub("", text, count=1), 0.95, "without what stands before the name!"
    elif len(words) == 2 and script(text) == LATIN:
        yield words[0].strip(",") if words[0].endswith(",") else words[1], 0.5, "only the family name!"
    elif len(words) > 1 and script(text) != LATIN:
        yield from ((word, 0.6, "only one word of it!") for word in words if len(word) > 2)


def _cut(name: Name, known: Known) -> Iterator[tuple[str, float, str]]:
    """The name of a thing, and what it may be cut down to."""
    yield name.text, 1.0, ""
    if (bare := BRACKETS.sub("", name.text)) != name.text:
        yield bare, 0.85, BRACKETED
    if "Place" in known.kinds and (bare := PLACE_WORD.sub("", name.text)) not in (name.text, ""):
        yield bare, 0.75, "without the word for its kind of place"
    if "Source" in known.kinds and len(parts := name.text.split(": ")) == 2:
        yield parts[1], 0.85, "what stands after the colon"
    if "Source" in known.kinds and len(parts := name.text.split(". ", 1)) == 2:
        yield parts[0], 0.85, "without its subtitle"
    words = name.text.split()
    if script(name.text) != LATIN or not name.own or len(words) < 2:
        return
    if "Person" in known.kinds:
        yield f"{words[0][0]} {words[-1]}", 0.65, "the given name by its initial"
        for word in dict.fromkeys((words[0], words[-1])):
            if len(word) > 2:
                yield word, 0.5, "only one word of it"
    elif any(len(word) > 1 and word.isupper() for word in words):  # UN Secretary-General is not US
        return
    elif len(initials := "".join(word[0] for word in words if word[0].isupper())) > 1 and "Event" not in known.kinds:
        yield initials, 0.7, INITIALS


def _alike(asked: str, held: str) -> Likeness | None:
    """How two names are alike; not at all if they have different numbers."""
    alike = compare(asked, held)
    if alike is not None and alike.degree >= SAME:
        return alike
    if key(asked) and key(asked) == key(held):
        return Likeness(SAME, "the same name and number, written otherwise")
    if alike is None:
        return None
    if figures(asked) != figures(held):
        return None if "all words" not in alike.how or (figures(asked) and figures(held)) else Likeness(0.5, alike.how)
    if "all words" in alike.how and FORM_OF_STATE.search(asked) and FORM_OF_STATE.search(held):
        return None  # the name of one state less a word, or with one more, is that of another
    if "all words" in alike.how:  # the more of them, the better
        count = sorted((len(folded(asked).split()), len(folded(held).split())))
        return Likeness(alike.degree * (0.7 + 0.3 * count[0] / count[1]), alike.how)
    return alike


def _letters(text: str) -> str:
    return folded(text).replace(" ", "")


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _shown(value: Any) -> Any:
    return value.get("name") or value.get("id") if isinstance(value, dict) else value
