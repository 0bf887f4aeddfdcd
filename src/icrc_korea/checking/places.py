"""Finds the line of a file in which a statement is written."""

from __future__ import annotations

import re
from collections import defaultdict
from functools import lru_cache

from ..rdf.prefixes import PREFIX_LINE
from ..rdf.spaces import SKOS
from ..rdf.terms import TYPE, Literal, NamedNode

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from ..content.layout import Layout
    from ..rdf.terms import Term

# where a block may begin: at the beginning of a line, in a graph's bracket, after a full stop
FIRST_WORD = re.compile(
    r"(?:^[ \t]*(?:GRAPH[ \t]+)?|\{[ \t]*|[ \t]\.[ \t]+)"
    r"(<[^>\s]*>|(?:[\w.-]*:[^\s;,.{}()\[\]]*(?:\.[^\s;,.{}()\[\]]+)*))",
    re.M | re.I,
)
BASE_LINE = re.compile(r"^\s*(?:@base|BASE)\s+<([^>]*)>", re.M | re.I)
CURIE_MAP_LINE = re.compile(r"^#\s+([\w.-]+):\s+[\"']?(https?://[^\s\"']+)", re.M)  # in the header of a table of links
TOKEN = re.compile(
    r"""\#[^\n]*|\s+
    |(?P<string>\"{3}(?:[^"\\]++|\\.|"(?!""))*+\"{3}|'{3}(?:[^'\\]++|\\.|'(?!''))*+'{3}
        |"(?:[^"\\\n]++|\\.)*+"|'(?:[^'\\\n]++|\\.)*+')
    |(?P<suffix>@[A-Za-z]+(?:-\w+)*|\^\^(?:<[^>]*>|[\w.-]*:[\w.-]*))
    |(?P<term><[^<>\s]*>|[\w-]*(?:\.[\w-]+)*:[^\s;,.{}()\[\]"'<>]*(?:\.[^\s;,.{}()\[\]"'<>]+)*)
    |(?P<word>[A-Za-z]\w*|[+-]?[\d.]*\d(?:[eE][+-]?\d+)?)
    |(?P<mark>[][;,.{}()])|.""",
    re.X | re.S,
)
NAME = re.compile(r"#[^\n]*|<[^<>\s]*>|[\w-]*(?:\.[\w-]+)*:[^\s;,.{}()\[\]\"'<>]*(?:\.[^\s;,.{}()\[\]\"'<>]+)*")
LONGEST_BLOCK = 200_000  # characters that are read of one subject's block


def _blanked(match: re.Match[str]) -> str:
    return re.sub(r"[^\r\n]", "_", match.group()) if match.lastgroup == "string" else match.group()


class Text:
    """One file's text with an index of the words that its lines begin with, made when first asked."""

    def __init__(self, text: str, prefixes: dict[str, str]) -> None:
        """`prefixes` need not be declared in it."""
        self.text = text
        # without what texts of several lines hold, which may look like anything; of the same length
        long = '"""' in text or "'''" in text
        self.bare = TOKEN.sub(_blanked, text) if long else text
        self.prefixes = {**prefixes, **dict(PREFIX_LINE.findall(self.bare))}
        self.prefixes = self.prefixes or {"skos": SKOS, **dict(CURIE_MAP_LINE.findall(text))}
        self.bases = [base[: base.rfind("/") + 1] for base in BASE_LINE.findall(self.bare)]
        self._lines: list[int] | None = None
        self._begins: dict[str, list[int]] | None = None
        self._named: dict[str, int] | None = None
        self._last: tuple[int, list[tuple[str, str, int]]] = (-1, [])

    def line(self, offset: int) -> int:
        """The line of an offset, from 1."""
        from bisect import bisect_right

        if self._lines is None:
            self._lines = [0, *(match.end() for match in re.finditer(r"\r\n?|\n", self.text))]
        return bisect_right(self._lines, offset)

    def begins(self, word: str) -> list[int]:
        """Where a line begins with this word."""
        if self._begins is None:
            self._begins = defaultdict(list)
            for match in FIRST_WORD.finditer(self.bare):
                self._begins[match.group(1)].append(match.start(1))
        return self._begins.get(word, [])

    def named(self, word: str) -> int:
        """Where this word stands first, outside comments; -1 if nowhere."""
        if self._named is None:
            self._named = {}
            for match in NAME.finditer(self.bare):
                self._named.setdefault(match.group(), match.start())
        return self._named.get(word, -1)

    def words(self, iri: str) -> list[str]:
        """How this file may write an IRI."""
        found = [f"<{iri}>", *(f"<{iri[len(base) :]}>" for base in self.bases if iri.startswith(base))]
        for name, space in self.prefixes.items():
            if iri.startswith(space):
                found.append(f"{name}:{iri[len(space) :]}")
        return found

    def block(self, offset: int) -> list[tuple[str, str, int]]:
        """The statements of the block that begins here: predicate and object as written, and where."""
        if self._last[0] != offset:  # several findings may be about one thing
            self._last = (offset, list(self._statements(offset)))
        return self._last[1]

    def _statements(self, offset: int) -> Iterator[tuple[str, str, int]]:
        depth, predicate, subject_seen = 0, "", False
        for match in TOKEN.finditer(self.text, offset, offset + LONGEST_BLOCK):
            kind, token = match.lastgroup, match.group()
            if kind == "mark":
                if token in "[(":
                    if depth == 0 and predicate:
                        yield predicate, token, match.start()
                    depth += 1
                elif token in "])":
                    depth -= 1
                elif token in "{}" or (depth == 0 and token == "."):
                    return
                elif depth == 0 and token == ";":
                    predicate = ""
            elif kind in ("term", "word", "string") and depth == 0:
                if not subject_seen:
                    subject_seen = True
                elif not predicate:
                    predicate = token
                else:
                    yield predicate, token, match.start()


