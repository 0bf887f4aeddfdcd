"""Attacks the command with mutated queries, files and arguments, and counts what it must never do.

    python tests/attack.py [NUMBER] [SEED]        so many of each kind (1000), from a seed (1)

Each case is the command run in a copy of this process, which tells of an exception that got out; the system tells of a
signal, and a listener on this machine counts who came. What is found is printed as it can be tried again. `make attack`
runs some thousands, `tests/test_attack.py` a few.
"""

from __future__ import annotations

import contextlib
import io
import os
import random
import signal
import socket
import sys
import tempfile
import time
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from conftest import ROOT, copy_few

from icrc_korea.cli.main import main
from icrc_korea.cli.verb import FAMILIES

CODES = {0, 1, 2, 3, 4, 130}
PATIENCE = 60  # seconds for one case, whose own limits are far below
NASTY = [
    "SERVICE", "SERVICE SILENT", "<http://127.0.0.1:{port}/>", "LOAD", "FROM", "GRAPH", "{", "}", "(", ")", "[",
    "]", ".", ";", ",", "<<(", ")>>", "<<", "*", "+", "?", "!", "^", "|", "/", "&&", "||", "=", "?x", "$x", "?",
    "a", "_:b", "[]", '"', "'", '"""', "\\", "\\u0053ERVICE", "\\U0001F600", "#", "\0", "\x1b[31m", "\ufeff",
    "\u202e", "\U0001f600", "전문", "-1", "1e999", "99999999999999999999999", "1.", ".5", "true", "NaN", "LIMIT",
    "OFFSET", "VALUES ?x {", "BIND(", "EXISTS", "NOT EXISTS", "MINUS", "OPTIONAL", "UNION", "FILTER", "COUNT(*)",
    "GROUP BY", "ORDER BY", "HAVING", "DISTINCT", "CONSTRUCT", "DESCRIBE", "ASK", "SELECT *", "INSERT DATA",
    "DROP ALL", "PREFIX : <", "BASE <", "kw:", "kw:x%", "@en", "@en--ltr", "^^xsd:date", "COALESCE(", "IF(",
    "CONCAT(", "REGEX(?x, '(a+)+$')", "STRDT(", "IRI(", "UUID()", "#+", "#+ params:", "@prefix", "<a b>", "<%zz>",
    "<x:\\u0000>", "passage:P01.s1 {", "state:dprk", "<http://[>",
]  # fmt: skip
WORDS = [
    "", " ", "-", "--", "x", "é", "북한", "\U0001f600", "a" * 5000, "../..", "/", "/dev/null", "/proc/self/mem",
    "\udc80", "-1", "0", "1e9", "nan", "inf", "{}", "[]", "*", "%s", "%n", "$(id)", "http://127.0.0.1:9/",
    "localhost:9", "x:y@z", "state:dprk", "person:paul-ruegger", "kw:sender", "Paul Ruegger", "<http://x/>", "kw:",
    ":", "passage:P01.s1", "turtle", "json", "a=b", "party=state:dprk", "q.rq", "f.ttl", "out.nt", "out.rdf", "d",
    "correspondence/unanswered", "map", "literal", "shapes", "\n", "\0x",
]  # fmt: skip
OPTIONS = [
    "--format", "--root", "--quiet", "--store", "--lang", "--provenance", "--explain", "--time-limit",
    "--memory-limit", "--row-limit", "--only", "--engine", "--notes", "--guide", "--force", "--reasoner", "-o",
    "--with", "--preset", "--same-as", "--reifiers", "--accept", "--reject", "--none", "--who", "--why",
    "--evidence", "--replace", "--offline", "--column", "--class", "--encoding", "--limit", "--dry-run", "--update",
    "--from", "--bulk", "--package", "--form", "--unchecked", "--manifest", "--topic", "--help", "--version",
    "--unknown",
]  # fmt: skip
VERBS = [verb for verbs in FAMILIES.values() for verb in verbs if verb != "serve"]
Case = tuple[list[str], str]  # arguments, standard input


