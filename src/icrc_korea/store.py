"""Hides pyoxigraph: reading and writing RDF, and asking SPARQL over one dataset."""

from __future__ import annotations

import os
import re

import pyoxigraph as ox
from pyoxigraph import BlankNode, DefaultGraph, Literal, NamedNode, RdfFormat, Variable

from .errors import ParseError, QueryError, nearest
from .layout import RDF, RDFS, SKOS, XSD

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path
    from typing import Any

    import rdflib

    from .layout import Layout

    Term = NamedNode | BlankNode | Literal
    Value = str | int | float | bool | None
    Tokenised = list[tuple[str, str, int]]

    # pyoxigraph allows more in each place than our data ever holds: blank nodes as graphs, triples in
    # triples. The rest of the project is written against what it holds; only lists in the ontology
    # have blank nodes, and code that meets them asks with isinstance.
    class Triple:
        """Subject, predicate, object."""

        subject: NamedNode
        predicate: NamedNode
        object: Any

        def __init__(self, subject: Any, predicate: Any, object: Any) -> None: ...  # noqa: A002

    class Quad(Triple):
        """A triple in a graph."""

        graph_name: NamedNode
        triple: Triple

        def __init__(self, subject: Any, predicate: Any, object: Any, graph_name: Any = ...) -> None: ...  # noqa: A002

else:
    from pyoxigraph import Quad, Triple

__all__ = ["Answer", "BlankNode", "DefaultGraph", "Literal", "NamedNode", "Quad", "Store", "Triple"]

engine: Any = ox  # typed loosely: its stubs allow more than the classes above
TYPE = NamedNode(RDF + "type")
LABELS = tuple(NamedNode(SKOS + name) for name in ("prefLabel", "altLabel", "hiddenLabel"))
# what a person reads first of a thing; of a claim its subject, predicate, object in this order
FIRST_READ = {RDF + "type": "0", RDF + "subject": "1", RDF + "predicate": "2", RDF + "object": "3", RDFS + "label": "4"}
FIRST_READ |= {label.value: "4" for label in LABELS}
TEXT_FORMATS = {
    "turtle": RdfFormat.TURTLE,
    "trig": RdfFormat.TRIG,
    "nquads": RdfFormat.N_QUADS,
    "ntriples": RdfFormat.N_TRIPLES,
    "jsonld": RdfFormat.JSON_LD,
    "rdfxml": RdfFormat.RDF_XML,
}
RESULT_FORMATS = {
    "xml": ox.QueryResultsFormat.XML,
    "csv": ox.QueryResultsFormat.CSV,
    "tsv": ox.QueryResultsFormat.TSV,
}

# --- reading files ---------------------------------------------------------------------------------


