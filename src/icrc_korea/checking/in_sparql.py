"""Compiles SHACL constraints into queries that find what breaks them, wherever the data are.

    shapes = Compiled(quads_of_shapes, subclasses)
    for rule in shapes.rules: ask(rule.query)          # rows of ?focus and ?value, each a result
    shapes.unsaid                                      # what SPARQL cannot say, or we cannot yet

So the data need not travel. A shape inside another one (sh:node, sh:or, a qualified value) is a condition, as only
the outer one is reported. Classes are written out with all below them, which every store answers soon.
"""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass, field

from ..rdf.naming import SKOLEM
from ..rdf.spaces import OWL, RDF, RDFS, XSD
from ..rdf.sparql import Tokens
from ..rdf.terms import BlankNode, Literal, NamedNode
from . import datatypes
from .engines import SEVERITIES, Result
from .lint import SH, TARGETS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from typing import Any

    from ..rdf.answer import Answer
    from ..rdf.terms import Quad, Term

A = f"<{RDF}type>"
MOST_TERMS = 8  # that are told apart pairwise for a count
# of a focus node as a whole, not of each of its values
OF_FOCUS = ("minCount", "maxCount", "uniqueLang", "qualifiedMinCount", "qualifiedMaxCount")
PAIRS = ("equals", "disjoint", "lessThan", "lessThanOrEquals")
ASIDE = {*(name.removeprefix(SH) for name in TARGETS), "path", "message", "severity", "name", "description", "order",
         "group", "deactivated", "defaultValue", "prefixes", "flags", "ignoredProperties", "property",
         "qualifiedValueShape", "qualifiedValueShapesDisjoint"}  # fmt: skip
KINDS = {
    "IRI": "isIRI({0})", "Literal": "isLiteral({0})", "BlankNode": "isBlank({0})",
    "BlankNodeOrIRI": "(isIRI({0}) || isBlank({0}))", "IRIOrLiteral": "(isIRI({0}) || isLiteral({0}))",
    "BlankNodeOrLiteral": "(isBlank({0}) || isLiteral({0}))",
}  # fmt: skip
COMPARED = {"minInclusive": ">=", "minExclusive": ">", "maxInclusive": "<=", "maxExclusive": "<",
            "lessThan": "<", "lessThanOrEquals": "<="}  # fmt: skip
# `push` gives blank nodes a name, and blank they stay
BLANK = re.compile(r"\b(isBlank|isIRI)\((\?\w+)\)")


def _blank(match: re.Match[str]) -> str:
    named = f'STRSTARTS(STR({match[2]}), "{SKOLEM}")'
    return f"(isBlank({match[2]}) || {named})" if match[1] == "isBlank" else f"(isIRI({match[2]}) && !{named})"


class Unsaid(Exception):
    """SPARQL cannot say this."""


@dataclass(frozen=True)
class Rule:
    """One constraint of a shape, as a query for what breaks it: ?focus, ?value and, of a closed shape, ?path."""

    shape: str
    component: str
    path: str
    severity: str
    messages: dict[str, str] = field(hash=False)
    query: str = ""

    def results(self, answer: Answer) -> Iterator[Result]:
        """The rows as validation results."""
        for row in answer.rows:
            found = dict(zip(answer.columns, map(_text, row), strict=True))
            focus, path = found.get("focus") or found.get("this", ""), found.get("path", "") or self.path
            value = found.get("value", "") or ("" if "focus" in found else focus)
            yield Result(focus, path, self.component, value, self.shape, self.severity, self.messages)


def _text(term: Term | None) -> str:
    return "" if term is None else str(term)


