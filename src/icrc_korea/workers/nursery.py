"""Runs the nursery: reads the dataset once, forks a child whenever told to, and reports how each ends.

Started as `python -m icrc_korea.workers.nursery FD SETTINGS`. SETTINGS names a function `prepare(settings)` that
reads what all children share; it gives what may be said of the dataset, and a function that gives a child its jobs.
"""

from __future__ import annotations

import contextlib
import json
import os
import select
import signal
import socket
import sys
import traceback
from importlib import import_module
from typing import TYPE_CHECKING

from ..errors import KgError
from . import walls
from .frames import ENDED, FORK, FORKED, KILL, ORDER, READY, Reader, exactly, framed

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    Head = dict[str, Any]
    Job = Callable[[Head, bytes], tuple[Head, bytes]]
    Prepared = tuple[Head, Callable[[], dict[str, Job]]]


A_PIECE = 1 << 16  # bytes that a child reads at once


def main(arguments: list[str]) -> None:
    """Serves one caller until it hangs up."""
    control = socket.socket(fileno=int(arguments[0]))
    settings = json.loads(arguments[1])
    module, _, function = settings["prepare"].partition(":")
    try:
        about, opened = getattr(import_module(module), function)(settings)
    except KgError as error:
        data = framed({"error": told(error)})
        control.sendall(ORDER.pack(READY, 0, len(data)) + data)
        return
    settings["files"] = walls.leave_network() and settings.get("files", False)
    import gc

    gc.collect()
    gc.freeze()  # what all share is not touched again, so that it stays shared
    data = framed(about)
    control.sendall(ORDER.pack(READY, 0, len(data)) + data)
    _Nursery(control, opened, settings).run()


class _Nursery:
    """Children by number."""

    def __init__(self, control: socket.socket, opened: Callable[[], dict[str, Job]], settings: Head) -> None:
        self.control, self.opened, self.settings = control, opened, settings
        self.children: dict[int, int] = {}  # number -> process
        self.woken, self._wake = os.pipe()
        os.set_blocking(self.woken, False)
        os.set_blocking(self._wake, False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.set_wakeup_fd(self._wake, warn_on_full_buffer=False)

    def run(self) -> None:
        """Until the caller hangs up; then all children end too."""
        sources: list[Any] = [self.control, self.woken]
        try:
            while True:
                ready: list[Any] = select.select(sources, [], [])[0]
                if self.woken in ready:
                    with contextlib.suppress(BlockingIOError):
                        os.read(self.woken, 4096)
                    self._bury()
                if self.control in ready and not self._obey():
                    return
        except (BrokenPipeError, ConnectionResetError):
            return
        finally:
            for process in self.children.values():
                with contextlib.suppress(ProcessLookupError):
                    os.kill(process, signal.SIGKILL)

    def _obey(self) -> bool:
        # orders are read one by one, for the descriptors that travel with one must not be taken for another's
        data, handles, _, _ = socket.recv_fds(self.control, ORDER.size, 2)
        data += exactly(self.control, ORDER.size - len(data)) if data else b""
        if len(data) < ORDER.size:
            return False
        what, number, _ = ORDER.unpack(data)
        if what == FORK:
            self._fork(number, *handles)
        elif what == KILL and number in self.children:  # not buried yet, so the process number is still its own
            os.kill(self.children[number], signal.SIGKILL)
        return True

    def _fork(self, number: int, channel: int, words: int) -> None:
        process = os.fork()
        if process == 0:
            try:
                signal.set_wakeup_fd(-1)
                for handle in (self.control.fileno(), self.woken, self._wake):
                    os.close(handle)
                live(channel, words, self.opened, self.settings)
            except BaseException:  # whatever it is, a child never goes on as a nursery
                traceback.print_exc()
            finally:
                os._exit(1)
        os.close(channel)
        os.close(words)
        self.children[number] = process
        self.control.sendall(ORDER.pack(FORKED, number, process))

    def _bury(self) -> None:
        while True:
            try:
                process, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if not process:
                return
            number = next((name for name, one in self.children.items() if one == process), None)
            if number is not None:
                del self.children[number]
                self.control.sendall(ORDER.pack(ENDED, number, status))


def live(channel: int, words: int, opened: Callable[[], dict[str, Job]], settings: Head) -> None:
    """The life of a child: it answers what comes, until nothing comes any more."""
    for name in (signal.SIGCHLD, signal.SIGALRM, signal.SIGPIPE, signal.SIGTERM):
        signal.signal(name, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    nothing = os.open(os.devnull, os.O_RDWR)
    for standard in (0, 1):
        os.dup2(nothing, standard)
    os.dup2(words, 2)
    os.close(nothing)
    os.close(words)
    walls.die_with_parent()
    jobs = opened()
    walls.confine(settings["memory"], files=settings.get("files", False))
    reader = Reader()
    with socket.socket(fileno=channel) as stream:
        while data := stream.recv(A_PIECE):
            for head, body in reader.feed(data):
                # the second wall: the system itself ends a child that nobody has ended in time
                signal.setitimer(signal.ITIMER_REAL, head.get("alarm", 0))
                answer = answered(jobs, head, body)
                signal.setitimer(signal.ITIMER_REAL, 0)
                stream.sendall(answer)


def answered(jobs: dict[str, Job], head: Head, body: bytes) -> bytes:
    """What a job gives, or what was wrong with it."""
    try:
        return framed(*jobs[head["job"]](head, body))
    except KgError as error:
        return framed({"error": told(error)})
    except MemoryError:
        return framed({"error": {"kind": "memory"}, "last": True})
    except RecursionError:
        return framed({"error": {"kind": "depth"}})
    except Exception as error:  # the caller must not wait for ever
        traceback.print_exc()
        sys.stderr.flush()
        return framed({"error": {"kind": "inner", "message": type(error).__name__}, "last": True})


def told(error: KgError) -> Head:
    """An error of ours as plain values."""
    fields = {name: value for name, value in vars(error).items() if isinstance(value, str | int | float | bool | list)}
    return {"kind": type(error).__name__, "message": error.message, "remedy": error.remedy, **fields}


if __name__ == "__main__":
    main(sys.argv[1:])
