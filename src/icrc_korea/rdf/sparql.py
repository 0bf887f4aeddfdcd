"""Cuts the text of a query into tokens: what it names, what it binds, what in it is refused."""

from __future__ import annotations

import re
from functools import lru_cache

from ..errors import QueryError
from .spaces import RDF

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any
    Tokenised = list[tuple[str, str, int]]

TOKEN = re.compile(
    r"""(?P<skip>\#[^\n\r]*|\s+)
    |(?P<string>\"{3}(?:[^"\\]|\\.|"(?!""))*\"{3}|'{3}(?:[^'\\]|\\.|'(?!''))*'{3}
        |"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*')
    |(?P<iri><[^<>"{}|^`\\\s]*>)
    |(?P<var>[?$]\w+)
    |(?P<name>(?:[A-Za-z_][\w.-]*)?:(?:(?:[\w.:%-]|\\.)*(?:[\w:%-]|\\.))?)
    |(?P<word>[A-Za-z_]\w*)
    |(?P<number>\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)
    |(?P<lang>@[A-Za-z]+(?:-\w+)*)
    |(?P<mark>\^\^|&&|\|\||.)""",
    re.X | re.S,
)
# SERVICE as the engine reads it: it needs no blank around the word, a comment may stand in any gap, and a group follows
GAP = r"(?:\s|\#[^\n\r]*)*"
SERVICE = re.compile(
    rf"SERVICE{GAP}(?:SILENT{GAP})?(?:<[^<>\s]*>|[?$]\w+|[\w.-]*:[^\s{{}}<>]*){GAP}\{{", re.I)  # fmt: skip
# what the word is only a part of: a variable, or the local part of a prefixed name
PART_OF_A_NAME = re.compile(r"(?:[?$]\w*|:(?:[\w:][\w.:-]*)?)$")
LONGEST_NAME = 1000  # characters before the word in which a name that it belongs to is looked for
OPERANDS = ("var", "number", "string", "name", "iri", "lang")  # after these `<` may be an operator
MANY_OPERATORS = 200  # more than any address has of these
BRACKETS = re.compile(r"[()\[\]]")
OPERATOR = re.compile(r"[!+&|*/=-]")
NO_NETWORK = "the query uses SERVICE or LOAD, which would go out to the network"
AT_HOME = "asking stays on this machine: put the data into data/sources/ and ask here"
ESCAPE = re.compile(r"\\u([0-9A-Fa-f]{4})|\\U([0-9A-Fa-f]{8})")
# pyoxigraph's parser overruns its stack on deep nesting and takes the process with it, so we count first.
DEEPEST, MOST_OPERATORS, MOST_BRANCHES = 128, 1000, 200
# planning a query takes longer than asking it long before these
MOST_PATTERNS, MOST_STEPS, MOST_TOKENS = 256, 64, 5000  # tokens outside of the lists of VALUES
FORMS = ("SELECT", "ASK", "CONSTRUCT", "DESCRIBE")
BRANCHING = ("UNION", "OPTIONAL", "SELECT", "MINUS", "BIND", "VALUES", "GRAPH", "EXISTS")
NO_OPERATORS = bytes(range(ord("0"), ord("9") + 1)) + b" \t\r\n_ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"


def cut(text: str) -> Tokenised:
    """The tokens of a query text: kind, token and place."""
    return [
        (match.lastgroup or "", match.group(), match.start())
        for match in TOKEN.finditer(text)
        if match.lastgroup != "skip"
    ]


