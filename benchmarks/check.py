"""Times checking and reasoning as whole processes, each as a ratio to its reference in the same run.

    python benchmarks/check.py [--runs N] [--triples 100000 1000000] [--own 5 50] [--json]

References: pySHACL alone on the same triples and shapes (reading and validating, none of the other rules that
`check` runs besides), owlrl on the same graph, and for the editing loop a bare `python -c "import pyshacl"`.
The findings of both are compared as well: a fast wrong answer is no answer. Beyond 200,000 triples the references
would take most of an hour, and larger archives are compared with the smallest: time for each triple. Last, a file
of somebody's own, in megabytes of Turtle: things that follow the model and of which no sentence says anything, so
that every one of them breaks some rule.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from archive import filled, make, template

from icrc_korea.content.layout import Layout
from icrc_korea.dataset import build
from icrc_korea.rdf.lines import ntriples
from icrc_korea.rdf.reading import parse, read_text
from icrc_korea.rdf.spaces import GRAPHS

ROOT = Path(__file__).resolve().parents[1]
FAULTS = 60
WITH_REFERENCES = 200_000  # triples
PYSHACL = """
import sys, pyshacl
from rdflib import Graph, SH
data = Graph().parse(sys.argv[1], format="nt")
shapes = Graph().parse(sys.argv[2], format="nt")
_, report, _ = pyshacl.validate(data, shacl_graph=shapes, inference="none", max_validation_depth=30)
print(len(list(report.objects(None, SH.result))))
"""
REASON = """
import sys, time
from icrc_korea.asking import questions
from icrc_korea.content.layout import Layout
from icrc_korea.dataset import build
from icrc_korea.reasoning import infer
layout = Layout.find(sys.argv[1])
quads = build.assemble(layout, lambda *_: None)
derived = build.derive_rules(questions.index(layout), layout)
begun = time.perf_counter()
news = infer.infer(quads, derived, layout, sys.argv[2])
print(time.perf_counter() - begun, len(news), hash(frozenset(str(quad.triple) for quad in news)))
"""
Row = tuple[str, float, float, str]


def main() -> int:
    options = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    options.add_argument("--runs", type=int, default=3, help="how often small things are timed (3)")
    options.add_argument("--triples", type=int, nargs="*", default=[100_000, 1_000_000], help="sizes of archives")
    options.add_argument("--own", type=int, nargs="*", default=[5, 50], help="sizes of files in megabytes (5 50)")
    options.add_argument("--without-references", action="store_true", help="time only this project")
    options.add_argument("--json", action="store_true", help="figures for machines")
    given = options.parse_args()
    rows: list[Row] = []
    with tempfile.TemporaryDirectory() as folder:
        rows += checking(Path(folder), ROOT, "the graph", given.runs, not given.without_references)
        rows += editing(Path(folder), given.runs, rows[-1])
        smallest = 0.0
        for triples in given.triples:
            root = Path(folder) / f"archive-{triples}"
            told = make(root, triples, FAULTS)
            wanted = {(fault["rule"], fault["thing"]) for fault in told}
            name = f"an archive of {triples:,} triples"
            references = not given.without_references and triples <= WITH_REFERENCES
            more = checking(Path(folder), root, name, 1, references, wanted)
            each = more[0][1] / triples
            smallest = smallest or each
            if each != smallest:
                more.append(("  for each triple", each, each / smallest, "of the time in the smallest archive"))
            rows += [*more, *reasoning(root, name, references)]
            shutil.rmtree(root)
        for size in given.own:
            rows += own(Path(folder), size)
    if given.json:
        print(json.dumps([dict(zip(("what", "seconds", "ratio", "to"), row, strict=True)) for row in rows], indent=1))
        return 0
    width = max(len(row[0]) for row in rows)
    for what, seconds, ratio, to in rows:
        shown = f"{seconds:>8.2f} s" if seconds > 0.01 else f"{seconds * 1e6:>8.1f} µs"
        print(f"{what:<{width}}  {shown:<11}  " + (f"{ratio:>6.1f}×  {to}" if to else ""))
    return 0


def timed(*command: str | Path) -> tuple[float, str]:
    """Seconds of a whole process, and what it wrote."""
    env = {**os.environ, "PYTHONHASHSEED": "0"}
    begun = time.perf_counter()
    done = subprocess.run([sys.executable, *map(str, command)], capture_output=True, text=True, check=False, env=env)
    if done.returncode not in (0, 1) or "Traceback" in done.stderr:
        raise SystemExit(done.stderr)
    return time.perf_counter() - begun, done.stdout


def check(root: Path, *more: str) -> tuple[float, list[dict[str, str]]]:
    seconds, out = timed("-m", "icrc_korea", "check", "--quiet", "--format", "json", "--root", root, *more)
    return seconds, json.loads(out)["findings"]


def checking(
    folder: Path, root: Path, name: str, runs: int, references: bool, wanted: set[tuple[str, str]] | None = None
) -> list[Row]:
    """The whole check, against pySHACL alone; the shapes' findings by both engines must be the same."""
    layout = Layout.find(root)
    data, shapes = folder / "data.nt", folder / "shapes.nt"
    quads = build.assemble(layout, lambda *_: None)
    data.write_bytes(ntriples(quads))
    texts = [(path, read_text(path, path.name)) for path in layout.shapes()]
    shapes.write_bytes(
        ntriples(q for path, text in texts for q in parse(text, path.name, GRAPHS + "shapes", layout.prefixes))
    )
    number = data.read_bytes().count(b"\n")
    results = [check(root) for _ in range(runs)]
    ours, found = statistics.median(seconds for seconds, _ in results), results[0][1]
    if wanted is not None:
        told = {(one["rule"], one["subject"]) for one in found if one["severity"] != "info"}
        assert told == wanted, f"missed {wanted - told}, beside {told - wanted}"
    per = f"check of {name} ({number:,}; {ours / number * 1e6:.0f} µs a triple)"
    if not references:
        return [(per, ours, 0, "")]
    other, said = timed("-c", PYSHACL, data, shapes)
    shaped = sum(one["rule"].startswith("shape:") for one in found)
    assert shaped == int(said), f"{shaped} findings of shapes, {said.strip()} by pySHACL"
    return [(per, ours, 1, "itself"), ("  pySHACL alone", other, other / ours, "as long, the same findings")]


