"""Cites a thing or a statement: what it says, the sentence that says so, the release with its digest."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass

from ..errors import UnknownTerm
from ..rdf.spaces import KW, THINGS
from ..rdf.terms import NamedNode

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from typing import Any

    from .facts import Claim, Facts

TITLE = "ICRC in the Korean War: a knowledge graph"
EDITORS = "The icrc-korea contributors"
GUIDE = NamedNode(THINGS + "guide/icrc-korean-war")


@dataclass(frozen=True)
class Sentence:
    """A sentence of the guide that says something: its name, its address, its words where a reader has the text."""

    name: str
    link: str
    words: str = ""


@dataclass(frozen=True)
class Citation:
    """What is cited, with all that a footnote needs; nothing in it is made up: what is not known is left out."""

    key: str
    about: str  # the statement or the thing, in words
    address: str
    certainty: str
    sentences: tuple[Sentence, ...]
    others: tuple[str, ...]  # addresses of other sources that say so
    version: str
    digest: str
    guide: str  # the title of the guide

    def text(self) -> str:
        """A footnote."""
        certainty = f" [{self.certainty}]" if self.certainty else ""
        lines = [f"“{self.about}”{certainty}, in: {EDITORS}, {TITLE}, version {self.version} "
                 f"{self._hash('(SHA-256 {})', ' ')}<{self.address}>."]  # fmt: skip
        for sentence in self.sentences:
            said = f": “{sentence.words}”" if sentence.words else ""
            lines.append(f"Stated in: {self.guide}, {sentence.name}, <{sentence.link}>{said}")
        lines += [f"Stated in: <{other}>" for other in self.others]
        return "\n".join(lines) + "\n"

    def bibtex(self) -> str:
        """An entry for BibTeX."""
        fields = {
            "title": f"{{{_tex(self.about)}}}", "author": "{" + EDITORS + "}", "booktitle": TITLE,
            "version": self.version, "url": self.address, "note": _tex(self._note()),
        }  # fmt: skip
        inside = ",\n".join(f"  {name} = {{{value}}}" for name, value in fields.items())
        return f"@misc{{{self.key},\n{inside}\n}}\n"

    def csl(self) -> str:
        """An item of CSL-JSON, in a list as programs read it."""
        item = {
            "id": self.key, "type": "entry", "title": self.about, "container-title": TITLE,
            "author": [{"literal": EDITORS}], "version": self.version, "URL": self.address, "note": self._note(),
        }  # fmt: skip
        return json.dumps([item], ensure_ascii=False, indent=1) + "\n"

    def _hash(self, form: str, after: str) -> str:
        return form.format(self.digest) + after if self.digest else ""

    def _note(self) -> str:
        said = [f"{one.name} <{one.link}>" for one in self.sentences] + [f"<{other}>" for other in self.others]
        parts = [self.certainty, "stated in: " + "; ".join(said) if said else "", self._hash("SHA-256 {}", "")]
        return ". ".join(part for part in parts if part)


def cite(
    facts: Facts, terms: Iterable[Any], claims: Iterable[Claim], release: tuple[str, str], words: Mapping[str, str]
) -> Citation:
    """The citation of a statement (three terms) or a thing (one); `words` has sentences by their digest."""
    shown, held = list(terms), list(claims)
    about = " ".join(_words(facts, term) for term in shown)
    shrink = facts.layout.shrink
    if len(shown) > 1 and not held:
        raise UnknownTerm(f"nothing in the graph says: {about}", (), "`icrc-korea why` shows what it follows from")
    address = facts.layout.expand(held[0].id) if held else shown[0].value
    names = dict.fromkeys(name for claim in held for name in claim.sentences)
    if not held:
        attested = facts.fields(shown[0]).get(KW + "attestedIn", [])
        names = dict.fromkeys(sorted(shrink(str(one.value)) for one in attested))
    sentences = tuple(Sentence(name, facts.link(name), words.get(_digest(facts, name), "")) for name in names)
    fields = [facts.fields(NamedNode(facts.layout.expand(claim.id) or "")) for claim in held]
    others = [str(value.value) for one in fields for value in one.get(KW + "sourceReference", [])]
    certainty = ", ".join(dict.fromkeys(part for claim in held for part in [*claim.marks, claim.certainty]))
    key = re.sub(r"[^A-Za-z0-9]+", "-", held[0].id if held else shrink(shown[0].value)).strip("-")
    return Citation(key, about, address or "", certainty, sentences, tuple(dict.fromkeys(others)), *release,
                    facts.label(GUIDE))  # fmt: skip


def _words(facts: Facts, term: Any) -> str:
    return facts.label(term) if isinstance(term, NamedNode) and facts.label(term) else str(term.value)


def _digest(facts: Facts, sentence: str) -> str:
    iri = facts.layout.expand(sentence)
    digests = facts.fields(NamedNode(iri)).get(KW + "textDigest", []) if iri else []
    return str(digests[0].value) if digests else ""


def words_of(facts: Facts, sentence: str, words: Mapping[str, str]) -> str:
    """The words of a sentence where the reader has the text; '' where not."""
    return words.get(_digest(facts, sentence), "")


def _tex(text: str) -> str:
    return re.sub(r"([&%$#_{}])", r"\\\1", text)
