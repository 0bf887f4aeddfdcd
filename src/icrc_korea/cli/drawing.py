"""Gives the verb that draws pictures."""

from __future__ import annotations

from pathlib import Path

from .terminal import say
from .verb import STORE, Verb, format_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    import argparse

    from ..graph import KnowledgeGraph
    from .terminal import Progress

def _draw(graph: KnowledgeGraph, options: argparse.Namespace, progress: Progress) -> int:
    from ..publishing.pictures import write

    picture = graph.draw(options.picture)
    form = format_of(options, options.target, {f".{name}": name for name in ("svg", "png", "html")})
    target = Path(options.target or f"{options.picture}.{form}")
    written = write(picture, form, target)
    progress.close()
    what = ["the picture, its text and its rows"] if form == "html" else ["picture", "in words", "rows"]
    for path, said in zip(written, what, strict=True):
        say(f"{path}  ({said})")
    say(f"{len(picture.rows)} rows drawn; open {target} to look at it")
    return 0


VERBS = {
    "draw": Verb(
        _draw,
        "draw a timeline, a network of messages, a map, or the sources",
        [
            "icrc-korea draw network",
            "icrc-korea draw timeline --format png -o timeline.png",
            "icrc-korea draw map --format html -o map.html",
        ],
        [
            ("picture", {"choices": ["timeline", "network", "map", "sources"], "metavar": "PICTURE",
                         "help": "timeline, network, map or sources"}),
            ("-o", {"dest": "target", "metavar": "FILE",
                    "help": "the file to write (else PICTURE.svg here); svg and png get a .txt with the "
                            "picture in words and a .csv with its rows beside them, a page has both in it"}),
            STORE,
        ],
        "svg png html",
    ),
}  # fmt: skip
