"""A small sample of the attack on the command, and of kills: `make attack` runs thousands."""

from __future__ import annotations

import os

import pytest
from attack import KINDS, attack, kills, together

FORKS = pytest.mark.skipif(not hasattr(os, "fork"), reason="cases run in copies of this process")


@FORKS
@pytest.mark.parametrize("kind", list(KINDS))
def test_nothing_ends_in_a_traceback_or_a_signal_or_elsewhere(kind: str) -> None:
    assert attack(15, 3, (kind,)) == []


@FORKS
def test_what_is_killed_or_written_by_several_at_once_is_whole() -> None:
    assert kills(10, 3) + together(1) == []
