"""Tells what is wrong with a literal: hidden characters, its language, the form of its datatype."""

from __future__ import annotations

import re
import unicodedata

from ..rdf.spaces import RDF, RDFS, SKOS, XSD
from ..rdf.terms import LABELS
from .datatypes import FORMS, is_value

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..rdf.terms import Literal, NamedNode

# zh is written in simplified characters, zh-hant in traditional ones
LANGUAGES = ("en", "fr", "ko", "zh", "zh-hant", "ru", "de")
NOTES = {SKOS + name for name in ("scopeNote", "note", "definition", "example")} | {RDFS + "label"}
SCRIPTS = {"ko": "Hangul", "zh": "Chinese", "ru": "Cyrillic"}  # of the languages that are not written in Latin
LETTERS = {
    "Hangul": re.compile("[\u1100-\u11ff\u3130-\u318f\uac00-\ud7a3]"),
    "Chinese": re.compile("[\u3400-\u9fff]"),
    "Cyrillic": re.compile("[\u0400-\u04ff]"),
    "Latin": re.compile("[A-Za-z\u00c0-\u024f]"),
}
WORD = re.compile("[^\\W\\d_]+")
DATATYPES = {*FORMS, XSD + "string", XSD + "anyURI"}


def fault(predicate: NamedNode, literal: Literal) -> tuple[str, str] | None:
    """What is wrong with the value of a property, and what to write; None if nothing is."""
    text, language = literal.value, literal.language
    if not language and literal.datatype.value in FORMS:
        if not is_value(text, literal.datatype.value):
            kind = literal.datatype.value.removeprefix(XSD)
            return f"{text!r} is no xsd:{kind}", f"write a value that an xsd:{kind} can have, or correct its datatype"
        return None
    if not language and text[-1:] in ("\n", "\r"):  # which engines of SHACL let by before the $ of a sh:pattern
        return f"{text[:40]!r} ends with a line break", "take the line break out"
    if not language and predicate.value in NOTES:
        return f"{text[:40]!r} has no language", 'write the language of the text: "…"@en'
    if not text.strip():
        return "is an empty text", "write the text, or leave the statement out"
    if text != text.strip() and predicate in LABELS:
        return f"{text[:40]!r} begins or ends with a blank", "take the blank out"
    if not text.isascii() or not text.isprintable():
        told = _hidden(text, predicate in LABELS)
        if told:
            return told
    return _tongue(predicate, text, language) if language else None


def _hidden(text: str, a_name: bool) -> tuple[str, str] | None:
    for character in "" if text.isprintable() else dict.fromkeys(text):
        kind = unicodedata.category(character)
        if kind in ("Cc", "Cf", "Co", "Cn", "Zl", "Zp") and (a_name or character not in "\n\t"):
            remedy = "save the file with line ends of one character (LF)" if character == "\r" else "take it out"
            return f"{text[:40]!r} has the hidden character U+{ord(character):04X}", remedy
    if not unicodedata.is_normalized("NFC", text):
        return f"{text[:40]!r} writes accents apart from their letters", "write it in the Unicode form NFC"
    for word in WORD.findall(text) if LETTERS["Cyrillic"].search(text) else ():
        if LETTERS["Latin"].search(word) and LETTERS["Cyrillic"].search(word):
            return f"{word!r} mixes Latin and Cyrillic letters that look alike", "write the word in one script"
    return None


def _tongue(predicate: NamedNode, text: str, language: str) -> tuple[str, str] | None:
    main = language.partition("-")[0]
    if predicate.value == RDF + "object" and language not in LANGUAGES:
        return None  # what others say stays as they say it, such as a name of Wikidata for many languages
    # a name in a language that is not used here breaks shape:Named-languages
    if language not in LANGUAGES and not (predicate in LABELS and main not in LANGUAGES):
        wanted = f'write "…"@{main}' if main in LANGUAGES else "use one of " + ", ".join(LANGUAGES)
        return f"{text[:40]!r} has the language {language!r}", f"languages stand without a region: {wanted}"
    own = SCRIPTS.get(main, "Latin")
    if main in LANGUAGES and not LETTERS[own].search(text):
        # an abbreviation such as EDTF is the same in every language
        others = [name for name, letters in LETTERS.items() if name != own and letters.search(text)]
        abbreviation = others == ["Latin"] and text == text.upper()
        if others and not abbreviation and not (own == "Hangul" and "Chinese" in others):
            return (
                f"{text[:40]!r} is marked as {language!r} and has no {own} letter",
                "correct the language, or write the text in it",
            )
    return None
