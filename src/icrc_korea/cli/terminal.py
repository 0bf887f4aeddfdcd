"""Writes data on standard output, words on standard error, progress on the way."""

from __future__ import annotations

import re
import sys

from ..text import safe, width, width_of_terminal

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

USUAL_WIDTH = 80


class Progress:
    """Tells on standard error how far a build is: a bar on a terminal, else one line per stage."""

    def __init__(self, quiet: bool) -> None:
        self.quiet = quiet
        self.last = ""
        self.bar: Any = None
        self.task: Any = None

    def __enter__(self) -> Progress:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Takes the bar off the terminal."""
        if self.bar is not None:
            self.bar.stop()
            self.bar = None

    def __call__(self, done: int, total: int, text: str) -> None:
        if self.quiet:
            return
        if done >= total:
            self.close()
            self.last = ""
            if not text.startswith("checked"):
                say(text)
        elif sys.stderr.isatty():
            self._draw(done, total, text)
        elif total == 1:  # a remark, and no stage of many steps
            say(text)
        elif text.split()[0] != self.last:
            self.last = text.split()[0]
            say(re.sub(r"^(reading|checking) .*", r"\1 the files", text))

    def _draw(self, done: int, total: int, text: str) -> None:
        if self.bar is None:
            from rich.console import Console
            from rich.progress import BarColumn, SpinnerColumn, TextColumn
            from rich.progress import Progress as Bar

            parts = (SpinnerColumn(), BarColumn(bar_width=24), TextColumn("{task.description}"))
            self.bar = Bar(*parts, console=Console(stderr=True), transient=True)
            self.task = self.bar.add_task("", total=total)
            self.bar.start()
        self.bar.update(self.task, completed=done, total=total, description=safe(text))


def say(text: str) -> None:
    """Words for the person, on standard error, wrapped for a terminal or where COLUMNS asks for narrow lines.

    In a file or a pipe a message stays on its line, so that it can be searched for.
    """
    sys.stdout.flush()
    wraps = sys.stderr.isatty() or width_of_terminal() < USUAL_WIDTH
    lines = fitting(text) if wraps else [safe(line) for line in text.split("\n")]
    print("\n".join(lines), file=sys.stderr, flush=True)


def fitting(text: str) -> list[str]:
    """The text in lines that fit the terminal, broken between words only: a path or a command can still be copied.

    A remark that stands apart from a command goes below it. A line of a query and the caret below it stay as they are.
    """
    lines, limit = [], width_of_terminal()
    for line in map(safe, text.split("\n")):
        if line.startswith("  | ") or width(line) <= limit:
            lines.append(line)
            continue
        indent = " " * (len(line) - len(line.lstrip(" →")) or 2)
        for part in re.split(r"(?<=\S) {2,}", line):
            started = "" if part is line or line.startswith(part) else indent + "  "
            for word in re.split(r"(?<=\S) ", part):
                if started.strip(" →") and width(f"{started} {word}") > limit:
                    lines.append(started)
                    started = indent
                started += f" {word}" if started.strip() and not started.endswith(" ") else word
            lines.append(started)
    return lines


def print_lines(lines: list[str]) -> None:
    """Lines of an answer, on standard output."""
    sys.stdout.write("".join(safe(line).rstrip() + "\n" for line in lines))


def print_json(document: object) -> int:
    """A document for programs, on standard output; returns the exit code 0."""
    import json

    sys.stdout.write(json.dumps(document, ensure_ascii=False, indent=1, default=str) + "\n")
    return 0
