"""Writes a file whole or not at all."""

from __future__ import annotations

import os
from contextlib import contextmanager
from types import ModuleType

fcntl: ModuleType | None
try:
    import fcntl
except ImportError:
    fcntl = None

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
        with path.open("wb") as sink:  # a device or a pipe takes the content, it is not replaced by it
            yield sink
        return
    temporary, stream = _held(path)
    try:
        with stream:
            yield stream
            stream.flush()
            os.fsync(stream.fileno())
            if fcntl:  # while it is held: nobody else writes into it between the two
                temporary.replace(path)
        if not fcntl:
            temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def _held(path: Path) -> tuple[Path, IO[bytes]]:
    """An empty file beside that one, held for this writer: what a killed one left half-written there is used up.

    Another writer of the same file waits. Where files cannot be held, each process has a file of its own.
    """
    temporary = path.with_name(f".{path.name}.tmp")
    while fcntl:
        stream: IO[bytes] = temporary.open("ab")
        try:
            fcntl.flock(stream, fcntl.LOCK_EX)
            if temporary.exists() and os.path.samestat(temporary.stat(), os.fstat(stream.fileno())):
                stream.truncate(0)
                return temporary, stream
        except FileNotFoundError:  # whoever held it has just put it in place
            pass
        except OSError:  # a file system without locks
            stream.close()
            temporary.unlink(missing_ok=True)
            break
        except BaseException:
            stream.close()
            raise
        stream.close()
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    return temporary, temporary.open("wb")


@contextmanager
def alone(path: Path) -> Iterator[None]:
    """Holds a file for one process that reads it, changes it and writes it: others wait. It ends with the process."""
    if not fcntl:  # Windows: the last writer wins, as with any editor
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
