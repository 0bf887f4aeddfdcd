"""Runs the command, as `icrc-korea` or by `python -m icrc_korea`."""

from __future__ import annotations

import sys


def run() -> int:
    """Runs the command of this process; Ctrl-C before it has begun ends it like any other."""
    try:
        from .cli.main import main
        from .cli.stopping import watch

        watch()
        return main()
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(run())
