"""Compares names that hold a number: which resolution, which convention, which conference, however it is written."""

from __future__ import annotations

import re
from functools import lru_cache

from .names import folded

ORDINALS = {
    "first": "1", "second": "2", "third": "3", "fourth": "4", "fifth": "5",
    "premier": "1", "premiere": "1", "deuxieme": "2", "troisieme": "3", "quatrieme": "4", "cinquieme": "5",
}  # fmt: skip
SAME_WORD = {"res": "resolution", "conv": "convention", "conf": "conference", "gc": "geneva convention",
             "conventions": "convention", "resolutions": "resolution", "unscr": "security council resolution",
             "unsc": "security council", "sc": "security council", "pow": "prisoner war",
             "prisoners": "prisoner"}  # fmt: skip
# what may be said or left out without naming another thing
EMPTY = frozenset(re.findall(r"\w+", "the of on to a in no nr number un united nations relative de du des la le l les"))
ROMAN = re.compile(r"(?=[ivx])(x{0,3})(ix|iv|v?i{0,3})(?:th|st|nd|rd|e)?")
ARABIC = re.compile(r"0*([0-9]+)(?:st|nd|rd|th|e|er|eme)?")
STUCK = re.compile(r"\b([A-Z]{0,3}[A-HJ-UWYZ])([IVX]+)\b")  # GCIII
VALUES = {"i": 1, "v": 5, "x": 10}


@lru_cache(maxsize=8192)
def key(text: str) -> frozenset[str]:
    """The words of a name that tell which thing of its kind it is, its number as a figure; empty without a number."""
    words: list[str] = []
    for word in folded(STUCK.sub(r"\1 \2", text)).split():
        words += SAME_WORD.get(word, word).split()
    said = [_figure(word) or word for word in words if word not in EMPTY]
    return frozenset(said) if any(word.isdigit() and len(word) < 4 for word in said) else frozenset()


@lru_cache(maxsize=8192)
def figures(text: str) -> frozenset[str]:
    """The numbers of a name, as figures."""
    named = {figure for word in folded(text).split() if (figure := _figure(word))}
    return frozenset(named | {digits.lstrip("0") for digits in re.findall(r"\d+", text)})


def _figure(word: str) -> str:
    """The figure that a word stands for; '' if it is no number."""
    if word in ORDINALS:
        return ORDINALS[word]
    if arabic := ARABIC.fullmatch(word):
        return arabic[1]
    if ROMAN.fullmatch(word) and (numeral := re.sub("(?:th|st|nd|rd|e)$", "", word)):
        values = [VALUES[letter] for letter in numeral]
        return str(sum(-one if one < after else one for one, after in zip(values, [*values[1:], 0], strict=True)))
    return ""
