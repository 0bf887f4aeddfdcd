"""The pages on stores say what the table of dialects says, and their commands work where the store can be run here.

`python tests/test_store_docs.py` writes the generated parts anew (`make docs` does it).
"""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import ROOT, environment
from real_stores import RealStore

from icrc_korea.dialects import CONTEXT, DIALECTS, DROP_AND_POST, GRAPH_STORE

PAGES = ROOT / "docs" / "stores"
MARKS = ("<!-- generated: make docs -->", "<!-- end of the generated part -->")
WAYS = {
    GRAPH_STORE: "PUT of each graph (SPARQL 1.1 Graph Store HTTP Protocol)",
    CONTEXT: "PUT of each graph with a `context`",
    DROP_AND_POST: "`DROP GRAPH` where there is one, then POST with `context-uri`",
}


def generated(name: str) -> str:
    """The part of a page that follows from the table of dialects."""
    dialect = DIALECTS[name]
    place = dialect.at(dialect.example)
    tried = (
        "**Tried on the store itself**, in every run of the tests."
        if dialect.tried
        else "**Not tried on the store itself**: the tests speak to a stand-in that follows the documented protocol."
    )
    rows = [
        ("address that `push` takes", f"`{dialect.example}`"),
        ("asked at", f"`{place.query}`"),
        ("changed at", f"`{place.update}`"),
        ("graphs written at", f"`{place.graphs}?{dialect.name}=…`"),
        ("how", WAYS[dialect.way] + ("; small graphs together in one update" if dialect.together else "")),
        ("sent as", f"`{dialect.sends}`, at most {dialect.chunk:,} triples in a request"),
        ("read back by", "GET of each graph" if dialect.read else "SELECT, page by page"),
    ]
    lines = [tried, "", "| | |", "|---|---|", *(f"| {left} | {right} |" for left, right in rows)]
    if dialect.bulk:
        heart = "`load-me/load.sh`, which is at heart" + ("" if dialect.tried else " (not tried, as the manual has it)")
        lines += ["", "For loads of many millions, `icrc-korea push " + name + " URL --bulk load-me` writes one file",
                  f"and {heart}:", "", "```bash", dialect.bulk, "```"]  # fmt: skip
    return "\n".join(lines)


def renewed(text: str, name: str) -> str:
    """A page with its generated part as it should be."""
    head, _, rest = text.partition(MARKS[0])
    return f"{head}{MARKS[0]}\n{generated(name)}\n{MARKS[1]}{rest.partition(MARKS[1])[2]}"


@pytest.mark.parametrize("name", list(DIALECTS))
def test_a_page_is_current(name: str) -> None:
    text = (PAGES / f"{name}.md").read_text(encoding="utf-8")
    assert text == renewed(text, name), "the page is not current: run `make docs`"


def test_every_page_is_about_a_store_and_listed() -> None:
    assert {path.stem for path in PAGES.glob("*.md")} == {*DIALECTS, "README"}
    index = (PAGES / "README.md").read_text(encoding="utf-8")
    assert set(re.findall(r"\]\((\w+)\.md\)", index)) == set(DIALECTS)


def test_the_commands_of_a_page_work(own_store: RealStore, tmp_path: Path) -> None:
    store, name = own_store, own_store.name
    text = (PAGES / f"{name}.md").read_text(encoding="utf-8")
    blocks = re.findall(r"^```console\n(.*?)^```", text.partition(MARKS[1])[2], re.M | re.S)
    lines = [line for block in blocks for line in block.splitlines()]
    assert any("push" in line for line in lines)
    assert any("verify" in line for line in lines)
    script = "\n".join(lines).replace(DIALECTS[name].example, store.url)
    script = f'icrc-korea() {{ "{sys.executable}" -m icrc_korea "$@" --root "{ROOT}"; }}\n{script}'
    env = environment(ICRC_KOREA_USER="dba", ICRC_KOREA_PASSWORD="dba")
    done = subprocess.run(["bash", "-euc", script], capture_output=True, text=True, env=env, cwd=tmp_path, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "telegram-1950" in done.stdout


if __name__ == "__main__":
    for which in DIALECTS:
        page = PAGES / f"{which}.md"
        page.write_text(renewed(page.read_text(encoding="utf-8"), which), encoding="utf-8")
