"""Fits text to a terminal: wide characters, wrapping, control characters made visible."""

from __future__ import annotations

import os
import re
import sys
from unicodedata import category, east_asian_width

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

GAP = "  "
LONGEST_WORD = 30  # a word up to this long is kept whole; where that leaves no room, rows become blocks
PIECE = re.compile(r"(?<=[ ])|(?<=[:/-])(?=\w)")  # where a line may break
# control characters, and the marks that turn the direction of the text around them
UNSAFE = re.compile(r"[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2066-\u2069\ufeff]")


def width_of_terminal() -> int:
    """COLUMNS, else the terminal's width, else 100."""
    columns = os.environ.get("COLUMNS", "")
    if columns.isdigit() and int(columns) > 0:
        return max(int(columns), 20)
    try:
        return max(os.get_terminal_size(sys.stdout.fileno()).columns, 20)
    except (OSError, ValueError, AttributeError):
        return 100


def safe(text: str) -> str:
    """The text on one line with control characters written out, so that no data can steer a terminal."""
    return UNSAFE.sub(
        lambda match: f"\\u{ord(match.group()):04x}", text.replace("\n", " ").replace("\t", " ")
    )


def width(text: str) -> int:
    """How many terminal cells the text takes: East Asian wide characters two, combining marks none."""
    if text.isascii():
        return len(text)
    return sum(
        0 if category(char) in ("Mn", "Me") else 2 if east_asian_width(char) in "WF" else 1 for char in text
    )


def wrapped(text: str, limit: int, indent: str = "") -> list[str]:
    """The text in lines of at most `limit` cells, broken at spaces, else after : / - or anywhere."""
    lines, line = [], ""
    pieces = [word for word in PIECE.split(text) if word]
    for piece in pieces:
        while width(line) + width(piece.rstrip()) > limit:
            if line.strip():
                lines.append(line.rstrip())
                line = indent
                if width(line) + width(piece.rstrip()) <= limit:
                    break
            head = piece
            while width(line + head) > limit and len(head) > 1:
                head = head[:-1]
            lines.append(line + head)
            line, piece = indent, piece[len(head) :]
            if not piece:
                break
        line += piece
    return [*lines, line.rstrip()] if line.strip() or not lines else lines


def columns(
    names: Sequence[str], rows: Sequence[Sequence[str]], limit: int, right: set[int] | None = None
) -> list[str]:
    """A table that fits `limit` cells; a block of lines a row where columns would be too narrow."""
    cells = [[safe(cell) for cell in row] for row in rows]
    natural = [max([width(name), *(width(row[i]) for row in cells)]) for i, name in enumerate(names)]
    room = limit - len(GAP) * (len(names) - 1)
    least = [_longest_word([name, *(row[i] for row in cells)]) for i, name in enumerate(names)]
    if sum(natural) > room and sum(least) > room:
        return records(names, cells, limit)
    widths = _fit(natural, least, room)
    lines = _row(names, widths, right or set())
    lines.append(GAP.join("─" * size for size in widths))
    tall = sum(natural) > room
    for number, row in enumerate(cells):
        block = _row(row, widths, right or set())
        if tall and number and len(block) > 1 and len(lines) > 2 and lines[-1] != "":
            lines.append("")
        lines += block
    return lines


def _longest_word(texts: Sequence[str]) -> int:
    return max(min(width(word.rstrip()), LONGEST_WORD) for text in texts for word in PIECE.split(text))


def _fit(natural: list[int], least: list[int], room: int) -> list[int]:
    """Widths that fill the room: the widest column gives way first, none below its longest word."""
    widths = list(natural)
    while sum(widths) > room:
        slack = [size if size > low else 0 for size, low in zip(widths, least, strict=True)]
        widths[slack.index(max(slack))] -= 1
    return widths


def _row(row: Sequence[str], widths: list[int], right: set[int]) -> list[str]:
    wraps = [wrapped(cell, size) for cell, size in zip(row, widths, strict=True)]
    lines = []
    for level in range(max(map(len, wraps))):
        parts = []
        for i, (lines_of_cell, size) in enumerate(zip(wraps, widths, strict=True)):
            text = lines_of_cell[level] if level < len(lines_of_cell) else ""
            blank = " " * (size - width(text))
            parts.append(blank + text if i in right else text + blank)
        lines.append(GAP.join(parts).rstrip())
    return lines


def records(names: Sequence[str], rows: Sequence[Sequence[str]], limit: int) -> list[str]:
    """Each row as a block of `name: value` lines, for narrow terminals."""
    lines: list[str] = []
    for row in rows:
        lines += [""] if lines else []
        for name, cell in zip(names, row, strict=True):
            if cell:
                lines += wrapped(f"{name}: {cell}", limit, "    ")
    return lines


def shortened(text: str, most: int = 300) -> str:
    """The text with the middle left out of any word that is longer than a message should repeat."""
    return re.sub(rf"\S{{{most},}}", lambda word: f"{word[0][:100]}…{word[0][-60:]}", text)
