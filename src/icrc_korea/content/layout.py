"""Finds the files of a graph: in a checkout, an installed wheel, a folder of one's own."""

from __future__ import annotations

import os
from pathlib import Path

from ..errors import LayoutError
from ..rdf.prefixes import Prefixes
from ..rdf.spaces import GRAPHS
from .sources import FOLDER, SETTINGS, Sources

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

# What is in which file, and which graph it fills; no graph means that the file names its own.
CONTENT = (
    ("ontology", "core.ttl", "ontology"),
    ("ontology", "alignments.ttl", "alignments"),
    ("ontology/vocabulary", "*.ttl", "vocabulary"),
    ("data/entities", "*.ttl", "entities"),
    ("data/links", "*.sssom.tsv", "links"),
)
# … and in the folder of each source: who it is, its pieces, the things that it alone speaks of, what it says
OF_A_SOURCE = (
    ("", "source.ttl", "entities"),
    ("", "pieces.ttl", "entities"),
    ("", "things.ttl", "entities"),
    ("/statements", "*.trig", ""),
)
REQUIRED = (
    SETTINGS, "ontology/core.ttl", "ontology/vocabulary", "data/entities", FOLDER, "queries/derive", "shapes",
)  # fmt: skip
# tables and lists that are no part of the graph: commands, tests and people read them
ASIDE = (
    "ontology/prefixes.ttl", "ontology/glossary.tsv", "ontology/banned-words.tsv",
    "data/entities/name-evidence.tsv", "data/links/classes.tsv", "data/links/contributions.tsv",
)  # fmt: skip
ENDINGS = {
    ".ttl", ".trig", ".nt", ".nq", ".n3", ".rdf", ".owl", ".xml", ".json", ".jsonld", ".tsv", ".csv", ".rq", ".sparql"
}  # fmt: skip
DERIVE, QUALITY, FEDERATED = "derive", "quality", "federated"


class File:
    """One content file: where it is, its name in messages, and the graph it fills ('' = its own)."""

    __slots__ = ("graph", "name", "path")

    def __init__(self, path: Path, name: str, graph: str) -> None:
        self.path, self.name, self.graph = path, name, graph