def read_text(path: Path, name: str) -> str:
    """The file's text without a byte order mark; a ParseError with the place if it is not UTF-8."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise ParseError(name, 0, 0, f"cannot be read: {error.strerror}") from None
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        column = error.start - (data.rfind(b"\n", 0, error.start) + 1) + 1
        raise ParseError(
            name, line, column, "this byte is not UTF-8", remedy="save the file as UTF-8"
        ) from None


READ = {".ttl": RdfFormat.TURTLE, ".trig": RdfFormat.TRIG, ".nt": RdfFormat.N_TRIPLES, ".nq": RdfFormat.N_QUADS}


def parse(text: str, name: str, graph: str, prefixes: dict[str, str]) -> list[Quad]:
    """The quads of a Turtle, TriG, N-Triples or N-Quads text, by the file's ending (TriG if it has another).

    In a file without graphs of its own, all quads are in `graph`; else only those outside any graph.
    """
    form = READ.get("." + name.rpartition(".")[2], RdfFormat.TRIG)
    try:
        quads = list(engine.parse(text, format=form, rename_blank_nodes=True))
    except SyntaxError as error:
        line, column = error.lineno or 0, error.offset or 0
        lines = text.splitlines()
        message = re.sub(r"^Parser error.*?columns? [\d and]+: ", "", str(error.msg or error))
        source = lines[line - 1] if 0 < line <= len(lines) else ""
        raise ParseError(name, line, column, message, source, _syntax_remedy(message, prefixes)) from None
    except (MemoryError, RuntimeError, OSError, ValueError) as error:
        raise ParseError(name, 0, 0, f"cannot be parsed: {error}") from None
    if not graph:
        return quads
    node, outside = NamedNode(graph), DefaultGraph()
    return [
        Quad(quad.subject, quad.predicate, quad.object, node) if quad.graph_name == outside else quad for quad in quads
    ]


def _syntax_remedy(message: str, prefixes: dict[str, str]) -> str:
    undeclared = re.search(r"prefix ([\w.-]*):? has not been declared", message)
    if undeclared:
        name = undeclared.group(1)
        if name in prefixes:
            return f"add this line at the top of the file: @prefix {name}: <{prefixes[name]}> ."
        close = ", ".join(f"{other}:" for other in nearest(name, prefixes))
        return (
            f"use a prefix of ontology/prefixes.ttl{f' ({close}?)' if close else ''}, or add this one there"
        )
    return "look at this line and the end of the statement before it: a missing ; or . or quote?"


# --- guarding questions ----------------------------------------------------------------------------

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
# found anywhere, even inside a text: rather refuse a harmless question than let one out
NETWORK = re.compile(r"(?:SERVICE|LOAD)\s*(?:SILENT\s*)?(?:INTO\s|<|[?$]\w|\w[\w-]*:)", re.I)
NO_NETWORK = "the query uses SERVICE or LOAD, which would go out to the network"
AT_HOME = "asking stays on this machine: put the data into data/enrichment/ and ask here"
ESCAPE = re.compile(r"\\u([0-9A-Fa-f]{4})|\\U([0-9A-Fa-f]{8})")
# pyoxigraph's parser overruns its stack on deep nesting and takes the process with it, so we count first.
DEEPEST, MOST_OPERATORS, MOST_BRANCHES = 128, 1000, 200
# planning a query takes longer than asking it long before these
MOST_PATTERNS, MOST_STEPS, MOST_TOKENS = 256, 64, 5000
BRANCHING = ("UNION", "OPTIONAL", "SELECT", "MINUS", "BIND", "VALUES", "GRAPH", "EXISTS")


def _cut(text: str) -> list[tuple[str, str, int]]:
    """The tokens of a query text: kind, token and place."""
    return [
        (match.lastgroup or "", match.group(), match.start())
        for match in TOKEN.finditer(text)
        if match.lastgroup != "skip"
    ]


class Tokens:
    """A query text cut into tokens, guarded, with what its outermost level says."""

    def __init__(self, text: str) -> None:
        self.text, self.items = text, _cut(text)
        self._guard(self.items)
        unescaped = ESCAPE.sub(_unescape, text)
        if unescaped != text:  # an escape may hide a word or a bracket from us, but not from the parser
            self._guard(_cut(unescaped))
        for shown in (unescaped, re.sub(r"#[^\n\r]*", " ", unescaped)):
            if NETWORK.search(shown):
                raise QueryError(NO_NETWORK, AT_HOME)

    def _guard(self, items: list[tuple[str, str, int]]) -> None:
        depth = operators = branches = patterns = steps = 0
        for kind, token, _ in items:
            if kind == "mark":
                if token in "({[":
                    depth += 1
                elif token in ")}]":
                    depth -= 1
                elif token in ".;":
                    patterns += 1
                elif token != ",":
                    operators += 1
                    steps += token == "/"
            elif kind == "word":
                word = token.upper()
                branches += word in BRANCHING
                if word in ("SERVICE", "LOAD"):
                    raise QueryError(NO_NETWORK, AT_HOME)
            if depth > DEEPEST:
                raise QueryError(f"brackets are nested deeper than {DEEPEST}", "ask in smaller steps")
        if operators > MOST_OPERATORS or branches > MOST_BRANCHES:
            raise QueryError("the query has too many operators or branches", "ask in smaller steps")
        if patterns > MOST_PATTERNS or steps > MOST_STEPS or len(items) > MOST_TOKENS:
            raise QueryError(
                f"the query is too large: more than {MOST_PATTERNS} patterns, {MOST_STEPS} path steps or "
                f"{MOST_TOKENS} words",
                "ask in smaller steps",
            )

    def form(self) -> str:
        """select, ask, construct or describe; '' for anything else."""
        forms = ("select", "ask", "construct", "describe")
        words = (token.lower() for kind, token, _ in self.items if kind == "word")
        return next((word for word in words if word in forms), "")

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
                found.add(TYPE.value)
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


def written(term: Term, layout: Layout) -> str:
    """A term as SPARQL writes it, with the shared prefixes."""
    if isinstance(term, NamedNode):
        return layout.shrink(term.value)
    if isinstance(term, Literal) and term.datatype.value.startswith(XSD) and not term.language:
        kind = term.datatype.value.removeprefix(XSD)
        return str(Literal(term.value)) + ("" if kind == "string" else f"^^xsd:{kind}")
    return str(term)


def standalone(text: str, bindings: dict[str, Term], layout: Layout) -> str:
    """The query as any store takes it: its prefixes declared, and the values of its variables in a VALUES line."""
    tokens = Tokens(text)
    if bindings:
        names = " ".join(f"?{name}" for name in bindings)
        values = " ".join(written(term, layout) for term in bindings.values())
        for place in reversed(tokens.wheres(set(bindings))):
            text = f"{text[:place]}\n  VALUES ({names}) {{ ({values}) }}\n {text[place:]}"
    used, declared = Tokens(text).prefixes_used(), tokens.declared()
    lacking = [name for name in sorted(used - set(declared)) if name in layout.prefixes]
    return "".join(f"PREFIX {name}: <{layout.prefixes[name]}>\n" for name in lacking) + text


def _unescape(match: re.Match[str]) -> str:
    try:
        return chr(int(match.group(1) or match.group(2), 16))
    except (ValueError, OverflowError):
        return match.group()


# --- asking ----------------------------------------------------------------------------------------


class Answer:
    """What a question gave: rows (select), a truth value (ask) or triples (construct)."""

    def __init__(
        self,
        layout: Layout,
        columns: list[str],
        rows: list[list[Term | None]],
        truth: bool | None = None,
        triples: list[Triple] | None = None,
    ) -> None:
        self.layout, self.columns, self.rows = layout, columns, rows
        self.truth, self.triples = truth, triples

    @property
    def kind(self) -> str:
        """`select`, `ask` or `construct`."""
        return "ask" if self.truth is not None else "select" if self.triples is None else "construct"

    def __iter__(self) -> Iterator[dict[str, Value]]:
        for row in self.rows:
            yield {name: plain(term, self.layout) for name, term in zip(self.columns, row, strict=True)}

    def __len__(self) -> int:
        return len(self.rows if self.triples is None else self.triples)

    def __bool__(self) -> bool:
        return self.truth if self.truth is not None else len(self) > 0

    def text_rows(self) -> list[list[str]]:
        """The rows as people read them: CURIEs for IRIs, '' where nothing is bound."""
        return [[readable(term, self.layout) for term in row] for row in self.rows]

    def table(self) -> tuple[list[str], list[list[str]]]:
        """Columns and rows as people read them; those of a CONSTRUCT are its triples, sorted."""
        if self.triples is None:
            return self.columns, self.text_rows()
        triples = [(triple.subject, triple.predicate, triple.object) for triple in self.triples]
        rows = sorted([readable(term, self.layout) for term in triple] for triple in triples)
        return ["subject", "predicate", "object"], rows

    def serialise(self, form: str) -> bytes:
        """The answer as csv, tsv, json, xml or ttl; a QueryError if the form does not fit."""
        if self.triples is not None:
            rdf = {"ttl": "turtle", "json": "jsonld", "xml": "rdfxml"}.get(form)
            if rdf is None:
                raise QueryError(
                    f"a CONSTRUCT query gives triples, not {form} rows", "use --format ttl, json or xml"
                )
            return serialise([Quad(t.subject, t.predicate, t.object) for t in self.triples], rdf, self.layout)
        if form == "ttl":
            what = "rows" if self.truth is None else "yes or no"
            raise QueryError(
                f"this query gives {what}, not triples", "use --format table, csv, tsv, json or xml"
            )
        if form == "csv" and self.truth is None:
            return self._csv()
        data = self._json()
        if form == "json":
            return data + b"\n"
        results = ox.parse_query_results(data, format=ox.QueryResultsFormat.JSON)
        written = results.serialize(format=RESULT_FORMATS[form]) or b""
        return written if written.endswith(b"\n") else written + b"\n"

    def _csv(self) -> bytes:
        """SPARQL CSV; pyoxigraph leaves IRIs unquoted, and our links into the page have commas in them."""
        import csv
        import io

        text = io.StringIO(newline="")
        writer = csv.writer(text)
        writer.writerow(self.columns)
        for row in self.rows:
            cells = [f"_:{term.value}" if isinstance(term, BlankNode) else getattr(term, "value", "") for term in row]
            writer.writerow(cells)
        return text.getvalue().encode()

    def _json(self) -> bytes:
        import json

        document: dict[str, object] = {"head": {}, "boolean": self.truth}
        if self.truth is None:
            bindings = [
                {
                    name: _json_term(term)
                    for name, term in zip(self.columns, row, strict=True)
                    if term is not None
                }
                for row in self.rows
            ]
            document = {"head": {"vars": self.columns}, "results": {"bindings": bindings}}
        return json.dumps(document, ensure_ascii=False, indent=1).encode()


def _json_term(term: Term) -> dict[str, str]:
    if isinstance(term, NamedNode):
        return {"type": "uri", "value": term.value}
    if isinstance(term, Literal):
        entry = {"type": "literal", "value": term.value}
        if term.language:
            entry["xml:lang"] = term.language
        elif term.datatype.value != XSD + "string":
            entry["datatype"] = term.datatype.value
        return entry
    return {"type": "bnode", "value": getattr(term, "value", str(term))}


def read_term(text: str) -> Term | None:
    """A term as N-Triples writes it; None for anything else, such as a path."""
    if not text or text[0] not in "<_\"" or (text[0] == "<" and text.count("<") > 1):
        return None
    try:
        [quad] = engine.parse(f"<x:s> <x:p> {text} .", format=RdfFormat.N_TRIPLES, rename_blank_nodes=False)
    except (SyntaxError, ValueError):
        return None
    return quad.object  # type: ignore[no-any-return]


def readable(term: Term | None, layout: Layout) -> str:
    """A term as people read it: the CURIE, or the literal's own text."""
    if term is None:
        return ""
    if isinstance(term, NamedNode):
        return layout.shrink(term.value)
    return term.value if isinstance(term, Literal) else str(term)


