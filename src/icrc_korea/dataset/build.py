"""Makes the dataset from the files: assembled, derived, written at once or not at all."""

from __future__ import annotations

import json
from hashlib import sha256
from pathlib import Path

from ..asking.questions import Question
from ..content.layout import DERIVE
from ..errors import BuildError
from ..rdf.atomic import write_atomically
from ..rdf.lines import read_nquads
from ..rdf.spaces import CATALOGUE, GRAPHS
from ..rdf.store import Store
from ..rdf.terms import DefaultGraph

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from typing import Any, Protocol

    from ..content.layout import Layout
    from ..rdf.answer import Asked
    from ..rdf.reading import Reading
    from ..rdf.terms import NamedNode, Quad, Term
    from ..reasoning.axioms import Rule
    from ..workers.limits import Limits
    Tell = Callable[[int, int, str], None]  # done, of how many, what is being done
    class Dataset(Protocol):
        """A dataset wherever it is: `Built` here, or `remote.Remote` in a service elsewhere."""

        layout: Layout

        def slice(self, predicates: set[str] | None) -> Asked: ...
        def whole(self) -> Asked: ...
        def quads(self) -> list[Quad]: ...
        def stream(self, wanted: Callable[[NamedNode], bool], outside: bool = False) -> Iterator[Quad]: ...
        def questions(self) -> list[Question]: ...
        def uses(self, predicate: str) -> bool: ...
        def infers(self, subject: Term, predicate: Term, value: Term) -> bool: ...
        def sizes(self) -> dict[str, int]: ...

FORMAT = 1
DATASET, MERGED, MANIFEST = "dataset.nq", "merged.nt", "manifest.json"
SEAL = b',\n "sha256": "'
# the code that a dataset depends on: made anew when one of these changes
MAKERS = ("asking/questions.py", "content/*.py", "dataset/build.py", "rdf/*.py", "reasoning/*.py")


class Damaged(Exception):
    """A built file does not belong to its manifest."""


class Built:
    """A built dataset: its manifest, and its two files on disk or in memory."""

    def __init__(
        self, layout: Layout, manifest: dict[str, Any], folder: Path | None, files: dict[str, bytes]
    ) -> None:
        self.layout, self.manifest, self.folder, self._files = layout, manifest, folder, files

    def bytes_of(self, name: str) -> bytes:
        """The content of a built file, checked against the manifest."""
        if name not in self._files:
            data = b"" if self.folder is None else _read(self.folder / name)
            if digest(data) != self.manifest["files"][name]:
                raise Damaged(name)
            self._files[name] = data
        return self._files[name]

    def is_whole(self) -> bool:
        """Whether the built files are those that the manifest names."""
        try:
            return all(self.bytes_of(name) for name in (DATASET, MERGED))
        except Damaged:
            return False

    def quads(self) -> list[Quad]:
        """Every quad of the dataset."""
        return read_nquads(self.bytes_of(DATASET))

    def stream(self, wanted: Callable[[NamedNode], bool], outside: bool = False) -> Iterator[Quad]:
        """The quads of the graphs that are wanted, one after the other; with `outside` also those in no graph."""
        return (quad for quad in self.quads() if wanted(quad.graph_name))

    def slice(self, predicates: set[str] | None) -> Store:
        """A store with the merged graph, or with only the triples of these predicates."""
        store = Store(self.layout)
        table = self.manifest["merged"]["predicates"]
        if predicates is None or len(table) < 2 * len(predicates & set(table)):
            store.load_ntriples(self.bytes_of(MERGED))
        elif self.folder is None:
            data = self.bytes_of(MERGED)
            wanted = sorted(tuple(table[iri]) for iri in predicates if iri in table)
            store.load_ntriples(b"".join(data[start : start + size] for start, size, _ in wanted))
        else:
            store.load_ntriples(self._read_parts(sorted(table[iri] for iri in predicates if iri in table)))
        return store

    def _read_parts(self, parts: list[list[Any]]) -> bytes:
        """The parts (start, size, digest) of the merged file, each checked."""
        assert self.folder is not None  # noqa: S101 - the caller reads from disk
        pieces = []
        try:
            with (self.folder / MERGED).open("rb") as stream:
                for start, size, expected in parts:
                    stream.seek(start)
                    pieces.append(stream.read(size))
                    if digest(pieces[-1]) != expected:
                        raise Damaged(MERGED)
        except OSError:
            raise Damaged(MERGED) from None
        return b"".join(pieces)

    def whole(self) -> Store:
        """A store with the merged graph and every named graph beside it."""
        store = Store(self.layout)
        quads = self.quads()
        store.extend(quads)
        store.merge(quad for quad in quads if quad.graph_name.value != CATALOGUE)
        return store

    def uses(self, predicate: str) -> bool:
        """Whether any statement has this property."""
        return predicate in self.manifest["merged"]["predicates"]

    def infers(self, subject: Term, predicate: Term, value: Term) -> bool:
        """Whether a statement stands in the graph of what was inferred."""
        return f"{subject} {predicate} {value} <{GRAPHS}inferred> .".encode() in self.bytes_of(DATASET)

    def sizes(self) -> dict[str, int]:
        """The number of triples in each graph, by its short name; and of the merged graph, by ''."""
        return {**self.manifest["graphs"], "": self.manifest["merged"]["triples"]}

    def questions(self) -> list[Question]:
        """The questions of the catalogue, from the index of the build."""
        return [Question(entry) for entry in self.manifest["catalogue"]]


