"""Times a store on disk: `build --store` against `oxigraph load`, and `export --store` against pyoxigraph's bare dump.

    python benchmarks/disk.py [--triples 100000]

Each of ours runs as a command of its own, with all it checks and prints. Ours loads each statement twice, in its
graph and in the merged graph that questions see; `oxigraph load` loads it once. The bare dump is of a store that
holds each statement once, by graph, unsorted; ours is sorted, with every literal in its canonical form. `peak` is
the most memory that our side had.
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
OURS = "import resource, sys; from icrc_korea.cli import main; code = main(sys.argv[1:]); " \
       "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024); sys.exit(code)"  # fmt: skip
DUMP = "import sys, pyoxigraph as ox; " \
       "ox.Store.read_only(sys.argv[1]).dump(sys.argv[2], format=ox.RdfFormat.N_QUADS)"  # fmt: skip
FORMS = ("nquads", "ntriples", "turtle", "trig")


def write(path: Path, triples: int) -> None:
    """Invented triples, a thousand in each graph."""
    with path.open("w", encoding="utf-8") as stream:
        for row in range(triples):
            thing, says = f"<https://example.org/thing/{row // 5}>", f"<https://example.org/says/{row % 5}>"
            stream.write(f'{thing} {says} "value {row}"@en <https://example.org/g/{row // 1000}> .\n')


def seconds(*command: str) -> tuple[float, str]:
    """How long a command takes, and what it prints."""
    started = time.perf_counter()
    done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=ROOT)
    return time.perf_counter() - started, done.stdout


def main() -> None:
    """Prints a row for each."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--triples", type=int, default=100_000)
    options = parser.parse_args()
    oxigraph = shutil.which("oxigraph", path=str(Path(sys.executable).parent)) or shutil.which("oxigraph")
    if not oxigraph:
        sys.exit("oxigraph is not here: make test fetches it")
    ours = (sys.executable, "-c", OURS)
    print(f"{'what':18} {'triples':>10} {'bare':>8} {'ours':>8} {'ratio':>6} {'peak':>8}")

    def row(what: str, bare: float, mine: float, peak: str) -> None:
        print(f"{what:18} {options.triples:>10,} {bare:>7.2f}s {mine:>7.2f}s {mine / bare:>6.2f} {peak.strip():>5} MB",
              flush=True)  # fmt: skip

    with tempfile.TemporaryDirectory() as name:
        file, bare_store, store = (Path(name) / part for part in ("many.nq", "bare", "store"))
        write(file, options.triples)
        bare, _ = seconds(oxigraph, "load", "--location", str(bare_store), "--file", str(file))
        mine, peak = seconds(*ours, "build", "--quiet", "--store", str(store), str(file))
        row("build --store", bare, mine, peak)
        bare, _ = seconds(sys.executable, "-c", DUMP, str(bare_store), str(Path(name) / "dump.nq"))
        for form in FORMS:
            target = str(Path(name) / f"out.{form}")
            mine, peak = seconds(*ours, "export", "--store", str(store), "--preset", "all", "--format", form,
                                 "--quiet", "-o", target)  # fmt: skip
            row(f"export {form}", bare, mine, peak)


if __name__ == "__main__":
    main()
