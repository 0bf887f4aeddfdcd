"""What the command says: data on standard output, words on standard error, exit codes that mean something.

`cases/cli/*.yaml` hold runs of the command (see `cases/cli/README.md`); here stands what needs more than a row.
"""

from __future__ import annotations

import csv
import io
import json
import os
import re
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
import unicodedata
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyoxigraph as ox
import pytest
import yaml
from conftest import COMMAND, FEW, ROOT, Command, environment, ran, spawn

from icrc_korea.graph import KnowledgeGraph

HERE = Path(__file__).parent
VERBS = ("build", "query", "queries", "show", "why", "export", "stats", "check", "anchor")
Case = dict[str, Any]


def cases() -> Iterator[Any]:
    for path in sorted((HERE / "cases" / "cli").glob("*.yaml")):
        for case in yaml.safe_load(path.read_text(encoding="utf-8")):
            name = f"{path.stem}: {case['run']} {' '.join(case.get('stdin', '').split())[:70]}".strip()
            yield pytest.param(case, id=name)


@pytest.mark.parametrize("case", list(cases()))
def test_run(case: Case, icrc: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    assert set(case) <= {"run", "stdin", "exit", "out", "err", "never"}
    monkeypatch.chdir(ROOT)
    said = icrc(*shlex.split(case["run"]), stdin=case.get("stdin", ""))
    assert said.code == case.get("exit", 0), said.err
    for word in case.get("out", []):
        assert word in said.out
    for word in case.get("err", []):
        assert word in said.err
    for word in case.get("never", []):
        assert word not in said.out + said.err
    assert bool(said.out) is ("out" in case)
    assert "Traceback" not in said.err
    if said.code:
        assert said.err.strip(), "a refusal without a word"


def test_every_kind_of_failure_has_its_exit_code(icrc: Command, small: Path) -> None:
    """0 clean, 1 findings, 2 wrong use, 3 unreadable files."""
    path = small / "data" / "entities" / "people.ttl"
    sound = path.read_text(encoding="utf-8")
    assert icrc("stats", "--root", small).code == 0
    assert icrc("stats", "--format", "no", "--root", small).code == 2
    path.write_text(sound.replace("a kw:Person ;", "a kw:Person", 1), encoding="utf-8")
    said = icrc("stats", "--root", small)
    assert said.code == 3
    assert re.search(r"data/entities/people\.ttl:\d+:\d+: ", said.err)
    assert "  → " in said.err
    assert said.out == ""
    path.write_bytes(sound.encode().replace("é".encode(), "é".encode("latin-1")))
    said = icrc("stats", "--root", small)
    assert (said.code, said.out) == (3, "")
    assert re.search(r"data/entities/people\.ttl:\d+:\d+: this byte is not UTF-8", said.err)
    path.write_text(sound, encoding="utf-8")
    core = small / "ontology" / "core.ttl"
    core.write_text(
        core.read_text(encoding="utf-8") + "kw:Person owl:disjointWith kw:Communication .\n", encoding="utf-8"
    )
    path.write_text(sound + "\nperson:siordet a kw:Communication .\n", encoding="utf-8")
    said = icrc("query", "names", "thing=person:siordet", "--root", small)
    assert (said.code, said.out) == (1, "")
    assert "person:siordet" in said.err
    assert "Traceback" not in said.err


@pytest.mark.parametrize("columns", [40, 60])
@pytest.mark.parametrize(
    "arguments",
    [
        ["query", "nosuch"],
        ["query", "correspondence/sent-by", "party=Zorglub"],
        ["query", "chronology/in-order", "from=yesterday"],
        ["query", "sent-by", "nme=3"],
        ["query", "--lang", "ko", "nosuch"],
        [],
    ],
    ids=" ".join,
)
def test_words_wrap_at_words(columns: int, arguments: list[str], icrc: Command) -> None:
    narrow, wide = icrc(*arguments, columns=columns), icrc(*arguments, columns=1000)
    for line in (narrow.out + narrow.err).splitlines():
        assert len(line) <= columns or " " not in line.strip(), line
    assert (narrow.out + narrow.err).split() == (wide.out + wide.err).split()


@pytest.mark.parametrize(
    "name", ["ontology/core.ttl", "ontology/vocabulary", "data/entities", "data/sources", "queries", "shapes"]
)
def test_a_missing_folder_is_named(name: str, icrc: Command, small: Path) -> None:
    path = small / name
    shutil.rmtree(path) if path.is_dir() else path.unlink()
    said = icrc("stats", "--root", small)
    assert (said.code, said.out) == (3, "")
    assert re.search(rf"{name}\S* is missing in\s", said.err)


def test_what_need_not_be_there_is_not_missed(icrc: Command, small: Path) -> None:
    (small / "ontology" / "alignments.ttl").unlink()
    (small / "data" / "sources" / "wikidata").mkdir()
    assert icrc("stats", "--root", small).code == 0


def test_the_root_can_stand_before_or_after_the_verb_or_in_the_environment(
    icrc: Command, small: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    after, before = icrc("stats", "--root", small), icrc("--root", small, "stats")
    monkeypatch.setenv("ICRC_KOREA_ROOT", str(small))
    assert before.out == after.out == icrc("stats").out
    assert before.out != icrc("stats", "--root", ROOT).out


def test_quiet_is_quiet_before_or_after_the_verb(icrc: Command, small: Path) -> None:
    for command in (["--quiet", "build", "--force"], ["build", "--force", "--quiet"]):
        said = icrc(*command, "--root", small)
        assert (said.code, said.out, said.err) == (0, "", "")


# --- everything that is shown as an example works -----------------------------------------------------------


def examples() -> Iterator[Any]:
    """The command lines in the README and in the help of every verb."""
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    for block in re.findall(r"^```console\n(.*?)^```", readme, re.M | re.S):
        yield from (line.partition("  #")[0].strip() for line in block.splitlines() if "icrc-korea" in line)
    yield from re.findall(r"`(icrc-korea [^`]+)`", readme)
    help_of = [
        subprocess.run([*COMMAND, *verb, "--help"], capture_output=True, check=True)
        for verb in ([], *([v] for v in VERBS))
    ]
    for done in help_of:
        text = done.stdout.decode()
        for line in text.splitlines():
            if re.match(r"  (icrc-korea|echo) ", line):
                yield re.split(r"  +", line.strip())[0]


EXAMPLES = sorted(set(examples()))
NEEDS_A_FILE = re.compile(r"guide\.txt|--guide FILE|my-question\.rq|big\.nq|names\.csv|VERB|SUBJECT|NAME|DIR|check")
# these ask another machine, need one, or run until they are stopped
NEEDS_A_MACHINE = re.compile(r"icrc-korea (serve|push|verify|link|enrich|reconcile|reason|contribute)|http://|--print|federated")
HARMLESS = [line for line in EXAMPLES if not NEEDS_A_FILE.search(line) and not NEEDS_A_MACHINE.search(line)]


@pytest.mark.parametrize("line", HARMLESS)
def test_an_example_works(
    line: str, icrc: Command, warm: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    piped, bar, command = line.rpartition(" | icrc-korea ")
    stdin = shlex.split(piped)[1] if bar else ""
    words = shlex.split(command if bar else line)[0 if bar else 1 :]
    words = words[: words.index(">")] if ">" in words else words
    said = icrc(*words, *(["--root", ROOT] if words else []), stdin=stdin)
    assert said.code == 0, said.err


def test_the_examples_are_found() -> None:
    assert len(HARMLESS) > 25
    assert any("why" in line for line in EXAMPLES)


# --- formats ------------------------------------------------------------------------------------------------

SELECT = 'SELECT ?s ?o ?no { VALUES ?o { "a,b" "a\\"b" "a\\nb" "é" "<&>" 3 } ?s kw:misprint ?m } ORDER BY STR(?o)'
VALUES = ["3", "<&>", 'a"b', "a\nb", "a,b", "é"]


def test_rows_can_be_read_back_from_every_format(icrc: Command) -> None:
    def written(form: str) -> str:
        said = icrc("query", "-", "--format", form, "--root", ROOT, stdin=SELECT)
        assert (said.code, said.err) == (0, "")
        assert said.out.endswith("\n")
        return said.out

    rows = list(csv.DictReader(io.StringIO(written("csv"), newline="")))
    assert sorted(row["o"] for row in rows) == sorted(VALUES)
    assert {row["no"] for row in rows} == {""}
    bindings = json.loads(written("json"))["results"]["bindings"]
    assert sorted(row["o"]["value"] for row in bindings) == sorted(VALUES)
    for form, kind in (
        ("json", ox.QueryResultsFormat.JSON),
        ("xml", ox.QueryResultsFormat.XML),
        ("tsv", ox.QueryResultsFormat.TSV),
    ):
        solutions = ox.parse_query_results(written(form).encode(), format=kind)
        assert isinstance(solutions, ox.QuerySolutions)
        assert sorted(str(row["o"].value) for row in solutions) == sorted(VALUES), form  # type: ignore[union-attr]


def test_a_comma_in_an_address_stays_in_its_column(icrc: Command) -> None:
    """Links into the guide's page have commas in them."""
    text = "SELECT ?link ?s { ?s kw:deepLink ?link FILTER CONTAINS(STR(?link), ',') } ORDER BY ?s LIMIT 3"
    said = icrc("query", "-", "--format", "csv", "--root", ROOT, stdin=text)
    rows = list(csv.reader(io.StringIO(said.out)))
    assert [len(row) for row in rows] == [2, 2, 2, 2]
    assert rows[1][1].startswith("https://w3id.org/icrc-korea/id/passage/P01")


def test_yes_and_no_in_every_format(icrc: Command) -> None:
    for text, truth in (("ASK { ?s kw:misprint ?o }", True), ("ASK { ?s kw:nothing ?o }", False)):
        for form, kind in (("json", ox.QueryResultsFormat.JSON), ("xml", ox.QueryResultsFormat.XML)):
            said = icrc("query", "-", "--format", form, "--root", ROOT, stdin=text)
            read = ox.parse_query_results(said.out.encode(), format=kind)
            assert isinstance(read, ox.QueryBoolean)
            assert bool(read) is truth
        for form in ("csv", "tsv"):
            said = icrc("query", "-", "--format", form, "--root", ROOT, stdin=text)
            assert said.out == str(truth).lower() + "\n"


@pytest.mark.parametrize(
    ("form", "kind"),
    [("ttl", ox.RdfFormat.TURTLE), ("json", ox.RdfFormat.JSON_LD), ("xml", ox.RdfFormat.RDF_XML)],
)
@pytest.mark.parametrize("text", ["CONSTRUCT WHERE { ?s kw:misprint ?o }", "DESCRIBE state:dprk"])
def test_triples_in_every_format(text: str, form: str, kind: ox.RdfFormat, icrc: Command) -> None:
    said = icrc("query", "-", "--format", form, "--root", ROOT, stdin=text)
    assert said.code == 0
    triples = {str(quad.triple) for quad in ox.parse(said.out.encode(), format=kind)}
    iri = "https://w3id.org/icrc-korea/"
    assert f'<{iri}id/state/dprk> <{iri}ontology#misprint> "DPKR"@en' in triples


@pytest.mark.parametrize(
    "verb", [["stats"], ["show", "state:dprk"], ["queries"], ["why", "state:dprk", "kw:misprint", "DPKR"]]
)
def test_json_for_programs(verb: list[str], icrc: Command, warm: None) -> None:
    said = icrc(*verb, "--format", "json", "--root", ROOT)
    assert (said.code, said.err) == (0, "")
    assert json.loads(said.out)


def test_the_list_of_questions_as_csv(icrc: Command) -> None:
    rows = list(csv.DictReader(io.StringIO(icrc("queries", "--format", "csv", "--root", ROOT).out)))
    named = {row["name"]: row for row in rows}
    assert named["correspondence/addressed-to"]["params"] == "party"
    assert all(row["question"].endswith("?") for row in rows)


# --- it fits the terminal -----------------------------------------------------------------------------------


def cells(text: str) -> int:
    """How many cells of a terminal a text takes."""
    return sum(
        0
        if unicodedata.category(char) in ("Mn", "Me")
        else 2
        if unicodedata.east_asian_width(char) in ("W", "F")
        else 1
        for char in text
    )


# A bare web address, alone on its line but for its number; a command to be copied, which a break would spoil.
MAY_BE_WIDE = re.compile(r"\s*(?:\[\d+\] )?https?://\S+|\s*(?:icrc-korea|echo) (?:\S| (?! ))+")
SHOWN = [
    "",
    "--help",
    *(f"{verb} --help" for verb in VERBS),
    "queries",
    "stats",
    "query unanswered",
    "query contested",
    "query provenance/passage passage=passage:P19",
    "query guide-is-silent",
    "query nothing-of-that-name",
    "query addressed-to party=nowhere",
    "query in-order from=tomorrow",
    "show state:dprk",
    "show 'Paul Ruegger'",
    "show organisation:chinese-red-cross",
    "show 국제적십자위원회",
    "show 'Paul Rugger'",
    "why communication:telegram-1950-06-26-dprk kw:addressedParty state:dprk",
    "why organisation:chinese-red-cross kw:agreedToActFor organisation:icrc",
    "why organisation:icrc kw:founded timespan:1863",
    "why communication:telegram-1952-11-24 kw:replyTo communication:telegram-1950-06-26-rok",
    "build",
    "export --with nothing",
    "stats --format nothing",
    "stats --root /no/such/folder",
]


@pytest.mark.parametrize("columns", [40, 60, 100, 200])
def test_nothing_is_lost_by_wrapping(columns: int, icrc: Command) -> None:
    """Whatever the width, the letters and digits of a table are those of its cells, in rows of the same order."""
    csv_text = icrc("query", "reported-absences", "--format", "csv", "--root", ROOT).out
    table = icrc("query", "reported-absences", "--root", ROOT, columns=columns).out
    labels = [row["label"] for row in csv.DictReader(io.StringIO(csv_text))]
    letters = "".join(re.findall(r"\w", table))
    for label in labels:
        for word in re.findall(r"\w+", label):
            assert word in letters


@pytest.mark.skipif(sys.platform == "win32", reason="there are no pseudo-terminals here")
def test_on_a_terminal_the_width_is_the_terminal_s_and_progress_is_a_bar(small: Path) -> None:
    import fcntl
    import pty
    import struct
    import termios

    (small / "build" / "manifest.json").unlink()
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 50, 0, 0))
    process = subprocess.Popen(
        [*COMMAND, "show", "person:siordet", "--root", small],
        stdin=subprocess.DEVNULL,
        stdout=theirs,
        stderr=theirs,
        env=environment(COLUMNS=None, TERM="xterm-256color"),
    )
    os.close(theirs)
    received = b""
    try:
        while chunk := os.read(ours, 4096):
            received += chunk
    except OSError:  # the other end was closed
        pass
    os.close(ours)
    assert process.wait(30) == 0
    text = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", received.decode())
    shown = text[text.index("person:siordet  (") :].replace("\r", "").splitlines()
    assert [line for line in shown if cells(line) > 50] == []
    assert any(cells(line) > 40 for line in shown), "the width of the terminal was not used"
    assert b"\x1b[?25h" in received or b"\x1b[?25l" not in received, "the cursor was left hidden"


# --- what is in the data cannot steer the terminal ----------------------------------------------------------

STEERING = "\x1b[31mred\x1b[0m \x07\x08 \u202etnirp \u200b \x9b2J \u2066 \ufeff end"


@pytest.fixture
def steered(small: Path) -> Path:
    """A graph with control characters in a label, a statement, a hedge and a question."""
    escaped = STEERING.encode("unicode_escape").decode().replace("\\x", "\\u00")
    people = small / "data" / "entities" / "people.ttl"
    text = people.read_text(encoding="utf-8")
    people.write_text(text.replace('"Siordet"@en', f'"Siordet {escaped}"@en'), encoding="utf-8")
    guide = small / "data" / "sources" / "guide" / "statements" / "01-opening.trig"
    extra = f"""
    passage:P01.s2-hedged {{
        passage:P01.s2-hedged kw:hedge "{escaped}"@en ; kw:inferenceNote "{escaped}"@en .
        person:siordet kw:nameForm "{escaped}"@en .
    }}
    """
    guide.write_text(guide.read_text(encoding="utf-8") + extra, encoding="utf-8")
    question = small / "queries" / "people" / "names.rq"
    question.write_text(
        f'#+ summary: "Steering {escaped}?"\nSELECT ?form {{ person:siordet kw:nameForm ?form }}', encoding="utf-8"
    )
    return small


@pytest.mark.parametrize(
    "command",
    [
        "query names",
        "queries",
        "show person:siordet",
        "why person:siordet kw:nameForm {}",
        "why person:siordet kw:nameForm person:paul-ruegger",
        "show 'Siordet [31mred'",
        "show {}",
        "query {}",
        "query names {}=1",
    ],
)
def test_control_characters_are_written_out(command: str, steered: Path, icrc: Command) -> None:
    said = icrc(*shlex.split(command.format(shlex.quote(STEERING))), "--root", steered)
    raw = {char for char in said.out + said.err if unicodedata.category(char) in ("Cc", "Cf") and char != "\n"}
    assert raw == set()
    assert "Traceback" not in said.err


def test_for_programs_control_characters_stay_as_they_are(steered: Path, icrc: Command) -> None:
    said = icrc("query", "names", "--format", "json", "--root", steered)
    assert [row["form"]["value"] for row in json.loads(said.out)["results"]["bindings"]] == [STEERING]


# --- nothing goes out, nothing comes down -------------------------------------------------------------------


def network_cases() -> list[str]:
    text = (HERE / "cases" / "cli" / "network.yaml").read_text(encoding="utf-8")
    return [case["stdin"] for case in yaml.safe_load(text)]


def test_no_question_reaches_the_network() -> None:
    """Asked of a machine that listens: it must hear nothing, whatever the exit code."""
    heard: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]

        def listen() -> None:
            while True:
                try:
                    connection, _ = server.accept()
                except OSError:
                    return
                heard.append(connection.recv(100))
                connection.close()

        threading.Thread(target=listen, daemon=True).start()
        for text in network_cases():
            asked = text.replace("127.0.0.1:9/", f"127.0.0.1:{port}/")
            assert asked != text
            ran("query", "-", "--root", ROOT, stdin=asked)
            assert not heard, f"{asked!r} went out: {heard}"


