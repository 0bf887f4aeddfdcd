"""Keeps a store on disk whole: built beside the old one, checked when it is opened.

A folder holds

    store.json               which generation counts, and what it must hold
    generation-…/            one finished store (RocksDB), never written again
    generation-….unfinished  what a build that was stopped left behind
    lock                     held by the one process that builds

`store.json` is replaced at once, when the new generation is complete and on the disk. Whatever happens before
that, the old generation counts; whatever happens after it, the new one does.
"""

from __future__ import annotations

import json
import shutil
from contextlib import contextmanager
from hashlib import sha256
from itertools import chain
from pathlib import Path
from uuid import uuid4

from ..errors import LayoutError, UsageError
from ..rdf.atomic import sync, write_atomically
from ..rdf.reading import MOST_NAMED, STRICTLY, Reading, read_lines
from ..rdf.spaces import CATALOGUE, GRAPHS
from ..rdf.store import bulk_load, open_read_only
from .build import DATASET, Built

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from typing import Any

    from ..content.layout import Layout
    from ..rdf.store import Store
    from ..rdf.terms import NamedNode, Quad, Term
    from .build import Tell

FORMAT = 1
POINTER, LOCK, GENERATION, UNFINISHED = "store.json", "lock", "generation-", ".unfinished"
OWN = (POINTER, LOCK)
# RocksDB checks the blocks of its large files when it reads them; the small ones it trusts
NOT_DATA = ("LOG", "LOCK")
REBUILD = "build it again: icrc-korea build --store {}"


class DiskStore(Built):
    """A built dataset that stays on disk and is asked there; read only."""

    def __init__(self, layout: Layout, manifest: dict[str, Any], folder: Path, store: Store) -> None:
        super().__init__(layout, manifest, folder, {})
        self._store = store

    def bytes_of(self, name: str) -> bytes:
        """Not kept here: the store itself is the dataset."""
        raise UsageError(f"{name} is not part of a store on disk", "export from the folder it was built from")

    def quads(self) -> list[Quad]:
        """Every quad of the named graphs, in the order of the built dataset."""
        return sorted(self._store.named(), key=str)

    def infers(self, subject: Term, predicate: Term, value: Term) -> bool:
        """Whether a statement stands in the graph of what was inferred."""
        pattern = f"GRAPH <{GRAPHS}inferred> {{ {subject} {predicate} {value} }}"
        return bool(self._store.query(f"ASK {{ {pattern} }}").truth)

    def stream(self, wanted: Callable[[NamedNode], bool], outside: bool = False) -> Iterator[Quad]:
        """The quads of the graphs that are wanted, as they lie; with `outside` also those in no graph."""
        graphs = self._store.named(wanted)
        return chain(graphs, self._store.outside()) if outside and self.manifest.get("outside") else graphs

    def slice(self, predicates: set[str] | None) -> Store:
        """The store: whatever is asked of it is read where it lies."""
        return self._store

    def whole(self) -> Store:
        """The same store: the named graphs are in it too."""
        return self._store


def make(
    folder: Path, built: Built, files: Iterable[Path], tell: Tell, reading: Reading = STRICTLY
) -> dict[str, Any]:
    """Puts the built dataset, or the given RDF files instead of it, into a store on disk; gives its manifest."""
    _refuse_foreign(folder)
    folder.mkdir(parents=True, exist_ok=True)
    with _only_writer(folder):
        for old in folder.glob(f"{GENERATION}*{UNFINISHED}"):
            shutil.rmtree(old)
        name = GENERATION + uuid4().hex[:12]
        unfinished = folder / (name + UNFINISHED)
        try:
            outside = bulk_load(unfinished, _lines(built, list(files), tell, reading), apart=CATALOGUE)
        except OSError as error:
            shutil.rmtree(unfinished, ignore_errors=True)
            raise LayoutError(f"{folder} cannot be written: {error}", "make room, or name another folder") from None
        except BaseException:
            shutil.rmtree(unfinished, ignore_errors=True)
            raise
        store = open_read_only(unfinished, built.layout)
        counts = store.counts()
        merged = {"triples": counts.pop(""), "predicates": store.predicates()}
        manifest = {
            "format": FORMAT,
            "generation": name,
            "graphs": {built.layout.shrink(graph): number for graph, number in counts.items()},
            "statements": len(store),
            "files": _digests(unfinished),
            "catalogue": built.manifest["catalogue"],
            "merged": merged,
            "outside": outside,  # whether some statements are in no named graph
        }
        sync(unfinished)
        unfinished.rename(folder / name)
        write_atomically(folder / POINTER, (json.dumps(manifest, ensure_ascii=False, indent=1) + "\n").encode())
        sync(folder)
        for old in folder.glob(GENERATION + "*"):
            if old.name != name:
                shutil.rmtree(old, ignore_errors=True)  # a reader may still have it open
    tell(1, 1, f"{manifest['statements']:,} statements in {folder}")
    return manifest


