"""Synthetic archives: graphs of invented content that follow the project's model, in any size, with faults if wanted.

    python benchmarks/archive.py FOLDER --triples 100000 [--faults 60]

FOLDER becomes a whole graph: ontology, shapes and queries of the checkout, and one dossier after the other of
invented messages, replies, silences, visits, offices, files and contested claims. `archive/things.ttl` and
`archive/guide.trig` are one dossier; each line of `archive/faults.tsv` breaks one thing in it. The number of
triples is what checking sees: what is written, and the claims that are derived from it.
"""

from __future__ import annotations

import argparse
import csv
import shutil
from hashlib import sha256
from pathlib import Path

from icrc_korea.asking.questions import index
from icrc_korea.content.claims import with_claims
from icrc_korea.content.layout import Layout
from icrc_korea.dataset.build import derive_rules
from icrc_korea.rdf.reading import parse
from icrc_korea.rdf.terms import Quad
from icrc_korea.reasoning.infer import infer

ROOT = Path(__file__).resolve().parents[1]
HERE = Path(__file__).with_name("archive")
PASSAGES = 41  # as many as the model knows; each has as many sentences as are needed
SENTENCES = 6  # of a dossier
A_FILE = 5000  # dossiers
GUIDE = 'guide:icrc-korean-war a kw:ResearchGuide ; skos:prefLabel "The invented guide"@en , "Le guide inventé"@fr .\n'


def template(name: str) -> str:
    """A dossier's template, its comment left out."""
    return (HERE / name).read_text(encoding="utf-8").partition("\n\n")[2]


def faults() -> list[dict[str, str]]:
    """The faults there are: kind, thing, file, old, new, rule."""
    with (HERE / "faults.tsv").open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream, delimiter="\t", quoting=csv.QUOTE_NONE))
    return [{key: (value or "").replace("\\n", "\n") for key, value in row.items()} for row in rows]


def place_of(dossier: int, sentence: int) -> tuple[int, int]:
    """The passage of a dossier, and the number of one of its sentences there."""
    return dossier % PASSAGES + 1, dossier // PASSAGES * SENTENCES + sentence


def filled(text: str, dossier: int) -> str:
    """A template for one dossier."""
    for sentence in range(1, SENTENCES + 1):
        passage, number = place_of(dossier, sentence)
        text = text.replace(f"passage:S{sentence}", f"passage:P{passage:02}.s{number}")
    return text.replace("NNN", str(dossier + 1)).replace("0D", f"0{dossier % 9 + 1}")


def passages(dossiers: int) -> str:
    """data/sources/guide/pieces.ttl for an invented text: every sentence has 100 characters."""
    most = [len(range(passage, dossiers, PASSAGES)) * SENTENCES for passage in range(PASSAGES)]
    lines, offset = [GUIDE], 0

    def span(name: str, start: int, end: int, said: str) -> None:
        digest = sha256(name.encode()).hexdigest()
        link = f"https://blogs.icrc.org/cross-files/icrc-action-in-the-korean-war-br-1950-1953/#:~:text={name}"
        lines.append(
            f"passage:{name} {said} ; oa:hasSelector selector:{name} ;\n"
            f'    kw:textDigest "{digest}" ; kw:deepLink <{link}> .\n'
            f"selector:{name} a oa:TextPositionSelector ; oa:start {start} ; oa:end {end} .\n"
        )

    for passage in range(min(PASSAGES, dossiers)):
        name, number = f"P{passage + 1:02}", most[passage]
        span(
            name, offset, offset + 100 * number,
            f'a kw:Passage ; kw:passageNumber "{name}" ; kw:seedLine {passage + 1} ; '
            "kw:passageKind kind:paragraph ; dct:isPartOf guide:icrc-korean-war",
        )  # fmt: skip
        for n in range(most[passage]):
            start = offset + 100 * n
            said = f"a kw:Sentence ; kw:partOf passage:{name} ; kw:sequence {n + 1}"
            span(f"{name}.s{n + 1}", start, start + 100, said)
        offset += 100 * number + 1
    return "".join(lines)


