"""Gives the files that pages share, with what `make web` has bundled for browsers, where it is there."""

from __future__ import annotations

import json
from functools import cache
from importlib import resources
from mimetypes import guess_type
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from importlib.resources.abc import Traversable
    from typing import Any

WEB = "web/"


@cache
def files() -> dict[str, tuple[str, bytes]]:
    """Every shared file by its path below `static/`, with its type: read once, so that no visitor's name opens one."""
    return dict(_in(resources.files(__package__).joinpath("static"), ""))


def _in(folder: Traversable, before: str) -> list[tuple[str, tuple[str, bytes]]]:
    found = []
    for item in sorted(folder.iterdir(), key=lambda one: one.name):
        if item.is_dir():
            found += _in(item, f"{before}{item.name}/")
        else:
            kind, packed = guess_type(item.name)
            kind = "application/octet-stream" if packed or kind is None else kind
            found.append((before + item.name, (kind, item.read_bytes())))
    return found


@cache
def bundled() -> dict[str, Any]:
    """What the bundle holds: `files`, each path below `static/` by its plain name, and `sizes`; {} without a bundle."""
    listed = files().get(WEB + "manifest.json")
    if listed is None:
        return {}
    said = json.loads(listed[1])
    return {"files": {name: WEB + path for name, path in said["files"].items()},
            "sizes": {name: said["sizes"][path] for name, path in said["files"].items()}}  # fmt: skip