def mutated(text: str, chance: random.Random, port: int) -> str:
    """A text with a few changes of the kinds that break parsers: cut, doubled, swapped, nested, with odd signs."""
    for _ in range(chance.randint(1, 4)):
        start = chance.randrange(len(text) + 1)
        end = min(len(text), start + chance.choice([1, 3, 10, 50]))
        how = chance.randrange(6)
        if how == 0:
            text = text[:start] + text[end:]
        elif how == 1:
            text = text[:end] + text[start:end] * chance.choice([1, 2, 100]) + text[end:]
        elif how == 2:
            text = f"{text[:start]} {chance.choice(NASTY).replace('{port}', str(port))} {text[start:]}"
        elif how == 3:
            text = text[:start] + chance.choice(["(", "{", "[", "<<(", "!", "1+", "^", '"'])
            text = text * chance.choice([1, 2]) if len(text) < 20_000 else text
        elif how == 4:
            mark = chance.choice(["(", "{", "[", "<<( ", "!", "-", "(?x"])
            text = text[:start] + mark * chance.choice([5, 300, 5000]) + text[start:]
        else:
            word = chance.choice(text.split() or [""])
            text = text.replace(word, chance.choice(NASTY).replace("{port}", str(port)), 1) if word else text
    return text[:200_000]


def queries(chance: random.Random, port: int, root: Path) -> Iterator[Case]:
    """Mutated questions of the catalogue and cases of the guard, asked as one's own."""
    known = [*sorted((ROOT / "queries").rglob("*.rq")), *sorted((ROOT / "tests" / "cases" / "guard").rglob("*.rq"))]
    while True:
        text = mutated(chance.choice(known).read_text(encoding="utf-8"), chance, port)
        form = chance.choice(["table", "json", "csv", "tsv", "xml", "turtle", "ntriples", "jsonld", "rdfxml"])
        more = chance.choice([[], [], ["--provenance"], ["--explain"]])
        limits = ["--time-limit", "2", "--memory-limit", "600M", "--row-limit", "20000"]
        yield ["query", "-", "--root", str(root), "--quiet", "--format", form, *limits, *more], text


def files(chance: random.Random, port: int, root: Path) -> Iterator[Case]:
    """Mutated files of the graph, checked, built into a store, pushed and read as a table."""
    known = [path for folder in ("data", "ontology", "shapes") for path in sorted((ROOT / folder).rglob("*.t*"))
             if path.suffix in (".ttl", ".trig", ".tsv")]  # fmt: skip
    known += sorted((ROOT / "tests" / "cases" / "roundtrip").rglob("*.*"))
    for number in range(1_000_000):
        source = chance.choice(known)
        text = mutated(source.read_text(encoding="utf-8", errors="replace")[:20_000], chance, port)
        suffix = chance.choice([source.suffix, ".ttl", ".trig", ".nt", ".nq", ".rdf", ".jsonld"])
        path = root / f"f{number % 7}{suffix}"
        path.write_bytes(text.encode("utf-8", "surrogatepass"))
        where = ["--root", str(root), "--quiet"]
        yield chance.choice([
            ["check", str(path), *where, "--only", "literal", "--time-limit", "20"],
            ["build", *where, "--store", str(root / f"store{number % 3}"), str(path)],
            ["push", "oxigraph", "http://127.0.0.1:9/", *where, "--from", str(path), "--dry-run"],
            ["reconcile", str(path), *where, "--column", "name"],
        ]), ""  # fmt: skip


def arguments(chance: random.Random, port: int, root: Path) -> Iterator[Case]:
    """Verbs with options and words that do not belong to them."""
    while True:
        words = [chance.choice(OPTIONS + WORDS * 2) for _ in range(chance.randint(0, 5))]
        given = [chance.choice(VERBS), *words]
        yield [*given, "--root", str(root)], chance.choice(["", "ASK {}", "\0", "name\nx\n"])


KINDS: dict[str, Callable[[random.Random, int, Path], Iterator[Case]]] = {
    "queries": queries, "files": files, "arguments": arguments,
}  # fmt: skip


