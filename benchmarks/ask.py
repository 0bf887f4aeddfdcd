"""Times asking and building as whole processes, each as a ratio to a peer in the same run.

    python benchmarks/ask.py [--runs N] [--json]

Peers: bare Python start-up, and the same question asked by rdflib of the same Turtle. Runs take turns, so
that a busy moment hits all of them; the median counts. Works on a copy of the graph: the checkout is not
touched.
"""

from __future__ import annotations

import argparse
import itertools
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
CONTENT = ("ontology", "data", "shapes", "queries")
QUESTIONS = ("correspondence/unanswered", "correspondence/who-wrote-to-whom", "law/commitments")
RDFLIB = """
import sys, rdflib
graph = rdflib.Graph().parse(sys.argv[1])
print(len(list(graph.query(open(sys.argv[2]).read()))))
"""


def main() -> int:
    options = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    options.add_argument("--runs", type=int, default=15, help="how often each is timed (default 15)")
    options.add_argument("--json", action="store_true", help="figures for machines")
    given = options.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        rows = [*asking(Path(folder), given.runs), *building(Path(folder), max(3, given.runs // 5))]
    if given.json:
        print(json.dumps([dict(zip(("what", "ms", "ratio", "to"), row, strict=True)) for row in rows], indent=1))
        return 0
    width = max(len(row[0]) for row in rows)
    print(f"{'what':<{width}}  {'median ms':>9}  {'ratio':>6}  to")
    for what, ms, ratio, to in rows:
        print(f"{what:<{width}}  {ms:>9.1f}  {ratio:>5.1f}×  {to}")
    return 0


Row = tuple[str, float, float, str]


def asking(folder: Path, runs: int) -> list[Row]:
    """A question of the catalogue, against bare Python and against rdflib on the same Turtle."""
    root = copied(folder / "ask")
    turtle, text = folder / "graph.ttl", folder / "question.rq"
    command(root, "export", "--format", "turtle", "--with", "claims,inferred", "-o", str(turtle))
    prefixes = (ROOT / "ontology" / "prefixes.ttl").read_text(encoding="utf-8").replace("@prefix", "PREFIX")
    heads = "\n".join(line.rstrip(" .") for line in prefixes.splitlines() if line.startswith("PREFIX"))
    rows: list[Row] = []
    for question in QUESTIONS:
        body = (root / "queries" / f"{question}.rq").read_text(encoding="utf-8")
        text.write_text(f"{heads}\n{body}", encoding="utf-8")
        bare, ours, peer = timed(
            runs,
            lambda: run([sys.executable, "-c", "pass"]),
            lambda question=question: command(root, "query", question, "--format", "csv"),
            lambda: run([sys.executable, "-c", RDFLIB, str(turtle), str(text)]),
        )
        if not rows:
            rows.append(("bare Python", bare, 1.0, "itself"))
        rows.append((f"query {question}", ours, ours / bare, "bare Python (aim: at most 6)"))
        rows.append(("  rdflib on the same Turtle", peer, peer / ours, "the line above (aim: at least 8)"))
    return rows


def building(folder: Path, runs: int) -> list[Row]:
    """A full build, one after a changed label, one after a changed fact, and one with nothing to do."""
    root = copied(folder / "build")
    label = root / "data" / "entities" / "people.ttl"
    fact = root / "data" / "sources" / "guide" / "statements" / "04-neutrality.trig"
    old_label, old_fact = (path.read_text(encoding="utf-8") for path in (label, fact))
    names = (f"Paul Ruegger {number}" for number in range(10**6))
    places = itertools.cycle(("place:tokyo", "place:hong-kong"))  # an untrue place, so that inference has to run

    def full() -> None:
        shutil.rmtree(root / "build", ignore_errors=True)
        command(root, "build", "--quiet")

    def changed_label() -> None:
        label.write_text(old_label.replace('"Paul Ruegger"@en', f'"{next(names)}"@en'), encoding="utf-8")
        command(root, "build", "--quiet")

    def changed_fact() -> None:
        fact.write_text(old_fact.replace("place:hong-kong", next(places)), encoding="utf-8")
        command(root, "build", "--quiet")

    whole, one_label, one_fact, nothing = timed(
        runs, full, changed_label, changed_fact, lambda: command(root, "query", QUESTIONS[0], "--format", "csv")
    )
    return [
        ("full build", whole, 1.0, "itself"),
        ("build after one changed label", one_label, one_label / whole, "the full build"),
        ("build after one changed fact", one_fact, one_fact / whole, "the full build"),
        ("query when nothing changed", nothing, nothing / whole, "the full build"),
    ]


def copied(target: Path) -> Path:
    """A copy of the content folders, built once."""
    for name in CONTENT:
        shutil.copytree(ROOT / name, target / name)
    command(target, "build", "--quiet")
    return target


def command(root: Path, *arguments: str) -> None:
    run([sys.executable, "-m", "icrc_korea", *arguments], ICRC_KOREA_ROOT=str(root))


def run(words: list[str], **environment: str) -> None:
    silent = subprocess.DEVNULL
    subprocess.run(words, env={**os.environ, **environment}, check=True, stdout=silent, stderr=silent)


def timed(runs: int, *works: Callable[[], None]) -> list[float]:
    """The median of each work in milliseconds; the works take turns."""
    times: list[list[float]] = [[] for _ in works]
    for _ in range(runs):
        for work, found in zip(works, times, strict=True):
            begin = time.perf_counter()
            work()
            found.append((time.perf_counter() - begin) * 1000)
    return [statistics.median(found) for found in times]


if __name__ == "__main__":
    sys.exit(main())
