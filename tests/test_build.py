"""The dataset is the same whoever builds it, belongs to its inputs, and is whole or not there at all."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pyoxigraph as ox
import pytest
from conftest import ROOT, Command, copy_content, environment, ran, spawn

import icrc_korea
from icrc_korea.dataset import build
from icrc_korea.rdf import atomic

BUILT = ("dataset.nq", "merged.nt", "manifest.json")


def digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def manifest_of(root: Path) -> dict[str, object]:
    manifest: dict[str, object] = json.loads((root / "build" / "manifest.json").read_bytes())
    return manifest


def files_of(root: Path) -> dict[str, bytes]:
    """Every file in the build folder with its content."""
    return {path.name: path.read_bytes() for path in (root / "build").iterdir()}


def labels(root: Path, thing: str = "person:siordet") -> list[str]:
    """What a thing is called by the graph as it is asked now: a question over a slice of the dataset."""
    answer = icrc_korea.load(root).query(f"SELECT ?name {{ {thing} skos:prefLabel ?name }} ORDER BY ?name")
    return [str(row["name"]) for row in answer]


def change(root: Path, name: str, old: str, new: str) -> None:
    """Replaces some text in a file of the graph."""
    path = root / name
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")


def rename(root: Path, old: str = '"Siordet"@en', new: str = '"Siordet (renamed)"@en') -> None:
    """Changes a label, so that whatever was built before is out of date."""
    change(root, "data/entities/people.ttl", old, new)


def whole(root: Path) -> bool:
    """Whether the build folder holds a dataset that belongs to its own manifest, and nothing half-written."""
    files, manifest = files_of(root), manifest_of(root)
    expected = manifest["files"]
    assert isinstance(expected, dict)
    return all(digest(files[name]) == expected[name] for name in ("dataset.nq", "merged.nt"))


# --- the same every time ------------------------------------------------------------------------------------


def test_two_builds_are_the_same_byte_for_byte(tmp_path: Path) -> None:
    """Different folders, hash seeds, time zones, locales and dates of the files."""
    settings = [
        {"PYTHONHASHSEED": "0", "TZ": "UTC", "LC_ALL": "C.UTF-8"},
        {"PYTHONHASHSEED": "4242", "TZ": "Asia/Seoul", "LC_ALL": "C", "HOME": str(tmp_path)},
    ]
    roots = [copy_content(tmp_path / f"graph number {number}") for number in (1, 2)]
    for number, root in enumerate(roots):
        for path in root.rglob("*"):
            os.utime(path, (number * 10**9, number * 10**9))
    pairs = zip(roots, settings, strict=True)
    processes = [spawn("build", "--root", root, env=environment(**variables)) for root, variables in pairs]
    for process in processes:
        _, err = process.communicate(timeout=120)
        assert process.returncode == 0, err.decode()
    first, second = map(files_of, roots)
    assert set(first) == set(second) == set(BUILT)
    for name, data in first.items():
        assert data == second[name], f"{name} differs"


def test_building_again_by_force_changes_nothing(small: Path) -> None:
    before = files_of(small)
    assert ran("build", "--force", "--root", small).code == 0
    assert files_of(small) == before


# --- the manifest -------------------------------------------------------------------------------------------


def test_manifest_has_the_digest_of_every_input(root: Path) -> None:
    folders = {"ontology": "*.ttl", "data": "*.t*", "queries": "*.rq"}
    found = {
        path.relative_to(root).as_posix(): digest(path.read_bytes())
        for folder, pattern in folders.items()
        for path in (root / folder).rglob(pattern)
        if path.name.endswith((".ttl", ".trig", ".rq", ".sssom.tsv"))
    }
    assert len(found) > 80
    found["graph.toml"] = digest((root / "graph.toml").read_bytes())
    assert manifest_of(root)["inputs"] == found


def test_manifest_counts_the_quads_of_every_graph(root: Path) -> None:
    quads = list(ox.parse(path=str(root / "build" / "dataset.nq"), format=ox.RdfFormat.N_QUADS))
    layout = icrc_korea.load(root).layout
    counts = Counter(str(layout.expand(name)) for name in ["graph:claims", "graph:inferred", "graph:entities"])
    assert set(counts) <= {quad.graph_name.value for quad in quads}
    manifest = manifest_of(root)
    graphs = manifest["graphs"]
    assert isinstance(graphs, dict)
    assert {layout.expand(name): number for name, number in graphs.items()} == Counter(
        quad.graph_name.value for quad in quads
    )
    assert manifest["dataset"]["quads"] == len(quads) == sum(graphs.values())  # type: ignore[index]


def test_manifest_has_the_rdfc10_digest_of_the_dataset(root: Path) -> None:
    """Recomputed with blank nodes renamed first, so that only canonicalization can give the same labels."""
    quads = ox.parse(path=str(root / "build" / "dataset.nq"), format=ox.RdfFormat.N_QUADS, rename_blank_nodes=True)
    dataset = ox.Dataset(quads)
    before = {str(quad) for quad in dataset}
    dataset.canonicalize(ox.CanonicalizationAlgorithm.RDFC_1_0)
    assert before != {str(quad) for quad in dataset}, "no blank node was relabelled, so nothing is proved"
    lines = (ox.serialize(dataset, format=ox.RdfFormat.N_QUADS) or b"").splitlines(keepends=True)
    canonical = b"".join(sorted(lines))
    assert digest(canonical) == manifest_of(root)["dataset"]["rdfc10_sha256"]  # type: ignore[index]
    assert canonical == (root / "build" / "dataset.nq").read_bytes()


def test_merged_graph_is_every_triple_once(root: Path) -> None:
    """All but the questions themselves, which are not what is asked."""
    catalogue = ox.NamedNode("https://w3id.org/icrc-korea/graph/catalogue")
    every = ox.parse(path=str(root / "build" / "dataset.nq"), format=ox.RdfFormat.N_QUADS)
    quads = [quad for quad in every if quad.graph_name != catalogue]
    lines = (root / "build" / "merged.nt").read_text(encoding="utf-8").splitlines()
    assert Counter(lines) == Counter({f"{quad.triple} ." for quad in quads})
    table = manifest_of(root)["merged"]["predicates"]  # type: ignore[index]
    data = (root / "build" / "merged.nt").read_bytes()
    for predicate, (start, size, expected) in table.items():
        part = data[start : start + size]
        assert digest(part) == expected
        assert {line.split(b" ")[1] for line in part.splitlines()} == {f"<{predicate}>".encode()}
    assert sum(size for _, size, _ in table.values()) == len(data)


def test_nothing_built_names_this_machine_or_the_time(root: Path) -> None:
    """A dataset that is passed on says nothing of where and when it was made."""
    traces = [str(root), str(ROOT), str(Path.home()), socket.gethostname(), os.environ.get("USER", "")]
    words = [trace.encode() for trace in traces if len(trace) > 4]
    now = re.compile(time.strftime(r"%Y-%m-%d").encode() + rb"|\d\d:\d\d:\d\d|" + str(int(time.time()))[:6].encode())
    judged = re.compile(rb'<http://purl.org/dc/terms/created> "[\d-]+"')  # the day on which a link was judged
    for name, data in files_of(root).items():
        assert not [word for word in words if word in data], name
        assert not now.search(judged.sub(b"", data)), name


# --- stale or not -------------------------------------------------------------------------------------------


def append(name: str) -> Callable[[Path], None]:
    """Changes a file without changing what it says."""

    def change(root: Path) -> None:
        with (root / name).open("a", encoding="utf-8") as stream:
            stream.write("\n# a comment\n")

    return change


def added(name: str, like: str) -> Callable[[Path], None]:
    return lambda root: (root / name).write_text((root / like).read_text(encoding="utf-8"), encoding="utf-8") and None


def removed(name: str) -> Callable[[Path], None]:
    return lambda root: (root / name).unlink()


def touched(root: Path) -> None:
    for path in (root / "data").rglob("*.t*"):
        path.touch()


STALE = {
    "an entity file changed": (append("data/entities/people.ttl"), True),
    "a sentence file changed": (append("data/sources/guide/statements/01-opening.trig"), True),
    "the ontology changed": (append("ontology/core.ttl"), True),
    "the alignments changed": (append("ontology/alignments.ttl"), True),
    "a vocabulary changed": (append("ontology/vocabulary/media.ttl"), True),
    "the prefix list changed": (append("ontology/prefixes.ttl"), True),
    "a question changed": (append("queries/people/names.rq"), True),
    "a derive rule changed": (append("queries/derive/attested-in.rq"), True),
    "a question came": (added("queries/people/again.rq", "queries/people/names.rq"), True),
    "a question went": (removed("queries/people/names.rq"), True),
    "an entity file came": (added("data/entities/again.ttl", "data/entities/people.ttl"), True),
    "a sentence file went": (removed("data/sources/guide/statements/01-opening.trig"), True),
    "the files were only touched": (touched, False),
    "the shapes changed": (append("shapes/common.ttl"), False),
    "a README changed": (append("data/README.md"), False),
    "nothing changed": (lambda root: None, False),
}


@pytest.mark.parametrize("case", STALE)
def test_the_dataset_is_built_anew_exactly_when_its_inputs_changed(case: str, small: Path) -> None:
    change, stale = STALE[case]
    before = (small / "build" / "dataset.nq").stat().st_mtime_ns, manifest_of(small)
    change(small)
    assert labels(small) == ["Siordet"]
    after = (small / "build" / "dataset.nq").stat().st_mtime_ns, manifest_of(small)
    assert (after[0] != before[0]) is stale
    assert (after[1] != before[1]) is stale


def test_a_dataset_of_other_code_is_not_used(small: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert build.load(icrc_korea.load(small).layout)
    monkeypatch.setattr(build, "maker_digest", lambda: "another")
    assert build.load(icrc_korea.load(small).layout) is None


def test_build_says_whether_anything_was_to_do(small: Path, icrc: Command) -> None:
    (small / "build" / "manifest.json").unlink()
    first, second = icrc("build", "--root", small), icrc("build", "--root", small)
    forced = icrc("build", "--force", "--root", small)
    assert first.code == second.code == forced.code == 0
    assert "statements built in build" in first.err
    assert "up to date" in second.err
    assert "statements built in build" in forced.err
    assert first.out == second.out == forced.out == ""


# --- damaged, interrupted, at once --------------------------------------------------------------------------

DAMAGE: dict[str, Callable[[bytes], bytes]] = {
    "cut": lambda data: data[: len(data) * 2 // 3],
    "empty": lambda data: b"",
    "no text": lambda data: b"\xff\xfe\x00" * 1000,
    "longer": lambda data: data + data[-200:],
    "one bit": lambda data: data[: len(data) // 2] + bytes([data[len(data) // 2] ^ 1]) + data[len(data) // 2 + 1 :],
    "deep": lambda data: b"[" * 100_000,
    "of other kinds": lambda data: re.sub(rb'"(catalogue|merged|files|sizes)": [\[{]', rb'"\1": 5, "x": [', data),
}
NAMED_GRAPH = "SELECT * { GRAPH graph:entities { ?thing skos:prefLabel ?name } }"
Ask = Callable[[Path], object]
ASKED: dict[str, dict[str, Ask]] = {
    "merged.nt": {
        "a slice": labels,
        "the merged graph": lambda root: len(icrc_korea.load(root).query("SELECT * { ?s ?p ?o }")),
    },
    "dataset.nq": {
        "a graph by name": lambda root: len(icrc_korea.load(root).query(NAMED_GRAPH)),
        "a thing": lambda root: icrc_korea.load(root).show("person:siordet")["names"],
        "counts": lambda root: icrc_korea.load(root).stats(),
        "an export": lambda root: digest(icrc_korea.load(root).export(form="nquads")),
    },
    "manifest.json": {"a slice": labels, "the questions": lambda root: len(icrc_korea.load(root).questions())},
}


@pytest.mark.parametrize("damage", [*DAMAGE, "missing"])
@pytest.mark.parametrize("name", ASKED)
def test_a_damaged_file_is_never_used(name: str, damage: str, small: Path) -> None:
    """Whoever meets the damage builds anew; each way to ask meets it in a place of its own."""
    path = small / "build" / name
    sound = path.read_bytes()
    for asked, ask in ASKED[name].items():
        right = ask(small)
        if damage == "missing":
            path.unlink()
        else:
            path.write_bytes(DAMAGE[damage](sound))
            if path.read_bytes() == sound:
                pytest.skip("there is nothing of that kind in this file")
        assert ask(small) == right, f"{asked} with {name}: {damage}"
        assert path.read_bytes() == sound, f"the damage was not made good by {asked}"


@pytest.mark.parametrize("name", ["merged.nt", "dataset.nq"])
def test_the_command_makes_a_damaged_build_good(name: str, small: Path, tmp_path: Path, icrc: Command) -> None:
    path = small / "build" / name
    sound = path.read_bytes()
    for words in (["build"], ["build", "--store", tmp_path / "store"]):
        path.write_bytes(DAMAGE["one bit"](sound))
        said = icrc(*words, "--root", small)
        assert said.code == 0, said.err
        assert "statements built in build" in said.err
        assert path.read_bytes() == sound


def test_what_a_killed_writer_left_is_used_up_by_the_next(tmp_path: Path) -> None:
    path = tmp_path / "letters.nq"
    program = ("import os, signal, sys; from pathlib import Path; from icrc_korea.rdf.atomic import atomically\n"
               "with atomically(Path(sys.argv[1])) as sink:\n"
               "    sink.write(b'half'); sink.flush(); os.kill(os.getpid(), signal.SIGTERM)\n")  # fmt: skip
    for before in ([], ["letters.nq"]):
        subprocess.run([sys.executable, "-c", program, path], check=False, env=environment())
        assert [one.name for one in tmp_path.iterdir() if not one.name.endswith(".tmp")] == before
        assert len(list(tmp_path.iterdir())) == len(before) + 1, "nothing was left: the test shows nothing"
        atomic.write_atomically(path, b"whole")
        assert path.read_bytes() == b"whole"
        assert list(tmp_path.iterdir()) == [path]


def test_writers_of_one_file_wait_for_each_other(tmp_path: Path) -> None:
    from concurrent.futures import ThreadPoolExecutor

    path, texts = tmp_path / "one.txt", [bytes([65 + number]) * 200_000 for number in range(8)]
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda text: atomic.write_atomically(path, text), texts * 5))
    assert path.read_bytes() in texts
    assert list(tmp_path.iterdir()) == [path]


def test_a_file_of_an_older_build_is_never_used(small: Path) -> None:
    """The files of two builds mixed: each is sound by itself, but they do not belong together."""
    old = files_of(small)
    rename(small)
    icrc_korea.load(small).build()
    new = files_of(small)
    for name in BUILT:
        (small / "build" / name).write_bytes(old[name])
        assert labels(small) == ["Siordet (renamed)"], name
        assert icrc_korea.load(small).show("person:siordet")["names"][0]["text"] == "Siordet (renamed)", name
        assert files_of(small)[name] == new[name]


# A build that kills itself, as `kill -9` would, at the given step of its writing.
SUICIDE = """
import os, signal, sys
from pathlib import Path
from icrc_korea.cli import main as cli
steps = 0
def counted(real):
    def call(*given, **named):
        global steps
        steps += 1
        if steps == int(sys.argv[2]):
            os.kill(os.getpid(), signal.SIGKILL)
        return real(*given, **named)
    return call
