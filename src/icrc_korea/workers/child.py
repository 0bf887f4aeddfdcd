"""Gives one child at a time to a caller who waits: a job in, its answer or a named error out."""

from __future__ import annotations

import contextlib
import json
import os
import select
import signal
import socket
import subprocess
import sys
import threading
import time
from typing import TYPE_CHECKING

from .. import errors
from ..errors import KgError, LimitReached, UsageError
from .frames import ENDED, FORK, FORKED, KILL, ORDER, READY, exactly, framed, read_frame
from .limits import in_words

if TYPE_CHECKING:
    from typing import Any

    from .limits import Limits
    from .nursery import Job

    Head = dict[str, Any]

MOST_WORDS = 4096  # bytes of what a dying child says
GRACE = 1.0  # seconds after the limit at which the system ends a child that we have not


class Nursery:
    """A nursery process and the control of it."""

    def __init__(self, settings: Head) -> None:
        """`settings` names what is prepared, and holds what that needs; see `nursery`."""
        if not hasattr(os, "fork"):
            raise UsageError("limits need a system with fork, such as Linux or macOS", "leave the limits out")
        ours, theirs = socket.socketpair()
        self.control, self.number, self.process = ours, 0, None
        try:
            with theirs:
                self.process = subprocess.Popen(  # noqa: S603 - our own program
                    [sys.executable, "-P", "-m", f"{__package__}.nursery", str(theirs.fileno()), json.dumps(settings)],
                    pass_fds=[theirs.fileno()], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                    start_new_session=True, env=_environment(),
                )  # fmt: skip
        except BaseException:
            ours.close()
            raise

    def ready(self) -> Head:
        """Waits until the dataset is read; gives what is said of it."""
        order = exactly(self.control, ORDER.size)
        frame = read_frame(self.control) if len(order) == ORDER.size and order[:1] == READY else None
        if frame is None:
            raise UsageError("the process that answers questions could not be started", "look at the lines above")
        about, _ = frame
        if "error" in about:
            raise raised(about["error"])
        return about

    def fork(self) -> tuple[int, socket.socket, int]:
        """Orders a child: its number, the channel to it, and the pipe with its last words."""
        ours, theirs = socket.socketpair()
        words, written = os.pipe()
        os.set_blocking(words, False)
        self.number += 1
        try:
            socket.send_fds(self.control, [ORDER.pack(FORK, self.number, 0)], [theirs.fileno(), written])
        finally:
            theirs.close()
            os.close(written)
        return self.number, ours, words

    def kill(self, number: int) -> None:
        """Ends a child at once."""
        with contextlib.suppress(OSError):
            self.control.send(ORDER.pack(KILL, number, 0))

    def close(self) -> None:
        """Ends the nursery and all children."""
        self.control.close()
        if self.process is not None:
            try:
                self.process.wait(2)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()


def _environment() -> dict[str, str]:
    """The environment of a nursery: our package first on its path, short words at a crash."""
    from pathlib import Path

    here = str(Path(__file__).resolve().parents[2])
    path = os.pathsep.join([here, *filter(None, [os.environ.get("PYTHONPATH", "")])])
    return {**os.environ, "PYTHONPATH": path, "RUST_BACKTRACE": "0", "PYTHONFAULTHANDLER": ""}


class Asker:
    """A nursery for one caller, with a child that is made when it is needed and remade when it was killed."""

    def __init__(self, settings: Head) -> None:
        self._nursery = Nursery(settings)
        self.about = self._nursery.ready()
        self._child: tuple[int, socket.socket, int] | None = None
        self._turn = threading.Lock()

    def ask(self, head: Head, body: bytes, limits: Limits) -> tuple[Head, bytes]:
        """What the job gives; LimitReached names the limit that it came up against. Ctrl-C ends it."""
        with self._turn:
            try:
                return self._asked(head, body, limits)
            except BaseException as error:
                if not isinstance(error, KgError) or isinstance(error, LimitReached):
                    self._drop()
                raise

    def _asked(self, head: Head, body: bytes, limits: Limits) -> tuple[Head, bytes]:
        if self._child is None:
            self._child = self._nursery.fork()
        _, channel, words = self._child
        given = {**head, "rows": limits.rows, "bytes": limits.bytes, "alarm": limits.seconds + GRACE}
        until = time.monotonic() + limits.seconds
        channel.sendall(framed(given, body))
        ready, _, _ = select.select([channel], [], [], limits.seconds)
        frame = read_frame(channel) if ready and time.monotonic() < until + GRACE else None
        if frame is None:
            raise ended(self._status() if ready else signal.SIGKILL, last_words(words), limits, in_time=bool(ready))
        found, data = frame
        if "error" in found:
            raise raised(found["error"], limits)
        return found, data

    def _status(self) -> int:
        """How the child ended: what the nursery reports of it."""
        while True:
            order = exactly(self._nursery.control, ORDER.size)
            if len(order) < ORDER.size:
                return signal.SIGKILL
            what, number, status = ORDER.unpack(order)
            if what == ENDED and self._child is not None and number == self._child[0]:
                return int(status)
            assert what in (FORKED, ENDED)  # noqa: S101 - nothing else is reported

    def _drop(self) -> None:
        if self._child is not None:
            number, channel, words = self._child
            self._nursery.kill(number)
            channel.close()
            os.close(words)
            self._child = None

    def close(self) -> None:
        """Ends everything."""
        self._drop()
        self._nursery.close()