DEEP = {
    "groups": lambda n: "ASK " + "{" * n + "}" * n,
    "brackets": lambda n: "ASK { FILTER (" + "(" * n + "1" + ")" * n + ") }",
    "sub-selects": lambda n: "SELECT * " + "{ SELECT * " * n + "{}" + "}" * n,
    "described nodes": lambda n: "ASK { ?s ?p " + "[ ?p " * n + "?o" + "]" * n + " }",
    "lists": lambda n: "ASK { ?s ?p " + "(" * n + ")" * n + " }",
    "paths": lambda n: "ASK { ?s " + "(" * n + "kw:partOf" + ")" * n + " ?o }",
    "exists": lambda n: "ASK " + "{ FILTER NOT EXISTS " * n + "{}" + "}" * n,
    "nots": lambda n: "ASK { FILTER (" + "!" * n + "true) }",
    "sums": lambda n: "ASK { FILTER (" + "1+" * n + "1) }",
    "functions": lambda n: "ASK { FILTER (" + "STR(" * n + "1" + ")" * n + ") }",
    "unions": lambda n: "ASK { {} " + "UNION {} " * n + "}",
    "optionals": lambda n: "ASK { " + "OPTIONAL {} " * n + "}",
    "subtractions": lambda n: "ASK { " + "MINUS {} " * n + "}",
    "bindings": lambda n: "ASK { " + " ".join(f"BIND (1 AS ?x{i})" for i in range(n)) + " }",
    "values": lambda n: "ASK { " + " ".join(f"VALUES ?x{i} {{ 1 }}" for i in range(n)) + " }",
    "filters": lambda n: "ASK { " + "FILTER (true) " * n + "}",
    "columns": lambda n: "SELECT " + " ".join(f"(1 AS ?x{i})" for i in range(n)) + " {}",
    "groups behind a comment": lambda n: "ASK { # \r" + "{" * n + "}" * n + "\n}",
    "groups behind an escape": lambda n: 'ASK { BIND ("\\u0022 # " AS ?x)' + "{" * n + "}" * n + "\n}",
}


