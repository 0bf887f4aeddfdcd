"""Gives the form in which jobs and answers travel between processes: a head in JSON, then bytes."""

from __future__ import annotations

import json
import struct
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import socket
    from typing import Any

    Head = dict[str, Any]

SIZES = struct.Struct("!II")
# between a nursery and who started it: what, which child, a number
ORDER = struct.Struct("!cqq")
READY, FORK, FORKED, KILL, ENDED = b"R", b"F", b"f", b"K", b"E"


def framed(head: Head, body: bytes = b"") -> bytes:
    """A head and bytes as one piece."""
    return framed_head(written_head(head), body)


def written_head(head: Head) -> bytes:
    """A head as it travels; the same for equal heads."""
    return json.dumps(head, sort_keys=True, separators=(",", ":")).encode()


def framed_head(head: bytes, body: bytes) -> bytes:
    """A written head and bytes as one piece."""
    return b"".join((SIZES.pack(len(head), len(body)), head, body))


class Reader:
    """Puts pieces together again as they come in."""

    def __init__(self) -> None:
        self._held = bytearray()

    def feed(self, data: bytes) -> list[tuple[Head, bytes]]:
        """Takes a piece; gives what is whole by now."""
        held, found = self._held, []
        held += data
        while len(held) >= SIZES.size:
            head, body = SIZES.unpack_from(held)
            middle, end = SIZES.size + head, SIZES.size + head + body
            if len(held) < end:
                break
            found.append((json.loads(held[SIZES.size : middle]), bytes(held[middle:end])))
            del held[:end]
        return found


def exactly(channel: socket.socket, size: int) -> bytes:
    """So many bytes from a socket, fewer only at its end."""
    pieces, missing = [], size
    while missing:
        piece = channel.recv(min(missing, 1 << 20))
        if not piece:
            break
        pieces.append(piece)
        missing -= len(piece)
    return b"".join(pieces)


def read_frame(channel: socket.socket) -> tuple[Head, bytes] | None:
    """The next head and bytes; None at the end."""
    sizes = exactly(channel, SIZES.size)
    if len(sizes) < SIZES.size:
        return None
    head, body = SIZES.unpack(sizes)
    data, rest = exactly(channel, head), exactly(channel, body)
    return (json.loads(data), rest) if len(data) == head and len(rest) == body else None