class Copy:
    """A copy of this very process, which must have one thread only, as it is now: it does jobs until it is closed.

    As `Asker`, for a command that has read the data already. It may take `memory` bytes more than it has.
    """

    def __init__(self, jobs: dict[str, Job], memory: int) -> None:
        from .nursery import live

        self._channel, theirs = socket.socketpair()
        self._words, written = os.pipe()
        most = memory + _held()
        self._process: int | None = os.fork()
        if self._process == 0:
            try:
                signal.set_wakeup_fd(-1)
                self._channel.close()
                live(theirs.detach(), written, lambda: jobs, {"memory": most})
            finally:
                os._exit(0)
        theirs.close()
        os.close(written)

    def ask(self, head: Head, body: bytes, limits: Limits) -> tuple[Head, bytes]:
        """What the job gives; LimitReached names the limit that it came up against, and then the copy is of no use."""
        given = {**head, "rows": limits.rows, "bytes": limits.bytes, "alarm": limits.seconds + GRACE}
        with contextlib.suppress(BrokenPipeError):  # it has ended, and how is told below
            self._channel.sendall(framed(given, body))
        ready = select.select([self._channel], [], [], limits.seconds)[0]
        frame = read_frame(self._channel) if ready else None
        if frame is None:
            status = self._ended() if ready else signal.SIGKILL
            raise ended(status, last_words(self._words), limits, in_time=bool(ready))
        found, data = frame
        if "error" in found:
            raise raised(found["error"], limits)
        return found, data

    def _ended(self) -> int:
        """How the copy ended, once it has."""
        process, self._process = self._process, None
        return os.waitpid(process, 0)[1] if process else signal.SIGKILL

    def close(self) -> None:
        """Ends it."""
        self._channel.close()
        if self._process:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self._process, signal.SIGKILL)
            self._ended()
        if self._words >= 0:
            os.close(self._words)
            self._words = -1


def _held() -> int:
    """The bytes of address space that this process has; 0 where the system does not tell."""
    try:
        with open("/proc/self/statm", encoding="ascii") as stream:  # noqa: PTH123
            return int(stream.read().split()[0]) * os.sysconf("SC_PAGE_SIZE")
    except (OSError, ValueError):
        return 0


def one_thread() -> bool:
    """Whether this process may be copied: it has one thread, as far as the system tells, beside those that only wait.

    Such a thread says so by its attribute `waits`: it holds no lock that a copy would find locked for ever.
    """
    waiting = sum(hasattr(thread, "waits") for thread in threading.enumerate())
    try:
        return len(os.listdir("/proc/self/task")) - waiting == 1  # noqa: PTH208 - names are enough
    except OSError:
        return False


def last_words(words: int) -> str:
    """What a child said when it died, as one line."""
    try:
        data = os.read(words, MOST_WORDS)
    except OSError:
        return ""
    return " ".join(data.decode("utf-8", "replace").split())


def ended(status: int, words: str, limits: Limits, *, in_time: bool = True) -> KgError:
    """Why a child ended before it had answered."""
    by = status & 0x7F
    if not in_time or by == signal.SIGALRM:
        return out_of_time(limits)
    if by == signal.SIGABRT and "memory" in words:
        return out_of_memory(limits)
    return LimitReached("engine", "the engine could not take this query and gave up",
                        "ask in smaller steps, with fewer brackets in brackets")  # fmt: skip


def out_of_time(limits: Limits) -> LimitReached:
    """The error of a job that takes too long."""
    return LimitReached("time", f"the time limit of {limits.seconds:g} seconds was reached",
                        "ask for less: name a class or property, or a part of the graph")  # fmt: skip


def out_of_memory(limits: Limits) -> LimitReached:
    """The error of a job that wanted more memory than there is for it."""
    return LimitReached("memory", f"the memory limit of {in_words(limits.memory)} was reached",
                        "ask for less: leave out ORDER BY or DISTINCT over many rows, or ask in parts")  # fmt: skip


def raised(told: Head, limits: Limits | None = None) -> KgError:
    """The error that a child has told of."""
    kind = told.get("kind", "")
    if kind == "memory":
        from .limits import Limits

        return out_of_memory(limits or Limits())
    if kind in ("depth", "inner"):
        return LimitReached("engine", "the query could not be answered", "ask in smaller steps")
    made = getattr(errors, kind, None)
    made = made if isinstance(made, type) and issubclass(made, KgError) else KgError
    error: KgError = made.__new__(made)
    Exception.__init__(error, told.get("message", ""))
    for name, value in told.items():
        if name != "kind":
            setattr(error, name, value)
    return error
