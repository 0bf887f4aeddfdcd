"""Keeps answers in memory, the latest used, up to so many bytes."""

from __future__ import annotations

from collections import OrderedDict
from typing import NamedTuple


class Kept(NamedTuple):
    """An answer as it is sent: its headers in the order in which they are sent, and its bytes."""

    headers: list[tuple[bytes, bytes]]
    data: bytes


class Cache:
    """Answers by what they are an answer to."""

    def __init__(self, most: int = 64 << 20) -> None:
        self.most, self.size = most, 0
        self._kept: OrderedDict[str, Kept] = OrderedDict()

    def get(self, key: str) -> Kept | None:
        """The answer, if it is kept."""
        found = self._kept.get(key)
        if found is not None:
            self._kept.move_to_end(key)
        return found

    def put(self, key: str, answer: Kept) -> None:
        """Keeps an answer; what was not used for longest goes. One that fills an eighth is not kept."""
        size = _size(key, answer)
        if size > self.most // 8 or key in self._kept:
            return
        self._kept[key] = answer
        self.size += size
        while self.size > self.most:
            self.size -= _size(*self._kept.popitem(last=False))

    def clear(self) -> None:
        """Forgets all."""
        self._kept.clear()
        self.size = 0


def _size(key: str, answer: Kept) -> int:
    return len(key) + len(answer.data) + sum(len(name) + len(value) for name, value in answer.headers) + 500
