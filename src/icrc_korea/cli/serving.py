"""Gives the verb that serves the graph over HTTP."""

from __future__ import annotations

import os
from pathlib import Path

from ..errors import UsageError
from .terminal import Progress
from .verb import STORE, Verb

TYPE_CHECKING = False
if TYPE_CHECKING:
    import argparse

    from ..graph import KnowledgeGraph

PORT = 8642
SHORTEST_TOKEN = 16


def _serve(graph: KnowledgeGraph, options: argparse.Namespace, progress: Progress) -> int:
    from ..graph import is_address
    from ..web.server import Written, serve
    from ..web.watch import Log
    from ..workers.limits import Limits, size_of

    written = None
    if options.writable:
        token = os.environ.get("ICRC_KOREA_TOKEN", "")
        if len(token) < SHORTEST_TOKEN:
            raise UsageError(f"a store that may be written needs a token of {SHORTEST_TOKEN} signs or more",
                             "set ICRC_KOREA_TOKEN, for example to what `openssl rand -hex 32` says")  # fmt: skip
        if options.ask:
            raise UsageError("--store and --writable are two stores", "leave one of them out")
        written = Written(str(Path(options.writable).resolve()), token, options.check)
    elif options.check != "off":
        raise UsageError("--check is about what is written", "give --writable DIR too")
    if options.ask and is_address(options.ask):
        raise UsageError("what is served is a dataset on this machine", "give --store a folder, or leave it out")
    try:
        limits = Limits(options.time_limit, size_of(options.memory_limit), options.row_limit)
    except ValueError as error:
        raise UsageError(f"--memory-limit: {error}", "or leave it out") from None
    if not options.ask and written is None:
        _ = graph.built  # built now if it has to be, with words on the way
    progress.close()

    log = Log(options.log_format)

    def ready(address: str) -> None:
        log.event(f"serving at {address} — SPARQL at {address}/sparql, OpenRefine at {address}/reconcile; Ctrl-C ends "
                  "it")  # fmt: skip

    serve(
        str(graph.layout.root), options.ask or None, limits, log, host=options.host, port=options.port,
        hosts=tuple(options.allow_host), address=options.address, open_metrics=options.metrics, ready=ready,
        written=written,
    )  # fmt: skip
    return 0


VERBS = {
    "serve": Verb(
        _serve,
        "serve SPARQL, linked data, questions and reconciliation over HTTP; this machine alone unless told otherwise",
        [
            "icrc-korea serve",
            "icrc-korea serve --port 9000 --time-limit 5 --memory-limit 512M",
            "icrc-korea serve --store DIR",
            "icrc-korea serve --address https://kg.example.org  (behind a proxy that has this name)",
        ],
        [
            ("--port", {"type": int, "default": int(os.environ.get("ICRC_KOREA_PORT") or PORT), "metavar": "N",
                        "help": f"the port (default: {PORT}); 0 takes a free one"}),
            ("--host", {"default": "127.0.0.1", "metavar": "ADDRESS",
                        "help": "the address to listen at (default: 127.0.0.1, this machine alone)"}),
            ("--allow-host", {"action": "append", "default": [], "metavar": "NAME",
                              "help": "a further name that requests may be for; may be given several times"}),
            ("--address", {"default": "", "metavar": "URL", "help": "where the public finds the service, if behind a "
                                                                    "proxy"}),
            ("--time-limit", {"type": float, "default": 10.0, "metavar": "SECONDS",
                              "help": "for each query, waiting included (default: 10)"}),
            ("--memory-limit", {"default": "1G", "metavar": "SIZE", "help": "for each query (default: 1G)"}),
            ("--row-limit", {"type": int, "default": 200_000, "metavar": "N",
                             "help": "rows or triples of an answer (default: 200000); more are refused, never cut"}),
            ("--log-format", {"choices": ["text", "json"], "default": "text",
                              "help": "lines for people, or JSON with a line for each request (default: text)"}),
            ("--writable", {"default": "", "metavar": "DIR", "help": "serve a store of its own that may be written "
                            "with the token in ICRC_KOREA_TOKEN, by SPARQL Update and the Graph Store Protocol"}),
            ("--check", {"choices": ["off", "warn", "refuse"], "default": "off",
                         "help": "check graphs that are written: tell of faults, or refuse them (default: off)"}),
            ("--metrics", {"action": "store_true", "help": "give /metrics to others than this machine too"}),
            STORE,
        ],
    ),
}  # fmt: skip