def tried(case: Case, said: io.FileIO) -> None:
    """Runs one case in this process, for good: tells of an exception that gets out, or of a code that there is not."""
    given, text = case
    out, err = io.TextIOWrapper(io.BytesIO(), encoding="utf-8"), io.TextIOWrapper(io.BytesIO(), encoding="utf-8")
    data = text.encode("utf-8", "surrogatepass")
    sys.stdin = io.TextIOWrapper(io.BytesIO(data), encoding="utf-8")
    try:
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            code = main(given)
    except SystemExit as stop:
        code = int(stop.code or 0)
    except BaseException:  # what is looked for
        said.write(traceback.format_exc()[-1500:].encode("utf-8", "replace"))
        return
    err.flush()
    words = err.buffer.getvalue().decode("utf-8", "replace")  # type: ignore[attr-defined]
    if code not in CODES or "Traceback (most" in words:
        said.write(f"code {code}: {words[-1500:]}".encode("utf-8", "replace"))


def outcome(case: Case) -> str:
    """What a case did that it must not do; '' if nothing."""
    reads, writes = os.pipe()
    process = os.fork()
    if process == 0:
        os.setpgid(0, 0)
        os.close(reads)
        try:
            os.dup2(os.open(os.devnull, os.O_RDWR), 2)
            with os.fdopen(writes, "wb", buffering=0) as said:
                tried(case, said)
        finally:
            os._exit(0)
    os.close(writes)
    until, found = time.monotonic() + PATIENCE, ""
    while True:
        ended, status = os.waitpid(process, os.WNOHANG)
        if ended:
            break
        if time.monotonic() > until:
            found = f"it did not end in {PATIENCE} seconds"
            os.kill(process, signal.SIGKILL)
            _, status = os.waitpid(process, 0)
            break
        time.sleep(0.002)
    with os.fdopen(reads, "rb") as said:
        found = said.read().decode("utf-8", "replace") or found
    if not found and os.WIFSIGNALED(status):
        found = f"ended by {signal.Signals(os.WTERMSIG(status)).name}"
    return found


# --- kills, and several who write at once ---------------------------------------------------------------------

GUIDE = "A first sentence of some words. A second one follows it.\n\nAnother passage begins here. It ends.\n"
PEOPLE = ("paul-ruegger", "syngman-rhee", "siordet", "andre-durand", "pak-heun-young", "catherine-rey-schyrr")
LINKS = "data/links/wikidata.sssom.tsv"


def writing(root: Path, turn: int) -> dict[str, list[str]]:
    """The verbs that write files of a graph, by the file that they write."""
    where = ["--root", str(root), "--quiet"]
    person, item = f"person:{PEOPLE[turn % len(PEOPLE)]}", f"Q{1000 + turn % len(PEOPLE)}"  # another one is refused
    return {
        "build/manifest.json": ["build", "--force", *where],
        LINKS: ["link", person, "--accept", item, "--who", "A", "--why", f"{turn}", "--replace", *where],
        "data/sources/guide/pieces.ttl": ["anchor", "--replace", "--text", str(root / "guide.txt"), *where],
        "out.nq": ["export", "--format", "nquads", "-o", str(root / "out.nq"), *where],
        "store/current.json": ["build", "--store", str(root / "store"), *where],
        "package/manifest.json": ["export", "--package", str(root / "package"), *where],
    }


def begun(given: list[str]) -> int:
    """The command in a copy of this process, which goes on by itself."""
    process = os.fork()
    if process == 0:
        os.setpgid(0, 0)
        try:
            with open(os.devnull, "w", encoding="utf-8") as nothing:  # noqa: PTH123
                os.dup2(nothing.fileno(), 1)
                os.dup2(nothing.fileno(), 2)
            os._exit(main(given))
        finally:
            os._exit(99)
    return process


def rows(root: Path) -> dict[str, str]:
    """The judgements of the table: thing and item."""
    lines = (root / LINKS).read_text(encoding="utf-8").splitlines() if (root / LINKS).exists() else []
    table = [line.split("\t") for line in lines if not line.startswith("#")]
    return {row[0]: row[table[0].index("object_id")] for row in table[1:]}


def whole(root: Path, turn: int) -> list[str]:
    """What is wrong after verbs were killed: the next run of each must do, and leave only what it is to write."""
    found = []
    for given in (*writing(root, turn).values(), ["query", "people/names", "--root", str(root)]):
        code = os.waitstatus_to_exitcode(os.waitpid(begun(given), 0)[1])
        found += [f"the next run of {given[:2]} ends with {code}"] if code else []
    left = [path.name for path in root.rglob("*") if path.name.endswith((".tmp", ".unfinished"))]
    return found + ([f"left behind: {left}"] if left else [])