class Tokens:
    """A query text cut into tokens, guarded, with what its outermost level says."""

    def __init__(self, text: str) -> None:
        self.text, self.items = text, self._cut_and_guarded(text)

    @classmethod
    @lru_cache(maxsize=1024)  # a question is looked at from many sides, and its text stays the same
    def _cut_and_guarded(cls, text: str) -> Tokenised:
        items = cut(text)
        cls._guard(items)
        unescaped = ESCAPE.sub(_unescape, text)
        if unescaped != text:  # an escape may hide a word or a bracket from us, but not from the parser
            cls._guard(cut(unescaped))
        if asks_a_service(text) or asks_a_service(unescaped):
            raise QueryError(NO_NETWORK, AT_HOME)
        return items

    @staticmethod
    def _guard(items: Tokenised) -> None:
        depth = deepest = operators = branches = patterns = steps = 0
        values = 0  # the depth of a list of values that is open, which no plan has to deal with
        counted = len(items)
        for kind, token, _ in items:
            counted -= bool(values > 0 and depth >= values)
            if kind == "mark":
                if token in "({[":
                    depth += 1
                    values = depth if token == "{" and values == -1 else values
                elif token in ")}]":
                    depth -= 1
                    values = 0 if depth < values else values
                elif token in ".;":
                    patterns += 1
                elif token != ",":
                    operators += 1
                    steps += token == "/"
            elif kind == "iri":  # or `<` as an operator, what is compared, and a `>` further on
                for bracket in BRACKETS.findall(token):
                    depth += 1 if bracket in "([" else -1
                    deepest = max(deepest, depth)
                within = len(OPERATOR.findall(token))
                operators += within if within > MANY_OPERATORS else 0
            elif kind == "word":
                word = token.upper()
                branches += word in BRANCHING
                values = -1 if word == "VALUES" else values
                if word in ("SERVICE", "LOAD"):
                    raise QueryError(NO_NETWORK, AT_HOME)
            if max(depth, deepest) > DEEPEST:
                raise QueryError(f"brackets are nested deeper than {DEEPEST}", "ask in smaller steps")
        if operators > MOST_OPERATORS or branches > MOST_BRANCHES:
            raise QueryError("the query has too many operators or branches", "ask in smaller steps")
        if patterns > MOST_PATTERNS or steps > MOST_STEPS or counted > MOST_TOKENS:
            raise QueryError(
                f"the query is too large: more than {MOST_PATTERNS} patterns, {MOST_STEPS} path steps or "
                f"{MOST_TOKENS} words",
                "ask in smaller steps",
            )

    def form(self) -> str:
        """select, ask, construct or describe; '' for anything else."""
        return next((token.lower() for kind, token, _ in self.items if kind == "word" and token.upper() in FORMS), "")

    def counting(self) -> str:
        """A SELECT as a query that counts its rows; '' where it has a FROM, and so cannot be part of another."""
        places = [start for kind, token, start in self.items if kind == "word" and token.upper() == "SELECT"]
        if any(kind == "word" and token.upper() == "FROM" for kind, token, _ in self.items):
            return ""
        head, body = self.text[: places[0]], self.text[places[0] :]
        return f"{head}SELECT (COUNT(*) AS ?rows_) WHERE {{ {{ {body}\n }} }}"

    def uses_graphs(self) -> bool:
        """Whether the query names graphs, so that the merged graph alone cannot answer it."""
        return any(kind == "word" and token.upper() in ("GRAPH", "FROM") for kind, token, _ in self.items)

    def with_columns(self, names: list[str]) -> str:
        """The text with these variables projected too: pyoxigraph substitutes only what is projected."""
        insertions: list[tuple[int, list[str]]] = []
        for place, clause in self._clauses():
            present = {token[1:] for kind, token, _ in clause if kind == "var"}
            if not any(token == "*" for _, token, _ in clause[:1]):
                insertions.append((place, [name for name in names if name not in present]))
        text = self.text
        for place, missing in reversed(insertions):
            text = text[:place] + "".join(f" ?{name}" for name in missing) + " " + text[place:]
        return text

    def selected(self) -> list[str]:
        """The names of the columns that a SELECT asks for; none where it takes all that there are."""
        for _, clause in self._clauses():
            return [token[1:] for kind, token, _ in clause if kind == "var"]
        return []

    def _clauses(self) -> Iterator[tuple[int, Tokenised]]:
        """The outermost SELECT and GROUP BY: where each ends its keywords, and its tokens at that level."""
        place, depth = 0, 0
        clause: Tokenised | None = None
        for index, (kind, token, start) in enumerate(self.items):
            word = token.upper() if kind == "word" else ""
            opens = word == "SELECT" or (word == "BY" and self.items[index - 1][1].upper() == "GROUP")
            if (
                depth == 0
                and clause is not None
                and (token == "{" or (word and word not in ("DISTINCT", "REDUCED")))
            ):
                yield place, clause
                clause = None
            if depth == 0 and opens:
                place, clause = start + len(token), []
            elif depth == 0 and clause == [] and word in ("DISTINCT", "REDUCED"):
                place = start + len(token)
            elif clause is not None and (depth == 0 or self.items[index - 1][1].upper() == "AS"):
                clause.append((kind, token, start))
            depth += (token in "({[") - (token in ")}]") if kind == "mark" else 0
        if clause is not None:
            yield place, clause

    def declared(self) -> dict[str, str]:
        """The prefixes that the text declares itself."""
        items = self.items
        return {
            items[place + 1][1][:-1]: items[place + 2][1][1:-1]
            for place, (kind, token, _) in enumerate(items[:-2])
            if kind == "word" and token.upper() == "PREFIX"
        }

    def prefixes_used(self) -> set[str]:
        """The prefixes that the text uses, declared or not."""
        pairs = (token.partition(":") for kind, token, _ in self.items if kind == "name")
        return {prefix for prefix, _, local in pairs if local or prefix} - {"_"}

    def wheres(self, names: set[str]) -> list[int]:
        """The places just behind the brackets that open the outermost WHERE and each branch with these variables.

        A value given in the WHERE reaches the filters of OPTIONAL and EXISTS, but not those of a UNION's branches.
        """
        found: list[int] = []
        opened: list[int] = []  # for each bracket that is open, its place in `branches`, or -1
        branches: list[list[Any]] = []
        template = self.form() == "construct"
        for index, (kind, token, start) in enumerate(self.items):
            before = self.items[index - 1][1].upper() if index else ""
            if kind == "mark" and token in "({[":
                plain = token == "{" and bool(opened) and before in ("{", "}", "UNION", ".")
                if token == "{" and not opened:
                    if not template or before == "WHERE":
                        found.append(start + 1)
                    template = False
                opened.append(len(branches) if plain else -1)
                if plain:
                    branches.append([start + 1, False])
            elif kind == "mark" and token in ")}]" and opened:
                opened.pop()
            elif kind == "var" and token[1:] in names:
                for place in opened:
                    if place >= 0:
                        branches[place][1] = True
        return found[:1] + [place for place, mentioned in branches if mentioned]

    def named(self, prefixes: dict[str, str]) -> set[str]:
        """Every IRI that the text writes with a shared prefix."""
        pairs = (token.partition(":")[::2] for kind, token, _ in self.items if kind == "name")
        return {prefixes[prefix] + local for prefix, local in pairs if local and prefix in prefixes}

    def iris(self) -> set[str]:
        """Every IRI that the text spells out, but for those of its prefixes."""
        items = self.items
        prefixed = {place + 2 for place, (_, token, _) in enumerate(items) if token.upper() == "PREFIX"}
        return {token[1:-1] for place, (kind, token, _) in enumerate(items) if kind == "iri" and place not in prefixed}

    def datasets(self, prefixes: dict[str, str]) -> list[tuple[str, str]]:
        """What FROM and FROM NAMED name: the words, and the IRI."""
        known, found = {**prefixes, **self.declared()}, []
        for place, (kind, token, _) in enumerate(self.items):
            if kind == "word" and token.upper() == "FROM":
                named = [word.upper() for what, word, _ in self.items[place + 1 : place + 2] if what == "word"]
                for what, word, _ in self.items[place + 1 + len(named) : place + 2 + len(named)]:
                    prefix, _, local = word.partition(":")
                    if what == "iri" or prefix in known:
                        iri = word[1:-1] if what == "iri" else known[prefix] + local
                        found.append((" ".join(["FROM", *named]), iri))
        return found

    def second_arguments(self, functions: tuple[str, ...]) -> list[str]:
        """The texts, as they are written, that stand as second arguments of these functions."""
        found = []
        for place, (kind, token, _) in enumerate(self.items):
            if kind != "word" or token.upper() not in functions:
                continue
            depth = commas = 0
            for number in range(place + 1, len(self.items)):
                what, word, _ = self.items[number]
                depth += (word == "(") - (word == ")") if what == "mark" else 0
                if depth < 1:
                    break
                if what == "mark" and word == "," and depth == 1:
                    commas += 1
                elif commas == 1 and depth == 1 and what == "string" and self.items[number - 1][1] == ",":
                    found.append(word)
        return found

    def variables(self) -> set[str]:
        """The names of all variables in the text."""
        return {token[1:] for kind, token, _ in self.items if kind == "var"}

    def variables_of_subselects(self) -> set[str]:
        """The names of the variables in sub-SELECTs, where a value given from outside does not reach."""
        found: set[str] = set()
        depth = inside = 0
        for kind, token, _ in self.items:
            if kind == "mark" and token in "{}":
                depth += 1 if token == "{" else -1
                inside = 0 if depth < inside else inside
            elif kind == "word" and token.upper() == "SELECT" and depth and not inside:
                inside = depth
            elif kind == "var" and inside:
                found.add(token[1:])
        return found

    def predicates(self, prefixes: dict[str, str]) -> set[str] | None:
        """A superset of the predicates that can matter, or None if any might.

        Triples with other predicates cannot change the answer, so they need not be loaded.
        """
        known, found = dict(prefixes), {RDF + "first", RDF + "rest"}  # what a list in brackets stands for
        stack: list[str] = []
        previous, before_open, choosing = "", "", False
        for index, (kind, token, _) in enumerate(self.items):
            after = self.items[index + 1] if index + 1 < len(self.items) else ("", "", 0)
            word = token.upper() if kind == "word" else ""
            if word in ("DESCRIBE", "BASE", "GRAPH", "FROM"):
                return None
            if kind == "name" and index > 0 and self.items[index - 1][1].upper() == "PREFIX":
                known[token[:-1]] = after[1][1:-1]
            elif kind == "name":
                prefix, _, local = token.partition(":")
                if "\\" in local or (prefix not in known and prefix != "_"):
                    return None
                found.add(known.get(prefix, "_:") + local)
            elif kind == "iri":
                found.add(token[1:-1])
            elif token == "a":
                found.add(RDF + "type")
            inside = stack[-1] if stack else ""
            if word == "SELECT":
                choosing = True
            elif token == "{" or word == "WHERE":
                choosing = False
            if inside in ("{", "[", "path") and not choosing:
                verb = previous in ("term", ";", "[", "list") and (
                    after[0] in ("string", "iri", "var", "name", "number")
                    or after[1] in ("[", "(", "true", "false")
                )
                if kind == "var" and verb:
                    return None  # a variable where a predicate stands
            if kind == "mark":
                # `!p` means any other predicate; `p*` and `p?` match every node of the graph with itself
                if inside != "(" and (token == "!" or (token in "*?" and not choosing)):
                    return None
                if token in "({[":
                    path = token == "(" and before_open not in ("word", "mark")
                    stack.append("path" if path else token)
                    previous = token
                elif token in ")}]":
                    closed = stack.pop() if stack else ""
                    previous = "list" if closed in ("path", "[") else token
                else:
                    previous = token
            elif kind != "word" or token in ("a", "true", "false"):
                previous = "term"
            else:
                previous = "word"
            before_open = kind if kind in ("word", "mark") and token not in "{.;,[/^|" else "term"
        return found