def reasoning(root: Path, name: str, references: bool) -> list[Row]:
    """The compiled rules against owlrl on the same quads: inference alone, without reading."""
    ours, news, digest = timed("-c", REASON, root, "rules")[1].split()
    row: Row = (f"inference over {name} ({int(news):,} news)", float(ours), 1, "itself")
    if not references:
        return [row]
    theirs, others, other = timed("-c", REASON, root, "owlrl")[1].split()
    assert (news, digest) == (others, other), f"{news} news, {others} by owlrl"
    return [row, ("  owlrl", float(theirs), float(theirs) / float(ours), "as long, the same news")]


def own(folder: Path, megabytes: int) -> list[Row]:
    """A file from elsewhere, checked against the graph."""
    path, text = folder / "own.ttl", template("things.ttl")
    with path.open("w", encoding="utf-8") as stream:
        stream.writelines(f"@prefix {name}: <{space}> .\n" for name, space in Layout.find(ROOT).prefixes.items())
        dossier = 0
        while stream.tell() < megabytes * 1_000_000:
            stream.write(filled(text, dossier))
            dossier += 1
    seconds, found = check(ROOT, str(path))
    return [(f"check of a file of {megabytes} MB ({len(found):,} findings listed)", seconds, 0, "")]


def editing(folder: Path, runs: int, reference: Row) -> list[Row]:
    """One fact changed, checked again: the whole process."""
    root = folder / "edited"
    for name in ("ontology", "data", "shapes", "queries"):
        shutil.copytree(ROOT / name, root / name)
    path = next(iter(sorted((root / "data" / "sources" / "guide" / "statements").glob("05*.trig"))))
    seconds = []
    for number in range(runs + 2):
        text = path.read_text(encoding="utf-8")
        old, new = ("medium:letter", "medium:telegram") if number % 2 else ("medium:telegram", "medium:letter")
        assert old in text
        path.write_text(text.replace(old, new, 1), encoding="utf-8")
        seconds.append(check(root)[0])
    ours = statistics.median(seconds)
    bare = statistics.median(timed("-c", "import pyshacl")[0] for _ in range(runs))
    pyshacl = [(reference[0], reference[1], reference[1] / ours, "as long")] if "pySHACL" in reference[0] else []
    return [
        ("one fact changed, check again", ours, 1, "itself"),
        *pyshacl,
        ('  python -c "import pyshacl"', bare, bare / ours, "as long"),
    ]


if __name__ == "__main__":
    sys.exit(main())
