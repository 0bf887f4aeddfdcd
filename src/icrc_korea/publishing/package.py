"""Writes the folder of a release: all formats, a description, a manifest."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from functools import partial
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryFile

from ..errors import LayoutError
from ..rdf.lines import lines_of, outside_graphs, quads_in, split
from ..rdf.sorting import in_order
from ..rdf.spaces import BASE, OWL, XSD
from ..rdf.terms import TYPE, Literal, NamedNode, Quad
from ..rdf.writing import relabelled_lines, serialise_into
from .export import A_READ, NAMELESS, STATEMENT, Choice, _with_reifiers, chosen, part_of, write, written
from .jsonld import context_file

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from typing import IO, Any

    from ..content.layout import Layout
    from ..dataset.build import Dataset
    from .export import Counted

def manifest(lines: Iterable[list[bytes]], files: dict[str, tuple[int, str]]) -> dict[str, Any]:
    """What was exported: each graph's count and digest, each file's size and digest.

    Blank nodes are labelled by RDFC-1.0 already, so its canonical form of the whole is the sorted N-Quads. A graph
    that has blank nodes is labelled once more, for its digest is that of the graph alone.
    """
    alone: dict[bytes, list[bytes]] = {graph: [] for graph in NAMELESS}
    counts: Counter[bytes] = Counter()
    sums: dict[bytes, Any] = defaultdict(sha256)
    whole = sha256()
    for batch in in_order(lines):
        whole.update(b"".join(batch))
        for line in batch:
            graph = split(line)[1]
            counts[graph] += 1
            if graph in alone:
                alone[graph].append(line)
            else:
                sums[graph].update(line)
    for graph in alone.keys() & counts.keys():
        for batch in in_order(relabelled_lines([alone[graph]])):
            sums[graph].update(b"".join(batch))
    return {
        "quads": counts.total(),
        "rdfc10_sha256": whole.hexdigest(),
        "graphs": {
            graph[1:-1].decode() or "(default)": {"triples": counts[graph], "rdfc10_sha256": sums[graph].hexdigest()}
            for graph in sorted(counts)
        },
        "files": {name: {"bytes": size, "sha256": found} for name, (size, found) in sorted(files.items())},
    }


def as_json(document: dict[str, Any]) -> bytes:
    """A manifest as its file has it."""
    return (json.dumps(document, ensure_ascii=False, indent=1) + "\n").encode()


# the files of a package and the parts in each
PACKAGE = {
    "ontology.ttl": ("ontology",),
    "alignments.ttl": ("alignments",),
    "vocabulary.ttl": ("vocabulary",),
    "shapes.ttl": ("shapes",),
    "data.ttl": ("statements", "entities"),
    "claims.ttl": ("claims",),
    "links.ttl": ("links",),
    "enrichment.ttl": ("enrichment",),
    "data-inferred.ttl": ("inferred",),
    "catalogue.ttl": ("catalogue",),
    "all.ttl": (),
    "all.nq": (),
}  # of no part: of all
MEDIA_TYPES = {"ttl": "text/turtle", "nq": "application/n-quads", "jsonld": "application/ld+json"}


def package(built: Dataset, folder: str | Path) -> list[str]:
    """Writes the files of a release: each part, all of it, a description (VoID, DCAT), the manifest last.

    Gives their names. Any number of triples takes the same memory.
    """
    root, layout, remedy = Path(folder), built.layout, "give --package a folder you may write to"
    seen: dict[str, tuple[int, str]] = {}

    def put(name: str, fill: Callable[[Counted], object]) -> None:
        seen[name] = write(root / name, fill, remedy)

    with _Parts(chosen(built, Choice(preset="all")), layout) as held:
        try:
            (root / "rdf12").mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise LayoutError(f"{error.filename or root} cannot be written: {error.strerror}", remedy) from None
        for name, parts in PACKAGE.items():
            lines, form = held.lines(*parts), "nquads" if name.endswith(".nq") else "turtle"
            if not parts or any(part in held.files for part in parts):
                put(name, partial(written, lines=lines, form=form, layout=layout))
        claims = (quad for quad in _with_reifiers(quads_in(held.lines("claims"))) if quad.predicate not in STATEMENT)
        put("rdf12/claims.ttl", partial(written, lines=lines_of(claims), form="turtle", layout=layout))
        put("context.jsonld", lambda sink: sink.write(context_file(layout)))
        about = description(layout, held, seen)
        put("void.ttl", partial(serialise_into, quads=about, form="turtle", layout=layout))
        said = as_json(manifest(held.lines(), seen))
    put("manifest.json", lambda sink: sink.write(said))
    return list(seen)


class _Parts:
    """Lines of N-Quads in temporary files, by the part that they belong to."""

    def __init__(self, batches: Iterable[list[bytes]], layout: Layout) -> None:
        self.layout = layout
        self.files: dict[str, IO[bytes]] = {}
        self._of: dict[bytes, str] = {}
        for lines in batches:
            some: dict[str, list[bytes]] = defaultdict(list)
            for line in lines:
                some[self._part(split(line)[1])].append(line)
            for part, found in some.items():
                if part not in self.files:
                    self.files[part] = TemporaryFile(prefix="icrc-korea-")  # noqa: SIM115 - closed at the end
                self.files[part].writelines(found)

    def __enter__(self) -> _Parts:
        return self

    def __exit__(self, *_: object) -> None:
        for file in self.files.values():
            file.close()

    def _part(self, graph: bytes) -> str:
        if graph not in self._of:
            self._of[graph] = part_of(NamedNode(graph[1:-1].decode()), self.layout) if graph else ""
        return self._of[graph]

    def lines(self, *parts: str) -> Iterator[list[bytes]]:
        """The lines of some parts, or of all."""
        for file in (self.files[part] for part in parts or sorted(self.files) if part in self.files):
            file.seek(0)
            while lines := file.readlines(A_READ):
                yield lines


def description(layout: Layout, held: _Parts, files: dict[str, tuple[int, str]]) -> list[Quad]:
    """What the dataset is, in VoID and DCAT: title, licence, counts by part, class and property, files."""
    space = layout.prefixes
    void, dcat, dct = "http://rdfs.org/ns/void#", "http://www.w3.org/ns/dcat#", "http://purl.org/dc/terms/"
    spdx = "http://spdx.org/rdf/terms#"
    dataset = NamedNode(BASE + "dataset")
    quads: list[Quad] = []

    def say(subject: NamedNode, predicate: str, *values: Any) -> None:
        quads.extend(Quad(subject, NamedNode(predicate), value) for value in values)

    def number(value: int) -> Literal:
        return Literal(str(value), datatype=NamedNode(XSD + "integer"))

    say(dataset, TYPE.value, NamedNode(void + "Dataset"), NamedNode(dcat + "Dataset"))
    about = NamedNode(BASE + "ontology")
    for quad in quads_in(held.lines("ontology")):  # title and licence stand in one place, the ontology
        if quad.subject == about and quad.predicate.value in (dct + "license", OWL + "versionInfo"):
            say(dataset, quad.predicate.value, quad.object)
    say(dataset, dct + "title", Literal("The ICRC in the Korean War, 1950–1953, as linked data", language="en"),
        Literal("Le CICR dans la guerre de Corée, 1950-1953, en données liées", language="fr"),
        Literal("한국전쟁과 국제적십자위원회, 1950~1953년: 링크드 데이터", language="ko"))  # fmt: skip
    say(dataset, void + "uriSpace", Literal(BASE + "id/"))
    triples = {part: sum(map(len, in_order(outside_graphs(held.lines(part))))) for part in sorted(held.files)}
    used: Counter[NamedNode] = Counter()
    things: Counter[NamedNode] = Counter()
    subjects, last = 0, None
    for quad in quads_in(in_order(outside_graphs(held.lines()))):
        used[quad.predicate] += 1
        subjects, last = subjects + (quad.subject != last), quad.subject
        if quad.predicate == TYPE and isinstance(quad.object, NamedNode):
            things[quad.object] += 1
    say(dataset, void + "triples", number(used.total()))
    say(dataset, void + "distinctSubjects", number(subjects))
    say(dataset, void + "properties", number(len(used)))
    say(dataset, void + "vocabulary", *(
        NamedNode(iri) for iri in sorted(set(space.values())) if any(term.value.startswith(iri) for term in used)
    ))  # fmt: skip
    for part, count in triples.items():
        subset = NamedNode(f"{BASE}dataset/{part}")
        say(dataset, void + "subset", subset)
        say(subset, TYPE.value, NamedNode(void + "Dataset"))
        say(subset, void + "triples", number(count))
    counted = (("class", "classPartition", "entities", things), ("property", "propertyPartition", "triples", used))
    for kind, partition, what, counts in counted:
        for term in sorted(counts, key=str):
            node = NamedNode(f"{BASE}dataset/{kind}/{sha256(term.value.encode()).hexdigest()[:12]}")
            say(dataset, void + partition, node)
            say(node, void + kind, term)
            say(node, void + what, number(counts[term]))
    for name, (size, digest) in sorted(files.items()):
        node, checksum = NamedNode(f"{BASE}dataset/file/{name}"), NamedNode(f"{BASE}dataset/checksum/{name}")
        say(dataset, dcat + "distribution", node)
        say(node, TYPE.value, NamedNode(dcat + "Distribution"))
        say(node, dct + "title", Literal(name))
        say(node, dcat + "mediaType", NamedNode(
            "https://www.iana.org/assignments/media-types/" + MEDIA_TYPES[name.rpartition(".")[2]]))  # fmt: skip
        say(node, dcat + "byteSize", Literal(str(size), datatype=NamedNode(XSD + "nonNegativeInteger")))
        say(node, spdx + "checksum", checksum)
        say(checksum, TYPE.value, NamedNode(spdx + "Checksum"))
        say(checksum, spdx + "algorithm", NamedNode(spdx + "checksumAlgorithm_sha256"))
        say(checksum, spdx + "checksumValue", Literal(
            digest, datatype=NamedNode(XSD + "hexBinary")))  # fmt: skip
    return quads
