"""A small sample of the attack on the command: `make attack` runs thousands."""

from __future__ import annotations

import os

import pytest
from attack import KINDS, attack


@pytest.mark.skipif(not hasattr(os, "fork"), reason="cases run in copies of this process")
@pytest.mark.parametrize("kind", list(KINDS))
def test_nothing_ends_in_a_traceback_or_a_signal_or_elsewhere(kind: str) -> None:
    assert attack(15, 3, (kind,)) == []