@pytest.mark.parametrize("kind", DEEP)
def test_a_question_nested_too_deep_is_refused(kind: str) -> None:
    """In a process of its own, for without the guard it takes the process with it."""
    said = ran("query", "-", "--root", ROOT, stdin=DEEP[kind](30_000))
    assert said.code == 2, f"exit {said.code}"
    assert re.search(r"nested|too many|too large", said.err)
    assert said.out == ""


@pytest.mark.parametrize("kind", ["groups", "brackets", "described nodes", "lists", "paths", "exists", "functions"])
def test_brackets_are_counted(kind: str, icrc: Command) -> None:
    """Far below where the engine falls over, so that it does not depend on how much stack there is."""
    said = icrc("query", "-", "--root", ROOT, stdin=DEEP[kind](300))
    assert said.code == 2
    assert "nested" in said.err


@pytest.mark.parametrize("kind", DEEP)
def test_a_question_nested_as_people_nest_is_answered(kind: str, icrc: Command) -> None:
    assert icrc("query", "-", "--format", "json", "--root", ROOT, stdin=DEEP[kind](20)).code == 0


# --- pipes, signals, locales --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "command", [["query", "provenance/passage"], ["show", "organisation:icrc"], ["queries"], ["export"], ["stats"]]
)
def test_the_reader_may_stop_early(command: list[str]) -> None:
    """As in `icrc-korea … | head -1`."""
    with spawn(*command, "--root", ROOT) as process:
        assert process.stdout
        assert process.stderr
        process.stdout.readline()
        process.stdout.close()
        err = process.stderr.read().decode()
        process.wait(60)
    assert process.returncode == 0
    assert "Traceback" not in err
    assert "rror" not in err