def plain(term: Term | None, layout: Layout) -> Value:
    """A term as a Python value: numbers and truth values as such, all else as `readable` text."""
    if isinstance(term, Literal):
        kind = term.datatype.value.removeprefix(XSD)
        if kind == "boolean":
            return term.value in ("true", "1")
        try:
            if kind in ("integer", "nonNegativeInteger", "positiveInteger", "int", "long"):
                return int(term.value)
            if kind in ("decimal", "double", "float"):
                return float(term.value)
        except ValueError:
            return term.value
    return None if term is None else readable(term, layout)


class Store:
    """One dataset in memory with SPARQL over it; plain patterns see every triple once."""

    def __init__(self, layout: Layout) -> None:
        self.layout = layout
        self._store = engine.Store()

    def __len__(self) -> int:
        return len(self._store)

    def __contains__(self, triple: Triple) -> bool:
        return Quad(triple.subject, triple.predicate, triple.object) in self._store

    @classmethod
    def of(cls, quads: Iterable[Quad], layout: Layout) -> Store:
        """A store of the triples of these quads, merged."""
        store = cls(layout)
        store.load_ntriples(ntriples(quads))
        return store

    def remove(self, triples: Iterable[Triple]) -> None:
        """Takes triples out of the merged graph."""
        for triple in triples:
            self._store.remove(Quad(triple.subject, triple.predicate, triple.object))

    def load_ntriples(self, data: bytes) -> None:
        """Adds N-Triples that this project wrote itself (so they need no second validation)."""
        self._store.bulk_load(data, format=RdfFormat.N_TRIPLES, lenient=True)

    def extend(self, quads: Iterable[Quad]) -> None:
        """Adds quads, each in its own graph."""
        self._store.extend(quads)

    def merge(self, quads: Iterable[Quad] | Iterable[Triple]) -> None:
        """Adds the triples of the quads to the default graph, whatever graph they come from."""
        self._store.extend(Quad(quad.subject, quad.predicate, quad.object) for quad in quads)

    def match(
        self, subject: NamedNode | None = None, predicate: NamedNode | None = None, value: Term | None = None
    ) -> Iterator[Quad]:
        """The quads of the merged graph that fit a pattern."""
        yield from self._store.quads_for_pattern(subject, predicate, value, DefaultGraph())

    def query(self, text: str, bindings: dict[str, Term] | None = None, shown: Iterable[str] = ()) -> Answer:
        """Answers a SPARQL query, with some of its variables bound to terms beforehand.

        Bound variables are columns of the answer only if they are among `shown`.
        """
        Tokens(text)  # some queries would take the process down with them
        bound = {Variable(name): term for name, term in (bindings or {}).items()}
        try:
            results = self._store.query(text, prefixes=self.layout.prefixes, substitutions=bound or None)
            if isinstance(results, ox.QueryBoolean):
                return Answer(self.layout, [], [], truth=bool(results))
            if isinstance(results, ox.QueryTriples):
                return Answer(self.layout, [], [], triples=list(results))
            names = [variable.value for variable in results.variables]
            hidden = set(bindings or {}) - set(shown)
            kept = [name for name in names if name not in hidden]
            rows = [[solution[name] for name in kept] for solution in results]
            return Answer(self.layout, kept, rows)
        except SyntaxError as error:
            raise QueryError(*_query_fault(str(error), text, self.layout)) from None
        except (RuntimeError, ValueError, OSError, MemoryError) as error:
            raise QueryError(f"the query cannot be answered: {error}", "change the query") from None


