"""Hides what goes into an export, how each format is written, and what a package of files says of itself."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from dataclasses import dataclass
from functools import partial
from hashlib import sha256
from itertools import chain, groupby, islice
from operator import attrgetter
from pathlib import Path
from tempfile import TemporaryFile
from typing import TYPE_CHECKING

from .errors import LayoutError, UsageError
from .layout import BASE, GRAPHS, KW, LINKS, OWL, RDF, RDFS, SKOS, XSD
from .provenance import sentence_of
from .sorting import in_order
from .spool import SKOLEM
from .store import (
    TEXT_FORMATS,
    TYPE,
    BlankNode,
    Literal,
    NamedNode,
    Quad,
    Triple,
    atomically,
    lines_of,
    outside_graphs,
    parse,
    quads_in,
    read_text,
    serialise_into,
    settled,
    split,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from typing import IO, Any

    from .build import Dataset
    from .layout import Layout

PARTS = (
    "guide", "entities", "claims", "inferred", "ontology", "vocabulary", "alignments", "shapes", "links",
    "enrichment", "catalogue",
)  # fmt: skip
ALIASES = {"vocabularies": "vocabulary", "vocab": "vocabulary"}
PRESETS = {
    "usual": ("guide", "entities", "ontology", "vocabulary"),
    "minimal": ("guide", "entities"),
    "all": PARTS,
    "single-graph": PARTS,  # all, outside any graph
}
ADDED = tuple(part for part in PARTS if part not in (*PRESETS["usual"], "shapes"))  # what a store gets
WHOLE = ("all", "single-graph")  # the presets that leave nothing out
CONTEXT = "context"  # no format of RDF: the JSON-LD context
FORMATS = (*TEXT_FORMATS, CONTEXT)
SHAPES = GRAPHS + "shapes"
EXACT = NamedNode(SKOS + "exactMatch")
NO_TRIPLES = ("JSON-LD has no triples in triples", "use --format turtle, trig, nquads or ntriples")
A_READ = 1 << 20  # bytes of a temporary file that are read at once
REIFIES = NamedNode(RDF + "reifies")
STATEMENT = tuple(NamedNode(RDF + name) for name in ("subject", "predicate", "object"))
# how an exact match can be said instead, for tools that look for one of these
SAME = {"owl:sameAs": NamedNode(OWL + "sameAs"), "schema:sameAs": NamedNode("https://schema.org/sameAs")}


@dataclass(frozen=True)
class Choice:
    """What goes in: a preset, further parts, and how links and claims are said."""

    parts: tuple[str, ...] = ()
    preset: str = "usual"
    same_as: str = ""  # the property of SAME that stands for skos:exactMatch in the links
    reifiers: bool = False  # claims also as RDF 1.2 has them: claim rdf:reifies <<( s p o )>>

    def wanted(self) -> set[str]:
        """The parts that go in; UsageError names what there is not."""
        if self.preset not in PRESETS:
            raise UsageError(f"there is no preset {self.preset!r}", "presets: " + ", ".join(PRESETS))
        asked = [ALIASES.get(part, part) for part in self.parts]
        unknown = sorted(set(asked) - set(PARTS))
        if unknown:
            raise UsageError(f"there is no part {unknown[0]!r} to add", "parts: " + ", ".join(PARTS))
        wanted = {*asked, *PRESETS[self.preset]}
        if self.same_as and "links" not in wanted:
            raise UsageError("--same-as changes the links, and none are exported", "add --with links")
        if self.same_as and self.same_as not in SAME:
            raise UsageError(f"no link is written as {self.same_as!r}", "choose one of " + ", ".join(SAME))
        if self.reifiers and "claims" not in wanted:
            raise UsageError("--reifiers says claims in another way, and none are exported", "add --with claims")
        return wanted


def export(built: Dataset, form: str, choice: Choice | None = None) -> bytes:
    """What was chosen of the graph, in a format of FORMATS."""
    from io import BytesIO

    sink = BytesIO()
    export_into(sink, built, form, choice or Choice())
    return sink.getvalue()


def export_into(sink: IO[bytes], built: Dataset, form: str, choice: Choice) -> None:
    """Writes what was chosen of the graph, in a format of FORMATS; what can be streamed takes little memory."""
    if form not in FORMATS:
        raise UsageError(f"there is no format {form!r}", "formats: " + ", ".join(FORMATS))
    if form == CONTEXT:
        sink.write(context_file(built.layout))
        return
    if form == "jsonld" and choice.reifiers:
        raise UsageError(*NO_TRIPLES)
    written(sink, chosen(built, choice), form, built.layout)


def written(sink: IO[bytes], lines: Iterable[list[bytes]], form: str, layout: Layout) -> None:
    """Writes lines of N-Quads in a format of RDF, sorted."""
    if form == "jsonld":
        sink.writelines(json_ld(lines, layout))
    else:
        serialise_into(sink, lines, form, layout)


def chosen(built: Dataset, choice: Choice) -> Iterator[list[bytes]]:
    """An export as lines of N-Quads that any store keeps: no blank nodes, NFC, literals in their canonical form."""
    quads = quads_of(built, choice.wanted(), choice.preset in WHOLE)
    if choice.same_as:
        quads = _said_otherwise(quads, SAME[choice.same_as])
    lines = settled(skolemised_lines(lines_of(quads)))
    if choice.reifiers:
        lines = lines_of(_with_reifiers(quads_in(lines)))
    return outside_graphs(lines) if choice.preset == "single-graph" else lines


def quads_of(built: Dataset, wanted: Iterable[str], others: bool = False) -> Iterator[Quad]:
    """The quads of some parts as they were built; the shapes as their files have them.

    What was inferred goes in without what names a claim that stays behind. With `others` also what belongs
    to no part of ours, as in a store on disk that was built from other files.
    """
    parts, layout = set(wanted), built.layout

    def goes(graph: NamedNode) -> bool:
        return (part := part_of(graph)) in parts or (others and part not in PARTS)

    quads = built.stream(goes, others)
    if "inferred" in parts and (behind := _claims_left_behind(built, goes)):
        quads = (q for q in quads if part_of(q.graph_name) != "inferred" or not {q.subject, q.object} & behind)
    if "shapes" not in parts:
        return quads
    files = ((path, layout.name_of(path)) for path in layout.shapes())
    shapes = (parse(read_text(path, name), name, SHAPES, layout.prefixes) for path, name in files)
    return chain(quads, chain.from_iterable(shapes))


def _claims_left_behind(built: Dataset, goes: Callable[[NamedNode], bool]) -> set[Any]:
    """The claims that only graphs outside an export describe: nothing in it may name them."""
    said = STATEMENT[0]
    behind = {quad.subject for quad in built.stream(lambda graph: not goes(graph)) if quad.predicate == said}
    if behind:
        behind.difference_update(quad.subject for quad in built.stream(goes) if quad.predicate == said)
    return behind


def part_of(graph: NamedNode) -> str:
    """The part that a graph belongs to: `guide`, or the first word of its name."""
    if sentence_of(graph):
        return "guide"
    return str(graph.value.removeprefix(GRAPHS).partition("/")[0])


def _said_otherwise(quads: Iterable[Quad], same: NamedNode) -> Iterator[Quad]:
    """The quads with another word for an exact match: in the links, and in the judgements that hold.

    What was rejected stays a rejected skos:exactMatch, as it was judged.
    """
    axioms, judged = set(), []
    for quad in quads:
        if quad.graph_name.value != LINKS:
            yield quad
        elif quad.predicate == EXACT:
            yield Quad(quad.subject, same, quad.object, quad.graph_name)
        elif quad.object == EXACT:
            judged.append(quad)
        else:
            if quad.object.value == OWL + "Axiom":
                axioms.add(quad.subject)
            yield quad
    for quad in judged:
        holds = quad.subject in axioms
        yield Quad(quad.subject, quad.predicate, same, quad.graph_name) if holds else quad


def _with_reifiers(quads: Iterable[Quad]) -> Iterator[Quad]:
    """The quads, and each claim's statement as a triple term once its three parts have come by."""
    said: dict[tuple[Any, Any], dict[Any, Any]] = defaultdict(dict)
    for quad in quads:
        yield quad
        if quad.predicate in STATEMENT:
            claim = (quad.subject, quad.graph_name)
            said[claim][quad.predicate] = quad.object
            if len(said[claim]) == len(STATEMENT):
                parts = said.pop(claim)
                yield Quad(claim[0], REIFIES, Triple(*(parts[name] for name in STATEMENT)), claim[1])


