"""Gives the limits of what one job may take."""

from __future__ import annotations

import re
from dataclasses import dataclass

from ..errors import UsageError, shown

UNITS = {"": 1, "k": 1 << 10, "m": 1 << 20, "g": 1 << 30}
OWN_SECONDS, OWN_MEMORY, OWN_ROWS = 300.0, 4 << 30, 1_000_000  # of a query of one's own, unless told
ANY_BYTES = 1 << 31
LEAST_SECONDS = 0.01
LEAST_MEMORY = 256 << 20  # the dataset and the engine need so much before anything is asked


@dataclass(frozen=True)
class Limits:
    """How long a job may run, and how much it may take."""

    seconds: float = 10.0
    memory: int = 1 << 30  # bytes of address space
    rows: int = 200_000  # rows of a table, or triples
    bytes: int = 32 << 20  # of an answer as it is sent

    def __post_init__(self) -> None:
        """Refuses what cannot be kept."""
        for name in ("seconds", "memory", "rows", "bytes"):
            if not isinstance(getattr(self, name), (int, float)):
                raise UsageError(f"{shown(getattr(self, name))} is no limit of {name}", "give a number")
        if not LEAST_SECONDS <= self.seconds <= 86_400:
            raise UsageError(f"a time limit of {self.seconds} seconds cannot be kept", "give 0.01 to 86400 seconds")
        if self.memory < LEAST_MEMORY:
            raise UsageError(f"a memory limit of {in_words(self.memory)} is too small for the dataset",
                             f"give {in_words(LEAST_MEMORY)} or more")  # fmt: skip
        if self.rows < 1 or self.bytes < 1:
            raise UsageError("a limit of no rows leaves no answer", "give 1 or more")

    @classmethod
    def of(cls, seconds: float | None = None, memory: int | str | None = None, rows: int | None = None) -> Limits:
        """The limits that someone gives a query of their own; generous where they say nothing."""
        return cls(OWN_SECONDS, OWN_MEMORY, OWN_ROWS, ANY_BYTES).but(seconds, memory, rows)

    def but(self, seconds: float | None = None, memory: int | str | None = None, rows: int | None = None) -> Limits:
        """These limits, with those that are given in their place."""
        try:
            size = size_of(memory) if isinstance(memory, str) else memory
        except ValueError as error:
            raise UsageError(f"the memory limit {error}", "or leave it out") from None
        return Limits(self.seconds if seconds is None else seconds, self.memory if size is None else size,
                      self.rows if rows is None else rows, self.bytes)  # fmt: skip

    def header(self) -> str:
        """The limits as an HTTP header says them."""
        return f"time={self.seconds:g}, memory={self.memory}, rows={self.rows}, bytes={self.bytes}"


def in_words(size: int) -> str:
    """A number of bytes as people write it."""
    for unit, name in ((1 << 30, "GB"), (1 << 20, "MB"), (1 << 10, "kB")):
        if size >= unit:
            return f"{size / unit:.4g} {name}"
    return f"{size} bytes"


def size_of(text: str) -> int:
    """The bytes that `512M` or `2G` stands for; a ValueError for anything else."""
    match = re.fullmatch(r"\s*(\d{1,12}(?:\.\d{1,3})?)\s*([kmg]?)(?:i?b)?\s*", text, re.I)
    if not match:
        raise ValueError(f"{text!r} is no size: write for example 512M or 2G")
    return int(float(match[1]) * UNITS[match[2].lower()])