def prepared(folder: Path) -> Path:
    """A small graph with what the writing verbs need."""
    root = copy_few(folder / "root")
    (root / "guide.txt").write_text(GUIDE, encoding="utf-8")
    os.waitpid(begun(["build", "--root", str(root)]), 0)
    return root


def kills(number: int, seed: int) -> list[str]:
    """Ends writing verbs at any moment, so many times: what is lost, torn or left behind."""
    chance, found = random.Random(f"kills {seed}"), list[str]()
    with tempfile.TemporaryDirectory() as folder:
        root = prepared(Path(folder))
        known: dict[str, str] = {}
        for turn in range(number):
            name, given = chance.choice(list(writing(root, turn).items()))
            before = rows(root)
            process = begun(given)
            time.sleep(chance.uniform(0, 0.6))
            with contextlib.suppress(ProcessLookupError):
                os.kill(process, signal.SIGKILL)
            done = os.waitpid(process, 0)[1] == 0
            after, wanted = rows(root), {f"person:{PEOPLE[turn % len(PEOPLE)]}": f"Q{1000 + turn % len(PEOPLE)}"}
            if name == LINKS and (done or after != before):
                known |= wanted
            if {one: item.rpartition(":")[2] for one, item in after.items()} != known:
                found.append(f"kill {turn} of seed {seed}: {after} where {known} was judged")
            if turn % 10 == 9:
                found += [f"kill {turn} of seed {seed}: {what}" for what in whole(root, turn)]
                known = {one: item.rpartition(":")[2] for one, item in rows(root).items()}
    return found


def together(rounds: int) -> list[str]:
    """Several who write the same file at once: nothing is lost, and what is there is whole."""
    found: list[str] = []
    with tempfile.TemporaryDirectory() as folder:
        root = prepared(Path(folder))
        for turn in range(rounds):
            for name in writing(root, 0):
                several = [writing(root, turn * len(PEOPLE) + number)[name] for number in range(4)]
                codes = [os.waitstatus_to_exitcode(os.waitpid(one, 0)[1]) for one in [begun(each) for each in several]]
                told = [code for code in codes if code not in ((0, 2, 3) if name.startswith("store") else (0,))]
                found += [f"round {turn}: four at {several[0][:2]} end with {codes}"] if told else []
                if name == LINKS and len(rows(root)) < 4:
                    found.append(f"round {turn}: four judgements became {rows(root)}")
                found += [f"round {turn}: {what}" for what in whole(root, turn)]
    return found


def attack(number: int, seed: int, kinds: tuple[str, ...] = tuple(KINDS)) -> list[str]:
    """So many cases of each kind; what was found, each with its case."""
    found: list[str] = []
    here = Path.cwd()
    with tempfile.TemporaryDirectory() as folder, socket.create_server(("127.0.0.1", 0)) as canary:
        canary.setblocking(False)
        port = canary.getsockname()[1]
        root = copy_few(Path(folder) / "root")
        outcome((["build", "--root", str(root)], ""))
        (Path(folder) / "elsewhere").mkdir()
        os.chdir(Path(folder) / "elsewhere")
        try:
            for kind in kinds:
                cases = KINDS[kind](random.Random(f"{kind} {seed}"), port, root)
                for place, case in zip(range(number), cases, strict=False):
                    what = outcome(case)
                    with contextlib.suppress(BlockingIOError):
                        canary.accept()
                        what += "; it reached another machine"
                    if what:
                        found.append(f"{kind} {place} of seed {seed}: {case[0]!r} {case[1][:3000]!r}\n{what}")
                        print(found[-1], "\n", flush=True)
        finally:
            os.chdir(here)
    return found


if __name__ == "__main__":
    many, seed = (int(given) for given in (sys.argv[1:] + ["1000", "1"][len(sys.argv) - 1 :])[:2])
    since = time.monotonic()
    faults = attack(many, seed) + kills(many // 10, seed) + together(1 + many // 500)
    print("\n".join(faults))
    took = f"{time.monotonic() - since:.0f} s"
    print(f"{len(KINDS) * many:,} cases and {many // 10:,} kills in {took}: {len(faults)} found")
    sys.exit(bool(faults))
