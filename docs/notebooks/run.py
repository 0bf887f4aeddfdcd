"""Runs the notebooks of this folder and writes what they gave into them; with --check, compares instead.

    python docs/notebooks/run.py [--check]

Text has to come out the same; pictures only have to come out. Needs `pip install icrc-korea[notebook]`.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import nbformat
from nbclient import NotebookClient

HERE = Path(__file__).parent


def executed(path: Path) -> Any:
    """The notebook as it is when all its cells have been run afresh."""
    notebook = nbformat.read(path, as_version=4)
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
    NotebookClient(notebook, timeout=300, record_timing=False, resources={"metadata": {"path": str(HERE)}}).execute()
    notebook.metadata.language_info = {"name": "python"}
    return notebook


def texts(notebook: Any) -> list[str]:
    """What each code cell said in text, and of which kinds its other outputs were."""
    said = []
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            data = output.get("data", {})
            pictured = any(kind.startswith("image/") for kind in data)
            said.append("a picture" if pictured else output.get("text") or data.get("text/plain", ""))
    return said


def main() -> int:
    failed = 0
    for path in sorted(HERE.glob("*.ipynb")):
        run = executed(path)
        if "--check" not in sys.argv:
            nbformat.write(run, path)
            print(f"{path.name}: {len(texts(run))} outputs written")
        elif texts(run) != texts(nbformat.read(path, as_version=4)):
            failed = 1
            print(f"{path.name}: gives other answers than those kept in it; run `make notebooks` and read the diff")
        else:
            print(f"{path.name}: {len(texts(run))} outputs as kept")
    return failed


if __name__ == "__main__":
    sys.exit(main())
