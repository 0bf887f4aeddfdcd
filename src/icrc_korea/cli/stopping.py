"""Ends the command at Ctrl-C or at a limit, also while the engine is busy with one query and hears nothing."""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from contextlib import contextmanager

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import FrameType

PATIENCE = 0.5  # seconds that Python has to stop by itself, which cleans up
STOPPED, AT_A_LIMIT = 130, 2
SECONDS, MEMORY = 300.0, 4 << 30  # of a question of the catalogue, unless told
A_LOOK = 0.1  # seconds between two looks at the time and at the memory


class Watch:
    """Waits beside the command for Ctrl-C. Where Python does not come to it in time, the process is ended."""

    def __init__(self) -> None:
        self.heard = threading.Event()  # Python knows of the last Ctrl-C
        self.ends, self.begins = os.pipe()
        os.set_blocking(self.begins, False)

    def start(self) -> None:
        """Begins to watch, unless whoever started the command told it to ignore the key."""
        if signal.getsignal(signal.SIGINT) is not signal.default_int_handler:
            return
        signal.signal(signal.SIGINT, self._hear)
        signal.set_wakeup_fd(self.begins, warn_on_full_buffer=False)
        thread = threading.Thread(target=self._wait, daemon=True)
        thread.waits = True  # type: ignore[attr-defined]  # so the process may be copied, see `workers.child`
        thread.start()

    def _hear(self, number: int, frame: FrameType | None) -> None:
        self.heard.set()
        signal.default_int_handler(number, frame)

    def _wait(self) -> None:
        while numbers := os.read(self.ends, 64):
            if signal.SIGINT not in numbers:
                continue
            if not self.heard.wait(PATIENCE):
                os.write(2, b"stopped\n")
                os._exit(STOPPED)  # what was half-written is used up by the next run
            self.heard.clear()


def watch() -> None:
    """Watches for Ctrl-C from now on; where there are no such signals, the key works as it does."""
    if sys.platform != "win32" and threading.current_thread() is threading.main_thread():
        Watch().start()


@contextmanager
def limited(seconds: float = SECONDS, memory: int = MEMORY) -> Iterator[None]:
    """Ends the process if what is done inside takes longer, or more bytes of memory: for what is asked of no copy."""
    done = threading.Event()
    thread = threading.Thread(target=_look, args=(done, time.monotonic() + seconds, seconds, memory), daemon=True)
    thread.waits = True  # type: ignore[attr-defined]
    thread.start()
    try:
        yield
    finally:
        done.set()


def _look(done: threading.Event, until: float, seconds: float, memory: int) -> None:
    while not done.wait(A_LOOK):
        if time.monotonic() > until:
            reached = f"time limit of {seconds:g} seconds"
        elif _resident() > memory:
            reached = f"memory limit of {memory / (1 << 30):g} GB"
        else:
            continue
        remedy = "ask for less, or allow more: --time-limit SECONDS, --memory-limit SIZE"
        os.write(2, f"icrc-korea: the {reached} was reached\n  → {remedy}\n".encode())
        os._exit(AT_A_LIMIT)


def _resident() -> int:
    """The bytes of memory that this process uses; 0 where the system does not tell."""
    try:
        with open("/proc/self/statm", encoding="ascii") as stream:  # noqa: PTH123
            return int(stream.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except (OSError, ValueError):
        return 0
