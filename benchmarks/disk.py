"""Times a store on disk: `build --store` against `oxigraph load`, and `export --store` against pyoxigraph's bare dump.

    python benchmarks/disk.py [--triples 100000]

Each side runs as a command of its own, ours with all it checks and prints; the medians of three runs, in turn.
Ours loads each statement twice, in its graph and in the merged graph that questions see, on two threads;
`oxigraph load` loads it once. The bare dump is of a store that holds each statement once, by graph, unsorted; ours
is sorted, with every literal in its canonical form. `peak` is the most memory that our side had.
"""

from __future__ import annotations

import argparse
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
OURS = "import resource, sys; from icrc_korea.cli.main import main; code = main(sys.argv[1:]); " \
       "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024); sys.exit(code)"  # fmt: skip
DUMP = "import sys, pyoxigraph as ox; " \
       "ox.Store.read_only(sys.argv[1]).dump(sys.argv[2], format=ox.RdfFormat.N_QUADS)"  # fmt: skip


def write(path: Path, triples: int) -> None:
    """Invented triples, a thousand in each graph."""
    with path.open("w", encoding="utf-8") as stream:
        for row in range(triples):
            thing, says = f"<https://example.org/thing/{row // 5}>", f"<https://example.org/says/{row % 5}>"
            stream.write(f'{thing} {says} "value {row}"@en <https://example.org/g/{row // 1000}> .\n')


def seconds(*command: str) -> tuple[float, str]:
    """How long a command takes, and what it prints."""
    env = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    started = time.perf_counter()
    done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=ROOT, env=env)
    return time.perf_counter() - started, done.stdout


def main() -> None:
    """Prints a row for each."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--triples", type=int, default=100_000)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--formats", default="nquads,ntriples,turtle,trig")
    options = parser.parse_args()
    oxigraph = shutil.which("oxigraph", path=str(Path(sys.executable).parent)) or shutil.which("oxigraph")
    if not oxigraph:
        sys.exit("oxigraph is not here: make test fetches it")
    print(f"{'what':18} {'triples':>10} {'bare':>8} {'ours':>8} {'ratio':>6} {'peak':>8}")
    ours = (sys.executable, "-c", OURS)
    seconds(*ours, "stats")  # compiles our modules, as installing does, and builds the graph itself
    with tempfile.TemporaryDirectory() as name:
        file, bare, store = (Path(name) / part for part in ("many.nq", "bare", "store"))
        write(file, options.triples)

        def row(what: str, theirs: tuple[str, ...], mine: tuple[str, ...], *before: Path) -> None:
            sides: tuple[list[float], list[float]] = ([], [])
            peak = 0
            for _ in range(options.runs):
                for path in before:
                    shutil.rmtree(path, ignore_errors=True)
                sides[0].append(seconds(*theirs)[0])
                spent, said = seconds(*mine)
                sides[1].append(spent)
                peak = max(peak, int(said.split()[-1]))
            plain, ours = map(statistics.median, sides)
            print(f"{what:18} {options.triples:>10,} {plain:>7.2f}s {ours:>7.2f}s {ours / plain:>6.2f} {peak:>5} MB",
                  flush=True)  # fmt: skip

        row("build --store", (oxigraph, "load", "--location", str(bare), "--file", str(file)),
            (*ours, "build", "--quiet", "--store", str(store), str(file)), bare, store)  # fmt: skip
        dump = (sys.executable, "-c", DUMP, str(bare), f"{name}/dump.nq")
        for form in options.formats.split(","):
            row(f"export {form}", dump, (*ours, "export", "--store", str(store), "--preset", "all", "--format", form,
                                         "--quiet", "-o", f"{name}/out.{form}"))  # fmt: skip


if __name__ == "__main__":
    main()
