"""Explains an error in a query: line, column, caret, remedy."""

from __future__ import annotations

import re
from unicodedata import normalize

from ..errors import QueryError, nearest
from ..text import width
from .sparql import FORMS, Tokens

# --- where a text is wrong -----------------------------------------------------------------------------

UPDATES = ("INSERT", "DELETE", "CLEAR", "CREATE", "DROP", "COPY", "MOVE", "ADD", "WITH")
PAIRS = {"(": ")", "{": "}", "[": "]"}
# what the parser asks for, sign by sign, as a person would call it
WANTED = (
    ("a variable", {"?", "$"}),
    ("a name or an IRI", {"<", ":"}),
    ("a text or a number", {'"', "'"}),
    ("( )", {"("}),
    ("a dot", {"."}),
    ("a closing bracket", {"}", ")", "]"}),
    ("an opening bracket", {"{"}),
)
Found = tuple[str, int, str] | tuple[str, int, str, str]  # what, where, what to do, and what is expected there
# what the parser remarks on, and what to do about it
REMEDIES = {
    "query limit": "write a number from 0 to 18446744073709551615, or leave LIMIT out",
    "query offset": "write a number from 0 to 18446744073709551615, or leave OFFSET out",
    "SELECT contains": "group by that variable, or put it into COUNT, SAMPLE or another aggregate",
}
LONGEST_LINE = 60  # of a query, as a fault shows it


def fault(message: str, text: str, prefixes: dict[str, str]) -> QueryError:
    """What is wrong in a query that the parser has refused with a message: found where, and what to do about it."""
    tokens = Tokens(text)
    found = (
        _unknown_prefix(tokens, prefixes)
        or _unknown_form(tokens)
        or _open_text(tokens)
        or _bracket(tokens)
        or _no_brackets(tokens)
        or _as_the_parser_says(message, text)
    )
    if found is None:
        return QueryError(f"the query cannot be read: {message}", "correct the query")
    what, start, remedy, *expected = found
    start = min(start, len(text))
    line, column = text.count("\n", 0, start) + 1, start - text.rfind("\n", 0, start)
    return QueryError(f"{what}, {shown(text, start, *expected)}", remedy, line=line, column=column)


def _unknown_prefix(tokens: Tokens, prefixes: dict[str, str]) -> Found | None:
    declared = tokens.declared()
    for kind, token, start in tokens.items:
        prefix = token.partition(":")[0]
        if kind == "name" and prefix not in ("", "_") and prefix not in prefixes and prefix not in declared:
            close = ", ".join(f"{name}:" for name in nearest(prefix, prefixes))
            remedy = f"did you mean {close}?" if close else "see ontology/prefixes.ttl"
            return f"the prefix {prefix}: is not known", start, remedy
    return None


def _unknown_form(tokens: Tokens) -> Found | None:
    words = [(token.upper(), start) for kind, token, start in tokens.items if kind == "word"]
    for word, start in words[:1]:
        if word in UPDATES:
            found = f"{word} would change the graph"
            return found, start, "asking changes nothing: write new statements into the files of data/"
        if word not in (*FORMS, "PREFIX", "BASE"):
            close = [form for form in nearest(word, FORMS) if form in FORMS]
            found = f"a query does not begin with {word}"
            remedy = f"did you mean {close[0]}?" if close else "begin with SELECT, ASK, CONSTRUCT or DESCRIBE"
            return found, start, remedy
    return None


def _open_text(tokens: Tokens) -> Found | None:
    for kind, token, start in tokens.items:
        if kind == "mark" and token in "\"'":
            return "this text is not closed", start, f"end it with {token}"
    return None


def _bracket(tokens: Tokens) -> Found | None:
    opened: list[tuple[str, int]] = []
    for kind, token, start in tokens.items:
        if kind == "mark" and token in PAIRS:
            opened.append((token, start))
        elif kind == "mark" and token in PAIRS.values():
            if not opened:
                return f"nothing is open that this {token} could close", start, "take it out"
            bracket, place = opened.pop()
            if PAIRS[bracket] != token:
                found = f"this {bracket} is closed by {token}"
                return found, place, f"close it with {PAIRS[bracket]}"
    if not opened:
        return None
    bracket, place = opened[-1]
    return f"this {bracket} is not closed", place, f"close it with {PAIRS[bracket]}"


def _no_brackets(tokens: Tokens) -> Found | None:
    """FILTER and BIND without the brackets they need, which the parser takes for the name of a function."""
    for (kind, token, _), (after, sign, start) in zip(tokens.items, tokens.items[1:], strict=False):
        bare = sign != "(" and after in ("var", "string", "number")
        if kind == "word" and token.upper() in ("FILTER", "BIND") and bare:
            return f"{token} needs brackets", start, f"write {token} ( … )"
    return None


def _as_the_parser_says(message: str, text: str) -> Found | None:
    place = re.search(r"at (\d+):(\d+): expected (.*)", message, re.S)
    if not place:
        return None
    line, column = int(place.group(1)), int(place.group(2))
    lines = text.splitlines(keepends=True) or [""]
    start = sum(map(len, lines[: line - 1])) + column - 1
    wanted = _wanted(place.group(3))
    # peg parsers say `expected` of their own remarks too
    said = re.search(r"(The \w[^,\[]*)", place.group(3))
    expected = f": {wanted} is expected" if wanted and not said else f": {said.group(1).strip()}" if said else ""
    remedy = "a missing bracket, dot or quote just before this place is the usual cause"
    if said:
        remedy = next((words for name, words in REMEDIES.items() if name in said.group(1)), "correct the query here")
    return "the query cannot be read", start, remedy, expected


def _wanted(expected: str) -> str:
    """The parser's list of signs and words, as a person would name them."""
    signs = set(re.findall(r'"((?:[^"\\]|\\.)+)"', expected))
    signs = {sign.replace('\\"', '"') for sign in signs}
    found = [name for name, of in WANTED if signs & of]
    return " or ".join([", ".join(found[:-1]), found[-1]] if len(found) > 1 else found)


def shown(text: str, start: int, expected: str = "") -> str:
    """A place in a text: line and column, then the line with a caret below the place."""
    start = min(start, len(text))
    line = text.count("\n", 0, start) + 1
    begin = text.rfind("\n", 0, start) + 1
    column = start - begin
    source = normalize("NFC", text[begin:].partition("\n")[0].replace("\t", " ").rstrip())
    first = max(0, column - LONGEST_LINE // 2) if len(source) > LONGEST_LINE else 0
    window = source[first : first + LONGEST_LINE]
    ahead = " " * width(window[: column - first])
    return f"line {line}, column {column + 1}{expected}\n  | {window}\n  | {ahead}^"
