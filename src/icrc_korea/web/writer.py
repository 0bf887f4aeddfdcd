"""Runs the one process that writes a store: changes are made one by one, and acknowledged when they are on the disk.

Started as `python -m icrc_korea.web.writer FD SETTINGS`. What is waiting when it looks goes to the disk together.
"""

from __future__ import annotations

import json
import shutil
import socket
import sys
from email import message_from_bytes
from pathlib import Path
from typing import TYPE_CHECKING

from ..content.layout import Layout
from ..errors import KgError, LayoutError
from ..rdf.changing import Changing
from ..workers import walls
from ..workers.frames import Reader, framed
from ..workers.nursery import answered

if TYPE_CHECKING:
    from typing import Any

    Head = dict[str, Any]

DATA, COPIES = "data", "copies"  # in the folder: the store itself, and what readers look at
KEPT_COPIES = 2  # a reader may be about to open the one before
A_PIECE = 1 << 20
MOST_FLUSHES = 32  # before the small files that they leave are put together


class Writer:
    """The jobs of the writing process."""

    def __init__(self, folder: Path, layout: Layout) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        if not (folder / DATA).exists() and any(item.name != COPIES for item in folder.iterdir()):
            raise LayoutError(f"{folder} holds other things than a store", "name an empty folder, or a new one")
        shutil.rmtree(folder / COPIES, ignore_errors=True)
        (folder / COPIES).mkdir()
        self.folder, self.copies = folder, 0
        try:
            self.store = Changing(folder / DATA, layout.prefixes)
        except OSError as error:
            raise LayoutError(f"the store in {folder} cannot be opened: {error}",
                              "end the other process that writes it, or bring back a copy") from None  # fmt: skip
        self.changed, self._flushed = True, MOST_FLUSHES
        self.jobs = {"update": self.update, "graph": self.graph, "copy": self.copy}

    def flush(self) -> None:
        """Waits until all changes are on the disk."""
        if self.changed:
            self.store.flush()
            self._flushed += 1
            self.changed = False

    def update(self, head: Head, body: bytes) -> tuple[Head, bytes]:
        """A SPARQL Update."""
        self.changed = True
        self.store.update(body.decode(), head["using"], head["named"], head["base"])
        return {}, b""

    def graph(self, head: Head, body: bytes) -> tuple[Head, bytes]:
        """PUT, POST or DELETE of a graph, if it is what the caller takes it for."""
        iri, method = head["graph"], head["method"]
        there = self.store.has(iri)
        if head["match"] is not None or head["none_match"] is not None:
            tag = self.store.digest(iri) if there else ""
            if not _matches(head["match"], head["none_match"], tag):
                return {"mismatch": True}, b""
        if method == "DELETE":
            if not there:
                return {"missing": True}, b""
            self.changed = True
            self.store.remove(iri)
            return {"there": True}, b""
        self.changed = True
        for data, media_type in _parts(body, head["type"]):
            (self.store.put if method == "PUT" else self.store.add)(iri, data, media_type, head["base"])
        return {"there": there}, b""

    def copy(self, _: Head, __: bytes) -> tuple[Head, bytes]:
        """A copy for readers, of what is written so far."""
        self.flush()
        if self._flushed > MOST_FLUSHES:
            self.store.tidy()
            self._flushed = 0
        self.copies += 1
        place = self.folder / COPIES / str(self.copies)
        self.store.copy(place)
        (self.folder / COPIES / "new").write_text(str(self.copies), encoding="ascii")
        (self.folder / COPIES / "new").replace(self.folder / COPIES / "current")
        shutil.rmtree(self.folder / COPIES / str(self.copies - KEPT_COPIES), ignore_errors=True)
        return {"copy": self.copies}, b""


def newest(folder: Path) -> Path:
    """The copy that a reader looks at."""
    return folder / COPIES / (folder / COPIES / "current").read_text(encoding="ascii")


def _matches(match: str | None, none_match: str | None, tag: str) -> bool:
    """Whether a graph is in the state that If-Match and If-None-Match ask for; the tag of none is ''."""
    def among(header: str) -> bool:
        return bool(tag) and (header.strip() == "*" or f'"{tag}"' in header.replace("W/", ""))

    return (match is None or among(match)) and (none_match is None or not among(none_match))


def _parts(body: bytes, media_type: str) -> list[tuple[bytes, str]]:
    """The graphs in a body: one, or the files of a form."""
    bare = media_type.partition(";")[0].strip().lower()
    if bare != "multipart/form-data":
        return [(body, bare)]
    message = message_from_bytes(b"Content-Type: " + media_type.encode("latin-1", "replace") + b"\r\n\r\n" + body)
    found: list[tuple[Any, str]] = [
        (part.get_payload(decode=True), part.get_content_type()) for part in message.walk() if not part.is_multipart()
    ]
    return found


def main(arguments: list[str]) -> None:
    """Writes for one caller until it hangs up."""
    settings = json.loads(arguments[1])
    walls.leave_network()
    walls.die_with_parent()
    with socket.socket(fileno=int(arguments[0])) as channel:
        try:
            writer = Writer(Path(settings["folder"]), Layout.find(settings.get("root")))
        except KgError as error:
            channel.sendall(framed({"error": {"message": error.message, "remedy": error.remedy}}))
            return
        channel.sendall(framed({"ready": True}))
        reader = Reader()
        while data := channel.recv(A_PIECE):
            answers = [answered(writer.jobs, head, body) for head, body in reader.feed(data)]
            writer.flush()
            for answer in answers:
                channel.sendall(answer)


if __name__ == "__main__":
    main(sys.argv[1:])