class Compiled:
    """Shapes as queries."""

    def __init__(self, shapes: Iterable[Quad], subclasses: Mapping[str, set[str]]) -> None:
        """`subclasses` names for a class those that are said to be right below it."""
        self.values: dict[Any, dict[str, list[Any]]] = defaultdict(lambda: defaultdict(list))
        for quad in shapes:
            self.values[quad.subject][quad.predicate.value].append(quad.object)
        self.subclasses = subclasses
        self.rules: list[Rule] = []
        self.unsaid: list[tuple[str, str]] = []  # shape, and what of it
        self._number = 0
        for shape in list(self.values):
            targets = self._targets(shape)
            if targets:
                self._shape(shape, " UNION ".join(f"{{ {target} }}" for target in targets))

    # --- reading shapes ---

    def _said(self, shape: Any, word: str) -> list[Any]:
        return self.values[shape].get(SH + word, []) if shape in self.values else []

    def _one(self, shape: Any, word: str) -> Any:
        return next(iter(self._said(shape, word)), None)

    def _items(self, head: Any) -> list[Any]:
        found: list[Any] = []
        while head in self.values and head.value != RDF + "nil" and len(found) < 10_000:
            found += self.values[head][RDF + "first"]
            head = next(iter(self.values[head][RDF + "rest"]), None)
        return found

    def _fresh(self) -> str:
        self._number += 1
        return f"?x{self._number}"

    def _classes(self, name: str) -> str:
        found, todo = {name}, [name]
        while todo:
            for below in self.subclasses.get(todo.pop(), ()):
                if below not in found:
                    found.add(below)
                    todo.append(below)
        return " ".join(f"<{one}>" for one in sorted(found))

    def _targets(self, shape: Any) -> list[str]:
        found = []
        classes = [term.value for term in self._said(shape, "targetClass")]
        kinds = {term.value for term in self.values[shape].get(RDF + "type", [])}
        if isinstance(shape, NamedNode) and kinds & {RDFS + "Class", OWL + "Class"}:
            classes.append(shape.value)
        for name in classes:
            kind = self._fresh()
            found.append(f"VALUES {kind} {{ {self._classes(name)} }} ?focus {A} {kind}")
        found += [f"VALUES ?focus {{ {term} }}" for term in self._said(shape, "targetNode")]
        found += [f"?focus {term} {self._fresh()}" for term in self._said(shape, "targetSubjectsOf")]
        found += [f"{self._fresh()} {term} ?focus" for term in self._said(shape, "targetObjectsOf")]
        return found

    def path(self, node: Any, depth: int = 0) -> str:
        """A path as SPARQL writes it, in the words of `shacl.path_text`."""
        if not isinstance(node, BlankNode) or depth > 16:
            return str(node)
        for word, mark in (("zeroOrMorePath", "*"), ("oneOrMorePath", "+"), ("zeroOrOnePath", "?")):
            if self._said(node, word):
                return f"({self.path(self._one(node, word), depth + 1)}){mark}"
        if self._said(node, "inversePath"):
            return f"^{self.path(self._one(node, 'inversePath'), depth + 1)}"
        choice = self._one(node, "alternativePath")
        parts = [self.path(part, depth + 1) for part in self._items(choice or node)]
        joined = ("|" if choice is not None else "/").join(parts)
        return joined if len(parts) == 1 else f"({joined})"

    def _is_off(self, shape: Any) -> bool:
        """Whether a shape is switched off: then everything conforms to it."""
        deactivated = self._one(shape, "deactivated")
        return deactivated is not None and deactivated.value in ("true", "1")

    # --- what is reported ---

    def _shape(self, shape: Any, target: str, depth: int = 0) -> None:
        """The rules of a shape whose focus nodes a pattern finds, and of the property shapes in it."""
        if self._is_off(shape) or depth > 16:
            return
        named = self._one(shape, "path")
        path = self.path(named) if named is not None else ""
        chosen = f"{{ SELECT DISTINCT ?focus WHERE {{ {target} }} }}"
        for word in sorted(self.values[shape]):
            name = word.removeprefix(SH)
            if not word.startswith(SH) or name in ASIDE:
                continue
            for value in self.values[shape][word]:
                try:
                    query = self._query(shape, name, value, path, chosen)
                except Unsaid as why:
                    self.unsaid.append((str(shape), f"sh:{name}{f' ({why})' if str(why) else ''}"))
                    continue
                if query:
                    self._add(shape, name, path, query)
        for inner in self._said(shape, "property"):
            below = target
            if path:
                below = f"{{ SELECT DISTINCT (?focus AS ?outer) WHERE {{ {target} }} }} ?outer {path} ?focus"
            self._shape(inner, below, depth + 1)

    def _add(self, shape: Any, name: str, path: str, query: str) -> None:
        severity = self._one(shape, "severity")
        component = "SPARQL" if name == "sparql" else name[0].upper() + name[1:]
        if name == "sparql":  # such a constraint has a message of its own
            constraint = next(iter(self._said(shape, name)))
            messages = self._said(constraint, "message") or self._said(shape, "message")
        else:
            messages = self._said(shape, "message")
        self.rules.append(Rule(
            str(shape), component, path,
            SEVERITIES.get(severity.value.removeprefix(SH) if severity else "", "violation"),
            {text.language or "": text.value for text in messages}, BLANK.sub(_blank, query),
        ))  # fmt: skip

    def _query(self, shape: Any, name: str, value: Any, path: str, chosen: str) -> str:
        if name == "sparql":
            return self._own_query(shape, value, path, chosen)
        if name == "closed":
            if value.value not in ("true", "1"):
                return ""
            known = self._known(shape)
            only = f" FILTER (?path NOT IN ({known}))" if known else ""  # to be in no list is no error everywhere
            return f"SELECT DISTINCT ?focus ?path ?value WHERE {{ {chosen} ?focus ?path ?value{only} }}"
        if path and name in (*OF_FOCUS, "hasValue"):
            broken = _denied(self._of_focus(shape, name, value, path, "?focus"))
            return f"SELECT DISTINCT ?focus WHERE {{ {chosen} FILTER ({broken}) }}"
        if name in PAIRS:
            return self._pair(name, value, path, chosen)
        if path:
            broken = f"?focus {path} ?value FILTER ({self._fails(shape, name, value, '?value')})"
            return f"SELECT DISTINCT ?focus ?value WHERE {{ {chosen} {broken} }}"
        fails = self._fails(shape, name, value, "?focus")
        return f"SELECT DISTINCT ?focus (?focus AS ?value) WHERE {{ {chosen} FILTER ({fails}) }}"

    def _own_query(self, shape: Any, constraint: Any, path: str, chosen: str) -> str:
        """The query that a shape itself has (SHACL-SPARQL), over its focus nodes."""
        text = self._one(constraint, "select")
        if text is None:
            raise Unsaid("only sh:select is asked")
        declared = [
            (self._one(one, "prefix"), self._one(one, "namespace"))
            for prefixes in self._said(constraint, "prefixes") for one in self._said(prefixes, "declare")
        ]  # fmt: skip
        query = text.value.replace("$PATH", path).replace("$currentShape", str(shape))
        place = min(Tokens(query).wheres({"this"}), default=-1)
        if place < 0:
            raise Unsaid("no WHERE is found in it")
        query = f"{query[:place]} {chosen.replace('?focus', '?this')} {query[place:]}"
        return "".join(f"PREFIX {name.value}: <{space.value}>\n" for name, space in declared if name and space) + query

    def _known(self, shape: Any) -> str:
        ignored = [term for head in self._said(shape, "ignoredProperties") for term in self._items(head)]
        paths = [self._one(inner, "path") for inner in self._said(shape, "property")]
        return ", ".join(sorted({str(term) for term in [*ignored, *paths] if isinstance(term, NamedNode)}))

    def _pair(self, name: str, other: Any, path: str, chosen: str) -> str:
        own = f"?focus {path} ?value" if path else "BIND (?focus AS ?value)"
        if name == "disjoint":
            return f"SELECT DISTINCT ?focus ?value WHERE {{ {chosen} {own} . ?focus {other} ?value }}"
        if name == "equals":
            lacking = f"{{ {own} FILTER NOT EXISTS {{ ?focus {other} ?value }} }}"
            extra = f"?focus {other} ?value FILTER NOT EXISTS {{ ?focus {path} ?value }}"
            if not path:
                extra = f"?focus {other} ?value FILTER (!sameTerm(?focus, ?value))"
                lacking = f"{{ {own} FILTER NOT EXISTS {{ ?focus {other} ?focus }} }}"
            return f"SELECT DISTINCT ?focus ?value WHERE {{ {chosen} {lacking} UNION {{ {extra} }} }}"
        holds = f"COALESCE(?value {COMPARED[name]} ?other, false)"
        return f"SELECT DISTINCT ?focus ?value WHERE {{ {chosen} {own} . ?focus {other} ?other FILTER (!{holds}) }}"

    # --- conditions: whether a node or a value is as it should be ---

    def holds(self, shape: Any, node: str, depth: int = 0) -> str:
        """A condition that a node conforms to a shape; Unsaid if there is none."""
        if depth > 16:
            raise Unsaid("shapes nested too deep")
        if self._is_off(shape):
            return "true"
        path = self.path(self._one(shape, "path")) if self._said(shape, "path") else ""
        found = []
        for word in sorted(self.values.get(shape, ())):
            name = word.removeprefix(SH)
            if not word.startswith(SH) or (name in ASIDE and name != "property"):
                continue
            for value in self.values[shape][word]:
                found.append(self._condition(shape, name, value, path, node, depth))
        return " && ".join(found) or "true"

    def _condition(self, shape: Any, name: str, value: Any, path: str, node: str, depth: int) -> str:
        if name in ("sparql", "closed"):
            raise Unsaid(f"sh:{name} inside another shape")
        if path and name in (*OF_FOCUS, "hasValue"):
            return f"({self._of_focus(shape, name, value, path, node, depth)})"
        if name in PAIRS:
            own, other = self._fresh(), self._fresh()
            said = f"{node} {path} {own} . " if path else ""
            own = own if path else node
            if name == "disjoint":
                return f"NOT EXISTS {{ {said}{node} {value} {own} }}"
            if name == "equals":
                return (f"NOT EXISTS {{ {said}FILTER NOT EXISTS {{ {node} {value} {own} }} }} && NOT EXISTS {{ "
                        f"{node} {value} {other} FILTER NOT EXISTS {{ {node} {path} {other} }} }}")  # fmt: skip
            return (f"NOT EXISTS {{ {said}{node} {value} {other} "
                    f"FILTER (!COALESCE({own} {COMPARED[name]} {other}, false)) }}")  # fmt: skip
        if not path:
            return f"({self._of_value(shape, name, value, node, depth)})"
        inner = self._fresh()
        return f"NOT EXISTS {{ {node} {path} {inner} FILTER ({self._fails(shape, name, value, inner, depth)}) }}"

    def _of_focus(self, shape: Any, name: str, value: Any, path: str, node: str, depth: int = 0) -> str:
        if name == "hasValue":
            if not isinstance(value, Literal):
                return f"EXISTS {{ {node} {path} {value} }}"
            inner = self._fresh()
            return f"EXISTS {{ {node} {path} {inner} FILTER ({_among(inner, [value])}) }}"
        if name == "uniqueLang":
            if value.value not in ("true", "1"):
                return "true"
            one, two = self._fresh(), self._fresh()
            same = f"!sameTerm({one}, {two}) && LANG({one}) != '' && LCASE(LANG({one})) = LCASE(LANG({two}))"
            return f"NOT EXISTS {{ {node} {path} {one}, {two} FILTER ({same}) }}"
        number = int(value.value)
        most = name in ("maxCount", "qualifiedMaxCount")
        wanted = number + 1 if most else number
        if wanted < 1:
            return "true"
        if wanted > MOST_TERMS:
            raise Unsaid(f"counts above {MOST_TERMS}")
        names = [self._fresh() for _ in range(wanted)]
        tests = [f"!sameTerm({one}, {two})" for place, one in enumerate(names) for two in names[:place]]
        if name.startswith("qualified"):
            disjoint = self._one(shape, "qualifiedValueShapesDisjoint")
            if disjoint is not None and disjoint.value in ("true", "1"):
                raise Unsaid("disjoint siblings")
            inner = self._one(shape, "qualifiedValueShape")
            tests += [self.holds(inner, one, depth + 1) for one in names]
        test = f" FILTER ({' && '.join(tests)})" if tests else ""
        found = f"EXISTS {{ {node} {path} {', '.join(names)}{test} }}"
        return f"NOT {found}" if most else found

    def _fails(self, shape: Any, name: str, value: Any, node: str, depth: int = 0) -> str:
        """The condition that one constraint on one node is broken: some stores stumble over a double negation."""
        if name == "not":
            return self.holds(value, node, depth + 1)
        return f"!({self._of_value(shape, name, value, node, depth)})"

    def _of_value(self, shape: Any, name: str, value: Any, node: str, depth: int = 0) -> str:
        """The condition of one constraint on one node."""
        if name == "class":
            kind = self._fresh()
            among = ", ".join(self._classes(value.value).split())
            return f"EXISTS {{ {node} {A} {kind} FILTER ({kind} IN ({among})) }}"
        if name == "datatype":
            whole = value.value.removeprefix(XSD) in datatypes.BETWEEN  # which some stores keep all as xsd:integer
            kind = f"DATATYPE({node}) IN ({value}, <{XSD}integer>)" if whole else f"DATATYPE({node}) = {value}"
            formed = " && ".join([kind, *datatypes.conditions(value.value, node)])
            return f"isLiteral({node}) && COALESCE({formed}, false)"
        if name == "nodeKind":
            return KINDS[value.value.removeprefix(SH)].format(node)
        if name in COMPARED:
            return f"COALESCE({node} {COMPARED[name]} {value}, false)"
        if name == "pattern":
            flags = self._one(shape, "flags")
            shown = f", {flags}" if flags is not None else ""
            # `$` is the end, and nothing but the end: some engines let a line break by before it
            end = f' && !STRENDS(STR({node}), "\\n")' if value.value.endswith("$") and "m" not in shown else ""
            return f"!isBlank({node}) && REGEX(STR({node}), {value}{shown}){end}"
        if name in ("minLength", "maxLength"):
            mark = ">=" if name == "minLength" else "<="
            return f"!isBlank({node}) && STRLEN(STR({node})) {mark} {int(value.value)}"
        if name == "in":
            return _among(node, self._items(value))
        if name == "hasValue":
            return _among(node, [value])
        if name == "languageIn":
            tags = " || ".join(f"LANGMATCHES(LANG({node}), {tag})" for tag in self._items(value))
            return f"isLiteral({node}) && ({tags or 'false'})"
        if name in ("node", "property"):
            return self.holds(value, node, depth + 1)
        if name == "not":
            return f"!({self.holds(value, node, depth + 1)})"
        if name in ("and", "or"):
            parts = [f"({self.holds(item, node, depth + 1)})" for item in self._items(value)]
            return (" && " if name == "and" else " || ").join(parts) or ("true" if name == "and" else "false")
        if name == "xone":
            parts = [f"IF({self.holds(item, node, depth + 1)}, 1, 0)" for item in self._items(value)]
            return " + ".join(parts) + " = 1" if parts else "false"
        raise Unsaid