os.fsync = counted(os.fsync)            # written, but not yet for sure
Path.replace = counted(Path.replace)    # for sure, but not yet in place
Path.unlink = counted(Path.unlink)      # in place; what was there before not yet removed
sys.exit(cli.main(["build", "--force", "--root", sys.argv[1]]))
"""
NO_KILL = pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="there is no kill -9 here")


@NO_KILL
def test_a_build_that_was_killed_leaves_nothing_half_written(small: Path) -> None:
    """Killed at every step of its writing in turn, on top of an out-of-date build."""
    name = "Siordet"
    for step in range(1, 30):  # each file is made sure, then put in place
        rename(small, f'"{name}"@en', f'"Siordet {step}"@en')
        name = f"Siordet {step}"
        done = subprocess.run([sys.executable, "-c", SUICIDE, small, str(step)], capture_output=True, check=False)
        if done.returncode == 0:
            break
        assert done.returncode == -signal.SIGKILL, done.stderr
        assert labels(small) == [name], f"killed at step {step}"
        assert whole(small)
    assert step > 6, "three files at least are written, in two steps each"


@NO_KILL
def test_a_build_that_was_killed_at_any_time_is_made_good(own: Path) -> None:
    """Killed after a third, half … of the time that a build takes."""
    start = time.monotonic()
    assert ran("build", "--force", "--root", own).code == 0
    taken = time.monotonic() - start
    for tenth in (4, 6, 8):
        (own / "build" / "manifest.json").unlink(missing_ok=True)
        process = spawn("build", "--force", "--root", own)
        time.sleep(taken * tenth / 10)
        process.kill()
        process.communicate()
        assert labels(own) == ["Siordet"], f"killed after {tenth}/10 of the time"
        assert whole(own)


def test_builds_at_once_do_not_disturb_each_other(small: Path) -> None:
    rename(small)
    ask = "SELECT ?name { person:siordet skos:prefLabel ?name }"
    (small / "ask.rq").write_text(ask, encoding="utf-8")
    builds = [spawn("build", "--force", "--root", small) for _ in range(3)]
    asks = [spawn("query", small / "ask.rq", "--format", "csv", "--root", small) for _ in range(3)]
    for process in [*builds, *asks]:
        out, err = process.communicate(timeout=60)
        assert process.returncode == 0, err.decode()
        assert out.decode().split() == ([] if process in builds else ["name", "Siordet", "(renamed)"])
    assert whole(small)
    assert set(files_of(small)) == set(BUILT), "something temporary was left"


def test_a_reader_whose_dataset_was_replaced_gets_the_new_one(small: Path) -> None:
    """It has read the old manifest, and meets files of the new one."""
    graph = icrc_korea.load(small)
    assert graph.built.manifest
    rename(small)
    icrc_korea.load(small).build()
    answer = graph.query("SELECT ?name { person:siordet skos:prefLabel ?name }")
    assert [row["name"] for row in answer] == ["Siordet (renamed)"]


# --- nowhere to write ---------------------------------------------------------------------------------------

NAME = ("query", "-", "--format", "csv")
NAME_TEXT = "SELECT ?name { person:siordet skos:prefLabel ?name }"


def test_where_the_folder_cannot_be_written_the_cache_is_used(
    small: Path, tmp_path: Path, icrc: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    shutil.rmtree(small / "build")
    (small / "build").write_text("in the way", encoding="utf-8")
    said = icrc(*NAME, "--root", small, stdin=NAME_TEXT)
    assert (said.code, said.out.split()) == (0, ["name", "Siordet"])
    assert "build cannot be written" in said.err
    assert {path.name for path in (tmp_path / "cache").rglob("*") if path.is_file()} >= set(BUILT)
    again = icrc(*NAME, "--root", small, stdin=NAME_TEXT)
    assert (again.code, again.out) == (0, said.out)
    assert again.err == "", "what is in the cache need not be built again"


def test_where_nothing_can_be_written_the_dataset_is_kept_in_memory(
    small: Path, tmp_path: Path, icrc: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.rmtree(small / "build")
    (small / "build").write_text("in the way", encoding="utf-8")
    (tmp_path / "cache").write_text("in the way", encoding="utf-8")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    said = icrc(*NAME, "--root", small, stdin=NAME_TEXT)
    assert (said.code, said.out.split()) == (0, ["name", "Siordet"])
    assert "memory" in said.err
    assert "build cannot be written" in said.err
    for verb in (["show", "person:siordet"], ["stats"], ["export", "--format", "ntriples"], ["queries"]):
        assert icrc(*verb, "--root", small).code == 0
    for verb in (["build"], ["build", "--force"]):  # it was asked for nothing else
        said = icrc(*verb, "--root", small)
        assert said.code == 3
        assert "could not be kept" in said.err
    assert (small / "build").read_text(encoding="utf-8") == "in the way"


# A command that may write no file longer than so many bytes, as if the disk were full from there on; with a
# third argument it is killed at that place, in the middle of a file.
CRAMPED = """
import resource, signal, sys
from icrc_korea.cli import main as cli
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[2]), int(sys.argv[2])))
signal.signal(signal.SIGXFSZ, signal.SIG_DFL if len(sys.argv) > 3 else signal.SIG_IGN)
sys.exit(cli.main(["show", "person:siordet", "--root", sys.argv[1]]))
"""
NO_LIMITS = pytest.mark.skipif(sys.platform == "win32", reason="there are no limits on files here")


@NO_LIMITS
@pytest.mark.parametrize("name", BUILT)
def test_a_full_disk_leaves_the_old_dataset_and_an_answer(name: str, small: Path, tmp_path: Path) -> None:
    before = files_of(small)
    rename(small)
    size = str(len(before[name]) // 2)
    env = environment(XDG_CACHE_HOME=str(tmp_path / "cache"))
    done = subprocess.run([sys.executable, "-c", CRAMPED, small, size], capture_output=True, check=False, env=env)
    assert done.returncode == 0, done.stderr
    assert "Siordet (renamed)" in done.stdout.decode()
    assert "cannot be written" in done.stderr.decode()
    assert "memory" in done.stderr.decode()
    after = files_of(small)
    assert {file: after[file] for file in before} == before or whole(small)
    assert not [file for file in after if file.endswith(".tmp")]


@NO_KILL
@NO_LIMITS
@pytest.mark.parametrize("name", BUILT)
def test_a_build_killed_in_the_middle_of_a_file_is_made_good(name: str, small: Path) -> None:
    size = str(len(files_of(small)[name]) // 2)
    rename(small)
    done = subprocess.run([sys.executable, "-c", CRAMPED, small, size, "kill"], capture_output=True, check=False)
    assert done.returncode == -signal.SIGXFSZ
    assert done.stdout == b""
    assert labels(small) == ["Siordet (renamed)"]
    assert whole(small)
