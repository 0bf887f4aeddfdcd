"""Knows the sources of a graph: the settings in graph.toml, and what the name of a graph says of its statements."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

from ..errors import LayoutError, ParseError, UsageError, nearest
from ..rdf.terms import NamedNode

TYPE_CHECKING = False
if TYPE_CHECKING:
    import re
    from collections.abc import Iterable, Mapping
    from typing import Any

    from ..rdf.prefixes import Prefixes

SETTINGS, FOLDER = "graph.toml", "data/sources"
# How a piece puts what it says, from strongest to weakest; all but the first are endings of a graph's name.
CERTAINTIES = ("stated", "quoted", "attributed", "hedged", "interpretation", "inferred")
KINDS = ("text", "authority")
KNOWN = {
    "": ("title", "base", "license", "languages", "source"),
    "source": ("is", "pieces", "page", "kind"),
}


@dataclass(frozen=True)
class Source:
    """One source: its name in graph.toml, the thing it is, the name space of its pieces, its page, its kind."""

    name: str
    iri: NamedNode
    space: str
    page: str
    kind: str

    @property
    def folder(self) -> str:
        """Where it lies: `data/sources/guide`."""
        return f"{FOLDER}/{self.name}"


class Place(NamedTuple):
    """What a graph's name says: whose piece it is, which one, and how the piece puts what stands there."""

    source: Source
    piece: NamedNode
    certainty: str


class Sources:
    """The sources of a graph in their order, and the pieces by the names of graphs."""

    def __init__(self, path: Path, prefixes: Prefixes) -> None:
        self._path, self._prefixes = path, prefixes
        self._places: dict[str, Place | None] = {}

    @cached_property
    def settings(self) -> Mapping[str, Any]:
        """What graph.toml says, checked."""
        import tomllib

        try:
            found = tomllib.loads(self._path.read_text(encoding="utf-8-sig"))
        except OSError as error:
            raise LayoutError(f"{self._path} cannot be read: {error.strerror}", "restore it") from None
        except UnicodeDecodeError:
            raise _fault("is not UTF-8", "save it as UTF-8") from None
        except tomllib.TOMLDecodeError as error:
            raise _fault(str(error), "write it as TOML: name = \"value\"") from None
        self._refuse_unknown("", found)
        sources = found.get("source")
        if not isinstance(sources, dict) or not sources:
            raise _fault("names no source", "add one: [source.guide] with is, pieces and kind")
        for name, given in sources.items():
            self._refuse_unknown(name, given)
        return found

    def _refuse_unknown(self, name: str, given: object) -> None:
        section = f"[source.{name}]" if name else "the settings"
        if not isinstance(given, dict):
            raise _fault(f"{section} is no table", "write [source.NAME] and its lines below it")
        known = KNOWN["source" if name else ""]
        for key, value in given.items():
            if key not in known:
                near = nearest(key, known)
                remedy = f"did you mean {near[0]}?" if near else "known: " + ", ".join(known)
                raise _fault(f"{section} has an unknown {key!r}", remedy)
            if key not in ("languages", "source") and not isinstance(value, str):
                raise _fault(f"{key} of {section} is no text", f'write {key} = "…"')

    @cached_property
    def all(self) -> tuple[Source, ...]:
        """Every source, in the order of graph.toml."""
        return tuple(self._read(name, given) for name, given in self.settings["source"].items())

    def _read(self, name: str, given: Mapping[str, str]) -> Source:
        section = f"[source.{name}]"
        for key in ("is", "pieces"):
            if not given.get(key):
                raise _fault(f"{section} has no {key!r}", f'add {key} = "…"')
        kind = given.get("kind", KINDS[0])
        if kind not in KINDS:
            raise _fault(f"{section} has the unknown kind {kind!r}", "write " + " or ".join(KINDS))
        space = self._prefixes.prefixes.get(given["pieces"])
        if space is None:
            raise _fault(
                f"the prefix {given['pieces']}: of {section} is not in ontology/prefixes.ttl",
                "add it there, or use one of its prefixes",
            )
        iri = self._prefixes.expand(given["is"])
        if iri is None:
            raise _fault(f"{given['is']!r} of {section} is no name", 'write is = "source:…"')
        return Source(name, NamedNode(iri), space, given.get("page", ""), kind)

    @property
    def first(self) -> Source:
        """The source that the graph was made from."""
        return self.all[0]

    def named(self, name: str) -> Source:
        """The source of that name; UsageError with the names that there are."""
        for source in self.all:
            if source.name == name:
                return source
        raise UsageError(
            f"there is no source {name!r}", "the sources of graph.toml: " + ", ".join(one.name for one in self.all)
        )

    def chosen(self, names: Iterable[str]) -> tuple[str, ...]:
        """Names of sources, each known, each once, in the order of graph.toml."""
        wanted = {self.named(name).name for name in names}
        if not wanted:
            known = ",".join(one.name for one in self.all)
            raise UsageError("no source is named", f"name one or more: --sources {known}")
        return tuple(one.name for one in self.all if one.name in wanted)

    @cached_property
    def _pattern(self) -> re.Pattern[str]:
        import re

        spaces = "|".join(re.escape(one.space) for one in sorted(self.all, key=lambda one: -len(one.space)))
        return re.compile(f"({spaces})([^/#]+?)(?:-({'|'.join(CERTAINTIES[1:])}))?")

    @cached_property
    def _by_space(self) -> dict[str, Source]:
        return {one.space: one for one in self.all}

    def place(self, graph: object) -> Place | None:
        """What a graph's name says; None if it is no piece of a source."""
        if not isinstance(graph, NamedNode):
            return None
        name = graph.value
        if name not in self._places:
            match = self._pattern.fullmatch(name)
            self._places[name] = (
                Place(self._by_space[match[1]], NamedNode(match[1] + match[2]), match[3] or CERTAINTIES[0])
                if match else None
            )  # fmt: skip
        return self._places[name]


def _fault(found: str, remedy: str) -> ParseError:
    """What is wrong in the settings."""
    return ParseError(SETTINGS, 0, 0, found, remedy=remedy)
