"""Hides how more lines than fit into memory are brought into order."""

from __future__ import annotations

import heapq
import tempfile

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from typing import IO

IN_MEMORY = 16 << 20  # bytes of lines that are sorted at once
A_LINE = 80  # bytes that a line takes beside its content
MOST_RUNS = 64  # files that are open at once


def in_order(lines: Iterable[bytes]) -> Iterator[bytes]:
    """The lines, each with its line break, in the order of their bytes and each once.

    What does not fit into memory waits in temporary files that have no name and are gone with the process.
    """
    runs: list[IO[bytes]] = []
    try:
        block: list[bytes] = []
        size = 0
        for line in lines:
            block.append(line)
            size += len(line) + A_LINE
            if size >= IN_MEMORY:
                _add(runs, sorted(block))
                block, size = [], 0
        block.sort()
        yield from _once(heapq.merge(*runs, block) if runs else block)
    finally:
        for run in runs:
            run.close()


def _add(runs: list[IO[bytes]], lines: Iterable[bytes]) -> None:
    """Puts one more sorted run into a file; many become one first."""
    if len(runs) >= MOST_RUNS:
        merged = _run(_once(heapq.merge(*runs)))
        for run in runs:
            run.close()
        runs[:] = [merged]
    runs.append(_run(lines))


def _run(lines: Iterable[bytes]) -> IO[bytes]:
    run: IO[bytes] = tempfile.TemporaryFile(prefix="icrc-korea-")  # noqa: SIM115 - closed by the caller
    run.writelines(lines)
    run.seek(0)
    return run


def _once(lines: Iterable[bytes]) -> Iterator[bytes]:
    last = b""
    for line in lines:
        if line != last:
            yield line
            last = line