def _denied(exists: str) -> str:
    """The opposite of EXISTS or NOT EXISTS."""
    found, word, group = exists.partition("EXISTS")
    return f"!({exists})" if not word else f"{'' if found else 'NOT '}EXISTS{group}"


def _among(node: str, terms: list[Any]) -> str:
    """The condition that a node is one of some terms; Virtuoso has a sameTerm that fails for constants."""
    names = [str(term) for term in terms if isinstance(term, NamedNode)]
    found = [f"{node} IN ({', '.join(names)})"] if names else []
    for term in terms:
        if not isinstance(term, NamedNode | BlankNode):
            texts = ", ".join(str(Literal(text)) for text in datatypes.spellings(term.value, term.datatype.value))
            kind = f'LCASE(LANG({node})) = "{term.language.lower()}"' if term.language else (
                f"DATATYPE({node}) = {term.datatype}")  # fmt: skip
            found.append(f"(isLiteral({node}) && STR({node}) IN ({texts}) && {kind})")
    return " || ".join(found) or "false"


def subclasses(pairs: Iterable[Sequence[Term | None]]) -> dict[str, set[str]]:
    """Rows of a class and what it is a kind of, as `Compiled` takes them."""
    found: dict[str, set[str]] = {}
    for below, above in pairs:
        if isinstance(below, NamedNode) and isinstance(above, NamedNode):
            found.setdefault(above.value, set()).add(below.value)
    return found