def asks_a_service(text: str) -> bool:
    """Whether the engine may read SERVICE in a text: in what is left of it without its texts and comments.

    Where `<` may be an operator, what we take for an IRI can hold a quotation mark or a `#` that is live for the
    engine, so that we cannot tell what is a text or a comment behind it: then all of the text is looked at.

    >>> asks_a_service("PREFIX : <x:> SELECT * { SERVICE:x { ?s ?p ?o } }")
    True
    >>> asks_a_service("SELECT ?service ?label { ?service skos:prefLabel ?label } # SERVICE <x:y> {}")
    False
    """
    if "service" not in text.casefold():
        return False
    live, before, unsure = list(text), "", False
    for match in TOKEN.finditer(text):
        kind, token = match.lastgroup or "", match.group()
        if kind == "iri" and ("'" in token or "#" in token) and (before in OPERANDS or before == ")"):
            unsure = True
        if kind == "string" or (kind == "skip" and token[0] == "#"):
            live[match.start() : match.end()] = " " * len(token)
        if kind != "skip":
            before = token if kind == "mark" else kind
    readings = ["".join(live), *([text] if unsure else [])]
    return any(
        not PART_OF_A_NAME.search(reading, max(0, found.start() - LONGEST_NAME), found.start())
        for reading in readings for found in SERVICE.finditer(reading)
    )  # fmt: skip


@lru_cache(maxsize=512)
def guarded(text: str) -> Tokens:
    """The tokens of a text that may be asked; remembered, for a question is asked again and again."""
    return Tokens(text)


def guard(text: str) -> None:
    """Refuses what `guarded` refuses, without cutting a text that cannot pass any limit: that takes as long as asking.

    Each sign is counted wherever it stands, so that there are never more of it among the tokens.
    """
    if len(text) <= MOST_TOKENS and "\\" not in text:
        upper = text.upper()
        if (
            "SERVICE" not in upper
            and "LOAD" not in upper
            and text.count("{") + text.count("(") + text.count("[") <= DEEPEST
            and text.count(".") + text.count(";") <= MOST_PATTERNS
            and text.count("/") <= MOST_STEPS
            and len(text.encode("utf-8", "replace").translate(None, NO_OPERATORS)) <= MOST_OPERATORS
            and sum(map(upper.count, BRANCHING)) <= MOST_BRANCHES
        ):
            return
    guarded(text)


def _unescape(match: re.Match[str]) -> str:
    try:
        return chr(int(match.group(1) or match.group(2), 16))
    except (ValueError, OverflowError):
        return match.group()
