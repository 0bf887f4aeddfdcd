"""Draws the house: which package stands on which, as the imports have it. `make docs` writes docs/house.md."""

from __future__ import annotations

from pathlib import Path

import grimp

PAGE = Path(__file__).with_name("house.md")
HEAD = """\
# The house

Each package imports only from those below it; `pyproject.toml` holds that for the packages and for the modules in each.
This page is made from the imports by `make docs`, and a test keeps it current.

"""


def page() -> str:
    """The page: a diagram of the packages, then the modules of each with their first sentence."""
    graph = grimp.build_graph("icrc_korea")
    rooms = sorted(graph.find_children("icrc_korea"))
    arrows = set()
    for module in graph.modules:
        here = _room(module)
        for other in graph.find_modules_directly_imported_by(module):
            there = _room(other)
            if here and there and here != there and there not in ("errors", "text"):
                arrows.add((here, there))
    direct = {
        (a, b) for a, b in arrows
        if not any(_leads(c, b, arrows) for one, c in arrows if one == a and c != b)
    }  # fmt: skip
    lines = ["```mermaid", "graph TD", *(f"  {a} --> {b}" for a, b in sorted(direct)), "```", ""]
    lines += ["An arrow that follows from others is left out; `errors` and `text` are used by all.", ""]
    for room in rooms:
        modules = sorted(name for name in graph.modules if name == room or name.startswith(room + "."))
        lines += [f"## {room.removeprefix('icrc_korea.')}", ""]
        lines += [f"- `{name.removeprefix('icrc_korea.')}`: {_sentence(name)}" for name in modules] + [""]
    return HEAD + "\n".join(lines).rstrip() + "\n"


def _room(module: str) -> str:
    parts = module.split(".")
    return parts[1] if len(parts) > 1 else ""


def _leads(start: str, end: str, arrows: set[tuple[str, str]]) -> bool:
    seen, todo = set(), [start]
    while todo:
        here = todo.pop()
        if here == end:
            return True
        if here not in seen:
            seen.add(here)
            todo += [there for one, there in arrows if one == here]
    return False


def _sentence(module: str) -> str:
    path = Path(__file__).parents[1] / "src" / Path(*module.split("."))
    path = path / "__init__.py" if path.is_dir() else path.with_suffix(".py")
    return path.read_text(encoding="utf-8").partition('"""')[2].partition('"""')[0].split("\n")[0].strip()


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
