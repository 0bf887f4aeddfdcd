"""Times `push` into real stores against curl, which sends the same triples as one file to the same graph.

    python benchmarks/stores.py [--triples 100000] [STORE …]

The stores are started and stopped here (see tests/real_stores.py). Each side writes into an empty store, in turn;
the medians, whose ratio is what counts. After each push `verify` reads all of it back. `peak` is the most memory
that push and verify had.
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
sys.path.insert(0, str(ROOT / "tests"))

from real_stores import STORES, RealStore  # noqa: E402

from icrc_korea.stores.dialects import DIALECTS  # noqa: E402

GRAPH = "https://example.org/many"
PUSH = "import resource, sys; from icrc_korea.cli.main import main; code = main(sys.argv[1:]); " \
       "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024); sys.exit(code)"  # fmt: skip


def write(folder: Path, triples: int) -> None:
    """The same triples as N-Quads for push and as N-Triples for curl."""
    with (folder / "many.nq").open("w") as quads, (folder / "many.nt").open("w") as lines:
        for number in range(triples):
            thing, says = f"<https://example.org/thing/{number // 5}>", f"<https://example.org/says/{number % 5}>"
            line = f'{thing} {says} "value {number}"@en'
            quads.write(f"{line} <{GRAPH}> .\n")
            lines.write(f"{line} .\n")


def timed(verb: str, store: RealStore, folder: Path) -> tuple[float, int]:
    """Seconds that push or verify takes, and the most memory in MB."""
    env = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    started = time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-c", PUSH, verb, store.name, store.url, "--from", str(folder / "many.nq"), "--quiet"],
        capture_output=True, text=True, check=True, cwd=ROOT,
        env={**env, "ICRC_KOREA_USER": store.user, "ICRC_KOREA_PASSWORD": store.password},
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
    parser.add_argument("--runs", type=int, default=3)
    options = parser.parse_args()
    print(f"{'store':10} {'triples':>10} {'curl':>8} {'push':>8} {'ratio':>6} {'verify':>8} {'peak':>8}")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write(folder, options.triples)
        for which in options.stores:
            plain, ours, again, peak = [], [], [], 0
            for number in range(2 * options.runs):
                place = folder / f"{which}-{number}"
                place.mkdir()
                store = STORES[which](place)
                if isinstance(store, str):
                    sys.exit(f"{which} is not here: {store}")
                try:
                    if number % 2 == 0:
                        plain.append(curled(store, folder))
                    else:
                        spent, most = timed("push", store, folder)
                        back, more = timed("verify", store, folder)
                        ours.append(spent)
                        again.append(back)
                        peak = max(peak, most, more)
                finally:
                    store.kill()
                    shutil.rmtree(place)
            curl, push, verify = map(statistics.median, (plain, ours, again))
            print(f"{which:10} {options.triples:>10,} {curl:>7.2f}s {push:>7.2f}s {push / curl:>6.2f} {verify:>7.2f}s "
                  f"{peak:>5} MB", flush=True)  # fmt: skip


if __name__ == "__main__":
    main()