def skolemised_lines(batches: Iterable[list[bytes]]) -> Iterator[list[bytes]]:
    """The lines with an IRI for each blank node (see `skolemised`); those that have some come last."""
    doubtful: list[bytes] = []
    for lines in batches:
        if b"_:" in b"".join(lines):
            doubtful += [line for line in lines if b"_:" in line]
            lines = [line for line in lines if b"_:" not in line]
        yield lines
    yield from lines_of(skolemised(quads_in([doubtful])))


def skolemised(quads: Iterable[Quad]) -> Iterator[Quad]:
    """The quads with an IRI for each blank node, made from what it says and where it is used.

    Lists and restrictions of the ontology and the shapes have no names of their own; stores name them
    anew at each loading, so that the same file twice would be two things. A name that rests on content
    stays as long as the content does, wherever else the graph changes. What has no blank node passes at once.
    """
    nameless: list[Quad] = []
    for quad in quads:
        if isinstance(quad.subject, BlankNode) or isinstance(quad.object, BlankNode):
            nameless.append(quad)
        else:
            yield quad
    out: dict[Any, list[Quad]] = defaultdict(list)
    users: dict[Any, list[Quad]] = defaultdict(list)
    for quad in nameless:
        if isinstance(quad.subject, BlankNode):
            out[quad.subject].append(quad)
        if isinstance(quad.object, BlankNode):
            users[quad.object].append(quad)
    content: dict[Any, str] = {}
    place: dict[Any, str] = {}

    def digest(text: str) -> str:
        return sha256(text.encode()).hexdigest()[:32]

    def says(node: Any) -> str:
        stack = [node]
        while stack:  # lists are long, so no recursion
            top = stack[-1]
            open_ones = [q.object for q in out[top] if isinstance(q.object, BlankNode) and q.object not in content]
            if top in content:
                stack.pop()
            elif open_ones and not set(open_ones) & set(stack):
                stack += open_ones
            else:  # what leads back to itself stands as a mark
                parts = (
                    f"{q.predicate} {content.get(q.object, '_:') if isinstance(q.object, BlankNode) else q.object}"
                    for q in out[top]
                )
                content[top] = digest("\n".join(sorted(parts)))
                stack.pop()
        return content[node]

    def used(node: Any) -> str:
        chain, top = [], node
        while isinstance(top, BlankNode) and top not in place and top not in chain:
            chain.append(top)
            top = min((q.subject for q in users[top]), key=str, default=None)
        for one in reversed(chain):
            by = sorted(
                f"{q.graph_name} {place.get(q.subject, '_:') if isinstance(q.subject, BlankNode) else q.subject} "
                f"{q.predicate}"
                for q in users[one]
            )
            place[one] = digest("\n".join([says(one), *by]))
        return place[node]

    names: dict[Any, NamedNode] = {}

    def named(term: Any) -> Any:
        if not isinstance(term, BlankNode):
            return term
        if term not in names:
            names[term] = NamedNode(SKOLEM + used(term))
        return names[term]

    for quad in nameless:
        yield Quad(named(quad.subject), quad.predicate, named(quad.object), quad.graph_name)


