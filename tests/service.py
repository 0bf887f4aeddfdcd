"""The service on a free port of this machine, started as a person would, for tests that ask it over HTTP."""

from __future__ import annotations

import os
import re
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
from conftest import ROOT, spawn

PATIENCE = 60.0
SUITES = Path(os.environ.get("ICRC_KOREA_SUITES") or ROOT.parent / "shared" / "suites")


class Service:
    """A running service: its address, its process, and what it has said."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self.process, self.said, self.address = process, list[str](), ""
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        until = time.monotonic() + PATIENCE
        while not self.address and time.monotonic() < until and process.poll() is None:
            found = [match for line in list(self.said) if (match := re.search(r"serving at (http://\S+)", line))]
            self.address = found[0][1] if found else ""
            time.sleep(0.02)
        assert self.address, self.said
        self.client = httpx.Client(base_url=self.address, timeout=60)

    def _read(self) -> None:
        assert self.process.stderr
        for line in self.process.stderr:
            self.said.append(line.decode("utf-8", "replace").rstrip())

    @property
    def port(self) -> int:
        """Where it listens."""
        return int(self.address.rpartition(":")[2])

    def sparql(self, query: str, **given: object) -> httpx.Response:
        """The answer to a query."""
        return self.client.get("/sparql", params={"query": query}, **given)  # type: ignore[arg-type]


@contextmanager
def serving(*options: str | Path, root: Path = ROOT) -> Iterator[Service]:
    """Starts a service, and ends it."""
    process = spawn("--root", root, "serve", "--port", "0", *options)
    try:
        service = Service(process)
        yield service
        service.client.close()
    finally:
        process.terminate()
        process.wait(20)