def test_the_reader_may_not_be_there_at_all() -> None:
    read, write = os.pipe()
    os.close(read)
    with spawn("queries", "--root", ROOT, stdout=write) as process:
        os.close(write)
        assert process.stderr
        err = process.stderr.read().decode()
        process.wait(60)
    assert process.returncode == 0
    assert "Traceback" not in err
    assert "Exception ignored" not in err


def test_a_full_disk_behind_standard_output_is_told() -> None:
    device = Path("/dev/full")
    if not device.exists():
        pytest.skip("there is no /dev/full here")
    with device.open("wb") as full, spawn("queries", "--root", ROOT, stdout=full) as process:
        assert process.stderr
        err = process.stderr.read().decode()
        process.wait(60)
    assert process.returncode == 3
    assert "cannot be written" in err
    assert "Traceback" not in err


# closed before the command begins, as cron jobs do; the answer must not go into a file that is opened later
CLOSED = {
    "query unanswered --format csv >&-": (3, False, "standard output is closed"),
    "query unanswered >&-": (3, False, "standard output is closed"),
    "show state:dprk --format json >&-": (3, False, "standard output is closed"),
    "build --quiet >&-": (0, False, ""),
    "query unanswered --format csv 2>&-": (0, True, ""),
    "query unanswered --format csv <&-": (0, True, ""),
    "query - <&-": (2, False, "the query is empty"),
    "query unanswered --format csv >&- 2>&-": (3, False, ""),
    "query unanswered --format csv >&- 2>&- <&-": (3, False, ""),
}


