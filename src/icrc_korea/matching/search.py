"""Searches all there is by a word in any script: names, identifiers, definitions, questions."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from functools import cached_property

from ..dataset.facts import NAMES
from ..rdf.spaces import CLAIMS, RDFS, SKOS, THINGS
from ..rdf.terms import TYPE, Literal, NamedNode
from .matcher import FORM_OF_STATE, Wanted
from .names import HAN, HANGUL, folded, script
from .numbered import SAME_WORD

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from typing import Any

    from ..asking.questions import Question
    from .matcher import Matcher

LONGEST = 200  # characters that are looked for
# how well something is found, best first, in words
SAME, ALIKE, BEGINS, WORD, INSIDE, DEFINED = (100, 90, 80, 70, 50, 30)
REASONS = {BEGINS: "a name begins so", WORD: "a word of a name begins so", INSIDE: "all these words are in its names",
           DEFINED: "its description says so"}  # fmt: skip
PARTS_OF_SOURCES = ("mapping/", "selector/", "term/")  # what stands for a link or a span of text is no answer
SAID = (SKOS + "definition", SKOS + "scopeNote", RDFS + "comment")


@dataclass(frozen=True)
class Found:
    """A thing, a term of the vocabulary or a question that a search found, with the reason in words."""

    id: str
    iri: str
    kind: str  # its class, or `question`
    name: str
    language: str
    description: str
    score: int
    why: str

    def as_dict(self) -> dict[str, Any]:
        """It, for programs."""
        return dict(vars(self))


@dataclass(frozen=True)
class _Entry:
    """What is searched of one thing: folded names, and the words of its definitions."""

    node: NamedNode
    names: tuple[str, ...]
    words: frozenset[str]
    said: str


class Search:
    """Searches one graph; reads every name once."""

    def __init__(self, matcher: Matcher, questions: Iterable[Question]) -> None:
        """The matcher knows the ways to write a name; the questions are those of the catalogue."""
        self.matcher, self.facts, self.layout = matcher, matcher.facts, matcher.layout
        self.questions = list(questions)

    def find(
        self, text: str, languages: Sequence[str] = ("en",), limit: int = 20, *, names_only: bool = False
    ) -> list[Found]:
        """What the text may mean, best first: things and terms, then questions; by names only on wish."""
        text = text.strip()[:LONGEST]
        if not folded(text):
            return []
        scores: dict[str, tuple[int, str]] = {}
        size: dict[str, int] = {}
        matches = self.matcher.find(Wanted((text,), limit=limit))
        for match in matches:
            best = SAME if match.score >= 98 else ALIKE if match.score > 60 else WORD - 1
            best = BEGINS + 1 if "only one word of it" in match.why else best
            scores[match.thing.iri] = (best, match.why)
        for entry in self._entries:
            degree = self._degree(entry, text, names_only)
            size[entry.node.value] = min((len(name) for name in entry.names if _key(text) in name), default=LONGEST)
            if degree > scores.get(entry.node.value, (0, ""))[0]:
                scores[entry.node.value] = (degree, REASONS.get(degree, "the same name"))
        rank = {match.thing.iri: place for place, match in enumerate(matches)}
        order = sorted(scores, key=lambda iri: (-scores[iri][0], rank.get(iri, limit), size.get(iri, LONGEST), iri))
        found = [self._found(NamedNode(iri), languages, *scores[iri]) for iri in order[:limit]]
        return found if names_only else found + list(self._asked(text, languages))[: max(0, limit - len(found))]

    def meant(self, text: str) -> tuple[str, list[str]]:
        """The one thing that a text is a way to name ('' if it may be none or several), with the names of what is near.

        One thing is meant where the matcher is sure, or where the text is a whole word of the name of one person only.
        """
        matches = self.matcher.find(Wanted((text,), limit=50)) if folded(text) else []
        if matches and matches[0].sure:
            return matches[0].thing.iri, []
        by_name = [match for match in matches if "only one word of it" in match.why and "only the" not in match.why]
        if len(by_name) == 1 and by_name[0] is matches[0]:
            return by_name[0].thing.iri, []
        language = {HANGUL: "ko", HAN: "zh"}.get(script(text), "en")
        near = [match.thing.iri for match in matches]
        if not FORM_OF_STATE.search(text):  # the name of one state is part of the name of another
            near += [one.iri for one in self.find(text, limit=5) if one.score >= INSIDE and one.iri.startswith(THINGS)]
        names = (self.label(NamedNode(iri), (language,))[0] for iri in near)
        return "", list(dict.fromkeys(name for name in names if name))[:3]

    @cached_property
    def _entries(self) -> list[_Entry]:
        found = []
        for node in self.facts.out:
            if not isinstance(node, NamedNode) or node.value.startswith(CLAIMS):
                continue
            shrunk = self.layout.shrink(node.value)
            if shrunk.startswith("<") or node.value.removeprefix(THINGS).startswith(PARTS_OF_SOURCES):
                continue
            fields = self.facts.fields(node)
            texts = [
                value.value for name in NAMES for value in fields.get(name.value, ()) if isinstance(value, Literal)
            ]
            known = self.matcher.things.get(node.value)
            texts += [name.text for name in known.names] + list(known.identifiers) if known else []
            if not texts:
                continue
            names = tuple(dict.fromkeys(map(_key, [*texts, shrunk])))
            said = " ".join(value.value for name in SAID for value in fields.get(name, ()))
            words = frozenset(word for name in names for word in name.split())
            found.append(_Entry(node, names, words, _key(said)))
        return found

    def _degree(self, entry: _Entry, text: str, names_only: bool) -> int:
        """How well a thing fits; 0 if it does not."""
        wanted = _key(text)
        if wanted in entry.names:
            return SAME
        long = len(wanted) > 1 or script(wanted) not in ("Latn", "")
        if long and any(name.startswith(wanted) for name in entry.names):
            return BEGINS
        if long and any(f" {wanted}" in name or (script(wanted) != "Latn" and wanted in name) for name in entry.names):
            return WORD
        words = [part for word in wanted.split() for part in SAME_WORD.get(word, word).split()]
        if not long or names_only:
            return 0
        if len(words) > 1 and all(any(held.startswith(word) for held in entry.words) for word in words):
            return INSIDE
        return DEFINED if all(f" {word}" in f" {entry.said}" for word in words) else 0

    def _asked(self, text: str, languages: Sequence[str]) -> Iterator[Found]:
        """The questions whose wording in any language, name or tags hold the words."""
        words = _key(text).split()
        for question in self.questions:
            held = " " + _key(" ".join([question.id.replace("/", " "), *question.summary.values(), *question.tags]))
            if all(f" {word}" in held or (script(word) != "Latn" and word in held) for word in words):
                language = next((one for one in languages if one in question.summary), "en")
                yield Found(question.id, "", "question", question.asks(language), language, "", 20, "it asks of that")

    def _found(self, node: NamedNode, languages: Sequence[str], score: int, why: str) -> Found:
        name, language = self.label(node, languages)
        known = self.matcher.things.get(node.value)
        description = self.matcher.description(known) if known else ""
        kinds = sorted(self.layout.shrink(kind.value) for kind in self.facts.fields(node).get(TYPE.value, ())
                       if (node, TYPE, kind) in self.facts.asserted)  # fmt: skip
        shrunk = self.layout.shrink(node.value)
        return Found(shrunk, node.value, f"kw:{known.kind}" if known else (kinds or [""])[0], name or shrunk, language,
                     description, score, why)  # fmt: skip

    def label(self, node: NamedNode, languages: Sequence[str]) -> tuple[str, str]:
        """A thing's own name in the first of the languages that it has one in, with that language."""
        by_language: dict[str, str] = {}
        first: dict[str, list[Literal]] = defaultdict(list)
        fields = self.facts.fields(node)
        for kind in NAMES:
            first[kind.value] = [value for value in fields.get(kind.value, ()) if isinstance(value, Literal)]
            for value in first[kind.value]:
                by_language.setdefault((value.language or "").partition("-")[0], value.value)
            if by_language:
                break
        for wanted in (*languages, "en", "", *by_language):
            if wanted in by_language:
                return by_language[wanted], wanted
        return "", ""


def _key(text: str) -> str:
    """A text as it is compared; Hangul without blanks."""
    key = folded(text)
    return key.replace(" ", "") if script(text) == HANGUL else key
