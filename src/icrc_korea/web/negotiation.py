"""Chooses what to send by what a client accepts."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

MOST = 100  # parts of a header that are looked at
REMEMBERED = 500  # headers: browsers and libraries send few different ones
QUALITY = re.compile(r"\s*q\s*=\s*(\d?(?:\.\d{0,6})?)\s*", re.I)
LANGUAGES = ("en", "fr", "ko")


@lru_cache(REMEMBERED)
def ranges(header: str) -> tuple[tuple[str, float], ...]:
    """The parts of an Accept header with their quality; what is not one is left out."""
    found = []
    for part in header.split(",")[:MOST]:
        name, *rest = part.split(";")
        name = name.strip().lower()
        if not name:
            continue
        quality = 1.0
        for parameter in rest:
            match = QUALITY.fullmatch(parameter)
            if match:
                quality = min(1.0, float(match[1] or 0)) if match[1] != "." else 0.0
        found.append((name, quality))
    return tuple(found)


def chosen(header: str, offers: Mapping[str, Sequence[str]]) -> str:
    """The offer (a name and its media types) that is accepted best, the first of equals; '' for none."""
    accepted = ranges(header)
    if not accepted:
        return next(iter(offers))
    best, found = 0.0, ""
    for name, types in offers.items():
        quality = max(_quality(media_type, accepted) for media_type in types)
        if quality > best:
            best, found = quality, name
    return found


def _quality(media_type: str, accepted: Sequence[tuple[str, float]]) -> float:
    """What the most exact range says of a media type."""
    most, found = -1, 0.0
    group = media_type.partition("/")[0] + "/*"
    for name, quality in accepted:
        exact = 2 if name == media_type else 1 if name == group else 0 if name == "*/*" else -1
        if exact > most or (exact == most and exact >= 0 and quality > found):
            most, found = exact, quality
    return found


def wants_page(header: str) -> bool:
    """Whether a browser asks: it names HTML, and likes nothing that we have as data better."""
    accepted = ranges(header)
    html = max((q for name, q in accepted if name in ("text/html", "application/xhtml+xml")), default=0.0)
    generic = ("*/*", "application/xml", "text/xml", "text/*", "application/*")
    others = (q for name, q in accepted if name not in ("text/html", "application/xhtml+xml", *generic)
              and not name.startswith("image/"))  # fmt: skip
    return html > 0 and html >= max(others, default=0.0)


def encoding(header: str) -> str:
    """br, gzip or '' for neither."""
    accepted = dict(ranges(header))
    anything = accepted.get("*", 0.0)
    br, gzip = accepted.get("br", anything), accepted.get("gzip", anything)
    if max(br, gzip) <= 0:
        return ""
    return "br" if br >= gzip else "gzip"


def language(header: str, given: str = "") -> str:
    """One of our languages: the one that is given, else the best of an Accept-Language header, else English."""
    if given in LANGUAGES:
        return given
    for name, quality in sorted(ranges(header), key=lambda pair: -pair[1]):
        if quality > 0 and name.partition("-")[0] in LANGUAGES:
            return name.partition("-")[0]
    return "en"
