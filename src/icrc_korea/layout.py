"""Hides where the project's files are: a checkout, an installed wheel or a team's own folder."""

from __future__ import annotations

import os
import re
from functools import cached_property
from pathlib import Path

from .errors import LayoutError, UnknownTerm, nearest

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

BASE = "https://w3id.org/icrc-korea/"
KW = BASE + "ontology#"
THINGS = BASE + "id/"
PASSAGES = BASE + "id/passage/"
CLAIMS = BASE + "id/claim/"
GRAPHS = BASE + "graph/"
LINKS = GRAPHS + "links"
CATALOGUE = GRAPHS + "catalogue"
RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
RDFS = "http://www.w3.org/2000/01/rdf-schema#"
OWL = "http://www.w3.org/2002/07/owl#"
SKOS = "http://www.w3.org/2004/02/skos/core#"
XSD = "http://www.w3.org/2001/XMLSchema#"

# What is in which file, and which graph it fills; no graph means that the file names its own.
CONTENT = (
    ("ontology", "core.ttl", "ontology"),
    ("ontology", "alignments.ttl", "alignments"),
    ("ontology/vocabulary", "*.ttl", "vocabulary"),
    ("data/entities", "*.ttl", "entities"),
    ("data/guide", "*.trig", ""),
    ("data/enrichment", "*.trig", ""),
    ("data/links", "*.sssom.tsv", "links"),
)
REQUIRED = ("ontology/core.ttl", "ontology/vocabulary", "data/entities", "data/guide", "queries/derive", "shapes")
# tables and lists that are no part of the graph: commands, tests and people read them
ASIDE = (
    "ontology/prefixes.ttl", "ontology/glossary.tsv", "ontology/banned-words.tsv",
    "data/entities/name-evidence.tsv", "data/links/classes.tsv", "data/links/contributions.tsv",
)  # fmt: skip
ENDINGS = {
    ".ttl", ".trig", ".nt", ".nq", ".n3", ".rdf", ".owl", ".xml", ".json", ".jsonld", ".tsv", ".csv", ".rq", ".sparql"
}  # fmt: skip
DERIVE, QUALITY, FEDERATED = "derive", "quality", "federated"
PREFIX_LINE = re.compile(r"^\s*(?:@prefix|PREFIX)\s+([\w.-]*):\s*<([^>]*)>", re.M | re.I)
MOST_NEAR = 10_000  # folders of IRIs that are remembered
# what Turtle and SPARQL take after a prefix: fewer letters than \w has, such as no superscripts
LETTERS = (
    "A-Z_a-z\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u02ff\u0370-\u037d\u037f-\u1fff\u200c\u200d\u2070-\u218f\u2c00-\u2fef"
    "\u3001-\ud7ff\uf900-\ufdcf\ufdf0-\ufffd\U00010000-\U000effff0-9"
)
MARKS = "\u00b7\u0300-\u036f\u203f\u2040-"
LOCAL_NAME = re.compile(f"[{LETTERS}](?:[{LETTERS}.{MARKS}]*[{LETTERS}{MARKS}])?")
TERM = re.compile(r"<?([A-Za-z][A-Za-z0-9+.-]*://[^\s<>]+)>?")


class Source:
    """One content file: where it is, its name in messages, and the graph it fills ('' = its own)."""

    __slots__ = ("graph", "name", "path")

    def __init__(self, path: Path, name: str, graph: str) -> None:
        self.path, self.name, self.graph = path, name, graph


