"""Ends the command when Ctrl-C is pressed, also while the engine is busy with one query and hears nothing."""

from __future__ import annotations

import os
import signal
import sys
import threading

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import FrameType

PATIENCE = 0.5  # seconds that Python has to stop by itself, which cleans up
STOPPED = 130


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
        threading.Thread(target=self._wait, daemon=True).start()

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
