"""Shortens IRIs to prefixed names, and expands them."""

from __future__ import annotations

import re
from functools import cache, cached_property
from pathlib import Path

from ..errors import LayoutError, ParseError, UnknownTerm, nearest

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

PREFIX_LINE = re.compile(r"^\s*(?:@prefix|PREFIX)\s+([\w.-]*):\s*<([^>]*)>", re.M | re.I)
SPACE = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:[^\s<>\"{}|\\^`\x00-\x20]*")  # an IRI with its scheme
MOST_NEAR = 10_000  # folders of IRIs that are remembered
# what Turtle and SPARQL take after a prefix: fewer letters than \w has, such as no superscripts
LETTERS = (
    "A-Z_a-z\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u02ff\u0370-\u037d\u037f-\u1fff\u200c\u200d\u2070-\u218f\u2c00-\u2fef"
    "\u3001-\ud7ff\uf900-\ufdcf\ufdf0-\ufffd\U00010000-\U000effff0-9"
)
MARKS = "\u00b7\u0300-\u036f\u203f\u2040-"
TERM = re.compile(r"<?([A-Za-z][A-Za-z0-9+.-]*://[^\s<>]+)>?")
PLAIN_NAME = re.compile(r"[A-Za-z0-9_](?:[A-Za-z0-9_.-]*[A-Za-z0-9_-])?")  # of ASCII letters, as nearly all names are


@cache
def _any_name() -> re.Pattern[str]:
    return re.compile(f"[{LETTERS}](?:[{LETTERS}.{MARKS}]*[{LETTERS}{MARKS}])?")


def is_local_name(text: str, start: int = 0) -> bool:
    """Whether a text, from a place on, can stand after a prefix as it is."""
    return bool(PLAIN_NAME.fullmatch(text, start) or (not text.isascii() and _any_name().fullmatch(text, start)))


class Prefixes:
    """The prefix list in a file: IRIs shortened to prefixed names, and back."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._near: dict[str, list[tuple[str, str]]] = {}

    @cached_property
    def prefixes(self) -> dict[str, str]:
        """The one prefix list, read from ontology/prefixes.ttl."""
        try:
            text = self.path.read_text(encoding="utf-8-sig")
        except (OSError, UnicodeDecodeError) as error:
            raise LayoutError(f"{self.path} cannot be read: {error}", "restore the prefix list") from None
        for match in PREFIX_LINE.finditer(text):
            if not SPACE.fullmatch(match[2]):
                line = text.count("\n", 0, match.start(2)) + 1
                raise ParseError("ontology/prefixes.ttl", line, match.start(2) - text.rfind("\n", 0, match.start(2)),
                                 f"{match[1]}: does not stand for an IRI", match[0],
                                 "write an IRI with its scheme, such as <https://example.org/terms#>")  # fmt: skip
        return dict(PREFIX_LINE.findall(text))

    def prefix_faults(self) -> Iterator[tuple[str, int, str, str, str]]:
        """What is wrong in the one prefix list: file, line, prefix, what was found, what to write."""
        name = "ontology/prefixes.ttl"
        names: dict[str, int] = {}
        spaces: dict[str, str] = {}
        for line, text in enumerate(self.path.read_text(encoding="utf-8-sig").splitlines(), 1):
            match = PREFIX_LINE.match(text)
            if not match:
                if text.strip() and not text.lstrip().startswith("#"):
                    yield name, line, "", f"{text.strip()[:40]!r} is no prefix", "write @prefix name: <https://…> ."
                continue
            prefix, space = match.groups()
            if prefix in names:
                yield name, line, prefix, f"stands already in line {names[prefix]}", "keep one of the two"
            elif space in spaces:
                yield name, line, prefix, f"stands for what {spaces[space]}: stands for", "keep one of the two"
            names.setdefault(prefix, line)
            spaces.setdefault(space, prefix)

    @cached_property
    def _by_length(self) -> list[tuple[str, str]]:
        return sorted(
            ((space, name) for name, space in self.prefixes.items()), key=lambda pair: -len(pair[0])
        )

    def _fitting(self, iri: str) -> list[tuple[str, str]]:
        """The name spaces that an IRI may be in: few, for a local name has no slash."""
        folder = iri[: max(iri.rfind("/"), iri.rfind("#")) + 1]
        known = self._near.get(folder)
        if known is None:
            if len(self._near) >= MOST_NEAR:
                self._near.clear()
            known = [pair for pair in self._by_length if pair[0].startswith(folder)]
            self._near[folder] = known
        return known

    def shrink(self, iri: str) -> str:
        """The IRI as a CURIE by the longest fitting name space, else in angle brackets."""
        for space, name in self._fitting(iri):
            if iri.startswith(space) and is_local_name(iri, len(space)):
                return f"{name}:{iri[len(space) :]}"
        return f"<{iri}>"

    def expand(self, term: str) -> str | None:
        """The IRI that a CURIE or IRI stands for; None if the text is neither (it may be a label)."""
        match = TERM.fullmatch(term)
        if match:
            return match.group(1)
        prefix, colon, local = term.partition(":")
        if not colon or not local or local != local.strip() or " " in prefix:
            return None
        if prefix in self.prefixes:
            return self.prefixes[prefix] + local
        if is_local_name(local) and is_local_name(prefix):
            raise UnknownTerm(
                f"the prefix {prefix}: of {term} is not in ontology/prefixes.ttl",
                [name + ":" for name in nearest(prefix, self.prefixes)],
            )
        return None