def triples_of(layout: Layout, heads: str, dossiers: int, around: list[Quad], inferred: bool) -> int:
    """How many different triples an archive has with the ontology around it and its claims, and what follows."""
    texts = {
        "data/entities/things.ttl": "".join(filled(template("things.ttl"), n) for n in range(dossiers)),
        "data/sources/guide/pieces.ttl": passages(dossiers),
        "data/sources/guide/statements/guide.trig": "".join(filled(template("guide.trig"), n) for n in range(dossiers)),
    }
    quads = [quad for name, text in texts.items() for quad in parse(heads + text, name, "x:g", layout.prefixes)]
    quads = around + with_claims(quads, layout.sources)
    if inferred:
        quads += infer(quads, derive_rules(index(layout), layout), layout, "rules")
    return len({quad.triple for quad in quads})


def make(folder: Path, triples: int, broken: int = 0, inferred: bool = False) -> list[dict[str, str]]:
    """Writes an archive of so many triples into a folder; gives the faults in it, with what check should say.

    What checking sees is counted, or, with `inferred`, what a question is asked of: what follows as well.
    """
    layout = Layout.find(ROOT)
    heads = "".join(f"@prefix {name}: <{space}> .\n" for name, space in layout.prefixes.items())
    around = [
        quad
        for source in layout.files() if source.name.startswith("ontology")
        for quad in parse(source.path.read_text(encoding="utf-8"), source.name, source.graph, layout.prefixes)
    ]  # fmt: skip
    few, many = (triples_of(layout, heads, dossiers, around, inferred) for dossiers in (82, 164))
    dossiers = max(1, round(82 + (triples - few) * 82 / (many - few)))
    if dossiers < PASSAGES:  # the first dossier of a passage is the larger one: count those that come near
        near = range(max(1, dossiers - 2), dossiers + 3)
        dossiers = min(near, key=lambda n: abs(triples_of(layout, heads, n, around, inferred) - triples))
    if folder.exists():
        shutil.rmtree(folder)
    for name in ("ontology", "shapes", "queries"):
        shutil.copytree(ROOT / name, folder / name)
    shutil.copy(ROOT / "graph.toml", folder)
    for name in ("entities", "sources/guide/statements"):
        (folder / "data" / name).mkdir(parents=True)
    (folder / "data" / "sources" / "guide" / "pieces.ttl").write_text(heads + passages(dossiers), encoding="utf-8")
    planted = plan(dossiers, broken)
    texts = {"things": template("things.ttl"), "guide": template("guide.trig")}
    for first in range(0, dossiers, A_FILE):
        for name, place in (("things", "data/entities/things"), ("guide", "data/sources/guide/statements/guide")):
            path = folder / f"{place}-{first // A_FILE + 1:03}.{'ttl' if name == 'things' else 'trig'}"
            with path.open("w", encoding="utf-8") as stream:
                stream.write(heads)
                for dossier in range(first, min(first + A_FILE, dossiers)):
                    text, fault = texts[name], planted.get(dossier, {})
                    if fault.get("file") == name:
                        assert text.count(fault["old"]) == 1, f"{fault['kind']}: not once in {name}"
                        text = text.replace(fault["old"], fault["new"])
                    stream.write(filled(text, dossier))
    told = [{**fault, "thing": filled(fault["thing"], dossier)} for dossier, fault in sorted(planted.items())]
    with (folder / "faults.tsv").open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream, delimiter="\t")
        writer.writerow(("kind", "thing", "rule"))
        writer.writerows((fault["kind"], fault["thing"], fault["rule"]) for fault in told)
    return told


def plan(dossiers: int, broken: int) -> dict[int, dict[str, str]]:
    """Which dossier gets which fault: evenly spread, all kinds in turn."""
    kinds = faults()
    if broken > dossiers:
        raise SystemExit(f"{broken} faults do not fit into {dossiers} dossiers: ask for more --triples")
    return {n * dossiers // broken: kinds[n % len(kinds)] for n in range(broken)}


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("folder", type=Path, help="the folder to write; what is there goes")
    parser.add_argument("--triples", type=int, default=100_000, help="how many, within 2 %% (100000)")
    parser.add_argument("--faults", type=int, default=0, help="how many things to break (0)")
    options = parser.parse_args()
    if options.folder.exists() and not (options.folder / "faults.tsv").exists():
        parser.error(f"{options.folder} holds something else; name another folder")
    told = make(options.folder, options.triples, options.faults)
    print(f"{options.folder}: an archive with {len(told)} faults, listed in faults.tsv")


if __name__ == "__main__":
    main()
