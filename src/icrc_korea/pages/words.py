"""Gives the words of the interface in English, French and Korean."""

from __future__ import annotations

import csv
from functools import cache
from importlib import resources

LANGUAGES = {"en": "English", "fr": "Français", "ko": "한국어"}  # each named in itself
NO_BREAK = {" :": "\u00a0:", " ;": "\u202f;", " ?": "\u202f?", " !": "\u202f!", "« ": "«\u00a0", " »": "\u00a0»"}


@cache
def table() -> dict[str, dict[str, str]]:
    """Every word by its key, then by language."""
    text = resources.files(__package__).joinpath("words.tsv").read_text(encoding="utf-8")
    rows = csv.DictReader(text.splitlines(), delimiter="\t", quoting=csv.QUOTE_NONE)
    return {row["key"]: {name: row[name] for name in LANGUAGES} for row in rows}


@cache
def groups() -> dict[str, tuple[str, int]]:
    """The group of statements that a property belongs to on a page, with its place there."""
    text = resources.files(__package__).joinpath("groups.tsv").read_text(encoding="utf-8")
    found = {}
    for row in csv.DictReader(text.splitlines(), delimiter="\t"):
        for place, name in enumerate(row["properties"].split()):
            found[name] = (row["group"], place)
    return found


def spaced(text: str, language: str) -> str:
    """A text as it is set in a language: French has spaces that no line breaks at.

    >>> spaced("Pourquoi ?", "fr") == "Pourquoi\\u202f?"
    True
    """
    if language == "fr":
        for plain, set_so in NO_BREAK.items():
            text = text.replace(plain, set_so)
    return text


def word(key: str, language: str, **given: object) -> str:
    """A word of the interface; `given` fills its places.

    >>> word("nresults", "en", n=3)
    '3 results'
    """
    text = table()[key][language]
    if key in ("nresults", "rows") and given.get("n") in (0, 1):
        text = {"en": text.replace("results", "result" if given["n"] == 1 else "results").replace(
            "rows", "row" if given["n"] == 1 else "rows"), "fr": text.replace("résultats", "résultat").replace(
            "lignes", "ligne")}.get(language, text)  # fmt: skip
    return spaced(text.format(**given) if given else text, language)
