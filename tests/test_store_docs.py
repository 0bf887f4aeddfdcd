"""The pages on stores say what the table of dialects says, and their commands work where the store can be run here."""

from __future__ import annotations

import os
import re
import runpy
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import ROOT, environment
from real_stores import JARS, STORES, free_port

from icrc_korea.stores.dialects import DIALECTS

MADE = runpy.run_path(str(ROOT / "docs" / "store_pages.py"))
PAGES, MARKS, renewed = MADE["PAGES"], MADE["MARKS"], MADE["renewed"]


@pytest.mark.parametrize("name", list(DIALECTS))
def test_a_page_is_current(name: str) -> None:
    text = (PAGES / f"{name}.md").read_text(encoding="utf-8")
    assert text == renewed(text, name), "the page is not current: run `make docs`"


def test_every_page_is_about_a_store_and_listed() -> None:
    assert {path.stem for path in PAGES.glob("*.md")} == {*DIALECTS, "README"}
    index = (PAGES / "README.md").read_text(encoding="utf-8")
    assert set(re.findall(r"\]\((\w+)\.md\)", index)) == set(DIALECTS)


@pytest.mark.stores
@pytest.mark.parametrize("name", list(STORES))
def test_a_page_leads_from_nothing_to_the_first_answer(name: str, tmp_path: Path) -> None:
    """Its commands in order, the first of which starts the store; only the ports are others."""
    before, _, after = (PAGES / f"{name}.md").read_text(encoding="utf-8").partition(MARKS[1])
    start, *rest = re.findall(r"^```bash\n(.*?)^```", before.partition(MARKS[0])[0], re.M | re.S)
    asking = "".join(re.findall(r"^```console\n(.*?)^```", after, re.M | re.S))
    assert "push" in asking
    assert "verify" in asking
    for jar in JARS.glob("*.?ar"):
        (tmp_path / jar.name).symlink_to(jar)
    env = environment(ICRC_KOREA_USER="dba", ICRC_KOREA_PASSWORD="dba", FUSEKI_BASE=str(tmp_path))
    env["PATH"] = f"{Path(sys.executable).parent}:{env['PATH']}"
    missing = [word for word in start.split() if word.endswith((".jar", ".war")) and not (tmp_path / word).exists()]
    programs = [word for word in start.split() if word in ("java", "oxigraph", "virtuoso-t")]
    if missing or not shutil.which(programs[0], path=env["PATH"]):
        (pytest.fail if os.environ.get("CI") else pytest.skip)(f"{name} is not here: see real_stores.py")
    ports = {port: str(free_port()) for port in (re.findall(r":(\d+)", DIALECTS[name].example)[0], "1111")}

    def elsewhere(text: str) -> str:
        return re.sub("|".join(ports), lambda match: ports[match[0]], text)

    def ran(script: str) -> subprocess.CompletedProcess[str]:
        command = ["bash", "-euc", elsewhere(script)]
        return subprocess.run(command, capture_output=True, text=True, env=env, cwd=tmp_path, check=False)

    with (tmp_path / "said").open("wb") as said, subprocess.Popen(
        ["bash", "-euc", elsewhere(start)], env=env, cwd=tmp_path, stdout=said, stderr=said, start_new_session=True
    ) as server:
        try:
            example = DIALECTS[name].example
            waiting = f"for i in $(seq 240); do curl -s -o none {example} && break; sleep 0.5; done"
            for script in (waiting, *rest, f'cd "{ROOT}"\n{asking}'):
                done = ran(script)
                assert done.returncode == 0, done.stdout + done.stderr + (tmp_path / "said").read_text()[-1000:]
            assert "telegram-1950" in done.stdout
        finally:
            os.killpg(server.pid, signal.SIGKILL)
