"""A small sample of the attack on the command, and of kills: `make attack` runs thousands."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import environment


@pytest.mark.skipif(not hasattr(os, "fork"), reason="cases run in copies of a process")
def test_nothing_ends_in_a_traceback_or_a_signal_or_elsewhere_and_nothing_is_lost() -> None:
    """In a process of its own, which has one thread: a copy of one with several may wait for ever."""
    attack = [sys.executable, str(Path(__file__).with_name("attack.py")), "20", "3"]
    done = subprocess.run(attack, capture_output=True, text=True, env=environment(), timeout=500, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert ": 0 found" in done.stdout
