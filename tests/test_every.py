"""A question asked of every case in one test fails if one of them fails, names all that do, and needs a case."""

from __future__ import annotations

import inspect

import pytest
from every import every


def test_all_that_fail_are_named_with_their_reasons() -> None:
    asked = []

    @every(("number", "word"), [(1, "one"), (2, "two"), (3, "three")], name=lambda case: f"case {case[0]}")
    def check(number: int, word: str, graph: object) -> None:
        asked.append((number, word, graph))
        assert number != 2, f"{word} is even"
        if number == 3:
            raise KeyError(word)

    assert list(inspect.signature(check).parameters) == ["graph"], "what the cases give is asked of no fixture"
    with pytest.raises(AssertionError) as error:
        check(graph="g")
    assert asked == [(1, "one", "g"), (2, "two", "g"), (3, "three", "g")]
    for words in ("2 of 3 fail", "case 2: AssertionError: two is even", "case 3: KeyError: 'three'"):
        assert words in str(error.value)


def test_no_case_is_no_success() -> None:
    @every("case", [])
    def check(case: str) -> None:
        raise NotImplementedError(case)

    with pytest.raises(AssertionError, match="no case"):
        check()