@pytest.mark.skipif(sys.platform == "win32", reason="a shell that closes streams is needed")
@pytest.mark.parametrize("line", CLOSED)
def test_a_stream_may_be_closed_from_the_start(line: str, graph: KnowledgeGraph) -> None:
    assert graph.built
    code, answers, words = CLOSED[line]
    command = f"{shlex.join([*COMMAND, '--root', str(ROOT)])} {line}"
    done = subprocess.run(["sh", "-c", command], capture_output=True, check=False, env=environment(), timeout=60)
    assert (done.returncode, bool(done.stdout)) == (code, answers), done.stderr.decode()
    assert words in done.stderr.decode()
    for never in ("Traceback", "Exception ignored"):
        assert never not in done.stderr.decode()


LONG = "A" * 5000
LONG_NAMES = [
    ["query", LONG], ["query", f"{LONG}.rq"], ["check", LONG], ["show", LONG], ["why", LONG, "kw:sender", "state:dprk"],
    ["export", "-o", LONG], ["draw", "map", "-o", f"{LONG}.svg"], ["anchor", "--guide", LONG],
    ["check", "--guide", LONG], ["build", "--store", LONG], ["query", "unanswered", "--store", LONG],
    ["stats", "--root", LONG], ["link", "--import", LONG], ["reconcile", LONG, "--column", "name"],
    ["publish", LONG], ["push", "oxigraph", "http://localhost:1", "--from", LONG],
    ["contribute", "--unchecked", "-o", LONG],
]  # fmt: skip