def digest(data: bytes) -> str:
    """SHA-256 in hex."""
    return sha256(data).hexdigest()


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:
        return b""


def input_digests(layout: Layout) -> dict[str, str]:
    """The SHA-256 of every file that the dataset depends on."""
    return {name: digest(_read(path)) for name, path in sorted(layout.inputs().items())}


def maker_digest() -> str:
    """The SHA-256 of the code that makes the dataset."""
    package = Path(__file__).parents[1]
    return digest(b"".join(_read(path) for name in MAKERS for path in sorted(package.glob(name))))


def load(layout: Layout) -> Built | None:
    """The dataset built from exactly these inputs by this code; None if there is none."""
    inputs = input_digests(layout)
    maker = maker_digest()
    for folder in layout.build_folders():
        data = _read(folder / MANIFEST)
        if not _is_whole(data):
            continue
        try:
            manifest = json.loads(data)
            fits = (
                manifest["format"] == FORMAT
                and manifest.keys() >= {"files", "merged", "catalogue", "graphs"}
                and manifest["inputs"] == inputs
                and manifest["maker"] == maker
                and all(
                    (folder / name).stat().st_size == manifest["sizes"][name] for name in (DATASET, MERGED)
                )
            )
        except (ValueError, KeyError, TypeError, OSError):
            continue
        if fits:
            return Built(layout, manifest, folder, {})
    return None


def _sealed(manifest: dict[str, Any]) -> bytes:
    """A manifest as it is written: in JSON, its last entry the digest of all before it."""
    text = json.dumps(manifest, ensure_ascii=False, indent=1).removesuffix("\n}").encode()
    return b'%b%b%b"\n}\n' % (text, SEAL, digest(text).encode())


def _is_whole(data: bytes) -> bool:
    """Whether a manifest is as it was written, down to the byte."""
    text, seal, rest = data.rpartition(SEAL)
    return bool(seal) and rest == digest(text).encode() + b'"\n}\n'


def ensure(layout: Layout, tell: Tell) -> Built:
    """The dataset, built anew only if its inputs have changed."""
    return load(layout) or make(layout, tell)


def assemble(layout: Layout, tell: Tell) -> list[Quad]:
    """Every asserted quad of the content files, and the claims derived from them."""
    from ..content.claims import with_claims
    from ..rdf.reading import read_text

    quads: list[Quad] = []
    files = layout.files()
    for number, file in enumerate(files):
        tell(number, len(files) + 4, f"reading {file.name}")
        found = parsed(read_text(file.path, file.name), file.name, file.graph, layout)
        if any(isinstance(quad.graph_name, DefaultGraph) for quad in found):
            raise BuildError(
                f"{file.name} has statements outside any graph", "write them as passage:P19.s6 { … }: see `check`"
            )
        quads += found
    return with_claims(quads, layout.sources)


def parsed(text: str, name: str, graph: str, layout: Layout, reading: Reading | None = None) -> list[Quad]:
    """The quads of a content file, whatever its form."""
    if name.endswith(".tsv"):
        from ..content import links

        return links.parse(text, name, graph, layout.prefixes)
    from ..rdf.reading import STRICTLY, parse

    return parse(text, name, graph, layout.prefixes, reading or STRICTLY)


