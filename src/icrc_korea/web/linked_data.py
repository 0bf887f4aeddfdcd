"""Answers for every name of the graph: what is said of it, in the format that is asked for, or its page."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from .documents import FORMATS, SUFFIXES
from .negotiation import chosen, encoding, wants_page
from .problem import Problem

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

    from .serving import Serving

LONGEST = 2000  # characters of a path
PLAIN = re.compile(r"[A-Za-z0-9._~/-]+")  # what can stand in a header as it is


def documents(serving: Serving) -> object:
    """The addresses of things, of the ontology and its vocabularies, of graphs, and of the pieces of sources."""

    async def run(request: Request) -> Response:
        path = request.scope["path"].lstrip("/")
        if len(path) > LONGEST:
            raise Problem(414, "the address is too long", "nothing here has so long a name")
        accept = request.headers.get("accept", "")
        ending = path.rpartition(".")[2]
        if serving.has_pages and (path.endswith(".html") or (ending not in SUFFIXES and wants_page(accept))):
            return await serving.page(request, path.removesuffix(".html"))
        form = "turtle" if wants_page(accept) else chosen(accept, FORMATS)
        if not form and ending not in SUFFIXES:
            formats = [types[0] for types in FORMATS.values()]
            formats += ["text/html"] if serving.has_pages else []
            raise Problem(406, "none of the formats asked for is there", "accept " + ", ".join(formats),
                          {"vary": "Accept"}, formats=formats)  # fmt: skip
        head = {"job": "document", "path": path, "form": form or "turtle",
                "encoding": encoding(request.headers.get("accept-encoding", ""))}  # fmt: skip
        bare = path if ending not in SUFFIXES else path.rpartition(".")[0]
        others = ", ".join(f'</{bare}.{suffix}>; rel="alternate"; type="{FORMATS[name][0]}"'
                           for suffix, name in SUFFIXES.items() if PLAIN.fullmatch(bare))  # fmt: skip
        return await serving.answer(request, serving.asking, head, headers={"link": others} if others else None)

    return run
