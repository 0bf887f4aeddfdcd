"""Writes a file whole or not at all."""

from __future__ import annotations

import os
from contextlib import contextmanager

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from typing import IO

def write_atomically(path: Path, data: bytes) -> None:
    """Puts the whole content in place at once: a reader sees the old file or the new one."""
    with atomically(path) as sink:
        sink.write(data)


@contextmanager
def atomically(path: Path) -> Iterator[IO[bytes]]:
    """A file to write into, which takes the place of the old one when all went well."""
    path = path.resolve()  # a link goes on pointing to its target
    if path.exists() and not path.is_file():
        with path.open("wb") as stream:  # a device or a pipe takes the content, it is not replaced by it
            yield stream
        return
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        with temporary.open("wb") as stream:
            yield stream
            stream.flush()
            os.fsync(stream.fileno())
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


@contextmanager
def alone(path: Path) -> Iterator[None]:
    """Holds a file for one process that reads it, changes it and writes it: others wait. It ends with the process."""
    try:
        import fcntl
    except ImportError:  # Windows: the last writer wins, as with any editor
        yield
        return
    lock = path.with_name(f".{path.name}.lock")
    with lock.open("a") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        yield  # the lock stays: whoever waits holds the same file


def sync(folder: Path) -> None:
    """Waits until a folder and the files in it are on the disk, not only on their way."""
    for path in [*(path for path in folder.iterdir() if path.is_file()), folder]:
        handle = os.open(path, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
