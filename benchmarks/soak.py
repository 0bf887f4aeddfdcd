"""Runs the service for minutes with readers and a hostile query each second, and tells its memory as time goes by.

    python benchmarks/soak.py [--minutes N] [--readers N]

Every reader asks a small query, a thing in one of its forms, or a text that was cut, doubled or changed in some bytes.
Answers of 500 and above, other than a declared 503, and a service that ends, are errors: the exit code is 1 then.
"""

from __future__ import annotations

import argparse
import random
import sys
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
from collections import Counter
from pathlib import Path

from serve import COMMAND, CROSS, running, wait_for

ADDRESS = "http://127.0.0.1:8811"
QUERY = "SELECT ?s ?o { ?s kw:sender ?o FILTER (STRLEN(STR(?o)) > 3) OPTIONAL { ?s rdfs:label ?l } } LIMIT 20"
PATHS = ("/id/person/paul-ruegger", "/ontology", "/q/statistics/absences-by-kind", "/search?q=Ruegger",
         "/.well-known/void")  # fmt: skip
FORMS = ("text/turtle", "application/n-triples", "application/ld+json", "application/rdf+xml", "text/csv", "*/*")


def mutated(text: str, chance: random.Random) -> str:
    """The text with a piece of it gone, doubled or changed."""
    start = chance.randrange(len(text))
    end = start + chance.randrange(1, 12)
    piece, other = text[start:end], chr(chance.randrange(1, 0x3000))
    return text[:start] + chance.choice(["", piece * 2, piece * 200, other, "\\u0000", "{{{"]) + text[end:]


def asked(path: str, accept: str, told: Counter[int]) -> None:
    """One request, and its status."""
    try:
        request = urllib.request.Request(ADDRESS + path, headers={"accept": accept})
        with urllib.request.urlopen(request, timeout=60) as answer:
            answer.read()
            told[answer.status] += 1
    except urllib.error.HTTPError as error:
        told[error.code] += 1
        error.close()
    except OSError:
        told[0] += 1


def read(number: int, until: float, told: Counter[int]) -> None:
    """A reader."""
    chance = random.Random(number)
    while time.monotonic() < until:
        kind = chance.randrange(3)
        if kind == 0:
            asked(chance.choice(PATHS), chance.choice(FORMS), told)
        else:
            text = QUERY + f"#{chance.random()}" if kind == 1 else mutated(QUERY, chance)
            path = "/sparql?query=" + urllib.parse.quote(text, errors="replace")
            asked(path, "application/sparql-results+json", told)


def attack(until: float, told: Counter[int]) -> None:
    """A hostile query each second, each another one."""
    while time.monotonic() < until:
        path = "/sparql?query=" + urllib.parse.quote(f"{CROSS} # {time.monotonic()}")
        threading.Thread(target=asked, args=(path, "*/*", told), daemon=True).start()
        time.sleep(1)


def memory(process: int) -> dict[int, int]:
    """What a process and all that it has started hold for themselves, in kB; shared pages count in part."""
    parents: dict[int, list[int]] = {}
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            parent = int((folder / "stat").read_text().rpartition(")")[2].split()[1])
            parents.setdefault(parent, []).append(int(folder.name))
        except OSError:
            continue
    found, todo = {}, [process]
    while todo:
        one = todo.pop()
        todo += parents.get(one, [])
        try:
            lines = Path(f"/proc/{one}/smaps_rollup").read_text().splitlines()
        except OSError:
            continue
        found[one] = next((int(line.split()[1]) for line in lines if line.startswith("Pss:")), 0)
    return found


def main() -> int:
    options = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    options.add_argument("--minutes", type=float, default=5.0)
    options.add_argument("--readers", type=int, default=64)
    given = options.parse_args()
    told: Counter[int] = Counter()
    hostile: Counter[int] = Counter()
    with running([*COMMAND, "serve", "--port", "8811"], 8811) as service:
        wait_for(f"{ADDRESS}/sparql?query=ASK%7B%7D")
        began = time.monotonic()
        until = began + given.minutes * 60
        threads = [threading.Thread(target=read, args=(n, until, told)) for n in range(given.readers)]
        threads.append(threading.Thread(target=attack, args=(until, hostile)))
        for thread in threads:
            thread.start()
        print("| minutes | processes | memory MB | requests |\n|---:|---:|---:|---:|", flush=True)
        while time.monotonic() < until:
            time.sleep(min(60.0, max(0.1, until - time.monotonic())))
            held = memory(service.pid)
            minutes = (time.monotonic() - began) / 60
            print(f"| {minutes:.1f} | {len(held)} | {sum(held.values()) / 1024:.0f} | {told.total():,} |", flush=True)
        for thread in threads:
            thread.join()
        ended = service.poll() is not None
    print(f"\nreaders were told {dict(sorted(told.items()))}, hostile ones {dict(sorted(hostile.items()))}")
    wrong = sum(count for status, count in told.items() if status == 0 or (status >= 500 and status != 503))
    return 1 if wrong or ended else 0


if __name__ == "__main__":
    sys.exit(main())
