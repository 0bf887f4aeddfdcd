"""What a query may not do is refused before the engine reads it; what only looks like it is answered.

Each file of `cases/guard/refused` would reach another machine, or overrun the stack of the engine. They are asked in a
process of their own, with a listener on this machine that counts who comes.
"""

from __future__ import annotations

import socket
from pathlib import Path

import pytest
from conftest import ran
from hypothesis import given
from hypothesis import strategies as st

from icrc_korea.errors import QueryError
from icrc_korea.rdf.sparql import guard, guarded

CASES = Path(__file__).parent / "cases" / "guard"
REFUSED = sorted((CASES / "refused").glob("*.rq"))
ANSWERED = sorted((CASES / "answered").glob("*.rq"))


@pytest.mark.parametrize("case", REFUSED, ids=lambda case: case.stem)
def test_it_is_refused_and_nobody_is_asked(case: Path, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as canary:
        canary.settimeout(0.05)
        query = tmp_path / case.name
        text = case.read_text(encoding="utf-8").replace("127.0.0.1:9/", f"127.0.0.1:{canary.getsockname()[1]}/")
        query.write_text(text, encoding="utf-8")
        done = ran("query", query)
        assert done.code == 2, done
        assert "→" in done.err
        with pytest.raises(TimeoutError):
            canary.accept()


@pytest.mark.parametrize("case", ANSWERED, ids=lambda case: case.stem)
def test_it_is_answered(case: Path) -> None:
    done = ran("query", case, "--format", "csv")
    assert done.code == 0, done.err


@pytest.mark.parametrize("case", REFUSED, ids=lambda case: case.stem)
def test_the_short_look_refuses_it_too(case: Path) -> None:
    with pytest.raises(QueryError):
        guard(case.read_text(encoding="utf-8"))


SIGNS = [*"{}()[].;,/!|<>?:#'\" ", "\\u007b", "UNION", "optional", "BIND", "VALUES", "load", "x"]


@given(st.lists(st.sampled_from(SIGNS), min_size=1, max_size=8), st.sampled_from([1, 70, 130, 300, 1100]))
def test_the_short_look_lets_nothing_through_that_the_long_one_refuses(pieces: list[str], times: int) -> None:
    text = "".join(pieces) * times
    try:
        guard(text)
    except QueryError:
        return
    guarded(text)
