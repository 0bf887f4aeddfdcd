"""Names and passwords open the store that they are for, and are seen nowhere else.

A case of `cases/stores/logins/` says how the machine asks (`by`), who may come in (`user`, `password`), what the
environment, the netrc file or the person at the terminal (`environment`, `netrc`, `typed`) says, and how it ends
(`code`, words in `err`); `HOST` is the machine.
"""

from __future__ import annotations

import logging
import os
import pty
import select
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
import yaml
from conftest import ROOT, Command, Said, environment, ran, spawn
from stand_in import StandIn, standing_in

CASES = {
    path.stem: yaml.safe_load(path.read_text(encoding="utf-8"))
    for path in sorted((Path(__file__).parent / "cases" / "stores" / "logins").glob("*.yaml"))
}
KEYS = {"by", "user", "password", "environment", "netrc", "typed", "code", "err"}
PLAIN = {"graphs": "/store", "name": "graph", "takes": ["application/n-triples"], "methods": ["PUT", "DELETE"]}


def at(store: StandIn, data: Path) -> tuple[str | Path, ...]:
    return ("generic", f"{store.url}/sparql", "--graph-store", f"{store.url}/store", "--from", data, "--root", ROOT)


def processes(number: int) -> list[Path]:
    """A process and all that it has started, as /proc has them."""
    try:
        tasks = list(Path(f"/proc/{number}/task").iterdir())
        below = [child for task in tasks for child in (task / "children").read_text().split()]
    except OSError:
        return []
    return [Path(f"/proc/{number}"), *(one for child in below for one in processes(int(child)))]


def seen(process: Path, name: str) -> str:
    try:
        return (process / name).read_bytes().decode("utf-8", "replace")
    except OSError:
        return ""


def pushed(where: tuple[str | Path, ...], case: dict[str, Any], env: dict[str, str | None]) -> tuple[Said, str]:
    """What a push said, and what others could see of it while it ran."""
    typed, told, shown = [f"{line}\n".encode() for line in case.get("typed", [])], b"", ""
    ours, theirs = pty.openpty()
    ends = {"stdin": theirs, "stderr": theirs} if typed else {}
    with spawn("push", *where, env=environment(**env), start_new_session=True, **ends) as client:
        os.close(theirs)
        source = ours if typed else client.stderr.fileno()  # type: ignore[union-attr]
        until = time.monotonic() + 30
        while time.monotonic() < until:
            first, *others = processes(client.pid) or [Path("/proc/none")]
            shown += seen(first, "cmdline") + "".join(seen(one, "cmdline") + seen(one, "environ") for one in others)
            if select.select([source], [], [], 0.02)[0]:
                try:
                    piece = os.read(source, 4096)
                except OSError:  # a terminal whose last reader went away
                    piece = b""
                if not piece:
                    break
                told += piece
                if typed and b": " in piece:
                    os.write(ours, typed.pop(0))
        client.wait(30)
        out = client.stdout.read() if client.stdout else b""
    os.close(ours)
    return Said(client.returncode, out.decode(), told.decode().replace("\r\n", "\n")), shown


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="there is no /proc here")
@pytest.mark.parametrize("name", list(CASES))
def test_a_login(name: str, tmp_path: Path) -> None:
    case = CASES[name]
    assert set(case) <= KEYS
    login = {key: case[key] for key in ("by", "user", "password")}
    netrc = tmp_path / "netrc"
    netrc.write_text(case.get("netrc", "").replace("HOST", "127.0.0.1"), encoding="utf-8")
    netrc.chmod(0o600)
    data = tmp_path / "data.nq"
    data.write_text('<urn:a> <urn:p> "one" <https://example.org/g> .\n', encoding="utf-8")
    unset = dict.fromkeys(("ICRC_KOREA_USER", "ICRC_KOREA_PASSWORD", "ICRC_KOREA_TOKEN"))
    env = {**unset, "NETRC": str(netrc), **case.get("environment", {})}
    with standing_in({**PLAIN, "login": login}) as store:
        where = at(store, data)
        said, shown = pushed(where, case, env)
        assert said.code == case["code"], said.err
        kept = "".join(map(str, store.store))
        assert bool(kept) == (case["code"] == 0)
        plan = ran("push", *where, "--dry-run", "--bulk", tmp_path / "plan", env=environment(**env))
        assert plan.code in (0, 2), plan.err
    for word in case.get("err", []):
        assert word in said.err
    files = "".join(path.read_text() for path in (tmp_path / "plan").glob("*"))
    given = case.get("environment", {})
    for secret in {case["password"], *(value for name, value in given.items() if name != "ICRC_KOREA_USER")}:
        for place in (said.out, said.err, shown, kept, plan.out, plan.err, files):
            assert secret not in place
    assert "Traceback" not in said.err


def test_an_error_of_ours_shows_no_password(
    icrc: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """With all that libraries log, and with a fault in the midst of sending."""
    secret = "correct-horse-battery"
    monkeypatch.setenv("ICRC_KOREA_USER", "somebody")
    monkeypatch.setenv("ICRC_KOREA_PASSWORD", secret)
    data = tmp_path / "data.nq"
    data.write_text('<urn:a> <urn:p> "one" <https://example.org/g> .\n', encoding="utf-8")
    with standing_in({**PLAIN, "login": {"by": "basic", "user": "somebody", "password": secret}}) as store:
        where = at(store, data)
        with caplog.at_level(logging.DEBUG):
            assert icrc("push", *where).code == 0
        assert secret not in caplog.text
        code = (
            "import sys, icrc_korea.stores.push as push, icrc_korea.cli.main as cli\n"
            "def fails(self, *given): raise RuntimeError(f'a fault of ours: {vars(self.wire)} {given}')\n"
            "push.Remote.put = fails\n"
            "sys.exit(cli.main(sys.argv[1:]))"
        )
        data.write_text('<urn:a> <urn:p> "two" <https://example.org/g> .\n', encoding="utf-8")
        done = subprocess.run([sys.executable, "-c", code, "push", *map(str, where)], capture_output=True, text=True,
                              env=environment(), check=False)  # fmt: skip
    assert "a fault of ours" in done.stderr
    for hidden in (secret, "c29tZWJvZHk6"):
        assert hidden not in done.stderr + done.stdout


def test_credentials_do_not_follow_a_redirect(icrc: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ICRC_KOREA_TOKEN", "correct-horse-battery")
    with standing_in(PLAIN) as there:
        to = {"status": 307, "headers": {"Location": there.url.replace("127.0.0.1", "localhost") + "/sparql"}}
        with standing_in({**PLAIN, "fails": [to]}) as here:
            said = icrc("query", "-", "--store", f"{here.url}/sparql", "--root", ROOT, stdin="ASK {}")
        assert said.code == 4
        assert "another machine" in said.err
        assert there.asked == []