class Layout(Prefixes):
    """The folders of one knowledge graph, the prefixes used in them, and its sources: all, or those chosen."""

    def __init__(self, root: Path, chosen: Iterable[str] = ()) -> None:
        super().__init__(root / "ontology" / "prefixes.ttl")
        self.root = root
        self.sources = Sources(root / SETTINGS, self)
        self.chosen = self.sources.chosen(chosen) if chosen else ()

    @classmethod
    def find(cls, root: str | Path | None = None, sources: str | Iterable[str] = "") -> Layout:
        """The graph that was asked for, else the wheel's own, else the checkout this module stands in.

        With names of sources, or ICRC_KOREA_SOURCES, it holds only what these say.
        """
        chosen = sources or os.environ.get("ICRC_KOREA_SOURCES", "")
        if isinstance(chosen, str):
            chosen = [name.strip() for name in chosen.split(",") if name.strip()] or ([""] if chosen else [])
        here = Path(__file__).resolve().parents[1]  # the package
        named = root or os.environ.get("ICRC_KOREA_ROOT")
        # beside the module first: an editable install may have left a stale copy in site-packages
        own = [here / "_graph", here.parents[1]]
        looked = [Path(named).expanduser().absolute()] if named else own
        for folder in looked:
            if (folder / "ontology" / "prefixes.ttl").is_file():
                layout = cls(folder, chosen)
                layout.require_folders()
                return layout
        places = " and ".join(str(folder) for folder in looked)
        raise LayoutError(
            f"no knowledge graph here: looked for ontology/prefixes.ttl in {places}",
            "give the folder that holds ontology/, data/ and queries/ with --root or ICRC_KOREA_ROOT",
        )

    def refuse_if_installed(self, path: Path) -> None:
        """Fails where a file would be written into the installed package, to be lost with its next version."""
        if self.root == Path(__file__).resolve().parents[1] / "_graph":
            raise LayoutError(
                f"{path.name} would be written into the installed package, and be lost with its next version",
                "work in a folder of your own: --root FOLDER with ontology/, data/, shapes/ and queries/",
            )

    def require_folders(self) -> None:
        """Fails with the name of the first folder or file that is missing."""
        for name in REQUIRED:
            if not (self.root / name).exists():
                raise LayoutError(
                    f"{name} is missing in {self.root}",
                    f"restore it (`git checkout -- {name}`) or point --root at a whole graph",
                )

    def files(self) -> list[File]:
        """Every content file of the sources chosen, sorted, with the graph it fills."""
        return self._files(self.chosen)

    def _files(self, chosen: Iterable[str]) -> list[File]:
        found = []
        folders = [f"{FOLDER}/{name}" for name in sorted(chosen)]
        if not folders and (self.root / FOLDER).is_dir():
            folders = sorted(f"{FOLDER}/{path.name}" for path in (self.root / FOLDER).iterdir() if path.is_dir())
        own = [(folder + below, pattern, graph) for folder in folders for below, pattern, graph in OF_A_SOURCE]
        for folder, pattern, graph in (*CONTENT, *own):
            for path in sorted((self.root / folder).glob(pattern)):
                found.append(File(_readable(path), f"{folder}/{path.name}", GRAPHS + graph if graph else ""))
        return found

    def queries(self) -> Iterator[tuple[str, Path]]:
        """Every query file with its id, which is its path: `correspondence/unanswered`."""
        folder = self.root / "queries"
        for path in sorted(folder.rglob("*.rq")):
            yield _readable(path).relative_to(folder).with_suffix("").as_posix(), path
        for path in self._rules("*.rq"):
            yield f"{QUALITY}/{path.parents[1].name}/{path.stem}", path

    @staticmethod
    def file_of_query(query: str) -> str:
        """The file of a query by its id: in queries/, or among the rules of a source."""
        topic, _, name = query.rpartition("/")
        if topic.startswith(QUALITY + "/"):
            return f"{FOLDER}/{topic.removeprefix(QUALITY + '/')}/rules/{name}.rq"
        return f"queries/{query}.rq"

    def _rules(self, pattern: str) -> list[Path]:
        """The files of rules that hold of one source alone."""
        found = sorted((self.root / FOLDER).glob(f"*/rules/{pattern}"))
        return [_readable(path) for path in found if not self.chosen or path.parents[1].name in self.chosen]

    def shapes(self) -> list[Path]:
        """Every shapes file, sorted."""
        return [_readable(path) for path in sorted((self.root / "shapes").glob("*.ttl"))] + self._rules("*.ttl")

    def unread(self) -> list[str]:
        """The files in the folders of the graph that look like content and are none, for their place or ending."""
        read = {file.path for file in self._files(())} | {path for _, path in self.queries()} | set(self.shapes())
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
        files = {file.name: file.path for file in self.files()}
        for name in ("ontology/prefixes.ttl", SETTINGS):
            files[name] = self.root / name
        files.update((self.file_of_query(name), path) for name, path in self.queries())
        return files

    def build_folders(self) -> list[Path]:
        """Where a built dataset may lie: in the graph's own folder, else the user's cache; apart for chosen sources."""
        from hashlib import sha256

        home = os.environ.get("XDG_CACHE_HOME") or os.environ.get("LOCALAPPDATA")
        try:
            cache = Path(home or "~/.cache").expanduser()
        except RuntimeError:  # no HOME and no entry for this user
            return [self._apart(self.root / "build")]
        key = sha256(str(self.root).encode()).hexdigest()[:16]
        return [self._apart(self.root / "build"), self._apart(cache / "icrc-korea" / key)]

    def _apart(self, folder: Path) -> Path:
        return folder / "sources" / "+".join(self.chosen) if self.chosen else folder

    def name_of(self, path: Path) -> str:
        """The path as messages show it: relative to the graph's folder where it lies inside."""
        try:
            return path.resolve().relative_to(self.root.resolve()).as_posix()
        except ValueError:
            return str(path)


def _readable(path: Path) -> Path:
    """The path, refused if nobody could write its name down: names of files stand in messages and in what is built."""
    try:
        str(path).encode()
    except UnicodeEncodeError:
        raise LayoutError(f"the name of a file in {path.parent} is not UTF-8: {path.name}", "rename it") from None
    return path