def derive_rules(questions: Iterable[Question], layout: Layout) -> list[Rule]:
    """The rules of queries/derive/."""
    from ..reasoning.rules import derive_rules as read

    return read([(q.id, q.text, q.asks()) for q in questions if q.topic == DERIVE], layout)


def make(layout: Layout, tell: Tell, reasoner: str = "rules", limits: Limits | None = None) -> Built:
    """Builds the dataset and writes it where it can; kept in memory if nowhere can be written.

    What the rules may take is limited, see `limited.RULES`.
    `reasoner` is `rules` (the ontology compiled) or `owlrl` (the reference: the same news, slower).
    """
    from ..asking.questions import APART, as_quads, index, prefixes_as_quads
    from ..rdf.lines import nquads_lines
    from ..rdf.writing import canonical
    from ..reasoning import infer
    from .limited import RULES, Limited

    total = len(layout.files()) + 4
    # taken first: a file, or code, that changes meanwhile makes the build stale
    inputs, maker = input_digests(layout), maker_digest()
    questions = index(layout)
    asserted = canonical(assemble(layout, tell))
    tell(total - 4, total, f"deriving what follows (OWL 2 RL, {reasoner})")
    store = Limited(Store.of(asserted, layout), limits or RULES)
    try:
        inferred = infer.infer(asserted, derive_rules(questions, layout), layout, reasoner, store)
    finally:
        store.close()
    tell(total - 2, total, "writing the dataset")
    # the questions are no part of what is asked, so they are in the dataset and not in the merged graph
    catalogue = [quad for question in questions if question.topic not in APART for quad in as_quads(question, layout)]
    catalogue += prefixes_as_quads(layout)
    lines = nquads_lines(asserted + inferred + catalogue)
    dataset = ("\n".join(lines) + "\n").encode()
    merged, predicates = _merge(asserted + inferred)
    manifest = {
        "format": FORMAT,
        "inputs": inputs,
        "maker": maker,
        "versions": _versions(),
        "reasoner": reasoner,
        "graphs": _counts(asserted + inferred + catalogue, layout),
        "dataset": {"quads": len(lines), "rdfc10_sha256": digest(dataset)},
        "files": {DATASET: digest(dataset), MERGED: digest(merged)},
        "sizes": {DATASET: len(dataset), MERGED: len(merged)},
        "merged": {"triples": merged.count(b"\n"), "predicates": predicates},
        "catalogue": [question.entry() for question in questions],
    }
    built = Built(layout, manifest, None, {DATASET: dataset, MERGED: merged})
    built.folder = _write_first(layout, built, lambda text: tell(total - 1, total, text))
    where = layout.name_of(built.folder) if built.folder else "memory"
    tell(total, total, f"{len(lines)} statements built in {where}")
    return built


def _merge(quads: Iterable[Quad]) -> tuple[bytes, dict[str, list[int | str]]]:
    """Every triple once, grouped by predicate, and where each predicate's group lies."""
    groups: dict[str, set[str]] = {}
    for quad in quads:
        groups.setdefault(quad.predicate.value, set()).add(f"{quad.triple} .\n")
    pieces: list[bytes] = []
    table: dict[str, list[int | str]] = {}
    offset = 0
    for predicate in sorted(groups):
        piece = "".join(sorted(groups[predicate])).encode()
        table[predicate] = [offset, len(piece), digest(piece)]
        pieces.append(piece)
        offset += len(piece)
    return b"".join(pieces), table


def _counts(quads: Iterable[Quad], layout: Layout) -> dict[str, int]:
    counts: dict[str, int] = {}
    for quad in quads:
        name = layout.shrink(quad.graph_name.value)
        counts[name] = counts.get(name, 0) + 1
    return dict(sorted(counts.items()))


def _versions() -> dict[str, str]:
    from importlib.metadata import version

    return {name: version(name) for name in ("pyoxigraph",)}


def _write_first(
    layout: Layout, built: Built, tell: Callable[[str], None]
) -> Path | None:
    """Writes into the first folder that takes it, the manifest last; None if none does."""
    for folder in layout.build_folders():
        try:
            folder.mkdir(parents=True, exist_ok=True)
            for name in (DATASET, MERGED):
                write_atomically(folder / name, built.bytes_of(name))
            write_atomically(folder / MANIFEST, _sealed(built.manifest))
        except OSError as error:
            tell(f"{layout.name_of(folder)} cannot be written ({error.strerror})")
            continue
        return folder
    tell("nothing could be written, so the dataset lives in memory for this command only")
    return None
