"""Times the service beside other endpoints in the same run, and small queries while hostile ones run.

    python benchmarks/serve.py [--seconds N]

Needs `wrk` (Debian: wrk). Peers are taken where they are installed: the oxigraph server on disk and in memory,
Virtuoso, rdflib-endpoint. All have the same statements and are asked the same small question, each time with another
comment, so that nothing that was kept answers it; ours also with the same text each time. Everything runs on this
machine, the clients too.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests"))
QUESTION = "statistics/absences-by-kind"
CLIENTS = (1, 8, 32)
HOSTILE = (2, 10, 50)
CROSS = "SELECT (COUNT(*) AS ?n) { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i }"
COMMAND = (sys.executable, "-m", "icrc_korea", "--root", str(ROOT))
SCRIPT = """
local n, seed = 0, tostring({{}}):gsub("[^%w]", "")
request = function()
  n = n + 1
  return wrk.format("GET", "{path}?query={query}%23" .. seed .. n, {{accept = "application/sparql-results+json"}})
end
"""
RDFLIB = """
import sys, uvicorn
from rdflib import Graph
from rdflib_endpoint import SparqlEndpoint
uvicorn.run(SparqlEndpoint(graph=Graph().parse(sys.argv[1], format="nt")), port=int(sys.argv[2]), log_level="error")
"""


def main() -> int:
    options = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    options.add_argument("--seconds", type=int, default=4, help="for each measurement (default 4)")
    given = options.parse_args()
    if not shutil.which("wrk"):
        sys.exit("wrk is not here: on Debian and Ubuntu, apt install wrk")
    explain = [*COMMAND, "query", QUESTION, "--explain"]
    query = subprocess.run(explain, capture_output=True, text=True, check=True).stdout
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        data = folder / "graph.nt"
        export = [*COMMAND, "export", "--preset", "single-graph", "--format", "ntriples", "-o", str(data)]
        subprocess.run(export, check=True)
        began = time.monotonic()
        stack.enter_context(running([*COMMAND, "serve", "--port", "8801"], 8801))
        while not answers("http://127.0.0.1:8801/sparql?query=ASK%7B%7D"):
            time.sleep(0.005)
        print(f"start to first answer: {time.monotonic() - began:.2f} s\n")
        servers = {"ours": "http://127.0.0.1:8801/sparql", **peers(folder, data, stack)}
        time.sleep(2)
        print("| requests/s (p50, p99 in ms) | " + " | ".join(f"{clients} clients" for clients in CLIENTS) + " |")
        print("|---|" + "---|" * len(CLIENTS))
        for name, address in servers.items():
            print(f"| {name}, uncached | " + " | ".join(
                pressed(address, clients, given.seconds, query, folder) for clients in CLIENTS) + " |", flush=True)
        kept = f"{servers['ours']}?query={urllib.parse.quote(query, safe='')}"
        print("| ours, cached | " + " | ".join(fixed(kept, clients, given.seconds) for clients in CLIENTS) + " |")
        thing = "http://127.0.0.1:8801/id/person/paul-ruegger.ttl"
        print("| a thing's document, cached | " + " | ".join(fixed(thing, c, given.seconds) for c in CLIENTS) + " |\n")
        print("| hostile queries running | small queries | p50 ms | p99 ms | longest ms | hostile ended after s |")
        print("|---:|---:|---:|---:|---:|---:|")
        for number in HOSTILE:
            print(f"| {number} | {besieged(servers['ours'], number)} |", flush=True)
    return 0


@contextmanager
def running(command: list[str], port: int) -> Iterator[subprocess.Popen[bytes]]:
    """A server until the end of the block."""
    quiet = subprocess.DEVNULL
    process = subprocess.Popen(command, stdout=quiet, stderr=quiet, stdin=quiet, start_new_session=True)
    try:
        yield process
    finally:
        process.terminate()
        process.wait(20)


def peers(folder: Path, data: Path, stack: ExitStack) -> dict[str, str]:
    """The other endpoints that there are, loaded."""
    found = {}
    oxigraph = shutil.which("oxigraph") or str(Path(sys.executable).with_name("oxigraph"))
    if Path(oxigraph).exists():
        load_all = [oxigraph, "load", "--location", str(folder / "disk"), "--file", str(data)]
        subprocess.run(load_all, check=True, stderr=subprocess.DEVNULL)
        disk = [oxigraph, "serve-read-only", "--location", str(folder / "disk"), "--bind", "127.0.0.1:8802"]
        stack.enter_context(running(disk, 8802))
        stack.enter_context(running([oxigraph, "serve", "--bind", "127.0.0.1:8803"], 8803))
        for port in (8802, 8803):
            wait_for(f"http://127.0.0.1:{port}/query?query=ASK%7B%7D")
        load = urllib.request.Request("http://127.0.0.1:8803/store?default", data.read_bytes(), method="POST",
                                      headers={"content-type": "application/n-triples"})  # fmt: skip
        urllib.request.urlopen(load).close()
        found |= {"oxigraph server, disk": "http://127.0.0.1:8802/query", "oxigraph server, memory": "http://127.0.0.1:8803/query"}
    try:
        import rdflib_endpoint  # noqa: F401
    except ImportError:
        print("rdflib-endpoint is not installed, so it is left out")
    else:
        stack.enter_context(running([sys.executable, "-c", RDFLIB, str(data), "8804"], 8804))
        wait_for("http://127.0.0.1:8804/?query=ASK%7B%7D")
        found["rdflib-endpoint"] = "http://127.0.0.1:8804/"
    if shutil.which("virtuoso-t"):
        from real_stores import started

        (folder / "virtuoso").mkdir()
        store = stack.enter_context(started("virtuoso", folder / "virtuoso"))
        env = {**os.environ, "ICRC_KOREA_USER": store.user, "ICRC_KOREA_PASSWORD": store.password}
        push = [*COMMAND, "push", "virtuoso", store.url]
        done = subprocess.run(push, env=env, check=False, capture_output=True, text=True)
        if done.returncode:
            print(f"Virtuoso is left out: {done.stderr[-200:]}")
        else:
            found["Virtuoso"] = store.query
    return found


def answers(address: str) -> bool:
    """Whether a server gives an answer of any kind that is none of trouble."""
    try:
        with urllib.request.urlopen(address, timeout=5) as answer:
            return bool(answer.status == 200)
    except (OSError, urllib.error.URLError):
        return False


def wait_for(address: str) -> None:
    """Until a server answers."""
    until = time.monotonic() + 60
    while not answers(address):
        if time.monotonic() > until:
            sys.exit(f"nothing answers at {address}")
        time.sleep(0.05)


def pressed(address: str, clients: int, seconds: int, query: str, folder: Path) -> str:
    """The question with another comment each time."""
    parts = urllib.parse.urlsplit(address)
    script = folder / "script.lua"
    script.write_text(SCRIPT.format(path=parts.path, query=urllib.parse.quote(query, safe="")), encoding="utf-8")
    return figures(["-s", str(script), f"{parts.scheme}://{parts.netloc}"], clients, seconds)


def fixed(address: str, clients: int, seconds: int) -> str:
    """The same address each time."""
    return figures(["-H", "accept: application/sparql-results+json, text/turtle;q=0.9", address], clients, seconds)


def figures(what: list[str], clients: int, seconds: int) -> str:
    """Requests a second, and how long half and 99 of 100 took."""
    command = ["wrk", "-t1", f"-c{clients}", f"-d{seconds}s", "--timeout", "30s", "--latency", *what]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    rate = float(re.search(r"Requests/sec:\s+([\d.]+)", said)[1])  # type: ignore[index]
    wrong = re.search(r"Non-2xx or 3xx responses: (\d+)", said)
    times = [milliseconds(re.search(rf"{part}%\s+(\S+)", said)[1]) for part in (50, 99)]  # type: ignore[index]
    return f"{rate:,.0f} ({times[0]:.2g}, {times[1]:.3g})" + (f" {wrong[1]} refused" if wrong else "")


def milliseconds(text: str) -> float:
    """A time as wrk writes it."""
    number, unit = re.fullmatch(r"([\d.]+)(us|ms|s|m)", text).groups()  # type: ignore[union-attr]
    return float(number) * {"us": 0.001, "ms": 1.0, "s": 1000.0, "m": 60_000.0}[unit]


def besieged(address: str, number: int) -> str:
    """Small queries one after the other while hostile ones run: how many, and how long they took."""
    ended: list[float] = []

    def attack() -> None:
        began = time.monotonic()
        try:
            urllib.request.urlopen(f"{address}?query={urllib.parse.quote(CROSS)}", timeout=60).close()
        except urllib.error.HTTPError:
            ended.append(time.monotonic() - began)

    threads = [threading.Thread(target=attack) for _ in range(number)]
    for thread in threads:
        thread.start()
    took = []
    while any(thread.is_alive() for thread in threads):
        began = time.monotonic()
        urllib.request.urlopen(f"{address}?query=ASK%7B%3Fs%20kw%3Asender%20%3Fo%7D%23{number}x{len(took)}").close()
        took.append((time.monotonic() - began) * 1000)
        time.sleep(0.01)
    took.sort()
    p50, p99 = took[len(took) // 2], took[int(len(took) * 0.99)]
    return f"{len(took):,} | {p50:.1f} | {p99:.1f} | {took[-1]:.1f} | {max(ended, default=0):.1f}"


if __name__ == "__main__":
    sys.exit(main())