def _query_fault(message: str, text: str, layout: Layout) -> tuple[str, str]:
    """What is wrong in a query text, in our words: place, line, remedy."""
    for kind, token, _ in Tokens(text).items:
        prefix = token.partition(":")[0]
        declared = re.search(rf"PREFIX\s+{re.escape(prefix)}:", text, re.I)
        if kind == "name" and prefix not in ("", "_") and prefix not in layout.prefixes and not declared:
            close = ", ".join(f"{name}:" for name in nearest(prefix, layout.prefixes))
            return (
                f"the prefix {prefix}: is not known",
                f"did you mean {close}?" if close else "see ontology/prefixes.ttl",
            )
    place = re.search(r"at (\d+):(\d+): expected (.*)", message, re.S)
    if not place:
        return f"the query cannot be read: {message}", "correct the query"
    line, column, wanted = int(place.group(1)), int(place.group(2)), " ".join(place.group(3).split())
    lines = text.splitlines() or [""]
    source = lines[min(line, len(lines)) - 1].strip()
    expected = f": {wanted} is expected" if len(wanted) < 80 else ""
    return (
        f"the query cannot be read at line {line}, column {column}{expected}\n  | {source[:160]}",
        "a missing bracket, dot or quote just before this place is the usual cause",
    )


# --- writing ---------------------------------------------------------------------------------------


