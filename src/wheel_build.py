"""Builds the dataset while a wheel is made, so that an installed package can answer at once.

Hatchling runs this for each wheel, from a checkout as well as from an unpacked sdist. The content
folders themselves are shipped by pyproject.toml (force-include); what is built from them lies
beside them in the wheel, where `icrc_korea.dataset.build` looks for it first.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

SHIPPED = "icrc_korea/_graph/build"


class WheelBuild(BuildHookInterface[Any]):
    """Adds the built dataset to a wheel; an editable install builds its own when it is asked."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Builds into a folder of its own, so that nothing left over in the checkout can get in."""
        if version == "editable":
            return
        self.folder = tempfile.TemporaryDirectory(prefix="icrc-korea-")
        for path in build_dataset(Path(self.root), Path(self.folder.name)):
            build_data["force_include"][str(path)] = f"{SHIPPED}/{path.name}"

    def finalize(self, version: str, build_data: dict[str, Any], artifact_path: str) -> None:
        """Removes that folder once the wheel is written."""
        if version != "editable":
            self.folder.cleanup()


def build_dataset(root: Path, folder: Path) -> list[Path]:
    """Builds the dataset of the source tree at `root` into `folder` and names its files."""
    sys.path.insert(0, str(root / "src"))
    try:
        from icrc_korea.content.layout import Layout
        from icrc_korea.dataset import build
    finally:
        sys.path.pop(0)

    class Elsewhere(Layout):
        def build_folders(self) -> list[Path]:
            return [folder]

    layout = Elsewhere(root)
    layout.require_folders()
    build.make(layout, lambda _done, _total, _what: None)
    return [folder / name for name in (build.DATASET, build.MERGED, build.MANIFEST)]
