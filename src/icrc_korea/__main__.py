"""Hides that `python -m icrc_korea` is the command `icrc-korea`."""

from __future__ import annotations

import sys

from .cli.main import main

sys.exit(main())