def nquads_lines(quads: Iterable[Quad]) -> list[str]:
    """The quads as sorted N-Quads lines, each once."""
    data = engine.serialize(quads, format=RdfFormat.N_QUADS) or b""
    return sorted(set(data.decode().split("\n")) - {""})


def canonical(quads: Iterable[Quad]) -> list[Quad]:
    """The quads with blank nodes labelled by RDFC-1.0, so that two runs give the same labels."""
    dataset = engine.Dataset(quads)
    dataset.canonicalize(ox.CanonicalizationAlgorithm.RDFC_1_0)
    return list(dataset)


def read_nquads(data: bytes) -> list[Quad]:
    """The quads of an N-Quads text that this project wrote itself."""
    return list(engine.parse(data, format=RdfFormat.N_QUADS, lenient=True, rename_blank_nodes=False))


def ntriples(quads: Iterable[Quad]) -> bytes:
    """The triples of the quads, each once, as N-Triples, every literal as it was written."""
    return engine.serialize({quad.triple for quad in quads}, format=RdfFormat.N_TRIPLES) or b""


def read_ntriples(data: bytes) -> list[Quad]:
    """The triples of an N-Triples text that this project wrote itself, in the default graph."""
    return list(engine.parse(data, format=RdfFormat.N_TRIPLES, lenient=True, rename_blank_nodes=False))


def _reading_order(quad: Quad) -> tuple[str, ...]:
    """Graph, subject, then type, labels and the rest: the order in which a person reads Turtle."""
    rank = FIRST_READ.get(quad.predicate.value, "9")
    return (str(quad.graph_name), str(quad.subject), rank, quad.predicate.value, str(quad.object))