@lru_cache(maxsize=4096)
def _unquoted(token: str) -> str:
    width = 3 if token[:3] in ('"""', "'''") else 1
    inner = token[width:-width]
    if "\\" not in inner:
        return inner
    plain = {"t": "\t", "n": "\n", "r": "\r", "b": "\b", "f": "\f"}

    def shown(match: re.Match[str]) -> str:
        word = match.group(1)
        return chr(int(word[1:], 16)) if word[0] in "uU" and len(word) > 1 else plain.get(word, word)

    return re.sub(r"\\(u[0-9A-Fa-f]{4}|U[0-9A-Fa-f]{8}|.)", shown, inner)


class Places:
    """All files that were read, and where in them things and statements are."""

    def __init__(self, layout: Layout) -> None:
        self.layout = layout
        self.texts: dict[str, Text] = {}

    def add(self, name: str, text: str) -> None:
        """Takes in a file."""
        self.texts[name] = Text(text, self.layout.prefixes if name.endswith(".rq") else {})

    def thing(self, file: str, iri: str) -> int:
        """The line where a thing's block begins, else where it is first named; 0 if nowhere."""
        text = self.texts.get(file)
        if text is None:
            return 0
        words = text.words(iri)
        starts = [start for word in words for start in text.begins(word)]
        if starts:
            return text.line(min(starts))
        places = [place for word in words if (place := text.named(word)) >= 0]
        return text.line(min(places)) if places else 0

    def statement(self, file: str, subject: str, predicate: str, value: Term | None = None, graph: str = "") -> int:
        """The line where a statement is written (in a graph, if one is named); 0 if it is not found.

        Without a value, the line of the first statement with that predicate.
        """
        text = self.texts.get(file)
        if text is None:
            return 0
        first, last = self._graph(text, graph) if graph else (0, len(text.text))
        verbs = set(text.words(predicate)) | ({"a"} if predicate == TYPE.value else set())
        if file.endswith(".tsv"):
            return self._row(text, subject, verbs, _written(value, text))
        fits = _written(value, text)
        for start in sorted(start for word in text.words(subject) for start in text.begins(word)):
            if not first <= start < last:
                continue
            for verb, token, place in text.block(start):
                if verb in verbs and fits(token):
                    return text.line(place)
        return 0

    def _row(self, text: Text, subject: str, verbs: set[str], fits: Callable[[str], bool]) -> int:
        """The line of a table that says this of its first cell; 0 if there is none."""
        words = set(text.words(subject))
        for number, line in enumerate(text.text.splitlines(), 1):
            first, *cells = line.split("\t")
            if first in words and verbs & set(cells) and any(map(fits, cells)):
                return number
        return 0

    def _graph(self, text: Text, graph: str) -> tuple[int, int]:
        """Where a graph's block begins and ends."""
        for word in text.words(graph):
            for start in text.begins(word):
                if re.compile(r"\s*\{").match(text.text, start + len(word)):
                    end = text.text.find("\n}", start)
                    return start, end if end >= 0 else len(text.text)
        return 0, 0


def _written(value: Term | None, text: Text) -> Callable[[str], bool]:
    """Whether a word of a file stands for this value; any does for none. Read once, for it may be long."""
    if isinstance(value, NamedNode):
        return set(text.words(value.value)).__contains__
    if isinstance(value, Literal):
        content = value.value
        return lambda token: (_unquoted(token) if token[:1] in "\"'" else token) == content
    return lambda _: value is None