class Counted:
    """Passes on what is written, and keeps its length and its SHA-256."""

    def __init__(self, sink: IO[bytes]) -> None:
        self._sink, self._sum, self.size = sink, sha256(), 0

    def write(self, data: bytes) -> int:
        """Takes a piece."""
        self._sum.update(data)
        self.size += len(data)
        return self._sink.write(data)

    def writelines(self, lines: Iterable[bytes]) -> None:
        """Takes many pieces, and hands them on in blocks."""
        source = iter(lines)
        while some := b"".join(islice(source, 1000)):
            self.write(some)

    def seen(self) -> tuple[int, str]:
        """Bytes, and their SHA-256."""
        return self.size, self._sum.hexdigest()


def write(
    target: str | Path, fill: Callable[[Counted], object], remedy: str = "give -o a file in a folder you may write to"
) -> tuple[int, str]:
    """Puts what `fill` writes into a file, whole or not at all; gives its length and SHA-256."""
    path = Path(target)
    if path.is_dir():
        raise UsageError(f"{path} is a folder", "give -o the name of a file, or --package FOLDER for all files")
    try:
        with atomically(path) as stream:
            sink = Counted(stream)
            fill(sink)
        return sink.seen()
    except OSError as error:
        raise LayoutError(f"{path} cannot be written: {error.strerror}", remedy) from None


# --- JSON-LD ---------------------------------------------------------------------------------------------