def _lines(built: Built, files: list[Path], tell: Tell, reading: Reading) -> Iterator[list[bytes]]:
    """The built dataset, or what is in the files."""
    if not files:
        tell(0, 1, "loading the dataset")
        yield built.bytes_of(DATASET).splitlines(keepends=True)
    loaded = 0
    for number, path in enumerate(files):
        left: list[str] = []
        for lines in read_lines(path, reading, left):
            tell(number, len(files), f"loading {path.name}: {loaded:,} statements")
            yield lines
            loaded += len(lines)
        if left:
            shown = ", ".join(f"<{iri[:80]}>" for iri in list(dict.fromkeys(left))[:MOST_NAMED])
            tell(number, len(files), f"{path.name}: left out {len(left):,} statements with IRIs that are none: {shown}")


def _refuse_foreign(folder: Path) -> None:
    """A folder that holds anything else is not ours to write into."""
    if folder.exists() and not folder.is_dir():
        raise UsageError(f"{folder} is not a folder", "name a folder that does not exist yet, or an empty one")
    held = sorted(path.name for path in folder.iterdir()) if folder.exists() else []
    foreign = [name for name in held if name not in OWN and not name.startswith(GENERATION)]
    if foreign:
        raise UsageError(
            f"{folder} holds something else: {', '.join(foreign[:3])}{' …' if len(foreign) > 3 else ''}",
            "name a folder that does not exist yet, or an empty one",
        )


@contextmanager
def _only_writer(folder: Path) -> Iterator[None]:
    """Holds the lock while building. It goes with the process, however that ends."""
    import fcntl

    with (folder / LOCK).open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise UsageError(f"another process is building {folder}", "wait until it has finished") from None
        yield


def _digests(folder: Path) -> dict[str, list[int | str]]:
    """Size and SHA-256 of every file that holds data."""
    found: dict[str, list[int | str]] = {}
    for path in sorted(folder.iterdir()):
        if not path.name.startswith(NOT_DATA):
            with path.open("rb") as stream:
                found[path.name] = [path.stat().st_size, _sha256(stream)]
    return found


def _sha256(stream: Any) -> str:
    from hashlib import file_digest

    return file_digest(stream, sha256).hexdigest()


def open_store(folder: Path, layout: Layout, thorough: bool = False) -> DiskStore:
    """The store in a folder, read only; LayoutError if it is none, or if anything is missing or changed.

    The sizes of all files and the content of the small ones, which name the others, are compared each time; the
    blocks of the large ones have check sums that are looked at when they are read. With `thorough` the content of
    every file is compared, and the statements are counted, which takes as long as reading them.
    """
    again = REBUILD.format(folder)
    try:
        manifest = json.loads((folder / POINTER).read_bytes())
        generation, files = folder / manifest["generation"], dict(manifest["files"])
        if manifest["format"] != FORMAT:
            raise LayoutError(f"{folder} is a store of another version", again)
    except FileNotFoundError:
        raise LayoutError(f"{folder} is no store: it has no {POINTER}", again) from None
    except (OSError, ValueError, KeyError, TypeError):
        raise LayoutError(f"{folder / POINTER} cannot be read", again) from None
    for name, (size, digest) in files.items():
        path = generation / name
        large = name.endswith(".sst") and not thorough
        try:
            with path.open("rb") as stream:
                fits = path.stat().st_size == size and (large or _sha256(stream) == digest)
        except OSError:
            fits = False
        if not fits:
            raise LayoutError(f"{path} is damaged or missing, so statements may be lost", again)
    try:
        store = open_read_only(generation, layout)
        number = len(store) if thorough else manifest["statements"]
    except (OSError, RuntimeError) as error:
        raise LayoutError(f"{generation} cannot be opened: {error}", again) from None
    if number != manifest["statements"]:
        raise LayoutError(f"{folder} holds {number:,} statements instead of {manifest['statements']:,}", again)
    return DiskStore(layout, manifest, folder, store)
