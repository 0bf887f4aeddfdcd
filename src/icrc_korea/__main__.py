"""Hides that `python -m icrc_korea` is the command `icrc-korea`."""

import sys

from .cli import main

sys.exit(main())
