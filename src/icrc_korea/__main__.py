"""Runs the command by `python -m icrc_korea`."""

from __future__ import annotations

import sys

from .cli.main import main

sys.exit(main())