@pytest.mark.parametrize("arguments", LONG_NAMES, ids=lambda words: " ".join(words)[:30])
def test_a_name_of_5000_letters_is_refused_in_few_words(arguments: list[str], icrc: Command) -> None:
    said = icrc(*arguments, *([] if "--root" in arguments else ["--root", ROOT]))
    assert said.code in (2, 3)
    assert said.out == ""
    assert len(said.err) < 1500
    assert "AAAA" in said.err
    assert "→" in said.err
    assert "output cannot be written" not in said.err


def test_a_file_name_that_is_not_utf_8_is_named(small: Path, icrc: Command) -> None:
    for folder, ending in (("data/entities", "ttl"), ("queries/people", "rq"), ("shapes", "ttl")):
        path = Path(os.fsdecode(os.fsencode(small / folder) + b"/x\xff." + ending.encode()))
        try:
            path.write_bytes(b"")
        except OSError:
            pytest.skip("file names are UTF-8 here")
        for verb in ("build", "check") if folder == "shapes" else ("build", "stats", "check", "queries"):
            said = icrc(verb, "--root", small)
            if (folder, verb) != ("shapes", "build"):  # shapes are no part of what is built
                assert said.code == 3, said.err
                assert "is not UTF-8" in said.err
                assert "rename it" in said.err
        path.unlink()


