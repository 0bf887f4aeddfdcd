"""Times `push` into real stores against curl, which sends the same triples as one file to the same graph.

    python benchmarks/stores.py [--triples 100000] [STORE …]

The stores are started and stopped here (see tests/real_stores.py). Each side writes into an empty store; the
ratio is what counts. `peak` is the most memory that push had.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests"))

from real_stores import STORES, RealStore  # noqa: E402

from icrc_korea.dialects import DIALECTS  # noqa: E402

GRAPH = "https://example.org/many"
PUSH = "import resource, sys; from icrc_korea.cli import main; code = main(sys.argv[1:]); " \
       "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024); sys.exit(code)"  # fmt: skip


def write(folder: Path, triples: int) -> None:
    """The same triples as N-Quads for push and as N-Triples for curl."""
    with (folder / "many.nq").open("w") as quads, (folder / "many.nt").open("w") as lines:
        for number in range(triples):
            thing, says = f"<https://example.org/thing/{number // 5}>", f"<https://example.org/says/{number % 5}>"
            line = f'{thing} {says} "value {number}"@en'
            quads.write(f"{line} <{GRAPH}> .\n")
            lines.write(f"{line} .\n")


def pushed(store: RealStore, folder: Path) -> tuple[float, int]:
    """Seconds, and the most memory in MB."""
    started = time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-c", PUSH, "push", store.name, store.url, "--from", str(folder / "many.nq"), "--quiet"],
        capture_output=True, text=True, check=True, cwd=ROOT,
        env={**os.environ, "ICRC_KOREA_USER": store.user, "ICRC_KOREA_PASSWORD": store.password},
    )  # fmt: skip
    return time.perf_counter() - started, int(done.stdout.split()[-1])


def curled(store: RealStore, folder: Path) -> float:
    """Seconds that curl takes."""
    place = DIALECTS[store.name].at(store.url)
    login = ["--digest", "-u", f"{store.user}:{store.password}"] if store.user else []
    started = time.perf_counter()
    subprocess.run(
        ["curl", "--fail-with-body", "-sS", *login, "-X", "PUT", "-H", f"Content-Type: {place.dialect.sends}",
         "-T", str(folder / "many.nt"), place.graph(GRAPH)], check=True, capture_output=True,
    )  # fmt: skip
    return time.perf_counter() - started


def main() -> None:
    """Prints a row a store."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("stores", nargs="*", default=list(STORES), metavar="STORE")
    parser.add_argument("--triples", type=int, default=100_000)
    options = parser.parse_args()
    print(f"{'store':10} {'triples':>10} {'curl':>8} {'push':>8} {'ratio':>6} {'peak':>8}")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write(folder, options.triples)
        for which in options.stores:
            times = []
            for side in (curled, pushed):
                (folder / f"{which}-{side.__name__}").mkdir()
                store = STORES[which](folder / f"{which}-{side.__name__}")
                if isinstance(store, str):
                    sys.exit(f"{which} is not here: {store}")
                try:
                    times.append(side(store, folder))
                finally:
                    store.kill()
            plain, (ours, peak) = times
            print(f"{which:10} {options.triples:>10,} {plain:>7.2f}s {ours:>7.2f}s {ours / plain:>6.2f} {peak:>5} MB")


if __name__ == "__main__":
    main()