def context(layout: Layout) -> dict[str, Any]:
    """The JSON-LD context: the shared prefixes, and the ontology's terms by their short names."""
    core = layout.root / "ontology" / "core.ttl"
    kinds: dict[str, set[str]] = defaultdict(set)
    ranges: dict[str, str] = {}
    for quad in parse(read_text(core, "ontology/core.ttl"), "ontology/core.ttl", "", layout.prefixes):
        if quad.predicate == TYPE and isinstance(quad.object, NamedNode) and isinstance(quad.subject, NamedNode):
            kinds[quad.subject.value].add(quad.object.value)
        elif quad.predicate.value == RDFS + "range" and isinstance(quad.object, NamedNode):
            ranges[quad.subject.value] = quad.object.value
    terms: dict[str, Any] = {"id": "@id", "type": "@type"}
    for name, space in sorted(layout.prefixes.items()):  # one that ends in a letter or a hyphen says that it is one
        terms[name] = space if space[-1:] in ":/?#[]@" else {"@id": space, "@prefix": True}
    for iri in sorted(kinds):
        name = iri.removeprefix(KW)
        if not iri.startswith(KW) or name in terms:
            continue
        if OWL + "ObjectProperty" in kinds[iri]:
            terms[name] = {"@id": iri, "@type": "@id"}
        elif OWL + "DatatypeProperty" in kinds[iri] and ranges.get(iri, RDFS + "Literal") not in (
            RDFS + "Literal", XSD + "string", RDF + "langString",
        ):  # fmt: skip
            terms[name] = {"@id": iri, "@type": ranges[iri]}
        elif kinds[iri] & {OWL + "DatatypeProperty", OWL + "AnnotationProperty", OWL + "Class"}:
            terms[name] = iri
    return {"@context": terms}


def context_file(layout: Layout) -> bytes:
    """docs/context.jsonld as it should be."""
    return (json.dumps(context(layout), ensure_ascii=False, indent=1) + "\n").encode()


def json_ld(lines: Iterable[list[bytes]], layout: Layout) -> Iterator[bytes]:
    """The triples of the lines as JSON-LD with the published context inside, so that the file stands alone."""
    words = context(layout)
    terms = words["@context"]
    short = {spec["@id"]: name for name, spec in terms.items() if isinstance(spec, dict) and "@type" in spec}
    plain = {name: spec for name, spec in terms.items() if isinstance(spec, str)}
    short |= {spec: name for name, spec in plain.items() if spec.startswith(KW) and spec != KW}

    def curie(iri: str) -> str:
        name = layout.shrink(iri)
        return iri if name.startswith("<") else name

    def value_of(term: Any, spec: Any) -> Any:
        wanted = spec.get("@type") if isinstance(spec, dict) else None
        if isinstance(term, NamedNode):
            return curie(term.value) if wanted == "@id" else {"id": curie(term.value)}
        if isinstance(term, Triple):
            raise UsageError(*NO_TRIPLES)
        if term.language:
            return {"@value": term.value, "@language": term.language}
        if wanted and term.datatype.value == wanted:
            return term.value
        if term.datatype.value == XSD + "string":
            return {"@value": term.value} if wanted else term.value
        return {"@value": term.value, "@type": term.datatype.value}

    head, _, tail = json.dumps({**words, "@graph": []}, ensure_ascii=False, indent=1).rpartition("]")
    yield head.encode()
    begin = ""
    for subject, quads in groupby(quads_in(in_order(outside_graphs(lines))), attrgetter("subject")):
        node: dict[str, Any] = {"id": curie(subject.value)}
        for quad in quads:
            if quad.predicate == TYPE and isinstance(quad.object, NamedNode):
                node.setdefault("type", []).append(short.get(quad.object.value) or curie(quad.object.value))
                continue
            key = short.get(quad.predicate.value) or curie(quad.predicate.value)
            node.setdefault(key, []).append(value_of(quad.object, terms.get(key)))
        text = json.dumps(node, ensure_ascii=False, indent=1).replace("\n", "\n  ")
        yield f"{begin}\n  {text}".encode()
        begin = ","
    yield (("\n ]" if begin else "]") + f"{tail}\n").encode()


# --- manifest and package --------------------------------------------------------------------------------


def manifest(lines: Iterable[list[bytes]], files: dict[str, tuple[int, str]]) -> dict[str, Any]:
    """What was exported: each graph's count and digest, each file's size and digest.

    There are no blank nodes, so the canonical form of RDFC-1.0 is the sorted N-Quads.
    """
    counts: Counter[bytes] = Counter()
    sums: dict[bytes, Any] = defaultdict(sha256)
    whole = sha256()
    for batch in in_order(lines):
        whole.update(b"".join(batch))
        for line in batch:
            graph = split(line)[1]
            counts[graph] += 1
            sums[graph].update(line)
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
    "data.ttl": ("guide", "entities"),
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

    with _Parts(chosen(built, Choice(preset="all"))) as held:
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

    def __init__(self, batches: Iterable[list[bytes]]) -> None:
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
            self._of[graph] = part_of(NamedNode(graph[1:-1].decode())) if graph else ""
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