@pytest.mark.parametrize("space", ["not an iri", "", "example", "http://x/{a}", "http://x/|"])
def test_a_prefix_that_stands_for_no_iri_is_named_with_its_line(space: str, small: Path, icrc: Command) -> None:
    path = small / "ontology" / "prefixes.ttl"
    path.write_text(f"@prefix zz: <{space}> .\n" + path.read_text(encoding="utf-8"), encoding="utf-8")
    for verb in ("stats", "queries", "build"):
        said = icrc(verb, "--root", small)
        assert said.code == 3
        assert "ontology/prefixes.ttl:1:" in said.err
        assert "zz:" in said.err
        assert "queries/" not in said.err


@pytest.mark.skipif(sys.platform == "win32", reason="Ctrl-C is no signal here")
def test_ctrl_c_while_the_engine_works_on_a_rule_that_never_ends(small: Path) -> None:
    endless = small / "queries" / "derive" / "endless.rq"
    endless.write_text("#+ summary: Every triple three times\n"
                       "CONSTRUCT { ?a kw:attestedIn ?i } WHERE { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i . ?j ?k ?l . ?m ?n ?o "
                       "FILTER (STRLEN(CONCAT(STR(?a), STR(?f), STR(?i), STR(?l), STR(?o))) < 3) }",
                       encoding="utf-8")  # fmt: skip
    heard = {"preexec_fn": lambda: signal.signal(signal.SIGINT, signal.default_int_handler)}
    process = spawn("build", "--root", small, **heard)
    assert process.stderr
    while b"deriving" not in process.stderr.readline():
        assert process.poll() is None
    time.sleep(0.5)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=30)
    assert (process.returncode, out) == (130, b"")
    assert err.decode().splitlines()[-1] == "stopped"


