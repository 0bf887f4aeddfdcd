"""Gives a process its walls: what it can no longer do, whatever it is made to run.

Each wall is put up where the system has it. The one that holds everywhere is the limit of open files: at 0 no
socket, file or library can be opened any more, and what is open stays open. A limit above 0 would not do, for it
is one on the number of a descriptor, and numbers become free again.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import sys

NEW_USER, NEW_NETWORK = 0x10000000, 0x40000000  # of unshare(2)
DIES_WITH_PARENT, NO_NEW_PRIVILEGES = 1, 38  # of prctl(2)
A_STACK = 64 << 20  # bytes; parsers recurse, and the usual 8 MB are soon used up


def _libc() -> ctypes.CDLL | None:
    if not sys.platform.startswith("linux"):
        return None
    with contextlib.suppress(OSError):
        return ctypes.CDLL(None, use_errno=True)
    return None


def leave_network() -> bool:
    """Moves this process, which must have one thread only, where there is no network; False where that is forbidden."""
    libc = _libc()
    return libc is not None and libc.unshare(NEW_USER | NEW_NETWORK) == 0


def die_with_parent() -> None:
    """Lets the system end this process when the one that started it ends."""
    libc = _libc()
    if libc is not None:
        libc.prctl(DIES_WITH_PARENT, signal.SIGKILL, 0, 0, 0)


def no_more_memory(memory: int) -> None:
    """Limits the bytes of address space that this process may have."""
    with contextlib.suppress(ImportError, ValueError, OSError):  # some systems have no such limit
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (memory, memory))


def confine(memory: int, *, files: bool = False) -> None:
    """Puts up all walls, for good: no files, no sockets, no core dump, no more memory than that.

    With `files` it may go on opening them: for who has left the network, and reads a store that grows.
    """
    import resource

    libc = _libc()
    if libc is not None:
        libc.prctl(NO_NEW_PRIVILEGES, 1, 0, 0, 0)
    with contextlib.suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    with contextlib.suppress(ValueError, OSError):
        hard = resource.getrlimit(resource.RLIMIT_STACK)[1]
        wanted = A_STACK if hard == resource.RLIM_INFINITY else min(A_STACK, hard)
        resource.setrlimit(resource.RLIMIT_STACK, (wanted, hard))
    no_more_memory(memory)
    if files:
        return
    resource.setrlimit(resource.RLIMIT_NOFILE, (0, 0))
    if _can_open():
        raise RuntimeError("the limit of open files does not hold on this system")


def _can_open() -> bool:
    try:
        os.close(os.open(os.devnull, os.O_RDONLY))
    except OSError:
        return False
    return True
