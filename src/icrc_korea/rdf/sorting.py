"""Brings more lines into order than fit into memory."""

from __future__ import annotations

import tempfile
from bisect import bisect_right

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from typing import IO

IN_MEMORY = 32 << 20  # bytes of lines that are sorted at once
A_LINE = 80  # bytes that a line takes beside its content
MOST_RUNS = 200  # files that are open at once
A_READ = 1 << 15  # bytes of a file that are read at once, at least


def in_order(batches: Iterable[list[bytes]]) -> Iterator[list[bytes]]:
    """The lines, each with its line break, in the order of their bytes and each once, many at a time.

    What does not fit into memory waits in temporary files that have no name and are gone with the process.
    """
    runs: list[IO[bytes]] = []
    try:
        block: list[bytes] = []
        size = 0
        for lines in batches:
            block += lines
            size += sum(map(len, lines)) + A_LINE * len(lines)
            if size >= IN_MEMORY:
                _add(runs, block)
                block, size = [], 0
        if runs:
            _add(runs, block)
            del block
            yield from _merged(runs)
        elif block:
            block.sort()
            yield list(dict.fromkeys(block))
    finally:
        for run in runs:
            run.close()


def _add(runs: list[IO[bytes]], block: list[bytes]) -> None:
    """Puts one more sorted run into a file; many become one first."""
    if len(runs) >= MOST_RUNS:
        merged = _run(_merged(runs))
        for run in runs:
            run.close()
        runs[:] = [merged]
    block.sort()
    runs.append(_run([block]))


def _run(batches: Iterable[list[bytes]]) -> IO[bytes]:
    run: IO[bytes] = tempfile.TemporaryFile(prefix="icrc-korea-")  # noqa: SIM115 - closed by the caller
    for lines in batches:
        run.writelines(lines)
    run.seek(0)
    return run


def _merged(runs: list[IO[bytes]]) -> Iterator[list[bytes]]:
    """The lines of sorted files. Of each file some are at hand: up to the least of their ends all have come by."""
    size = max(A_READ, IN_MEMORY // 16 // len(runs))
    at_hand = [(run, lines) for run in runs if (lines := run.readlines(size))]
    last = b""
    while at_hand:
        end = min(lines[-1] for _, lines in at_hand)
        batch: list[bytes] = []
        left = []
        for run, lines in at_hand:
            place = bisect_right(lines, end)
            batch += lines[:place]
            if rest := lines[place:] if place else lines:
                left.append((run, rest))
            elif more := run.readlines(size):
                left.append((run, more))
        at_hand = left
        batch.sort()
        once = dict.fromkeys(batch)
        once.pop(last, None)  # it may stand at the end of what was at hand, and once more in the file
        last = end
        yield list(once)