@pytest.mark.skipif(sys.platform == "win32", reason="Ctrl-C is no signal here")
def test_ctrl_c_while_waiting_for_a_question() -> None:
    process = spawn("query", "-", "--root", ROOT, stdin=subprocess.PIPE)
    time.sleep(0.7)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=30)
    assert (process.returncode, out, err.decode()) == (130, b"", "stopped\n")


@pytest.mark.skipif(sys.platform == "win32", reason="Ctrl-C is no signal here")
def test_ctrl_c_while_building(own: Path) -> None:
    """In the middle of what takes longest; afterwards the next question is answered as if nothing had been."""
    shutil.rmtree(own / "build")
    # a shell may have told its background jobs, and so this test run, to ignore the key
    heard = {"preexec_fn": lambda: signal.signal(signal.SIGINT, signal.SIG_DFL)}
    process = spawn("build", "--root", own, **heard)
    assert process.stderr
    while b"deriving" not in process.stderr.readline():
        assert process.poll() is None
    time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=30)
    assert (process.returncode, out) == (130, b"")
    assert err.decode().splitlines()[-1] == "stopped"
    assert "Traceback" not in err.decode()
    assert not (own / "build").exists() or not (own / "build" / "manifest.json").exists()


@pytest.mark.parametrize(
    "variables",
    [
        {"LC_ALL": "C", "LANG": "C"},
        {"LC_ALL": "C", "PYTHONIOENCODING": "ascii"},
    ],
    ids=["LANG=C", "ASCII streams"],
)
def test_any_locale_will_do(variables: dict[str, str]) -> None:
    env = environment(**variables)
    shown = ran("show", "organisation:icrc", "--root", ROOT, env=env)
    assert shown.code == 0, shown.err
    assert "국제적십자위원회" in shown.out
    found = ran("show", "국제적십자위원회", "--root", ROOT, env=env)
    assert found.code == 0, found.err
    assert found.out == shown.out
    asked = ran("query", "-", "--format", "csv", "--root", ROOT, env=env, stdin='SELECT ("한국" AS ?x) {}')
    assert asked.out.split() == ["x", "한국"]
    refused = ran("show", "없는 것", "--root", ROOT, env=env)
    assert refused.code == 2
    assert "Traceback" not in refused.err


def test_a_question_from_a_file(tmp_path: Path, icrc: Command) -> None:
    path = tmp_path / "mine.rq"
    path.write_text("SELECT ?o { state:dprk kw:misprint ?o }", encoding="utf-8-sig")
    assert "DPKR" in icrc("query", path, "--root", ROOT).out
    path.write_bytes("SELECT ?o { ?o ?p 'é' }".encode("latin-1"))
    said = icrc("query", path, "--root", ROOT)
    assert said.code == 3
    assert "UTF-8" in said.err
    said = icrc("query", "-", "--root", ROOT, stdin=b"\xff\xfe")
    assert said.code == 3
    assert "UTF-8" in said.err


def test_the_command_can_be_run_from_anywhere(tmp_path: Path) -> None:
    said = ran("query", "unanswered", "--format", "csv", cwd=tmp_path, env=environment(ICRC_KOREA_ROOT=None))
    assert said.code == 0
    assert said.out == ran("query", "unanswered", "--format", "csv", "--root", ROOT).out
    assert list(tmp_path.iterdir()) == []


def test_the_small_graph_of_these_tests_is_made_of_real_files() -> None:
    assert [name for name in FEW if not (ROOT / name).is_file()] == []