class Prefixes:
    """The prefix list in a file: IRIs shortened to prefixed names, and back."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._near: dict[str, list[tuple[str, str]]] = {}

    @cached_property
    def prefixes(self) -> dict[str, str]:
        """The one prefix list, read from ontology/prefixes.ttl."""
        try:
            return dict(PREFIX_LINE.findall(self.path.read_text(encoding="utf-8-sig")))
        except (OSError, UnicodeDecodeError) as error:
            raise LayoutError(f"{self.path} cannot be read: {error}", "restore the prefix list") from None

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
            if iri.startswith(space) and LOCAL_NAME.fullmatch(iri, len(space)):
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
        if LOCAL_NAME.fullmatch(local) and LOCAL_NAME.fullmatch(prefix):
            raise UnknownTerm(
                f"the prefix {prefix}: of {term} is not in ontology/prefixes.ttl",
                [name + ":" for name in nearest(prefix, self.prefixes)],
            )
        return None


class Layout(Prefixes):
    """The folders of one knowledge graph and the prefixes used in them."""

    def __init__(self, root: Path) -> None:
        super().__init__(root / "ontology" / "prefixes.ttl")
        self.root = root

    @classmethod
    def find(cls, root: str | Path | None = None) -> Layout:
        """The graph that was asked for, else the wheel's own, else the checkout this module stands in."""
        here = Path(__file__).resolve().parent
        named = root or os.environ.get("ICRC_KOREA_ROOT")
        # beside the module first: an editable install may have left a stale copy in site-packages
        own = [here / "_graph", here.parents[1]]
        looked = [Path(named).expanduser().absolute()] if named else own
        for folder in looked:
            if (folder / "ontology" / "prefixes.ttl").is_file():
                layout = cls(folder)
                layout.require_folders()
                return layout
        places = " and ".join(str(folder) for folder in looked)
        raise LayoutError(
            f"no knowledge graph here: looked for ontology/prefixes.ttl in {places}",
            "give the folder that holds ontology/, data/ and queries/ with --root or ICRC_KOREA_ROOT",
        )

    def require_folders(self) -> None:
        """Fails with the name of the first folder or file that is missing."""
        for name in REQUIRED:
            if not (self.root / name).exists():
                raise LayoutError(
                    f"{name} is missing in {self.root}",
                    f"restore it (`git checkout -- {name}`) or point --root at a whole graph",
                )

    def sources(self) -> list[Source]:
        """Every content file, sorted, with the graph it fills."""
        found = []
        for folder, pattern, graph in CONTENT:
            for path in sorted((self.root / folder).glob(pattern)):
                found.append(Source(path, f"{folder}/{path.name}", GRAPHS + graph if graph else ""))
        return found

    def queries(self) -> Iterator[tuple[str, Path]]:
        """Every query file with its id, which is its path: `correspondence/unanswered`."""
        folder = self.root / "queries"
        for path in sorted(folder.rglob("*.rq")):
            yield path.relative_to(folder).with_suffix("").as_posix(), path

    def shapes(self) -> list[Path]:
        """Every shapes file, sorted."""
        return sorted((self.root / "shapes").glob("*.ttl"))

    def unread(self) -> list[str]:
        """The files in the folders of the graph that look like content and are none, for their place or ending."""
        read = {source.path for source in self.sources()} | {path for _, path in self.queries()} | set(self.shapes())
        read |= {self.root / name for name in ASIDE}
        found = []
        for folder in ("data", "ontology", "queries", "shapes"):
            for path in sorted((self.root / folder).rglob("*")):
                content = path.suffix.casefold() in ENDINGS and not path.name.startswith(".")
                if content and path not in read and not path.is_dir():
                    found.append(path.relative_to(self.root).as_posix())
        return found

    def inputs(self) -> dict[str, Path]:
        """Every file that the built dataset depends on, by its name."""
        files = {source.name: source.path for source in self.sources()}
        files["ontology/prefixes.ttl"] = self.root / "ontology" / "prefixes.ttl"
        files.update((f"queries/{name}.rq", path) for name, path in self.queries())
        return files

    def build_folders(self) -> list[Path]:
        """Where a built dataset may lie: in the graph's own folder, else in the user's cache."""
        from hashlib import sha256

        home = os.environ.get("XDG_CACHE_HOME") or os.environ.get("LOCALAPPDATA")
        try:
            cache = Path(home or "~/.cache").expanduser()
        except RuntimeError:  # no HOME and no entry for this user
            return [self.root / "build"]
        key = sha256(str(self.root).encode()).hexdigest()[:16]
        return [self.root / "build", cache / "icrc-korea" / key]

    def name_of(self, path: Path) -> str:
        """The path as messages show it: relative to the graph's folder where it lies inside."""
        try:
            return path.resolve().relative_to(self.root.resolve()).as_posix()
        except ValueError:
            return str(path)