def serialise(quads: Iterable[Quad], form: str, layout: Layout) -> bytes:
    """The quads in one of TEXT_FORMATS, sorted; forms without graphs get each triple once."""
    if form in ("turtle", "ntriples", "rdfxml", "jsonld"):
        quads = {Quad(quad.subject, quad.predicate, quad.object) for quad in quads}
    ordered = sorted(quads, key=_reading_order)
    if form in ("ntriples", "nquads"):
        lines = nquads_lines(ordered)
        return ("\n".join(lines) + "\n").encode() if lines else b""
    used = {layout.shrink(term.value).partition(":")[0] for quad in ordered for term in _named(quad)}
    prefixes = {name: space for name, space in sorted(layout.prefixes.items()) if name in used}
    if form in ("turtle", "rdfxml"):
        triples = [quad.triple for quad in ordered]
        data = engine.serialize(triples, format=TEXT_FORMATS[form], prefixes=prefixes) or b""
    else:
        data = engine.serialize(ordered, format=TEXT_FORMATS[form], prefixes=prefixes) or b""
    return _settled(data.decode(), form).encode()


def _settled(text: str, form: str) -> str:
    """The text with its prefixes sorted (pyoxigraph writes them in any order) and laid out for reading."""
    if form == "jsonld":
        return text + "\n"
    if form == "rdfxml":
        names = sorted(re.findall(r' xmlns:[^=]+="[^"]*"', text[: text.find(">", text.find("<rdf:RDF"))]))
        return re.sub(r"<rdf:RDF[^>]*>", lambda _: f"<rdf:RDF{''.join(names)}>", text, count=1) + "\n"
    lines = text.split("\n")
    heads = sorted(line for line in lines if line.startswith("@prefix"))
    body = "\n".join(lines[len(heads) :]).replace("\t", "    ")
    # literals have their line breaks escaped, so a line that starts at the margin starts a block
    body = re.sub(r"\n(?=[^\s}])", "\n\n", "\n" + body)
    return "\n".join(heads) + body.rstrip("\n") + "\n"


def _named(quad: Quad) -> Iterator[NamedNode]:
    for term in (quad.subject, quad.predicate, quad.object, quad.graph_name):
        if isinstance(term, NamedNode):
            yield term
        elif isinstance(term, Literal):
            yield term.datatype


def write_atomically(path: Path, data: bytes) -> None:
    """Puts the whole content in place at once: a reader sees the old file or the new one."""
    path = path.resolve()  # a link goes on pointing to its target
    if path.exists() and not path.is_file():
        path.write_bytes(data)  # a device or a pipe takes the content, it is not replaced by it
        return
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        with temporary.open("wb") as stream:
            stream.write(data)
            stream.flush()
            os.fsync(stream.fileno())
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


# --- the door to rdflib ------------------------------------------------------------------------------


def to_rdflib(term: Term) -> rdflib.term.Node:
    """A term as rdflib has it, its lexical form untouched."""
    import rdflib

    if isinstance(term, NamedNode):
        return rdflib.URIRef(term.value)
    if isinstance(term, BlankNode):
        return rdflib.BNode(term.value)
    if term.language:
        return rdflib.Literal(term.value, lang=term.language)
    kind = term.datatype.value
    datatype = None if kind == XSD + "string" else rdflib.URIRef(kind)
    return rdflib.Literal(term.value, datatype=datatype, normalize=False)


def from_rdflib(term: rdflib.term.Node) -> NamedNode | BlankNode | Literal:
    """An rdflib term as this store has it."""
    import rdflib

    if isinstance(term, rdflib.URIRef):
        return NamedNode(str(term))
    if isinstance(term, rdflib.Literal):
        if term.language:
            return Literal(str(term), language=term.language)
        return (
            Literal(str(term), datatype=NamedNode(str(term.datatype)))
            if term.datatype
            else Literal(str(term))
        )
    return BlankNode(str(term))


def rdflib_graph(quads: Iterable[Quad]) -> rdflib.Graph:
    """The triples of the quads as one rdflib graph."""
    import rdflib

    graph = rdflib.Graph()
    for quad in quads:
        graph.add((to_rdflib(quad.subject), to_rdflib(quad.predicate), to_rdflib(quad.object)))
    return graph
